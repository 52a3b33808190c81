"""Age and gender: judged on both ends of a partial birth date, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.answers import Need
from cds_service.criteria.people import aged, gender
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart

PATIENT = Need("Patient", "Patient/{{context.patientId}}", "patient")
NO, UNKNOWN, YES = Truth


@pytest.mark.parametrize(
    ("born", "truth", "because"),
    [
        ("1976-11-01", YES, "age 50"),
        ("1976-11-02", NO, "age 49"),
        ("1975", YES, "age 50"),
        ("1976", UNKNOWN, "born 1976"),
        ("1976-11", UNKNOWN, "born 1976-11"),
        ("1976-10", YES, "age 50"),
        ("1916-11-01", NO, "age 110"),
        (None, UNKNOWN, "no birth date recorded"),
        ("in spring", UNKNOWN, "no birth date recorded"),
    ],
)
def test_age_is_in_completed_years(
    chart_of: Callable[..., Chart], born: str | None, truth: Truth, because: str
) -> None:
    """From the birthday on; a partial date counts only when both its ends agree."""
    chart = chart_of({"resourceType": "Patient", "birthDate": born})
    finding = aged(PATIENT, at_least=50, below=110, label="age 50 to 109").evaluate(chart)

    assert (finding.truth, finding.because) == (truth, because)


def test_a_vague_birth_date_may_count_where_it_asks_for_more_care(chart_of: Callable[..., Chart]) -> None:
    """SAFE-43: then the age is possible."""
    chart = chart_of({"resourceType": "Patient", "birthDate": "1976"})
    finding = aged(PATIENT, at_least=50, cautious=True, label="age 50 or more").evaluate(chart)

    assert (finding.truth, finding.certainty) == (YES, Certainty.POSSIBLE)


def test_an_unread_patient_has_no_known_age(chart_of: Callable[..., Chart]) -> None:
    """The finding says why it was not read."""
    finding = aged(PATIENT, below=18, label="age under 18").evaluate(chart_of(gaps={"Patient": "timed out"}))

    assert (finding.truth, finding.because) == (UNKNOWN, "timed out")


@pytest.mark.parametrize(
    ("recorded", "truth"),
    [("female", YES), ("male", NO), ("other", NO), ("unknown", UNKNOWN), (None, UNKNOWN)],
)
def test_gender_is_known_when_recorded(
    chart_of: Callable[..., Chart], recorded: str | None, truth: Truth
) -> None:
    """The code "unknown" and nothing are both unknown."""
    chart = chart_of({"resourceType": "Patient", "gender": recorded})

    assert gender(PATIENT, "female", label="female").evaluate(chart).truth is truth


def test_an_unread_patient_has_no_known_gender(chart_of: Callable[..., Chart]) -> None:
    """The finding says why it was not read."""
    finding = gender(PATIENT, "female", label="female").evaluate(chart_of(gaps={"Patient": "timed out"}))

    assert (finding.truth, finding.because) == (UNKNOWN, "timed out")
