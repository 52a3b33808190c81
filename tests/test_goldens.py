"""
Golden cards: what the service answers to each request of the fixtures, whole and to the letter.

`pytest --update-goldens` rewrites them; the diff is then for a clinician to read.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from fhir.resources.R4B import get_fhir_model_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store

Json = dict[str, Any]
Answered = dict[str, Json]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
SUMMARY_LIMIT = 140
# guideline.md SAFE-48, and SAFE-11 for the first; a detail may name the row SAFE-28 itself
FORBIDDEN = re.compile(r"\b(no red flags|safe(?!-\d)|unnecessary|do not order)\b", re.IGNORECASE)
# What an update may change of a draft: one of these; with the product goes the dosage written for it.
CHANGEABLE = (
    {"priority"},
    {"dispenseRequest"},
    {"occurrencePeriod"},
    {"medicationCodeableConcept", "dosageInstruction"},
)


def stems(folder: str) -> list[str]:
    """Return the names of the files in one folder of the fixtures, without their ending."""
    return sorted(file.name.removesuffix(".json") for file in (FIXTURES / folder).glob("*.json"))


def request_of(stem: str) -> Json:
    """Return a request body; it has no prefetch."""
    body: Json = json.loads((FIXTURES / "requests" / f"{stem}.json").read_text(encoding="utf-8"))
    return body


def golden_of(stem: str) -> Path:
    """Return where the golden of a request is."""
    return FIXTURES / "cards" / f"{stem}.json"


def drafts_of(body: Json) -> dict[str, Json]:
    """Return the drafts of a request by reference; none on a hook without orders."""
    drafts = [entry["resource"] for entry in body["context"].get("draftOrders", {"entry": ()})["entry"]]
    return {f"{draft['resourceType']}/{draft['id']}": draft for draft in drafts}


def cards_in(answered: Answered) -> list[Json]:
    """Return the cards of all services."""
    return [card for response in answered.values() for card in response["cards"]]


def actions_in(answered: Answered) -> list[Json]:
    """Return the actions of all suggestions."""
    return [
        action
        for card in cards_in(answered)
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def hollow(node: object, path: str = "") -> Iterator[str]:
    """Yield where a JSON value is null, "", [] or {}."""
    if node in (None, "", [], {}):
        yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from hollow(value, f"{path}.{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from hollow(value, f"{path}[{number}]")


def without_uuids(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value without any member `uuid`."""
    if isinstance(node, dict):
        return {name: without_uuids(value) for name, value in node.items() if name != "uuid"}
    return [without_uuids(value) for value in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def answer(
    catalogue: Catalogue,
    fire: Callable[[str, Json, date], tuple[int, Json]],
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    store: Store,
) -> Callable[[Json, str], Answered]:
    """Return what sends a request to every service of a hook and gives the response of each group."""

    def ask(body: Json, hook: str) -> Answered:
        answered = {}
        known: dict[str, Json | None] = {}
        for service_id, entry in catalogue.entries.items():
            if entry.hook == hook:
                prefetch = prefetched(service_id, body["context"], store, known)
                sent = {**body, "hook": hook, "prefetch": prefetch}
                status, response = fire(service_id, sent, ANCHOR)
                assert status == 200, response
                answered[service_id] = response
        return answered

    return ask


REQUESTS = stems("requests")
ALL_SELECTED = [
    stem
    for stem in REQUESTS
    if request_of(stem)["hook"] == "order-select"
    and set(request_of(stem)["context"]["selections"]) == {*drafts_of(request_of(stem))}
]


@pytest.fixture(scope="module", params=REQUESTS)
def called(request: pytest.FixtureRequest, answer: Callable[[Json, str], Answered]) -> tuple[str, Answered]:
    """Return the name of each request in turn, with what the services answer."""
    body = request_of(request.param)
    return request.param, answer(body, body["hook"])


def test_answers_equal_their_golden(
    called: tuple[str, Answered], with_golden: Callable[[Path, Answered], tuple[str, str]]
) -> None:
    """Each request gets, byte for byte, the answer that was last read and accepted."""
    stem, answered = called

    written, accepted = with_golden(golden_of(stem), answered)

    assert written == accepted


def test_suggested_resources_are_valid_r4(called: tuple[str, Answered]) -> None:
    """Each resource that a suggestion carries is one that a FHIR server accepts."""
    resources = [action["resource"] for action in actions_in(called[1]) if "resource" in action]

    read = [get_fhir_model_class(item["resourceType"]).model_validate(item) for item in resources]

    assert len(read) == len(resources)


def test_deletes_name_drafts_of_the_request(called: tuple[str, Answered]) -> None:
    """A suggestion deletes nothing but an order that is still a draft in this call."""
    stem, answered = called
    deleted = {action["resourceId"] for action in actions_in(answered) if action["type"] == "delete"}

    assert deleted <= set(drafts_of(request_of(stem)))


def test_updates_change_only_what_they_mean_to(called: tuple[str, Answered]) -> None:
    """An update is the draft as it came, but for its priority, supply, product or beginning."""
    stem, answered = called
    drafts = drafts_of(request_of(stem))
    updates = [action["resource"] for action in actions_in(answered) if action["type"] == "update"]

    for updated in updates:
        draft = drafts[f"{updated['resourceType']}/{updated['id']}"]
        changed = {name for name in {*draft, *updated} if draft.get(name) != updated.get(name)}
        assert changed
        assert any(changed <= together for together in CHANGEABLE)


def test_creates_are_drafts_for_the_patient(called: tuple[str, Answered]) -> None:
    """A created order is a draft of intent `order` for the patient of the call."""
    stem, answered = called
    patient = request_of(stem)["context"]["patientId"]
    created = [action["resource"] for action in actions_in(answered) if action["type"] == "create"]

    for resource in created:
        assert (resource["status"], resource["intent"]) == ("draft", "order")
        assert resource["subject"] == {"reference": f"Patient/{patient}"}


def test_summaries_are_short(called: tuple[str, Answered]) -> None:
    """Every summary has fewer than 140 characters (CDS Hooks 2.0.1)."""
    summaries = [card["summary"] for card in cards_in(called[1])]

    assert [summary for summary in summaries if len(summary) >= SUMMARY_LIMIT] == []


def test_no_member_is_empty(called: tuple[str, Answered]) -> None:
    """Only `cards` may be empty; no other member is null, "", [] or {}."""
    found = [place for response in called[1].values() for place in hollow(response)]

    assert [place for place in found if place != ".cards"] == []


def test_no_text_reassures_or_forbids(called: tuple[str, Answered]) -> None:
    """No summary, detail or label says more than coded data can tell (SAFE-11, SAFE-48)."""
    cards = cards_in(called[1])
    labels = [item["label"] for card in cards for item in card.get("suggestions", ())]
    said = [text for card in cards for text in (card["summary"], card["detail"])] + labels

    assert [match[0] for text in said for match in FORBIDDEN.finditer(text)] == []


def test_one_card_per_topic(called: tuple[str, Answered]) -> None:
    """Within a response no two cards share a topic (SAFE-32)."""
    for response in called[1].values():
        topics = [card["source"]["topic"]["code"] for card in response["cards"]]
        assert len(topics) == len(set(topics))


@pytest.mark.parametrize("stem", ALL_SELECTED)
def test_signing_repeats_what_selecting_said(stem: str, answer: Callable[[Json, str], Answered]) -> None:
    """With the same drafts, order-sign gives the cards of order-select (SAFE-32)."""
    body = request_of(stem)
    context = {name: value for name, value in body["context"].items() if name != "selections"}
    selected = answer(body, "order-select")

    signed = answer({**body, "context": context}, "order-sign")

    assert {name.removesuffix("-order-sign"): without_uuids(item) for name, item in signed.items()} == {
        name.removesuffix("-order-select"): without_uuids(item) for name, item in selected.items()
    }


def test_requests_and_goldens_pair_up() -> None:
    """Every request has a golden, and no golden is left over."""
    assert stems("cards") == REQUESTS


def test_every_patient_has_a_request() -> None:
    """Every patient is asked about at least once, and no request is about anyone else."""
    asked = {stem.partition(".")[0] for stem in REQUESTS}

    assert asked == set(stems("patients"))


@pytest.mark.parametrize("stem", REQUESTS)
def test_requests_are_what_their_names_say(stem: str) -> None:
    """A request is about the patient in its name, under a hookInstance of its own, without prefetch."""
    body = request_of(stem)

    assert body["context"]["patientId"] == stem.partition(".")[0]
    assert body["hookInstance"] == str(
        uuid5(NAMESPACE_URL, f"http://example.org/fhir/lbp-cds/requests/{stem}")
    )
    assert body.keys() == {"hook", "hookInstance", "context"}
    assert set(body["context"].get("selections", ())) <= set(drafts_of(body))
