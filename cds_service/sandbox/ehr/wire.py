"""
HTTP as the simulated EHR speaks it: one way to send, one error that says what, where and what to do.

Redirects are never followed: a POST would turn into a GET, and a token could reach another host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 30
_FHIR_JSON = "application/fhir+json"

# The first that fits is said: a refused certificate and a slow connect are connection errors, too.
_WHY: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "its TLS certificate was not accepted"),
    (requests.exceptions.Timeout, f"no answer within {_SECONDS} seconds"),
    (requests.exceptions.ConnectionError, "no connection"),
    (requests.exceptions.InvalidURL, "this is no http(s) address"),
    (requests.exceptions.MissingSchema, "this is no http(s) address"),
    (requests.exceptions.InvalidSchema, "this is no http(s) address"),
    (requests.exceptions.InvalidJSONError, "what was to be sent is not JSON"),
)


class EhrError(Exception):
    """A step that could not be done; the message says what, where, and what to do about it."""


@dataclass(frozen=True, slots=True)
class FhirServer:
    """
    The EHR's FHIR server, and the access it grants to itself and to the CDS service.

    token: bearer token for both; empty for an open server, then no fhirAuthorization is sent.
    subject: the service's client id at the EHR's authorization server. expires_in: seconds.
    """

    url: str
    token: str = field(default="", repr=False)
    scope: str = "patient/*.read"
    subject: str = "lbp-cds"
    expires_in: int = 300

    @property
    def headers(self) -> dict[str, str]:
        """What each FHIR request carries."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept": _FHIR_JSON, **bearer}

    @property
    def writing_headers(self) -> dict[str, str]:
        """What each FHIR request with a body carries."""
        return {**self.headers, "Content-Type": _FHIR_JSON, "Prefer": "return=representation"}


def base(url: str) -> str:
    """Return a base URL without trailing slashes."""
    return url.strip().rstrip("/")


def ask(
    session: requests.Session,
    method: str,
    url: str,
    *,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """
    Send one request and return the answer, whatever its status.

    body: sent as JSON; None sends none. Raises EhrError when there is no answer.
    """
    try:
        return session.request(
            method, url, json=body, headers=headers, timeout=_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        why = next((said for kind, said in _WHY if isinstance(error, kind)), "the answer broke off")
        msg = f"{method} {url} failed: {why}. Check that the server runs and that its address is right."
        raise EhrError(msg) from error


def succeeded(response: requests.Response) -> bool:
    """Whether the status is a 2xx."""
    return HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES


def json_object(response: requests.Response, expected: str) -> dict[str, object]:
    """
    Return the JSON object an answer holds.

    expected: what should have been there, for the message. Raises EhrError for any other body.
    """
    value = _json(response)
    if not isinstance(value, dict):
        kind = response.headers.get("Content-Type", "no content type")
        msg = f"{response.url} did not answer with {expected} ({kind}). Check that the address is right."
        raise EhrError(msg)
    return value


def outcome(response: requests.Response) -> dict[str, object] | None:
    """Return the OperationOutcome in a body; None when the body is anything else."""
    value = _json(response)
    if isinstance(value, dict) and value.get("resourceType") == "OperationOutcome":
        return value
    return None


def refusal(response: requests.Response) -> str:
    """Say how a server refused: its status and, where its body has an OperationOutcome, its reasons."""
    issues = (outcome(response) or {}).get("issue")
    said = [_reason(issue) for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []
    place = response.headers.get("Location", "")
    moved = [f"moved to {place}"] if response.is_redirect and place else []
    reasons = "; ".join(text for text in [*said, *moved] if text)
    return f"{_status(response.status_code)}: {reasons or 'no reason given'}"


def _reason(issue: dict[str, object]) -> str:
    details = issue.get("details")
    text = details.get("text") if isinstance(details, dict) else None
    named = (issue.get("diagnostics"), text, issue.get("code"))
    return next((said for said in named if isinstance(said, str) and said), "")


def _status(code: int) -> str:
    known = code in HTTPStatus.__members__.values()
    return f"{code} {HTTPStatus(code).phrase}" if known else str(code)


def _json(response: requests.Response) -> object:
    """Return the decoded body; None when it is not JSON, or is nested too deeply to be read."""
    try:
        value: object = response.json()
    except (ValueError, RecursionError):
        return None
    return value
