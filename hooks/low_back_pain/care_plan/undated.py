"""The care plan while nobody knows when the pain began: what fits every phase, and a question."""

from __future__ import annotations

from cds_service import Line, none_of
from hooks.low_back_pain.care_plan import evidence as C  # noqa: N812 - C.NAME reads as "care statement"
from hooks.low_back_pain.care_plan import therapies as T  # noqa: N812 - T.NAME reads as "therapy"
from hooks.low_back_pain.care_plan.frame import advice, plan
from hooks.low_back_pain.care_plan.lines import (
    ACTIVE,
    AFTER_INJECTION,
    BEFORE,
    CARE_WITH_BLEEDING,
    LIMIT,
    MATERIAL,
    NOT_OFFERED,
    PSYCHOSOCIAL,
    RATE,
    RISK,
    manipulation,
)
from hooks.low_back_pain.definitions import PHASE_UNKNOWN
from hooks.low_back_pain.red_flags.gate import RED_FLAG

_LINES = (
    *BEFORE,
    Line("When did the pain begin? The record does not tell the phase, and the plan depends on it."),
    ACTIVE,
    LIMIT,
    Line(
        "From 4 weeks on: supervised individualized exercise (S0 S1 S2); from 12 weeks it is the core "
        "treatment (S3). S0 sees no benefit before 4 weeks."
    ),
    manipulation(
        "small to moderate short-term benefit in acute pain (S0 S2); in chronic pain moderate (S2) or no "
        "clear difference from other active care (S3)."
    ),
    NOT_OFFERED,
    Line("Massage or acupuncture: lower-quality evidence in acute pain (S0), moderate in chronic (S2)."),
    CARE_WITH_BLEEDING,
    RATE,
    *RISK,
    PSYCHOSOCIAL,
    MATERIAL,
    AFTER_INJECTION,
    Line(
        "Review within 2 weeks if the pain is new (S1), at 4-6 weeks (S0), by 12 weeks (S1).",
        none_of(RED_FLAG),
    ),
)

_SUGGESTIONS = (
    T.EDUCATION,
    T.PHYSIOTHERAPY_AFTER_INJECTION,
    T.PAIN_RATING,
)
# Lines name their own source: these are what the sources differ on, or the core
_EVIDENCE = (
    C.STAY_ACTIVE,
    C.EXERCISE_FROM_FOUR_WEEKS,
    C.MANIPULATION,
    C.HANDS_ON,
)

undated = plan(
    id="care-plan-phase-unknown",
    rows=(
        *("ACT-01", "ACT-04", "ACT-07", "EDU-02", "EXR-03", "EXR-10", "EXR-11", "NPT-04", "NPT-05", "NPT-06"),
        *("NSD-13", "RF-16", "RSK-05", "INJ-02", "TIM-01", "TIM-05", "SAFE-01", "SAFE-26", "SAFE-43"),
        *("REC-5", "REC-9", "REC-14"),
    ),
    when=PHASE_UNKNOWN,
    advice=advice(
        "Care plan for low back pain of unknown duration: date the onset, stay active, self-care",
        _LINES,
        _SUGGESTIONS,
    ),
    evidence=_EVIDENCE,
)
