"""No text from a chart, a card or an address becomes a script, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CDS, FHIR, OPIOID, fhir

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></textarea></pre><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "<!--<script>",
    "\u202e<b>\x1b]0;x\x07",
]


DETAIL = "@\n\n[@](@)\n\n![@](@)\n\n| @ |\n|---|\n| @ |\n\n# @"


def concept(text: str) -> dict[str, Any]:
    """Return a CodeableConcept that is hostile in every part."""
    return {"text": text, "coding": [{"system": text, "code": text, "display": text}]}


def chart(text: str) -> list[dict[str, Any]]:
    """Return a chart whose every text is hostile; only the ids that lead somewhere are not."""
    subject = {"reference": "Patient/ann", "display": text}
    shared = {"id": "x1", "subject": subject, "status": text, "code": concept(text), "note": [{"text": text}]}
    return [
        {
            "resourceType": "Patient",
            "id": "ann",
            "name": [{"text": text, "family": text, "given": [text]}],
            "birthDate": text,
            "gender": text,
        },
        {"resourceType": "Patient", "id": text, "name": [{"family": text}]},
        {
            "resourceType": "Condition",
            **shared,
            "clinicalStatus": concept(text),
            "verificationStatus": concept(text),
            "severity": concept(text),
            "onsetDateTime": text,
        },
        {"resourceType": "Condition", **shared, "id": text},
        {
            "resourceType": "MedicationRequest",
            **shared,
            "medicationCodeableConcept": concept(text),
            "authoredOn": text,
            "dosageInstruction": [{"text": text}],
        },
        {"resourceType": "MedicationRequest", "medicationReference": {"reference": text, "display": text}},
        {
            "resourceType": "AllergyIntolerance",
            **shared,
            "criticality": text,
            "reaction": [{"manifestation": [concept(text)]}],
        },
        {"resourceType": "Observation", **shared, "valueString": text, "effectiveDateTime": text},
        {
            "resourceType": "Observation",
            **shared,
            "valueQuantity": {"value": 1, "unit": text, "comparator": text},
            "component": [{"code": concept(text), "valueCodeableConcept": concept(text)}],
        },
        {"resourceType": "ServiceRequest", **shared, "reasonCode": [concept(text)], "priority": text},
        {"resourceType": "Procedure", **shared, "performedPeriod": {"start": text}},
        {
            "resourceType": "Encounter",
            **shared,
            "id": "e1",
            "class": {"display": text},
            "period": {"start": text},
        },
        {"resourceType": "Encounter", **shared, "id": text},
    ]


def card(text: str) -> dict[str, Any]:
    """Return a card that is hostile in every field."""
    order = {
        "resourceType": "MedicationRequest",
        "id": text,
        "medicationCodeableConcept": concept(text),
        "priority": text,
    }
    return {
        "uuid": text,
        "summary": text,
        "detail": DETAIL.replace("@", text),
        "indicator": text,
        "source": {
            "label": text,
            "url": text,
            "icon": text,
            "topic": {"system": text, "code": text, "display": text},
        },
        "suggestions": [
            {
                "label": text,
                "uuid": text,
                "actions": [{"type": text, "description": text, "resourceId": text, "resource": order}],
            }
        ],
        "selectionBehavior": text,
        "overrideReasons": [{"system": text, "code": text, "display": text}],
        "links": [{"label": text, "url": text, "type": text, "appContext": text}],
        "extension": {text: text},
    }


def hostile_service(mock: responses.RequestsMock, text: str, hook: str, status: int = 200) -> None:
    """Offer a service that is hostile in discovery and answer."""
    service = {
        "id": "bad",
        "hook": hook,
        "title": text,
        "description": text,
        "prefetch": {text: f"Patient/{text}"},
    }
    issue = {
        "severity": text,
        "code": text,
        "diagnostics": text,
        "details": {"text": text},
        "expression": [text],
    }
    body = (
        {"cards": [card(text)]} if status == 200 else {"resourceType": "OperationOutcome", "issue": [issue]}
    )
    mock.get(f"{CDS}/cds-services", json={"services": [service]})
    mock.post(f"{CDS}/cds-services/bad", json=body, status=status)


def assert_harmless(html: str) -> None:
    """Fail on anything that could run, and on a template that was executed."""
    assert Screen(html).dangers() == []
    assert "49{%" not in html


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["/", "/patients/ann", "/patients/ann/orders", "/patients/ann/discharge"])
def test_a_hostile_chart_is_only_text(
    elsewhere: TestClient, outside: responses.RequestsMock, text: str, path: str
) -> None:
    """On every screen that shows a part of it."""
    fhir(outside, *chart(text))

    html = elsewhere.get(path).text

    assert_harmless(html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_card_is_only_text(
    elsewhere: TestClient, outside: responses.RequestsMock, text: str
) -> None:
    """In the panel, in the inspector, and on the inspector's own page."""
    fhir(outside, *chart(text))
    hostile_service(outside, text, "patient-view")

    panel = elsewhere.post("/patients/ann/view").text
    address = Screen(panel).by_id("call-0").attributes["hx-get"]
    call = elsewhere.get(address).text
    del elsewhere.headers["HX-Request"]
    whole = elsewhere.get(address).text

    assert len(Screen(panel).cards()) == 1
    for html in (panel, call, whole, elsewhere.get("/patients/ann").text):
        assert_harmless(html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_refusal_is_only_text(
    elsewhere: TestClient, outside: responses.RequestsMock, text: str
) -> None:
    """An OperationOutcome may hold anything."""
    fhir(outside, *chart(text))
    hostile_service(outside, text, "patient-view", status=412)

    html = elsewhere.post("/patients/ann/view").text

    assert "gave no advice" in html
    assert_harmless(html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_order_that_was_accepted_is_only_text(
    elsewhere: TestClient, outside: responses.RequestsMock, text: str
) -> None:
    """A suggestion brings its own resource into the basket."""
    order = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": concept(text),
        "priority": text,
    }
    order |= {"dosageInstruction": [{"text": text}], "reasonCode": [concept(text)]}
    button = {"label": text, "actions": [{"type": "create", "description": text, "resource": order}]}
    fhir(outside, *chart(text))
    service = {"id": "bad", "hook": "order-select", "description": "d"}
    outside.get(f"{CDS}/cds-services", json={"services": [service]})
    outside.post(f"{CDS}/cds-services/bad", json={"cards": [{**card(text), "suggestions": [button]}]})
    outside.post(f"{FHIR}/MedicationRequest", status=201, json={**order, "id": "n1"})
    screen = Screen(elsewhere.post("/patients/ann/orders", data=OPIOID).text)
    answer = screen.all("input", name="answer")[0].attributes["value"]

    html = elsewhere.post(
        "/patients/ann/accept", data={"answer": answer, "call": "0", "card": "0", "suggestion": "0"}
    ).text

    assert Screen(html).all("h3", id="MedicationRequest-n1-name")
    assert_harmless(html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_address_is_only_text(
    elsewhere: TestClient, outside: responses.RequestsMock, text: str
) -> None:
    """A link to this page may carry anything in its query."""
    fhir(outside, *chart("x"))

    for path in ("/", "/patients/ann/orders", "/patients/ann/orders/search"):
        assert_harmless(elsewhere.get(path, params={"q": text}).text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_settings_are_only_text(elsewhere: TestClient, text: str) -> None:
    """What was refused is shown again, to be mended."""
    fields = dict.fromkeys(("service_url", "fhir_url", "user", "service_token", "fhir_token"), text)

    answer = elsewhere.post("/settings", data=fields)

    assert answer.status_code == 422
    assert_harmless(answer.text)


def test_no_markup_of_the_card_reaches_the_page() -> None:
    """The check itself finds what it is for."""
    assert Screen("<p onclick=x><a href=javascript:x></a><img><script></script></p>").dangers() == [
        "p[onclick]",
        "a[href=javascript:x]",
        "<img>",
        "<script>",
    ]
