"""The templates, and the few filters that they share. Values are escaped; no script or style is inline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cds_service.sandbox.print_cards import one_line

from .card_html import safe_url
from .exchange import Mode

if TYPE_CHECKING:
    from .session import Connection

_TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """Return the templates; an undefined name in one is an error, and never an empty place."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["modes"] = list(Mode)
    made.filters.update(local=_local, text=one_line, texts=_texts, unquoted=unquote_plus)
    return made


def _local(url: str, home: Connection) -> str:
    """Return a URL below the sandbox's own address as a path, any other as it is, "#" when not safe."""
    parts = urlsplit(home.service_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return url.removeprefix(origin) if url.startswith(f"{origin}/") else safe_url(url) or "#"


def _texts(values: object) -> str:
    return ", ".join(one_line(value) for value in values) if isinstance(values, list) else ""
