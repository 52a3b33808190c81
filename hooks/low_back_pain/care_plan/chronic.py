"""The care plan after 12 weeks: exercise at the core, mind and body around it, a team for disability."""

from __future__ import annotations

from cds_service import Line, all_of, none_of, undecided
from hooks.low_back_pain.care_plan import evidence as C  # noqa: N812 - C.NAME reads as "care statement"
from hooks.low_back_pain.care_plan import therapies as T  # noqa: N812 - T.NAME reads as "therapy"
from hooks.low_back_pain.care_plan.findings import FUNCTION_RATED, NUMB, SPASM, SPASM_ALONE, TRIAL_PATIENT
from hooks.low_back_pain.care_plan.frame import advice, plan
from hooks.low_back_pain.care_plan.lines import (
    AFTER_INJECTION,
    BEFORE,
    CARE_WITH_BLEEDING,
    NOT_OFFERED,
    PAIR,
    RISK,
    manipulation,
)
from hooks.low_back_pain.care_plan.medicines import DULOXETINE_HAZARD, DULOXETINE_OFFER
from hooks.low_back_pain.course import SIGNIFICANT_DISABILITY
from hooks.low_back_pain.definitions import CHRONIC

_LINES = (
    *BEFORE,
    Line(
        "Exercise therapy is the core treatment: moderate-quality evidence, small but consistent gain (S3); "
        "strength, flexibility, aerobic (S0), tailored, supervised, progressing (S1 S2 S3)."
    ),
    Line("Nonpharmacologic therapies come first (S2, ACP 2017); step up by response and risk (S1)."),
    Line(
        "Regimens differ little: preference and adherence matter; motor control exercise moderately lowers "
        "pain and improves function (S3)."
    ),
    Line(
        "Motor skill training is an option: better for function in one trial (S4, news report); its outside "
        "reviewer was not convinced.",
        TRIAL_PATIENT,
    ),
    Line(
        "Motor skill training: the one trial (S4, news report) did not include such patients: age 18-60, "
        "pain for a year or more.",
        none_of(TRIAL_PATIENT),
    ),
    Line(
        "Motor skill training: one trial (S4, news report) in ages 18-60 with pain for a year or more; age "
        "or onset are not known here.",
        undecided(TRIAL_PATIENT, "age or onset not known"),
    ),
    Line(
        "Cognitive behavioral therapy: moderate-quality evidence (S0), moderate effect (S2 S3); progressive "
        "relaxation, tensing and releasing muscles in turn: moderate effect (S2 S3)."
    ),
    Line(
        "Mindfulness-based stress reduction: moderate-quality evidence (S0), small effect (S3); "
        "S2 calls it effective."
    ),
    Line("Yoga (Iyengar S3, Viniyoga S2) or tai chi (S3): moderately better than usual care or a wait-list."),
    manipulation("moderate effect (S2), no clear difference from other active care (S3)."),
    NOT_OFFERED,
    Line("Massage (S2 S3) or acupuncture (S2): moderate effect."),
    CARE_WITH_BLEEDING,
    Line(
        "Significant disability on record: consider interdisciplinary rehabilitation; moderate-quality "
        "evidence of a short-term gain (S0 S3).",
        SIGNIFICANT_DISABILITY,
    ),
    Line(
        "Function is not recorded: rate it (PEG); with significant disability consider interdisciplinary "
        "rehabilitation (S0 S3).",
        none_of(FUNCTION_RATED, SIGNIFICANT_DISABILITY),
    ),
    Line(
        "If not improving: multidisciplinary biopsychosocial assessment with high-intensity cognitive "
        "behavioral therapy, or a specialist center (S1)."
    ),
    Line("Duloxetine may help (S1); long-term data are limited (S2).", none_of(DULOXETINE_HAZARD)),
    Line(
        "Spasm with chronic pain: therapies without drugs first, then a muscle relaxant only briefly, with "
        "exercise and heat; 2-3 weeks in a flare. Evidence for a pain-spasm cycle is mixed (S3).",
        SPASM_ALONE,
    ),
    Line(
        "Heat wraps with exercise: moderate relief against placebo, moderate-quality evidence (S3).",
        all_of(SPASM, none_of(NUMB)),
    ),
    *RISK,
    Line(
        "Stay active rather than resting (S1); screen for depression (S0), speak of weight (S1) and work "
        "(S0), ask about fears (S1)."
    ),
    PAIR,
    AFTER_INJECTION,
)

_SUGGESTIONS = (
    T.TO_PHYSIOTHERAPY,
    T.BEHAVIORAL_THERAPY,
    T.YOGA,
    T.TAI_CHI,
    T.NEEDLES,
    T.MANIPULATION,
    T.REHABILITATION,
    DULOXETINE_OFFER,
)
# Lines name their own source: these are what the sources differ on, or the core
_EVIDENCE = (
    C.EXERCISE_IS_THE_CORE,
    C.KINDS_OF_EXERCISE,
    C.MOTOR_SKILL_TRAINING,
    C.MIND,
    C.MINDFULNESS,
    C.MANIPULATION,
    C.HANDS_ON,
    C.INTERDISCIPLINARY,
    C.DULOXETINE_OPTION,
)

chronic = plan(
    id="care-plan-chronic",
    rows=(
        *("CHR-03", "CHR-05", "DUL-01", "EDU-05", "MR-08", "MR-10", "RF-16", "RSK-05", "INJ-02"),
        *("EXR-03", "EXR-05", "EXR-06", "EXR-07", "EXR-08", "EXR-09", "EVD-04", "EVD-06"),
        *("NPT-03", "NPT-04", "NPT-05", "NPT-06", "NPT-08", "NPT-09", "NPT-10", "NPT-11", "NPT-12", "NPT-15"),
        *("NPT-17", "REF-07", "TIM-01", "TIM-08", "TIM-09", "SAFE-01", "SAFE-26", "SAFE-27", "SAFE-41"),
        *("REC-6", "REC-9", "REC-10", "REC-11", "REC-13", "REC-14"),
    ),
    when=CHRONIC,
    advice=advice(
        "Care plan for chronic low back pain: exercise is the core, with other therapies without drugs",
        _LINES,
        _SUGGESTIONS,
        seen=(NUMB, SPASM, SIGNIFICANT_DISABILITY),
    ),
    evidence=_EVIDENCE,
)
