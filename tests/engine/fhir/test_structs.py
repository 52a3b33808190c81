"""What the structs tell beyond their members."""

from __future__ import annotations

import pytest

from cds_service.fhir import CodeableConcept, Coding, OperationOutcome
from cds_service.fhir.structs import OutcomeIssue


@pytest.mark.parametrize(
    ("concept", "name"),
    [
        (CodeableConcept((Coding(display="shown"),), "text"), "text"),
        (CodeableConcept((Coding(code="1"), Coding(display="shown"))), "shown"),
        (CodeableConcept((Coding(code="1"),)), ""),
        (CodeableConcept(), ""),
    ],
)
def test_a_concept_is_called_what_the_ehr_called_it(concept: CodeableConcept, name: str) -> None:
    """Text first, then the first display; a code is no name."""
    assert concept.name == name


@pytest.mark.parametrize("severities", [(), (None,), ("information", "warning"), ("error",), ("fatal",)])
def test_an_outcome_hides_data(severities: tuple[str | None, ...]) -> None:
    """Guideline 10.8: severity warning, error, fatal, or none at all: something is missing."""
    issues = tuple(OutcomeIssue(severity=severity) for severity in severities)

    assert OperationOutcome(issue=issues).hides_data


def test_an_outcome_that_only_informs_hides_nothing() -> None:
    """Severity information alone (or a success) leaves the answer complete."""
    issues = (OutcomeIssue(severity="information"), OutcomeIssue(severity="success"))

    assert not OperationOutcome(issue=issues).hides_data
