"""Writing to the sandbox server over HTTP: create, update, delete, and what is refused."""

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from starlette.testclient import TestClient

from cds_service.sandbox.store import Store

BASE = "http://ehr.test/fhir"
FHIR_JSON = {"Content-Type": "application/fhir+json"}
ORDER: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "code": {"text": "lumbar MRI"},
}


def test_a_create_is_stored_under_a_new_id(client: TestClient, store: Store) -> None:
    """The server chooses the id, says where the resource is, and stamps its version and time."""
    answer = client.post("ServiceRequest", json={**ORDER, "id": "mine", "meta": {"tag": [{"code": "t"}]}})

    created = answer.json()
    get_fhir_model_class("ServiceRequest").model_validate(created)
    assert answer.status_code == 201
    assert created["id"] != "mine"
    assert answer.headers["location"] == f"{BASE}/ServiceRequest/{created['id']}"
    assert answer.headers["etag"] == 'W/"1"'
    assert created["meta"]["versionId"] == "1"
    assert created["meta"]["tag"] == [{"code": "t"}]
    assert store.get("ServiceRequest", created["id"]) == created


def test_an_update_replaces_or_creates(client: TestClient) -> None:
    """The first PUT of an id creates, the second replaces and counts the version."""
    first = client.put("ServiceRequest/a", json={**ORDER, "id": "a"})
    second = client.put("ServiceRequest/a", json={**ORDER, "id": "a", "status": "active"})

    read = client.get("ServiceRequest/a")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == f"{BASE}/ServiceRequest/a"
    assert read.json()["status"] == "active"
    assert read.headers["etag"] == 'W/"2"'


def test_an_update_of_another_version_is_refused(client: TestClient) -> None:
    """If-Match protects an order that somebody else changed meanwhile."""
    client.put("ServiceRequest/a", json={**ORDER, "id": "a"})

    stale = client.put("ServiceRequest/a", json={**ORDER, "id": "a"}, headers={"If-Match": 'W/"7"'})
    fresh = client.put("ServiceRequest/a", json={**ORDER, "id": "a"}, headers={"If-Match": 'W/"1"'})

    assert (stale.status_code, fresh.status_code) == (412, 200)


def test_a_delete_removes_and_may_be_repeated(client: TestClient) -> None:
    """Deleting is 204 each time; then the resource is gone from reads and searches, but may return."""
    client.put("ServiceRequest/a", json={**ORDER, "id": "a"})

    deletions = [client.delete("ServiceRequest/a").status_code for _ in range(2)]

    assert deletions == [204, 204]
    assert client.get("ServiceRequest/a").status_code == 410
    assert client.get("ServiceRequest").json()["total"] == 0
    assert client.put("ServiceRequest/a", json={**ORDER, "id": "a"}).status_code == 201
    assert client.get("ServiceRequest/a").headers["etag"] == 'W/"3"'


def test_references_to_this_server_are_stored_relative(client: TestClient) -> None:
    """An order that names its patient by full URL is found by the patient's id."""
    client.post("ServiceRequest", json={**ORDER, "subject": {"reference": f"{BASE}/Patient/1"}})

    bundle = client.get("ServiceRequest?patient=1").json()

    assert bundle["entry"][0]["resource"]["subject"] == {"reference": "Patient/1"}


@pytest.mark.parametrize(
    "resource_type", ["MedicationRequest", "CommunicationRequest", "Task", "Condition", "List"]
)
def test_any_type_of_r4_can_be_written(client: TestClient, resource_type: str) -> None:
    """What an EHR makes of a suggestion may be of any type, searchable at least by its id."""
    needed: dict[str, dict[str, Any]] = {
        "MedicationRequest": {
            "status": "draft",
            "intent": "order",
            "subject": {"reference": "Patient/1"},
            "medicationCodeableConcept": {"text": "naproxen"},
        },
        "CommunicationRequest": {"status": "draft"},
        "Task": {"status": "draft", "intent": "plan"},
        "Condition": {"subject": {"reference": "Patient/1"}},
        "List": {"status": "current", "mode": "working"},
    }

    created = client.post(resource_type, json={"resourceType": resource_type, **needed[resource_type]})

    assert created.status_code == 201
    assert client.get(f"{resource_type}?_id={created.json()['id']}").json()["total"] == 1


@pytest.mark.parametrize(
    ("request_line", "body", "status", "expression"),
    [
        ("POST ServiceRequest", {**ORDER, "status": "secret"}, 422, ["ServiceRequest.status"]),
        ("POST ServiceRequest", {**ORDER, "resourceType": "Task"}, 400, ["resourceType"]),
        ("POST ServiceRequest", {"status": "secret"}, 400, ["resourceType"]),
        ("POST Dog", {"resourceType": "Dog"}, 404, None),
        ("PUT ServiceRequest/a", {**ORDER, "id": "b"}, 400, ["ServiceRequest.id"]),
        ("PUT ServiceRequest/a", ORDER, 400, ["ServiceRequest.id"]),
        ("PUT ServiceRequest/a_b", {**ORDER, "id": "a_b"}, 400, None),
        (f"PUT ServiceRequest/{'a' * 65}", {**ORDER, "id": "a" * 65}, 400, None),
    ],
)
def test_a_wrong_resource_is_refused_and_not_stored(
    client: TestClient, request_line: str, body: dict[str, Any], status: int, expression: list[str] | None
) -> None:
    """The outcome names the element, repeats nothing of the body, and the store stays as it was."""
    method, path = request_line.split()

    answer = client.request(method, path, json=body)

    assert answer.status_code == status
    assert answer.json()["issue"][0].get("expression") == expression
    assert "secret" not in answer.text
    assert client.get("ServiceRequest").json()["total"] == 0


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{secret", FHIR_JSON, 400),
        (b"[]", FHIR_JSON, 400),
        (b"", FHIR_JSON, 400),
        (b'{"a": "\xff secret"}', FHIR_JSON, 400),
        (b'{"a": NaN}', FHIR_JSON, 400),
        (b'{"a":' * 100_000, FHIR_JSON, 400),
        (b"<ServiceRequest/>", {"Content-Type": "application/fhir+xml"}, 415),
        (b" " * (16 * 1024 * 1024 + 1), FHIR_JSON, 413),
    ],
    ids=["half", "array", "nothing", "not-utf8", "nan", "deep", "xml", "big"],
)
def test_a_body_that_is_no_json_object_is_refused(
    client: TestClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    """Broken, foreign and oversized bodies get an OperationOutcome without an echo."""
    answer = client.post("ServiceRequest", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "secret" not in answer.text


@pytest.mark.parametrize("depth", [150, 300, 900])
def test_a_deeply_nested_resource_is_refused(client: TestClient, depth: int) -> None:
    """Nesting too deep to validate, to walk or to parse is the caller's mistake, not a failure."""
    extension = '{"url":"x","extension":[' * depth + '{"url":"x"}' + "]}" * depth

    answer = client.post(
        "Basic", content=f'{{"resourceType":"Basic","extension":[{extension}]}}', headers=FHIR_JSON
    )

    assert answer.status_code in {400, 422}
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_conditional_create_is_refused(client: TestClient) -> None:
    """The sandbox would not look for the duplicate, so it does not pretend to."""
    answer = client.post("ServiceRequest", json=ORDER, headers={"If-None-Exist": "identifier=x"})

    assert answer.status_code == 400
    assert client.get("ServiceRequest").json()["total"] == 0
