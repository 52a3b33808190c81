"""
The CDS Hooks 2.0.1 messages: a request body in, a typed request out; services described for discovery.

Prefetch values stay raw bytes here: they are read only once a rule is awake that needs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from .chart import Context, draft_fact
from .errors import MalformedRequestError, MissingFieldError
from .fhir import Medication, MedicationRequest, ServiceRequest, read_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .fhir import Resource
    from .rules import Guideline

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
BOM = b"\xef\xbb\xbf"
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""An escaped half of a character, left when a client cuts a text; group 1: escaped backslashes."""
_NOT_AN_ORDER = frozenset({"entered-in-error", "cancelled", "revoked"})
_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """Where the EHR's FHIR server is, and the token for it; `token` "" when none was granted."""

    server: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """
    One call, checked as far as its hook asks.

    context: as sent, unknown members kept. prefetch: raw JSON per key; a key with `null` is
    b"null". access: None when no FHIR server was named.
    """

    hook: str
    hook_instance: str
    patient_id: str
    context: Mapping[str, Any]
    prefetch: Mapping[str, bytes]
    access: FhirAccess | None = None


def parse(body: bytes) -> HookRequest:
    """
    Read a request body.

    Raises MalformedRequestError (with the field's name, never its value) when the body is not
    JSON, is nested too deeply, or lacks what every hook requires.
    """
    envelope = _object(body)
    hook = _text(envelope, "hook")
    hook_instance = _text(envelope, "hookInstance")
    context = _decoded(envelope, "context")
    if not isinstance(context, dict) or not context:
        raise MissingFieldError("context must be an object with the fields of the hook", expression="context")
    return HookRequest(
        hook, hook_instance, _patient_id(context), context, _prefetch(envelope), _access(envelope)
    )


def _object(body: bytes) -> dict[str, msgspec.Raw]:
    tidy = body.removeprefix(BOM)
    try:
        return _envelope(tidy)
    except MalformedRequestError:
        mended = _LONE_SURROGATE.sub(rb"\1\\ufffd", tidy)
        if mended == tidy:
            raise
        return _envelope(mended)


def _envelope(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = "the body must be one JSON object, encoded in UTF-8 and not deeply nested"
        raise MalformedRequestError(message) from error


def _decoded(envelope: Mapping[str, msgspec.Raw], name: str) -> Any:  # noqa: ANN401 - any JSON
    raw = envelope.get(name)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedRequestError(
            f"{name} is not valid JSON, or is nested too deeply", expression=name
        ) from error


def _text(envelope: Mapping[str, msgspec.Raw], name: str) -> str:
    value = _decoded(envelope, name)
    if value is None:
        raise MissingFieldError(f"{name} is missing", expression=name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedRequestError(f"{name} must be a string that is not empty", expression=name)
    return value


def _patient_id(context: Mapping[str, Any]) -> str:
    place = "context.patientId"
    value = context.get("patientId")
    if value is None:
        raise MissingFieldError(f"{place} is missing", expression=place)
    patient_id = value.removeprefix("Patient/") if isinstance(value, str) else ""
    if not _ID.fullmatch(patient_id):
        raise MalformedRequestError(f"{place} must be a FHIR id", expression=place)
    return patient_id


def _prefetch(envelope: Mapping[str, msgspec.Raw]) -> dict[str, bytes]:
    raw = envelope.get("prefetch")
    if raw is None or bytes(raw) == b"null":
        return {}
    try:
        return {key: bytes(value) for key, value in _ENVELOPE.decode(raw).items()}
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedRequestError("prefetch must be an object", expression="prefetch") from error


def _access(envelope: Mapping[str, msgspec.Raw]) -> FhirAccess | None:
    server = _decoded(envelope, "fhirServer")
    if server is None:
        return None
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise MalformedRequestError("fhirServer must be an absolute http(s) URL", expression="fhirServer")
    authorization = _decoded(envelope, "fhirAuthorization")
    token = authorization.get("access_token") if isinstance(authorization, dict) else None
    return FhirAccess(server, token if isinstance(token, str) else "")


def order_context(request: HookRequest, guideline: Guideline) -> Context:
    """
    Return the drafts of an order-select or order-sign call, as far as they are orders for this patient.

    Left out: entries without a resource, other resource types, orders of another patient,
    cancelled or in error, and prohibitions (doNotPerform). Raises MalformedRequestError when
    draftOrders is missing or selections is not what the hook defines.
    """
    entries = list(_entries(request.context))
    sources = [source for _, source in entries]
    resources = [read_resource(source) for source in sources]
    medications = {f"Medication/{item.id}": item for item in resources if isinstance(item, Medication)}
    chosen = _selected(request, entries)
    drafts = [
        draft_fact(
            resource,
            source,
            guideline.terminology,
            selected=chosen is None or number in chosen,
            medications=medications,
            names=guideline.order_names,
        )
        for number, (resource, source) in enumerate(zip(resources, sources, strict=True))
        if isinstance(resource, (MedicationRequest, ServiceRequest))
        and _is_order(resource, request.patient_id)
    ]
    return Context(request.patient_id, tuple(drafts))


def _entries(context: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (fullUrl, resource) of each draft."""
    place = "context.draftOrders"
    bundle = context.get("draftOrders")
    if bundle is None:
        raise MissingFieldError(f"{place} is missing", expression=place)
    if isinstance(bundle, list):  # some clients send the resources without their Bundle
        bundle = {"entry": [{"resource": item} for item in bundle]}
    entries = bundle.get("entry") or [] if isinstance(bundle, dict) else None
    if not isinstance(entries, list):
        raise MalformedRequestError(f"{place} must be a Bundle", expression=place)
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            url = entry.get("fullUrl")
            yield url if isinstance(url, str) else "", resource


def _is_order(resource: MedicationRequest | ServiceRequest, patient_id: str) -> bool:
    return (
        resource.status not in _NOT_AN_ORDER
        and resource.do_not_perform is not True
        and of_patient(resource, patient_id)
    )


def of_patient(resource: Resource, patient_id: str) -> bool:
    """Whether a resource may be this patient's: its subject names them, or names no Patient at all."""
    subject = getattr(resource, "subject", None) or getattr(resource, "patient", None)
    parts = (subject.reference or "").split("/_history/")[0].split("/") if subject else []
    return len(parts) < 2 or parts[-2] != "Patient" or parts[-1] == patient_id  # noqa: PLR2004 - Type/id


def _selected(request: HookRequest, entries: list[tuple[str, dict[str, Any]]]) -> set[int] | None:
    """Return the numbers of the selected drafts; None when all are (order-sign, or no selections sent)."""
    if request.hook != "order-select":
        return None
    place = "context.selections"
    selections = request.context.get("selections")
    if selections is None:
        return None
    if isinstance(selections, str):
        selections = [selections]
    if not isinstance(selections, list) or not all(isinstance(item, str) for item in selections):
        raise MalformedRequestError(f"{place} must be an array of references", expression=place)
    return {number for item in selections for number in _find(item, entries)}


def _find(selection: str, entries: list[tuple[str, dict[str, Any]]]) -> list[int]:
    """Return which drafts a selection names: by `Type/id`, URL, fullUrl, or a bare id if it is unique."""
    wanted = selection.split("/_history/", maxsplit=1)[0]
    tail = "/".join(wanted.split("/")[-2:])
    named = [
        number
        for number, (url, resource) in enumerate(entries)
        if tail == f"{resource.get('resourceType')}/{resource.get('id')}" or (url and url == wanted)
    ]
    alike = [number for number, (_, resource) in enumerate(entries) if resource.get("id") == wanted]
    return named or (alike if len(alike) == 1 else [])
