"""Searching: from the parameters of a query to the resources that answer it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from cds_service.sandbox.matching import Predicate, dated, predicate
from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.references import target
from cds_service.sandbox.resource_types import Resource
from cds_service.sandbox.search_parameters import INCLUDES, includes, parameters

Parameter = tuple[str, str]
Lookup = Callable[[str, str], Resource | None]

_COUNT = re.compile(r"\d{1,9}")
_JSON = frozenset({"json", "application/json", "application/fhir+json"})


@dataclass(frozen=True)
class SearchResult:
    """
    Everything that answers a query, before it is cut into pages.

    `matches` are in the order asked for. `included` are the resources that `_include` follows to, each
    once, without regard to pages. `total` counts the matches. `count` is the page size asked for, None
    if the query names none. `understood` are the parameters that took part, for the self link.
    """

    matches: tuple[Resource, ...]
    included: tuple[Resource, ...]
    total: int
    count: int | None
    understood: tuple[Parameter, ...]

    def page(self, start: int, size: int) -> "SearchResult":
        """Return `size` matches from position `start`, with what these matches include."""
        matches = self.matches[start : start + size]
        wanted = {pointed for _, pointed in _followed(matches, self._includes())}
        included = tuple(resource for resource in self.included if _identity(resource) in wanted)
        return replace(self, matches=matches, included=included)

    def _includes(self) -> list[str]:
        return _all("_include", self.understood)


def search(
    resources: Iterable[Resource],
    resource_type: str,
    query: Sequence[Parameter],
    lookup: Lookup,
    *,
    strict: bool = False,
) -> SearchResult:
    """
    Answer `query` from `resources`, all of `resource_type`; `lookup` finds what `_include` follows to.

    A repeated parameter narrows the search. A parameter that the type does not have is left out, or
    refused if `strict` (Prefer: handling=strict). Raises FhirError 400 for that, for a modifier (R4 wants
    these refused always), and for a value that cannot be read.
    """
    understood = _understood(resource_type, query, strict=strict)
    predicates = _predicates(resource_type, understood)
    found = [resource for resource in resources if all(matches(resource) for matches in predicates)]
    for order in _all("_sort", understood):
        found = _sorted(found, resource_type, order)
    return SearchResult(
        matches=tuple(found),
        included=_included(found, _all("_include", understood), lookup),
        total=len(found),
        count=_count(_all("_count", understood)),
        understood=understood,
    )


def _understood(resource_type: str, query: Sequence[Parameter], *, strict: bool) -> tuple[Parameter, ...]:
    for name, value in query:
        if strict and not _takes_part(resource_type, name, value):
            reason = f"Search of {resource_type} does not support parameter '{_shown(name)}' with this value."
            raise FhirError(400, Issue("not-supported", reason))
    return tuple((name, value) for name, value in query if _takes_part(resource_type, name, value))


def _takes_part(resource_type: str, name: str, value: str) -> bool:
    """Tell whether the sandbox acts on `name=value`; a parameter without a value asks for nothing."""
    plain, colon, _ = name.partition(":")
    known = parameters(resource_type)
    if colon and (plain in known or plain in _CONTROLS):
        raise FhirError(400, Issue("not-supported", f"Parameter '{plain}' takes no modifier here."))
    if name in _CONTROLS:
        return _CONTROLS[name](resource_type, value)
    return name in known and bool(value)


def _shown(name: str) -> str:
    """Return a parameter name as the error may repeat it: names only, nothing that could be a value."""
    return name if re.fullmatch(r"[\w:.-]{1,64}", name) else "(unreadable)"


def _can_sort(resource_type: str, value: str) -> bool:
    parameter = parameters(resource_type).get(value.removeprefix("-"))
    return parameter is not None and parameter.kind == "date"


_CONTROLS: dict[str, Callable[[str, str], bool]] = {
    "_count": lambda _type, value: bool(value),
    "_sort": _can_sort,
    "_include": lambda resource_type, value: _include_name(value) in includes(resource_type),
    "_format": lambda _type, value: value in _JSON,
}


def _include_name(value: str) -> str:
    return value.removesuffix(":Medication")


def _predicates(resource_type: str, understood: Sequence[Parameter]) -> list[Predicate]:
    known = parameters(resource_type)
    return [predicate(name, known[name], value) for name, value in understood if name in known]


def _all(name: str, understood: Sequence[Parameter]) -> list[str]:
    return [value for given, value in understood if given == name]


def _count(values: list[str]) -> int | None:
    if not values:
        return None
    if not _COUNT.fullmatch(values[-1]):
        raise FhirError(400, Issue("value", "Parameter '_count' takes a whole number, zero or more."))
    return int(values[-1])


def _sorted(found: list[Resource], resource_type: str, order: str) -> list[Resource]:
    """Sort by the start of the date; equal dates keep their order, undated resources come last."""
    parameter = parameters(resource_type)[order.removeprefix("-")]
    times = [(dated(resource, parameter), resource) for resource in found]
    known = [(time.start, resource) for time, resource in times if time is not None]
    known.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    return [resource for _, resource in known] + [resource for time, resource in times if time is None]


def _followed(matches: Iterable[Resource], asked: list[str]) -> list[tuple[str, tuple[str, str]]]:
    """Return the references that `_include` follows from `matches`, as (include, (type, id))."""
    found = []
    for name in dict.fromkeys(_include_name(value) for value in asked):
        for resource in matches:
            link = resource.get(INCLUDES[name])
            pointed = target(link.get("reference")) if isinstance(link, dict) else None
            if pointed is not None:
                found.append((name, pointed))
    return found


def _included(matches: Iterable[Resource], asked: list[str], lookup: Lookup) -> tuple[Resource, ...]:
    pointed = dict.fromkeys(identity for _, identity in _followed(matches, asked))
    return tuple(resource for identity in pointed if (resource := lookup(*identity)) is not None)


def _identity(resource: Resource) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]
