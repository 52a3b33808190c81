"""The care plan of the first four weeks: activity, heat and hands first, medicines if that is not enough."""

from __future__ import annotations

from cds_service import Line, all_of, none_of, possibly
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_HAZARD, NSAID_HAZARD
from hooks.low_back_pain.care_plan import evidence as C  # noqa: N812 - C.NAME reads as "care statement"
from hooks.low_back_pain.care_plan import therapies as T  # noqa: N812 - T.NAME reads as "therapy"
from hooks.low_back_pain.care_plan.findings import (
    FIRST_TWO_WEEKS,
    FROM_2_WEEKS,
    NOT_BETTER,
    NUMB,
    PASSIVE_ONLY,
    SPASM,
    SPASM_ALONE,
    UP_TO_DAY_14,
)
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
    heat,
    manipulation,
)
from hooks.low_back_pain.care_plan.medicines import FIRST_LINE, GEL, GEL_FITS
from hooks.low_back_pain.definitions import ACUTE
from hooks.low_back_pain.red_flags.gate import RED_FLAG

_LINES = (
    *BEFORE,
    ACTIVE,
    LIMIT,
    Line(
        "If not improved after 2 weeks: intensify nonpharmacologic treatment, goal-directed physiotherapy "
        "rather than passive modalities (S0).",
        all_of(FROM_2_WEEKS, NOT_BETTER),
    ),
    heat(
        "moderate relief (S0), short-term (S1 S2); that it beats medicines is low-quality evidence "
        "(S3, S0 rates it higher)."
    ),
    Line(
        "Massage beside heat in the first 2 weeks (S1), or acupuncture: lower-quality evidence in acute "
        "pain (S0).",
        UP_TO_DAY_14,
    ),
    Line("Massage or acupuncture: lower-quality evidence in acute pain (S0).", none_of(UP_TO_DAY_14)),
    manipulation("small to moderate short-term benefit (S0 S2; S1 lists it)."),
    NOT_OFFERED,
    CARE_WITH_BLEEDING,
    Line(
        "Structured exercise from 4 weeks on: no benefit before (S0), later phases (S2); S1 names no phase."
    ),
    Line(
        "If this is not enough: an NSAID is first-line if not contraindicated (S0 S1, moderate-quality "
        "evidence), or either acetaminophen or an NSAID (S2).",
        none_of(NSAID_HAZARD),
    ),
    Line(
        "If this is not enough: acetaminophen; no NSAID, as something speaks against it or could not be "
        "checked. S0 S1 put an NSAID first (moderate-quality evidence), S2 either.",
        all_of(possibly(NSAID_HAZARD), none_of(ACETAMINOPHEN_HAZARD)),
    ),
    Line(
        "No medicine is proposed, as something speaks against each or could not be checked: heat, activity "
        "and a review.",
        all_of(possibly(NSAID_HAZARD), possibly(ACETAMINOPHEN_HAZARD)),
    ),
    Line("A topical analgesic is an option for localized pain (S1).", all_of(FIRST_TWO_WEEKS, GEL_FITS)),
    Line(
        "Spasm on record: a muscle relaxant is a short-term adjunct only, 2-3 weeks at most; watch "
        "drowsiness (S0 S1 S3).",
        SPASM_ALONE,
    ),
    RATE,
    *RISK,
    PSYCHOSOCIAL,
    MATERIAL,
    Line(
        "Passive care is on record and no exercise: pair it with activity; a program waits until 4 weeks "
        "(S1 S0).",
        PASSIVE_ONLY,
    ),
    AFTER_INJECTION,
    Line(
        "Review within 2 weeks (S1) and at 4-6 weeks (S0); step up by response and risk (S1).",
        all_of(FIRST_TWO_WEEKS, none_of(RED_FLAG)),
    ),
    Line(
        "Review at 4-6 weeks (S0); add a therapy from 4 weeks if not improved (S2).",
        all_of(FROM_2_WEEKS, none_of(RED_FLAG)),
    ),
)

_SUGGESTIONS = (
    T.EDUCATION,
    T.HEAT,
    T.PHYSIOTHERAPY_AT_TWO_WEEKS,
    T.PHYSIOTHERAPY_AFTER_INJECTION,
    T.PAIN_RATING,
    FIRST_LINE,
    GEL,
    T.MANIPULATION,
)
# Lines name their own source: these are what the sources differ on, or the core
_EVIDENCE = (
    C.STAY_ACTIVE,
    C.HEAT,
    C.HANDS_ON,
    C.MANIPULATION,
    C.EXERCISE_FROM_FOUR_WEEKS,
    S.NSAID_FIRST,
    S.EITHER_FIRST,
)

acute = plan(
    id="care-plan-acute",
    rows=(
        *("ACT-01", "ACT-04", "ACT-07", "EDU-02", "EDU-03", "EXR-10", "MR-01", "RF-16", "RSK-05", "INJ-02"),
        *("NPT-01", "NPT-02", "NPT-04", "NPT-05", "NPT-06", "NPT-15", "NPT-18"),
        *("NSD-01", "NSD-02", "NSD-10", "NSD-12", "NSD-13", "TIM-01", "TIM-04", "TIM-05", "TIM-09"),
        *("SAFE-01", "SAFE-26", "SAFE-27", "SAFE-47"),
        *("REC-1", "REC-3", "REC-4", "REC-5", "REC-7", "REC-9", "REC-11", "REC-14"),
    ),
    when=ACUTE,
    advice=advice(
        "Care plan for acute low back pain: stay active, heat, self-care; medicines if that is not enough",
        _LINES,
        _SUGGESTIONS,
        seen=(NUMB, SPASM),
    ),
    evidence=_EVIDENCE,
)
