"""
The HTTP service: bytes in, cards out. One way through, no step goes back.

body -> protocol -> awake rules -> prefetch answers (-> fetch what is absent) -> chart ->
verdicts -> cards -> audit -> bytes. No rule awake: no card, and nothing is read.
"""

from __future__ import annotations

import logging
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, Response

from .audit import Decided
from .cards import cards, instance_uuid
from .chart import Chart
from .errors import (
    BodyTooLargeError,
    CdsError,
    DataUnavailableError,
    MalformedRequestError,
    UnknownServiceError,
    UnsupportedMediaError,
    operation_outcome,
)
from .evidence_page import evidence_page
from .feedback import parse_feedback
from .prefetch import answers
from .protocol import HookRequest, order_context, parse
from .rules import decide, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import date

    from fastapi.params import Depends

    from .answers import Answer, Need
    from .audit import Audit
    from .catalogue import Catalogue, Entry
    from .protocol import FhirAccess
    from .settings import Settings

_LOG = logging.getLogger(__name__)
_JSON_TYPES = frozenset({"", "application/json", "application/fhir+json", "text/json"})
_FHIR_JSON = "application/fhir+json"


class Fetch(Protocol):
    """Asks the EHR's FHIR server for needs that prefetch left out; answers what it could, in time."""

    def __call__(
        self, access: FhirAccess, needs: Sequence[Need], patient_id: str
    ) -> Awaitable[Mapping[str, Answer]]:
        """Return an answer for each need it could ask; needs left out stay absent. Never raises on data."""
        ...


def create_app(  # noqa: PLR0913 - everything it needs, by name
    catalogue: Catalogue,
    settings: Settings,
    *,
    clock: Callable[[], date],
    audit: Audit,
    fetch: Fetch | None = None,
    guards: Sequence[Depends] = (),
) -> FastAPI:
    """
    Return the application; it takes everything it needs as arguments.

    clock: today's date. fetch: how to ask the EHR for what prefetch lacks; None asks nobody.
    guards: dependencies every CDS Hooks call must pass, such as client authentication.
    """
    app = FastAPI(
        title="CDS Hooks service",
        docs_url="/docs" if settings.docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        redirect_slashes=False,
    )
    service = _Service(catalogue, settings, clock, audit, fetch)
    _routes(app, service, list(guards))
    app.add_exception_handler(CdsError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.middleware("http")(_never_silent)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
        allow_headers=["authorization", "content-type", "accept"],
    )
    return app


def _routes(app: FastAPI, service: _Service, guards: list[Depends]) -> None:
    def route(path: str, endpoint: Callable[..., object], method: str, *, described: bool = False) -> None:
        app.add_api_route(path, endpoint, methods=[method], dependencies=guards, include_in_schema=described)

    discovery, call = "/cds-services", "/cds-services/{service_id}"
    route(discovery, service.discovery, "GET", described=True)
    route(call, service.call, "POST", described=True)
    route(f"{call}/feedback", service.feedback, "POST", described=True)
    route(discovery, service.discovery, "HEAD")
    route(f"{discovery}/", service.discovery, "GET")
    route(f"{discovery}/", service.discovery, "HEAD")
    route(f"{call}/", service.call, "POST")
    app.add_api_route("/evidence", service.evidence, methods=["GET", "HEAD"], include_in_schema=False)


class _Service:
    """The endpoints, and what they share."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        clock: Callable[[], date],
        audit: Audit,
        fetch: Fetch | None,
    ) -> None:
        self.catalogue = catalogue
        self.settings = settings
        self.clock = clock
        self.audit = audit
        self.fetch = fetch
        self.rules_url = f"{settings.public_url.rstrip('/')}/evidence" if settings.public_url else None
        self._discovery = msgspec.json.encode(
            {"services": [entry.discovery for entry in catalogue.entries.values()]}
        )
        # Rendered when first asked for: it would be a good part of the start-up time.
        self._evidence = cache(partial(evidence_page, catalogue.guidelines))

    async def discovery(self) -> Response:
        """List the services (CDS Hooks 2.0.1, discovery)."""
        return Response(self._discovery, media_type="application/json")

    async def evidence(self) -> HTMLResponse:
        """Show the rules that cards link to."""
        return HTMLResponse(self._evidence())

    async def call(self, service_id: str, request: Request) -> Response:
        """Answer a hook with cards."""
        started = time.perf_counter()
        entry = self._entry(service_id)
        hook_request = parse(await self._body(request))
        if hook_request.hook != entry.hook:
            message = f"this service answers the hook {entry.hook}"
            raise MalformedRequestError(message, expression="hook")
        decided = await self._decide(entry, hook_request)
        self._record(entry, hook_request, started, decided)
        body = msgspec.json.encode({"cards": [card.wire() for card in decided.cards]})
        return Response(body, media_type="application/json")

    async def feedback(self, service_id: str, request: Request) -> Response:
        """Take note of what became of cards (CDS Hooks 2.0.1, feedback)."""
        entry = self._entry(service_id)
        self.audit.feedback(entry, parse_feedback(await self._body(request)))
        return Response(status_code=200)

    async def _decide(self, entry: Entry, request: HookRequest) -> Decided:
        guideline, service = entry.guideline, entry.service
        context = order_context(request, guideline)
        if not service.awake(context):
            return Decided()
        known = await self._answers(entry, request)
        chart = Chart(self.clock(), context, known, guideline.terminology)
        verdicts = decide(service, chart)
        missing = unavailable(service, verdicts, chart)
        if missing:
            keys = ", ".join(need.key for need in missing)
            message = f"send prefetch {keys}, or a fhirServer that may be asked for it"
            raise DataUnavailableError(message, expression=f"prefetch.{missing[0].key}")
        made = cards(
            guideline, service, verdicts, chart, hook_instance=request.hook_instance, rules_url=self.rules_url
        )
        return Decided(verdicts, tuple(made), known)

    async def _answers(self, entry: Entry, request: HookRequest) -> dict[str, Answer]:
        known = answers(entry.service, request.prefetch, request.patient_id)
        absent = [need for need in sorted(entry.service.needs) if known[need.key].absent]
        if absent and self.fetch and request.access:
            known.update(await self.fetch(request.access, absent, request.patient_id))
        return known

    def _record(self, entry: Entry, request: HookRequest, started: float, decided: Decided) -> None:
        facts = {
            "hook_instance": str(instance_uuid(request.hook_instance)),  # whatever text was sent
            "ms": round((time.perf_counter() - started) * 1000, 1),
            "read": {key: len(answer.resources) for key, answer in sorted(decided.answers.items())},
            "skipped": sum(answer.skipped for answer in decided.answers.values()),
            "gaps": sorted(key for key, answer in decided.answers.items() if answer.gap),
        }
        self.audit.decision(entry, self.catalogue.version, decided, facts)

    def _entry(self, service_id: str) -> Entry:
        entry = self.catalogue.entries.get(service_id)
        if entry is None:
            raise UnknownServiceError("no service has this id: discovery lists them at /cds-services")
        return entry

    async def _body(self, request: Request) -> bytes:
        """Read the body up to the limit, so that a larger one is refused before it is held."""
        limit = self.settings.max_body_bytes
        declared = request.headers.get("content-length", "")
        too_large = BodyTooLargeError(f"the body may have at most {limit} bytes")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type not in _JSON_TYPES or request.headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedMediaError("send application/json without content-encoding")
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large
            chunks.append(chunk)
        return b"".join(chunks)


def _outcome(status: int, message: str, issue: str, expression: str = "", **headers: str) -> Response:
    body = msgspec.json.encode(operation_outcome(message, issue, expression))
    return Response(body, status, headers, media_type=_FHIR_JSON)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CdsError)  # noqa: S101 - registered for CdsError only
    return _outcome(error.status, error.message, error.issue, error.expression)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for HTTPException only
    issue, message = {
        401: ("login", "the caller is not known here"),
        403: ("forbidden", "the caller may not do this"),
        404: ("not-found", "nothing is here: discovery is at /cds-services"),
        405: ("not-supported", "this method is not supported here"),
    }.get(error.status_code, ("exception", "the request was refused"))
    return _outcome(error.status_code, message, issue, **dict(error.headers or {}))


async def _invalid(_request: Request, _error: Exception) -> Response:
    """Answer for a guard whose parameters were not met: FastAPI's own body would repeat the input."""
    return _outcome(400, "a parameter or header of the request is missing or wrong", "invalid")


async def _never_silent(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Turn an unexpected error into a 500, never into an empty card list: silence reads as safety."""
    try:
        return await call_next(request)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        _LOG.error("unexpected %s at %s", type(error).__name__, _place(error))
        return _outcome(500, "the service failed unexpectedly: nothing was decided", "exception")


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame, without values."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"
