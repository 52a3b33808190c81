"""Charts in and out: a Bundle is stored whole or not at all, and each wrong element is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cds_service.sandbox.fixtures import ANCHOR_SYSTEM
from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import FHIR, fhir
from tests.engine.sandbox.page.test_patients import ANN, PAIN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

EMPTY: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}


def bundle(*resources: dict[str, Any], anchor: str = "") -> str:
    """Return a Bundle, written for a day."""
    tag = {"meta": {"tag": [{"system": ANCHOR_SYSTEM, "code": anchor}]}} if anchor else {}
    entries = [{"resource": item} for item in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", **tag, "entry": entries})


def new_patient(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a patient with one problem."""
    person = {"resourceType": "Patient", "id": name, "name": [{"text": "New Person"}]}
    subject = {"reference": f"Patient/{name}"}
    pain = {
        "resourceType": "Condition",
        "id": f"{name}-c",
        "subject": subject,
        "code": {"text": "Pain"},
        "onsetDateTime": "2026-09-22",
    }
    return person, pain


def test_a_file_is_stored_and_its_patient_can_be_opened(browser: TestClient, sandbox: str) -> None:
    """As a browser sends a file: a multipart form."""
    content = bundle(*new_patient("up-1"))

    answer = browser.post("/upload", files={"file": ("p.json", content, "application/json")})

    assert Screen(answer.text).all("a", href="/patients/up-1")
    stored = requests.get(f"{sandbox}/fhir/Condition/up-1-c", timeout=5).json()
    assert stored["code"] == {"text": "Pain"}


def test_text_can_be_pasted_instead(browser: TestClient, sandbox: str) -> None:
    """Beside an empty file, which is what a browser sends when none is chosen."""
    content = bundle(*new_patient("up-2"))

    answer = browser.post("/upload", data={"bundle": content}, files={"file": ("", b"")})

    assert answer.status_code == 200
    assert requests.get(f"{sandbox}/fhir/Patient/up-2", timeout=5).status_code == 200


def test_dates_move_when_the_bundle_says_for_which_day_it_was_written(
    browser: TestClient, sandbox: str
) -> None:
    """Else they stay."""
    moving, staying = new_patient("up-3"), new_patient("up-4")
    browser.post("/upload", data={"bundle": bundle(*moving, anchor="2026-10-01")})
    browser.post("/upload", data={"bundle": bundle(*staying)})

    onsets = [
        requests.get(f"{sandbox}/fhir/Condition/up-{n}-c", timeout=5).json()["onsetDateTime"] for n in (3, 4)
    ]

    assert onsets == ["2026-10-23", "2026-09-22"]


def test_each_wrong_element_is_named_and_nothing_is_stored(browser: TestClient, sandbox: str) -> None:
    """In every entry, not in the first wrong one only; no value is repeated."""
    person, pain = new_patient("up-5")
    wrong = bundle({**person, "gender": "s3cret"}, {**pain, "subject": None, "onsetDateTime": "yesterday"})

    answer = browser.post("/upload", data={"bundle": wrong})

    text = Screen(answer.text).text
    assert answer.status_code == 422
    assert "Bundle.entry[0].resource.gender" in text
    assert "Bundle.entry[1].resource.onsetDateTime" in text
    assert "s3cret" not in Screen(answer.text).one("div", role="alert").text
    assert requests.get(f"{sandbox}/fhir/Patient/up-5", timeout=5).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        "5",
        '{"resourceType": "Patient", "id": "x"}',
        EMPTY,
        EMPTY | {"entry": [5]},
        EMPTY | {"entry": [{}]},
        EMPTY | {"entry": [{"resource": {"resourceType": "Nothing"}}]},
        EMPTY | {"entry": [{"resource": {"resourceType": "Patient"}}]},
        EMPTY | {"meta": 5, "entry": [{"resource": {"resourceType": "Patient", "id": "x"}}]},
        "[" * 100_000,
    ],
)
def test_what_is_no_usable_bundle_is_refused(
    elsewhere: TestClient, outside: responses.RequestsMock, content: object
) -> None:
    """With what is wrong, and without asking the server."""
    text = content if isinstance(content, str) else json.dumps(content)

    answer = elsewhere.post("/upload", data={"bundle": text})

    assert answer.status_code == 422
    assert len(Screen(answer.text).all("tr")) > 1
    assert len(outside.calls) == 0


def test_nothing_at_all_is_refused(elsewhere: TestClient) -> None:
    """An empty form stores nothing and says so."""
    assert elsewhere.post("/upload", data={"bundle": " "}).status_code == 400


def test_a_large_upload_is_refused(elsewhere: TestClient) -> None:
    """Beyond 8 MiB."""
    assert elsewhere.post("/upload", content=b"x" * (8 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=nowhere",
        'multipart/form-data; boundary="',
        "text/plain",
    ],
)
def test_a_broken_form_is_refused(elsewhere: TestClient, content_type: str) -> None:
    """Whatever it calls itself."""
    answer = elsewhere.post("/upload", content=b"\xff\x00--x", headers={"Content-Type": content_type})

    assert answer.status_code == 400


def test_what_the_server_refuses_is_shown_with_its_reasons(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """Another server may be stricter."""
    issue = {
        "severity": "error",
        "code": "forbidden",
        "diagnostics": "not here",
        "expression": ["Bundle.entry[0]"],
    }
    outside.post(FHIR, status=403, json={"resourceType": "OperationOutcome", "issue": [issue]})

    text = Screen(elsewhere.post("/upload", data={"bundle": bundle(*new_patient("up-6"))}).text).text

    assert "403 Forbidden" in text
    assert "Bundle.entry[0] not here (forbidden)" in text


def test_a_chart_that_was_downloaded_can_be_uploaded(browser: TestClient, sandbox: str) -> None:
    """Whole, with the day it was written for."""
    handed = browser.get("/patients/chronic-low-back-pain/chart.json")
    before = requests.get(
        f"{sandbox}/fhir/Observation?patient=chronic-low-back-pain&_count=200", timeout=5
    ).json()

    answer = browser.post("/upload", files={"file": ("p.json", handed.content)})

    after = requests.get(
        f"{sandbox}/fhir/Observation?patient=chronic-low-back-pain&_count=200", timeout=5
    ).json()
    assert handed.headers["content-disposition"] == 'attachment; filename="chronic-low-back-pain.json"'
    assert answer.status_code == 200
    assert [_plain(item) for item in after["entry"]] == [_plain(item) for item in before["entry"]]


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry["resource"].items() if name != "meta"}


def test_half_a_chart_is_not_handed_out(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """It would be taken for the whole."""
    outside.get(f"{FHIR}/Observation?patient=ann&_count=200", status=503)
    fhir(outside, ANN, PAIN)

    answer = elsewhere.get("/patients/ann/chart.json")

    assert answer.status_code == 502
    assert "Observation could not be read completely" in answer.text


def test_the_chart_of_nobody_is_not_handed_out(
    elsewhere: TestClient, outside: responses.RequestsMock
) -> None:
    """404, as for the page."""
    outside.get(f"{FHIR}/Patient/ann", status=404)
    fhir(outside)

    assert elsewhere.get("/patients/ann/chart.json").status_code == 404
