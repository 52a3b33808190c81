"""The index episode: when it began, how long it lasts, and when nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days
from cds_service.criteria.episode import LONGEST, Episode, lasting, phase_unclear
from cds_service.terminology import SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
NO, UNKNOWN, YES = Truth


@pytest.fixture
def episode(terms: Terminology) -> Episode:
    """Return an episode whose entries join within 84 days, acute below 28, chronic after 84."""
    return Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        chronic=terms["chronic-pain"],
        acute=terms["acute-pain"],
        join=days(84),
        acute_below=days(28),
        chronic_after=days(84),
    )


def _pain(coded: str = "pain", **members: object) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": SNOMED_CT, "code": coded}]},
        **members,
    }


def _status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


@pytest.mark.parametrize(
    ("entries", "onset"),
    [
        ([_pain(onsetDateTime="2026-10-01")], "onset 2026-10-01"),
        ([_pain(recordedDate="2026-10-01")], "recorded 2026-10-01"),
        ([_pain(onsetDateTime="2026-03-01"), _pain(onsetDateTime="2026-10-01")], "onset 2026-10-01"),
        ([_pain(recordedDate="2026-10-01"), _pain(onsetDateTime="2026-08-01")], "onset 2026-08-01"),
        ([_pain(onsetDateTime="2026-07-09"), _pain(recordedDate="2026-10-01")], "onset 2026-07-09"),
        ([_pain(onsetDateTime="2026-07-08"), _pain(recordedDate="2026-10-01")], "recorded 2026-10-01"),
        (
            [_pain(onsetDateTime="2026-05-01", recordedDate="2026-07-09"), _pain(recordedDate="2026-10-01")],
            "onset 2026-05-01",
        ),
        ([_pain(onsetDateTime="2026-10-01", clinicalStatus=_status("resolved"))], None),
        ([_pain(onsetDateTime="2026-10-01", verificationStatus=_status("refuted"))], None),
        ([_pain()], None),
        ([_pain("fever", onsetDateTime="2026-10-01")], None),
    ],
)
def test_the_onset_is_the_latest_explicit_one(
    chart_of: Callable[..., Chart], episode: Episode, entries: list[dict[str, Any]], onset: str | None
) -> None:
    """SAFE-39: an entry that was only recorded joins the one before; an explicit onset starts anew."""
    found = episode.onset(chart_of(*entries))

    assert (str(found) if found else None) == onset


@pytest.mark.parametrize(
    ("entries", "day"),
    [
        ([_pain(onsetDateTime="2026-10-01")], (31, 31)),
        ([_pain(onsetDateTime="2026-10")], (1, 31)),
        ([_pain(onsetDateTime="2026-11-05")], (0, 0)),
        ([_pain("chronic")], (85, LONGEST)),
        ([_pain("chronic", onsetDateTime="2026-10-01")], (85, LONGEST)),
        ([_pain("chronic", onsetDateTime="2025-11-01")], (365, 365)),
        ([_pain("acute")], (0, 27)),
        ([_pain("acute", onsetDateTime="2026-09-01")], (61, 61)),
        ([_pain()], None),
        ([], None),
    ],
)
def test_a_code_may_tell_what_no_date_tells(
    chart_of: Callable[..., Chart],
    episode: Episode,
    entries: list[dict[str, Any]],
    day: tuple[int, int] | None,
) -> None:
    """Chronic means past 84 days whatever the date; acute means below 28 only when undated."""
    assert episode.day(chart_of(*entries)) == day


@pytest.mark.parametrize(
    ("onset", "at_least", "more_than", "at_most"),
    [
        ("2026-10-05", NO, NO, YES),
        ("2026-10-04", YES, NO, NO),
        ("2026-10-03", YES, YES, NO),
        ("2026-10", UNKNOWN, UNKNOWN, UNKNOWN),
        ("2026-09", YES, YES, NO),
    ],
)
def test_a_length_is_compared_to_the_day(  # noqa: PLR0913, PLR0917 - one date against three thresholds
    chart_of: Callable[..., Chart],
    episode: Episode,
    onset: str,
    at_least: Truth,
    more_than: Truth,
    at_most: Truth,
) -> None:
    """28 days or more, more than 28, at most 27; a partial date must agree on both ends."""
    chart = chart_of(_pain(onsetDateTime=onset))

    assert lasting(episode, at_least=days(28), label="x").evaluate(chart).truth is at_least
    assert lasting(episode, more_than=days(28), label="x").evaluate(chart).truth is more_than
    assert lasting(episode, at_most=days(27), label="x").evaluate(chart).truth is at_most


def test_a_span_that_holds_the_whole_window_is_unknown(
    chart_of: Callable[..., Chart], episode: Episode
) -> None:
    """Both ends lie outside, and the days between may lie inside."""
    question = lasting(episode, at_least=days(10), at_most=days(20), label="x")

    assert question.evaluate(chart_of(_pain(onsetDateTime="2026-10"))).truth is UNKNOWN
    assert question.evaluate(chart_of(_pain(onsetDateTime="2026-08"))).truth is NO


def test_no_episode_is_no_and_no_onset_is_unknown(chart_of: Callable[..., Chart], episode: Episode) -> None:
    """A problem list that was not read leaves all open."""
    question = lasting(episode, at_least=days(28), label="x")
    none, undated, unread = (
        question.evaluate(chart)
        for chart in (chart_of(), chart_of(_pain()), chart_of(gaps={"Condition": "why"}))
    )

    assert (none.truth, none.because) == (NO, "pain not recorded")
    assert (undated.truth, undated.because) == (UNKNOWN, "no onset recorded")
    assert (unread.truth, unread.because) == (UNKNOWN, "why")


def test_a_length_says_what_it_rests_on(chart_of: Callable[..., Chart], episode: Episode) -> None:
    """The onset, or the code."""
    question = lasting(episode, more_than=days(84), label="x")

    assert question.evaluate(chart_of(_pain(onsetDateTime="2026"))).because == "onset 2026"
    assert question.evaluate(chart_of(_pain("chronic"))).because == "by its code"


@pytest.mark.parametrize(
    ("entries", "truth"),
    [
        ([_pain(onsetDateTime="2026-10-05")], NO),
        ([_pain(onsetDateTime="2026-10")], YES),
        ([_pain(onsetDateTime="2026-09")], NO),
        ([_pain(onsetDateTime="2026")], YES),
        ([_pain("chronic")], NO),
        ([_pain()], YES),
    ],
)
def test_a_phase_is_unclear_when_its_boundary_lies_within_the_date(
    chart_of: Callable[..., Chart], episode: Episode, entries: list[dict[str, Any]], truth: Truth
) -> None:
    """Or when nothing dates the episode at all."""
    question = phase_unclear(episode, days(28), days(85), label="x")

    assert question.evaluate(chart_of(*entries)).truth is truth


def test_a_phase_is_unknown_when_the_problem_list_was_not_read(
    chart_of: Callable[..., Chart], episode: Episode
) -> None:
    """Unless an entry was found: then it lacks an onset for certain."""
    question = phase_unclear(episode, days(28), label="x")
    gaps = {"Condition": "further pages"}

    assert question.evaluate(chart_of(gaps=gaps)).truth is UNKNOWN
    assert question.evaluate(chart_of(_pain(), gaps=gaps)).truth is YES
