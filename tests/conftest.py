"""What tests of the whole service share: the service in this process on any day, prefetch from memory."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from respx.mocks import HTTPCoreMocker
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.catalogue import Catalogue, load_catalogue
from cds_service.sandbox.ehr.prefetch import expanded
from cds_service.sandbox.store import Store
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)

Json = dict[str, Any]
Answers = dict[str, Json | None]


# respx knows httpx by its transport, httpcore; ours is the successor with the same interface.
HTTPCoreMocker.add_targets("httpcore2._async.connection_pool.AsyncConnectionPool")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites the golden cards."""
    parser.addoption("--update-goldens", action="store_true", help="rewrite fhir_fixtures/*/cards")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded for readers of the run, whichever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            terminalreporter.write_sep("-", name)
            terminalreporter.write_line(str(text))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return the services as they are shipped."""
    return load_catalogue(("hooks.low_back_pain",))


@pytest.fixture(scope="session")
def fire(
    catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, Json, date], tuple[int, Json]]]:
    """Return what posts a body to a service on a given day, and gives status and JSON."""
    days: list[date] = []
    audit = Audit(f"file:{tmp_path_factory.mktemp('audit') / 'trail'}")
    app = create_app(catalogue, Settings(), clock=lambda _zone: days[-1], audit=audit)
    with TestClient(app) as client:

        def post(service_id: str, body: Json, today: date) -> tuple[int, Json]:
            days[:] = [today]
            sent = msgspec.json.encode(body)
            headers = {"Content-Type": "application/json"}
            response = client.post(f"/cds-services/{service_id}", content=sent, headers=headers)
            return response.status_code, response.json()

        yield post


@pytest.fixture(scope="session")
def prefetched(catalogue: Catalogue) -> Callable[[str, Json, Store, Answers], Json]:
    """
    Return what answers everything a service may read for a context, as an EHR with this store would.

    Also what is no prefetch template and would be read from its FHIR server. The last argument
    keeps the answers by query, for services that ask the same of the same store.
    """

    def fill(service_id: str, context: Json, store: Store, known: Answers) -> Json:
        asked = sorted(catalogue.entries[service_id].service.needs)
        queries = {need.key: expanded(need.template, context) or "" for need in asked}
        for query in queries.values():
            if query not in known:
                known[query] = _answer(query, store)
        return {key: known[query] for key, query in queries.items()}

    return fill


@pytest.fixture(scope="session")
def with_golden(pytestconfig: pytest.Config) -> Callable[[Path, Json], tuple[str, str]]:
    """
    Return what gives an answer as goldens are written, and the text of its golden, to be compared.

    With --update-goldens the golden is rewritten first.
    """

    def texts(golden: Path, answered: Json) -> tuple[str, str]:
        written = json.dumps(answered, indent=2, ensure_ascii=False) + "\n"
        if pytestconfig.getoption("--update-goldens"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(written, encoding="utf-8")
        return written, golden.read_text(encoding="utf-8")

    return texts


def _answer(query: str, store: Store) -> Json | None:
    resource_type, searches, parameters = query.partition("?")
    if not searches:
        return store.get(*resource_type.split("/"))
    found = store.search(resource_type, parse_qsl(parameters), strict=True).matches
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in found]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return {**bundle, "entry": entries} if entries else bundle


@pytest.fixture(scope="session")
def store() -> Store:
    """Return all fixture patients on the day that their charts are written for; tests only read it."""
    patients = Store()
    patients.load_folder(FIXTURES / "patients", ANCHOR)
    return patients
