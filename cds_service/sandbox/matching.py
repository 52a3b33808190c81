"""Predicates: what one search parameter with one value asks of a resource."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cds_service.sandbox.intervals import Interval, comparison, interval, period
from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.references import target
from cds_service.sandbox.resource_types import Resource
from cds_service.sandbox.search_parameters import SearchParameter

Predicate = Callable[[Resource], bool]

_COMMA = re.compile(r"(?<!\\),")
_PIPE = re.compile(r"(?<!\\)\|")
_ESCAPE = re.compile(r"\\([,|$\\])")


class _Token(NamedTuple):
    """
    A code to find or a code found.

    Found, `system` is "" for a coding without one and None for a plain code element, whose system FHIR
    does not write down. Wanted, None asks for any system; `code` None asks for any code of the system.
    """

    system: str | None
    code: str | None


def predicate(name: str, parameter: SearchParameter, value: str) -> Predicate:
    """
    Return the test for `name=value`; commas in the value are alternatives.

    Raises FhirError 400 naming the parameter if a date cannot be read.
    """
    alternatives = [_CHOICES[parameter.kind](name, parameter, part) for part in _COMMA.split(value)]
    return lambda resource: any(matches(resource) for matches in alternatives)


def dated(resource: Resource, parameter: SearchParameter) -> Interval | None:
    """Return the time of the first of the parameter's elements that the resource has, None if undated."""
    for path in parameter.elements:
        for value in _values(resource, path):
            return _time(value)
    return None


def _values(node: object, path: str) -> Iterator[object]:
    """Yield what stands at a dotted path, each item of a list by itself."""
    if isinstance(node, list):
        for item in node:
            yield from _values(item, path)
    elif not path:
        yield node
    elif isinstance(node, dict):
        name, _, rest = path.partition(".")
        if name in node:
            yield from _values(node[name], rest)


def _time(value: object) -> Interval | None:
    if isinstance(value, dict):
        return period(value)
    return interval(value) if isinstance(value, str) else None


def _token_choice(_name: str, parameter: SearchParameter, text: str) -> Predicate:
    wanted = _wanted(text)
    return lambda resource: any(
        _is(found, wanted)
        for path in parameter.elements
        for value in _values(resource, path)
        for found in _tokens(value)
    )


def _wanted(text: str) -> _Token:
    parts = [_ESCAPE.sub(r"\1", part) for part in _PIPE.split(text, maxsplit=1)]
    return _Token(None, parts[0]) if len(parts) == 1 else _Token(parts[0], parts[1] or None)


def _tokens(value: object) -> Iterator[_Token]:
    if isinstance(value, str):
        yield _Token(None, value)
    elif isinstance(value, dict):
        for coding in _values(value, "coding") if "coding" in value else (value,):
            if isinstance(coding, dict):
                yield _Token(coding.get("system", ""), coding.get("code"))


def _is(found: _Token, wanted: _Token) -> bool:
    same_system = wanted.system is None or found.system is None or found.system == wanted.system
    return same_system and (wanted.code is None or found.code == wanted.code)


def _reference_choice(_name: str, parameter: SearchParameter, text: str) -> Predicate:
    wanted = text if "/" in text or not parameter.target else f"{parameter.target}/{text}"
    return lambda resource: any(
        _points_at(value.get("reference"), wanted, parameter.target)
        for path in parameter.elements
        for value in _values(resource, path)
        if isinstance(value, dict)
    )


def _points_at(reference: object, wanted: str, only_type: str) -> bool:
    if isinstance(reference, str) and wanted not in reference:
        return False  # nearly all resources of the server belong to somebody else
    found = target(reference)
    if found is None:
        return reference == wanted
    return wanted in ("/".join(found), found[1]) and only_type in ("", found[0])


def _date_choice(name: str, parameter: SearchParameter, text: str) -> Predicate:
    compare = comparison(text)
    if compare is None:
        reason = f"Parameter '{name}' takes a date with one of the prefixes eq, gt, lt, ge, le or none."
        raise FhirError(400, Issue("value", reason))

    def matches(resource: Resource) -> bool:
        found = dated(resource, parameter)
        return found is not None and compare(found)

    return matches


_CHOICES: dict[str, Callable[[str, SearchParameter, str], Predicate]] = {
    "token": _token_choice,
    "reference": _reference_choice,
    "date": _date_choice,
}
