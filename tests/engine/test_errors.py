"""Every refusal has a status and an OperationOutcome that FHIR accepts."""

from __future__ import annotations

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from cds_service.errors import (
    BodyTooLargeError,
    CdsError,
    DataUnavailableError,
    InvalidValueError,
    MalformedRequestError,
    MissingFieldError,
    UnknownServiceError,
    UnreadableBodyError,
    UnsupportedHookError,
    UnsupportedMediaError,
    operation_outcome,
)


@pytest.mark.parametrize(
    ("kind", "status", "issue"),
    [
        (MalformedRequestError, 400, "invalid"),
        (MissingFieldError, 400, "required"),
        (InvalidValueError, 400, "value"),
        (UnreadableBodyError, 400, "structure"),
        (UnsupportedHookError, 400, "not-supported"),
        (UnknownServiceError, 404, "not-found"),
        (DataUnavailableError, 412, "required"),
        (BodyTooLargeError, 413, "too-long"),
        (UnsupportedMediaError, 415, "not-supported"),
    ],
)
def test_each_kind_of_refusal_has_its_status(kind: type[CdsError], status: int, issue: str) -> None:
    """A client tells them apart by status and issue code."""
    error = kind("said", expression="hook")

    assert (error.status, error.issue) == (status, issue)
    assert (error.message, error.expression, str(error)) == ("said", "hook", "said")


@pytest.mark.parametrize("expression", ["", "context.patientId"])
def test_an_operation_outcome_is_valid_r4(expression: str) -> None:
    """With a place and without one."""
    outcome = OperationOutcome.model_validate(operation_outcome("said", "invalid", expression))

    assert outcome.issue[0].diagnostics == "said"
    assert outcome.issue[0].expression == ([expression] if expression else None)
