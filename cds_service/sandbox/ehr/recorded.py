"""A hook request kept in a file, such as the mock EHR page hands out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .wire import EhrError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request, its body as it is in the file.

    drafts: the orders in its context. resource: the Patient in its prefetch, None when there is none.
    """

    hook: str
    patient: str
    drafts: tuple[dict[str, Any], ...]
    resource: object
    body: dict[str, Any]

    @property
    def bare(self) -> bool:
        """Whether it brings no data and does not say where to find them."""
        return not {"prefetch", "fhirServer"} & set(self.body)


def read_request(path: Path) -> Request:
    """
    Read a hook request from a JSON file; one without a hookInstance gets one.

    Raises EhrError when the file is no JSON object with a hook and a context that names a patient.
    """
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        msg = f"{path} cannot be read as JSON. Give a file with one hook request."
        raise EhrError(msg) from None
    fields = body if isinstance(body, dict) else {}
    hook, context = fields.get("hook"), _object(fields.get("context"))
    patient = context.get("patientId")
    if not isinstance(hook, str) or not isinstance(patient, str):
        msg = f"{path} is no hook request: it needs `hook`, and `context` with a `patientId`."
        raise EhrError(msg)
    known = {"hookInstance": str(uuid4()), **fields}
    return Request(
        hook, patient, tuple(_drafts(context)), _object(fields.get("prefetch")).get("patient"), known
    )


def _drafts(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the draft orders that have a type and an id, by which they can be named."""
    entries = _object(context.get("draftOrders")).get("entry")
    resources = (
        [_object(_object(item).get("resource")) for item in entries] if isinstance(entries, list) else []
    )
    return [
        item
        for item in resources
        if isinstance(item.get("resourceType"), str) and isinstance(item.get("id"), str)
    ]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
