"""Accepting a suggestion: what changes in the basket, and what on the FHIR server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.sandbox.ehr import EhrError, FhirServer, accept, draft_orders

if TYPE_CHECKING:
    import requests
    import responses

FHIR = "http://ehr.test/fhir"
SERVER = FhirServer(FHIR, token="letmein")  # noqa: S106 - invented for this test
DRAFTS = draft_orders(["lumbar-mri", "naproxen"], "123")
MRI, NAPROXEN = DRAFTS
NEW = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/123"},
}
TASK = {"resourceType": "Task", "status": "draft", "intent": "order"}
STORED = {**NEW, "id": "77"}


def doing(*actions: dict[str, Any]) -> dict[str, Any]:
    """Return a suggestion with these actions."""
    return {"label": "Do it", "actions": list(actions)}


def delete(target: str) -> dict[str, Any]:
    """Return a delete action."""
    return {"type": "delete", "description": "Remove", "resourceId": target}


def create(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a create action."""
    return {"type": "create", "description": "Add", "resource": resource}


def update(resource: dict[str, Any]) -> dict[str, Any]:
    """Return an update action."""
    return {"type": "update", "description": "Change", "resource": resource}


def test_deleting_a_draft_empties_its_place_in_the_basket(session: requests.Session) -> None:
    """The server never knew the draft, so nothing is sent."""
    after = accept(session, SERVER, doing(delete("ServiceRequest/draft-1")), DRAFTS)

    assert after == (NAPROXEN,)


def test_updating_a_draft_replaces_it(session: requests.Session) -> None:
    """The new version stands in the same place."""
    urgent = {**MRI, "priority": "urgent"}

    after = accept(session, SERVER, doing(update(urgent)), DRAFTS)

    assert after == (urgent, NAPROXEN)


def test_the_basket_given_stays_as_it_was(session: requests.Session) -> None:
    """A new basket comes back; a caller can go back to the old one."""
    drafts = list(DRAFTS)

    accept(session, SERVER, doing(delete("ServiceRequest/draft-1")), drafts)

    assert drafts == list(DRAFTS)


def test_a_created_order_is_stored_and_joins_the_basket(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """It is posted as FHIR with the EHR's token, and kept under the server's id."""
    http.post(f"{FHIR}/MedicationRequest", status=201, json=STORED)

    after = accept(session, SERVER, doing(create(NEW)), DRAFTS)

    sent = http.calls[0].request
    assert after == (*DRAFTS, STORED)
    assert json.loads(sent.body) == NEW
    assert sent.headers["Content-Type"] == "application/fhir+json"
    assert sent.headers["Authorization"] == "Bearer letmein"


@pytest.mark.parametrize(
    "place",
    [f"{FHIR}/MedicationRequest/77", f"{FHIR}/MedicationRequest/77/_history/1", "MedicationRequest/77/"],
)
@pytest.mark.parametrize("body", ["", '{"resourceType": "OperationOutcome"}'])
def test_a_server_may_answer_with_only_a_location(
    http: responses.RequestsMock, session: requests.Session, place: str, body: str
) -> None:
    """The id is read from the Location header when the body does not hold the resource."""
    http.post(f"{FHIR}/MedicationRequest", status=201, body=body, headers={"Location": place})

    assert accept(session, SERVER, doing(create(NEW)), ()) == (STORED,)


def test_a_server_that_tells_no_id_is_an_error(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """An order under an unknown id cannot be kept in the basket."""
    http.post(f"{FHIR}/MedicationRequest", status=201)

    with pytest.raises(EhrError, match="does not say under which id"):
        accept(session, SERVER, doing(create(NEW)), DRAFTS)


def test_what_is_no_order_does_not_join_the_basket(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """A Task is stored on the server, and that is all."""
    http.post(f"{FHIR}/Task", status=201, json={**TASK, "id": "1"})

    assert accept(session, SERVER, doing(create(TASK)), DRAFTS) == DRAFTS


def test_what_the_server_knows_is_changed_there(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """An update outside the basket is a PUT, a delete a DELETE."""
    http.put(f"{FHIR}/MedicationRequest/9", json={})
    http.delete(f"{FHIR}/MedicationRequest/8", status=204)
    other = {**NEW, "id": "9"}

    after = accept(session, SERVER, doing(update(other), delete("MedicationRequest/8")), DRAFTS)

    assert after == DRAFTS
    assert json.loads(http.calls[1].request.body) == other


def test_an_order_in_both_places_is_changed_in_both(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """An order that an earlier suggestion created leaves the server together with the basket."""
    http.delete(f"{FHIR}/MedicationRequest/77", status=204)

    after = accept(session, SERVER, doing(delete("MedicationRequest/77")), (MRI, STORED))

    assert after == (MRI,)


def test_a_draft_name_the_basket_does_not_hold_is_left_to_the_server(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """Nothing is skipped in silence: the server answers that it knows no such resource."""
    http.delete(f"{FHIR}/ServiceRequest/draft-9", status=404)

    with pytest.raises(EhrError, match=r"DELETE ServiceRequest/draft-9: .*404 Not Found"):
        accept(session, SERVER, doing(delete("ServiceRequest/draft-9")), DRAFTS)


def test_deletes_come_before_creates_and_updates(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """The turn is that of a FHIR transaction, whatever the order in the suggestion."""
    http.put(f"{FHIR}/MedicationRequest/9", json={})
    http.post(f"{FHIR}/MedicationRequest", status=201, json=STORED)
    http.delete(f"{FHIR}/MedicationRequest/8", status=204)
    actions = doing(update({**NEW, "id": "9"}), create(NEW), delete("MedicationRequest/8"))

    accept(session, SERVER, actions, DRAFTS)

    assert [call.request.method for call in http.calls] == ["DELETE", "POST", "PUT"]


@pytest.mark.parametrize("status", [302, 401, 422])
def test_a_server_that_refuses_is_an_error(
    http: responses.RequestsMock, session: requests.Session, status: int
) -> None:
    """The message says which action failed, and that it was not applied."""
    http.post(f"{FHIR}/MedicationRequest", status=status, headers={"Location": "/elsewhere"})

    with pytest.raises(EhrError, match=f"POST MedicationRequest: .*{status}.*was not applied"):
        accept(session, SERVER, doing(create(NEW)), DRAFTS)


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ("delete it", "unknown type"),
        ({"description": "?"}, "unknown type"),
        ({"type": "patch"}, "unknown type"),
        ({"type": "delete", "resource": "ServiceRequest/draft-1"}, "usable resourceId"),
        (delete("../admin"), "usable resourceId"),
        (delete("ServiceRequest/1/../../x"), "usable resourceId"),
        ({"type": "create"}, "create action without a resource"),
        (create({"resourceType": "../admin"}), "create action without a resource"),
        ({"type": "update", "resource": []}, "update action without a resource"),
        (update(NEW), "no usable id"),
        (update({**NEW, "id": 1}), "no usable id"),
        (update({**NEW, "id": "../1"}), "no usable id"),
    ],
)
def test_a_malformed_action_stops_all(session: requests.Session, action: Any, named: str) -> None:  # noqa: ANN401 - any JSON
    """Actions are checked before the first is applied: the create before it was not sent."""
    with pytest.raises(EhrError, match=f"{named}.*nothing was applied"):
        accept(session, SERVER, doing(create(NEW), action), DRAFTS)


def test_a_suggestion_without_actions_changes_nothing(session: requests.Session) -> None:
    """A button that only says something is accepted as it is."""
    assert accept(session, SERVER, {"label": "Noted"}, DRAFTS) == DRAFTS
