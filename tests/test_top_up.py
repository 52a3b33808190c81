"""What prefetch lacks is read from the EHR: the same chart gives the same cards, whoever brought it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.fhir_client import FhirClient
from cds_service.hook_context import context_of
from cds_service.protocol import parse
from cds_service.sandbox.ehr.prefetch import expanded
from cds_service.sandbox.fhir_server import create_fhir_app
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.types import Receive, Scope, Send

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store

Json = dict[str, Any]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
SERVER = "http://127.0.0.1:8080/fhir"
TOKEN = "granted"  # noqa: S105 - a word to look for
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
STATES = ("given", "absent", "null", "failed")
REQUESTS = sorted((FIXTURES / "requests").glob("*.json"))


class Ehr:
    """The sandbox FHIR server, which remembers each query it was asked."""

    def __init__(self, store: Store) -> None:
        """Serve this store at SERVER."""
        self.asked: list[str] = []
        self.app = Starlette(routes=[Mount("/fhir", create_fhir_app(store, token=TOKEN))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the query and answer it."""
        query = scope["query_string"].decode()
        self.asked.append(scope["path"].removeprefix("/fhir/") + (f"?{query}" if query else ""))
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class World:
    """The service, an EHR with all fixture patients, and what its prefetch would hold."""

    catalogue: Catalogue
    client: TestClient
    ehr: Ehr
    store: Store
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json]

    def call(self, service_id: str, path: Path) -> Json:
        """Return the request of a file with all that the service would have prefetched."""
        body: Json = json.loads(path.read_text(encoding="utf-8"))
        return {**body, "prefetch": self.prefetched(service_id, body["context"], self.store, {})}

    def answer(self, service_id: str, body: Json) -> tuple[int, Json]:
        """Post a call and return status and body."""
        response = self.client.post(f"/cds-services/{service_id}", content=msgspec.json.encode(body))
        return response.status_code, response.json()

    def needed(self, service_id: str, body: Json) -> dict[str, str]:
        """Return the queries that the awake rules of a service need, by key."""
        entry = self.catalogue.entries[service_id]
        request = parse(msgspec.json.encode(body))
        needs = entry.service.needs_in(context_of(request, entry.guideline))
        return {need.key: expanded(need.template, body["context"]) or "" for need in needs}


@pytest.fixture(scope="module")
def world(
    catalogue: Catalogue,
    store: Store,
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Return the service, whose only way to FHIR servers ends at this EHR's."""
    ehr = Ehr(store)
    fhir = FhirClient(deadline_seconds=30, transport=httpx2.ASGITransport(app=ehr))
    audit = Audit(f"file:{tmp_path_factory.mktemp('audit') / 'trail'}")
    app = create_app(
        catalogue, Settings(), clock=lambda _zone: ANCHOR, audit=audit, fetch=fhir, closing=(fhir.aclose,)
    )
    with TestClient(app) as client:
        yield World(catalogue, client, ehr, store, prefetched)


def sent(prefetch: Json, states: Mapping[str, str], *, absent: bool) -> Json:
    """Return the prefetch of an EHR in these states; what is absent is sent all the same unless `absent`."""
    chosen = {"given": dict(prefetch), "absent": {} if absent else dict(prefetch)}
    chosen["null"] = dict.fromkeys(prefetch)
    chosen["failed"] = dict.fromkeys(prefetch, FAILED)
    return {key: chosen[state][key] for key, state in states.items() if key in chosen[state]}


def check(world: World, service_id: str, body: Json, states: Mapping[str, str]) -> None:
    """Compare a call in these states with one that brings all that is absent, and look what was asked."""
    granted = {"fhirServer": SERVER, "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer"}}
    whole = world.answer(service_id, {**body, "prefetch": sent(body["prefetch"], states, absent=False)})
    world.ehr.asked.clear()

    prefetch = sent(body["prefetch"], states, absent=True)
    told = world.answer(service_id, {**body, **granted, "prefetch": prefetch})

    queries = world.needed(service_id, body)
    missing = [queries[key] for key, state in states.items() if state == "absent" and key in queries]
    assert told == whole
    assert sorted(unquote(asked) for asked in world.ehr.asked) == sorted(missing)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_any_part_of_prefetch_and_the_rest_fetched_give_the_same_cards(
    world: World, data: st.DataObject
) -> None:
    """
    Each key is given, null, failed or absent; only absent ones are asked for, each once.

    And only by rules that are awake.
    """
    path = data.draw(st.sampled_from(REQUESTS))
    hook = json.loads(path.read_text(encoding="utf-8"))["hook"]
    offered = [name for name, entry in world.catalogue.entries.items() if entry.hook == hook]
    service_id = data.draw(st.sampled_from(offered))
    body = world.call(service_id, path)
    states = {key: data.draw(st.sampled_from(STATES), label=key) for key in sorted(body["prefetch"])}

    check(world, service_id, body, states)


def test_every_set_of_absent_keys_gives_the_same_cards(world: World) -> None:
    """All of them, for one patient with something to find behind most keys."""
    service_id = "lbp-imaging-order-select"
    body = world.call(service_id, FIXTURES / "requests" / "plain-acute.lumbar-mri.json")
    statements = "medicationStatements"  # no template: absent in the test above
    keys = sorted(body["prefetch"].keys() - {statements})

    assert len(keys) > 5
    for states in itertools.product(("given", "absent"), repeat=len(keys)):
        check(world, service_id, body, {**dict(zip(keys, states, strict=True)), statements: "given"})


def test_nothing_is_asked_while_no_rule_is_awake(world: World) -> None:
    """Nothing selected: no card, no query, on every service."""
    body = json.loads(REQUESTS[0].read_text(encoding="utf-8"))
    body["context"]["selections"] = []
    world.ehr.asked.clear()

    for service_id, entry in world.catalogue.entries.items():
        if entry.hook == "order-select":
            assert world.answer(service_id, {**body, "fhirServer": SERVER}) == (200, {"cards": []})
    assert world.ehr.asked == []
