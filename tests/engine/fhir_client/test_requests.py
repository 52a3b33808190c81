"""One request: what is sent, and what each kind of reply says of a need."""

from __future__ import annotations

import gzip
import logging
import zlib
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx
import httpx2
import pytest

from cds_service import Need
from cds_service.answers import EMPTY
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

    from cds_service.fhir_client import FhirClient

    Clients = Callable[..., FhirClient]
    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

BASE = "https://ehr.example.org/fhir"
TOKEN = "token-of-the-call"  # noqa: S105 - no secret
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}&_count=200", "problem list")
CODED = Need(
    "coded", "Observation?patient={{context.patientId}}&code=http://loinc.org|1-8,http://l.org|2", "x"
)
PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


async def test_a_request_carries_the_token_and_asks_for_fhir_json(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make
) -> None:
    """FA-02: exactly these headers, no cookie, and the query as the template has it."""
    route = http.get(url__startswith=BASE).respond(json=bundle())
    await client(access, {CONDITIONS: None}, "p1")

    sent = route.calls.last.request
    assert dict(sent.headers) == {
        "host": "ehr.example.org",
        "accept": "application/fhir+json",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
        "user-agent": "lumbar-cds",
        "authorization": f"Bearer {TOKEN}",
    }
    assert str(sent.url) == f"{BASE}/Condition?patient=p1&_count=200"


async def test_without_a_token_nothing_claims_to_be_one(
    http: respx.MockRouter, client: FhirClient, bundle: Make
) -> None:
    """FA-08: an open server is asked without Authorization."""
    route = http.get(url__startswith=BASE).respond(json=bundle())
    answers = await client(FhirAccess(f"{BASE}/"), {CONDITIONS: None}, "p1")

    assert "authorization" not in route.calls.last.request.headers
    assert str(route.calls.last.request.url).startswith(f"{BASE}/Condition?")
    assert answers == {"conditions": EMPTY}


async def test_the_patient_id_and_codes_are_escaped(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make
) -> None:
    """An id is a value, whatever it holds; a bar is no character of a URL."""
    route = http.get(url__startswith=BASE).respond(json=bundle())
    await client(access, {CODED: None}, "p/1&x=2?#")

    query = route.calls.last.request.url.query.decode()
    assert query == "patient=p%2F1%26x%3D2%3F%23&code=http://loinc.org%7C1-8,http://l.org%7C2"


@pytest.mark.parametrize("token", ["tok en", "tok\nen", "tok\r\nX-Evil: 1", "tökén", "\x7f"])
async def test_a_token_that_is_none_is_never_sent(
    http: respx.MockRouter, client: FhirClient, token: str
) -> None:
    """Nothing is asked with it, and nothing without it either."""
    answers = await client(FhirAccess(BASE, token), {CONDITIONS: None}, "p1")

    assert "cannot be used" in answers["conditions"].gap
    assert not answers["conditions"].absent
    assert not http.calls


@pytest.mark.parametrize("server", ["ftp://ehr.example.org", "https://ehr.example.org/../x", "https://x/?y"])
async def test_an_address_that_cannot_be_used_is_a_failure(
    http: respx.MockRouter, client: FhirClient, server: str
) -> None:
    """E-36, E-39: the allow-list refuses it before; here it is asked nothing."""
    answers = await client(FhirAccess(server, TOKEN), {CONDITIONS: None}, "p1")

    assert "cannot be used" in answers["conditions"].gap
    assert not http.calls


async def test_every_need_is_answered_by_its_own_request(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make
) -> None:
    """One that fails costs the others nothing."""
    http.get(path="/fhir/Condition").respond(json=bundle(pain()))
    http.get(path="/fhir/Patient/p1").respond(json={"resourceType": "Patient", "id": "p1"})
    http.get(path="/fhir/Observation").respond(500)
    answers = await client(access, {CONDITIONS: None, PATIENT: None, CODED: None}, "p1")

    assert [item.id for item in answers["conditions"].resources] == ["c1"]
    assert [item.id for item in answers["patient"].resources] == ["p1"]
    assert answers["coded"].gap == "the EHR's FHIR server answered with an error"
    assert answers["conditions"].complete


async def test_nothing_wanted_asks_nothing(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """No need, no request."""
    assert await client(access, {}, "p1") == {}
    assert not http.calls


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (201, "answered with an error"),
        (204, "answered with an error"),
        (302, "answered with an error"),
        (400, "answered with an error"),
        (401, "did not allow it"),
        (403, "did not allow it"),
        (404, "does not know it"),
        (410, "does not know it"),
        (418, "answered with an error"),
        (500, "answered with an error"),
        (501, "answered with an error"),
    ],
)
async def test_a_status_other_than_200_fails_a_search_at_once(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, status: int, why: str
) -> None:
    """E-89, E-91: no second attempt, nothing concluded, whatever the body says."""
    headers = {"Location": "https://evil.example/"} if status == 302 else {}
    route = http.get(path="/fhir/Condition").respond(status, json={"resourceType": "Bundle"}, headers=headers)
    answers = await client(access, {CONDITIONS: None}, "p1")

    assert why in answers["conditions"].gap
    assert not answers["conditions"].absent
    assert (route.call_count, len(http.calls)) == (1, 1)


@pytest.mark.parametrize("status", [404, 410])
async def test_not_found_is_an_answer_to_a_read(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, status: int
) -> None:
    """E-90: the server knows that there is no such resource, as if null had been sent."""
    http.get(path="/fhir/Patient/p1").respond(status, json=OUTCOME)

    assert await client(access, {PATIENT: None}, "p1") == {"patient": EMPTY}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"<html><body>Please log in</body></html>",
        b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"/>',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Cond',
        b'{"resourceType":"Bundle","total":NaN}',
        b'{"resourceType":"Bundle","total":' + b"9" * 5000 + b"}",
        b'{"resourceType":"Bundle","entry":' + b"[" * 100_000,
        b'{"resourceType":"Bundle","entry":\xff}',
        b'{"resourceType":"Patient","id":"p1"}',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p1"}}]}',
    ],
)
async def test_what_is_no_answer_to_the_question_is_a_failure(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, body: bytes
) -> None:
    """E-92: garbage with status 200 says nothing about the patient; the server was asked, so never absent."""
    http.get(path="/fhir/Condition").respond(content=body)
    answers = await client(access, {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == "the EHR's answer could not be read"
    assert not answers["conditions"].absent


async def test_an_operation_outcome_with_status_200_is_a_failure(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """E-72: it is an error, however it is sent."""
    http.get(path="/fhir/Condition").respond(json=OUTCOME)

    assert (await client(access, {CONDITIONS: None}, "p1"))["conditions"].gap == "the EHR could not read it"


async def test_an_operation_outcome_among_matches_leaves_a_gap(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make
) -> None:
    """E-78: what was found counts, and more may be missing."""
    http.get(path="/fhir/Condition").respond(json=bundle(pain(), OUTCOME))
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1"]
    assert answer.gap == "the EHR reported that entries are missing"


async def test_resources_of_another_patient_are_dropped_and_counted(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make
) -> None:
    """E-84: also when our own query brings them; a Patient with another id is no answer at all (E-83)."""
    http.get(path="/fhir/Condition").respond(json=bundle(pain(), pain("c2", patient="p2")))
    http.get(path="/fhir/Patient/p1").respond(json={"resourceType": "Patient", "id": "p2"})
    answers = await client(access, {CONDITIONS: None, PATIENT: None}, "p1")

    assert [item.id for item in answers["conditions"].resources] == ["c1"]
    assert answers["conditions"].skipped == 1
    assert answers["patient"].gap == "the EHR's answer could not be read"
    assert answers["patient"].resources == ()


async def test_a_page_that_is_too_large_is_a_failure(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make, pain: Make
) -> None:
    """One byte more than the limit is not read."""
    page = bundle(pain())
    route = http.get(path="/fhir/Condition").respond(json=page)
    size = len(httpx.Response(200, json=page).content)
    fits, too_small = (client_of(5, page_bytes=most) for most in (size, size - 1))
    enough = await fits(access, {CONDITIONS: None}, "p1")
    too_large = await too_small(access, {CONDITIONS: None}, "p1")

    assert enough["conditions"].complete
    assert too_large["conditions"].gap == "the EHR's answer was too large"
    assert route.call_count == 2


async def test_the_needs_of_a_call_share_its_bytes(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make, pain: Make
) -> None:
    """However many queries there are, one call holds only so much."""
    page = bundle(pain())
    http.get(url__startswith=BASE).respond(json=page)
    size = len(httpx.Response(200, json=page).content)
    client = client_of(5, call_bytes=2 * size - 1)
    needs = {CONDITIONS: None, Need("again", CONDITIONS.template, "again"): None}
    gaps = {answer.gap for answer in (await client(access, needs, "p1")).values()}

    assert gaps == {"", "the EHR's answer was too large"}


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"{}"),
        ("zstd", b"{}"),
        ("deflate", zlib.compress(b"{}")),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0)),
        ("x", b"{}"),
        ("gzip", b"{}"),
        ("gzip", gzip.compress(b'{"resourceType":"Bundle"}', mtime=0)[:-12]),
    ],
)
async def test_an_encoding_that_was_not_asked_for_or_is_broken_is_a_failure(
    access: FhirAccess, client_of: Clients, encoding: str, body: bytes
) -> None:
    """E-92: nothing is decompressed twice or by other means."""

    def encoded(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Encoding": encoding}, stream=httpx2.ByteStream(body))

    client = client_of(5, transport=httpx2.MockTransport(encoded))
    answers = await client(access, {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == "the EHR's answer could not be read"


async def test_a_redirect_is_not_followed(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """FA-09: not even on the same server; a token goes where the request said and nowhere else."""
    elsewhere = http.get("https://evil.example/").respond(json=OUTCOME)
    here = http.get(f"{BASE}/other").respond(json=OUTCOME)
    for target in ("https://evil.example/", f"{BASE}/other", "::no url::"):
        http.get(path="/fhir/Condition").respond(307, headers={"Location": target})
        answers = await client(access, {CONDITIONS: None}, "p1")
        assert answers["conditions"].gap == "the EHR's FHIR server answered with an error"

    assert not elsewhere.called
    assert not here.called


async def test_cookies_are_neither_kept_nor_sent(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make
) -> None:
    """One call must not be taken for the session of another."""
    route = http.get(path="/fhir/Condition").respond(json=bundle(), headers={"Set-Cookie": "s=1; Path=/"})
    await client(access, {CONDITIONS: None}, "p1")
    await client(access, {CONDITIONS: None}, "p1")

    assert ["cookie" in call.request.headers for call in route.calls] == [False, False]


async def test_logs_name_the_key_and_the_reason_and_nothing_else(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, caplog: pytest.LogCaptureFixture
) -> None:
    """FA-03: no token, no URL, no patient, at any level, whatever the HTTP library would say."""
    http.get(path="/fhir/Condition").respond(403, text="secret of patient p-77")
    http.get(path="/fhir/Patient/p-77").mock(side_effect=httpcore2.ReadError("p-77"))
    with caplog.at_level(logging.DEBUG):
        await client(access, {CONDITIONS: None, PATIENT: None}, "p-77")

    messages = [record.getMessage() for record in caplog.records if record.name != "asyncio"]
    assert sorted(messages) == [
        "conditions: the EHR did not allow it",
        "patient: the EHR's FHIR server answered with an error",
    ]
