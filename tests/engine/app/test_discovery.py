"""Discovery and the ways of HTTP: what is offered, to whom, and that no door leads elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from cds_service.allow_list import AllowList
from cds_service.clients import Client
from cds_service.errors import UntrustedClientError
from cds_service.sandbox.embedded import SandboxOptions, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.testclient import TestClient

CALL = "/cds-services/back-order-select"
ORIGIN = "https://ehr.example.org"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sandbox without patients on a real socket."""
    empty = tmp_path_factory.mktemp("patients")
    with serving(SandboxOptions(folders=(empty,), audit="file:/dev/null")) as base:
        yield base


def test_each_service_is_listed_with_all_that_cds_hooks_asks_for(client: TestClient) -> None:
    """Hook, id, title, description, version and prefetch; one entry a hook."""
    answer = client.get("/cds-services")

    services = answer.json()["services"]
    assert answer.headers["content-type"] == "application/json"
    assert [service["id"] for service in services] == ["back-order-select", "back-order-sign"]
    assert [service["hook"] for service in services] == ["order-select", "order-sign"]
    assert {service["version"] for service in services} == {"2.0.1"}
    assert {(service["title"], service["description"]) for service in services} == {
        ("Back", "Advises on scans")
    }


def test_prefetch_is_the_union_of_what_the_rules_read(client: TestClient) -> None:
    """Also what only one line of a card reads is asked for; nothing else is."""
    services = client.get("/cds-services").json()["services"]

    assert services[0]["prefetch"] == {
        "conditions": "Condition?patient={{context.patientId}}&_count=200",
        "medications": "MedicationRequest?patient={{context.patientId}}",
    }


def test_discovery_does_not_change_from_call_to_call(client: TestClient) -> None:
    """The bytes are the same each time, with and without a token."""
    first = client.get("/cds-services").content

    assert client.get("/cds-services", headers={"authorization": "Bearer x"}).content == first


def test_a_trailing_slash_is_served_and_never_redirected(client: TestClient, body: dict[str, Any]) -> None:
    """A redirect would lose the body and the token of a call."""
    listed = client.get("/cds-services/", follow_redirects=False)
    called = client.post(f"{CALL}/", json=body)

    assert listed.status_code == 200
    assert called.status_code == 200
    assert len(called.json()["cards"]) == 1


def test_head_of_discovery_and_evidence_is_an_empty_200(url: str) -> None:
    """Monitors ask with HEAD."""
    answers = [requests.head(url + path, timeout=5) for path in ("/cds-services", "/evidence")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (200, b"")]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/cds-services/back-order-select", "POST, OPTIONS"),
        ("DELETE", "/cds-services/back-order-select", "POST, OPTIONS"),
        ("BREW", "/cds-services/back-order-select", "POST, OPTIONS"),
        ("PUT", "/cds-services/back-order-select/feedback", "POST, OPTIONS"),
        ("POST", "/cds-services", "GET, HEAD, OPTIONS"),
        ("POST", "/evidence", "GET, HEAD, OPTIONS"),
    ],
)
def test_another_method_is_a_405_that_names_the_right_one(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    """The body is an OperationOutcome like that of every error."""
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    "path",
    [
        "/cds-services/unknown",
        "/cds-services/unknown/feedback",
        "/cds-services/back",
        "/cds-services/back-order-select/more/still",
        "/cds-services/%2e%2e/admin",
        "/cds-services/a%2Fb",
        "/cds-services/" + "x" * 10_000,
    ],
)
def test_what_is_not_there_is_a_404(client: TestClient, body: dict[str, Any], path: str) -> None:
    """Unknown services and crooked paths alike, and the path is not repeated."""
    answer = client.post(path, json=body)

    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == "not-found"
    assert "unknown" not in answer.text


def test_a_known_origin_passes_the_preflight_and_may_read_the_answer(
    client: TestClient, body: dict[str, Any]
) -> None:
    """A mock EHR in a browser sends a token and JSON."""
    preflight = client.options(CALL, headers={"Origin": ORIGIN, **PREFLIGHT})
    answer = client.post(CALL, json=body, headers={"Origin": ORIGIN})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_a_foreign_origin_is_allowed_nothing(client: TestClient) -> None:
    """No origin is allowed but those that are configured."""
    headers = {"Origin": "https://elsewhere.example.org", **PREFLIGHT}
    preflight = client.options(CALL, headers=headers)
    listed = client.get("/cds-services", headers=headers)

    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in listed.headers


class Stranger:
    """A registry that knows nobody, and remembers what it was asked."""

    def __init__(self) -> None:
        """Nobody has called yet."""
        self.asked: list[tuple[list[str], list[str]]] = []

    async def caller(self, authorizations: Sequence[str], paths: Sequence[str]) -> Client:
        """Refuse."""
        self.asked.append((list(authorizations), list(paths)))
        raise UntrustedClientError


ENDPOINTS = [
    ("GET", "/cds-services", ["/cds-services"]),
    ("HEAD", "/cds-services", ["/cds-services"]),
    ("GET", "/cds-services/", ["/cds-services"]),
    ("POST", "/cds-services/back-order-select", ["/cds-services/back-order-select"]),
    ("POST", "/cds-services/back-order-select/", ["/cds-services/back-order-select"]),
    ("POST", "/cds-services/back-order-sign", ["/cds-services/back-order-sign"]),
    ("POST", "/cds-services/unknown", ["/cds-services/unknown"]),
    (
        "POST",
        "/cds-services/back-order-select/feedback",
        ["/cds-services/back-order-select/feedback", "/cds-services/back-order-select"],
    ),
]


@pytest.mark.parametrize(("method", "path", "audience"), ENDPOINTS)
def test_every_endpoint_asks_who_calls(
    client_of: Callable[..., TestClient], method: str, path: str, audience: list[str]
) -> None:
    """A stranger gets a bare 401 that a browser may read; the URL called is what its token must name."""
    trust = Stranger()
    headers = {"Origin": ORIGIN, "Authorization": "Bearer Jane"}

    answer = client_of(trust=trust, clients=(KNOWN,)).request(method, path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Jane" not in answer.text
    assert trust.asked == [(["Bearer Jane"], audience)]


def test_a_stranger_gets_an_operation_outcome(client_of: Callable[..., TestClient]) -> None:
    """Its code is that of a failed login."""
    answer = client_of(trust=Stranger(), clients=(KNOWN,)).get("/cds-services")

    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == "login"


def test_preflight_needs_no_authentication(client_of: Callable[..., TestClient]) -> None:
    """Browsers send preflights without a token."""
    client = client_of(trust=Stranger(), clients=(KNOWN,))

    answer = client.options("/cds-services", headers={"Origin": ORIGIN, **PREFLIGHT})

    assert answer.status_code == 200


class Registrar:
    """A registry that takes every caller for one client."""

    async def caller(self, _authorizations: Sequence[str], _paths: Sequence[str]) -> Client:
        """Return the client."""
        return KNOWN


KNOWN = Client(
    name="known",
    cors_origins=("https://known.example.org",),
    off=frozenset({"back"}),
    fhir_servers=AllowList(["https://fhir.example.org/r4"]),
)


def test_what_is_switched_off_for_a_client_is_not_there(
    client_of: Callable[..., TestClient], body: dict[str, Any]
) -> None:
    """Neither listed nor answered, while others are served as before."""
    client = client_of(trust=Registrar(), clients=(KNOWN,))

    assert client.get("/cds-services").json() == {"services": []}
    assert client.post(CALL, json=body).status_code == 404


def test_origins_of_registered_clients_are_allowed(client_of: Callable[..., TestClient]) -> None:
    """Beside those of the settings."""
    client = client_of(trust=Registrar(), clients=(KNOWN,))

    for origin in (ORIGIN, "https://known.example.org"):
        answer = client.options("/cds-services", headers={"Origin": origin, **PREFLIGHT})
        assert answer.headers["access-control-allow-origin"] == origin


def test_discovery_may_be_kept_and_is_asked_for_again_by_its_tag(client: TestClient) -> None:
    """An unchanged list costs no body; a tag in any list of tags will do."""
    listed = client.get("/cds-services")
    tag = listed.headers["etag"]

    again = client.get("/cds-services", headers={"If-None-Match": f'"other", {tag}'})
    weakened = client.get("/cds-services", headers={"If-None-Match": f"W/{tag}"})
    changed = client.get("/cds-services", headers={"If-None-Match": '"other"'})

    assert "max-age" in listed.headers["cache-control"]
    assert listed.headers["vary"].lower().startswith("authorization")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert weakened.status_code == 304  # a proxy that compresses makes tags weak
    assert (changed.status_code, changed.content) == (200, listed.content)


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/cds-services", "GET, HEAD, OPTIONS"), (CALL, "POST, OPTIONS"), (f"{CALL}/feedback", "POST, OPTIONS")],
)
def test_options_without_an_origin_names_the_methods(client: TestClient, path: str, allow: str) -> None:
    """No token is needed for it."""
    answer = client.options(path)

    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allow, b"")


def test_the_cards_link_to_a_page_that_has_an_anchor_for_each_rule(client: TestClient) -> None:
    """The page is HTML and shows the rules as a clinician signs them."""
    answer = client.get("/evidence")

    assert answer.headers["content-type"].startswith("text/html")
    assert '<h3 id="scan-without-fever">' in answer.text


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_api_description_is_shown_only_when_asked_for(client: TestClient, url: str, path: str) -> None:
    """It is off by default, and on in the sandbox."""
    assert client.get(path).status_code == 404
    assert requests.get(url + path, timeout=5).status_code == 200


def test_a_body_in_chunks_is_taken_over_a_real_socket(url: str, tmp_path: Path) -> None:
    """Without a Content-Length the size is counted while it arrives: 9 MiB are too many."""
    big = tmp_path / "big"
    big.write_bytes(b" " * (9 << 20))
    address = f"{url}/cds-services/lbp-imaging-order-select"
    with big.open("rb") as stream:
        answer = requests.post(address, data=iter(lambda: stream.read(1 << 20), b""), timeout=10)

    assert answer.status_code == 413
    assert answer.json()["issue"][0]["code"] == "too-long"
