"""What the record says about the past of a red flag, and about other causes (SAFE-08, SAFE-09, SAFE-14)."""

from __future__ import annotations

from cds_service import (
    Line,
    all_of,
    any_of,
    days,
    from_before,
    long_before,
    no_longer_current,
    none_of,
    not_fresh,
    recorded,
)
from hooks.low_back_pain.definitions import (
    AORTIC_ANEURYSM,
    BACK_PAIN,
    BACK_PAIN_MIMIC,
    BLADDER_BOWEL,
    CAUDA_EQUINA,
    CONDITIONS,
    EPIDURAL_ABSCESS,
    FEVER,
    FRACTURE,
    INFLAMMATORY_BACK_PAIN,
    MOTOR_DEFICIT,
    MOTOR_DEFICIT_BOTH_LEGS,
    SPINAL_INFECTION,
    TRAUMA,
)
from hooks.low_back_pain.red_flags.gate import TRAUMA_FOUND

_NEUROLOGIC = (CAUDA_EQUINA, BLADDER_BOWEL, MOTOR_DEFICIT_BOTH_LEGS, MOTOR_DEFICIT)
OLD_SINCE = recorded(
    CONDITIONS,
    *_NEUROLOGIC,
    label="an older neurologic finding",
    where=not_fresh(days(90)) & from_before(BACK_PAIN, days(90)),
)
OLDER_THAN_THE_PAIN = recorded(
    CONDITIONS, *_NEUROLOGIC, label="a neurologic finding", where=long_before(BACK_PAIN, days(90))
)

ANEURYSM = recorded(CONDITIONS, AORTIC_ANEURYSM, label="an abdominal aortic aneurysm")
MIMIC = recorded(CONDITIONS, BACK_PAIN_MIMIC, label="another cause of back pain")
INFLAMMATORY = recorded(CONDITIONS, INFLAMMATORY_BACK_PAIN, label="inflammatory back pain")

# History only (guideline.md 10.8): no flag, but a line where red flags are spoken of
_ONCE = any_of(
    recorded(
        CONDITIONS,
        SPINAL_INFECTION,
        EPIDURAL_ABSCESS,
        FEVER,
        label="an infection or fever",
        ever=True,
        where=no_longer_current(),
    ),
    recorded(
        CONDITIONS,
        SPINAL_INFECTION,
        EPIDURAL_ABSCESS,
        label="a spinal infection",
        where=not_fresh(days(365)),
    ),
    all_of(
        recorded(CONDITIONS, FRACTURE, TRAUMA, label="a fracture or trauma at any time", ever=True),
        none_of(TRAUMA_FOUND),
    ),
    label="an infection, fever, fracture or trauma of the past",
)
HISTORY = Line(
    "History only: an infection, fever, fracture or trauma is on record that is resolved, old "
    "or coded as follow-up. Read the entry.",
    _ONCE,
)
