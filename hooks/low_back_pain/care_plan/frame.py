"""
What every care plan shares: when it speaks, what takes its place, and what the end of a visit adds.

Exactly one phase speaks. A finding that must be cleared first takes the place of every plan, and a
red flag of any kind turns off what reassures (SAFE-01).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import Advice, Indicator, Line, Rule, any_of
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan import evidence as C  # noqa: N812 - C.NAME reads as "care statement"
from hooks.low_back_pain.care_plan.findings import (
    ASSESS_FIRST,
    BLEEDS_EASILY,
    DISCHARGED,
    INJECTED,
    NO_PLAN,
    OTHER_CAUSE,
    REASSURING,
    VISIT,
    WORKING_AGE,
)
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BACK_PAIN_RECORDED,
    DATA_OUTDATED,
    OTHER_REASON,
    PALLIATIVE_CARE,
    PATIENT_PREFERENCE,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.red_flags.gate import EMERGENCY, NAMED_IN_TEXT, OLD_DEFICIT, SCREEN
from hooks.low_back_pain.referrals.findings import RADICULOPATHY
from hooks.low_back_pain.therapies.manipulation import OSTEOPOROSIS_ON_RECORD

if TYPE_CHECKING:
    from cds_service import Criterion, Suggest

# What lines rest on is named with its date and source (guideline.md section 7)
_SEEN = (
    *SCREEN,
    OLD_DEFICIT,
    NAMED_IN_TEXT,
    RADICULOPATHY,
    OTHER_CAUSE,
    OSTEOPOROSIS_ON_RECORD,
    BLEEDS_EASILY,
    INJECTED,
)
_OVERRIDES = (PATIENT_PREFERENCE, DATA_OUTDATED, OTHER_REASON)
_rule = partial(
    Rule,
    topic=topic("care-plan"),
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    if_unknown="advise without suggestions",
)
plan = partial(_rule, unless=any_of(NO_PLAN, ASSESS_FIRST))
"""A plan: a Rule with what all of them share."""


def advice(
    summary: str,
    lines: tuple[Line, ...],
    suggestions: tuple[Suggest, ...],
    *,
    seen: tuple[Criterion, ...] = (),
) -> Advice:
    """Return what a plan says; `seen` are further findings that its lines rest on."""
    return Advice(
        Indicator.INFO,
        summary,
        lines,
        suggestions=suggestions,
        override_reasons=_OVERRIDES,
        screen=(*_SEEN, *seen),
    )


after_assessment = _rule(
    id="care-plan-after-assessment",
    rows=("ACT-01", "RF-12", "SAFE-01", "SAFE-14"),
    when=ASSESS_FIRST,
    unless=any_of(UNDER_18, PALLIATIVE_CARE),
    advice=Advice(
        Indicator.INFO,
        "Back pain with a finding to be cleared first: assessment comes before a care plan",
        (
            Line("An emergency is possible: assess the patient today.", EMERGENCY),
            Line("Activity, exercise and manual therapy are planned once the finding below is cleared."),
        ),
        override_reasons=(ALREADY_EVALUATED, DATA_OUTDATED, OTHER_REASON),
        screen=SCREEN,
    ),
    evidence=(C.ASSESS_FIRST, S.RED_FLAGS_FIRST),
)
at_discharge = plan(
    id="care-plan-at-discharge",
    rows=("ACT-03", "ACT-05", "ACT-06", "EDU-01", "EDU-04", "TIM-02", "SAFE-01", "SAFE-34"),
    on=DISCHARGED,
    when=BACK_PAIN_RECORDED,
    advice=Advice(
        Indicator.INFO,
        "At the end of the visit: no prolonged bed rest or work absence, both worsen the outcome (S0)",
        (
            Line(
                "Reassure: about 90% of acute episodes settle within 6 weeks, flare-ups in the next year are "
                "usual (S0, pending review); keeping active is healthy, most manage with guidance (S1).",
                REASSURING,
            ),
            Line(
                "Encourage early return to work, with modified duty if needed (S0); at work anti-fatigue "
                "mats, adjustable surfaces, lifting technique (S1).",
                WORKING_AGE,
            ),
        ),
        override_reasons=_OVERRIDES,
    ),
    evidence=(C.BACK_TO_WORK, C.ACUTE_PAIN_SETTLES),
)
