"""
The FHIR R4 server as an ASGI application, to be mounted at a path such as `/fhir`.

How to make it fail on purpose is told in `sandbox.faults`.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service.sandbox import interactions
from cds_service.sandbox.access import BearerToken
from cds_service.sandbox.capability import capability_statement
from cds_service.sandbox.endpoint import Endpoint
from cds_service.sandbox.faults import NO_FAULTS, Faults, FaultSwitches
from cds_service.sandbox.interactions import Reply
from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.paging import Paging
from cds_service.sandbox.references import relinked
from cds_service.sandbox.resource_types import Resource
from cds_service.sandbox.responses import FhirResponse, outcome_response
from cds_service.sandbox.search import Parameter
from cds_service.sandbox.store import Store
from cds_service.sandbox.transaction import process

PAGE_CAP = 200  # matches per page: as many as the service's own templates ask for

_MAX_BODY_BYTES = 16 * 1024 * 1024
_MAX_PARAMETERS = 100
_METHODS = ["GET", "POST", "PUT", "DELETE"]
_EXPOSED = ["Content-Location", "ETag", "Location", "Retry-After", "WWW-Authenticate"]

Handler = Callable[[Endpoint, Request], Awaitable[Response]]


def create_fhir_app(
    store: Store, *, token: str | None = None, faults: Faults = NO_FAULTS, page_cap: int = PAGE_CAP
) -> Starlette:
    """
    Return the server over `store`.

    With a `token`, every request but /metadata needs it as bearer token. A search page holds at most
    `page_cap` matches.
    """
    middleware = [
        Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=_METHODS,
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        ),
        Middleware(FaultSwitches, faults=faults),
    ]
    if token is not None:
        middleware.append(Middleware(BearerToken, token=token))
    handlers: dict[Any, Any] = {
        FhirError: _on_fhir_error,
        HTTPException: _on_http_error,
        RecursionError: _on_deep_nesting,
        500: _on_failure,
    }
    return Starlette(
        routes=_routes(store, Paging(page_cap), secured=token is not None),
        middleware=middleware,
        exception_handlers=handlers,
    )


def _routes(store: Store, paging: Paging, *, secured: bool) -> list[Route]:
    def route(path: str, method: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return await handler(Endpoint(store, paging, _base(request), _strict(request)), request)

        return Route(path, endpoint, methods=[method])

    async def metadata(endpoint: Endpoint, _request: Request) -> Response:
        return FhirResponse(capability_statement(endpoint.base, secured=secured))

    return [
        route("/", "POST", _bundle),
        route("/metadata", "GET", metadata),
        route("/{type}", "GET", _search),
        route("/{type}", "POST", _create),
        route("/{type}/_search", "POST", _search_by_form),
        route("/{type}/{id}", "GET", _read),
        route("/{type}/{id}", "PUT", _update),
        route("/{type}/{id}", "DELETE", _delete),
    ]


# ── interactions ──────────────────────────────────────────────────────────────────────────────────


async def _bundle(endpoint: Endpoint, request: Request) -> Response:
    return FhirResponse(process(endpoint, await _resource(request)))


async def _search(endpoint: Endpoint, request: Request) -> Response:
    return _respond(endpoint, endpoint.search(request.path_params["type"], _query(request)))


async def _search_by_form(endpoint: Endpoint, request: Request) -> Response:
    try:
        form = parse_qsl(
            (await _body(request)).decode(), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise FhirError(400, Issue("structure", "The form cannot be read.")) from None
    return _respond(endpoint, endpoint.search(request.path_params["type"], _query(request) + form))


async def _read(endpoint: Endpoint, request: Request) -> Response:
    return _respond(endpoint, interactions.read(endpoint.store, *_identity(request)))


async def _create(endpoint: Endpoint, request: Request) -> Response:
    if "if-none-exist" in request.headers:
        raise FhirError(400, Issue("not-supported", "Conditional create is not supported."))
    body = relinked(await _resource(request), endpoint.relative)
    return _respond(endpoint, interactions.create(endpoint.store, request.path_params["type"], body))


async def _update(endpoint: Endpoint, request: Request) -> Response:
    body = relinked(await _resource(request), endpoint.relative)
    if_match = request.headers.get("if-match")
    return _respond(endpoint, interactions.update(endpoint.store, *_identity(request), body, if_match))


async def _delete(endpoint: Endpoint, request: Request) -> Response:
    return _respond(endpoint, interactions.delete(endpoint.store, *_identity(request)))


# ── requests ──────────────────────────────────────────────────────────────────────────────────────


def _base(request: Request) -> str:
    """Return the URL at which this app is mounted, as the caller sees it."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def _strict(request: Request) -> bool:
    preferences = ",".join(request.headers.getlist("prefer")).replace(";", ",")
    return "handling=strict" in (part.strip().lower() for part in preferences.split(","))


def _identity(request: Request) -> tuple[str, str]:
    return request.path_params["type"], request.path_params["id"]


def _query(request: Request) -> list[Parameter]:
    return request.query_params.multi_items()


async def _resource(request: Request) -> Resource:
    """Return the body as a JSON object. Raises FhirError 415, 413 or 400, none repeating the body."""
    content_type = request.headers.get("content-type", "json")
    if "json" not in content_type.lower():
        raise FhirError(415, Issue("not-supported", "Send application/fhir+json."))
    try:
        return msgspec.json.decode(await _body(request), type=dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise FhirError(400, Issue("structure", "The body is not a JSON object.")) from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise FhirError(413, Issue("too-long", "The body is larger than 16 MiB."))
    return bytes(body)


# ── responses ─────────────────────────────────────────────────────────────────────────────────────


def _respond(endpoint: Endpoint, reply: Reply) -> Response:
    headers = {}
    if reply.location:
        headers["Location"] = f"{endpoint.base}/{reply.location}"
    if reply.version:
        headers["ETag"] = interactions.etag(reply.version)
    if reply.resource is None:
        return Response(status_code=reply.status, headers=headers)
    return FhirResponse(reply.resource, reply.status, headers)


def _allowed(request: Request) -> str:
    """Return the methods that some route takes on this path, for the Allow header."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    routes: list[Route] = request.app.routes
    return ", ".join(
        sorted({name for route in routes if route.path_regex.match(path) for name in route.methods or ()})
    )


def _on_fhir_error(_request: Request, error: FhirError) -> Response:
    return outcome_response(error)


def _on_http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code != 405:  # noqa: PLR2004 - an HTTP status says more than its name
        return outcome_response(FhirError(error.status_code, Issue("not-found", "There is nothing here.")))
    allow = {"Allow": _allowed(request)}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=allow)
    refusal = FhirError(405, Issue("not-supported", "This address does not take this method."))
    return outcome_response(refusal, allow)


def _on_deep_nesting(_request: Request, _error: RecursionError) -> Response:
    return outcome_response(FhirError(400, Issue("too-long", "The body is nested too deeply.")))


def _on_failure(_request: Request, _error: Exception) -> Response:
    """Answer an error of the sandbox itself; Starlette then raises it for the server to log."""
    return outcome_response(FhirError(500, Issue("exception", "The sandbox failed; its log says how.")))
