"""The states of an answer, told apart: known to be empty, given, failed, never asked."""

from __future__ import annotations

import pytest

from cds_service.answers import ABSENT, EMPTY, Answer, Need, failed
from cds_service.fhir import Patient


@pytest.mark.parametrize(
    ("template", "resource_type"),
    [
        ("Patient/{{context.patientId}}", "Patient"),
        ("Condition?patient={{context.patientId}}", "Condition"),
        ("Observation?code=http://loinc.org|1-8", "Observation"),
    ],
)
def test_a_need_knows_the_type_it_asks_for(template: str, resource_type: str) -> None:
    """Reads and searches alike name their resource type."""
    assert Need("key", template, "name").resource_type == resource_type


def test_absence_may_be_concluded_from_complete_answers_only() -> None:
    """Empty and given answers are complete; failed and absent ones are not."""
    patient = Patient(id="p1")

    assert EMPTY.complete
    assert Answer((patient,)).complete
    assert not failed("timed out").complete
    assert not ABSENT.complete


def test_a_source_that_failed_is_not_one_that_was_never_asked() -> None:
    """Only an absent answer may lead to a 412."""
    assert ABSENT.absent
    assert not failed("timed out").absent
    assert failed("timed out").gap == "timed out"
