"""Canaries: what names a patient, or opens a door, turns up in no log, trail, error or exception."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.fhir_client import FhirClient
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.catalogue import Catalogue

pytestmark = pytest.mark.trust

Json = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
SERVER = "http://127.0.0.1:8080/fhir"
CALL = "/cds-services/lbp-imaging-order-select"
CANARIES = {
    "token": "canary-token-5f1e",
    "header": "canary-header-77aa",
    "name": "Canarywood",
    "mrn": "MRN-660-1234",
    "address": "17 Canary Wharf",
    "born": "1951-07-19",
    "comment": "canary-comment",
    "patient": "canary-patient-1",
}
PATIENT = {
    "resourceType": "Patient",
    "id": CANARIES["patient"],
    "identifier": [{"value": CANARIES["mrn"]}],
    "name": [{"family": CANARIES["name"]}],
    "address": [{"line": [CANARIES["address"]]}],
    "birthDate": CANARIES["born"],
}


def condition() -> Json:
    """Return back pain whose every text tells who has it."""
    code = {"system": "http://snomed.info/sct", "code": "279039007", "display": CANARIES["name"]}
    return {
        "resourceType": "Condition",
        "id": CANARIES["mrn"],
        "subject": {"reference": f"Patient/{CANARIES['patient']}", "display": CANARIES["name"]},
        "code": {"coding": [code]},
        "onsetDateTime": "2026-10-20",
        "note": [{"text": f"{CANARIES['name']}, {CANARIES['address']}"}],
    }


def call() -> Json:
    """Return a lumbar MRI order for the canary, who is named wherever a client could."""
    body: Json = json.loads(
        (FIXTURES / "requests" / "plain-acute.lumbar-mri.json").read_text(encoding="utf-8")
    )
    for entry in body["context"]["draftOrders"]["entry"]:
        entry["resource"]["subject"] = {
            "reference": f"Patient/{CANARIES['patient']}",
            "display": CANARIES["name"],
        }
        entry["resource"]["note"] = [{"text": CANARIES["address"]}]
    body["context"].update(patientId=CANARIES["patient"], userId=f"Practitioner/{CANARIES['mrn']}")
    body.update(
        fhirServer=SERVER,
        fhirAuthorization={"access_token": CANARIES["token"], "token_type": "Bearer", "expires_in": 300},
        user=CANARIES["name"],
        extension={CANARIES["name"]: CANARIES["mrn"]},
        prefetch={"patient": PATIENT, "conditions": {"resourceType": "Bundle", "entry": []}},
    )
    body["prefetch"]["conditions"]["entry"] = [{"resource": condition()}]
    return body


def found(mode: str) -> Response:
    """Return what an EHR's FHIR server answers in one of its moods; each names the patient."""
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": condition()}]}
    outcome = {"severity": "error", "code": "exception", "diagnostics": CANARIES["name"]}
    refusal = json.dumps({"resourceType": "OperationOutcome", "issue": [outcome]})
    moods = {
        "well": Response(json.dumps(bundle)),
        "forbidden": Response(refusal, 403),
        "broken": Response(f"<h1>{CANARIES['name']}</h1>", 500, media_type="text/html"),
        "truncated": Response(json.dumps(bundle)[:-40]),
        "elsewhere": Response(status_code=302, headers={"Location": f"/{CANARIES['mrn']}"}),
    }
    return moods[mode]


@pytest.fixture
def heard(
    catalogue: Catalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Callable[[str, str, Any], tuple[int, str, str]]:
    """Return what posts a body while the EHR is in a mood, and gives status, answer and what was noted."""
    caplog.set_level(logging.DEBUG)

    def post(mood: str, path: str, body: Any) -> tuple[int, str, str]:  # noqa: ANN401 - any JSON, or bytes
        async def serve(_request: object) -> Response:
            return found(mood)

        ehr = Starlette(routes=[Route("/{rest:path}", serve)])
        fhir = FhirClient(deadline_seconds=5, transport=httpx2.ASGITransport(app=ehr))
        trail = tmp_path / "trail"
        app = create_app(
            catalogue,
            Settings(),
            clock=lambda _zone: date(2026, 11, 1),
            audit=Audit(f"file:{trail}"),
            fetch=fhir,
            closing=(fhir.aclose,),
        )
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {CANARIES['header']}", "Content-Type": "application/json"}
        with TestClient(app, raise_server_exceptions=False) as client:
            response = client.post(path, content=content, headers=headers)
        ours = [record for record in caplog.records if record.name not in {"asyncio", "httpx"}]
        logged = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in ours)
        return response.status_code, f"{response.headers}{response.text}", logged + trail.read_text()

    return post


def leaks(text: str) -> set[str]:
    """Return which canaries a text repeats."""
    return {name for name, value in CANARIES.items() if value in text}


@pytest.mark.parametrize("mood", ["well", "forbidden", "broken", "truncated", "elsewhere"])
def test_a_call_is_noted_without_a_word_about_the_patient(
    heard: Callable[[str, str, Any], tuple[int, str, str]], mood: str
) -> None:
    """Whatever the EHR's server does, and although a card is given; no card names the patient."""
    status, told, noted = heard(mood, CALL, call())

    assert status == 200
    assert '"decision"' in noted
    assert leaks(noted) == set()
    assert leaks(told) <= {"mrn"}  # the id of the Condition, which is how a card names its source


@pytest.mark.parametrize(
    ("status", "path", "change"),
    [
        (400, CALL, {"hook": CANARIES["name"]}),
        (400, CALL, {"context": {"patientId": f"{CANARIES['mrn']} {CANARIES['name']}"}}),
        (400, CALL, {"prefetch": [CANARIES["name"]]}),
        (400, CALL, {"fhirServer": f"ftp://{CANARIES['name']}"}),
        (404, f"/cds-services/{CANARIES['mrn']}", {}),
        (412, CALL, {"prefetch": {}, "fhirServer": f"https://{CANARIES['name']}.example.org"}),
        (400, f"{CALL}/feedback", {"feedback": [{"card": CANARIES["mrn"]}]}),
    ],
)
def test_a_refusal_repeats_nothing(
    heard: Callable[[str, str, Any], tuple[int, str, str]], status: int, path: str, change: Json
) -> None:
    """Neither to the caller nor in what is noted."""
    answered, told, noted = heard("well", path, {**call(), **change})

    assert answered == status
    assert leaks(told + noted) == set()


@pytest.mark.parametrize("content", [b"\xff", b"{", b'{"a":1,"a":2}', b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_not_repeated(
    heard: Callable[[str, str, Any], tuple[int, str, str]], content: bytes
) -> None:
    """However it is broken."""
    whole = json.dumps(call()).encode()

    answered, told, noted = heard("well", CALL, whole[:-1] + b',"x":' + content + b"}")

    assert answered == 400
    assert leaks(told + noted) == set()


def test_a_comment_in_feedback_is_not_kept(heard: Callable[[str, str, Any], tuple[int, str, str]]) -> None:
    """The reason's code is; the words of a clinician may name the patient."""
    item = {
        "card": "c",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-01T10:00:00Z",
        "overrideReason": {"reason": {"code": "other"}, "userComment": CANARIES["comment"]},
    }

    answered, told, noted = heard("well", f"{CALL}/feedback", {"feedback": [item]})

    assert answered == 200
    assert '"other"' in noted
    assert leaks(told + noted) == set()


def test_an_unexpected_error_says_where_and_not_what(
    heard: Callable[[str, str, Any], tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's text may hold anything, so only its kind and place are noted."""

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError(CANARIES["name"] + CANARIES["token"])

    monkeypatch.setattr("cds_service.app.cards", broken)

    answered, told, noted = heard("well", CALL, call())

    assert answered == 500
    assert "RuntimeError at test_secrets.py" in noted
    assert leaks(told + noted) == set()
