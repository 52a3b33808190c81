"""The order screen: each change of the basket fires order-select, signing fires order-sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CARD, CDS, FHIR, OPIOID, answers, fhir, offers, sent
from tests.engine.sandbox.page.test_patients import ANN, PAIN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

MRI = {"system": "http://loinc.org", "code": "24968-0"}
ORDERS = "/patients/ann/orders"
OPIOID_DRAFT = f"{ORDERS}/MedicationRequest/draft-1"


@pytest.fixture
def ehr(elsewhere: TestClient, outside: responses.RequestsMock) -> TestClient:
    """Return a browser at an EHR with one patient and a CDS service that answers each hook with a card."""
    fhir(outside, ANN, PAIN)
    offers(outside, "patient-view", "order-select", "order-sign")
    answers(outside, "order-select", CARD)
    answers(outside, "order-sign", {**CARD, "uuid": "c-2", "summary": "Signed too soon"})
    return elsewhere


def add(browser: TestClient, order: dict[str, str] = OPIOID, patient: str = "ann") -> Screen:
    """Put an order into the basket."""
    answer = browser.post(f"/patients/{patient}/orders", data=order)
    assert answer.status_code == 200
    return Screen(answer.text)


def selections(mock: responses.RequestsMock) -> list[list[str]]:
    """Return what each order-select said to be selected."""
    return [body["context"]["selections"] for body in sent(mock, "/cds-services/on-order-select")]


def test_an_order_is_found_and_added_with_one_button(ehr: TestClient) -> None:
    """The form of a match carries its code; the name comes from the terminology."""
    found = Screen(ehr.get(f"{ORDERS}/search?q=oxycodone+hydrochloride+5+mg+oral+tablet").text)
    codes = [item.attributes["value"] for item in found.all("input", name="code")]

    screen = add(ehr, {"system": OPIOID["system"], "code": codes[0]})

    assert "oxycodone hydrochloride 5 MG Oral Tablet" in screen.by_id("basket").text


def test_adding_fires_order_select_for_the_new_order(
    ehr: TestClient, outside: responses.RequestsMock
) -> None:
    """The rest of the basket is context."""
    add(ehr)
    screen = add(ehr, MRI)

    assert selections(outside) == [["MedicationRequest/draft-1"], ["ServiceRequest/draft-2"]]
    drafts = sent(outside, "/cds-services/on-order-select")[-1]["context"]["draftOrders"]["entry"]
    assert [item["resource"]["id"] for item in drafts] == ["draft-2", "draft-1"]
    assert len(screen.cards()) == 1
    assert "are again at signing" in screen.by_id("cards").text


def test_only_known_codes_can_be_ordered(ehr: TestClient, outside: responses.RequestsMock) -> None:
    """A form sent by hand puts no text of its own into an order."""
    answer = ehr.post(ORDERS, data={"system": "urn:x", "code": "<script>"})

    assert answer.status_code == 400
    assert selections(outside) == []


def test_a_change_of_dose_fires_order_select_for_that_order(
    ehr: TestClient, outside: responses.RequestsMock
) -> None:
    """With the order as it is now."""
    add(ehr)
    fields = {
        "amount": "2",
        "unit": "tablet",
        "times": "4",
        "days": "14",
        "reason": "c1",
        "priority": "urgent",
    }

    screen = Screen(ehr.post(OPIOID_DRAFT, data=fields).text)

    order = sent(outside, "/cds-services/on-order-select")[-1]["context"]["draftOrders"]["entry"][0][
        "resource"
    ]
    assert order["dispenseRequest"]["expectedSupplyDuration"]["value"] == 14
    assert order["reasonCode"] == [{"text": "Back pain"}]
    assert (
        "2 tablet, 4 time(s) a day; for 14 days; because of Back pain; urgent" in screen.by_id("basket").text
    )


def test_a_wrong_dose_is_shown_at_its_field_and_asks_nobody(
    ehr: TestClient, outside: responses.RequestsMock
) -> None:
    """What was typed is still there to be mended; the cards stay those of the order as it is."""
    add(ehr)

    answer = ehr.post(OPIOID_DRAFT, data={"amount": "much", "unit": "mg"})

    screen = Screen(answer.text)
    field = screen.one("input", name="amount")
    assert answer.status_code == 422
    assert (field.attributes["value"], field.attributes["aria-invalid"]) == ("much", "true")
    assert "number above 0" in screen.by_id(field.attributes["aria-describedby"]).text
    assert len(selections(outside)) == 1
    assert len(screen.cards()) == 1


def test_removing_judges_what_is_left(ehr: TestClient, outside: responses.RequestsMock) -> None:
    """And an empty basket asks nobody and shows no card."""
    add(ehr)
    add(ehr, MRI)
    ehr.post(f"{ORDERS}/ServiceRequest/draft-2/remove")
    screen = Screen(ehr.post(f"{OPIOID_DRAFT}/remove").text)

    assert selections(outside)[2:] == [["MedicationRequest/draft-1"]]
    assert screen.cards() == []
    assert "The basket is empty" in screen.by_id("basket").text


def test_an_order_that_is_gone_cannot_be_changed(ehr: TestClient) -> None:
    """A second tab may still show it."""
    assert ehr.post(OPIOID_DRAFT, data={}).status_code == 409


def test_signing_fires_order_sign_for_the_whole_basket(
    ehr: TestClient, outside: responses.RequestsMock
) -> None:
    """The cards of order-select give way to those of order-sign."""
    add(ehr)
    add(ehr, MRI)

    screen = Screen(ehr.post("/patients/ann/sign").text)

    (body,) = sent(outside, "/cds-services/on-order-sign")
    assert len(body["context"]["draftOrders"]["entry"]) == 2
    assert [card.attributes["aria-labelledby"] for card in screen.cards()] == ["card-0-0"]
    assert "Signed too soon" in screen.cards()[0].text
    assert "despite the cards" in screen.by_id("place").text


def test_an_empty_basket_cannot_be_signed(ehr: TestClient) -> None:
    """There is nothing to ask about."""
    assert ehr.post("/patients/ann/sign").status_code == 409


def test_an_order_that_changed_after_signing_must_be_signed_again(ehr: TestClient) -> None:
    """Nothing is placed that no order-sign was fired for."""
    add(ehr)
    ehr.post("/patients/ann/sign")
    add(ehr, MRI)

    assert ehr.post("/patients/ann/place").status_code == 409


def test_placed_orders_are_active_on_the_fhir_server(browser: TestClient, sandbox: str) -> None:
    """And no longer in the basket."""
    add(browser, MRI, "heart-failure")
    browser.post("/patients/heart-failure/sign")

    screen = Screen(browser.post("/patients/heart-failure/place").text)

    stored = requests.get(f"{sandbox}/fhir/ServiceRequest?patient=heart-failure", timeout=5).json()["entry"]
    assert [item["resource"]["status"] for item in stored] == ["active"]
    assert "1 order placed" in screen.by_id("basket").text
    assert "The basket is empty" in screen.by_id("basket").text


def test_an_order_that_the_server_refuses_stays_in_the_basket(
    ehr: TestClient, outside: responses.RequestsMock
) -> None:
    """And the page says what the server said."""
    issue = {"severity": "error", "code": "invalid", "diagnostics": "no such thing"}
    outside.post(
        f"{FHIR}/MedicationRequest", status=422, json={"resourceType": "OperationOutcome", "issue": [issue]}
    )
    add(ehr)
    ehr.post("/patients/ann/sign")

    screen = Screen(ehr.post("/patients/ann/place").text)

    assert "no such thing" in screen.by_id("basket").text
    assert screen.all("h3", id="MedicationRequest-draft-1-name")


def test_a_basket_belongs_to_one_patient_and_one_browser(ehr: TestClient) -> None:
    """The same person may have two charts open."""
    add(ehr)

    assert "The basket is empty" in Screen(ehr.get("/patients/bob/orders").text).text
    ehr.cookies.clear()
    assert "The basket is empty" in Screen(ehr.get(ORDERS).text).text


def test_without_scripts_the_screen_comes_back_with_basket_and_cards(ehr: TestClient) -> None:
    """A plain form is answered with a redirect."""
    del ehr.headers["HX-Request"]

    answer = ehr.post(ORDERS, data=OPIOID)

    screen = Screen(ehr.get(answer.headers["location"]).text)
    assert answer.status_code == 303
    assert len(screen.cards()) == 1
    assert "oxycodone" in screen.by_id("basket").text


def test_stale_cards_leave_when_the_service_fails(ehr: TestClient, outside: responses.RequestsMock) -> None:
    """A card of before must not seem to be about the basket of now."""
    add(ehr)
    issue = {"severity": "error", "code": "exception", "diagnostics": "overslept", "expression": ["Bundle.x"]}
    outside.replace(
        "POST",
        f"{CDS}/cds-services/on-order-select",
        status=412,
        json={"resourceType": "OperationOutcome", "issue": [issue]},
    )

    screen = add(ehr, MRI)

    assert screen.cards() == []
    said = re.sub(r"\s+", " ", screen.by_id("cards").text)
    assert "On order-select gave no advice. 412 Precondition Failed: overslept" in said
    assert "error exception overslept at Bundle.x" in said
    assert "that says nothing about the patient" in said


def test_the_basket_is_bounded(ehr: TestClient) -> None:
    """The server's memory is, too."""
    statuses = [ehr.post(ORDERS, data=OPIOID).status_code for _ in range(21)]

    assert statuses == [200] * 20 + [409]


def test_reasons_that_cannot_be_read_are_said(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """An empty menu would look like a patient without problems."""
    outside.get(re.compile(rf"{FHIR}/Condition\?.*"), status=503)
    fhir(outside, ANN)

    assert "503" in Screen(elsewhere.get(ORDERS).text).by_id("basket").text
