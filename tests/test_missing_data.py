"""The promise that outranks features: data that go missing never make the advice bolder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.hook_context import context_of
from cds_service.protocol import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
REQUESTS = sorted((FIXTURES / "requests").glob("*.json"))
DISCOURAGING = {
    "imaging-without-red-flag",
    "opioid-acute",
    "opioid-first-line-not-tried",
    "bed-rest",
    "passive-modality",
    "lumbar-support",
    "exercise-too-early",
    "surgery-referral-early",
}
RANK = {"info": 1, "warning": 2, "critical": 3}
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def discouragement(cards: list[Json]) -> int:
    """Return how strongly the cards speak against the order: 0 not at all, 3 critical."""
    ranks = [RANK[card["indicator"]] for card in cards if card["source"]["topic"]["code"] in DISCOURAGING]
    return max(ranks, default=0)


def asking(cards: list[Json]) -> int:
    """Return 1 beside a data-missing card: then an info card may ask to look again (guideline.md 10.3)."""
    return int(any(card["source"]["topic"]["code"] == "data-missing" for card in cards))


def offered(cards: list[Json]) -> set[str]:
    """Return the medicines that the cards would draft."""
    return {
        action["resource"]["medicationCodeableConcept"]["text"]
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create" and action["resource"]["resourceType"] == "MedicationRequest"
    }


def cut_off(answer: Json | None) -> Json | None:
    """Return the answer as a first page that holds nothing yet and has another one behind it."""
    if answer is None or answer.get("resourceType") != "Bundle":
        return FAILED
    return {**answer, "entry": [], "link": [{"relation": "next", "url": "https://ehr.example/next"}]}


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_missing_data_never_make_the_advice_bolder(
    path: Path,
    catalogue: Catalogue,
    fire: Callable[[str, Json, date], tuple[int, Json]],
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    store: Store,
) -> None:
    """
    Whichever source fails, is left out or is cut off: no stronger discouragement, no further medicine.

    An info card that asks for red flags may take the place of one that knew of one, if the
    answer names what could not be read.
    """
    body = json.loads(path.read_text(encoding="utf-8"))
    request = parse(path.read_bytes())
    known: dict[str, Json | None] = {}
    for service_id, entry in catalogue.entries.items():
        if entry.hook != body["hook"]:
            continue
        prefetch = prefetched(service_id, body["context"], store, known)
        _, whole = fire(service_id, {**body, "prefetch": prefetch}, ANCHOR)
        read = entry.service.needs_in(context_of(request, entry.guideline))
        assert read or not whole["cards"]
        for key in sorted(need.key for need in read):
            left_out = {name: value for name, value in prefetch.items() if name != key}
            for less in (
                left_out,
                {**prefetch, key: FAILED},
                {**prefetch, key: cut_off(prefetch[key])},
            ):
                status, answer = fire(service_id, {**body, "prefetch": less}, ANCHOR)
                told = answer["cards"] if status == 200 else []

                assert status in {200, 412}
                assert discouragement(told) <= max(discouragement(whole["cards"]), asking(told)), key
                assert offered(told) <= offered(whole["cards"]), (service_id, key)
