"""
Everything that can go wrong with a call, and the status it becomes; every body is an OperationOutcome.

CdsError
  MalformedRequestError 400    UnknownServiceError 404    MethodNotAllowedError 405
  DataUnavailableError  412    BodyTooLargeError   413    UnsupportedMediaError 415
"""

from __future__ import annotations

from typing import ClassVar


class CdsError(Exception):
    """
    A call that is refused.

    Messages say what was wrong and what to do, name fields and keys, and never repeat what
    the caller sent: it may be about a patient.
    """

    status: ClassVar[int] = 500
    issue: ClassVar[str] = "exception"

    def __init__(self, message: str, *, expression: str = "") -> None:
        """expression: the FHIRPath-like place in the request, such as `context.patientId`; "" for none."""
        super().__init__(message)
        self.message = message
        self.expression = expression


class MalformedRequestError(CdsError):
    """The body breaks JSON or CDS Hooks."""

    status = 400
    issue = "invalid"


class MissingFieldError(MalformedRequestError):
    """A field that CDS Hooks requires is not there, or empty."""

    issue = "required"


class UnknownServiceError(CdsError):
    """No service has this id."""

    status = 404
    issue = "not-found"


class DataUnavailableError(CdsError):
    """Required data were neither in prefetch nor to be had from a FHIR server."""

    status = 412
    issue = "required"


class BodyTooLargeError(CdsError):
    """The body exceeds the limit."""

    status = 413
    issue = "too-long"


class UnsupportedMediaError(CdsError):
    """The body is not JSON, by its own account."""

    status = 415
    issue = "not-supported"


def operation_outcome(message: str, issue: str, expression: str = "") -> dict[str, object]:
    """Return the OperationOutcome for one error."""
    place = {"expression": [expression]} if expression else {}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": issue, "diagnostics": message, **place}],
    }
