"""How the sandbox says no: an error that knows its HTTP status and becomes an OperationOutcome."""

from dataclasses import dataclass

from cds_service.sandbox.resource_types import Resource


@dataclass(frozen=True)
class Issue:
    """
    One OperationOutcome.issue: `code` from the R4 issue-type value set, a sentence, an element.

    `expression` is a FHIRPath such as `Patient.gender`, empty when no element is to blame. Neither text
    repeats a value of the request, which may be about a patient.
    """

    code: str
    diagnostics: str
    expression: str = ""


class FhirError(Exception):
    """A request that the server refuses, with the status and the issues to answer."""

    def __init__(self, status: int, *issues: Issue) -> None:
        """Keep the HTTP `status` and at least one issue."""
        super().__init__(status, *issues)
        self.status = status
        self.issues = issues


def operation_outcome(*issues: Issue) -> Resource:
    """Return the OperationOutcome resource that lists `issues` as errors."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in issues]}


def _issue(issue: Issue) -> Resource:
    element = {"severity": "error", "code": issue.code, "diagnostics": issue.diagnostics}
    return {**element, "expression": [issue.expression]} if issue.expression else element
