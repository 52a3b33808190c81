"""The messages of a card: each limit of CDS Hooks 2.0.1, with one that keeps it and ones that break it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cds_service.cards import (
    SUMMARY_LIMIT,
    Action,
    Card,
    Coding,
    Link,
    OverrideReason,
    Source,
    Suggestion,
)

CARD, FIRST, SECOND = (f"d1577c69-dfbe-44ad-ba6d-3e05e953b2e{n}" for n in range(3))
SYSTEM = "http://example.org/codes"
TOPIC = {"system": SYSTEM, "code": "imaging"}
REASON = {"system": SYSTEM, "code": "other", "display": "Other reason"}
DELETE = {"type": "delete", "description": "Remove", "resourceId": "ServiceRequest/a"}
BUTTON = {"label": "Remove", "uuid": FIRST, "actions": [DELETE]}
DRAFT = {"resourceType": "ServiceRequest", "status": "draft"}
CHOSEN = {"selectionBehavior": "any"}
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
CONTROLS = "\x00\x07\t\x1f\x7f\x9f\u202e\u2066"


def _card(**members: Any) -> Card:  # noqa: ANN401 - the members of Card
    usual = {
        "uuid": CARD,
        "summary": "Think first",
        "indicator": "info",
        "detail": "Because.",
        "source": {"label": "Guideline", "topic": TOPIC},
    }
    return Card.model_validate({**usual, **members})


def _refused(**members: Any) -> bool:  # noqa: ANN401 - the members of Card
    try:
        _card(**members)
    except ValidationError:
        return True
    return False


@given(st.text(st.characters() | st.sampled_from(LINE_BREAKS + CONTROLS), max_size=200))
def test_a_summary_is_one_short_line_or_there_is_no_card(text: str) -> None:
    """CARD-02: under 140 code points, no line break of any kind, no control character, trimmed."""
    odd = any(character in text for character in CONTROLS) or len(text.splitlines()) > 1
    kept = not _refused(summary=text)

    assert not (kept and (odd or text != text.strip() or not 0 < len(text) <= SUMMARY_LIMIT))
    assert kept or not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9 ]{0,137}[A-Za-z0-9])?", text)


@pytest.mark.parametrize(
    ("character", "length", "kept"), [("x", 139, True), ("x", 140, False), ("🩻", 139, True)]
)
def test_a_summary_is_measured_in_code_points(character: str, length: int, *, kept: bool) -> None:
    """CARD-02, E-112: 139 of them fit whatever bytes they take, 140 do not."""
    assert _refused(summary=character * length) is not kept


@pytest.mark.parametrize("character", [*LINE_BREAKS, *CONTROLS, "\ud800"])
def test_a_summary_holds_no_control_character(character: str) -> None:
    """CARD-02: none that breaks the line, is invisible, or turns the text around."""
    assert _refused(summary=f"Think{character}first")


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        ({"uuid": CARD}, {"uuid": "card-1"}),
        ({"uuid": CARD}, {"uuid": f"{CARD}\n"}),
        ({"uuid": CARD}, {"uuid": CARD.upper()}),
        ({"detail": "- One\n- Two"}, {"detail": ""}),
        ({"detail": "- One\n- Two"}, {"detail": " \n "}),
        ({"detail": "- One\n- Two"}, {"detail": "- One\r- Two\x07"}),
        ({"indicator": "critical"}, {"indicator": "hard-stop"}),
        ({"extension": {"org.example.x": 0}}, {"extension": {}}),
        ({"extension": {"org.example.x": 0}}, {"extension": {"x": 0}}),
        ({"extension": {"org.example.x": [{"a": False}]}}, {"extension": {"org.example.x": [{"a": None}]}}),
        ({"extension": {"org.example.x": [1]}}, {"extension": {"org.example.x": [None]}}),
        ({"extension": {"org.example.x": {"a": " "}}}, {"extension": {"org.example.x": {"a": ""}}}),
        ({}, {"unknown": 1}),
        ({}, {"links": []}),
        ({}, {"overrideReasons": []}),
    ],
)
def test_the_members_of_a_card(kept: dict[str, Any], broken: dict[str, Any]) -> None:
    """CARD-01, CARD-03, CARD-04, CARD-14, GEN-02: what may be said, and the same said amiss."""
    assert not _refused(**kept)
    assert _refused(**broken)


@pytest.mark.parametrize(
    ("members", "kept"),
    [
        ({}, True),
        ({"suggestions": [BUTTON], **CHOSEN}, True),
        ({"suggestions": [BUTTON], "selectionBehavior": "at-most-one"}, True),
        ({"suggestions": [BUTTON]}, False),
        (CHOSEN, False),
        ({"suggestions": [], **CHOSEN}, False),
        ({"suggestions": [BUTTON], "selectionBehavior": "all"}, False),
    ],
)
def test_selection_behavior_goes_with_suggestions(members: dict[str, Any], *, kept: bool) -> None:
    """CARD-10, CARD-11: with them always, without them never, and one of the two that 2.0.1 knows."""
    assert _refused(**members) is not kept


@pytest.mark.parametrize("behavior", ["any", "at-most-one"])
@pytest.mark.parametrize(("recommended", "kept"), [((), True), ((FIRST,), True), ((FIRST, SECOND), False)])
def test_at_most_one_suggestion_is_recommended(
    behavior: str, recommended: tuple[str, ...], *, kept: bool
) -> None:
    """CARD-15, SUG-03: whatever the client may select."""
    buttons = [
        {**BUTTON, "uuid": uuid, **({"isRecommended": True} if uuid in recommended else {})}
        for uuid in (FIRST, SECOND)
    ]

    assert _refused(suggestions=buttons, selectionBehavior=behavior) is not kept


def test_feedback_can_tell_suggestions_and_reasons_apart() -> None:
    """No uuid and no reason occurs twice in a card."""
    second = {**BUTTON, "uuid": SECOND}

    assert not _refused(suggestions=[BUTTON, second], overrideReasons=[REASON], **CHOSEN)
    assert _refused(suggestions=[BUTTON, BUTTON], **CHOSEN)
    assert _refused(suggestions=[{**BUTTON, "uuid": CARD}], **CHOSEN)
    assert _refused(overrideReasons=[REASON, {**REASON, "display": "Another word for it"}])


@pytest.mark.parametrize("member", ["system", "code", "display"])
@pytest.mark.parametrize("value", [None, "", "two\nlines"])
def test_an_override_reason_says_all_three(member: str, value: str | None) -> None:
    """CARD-12, COD-01, COD-02, COD-03: system, code and display, each of them filled."""
    assert OverrideReason.model_validate(REASON).wire() == REASON
    with pytest.raises(ValidationError):
        OverrideReason.model_validate({**REASON, member: value})


def test_a_topic_has_system_and_code() -> None:
    """CARD-09, COD-01, COD-02: a display may be missing; a system is a URI."""
    assert Coding.model_validate(TOPIC).wire() == TOPIC
    assert Coding.model_validate({**TOPIC, "system": "urn:oid:1.2.3"}).system == "urn:oid:1.2.3"
    for broken in (
        {"code": "x"},
        {"system": SYSTEM},
        {**TOPIC, "system": "codes"},
        {**TOPIC, "version": "1"},
    ):
        with pytest.raises(ValidationError):
            Coding.model_validate(broken)


def test_a_source_has_a_label_and_a_topic() -> None:
    """CARD-05, CARD-06, CARD-09: neither may be missing."""
    whole = {"label": "Guideline", "topic": TOPIC}

    assert Source.model_validate(whole).wire() == whole
    for broken in ({"label": "Guideline"}, {"topic": TOPIC}, {**whole, "label": ""}, {**whole, "label": " "}):
        with pytest.raises(ValidationError):
            Source.model_validate(broken)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://cds.example.org/evidence#rule", True),
        ("http://127.0.0.1:8080", True),
        ("/evidence", False),
        ("cds.example.org/evidence", False),
        ("https://", False),
        ("https:///evidence", False),
        ("javascript:alert(1)", False),
        ("https://cds.example.org/a b", False),
    ],
)
def test_urls_are_absolute(url: str, *, kept: bool) -> None:
    """CARD-07, LNK-02: scheme, host, no blank."""
    assert _refused(source={"label": "Guideline", "url": url, "topic": TOPIC}) is not kept
    assert _refused(links=[{"label": "More", "url": url, "type": "absolute"}]) is not kept


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"type": "smart"}, True),
        ({"type": "smart", "appContext": "step=2"}, True),
        ({"appContext": "step=2"}, False),
        ({"type": "smart", "appContext": ""}, False),
        ({"type": "relative"}, False),
        ({"label": ""}, False),
        ({"type": "smart", "autolaunchable": True}, False),
    ],
)
def test_links_lead_to_a_page_or_an_app(changes: dict[str, Any], *, kept: bool) -> None:
    """LNK-01, LNK-03, LNK-04, LNK-05: appContext goes with smart only, and nothing launches by itself."""
    link = {"label": "More", "url": "https://cds.example.org", "type": "absolute", **changes}

    assert _refused(links=[link]) is not kept


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"label": ""}, False),
        ({"label": "two\nlines"}, False),
        ({"uuid": ""}, False),
        ({"uuid": "suggestion-1"}, False),
        ({"actions": []}, False),
        ({"actions": None}, False),
        ({"actionSelectionBehavior": "any"}, False),
    ],
)
def test_a_suggestion_is_a_button_with_actions(changes: dict[str, Any], *, kept: bool) -> None:
    """SUG-01, SUG-02, SUG-04, SUG-05, E-113: label, uuid, at least one action, and no behaviour of 3.0."""
    assert _refused(suggestions=[{**BUTTON, **changes}], **CHOSEN) is not kept


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ({"type": "create", "resource": DRAFT}, True),
        ({"type": "update", "resource": {**DRAFT, "id": "a"}}, True),
        ({"type": "delete", "resourceId": "ServiceRequest/a"}, True),
        ({"type": "replace", "resource": DRAFT}, False),
        ({"type": "create"}, False),
        ({"type": "create", "resource": {}}, False),
        ({"type": "create", "resource": {"status": "draft"}}, False),
        ({"type": "create", "resource": {**DRAFT, "resourceType": "service request"}}, False),
        ({"type": "create", "resource": {**DRAFT, "id": "a"}}, False),
        ({"type": "create", "resourceId": "ServiceRequest/a"}, False),
        ({"type": "create", "resource": {**DRAFT, "note": [{"text": ""}]}}, False),
        ({"type": "update", "resource": DRAFT}, False),
        ({"type": "update", "resource": {**DRAFT, "id": ""}}, False),
        ({"type": "update", "resource": {**DRAFT, "id": "a b"}}, False),
        ({"type": "update", "resource": {**DRAFT, "id": "a"}, "resourceId": "ServiceRequest/a"}, False),
        ({"type": "update", "resource": {**DRAFT, "id": "a", "note": None}}, False),
        ({"type": "delete"}, False),
        ({"type": "delete", "resource": DRAFT}, False),
        ({"type": "delete", "resource": DRAFT, "resourceId": "ServiceRequest/a"}, False),
        ({"type": "delete", "resourceId": "a"}, False),
        ({"type": "delete", "resourceId": "ServiceRequest/a/b"}, False),
        ({"type": "delete", "resourceId": "ServiceRequest/a\n"}, False),
        ({"type": "delete", "resourceId": "http://ehr/ServiceRequest/a"}, False),
    ],
)
def test_an_action_carries_what_its_type_asks_for(action: dict[str, Any], *, kept: bool) -> None:
    """ACT-01, ACT-03 to ACT-06, E-113: create without id, update whole with id, delete by reference only."""
    try:
        Action.model_validate({"description": "Change", **action})
    except ValidationError:
        assert not kept
    else:
        assert kept


@pytest.mark.parametrize("description", [None, "", " ", "\n"])
def test_an_action_says_what_it_does(description: str | None) -> None:
    """ACT-02, E-113: in words."""
    with pytest.raises(ValidationError):
        Action.model_validate({**DELETE, "description": description})


def test_an_update_keeps_the_nulls_that_fhir_means() -> None:
    """GEN-05, E-115: the place-holder in an array of primitives is data, not an empty member."""
    resource = {**DRAFT, "id": "a", "instruction": ["x", None], "_instruction": [None, {"id": "y"}]}
    action = Action(type="update", description="Change", resource=resource)

    assert action.wire() == {"type": "update", "description": "Change", "resource": resource}


def test_members_without_value_are_left_out() -> None:
    """GEN-02, GEN-03, E-115: nothing is null on the wire."""
    wire = _card(
        suggestions=[BUTTON], links=[{"label": "More", "url": "https://a.b", "type": "smart"}], **CHOSEN
    ).wire()

    assert wire == {
        "uuid": CARD,
        "summary": "Think first",
        "indicator": "info",
        "detail": "Because.",
        "source": {"label": "Guideline", "topic": TOPIC},
        "suggestions": [BUTTON],
        "selectionBehavior": "any",
        "links": [{"label": "More", "url": "https://a.b", "type": "smart"}],
    }


def test_what_is_amiss_is_told_without_repeating_it() -> None:
    """An error reaches a log; what the EHR sent does not."""
    with pytest.raises(ValidationError) as caught:
        Action.model_validate({"type": "update", "description": "x", "resource": {**DRAFT, "id": "Jane Doe"}})

    assert "Jane" not in str(caught.value)


def test_messages_are_models_of_their_own() -> None:
    """What is built is what is sent: field names in Python, CDS Hooks' names on the wire."""
    button = Suggestion(
        label="Remove",
        uuid=FIRST,
        actions=[Action(type="delete", description="Remove", resource_id="ServiceRequest/a")],
    )
    link = Link(label="App", url="https://a.b", type="smart", app_context="x")

    assert button.wire() == BUTTON
    assert link.wire() == {"label": "App", "url": "https://a.b", "type": "smart", "appContext": "x"}
