"""
The service as it runs, under one of uvicorn's HTTP implementations, with the EHRs around it.

What a case of the edge-case table gets to work with: services in several configurations, request
bodies with complete prefetch, and the usual answers to compare with.
"""

from __future__ import annotations

import copy
import json
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds_service.allow_list import AllowList
from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.catalogue import Catalogue
from cds_service.clients import Client
from cds_service.fhir_client import FhirClient
from cds_service.jwks import JwksCache, http_client
from cds_service.settings import Settings
from cds_service.trust import Trust
from tests.conformance.sockets import served
from tests.conformance.tokens import PUBLIC_URL
from tests.conformance.wire import JSON_HEADERS, Answered, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cds_service.answers import Answer, Need
    from cds_service.fhir import Medication
    from cds_service.protocol import FhirAccess
    from cds_service.sandbox.store import Store
    from tests.conformance.ehrs import Ehr
    from tests.conformance.tokens import Signers

    Json = dict[str, Any]

FIXTURES = Path(__file__).parents[2] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
ORIGIN = "https://ehr.example.org"
IMAGING, IMAGING_SIGN = "lbp-imaging-order-select", "lbp-imaging-order-sign"
OPIOIDS, OPIOIDS_SIGN = "lbp-opioids-order-select", "lbp-opioids-order-sign"
MRI, OXYCODONE = "plain-acute.lumbar-mri", "plain-acute.oxycodone"
MISSING = object()
FETCH_SECONDS = 0.8


class Watch:
    """Passes questions on to the FHIR client, and remembers which keys were asked for."""

    def __init__(self) -> None:
        """Ask with a client of its own, for a server is judged by how it behaved."""
        self.client = FhirClient(deadline_seconds=FETCH_SECONDS)
        self.asked: list[str] = []

    async def __call__(
        self, access: FhirAccess, wanted: Mapping[Need, bytes | None], patient_id: str, spent: float = 0
    ) -> Mapping[str, Answer]:
        """Ask."""
        self.asked += [need.key for need in wanted]
        return await self.client(access, wanted, patient_id, spent)

    async def medications(self, access: FhirAccess, references: Iterable[str]) -> tuple[Medication, ...]:
        """Ask for the medications of drafts."""
        self.asked += ["Medication" for _ in references]
        return await self.client.medications(access, [*references])


@dataclass(frozen=True)
class Service:
    """One running service: where it is, whom it asks, and where its audit trail goes."""

    url: str
    watch: Watch
    trail: Path

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Sequence[tuple[str, str]] = (),
    ) -> Answered:
        """Send a request and note which keys were asked of an EHR meanwhile."""
        self.watch.asked.clear()
        answered = send(self.url, method, path, body, headers)
        return replace(answered, asked=tuple(sorted(self.watch.asked)))

    def call(
        self,
        body: object,
        service_id: str = IMAGING,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Answered:
        """Post a hook request."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", f"/cds-services/{service_id}", content, (*JSON_HEADERS, *headers))

    def feedback(self, body: object, service_id: str = IMAGING) -> Answered:
        """Post feedback."""
        return self.call(body, f"{service_id}/feedback")

    def lines(self) -> list[str]:
        """Return the audit trail."""
        return self.trail.read_text(encoding="utf-8").splitlines()


@dataclass
class House:
    """Services by configuration, started when first asked for; `ehrs` are the same for every house."""

    http: str
    catalogue: Catalogue
    folder: Path
    ehrs: Mapping[str, Ehr]
    signers: Signers
    prefetch: Callable[[str, Json, Store, dict[str, Json | None]], Json]
    store: Store
    stack: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def open(self) -> Service:
        """The service without a client registry: anyone may call, loopback FHIR servers are asked."""
        return self._service("open", Settings(cors_origins=(ORIGIN,)))

    @cached_property
    def narrow(self) -> Service:
        """The service with a list of FHIR servers on which no server of this machine stands."""
        elsewhere = Client("elsewhere", fhir_servers=AllowList(["https://fhir.example.org/r4"]))
        return self._service("narrow", Settings(), clients=[elsewhere])

    @cached_property
    def trusting(self) -> Service:
        """The service with registered clients; a browser may call from ORIGIN."""
        clients = self.signers.clients(self.ehrs)
        http = http_client()
        keys = JwksCache(http, now=self.signers.monotonic)
        trust = Trust(clients, public_url=PUBLIC_URL, keys=keys)
        settings = Settings(cors_origins=(ORIGIN,))
        return self._service("trusting", settings, trust=trust, clients=clients, closing=[http.aclose])

    @cached_property
    def published(self) -> Service:
        """The service as its operator publishes it: cards link to the page of rules."""
        return self._service("published", Settings(public_url=PUBLIC_URL))

    @cached_property
    def broken(self) -> Service:
        """The service with a clock that fails, so that every judgement does."""
        return self._service("broken", Settings(cors_origins=(ORIGIN,)), clock=_no_time)

    @cached_property
    def silent(self) -> Service:
        """A service that offers nothing."""
        nothing = Catalogue({}, (), "none")
        return self._service("silent", Settings(), catalogue=nothing)

    def _service(self, name: str, settings: Settings, **options: Any) -> Service:  # noqa: ANN401
        watch = Watch()
        trail = self.folder / f"{self.http}-{name}"
        given = {"catalogue": self.catalogue, "clock": lambda _zone: ANCHOR, "audit": Audit(f"file:{trail}")}
        closing = [watch.client.aclose, *options.pop("closing", ())]
        app = create_app(settings=settings, fetch=watch, closing=closing, **{**given, **options})
        (url,) = self.stack.enter_context(served({name: app}, self.http)).values()
        return Service(url, watch, trail)

    def body(self, stem: str = MRI, service_id: str = IMAGING) -> Json:
        """Return a request of the fixtures, for one service, with everything it asks for as prefetch."""
        known = self._bodies.get((stem, service_id))
        if known is None:
            known = json.loads((FIXTURES / "requests" / f"{stem}.json").read_text(encoding="utf-8"))
            if service_id.endswith("-order-sign"):
                known["hook"] = "order-sign"
                del known["context"]["selections"]
            known["prefetch"] = self.prefetch(service_id, known["context"], self.store, self._answers)
            self._bodies[stem, service_id] = known
        return copy.deepcopy(known)

    def varied(
        self, place: str, *values: object, stem: str = MRI, service_id: str = IMAGING
    ) -> Iterator[Json]:
        """Yield the request with one member set to each value; MISSING removes it."""
        for value in values:
            body = self.body(stem, service_id)
            *way, last = place.split(".")
            node = body
            for name in way:
                node = node[name]
            node.pop(last, None)
            if value is not MISSING:
                node[last] = value
            yield body

    def usual(self, path: str) -> Answered:
        """Return what a service answers to its usual request."""
        service_id = path.removeprefix("/cds-services/").removesuffix("/")
        if service_id not in self._usual:
            stem = MRI if service_id in {IMAGING, IMAGING_SIGN} else OXYCODONE
            self._usual[service_id] = self.open.call(self.body(stem, service_id), service_id)
        return self._usual[service_id]

    def to_fixture(self, stem: str, service_id: str) -> Answered:
        """Return the answer to a request of the fixtures, which is called for once."""
        if (stem, service_id) not in self._fixtures:
            self._fixtures[stem, service_id] = self.open.call(self.body(stem, service_id), service_id)
        return self._fixtures[stem, service_id]

    @cached_property
    def _fixtures(self) -> dict[tuple[str, str], Answered]:
        return {}

    @cached_property
    def _bodies(self) -> dict[tuple[str, str], Json]:
        return {}

    @cached_property
    def _answers(self) -> dict[str, Json | None]:
        return {}

    @cached_property
    def _usual(self) -> dict[str, Answered]:
        return {}

    def ehr(self, name: str) -> Ehr:
        """Return a FHIR server that has seen nothing yet."""
        ehr = self.ehrs[name]
        ehr.seen.clear()
        return ehr


def _no_time(_zone: object) -> date:
    message = "Jane Doe, born 1970"
    raise RuntimeError(message)
