"""
One GET and its answer: bounded, decompressed, at most once repeated; or why there is none, for a clinician.

Statuses: 200 is an answer. 404 and 410 say that nothing is there; they, 403, 405 and 501 may also
say that the server does not offer such resources, or not to us. 429, 502, 503, 504 and a
connection that fails are tried once more, when that fits into the deadline. Everything else,
a redirect included, is a failure.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
import httpx2

from .circuit_breaker import Passage

if TYPE_CHECKING:
    from .limits import Limits
    from .origins import Origin

LATE = "it did not answer in time"
RESTING = "the EHR's FHIR server failed repeatedly and is not asked for a moment"
UNREACHABLE = "the EHR's FHIR server could not be reached"
FORBIDDEN = "the EHR did not allow it"
REFUSED = "the EHR's FHIR server answered with an error"
NOT_THERE = "the EHR's FHIR server does not know it"
TOO_LARGE = "the EHR's answer was too large"
UNREADABLE = "the EHR's answer could not be read"

_NO_CONNECTION = 0
_TRY_AGAIN = frozenset({_NO_CONNECTION, 429, 502, 503, 504})
_WHY = {
    _NO_CONNECTION: UNREACHABLE,
    HTTPStatus.UNAUTHORIZED: FORBIDDEN,
    HTTPStatus.FORBIDDEN: FORBIDDEN,
    HTTPStatus.NOT_FOUND: NOT_THERE,
    HTTPStatus.GONE: NOT_THERE,
}
_NOT_OFFERED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]*", re.ASCII)


class NoAnswerError(Exception):
    """A request has no answer to read; the message says why, in words for a clinician."""


class NotOfferedError(NoAnswerError):
    """The server does not offer what was asked for, or not to us."""


class NotThereError(NotOfferedError):
    """The server says that there is no such resource."""


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What came back.

    status: 0 when there was no connection. why: "" or what is wrong with a body of status 200,
    or with the connection. retry_after: the header, as sent.
    """

    status: int
    body: bytes = b""
    why: str = ""
    retry_after: str = ""

    @property
    def healthy(self) -> bool:
        """Whether the server is well: whatever it says of this one request, it answers."""
        answers = self.status < HTTPStatus.INTERNAL_SERVER_ERROR or self.status in _NOT_OFFERED
        return self.status not in _TRY_AGAIN and answers


class Exchange:
    """The requests of one call to one server, with the call's token and its share of memory."""

    def __init__(
        self, client: httpx2.AsyncClient, origin: Origin, token: str, limits: Limits, patience: float
    ) -> None:
        """
        Use what the process shares, and the token of the call; "" for none.

        patience: a request cut off after fewer seconds is not held against the server.
        """
        self._client = client
        self._origin = origin
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._limits = limits
        self._patience = patience
        self._bytes_left = limits.call_bytes

    async def get(self, url: httpx2.URL) -> bytes:
        """Return the body at a URL. Raises NotThereError, NotOfferedError and NoAnswerError."""
        reply = await self._attempt(url)
        pause = self._pause(reply)
        if pause is not None:
            await anyio.sleep(pause)
            reply = await self._attempt(url)
        if reply.status == HTTPStatus.OK and not reply.why:
            return reply.body
        why = reply.why or _WHY.get(reply.status, REFUSED)
        if why is NOT_THERE:
            raise NotThereError(why)
        raise NotOfferedError(why) if reply.status in _NOT_OFFERED else NoAnswerError(why)

    def _pause(self, reply: Reply) -> float | None:
        """Return the seconds to wait before a second attempt; None when there must be none."""
        if reply.status not in _TRY_AGAIN:
            return None
        wanted = seconds_until(reply.retry_after, datetime.now(UTC))
        pause = self._limits.pause_seconds if wanted is None else wanted
        left = anyio.current_effective_deadline() - anyio.current_time()
        return pause if pause < left else None

    async def _attempt(self, url: httpx2.URL) -> Reply:
        async with self._origin.slots:
            breaker = self._origin.breaker
            passage = breaker.admit()
            if passage is Passage.REFUSED:
                raise NoAnswerError(RESTING)
            started = anyio.current_time()
            healthy: bool | None = None
            try:
                reply = await self._send(url)
                healthy = reply.healthy
            except anyio.get_cancelled_exc_class():
                healthy = False if anyio.current_time() - started >= self._patience else None
                raise
            finally:
                breaker.settle(passage, healthy=healthy)
            return reply

    async def _send(self, url: httpx2.URL) -> Reply:
        try:
            async with self._client.stream("GET", url, headers=self._headers) as response:
                if response.status_code == HTTPStatus.OK:
                    return await self._read(response)
                retry_after = response.headers.get("retry-after", "")
                return Reply(response.status_code, retry_after=retry_after)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return Reply(_NO_CONNECTION)
        except httpx2.DecodingError:
            return Reply(HTTPStatus.OK, why=UNREADABLE)
        except httpx2.TransportError:  # broken off, or no HTTP
            return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, why=REFUSED)

    async def _read(self, response: httpx2.Response) -> Reply:
        """Read a body as long as it is within bounds, counted after decompression."""
        if response.headers.get("content-encoding", "identity").lower() not in {"identity", "gzip"}:
            return Reply(HTTPStatus.OK, why=UNREADABLE)  # nothing else was asked for
        body = bytearray()
        async with aclosing(response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                body += chunk
                self._bytes_left -= len(chunk)
                if len(body) > self._limits.page_bytes or self._bytes_left < 0:
                    return Reply(HTTPStatus.OK, why=TOO_LARGE)
        return Reply(HTTPStatus.OK, bytes(body))


def seconds_until(retry_after: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None when it holds no time."""
    if _SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def usable_token(token: str) -> bool:
    """Whether a token can be sent as it is: visible ASCII, as RFC 6750 has it."""
    return _TOKEN.fullmatch(token) is not None
