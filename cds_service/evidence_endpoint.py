"""
Where the rules can be read: `/evidence`, `/evidence/{rule}`, `/evidence/{service}/dsi`.

Open to everyone: rules are no secrets, and a physician who follows a card's link has no token. The
pages are made when first asked for and kept; their number is that of the rules.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from starlette.responses import HTMLResponse, Response

from .disclosure import document
from .endpoint import routes
from .errors import UnknownRuleError
from .evidence_page import STYLE, disclosure_page, evidence_page, placed, rule_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.routing import Route

    from .catalogue import Catalogue
    from .rules import CdsService, Guideline

EVIDENCE = "/evidence"
_READ = ("GET", "HEAD")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "max-age=300",
}


class Evidence:
    """The pages of one catalogue; public_url tells below which path clients reach them."""

    def __init__(self, catalogue: Catalogue, public_url: str) -> None:
        """Note where every rule stands; nothing is rendered yet."""
        base = f"{urlsplit(public_url).path.rstrip('/')}{EVIDENCE}"
        self.rules = {place.rule.id: place for place in placed(catalogue.guidelines)}
        self.services = dict(_services(catalogue))
        self._index = cache(lambda: evidence_page(catalogue.guidelines, base))
        self._rule = cache(lambda rule: rule_page(self.rules[rule], base))
        self._disclosure = cache(lambda name: disclosure_page(*self.services[name], base))

    def routes(self) -> Iterator[Route]:
        """Yield the paths; the style sheet comes before the rules, whose ids have no dot."""
        yield from routes(EVIDENCE, _READ, self.index)
        yield from routes(f"{EVIDENCE}/{STYLE.name}", _READ, self.style)
        yield from routes(EVIDENCE + "/{rule}", _READ, self.rule)
        yield from routes(EVIDENCE + "/{service}/dsi", _READ, self.disclosure)

    async def index(self, _request: Request) -> Response:
        """List the rules."""
        return HTMLResponse(self._index(), headers=_HEADERS)

    async def style(self, _request: Request) -> Response:
        """Return the style sheet of the pages."""
        return Response(STYLE.read_bytes(), headers=_HEADERS, media_type="text/css")

    async def rule(self, request: Request) -> Response:
        """Show one rule."""
        rule = request.path_params["rule"]
        if rule not in self.rules:
            raise UnknownRuleError(f"no rule has this id: they are listed at {EVIDENCE}")
        return HTMLResponse(self._rule(rule), headers=_HEADERS)

    async def disclosure(self, request: Request) -> Response:
        """Tell the source attributes of a service: JSON, or a page for who asks for HTML and not for JSON."""
        name = request.path_params["service"]
        if name not in self.services:
            raise UnknownRuleError("no service has this id: discovery lists them at /cds-services")
        headers = {**_HEADERS, "Vary": "Accept"}
        accept = request.headers.get("accept", "")
        if "text/html" in accept and "application/json" not in accept:
            return HTMLResponse(self._disclosure(name), headers=headers)
        body = msgspec.json.encode(document(*self.services[name]))
        return Response(body, headers=headers, media_type="application/json")


def _services(catalogue: Catalogue) -> Iterator[tuple[str, tuple[CdsService, Guideline]]]:
    """Yield every service by its group, and by the ids that discovery lists it under."""
    for entry in catalogue.entries.values():
        yield entry.service.group, (entry.service, entry.guideline)
        yield entry.id, (entry.service, entry.guideline)
