"""The bearer token of the sandbox: one static secret, or none at all."""

import secrets

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cds_service.sandbox.responses import unauthorized


class BearerToken:
    """
    ASGI middleware that lets only requests with `Authorization: Bearer <token>` pass.

    The CapabilityStatement stays open, as a client must be able to learn that a token is needed.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Guard `app` with `token`."""
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer 401."""
        if scope["type"] != "http" or self._admits(Request(scope)):
            await self._app(scope, receive, send)
        else:
            await unauthorized("This sandbox needs its bearer token.")(scope, receive, send)

    def _admits(self, request: Request) -> bool:
        if request.url.path.endswith("/metadata") and request.method in ("GET", "HEAD"):
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(given.encode(), self._token)
