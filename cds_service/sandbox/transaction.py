"""Transaction and batch Bundles: many interactions in one request (FHIR R4, RESTful API)."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from cds_service.sandbox.endpoint import Endpoint
from cds_service.sandbox.interactions import Reply, create, delete, etag, read, update
from cds_service.sandbox.outcome import FhirError, Issue, operation_outcome
from cds_service.sandbox.references import relinked
from cds_service.sandbox.resource_types import Resource

Method = Literal["DELETE", "POST", "PUT", "GET"]

# The order in which a transaction is carried out, whatever the order of its entries.
_ORDER: tuple[Method, ...] = ("DELETE", "POST", "PUT", "GET")
_CONDITIONS = ("ifNoneExist", "ifNoneMatch", "ifModifiedSince")


@dataclass(frozen=True)
class _Entry:
    """One entry: `resource_id` is the id in its URL, for POST the id chosen for the new resource."""

    position: int
    method: Method
    resource_type: str
    resource_id: str
    query: list[tuple[str, str]]
    full_url: str
    resource: Resource
    if_match: str | None


def process(endpoint: Endpoint, bundle: Resource) -> Resource:
    """
    Carry out a transaction (all of it or nothing) or a batch (each entry for itself).

    Returns the response Bundle, its entries in the order of the request's. Raises FhirError, its
    expressions beginning with the entry, when a transaction fails, and 400 for any other Bundle.
    """
    if bundle.get("resourceType") != "Bundle" or str(bundle.get("type")) not in _KINDS:
        raise FhirError(400, Issue("invalid", "Send a Bundle of type transaction or batch.", "Bundle.type"))
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise FhirError(400, Issue("structure", "Bundle.entry must be an array.", "Bundle.entry"))
    responses = _KINDS[bundle["type"]](endpoint, entries)
    answer: Resource = {"resourceType": "Bundle", "type": f"{bundle['type']}-response"}
    return {**answer, "entry": responses} if responses else answer


def _transaction(endpoint: Endpoint, raw: list[object]) -> list[Resource]:
    entries = [_parsed(endpoint, position, entry) for position, entry in enumerate(raw)]
    _ensure_distinct(entries)
    links = {entry.full_url: _identity(entry) for entry in entries if entry.full_url}
    responses: dict[int, Resource] = {}
    with endpoint.store.all_or_nothing():
        for entry in sorted(entries, key=lambda entry: _ORDER.index(entry.method)):
            responses[entry.position] = _done(endpoint, entry, links)
    return [responses[position] for position in range(len(entries))]


def _done(endpoint: Endpoint, entry: _Entry, links: dict[str, str]) -> Resource:
    try:
        return _response(_execute(endpoint, entry, links), endpoint)
    except FhirError as error:
        raise _located(error, entry.position) from error


def _batch(endpoint: Endpoint, raw: list[object]) -> list[Resource]:
    return [_alone(endpoint, position, entry) for position, entry in enumerate(raw)]


def _alone(endpoint: Endpoint, position: int, raw: object) -> Resource:
    try:
        return _response(_execute(endpoint, _parsed(endpoint, position, raw), {}), endpoint)
    except FhirError as error:
        return {"response": {"status": _status(error.status), "outcome": operation_outcome(*error.issues)}}


_KINDS: dict[str, Callable[[Endpoint, list[object]], list[Resource]]] = {
    "transaction": _transaction,
    "batch": _batch,
}


def _parsed(endpoint: Endpoint, position: int, raw: object) -> _Entry:
    request = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(request, dict):
        raise _refused(position, "request", "Each entry needs a request.")
    method, url = request.get("method"), request.get("url")
    if method not in _ORDER:
        raise _refused(position, "request.method", f"The method must be one of: {', '.join(_ORDER)}.")
    if any(name in request for name in _CONDITIONS):
        raise _refused(position, "request", "Conditional interactions are not supported.", "not-supported")
    resource = raw.get("resource", {})
    if method in ("POST", "PUT") and not isinstance(resource, dict):
        raise _refused(position, "resource", "This entry needs a resource.")
    resource_type, resource_id, query = _address(position, method, endpoint.relative(str(url)))
    full_url = raw.get("fullUrl")
    return _Entry(
        position=position,
        method=method,
        resource_type=resource_type,
        resource_id=resource_id,
        query=query,
        full_url=full_url if isinstance(full_url, str) else "",
        resource=resource,
        if_match=request.get("ifMatch"),
    )


def _address(position: int, method: Method, url: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Read `Type`, `Type/id` or `Type?query`, whichever suits the method."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _refused(position, "request.url", "The address cannot be read.") from None
    match = re.fullmatch(r"([A-Za-z]+)(?:/([^/]+))?", parts.path)
    takes_id = match is not None and match[2] is not None
    suits = {"POST": not takes_id, "PUT": takes_id, "DELETE": takes_id, "GET": True}[method]
    if match is None or not suits or (parts.query and method != "GET"):
        raise _refused(position, "request.url", f"{method} cannot be done on this address.", "not-supported")
    new_id = str(uuid.uuid4()) if method == "POST" else ""
    return match[1], match[2] or new_id, parse_qsl(parts.query, keep_blank_values=True)


def _execute(endpoint: Endpoint, entry: _Entry, links: dict[str, str]) -> Reply:
    store, resource_type, resource_id = endpoint.store, entry.resource_type, entry.resource_id
    if entry.method == "DELETE":
        return delete(store, resource_type, resource_id)
    if entry.method == "GET":
        return (
            read(store, resource_type, resource_id)
            if resource_id
            else endpoint.search(resource_type, entry.query)
        )
    linked = relinked(entry.resource, lambda text: endpoint.relative(links.get(text, text)))
    if entry.method == "POST":
        return create(store, resource_type, linked, resource_id)
    return update(store, resource_type, resource_id, linked, entry.if_match)


def _identity(entry: _Entry) -> str:
    return f"{entry.resource_type}/{entry.resource_id}"


def _ensure_distinct(entries: list[_Entry]) -> None:
    """R4: a transaction whose entries touch one resource twice has no defined outcome and must fail."""
    seen: set[str] = set()
    for entry in entries:
        if entry.method != "GET" and _identity(entry) in seen:
            raise _refused(entry.position, "request.url", "An earlier entry changes the same resource.")
        seen |= {_identity(entry)} if entry.method != "GET" else set()


def _response(reply: Reply, endpoint: Endpoint) -> Resource:
    response = {"status": _status(reply.status)}
    if reply.location:
        response["location"] = f"{endpoint.base}/{reply.location}"
    if reply.version:
        response["etag"] = etag(reply.version)
    entry: Resource = {"response": response}
    return {"resource": reply.resource, **entry} if reply.resource else entry


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"


def _refused(position: int, element: str, reason: str, code: str = "invalid") -> FhirError:
    return FhirError(400, Issue(code, reason, f"Bundle.entry[{position}].{element}"))


def _located(error: FhirError, position: int) -> FhirError:
    """Say in each issue which entry of the transaction it is about."""
    place = f"Bundle.entry[{position}]"
    issues = (
        Issue(issue.code, issue.diagnostics, f"{place}.resource.{rest}" if (rest := _below(issue)) else place)
        for issue in error.issues
    )
    return FhirError(error.status, *issues)


def _below(issue: Issue) -> str:
    """Return the expression without the resource type that it begins with."""
    _, _, rest = issue.expression.partition(".")
    return rest or ("resourceType" if issue.expression == "resourceType" else "")
