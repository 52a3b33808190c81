"""The care plan of weeks 4 to 12: supervised exercise, with therapies without drugs around it."""

from __future__ import annotations

from cds_service import Line, all_of, none_of
from hooks.low_back_pain.care_plan import evidence as C  # noqa: N812 - C.NAME reads as "care statement"
from hooks.low_back_pain.care_plan import therapies as T  # noqa: N812 - T.NAME reads as "therapy"
from hooks.low_back_pain.care_plan.findings import NO_THERAPY, NOT_BETTER, NUMB, SUBACUTE, UP_TO_6_WEEKS
from hooks.low_back_pain.care_plan.frame import advice, plan
from hooks.low_back_pain.care_plan.lines import (
    ACTIVE,
    AFTER_INJECTION,
    BEFORE,
    CARE_WITH_BLEEDING,
    LIMIT,
    NOT_OFFERED,
    PAIR,
    PSYCHOSOCIAL,
    RATE,
    RISK,
    heat,
    manipulation,
)
from hooks.low_back_pain.red_flags.gate import RED_FLAG
from hooks.low_back_pain.referrals.findings import RADICULOPATHY

_LINES = (
    *BEFORE,
    Line(
        "Start supervised individualized exercise: stretching, strengthening, aerobic (S0 from 4-6 weeks; "
        "S1 S2 most effective so)."
    ),
    Line(
        "No therapy is on record after 4 weeks: add one of those below now, if not improved (S2).",
        all_of(NO_THERAPY, NOT_BETTER),
    ),
    Line(
        "Consider McKenzie directional exercises when the pain goes below the knee (S0, at 4-6 weeks).",
        all_of(RADICULOPATHY, UP_TO_6_WEEKS),
    ),
    ACTIVE,
    LIMIT,
    Line(
        "Cognitive behavioral therapy or progressive relaxation (tensing and releasing muscles in turn): "
        "moderate effect (S2 S3); S1 for high-risk or persistent, S0 for chronic pain."
    ),
    Line("Mindfulness (S2 effective; S0 and S3 speak of chronic pain) or yoga (Viniyoga, S2) are options."),
    manipulation("moderate effect whatever the provider (S2), small to moderate (S0)."),
    NOT_OFFERED,
    Line("Massage or acupuncture: lower-quality evidence in acute pain (S0), moderate in chronic (S2)."),
    CARE_WITH_BLEEDING,
    heat("moderate relief (S0)."),
    Line(
        "Intensive interdisciplinary rehabilitation: moderately effective, above all in this phase and with "
        "work absence (S2)."
    ),
    RATE,
    *RISK,
    PSYCHOSOCIAL,
    PAIR,
    AFTER_INJECTION,
    Line(
        "Not improved at 4-6 weeks: this is the subacute pathway (S0); review by 12 weeks, then a "
        "specialist pain or spine center is an option (S1).",
        none_of(RED_FLAG),
    ),
)

_SUGGESTIONS = (
    T.EXERCISE,
    T.TO_PHYSIOTHERAPY,
    T.BEHAVIORAL_THERAPY,
    T.YOGA,
    T.NEEDLES,
    T.MANIPULATION,
    T.HEAT,
    T.REHABILITATION,
    T.PAIN_RATING,
)
# Lines name their own source: these are what the sources differ on, or the core
_EVIDENCE = (
    C.EXERCISE_FROM_FOUR_WEEKS,
    C.ADD_THERAPY,
    C.MIND,
    C.MINDFULNESS,
    C.MANIPULATION,
    C.HANDS_ON,
    C.INTERDISCIPLINARY,
)

subacute = plan(
    id="care-plan-subacute",
    rows=(
        *("ACT-01", "ACT-04", "ACT-07", "RF-16", "RSK-05", "INJ-02"),
        *("EXR-02", "EXR-04", "EXR-05", "EXR-10", "EXR-11"),
        *("NPT-01", "NPT-04", "NPT-05", "NPT-06", "NPT-07", "NPT-09", "NPT-11", "NPT-12", "NPT-15", "NPT-16"),
        *("NSD-13", "TIM-01", "TIM-05", "TIM-07", "TIM-08", "TIM-09", "SAFE-01", "SAFE-26"),
        *("REC-5", "REC-9", "REC-13", "REC-14"),
    ),
    when=SUBACUTE,
    advice=advice(
        "Care plan for subacute low back pain: supervised exercise now, with therapies without drugs",
        _LINES,
        _SUGGESTIONS,
        seen=(NUMB,),
    ),
    evidence=_EVIDENCE,
)
