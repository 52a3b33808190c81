"""Hazards of the muscle relaxant that is being ordered: the liver, sedation, labelled cautions."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    Indicator,
    Line,
    Medicine,
    Rule,
    any_of,
    days,
    duplicated,
    none_of,
    order_single_dose,
    read,
    recorded,
    set_medicine,
    undecided,
    within,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.adjuvants.orders import (
    CYCLOBENZAPRINE_INGREDIENT,
    CYCLOBENZAPRINE_ORDER,
    RELAXANT,
    remove,
)
from hooks.low_back_pain.adjuvants.sedation import OPIOID_GIVEN, OTHER_SEDATION
from hooks.low_back_pain.analgesics.guards import LIVER_SEVERE
from hooks.low_back_pain.analgesics.nsaid_guards import ALLERGY_UNCLEAR
from hooks.low_back_pain.definitions import (
    ALLERGIES,
    BENEFIT_OUTWEIGHS_RISK,
    CONDITIONS,
    CYCLOBENZAPRINE,
    CYCLOBENZAPRINE_CAUTION,
    DATA_OUTDATED,
    FALLS,
    HEART_FAILURE,
    INDEX_ON_RECORD,
    LIVER_DISEASE_MILD,
    MEDICATIONS,
    MYOCARDIAL_INFARCTION,
    OTHER_REASON,
    PATIENT,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.kidney import AGED_65
from hooks.low_back_pain.shared_hazards import TAKES_MAOI

_REMOVE = remove("Remove the muscle relaxant draft")
_HAZARD_REASONS = (BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON)
_hazard = partial(Rule, scope=INDEX_ON_RECORD, unless=UNDER_18, if_unknown="advise")

# MR-06: the labelled cautions, of cyclobenzaprine only
_CAUTION = any_of(
    recorded(CONDITIONS, CYCLOBENZAPRINE_CAUTION, HEART_FAILURE, label="a labelled caution"),
    recorded(
        CONDITIONS, MYOCARDIAL_INFARCTION, label="a recent myocardial infarction", where=within(days(90))
    ),
    label="a labelled caution of cyclobenzaprine",
)
_CYCLOBENZAPRINE_5 = Medicine(
    "cyclobenzaprine 5 mg",
    CYCLOBENZAPRINE.coding("828320"),
    any_of(
        TAKES_MAOI,
        LIVER_SEVERE,
        _CAUTION,
        recorded(ALLERGIES, CYCLOBENZAPRINE, label="a cyclobenzaprine allergy"),
        ALLERGY_UNCLEAR,
        duplicated(MEDICATIONS, CYCLOBENZAPRINE, label="another cyclobenzaprine product"),
        none_of(
            read(PATIENT, CONDITIONS, MEDICATIONS, ALLERGIES, label="the record, read completely"),
            label="a record that was not read completely",
        ),
        UNDER_18,
        label="a reason not to suggest cyclobenzaprine",
    ),
)
_MORE_THAN_5 = order_single_dose(
    CYCLOBENZAPRINE, CYCLOBENZAPRINE_INGREDIENT, above_mg=5, label="more than 5 mg of cyclobenzaprine at once"
)
mild_liver = _hazard(
    id="cyclobenzaprine-mild-liver-disease",
    rows=("MR-04",),
    topic=topic("muscle-relaxant-hepatic"),
    on=CYCLOBENZAPRINE_ORDER,
    when=recorded(CONDITIONS, LIVER_DISEASE_MILD, label="mild liver disease"),
    unless=any_of(UNDER_18, LIVER_SEVERE),
    advice=Advice(
        Indicator.WARNING,
        "Mild liver disease: start cyclobenzaprine 5 mg",
        (
            Line("Start with 5 mg and raise it slowly."),
            Line("How severe a liver disease is, is seldom coded: check it before signing."),
        ),
        suggestions=(
            set_medicine(
                "Change to cyclobenzaprine 5 mg: enter the dose before signing",
                _CYCLOBENZAPRINE_5,
                when=any_of(_MORE_THAN_5, undecided(_MORE_THAN_5, "a dose that cannot be computed")),
            ),
        ),
        override_reasons=_HAZARD_REASONS,
        discreet="Cyclobenzaprine: a recorded condition asks for a low dose",
    ),
    evidence=(S.CYCLOBENZAPRINE_LIVER,),
)
severe_liver = _hazard(
    id="cyclobenzaprine-liver-disease",
    rows=("MR-05",),
    topic=topic("muscle-relaxant-hepatic"),
    on=CYCLOBENZAPRINE_ORDER,
    when=LIVER_SEVERE,
    advice=Advice(
        Indicator.CRITICAL,
        "Cyclobenzaprine not recommended in this liver disease",
        (
            Line("Choose a treatment that the liver does not have to clear; heat needs no medicine."),
            Line("A code does not tell compensated from decompensated cirrhosis: both count here."),
        ),
        suggestions=(_REMOVE,),
        override_reasons=_HAZARD_REASONS,
        discreet="Cyclobenzaprine: a recorded condition speaks against it",
    ),
    evidence=(S.CYCLOBENZAPRINE_LIVER,),
)

# MR-06, SAFE-45: with an opioid on record the combination has a card of its own
_sedates = partial(
    _hazard,
    topic=topic("muscle-relaxant-sedation"),
    evidence=(S.RELAXANTS_SEDATE, S.SEDATION_ADDS_UP),
)
_WATCH = Line("Drowsiness, dry mouth and falls are more likely: weigh its need, or use the lowest dose.")
older = _sedates(
    id="muscle-relaxant-age-or-falls",
    rows=("MR-06",),
    on=RELAXANT,
    when=any_of(AGED_65, recorded(CONDITIONS, FALLS, label="falls or a risk of falling")),
    advice=Advice(
        Indicator.WARNING,
        "Sedating muscle relaxant in an older or sedated patient",
        (_WATCH,),
        suggestions=(_REMOVE,),
        override_reasons=_HAZARD_REASONS,
    ),
)
sedated = _sedates(
    id="muscle-relaxant-with-sedative",
    rows=("MR-06", "SAFE-45"),
    on=RELAXANT,
    when=OTHER_SEDATION,
    unless=any_of(UNDER_18, OPIOID_GIVEN),
    advice=Advice(
        Indicator.WARNING,
        "Sedating muscle relaxant in an older or sedated patient",
        (_WATCH,),
        suggestions=(_REMOVE,),
        override_reasons=_HAZARD_REASONS,
    ),
)
caution = _sedates(
    id="cyclobenzaprine-labelled-caution",
    rows=("MR-06",),
    on=CYCLOBENZAPRINE_ORDER,
    when=_CAUTION,
    advice=Advice(
        Indicator.WARNING,
        "Cyclobenzaprine: a recorded condition is a labelled caution",
        (
            Line(
                "It may disturb the heart rhythm, raise the pressure in the eye and hold back urine: "
                "check the condition below before signing."
            ),
        ),
        suggestions=(_REMOVE,),
        override_reasons=_HAZARD_REASONS,
        discreet="Cyclobenzaprine: a recorded condition speaks against it",
    ),
)

rules = (mild_liver, severe_liver, older, sedated, caution)
