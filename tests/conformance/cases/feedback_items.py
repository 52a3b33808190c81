"""E-117 to E-126: feedback. What each row sends is told in edge_cases.md."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.conformance.cases.registry import case
from tests.conformance.phrases import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

_WHEN = "2026-11-01T10:00:00Z"
_REASON = {"code": "other", "system": "http://example.org/reasons", "display": "Other"}


def accepted(**members: object) -> Json:
    """Return an item that accepts a suggestion."""
    taken = {"acceptedSuggestions": [{"id": str(uuid4())}], "outcomeTimestamp": _WHEN}
    return {"card": str(uuid4()), "outcome": "accepted", **taken, **members}


def overridden(**members: object) -> Json:
    """Return an item that overrides a card."""
    return {"card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": _WHEN, **members}


def _sent(house: House, *items: object) -> Iterator[Answered]:
    """Send each item as feedback of its own, and note what the audit trail keeps of it."""
    for item in items:
        yield _batch(house, {"feedback": [item]}, 1)


def _batch(house: House, body: object, expected: int) -> Answered:
    before = len(house.open.lines())
    answered = house.open.feedback(body)
    added = house.open.lines()[before:]
    facts = {
        "recorded": len(added) == expected and not any(SECRET in line for line in added),
        "nothing recorded": added == [],
    }
    return replace(answered, facts=facts)


@case("E-117")
def _usual(house: House) -> Iterator[Answered]:
    reason = {"reason": _REASON, "userComment": SECRET}
    comment = {"userComment": SECRET}
    yield from _sent(
        house, accepted(), overridden(), overridden(overrideReason=reason), overridden(overrideReason=comment)
    )


@case("E-118")
def _no_array(house: House) -> Iterator[Answered]:
    for body in ({}, {"feedback": None}, {"feedback": accepted()}, {"feedback": SECRET}, [], [accepted()]):
        yield _batch(house, body, 0)
    yield from _sent(house, "x", None, 5, [accepted()])


@case("E-119")
def _nothing(house: House) -> Iterator[Answered]:
    yield _batch(house, {"feedback": []}, 0)


@case("E-120")
def _odd_outcomes(house: House) -> Iterator[Answered]:
    yield from _sent(house, accepted(outcome="ignored"), accepted(outcome=None), accepted(outcome=SECRET))
    yield from _sent(house, accepted(acceptedSuggestions=[]), accepted(acceptedSuggestions=None))


@case("E-121")
def _nameless_suggestions(house: House) -> Iterator[Answered]:
    nameless: tuple[list[object], ...] = ([{}], [{"id": ""}], [{"id": None}], [{"uuid": "x"}], ["x"])
    for suggestions in nameless:
        yield from _sent(house, accepted(acceptedSuggestions=suggestions))


@case("E-122")
def _bare_reason(house: House) -> Iterator[Answered]:
    yield from _sent(house, overridden(overrideReason={"reason": {"code": "other"}}))


@case("E-123a")
def _odd_times(house: House) -> Iterator[Answered]:
    for when in (
        "2020-12-11",
        "10:00",
        "yesterday",
        "",
        None,
        5,
        True,
        "2020-12-11T10:00:00",
        "1607680800",
        "2020-13-41T10:00:00Z",
    ):
        yield from _sent(house, overridden(outcomeTimestamp=when))


@case("E-123b")
def _other_times(house: House) -> Iterator[Answered]:
    for when in ("2026-11-01T12:00:00+02:00", "2026-11-01T10:00:00.123Z", "2026-11-01T10:00:00.123456-05:30"):
        yield from _sent(house, overridden(outcomeTimestamp=when))


@case("E-124")
def _repeated(house: House) -> Iterator[Answered]:
    same = accepted(card="no card of ours")
    yield from _sent(house, same, same)
    yield _batch(house, {"feedback": [overridden() for _ in range(1000)]}, 1000)


@case("E-125")
def _unknown_service(house: House) -> Iterator[Answered]:
    yield house.open.feedback({"feedback": [accepted()]}, "lbp-imaging")


@case("E-126")
def _one_bad(house: House) -> Iterator[Answered]:
    yield _batch(house, {"feedback": [accepted(), overridden(), overridden(outcome=SECRET)]}, 0)
