"""Hazards of the opioid that is being ordered: other sedatives, acetaminophen, antidepressants, pregnancy."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Indicator,
    Line,
    all_of,
    any_of,
    days,
    order_is,
    recorded,
    remove_other_drafts,
    renewal,
    taking,
    within,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.acetaminophen import (
    OVER_LIMIT,
    TOTAL_UNKNOWN,
    acetaminophen_rule,
    remove_or_explain,
)
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_ALLERGY, ALCOHOL_USE, LIVER_SEVERE
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    BENZODIAZEPINE,
    BREASTFEEDING,
    CODEINE,
    CONDITIONS,
    GABAPENTINOID,
    INDEX_ON_RECORD,
    MEDICATIONS,
    MEPERIDINE,
    MUSCLE_RELAXANT,
    SEDATIVE_OTHER,
    SSRI_SNRI,
    TRAMADOL,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.opioids.history import NALOXONE_FIRST, ORDERED, REMOVE
from hooks.low_back_pain.pregnancy import PREGNANT
from hooks.low_back_pain.shared_hazards import (
    SLEEP_DISORDERED,
    TAKES_BENZODIAZEPINE,
    TAKES_GABAPENTINOID,
    TAKES_MAOI,
    TAKES_OTHER_SEDATIVE,
    TAKES_RELAXANT,
    combinations,
    hazard,
)

# OPI-06: what adds to the sedation of an opioid; some of it may be in the same product
_SEDATION = (
    TAKES_GABAPENTINOID,
    any_of(
        TAKES_RELAXANT,
        order_is(MUSCLE_RELAXANT, label="a muscle relaxant in the same product"),
    ),
    any_of(
        TAKES_OTHER_SEDATIVE,
        order_is(SEDATIVE_OTHER, label="another sedative in the same product"),
    ),
    ALCOHOL_USE,
    SLEEP_DISORDERED,
)
sedation = combinations(
    (
        "opioid-with-sedative-in-palliative-care",
        "opioid-with-benzodiazepine",
        "opioid-with-several-sedatives",
        "opioid-with-sedative",
    ),
    on=ORDERED,
    scope=INDEX_ON_RECORD,
    benzodiazepine=TAKES_BENZODIAZEPINE,
    others=_SEDATION,
    suggestions=(
        NALOXONE_FIRST,
        remove_other_drafts(
            "Remove the other sedating draft",
            BENZODIAZEPINE,
            GABAPENTINOID,
            MUSCLE_RELAXANT,
            SEDATIVE_OTHER,
            unless=renewal(MEDICATIONS, label="a renewal"),
        ),
        REMOVE,
    ),
)

# SAFE-25, APA-01: acetaminophen inside an opioid product
_WITH_ACETAMINOPHEN = order_is(ACETAMINOPHEN, label="an opioid with acetaminophen is ordered")
_MAX_DOSE = topic("acetaminophen-max-dose")
_SAFETY = topic("acetaminophen-safety")
_acetaminophen = partial(acetaminophen_rule, on=ORDERED, unless=UNDER_18)
_remove_or_explain = partial(remove_or_explain, remove=REMOVE)

acetaminophen_rules = (
    _acetaminophen(
        id="opioid-acetaminophen-allergy",
        topic=_SAFETY,
        when=all_of(_WITH_ACETAMINOPHEN, ACETAMINOPHEN_ALLERGY),
        advice=_remove_or_explain(
            Indicator.CRITICAL,
            "Acetaminophen allergy on record: this opioid product contains acetaminophen",
            Line("Choose a product without acetaminophen."),
        ),
    ),
    _acetaminophen(
        id="opioid-acetaminophen-liver",
        topic=_SAFETY,
        when=all_of(_WITH_ACETAMINOPHEN, LIVER_SEVERE),
        advice=_remove_or_explain(
            Indicator.WARNING,
            "Liver disease on record: this opioid product contains acetaminophen",
            Line("Consider a product without acetaminophen."),
        ),
    ),
    _acetaminophen(
        id="opioid-acetaminophen-over-limit",
        topic=_MAX_DOSE,
        when=all_of(_WITH_ACETAMINOPHEN, OVER_LIMIT),
        advice=_remove_or_explain(
            Indicator.WARNING,
            "Acetaminophen total exceeds the daily limit",
            Line(
                "All products together, at their highest ordered doses: "
                "lower the dose or remove a duplicate product."
            ),
        ),
    ),
    _acetaminophen(
        id="opioid-acetaminophen-total-unknown",
        topic=_MAX_DOSE,
        when=all_of(_WITH_ACETAMINOPHEN, TOTAL_UNKNOWN),
        advice=_remove_or_explain(
            Indicator.INFO,
            "Acetaminophen total cannot be calculated: check the daily dose",
            Line(
                "Add up all products by hand: 3 g a day at most, "
                "2 g with liver disease or alcohol use disorder."
            ),
        ),
        unless=any_of(UNDER_18, OVER_LIMIT),
    ),
)

_hazard = partial(hazard, on=ORDERED, remove=REMOVE)
_SEROTONERGIC = "serotonergic-interaction"

serotonergic_maoi = _hazard(
    "opioid-with-maoi",
    ("SAFE-41",),
    _SEROTONERGIC,
    when=all_of(order_is(TRAMADOL, MEPERIDINE, label="tramadol or meperidine is ordered"), TAKES_MAOI),
    says=(
        Indicator.CRITICAL,
        "MAO inhibitor with tramadol or meperidine: serotonin syndrome risk",
        "Do not combine; choose another analgesic.",
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
serotonergic_ssri = _hazard(
    "tramadol-with-ssri",
    ("SAFE-41",),
    _SEROTONERGIC,
    when=all_of(
        order_is(TRAMADOL, label="tramadol is ordered"),
        taking(MEDICATIONS, SSRI_SNRI, label="an SSRI or SNRI"),
    ),
    says=(
        Indicator.WARNING,
        "Tramadol with an SSRI or SNRI: serotonin syndrome and seizure risk",
        "Consider another analgesic, or watch for agitation, tremor and fever.",
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
in_pregnancy = _hazard(
    "opioid-in-pregnancy",
    ("SAFE-20",),
    "pregnancy-medication",
    when=all_of(
        order_is(CODEINE, TRAMADOL, label="codeine or tramadol is ordered"),
        any_of(
            PREGNANT,
            recorded(CONDITIONS, BREASTFEEDING, label="breast-feeding", where=within(days(365))),
        ),
    ),
    says=(
        Indicator.WARNING,
        "Codeine or tramadol: a recorded condition speaks against it",
        "In pregnancy and while breast-feeding choose another analgesic.",
    ),
    evidence=(S.OPIOIDS_IN_PREGNANCY,),
)
