"""A fallback: what a server does not offer is absent, and what it could not give has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cds_service import Need
from cds_service.answers import ABSENT, failed
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

    from cds_service.fhir_client import FhirClient

    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

STATEMENTS = Need(
    "statements",
    "MedicationStatement?patient={{context.patientId}}",
    "medication statements",
    fallback=True,
)
ORDERS = Need("orders", "MedicationRequest?patient={{context.patientId}}", "medication orders")


@pytest.mark.parametrize("status", [403, 404, 405, 410, 501])
async def test_what_a_server_does_not_offer_is_absent(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, status: int
) -> None:
    """No such resource type here, or not for this token; a need that is no fallback has failed."""
    http.get().respond(status)

    answers = await client(access, {STATEMENTS: None, ORDERS: None}, "p1")
    assert answers["statements"] == ABSENT
    assert answers["orders"].gap
    assert not answers["orders"].absent


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (httpx.Response(400), "the EHR's FHIR server answered with an error"),
        (httpx.Response(401), "the EHR did not allow it"),
        (httpx.Response(500), "the EHR's FHIR server answered with an error"),
        (httpx.Response(200, json={"resourceType": "OperationOutcome"}), "the EHR could not read it"),
        (httpx.Response(200, text="<html>"), "the EHR's answer could not be read"),
    ],
)
async def test_what_a_server_could_not_give_has_failed(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, reply: httpx.Response, why: str
) -> None:
    """There may be statements, and they were not read."""
    http.get().mock(return_value=reply)

    assert await client(access, {STATEMENTS: None}, "p1") == {"statements": failed(why)}


async def test_a_server_that_offers_less_is_well(
    http: respx.MockRouter, client_of: Callable[..., FhirClient], access: FhirAccess
) -> None:
    """501 to one kind of resource is no reason to stop asking for others."""
    client = client_of(failures=2)
    route = http.get().respond(501)
    for _ in range(4):
        await client(access, {STATEMENTS: None}, "p1")

    assert route.call_count == 4


async def test_where_nobody_can_be_asked_a_fallback_is_absent(
    http: respx.MockRouter, client: FhirClient
) -> None:
    """No request can be sent: for the fallback that is as if there was no server."""
    answers = await client(FhirAccess("ftp://ehr.example.org"), {STATEMENTS: None, ORDERS: None}, "p1")

    assert answers["statements"] == ABSENT
    assert not answers["orders"].absent
    assert not http.calls


async def test_further_pages_that_cannot_be_had_are_a_gap(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make
) -> None:
    """The first page shows that the server offers them."""
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "herbs"},
    }
    http.get(params={"patient": "p1"}).respond(json=bundle(statement, after="?page=2"))
    http.get(params={"page": "2"}).respond(404)

    answer = (await client(access, {STATEMENTS: None}, "p1"))["statements"]
    assert [item.id for item in answer.resources] == ["s1"]
    assert answer.gap == "more pages exist that were not read"
