"""Age and gender: judged on both ends of a partial birth date, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days
from cds_service.criteria.episode import Episode
from cds_service.criteria.people import aged, aged_at_onset, gender
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.terminology import Terminology

PATIENT = Need("Patient", "Patient/{{context.patientId}}", "patient")
CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
NO, UNKNOWN, YES = Truth
PRESENT, POSSIBLE = Certainty.PRESENT, Certainty.POSSIBLE


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


@pytest.mark.parametrize(
    ("born", "onset", "truth", "certainty"),
    [
        ("1980-11-01", "2025-10-31", YES, PRESENT),
        ("1980-11-01", "2025-11-01", NO, PRESENT),
        ("1980-11", "2025-11-15", YES, POSSIBLE),
        ("1980", "2025", YES, POSSIBLE),
        ("1990", None, YES, PRESENT),
        ("1980-11-01", None, UNKNOWN, PRESENT),
        (None, "2025-10-31", UNKNOWN, PRESENT),
    ],
)
def test_age_at_onset_is_that_of_the_first_day(  # noqa: PLR0913, PLR0917 - the columns of a table
    chart_of: Callable[..., Chart],
    terms: Terminology,
    born: str | None,
    onset: str | None,
    truth: Truth,
    certainty: Certainty,
) -> None:
    """Ends of partial dates that disagree are possible; who is that young today was so at the onset."""
    pain = terms["pain"]
    episode = Episode(
        "pain", CONDITIONS, (pain,), terms["chronic-pain"], terms["acute-pain"], days(84), days(28), days(84)
    )
    entry = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "pain"}]},
        "onsetDateTime": onset,
    }
    chart = chart_of({"resourceType": "Patient", "birthDate": born}, entry)
    finding = aged_at_onset(PATIENT, episode, below=45, label="under 45 at onset").evaluate(chart)

    assert (finding.truth, finding.certainty) == (truth, certainty)
