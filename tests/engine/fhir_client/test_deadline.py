"""One deadline: what is unfinished fails in time, what was read is kept, no request outlives the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from cds_service import Need
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    import respx

    from cds_service.fhir_client import FhirClient

    Clients = Callable[..., FhirClient]
    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
PROCEDURES = Need("procedures", "Procedure?patient={{context.patientId}}", "procedures")
LATE = "it did not answer in time"


class Hanging:
    """A reply that never comes, and what became of waiting for it."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.begun = 0
        self.cancelled = 0
        self.most = 0

    async def __call__(self, _request: httpx.Request) -> httpx.Response:
        """Wait until cancelled."""
        self.begun += 1
        self.most = max(self.most, self.begun - self.cancelled)
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled += 1
        raise AssertionError


@pytest.fixture
def hanging() -> Hanging:
    """Return a reply that never comes."""
    return Hanging()


@pytest.fixture
def client(client_of: Clients) -> FhirClient:
    """Return a client with a short deadline."""
    return client_of(0.5)


async def test_what_is_unfinished_at_the_deadline_fails_and_is_cancelled(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, hanging: Hanging
) -> None:
    """E-91: the rest is answered, on time, and no request goes on behind the answer."""
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    http.get(path="/fhir/Procedure").respond(json=bundle())
    with anyio.fail_after(5):
        answers = await client(access, {CONDITIONS: None, PROCEDURES: None}, "p1")

    assert answers["conditions"].gap == LATE
    assert answers["procedures"].complete
    assert (hanging.begun, hanging.cancelled) == (1, 1)


async def test_pages_read_before_the_deadline_are_kept(  # noqa: PLR0913
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    pain: Make,
    *,
    hanging: Hanging,
) -> None:
    """A red flag on the first page is not lost because the second one is late."""
    http.get(path="/fhir/Condition", params={"patient": "p1"}).respond(json=bundle(pain(), after="?page=2"))
    http.get(path="/fhir/Condition", params={"page": "2"}).mock(side_effect=hanging)
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1"]
    assert answer.gap == "more pages exist that were not read"
    assert hanging.cancelled == 1


@pytest.mark.parametrize("expires_in", [0, -1])
async def test_an_expired_token_is_not_used(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, expires_in: float
) -> None:
    """E-93: there is no time left in which to ask."""
    answers = await client(FhirAccess(access.server, access.token, expires_in), {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == LATE
    assert not http.calls


async def test_a_token_that_expires_before_the_deadline_is_the_deadline(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, hanging: Hanging
) -> None:
    """FA-04, FA-05: it is not used after its life."""
    client = client_of(60)
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    with anyio.fail_after(10):
        answers = await client(FhirAccess(access.server, access.token, 0.2), {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == LATE


async def test_a_long_life_of_the_token_prolongs_nothing(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, hanging: Hanging
) -> None:
    """The clinician waits no longer for it."""
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    with anyio.fail_after(10):
        answers = await client(FhirAccess(access.server, access.token, 3600), {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == LATE


async def test_time_that_is_spent_already_shortens_the_deadline(
    http: respx.MockRouter, client_of: Clients, access: FhirAccess, hanging: Hanging
) -> None:
    """What was asked before in the same call counts; when all is spent nothing is asked."""
    client = client_of(60)
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    with anyio.fail_after(10):
        answers = await client(access, {CONDITIONS: None}, "p1", 59.8)
        too_late = await client(access, {CONDITIONS: None}, "p1", 60)

    assert answers["conditions"].gap == too_late["conditions"].gap == LATE
    assert hanging.begun == 1


async def test_one_server_has_so_many_requests_at_a_time(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, hanging: Hanging
) -> None:
    """Those that wait for their turn fail in time too, and are not held against the server."""
    client = client_of(0.3, connections=3)
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    needs = {Need(f"n{number}", CONDITIONS.template, "x"): None for number in range(9)}
    answers = await client(access, needs, "p1")

    assert {answer.gap for answer in answers.values()} == {LATE}
    assert hanging.most == 3


async def test_a_caller_who_leaves_cancels_the_requests(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, hanging: Hanging
) -> None:
    """The EHR hung up: nothing is asked on its behalf any more."""
    client = client_of(60)
    http.get(path="/fhir/Condition").mock(side_effect=hanging)
    with anyio.move_on_after(0.2) as scope:
        await client(access, {CONDITIONS: None}, "p1")

    assert scope.cancelled_caught
    assert (hanging.begun, hanging.cancelled) == (1, 1)
