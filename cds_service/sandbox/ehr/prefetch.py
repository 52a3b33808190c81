"""
Prefetch as an EHR fills it: templates in, FHIR answers out.

What each value means to a service: key absent, the query could not be asked; null, the EHR has
no such resource; OperationOutcome, the query failed; a Bundle with a `next` link, there is more.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from .wire import EhrError, ask, base, json_object, outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from .cds_client import Service
    from .wire import FhirServer

PAGE_CAP = 20

_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_READ = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_SEARCH = re.compile(r"[A-Z][A-Za-z]+\?\S*")
_USER_TOKENS = {
    "userPractitionerId": "Practitioner",
    "userPractitionerRoleId": "PractitionerRole",
    "userPatientId": "Patient",
    "userRelatedPersonId": "RelatedPerson",
}
_ISSUE_OF_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "login",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.SERVICE_UNAVAILABLE: "transient",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout",
}


def fill_prefetch(
    session: requests.Session,
    fhir: FhirServer,
    service: Service,
    context: Mapping[str, object],
    known: dict[str, object] | None = None,
) -> dict[str, object]:
    """
    Answer the prefetch templates of one service; a key that cannot be asked is left out.

    known: answers by query, read and filled here, so that services which ask the same
    question share the answer. Never raises: a query that fails has an OperationOutcome as value.
    """
    answers = {} if known is None else known
    queries = {key: expanded(template, context) for key, template in service.prefetch.items()}
    asked = {key: query for key, query in queries.items() if query is not None}
    for query in asked.values():
        if query not in answers:
            answers[query] = answer_to(session, fhir, query)
    return {key: answers[query] for key, query in asked.items()}


def expanded(template: str, context: Mapping[str, object]) -> str | None:
    """
    Return the query a template stands for, its values escaped for a URL.

    None when a token has no value in this context, or the result is neither a FHIR read nor
    a search: a template comes from outside and must not lead to another address.
    """
    values = {token: _value(token, context) for token in _TOKEN.findall(template)}
    if None in values.values():
        return None
    query = _TOKEN.sub(lambda match: quote(values[match[1]] or "", safe="/"), template)
    return query if _READ.fullmatch(query) or _SEARCH.fullmatch(query) else None


def _value(token: str, context: Mapping[str, object]) -> str | None:
    root, _, name = token.partition(".")
    if root == "context":
        found = context.get(name)
        return found if isinstance(found, str) and found else None
    kind, _, identifier = str(context.get("userId", "")).partition("/")
    return identifier if identifier and kind == _USER_TOKENS.get(token) else None


def answer_to(session: requests.Session, fhir: FhirServer, query: str) -> object:
    """
    Return what the FHIR server holds: a resource, a Bundle of all pages, None for a read that finds nothing.

    query: as `expanded` returns it. Never raises: an OperationOutcome says that it could not be read.
    """
    try:
        response = ask(session, "GET", f"{base(fhir.url)}/{query}", headers=fhir.headers)
    except EhrError:
        return failed("transient", "The FHIR server could not be reached")
    status = response.status_code
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) and _READ.fullmatch(query):
        return None
    if status != HTTPStatus.OK:
        code = _ISSUE_OF_STATUS.get(status, "exception")
        return outcome(response) or failed(code, f"The FHIR server answered {status}")
    try:
        resource = json_object(response, "a FHIR resource")
    except EhrError:
        return failed("structure", "The FHIR server did not answer with a FHIR resource")
    is_bundle = resource.get("resourceType") == "Bundle"
    return _all_pages(session, fhir, resource, response.url or "") if is_bundle else resource


def failed(code: str, diagnostics: str) -> dict[str, object]:
    """Return the OperationOutcome that stands for a query which failed."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _all_pages(
    session: requests.Session, fhir: FhirServer, first: dict[str, object], url: str
) -> dict[str, object]:
    """
    Return one Bundle with the entries of all pages.

    It keeps a `next` link when pages are left: beyond the cap, on another origin, read
    already, or failing. Then the service knows that this is only a part.
    """
    entries, seen = _items(first, "entry"), {url}
    page = first
    while len(seen) < PAGE_CAP and (following := _next_url(page, url, fhir, seen)):
        read = _page(session, fhir, following)
        if read is None:
            break
        page, url = read, following
        seen.add(url)
        entries += _items(page, "entry")
    links = [link for link in _items(first, "link") if link.get("relation") != "next"] + _next_links(page)
    whole = {name: value for name, value in first.items() if name not in ("entry", "link")}
    return {**whole, **({"link": links} if links else {}), **({"entry": entries} if entries else {})}


def _items(page: dict[str, object], name: str) -> list[dict[str, object]]:
    value = page.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _next_links(page: dict[str, object]) -> list[dict[str, object]]:
    return [link for link in _items(page, "link") if link.get("relation") == "next"]


def _next_url(page: dict[str, object], url: str, fhir: FhirServer, seen: set[str]) -> str | None:
    """Return where the next page is; None at the end, and where a token must not be sent."""
    targets = [link.get("url") for link in _next_links(page)]
    if not targets or not isinstance(targets[0], str):
        return None
    try:
        target = urljoin(url, targets[0])
        same_origin = urlsplit(target)[:2] == urlsplit(base(fhir.url))[:2]
    except ValueError:  # a text that no URL parser takes
        return None
    return target if same_origin and target not in seen else None


def _page(session: requests.Session, fhir: FhirServer, url: str) -> dict[str, object] | None:
    """Return the Bundle at a `next` link; None when it cannot be had."""
    try:
        response = ask(session, "GET", url, headers=fhir.headers)
        page = json_object(response, "a FHIR Bundle")
    except EhrError:
        return None
    readable = response.status_code == HTTPStatus.OK and page.get("resourceType") == "Bundle"
    return page if readable else None
