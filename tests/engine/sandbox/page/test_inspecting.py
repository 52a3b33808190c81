"""The inspector: what went over the wire, what was withheld, and what the service then read for itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CARD, CDS, FHIR, OPIOID, answers, fhir, offers, sent
from tests.engine.sandbox.page.test_patients import ANN, PAIN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
}


@pytest.fixture
def opened(elsewhere: TestClient, outside: responses.RequestsMock) -> TestClient:
    """Return a browser at a chart whose cards came."""
    fhir(outside, ANN, PAIN)
    offers(outside, "patient-view", prefetch=TEMPLATES)
    answers(outside, "patient-view", CARD)
    elsewhere.post("/patients/ann/view")
    return elsewhere


def call_of(browser: TestClient, screen: Screen | None = None, patient: str = "ann") -> str:
    """Return the address of the first call that a screen lists."""
    shown = screen or Screen(browser.get(f"/patients/{patient}").text)
    return shown.by_id("call-0").attributes["hx-get"]


def prefetch(mock: responses.RequestsMock) -> dict[str, Any]:
    """Return the prefetch of the last call."""
    found: dict[str, Any] = sent(mock, "/cds-services/on-patient-view")[-1].get("prefetch", {})
    return found


def test_a_call_is_shown_whole(opened: TestClient) -> None:
    """Status, time, prefetch, request and response."""
    screen = Screen(opened.get(call_of(opened)).text)
    request, response = (json.loads(item.text) for item in screen.all("pre"))

    assert request["context"]["patientId"] == "ann"
    assert response == {"cards": [CARD]}
    assert "conditions: Bundle of 1" in screen.text
    assert re.search(r"Status 200 Time [\d.]+ ms", screen.text)


@pytest.mark.usefixtures("opened")
def test_all_is_given_unless_something_is_chosen(outside: responses.RequestsMock) -> None:
    """As read from the FHIR server."""
    assert prefetch(outside)["patient"] == ANN
    assert len(prefetch(outside)["conditions"]["entry"]) == 1


@pytest.mark.parametrize(
    ("mode", "value"),
    [("null", None), ("OperationOutcome", "OperationOutcome"), ("withhold", "absent")],
)
def test_a_key_can_be_answered_as_a_failing_ehr_would(
    opened: TestClient, outside: responses.RequestsMock, mode: str, value: object
) -> None:
    """The other keys stay as they were, and the row says what was sent."""
    screen = Screen(opened.post("/patients/ann/prefetch", data={"mode.conditions": mode}).text)

    given = prefetch(outside).get("conditions", "absent")
    assert (given["resourceType"] if isinstance(given, dict) else given) == value
    assert prefetch(outside)["patient"] == ANN
    chosen = [item.attributes["value"] for item in screen.all("option", selected="")]
    assert mode in chosen


def test_what_was_chosen_lasts_until_it_is_undone(
    opened: TestClient, outside: responses.RequestsMock
) -> None:
    """The next moment is sent in the same way."""
    opened.post("/patients/ann/prefetch", data={"mode.conditions": "withhold"})
    opened.post("/patients/ann/view")
    withheld = "conditions" not in prefetch(outside)
    opened.post("/patients/ann/prefetch", data={"mode.conditions": "give"})

    assert withheld
    assert "conditions" in prefetch(outside)


def test_a_mode_that_is_none_is_refused(opened: TestClient) -> None:
    """A form can be sent by hand."""
    assert opened.post("/patients/ann/prefetch", data={"mode.conditions": "maybe"}).status_code == 400


def test_nothing_sent_cannot_be_sent_again(elsewhere: TestClient) -> None:
    """On a screen where no hook was fired yet."""
    assert elsewhere.post("/patients/ann/prefetch").status_code == 409


def test_what_is_withheld_is_read_by_the_service_and_shown(sandbox: str) -> None:
    """The top-up of the real service, query by query, and no read of the page among it."""
    with requests.Session() as browser:
        browser.headers.update({"Sec-Fetch-Site": "same-origin", "HX-Request": "true"})
        browser.post(f"{sandbox}/patients/fever/view", timeout=20)
        given = Screen(browser.get(sandbox + call_of_url(browser, sandbox), timeout=20).text)
        browser.post(f"{sandbox}/patients/fever/prefetch", data={"mode.conditions": "withhold"}, timeout=20)
        withheld = Screen(browser.get(sandbox + call_of_url(browser, sandbox), timeout=20).text)

    query = "GET Condition?patient=fever&_count=200"
    assert query not in asked_by(given)
    assert asked_by(withheld) - asked_by(given) == {query}


def asked_by(call: Screen) -> set[str]:
    """Return what a service read for itself during a call."""
    lines = [item.text for item in call.all("code") if "ol" in item.inside]
    return {" ".join(line.split()) for line in lines}


def call_of_url(browser: requests.Session, sandbox: str) -> str:
    """Return the address of the first call on the chart."""
    shown = Screen(browser.get(f"{sandbox}/patients/fever", timeout=20).text)
    return shown.by_id("call-0").attributes["hx-get"]


def test_the_verdicts_of_our_own_service_are_shown(browser: TestClient) -> None:
    """Each rule with its outcome, and the questions below it."""
    screen = Screen(browser.post("/patients/cauda-equina/view").text)

    text = Screen(browser.get(call_of(browser, screen)).text).text

    assert "cauda-equina-on-record" in text
    assert "truth YES" in text


def test_a_foreign_service_has_no_verdicts_here(opened: TestClient) -> None:
    """Its rules are not known."""
    assert "not one of the guidelines loaded here" in opened.get(call_of(opened)).text


def test_a_call_has_a_page_of_its_own_without_scripts(opened: TestClient) -> None:
    """The link in the inspector leads there."""
    address = call_of(opened)
    del opened.headers["HX-Request"]

    screen = Screen(opened.get(address).text)

    assert screen.one("h1").text == "on-patient-view"
    assert screen.all("a", href="/patients/ann")


@pytest.mark.parametrize("end", ["/7", "/-1", "/x", ""])
def test_a_call_that_is_not_there_is_not_shown(opened: TestClient, end: str) -> None:
    """Nor is one of before."""
    before = call_of(opened)
    opened.post("/patients/ann/view")

    assert opened.get(before).status_code == 404
    assert opened.get(call_of(opened).removesuffix("/0") + end).status_code == 404


def test_an_access_token_is_shown_and_handed_out_nowhere(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """It was sent, and the inspector says that one was."""
    fhir(outside, ANN)
    offers(outside, "patient-view")
    answers(outside, "patient-view", CARD)
    outside.get(f"{FHIR}/metadata", json={"fhirVersion": "4.0.1"})
    elsewhere.post(
        "/settings",
        data={"service_url": CDS, "fhir_url": FHIR, "user": "Practitioner/x", "fhir_token": "s3cret"},
    )
    elsewhere.post("/patients/ann/view")
    address = call_of(elsewhere)

    shown, handed = elsewhere.get(address).text, elsewhere.get(f"{address}/request.json").text

    (body,) = sent(outside, "/cds-services/on-patient-view")
    assert body["fhirAuthorization"]["access_token"] == "s3cret"  # noqa: S105 - invented for this test
    assert "s3cret" not in shown + handed
    assert "(not shown)" in shown
    assert "fhirAuthorization" not in json.loads(handed)


def test_a_request_is_handed_out_as_it_was_sent(opened: TestClient, outside: responses.RequestsMock) -> None:
    """For `cds-service fire --request`, under a name that tells what it is."""
    answer = opened.get(f"{call_of(opened)}/request.json")

    body = sent(outside, "/cds-services/on-patient-view")[-1]
    assert answer.json() == {name: value for name, value in body.items() if name != "fhirAuthorization"}
    assert answer.headers["content-disposition"] == 'attachment; filename="ann.on-patient-view.json"'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>", "The answer is no JSON"),
        ('{"cards": 5}', "no list of cards"),
        ('{"cards": [5]}', "no list of cards"),
        ("[]", "no list of cards"),
    ],
)
def test_an_answer_that_is_none_is_shown_as_it_came(
    elsewhere: TestClient, outside: responses.RequestsMock, body: str, said: str
) -> None:
    """An integrator sees both the complaint and the text."""
    fhir(outside, ANN)
    offers(outside, "patient-view")
    outside.post(f"{CDS}/cds-services/on-patient-view", body=body)

    screen = Screen(elsewhere.post("/patients/ann/view").text)

    assert said in screen.by_id("cards").text
    shown = Screen(elsewhere.get(call_of(elsewhere, screen)).text).all("pre")[1].text
    assert shown.split() == (json.dumps(json.loads(body), indent=2) if body[0] in "{[" else body).split()


def test_a_service_that_cannot_be_reached_hides_no_other(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """Its name and the reason stand beside the other's cards."""
    fhir(outside, ANN)
    offers(outside, "patient-view")
    services = [{"id": name, "hook": "patient-view", "description": "d"} for name in ("dead", "alive")]
    outside.replace("GET", f"{CDS}/cds-services", json={"services": services})
    outside.post(f"{CDS}/cds-services/alive", json={"cards": [CARD]})

    screen = Screen(elsewhere.post("/patients/ann/view").text)

    assert len(screen.cards()) == 1
    assert "dead gave no advice" in screen.by_id("cards").text
    assert "Services that gave no advice: 1" in screen.by_id("said").text


def test_discovery_is_not_asked_at_every_click(opened: TestClient, outside: responses.RequestsMock) -> None:
    """An EHR keeps it for a while."""
    opened.post("/patients/ann/view")
    opened.post("/patients/ann/view")

    assert len([call for call in outside.calls if call.request.url == f"{CDS}/cds-services"]) == 1


def test_an_order_screen_says_what_it_judged(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """Hook, order, number of services and time."""
    fhir(outside, ANN)
    offers(outside, "order-select")
    answers(outside, "order-select")

    text = Screen(elsewhere.post("/patients/ann/orders", data=OPIOID).text).by_id("cards").text

    assert re.search(
        r"From order-select about oxycodone .* Tablet, 1 service asked, \d+ ms", " ".join(text.split())
    )
    assert "No cards were returned: the services said nothing" in text
