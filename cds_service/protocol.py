"""
The envelope of a CDS Hooks 2.0.1 call: a request body in, a typed request out.

Prefetch values stay raw bytes here: they are read only once a rule is awake that needs them.
What the hook's own context means is read by hook_context.
"""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .errors import InvalidValueError, MissingFieldError, UnsupportedHookError
from .strict_json import body_members, decoded, members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from .fhir import Resource

_LOG = logging.getLogger(__name__)
_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9\-.]{1,64}", re.ASCII)  # dots alone are a path, not an id
_SENDABLE = re.compile(r"[\x21-\x7e]+")
"""What may stand in an Authorization header."""
_READ = frozenset({"hook", "hookInstance", "fhirServer", "fhirAuthorization", "context", "extension"})


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """
    Where the EHR's FHIR server is, and the token for it.

    token: "" when none was granted, or none that may be used. expires_in: seconds from when the
    request was sent; None when the token's life is not told.
    """

    server: str
    token: str = field(default="", repr=False)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class HookRequest:
    """
    One call, checked as far as every hook asks.

    context: as sent, unknown members kept. prefetch: raw JSON per key; a key with `null` is
    b"null". access: None when nobody may be asked. extension: that of the request itself.
    encounter_id: "" when there is none.
    """

    hook: str
    hook_instance: str
    patient_id: str
    context: Mapping[str, Any]
    prefetch: Mapping[str, bytes]
    access: FhirAccess | None = None
    extension: Mapping[str, Any] = field(default_factory=dict)
    encounter_id: str = ""


def parse(body: bytes, *, offered: str = "") -> HookRequest:
    """
    Read a request body.

    offered: the hook that the called service answers; "" for whichever. Raises
    MalformedRequestError (with the field's name, never its value) when the body is no strict
    JSON, names another hook, or lacks what every hook requires.
    """
    raw = body_members(body)
    prefetch = _prefetch(raw.pop("prefetch", b"null"))
    # A member that nothing reads is decoded too: its name is the caller's, and is not repeated.
    sent = {name: decoded(value, name if name in _READ else "") for name, value in raw.items()}
    hook, hook_instance = _text(sent, "hook"), _hook_instance(sent)
    server = _server(sent)
    if offered and hook != offered:
        raise UnsupportedHookError(f"this service answers the hook {offered}", expression="hook")
    context = sent.get("context")
    if not isinstance(context, dict) or not context:
        raise MissingFieldError("context must be an object with the fields of the hook", expression="context")
    patient_id = _patient_id(context)
    access = _access(server, sent.get("fhirAuthorization"), patient_id)
    extension = sent.get("extension")
    return HookRequest(
        hook,
        hook_instance,
        patient_id,
        context,
        prefetch,
        access,
        extension if isinstance(extension, dict) else {},
        _fhir_id(context.get("encounterId"), "Encounter"),
    )


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if value is None:
        raise MissingFieldError(f"{name} is missing", expression=name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError(f"{name} must be a string that is not empty", expression=name)
    return value


def _hook_instance(sent: Mapping[str, Any]) -> str:
    """Return hookInstance; a UUID is asked for, any text is taken: it only tells calls apart."""
    text = _text(sent, "hookInstance")
    try:
        uuid.UUID(text)
    except ValueError:
        _LOG.warning("hookInstance is no UUID: cards of different calls may get the same ids")
    return text


def _patient_id(context: Mapping[str, Any]) -> str:
    place = "context.patientId"
    value = context.get("patientId")
    if value is None:
        raise MissingFieldError(f"{place} is missing", expression=place)
    patient_id = _fhir_id(value, "Patient")
    if not patient_id:
        raise InvalidValueError(f"{place} must be a FHIR id", expression=place)
    return patient_id


def _fhir_id(value: object, resource_type: str) -> str:
    """Return an id that came bare or as `Type/id`; "" when it is none that FHIR allows."""
    text = value.removeprefix(f"{resource_type}/") if isinstance(value, str) else ""
    return text if _ID.fullmatch(text) else ""


def _prefetch(raw: bytes) -> dict[str, bytes]:
    if raw == b"null":
        return {}
    if not raw.startswith(b"{"):
        raise InvalidValueError("prefetch must be an object", expression="prefetch")
    return members(raw, "prefetch")


def _server(sent: Mapping[str, Any]) -> str:
    """Return fhirServer; "" when none is named, or one that has more to it than a base URL."""
    server = sent.get("fhirServer")
    if server is None:
        return ""
    url = _http_url(server) if isinstance(server, str) else None
    if not isinstance(server, str) or url is None:
        raise InvalidValueError("fhirServer must be an absolute http(s) URL", expression="fhirServer")
    if "@" in url.netloc or "?" in server or "#" in server:
        _LOG.warning("fhirServer has user information, a query or a fragment: it will not be asked")
        return ""
    return server


def _http_url(text: str) -> SplitResult | None:
    """Return the parts of an absolute http(s) URL; None for all else."""
    if any(sign.isspace() or not sign.isprintable() for sign in text):
        return None  # urlsplit would drop line breaks, and take the rest
    try:
        url = urlsplit(text)
        _ = url.port  # raises where there is none to be
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} and url.hostname else None


def _access(server: str, authorization: object, patient_id: str) -> FhirAccess | None:
    """
    Return who may be asked, and with which token.

    A token that is not for this patient is no reason to ask without one: then nobody is asked.
    """
    if not server:
        return None
    granted = authorization if isinstance(authorization, dict) else {}
    meant = granted.get("patient")
    if meant is not None and _fhir_id(meant, "Patient") != patient_id:
        _LOG.warning("fhirAuthorization is for another patient: the FHIR server will not be asked")
        return None
    token, expires_in = _token(granted), _seconds(granted.get("expires_in"))
    if not token or (expires_in is not None and expires_in <= 0):
        return FhirAccess(server)
    return FhirAccess(server, token, expires_in)


def _token(granted: Mapping[str, Any]) -> str:
    """Return the bearer token; "" for tokens of other kinds and for what no header can carry."""
    token, kind = granted.get("access_token"), granted.get("token_type")
    bearer = kind is None or (isinstance(kind, str) and kind.strip().lower() == "bearer")
    if not bearer or not isinstance(token, str):
        return ""
    return token if _SENDABLE.fullmatch(token) else ""


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def of_patient(resource: Resource, patient_id: str) -> bool:
    """Whether a resource may be this patient's: its subject names them, or names no Patient at all."""
    subject = getattr(resource, "subject", None) or getattr(resource, "patient", None)
    parts = (subject.reference or "").split("/_history/")[0].split("/") if subject else []
    return len(parts) < 2 or parts[-2] != "Patient" or parts[-1] == patient_id  # noqa: PLR2004 - Type/id
