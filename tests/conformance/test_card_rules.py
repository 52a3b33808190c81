"""What CDS Hooks asks of cards, held against every golden and every answer to a fixture request."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.card_rules import (
    RULES,
    actions_of,
    hollow,
    invalid_resources,
    problems_of_response,
    suggestions_of,
)
from tests.conformance.cases.callers import PATH
from tests.conformance.cases.contents import fixture_calls
from tests.conformance.cases.contexts import draft_of
from tests.conformance.house import FIXTURES, OPIOIDS, OXYCODONE
from tests.conformance.tokens import ISSUER, PUBLIC_URL, bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.house import House

    Json = dict[str, Any]

CHANGEABLE = {
    "priority",
    "dispenseRequest",
    "occurrencePeriod",
    "medicationCodeableConcept",
    "dosageInstruction",
}
RULES_EXTENSION = "org.lumbar-cds.rules"


def goldens() -> Iterator[Json]:
    """Yield every response that is kept as a golden."""
    for path in sorted((FIXTURES / "cards").glob("*.json")):
        yield from json.loads(path.read_text(encoding="utf-8")).values()


@pytest.fixture(scope="module")
def calls(houses: dict[str, House]) -> list[tuple[Json, Json]]:
    """Return request and response for each fixture request, at each service it wakes or might."""
    house = houses["httptools"]
    return [
        (house.body(stem, service_id), house.to_fixture(stem, service_id).json)
        for stem, service_id in fixture_calls(house, signed=True)
    ]


@pytest.fixture(scope="module")
def cards(calls: list[tuple[Json, Json]]) -> list[Json]:
    """Return every card there is, of goldens and of calls."""
    return [card for response in (*goldens(), *(answer for _, answer in calls)) for card in response["cards"]]


@pytest.mark.parametrize("rule_id", RULES)
def test_every_card_keeps_the_rule(rule_id: str, cards: list[Json]) -> None:
    """
    Each rule of `card_rules` holds for each card.

    CARD-01, CARD-02, CARD-03, CARD-04, CARD-05, CARD-06, CARD-07, CARD-08, CARD-09, CARD-10, CARD-11,
    CARD-12, CARD-13, CARD-14, CARD-15; SUG-01, SUG-02, SUG-03, SUG-04, SUG-05; ACT-01, ACT-02, ACT-03,
    ACT-04, ACT-05, ACT-06, ACT-08; COD-01, COD-02, COD-03.
    """
    problems = [problem for card in cards for problem in RULES[rule_id](card)]

    assert cards != []
    assert problems == []


def test_responses_hold_cards_and_nothing_else(calls: list[tuple[Json, Json]]) -> None:
    """RSP-01, GEN-02, GEN-03, SYS-01: no systemActions, no empty member, no attribute we do not know."""
    problems = [problem for _, answer in calls for problem in problems_of_response(answer)]

    assert problems == []


def _set(*path: str | int, to: object) -> Callable[[Json], None]:
    """Return what puts a value at a place of a card; a last name that begins with "-" is removed."""

    def change(card: Json) -> None:
        node: Any = card
        for step in path[:-1]:
            node = node[step]
        last = path[-1]
        if isinstance(last, str) and last.startswith("-"):
            del node[last[1:]]
        else:
            node[last] = to

    return change


_ACTION = ("suggestions", 0, "actions", 0)
BREAKS: dict[str, Callable[[Json], None]] = {
    "CARD-01": _set("uuid", to="1"),
    "CARD-02": _set("summary", to="x" * 140),
    "CARD-03": _set("detail", to="<b>bold</b>"),
    "CARD-04": _set("indicator", to="hard-stop"),
    "CARD-05": _set("source", to="LBP CDS"),
    "CARD-06": _set("source", "label", to=" "),
    "CARD-07": _set("source", "url", to="/evidence"),
    "CARD-08": _set("source", "icon", to="https://example.org/icon.png"),
    "CARD-09": _set("source", "-topic", to=None),
    "CARD-10": _set("suggestions", to=[]),
    "CARD-11": _set("-selectionBehavior", to=None),
    "CARD-12": _set("overrideReasons", 0, "-display", to=None),
    "CARD-13": _set("links", to=[{"label": "x", "url": "https://example.org", "type": "absolute"}]),
    "CARD-14": _set("extension", "rules", to=1),
    "CARD-15": _set("suggestions", 0, "isRecommended", to="yes"),
    "SUG-01": _set("suggestions", 0, "label", to=""),
    "SUG-02": _set("suggestions", 0, "-uuid", to=None),
    "SUG-03": _set("suggestions", 0, "isRecommended", to=1),
    "SUG-04": _set("suggestions", 0, "actions", to=[]),
    "SUG-05": _set("suggestions", 0, "actionSelectionBehavior", to="any"),
    "ACT-01": _set(*_ACTION, "type", to="remove"),
    "ACT-02": _set(*_ACTION, "-description", to=None),
    "ACT-03": _set(*_ACTION, to={"type": "create", "resource": {"resourceType": "Task", "id": "1"}}),
    "ACT-04": _set(*_ACTION, to={"type": "update", "resource": {"resourceType": "Task"}}),
    "ACT-05": _set(*_ACTION, to={"type": "delete", "resourceId": "draft-1"}),
    "ACT-06": _set(*_ACTION, to={"type": "delete", "resourceId": "Task/1", "resource": {"id": "1"}}),
    "ACT-08": _set("suggestions", 0, "actions", to=[{"type": "delete", "resourceId": "Task/1"}] * 2),
    "COD-01": _set("source", "topic", "-code", to=None),
    "COD-02": _set("overrideReasons", 0, "system", to="reasons"),
    "COD-03": _set("overrideReasons", 0, "display", to=""),
}


@pytest.mark.parametrize("rule_id", RULES)
def test_the_rule_finds_what_breaks_it(rule_id: str, house: House) -> None:
    """A rule that passes everything would prove nothing."""
    (card,) = house.open.call(house.body()).cards
    broken = copy.deepcopy(card)
    BREAKS[rule_id](broken)

    assert list(RULES[rule_id](card)) == []
    assert list(RULES[rule_id](broken)) != []


def test_cards_of_two_calls_have_different_uuids(house: House) -> None:
    """CARD-01: an id is for one card of one call."""
    body = house.body()
    first = house.open.call(body)
    second = house.open.call({**body, "hookInstance": "0d7b2a52-5c8f-4f5e-9d0e-3f1f0c5b6a01"})

    assert {card["uuid"] for card in first.cards}.isdisjoint(card["uuid"] for card in second.cards)


def test_the_source_leads_to_the_rule_and_not_to_the_patient(house: House) -> None:
    """CARD-07: an absolute URL of our page of rules."""
    (card,) = house.published.call(house.body()).cards

    assert card["source"]["url"] == f"{PUBLIC_URL}/evidence/imaging-without-red-flag"


def test_a_rule_has_one_topic_for_ever(cards: list[Json]) -> None:
    """CARD-09: clients remember by it what was overridden."""
    topics: dict[str, set[str]] = {}
    for card in cards:
        for rule_id in card["extension"].get(RULES_EXTENSION, {}).get("rules", ()):
            topics.setdefault(rule_id, set()).add(card["source"]["topic"]["code"])

    assert topics != {}
    assert {rule_id: codes for rule_id, codes in topics.items() if len(codes) > 1} == {}


def test_selection_behavior_is_what_the_client_takes(house: House) -> None:
    """CARD-11: `any` unless the registry says that a client knows only `at-most-one`."""
    found = {}
    for name in ("", "/picky"):
        token = house.signers.token(PATH, iss=ISSUER + name)
        (card,) = house.trusting.call(house.body(), headers=[bearer(token)]).cards
        found[name] = card["selectionBehavior"]

    assert found == {"": "any", "/picky": "at-most-one"}


def test_created_resources_are_valid_r4(cards: list[Json]) -> None:
    """ACT-03, GEN-05: a FHIR server would take each of them."""
    assert [kind for card in cards for kind in invalid_resources(card)] == []
    assert [action for card in cards for action in actions_of(card) if action["type"] == "create"] != []


def _targets(answer: Json) -> Iterator[tuple[str, Json | None]]:
    """Yield what each update and delete is about, with the updated resource."""
    for card in answer["cards"]:
        for action in actions_of(card):
            if action["type"] == "delete":
                yield action["resourceId"], None
            if action["type"] == "update":
                resource = action["resource"]
                yield f"{resource['resourceType']}/{resource['id']}", resource


def test_only_drafts_of_the_call_are_changed(calls: list[tuple[Json, Json]]) -> None:
    """ACT-04, ACT-07: and an update is the draft as it came, but for what it is about."""
    updates = 0
    for body, answer in calls:
        drafts = {f"{d['resourceType']}/{d['id']}": d for d in _drafts(body)}
        for reference, resource in _targets(answer):
            assert reference in drafts
            if resource is not None:
                before = drafts[reference]
                changed = {name for name in {*before, *resource} if before.get(name) != resource.get(name)}
                assert changed <= CHANGEABLE
                updates += 1

    assert updates > 0


def _drafts(body: Json) -> list[Json]:
    return [entry["resource"] for entry in body["context"].get("draftOrders", {"entry": []})["entry"]]


def test_replacing_a_drug_is_creating_and_deleting_one_of_a_kind(calls: list[tuple[Json, Json]]) -> None:
    """ACT-07: the new order is of the type of the old one."""
    replaced = [
        suggestion["actions"]
        for _, answer in calls
        for card in answer["cards"]
        for suggestion in suggestions_of(card)
        if {action["type"] for action in suggestion["actions"]} == {"create", "delete"}
    ]

    for actions in replaced:
        kinds = {action["resource"]["resourceType"] for action in actions if action["type"] == "create"}
        assert {a["resourceId"].partition("/")[0] for a in actions if a["type"] == "delete"} == kinds


def test_a_draft_of_another_fhir_version_is_deleted_or_left_alone(house: House) -> None:
    """ACT-09: nothing of R4 is written into a chart of STU3 or DSTU2."""
    imaging, opioid = house.body(), house.body(OXYCODONE, OPIOIDS)
    draft_of(imaging)["resourceType"] = "ProcedureRequest"
    imaging["context"]["selections"] = ["ProcedureRequest/draft-1"]
    draft_of(opioid)["resourceType"] = "MedicationOrder"
    opioid["context"]["selections"] = ["MedicationOrder/draft-1"]

    actions = [
        action
        for answered in (house.open.call(imaging), house.open.call(opioid, OPIOIDS))
        for card in answered.cards
        for action in actions_of(card)
    ]

    assert {action["type"] for action in actions} == {"delete"}


def test_there_are_no_system_actions(calls: list[tuple[Json, Json]]) -> None:
    """SYS-01, SYS-02: neither where CDS Hooks has them nor where PAMA looks for them."""
    assert "systemActions" not in json.dumps([answer for _, answer in calls])


def test_no_link_stands_in_the_text(cards: list[Json]) -> None:
    """CARD-03, LNK-06: a client may drop it there, and a click would lead who knows where."""
    texts = [card["detail"] for card in cards]

    assert [text for text in texts if "](" in text or "http://" in text or "https://" in text] == []


def test_nothing_in_the_fixtures_is_empty() -> None:
    """GEN-02: the goldens too were written by these rules."""
    places = [place for response in goldens() for place in hollow(response)]

    assert [place for place in places if place != ".cards"] == []


def test_every_rule_has_its_break() -> None:
    """The table above is complete."""
    assert set(BREAKS) == set(RULES)
