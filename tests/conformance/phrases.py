"""
The words of the column `answer` in edge_cases.md, and what each of them checks.

A cell is a status and phrases, separated by a semicolon and a blank. A phrase that is none of these names a
fact that the case itself observed, such as "the other server was not asked".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from coverage import Coverage

from tests.conformance.card_rules import problems_of_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Check = Callable[[Answered, str, House], bool]

SECRET = "Jane-Doe-4711"  # noqa: S105 - a name to look for, no password


def _slowness() -> int:
    """Return how much more time a service may take that is traced for coverage, line by line."""
    return 4 if Coverage.current() else 1


def problems(answered: Answered, cell: str, house: House) -> list[str]:
    """Return what in an answer differs from the cell, and what in it no answer may have; [] when right."""
    status, *phrases = (part.strip() for part in cell.split("; "))
    found = [f"status {answered.status} instead of {status}"] if str(answered.status) != status else []
    found += [phrase for phrase in phrases if not _holds(answered, phrase, house)]
    return [*found, *_always(answered)]


def _holds(answered: Answered, phrase: str, house: House) -> bool:
    for pattern, check in _PHRASES.items():
        match = re.fullmatch(pattern, phrase)
        if match:
            return check(answered, match[1] if match.groups() else "", house)
    return answered.facts.get(phrase, False)


def _always(answered: Answered) -> Iterator[str]:
    """Yield what is wrong with any answer of this kind: cards that break rules, errors that tell too much."""
    if answered.status >= 300:
        yield from _of_error(answered)
    elif answered.is_json and "cards" in answered.json:
        yield from problems_of_response(answered.json)
    if SECRET in answered.body.decode(errors="replace") + json.dumps(dict(answered.headers)):
        yield "it repeats what was sent"


def _of_error(answered: Answered) -> Iterator[str]:
    media_type = answered.headers.get("content-type")
    if media_type != "application/fhir+json":
        yield f"an error of media type {media_type}"
    elif answered.json.get("resourceType") != "OperationOutcome":
        yield "an error that is no OperationOutcome"
    elif not answered.issue.get("severity") or not answered.issue.get("code"):
        yield "an OperationOutcome whose issue lacks severity or code"


def without_uuids(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value without its members `uuid`."""
    if isinstance(node, dict):
        return {name: without_uuids(value) for name, value in node.items() if name != "uuid"}
    return [without_uuids(value) for value in node] if isinstance(node, list) else node


def _as_usual(answered: Answered, _argument: str, house: House) -> bool:
    usual = house.usual(answered.path)
    return bool(usual.cards) and without_uuids(answered.json) == without_uuids(usual.json)


def _header(answered: Answered, argument: str, _house: House) -> bool:
    name, _, wanted = argument.partition(": ")
    given = answered.headers.get(name.lower(), "")
    return _words(wanted) == _words(given)


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",")}


def _actions(answered: Answered) -> list[str]:
    return [
        action["type"]
        for card in answered.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def _details(answered: Answered) -> str:
    return "\n".join(card["summary"] + "\n" + card["detail"] for card in answered.cards)


_PHRASES: dict[str, Check] = {
    "no cards": lambda a, _argument, _house: a.json == {"cards": []},
    "cards (.+)": lambda a, argument, _house: a.topics == argument.split(", "),
    "card (.+)": lambda a, argument, _house: argument in a.topics,
    "no card (.+)": lambda a, argument, _house: argument not in a.topics,
    "no warning": lambda a, _argument, _house: all(card["indicator"] == "info" for card in a.cards),
    "as usual": _as_usual,
    "says (.+)": lambda a, argument, _house: argument in _details(a),
    "does not say (.+)": lambda a, argument, _house: argument not in _details(a),
    "only delete": lambda a, _argument, _house: set(_actions(a)) == {"delete"},
    "no update, no delete": lambda a, _argument, _house: not {"update", "delete"} & set(_actions(a)),
    "code (.+)": lambda a, argument, _house: a.issue.get("code") == argument,
    "at (.+)": lambda a, argument, _house: a.issue.get("expression") == [argument],
    "names (.+)": lambda a, argument, _house: all(
        word in a.issue.get("diagnostics", "") for word in argument.split(", ")
    ),
    "header (.+)": _header,
    "no header (.+)": lambda a, argument, _house: argument.lower() not in a.headers,
    "no body": lambda a, _argument, _house: a.body == b"",
    "asks nobody": lambda a, _argument, _house: a.asked == (),
    "asks for (.+)": lambda a, argument, _house: list(a.asked) == argument.split(", "),
    r"within (\d+) s": lambda a, argument, _house: a.seconds < int(argument) * _slowness(),
}
