"""Feedback: which bodies are taken, what is kept of them, and which field an error names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.errors import MalformedRequestError
from cds_service.feedback import parse_feedback

OVERRIDDEN: dict[str, Any] = {
    "card": "c-1",
    "outcome": "overridden",
    "outcomeTimestamp": "2026-11-01T10:00:00Z",
}
ACCEPTED = {**OVERRIDDEN, "outcome": "accepted", "acceptedSuggestions": [{"id": "s-1"}, {"id": "s-2"}]}
REMOVED = object()


def parsed(*items: object) -> list[dict[str, Any]]:
    """Return what may be logged of these items."""
    return parse_feedback(json.dumps({"feedback": items}).encode())


def altered(item: dict[str, Any], **changes: object) -> dict[str, Any]:
    """Return the item with members changed or REMOVED."""
    return {name: value for name, value in {**item, **changes}.items() if value is not REMOVED}


def test_an_accepted_card_keeps_its_suggestions() -> None:
    """By their uuids."""
    assert parsed(ACCEPTED) == [
        {
            "card": "c-1",
            "outcome": "accepted",
            "at": "2026-11-01T10:00:00+00:00",
            "suggestions": ["s-1", "s-2"],
        }
    ]


def test_an_overridden_card_keeps_its_reason_and_loses_its_comment() -> None:
    """The comment is free text that may name a patient."""
    reason = {
        "reason": {"code": "other", "system": "http://x.example", "display": "Other"},
        "userComment": "Jane",
    }

    (item,) = parsed(altered(OVERRIDDEN, overrideReason=reason))

    assert item["reason"] == "other"
    assert "Jane" not in str(item)


@pytest.mark.parametrize(
    "item",
    [
        OVERRIDDEN,
        altered(OVERRIDDEN, overrideReason={"userComment": "seen elsewhere"}),
        altered(OVERRIDDEN, overrideReason={"reason": {"code": "other"}}),
        altered(OVERRIDDEN, overrideReason=None, extension={"x": 1}),
        altered(OVERRIDDEN, outcomeTimestamp="2026-11-01T10:00:00.123+02:00"),
        altered(ACCEPTED, card="never heard of"),
    ],
)
def test_what_real_clients_send_is_taken(item: dict[str, Any]) -> None:
    """No reason, a comment alone, a reason without system, any offset, an unknown card."""
    assert [kept["card"] for kept in parsed(item)] == [item["card"]]


def test_any_number_of_items_is_taken() -> None:
    """None, many, and the same one twice."""
    assert parsed() == []
    assert len(parsed(*[OVERRIDDEN] * 1000)) == 1000


def test_a_byte_order_mark_is_forgiven() -> None:
    """As in calls."""
    body = json.dumps({"feedback": [OVERRIDDEN]}).encode()

    assert len(parse_feedback(b"\xef\xbb\xbf" + body)) == 1


@pytest.mark.parametrize(
    ("place", "item"),
    [
        ("feedback.0.card", altered(OVERRIDDEN, card=REMOVED)),
        ("feedback.0.card", altered(OVERRIDDEN, card="")),
        ("feedback.0.card", altered(OVERRIDDEN, card=5)),
        ("feedback.0.card", altered(OVERRIDDEN, card="x" * 501)),
        ("feedback.0.outcome", altered(OVERRIDDEN, outcome="ignored")),
        ("feedback.0.outcome", altered(OVERRIDDEN, outcome=REMOVED)),
        ("feedback.0.outcomeTimestamp", altered(OVERRIDDEN, outcomeTimestamp=REMOVED)),
        ("feedback.0.outcomeTimestamp", altered(OVERRIDDEN, outcomeTimestamp="2026-11-01")),
        ("feedback.0.outcomeTimestamp", altered(OVERRIDDEN, outcomeTimestamp="2026-11-01T10:00:00")),
        ("feedback.0.outcomeTimestamp", altered(OVERRIDDEN, outcomeTimestamp="yesterday")),
        ("feedback.0", altered(ACCEPTED, acceptedSuggestions=REMOVED)),
        ("feedback.0", altered(ACCEPTED, acceptedSuggestions=[])),
        ("feedback.0.acceptedSuggestions.1.id", altered(ACCEPTED, acceptedSuggestions=[{"id": "s"}, {}])),
        ("feedback.0.overrideReason", altered(OVERRIDDEN, overrideReason={})),
        ("feedback.0.overrideReason.reason.code", altered(OVERRIDDEN, overrideReason={"reason": {}})),
        ("feedback.0", "card"),
        ("feedback.0", None),
    ],
)
def test_a_wrong_item_is_refused_at_its_place(place: str, item: object) -> None:
    """The error names the field as it is written on the wire, and never its value."""
    with pytest.raises(MalformedRequestError) as caught:
        parsed(item)

    assert caught.value.expression == place
    assert "yesterday" not in caught.value.message


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("feedback", b"{}"),
        ("feedback", b'{"feedback": {}}'),
        ("feedback", b'{"feedback": null}'),
        ("", b"[]"),
        ("", b"{"),
    ],
)
def test_a_body_without_its_array_is_refused(place: str, body: bytes) -> None:
    """Missing, of another type, or no JSON object at all."""
    with pytest.raises(MalformedRequestError) as caught:
        parse_feedback(body)

    assert caught.value.expression == place


def test_one_wrong_item_refuses_all() -> None:
    """Half a batch would be counted twice when the client sends it again."""
    with pytest.raises(MalformedRequestError):
        parsed(OVERRIDDEN, altered(OVERRIDDEN, outcome="ignored"))
