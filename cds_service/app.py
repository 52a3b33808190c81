"""
The HTTP service: bytes in, cards out. One way through, no step goes back.

caller -> body -> protocol -> awake rules -> prefetch answers (-> fetch what is absent) -> chart
-> verdicts -> cards -> audit -> bytes. No rule awake: no card, and nothing is read.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .allow_list import AllowList
from .audit import Decided
from .cards import cards, instance_uuid
from .chart import Chart
from .clients import OPEN
from .configuration import configuration_of, shown
from .endpoint import CrossOrigin, NeverSilent, http_error, refused, routes
from .errors import CdsError, DataUnavailableError, UnknownServiceError
from .evidence_endpoint import EVIDENCE, Evidence
from .feedback import parse_feedback
from .hook_context import context_of, unresolved_medications
from .offers import offer_to
from .openapi import describe
from .prefetch import answers, lacks_medications, next_url, widened
from .protocol import parse
from .request_body import check_size, read_body
from .rules import decide, unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date, tzinfo

    from starlette.requests import Request
    from starlette.routing import Route

    from .answers import Answer, Need
    from .audit import Audit
    from .catalogue import Catalogue, Entry
    from .clients import Client
    from .fhir import Medication
    from .offers import Offer
    from .protocol import FhirAccess, HookRequest
    from .settings import Settings

_DISCOVERY = "/cds-services"
_KEEP = {"Cache-Control": "max-age=300", "Vary": "Authorization"}


class Fetch(Protocol):
    """Asks the EHR's FHIR server for what prefetch left out; answers what it could, in time."""

    def __call__(
        self, access: FhirAccess, wanted: Mapping[Need, bytes | None], patient_id: str, spent: float = 0
    ) -> Awaitable[Mapping[str, Answer]]:
        """
        Return the answer to each need by key; never raises on data.

        wanted: None asks from the start; a Bundle is read on from its `next` link, and
        Medications that its orders refer to are looked up. spent: seconds of the deadline that
        are gone already.
        """
        ...

    def medications(self, access: FhirAccess, references: Collection[str]) -> Awaitable[Sequence[Medication]]:
        """Return those of the Medications that could be read; never raises on data."""
        ...


class Identify(Protocol):
    """Tells which registered client calls."""

    def caller(self, authorizations: Sequence[str], paths: Sequence[str]) -> Awaitable[Client]:
        """
        Return the client; UntrustedClientError when it cannot be told.

        authorizations: the Authorization headers. paths: URL paths of ours its token may be for.
        """
        ...


def create_app(  # noqa: PLR0913 - everything it needs, by name
    catalogue: Catalogue,
    settings: Settings,
    *,
    clock: Callable[[tzinfo], date],
    audit: Audit,
    fetch: Fetch | None = None,
    clients: Sequence[Client] = (OPEN,),
    trust: Identify | None = None,
    closing: Sequence[Callable[[], Awaitable[None]]] = (),
) -> FastAPI:
    """
    Return the application; it takes everything it needs as arguments.

    clock: today's date in a time zone. fetch: how to ask the EHR for what prefetch lacks; None
    asks nobody. clients: those that `trust` may name; without `trust` every caller is the
    first. closing: what to await when the application ends.
    """
    app = FastAPI(
        title="CDS Hooks service",
        docs_url="/docs" if settings.docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        redirect_slashes=False,
        telemetry={"logs": False},  # it would export the text of exceptions
        lifespan=partial(_lifespan, closing),
    )
    service = _Service(catalogue, settings, clock, audit, fetch, clients, trust)
    app.router.routes.extend(service.routes())
    describe(app, catalogue.entries.values())
    app.add_exception_handler(CdsError, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(NeverSilent)
    app.add_middleware(
        CrossOrigin,
        allow_origins=[*settings.cors_origins, *(o for client in clients for o in client.cors_origins)],
        allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
        allow_headers=["authorization", "content-type", "accept"],
        expose_headers=["etag"],
    )
    return app


@asynccontextmanager
async def _lifespan(closing: Sequence[Callable[[], Awaitable[None]]], _app: FastAPI) -> AsyncIterator[None]:
    yield
    for close in closing:
        await close()


class _Service:
    """The endpoints, and what they share."""

    def __init__(  # noqa: PLR0913, PLR0917 - what create_app was given
        self,
        catalogue: Catalogue,
        settings: Settings,
        clock: Callable[[tzinfo], date],
        audit: Audit,
        fetch: Fetch | None,
        clients: Sequence[Client],
        trust: Identify | None,
    ) -> None:
        self.version = catalogue.version
        self.max_body_bytes = settings.max_body_bytes
        self.servers = AllowList(settings.fhir_servers)
        self.clock = clock
        self.audit = audit
        self.fetch = fetch
        self.trust = trust
        self.anyone = clients[0]
        self.offers = {client.name: offer_to(client, catalogue) for client in clients}
        self.rules_url = f"{settings.public_url.rstrip('/')}{EVIDENCE}" if settings.public_url else None
        self.evidence = Evidence(catalogue, settings.public_url)

    def routes(self) -> Iterator[Route]:
        """Yield every path of the service."""
        yield from routes(_DISCOVERY, ("GET", "HEAD"), self.discovery)
        yield from routes(_DISCOVERY + "/{service_id}", ("POST",), self.call)
        yield from routes(_DISCOVERY + "/{service_id}/feedback", ("POST",), self.feedback)
        yield from self.evidence.routes()

    async def discovery(self, request: Request) -> Response:
        """List the services (CDS Hooks 2.0.1, discovery)."""
        offer = await self._offer(request, _DISCOVERY)
        headers = {"ETag": offer.discovery.etag, **_KEEP}
        if offer.discovery.etag in request.headers.get("if-none-match", ""):  # quotes are part of a tag
            return Response(status_code=304, headers=headers)
        return Response(offer.discovery.body, headers=headers, media_type="application/json")

    async def call(self, request: Request) -> Response:
        """Answer a hook with cards."""
        started = time.perf_counter()
        check_size(request, self.max_body_bytes)
        path = f"{_DISCOVERY}/{request.path_params['service_id']}"
        offer = await self._offer(request, path)
        entry = _entry(offer, request)
        hook_request = parse(await read_body(request, self.max_body_bytes), offered=entry.hook)
        decided = await self._decide(offer.client, entry, hook_request)
        self._record(offer.client, entry, hook_request, started, decided)
        body = msgspec.json.encode({"cards": [card.wire() for card in decided.cards]})
        return Response(body, media_type="application/json")

    async def feedback(self, request: Request) -> Response:
        """Take note of what became of cards (CDS Hooks 2.0.1, feedback)."""
        check_size(request, self.max_body_bytes)
        path = f"{_DISCOVERY}/{request.path_params['service_id']}"
        offer = await self._offer(request, f"{path}/feedback", path)
        entry = _entry(offer, request)
        items = parse_feedback(await read_body(request, self.max_body_bytes))
        self.audit.feedback(entry, offer.client.name, items)
        return Response(status_code=200)

    async def _offer(self, request: Request, *paths: str) -> Offer:
        """Return what the caller is offered; its token must be meant for one of these paths."""
        if self.trust is None:
            return self.offers[self.anyone.name]
        client = await self.trust.caller(request.headers.getlist("authorization"), paths)
        return self.offers[client.name]

    async def _decide(self, client: Client, entry: Entry, request: HookRequest) -> Decided:
        guideline, service = entry.guideline, entry.service
        access = self._access(client, request)
        asked = time.perf_counter()
        context = context_of(request, guideline, await self._drafted_medications(access, request))
        spent = time.perf_counter() - asked
        if not service.awake(context):
            return Decided()
        needs = frozenset(widened(need, guideline.terminology) for need in service.needs_in(context))
        known = await self._answers(needs, request, access, spent)
        chart = Chart(self.clock(client.time_zone), context, known, guideline.terminology)
        verdicts = decide(service, chart)
        missing = unavailable(service, verdicts, chart)
        if missing:
            keys = ", ".join(need.key for need in missing)
            message = f"send prefetch {keys}, or a fhirServer that may be asked for it"
            raise DataUnavailableError(message, expression=f"prefetch.{missing[0].key}")
        made = cards(
            guideline,
            service,
            verdicts,
            chart,
            hook_instance=request.hook_instance,
            rules_url=self.rules_url,
            selection_behavior=client.selection_behavior,
        )
        configuration = configuration_of(request.extension).with_off(client.off)
        limited = configuration.at_most(guideline.most_cards.get(entry.hook))
        wanted = shown(made, limited, service.group, guideline.data_missing)
        hidden = tuple(card for card in made if card not in wanted)
        return Decided(verdicts, tuple(wanted), known, hidden)

    def _access(self, client: Client, request: HookRequest) -> FhirAccess | None:
        """Return the way to the EHR's FHIR server; None when there is none that may be asked."""
        access = request.access
        if access is None or not (
            client.fhir_servers.allows(access.server) or self.servers.allows(access.server)
        ):
            return None
        return access

    async def _drafted_medications(
        self, access: FhirAccess | None, request: HookRequest
    ) -> Sequence[Medication]:
        """Look up what drafts refer to without bringing it along: else no rule could tell the drug."""
        if access is None or self.fetch is None:
            return ()
        references = unresolved_medications(request)
        return await self.fetch.medications(access, references) if references else ()

    async def _answers(
        self, needs: frozenset[Need], request: HookRequest, access: FhirAccess | None, spent: float
    ) -> dict[str, Answer]:
        """Answer the needs from prefetch, and what it lacks or only begins from the FHIR server."""
        sent = request.prefetch
        known = answers(needs, sent, request.patient_id)
        if access is None or self.fetch is None:
            return known
        wanted: dict[Need, bytes | None] = {}
        for need in sorted(needs):
            if known[need.key].absent:
                wanted[need] = None
            elif (known[need.key].gap and next_url(sent[need.key])) or lacks_medications(known[need.key]):
                wanted[need] = sent[need.key]
        if wanted:
            known.update(await self.fetch(access, wanted, request.patient_id, spent))
        return known

    def _record(
        self, client: Client, entry: Entry, request: HookRequest, started: float, decided: Decided
    ) -> None:
        facts = {
            "client": client.name,
            "hook_instance": str(instance_uuid(request.hook_instance)),  # whatever text was sent
            "ms": round((time.perf_counter() - started) * 1000, 1),
            "read": {key: len(answer.resources) for key, answer in sorted(decided.answers.items())},
            "skipped": sum(answer.skipped for answer in decided.answers.values()),
            "gaps": sorted(key for key, answer in decided.answers.items() if answer.gap),
        }
        self.audit.decision(entry, self.version, decided, facts)


def _entry(offer: Offer, request: Request) -> Entry:
    entry = offer.entries.get(request.path_params["service_id"])
    if entry is None:
        raise UnknownServiceError("no service has this id: discovery lists them at /cds-services")
    return entry
