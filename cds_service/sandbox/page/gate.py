"""
Who may use the page, and what a browser may do with it.

The page acts for whoever sends it a request, so it takes none that another website caused: the host
must be this machine by name (a foreign name that resolves to it is an attack), and a change must come
from the page itself (Sec-Fetch-Site, else Origin). Every answer forbids scripts but our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from cds_service.base_url import base_url

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser sends forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD"})
_OUR_OWN = frozenset({"same-origin", "none"})  # none: the user typed the address


class Gate:
    """ASGI middleware: refuses what other websites cause, and adds the headers to what is answered."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or answer 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = _refusal(scope["method"], Headers(scope=scope))
        app = PlainTextResponse(refusal, 403) if refusal else self._app
        await app(scope, receive, guarded)


def _refusal(method: str, headers: Headers) -> str:
    """Say why a request is refused; "" when it may pass."""
    host = headers.get("host", "")
    place = base_url(f"http://{host}")
    if place is None or not place.loopback:
        return "This page is served to this machine only: open it as http://127.0.0.1 or http://localhost."
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    foreign = bool(origin) and urlsplit(origin).netloc != host
    if method in _SAFE:
        # The service around the page lets any origin read its answers; the page's are not for them.
        elsewhere = site not in _OUR_OWN and headers.get("sec-fetch-mode") != "navigate" if site else foreign
        return "Another website may not read this page." if elsewhere else ""
    if site in _OUR_OWN or (not site and origin and not foreign):
        return ""
    return "Only the page itself may change something: send Origin or Sec-Fetch-Site as a browser does."
