"""
Hazards that opioids and adjuvants share: sedation together, serotonin syndrome, pregnancy.

Two services give these cards (guideline.md 10.1), each for the orders that wake it: the words,
the limits and the evidence are the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import Advice, Indicator, Ladder, Line, Rule, all_of, any_of, at_least, recorded, taking
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    BENEFIT_OUTWEIGHS_RISK,
    BENZODIAZEPINE,
    CONDITIONS,
    DATA_OUTDATED,
    GABAPENTINOID,
    INDEX_ON_RECORD,
    MAOI,
    MEDICATIONS,
    MUSCLE_RELAXANT,
    OTHER_REASON,
    PALLIATIVE_CARE,
    PALLIATIVE_REASON,
    SEDATIVE_OTHER,
    SLEEP_DISORDERED_BREATHING,
    SPECIALIST_REQUEST,
    UNDER_18,
    topic,
)

if TYPE_CHECKING:
    from cds_service import Criterion, Statement, Suggest, Trigger

TAKES_BENZODIAZEPINE = taking(MEDICATIONS, BENZODIAZEPINE, label="a benzodiazepine")
TAKES_GABAPENTINOID = taking(MEDICATIONS, GABAPENTINOID, label="a gabapentinoid")
TAKES_RELAXANT = taking(MEDICATIONS, MUSCLE_RELAXANT, label="a muscle relaxant")
TAKES_OTHER_SEDATIVE = taking(MEDICATIONS, SEDATIVE_OTHER, label="another sedative")
SLEEP_DISORDERED = recorded(CONDITIONS, SLEEP_DISORDERED_BREATHING, label="sleep-disordered breathing")
TAKES_MAOI = taking(MEDICATIONS, MAOI, label="an MAO inhibitor")

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


def combinations(  # noqa: PLR0913 - one ladder
    ids: tuple[str, str, str, str],
    *,
    on: Trigger,
    scope: Criterion,
    benzodiazepine: Criterion,
    others: tuple[Criterion, ...],
    suggestions: tuple[Suggest, ...],
    unless: Criterion = UNDER_18,
) -> Ladder:
    """
    Return the rules on an opioid with what sedates (OPI-06); `scope` and `on` say that an opioid is given.

    ids: of the rules in palliative care, with a benzodiazepine, with two or more of `others`,
    with one of them. suggestions: of all but the first.
    """
    in_palliative_care = all_of(PALLIATIVE_CARE, any_of(benzodiazepine, *others))
    several = at_least(2, *others, label="two or more things that sedate")
    one = any_of(*others, label="something else that sedates")
    intended = (Line("In palliative care the combination may be intended."),)
    risk = "respiratory depression risk"
    rungs = (
        (
            in_palliative_care,
            Indicator.INFO,
            "Opioid with a sedative in palliative care: watch sedation and breathing",
        ),
        (benzodiazepine, Indicator.CRITICAL, f"Opioid with benzodiazepine: {risk}"),
        (several, Indicator.CRITICAL, f"Opioid with several sedating factors: {risk}"),
        (one, Indicator.WARNING, f"Opioid with another sedating factor: {risk}"),
    )
    rung = partial(
        Rule,
        rows=("OPI-06",),
        topic=topic("opioid-sedative-combination"),
        on=on,
        scope=scope,
        unless=unless,
        if_unknown="advise",
        evidence=(S.SEDATIVES_ADD_UP,),
    )
    said = partial(Advice, override_reasons=_COMBINATION_REASONS)
    return Ladder(
        tuple(
            rung(
                id=rule_id,
                when=when,
                advice=said(indicator, summary, intended)
                if when is in_palliative_care
                else said(indicator, summary, _TOGETHER, suggestions=suggestions),
            )
            for rule_id, (when, indicator, summary) in zip(ids, rungs, strict=True)
        )
    )


def hazard(  # noqa: PLR0913 - one rule
    rule_id: str,
    rows: tuple[str, ...],
    code: str,
    *,
    on: Trigger,
    when: Criterion,
    says: tuple[Indicator, str, str],
    remove: Suggest,
    evidence: tuple[Statement, ...],
    unless: Criterion = UNDER_18,
) -> Rule:
    """
    Return a rule about one hazard of an order: SAFE-20, SAFE-41.

    code: of its topic. says: indicator, summary and the line below it. It runs whatever the
    order is for, while low back pain is on record (SAFE-31).
    """
    indicator, summary, line = says
    return Rule(
        id=rule_id,
        rows=rows,
        topic=topic(code),
        on=on,
        scope=INDEX_ON_RECORD,
        when=when,
        unless=unless,
        if_unknown="advise",
        advice=Advice(
            indicator,
            summary,
            (Line(line),),
            suggestions=(remove,),
            override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
        ),
        evidence=evidence,
    )
