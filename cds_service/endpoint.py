"""
One path of the service: its methods, a trailing slash, and what every answer that is no success looks like.

Other methods are a 405 that names the right ones, a trailing slash is served and never redirected
(a redirect would lose body and token), and whatever breaks is a 500 with an OperationOutcome.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .errors import (
    CdsError,
    MalformedRequestError,
    MethodNotAllowedError,
    UnknownServiceError,
    operation_outcome,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)
_FHIR_JSON = "application/fhir+json"
_JSON = "application/json"
_BY_STATUS = {404: UnknownServiceError, 405: MethodNotAllowedError}
_MESSAGES = {
    404: "nothing is here: discovery is at /cds-services",
    405: "this method is not supported here: see the header Allow",
}


class Endpoint:
    """Answers the methods of one path; OPTIONS is answered for all of them."""

    def __init__(self, methods: tuple[str, ...], answer: Callable[[Request], Awaitable[Response]]) -> None:
        """Answer `methods` with `answer`."""
        self.methods = methods
        self.allow = ", ".join((*methods, "OPTIONS"))
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": self.allow})
        if request.method not in self.methods:
            raise MethodNotAllowedError(f"this path answers {self.allow}", headers={"Allow": self.allow})
        return await self.answer(request)


def routes(
    path: str, methods: tuple[str, ...], answer: Callable[[Request], Awaitable[Response]]
) -> Iterator[Route]:
    """Yield the routes of a path, with and without a trailing slash."""
    endpoint = Endpoint(methods, answer)
    yield Route(path, endpoint)
    yield Route(f"{path}/", endpoint)


def outcome_response(request_headers: Headers, error: CdsError) -> Response:
    """Return the OperationOutcome of a refusal; as plain JSON for a client that accepts nothing else."""
    accept = request_headers.get("accept", "")
    plain = _JSON in accept and _FHIR_JSON not in accept and "*/*" not in accept
    body = msgspec.json.encode(operation_outcome(error.message, error.issue, error.expression))
    return Response(body, error.status, dict(error.headers), media_type=_JSON if plain else _FHIR_JSON)


async def refused(request: Request, error: Exception) -> Response:
    """Answer for a CdsError."""
    assert isinstance(error, CdsError)  # noqa: S101 - registered for CdsError only
    return outcome_response(request.headers, error)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer for what the framework itself refuses, such as a path that leads nowhere."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for HTTPException only
    kind = _BY_STATUS.get(error.status_code, MalformedRequestError)
    message = _MESSAGES.get(error.status_code, "the request was refused")
    return outcome_response(request.headers, kind(message, headers=error.headers))


class CrossOrigin(CORSMiddleware):
    """CORS whose refused preflight is an OperationOutcome too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight; the headers that the framework chose are kept."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == HTTPStatus.OK:
            return answer
        said = MalformedRequestError("this origin, method or header is not allowed: see CDS_CORS_ORIGINS")
        refusal = outcome_response(request_headers, said)
        allowed = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        refusal.headers.update(allowed)
        return refusal


class NeverSilent:
    """
    Turns an unexpected error into a 500, never into an empty card list: silence reads as safety.

    It stands inside the CORS layer, so that a browser may read the 500 too.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer for it when it breaks before its answer began."""
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            _LOG.error("unexpected %s at %s", type(error).__name__, _place(error))
            if scope["type"] != "http" or began:
                msg = "the answer broke off"  # and nothing of what the error said
                raise RuntimeError(msg) from None
            failure = CdsError("the service failed unexpectedly: nothing was decided")
            await outcome_response(Headers(scope=scope), failure)(scope, receive, send)


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame, without values."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"
