"""
Everything that can go wrong with a call, and the status it becomes; every body is an OperationOutcome.

CdsError
  MalformedRequestError 400    UntrustedClientError  401    UnknownServiceError 404
  MethodNotAllowedError 405    DataUnavailableError  412    BodyTooLargeError   413
  UnsupportedMediaError 415    UnknownRuleError      404
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class CdsError(Exception):
    """
    A call that is refused.

    Messages say what was wrong and what to do, name fields and keys, and never repeat what
    the caller sent: it may be about a patient.
    """

    status: ClassVar[int] = 500
    issue: ClassVar[str] = "exception"

    def __init__(
        self, message: str, *, expression: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """
        Say what was wrong.

        expression: the FHIRPath-like place in the request, such as `context.patientId`; "" for
        none. headers: what HTTP wants said beside the body.
        """
        super().__init__(message)
        self.message = message
        self.expression = expression
        self.headers = headers or {}


class MalformedRequestError(CdsError):
    """The body breaks JSON or CDS Hooks."""

    status = 400
    issue = "invalid"


class MissingFieldError(MalformedRequestError):
    """A field that CDS Hooks requires is not there, or empty."""

    issue = "required"


class InvalidValueError(MalformedRequestError):
    """A field is there, but is not what CDS Hooks says it is."""

    issue = "value"


class UnreadableBodyError(MalformedRequestError):
    """The body, or a member of it, is no sound JSON."""

    issue = "structure"


class UnsupportedHookError(MalformedRequestError):
    """The service is not offered on this hook."""

    issue = "not-supported"


class UntrustedClientError(CdsError):
    """
    The caller did not prove who it is.

    The same for every reason, so that a forger learns nothing; the log has the reason.
    """

    status = 401
    issue = "login"

    def __init__(self) -> None:
        """Say what the body says, whatever the reason."""
        super().__init__("the caller is not known here", headers={"WWW-Authenticate": "Bearer"})


class UnknownServiceError(CdsError):
    """No service has this id."""

    status = 404
    issue = "not-found"


class UnknownRuleError(CdsError):
    """No rule, or no service to show it of, has this id."""

    status = 404
    issue = "not-found"


class MethodNotAllowedError(CdsError):
    """The path is there, but does not answer this method; `headers` carries Allow."""

    status = 405
    issue = "not-supported"


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
