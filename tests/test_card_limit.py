"""SAFE-32 on the fixture patients: an opened chart gets four cards at most, and the trail has the others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store

Json = dict[str, Any]
Opened = list[tuple[list[str], list[str]]]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)


@pytest.fixture(scope="module")
def opened(
    catalogue: Catalogue,
    store: Store,
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    tmp_path_factory: pytest.TempPathFactory,
) -> Opened:
    """Return, for each chart opened and each service, the topics of the cards shown and of those cut."""
    trail = tmp_path_factory.mktemp("audit") / "trail"
    app = create_app(catalogue, Settings(), clock=lambda _zone: ANCHOR, audit=Audit(f"file:{trail}"))
    bodies = [json.loads(path.read_text(encoding="utf-8")) for path in (FIXTURES / "requests").glob("*.json")]
    with TestClient(app) as client:
        for body in (body for body in bodies if body["hook"] == "patient-view"):
            for service_id in (
                name for name, entry in catalogue.entries.items() if entry.hook == body["hook"]
            ):
                prefetch = prefetched(service_id, body["context"], store, {})
                sent = msgspec.json.encode({**body, "prefetch": prefetch})
                assert client.post(f"/cds-services/{service_id}", content=sent).status_code == 200
    lines = [json.loads(line) for line in trail.read_text(encoding="utf-8").splitlines()]
    return [(list(line["cards"].values()), line["not_shown"]) for line in lines]


def test_an_opened_chart_gets_four_cards_at_most(opened: Opened) -> None:
    """No fixture patient has five critical cards."""
    assert opened
    assert max(len(shown) for shown, _ in opened) == 4


def test_only_a_full_answer_has_cards_cut(opened: Opened) -> None:
    """And some fixture patient has a fifth card, so that the limit is seen to hold."""
    cut = [shown for shown, hidden in opened if hidden]

    assert cut
    assert {len(shown) for shown in cut} == {4}


def test_danger_and_unread_data_are_never_cut(opened: Opened) -> None:
    """An emergency, and the card on what could not be read."""
    hidden = {topic for _, topics in opened for topic in topics}

    assert hidden.isdisjoint({"red-flag-emergency", "data-missing"})
