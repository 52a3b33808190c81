"""The verdict tree of a request as people read it in a terminal, and as plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from .sandbox.print_cards import one_line, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import Console

    Json = Mapping[str, Any]

_STYLES = {"YES": "green", "NO": "dim", "UNKNOWN": "yellow"}
_ASKED = (
    ("scope", "concerns it when"),
    ("when", "fires when"),
    ("unless", "is silenced when"),
)


def print_explanation(services: Iterable[Json], console: Console) -> None:
    """Print one tree per service: needs, orders, then every rule, those that woke first."""
    show(Group(*(_service(service) for service in services)), console)


def _service(service: Json) -> Tree:
    tree = Tree(Text(f"{service['service']} on {service['today']}", "bold"))
    needs = tree.add(Text("What was needed of the record", "bold"))
    for need in service["needs"]:
        needs.add(Text(_need(need)))
    if service["orders"]:
        orders = tree.add(Text("Orders on the table", "bold"))
        for order in service["orders"]:
            orders.add(Text(_order(order)))
    for rule in sorted(service["rules"], key=lambda rule: rule["outcome"] == "not awake"):
        _add_rule(tree, rule)
    return tree


def _need(need: Json) -> str:
    skipped = f", {need['skipped']} skipped" if need.get("skipped") else ""
    because = f": {one_line(need['because'])}" if need.get("because") else ""
    return f"{need['key']} ({need['name']}): {need['state']}, {need['resources']} read{skipped}{because}"


def _order(order: Json) -> str:
    sets = ", ".join(order["valueSets"]) or "no value set"
    by_name = " by its name" if order.get("recognisedByName") else ""
    selected = "" if order["selected"] else ", not selected"
    unclear = "" if order["understood"] else "; no code of it can be interpreted"
    return f"{one_line(order['reference'])}: in {sets}{by_name}{selected}{unclear}"


def _add_rule(tree: Tree, rule: Json) -> None:
    orders = f" about {', '.join(map(one_line, rule['orders']))}" if rule["orders"] else ""
    branch = tree.add(Text(f"{rule['rule']}: {rule['outcome']}{orders}", "bold"))
    wakes = branch.add(_answer("wakes when", rule["wakes"], join=" "))
    for reason in rule["wakes"].get("because", ()):
        wakes.add(Text(one_line(reason)))
    for judged in rule["judged"]:
        below = branch.add(Text(f"judging {one_line(judged['order'])}")) if judged["order"] else branch
        for name, said in _ASKED:
            if name in judged:
                _add_question(below.add(Text(f"{said} the chart shows", "italic")), judged[name])


def _add_question(tree: Tree, asked: Json) -> None:
    branch = tree.add(_answer("", asked))
    for line in _resources(asked):
        branch.add(Text(line))
    for part in asked.get("parts", ()):
        _add_question(branch, part)


def _answer(said: str, asked: Json, join: str = "") -> Text:
    truth = asked["truth"]
    certainty = f" ({asked['certainty'].lower()})" if "certainty" in asked else ""
    because = asked.get("because")
    why = f" - {one_line(because)}" if isinstance(because, str) else ""
    text = Text(f"{truth}{certainty}", _STYLES[truth])
    return text.append(f" {said}{join}{one_line(asked['asks'])}{why}", "none")


def _resources(asked: Json) -> Iterator[str]:
    """Yield what an answer rests on, unless its reason has named it already."""
    for fact in asked.get("restsOn", ()):
        if fact["reference"] not in asked.get("because", ""):
            yield f"rests on {one_line(fact['reference'])}, {one_line(fact['date'])}"
