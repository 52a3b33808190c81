"""
What accepting a suggestion does to the order basket and to the FHIR server.

Drafts the EHR made itself (`draft-1`, ...) exist only in the basket. A created resource is stored
on the server as it came; an order among them joins the basket under the id the server gave it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .context import reference
from .wire import EhrError, ask, base, json_object, refusal, succeeded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import requests

    from .wire import FhirServer

_ORDER_TYPES = frozenset(
    {
        "CommunicationRequest",
        "DeviceRequest",
        "MedicationRequest",
        "NutritionOrder",
        "ServiceRequest",
        "VisionPrescription",
    }
)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}")
_LOCATION = re.compile(r"/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?/?$")
# The order of a FHIR transaction, which CDS Hooks 2.0 asks of a client.
_TURN = ("delete", "create", "update")

Basket = tuple[dict[str, Any], ...]


def accept(
    session: requests.Session,
    fhir: FhirServer,
    suggestion: Mapping[str, Any],
    drafts: Sequence[dict[str, Any]],
) -> Basket:
    """
    Apply all actions of a suggestion and return the new basket; `drafts` itself stays as it is.

    All actions are checked before the first is applied. Raises EhrError for a malformed action,
    and when the server refuses one; what was applied on the server before that stays.
    """
    actions = [_checked(action) for action in suggestion.get("actions") or ()]
    basket = tuple(drafts)
    for action in sorted(actions, key=lambda action: _TURN.index(action["type"])):
        basket = _APPLY[action["type"]](session, fhir, action, basket)
    return basket


def _checked(action: object) -> Mapping[str, Any]:
    kind = action.get("type") if isinstance(action, dict) else None
    if not isinstance(action, dict) or kind not in _TURN:
        msg = f"The suggestion has an action of an unknown type ({kind}); nothing was applied."
        raise EhrError(msg)
    if kind == "delete":
        _must_match(_REFERENCE, action.get("resourceId"), "a delete action without a usable resourceId")
        return action
    resource = action.get("resource")
    fields = resource if isinstance(resource, dict) else {}
    _must_match(_TYPE, fields.get("resourceType"), f"a {kind} action without a resource")
    if kind == "update":
        _must_match(_ID, fields.get("id"), "an update action whose resource has no usable id")
    return action


def _must_match(pattern: re.Pattern[str], value: object, otherwise: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        msg = f"The suggestion has {otherwise}; nothing was applied."
        raise EhrError(msg)


def _delete(session: requests.Session, fhir: FhirServer, action: Mapping[str, Any], basket: Basket) -> Basket:
    target = action["resourceId"]
    if not _only_here(target, basket):
        _send(session, fhir, "DELETE", target)
    return tuple(draft for draft in basket if reference(draft) != target)


def _create(session: requests.Session, fhir: FhirServer, action: Mapping[str, Any], basket: Basket) -> Basket:
    resource = action["resource"]
    response = _send(session, fhir, "POST", resource["resourceType"], resource)
    if resource["resourceType"] not in _ORDER_TYPES:
        return basket
    return (*basket, _stored(resource, response))


def _update(session: requests.Session, fhir: FhirServer, action: Mapping[str, Any], basket: Basket) -> Basket:
    resource = action["resource"]
    target = reference(resource)
    if not _only_here(target, basket):
        _send(session, fhir, "PUT", target, resource)
    return tuple(resource if reference(draft) == target else draft for draft in basket)


_APPLY = {"delete": _delete, "create": _create, "update": _update}


def _only_here(target: str, basket: Basket) -> bool:
    """Whether this is a draft of the EHR's own making, which no server knows."""
    return "/draft-" in target and any(reference(draft) == target for draft in basket)


def _send(
    session: requests.Session, fhir: FhirServer, method: str, path: str, body: object = None
) -> requests.Response:
    headers = fhir.headers if body is None else fhir.writing_headers
    response = ask(session, method, f"{base(fhir.url)}/{path}", body=body, headers=headers)
    if not succeeded(response):
        msg = f"{method} {path}: the FHIR server answered {refusal(response)}. The action was not applied."
        raise EhrError(msg)
    return response


def _stored(resource: dict[str, Any], response: requests.Response) -> dict[str, Any]:
    """Return the resource as the server has it; a server may answer with only its Location."""
    if response.content:
        stored = json_object(response, "the stored resource")
        if stored.get("resourceType") == resource["resourceType"] and isinstance(stored.get("id"), str):
            return stored
    located = _LOCATION.search(response.headers.get("Location", ""))
    if located is None:
        msg = f"POST {resource['resourceType']}: stored, but the FHIR server does not say under which id."
        raise EhrError(msg)
    return {**resource, "id": located[1]}
