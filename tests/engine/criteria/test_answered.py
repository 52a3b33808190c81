"""Coded answers: what is anything but the one answer that clears, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.answered import answered_otherwise
from cds_service.criteria.durations import days
from cds_service.fhir import Coding
from cds_service.terminology import LOINC, SNOMED_CT
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Finding
    from cds_service.terminology import Terminology

OBSERVATIONS = Need("Observation", "Observation?patient={{context.patientId}}", "measurements")
NEVER = Coding(LOINC, "never")
NO, UNKNOWN, YES = Truth


def _answer(code: str | None, day: str, system: str = LOINC, status: str = "final") -> dict[str, Any]:
    value = {"coding": [{"system": system, "code": code}]} if code else {"text": "now and then"}
    return {
        "resourceType": "Observation",
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": "question"}]},
        "effectiveDateTime": day,
        "valueCodeableConcept": value,
    }


def _judged(chart: Chart, terms: Terminology) -> Finding:
    question = answered_otherwise(
        OBSERVATIONS, terms["question"], NEVER, within=days(300), label="more than never"
    )
    return question.evaluate(chart)


@pytest.mark.parametrize(
    ("answers", "truth"),
    [
        ([], NO),
        ([_answer("never", "2026-10-01")], NO),
        ([_answer("often", "2026-10-01")], YES),
        ([_answer("often", "2026-10-01", status="cancelled")], NO),
        ([_answer("often", "2026-01-05")], YES),
        ([_answer("often", "2026-01-04")], NO),
        ([_answer("often", "2026-11-02")], NO),
        ([_answer("often", "2026-09-01"), _answer("never", "2026-10-01")], NO),
        ([_answer("never", "2026-09-01"), _answer("often", "2026-10-01")], YES),
        ([_answer("never", "2026-10-01"), _answer("often", "2026-10-01")], YES),
    ],
)
def test_the_last_day_decides_and_one_other_answer_is_enough(
    chart_of: Callable[..., Chart], terms: Terminology, answers: list[dict[str, Any]], truth: Truth
) -> None:
    """Within the window; two answers of one day that differ are judged by the one to worry about."""
    assert _judged(chart_of(*answers), terms).truth is truth


@pytest.mark.parametrize(
    ("answer", "certainty"),
    [
        (_answer("often", "2026-10-01"), Certainty.PRESENT),
        (_answer("often", "2026-10-01", system=SNOMED_CT), Certainty.POSSIBLE),
        (_answer(None, "2026-10-01"), Certainty.POSSIBLE),
    ],
)
def test_an_answer_that_is_not_understood_is_only_possible(
    chart_of: Callable[..., Chart], terms: Terminology, answer: dict[str, Any], certainty: Certainty
) -> None:
    """A code of another system, or bare words, may mean anything: never a NO."""
    finding = _judged(chart_of(answer), terms)

    assert (finding.truth, finding.certainty) == (YES, certainty)


def test_answers_that_were_not_read_are_unknown(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """But one that was found decides."""
    gaps = {"Observation": "further pages"}

    assert _judged(chart_of(gaps=gaps), terms).truth is UNKNOWN
    assert _judged(chart_of(_answer("never", "2026-10-01"), gaps=gaps), terms).truth is NO
