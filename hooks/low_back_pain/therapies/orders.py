"""What therapy is ordered for back pain, which exercise is ordered already, and when to say nothing."""

from __future__ import annotations

from cds_service import (
    all_of,
    any_of,
    begins,
    create_request,
    days,
    measured,
    none_of,
    order_is,
    read,
    recorded,
    requested,
    selected,
    undecided,
    weeks,
    within,
)
from hooks.low_back_pain.definitions import (
    ACTIVE_CANCER,
    ACUPUNCTURE,
    BACK_PAIN,
    BED_REST,
    CONDITIONS,
    EXERCISE_PROGRAM,
    FROM_4_WEEKS,
    HEAT_THERAPY,
    LUMBAR_INSTABILITY,
    LUMBAR_SUPPORT,
    MANUAL_THERAPY,
    PALLIATIVE_CARE,
    PATIENT,
    PHYSIOTHERAPY,
    PROCEDURES,
    SCORES,
    SERVICE_REQUESTS,
    SPINAL_MANIPULATION,
    START_BACK,
    START_BACK_PSYCHOSOCIAL,
    SURGICAL_PROCEDURE,
    TENS,
    THERAPEUTIC_ULTRASOUND,
    UNDER_18,
    YOGA_OR_TAI_CHI,
)
from hooks.low_back_pain.imaging.findings import UNDER_WAY
from hooks.low_back_pain.red_flags.gate import RED_FLAG
from hooks.low_back_pain.red_flags.history import ANEURYSM, MIMIC
from hooks.low_back_pain.therapies.manipulation import DONE, FRACTURE_ON_RECORD, LATELY, SPINE_SURGERY_LATELY

_PASSIVE = (TENS, THERAPEUTIC_ULTRASOUND, MANUAL_THERAPY, HEAT_THERAPY, ACUPUNCTURE)
_EXERCISE = (PHYSIOTHERAPY, YOGA_OR_TAI_CHI)

BED_REST_ORDERED = selected(BED_REST, label="bed rest is ordered")
TENS_ORDERED = selected(TENS, label="TENS is ordered")
ULTRASOUND_ORDERED = selected(THERAPEUTIC_ULTRASOUND, label="therapeutic ultrasound is ordered")
PASSIVE_ORDERED = selected(*_PASSIVE, label="a passive treatment is ordered")
SUPPORT_ORDERED = selected(LUMBAR_SUPPORT, label="a lumbar support is ordered")
MANIPULATION_ORDERED = selected(SPINAL_MANIPULATION, label="spinal manipulation is ordered")
EXERCISE_ORDERED = selected(EXERCISE_PROGRAM, label="an exercise program is ordered")
ANY_ORDERED = selected(
    BED_REST,
    *_PASSIVE,
    LUMBAR_SUPPORT,
    SPINAL_MANIPULATION,
    EXERCISE_PROGRAM,
    label="a therapy is ordered",
)
BED_REST_ORDER = order_is(BED_REST, label="bed rest is ordered")
PASSIVE_ORDER = order_is(*_PASSIVE, label="a passive treatment is ordered")

# NPT-15: what goes with passive care already; 90 days is policy
_PHYSIOTHERAPY_ON_ORDER = requested(
    SERVICE_REQUESTS, PHYSIOTHERAPY, status=UNDER_WAY, drafts=True, label="physiotherapy on order"
)
EXERCISES = any_of(
    requested(
        SERVICE_REQUESTS,
        *_EXERCISE,
        status=UNDER_WAY,
        drafts=True,
        label="exercise or physiotherapy on order",
    ),
    requested(
        SERVICE_REQUESTS,
        *_EXERCISE,
        status=frozenset({"completed"}),
        where=within(days(90)),
        label="exercise or physiotherapy ordered in the last 90 days",
    ),
    recorded(
        PROCEDURES,
        *_EXERCISE,
        status=DONE,
        where=within(days(90)),
        label="exercise or physiotherapy given in the last 90 days",
    ),
    label="exercise or physiotherapy",
)
NOT_YET_4_WEEKS = any_of(
    none_of(FROM_4_WEEKS),
    undecided(FROM_4_WEEKS, "an onset too vague to tell whether 4 weeks passed"),
    label="low back pain not known to last 4 weeks",
)
PHYSIOTHERAPY_OFFER = create_request(
    "Draft a physiotherapy referral",
    PHYSIOTHERAPY.coding("306170007"),
    when=all_of(FROM_4_WEEKS, none_of(_PHYSIOTHERAPY_ON_ORDER)),
)

# Guideline.md 10.2, post-operative
POST_OPERATIVE = any_of(
    SPINE_SURGERY_LATELY,
    recorded(PROCEDURES, SURGICAL_PROCEDURE, label="an operation", status=DONE, where=LATELY),
    label="surgery in the last 90 days",
)
INSTABILITY = recorded(CONDITIONS, LUMBAR_INSTABILITY, label="spondylolisthesis")
BEGINS_LATER = begins(
    BACK_PAIN, at_least=weeks(4), label="an order that is to begin 4 weeks after the pain or later"
)
# EXR-01, never at high risk: without its subscale a total of 4 or more may be high (guideline.md section 9)
MAY_BE_HIGH_RISK = all_of(
    measured(
        SCORES,
        START_BACK,
        unit="{score}",
        at_least=4,
        within=days(90),
        label="a STarT Back total of 4 or more in the last 90 days",
    ),
    none_of(
        measured(
            SCORES,
            START_BACK_PSYCHOSOCIAL,
            unit="{score}",
            below=4,
            within=days(90),
            label="a psychosocial subscale of 3 or less in the last 90 days",
        )
    ),
    label="a STarT Back score that may mean high risk",
)

# No birth date is no age and silences nothing; a Patient that was not read may be a child (SAFE-28, SAFE-35)
_MAY_BE_CHILD = any_of(
    all_of(UNDER_18, none_of(undecided(UNDER_18, "no birth date recorded"))),
    none_of(read(PATIENT, label="the patient")),
    label="age under 18, or a patient that was not read",
)
# SAFE-01, SAFE-03, SAFE-14, 10.1: where advice on how active care should be has no place
SILENT = any_of(
    _MAY_BE_CHILD,
    PALLIATIVE_CARE,
    ACTIVE_CANCER,
    RED_FLAG,
    FRACTURE_ON_RECORD,
    POST_OPERATIVE,
    ANEURYSM,
    MIMIC,
    label="a reason to say nothing on how active the therapy is",
)
