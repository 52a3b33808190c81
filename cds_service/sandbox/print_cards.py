"""
Cards as a clinician reads them in a terminal, and as plain lines in a log.

Whatever came over the wire is cleaned first: no escape sequence, control character or
direction override of a service or an EHR reaches the terminal, and HTML is shown, not obeyed.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from rich.console import Console, Group
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.token import Token
    from rich.console import RenderableType

PLAIN_WIDTH = 100
NO_CARDS = "No cards were returned: the services said nothing about this call, for or against."

# Shapes of one column each: emoji would be two in some terminals, and colour alone tells not everybody.
_LOOK = {
    "critical": ("■", "CRITICAL", "bold red"),
    "warning": ("▲", "WARNING", "yellow"),
    "info": ("●", "INFO", "cyan"),
}
# Only sequences that begin with ESC and come to an end are taken out whole. A stray introducer, or a C1
# character left by a wrong decoding, goes alone: it must not take the words after it along.
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC and its kin: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]?"  # all others
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


def print_cards(
    cards: Sequence[Mapping[str, Any]], console: Console, *, patient: str = "", order: str = ""
) -> None:
    """
    Print cards in the order given, their suggestions numbered through from 1.

    patient, order: how the heading names them; empty leaves them out. A console that is no
    UTF-8 terminal gets plain text of at most 100 columns without any escape sequence.
    """
    about = [Text(line) for line in (one_line(patient), one_line(order)) if line]
    said: list[RenderableType] = [*about]
    first = 1
    plain = not console.is_terminal or console.options.ascii_only
    for card in cards:
        said.append(_framed(card, first, plain=plain))
        first += len(offered(card))
    if not cards:
        said.append(Text(NO_CARDS))
    show(Group(*said), console)


def show(renderable: RenderableType, console: Console) -> None:
    """Print to a terminal as it is, elsewhere as plain text that the console's encoding can hold."""
    if console.is_terminal and not console.options.ascii_only:
        console.print(renderable)
        return
    paper = Console(file=StringIO(), width=PLAIN_WIDTH, color_system=None, force_terminal=False)
    with paper.capture() as capture:
        paper.print(renderable)
    text = "\n".join(line.rstrip() for line in capture.get().splitlines())
    held = text.encode(console.encoding, "replace").decode(console.encoding)
    console.print(Text(held), soft_wrap=True)


def offered(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the suggestions of a card, in the order in which they are numbered."""
    return _objects(card, "suggestions")


def cleaned(text: object) -> str:
    """Return a string without escape sequences and control characters; empty for what is no string."""
    return _CONTROL.sub("", _ESCAPE.sub("", text)) if isinstance(text, str) else ""


def one_line(text: object) -> str:
    """Return a cleaned string with its white space, line breaks among it, as single spaces."""
    return " ".join(cleaned(text).split())


def _framed(card: Mapping[str, Any], first: int, *, plain: bool) -> RenderableType:
    icon, word, style = _look(card.get("indicator"))
    body = Group(*_body(card, first))
    if plain:
        return Group(Text(), Rule(Text(f"{icon} {word}"), align="left", characters="-"), body)
    return Panel(body, title=Text(f"{icon} {word}", style), title_align="left", border_style=style)


def _look(indicator: object) -> tuple[str, str, str]:
    """Return icon, word and style; one that CDS Hooks does not know is said, and stands out."""
    known = _LOOK.get(indicator) if isinstance(indicator, str) else None
    return known or ("?", f"UNKNOWN INDICATOR {one_line(indicator)}".rstrip(), "bold magenta")


def _body(card: Mapping[str, Any], first: int) -> Iterator[RenderableType]:
    yield Text(one_line(card.get("summary")) or "(the card has no summary)", "bold")
    if detail := cleaned(card.get("detail")):
        yield _markdown(detail)
    yield Text()
    yield Text(f"Source: {_source(card.get('source'))}")
    for number, suggestion in enumerate(offered(card), first):
        yield from _suggestion(number, suggestion)
    if reasons := [_reason(coding) for coding in _objects(card, "overrideReasons")]:
        yield Text(f"Override reasons: {'; '.join(reasons)}")
    for link in _objects(card, "links"):
        launch = " (SMART app)" if link.get("type") == "smart" else ""
        yield Text(f"Link: {one_line(link.get('label'))}{launch} {one_line(link.get('url'))}")


def _markdown(text: str) -> Markdown:
    """
    Return Markdown with the targets of its links in sight and HTML as text.

    It is cleaned again after parsing, which turns character references into characters.
    """
    rendered = Markdown("", hyperlinks=False)
    rendered.parsed = _MARKDOWN.parse(text)
    _clean_tokens(rendered.parsed)
    return rendered


def _clean_tokens(tokens: Sequence[Token]) -> None:
    for token in tokens:
        token.content = cleaned(token.content)
        token.attrs = {name: cleaned(str(value)) for name, value in token.attrs.items()}
        _clean_tokens(token.children or ())


def _source(source: object) -> str:
    if not isinstance(source, dict):
        return "not named"
    label, url = one_line(source.get("label")), one_line(source.get("url"))
    return f"{label or 'not named'}{f' ({url})' if url else ''}"


def _suggestion(number: int, suggestion: Mapping[str, Any]) -> Iterator[RenderableType]:
    recommended = " (recommended)" if suggestion.get("isRecommended") is True else ""
    yield Text(f"[{number}] {one_line(suggestion.get('label'))}{recommended}", "bold")
    for action in _objects(suggestion, "actions"):
        kind, target = one_line(action.get("type")), one_line(action.get("resourceId"))
        named = f" ({target})" if target else ""
        yield Padding(Text(f"{kind}: {one_line(action.get('description'))}{named}"), (0, 0, 0, 4))


def _reason(coding: Mapping[str, Any]) -> str:
    return one_line(coding.get("display")) or one_line(coding.get("code")) or "(reason without a name)"


def _objects(parent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = parent.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
