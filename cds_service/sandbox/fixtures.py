"""
Fixtures: FHIR files whose dates move along with the calendar.

A Bundle (or a plain resource) says for which day it was written by a `meta.tag` of the system
ANCHOR_SYSTEM with the code `YYYY-MM-DD`. When it is loaded, each of its dates moves by the days from that
anchor to today, so that "back pain for ten days" stays ten days.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cds_service.sandbox.references import relinked
from cds_service.sandbox.resource_types import RESOURCE_ID, Resource

ANCHOR_SYSTEM = "http://example.org/fhir/lbp-cds/CodeSystem/fixture-anchor"

_DATED_NAME = re.compile(
    r"\w*(Date|DateTime|Instant|effectiveTime|receivedTime)|date|dateTime|dateAccessed|dateAsserted"
    r"|dateWritten|authored|authoredOn|created|creation|detected|end|event|expiry|issued|lastModified"
    r"|lastOccurrence|lastPerformed|lastUpdated|nextScheduled|occurrence|onset|received|recorded|recordedOn"
    r"|sent|start|started|time|timestamp|useBy|validTo|when|whenHandedOver|whenPrepared"
)
_DATE_VALUE = re.compile(
    r"(?P<year>\d{4})(?P<month>-\d\d)?(?P<day>(?<=-\d\d)-\d\d)?(?P<time>(?<=-\d\d-\d\d)T.+)?"
)
_URN = "urn:uuid:"

# What a file may raise that is no JSON, no FHIR, or holds an impossible date.
_UNUSABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


class FixtureError(Exception):
    """A fixture file that cannot be used, with the file's name and the reason."""


def rolled(bundle: Resource, today: date) -> Resource:
    """
    Return `bundle` as if it had been written today: all its dates moved by the age of its anchor.

    Day, time and time zone of a dateTime keep their form. A year or a month moves as its first day does
    and is cut back to the same precision. The anchor moves too, so rolling twice changes nothing more.
    Without an anchor the dates stay. A date past the year 9999 stays (it stands for "no end").

    Raises ValueError if the anchor or a date is none of the calendar.
    """
    anchor = _anchor(bundle)
    return bundle if anchor is None else _shifted_object(bundle, today - anchor)


def fixture_resources(folder: Path, today: date) -> Iterator[Resource]:
    """
    Yield the resources of all *.json and *.ndjson files under `folder`, file by file in name order.

    A file holds one Bundle or one resource, an NDJSON file one per line. The entry of a transaction
    is stored under its resource's id or, failing that, the id in `request.url` or the UUID of its
    fullUrl, and references between entries are resolved. Raises FixtureError.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder"
        raise FixtureError(message)
    for file in sorted(path for path in folder.rglob("*") if path.suffix in {".json", ".ndjson"}):
        try:
            for document in _documents(file):
                yield from bundled(rolled(document, today))
        except _UNUSABLE as error:
            message = f"{file} is not a usable fixture: {error!r}"
            raise FixtureError(message) from error


def _documents(file: Path) -> Iterator[Resource]:
    content = file.read_bytes()
    for text in content.splitlines() if file.suffix == ".ndjson" else [content]:
        if text.strip():
            yield msgspec.json.decode(text, type=dict)


def _anchor(resource: Resource) -> date | None:
    for tag in resource.get("meta", {}).get("tag", ()):
        if tag.get("system") == ANCHOR_SYSTEM:
            return date.fromisoformat(tag["code"])
    return None


def _shifted_object(node: Resource, days: timedelta) -> Resource:
    shifted = {name: _shifted(name, value, days) for name, value in node.items()}
    if node.get("system") == ANCHOR_SYSTEM:
        shifted["code"] = _shifted_date(node["code"], days)
    return shifted


def _shifted(name: str, value: Any, days: timedelta) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return _shifted_object(value, days)
    if isinstance(value, list):
        return [_shifted(name, item, days) for item in value]
    is_date = isinstance(value, str) and _DATED_NAME.fullmatch(name)
    return _shifted_date(value, days) if is_date else value


def _shifted_date(text: str, days: timedelta) -> str:
    """Move a date, dateTime or instant; any other text comes back as it is."""
    match = _DATE_VALUE.fullmatch(text)
    if match is None:
        return text
    first = date.fromisoformat(match["year"] + (match["month"] or "-01") + (match["day"] or "-01"))
    try:
        moved = (first + days).isoformat()
    except OverflowError:
        return text
    precision = len(text) - len(match["time"] or "")
    return moved[:precision] + (match["time"] or "")


def bundled(document: Resource) -> Iterator[Resource]:
    """
    Yield the resource itself or the resources of the Bundle, each with an id, references resolved.

    Raises ValueError for an entry without a resource, or without an id to store it under.
    """
    if document.get("resourceType") != "Bundle":
        yield _with_id({"resource": document})
        return
    entries = [(entry, _with_id(entry)) for entry in document.get("entry", ())]
    links = {
        entry["fullUrl"]: f"{resource['resourceType']}/{resource['id']}"
        for entry, resource in entries
        if "fullUrl" in entry
    }
    for _, resource in entries:
        yield relinked(resource, lambda reference: links.get(reference, reference))


def _with_id(entry: Resource) -> Resource:
    if "resource" not in entry:
        message = "an entry of the Bundle has no resource: fixtures only add"
        raise ValueError(message)
    resource: Resource = entry["resource"]
    if not isinstance(resource.get("resourceType"), str):
        message = "a resource has no resourceType"
        raise ValueError(message)  # noqa: TRY004 - the fixture is wrong, not the caller
    _, _, in_url = entry.get("request", {}).get("url", "").partition("/")
    candidates = (resource.get("id"), in_url, entry.get("fullUrl", "").removeprefix(_URN))
    found = next((text for text in candidates if text and RESOURCE_ID.fullmatch(text)), None)
    if found is None:
        message = f"a {resource['resourceType']} has no id, no id in request.url and no urn:uuid"
        raise ValueError(message)
    return {**resource, "id": found}
