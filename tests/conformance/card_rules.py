"""
What CDS Hooks 2.0.1 asks of a response with cards, written anew and not taken from our models.

Each rule yields what is wrong with one card; `RULES` names them by requirement id.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir.resources.R4B import get_fhir_model_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Json = dict[str, Any]
    Rule = Callable[[Json], Iterator[str]]

SUMMARY_LIMIT = 140
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_REVERSE_DNS = re.compile(r"[a-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ATTRIBUTES = {
    "uuid",
    "summary",
    "detail",
    "indicator",
    "source",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
    "links",
    "extension",
}
_HTML = re.compile(r"<[A-Za-z/!]")


def hollow(node: object, path: str = "") -> Iterator[str]:
    """Yield where a JSON value is null, "", [] or {}."""
    if node is None or node in ("", [], {}):
        yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from hollow(value, f"{path}.{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from hollow(value, f"{path}[{number}]")


def suggestions_of(card: Json) -> list[Json]:
    """Return the suggestions of a card."""
    return list(card.get("suggestions", ()))


def actions_of(card: Json) -> list[Json]:
    """Return the actions of all suggestions of a card."""
    return [action for item in suggestions_of(card) for action in item.get("actions", ())]


def _codings(card: Json) -> list[Json]:
    return [card["source"]["topic"], *card.get("overrideReasons", ())]


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _uuid(card: Json) -> Iterator[str]:
    if not _UUID.fullmatch(str(card.get("uuid"))):
        yield "uuid is none"


def _summary(card: Json) -> Iterator[str]:
    summary = card.get("summary")
    if not _text(summary) or len(str(summary)) >= SUMMARY_LIMIT or len(str(summary).splitlines()) != 1:
        yield "summary is not one line of fewer than 140 characters"


def _detail(card: Json) -> Iterator[str]:
    if "detail" in card and not _text(card["detail"]):
        yield "detail is no text"
    if _HTML.search(card.get("detail", "")):
        yield "detail holds HTML"


def _indicator(card: Json) -> Iterator[str]:
    if card.get("indicator") not in {"info", "warning", "critical"}:
        yield "indicator is none of the three"


def _source(card: Json) -> Iterator[str]:
    if not isinstance(card.get("source"), dict):
        yield "source is no object"


def _label(card: Json) -> Iterator[str]:
    if not _text(card["source"].get("label")):
        yield "source.label is no text"


def _url(card: Json) -> Iterator[str]:
    if "url" in card["source"] and not _URL.fullmatch(card["source"]["url"]):
        yield "source.url is not absolute"


def _icon(card: Json) -> Iterator[str]:
    if "icon" in card["source"]:
        yield "source.icon is there"


def _topic(card: Json) -> Iterator[str]:
    if not isinstance(card["source"].get("topic"), dict):
        yield "source.topic is no Coding"


def _suggestions(card: Json) -> Iterator[str]:
    if "suggestions" in card and not (isinstance(card["suggestions"], list) and card["suggestions"]):
        yield "suggestions is no array with something in it"


def _selection_behavior(card: Json) -> Iterator[str]:
    if ("suggestions" in card) != ("selectionBehavior" in card):
        yield "selectionBehavior does not go with suggestions"
    if card.get("selectionBehavior", "any") not in {"any", "at-most-one"}:
        yield "selectionBehavior is none of the two"


def _override_reasons(card: Json) -> Iterator[str]:
    if not all(_text(reason.get("display")) for reason in card.get("overrideReasons", ())):
        yield "an override reason has no display"


def _links(card: Json) -> Iterator[str]:
    if "links" in card:
        yield "links are there"


def _extension(card: Json) -> Iterator[str]:
    extension = card.get("extension", {"org.example": 1})
    if not isinstance(extension, dict) or not all(map(_REVERSE_DNS.fullmatch, extension)):
        yield "extension is no object with reverse-DNS names"


def _recommended(card: Json) -> Iterator[str]:
    flags = [item["isRecommended"] for item in suggestions_of(card) if "isRecommended" in item]
    if not all(isinstance(flag, bool) for flag in flags) or sum(flags) > 1:
        yield "isRecommended is no boolean, or true more than once"


def _suggestion_label(card: Json) -> Iterator[str]:
    if not all(_text(item.get("label")) for item in suggestions_of(card)):
        yield "a suggestion has no label"


def _suggestion_uuid(card: Json) -> Iterator[str]:
    uuids = [str(item.get("uuid")) for item in suggestions_of(card)]
    if not all(map(_UUID.fullmatch, uuids)) or len({card.get("uuid"), *uuids}) != len(uuids) + 1:
        yield "a suggestion has no uuid of its own"


def _actions(card: Json) -> Iterator[str]:
    if not all(isinstance(one.get("actions"), list) and one["actions"] for one in suggestions_of(card)):
        yield "actions is no array with something in it"


def _no_choice_of_actions(card: Json) -> Iterator[str]:
    if any("actionSelectionBehavior" in item for item in suggestions_of(card)):
        yield "actionSelectionBehavior is there"


def _action_type(card: Json) -> Iterator[str]:
    if not all(action.get("type") in {"create", "update", "delete"} for action in actions_of(card)):
        yield "an action's type is none of the three"


def _action_description(card: Json) -> Iterator[str]:
    if not all(_text(action.get("description")) for action in actions_of(card)):
        yield "an action has no description"


def _create(card: Json) -> Iterator[str]:
    for action in actions_of(card):
        if action["type"] == "create" and ("resourceId" in action or "id" in action["resource"]):
            yield "a created resource has an id already"


def _update(card: Json) -> Iterator[str]:
    for action in actions_of(card):
        if action["type"] == "update" and not _text(action["resource"].get("id")):
            yield "an updated resource has no id"


def _delete(card: Json) -> Iterator[str]:
    for action in actions_of(card):
        if action["type"] == "delete" and not _REFERENCE.fullmatch(str(action.get("resourceId"))):
            yield "a delete has no resourceId of the form Type/id"


def _delete_alone(card: Json) -> Iterator[str]:
    if any(action["type"] == "delete" and "resource" in action for action in actions_of(card)):
        yield "a delete carries a resource"


def _once_each(card: Json) -> Iterator[str]:
    for suggestion in suggestions_of(card):
        targets = [
            action.get("resourceId") or f"{action['resource']['resourceType']}/{action['resource']['id']}"
            for action in suggestion["actions"]
            if action["type"] != "create"
        ]
        if len(set(targets)) < len(targets):
            yield "a suggestion changes one draft twice"


def _code(card: Json) -> Iterator[str]:
    if not all(_text(coding.get("code")) for coding in _codings(card)):
        yield "a Coding has no code"


def _system(card: Json) -> Iterator[str]:
    if not all(_URI.fullmatch(str(coding.get("system"))) for coding in _codings(card)):
        yield "a Coding has no system"


RULES: dict[str, Rule] = {
    "CARD-01": _uuid,
    "CARD-02": _summary,
    "CARD-03": _detail,
    "CARD-04": _indicator,
    "CARD-05": _source,
    "CARD-06": _label,
    "CARD-07": _url,
    "CARD-08": _icon,
    "CARD-09": _topic,
    "CARD-10": _suggestions,
    "CARD-11": _selection_behavior,
    "CARD-12": _override_reasons,
    "CARD-13": _links,
    "CARD-14": _extension,
    "CARD-15": _recommended,
    "SUG-01": _suggestion_label,
    "SUG-02": _suggestion_uuid,
    "SUG-03": _recommended,
    "SUG-04": _actions,
    "SUG-05": _no_choice_of_actions,
    "ACT-01": _action_type,
    "ACT-02": _action_description,
    "ACT-03": _create,
    "ACT-04": _update,
    "ACT-05": _delete,
    "ACT-06": _delete_alone,
    "ACT-08": _once_each,
    "COD-01": _code,
    "COD-02": _system,
    "COD-03": _override_reasons,
}


def problems_of_response(response: Json) -> Iterator[str]:
    """Yield what is wrong with a response, whatever rule it breaks."""
    if set(response) != {"cards"}:
        yield "members beside cards"
    yield from (f"{place} is empty" for place in hollow(response) if place != ".cards")
    for card in response["cards"]:
        unknown = sorted(set(card) - _ATTRIBUTES)
        if unknown:
            yield f"a card has the members {unknown}"
        for rule_id, rule in RULES.items():
            yield from (f"{rule_id}: {problem}" for problem in rule(card))


def invalid_resources(card: Json) -> Iterator[str]:
    """Yield the type of each created resource that is no valid FHIR R4."""
    for action in actions_of(card):
        if action["type"] == "create":
            kind = action["resource"]["resourceType"]
            try:
                get_fhir_model_class(kind).model_validate(action["resource"])
            except ValueError:
                yield kind
