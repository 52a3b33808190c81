"""Which servers the page may be pointed at: those on this machine, and those allowed at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.sandbox.page import PageOptions
from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CDS, FHIR

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses
    from starlette.testclient import TestClient

HERE = {"service_url": CDS, "fhir_url": FHIR, "user": "Practitioner/x"}
ALLOWED = "https://ehr.example.org/fhir"
HOSTILE = [
    "http://169.254.169.254/latest",
    "http://10.0.0.1/fhir",
    "http://evil.example/fhir",
    "https://evil.example/fhir",
    "http://127.0.0.1@evil.example/fhir",
    "http://127.0.0.1.evil.example/fhir",
    "http://evil.example#127.0.0.1",
    "http://evil.example\\@127.0.0.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0.0.0.0/",
    "http://[::ffff:10.0.0.1]/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "javascript:alert(1)",
    "//127.0.0.1/",
    "http://127.0.0.1/a/../b",
    "http://127.0.0.1/?q=",
    "",
]


@pytest.fixture
def connected(elsewhere: TestClient, outside: responses.RequestsMock) -> TestClient:
    """Return a browser whose servers answer."""
    service = {"id": "a", "hook": "patient-view", "description": "d"}
    outside.get(f"{CDS}/cds-services", json={"services": [service]})
    outside.get(f"{FHIR}/metadata", json={"fhirVersion": "4.0.1"})
    return elsewhere


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("field", ["service_url", "fhir_url"])
def test_a_server_that_is_not_allowed_is_never_called(
    connected: TestClient, outside: responses.RequestsMock, field: str, url: str
) -> None:
    """The page is no way into a network; what was set before stays."""
    answer = connected.post("/settings", data={**HERE, field: url})

    assert answer.status_code == 422
    assert Screen(answer.text).one("input", name=field).attributes["aria-invalid"] == "true"
    assert len(outside.calls) == 0
    assert Screen(connected.get("/settings").text).one("input", name=field).attributes["value"] == HERE[field]


@pytest.mark.parametrize("url", ["http://localhost:7/fhir", "http://[::1]:7/fhir", "http://127.0.0.2/fhir/"])
def test_any_server_on_this_machine_can_be_set(connected: TestClient, url: str) -> None:
    """Whatever its port and path; the page says whether it answers."""
    answer = connected.post("/settings", data={**HERE, "fhir_url": url})

    assert answer.status_code == 200
    assert "no connection" in answer.text


def test_a_server_that_was_allowed_can_be_set(
    browsers: Callable[..., TestClient], outside: responses.RequestsMock
) -> None:
    """Named when the sandbox was started; others of its host are still refused."""
    browser = browsers(PageOptions(CDS, FHIR, servers=(ALLOWED,)))
    outside.get(f"{ALLOWED}/metadata", json={"fhirVersion": "4.0.1"})

    allowed = browser.post("/settings", data={**HERE, "fhir_url": ALLOWED})
    beside = browser.post("/settings", data={**HERE, "fhir_url": "https://ehr.example.org/other"})

    assert "FHIR version 4.0.1" in allowed.text
    assert beside.status_code == 422


def test_a_server_without_tls_cannot_be_allowed(browsers: Callable[..., TestClient]) -> None:
    """But on this machine: tokens would travel in the clear."""
    with pytest.raises(ValueError, match="https"):
        browsers(PageOptions(CDS, FHIR, servers=("http://ehr.example.org",)))


def test_both_servers_are_tried_and_told_about(connected: TestClient) -> None:
    """An integrator sees at once whether the addresses are right; discovery's own address will do."""
    text = connected.post("/settings", data={**HERE, "service_url": f"{CDS}/cds-services"}).text

    assert "1 service at patient-view" in text
    assert "FHIR version 4.0.1" in text


def test_a_redirect_is_not_followed(elsewhere: TestClient, outside: responses.RequestsMock) -> None:
    """An allowed server cannot send the page to another one."""
    moved = {"Location": "http://169.254.169.254/"}
    outside.get(f"{CDS}/cds-services", status=302, headers=moved)
    outside.get(f"{FHIR}/metadata", status=302, headers=moved)

    text = elsewhere.post("/settings", data=HERE).text

    assert text.count("302 Found") == 2
    assert {call.request.url for call in outside.calls} == {f"{CDS}/cds-services", f"{FHIR}/metadata"}


def test_tokens_go_to_their_servers_and_to_no_page(
    connected: TestClient, outside: responses.RequestsMock
) -> None:
    """Each to its own server only; the form tells that one is set."""
    tokens = {"service_token": "for-cds", "fhir_token": "for-fhir"}

    text = connected.post("/settings", data={**HERE, **tokens}).text

    sent = {call.request.url: call.request.headers.get("Authorization") for call in outside.calls}
    assert sent == {f"{CDS}/cds-services": "Bearer for-cds", f"{FHIR}/metadata": "Bearer for-fhir"}
    assert "for-cds" not in text + connected.get("/settings").text
    assert text.count("One is set.") == 2


def test_a_token_stays_while_the_address_does(connected: TestClient, outside: responses.RequestsMock) -> None:
    """And never goes to a server that it was not given for."""
    connected.post("/settings", data={**HERE, "fhir_token": "for-fhir"})
    connected.post("/settings", data=HERE)
    stays = outside.calls[-1].request.headers.get("Authorization")
    outside.get("http://127.0.0.1:9003/fhir/metadata", json={})
    connected.post("/settings", data={**HERE, "fhir_url": "http://127.0.0.1:9003/fhir"})

    assert stays == "Bearer for-fhir"
    assert "Authorization" not in outside.calls[-1].request.headers


def test_tokens_can_be_forgotten(connected: TestClient) -> None:
    """By one tick."""
    connected.post("/settings", data={**HERE, "fhir_token": "for-fhir"})

    assert "One is set." not in connected.post("/settings", data={**HERE, "forget": "yes"}).text


def test_the_sandbox_is_one_click_away(connected: TestClient) -> None:
    """Back to the servers it came with."""
    connected.post("/settings", data={**HERE, "user": "Practitioner/other"})

    assert "Practitioner/example" in connected.post("/settings", data={"reset": "yes"}).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", "somebody"),
        ("user", "Practitioner/a b"),
        ("fhir_token", "a b"),
        ("service_token", "a\r\nX: y"),
    ],
)
def test_what_cannot_be_sent_is_refused(connected: TestClient, field: str, value: str) -> None:
    """A user that is no reference, a token that would break a header."""
    answer = connected.post("/settings", data={**HERE, field: value})

    assert answer.status_code == 422
    assert Screen(answer.text).one("input", name=field).attributes["aria-invalid"] == "true"


def test_links_to_the_servers_follow_the_settings(connected: TestClient) -> None:
    """At the foot of each page."""
    addresses = [item.attributes["href"] for item in Screen(connected.get("/settings").text).all("a")]

    assert {"/cds-services", "/evidence", f"{FHIR}/metadata"} <= set(addresses)
