"""A medicine known only from a MedicationStatement: read from the EHR, believed, and never asked for."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.fhir_client import FhirClient
from cds_service.sandbox.fhir_server import create_fhir_app
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
ACCESS = {"fhirServer": "http://127.0.0.1:8080/fhir"}
SERVICE = "lbp-analgesics-order-select"
PATIENT = "warfarin-by-statement"
QUERY = f"MedicationStatement?patient={PATIENT}&_count=200"


class Ehr:
    """The sandbox FHIR server; it may answer searches of MedicationStatement with a status of its own."""

    def __init__(self, store: Store) -> None:
        """Serve this store."""
        self.asked: list[str] = []
        self.status = 200
        self.app = Starlette(routes=[Mount("/fhir", create_fhir_app(store))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the query and answer it."""
        self.asked.append(f"{scope['path'].removeprefix('/fhir/')}?{scope['query_string'].decode()}")
        refused = self.status != 200 and "MedicationStatement" in scope["path"]
        answering = Response(status_code=self.status) if refused else self.app
        await answering(scope, receive, send)


@pytest.fixture
def ehr(store: Store) -> Ehr:
    """Return the EHR with all fixture patients."""
    return Ehr(store)


@pytest.fixture
def cards(catalogue: Catalogue, ehr: Ehr, tmp_path: Path) -> Iterator[Callable[[Json], dict[str, Json]]]:
    """Return what posts a naproxen order and gives the cards by topic."""
    fhir = FhirClient(deadline_seconds=30, transport=httpx2.ASGITransport(app=ehr))
    app = create_app(
        catalogue,
        Settings(),
        clock=lambda _zone: ANCHOR,
        audit=Audit(f"file:{tmp_path / 'trail'}"),
        fetch=fhir,
        closing=(fhir.aclose,),
    )
    with TestClient(app) as client:

        def post(body: Json) -> dict[str, Json]:
            response = client.post(f"/cds-services/{SERVICE}", content=msgspec.json.encode(body))
            assert response.status_code == 200
            return {card["source"]["topic"]["code"]: card for card in response.json()["cards"]}

        yield post


@pytest.fixture
def body(store: Store, prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json]) -> Json:
    """Return the naproxen order with all that is prefetched, and no statements."""
    path = FIXTURES / "requests" / f"{PATIENT}.analgesics-naproxen.json"
    order: Json = json.loads(path.read_text(encoding="utf-8"))
    prefetch = prefetched(SERVICE, order["context"], store, {})
    del prefetch["medicationStatements"]
    return {**order, "prefetch": prefetch}


def test_a_warfarin_that_only_a_statement_tells_of_makes_naproxen_a_hazard(
    cards: Callable[[Json], dict[str, Json]], body: Json, ehr: Ehr
) -> None:
    """SAFE-36: one search beside full prefetch, a critical card that names the statement."""
    card = cards({**body, **ACCESS})["nsaid-safety"]

    assert ehr.asked == [QUERY]
    assert card["indicator"] == "critical"
    assert f"MedicationStatement/{PATIENT}-warfarin" in card["detail"]


def test_without_a_server_to_ask_the_answer_is_that_of_the_orders(
    cards: Callable[[Json], dict[str, Json]], body: Json, ehr: Ehr
) -> None:
    """Nobody is asked, nothing is missing: no card speaks of statements."""
    given = cards(body)

    assert ehr.asked == []
    assert "data-missing" not in given
    assert given.get("nsaid-safety", {"indicator": "info"})["indicator"] != "critical"
    assert "medication statements" not in json.dumps(given)


@pytest.mark.parametrize("status", [403, 404, 501])
def test_a_server_without_statements_is_like_none(
    cards: Callable[[Json], dict[str, Json]], body: Json, ehr: Ehr, status: int
) -> None:
    """Not offered is not failed: the cards are the same to the letter."""
    alone = cards(body)
    ehr.status = status

    assert cards({**body, **ACCESS}) == alone
    assert ehr.asked == [QUERY]


def test_statements_that_could_not_be_read_are_named(
    cards: Callable[[Json], dict[str, Json]], body: Json, ehr: Ehr
) -> None:
    """SAFE-35, SAFE-47: the answer says so, and no medicine is offered instead."""
    ehr.status = 500
    given = cards({**body, **ACCESS})

    created = [
        action["resource"]["resourceType"]
        for card in given.values()
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]
    assert "Not read: medication statements" in given["data-missing"]["detail"]
    assert "MedicationRequest" not in created


def test_statements_that_are_sent_unasked_are_read(
    cards: Callable[[Json], dict[str, Json]],
    body: Json,
    ehr: Ehr,
    store: Store,
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
) -> None:
    """An EHR that knows the key spares the search."""
    body["prefetch"] = prefetched(SERVICE, body["context"], store, {})

    assert cards({**body, **ACCESS})["nsaid-safety"]["indicator"] == "critical"
    assert ehr.asked == []


def test_a_known_empty_list_of_statements_is_not_asked_for(
    cards: Callable[[Json], dict[str, Json]], body: Json, ehr: Ehr
) -> None:
    """`null` is how an EHR without them says so."""
    body["prefetch"]["medicationStatements"] = None

    assert cards({**body, **ACCESS}) == cards(body)
    assert ehr.asked == []


def test_no_service_asks_for_statements_as_prefetch(catalogue: Catalogue) -> None:
    """Discovery offers what every EHR can send."""
    keys = {key for entry in catalogue.entries.values() for key in entry.discovery["prefetch"]}

    assert "medications" in keys
    assert "medicationStatements" not in keys
