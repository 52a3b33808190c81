"""A request kept in a file: read, sent as it is, and refused when it is none."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cds_service.sandbox.ehr import EhrError, FireOptions, run_fire
from cds_service.sandbox.ehr.recorded import read_request

if TYPE_CHECKING:
    from pathlib import Path

    import responses

BASE = "http://cds.test"
DRAFT = {"resourceType": "ServiceRequest", "id": "draft-1", "code": {"text": "MR Lumbar spine"}}
REQUEST: dict[str, Any] = {
    "hook": "order-select",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {
        "userId": "Practitioner/a",
        "patientId": "p",
        "draftOrders": {"entry": [{"resource": DRAFT}]},
    },
    "prefetch": {"patient": {"resourceType": "Patient", "id": "p", "name": [{"text": "Ann Lee"}]}},
}
CARD = {
    "uuid": "c-1",
    "summary": "Think again",
    "indicator": "info",
    "source": {"label": "S"},
    "suggestions": [
        {
            "label": "Remove it",
            "uuid": "s-1",
            "actions": [{"type": "delete", "description": "x", "resourceId": "ServiceRequest/draft-1"}],
        }
    ],
}


def written(folder: Path, content: object) -> Path:
    """Return a file with a request."""
    path = folder / "request.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def fired(http: responses.RequestsMock, path: Path, accept: int | None = None) -> tuple[int, str]:
    """Return exit code and output of sending a file to two services, one of them of its hook."""
    services = [{"id": hook, "hook": hook, "description": "d"} for hook in ("order-select", "order-sign")]
    http.get(f"{BASE}/cds-services", json={"services": services})
    http.post(f"{BASE}/cds-services/order-select", json={"cards": [CARD]})
    console = Console(file=StringIO(), force_terminal=False)
    code = run_fire(FireOptions(BASE, "http://ehr.test/fhir", request=path, accept=accept), console)
    return code, console.file.getvalue()


def test_a_request_is_sent_as_it_is(http: responses.RequestsMock, tmp_path: Path) -> None:
    """To the services of its hook; patient and orders are named from it."""
    code, text = fired(http, written(tmp_path, REQUEST))

    assert json.loads(http.calls[-1].request.body or "") == REQUEST
    assert code == 0
    assert text.startswith("Ann Lee (Patient/p)\nMR Lumbar spine (ServiceRequest/draft-1)")


def test_a_suggestion_about_it_can_be_accepted(http: responses.RequestsMock, tmp_path: Path) -> None:
    """The basket is the one of its context."""
    http.post(f"{BASE}/cds-services/order-select/feedback")

    _, text = fired(http, written(tmp_path, REQUEST), accept=1)

    assert "Accepted: Remove it (feedback sent)" in text
    assert "Basket now: empty" in text


def test_a_moment_without_data_gets_them_from_the_fhir_server(
    http: responses.RequestsMock, tmp_path: Path
) -> None:
    """As an EHR would send it; a request with prefetch, or a fhirServer, keeps what it leaves out."""
    bare = {name: value for name, value in REQUEST.items() if name != "prefetch"}
    template = {"patient": "Patient/{{context.patientId}}"}
    service = {"id": "a", "hook": "order-select", "description": "d", "prefetch": template}
    http.get(f"{BASE}/cds-services", json={"services": [service]})
    http.get("http://ehr.test/fhir/Patient/p", json={"resourceType": "Patient", "id": "p"})
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    run_fire(
        FireOptions(BASE, "http://ehr.test/fhir", request=written(tmp_path, bare)), Console(file=StringIO())
    )

    body = json.loads(http.calls[-1].request.body or "")
    assert body["prefetch"] == {"patient": {"resourceType": "Patient", "id": "p"}}
    assert body["fhirServer"] == "http://ehr.test/fhir"
    assert body["hookInstance"] == REQUEST["hookInstance"]


def test_a_request_without_an_instance_gets_one(tmp_path: Path) -> None:
    """A hand-written file need not invent a UUID."""
    bare = {name: value for name, value in REQUEST.items() if name != "hookInstance"}

    assert len(read_request(written(tmp_path, bare)).body["hookInstance"]) == 36


@pytest.mark.parametrize(
    "content",
    [
        [],
        5,
        {},
        {"hook": "order-select"},
        {"hook": 5, "context": {"patientId": "p"}},
        {"hook": "h", "context": []},
    ],
)
def test_what_is_no_request_is_refused(tmp_path: Path, content: object) -> None:
    """The message says what a request needs."""
    with pytest.raises(EhrError, match="patientId"):
        read_request(written(tmp_path, content))


@pytest.mark.parametrize("text", ["no json", "[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    """With the name of the file."""
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(EhrError, match=r"x\.json cannot be read"):
        read_request(path)


def test_odd_orders_of_a_request_are_not_named(tmp_path: Path) -> None:
    """They are sent all the same."""
    odd = {**REQUEST, "context": {"patientId": "p", "draftOrders": {"entry": [5, {"resource": {"id": "x"}}]}}}

    request = read_request(written(tmp_path, odd))

    assert request.drafts == ()
    assert request.body["context"] == odd["context"]


def test_a_file_without_orders_is_a_request_too(tmp_path: Path) -> None:
    """A chart that was opened has none."""
    opened = {"hook": "patient-view", "context": {"patientId": "p"}, "prefetch": None}

    request = read_request(written(tmp_path, opened))

    assert (request.patient, request.drafts, request.resource) == ("p", (), None)
