"""
Lines that the care plans of several phases share.

Where the sources differ, a line names both sides or the lower grade (guideline.md section 5); S0 to
S4 are the sources.
"""

from __future__ import annotations

from cds_service import Line, all_of, none_of, possibly
from hooks.low_back_pain.care_plan.findings import (
    BLEEDS_EASILY,
    INJECTED,
    NUMB,
    OTHER_CAUSE,
    PASSIVE_ONLY,
    RATE_FIRST,
)
from hooks.low_back_pain.red_flags.gate import RED_FLAG
from hooks.low_back_pain.referrals.findings import RADICULOPATHY
from hooks.low_back_pain.scores import START_BACK_HIGH, START_BACK_LOW, START_BACK_MEDIUM
from hooks.low_back_pain.therapies.manipulation import MANIPULATION_OFF

# SAFE-01, SAFE-26: with a red flag no line reassures, and none offers manipulation
BEFORE = (
    Line("A red flag is on record: finish its work-up first; nothing below is reassurance.", RED_FLAG),
    Line("Another cause of back pain is on record: consider it first.", OTHER_CAUSE),
    Line(
        "Radicular signs: use the radiculopathy pathway (S2), with a specialist within 2 weeks if severe "
        "(S1 S2), by 3 months if not improving (S2).",
        RADICULOPATHY,
    ),
)
ACTIVE = Line(
    "Advise staying active within pain limits; avoid bed rest (S0 S1 S2). S4 tolerates a few days of "
    "relative rest."
)
LIMIT = Line(
    "Limit only what worsens the pain: heavy lifting, forceful twisting, long sitting or standing; "
    "take breaks (S0 S1)."
)
NOT_OFFERED = Line("Manipulation is not offered: a caution is named below.", MANIPULATION_OFF)
CARE_WITH_BLEEDING = Line(
    "Caution with massage and needles: an anticoagulant or bleeding disorder is recorded, "
    "or medicines and problems could not all be read.",
    possibly(BLEEDS_EASILY),
)
AFTER_INJECTION = Line(
    "Epidural injection in the last 90 days: use the relief for rehabilitation (S1).", INJECTED
)
PSYCHOSOCIAL = Line("Ask about fears, mood, work and home: overlooking them is a pitfall (S1).")
MATERIAL = Line(
    "Give self-care material on body mechanics and exercise (S0 S2): online, by telephone or on paper (S1)."
)
RATE = Line(
    "No pain or function score of the last 30 days: rate both, and the individual risk, "
    "before choosing a medicine (S2).",
    RATE_FIRST,
)
PAIR = Line("Passive care is on record and no exercise: pair it with active exercise (S1).", PASSIVE_ONLY)
# RSK-02 to RSK-04 have cards of their own: here only what they change in the plan
RISK = (
    Line(
        "Low risk by STarT Back: self-management may be enough (S1).",
        all_of(START_BACK_LOW, none_of(RED_FLAG)),
    ),
    Line("Medium risk by STarT Back: standard physiotherapy (S1).", START_BACK_MEDIUM),
    Line(
        "High risk by STarT Back: specialized physiotherapy and cognitive behavioral therapy need not "
        "wait for later phases (S1).",
        START_BACK_HIGH,
    ),
)


def manipulation(says: str) -> Line:
    """Return the line that offers manipulation while nothing on record speaks against it (SAFE-26)."""
    return Line(f"Manipulation by a trained provider is an option: {says}", none_of(MANIPULATION_OFF))


def heat(says: str) -> Line:
    """Return the line that offers heat while the skin can feel it (NPT-01)."""
    return Line(f"Superficial heat 20-30 min, 3-4 times a day: {says}", none_of(NUMB))
