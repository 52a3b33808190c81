"""Acetaminophen that is ordered without an opioid: its daily total, who must not have it, chronic pain."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    none_of,
    offer,
    remove_order,
    renewal,
    selected,
    taking,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.acetaminophen import (
    OVER_2_G,
    OVER_3_G,
    OVER_LIMIT,
    TOTAL_UNKNOWN,
    acetaminophen_rule,
    remove_or_explain,
)
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_ALLERGY, LIVER_SEVERE, NAPROXEN_500
from hooks.low_back_pain.analgesics.nsaid_guards import NSAID_WARNING
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    CHRONIC,
    CONCERNS_BACK_PAIN,
    FOR_OTHER_INDICATION,
    GABAPENTINOID,
    MEDICATIONS,
    MUSCLE_RELAXANT,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.scope import MUTED

ORDERED = selected(
    ACETAMINOPHEN, besides=(OPIOID, OPIOID_FOR_OUD), label="acetaminophen without an opioid is ordered"
)
_REMOVE = remove_order("Remove the acetaminophen draft")
_MAX_DOSE, _SAFETY = topic("acetaminophen-max-dose"), topic("acetaminophen-safety")
_TOGETHER = Line(
    "All products together, at their highest ordered doses: lower the dose or remove a duplicate product."
)
_RENEWED = Line(
    "A current order of the same ingredient is counted too: if this order replaces it, the total is lower.",
    renewal(MEDICATIONS, label="a current order of the same ingredient"),
)
_acetaminophen = partial(acetaminophen_rule, on=ORDERED, unless=UNDER_18)
_against = partial(
    remove_or_explain, remove=_REMOVE, discreet="Acetaminophen: a recorded condition speaks against it"
)

over_3_g = _acetaminophen(
    id="acetaminophen-over-3-g",
    topic=_MAX_DOSE,
    when=OVER_3_G,
    advice=_against(Indicator.WARNING, "Acetaminophen total exceeds 3 g/day", _TOGETHER, _RENEWED),
)
over_2_g = _acetaminophen(
    id="acetaminophen-over-2-g",
    topic=_MAX_DOSE,
    when=OVER_2_G,
    unless=any_of(UNDER_18, OVER_3_G),
    advice=_against(
        Indicator.WARNING,
        "Acetaminophen total exceeds 2 g/day, the limit with a recorded condition",
        _TOGETHER,
        _RENEWED,
    ),
)
total_unknown = _acetaminophen(
    id="acetaminophen-total-unknown",
    topic=_MAX_DOSE,
    when=TOTAL_UNKNOWN,
    unless=any_of(UNDER_18, OVER_LIMIT),
    advice=_against(
        Indicator.INFO,
        "Acetaminophen total cannot be calculated: check the daily dose",
        Line(
            "Add up all products by hand: 3 g a day at most, 2 g with liver disease or alcohol use disorder."
        ),
    ),
)
allergy = _acetaminophen(
    id="acetaminophen-allergy",
    topic=_SAFETY,
    when=ACETAMINOPHEN_ALLERGY,
    advice=_against(
        Indicator.CRITICAL,
        "Acetaminophen allergy on record: avoid acetaminophen",
        Line("Ask what happened and when."),
    ),
)
liver = _acetaminophen(
    id="acetaminophen-liver",
    topic=_SAFETY,
    when=LIVER_SEVERE,
    advice=_against(
        Indicator.WARNING,
        "Liver disease on record: acetaminophen only after weighing its risk",
        Line("The limit in moderate or severe liver disease needs a clinician's decision."),
    ),
)
_NO_OTHER_WAY = all_of(
    NSAID_WARNING,
    none_of(
        taking(
            MEDICATIONS,
            NSAID_TOPICAL,
            OPIOID,
            GABAPENTINOID,
            MUSCLE_RELAXANT,
            label="another medicine for pain",
        )
    ),
    label="a reason against an NSAID, and no alternative on record",
)
chronic = Rule(
    id="acetaminophen-chronic",
    rows=("APA-03", "NSD-11"),
    topic=topic("acetaminophen-chronic"),
    on=ORDERED,
    scope=CONCERNS_BACK_PAIN,
    when=CHRONIC,
    unless=any_of(MUTED, _NO_OTHER_WAY),
    if_unknown="stay silent",
    advice=Advice(
        Indicator.INFO,
        "Limited evidence for acetaminophen in chronic back pain",
        (Line("An NSAID comes first where nothing speaks against it; acetaminophen has the lower risk."),),
        suggestions=(offer(NAPROXEN_500, otherwise=()),),
        override_reasons=(FOR_OTHER_INDICATION, PATIENT_PREFERENCE, OTHER_REASON),
    ),
    evidence=(S.ACETAMINOPHEN_CHRONIC, S.NSAID_FIRST, S.EITHER_FIRST, S.DRUG_EVIDENCE_IS_SHORT),
)

rules = (over_3_g, over_2_g, total_unknown, chronic, allergy, liver)
