"""Conditions on one resource: thresholds to the day, partial dates on both ends, undated where it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days, weeks
from cds_service.criteria.episode import Episode
from cds_service.criteria.where import (
    counted,
    dated,
    first_encounter,
    fresh,
    from_before,
    long_before,
    no_longer_current,
    not_fresh,
    other_than,
    sited,
    within,
)
from cds_service.terminology import ICD_10_CM, SNOMED_CT, ValueSet
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.criteria.where import Where
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
NO, UNKNOWN, YES = Truth


def _condition(coded: str = "fever", **members: object) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": SNOMED_CT, "code": coded}]},
        **members,
    }


def _holds(where: Where, chart: Chart) -> Truth:
    return where.holds(chart, chart.facts(CONDITIONS)[0])


@pytest.mark.parametrize(
    ("onset", "inside", "new"),
    [
        ("2026-10-18", YES, YES),
        ("2026-10-17", NO, NO),
        ("2026-11-02", YES, YES),
        ("2026-10", UNKNOWN, YES),
        ("2026-09", NO, NO),
        ("2026-11", YES, YES),
        (None, UNKNOWN, YES),
    ],
)
def test_a_window_is_judged_on_both_ends(
    chart_of: Callable[..., Chart], onset: str | None, inside: Truth, new: Truth
) -> None:
    """`within` needs a date, `fresh` takes all that may be new (SAFE-08), `not_fresh` mirrors it."""
    chart = chart_of(_condition(onsetDateTime=onset))

    assert _holds(within(days(14)), chart) is inside
    assert _holds(fresh(days(14)), chart) is new
    assert _holds(not_fresh(days(14)), chart) is ~new


@pytest.mark.parametrize(
    ("pain", "onset", "truth"),
    [
        ("2026-10-08", "2026-10-01", YES),
        ("2026-10-08", "2026-09-30", NO),
        ("2026-10-08", "2026-10", YES),
        ("2026-10-08", None, UNKNOWN),
        (None, "2026-10-01", UNKNOWN),
    ],
)
def test_a_finding_belongs_to_the_episode_from_shortly_before_it(
    chart_of: Callable[..., Chart], terms: Terminology, pain: str | None, onset: str | None, truth: Truth
) -> None:
    """A lead of 7 days; without onset nobody can tell, and nothing is called older than the episode."""
    episode = Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        terms["chronic-pain"],
        terms["acute-pain"],
        days(84),
        days(28),
        days(84),
    )
    where, older = from_before(episode, days(7)), long_before(episode, days(7))
    chart = chart_of(_condition(onsetDateTime=onset), _condition("pain", onsetDateTime=pain))

    assert _holds(where, chart) is truth
    assert _holds(older, chart) is Truth.of(fact=truth is NO)
    assert where.needs == older.needs == {CONDITIONS}


@pytest.mark.parametrize(
    ("code", "truth"), [("S32000A", YES), ("S32.000D", NO), ("s32.000s", NO), ("S32000", YES), ("M545", YES)]
)
def test_follow_up_and_sequela_are_no_new_injury(
    chart_of: Callable[..., Chart], code: str, truth: Truth
) -> None:
    """The seventh character tells, with or without dot and in either case."""
    coding = [{"system": ICD_10_CM, "code": code}, {"display": "no code"}]

    assert _holds(first_encounter(), chart_of(_condition(code={"coding": coding}))) is truth


@pytest.mark.parametrize(
    ("status", "truth"), [("active", NO), ("inactive", YES), ("remission", YES), (None, NO)]
)
def test_what_is_over_is_told_by_the_clinical_status(
    chart_of: Callable[..., Chart], status: str | None, truth: Truth
) -> None:
    """No status is taken for current (SAFE-09)."""
    said = {"clinicalStatus": {"coding": [{"code": status}]}} if status else {}

    assert _holds(no_longer_current(), chart_of(_condition(**said))) is truth


@pytest.mark.parametrize(
    ("members", "truth"),
    [
        ({"code": {"text": "Saddle numbness"}}, YES),
        ({"bodySite": [{"text": "perineum"}]}, YES),
        ({"bodySite": [{"text": "skin", "coding": [{"display": "Perianal region"}, {"code": "1"}]}]}, YES),
        ({"bodySite": [{"text": "foot"}]}, NO),
        ({}, NO),
    ],
)
def test_a_site_is_read_from_body_site_and_text(
    chart_of: Callable[..., Chart], members: dict[str, Any], truth: Truth
) -> None:
    """Stems, without case; no site named is no such site."""
    assert _holds(sited("saddle", "perine", "perian"), chart_of(_condition(**members))) is truth


def test_only_conditions_have_a_body_site(chart_of: Callable[..., Chart]) -> None:
    """For anything else the text alone counts."""
    procedures = Need("Procedure", "Procedure?x", "procedures")
    chart = chart_of({"resourceType": "Procedure", "bodySite": [{"text": "saddle"}]})

    assert sited("saddle").holds(chart, chart.facts(procedures)[0]) is NO


def test_two_conditions_hold_together(chart_of: Callable[..., Chart]) -> None:
    """The lower truth, both labels, and the needs of both."""
    both = within(days(14)) & sited("saddle")

    assert _holds(both, chart_of(_condition())) is NO
    assert _holds(both, chart_of(_condition(code={"text": "saddle"}))) is UNKNOWN
    assert both.label == "within 14 days, at saddle"


@pytest.mark.parametrize(
    ("code", "onset", "reached"),
    [
        ("w20", None, YES),
        ("w19", None, NO),
        ("w19", "2026-10-26", NO),
        ("w19", "2026-10-25", YES),
        ("w19", "2026-10", YES),
        ("w20", "2026-11-01", YES),
        ("unnumbered", "2020-01-01", NO),
    ],
)
def test_weeks_are_counted_on_from_the_code(
    chart_of: Callable[..., Chart], code: str, onset: str | None, reached: Truth
) -> None:
    """What the code states plus what has passed since, to the day; of a partial date its first day."""
    numbers = {(SNOMED_CT, "w19"): 19.0, (SNOMED_CT, "w20"): 20.0}
    by_week = ValueSet("weeks", "weeks", frozenset(numbers), numbers=numbers)
    dated = {"onsetDateTime": onset} if onset else {}

    chart = chart_of(_condition(code, **dated))

    assert _holds(counted(by_week, weeks(20)), chart) is reached


@pytest.mark.parametrize(("code", "holds"), [("fever", NO), ("pain", YES)])
def test_an_entry_of_another_set_is_left_to_it(
    chart_of: Callable[..., Chart], terms: Terminology, code: str, holds: Truth
) -> None:
    """What is in one of the named value sets does not count."""
    where = other_than(terms["fever"], label="fever")

    assert _holds(where, chart_of(_condition(code))) is holds


@pytest.mark.parametrize(("onset", "inside"), [("2026-10-18", YES), ("2026-10", UNKNOWN), (None, NO)])
def test_what_is_undated_does_not_count_where_a_date_is_asked_for(
    chart_of: Callable[..., Chart], onset: str | None, inside: Truth
) -> None:
    """Guideline.md 10.2, post-operative: an undated entry is none, a partial date still may be."""
    chart = chart_of(_condition(onsetDateTime=onset))

    assert _holds(dated() & within(weeks(2)), chart) is inside
