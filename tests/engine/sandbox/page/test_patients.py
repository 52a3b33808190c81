"""The list of patients and the chart: who is there, what is known, and what could not be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CARD, CDS, FHIR, answers, fhir, offers, searchset, sent

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

ANN = {
    "resourceType": "Patient",
    "id": "ann",
    "name": [{"given": ["Ann"], "family": "Lee"}],
    "birthDate": "1990-11-02",
    "gender": "female",
}
PAIN = {
    "resourceType": "Condition",
    "id": "c1",
    "code": {"text": "Back pain"},
    "onsetDateTime": "2026-10-22T08:00:00Z",
    "clinicalStatus": {"coding": [{"code": "active"}]},
}
ERROR = {
    "resourceType": "Condition",
    "id": "c2",
    "code": {"text": "Cancer"},
    "verificationStatus": {"coding": [{"code": "entered-in-error"}]},
}


KINDS = ["Problems", "Medications", "Allergies", "Observations", "Orders", "Procedures"]


def page(browser: TestClient, path: str) -> Screen:
    """Return a page that is there."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return Screen(answer.text)


def test_the_list_says_who_the_fixture_patients_are(browser: TestClient) -> None:
    """In a line each, and leads to their charts."""
    screen = page(browser, "/")

    assert screen.one("a", href="/patients/cauda-equina").text.startswith("Marta Lindqvist")
    assert "46-year-old florist in the emergency department" in screen.text


def test_the_list_can_be_searched(browser: TestClient) -> None:
    """By words of name and story."""
    screen = page(browser, "/?q=nurse+naomi")

    assert [
        item.attributes["href"] for item in screen.all("a") if "/patients/" in item.attributes["href"]
    ] == ["/patients/six-weeks-exactly"]


def test_patients_of_another_server_are_told_by_age_and_gender(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """Their story is not known here, even when an id is that of a fixture."""
    fhir(outside, ANN, {**ANN, "id": "cauda-equina"})

    screen = page(elsewhere, "/")

    assert "35 years, female" in screen.text
    assert "florist" not in screen.text


@pytest.mark.parametrize("status", [401, 503])
def test_a_list_that_cannot_be_read_is_no_empty_list(
    elsewhere: TestClient, outside: responses.RequestsMock, status: int
) -> None:
    """The page says so, with the status."""
    outside.get(re.compile(f"{FHIR}/Patient.*"), status=status)

    screen = page(elsewhere, "/")

    assert str(status) in screen.one("p", role="alert").text
    assert "No patient matches" not in screen.text


def test_a_patient_is_opened_by_id(elsewhere: TestClient) -> None:
    """As integrators think of patients."""
    answer = elsewhere.get("/patients?id=Patient/ann")

    assert (answer.status_code, answer.headers["location"]) == (303, "/patients/ann")


@pytest.mark.parametrize("name", ["a b", "x" * 65, "..%2F..%2Fsettings%3F", "a_b"])
def test_an_id_that_fhir_does_not_have_is_refused(elsewhere: TestClient, name: str) -> None:
    """Before any server is asked."""
    assert elsewhere.get(f"/patients/{name}").status_code == 404
    assert elsewhere.get("/patients", params={"id": name}).status_code == 400


def test_a_chart_shows_each_kind_with_its_dates(browser: TestClient) -> None:
    """Problems, medications, allergies, observations, orders and procedures."""
    screen = page(browser, "/patients/nsaid-allergy")
    titles = [item.text for item in screen.all("h2")]

    assert [title.strip() for title in titles[:6]] == KINDS
    assert re.search(r"Low back pain.*since \d{4}-\d\d-\d\d", screen.text)


def test_a_value_has_its_unit_and_a_panel_its_parts(browser: TestClient) -> None:
    """As measured."""
    text = page(browser, "/patients/plain-acute").text

    assert "36.7 °C" in text
    assert "Systolic blood pressure 122 mmHg" in text


def test_what_was_struck_out_is_shown_as_struck_out(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """With the word, not by a line alone."""
    fhir(outside, ANN, PAIN, ERROR)

    rows = page(elsewhere, "/patients/ann").all("tr", class_="void")

    assert [("Cancer" in row.text, "entered-in-error" in row.text) for row in rows] == [(True, True)]


def test_a_part_that_cannot_be_read_is_no_empty_part(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """Never does a failure look like nothing recorded."""
    outside.get(re.compile(rf"{FHIR}/AllergyIntolerance\?.*"), status=503)
    fhir(outside, ANN, PAIN)

    text = page(elsewhere, "/patients/ann").text

    assert "Allergies could not be read: The FHIR server answered 503" in text
    assert re.search(r"Medications None recorded", text)


def test_a_chart_that_goes_on_says_so(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """A `next` link that may not be followed means there is more."""
    more = {**searchset(PAIN), "link": [{"relation": "next", "url": "http://other.example/page"}]}
    outside.get(re.compile(rf"{FHIR}/Condition\?.*"), json=more)
    fhir(outside, ANN)

    assert "the FHIR server has more" in page(elsewhere, "/patients/ann").text


def test_an_unknown_patient_is_said(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """The chart is empty because there is none."""
    outside.get(f"{FHIR}/Patient/ann", status=404)
    fhir(outside)

    assert "no patient with this id" in page(elsewhere, "/patients/ann").one("p", role="alert").text


def test_opening_a_chart_fires_patient_view(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """The page asks for it as soon as it is shown; the card says where it comes from."""
    fhir(outside, ANN)
    offers(outside, "patient-view", "order-select")
    answers(outside, "patient-view", CARD)
    (form,) = [
        item
        for item in page(elsewhere, "/patients/ann").all("form")
        if "load" in item.attributes.get("hx-trigger", "")
    ]

    screen = Screen(elsewhere.post(form.attributes["hx-post"]).text)

    (body,) = sent(outside, "/cds-services/on-patient-view")
    assert (body["hook"], body["context"]["patientId"]) == ("patient-view", "ann")
    (card,) = screen.cards()
    assert "Think again" in card.text
    assert "Warning" in card.text
    assert screen.one("a", href="https://example.org/guideline").text.startswith("A guideline")


def test_the_chart_of_a_red_flag_shows_its_card_first(browser: TestClient) -> None:
    """The real service, over a real socket, while the page waits in a thread."""
    screen = Screen(browser.post("/patients/cauda-equina/view").text)

    assert screen.cards()[0].attributes["class"] == "card critical"
    assert "Critical" in screen.by_id("said").text
    assert any("/evidence" in link.attributes["href"] for link in screen.all("a", target="_blank"))


def test_without_scripts_a_click_leads_back_to_the_chart(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """And the chart then shows the cards."""
    fhir(outside, ANN)
    offers(outside, "patient-view")
    answers(outside, "patient-view", CARD)
    del elsewhere.headers["HX-Request"]

    answer = elsewhere.post("/patients/ann/view")

    assert (answer.status_code, answer.headers["location"]) == (303, "/patients/ann")
    assert len(page(elsewhere, "/patients/ann").cards()) == 1


def test_a_cds_service_that_is_down_is_said_in_place_of_cards(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """No answer never looks like no advice."""
    fhir(outside, ANN)
    outside.get(f"{CDS}/cds-services", status=500)

    screen = Screen(elsewhere.post("/patients/ann/view").text)

    assert "500 Internal Server Error" in screen.by_id("cards").text
    assert "500" in screen.by_id("said").text
