"""The sandbox fails on purpose, for every request or for one."""

import json
import time

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from cds_service.sandbox.faults import Faults
from cds_service.sandbox.fhir_server import create_fhir_app
from cds_service.sandbox.store import Store


def asked(client: TestClient, fault: str) -> Response:
    """Return the answer to a request that asks for a fault."""
    return client.get("Patient", headers={"X-Sandbox-Fault": fault})


@pytest.mark.parametrize(
    ("status", "header", "value"),
    [(401, "www-authenticate", "Bearer"), (429, "retry-after", "1"), (503, "retry-after", "1")],
)
def test_a_status_can_be_asked_for(client: TestClient, status: int, header: str, value: str) -> None:
    """The answer is an OperationOutcome with the header that belongs to its status."""
    answer = asked(client, str(status))

    assert answer.status_code == status
    assert answer.headers[header] == value
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_truncated_answer_is_half_a_body(client: TestClient) -> None:
    """Status and headers look right, but the JSON breaks off in the middle."""
    whole = client.get("Patient").content

    answer = asked(client, "truncate")

    assert answer.status_code == 200
    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["content-length"] == str(len(answer.content))
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_delay_can_be_asked_for(client: TestClient) -> None:
    """The answer is complete, only late; switches combine in a comma list."""
    begun = time.perf_counter()

    answer = asked(client, "delay=60, truncate")

    assert time.perf_counter() - begun >= 0.06
    assert answer.status_code == 200


@pytest.mark.parametrize("fault", ["404", "delay=", "delay=-1", "delay=99999", "delay=soon", "explode"])
def test_an_unknown_switch_is_refused(client: TestClient, fault: str) -> None:
    """A mistyped switch must not pass as a server in good health."""
    answer = asked(client, fault)

    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_faults_set_at_start_hold_for_every_request() -> None:
    """All requests meet them; the header can override the status for one."""
    with TestClient(create_fhir_app(Store(), faults=Faults(status=503, retry_after=30))) as client:
        always = client.get("/metadata")
        once = client.get("/metadata", headers={"X-Sandbox-Fault": "429"})

    assert (always.status_code, always.headers["retry-after"]) == (503, "30")
    assert once.status_code == 429


def test_a_browser_can_read_a_fault(client: TestClient) -> None:
    """A refused request still carries the CORS headers, as a page could not tell it from no network."""
    answer = client.get("Patient", headers={"X-Sandbox-Fault": "503", "Origin": "https://page.test"})

    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "wrong", [{"status": 404}, {"delay_ms": -1}, {"delay_ms": 60_001}, {"retry_after": -1}]
)
def test_faults_that_do_not_exist_cannot_be_set(wrong: dict[str, int]) -> None:
    """A mistake at start is an error at start."""
    with pytest.raises(ValueError, match="must be"):
        Faults(**wrong)  # type: ignore[arg-type]
