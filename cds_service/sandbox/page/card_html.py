"""
Cards as the page shows them: plain values, and Markdown made into HTML that can do nothing.

A card comes from a service that this page does not know, about a chart that anyone may have written. All of
it is text to the templates, which escape it; only `detail` becomes HTML, with HTML in it switched off, and
is sanitised afterwards all the same. Links lead to http and https only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from cds_service.sandbox.print_cards import cleaned, offered, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = {
    "critical": ("■", "Critical"),
    "warning": ("▲", "Warning"),
    "info": ("●", "Info"),
}
_URGENCY = ("critical", "warning", "info")
_TAGS = frozenset(
    {
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
_DEEPEST_HEADING = 6
_HEADINGS_BEGIN_AT = 3  # a card's own heading is h3
_MAX_DETAIL = 50_000


@dataclass(frozen=True, slots=True)
class Look:
    """How urgent a card is: name for the style sheet; icon and word, as colour alone tells not everybody."""

    name: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True)
class SafeLink:
    """A link of a card; url is "" when it must not be followed, and `note` says so."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A suggestion: what it is called, what a click does, line by line, and whether it is recommended."""

    number: int
    label: str
    actions: tuple[str, ...]
    recommended: bool


@dataclass(frozen=True, slots=True)
class CardView:
    """One card for the templates; call and number say where in the answer it is."""

    call: int
    number: int
    service: str
    look: Look
    summary: str
    detail: Markup
    source: SafeLink
    topic: str
    buttons: tuple[Button, ...]
    exclusive: bool
    reasons: tuple[str, ...]
    links: tuple[SafeLink, ...]
    reportable: bool

    @property
    def rank(self) -> int:
        """The place among the cards; an indicator that CDS Hooks does not know comes first, to be seen."""
        return _URGENCY.index(self.look.name) if self.look.name in _URGENCY else -1


def card_view(card: Mapping[str, Any], *, call: int, number: int, service: str) -> CardView:
    """Return a card for the templates, whatever its fields hold."""
    topic = _object(_object(card.get("source")).get("topic"))
    return CardView(
        call=call,
        number=number,
        service=service,
        look=_look(card.get("indicator")),
        summary=one_line(card.get("summary")) or "(the card has no summary)",
        detail=detail_html(card.get("detail")),
        source=_source(_object(card.get("source"))),
        topic=one_line(topic.get("display")) or one_line(topic.get("code")),
        buttons=tuple(_button(place, item) for place, item in enumerate(offered(card))),
        exclusive=card.get("selectionBehavior") == "at-most-one",
        reasons=tuple(_reason(item) for item in objects(card, "overrideReasons")),
        links=tuple(_link(item) for item in objects(card, "links")),
        reportable=isinstance(card.get("uuid"), str),
    )


def detail_html(detail: object) -> Markup:
    """Return the HTML of a card's detail: Markdown with tables and strike-through, no images, no scripts."""
    text = cleaned(detail)[:_MAX_DETAIL]
    safe = nh3.clean(
        _rendered(text),
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https"},
        url_relative="deny",  # relative to the service, which this page is not
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(safe)  # noqa: S704 - sanitised in the line before


def _rendered(text: str) -> str:
    markdown = _markdown()
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + _HEADINGS_BEGIN_AT, _DEEPEST_HEADING)}"
    # Parsing turns character references into characters, so that what was cleaned may be back.
    return cleaned(str(markdown.renderer.render(tokens, markdown.options, {})))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def safe_url(url: object) -> str:
    """Return an absolute http or https URL as it is; "" for anything else, such as javascript:."""
    text = url.strip() if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return ""
    return text if usable and text.isprintable() and " " not in text and "\\" not in text else ""


def objects(parent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list; empty when it is no list."""
    value = parent.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _look(indicator: object) -> Look:
    if isinstance(indicator, str) and indicator in _KNOWN:
        return Look(indicator, *_KNOWN[indicator])
    return Look("unknown", "?", f"Unknown indicator {one_line(indicator)}".rstrip())


def _source(source: Mapping[str, Any]) -> SafeLink:
    label = one_line(source.get("label")) or "(the card names no source)"
    return _checked(label, source.get("url"))


def _checked(label: str, url: object, note: str = "") -> SafeLink:
    safe = safe_url(url)
    if url is None or safe:
        return SafeLink(label, safe, note)
    return SafeLink(label, "", "its address is no http or https URL and was left out")


def _button(number: int, suggestion: Mapping[str, Any]) -> Button:
    return Button(
        number,
        one_line(suggestion.get("label")) or "(suggestion without a label)",
        tuple(_action(action) for action in objects(suggestion, "actions")),
        suggestion.get("isRecommended") is True,
    )


def _action(action: Mapping[str, Any]) -> str:
    resource = _object(action.get("resource"))
    target = one_line(action.get("resourceId")) or one_line(resource.get("resourceType"))
    described = one_line(action.get("description"))
    return f"{one_line(action.get('type'))} {target}: {described}".strip()


def _reason(coding: Mapping[str, Any]) -> str:
    return one_line(coding.get("display")) or one_line(coding.get("code")) or "(reason without a name)"


def _link(link: Mapping[str, Any]) -> SafeLink:
    label = one_line(link.get("label")) or "(link without a label)"
    if link.get("type") == "smart":
        return _checked(
            label, link.get("url"), "SMART app: this page opens its address, it does not launch it"
        )
    return _checked(label, link.get("url"))
