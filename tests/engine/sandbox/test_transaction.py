"""Bundles at the base: a transaction is all or nothing, a batch is entry by entry."""

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from starlette.testclient import TestClient

from cds_service.sandbox.store import Store

BASE = "http://ehr.test/fhir"
PATIENT = {"resourceType": "Patient", "gender": "female"}
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    """Return an entry of a transaction or batch."""
    request: dict[str, Any] = {"request": {"method": method, "url": url}, **more}
    return request if resource is None else {"resource": resource, **request}


def bundle(*entries: object, kind: str = "transaction") -> dict[str, Any]:
    """Return a Bundle of entries."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def condition(subject: str) -> dict[str, Any]:
    """Return a Condition of a subject."""
    return {"resourceType": "Condition", "subject": {"reference": subject}}


def statuses(answer: dict[str, Any]) -> list[str]:
    """Return the status of each response entry."""
    return [item["response"]["status"] for item in answer["entry"]]


def test_a_transaction_links_what_it_creates(client: TestClient, store: Store) -> None:
    """A urn:uuid is replaced by the new id, also in an entry before the one that it names."""
    sent = bundle(entry("POST", "Condition", condition(URN)), entry("POST", "Patient", PATIENT, fullUrl=URN))

    answer = client.post("", json=sent).json()

    get_fhir_model_class("Bundle").model_validate(answer)
    patient = answer["entry"][1]["resource"]["id"]
    found = store.search("Condition", [("patient", patient)])
    assert answer["type"] == "transaction-response"
    assert statuses(answer) == ["201 Created", "201 Created"]
    assert answer["entry"][1]["response"]["location"] == f"{BASE}/Patient/{patient}"
    assert answer["entry"][1]["response"]["etag"] == 'W/"1"'
    assert found.total == 1


def test_a_transaction_has_its_own_order(client: TestClient, store: Store) -> None:
    """Deletes go first and reads last, while the answers keep the order of the request."""
    store.put({**PATIENT, "id": "old"})
    sent = bundle(
        entry("GET", "Patient?_count=9"),
        entry("GET", "Patient/a"),
        entry("PUT", "Patient/a", {**PATIENT, "id": "a"}),
        entry("POST", "Patient", PATIENT),
        entry("DELETE", "Patient/old"),
    )

    answer = client.post("", json=sent).json()

    assert statuses(answer) == ["200 OK", "200 OK", "201 Created", "201 Created", "204 No Content"]
    assert answer["entry"][0]["resource"]["total"] == 2
    assert answer["entry"][1]["resource"]["id"] == "a"


@pytest.mark.parametrize(
    ("bad", "status", "expression"),
    [
        (entry("POST", "Patient", {**PATIENT, "gender": "secret"}), 422, "Bundle.entry[2].resource.gender"),
        (entry("POST", "Patient", {"resourceType": "Dog"}), 400, "Bundle.entry[2].resource.resourceType"),
        (entry("POST", "Dog", {"resourceType": "Dog"}), 404, "Bundle.entry[2]"),
        (entry("POST", "Patient"), 400, "Bundle.entry[2].resource.resourceType"),
        (entry("POST", "Patient", resource=[]), 400, "Bundle.entry[2].resource"),  # type: ignore[arg-type]
        (entry("POST", "Patient/x", PATIENT), 400, "Bundle.entry[2].request.url"),
        (entry("PUT", "Patient/x", {**PATIENT, "id": "y"}), 400, "Bundle.entry[2].resource.id"),
        (entry("PUT", "Patient?name=x", PATIENT), 400, "Bundle.entry[2].request.url"),
        (entry("PUT", "Patient/kept", {**PATIENT, "id": "kept"}), 400, "Bundle.entry[2].request.url"),
        (entry("GET", "Patient/none"), 404, "Bundle.entry[2]"),
        (entry("GET", "http://[broken"), 400, "Bundle.entry[2].request.url"),
        (entry("PATCH", "Patient/x"), 400, "Bundle.entry[2].request.method"),
        ({"resource": PATIENT}, 400, "Bundle.entry[2].request"),
        ("secret", 400, "Bundle.entry[2].request"),
        (
            {"resource": PATIENT, "request": {"method": "POST", "url": "Patient", "ifNoneExist": "name=x"}},
            400,
            "Bundle.entry[2].request",
        ),
        (
            {
                "resource": {**PATIENT, "id": "x"},
                "request": {"method": "PUT", "url": "Patient/x", "ifMatch": 'W/"4"'},
            },
            412,
            "Bundle.entry[2]",
        ),
    ],
)
def test_one_bad_entry_undoes_the_transaction(
    client: TestClient, store: Store, bad: object, status: int, expression: str
) -> None:
    """The error says which entry and which element; what the other entries did is undone."""
    store.put({**PATIENT, "id": "kept"})
    sent = bundle(entry("DELETE", "Patient/kept"), entry("POST", "Patient", PATIENT), bad)

    answer = client.post("", json=sent)

    assert answer.status_code == status
    assert answer.json()["issue"][0]["expression"] == [expression]
    assert "secret" not in answer.text
    assert [match["id"] for match in store.search("Patient", []).matches] == ["kept"]


def test_a_batch_goes_on_after_a_bad_entry(client: TestClient, store: Store) -> None:
    """Each entry has its own status, a bad one its own OperationOutcome."""
    sent = bundle(
        entry("POST", "Patient", {**PATIENT, "gender": "secret"}),
        entry("POST", "Patient", PATIENT),
        entry("GET", f"{BASE}/Patient"),
        "not an entry",
        kind="batch",
    )

    answer = client.post("", json=sent)

    body = answer.json()
    get_fhir_model_class("Bundle").model_validate(body)
    assert (answer.status_code, body["type"]) == (200, "batch-response")
    assert statuses(body) == ["422 Unprocessable Entity", "201 Created", "200 OK", "400 Bad Request"]
    assert body["entry"][0]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert store.search("Patient", []).total == 1


def test_an_empty_transaction_changes_nothing(client: TestClient) -> None:
    """It is answered by an empty response Bundle without an entry array."""
    answer = client.post("", json={"resourceType": "Bundle", "type": "transaction"})

    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ({"resourceType": "Patient"}, "Bundle.type"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "collection"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": ["batch"]}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": {}}, "Bundle.entry"),
    ],
)
def test_other_bodies_at_the_base_are_refused(
    client: TestClient, body: dict[str, Any], expression: str
) -> None:
    """Only transactions and batches are posted to the base."""
    answer = client.post("", json=body)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [expression]
