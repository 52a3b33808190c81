"""The sandbox server under test, mounted at /fhir as in the product."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from cds_service.sandbox.fhir_server import create_fhir_app
from cds_service.sandbox.store import Store


@pytest.fixture
def store() -> Store:
    """Return an empty store, the one that `client` talks to."""
    return Store()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    """Return a client whose relative URLs begin at the FHIR base; pages hold at most three matches."""
    app = Starlette(routes=[Mount("/fhir", create_fhir_app(store, page_cap=3))])
    with TestClient(app, base_url="http://ehr.test/fhir/") as connected:
        yield connected
