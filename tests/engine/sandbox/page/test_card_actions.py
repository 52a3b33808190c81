"""What a clinician does with a card: accepting applies it, both ways are reported, old cards are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import BUTTON, CARD, CDS, FHIR, OPIOID, answers, fhir, offers, sent
from tests.engine.sandbox.page.test_ordering import add
from tests.engine.sandbox.page.test_patients import ANN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

FEEDBACK = "/cds-services/on-order-select/feedback"
NAPROXEN = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Naproxen"},
    "subject": {"reference": "Patient/ann"},
}


def ordered(browser: TestClient, mock: responses.RequestsMock, card: dict[str, Any] = CARD) -> Screen:
    """Return the screen after an order that brought a card."""
    fhir(mock, ANN)
    offers(mock, "order-select")
    answers(mock, "order-select", card)
    return add(browser)


def fields(screen: Screen, action: str, number: int = 0) -> dict[str, str]:
    """Return what the form of a button would send."""
    form = screen.all("form", hx_post=f"/patients/ann/{action}")[number]
    start = screen.elements.index(form)
    names = ("answer", "call", "card", "suggestion") if action == "accept" else ("answer", "call", "card")
    hidden = [item for item in screen.elements[start:] if item.attributes.get("type") == "hidden"]
    return {
        name: next(item.attributes["value"] for item in hidden if item.attributes["name"] == name)
        for name in names
    }


def test_accepting_a_removal_empties_the_basket_and_is_reported(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """Feedback names card and suggestion; the cards of the order go with it."""
    screen = ordered(elsewhere, outside)

    after = Screen(elsewhere.post("/patients/ann/accept", data=fields(screen, "accept")).text)

    assert "The basket is empty" in after.by_id("basket").text
    assert after.cards() == []
    (item,) = sent(outside, FEEDBACK)[0]["feedback"]
    assert (item["card"], item["outcome"], item["acceptedSuggestions"]) == (
        "c-1",
        "accepted",
        [{"id": "s-1"}],
    )


def test_accepting_a_new_order_stores_it_and_asks_about_it(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The basket then holds it under the server's id, and order-select is fired for it."""
    button = {
        "label": "Naproxen first",
        "uuid": "s-2",
        "actions": [{"type": "create", "description": "Add", "resource": NAPROXEN}],
    }
    screen = ordered(elsewhere, outside, {**CARD, "suggestions": [button]})
    outside.post(f"{FHIR}/MedicationRequest", status=201, json={**NAPROXEN, "id": "n-1"})

    after = Screen(elsewhere.post("/patients/ann/accept", data=fields(screen, "accept")).text)

    assert "Naproxen" in after.by_id("basket").text
    assert sent(outside, "/cds-services/on-order-select")[-1]["context"]["selections"] == [
        "MedicationRequest/n-1"
    ]


def test_a_suggestion_of_the_real_service_really_applies(browser: TestClient, sandbox: str) -> None:
    """An opioid is replaced by what the card offers, on the FHIR server too."""
    screen = add(browser, OPIOID, "plain-acute")
    labels = [
        item.text
        for item in screen.all("button")
        if "-s" in item.attributes.get("id", "") and item.attributes["id"].startswith("card-")
    ]
    start = next(number for number, label in enumerate(labels) if label.startswith("Draft"))
    form = screen.all("form", hx_post="/patients/plain-acute/accept")[start]
    hidden = {
        item.attributes["name"]: item.attributes["value"]
        for item in screen.elements[screen.elements.index(form) :][:5]
        if item.tag == "input"
    }

    after = Screen(browser.post("/patients/plain-acute/accept", data=hidden).text)

    stored = requests.get(
        f"{sandbox}/fhir/MedicationRequest?patient=plain-acute&status=draft", timeout=5
    ).json()
    (draft,) = [item["resource"] for item in stored["entry"]]
    assert after.all("h3", id=f"MedicationRequest-{draft['id']}-name")
    assert "Feedback sent." in after.by_id("said").text


def test_an_order_from_a_chart_leads_to_the_order_screen(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The basket changed, so order-select is fired, and its cards are shown where the basket is."""
    actions = [{"type": "create", "description": "Add", "resource": NAPROXEN}]
    button = {"label": "Naproxen first", "uuid": "s-2", "actions": actions}
    fhir(outside, ANN)
    offers(outside, "patient-view", "order-select")
    answers(outside, "patient-view", {**CARD, "suggestions": [button]})
    answers(outside, "order-select", CARD)
    outside.post(f"{FHIR}/MedicationRequest", status=201, json={**NAPROXEN, "id": "n-1"})
    screen = Screen(elsewhere.post("/patients/ann/view").text)

    answer = elsewhere.post("/patients/ann/accept", data=fields(screen, "accept"))

    place = answer.headers["hx-redirect"]
    after = Screen(elsewhere.get(place).text)
    assert place == "/patients/ann/orders"
    assert "Naproxen" in after.by_id("basket").text
    assert len(after.cards()) == 1
    assert "Accepted: Naproxen first. Feedback sent." in after.by_id("basket").text


def test_what_is_no_order_asks_the_same_hook_again(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """A problem that was recorded may have been what the card was about."""
    problem = {"resourceType": "Condition", "subject": {"reference": "Patient/ann"}}
    actions = [{"type": "create", "description": "Add", "resource": problem}]
    fhir(outside, ANN)
    offers(outside, "patient-view")
    answers(outside, "patient-view", {**CARD, "suggestions": [{"label": "Record it", "actions": actions}]})
    outside.post(f"{FHIR}/Condition", status=201, json={**problem, "id": "c-9"})
    screen = Screen(elsewhere.post("/patients/ann/view").text)

    elsewhere.post("/patients/ann/accept", data=fields(screen, "accept"))

    assert len(sent(outside, "/cds-services/on-patient-view")) == 2


def test_an_action_that_fails_changes_nothing_and_reports_nothing(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The card stays, so that one can try again."""
    button = {**BUTTON, "actions": [{"type": "create", "description": "Add", "resource": NAPROXEN}]}
    screen = ordered(elsewhere, outside, {**CARD, "suggestions": [button]})
    outside.post(f"{FHIR}/MedicationRequest", status=403)

    after = Screen(elsewhere.post("/patients/ann/accept", data=fields(screen, "accept")).text)

    assert "403" in after.by_id("basket").text
    assert len(after.cards()) == 1
    assert sent(outside, FEEDBACK) == []


def test_overriding_sends_the_reason_and_puts_the_card_away(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """With the comment; no other card is touched."""
    fhir(outside, ANN)
    offers(outside, "order-select")
    answers(outside, "order-select", CARD, {**CARD, "uuid": "c-2", "summary": "Second"})
    screen = add(elsewhere)

    data = {**fields(screen, "override"), "reason": "0", "comment": "seen before"}
    after = Screen(elsewhere.post("/patients/ann/override", data=data).text)

    (item,) = sent(outside, FEEDBACK)[0]["feedback"]
    reason = item["overrideReason"]
    assert (item["card"], item["outcome"]) == ("c-1", "overridden")
    assert (reason["reason"]["code"], reason["userComment"]) == ("r1", "seen before")
    assert ["Second" in card.text for card in after.cards()] == [True]
    assert "1 overridden" in after.by_id("cards").text


def test_the_menu_has_the_reasons_of_the_card(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """And the possibility to give none."""
    screen = ordered(elsewhere, outside)
    menu = screen.by_id("card-0-0-reason")
    options = [
        item.text for item in screen.all("option") if "select" in item.inside and item.text in menu.text
    ]

    assert {"no reason given", "I know better"} <= set(options)


def test_a_last_card_that_is_overridden_leaves_no_all_clear(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The panel says why it is empty."""
    screen = ordered(elsewhere, outside)

    after = Screen(elsewhere.post("/patients/ann/override", data=fields(screen, "override")).text)

    assert "all were overridden" in after.by_id("cards").text


def test_a_card_without_uuid_is_applied_and_not_reported(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """The screen says so before and after."""
    card = {name: value for name, value in CARD.items() if name != "uuid"}
    screen = ordered(elsewhere, outside, card)

    after = Screen(elsewhere.post("/patients/ann/accept", data=fields(screen, "accept")).text)

    assert "no feedback can be sent" in screen.cards()[0].text
    assert "No feedback was sent" in after.by_id("basket").text
    assert sent(outside, FEEDBACK) == []


def test_feedback_that_is_refused_is_said(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """What was accepted stays accepted."""
    screen = ordered(elsewhere, outside)
    outside.replace("POST", f"{CDS}{FEEDBACK}", status=404)

    after = Screen(elsewhere.post("/patients/ann/accept", data=fields(screen, "accept")).text)

    assert "The feedback was not recorded" in after.by_id("basket").text
    assert "The basket is empty" in after.by_id("basket").text


@pytest.mark.parametrize("action", ["accept", "override"])
def test_a_card_of_before_cannot_be_clicked(
    elsewhere: TestClient, outside: responses.RequestsMock, action: str
) -> None:
    """Another tab may still show it; what it would do belongs to another basket."""
    screen = ordered(elsewhere, outside)
    add(elsewhere)

    answer = elsewhere.post(f"/patients/ann/{action}", data=fields(screen, action))

    assert answer.status_code == 409
    assert sent(outside, FEEDBACK) == []


@pytest.mark.parametrize(
    "wrong", [{"card": "7"}, {"call": "7"}, {"suggestion": "7"}, {"card": "-1"}, {"card": "x"}, {"card": ""}]
)
def test_a_place_that_no_card_has_is_refused(
    elsewhere: TestClient, outside: responses.RequestsMock, wrong: dict[str, str]
) -> None:
    """A form can be sent by hand."""
    screen = ordered(elsewhere, outside)

    answer = elsewhere.post("/patients/ann/accept", data={**fields(screen, "accept"), **wrong})

    assert answer.status_code in {400, 409}
    assert sent(outside, FEEDBACK) == []
