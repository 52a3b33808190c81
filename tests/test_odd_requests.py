"""Odd input: whatever is spoiled in a request, the service answers as it should, and never fails."""

from __future__ import annotations

import copy
import json
import random
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.cards import Card

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cds_service.sandbox.store import Store

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
REQUESTS = sorted((FIXTURES / "requests").glob("*.json"))
SERVICES = ("lbp-imaging-order-select", "lbp-opioids-order-select")
SPOILED_TIMES = 4
JUNK = (
    None,
    "",
    [],
    {},
    [None],
    0,
    -1,
    1e308,
    True,
    "x" * 500,
    "<img src=x onerror=alert(1)>",
    {"coding": "x"},
    {"value": "1"},
    {"reference": 5},
    "2026-13-45",
    "2026",
    "\u202e\u0000",
)


def places(node: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path to every value of a JSON document, the document itself left out."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def spoiled(body: Json, chance: random.Random) -> Json:
    """Return a copy in which some value is missing or replaced by junk."""
    copied = copy.deepcopy(body)
    *way, last = chance.choice(list(places(copied)))
    node: Any = copied
    for key in way:
        node = node[key]
    if chance.random() < 0.2:
        del node[last]
    else:
        node[last] = chance.choice(JUNK)
    return copied


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_a_spoiled_request_is_answered_and_nothing_of_it_is_markup(
    path: Path,
    fire: Callable[[str, Json, date], tuple[int, Json]],
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    store: Store,
) -> None:
    """Cards that keep the specification, or an OperationOutcome for what is wrong; never a 500."""
    chance = random.Random(path.stem)  # noqa: S311 - the same junk every time
    body = json.loads(path.read_text(encoding="utf-8"))
    for service_id in SERVICES:
        whole = {**body, "prefetch": prefetched(service_id, body["context"], store, {})}
        for _ in range(SPOILED_TIMES):
            status, answer = fire(service_id, spoiled(whole, chance), ANCHOR)

            assert status in {200, 400, 412}
            assert answer.get("resourceType") == (None if status == 200 else "OperationOutcome")
            assert "<img" not in json.dumps([card["detail"] for card in answer.get("cards", ())])
            for card in answer.get("cards", ()):
                Card.model_validate(card)
