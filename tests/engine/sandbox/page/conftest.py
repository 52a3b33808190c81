"""The page under test: against a whole sandbox on a socket, or against servers that a test makes up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import responses
from starlette.testclient import TestClient

from cds_service.catalogue import Catalogue, load_catalogue
from cds_service.sandbox.embedded import SandboxOptions, serving
from cds_service.sandbox.page import PageOptions, create_page
from cds_service.sandbox.page.traffic import Traffic
from tests.engine.sandbox.page.servers import CDS, FHIR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """Serve a whole sandbox: tests that write to it choose patients of their own."""
    with serving(SandboxOptions(audit="file:/dev/null")) as url:
        yield url


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return the guidelines that the page offers orders from."""
    return load_catalogue(["hooks.low_back_pain"])


@pytest.fixture
def browsers(catalogue: Catalogue) -> Iterator[Callable[..., TestClient]]:
    """Return a maker of browsers, each with a page of its own; scripts ask for parts, as htmx does."""
    opened: list[TestClient] = []

    def made(options: PageOptions) -> TestClient:
        app = create_page(options, catalogue, Traffic(), lambda: date(2026, 11, 1))
        headers = {"Origin": ORIGIN, "HX-Request": "true"}
        opened.append(TestClient(app, base_url=ORIGIN, headers=headers, follow_redirects=False))
        return opened[-1]

    yield made
    for client in opened:
        client.close()


@pytest.fixture
def browser(browsers: Callable[..., TestClient], sandbox: str) -> TestClient:
    """Return a browser whose page talks to the whole sandbox."""
    return browsers(PageOptions(sandbox, f"{sandbox}/fhir"))


@pytest.fixture
def outside() -> Iterator[responses.RequestsMock]:
    """Answer for made-up servers; what a test does not register cannot be reached."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def elsewhere(browsers: Callable[..., TestClient], outside: responses.RequestsMock) -> TestClient:
    """Return a browser whose page talks to the made-up servers of `servers.py`."""
    assert outside is not None
    return browsers(PageOptions(CDS, FHIR))
