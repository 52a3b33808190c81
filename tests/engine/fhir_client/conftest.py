"""A FHIR client over mocked HTTP: what is sent is looked at, what comes back is made up."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import respx

from cds_service.fhir_client import FhirClient, Limits
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import httpx2


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture
def http() -> Iterator[respx.MockRouter]:
    """Answer nothing but what a test mocks."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client_of() -> AsyncIterator[Callable[..., FhirClient]]:
    """Clients by deadline in seconds and limits; they trust nobody's certificate, which is quickly set up."""
    made: list[FhirClient] = []

    def build(
        deadline_seconds: float = 20,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        **limits: Any,  # noqa: ANN401 - whole numbers, or seconds
    ) -> FhirClient:
        bounds = Limits(**limits)
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client = FhirClient(
            deadline_seconds=deadline_seconds, limits=bounds, tls=nobody, transport=transport, clock=clock
        )
        made.append(client)
        return client

    yield build
    for client in made:
        await client.aclose()


@pytest.fixture
def client(client_of: Callable[..., FhirClient]) -> FhirClient:
    """Return a client whose deadline no test reaches unless it means to."""
    return client_of()


@pytest.fixture
def access() -> FhirAccess:
    """Return the server of the tests, with a token."""
    return FhirAccess("https://ehr.example.org/fhir", "token-of-the-call")


@pytest.fixture
def pain() -> Callable[..., dict[str, Any]]:
    """Conditions of patient p1, by id."""

    def build(name: str = "c1", patient: str = "p1") -> dict[str, Any]:
        subject = {"reference": f"Patient/{patient}"}
        return {"resourceType": "Condition", "id": name, "subject": subject, "code": {"text": "pain"}}

    return build


@pytest.fixture
def bundle() -> Callable[..., dict[str, Any]]:
    """Searchsets of resources, with a next link when one is given."""

    def build(*resources: object, after: str = "", **members: object) -> dict[str, Any]:
        entries = [{"resource": resource} for resource in resources]
        links = {"link": [{"relation": "next", "url": after}]} if after else {}
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **links, **members}

    return build
