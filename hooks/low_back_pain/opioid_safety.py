"""Hazards of the opioid that is being ordered: other sedatives, acetaminophen, antidepressants, pregnancy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import (
    Advice,
    Indicator,
    Ladder,
    Line,
    Rule,
    all_of,
    any_of,
    at_least,
    days,
    order_is,
    recorded,
    remove_other_drafts,
    renewal,
    taking,
    within,
)

from . import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from .acetaminophen import OVER_LIMIT, TOTAL_UNKNOWN, acetaminophen_rule, remove_or_explain
from .analgesic_guards import ACETAMINOPHEN_ALLERGY, ALCOHOL_USE, LIVER_SEVERE
from .definitions import (
    ACETAMINOPHEN,
    BENEFIT_OUTWEIGHS_RISK,
    BENZODIAZEPINE,
    BREASTFEEDING,
    CODEINE,
    CONDITIONS,
    DATA_OUTDATED,
    GABAPENTINOID,
    INDEX_ON_RECORD,
    MAOI,
    MEDICATIONS,
    MEPERIDINE,
    MUSCLE_RELAXANT,
    OTHER_REASON,
    PALLIATIVE_CARE,
    PALLIATIVE_REASON,
    SEDATIVE_OTHER,
    SLEEP_DISORDERED_BREATHING,
    SPECIALIST_REQUEST,
    SSRI_SNRI,
    TRAMADOL,
    UNDER_18,
    topic,
)
from .opioid_history import NALOXONE_FIRST, ORDERED, REMOVE
from .pregnancy import PREGNANT

if TYPE_CHECKING:
    from cds_service import Criterion

# OPI-06: what adds to the sedation of an opioid
_BENZODIAZEPINE = taking(MEDICATIONS, BENZODIAZEPINE, label="a benzodiazepine")
_SEDATION = (
    taking(MEDICATIONS, GABAPENTINOID, label="a gabapentinoid"),
    any_of(
        taking(MEDICATIONS, MUSCLE_RELAXANT, label="a muscle relaxant"),
        order_is(MUSCLE_RELAXANT, label="a muscle relaxant in the same product"),
    ),
    any_of(
        taking(MEDICATIONS, SEDATIVE_OTHER, label="another sedative"),
        order_is(SEDATIVE_OTHER, label="another sedative in the same product"),
    ),
    ALCOHOL_USE,
    recorded(CONDITIONS, SLEEP_DISORDERED_BREATHING, label="sleep-disordered breathing"),
)
_COMBINATION = topic("opioid-sedative-combination")
_SAFER = (
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
)
_TOGETHER = (
    Line("Avoid the combination, or use the lowest doses of both and watch breathing."),
    Line("Offer naloxone, and tell the patient and those at home when to use it."),
)
_COMBINATION_REASONS = (
    SPECIALIST_REQUEST,
    BENEFIT_OUTWEIGHS_RISK,
    PALLIATIVE_REASON,
    DATA_OUTDATED,
    OTHER_REASON,
)


def _combination(
    rule_id: str, when: Criterion, indicator: Indicator, summary: str, *, hospice: bool = False
) -> Rule:
    return Rule(
        id=rule_id,
        rows=("OPI-06",),
        topic=_COMBINATION,
        on=ORDERED,
        scope=INDEX_ON_RECORD,
        when=when,
        unless=UNDER_18,
        if_unknown="advise",
        advice=Advice(
            indicator,
            summary,
            _TOGETHER if not hospice else (Line("In palliative care the combination may be intended."),),
            suggestions=() if hospice else _SAFER,
            override_reasons=_COMBINATION_REASONS,
        ),
        evidence=(S.SEDATIVES_ADD_UP,),
    )


combinations = Ladder(
    (
        _combination(
            "opioid-with-sedative-in-palliative-care",
            all_of(PALLIATIVE_CARE, any_of(_BENZODIAZEPINE, *_SEDATION)),
            Indicator.INFO,
            "Opioid with a sedative in palliative care: watch sedation and breathing",
            hospice=True,
        ),
        _combination(
            "opioid-with-benzodiazepine",
            _BENZODIAZEPINE,
            Indicator.CRITICAL,
            "Opioid with benzodiazepine: respiratory depression risk",
        ),
        _combination(
            "opioid-with-several-sedatives",
            at_least(2, *_SEDATION, label="two or more things that sedate"),
            Indicator.CRITICAL,
            "Opioid with several sedating factors: respiratory depression risk",
        ),
        _combination(
            "opioid-with-sedative",
            any_of(*_SEDATION, label="something else that sedates"),
            Indicator.WARNING,
            "Opioid with another sedating factor: respiratory depression risk",
        ),
    )
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

serotonergic_maoi = Rule(
    id="opioid-with-maoi",
    rows=("SAFE-41",),
    topic=topic("serotonergic-interaction"),
    on=ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(TRAMADOL, MEPERIDINE, label="tramadol or meperidine is ordered"),
        taking(MEDICATIONS, MAOI, label="an MAO inhibitor"),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.CRITICAL,
        "MAO inhibitor with tramadol or meperidine: serotonin syndrome risk",
        (Line("Do not combine; choose another analgesic."),),
        suggestions=(REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
serotonergic_ssri = Rule(
    id="tramadol-with-ssri",
    rows=("SAFE-41",),
    topic=topic("serotonergic-interaction"),
    on=ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(TRAMADOL, label="tramadol is ordered"),
        taking(MEDICATIONS, SSRI_SNRI, label="an SSRI or SNRI"),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Tramadol with an SSRI or SNRI: serotonin syndrome and seizure risk",
        (Line("Consider another analgesic, or watch for agitation, tremor and fever."),),
        suggestions=(REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
in_pregnancy = Rule(
    id="opioid-in-pregnancy",
    rows=("SAFE-20",),
    topic=topic("pregnancy-medication"),
    on=ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(CODEINE, TRAMADOL, label="codeine or tramadol is ordered"),
        any_of(
            PREGNANT,
            recorded(CONDITIONS, BREASTFEEDING, label="breast-feeding", where=within(days(365))),
        ),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Codeine or tramadol: a recorded condition speaks against it",
        (Line("In pregnancy and while breast-feeding choose another analgesic."),),
        suggestions=(REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.OPIOIDS_IN_PREGNANCY,),
)
