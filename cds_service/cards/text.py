"""Text of a card: strings from the EHR made harmless, and the Markdown that a detail is made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_LIMIT = 80
CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
"""Control characters, line breaks of every kind, direction marks and overrides, halves of characters."""
_MARKUP = re.compile(r"([\\`*_\[\]|~]|^[#+-]|(?<=www)\.|:(?=//))")
_NUMBERED = re.compile(r"^(\d{1,9})\.(?=\s|$)")


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """
    Return a string from the EHR as harmless Markdown: one line, no markup, no HTML, not too long.

    Control characters, bidirectional overrides and lone surrogates go; a shortened text ends
    with an ellipsis.
    """
    tidy = " ".join(CONTROL.sub(" ", text).split())
    short = tidy if len(tidy) <= limit else tidy[: limit - 1] + "…"
    safe = short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _NUMBERED.sub(r"\1\\.", _MARKUP.sub(r"\\\1", safe))


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {line}" for line in lines)


def section(title: str, lines: Iterable[str]) -> str:
    """Return a title and a list in which each line stands once; "" without lines."""
    unique = list(dict.fromkeys(lines))
    return f"**{title}**\n\n{bullets(unique)}" if unique else ""


def sentence(title: str, items: Iterable[str]) -> str:
    """Return a title and the items in one line, each once; "" without items."""
    unique = list(dict.fromkeys(items))
    return f"**{title}**: {'; '.join(unique)}." if unique else ""
