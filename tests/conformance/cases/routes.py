"""E-01 to E-14: routes, methods and headers. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.cases.registry import case
from tests.conformance.house import IMAGING, ORIGIN
from tests.conformance.wire import JSON_HEADERS, answer_of, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

DISCOVERY = "/cds-services"
CALL = f"{DISCOVERY}/{IMAGING}"


@case("E-01")
def _unknown_service(house: House) -> Iterator[Answered]:
    yield house.open.call(house.body(), "lbp-imaging")


@case("E-02")
def _get_service(house: House) -> Iterator[Answered]:
    yield house.open.send("GET", CALL)


@case("E-03")
def _post_discovery(house: House) -> Iterator[Answered]:
    yield house.open.send("POST", DISCOVERY, b"{}", JSON_HEADERS)


@case("E-04a")
def _discovery_with_slash(house: House) -> Iterator[Answered]:
    yield house.open.send("GET", f"{DISCOVERY}/")


@case("E-04b")
def _call_with_slash(house: House) -> Iterator[Answered]:
    yield house.open.call(house.body(), f"{IMAGING}/")


@case("E-05")
def _head(house: House) -> Iterator[Answered]:
    received = exchange(house.open.url, f"HEAD {DISCOVERY} HTTP/1.1\nHost: x\nConnection: close\n")
    yield answer_of(DISCOVERY, received)


def _preflights(house: House, origin: str) -> Iterator[Answered]:
    for path, method in ((DISCOVERY, "GET"), (CALL, "POST"), (f"{CALL}/feedback", "POST")):
        headers = (
            ("Origin", origin),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        )
        yield house.open.send("OPTIONS", path, headers=headers)


@case("E-06")
def _preflight(house: House) -> Iterator[Answered]:
    for answered in _preflights(house, ORIGIN):
        allowed = answered.headers.get("access-control-allow-headers", "").lower()
        facts = {
            "allows authorization and content-type": "authorization" in allowed and "content-type" in allowed
        }
        yield replace(answered, facts=facts)


@case("E-07")
def _foreign_preflight(house: House) -> Iterator[Answered]:
    yield from _preflights(house, "https://elsewhere.example.org")


@case("E-08a")
def _other_media_types(house: House) -> Iterator[Answered]:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        content = json.dumps(house.body()).encode()
        yield house.open.send("POST", CALL, content, (("Content-Type", kind),))


@case("E-08b")
def _no_media_type(house: House) -> Iterator[Answered]:
    yield house.open.send("POST", CALL, json.dumps(house.body()).encode())


@case("E-09")
def _json_media_types(house: House) -> Iterator[Answered]:
    for kind in ("application/json; charset=utf-8", "application/fhir+json"):
        content = json.dumps(house.body()).encode()
        yield house.open.send("POST", CALL, content, (("Content-Type", kind),))


@case("E-10")
def _accept(house: House) -> Iterator[Answered]:
    for kind in ("application/xml", "text/html"):
        yield house.open.call(house.body(), headers=[("Accept", kind)])


@case("E-11")
def _gzip(house: House) -> Iterator[Answered]:
    content = gzip.compress(json.dumps(house.body()).encode())
    yield house.open.call(content, headers=[("Content-Encoding", "gzip")])


@case("E-12")
def _twice(house: House) -> Iterator[Answered]:
    first, second = (house.open.call(house.body()) for _ in range(2))
    yield replace(second, facts={"the same bytes each time": first.body == second.body})


@case("E-13")
def _crooked_paths(house: House) -> Iterator[Answered]:
    for path in ("../admin", "..", "%2e%2e", "%2e%2e/admin", "a%2Fb", f"{IMAGING}%00", "x" * 10_000):
        yield house.open.call(house.body(), path)


@case("E-14a")
def _expect(house: House) -> Iterator[Answered]:
    content = json.dumps(house.body()).encode()
    head = (
        f"POST {CALL} HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: {len(content)}\n"
        "Expect: 100-continue\nConnection: close\n"
    )
    received = exchange(house.open.url, head, content)
    assert received.startswith(b"HTTP/1.1 100 Continue")
    yield answer_of(CALL, received)


@case("E-14b")
def _chunked(house: House) -> Iterator[Answered]:
    content = json.dumps(house.body()).encode()
    chunks = (content[start : start + 1000] for start in range(0, len(content), 1000))
    yield house.open.send("POST", CALL, chunks, JSON_HEADERS)
