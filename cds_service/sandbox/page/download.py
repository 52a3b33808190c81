"""Files to take away: a chart to load again, and a request that `cds-service fire --request` sends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cds_service.sandbox.fixtures import ANCHOR_SYSTEM

from .chart_view import failure, is_partial, read_all, resources_of
from .refusal import PageError
from .upload import transaction_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from .session import Connection

_TYPES = (
    "Encounter",
    "Condition",
    "MedicationRequest",
    "AllergyIntolerance",
    "Observation",
    "ServiceRequest",
    "Procedure",
)
HIDDEN = "(not shown)"


def chart_bundle(connection: Connection, patient: str, today: date) -> dict[str, Any]:
    """
    Return a patient's chart as a transaction Bundle, tagged with its day so that its dates can move along.

    PageError 502 when any of it could not be read: half a chart must not look like a whole one.
    """
    person, *answers = read_all(
        connection, [f"Patient/{patient}", *(f"{kind}?patient={patient}&_count=200" for kind in _TYPES)]
    )
    if person is None:
        raise PageError(404, "The FHIR server has no patient with this id.")
    for kind, answer in zip(("Patient", *_TYPES), (person, *answers), strict=True):
        if failure(answer) or is_partial(answer):
            raise PageError(502, f"No file was made, because {kind} could not be read completely.")
    found = [
        item for kind, answer in zip(_TYPES, answers, strict=True) for item in resources_of(answer, kind)
    ]
    tag = {"system": ANCHOR_SYSTEM, "code": today.isoformat()}
    whole = person if isinstance(person, dict) else {}
    return {**transaction_of([_plain(whole), *map(_plain, found)]), "meta": {"tag": [tag]}}


def _plain(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what its server noted about versions."""
    meta = {
        name: value
        for name, value in resource.get("meta", {}).items()
        if name not in {"versionId", "lastUpdated"}
    }
    kept = {name: value for name, value in resource.items() if name != "meta"}
    return {**kept, "meta": meta} if meta else kept


def request_file(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a hook request without the access token that it went with."""
    return {name: value for name, value in request.items() if name != "fhirAuthorization"}


def without_token(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a hook request to look at: its access token is masked."""
    granted = request.get("fhirAuthorization")
    if not isinstance(granted, dict):
        return dict(request)
    return {**request, "fhirAuthorization": {**granted, "access_token": HIDDEN}}


def pretty(value: object) -> str:
    """Return JSON to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)
