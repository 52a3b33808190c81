"""The discharge screen: encounter-discharge for an encounter of the patient."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CARD, FHIR, answers, fhir, offers, sent
from tests.engine.sandbox.page.test_patients import ANN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

VISIT = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "in-progress",
    "class": {"display": "ambulatory"},
    "period": {"start": "2026-11-01"},
}
PATH = "/patients/ann/discharge"


def test_an_encounter_is_chosen_and_its_discharge_fired(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The context names it."""
    fhir(outside, ANN, VISIT)
    offers(outside, "encounter-discharge")
    answers(outside, "encounter-discharge", CARD)
    option = Screen(elsewhere.get(PATH).text).one("option", value="e1")

    screen = Screen(elsewhere.post(PATH, data={"encounter": "e1"}).text)

    assert "in-progress" in option.text
    assert sent(outside, "/cds-services/on-encounter-discharge")[0]["context"]["encounterId"] == "e1"
    assert len(screen.cards()) == 1


def test_a_service_without_this_hook_is_said(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """Nobody was asked, which is not the same as nothing to say."""
    fhir(outside, ANN, VISIT)
    offers(outside, "patient-view")

    text = Screen(elsewhere.post(PATH, data={"encounter": "e1"}).text).by_id("cards").text

    assert "offers nothing at encounter-discharge, so nobody was asked. Hooks offered: patient-view" in text


def test_without_an_encounter_on_record_its_id_can_be_written(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """And a failure to read them is said."""
    outside.get(re.compile(rf"{FHIR}/Encounter\?.*"), status=503)
    fhir(outside, ANN)

    screen = Screen(elsewhere.get(PATH).text)

    assert screen.all("input", name="encounter")
    assert "503" in screen.one("p", role="alert").text


@pytest.mark.parametrize("encounter", ["", "a b", "../x"])
def test_a_discharge_needs_an_encounter(elsewhere: TestClient, encounter: str) -> None:
    """The hook requires its id."""
    assert elsewhere.post(PATH, data={"encounter": encounter}).status_code == 400
