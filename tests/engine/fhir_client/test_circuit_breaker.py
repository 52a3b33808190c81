"""The circuit breaker: closed, open, half open, and what it spares a server that is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import httpcore2
import httpx
import pytest

from cds_service import Need
from cds_service.answers import EMPTY
from cds_service.base_url import BaseUrl
from cds_service.fhir_client import FhirClient, Limits
from cds_service.fhir_client.circuit_breaker import CircuitBreaker, Passage
from cds_service.fhir_client.origins import Origins
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
RESTING = "the EHR's FHIR server failed repeatedly and is not asked for a moment"
FOUND = {"resourceType": "Bundle", "type": "searchset"}


class Clock:
    """Seconds that go forward when a test says so."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the circuits."""
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> CircuitBreaker:
    """Return a circuit that opens after three failures, for ten seconds."""
    return CircuitBreaker(3, 10, clock)


def _fail(circuit: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        circuit.settle(circuit.admit(), healthy=False)


def test_a_circuit_opens_after_so_many_failures_in_a_row(circuit: CircuitBreaker) -> None:
    """Fewer do not open it, and a success in between begins the count anew."""
    _fail(circuit, 2)
    circuit.settle(circuit.admit(), healthy=True)
    _fail(circuit, 2)
    assert circuit.admit() is Passage.USUAL

    _fail(circuit, 1)
    assert circuit.admit() is Passage.REFUSED


def test_what_was_given_up_early_counts_neither_way(circuit: CircuitBreaker) -> None:
    """It neither is a failure nor interrupts a row of them."""
    _fail(circuit, 2)
    circuit.settle(circuit.admit(), healthy=None)
    assert circuit.admit() is Passage.USUAL

    _fail(circuit, 1)
    assert circuit.admit() is Passage.REFUSED


def test_after_the_rest_a_single_probe_passes(circuit: CircuitBreaker, clock: Clock) -> None:
    """All others are refused until the probe is settled."""
    _fail(circuit, 3)
    clock.now += 9.9
    assert circuit.admit() is Passage.REFUSED

    clock.now += 0.1
    assert [circuit.admit() for _ in range(3)] == [Passage.PROBE, Passage.REFUSED, Passage.REFUSED]


def test_a_probe_that_succeeds_closes_the_circuit(circuit: CircuitBreaker, clock: Clock) -> None:
    """And the failures before are forgotten."""
    _fail(circuit, 3)
    clock.now += 10
    circuit.settle(circuit.admit(), healthy=True)
    _fail(circuit, 2)

    assert circuit.admit() is Passage.USUAL


def test_a_probe_that_fails_begins_another_rest(circuit: CircuitBreaker, clock: Clock) -> None:
    """One failure is enough now."""
    _fail(circuit, 3)
    clock.now += 10
    _fail(circuit, 1)
    assert circuit.admit() is Passage.REFUSED

    clock.now += 10
    assert circuit.admit() is Passage.PROBE


def test_a_probe_that_is_given_up_leaves_the_next_one_to_another(
    circuit: CircuitBreaker, clock: Clock
) -> None:
    """Nothing was learnt, and nobody waits for it for ever."""
    _fail(circuit, 3)
    clock.now += 10
    circuit.settle(circuit.admit(), healthy=None)

    assert circuit.admit() is Passage.PROBE


def test_stragglers_neither_prolong_the_rest_nor_end_the_probe(circuit: CircuitBreaker, clock: Clock) -> None:
    """Requests that were sent before the circuit opened may fail long after."""
    sent = [circuit.admit() for _ in range(5)]
    for passage in sent[:3]:
        circuit.settle(passage, healthy=False)
    clock.now += 9
    circuit.settle(sent[3], healthy=False)
    clock.now += 1
    assert circuit.admit() is Passage.PROBE

    circuit.settle(sent[4], healthy=False)
    assert circuit.admit() is Passage.REFUSED


def test_servers_are_told_apart_by_scheme_host_and_port(clock: Clock) -> None:
    """The path does not matter: the same machines answer."""
    origins = Origins(Limits(), clock)
    first = origins.at(BaseUrl("https", "a.example", 443, ("fhir",)))

    assert origins.at(BaseUrl("https", "a.example", 443, ("r4", "x"))) is first
    for other in (("http", "a.example", 443), ("https", "b.example", 443), ("https", "a.example", 8443)):
        assert origins.at(BaseUrl(*other)) is not first


def test_only_so_many_servers_are_remembered(clock: Clock) -> None:
    """The one not met for longest is forgotten."""
    origins = Origins(Limits(origins=2), clock)
    servers = [BaseUrl("https", f"{name}.example", 443) for name in "abc"]
    first, second = origins.at(servers[0]), origins.at(servers[1])
    assert origins.at(servers[0]) is first

    origins.at(servers[2])
    assert len(origins) == 2
    assert origins.at(servers[0]) is first
    assert origins.at(servers[1]) is not second


@pytest.fixture
def client(client_of: Callable[..., FhirClient], clock: Clock) -> FhirClient:
    """Return a client whose circuits open after two failures."""
    return client_of(1, clock=clock, failures=2, rest_seconds=10, pause_seconds=0)


async def _gap(client: FhirClient, access: FhirAccess) -> str:
    return (await client(access, {CONDITIONS: None}, "p1"))["conditions"].gap


@pytest.mark.anyio
@pytest.mark.parametrize(
    "failure",
    [httpx.Response(500), httpx.Response(429), httpcore2.ConnectError("x"), httpcore2.ReadError("x")],
)
async def test_a_server_that_fails_is_left_alone_and_then_tried_once(
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    clock: Clock,
    failure: httpx.Response | Exception,
) -> None:
    """While it rests needs fail at once, with the reason; when it is back it is asked as before."""
    http.get(path="/fhir/Condition").mock(side_effect=[failure] * 2)
    while await _gap(client, access) != RESTING:
        pass
    spared = len(http.calls)
    assert await _gap(client, access) == RESTING
    assert len(http.calls) == spared == 2

    http.get(path="/fhir/Condition").respond(json=FOUND)
    clock.now += 10
    assert await client(access, {CONDITIONS: None}, "p1") == {"conditions": EMPTY}


@pytest.mark.anyio
async def test_another_server_is_not_affected(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """Each origin has its own circuit."""
    http.get(host="ehr.example.org").respond(500)
    http.get(host="other.example.org").respond(json=FOUND)
    while await _gap(client, access) != RESTING:
        pass

    assert await _gap(client, FhirAccess("https://other.example.org/fhir")) == ""


@pytest.mark.anyio
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_refusals_do_not_open_the_circuit(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, status: int
) -> None:
    """They are about the token or the question, and others have better ones."""
    route = http.get(path="/fhir/Condition").respond(status)
    for _ in range(4):
        assert await _gap(client, access) != RESTING

    assert route.call_count == 4


@pytest.mark.anyio
async def test_silence_until_the_deadline_is_held_against_the_server(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """But not when the token gave it hardly any time."""

    async def hang(_request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    http.get(path="/fhir/Condition").mock(side_effect=hang)
    for _ in range(4):
        hurried = FhirAccess(access.server, access.token, expires_in=0.05)
        assert await _gap(client, hurried) == "it did not answer in time"
    for _ in range(2):
        assert await _gap(client, access) == "it did not answer in time"

    assert await _gap(client, access) == RESTING
