"""The course of a score: fallen since the episode began, or high again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.course import improving, sustained
from cds_service.criteria.durations import days
from cds_service.criteria.episode import Episode
from cds_service.terminology import LOINC, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Criterion
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
OBSERVATIONS = Need("Observation", "Observation?patient={{context.patientId}}", "scores")
NO, UNKNOWN, YES = Truth


def _score(value: float, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "score"}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "{score}"},
    }


def _pain(onset: str | None) -> dict[str, Any]:
    coding = [{"system": SNOMED_CT, "code": "pain"}]
    return {"resourceType": "Condition", "code": {"coding": coding}, "onsetDateTime": onset}


def _improving(terms: Terminology, *, by: float | None = 2) -> Criterion:
    episode = Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        chronic=terms["chronic-pain"],
        acute=terms["acute-pain"],
        join=days(84),
        acute_below=days(28),
        chronic_after=days(84),
    )
    return improving(
        OBSERVATIONS, terms["score"], episode, share=0.3, by=by, within=days(30), label="improving"
    )


@pytest.mark.parametrize(
    ("first", "last", "truth"),
    [
        (8, 6, YES),
        (8, 6.1, NO),
        (5, 3.5, YES),
        (5, 3.6, NO),
        (3, 2.1, YES),
        (5, 5, NO),
        (5, 6, NO),
        (0, 0, NO),
    ],
)
def test_a_score_improves_by_two_points_or_a_third_less_a_bit(
    chart_of: Callable[..., Chart], terms: Terminology, first: float, last: float, truth: Truth
) -> None:
    """Two points or 30 percent below the first since the onset; as high as before is no improvement."""
    scores = [_score(first, "2026-10-01"), _score(last, "2026-10-30")]

    assert _improving(terms).evaluate(chart_of(_pain("2026-09-20"), *scores)).truth is truth


@pytest.mark.parametrize(("last", "truth"), [(5.6, YES), (6, NO)])
def test_without_points_only_the_share_counts(
    chart_of: Callable[..., Chart], terms: Terminology, last: float, truth: Truth
) -> None:
    """A mean that is to be 30 percent lower is not helped by two points."""
    scores = [_score(8, "2026-10-01"), _score(last, "2026-10-30")]

    finding = _improving(terms, by=None).evaluate(chart_of(_pain("2026-09-20"), *scores))

    assert finding.truth is truth
    assert "8 on 2026-10-01" in finding.because


@pytest.mark.parametrize(
    ("onset", "scores"),
    [
        ("2026-09-20", []),
        ("2026-09-20", [_score(2, "2026-10-30")]),
        ("2026-09-20", [_score(8, "2026-09-21"), _score(2, "2026-10-01")]),
        ("2026-09-20", [_score(8, "2026-09-19"), _score(2, "2026-10-30")]),
        (None, [_score(8, "2026-09-21"), _score(2, "2026-10-30")]),
    ],
)
def test_too_little_to_compare_is_unknown(
    chart_of: Callable[..., Chart], terms: Terminology, onset: str | None, scores: list[dict[str, Any]]
) -> None:
    """One score, a newest of 31 days ago, a first from before the episode, or no onset tell nothing."""
    assert _improving(terms).evaluate(chart_of(_pain(onset), *scores)).truth is UNKNOWN


def test_a_page_of_scores_shows_no_improvement(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """The first score may be on a page that was not read."""
    scores = [_score(8, "2026-10-01"), _score(2, "2026-10-30")]

    finding = _improving(terms).evaluate(
        chart_of(_pain("2026-09-20"), *scores, gaps={"Observation": "further pages"})
    )

    assert (finding.truth, finding.because) == (UNKNOWN, "further pages")


def _sustained(terms: Terminology) -> Criterion:
    return sustained(
        OBSERVATIONS, terms["score"], at_least=7, apart=days(30), within=days(30), label="high twice"
    )


@pytest.mark.parametrize(
    ("scores", "truth"),
    [
        ([_score(7, "2026-09-30"), _score(7, "2026-10-30")], YES),
        ([_score(7, "2026-10-01"), _score(7, "2026-10-30")], NO),
        ([_score(6.9, "2026-09-01"), _score(7, "2026-10-30")], NO),
        ([_score(7, "2026-09-01"), _score(6.9, "2026-10-30")], NO),
        ([_score(9, "2026-07-01"), _score(3, "2026-09-01"), _score(8, "2026-10-02")], YES),
        ([_score(9, "2026-07-01"), _score(9, "2026-10-01")], NO),
        ([_score(9, "2026-10-30")], NO),
        ([], NO),
    ],
)
def test_a_score_stays_high(
    chart_of: Callable[..., Chart], terms: Terminology, scores: list[dict[str, Any]], truth: Truth
) -> None:
    """The newest is recent and high, and so was one of thirty days before it."""
    assert _sustained(terms).evaluate(chart_of(*scores)).truth is truth


def test_what_was_not_read_is_unknown(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """A pair that was found counts all the same."""
    gaps = {"Observation": "further pages"}
    pair = [_score(7, "2026-09-30"), _score(7, "2026-10-30")]

    assert _sustained(terms).evaluate(chart_of(pair[1], gaps=gaps)).truth is UNKNOWN
    assert _sustained(terms).evaluate(chart_of(*pair, gaps=gaps)).truth is YES
