"""The RESTful interactions on one resource: read, create, update, delete."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.resource_types import RESOURCE_ID, RESOURCE_TYPES, Resource
from cds_service.sandbox.store import Store
from cds_service.sandbox.validation import ensure_valid


@dataclass(frozen=True)
class Reply:
    """
    What an interaction answers, for HTTP and for a Bundle entry alike.

    `location` is `Type/id`, empty unless something was created. `version` is 0 where no version applies.
    """

    status: int
    resource: Resource | None = None
    location: str = ""
    version: int = 0


def ensure_supported(resource_type: str) -> None:
    """Raise FhirError 404 unless the path names a resource type of R4."""
    if resource_type not in RESOURCE_TYPES:
        raise FhirError(404, Issue("not-supported", "The path names no resource type of R4."))


def read(store: Store, resource_type: str, resource_id: str) -> Reply:
    """Answer 200 with the resource. Raises FhirError 404 if unknown, 410 if deleted."""
    ensure_supported(resource_type)
    resource = store.get(resource_type, resource_id)
    if resource is not None:
        return Reply(200, resource, version=store.version(resource_type, resource_id))
    if store.deleted(resource_type, resource_id):
        raise FhirError(410, Issue("deleted", f"This {resource_type} was deleted."))
    raise FhirError(404, Issue("not-found", f"There is no {resource_type} with this id."))


def create(store: Store, resource_type: str, body: Resource, new_id: str | None = None) -> Reply:
    """
    Store `body` under an id that the server chooses, whatever id it carries, and answer 201.

    `new_id` is the choice if it was made before. Raises FhirError 400 or 422 and stores nothing if the
    resource is not valid.
    """
    ensure_supported(resource_type)
    _ensure_type(resource_type, body)
    return _write(store, {**body, "id": new_id or str(uuid.uuid4())})


def update(
    store: Store, resource_type: str, resource_id: str, body: Resource, if_match: str | None = None
) -> Reply:
    """
    Store `body` under its id and answer 200, or 201 if the id was free.

    `if_match` is an ETag such as `W/"3"`: FhirError 412 unless this is the version stored. Raises
    FhirError 400 if the path names another resource, 422 if the resource is not valid.
    """
    ensure_supported(resource_type)
    _ensure_type(resource_type, body)
    if not RESOURCE_ID.fullmatch(resource_id):
        raise FhirError(400, Issue("value", "An id has 1 to 64 letters, digits, '-' or '.'."))
    if body.get("id") != resource_id:
        reason = "The id of the resource must be the id in the path."
        raise FhirError(400, Issue("invalid", reason, f"{resource_type}.id"))
    if if_match is not None and if_match != etag(store.version(resource_type, resource_id)):
        raise FhirError(412, Issue("conflict", "If-Match names another version than the one stored."))
    return _write(store, body)


def delete(store: Store, resource_type: str, resource_id: str) -> Reply:
    """Delete the resource, if it is there, and answer 204."""
    ensure_supported(resource_type)
    store.delete(resource_type, resource_id)
    return Reply(204)


def etag(version: int) -> str:
    """Return the weak ETag that FHIR makes of a version."""
    return f'W/"{version}"'


def _ensure_type(resource_type: str, body: Resource) -> None:
    if body.get("resourceType") != resource_type:
        reason = f"The resourceType must be {resource_type}, as the path says."
        raise FhirError(400, Issue("invalid", reason, "resourceType"))


def _write(store: Store, resource: Resource) -> Reply:
    ensure_valid(resource)
    resource_type, resource_id = resource["resourceType"], resource["id"]
    is_new = store.get(resource_type, resource_id) is None
    version = store.version(resource_type, resource_id) + 1
    written = {**resource, "meta": _stamped(resource.get("meta", {}), version)}
    store.put(written)
    if is_new:
        return Reply(201, written, location=f"{resource_type}/{resource_id}", version=version)
    return Reply(200, written, version=version)


def _stamped(meta: Resource, version: int) -> Resource:
    now = datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**meta, "versionId": str(version), "lastUpdated": now}
