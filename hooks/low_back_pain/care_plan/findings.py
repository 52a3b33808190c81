"""When the care plan speaks, what keeps it from speaking, and what decides which of its lines it says."""

from __future__ import annotations

from cds_service import (
    aged,
    all_of,
    any_of,
    at,
    days,
    lasting,
    measured,
    none_of,
    possibly,
    recorded,
    requested,
    within,
)
from hooks.low_back_pain.analgesics.nsaid_guards import ANTICOAGULATED
from hooks.low_back_pain.course import IMPROVED
from hooks.low_back_pain.definitions import (
    ACUPUNCTURE,
    ANGLE_CLOSURE_GLAUCOMA,
    BACK_PAIN,
    BLEEDING_DISORDER,
    CONDITIONS,
    EPIDURAL_INJECTION,
    HEAT_THERAPY,
    IMPAIRED_SENSATION,
    MANUAL_THERAPY,
    MIND_BODY_THERAPY,
    MUSCLE_SPASM,
    PAIN_SCORE,
    PATIENT,
    PEG_SCORE,
    PROCEDURES,
    SCORES,
    SERVICE_REQUESTS,
)
from hooks.low_back_pain.kidney import AGED_65
from hooks.low_back_pain.opioids.history import ACUTE_NONSPECIFIC, DRUG_TRIED
from hooks.low_back_pain.red_flags.gate import EMERGENCY, FEVER_FOUND, INFECTION, RED_FLAG, TRAUMA_FOUND
from hooks.low_back_pain.red_flags.history import ANEURYSM, INFLAMMATORY, MIMIC
from hooks.low_back_pain.referrals.findings import RADICULOPATHY
from hooks.low_back_pain.scope import MUTED
from hooks.low_back_pain.therapies.manipulation import FRACTURE_ON_RECORD
from hooks.low_back_pain.therapies.orders import EXERCISES, POST_OPERATIVE

VISIT = at("patient-view", "encounter-discharge", label="the chart is opened, or the visit ends")
DISCHARGED = at("encounter-discharge", label="the visit ends")

# ACT-01, RF-12, SAFE-14: what is cleared before anything is planned
ASSESS_FIRST = any_of(
    EMERGENCY,
    INFECTION,
    FEVER_FOUND,
    TRAUMA_FOUND,
    FRACTURE_ON_RECORD,
    ANEURYSM,
    label="a finding to be cleared before a plan",
)
# After an operation the surgeon's plan counts (guideline.md 10.2, post-operative)
NO_PLAN = any_of(MUTED, POST_OPERATIVE, label="a situation that this plan is not made for")

# Phases that definitions.py has no name for
SUBACUTE = lasting(BACK_PAIN, at_least=days(28), at_most=days(84), label="low back pain for 4 to 12 weeks")
FIRST_TWO_WEEKS = lasting(BACK_PAIN, at_most=days(13), label="low back pain for less than 2 weeks")
UP_TO_DAY_14 = lasting(BACK_PAIN, at_most=days(14), label="low back pain for 2 weeks at most")
FROM_2_WEEKS = lasting(BACK_PAIN, at_least=days(14), label="low back pain for 2 weeks or more")
UP_TO_6_WEEKS = lasting(BACK_PAIN, at_most=days(42), label="low back pain for 6 weeks at most")
A_YEAR = lasting(BACK_PAIN, at_least=days(365), label="low back pain for a year or more")

OTHER_CAUSE = any_of(MIMIC, INFLAMMATORY, label="another cause of back pain")
REASSURING = all_of(
    ACUTE_NONSPECIFIC,
    none_of(RED_FLAG, label="no red flag recorded"),
    label="acute nonspecific low back pain, and no red flag recorded",
)
# Not improved, as far as anyone can tell (guideline.md 10.2)
NOT_BETTER = possibly(none_of(IMPROVED), "no improvement recorded")
WORKING_AGE = possibly(aged(PATIENT, at_least=18, below=67, label="working age (18 to 66)"))
TRIAL_PATIENT = all_of(
    aged(PATIENT, at_least=18, below=61, label="age 18 to 60"),
    A_YEAR,
    label="a patient such as those of the trial",
)

# What makes a therapy less fit
NUMB = recorded(CONDITIONS, IMPAIRED_SENSATION, label="numb skin or neuropathy")
BLEEDS_EASILY = any_of(
    ANTICOAGULATED,
    recorded(CONDITIONS, BLEEDING_DISORDER, label="a bleeding disorder"),
    label="an anticoagulant or a bleeding disorder",
)
GLAUCOMA = recorded(CONDITIONS, ANGLE_CLOSURE_GLAUCOMA, label="angle-closure glaucoma", ever=True)
SPASM = recorded(CONDITIONS, MUSCLE_SPASM, label="spasm of back muscles")
# Where a muscle relaxant is spoken of at all (MR-06, REC-11)
SPASM_ALONE = all_of(SPASM, none_of(RADICULOPATHY, AGED_65), label="spasm without radiculopathy, under 65")

# Therapies of this episode: a course of 90 days ago or more is over (policy)
_ON_ORDER = frozenset({"draft", "active", "on-hold", "completed", "unknown"})
_GIVEN = frozenset({"in-progress", "completed", "on-hold", "unknown"})
_LATELY = within(days(90))
_PASSIVE = (MANUAL_THERAPY, ACUPUNCTURE, HEAT_THERAPY)
PASSIVE_CARE = any_of(
    requested(
        SERVICE_REQUESTS, *_PASSIVE, status=_ON_ORDER, where=_LATELY, label="a passive therapy on order"
    ),
    recorded(PROCEDURES, *_PASSIVE, status=_GIVEN, where=_LATELY, label="a passive therapy"),
    label="a passive therapy of the last 90 days",
)
_MIND_BODY = any_of(
    requested(
        SERVICE_REQUESTS, MIND_BODY_THERAPY, status=_ON_ORDER, where=_LATELY, label="such a therapy on order"
    ),
    recorded(PROCEDURES, MIND_BODY_THERAPY, status=_GIVEN, where=_LATELY, label="a mind-body therapy"),
)
PASSIVE_ONLY = all_of(PASSIVE_CARE, none_of(EXERCISES), label="passive therapy and no exercise")
NO_THERAPY = none_of(EXERCISES, PASSIVE_CARE, _MIND_BODY, label="no therapy of the last 90 days")
INJECTED = recorded(
    PROCEDURES,
    EPIDURAL_INJECTION,
    status=_GIVEN,
    where=_LATELY,
    label="an epidural injection of the last 90 days",
)

# NSD-13, NPT-17: what was never rated
FUNCTION_RATED = measured(
    SCORES, PEG_SCORE, unit="{score}", within=days(90), label="a PEG score of the last 90 days"
)
_PAIN_RATED = measured(
    SCORES, PAIN_SCORE, unit="{score}", within=days(30), label="a pain score of the last 30 days"
)
_FUNCTION_RATED_LATELY = measured(
    SCORES, PEG_SCORE, unit="{score}", within=days(30), label="a PEG score of the last 30 days"
)
RATE_FIRST = all_of(
    none_of(_PAIN_RATED, _FUNCTION_RATED_LATELY),
    none_of(DRUG_TRIED),
    label="no score of the last 30 days, and no medicine yet",
)
