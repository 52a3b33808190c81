"""What is refused and how: the right status, the field's name, and not a word of what was sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

CALL = "/cds-services/back-order-select"
SECRET = "Jane-Doe-4711"  # noqa: S105 - a name to look for, no password
MISSING = object()
Body = dict[str, Any]

MALFORMED = [
    *(
        ("hook", value)
        for value in (MISSING, None, 5, "", " ", [SECRET], SECRET, "order-sign", "Order-Select")
    ),
    *(("hookInstance", value) for value in (MISSING, None, 5, "", "\t", {SECRET: SECRET})),
    *(("context", value) for value in (MISSING, None, [], [SECRET], {}, SECRET, 5)),
    *(
        ("context.patientId", value)
        for value in (MISSING, None, 5, "", " ", [SECRET], "../" + SECRET, SECRET + " x", SECRET * 9, "p1\n")
    ),
    *(("context.draftOrders", value) for value in (MISSING, None, 5, SECRET, {"entry": SECRET})),
    *(("context.selections", value) for value in (5, {SECRET: 1}, [5], [None], [[SECRET]])),
    *(("prefetch", value) for value in ([], [SECRET], SECRET, 5, True)),
    *(
        ("fhirServer", value)
        for value in (5, "", SECRET, "Patient/1", "ftp://" + SECRET, "file:///" + SECRET)
    ),
]


@pytest.fixture
def secretive(body: Body, scan: Body, pain: Body) -> Body:
    """Return a good request that says SECRET wherever a patient could be named."""
    scan["code"]["text"] = scan["note"] = pain["code"]["text"] = pain["id"] = SECRET
    body["context"].update(userId=SECRET, encounterId=SECRET)
    body["context"][SECRET] = body[SECRET] = body["prefetch"][SECRET] = SECRET
    body.update(fhirServer=f"https://{SECRET}", fhirAuthorization={"access_token": SECRET})
    return body


def change(body: Body, place: str, value: object) -> None:
    """Set or remove one field, named as in an OperationOutcome."""
    parent = body["context"] if place.startswith("context.") else body
    name = place.rpartition(".")[2]
    parent.pop(name, None)
    if value is not MISSING:
        parent[name] = value


def issue_code(place: str, value: object) -> str:
    """Return how the OperationOutcome calls the fault."""
    if value is MISSING or value is None or place == "context":
        return "required"
    is_name = isinstance(value, str) and value.strip()
    return "not-supported" if place == "hook" and is_name else "value"


@pytest.mark.parametrize("wrong", MALFORMED)
def test_a_field_that_is_missing_or_mistyped_is_a_400_that_names_it(
    client: TestClient,
    secretive: Body,
    trail: Path,
    wrong: tuple[str, object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither body, headers, log nor trail repeat what was sent."""
    place, value = wrong
    change(secretive, place, value)

    answer = client.post(CALL, json=secretive)

    (issue,) = answer.json()["issue"]
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert issue["severity"] == "error"
    assert issue["code"] == issue_code(place, value)
    assert issue["expression"] == [place]
    assert SECRET not in answer.text + str(answer.headers) + caplog.text + trail.read_text()


def broken_bodies() -> Iterator[tuple[str, bytes]]:
    """Yield bodies that are no JSON object, each with a name."""
    start = b'{"hook":"order-select","hookInstance":"i","secret":"' + SECRET.encode() + b'","context":{"x":'
    values = {
        "not a number": b"NaN",
        "infinite": b"-Infinity",
        "too large a number": b"1e999",
        "5000 digits": b"9" * 5000,
        "invalid UTF-8": b'"\xff"',
        "comment": b"1/**/",
        "trailing comma": b"[1,]",
        "too deep": b"[" * 100_000 + b"]" * 100_000,
        "never closed": b"[" * 100_000,
    }
    yield from ((name, start + value + b"}}") for name, value in values.items())
    yield "empty", b""
    yield "truncated", start
    yield "array", b"[]"
    yield "null", b"null"
    yield "string", b'"' + SECRET.encode() + b'"'
    yield "number", b"5"
    yield "two byte order marks", b"\xef\xbb\xbf" * 2 + start + b"1}}"
    yield "UTF-16", (start + b"1}}").decode().encode("utf-16")


@pytest.mark.parametrize(("content"), [pytest.param(content, id=name) for name, content in broken_bodies()])
@pytest.mark.parametrize("path", [CALL, f"{CALL}/feedback"])
def test_a_body_that_is_no_sound_json_object_is_a_400(
    client: TestClient, path: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls and feedback alike, however the JSON is broken, and without an echo."""
    answer = client.post(path, content=content)

    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert SECRET not in answer.text + str(answer.headers) + caplog.text


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_prefetch_value_of_any_depth_never_breaks_the_service(
    client: TestClient, body: Body, depth: int
) -> None:
    """It is refused with the body, or as data that were not sent."""
    sent = json.dumps(body).replace(
        '"prefetch": {', '"prefetch": {"conditions": ' + "[" * depth + "]" * depth + ",", 1
    )

    answer = client.post(
        CALL, content=sent.replace('"conditions": {"resourceType"', '"other": {"resourceType"')
    )

    assert answer.status_code == (412 if depth == 900 else 400)


@pytest.mark.parametrize("path", [CALL, f"{CALL}/feedback"])
def test_a_body_over_the_limit_is_a_413_by_its_own_account(
    client_of: Callable[..., TestClient], path: str
) -> None:
    """The Content-Length alone is enough: the body is not waited for."""
    client = client_of(settings=Settings(max_body_bytes=100))

    answer = client.post(path, content=b"{}", headers={"content-length": "101"})

    assert answer.status_code == 413
    assert answer.json()["issue"][0]["code"] == "too-long"


def test_a_stream_over_the_limit_is_a_413(client_of: Callable[..., TestClient]) -> None:
    """Without a Content-Length what arrives is counted."""
    client = client_of(settings=Settings(max_body_bytes=100))

    answer = client.post(CALL, content=iter([b" " * 60, b" " * 60]))

    assert answer.status_code == 413


def test_a_body_of_just_the_limit_is_read(client_of: Callable[..., TestClient], body: Body) -> None:
    """The limit is the largest size that is allowed."""
    content = json.dumps(body).encode()
    client = client_of(settings=Settings(max_body_bytes=len(content)))

    assert client.post(CALL, content=content).status_code == 200
    assert client.post(CALL, content=content + b" ").status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/xml"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": f"{SECRET}/json"},
        {"content-encoding": "gzip"},
        {"content-encoding": SECRET},
    ],
)
@pytest.mark.parametrize("path", [CALL, f"{CALL}/feedback"])
def test_what_does_not_call_itself_plain_json_is_a_415(
    client: TestClient, body: Body, path: str, headers: dict[str, str]
) -> None:
    """By type or by encoding; the header is not repeated."""
    answer = client.post(
        path, content=json.dumps(body), headers={"content-type": "application/json", **headers}
    )

    assert answer.status_code == 415
    assert answer.json()["issue"][0]["code"] == "not-supported"
    assert SECRET not in answer.text + str(answer.headers)


def test_a_412_repeats_nothing_either(
    client: TestClient, secretive: Body, trail: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It names our key, not the caller's server, patient or token."""
    del secretive["prefetch"]["conditions"]

    answer = client.post(CALL, json=secretive)

    assert answer.status_code == 412
    assert SECRET not in answer.text + str(answer.headers) + caplog.text + trail.read_text()


def feedback(**changes: object) -> Body:
    """Return a feedback body of one item."""
    item = {"card": "c-1", "outcome": "overridden", "outcomeTimestamp": "2026-11-01T10:00:00Z"}
    return {"feedback": [{**item, **changes}]}


def test_feedback_is_written_to_the_trail_without_its_comment(client: TestClient, trail: Path) -> None:
    """A comment is free text and may name the patient; the reason's code is kept."""
    reason = {"reason": {"code": "other"}, "userComment": SECRET}

    answer = client.post(f"{CALL}/feedback", json=feedback(overrideReason=reason))

    line = json.loads(trail.read_text())
    assert (answer.status_code, answer.content) == (200, b"")
    assert (line["event"], line["service"]) == ("feedback", "back-order-select")
    assert (line["card"], line["outcome"], line["reason"]) == ("c-1", "overridden", "other")
    assert SECRET not in trail.read_text()


def test_feedback_with_one_bad_item_records_nothing(client: TestClient, trail: Path) -> None:
    """A batch is taken as a whole or not at all; the error names the item."""
    batch = feedback()["feedback"] + feedback(outcome=SECRET)["feedback"]

    answer = client.post(f"{CALL}/feedback", json={"feedback": batch})

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["feedback.1.outcome"]
    assert SECRET not in answer.text
    assert trail.read_text() == ""


def test_feedback_of_an_unknown_service_is_a_404(client: TestClient, trail: Path) -> None:
    """The card need not be known, the service must be."""
    answer = client.post("/cds-services/unknown/feedback", json=feedback())

    assert answer.status_code == 404
    assert trail.read_text() == ""
