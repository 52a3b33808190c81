"""E-112 to E-116: what answers hold. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.card_rules import actions_of, hollow, suggestions_of
from tests.conformance.cases.contexts import draft_of
from tests.conformance.cases.registry import case
from tests.conformance.house import FIXTURES, IMAGING, OPIOIDS, OXYCODONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

_URGENT = "cauda-equina.lumbar-mri"


def fixture_calls(house: House, *, signed: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each fixture request with each service on its hook; with `signed` orders are signed too."""
    for path in sorted((FIXTURES / "requests").glob("*.json")):
        hook = json.loads(path.read_text(encoding="utf-8"))["hook"]
        hooks = {hook, "order-sign"} if signed and hook == "order-select" else {hook}
        for service_id, entry in house.catalogue.entries.items():
            if entry.hook in hooks:
                yield path.name.removesuffix(".json"), service_id


@case("E-112")
def _long_names(house: House) -> Iterator[Answered]:
    for text in ("MR Lumbar spine " * 40, "\N{BONE}" * 500, "é" * 500, "\N{ZERO WIDTH JOINER}" * 500):
        body = house.body()
        draft_of(body)["code"]["text"] = draft_of(body)["code"]["coding"][0]["display"] = text
        yield house.open.call(body)


@case("E-113")
def _buttons(house: House) -> Iterator[Answered]:
    calls = ((house.body(), IMAGING), (house.body(OXYCODONE, OPIOIDS), OPIOIDS))
    for body, service_id in calls:
        answered = house.open.call(body, service_id)
        offered = [item for card in answered.cards for item in suggestions_of(card)]
        yield replace(answered, facts={"it offers buttons": bool(offered)})


@case("E-114")
def _updated(house: House) -> Iterator[Answered]:
    body = house.body(_URGENT)
    draft = draft_of(body)
    draft.update(unknown={"a": [1, {"b": "é"}]}, _status={"id": "s"}, note=[{"text": "as called in"}])
    draft["extension"] = [{"url": "http://example.org/x", "valueDecimal": 1.50}]
    draft["priority"] = "routine"
    sent = copy.deepcopy(draft)
    answered = house.open.call(body)
    actions = [action for card in answered.cards for action in actions_of(card)]
    updates = [action["resource"] for action in actions if action["type"] == "update"]
    kept = {name: value for name, value in sent.items() if name != "priority"}
    same = [{name: value for name, value in one.items() if name != "priority"} == kept for one in updates]
    facts = {"the update changes nothing but the priority": same != [] and all(same)}
    yield replace(answered, facts=facts)


@case("E-115")
def _all_fixtures(house: House) -> Iterator[Answered]:
    for stem, service_id in fixture_calls(house):
        answered = house.to_fixture(stem, service_id)
        empty = [place for place in hollow(answered.json) if place != ".cards"]
        yield replace(answered, facts={"nothing is null or empty": empty == []})


@case("E-116")
def _another_order(house: House) -> Iterator[Answered]:
    body = house.body()
    first = house.open.call(body)
    turned = {key: body["prefetch"][key] for key in reversed(body["prefetch"])}
    second = house.open.call({**dict(reversed(body.items())), "prefetch": turned})
    yield replace(second, facts={"the same bytes each time": first.body == second.body})
