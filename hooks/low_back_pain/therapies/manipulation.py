"""Spinal manipulation: what on record makes it hazardous, and what turns an offer of it off (SAFE-26)."""

from __future__ import annotations

from cds_service import (
    Certainty,
    any_of,
    dated,
    days,
    first_encounter,
    from_before,
    no_longer_current,
    ordered_for,
    recorded,
    within,
)
from hooks.low_back_pain.analgesics.nsaid_guards import ANTICOAGULATED
from hooks.low_back_pain.definitions import (
    BACK_PAIN,
    CANCER_ACTIVE,
    CANCER_HISTORY,
    CANCER_SUSPECTED,
    CONDITIONS,
    FRACTURE,
    OSTEOPOROSIS,
    PROCEDURES,
    SPINE_SURGERY_HISTORY,
)
from hooks.low_back_pain.red_flags.gate import (
    ABSCESS,
    CAUDA_EQUINA_PATTERN,
    FEVER_FOUND,
    INFECTION,
    INJECTING,
    LONG_TERM_STEROIDS,
    MOTOR_LOSS,
    NAMED_IN_TEXT,
    OLD_DEFICIT,
    TRAUMA_FOUND,
    WEIGHT_LOSS_FOUND,
)
from hooks.low_back_pain.red_flags.history import ANEURYSM, INFLAMMATORY

DONE = frozenset({"completed", "in-progress"})
LATELY = dated() & within(days(90))
"""Guideline.md 10.2, post-operative: an older or undated code is no recent surgery."""

FRACTURE_ON_RECORD = recorded(CONDITIONS, FRACTURE, label="a vertebral fracture")
OSTEOPOROSIS_ON_RECORD = recorded(CONDITIONS, OSTEOPOROSIS, label="osteoporosis", ever=True)
SPINE_SURGERY_LATELY = any_of(
    recorded(CONDITIONS, SPINE_SURGERY_HISTORY, label="spine surgery", ever=True, where=LATELY),
    recorded(PROCEDURES, SPINE_SURGERY_HISTORY, label="a spine operation", status=DONE, where=LATELY),
    label="spine surgery in the last 90 days",
)

# NPT-19, critical: RF-01, RF-02, a fracture of this episode, spinal infection, cancer that is not over
_FRACTURE_NOW = any_of(
    recorded(
        CONDITIONS,
        FRACTURE,
        label="a recent vertebral fracture",
        where=from_before(BACK_PAIN, days(90)) & first_encounter(),
    ),
    ordered_for(CONDITIONS, FRACTURE, label="a vertebral fracture as the order's reason"),
)
_CANCER_NOW = any_of(
    recorded(CONDITIONS, CANCER_ACTIVE, label="active cancer"),
    recorded(CONDITIONS, CANCER_SUSPECTED, label="suspected cancer", at_most=Certainty.POSSIBLE),
    ordered_for(CONDITIONS, CANCER_ACTIVE, CANCER_SUSPECTED, label="cancer as the order's reason"),
)
MANIPULATION_HAZARD = any_of(
    CAUDA_EQUINA_PATTERN,
    MOTOR_LOSS,
    ABSCESS,
    INFECTION,
    _FRACTURE_NOW,
    _CANCER_NOW,
    label="a hazard of spinal manipulation",
)

# All else of SAFE-26; RF-04 alone is none of it
_CANCER_ONCE = any_of(
    recorded(CONDITIONS, CANCER_HISTORY, label="cancer in the past", ever=True),
    recorded(CONDITIONS, CANCER_ACTIVE, label="cancer in the past", ever=True, where=no_longer_current()),
    ordered_for(CONDITIONS, CANCER_HISTORY, label="cancer in the past as the order's reason"),
)
MANIPULATION_CAUTION = any_of(
    OSTEOPOROSIS_ON_RECORD,
    FRACTURE_ON_RECORD,
    ANTICOAGULATED,
    INFLAMMATORY,
    ANEURYSM,
    SPINE_SURGERY_LATELY,
    OLD_DEFICIT,
    _CANCER_ONCE,
    FEVER_FOUND,
    INJECTING,
    LONG_TERM_STEROIDS,
    TRAUMA_FOUND,
    WEIGHT_LOSS_FOUND,
    NAMED_IN_TEXT,
    label="a caution for spinal manipulation",
)
# An offer needs this to be NO: UNKNOWN withholds it too
MANIPULATION_OFF = any_of(
    MANIPULATION_HAZARD, MANIPULATION_CAUTION, label="a reason not to offer spinal manipulation"
)
