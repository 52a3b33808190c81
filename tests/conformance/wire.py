"""
HTTP calls as they are written, byte for byte, and what came back.

A client library would tidy paths, follow redirects and add headers: here nothing is added but
Host and the length of the body.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]
Headers = "Sequence[tuple[str, str]]"
JSON_HEADERS = (("Content-Type", "application/json"),)
_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Answered:
    """
    One answer.

    headers: by lower-case name, repeated ones joined. asked: prefetch keys that the service asked
    the EHR for. facts: what else was seen beside the answer, by the words of the edge-case table.
    """

    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    asked: tuple[str, ...] = ()
    facts: Mapping[str, bool] = field(default_factory=dict)

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def is_json(self) -> bool:
        """Whether there is a body, and it calls itself JSON."""
        return bool(self.body) and "json" in self.headers.get("content-type", "")

    @property
    def cards(self) -> list[Json]:
        """The cards; none when the answer has none."""
        found: list[Json] = self.json.get("cards", []) if self.is_json else []
        return found

    @property
    def topics(self) -> list[str]:
        """The topic code of each card."""
        return [card["source"]["topic"]["code"] for card in self.cards]

    @property
    def issue(self) -> Json:
        """The first issue of an OperationOutcome; {} when there is none."""
        issues: list[Json] = self.json.get("issue", []) if self.is_json else []
        return issues[0] if issues else {}


def send(
    base: str,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Sequence[tuple[str, str]] = (),
) -> Answered:
    """Send one request on a connection of its own; a body that is no bytes goes in chunks."""
    started = time.monotonic()
    place = urlsplit(base)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE_SECONDS)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if isinstance(body, bytes):
            connection.putheader("Content-Length", str(len(body)))
        else:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(body, encode_chunked=not isinstance(body, bytes))
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    received = _joined(response.getheaders())
    return Answered(path, response.status, received, content, time.monotonic() - started)


def exchange(base: str, head: str, body: bytes = b"") -> bytes:
    """
    Send a head and return everything that comes back until the connection ends.

    Its lines end with a line feed here and as HTTP wants them on the wire. The body is sent only
    when the service has said `100 Continue`; the caller asks for it in the head, and for
    `Connection: close`.
    """
    place = urlsplit(base)
    with socket.create_connection((place.hostname, place.port), _PATIENCE_SECONDS) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n")
        received = connection.recv(65536)
        if received.startswith(b"HTTP/1.1 100"):
            connection.sendall(body)
        while part := connection.recv(65536):
            received += part
        return received


def answer_of(path: str, received: bytes) -> Answered:
    """Return the last answer in what `exchange` received: a `100 Continue` before it is passed by."""
    text = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = text.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answered(path, int(status.split()[1]), _joined(pairs), body)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        before = joined.get(name.lower())
        joined[name.lower()] = f"{before}, {value}" if before is not None else value
    return joined
