"""
FHIR servers that misbehave in every way a socket allows, and remember what they were sent.

A `Server` answers all requests in one mode, from a thread of its own. The modes are coroutines that
write raw bytes; each answers as if it held one Condition, back pain, of whichever patient is asked
for, and spoils that in its own way.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import socket
import struct
import threading
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import TracebackType

    Mode = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]

_MEBIBYTE = 1024 * 1024
_LONG = 60.0
_JSON = "application/fhir+json"
_PAIN = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}], "text": "Low back pain"}
_OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. path: without the query. base: this server's FHIR base. elsewhere: another server's."""

    path: str
    query: str
    headers: dict[str, str]
    base: str
    elsewhere: str

    @property
    def patient(self) -> str:
        """The id of the patient that the query is about."""
        match = re.search(r"(?:Patient/|patient=|of=)([A-Za-z0-9.-]+)", f"{self.path}?{self.query}")
        return match[1] if match else "unknown"

    def resources(self, patient: str = "") -> list[dict[str, Any]]:
        """Return what a server that behaves would find: a Condition among conditions, else nothing."""
        if not self.path.endswith("/Condition"):
            return []
        subject = {"reference": f"Patient/{patient or self.patient}"}
        onset = {"onsetDateTime": "2026-10-20"}
        return [{"resourceType": "Condition", "id": "c1", "subject": subject, "code": _PAIN, **onset}]

    def bundle(self, *more: dict[str, Any], after: str = "", **members: object) -> dict[str, Any]:
        """Return the searchset for a query; for a read, the Patient."""
        if "/Patient/" in self.path:
            return {"resourceType": "Patient", "id": self.patient, "birthDate": "1992-06-10"}
        entries = [{"resource": item} for item in (*self.resources(), *more)]
        links = {"link": [{"relation": "next", "url": after}]} if after else {}
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **links, **members}


@dataclass
class Server:
    """A server in one mode. `asked` are all requests that reached it; `url` is its FHIR base."""

    mode: Mode
    elsewhere: str = ""
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Self:
        """Serve from now on."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut off whoever is still waiting, and stop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def tokens(self) -> set[str]:
        """All Authorization headers it has seen, "" for requests without."""
        return {asked.headers.get("authorization", "") for asked in self.asked}

    async def _serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir"
        return server

    async def _stop(self) -> None:
        self._server.close()
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = (ConnectionError, asyncio.IncompleteReadError)  # by the client
        with contextlib.suppress(*left, asyncio.CancelledError):
            asked = self._parsed(await reader.readuntil(b"\r\n\r\n"))
            self.asked.append(asked)
            await self.mode(asked, writer)
            await writer.drain()
        writer.close()

    def _parsed(self, head: bytes) -> Asked:
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        target = urlsplit(first.split(" ")[1])
        headers = dict(line.lower().split(": ", 1) for line in lines if not line.startswith("Authorization"))
        token = next((line.split(": ", 1)[1] for line in lines if line.startswith("Authorization")), None)
        if token is not None:
            headers["authorization"] = token
        return Asked(target.path, target.query, headers, self.url, self.elsewhere)


def head(status: int = 200, **headers: object) -> bytes:
    """Return status line and headers; without Content-Length the body lasts until the connection ends."""
    named = {"Content-Type": _JSON, "Connection": "close"}
    named.update({name.replace("_", "-"): str(value) for name, value in headers.items()})
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in named.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(value: object, status: int = 200, **headers: object) -> bytes:
    """Return a response with its body, JSON unless bytes are given."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return head(status, Content_Length=len(body), **headers) + body


def fixed(build: Callable[[Asked], bytes]) -> Mode:
    """Return a mode that writes one response at once."""

    async def mode(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(build(asked))

    return mode


def refusing(status: int, **headers: object) -> Mode:
    """Return a mode that answers with a status and an OperationOutcome."""
    return fixed(lambda _asked: whole(_OUTCOME, status, **headers))


well = fixed(lambda asked: whole(asked.bundle()))


async def hangs(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.sleep(_LONG)


async def slow_headers(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Say it byte by byte from the first."""
    await _dripping(whole(asked.bundle()), writer)


async def slow_body(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Begin well, and then send one byte a second."""
    body = json.dumps(asked.bundle()).encode()
    writer.write(head(Content_Length=len(body)))
    await _dripping(body, writer)


async def _dripping(content: bytes, writer: asyncio.StreamWriter) -> None:
    for number in content:
        writer.write(bytes([number]))
        await writer.drain()
        await asyncio.sleep(1)


async def never_continues(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Announce an answer for ever."""
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.01)


async def resets(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    _reset(writer)


async def resets_midway(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Reset the connection in the middle of the body."""
    writer.write(whole(asked.bundle())[:-20])
    await writer.drain()
    await asyncio.sleep(0.1)
    _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()


async def gzip_bomb(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Send a gibibyte of zeros in a mebibyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    writer.write(head(Content_Encoding="gzip"))
    zeros = bytes(_MEBIBYTE)
    for _ in range(1024):
        writer.write(packer.compress(zeros))
        await writer.drain()
        await asyncio.sleep(0)


async def huge_bundle(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Send more than 20 MB of good entries."""
    writer.write(head() + b'{"resourceType":"Bundle","type":"searchset","entry":[')
    item = {"resourceType": "Condition", "subject": {"reference": f"Patient/{asked.patient}"}, "code": _PAIN}
    entries = (json.dumps({"resource": item}) + ",").encode() * 1000
    for _ in range(20 * _MEBIBYTE // len(entries) + 1):
        writer.write(entries)
        await writer.drain()
    writer.write(json.dumps({"resource": item}).encode() + b"]}")


def endless_pages() -> Mode:
    """Return a mode in which every page has another one."""
    numbers: Iterator[int] = itertools.count(2)
    return fixed(
        lambda asked: whole(
            asked.bundle(after=f"{asked.base}/Condition?page={next(numbers)}&of={asked.patient}")
        )
    )


def _own_next(asked: Asked) -> bytes:
    return whole(asked.bundle(after=f"?{asked.query}"))


def _next_elsewhere(asked: Asked) -> bytes:
    return whole(asked.bundle(after=f"{asked.elsewhere}/Condition?page=2"))


def _cookies(asked: Asked) -> bytes:
    return whole(asked.bundle(), Set_Cookie="session=secret; Path=/")


def _foreign(asked: Asked) -> bytes:
    if "/Patient/" in asked.path:
        return whole({"resourceType": "Patient", "id": "someone-else", "birthDate": "1930-01-01"})
    entries = [{"resource": item} for item in asked.resources("someone-else")]
    return whole({"resourceType": "Bundle", "type": "searchset", "entry": entries})


def _json_with(text: str) -> Mode:
    return fixed(lambda _asked: whole(f'{{"resourceType":"Bundle","entry":[],"total":{text}}}'.encode()))


MODES: dict[str, Callable[[], Mode]] = {
    "well": lambda: well,
    "hangs": lambda: hangs,
    "slow headers": lambda: slow_headers,
    "slow body": lambda: slow_body,
    "announces without end": lambda: never_continues,
    "resets": lambda: resets,
    "resets midway": lambda: resets_midway,
    "closes": lambda: fixed(lambda _asked: b""),
    "is no HTTP": lambda: fixed(lambda _asked: b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "is shorter than it says": lambda: fixed(lambda asked: whole(asked.bundle())[:-1]),
    **{str(status): lambda status=status: refusing(status) for status in (400, 401, 403, 404, 410, 500)},
    "429": lambda: refusing(429, Retry_After=60),
    "503": lambda: refusing(503, Retry_After=60),
    "503 without a time": lambda: refusing(503),
    "HTML": lambda: fixed(
        lambda _asked: whole(b"<html><body>Log in</body></html>", Content_Type="text/html")
    ),
    "XML": lambda: fixed(lambda _asked: whole(b'<Bundle xmlns="http://hl7.org/fhir"/>')),
    "empty": lambda: fixed(lambda _asked: whole(b"")),
    "no content": lambda: fixed(lambda _asked: head(204)),
    "truncated JSON": lambda: fixed(lambda asked: whole(json.dumps(asked.bundle()).encode()[:-3])),
    "deep JSON": lambda: _json_with("[" * 100_000),
    "NaN": lambda: _json_with("NaN"),
    "huge integer": lambda: _json_with("9" * 100_000),
    "gzip bomb": lambda: gzip_bomb,
    "huge Bundle": lambda: huge_bundle,
    "long header": lambda: fixed(lambda asked: whole(asked.bundle(), X_Long="x" * 200_000)),
    "endless pages": endless_pages,
    "its own next page": lambda: fixed(_own_next),
    "next page elsewhere": lambda: fixed(_next_elsewhere),
    "redirects elsewhere": lambda: fixed(
        lambda asked: whole(b"", 302, Location=f"{asked.elsewhere}/Condition")
    ),
    "someone else": lambda: fixed(_foreign),
    "lying total": lambda: fixed(lambda asked: whole(asked.bundle(total=1000))),
    "outcome with 200": lambda: fixed(lambda _asked: whole(_OUTCOME)),
    "outcome among matches": lambda: fixed(lambda asked: whole(asked.bundle(_OUTCOME))),
    "cookies": lambda: fixed(_cookies),
}
"""How a server may behave, by name; each call makes a mode for one server."""
