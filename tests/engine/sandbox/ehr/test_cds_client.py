"""Discovery, the hook call and feedback, as CDS Hooks 2.0.1 asks of a client."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from cds_service.sandbox.ehr import (
    EhrError,
    Feedback,
    FhirServer,
    Service,
    discover,
    fire,
    request_body,
    send_feedback,
)

if TYPE_CHECKING:
    import requests
    import responses

BASE = "http://cds.test"
DISCOVERY = f"{BASE}/cds-services"
CALL = f"{DISCOVERY}/lbp-imaging-order-select"
OPEN = FhirServer("http://ehr.test/fhir/")
GUARDED = FhirServer("http://ehr.test/fhir", token="letmein")  # noqa: S106 - invented for this test
CONTEXT = {"userId": "Practitioner/1", "patientId": "123"}
ENTRY = {
    "id": "lbp-imaging-order-select",
    "hook": "order-select",
    "title": "Imaging",
    "description": "Is this image worth ordering?",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("address", [BASE, f"{BASE}/", f"{BASE}/cds-services", f"{BASE}/cds-services/"])
def test_discovery_reads_each_service(
    http: responses.RequestsMock, session: requests.Session, address: str
) -> None:
    """Base URL or discovery URL, with or without a slash: the services come back in order."""
    bare = {"id": "b", "hook": "patient-view", "description": "No title, no prefetch"}
    http.get(DISCOVERY, json={"services": [ENTRY, bare]})

    services = discover(session, address)

    assert services == (
        Service(**ENTRY),
        Service("b", "patient-view", "", "No title, no prefetch", {}),
    )


def test_no_services_is_an_answer(http: responses.RequestsMock, session: requests.Session) -> None:
    """A service that hosts nothing at the moment is no error."""
    http.get(DISCOVERY, json={"services": []})

    assert discover(session, BASE) == ()


def test_a_refused_discovery_says_status_and_address(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """Another status than 200 is told with the address that was asked."""
    http.get(DISCOVERY, status=404)

    with pytest.raises(EhrError, match=f"{DISCOVERY} answered 404 Not Found.*address of a CDS service"):
        discover(session, BASE)


@pytest.mark.parametrize("body", [{}, {"services": None}, {"services": {}}])
def test_a_body_without_a_list_of_services_is_an_error(
    http: responses.RequestsMock, session: requests.Session, body: object
) -> None:
    """Some other JSON document is not taken for an empty discovery."""
    http.get(DISCOVERY, json=body)

    with pytest.raises(EhrError, match="has no list `services`"):
        discover(session, BASE)


def test_a_page_instead_of_json_is_an_error(http: responses.RequestsMock, session: requests.Session) -> None:
    """A web page with status 200 is not discovery."""
    http.get(DISCOVERY, body="<html>Welcome</html>", content_type="text/html")

    with pytest.raises(EhrError, match="did not answer with a JSON object of services"):
        discover(session, BASE)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": ""}, "`id`"),
        ({"id": 7}, "`id`"),
        ({"hook": None}, "`hook`"),
        ({"description": " "}, "`description`"),
        ({"title": 7}, "`title`"),
        ({"prefetch": []}, "`prefetch`"),
        ({"prefetch": {"patient": None}}, "`prefetch`"),
    ],
)
def test_a_malformed_service_is_named(
    http: responses.RequestsMock, session: requests.Session, change: dict[str, Any], named: str
) -> None:
    """The message says which entry breaks the specification, and in which member."""
    http.get(DISCOVERY, json={"services": [ENTRY, {**ENTRY, **change}]})

    with pytest.raises(EhrError, match=rf"services\[1\] has .*{named}"):
        discover(session, BASE)


def test_a_service_that_is_no_object_is_named(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """A string among the services is an error with its position."""
    http.get(DISCOVERY, json={"services": ["lbp"]})

    with pytest.raises(EhrError, match=r"services\[0\] is not an object"):
        discover(session, BASE)


def test_each_call_has_an_instance_of_its_own() -> None:
    """Every body carries a fresh random UUID as hookInstance."""
    instances = {request_body("patient-view", CONTEXT, {}, OPEN)["hookInstance"] for _ in range(2)}

    assert len(instances) == 2
    assert {UUID(instance).version for instance in instances} == {4}


def test_a_guarded_server_grants_its_token() -> None:
    """FhirAuthorization carries the five required members and the patient it is meant for."""
    body = request_body("patient-view", CONTEXT, {"patient": None}, GUARDED)

    assert body["fhirAuthorization"] == {
        "access_token": "letmein",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "lbp-cds",
        "patient": "123",
    }
    assert body["prefetch"] == {"patient": None}


def test_an_open_server_grants_nothing_and_empty_prefetch_is_left_out() -> None:
    """No token, no fhirAuthorization; no answers, no prefetch member; the address without slash."""
    body = request_body("patient-view", CONTEXT, {}, OPEN)

    assert set(body) == {"hook", "hookInstance", "fhirServer", "context"}
    assert body["fhirServer"] == "http://ehr.test/fhir"


def test_a_call_returns_cards_status_and_time(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """What was posted is the body as given; what comes back is the cards, timed."""
    http.post(CALL, json={"cards": [{"summary": "one"}]})
    body = request_body("order-select", CONTEXT, {}, OPEN)

    response = fire(session, BASE, "lbp-imaging-order-select", body)

    assert (response.status, response.cards, response.problem) == (200, ({"summary": "one"},), "")
    assert response.hook_instance == body["hookInstance"]
    assert response.ms > 0
    assert json.loads(http.calls[0].request.body) == body


def test_a_service_id_cannot_lead_to_another_path(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """An id with slashes from a foreign discovery stays one path segment."""
    http.post(f"{DISCOVERY}/..%2Fadmin", json={"cards": []})

    response = fire(session, BASE, "../admin", request_body("patient-view", CONTEXT, {}, OPEN))

    assert response.cards == ()


def test_a_refusal_is_shown_with_its_diagnostics(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """A 412 is no exception and no empty answer: the response says which key was missing."""
    issue = {"severity": "error", "code": "required", "diagnostics": "conditions: not in prefetch"}
    http.post(CALL, status=412, json={"resourceType": "OperationOutcome", "issue": [issue]})

    response = fire(session, BASE, "lbp-imaging-order-select", request_body("x", CONTEXT, {}, OPEN))

    assert response.problem == "412 Precondition Failed: conditions: not in prefetch"
    assert response.cards == ()


@pytest.mark.parametrize("status", [204, 307, 500])
def test_only_200_is_a_success(http: responses.RequestsMock, session: requests.Session, status: int) -> None:
    """Any other status is a problem, never an answer without cards."""
    http.post(CALL, status=status)

    response = fire(session, BASE, "lbp-imaging-order-select", request_body("x", CONTEXT, {}, OPEN))

    assert response.problem.startswith(str(status))


@pytest.mark.parametrize("body", [{}, {"cards": None}, {"cards": {}}, {"cards": ["text"]}])
def test_a_200_without_a_list_of_cards_is_an_error(
    http: responses.RequestsMock, session: requests.Session, body: object
) -> None:
    """A malformed answer is not read as "no advice"."""
    http.post(CALL, json=body)

    with pytest.raises(EhrError, match=f"{CALL} answered 200 without a list of cards"):
        fire(session, BASE, "lbp-imaging-order-select", request_body("x", CONTEXT, {}, OPEN))


def test_an_accepted_card_is_reported(http: responses.RequestsMock, session: requests.Session) -> None:
    """The suggestion goes by id, the time in UTC, and nothing is sent empty."""
    http.post(f"{CALL}/feedback")
    berlin = datetime(2026, 3, 1, 13, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    feedback = Feedback("card-1", "accepted", berlin, accepted_suggestions=("s-1",))

    send_feedback(session, BASE, "lbp-imaging-order-select", feedback)

    assert json.loads(http.calls[0].request.body) == {
        "feedback": [
            {
                "card": "card-1",
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": "s-1"}],
                "outcomeTimestamp": "2026-03-01T12:00:05Z",
            }
        ]
    }


def test_an_overridden_card_is_reported_with_reason_and_comment(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """The reason picked and the user's words travel in overrideReason."""
    http.post(f"{CALL}/feedback")
    reason = {"system": "http://example.org/reasons", "code": "pre-procedure"}
    feedback = Feedback(
        "card-1", "overridden", NOON, override_reason=reason, user_comment="surgery on Monday"
    )

    send_feedback(session, BASE, "lbp-imaging-order-select", feedback)

    item = json.loads(http.calls[0].request.body)["feedback"][0]
    assert item["overrideReason"] == {"reason": reason, "userComment": "surgery on Monday"}
    assert "acceptedSuggestions" not in item


@pytest.mark.parametrize("status", [302, 400, 500])
def test_feedback_that_is_not_taken_is_an_error(
    http: responses.RequestsMock, session: requests.Session, status: int
) -> None:
    """The user learns that nothing was recorded."""
    http.post(f"{CALL}/feedback", status=status, headers={"Location": "/elsewhere"})

    with pytest.raises(EhrError, match="The feedback was not recorded"):
        send_feedback(session, BASE, "lbp-imaging-order-select", Feedback("card-1", "overridden", NOON))


def test_a_time_without_zone_is_refused(session: requests.Session) -> None:
    """Nobody could say when that was, so nothing is sent."""
    feedback = Feedback("card-1", "overridden", NOON.replace(tzinfo=None))

    with pytest.raises(ValueError, match="time zone"):
        send_feedback(session, BASE, "lbp-imaging-order-select", feedback)
