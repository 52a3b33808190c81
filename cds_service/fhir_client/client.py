"""The FHIR client itself: needs in, answers out, within one deadline and over one shared HTTP client."""

from __future__ import annotations

import logging
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import anyio
import httpx2

from .address import FhirBase
from .exchange import Exchange, usable_token
from .limits import Limits
from .medications import look_up, look_up_for
from .origins import Origins
from .pages import Progress, begun, read_pages

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from cds_service.answers import Answer, Need
    from cds_service.fhir import Medication
    from cds_service.protocol import FhirAccess

_LOG = logging.getLogger(__name__)
_UNUSABLE = "the address or the access token of the EHR's FHIR server cannot be used"
_HEADERS = {"Accept": "application/fhir+json", "Accept-Encoding": "gzip", "User-Agent": "lumbar-cds"}
_ENOUGH = 0.5
"""The part of the deadline that a server must have had before its silence is held against it."""


class FhirClient:
    """Reads what is missing from FHIR servers; whoever makes one closes it, and uses it in one event loop."""

    def __init__(
        self,
        *,
        deadline_seconds: float,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Answer every call within the deadline.

        tls: whose certificates are trusted; None trusts those that this machine trusts. transport:
        another way to the network than sockets. clock: seconds that only go forward, for how long
        failing servers rest.
        """
        _silence()
        self._deadline = deadline_seconds
        self._limits = limits or Limits()
        self._origins = Origins(self._limits, clock)
        self._http = httpx2.AsyncClient(
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,  # one deadline holds for all of a call, see _in_time
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=self._limits.connections),
            follow_redirects=False,
            verify=True if tls is None else tls,
            trust_env=False,
            transport=transport,
        )

    async def __call__(
        self, access: FhirAccess, wanted: Mapping[Need, bytes | None], patient_id: str, spent: float = 0
    ) -> Mapping[str, Answer]:
        """
        Return an answer by key for every need in `wanted`: read, or failed with the reason.

        Absent is only a fallback that the server does not offer.

        wanted: None asks for a need from the start; bytes are a prefetch Bundle, of which only
        the further pages are asked for, and what its orders refer to. spent: seconds of the
        deadline that are gone already. What was read when time ran out is kept.
        """
        progress = [begun(need, value, patient_id) for need, value in wanted.items()]

        async def ask(exchange: Exchange, base: FhirBase) -> None:
            async with anyio.create_task_group() as group:
                for one in progress:
                    group.start_soon(self._gather, one, exchange, base)

        if not await self._in_time(access, ask, spent):
            for one in progress:
                one.why, one.not_offered = _UNUSABLE, one.need.fallback
        answers = {one.need.key: one.answer() for one in progress}
        for key, answer in answers.items():
            if answer.gap:
                _LOG.debug("%s: %s", key, answer.gap)
        return answers

    async def medications(self, access: FhirAccess, references: Collection[str]) -> tuple[Medication, ...]:
        """
        Return the Medications that references name, as far as they can be read in time.

        References are `Medication/id`, or absolute below the same server; others are not asked for.
        """
        found: list[Medication] = []

        async def ask(exchange: Exchange, base: FhirBase) -> None:
            await look_up(references, exchange, base, self._limits.medications, found)

        await self._in_time(access, ask)
        return tuple(found)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _in_time(
        self, access: FhirAccess, ask: Callable[[Exchange, FhirBase], Awaitable[None]], spent: float = 0
    ) -> bool:
        """Let `ask` have its requests until the deadline; False when there is no way to send any."""
        base = FhirBase.of(access.server)
        if base is None or not usable_token(access.token):
            return False
        life = self._deadline if access.expires_in is None else access.expires_in
        seconds = min(self._deadline, life) - spent
        origin = self._origins.at(base.place)
        exchange = Exchange(self._http, origin, access.token, self._limits, self._deadline * _ENOUGH)
        if seconds > 0:
            with anyio.move_on_after(seconds):
                await ask(exchange, base)
        return True

    async def _gather(self, progress: Progress, exchange: Exchange, base: FhirBase) -> None:
        await read_pages(progress, exchange, base, self._limits)
        await look_up_for(progress, exchange, base, self._limits.medications)


def _silence() -> None:
    """Keep the HTTP library from logging URLs (at INFO) and headers (at DEBUG): they are about patients."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
