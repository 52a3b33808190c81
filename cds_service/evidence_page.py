"""The page that cards link to: the rules as a clinician signs them, as HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from .sheets import sheets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rules import Guideline

_HEADING = re.compile(r"<h3>([a-z0-9-]+)</h3>")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Rules</title></head><body>{body}</body></html>
"""


def evidence_page(guidelines: Iterable[Guideline]) -> str:
    """Return one page with the sheets of all guidelines; each rule has its id as anchor."""
    # Beyond its usual depth of 20 the renderer drops the rest of a page without a word.
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 200})
    body = markdown.render("\n".join(sheets(item) for item in guidelines))
    return _PAGE.format(body=_HEADING.sub(r'<h3 id="\1">\1</h3>', body))
