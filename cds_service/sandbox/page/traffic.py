"""What the FHIR server of the sandbox was asked, and by whom: this shows what a service reads for itself."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: began is in seconds of `time.perf_counter`, ms how long the answer took."""

    token: str
    began: float
    method: str
    what: str
    status: int
    ms: float


class Traffic:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        """Start with none."""
        self._asked: deque[Asked] = deque(maxlen=_REMEMBERED)

    def note(self, asked: Asked) -> None:
        """Remember a request."""
        self._asked.append(asked)

    def of(self, token: str, since: float) -> tuple[Asked, ...]:
        """Return the requests that came with a bearer token from a moment on."""
        return tuple(asked for asked in self._asked.copy() if asked.token == token and asked.began >= since)


class Watched:
    """ASGI middleware that notes each request to a FHIR server."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        """Watch `app`."""
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            ms = (time.perf_counter() - began) * 1000
            self._traffic.note(Asked(_token(scope), began, scope["method"], _what(scope), status, ms))


def _token(scope: Scope) -> str:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _what(scope: Scope) -> str:
    """Return the path below the FHIR base with its query, as text."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path
