"""Orders that only refer to their drug: it is looked up on the same server, or said not to be known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from cds_service import Need
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

    from cds_service.fhir_client import FhirClient

    Clients = Callable[..., FhirClient]
    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

BASE = "https://ehr.example.org/fhir"
ORDERS = Need("medications", "MedicationRequest?patient={{context.patientId}}", "medication orders")


def _order(name: str, reference: str = "", **members: object) -> dict[str, Any]:
    drug = {"medicationReference": {"reference": reference}} if reference else {}
    subject = {"reference": "Patient/p1"}
    base = {"resourceType": "MedicationRequest", "id": name, "status": "active", "subject": subject}
    return {**base, **drug, **members}


def _drug(name: str) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, "code": {"text": f"drug {name}"}}


@pytest.fixture
def drugs(http: respx.MockRouter) -> respx.Route:
    """Return a server that knows every Medication."""
    return http.get(path__regex=r"/fhir/Medication/(?P<name>[^/]+)").mock(
        side_effect=lambda _request, name: httpx.Response(200, json=_drug(name))
    )


async def test_what_orders_refer_to_is_looked_up(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, drugs: respx.Route
) -> None:
    """E-67: relative or absolute, with or without version, each drug once, with the token."""
    orders = [
        _order("o1", "Medication/m1"),
        _order("o2", f"{BASE}/Medication/m2"),
        _order("o3", "Medication/m2/_history/7"),
        _order("o4", "Medication/m1"),
    ]
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(*orders))
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert [item.id for item in answer.resources][:4] == ["o1", "o2", "o3", "o4"]
    assert sorted(item.id or "" for item in answer.resources[4:]) == ["m1", "m2"]
    assert answer.complete
    assert drugs.call_count == 2
    assert {call.request.headers["authorization"] for call in drugs.calls} == {"Bearer token-of-the-call"}


@pytest.mark.parametrize(
    "order",
    [
        _order("o1", medicationCodeableConcept={"text": "x"}),
        _order("o1", "Medication/m1", medicationCodeableConcept={"text": "x"}),
        _order("o1", "#m1", contained=[{"resourceType": "Medication", "id": "m1"}]),
        _order("o1", medicationReference={"display": "x"}),
    ],
)
async def test_what_an_order_says_itself_is_not_looked_up(  # noqa: PLR0913
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    drugs: respx.Route,
    *,
    order: dict[str, Any],
) -> None:
    """A code, a contained drug, or no reference at all."""
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(order))
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert [item.id for item in answer.resources] == ["o1"]
    assert answer.complete
    assert not drugs.called


@pytest.mark.parametrize(
    "reference",
    [
        "Medication/m1",
        "Medication/m1/_history/2",
        f"{BASE}/Medication/m1",
        "https://inside.example/Medication/m1",
    ],
)
async def test_what_came_along_is_not_looked_up(  # noqa: PLR0913
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    drugs: respx.Route,
    *,
    reference: str,
) -> None:
    """Some servers include the drug, and behind a gateway references may name another address."""
    page = bundle(_order("o1", reference))
    page["entry"].append({"resource": _drug("m1"), "search": {"mode": "include"}})
    http.get(path="/fhir/MedicationRequest").respond(json=page)
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert [item.id for item in answer.resources] == ["o1", "m1"]
    assert answer.complete
    assert not drugs.called


async def test_what_orders_of_a_prefetch_value_refer_to_is_looked_up(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, drugs: respx.Route
) -> None:
    """The orders came with the request, and are not asked for again."""
    value = json.dumps(bundle(_order("o1", "Medication/m1"))).encode()
    answer = (await client(access, {ORDERS: value}, "p1"))["medications"]

    assert [item.id for item in answer.resources] == ["o1", "m1"]
    assert answer.complete
    assert (drugs.call_count, len(http.calls)) == (1, 1)


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/fhir/Medication/m1",
        "https://ehr.example.org/other/Medication/m1",
        "http://ehr.example.org/fhir/Medication/m1",
        f"{BASE}/x/Medication/m1",
        "Medication/../Patient",
        "Medication/..",
        "Medication/m1?x=1",
        "Medication/m1/$everything",
        "Substance/m1",
        "urn:uuid:7f3c1f6e-3b1e-4a53-8d0e-1d6f6b1f0c11",
        "m1",
    ],
)
async def test_a_reference_that_leads_elsewhere_is_not_followed(  # noqa: PLR0913
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    drugs: respx.Route,
    *,
    reference: str,
) -> None:
    """FA-09: nothing but a Medication of this server is read; that the drug is not known is said."""
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(_order("o1", reference)))
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert answer.gap == "1 of 1 medicines could not be looked up"
    assert not drugs.called
    assert len(http.calls) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(404),
        httpx.Response(403),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=_drug("m2")),
        httpx.Response(200, json={"resourceType": "Patient", "id": "m1"}),
    ],
)
async def test_a_drug_that_cannot_be_read_leaves_a_gap(
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    *,
    reply: httpx.Response,
) -> None:
    """The orders stay; that a medicine is absent cannot be concluded from them."""
    orders = [_order("o1", "Medication/m1"), _order("o2", medicationCodeableConcept={"text": "x"})]
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(*orders))
    http.get(path="/fhir/Medication/m1").mock(return_value=reply)
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert [item.id for item in answer.resources] == ["o1", "o2"]
    assert answer.gap == "1 of 1 medicines could not be looked up"


async def test_only_so_many_drugs_are_looked_up(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make, drugs: respx.Route
) -> None:
    """What is over the limit is said not to be known."""
    orders = [_order(f"o{number}", f"Medication/m{number}") for number in range(5)]
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(*orders))
    client = client_of(20, medications=3)
    answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert answer.gap == "2 of 5 medicines could not be looked up"
    assert drugs.call_count == 3


async def test_a_slow_drug_costs_no_order(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make
) -> None:
    """The deadline holds for the lookups too; what was read is kept, with a gap."""

    async def hang(_request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    orders = [_order("o1", "Medication/m1"), _order("o2", "Medication/m2")]
    http.get(path="/fhir/MedicationRequest").respond(json=bundle(*orders))
    http.get(path="/fhir/Medication/m1").respond(json=_drug("m1"))
    http.get(path="/fhir/Medication/m2").mock(side_effect=hang)
    client = client_of(0.5)
    with anyio.fail_after(5):
        answer = (await client(access, {ORDERS: None}, "p1"))["medications"]

    assert [item.id for item in answer.resources] == ["o1", "o2", "m1"]
    assert answer.gap == "1 of 2 medicines could not be looked up"


async def test_drugs_of_drafts_can_be_looked_up_alone(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """What is elsewhere is not asked for, what fails is left out."""
    for name in ("m1", "m2"):
        http.get(path=f"/fhir/Medication/{name}").respond(json=_drug(name))
    http.get(path="/fhir/Medication/m3").respond(404)
    elsewhere = ["https://evil.example/Medication/m4", "#m5"]
    found = await client.medications(
        access, ["Medication/m1", f"{BASE}/Medication/m2", "Medication/m3", *elsewhere]
    )

    assert sorted(item.id or "" for item in found) == ["m1", "m2"]
    assert len(http.calls) == 3


@pytest.mark.parametrize("server", ["https://u@ehr.example.org/fhir", "ftp://ehr.example.org"])
async def test_no_usable_server_has_no_drugs(http: respx.MockRouter, client: FhirClient, server: str) -> None:
    """Nothing is asked and nothing is raised."""
    assert await client.medications(FhirAccess(server), ["Medication/m1"]) == ()
    assert not http.calls
