"""E-15 to E-27: the body as JSON text. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import json
from itertools import chain, repeat
from typing import TYPE_CHECKING

from tests.conformance.cases.registry import case
from tests.conformance.house import IMAGING
from tests.conformance.wire import JSON_HEADERS, answer_of, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

CALL = f"/cds-services/{IMAGING}"
_BEYOND = ("NaN", "Infinity", "-Infinity", "1e999")
_DEEP = "[" * 100_000 + "]" * 100_000
_PLACES = ("", "context.", "prefetch.", "extension.")


def _text(house: House) -> str:
    return json.dumps(house.body())


def _with_raw(house: House, place: str, value: str) -> bytes:
    """Return the usual body with one member more, raw text, in the envelope or in what `place` names."""
    body = house.body()
    node = body.setdefault(place.rstrip("."), {}) if place else body
    node["added"] = "@@"
    return json.dumps(body).replace('"@@"', value).encode()


def _with_conditions(house: House, value: str) -> bytes:
    body = house.body()
    body["prefetch"]["conditions"] = "@@"
    return json.dumps(body).replace('"@@"', value).encode()


@case("E-15")
def _no_body(house: House) -> Iterator[Answered]:
    for content in (b"", b"  \n", _text(house).encode()[:-1], _text(house).encode()[:200]):
        yield house.open.call(content)


@case("E-16")
def _no_object(house: House) -> Iterator[Answered]:
    for content in (b"[]", b"null", b'"x"', b"5", b"true"):
        yield house.open.call(content)


@case("E-17")
def _no_utf8(house: House) -> Iterator[Answered]:
    text = _text(house)
    for wrong in (b"\xff", b"\xc3", b"\xed\xa0\x80"):
        for name in ("MR Lumbar spine", "Practitioner/example"):
            yield house.open.call(text.encode().replace(name.encode(), wrong, 1))


@case("E-18a")
def _byte_order_mark(house: House) -> Iterator[Answered]:
    yield house.open.call(b"\xef\xbb\xbf" + _text(house).encode())


@case("E-18b")
def _utf16(house: House) -> Iterator[Answered]:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        yield house.open.call(_text(house).encode(encoding))


@case("E-19a")
def _beyond_numbers(house: House) -> Iterator[Answered]:
    for value in _BEYOND:
        for place in ("", "context.", "extension."):
            yield house.open.call(_with_raw(house, place, value))


@case("E-19b")
def _no_number_in_prefetch(house: House) -> Iterator[Answered]:
    for value in ("NaN", "Infinity", "-Infinity"):
        yield house.open.call(_with_raw(house, "prefetch.", value))
        yield house.open.call(_with_conditions(house, value))


@case("E-19c")
def _large_number_in_prefetch(house: House) -> Iterator[Answered]:
    yield house.open.call(_with_conditions(house, '{"resourceType": "Bundle", "total": 1e999}'))


@case("E-20")
def _half_a_character(house: House) -> Iterator[Answered]:
    body = house.body()
    body["context"]["draftOrders"]["entry"][0]["resource"]["code"]["text"] = "MR \ud800 spine"
    yield house.open.call(body)


@case("E-21")
def _twice(house: House) -> Iterator[Answered]:
    text = _text(house)
    yield house.open.call(text.replace("{", '{"hook": "order-select", ', 1).encode())
    yield house.open.call(text.replace('"context": {', '"context": {"patientId": "other", ', 1).encode())
    yield house.open.call(text.replace('"id": "draft-1"', '"id": "a", "id": "draft-1"', 1).encode())


@case("E-22a")
def _without_end(house: House) -> Iterator[Answered]:
    for place in _PLACES:
        yield house.open.call(_with_raw(house, place, _DEEP))
    yield house.open.call(b"[" * 100_000)


@case("E-22b")
def _deep_context(house: House) -> Iterator[Answered]:
    yield house.open.call(_with_raw(house, "context.", "[" * 900 + "]" * 900))


@case("E-22c")
def _deep_prefetch(house: House) -> Iterator[Answered]:
    yield house.open.call(_with_conditions(house, "[" * 900 + "]" * 900))


@case("E-23")
def _digits(house: House) -> Iterator[Answered]:
    for place in ("", "context.", "extension."):
        yield house.open.call(_with_raw(house, place, "9" * 5000))


@case("E-24a")
def _declared_large(house: House) -> Iterator[Answered]:
    head = (
        f"POST {CALL} HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 20000000\n"
        "Connection: close\n"
    )
    yield answer_of(CALL, exchange(house.open.url, head))


@case("E-24b")
def _large_in_chunks(house: House) -> Iterator[Answered]:
    mebibyte = b" " * (1 << 20)
    yield house.open.send("POST", CALL, chain(repeat(mebibyte, 8), [b"{}"]), JSON_HEADERS)


@case("E-25")
def _unknown_members(house: House) -> Iterator[Answered]:
    body = house.body()
    drafts = body["context"]["draftOrders"]
    for node in (body, body["context"], body["prefetch"], drafts, drafts["entry"][0]):
        node.update(added={"a": [None]}, extension={"org.example.x": [1]})
    yield house.open.call(body)


@case("E-26")
def _odd_extensions(house: House) -> Iterator[Answered]:
    for value in ([{"url": "http://example.org/x", "valueString": "y"}], "x", 5, None):
        body = house.body()
        body["extension"] = body["context"]["extension"] = value
        yield house.open.call(body)


@case("E-27")
def _json_with_comments(house: House) -> Iterator[Answered]:
    text = _text(house)
    yield house.open.call(text.replace("{", "{ // call\n", 1).encode())
    yield house.open.call(text.replace("{", "{ /* call */", 1).encode())
    yield house.open.call((text[:-1] + ",}").encode())
    yield house.open.call(text.replace('["ServiceRequest/draft-1"]', '["ServiceRequest/draft-1",]').encode())
