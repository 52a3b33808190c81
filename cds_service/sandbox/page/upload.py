"""
A FHIR Bundle that the user brings: checked resource by resource, then sent as one transaction.

Dates move to today when the Bundle says for which day it was written (see `sandbox.fixtures`), as those of
the fixtures do. Nothing is sent while anything is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cds_service.sandbox.ehr import EhrError
from cds_service.sandbox.ehr.wire import ask, base, outcome, refusal, succeeded
from cds_service.sandbox.fixtures import bundled, rolled
from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.print_cards import one_line
from cds_service.sandbox.validation import ensure_valid

from .exchange import Lines, fhir_server, issues_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import requests

    from .session import Connection

_MOST_ISSUES = 100
_UNUSABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of a Bundle: what was stored, `Type/id` each, or what is wrong with it."""

    stored: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    problem: str = ""


def upload(connection: Connection, content: bytes, today: date) -> Uploaded:
    """Check a Bundle and store its resources on the FHIR server; all of them or none."""
    bundle = _bundle(content)
    if isinstance(bundle, Issue):
        return Uploaded(issues=(bundle,), problem="The file is no FHIR Bundle that can be used.")
    issues = tuple(_issues(bundle))[:_MOST_ISSUES]
    if issues:
        return Uploaded(issues=issues, problem="Nothing was stored, because the Bundle is not valid.")
    try:
        resources = list(bundled(rolled(bundle, today)))
    except _UNUSABLE:
        said = "an entry has no id, or a date that is none"
        return Uploaded(issues=(Issue("value", said, "Bundle.entry"),), problem="Nothing was stored.")
    return _sent(connection, resources)


def _bundle(content: bytes) -> Resource | Issue:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Issue("structure", "is not JSON")
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        return Issue("structure", "must be Bundle", "resourceType")
    entries = document.get("entry")
    if not isinstance(entries, list) or not entries:
        return Issue("required", "needs at least one entry", "Bundle.entry")
    return document


def _issues(bundle: Resource) -> Iterator[Issue]:
    """Yield what is wrong with each entry, its place first."""
    for position, entry in enumerate(bundle["entry"]):
        place = f"Bundle.entry[{position}].resource"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            yield Issue("required", "this entry has no resource", place)
            continue
        try:
            ensure_valid(resource)
        except FhirError as error:
            for issue in error.issues:
                yield Issue(issue.code, issue.diagnostics, f"{place}{_below(issue.expression)}")


def _below(expression: str) -> str:
    """Return an expression without the resource type it begins with, its dot kept."""
    _, dot, rest = expression.partition(".")
    return dot + rest


def _sent(connection: Connection, resources: list[Resource]) -> Uploaded:
    server = fhir_server(connection)
    try:
        with Lines.opened(connection) as lines:
            response = ask(
                lines.fhir,
                "POST",
                base(server.url),
                body=transaction_of(resources),
                headers=server.writing_headers,
            )
    except EhrError as error:
        return Uploaded(problem=str(error))
    if succeeded(response):
        return Uploaded(stored=tuple(f"{item['resourceType']}/{item['id']}" for item in resources))
    return Uploaded(issues=tuple(_said(response)), problem=f"The FHIR server answered {refusal(response)}")


def transaction_of(resources: list[Resource]) -> Resource:
    """Return the transaction that puts resources where their ids say."""
    entries = [
        {"resource": item, "request": {"method": "PUT", "url": f"{item['resourceType']}/{item['id']}"}}
        for item in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _said(response: requests.Response) -> Iterator[Issue]:
    for issue in issues_of(outcome(response)):
        places = issue.get("expression") or issue.get("location")
        place = one_line(places[0]) if isinstance(places, list) and places else ""
        yield Issue(one_line(issue.get("code")), one_line(issue.get("diagnostics")), place)
