"""
The tolerant reader: bytes of a prefetch value or FHIR answer in, resources and what was lost out.

A value that fits the structs is decoded in one go. One that does not is read entry by entry:
an object where an array is due is wrapped, an entry that still does not fit is skipped and
counted, so that one odd resource never costs the others and never reads as absence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from .structs import AnyResource, Condition, Element, OperationOutcome, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES: dict[str, type[Resource]] = {kind.__name__: kind for kind in get_args(AnyResource)}


class _Link(Element, frozen=True):
    relation: str | None = None
    url: str | None = None


class _Search(Element, frozen=True):
    mode: str | None = None


class _Entry(Element, frozen=True):
    resource: AnyResource | None = None
    search: _Search | None = None


class _Bundle(Element, frozen=True, tag_field="resourceType", tag="Bundle"):
    total: int | None = None
    link: tuple[_Link, ...] = ()
    entry: tuple[_Entry | None, ...] = ()


_ANY = msgspec.json.Decoder(_Bundle | AnyResource)
_ONCE_NAMED = (("patient", "subject"), ("assertedDate", "recordedDate"), ("dateRecorded", "recordedDate"))
_ONCE_CODES = frozenset({"clinicalStatus", "verificationStatus"})
_UNFIT = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What the decoder raises: on other shapes, on text that is no UTF-8, and on nesting without end."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one value holds.

    resources: those that could be read, OperationOutcomes and included ones left out.
    included: resources that came along to resolve references (`search.mode` include).
    unreadable: type name (or "") of each entry that was skipped. outcome: the bare
    OperationOutcome, when the value is one. hides_data: an OperationOutcome entry said so, or
    there is a next page without address. next_url: where further pages are. total: as the
    Bundle claims. usable: False when the value is no FHIR JSON at all. gone: the value is a
    wrapper that says the resource is not there.
    """

    resources: tuple[Resource, ...] = ()
    included: tuple[Resource, ...] = ()
    unreadable: tuple[str, ...] = ()
    outcome: OperationOutcome | None = None
    hides_data: bool = False
    next_url: str | None = None
    total: int | None = None
    usable: bool = True
    gone: bool = False


def read(value: bytes) -> Reading:
    """Read a resource, a Bundle, or a `{"response", "resource"}` wrapper; never raises on data."""
    try:
        decoded = _ANY.decode(value)
    except _UNFIT:
        return _read_with_care(value)
    if isinstance(decoded, _Bundle):
        return _bundle(decoded)
    return _single(decoded)


def read_resource(value: object) -> Resource | None:
    """Return one resource from its JSON object (as decoded by any parser); None when it does not fit."""
    if not isinstance(value, dict):
        return None
    kind = TYPES.get(_type(value))
    if kind is None:
        return None
    try:
        return msgspec.convert(_mended(value, kind), kind)
    except msgspec.ValidationError:
        return None


def _single(resource: Resource) -> Reading:
    if isinstance(resource, OperationOutcome):
        return Reading(outcome=resource)
    return Reading(resources=(resource,))


def _bundle(bundle: _Bundle) -> Reading:
    resources: list[Resource] = []
    included: list[Resource] = []
    hides = any(link.relation == "next" and not link.url for link in bundle.link)
    for entry in bundle.entry:
        resource = entry.resource if entry else None
        if entry is None or resource is None:
            continue
        if isinstance(resource, OperationOutcome):
            hides = hides or resource.hides_data
        elif entry.search and entry.search.mode == "include":
            included.append(resource)
        else:
            resources.append(resource)
    return Reading(
        tuple(resources), tuple(included), hides_data=hides, next_url=_next(bundle.link), total=bundle.total
    )


def _next(links: tuple[_Link, ...]) -> str | None:
    return next((link.url for link in links if link.relation == "next" and link.url), None)


def _read_with_care(value: bytes) -> Reading:
    try:
        raw = msgspec.json.decode(value)
    except _UNFIT:
        return Reading(usable=False)
    if isinstance(raw, dict) and "resourceType" not in raw:
        if _gone(raw):
            return Reading(gone=True)
        if isinstance(raw.get("resource"), dict):
            raw = raw["resource"]
    if not isinstance(raw, dict):
        return Reading(usable=False)
    if raw.get("resourceType") == "Bundle" or isinstance(raw.get("entry"), list):
        return _bundle_with_care(raw)
    resource = read_resource(raw)
    if resource is None:
        return Reading(unreadable=(_type(raw),), usable="resourceType" in raw)
    return _single(resource)


def _gone(wrapper: dict[str, Any]) -> bool:
    """Whether a wrapper says "not found" or "gone", and brings nothing but perhaps the reason."""
    response = wrapper.get("response")
    status = str(response.get("status")) if isinstance(response, dict) else ""
    brought = wrapper.get("resource")
    return status[:3] in {"404", "410"} and (brought is None or _type(brought) == "OperationOutcome")


def _bundle_with_care(raw: dict[str, Any]) -> Reading:
    entries: list[_Entry] = []
    unreadable: list[str] = []
    for item, mode in _items(_listed(raw.get("entry"))):
        resource = read_resource(item)
        if resource is None:
            unreadable.append(_type(item))
        else:
            entries.append(_Entry(resource, _Search(mode)))  # type: ignore[arg-type]  # any of AnyResource
    total = raw.get("total")
    reading = _bundle(
        _Bundle(
            total=total if isinstance(total, int) else None,
            link=tuple(_links(_listed(raw.get("link")))),
            entry=tuple(entries),
        )
    )
    return replace(reading, unreadable=tuple(unreadable))


def _listed(value: object) -> list[object]:
    """Return an array's items without nulls; anything else, if there at all, counts as the only item."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if item is not None]


def _items(entries: list[object]) -> Iterator[tuple[object, str | None]]:
    """Yield the resource of each entry with its search mode; what is no entry is yielded as it is."""
    for entry in entries:
        if not isinstance(entry, dict):
            yield entry, None
            continue
        item = entry.get("resource", entry if "resourceType" in entry else None)
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        if item is not None:
            yield item, mode if isinstance(mode, str) else None


def _links(links: list[object]) -> Iterator[_Link]:
    for link in links:
        if isinstance(link, dict):
            url = link.get("url")
            yield _Link(str(link.get("relation")), url if isinstance(url, str) else None)


def _type(item: object) -> str:
    name = item.get("resourceType") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def _mended(value: dict[str, Any], kind: type[Resource]) -> dict[str, Any]:
    """
    Wrap what is bare where R4 has a structure, and rename what Conditions had before R4.

    A lone object for an array: some clients send `reasonCode` so. A code for a concept: statuses
    of Conditions were codes. Without the renaming another patient's Condition would be nobody's.
    """
    arrays = _arrays(kind)
    mended = {key: _wrapped(key, item, is_array=key in arrays) for key, item in value.items()}
    if kind is Condition:
        for old, new in _ONCE_NAMED:
            if mended.get(new) is None and mended.get(old) is not None:
                mended[new] = mended[old]
    return mended


def _wrapped(key: str, item: object, *, is_array: bool) -> object:
    if is_array and isinstance(item, dict):
        return [item]
    if key in _ONCE_CODES and isinstance(item, str):
        return {"coding": [{"code": item}]}
    return item


@cache
def _arrays(kind: type[Resource]) -> frozenset[str]:
    """Return the names of a struct's arrays; kept, because working it out evaluates every annotation."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind) if field.default == ())
