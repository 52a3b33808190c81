"""Pregnancy as the chart tells it, and whether it has reached the week from which an NSAID is a hazard."""

from __future__ import annotations

from cds_service import (
    aged,
    all_of,
    answered,
    any_of,
    counted,
    days,
    gender,
    newer_than_answer,
    recorded,
    weeks,
    within,
)
from hooks.low_back_pain.definitions import (
    CONDITIONS,
    NOT_PREGNANT_ANSWERS,
    PATIENT,
    PREGNANCY,
    PREGNANCY_OBS,
    PREGNANCY_STATUS,
    PREGNANCY_THIRD_TRIMESTER,
    PREGNANCY_WEEK,
    PREGNANT_ANSWERS,
)

# SAFE-20: no longer than it can last, and a later answer overtakes an older entry
_CURRENT = within(days(300)) & newer_than_answer(PREGNANCY_OBS, PREGNANCY_STATUS, *NOT_PREGNANT_ANSWERS)

PREGNANT = any_of(
    answered(
        PREGNANCY_OBS,
        PREGNANCY_STATUS,
        *PREGNANT_ANSWERS,
        within=days(300),
        label="pregnancy by the last answer",
    ),
    recorded(CONDITIONS, PREGNANCY, label="pregnancy", where=_CURRENT),
    label="pregnancy",
)
LATE_PREGNANCY = any_of(
    recorded(
        CONDITIONS,
        PREGNANCY_WEEK,
        label="pregnancy of 20 weeks or more",
        where=_CURRENT & counted(PREGNANCY_WEEK, weeks(20)),
    ),
    recorded(CONDITIONS, PREGNANCY_THIRD_TRIMESTER, label="pregnancy, third trimester", where=_CURRENT),
    label="pregnancy of 20 weeks or more",
)
MAY_BE_PREGNANT = all_of(
    gender(PATIENT, "female", label="female"), aged(PATIENT, at_least=12, below=51, label="age 12 to 50")
)
