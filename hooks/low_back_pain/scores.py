"""
What questionnaires tell: risk by STarT Back, mood, and which of them is missing or too old (SAFE-12).

A score counts by its latest date (SAFE-40); one that could not be read is neither low nor missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import (
    all_of,
    answered_otherwise,
    any_of,
    concealed,
    days,
    measured,
    newer_than_value,
    none_of,
    recorded,
    requested,
    within,
)
from hooks.low_back_pain.definitions import (
    CHRONIC,
    CONDITIONS,
    DEPRESSION,
    DEPRESSION_SCREEN_POSITIVE,
    NOT_AT_ALL,
    PHQ_2,
    PHQ_9,
    PHQ_9_ITEM_9,
    SCORES,
    SERVICE_REQUESTS,
    START_BACK,
    START_BACK_PSYCHOSOCIAL,
)
from hooks.low_back_pain.imaging.findings import UNDER_WAY

if TYPE_CHECKING:
    from cds_service import Criterion

_POINTS = "{points}"
_QUARTER = days(90)
_YEAR = days(365)


def _total(at_least: float, below: float, label: str) -> Criterion:
    """Return the question for the latest STarT Back total of the last 90 days."""
    return measured(
        SCORES,
        START_BACK,
        unit=_POINTS,
        at_least=at_least,
        below=below,
        within=_QUARTER,
        highest=True,
        label=label,
    )


def _subscale(at_least: float, below: float, label: str) -> Criterion:
    """Return the question for its psychosocial subscale: one from before the latest total says nothing."""
    return measured(
        SCORES,
        START_BACK_PSYCHOSOCIAL,
        unit=_POINTS,
        at_least=at_least,
        below=below,
        within=_QUARTER,
        where=newer_than_value(SCORES, START_BACK, unit=_POINTS, or_same_day=True),
        highest=True,
        label=label,
    )


START_BACK_RECENT = _total(0, 10, "a STarT Back score of the last 90 days")
START_BACK_SUBSCALE = _subscale(0, 6, "its psychosocial subscale")
_MIDDLE = _total(4, 8, "a STarT Back score of 4 to 7")
# Four of the nine questions are not psychosocial: a total of 8 holds at least 4 points that are
START_BACK_HIGH = any_of(
    _total(8, 10, "a STarT Back score of 8 or 9"),
    _subscale(4, 6, "a psychosocial subscale of 4 or 5"),
    label="high risk by STarT Back",
)
START_BACK_LOW = all_of(
    _total(0, 4, "a STarT Back score of 3 or less"), none_of(START_BACK_HIGH), label="low risk by STarT Back"
)
START_BACK_MEDIUM = all_of(
    _MIDDLE, _subscale(0, 4, "a psychosocial subscale of 3 or less"), label="medium risk by STarT Back"
)
START_BACK_UNSPLIT = all_of(_MIDDLE, none_of(START_BACK_SUBSCALE), label="medium or high risk by STarT Back")
START_BACK_ON_ORDER = requested(
    SERVICE_REQUESTS, START_BACK, status=UNDER_WAY, label="the STarT Back tool on order"
)

PHQ_9_RECENT = measured(
    SCORES, PHQ_9, unit=_POINTS, at_least=0, within=_YEAR, label="a PHQ-9 of the last year"
)
PHQ_RECENT = any_of(
    PHQ_9_RECENT,
    measured(SCORES, PHQ_2, unit=_POINTS, at_least=0, within=_YEAR, label="a PHQ-2 of the last year"),
    label="a PHQ-2 or PHQ-9 of the last year",
)
PHQ_ON_ORDER = requested(SERVICE_REQUESTS, PHQ_2, PHQ_9, status=UNDER_WAY, label="a PHQ on order")
DEPRESSION_CODED = recorded(CONDITIONS, DEPRESSION, label="a depressive disorder")

# A PHQ-9 is the answer to a positive PHQ-2 or screen: from its day on, it decides
_BEFORE_PHQ_9 = newer_than_value(SCORES, PHQ_9, unit=_POINTS)
PHQ_2_POSITIVE = measured(
    SCORES,
    PHQ_2,
    unit=_POINTS,
    at_least=3,
    within=_YEAR,
    where=_BEFORE_PHQ_9,
    highest=True,
    label="a PHQ-2 of 3 or more, and no PHQ-9 since",
)
# SAFE-44, CHR-01: the last question of the PHQ-9, of which a card tells neither answer nor date
_ITEM_9_POSITIVE = any_of(
    measured(SCORES, PHQ_9_ITEM_9, unit=_POINTS, at_least=1, within=_YEAR, highest=True, label="item 9"),
    answered_otherwise(SCORES, PHQ_9_ITEM_9, NOT_AT_ALL, within=_YEAR, label="item 9, coded"),
)
_SCREEN_POSITIVE = recorded(
    CONDITIONS,
    DEPRESSION_SCREEN_POSITIVE,
    label="a positive screen",
    where=within(_YEAR) & _BEFORE_PHQ_9,
)
MOOD_POSITIVE = any_of(
    measured(
        SCORES, PHQ_9, unit=_POINTS, at_least=10, within=_YEAR, highest=True, label="a PHQ-9 of 10 or more"
    ),
    concealed(
        any_of(_ITEM_9_POSITIVE, _SCREEN_POSITIVE),
        "a mood questionnaire that asks for follow-up",
        because="read the questionnaire itself",
    ),
    all_of(CHRONIC, PHQ_2_POSITIVE, label="a PHQ-2 of 3 or more in chronic pain"),
    label="a mood score that asks for follow-up",
)
