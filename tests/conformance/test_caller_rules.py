"""What CDS Hooks asks of CORS and of client authentication, over a real socket."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.conformance.cases.callers import PATH
from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.feedback_items import accepted
from tests.conformance.ehrs import TOKEN
from tests.conformance.house import IMAGING, ORIGIN
from tests.conformance.tokens import ALIAS, ISSUER, PUBLIC_URL, bearer
from tests.conformance.wire import JSON_HEADERS

if TYPE_CHECKING:
    from tests.conformance.house import House
    from tests.conformance.wire import Answered

DISCOVERY = "/cds-services"
ENDPOINTS = (("GET", DISCOVERY), ("HEAD", DISCOVERY), ("POST", PATH), ("POST", f"{PATH}/feedback"))
STRANGER = "https://elsewhere.example.org"


def preflight(house: House, path: str, method: str, origin: str = ORIGIN) -> Answered:
    """Ask as a browser does before a call with a token; the browser sends no token with this."""
    headers = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization, content-type"),
    )
    return house.trusting.send("OPTIONS", path, headers=headers)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_browser_may_call_every_endpoint(house: House, method: str, path: str) -> None:
    """SEC-03, SEC-05: from an allowed origin, and the preflight needs no token."""
    answered = preflight(house, path, method)

    assert answered.status in {200, 204}
    assert answered.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in answered.headers["access-control-allow-headers"].lower()


def test_a_foreign_origin_may_read_nothing(house: House) -> None:
    """SEC-04: not the answer to a preflight, nor that to a call."""
    answers = [
        preflight(house, PATH, "POST", STRANGER),
        house.open.call(house.body(), headers=[("Origin", STRANGER)]),
        house.open.send("GET", DISCOVERY, headers=[("Origin", STRANGER)]),
    ]

    assert [answered.headers.get("access-control-allow-origin") for answered in answers] == [None] * 3


def test_a_browser_may_read_errors_too(house: House) -> None:
    """SEC-04: 400, 401, 404, 412 and 500; the answer varies by origin, and no origin is a wildcard."""
    origin = [("Origin", ORIGIN)]
    answers = [
        house.open.call({}, headers=origin),
        house.trusting.call(house.body(), headers=origin),
        house.open.call(house.body(), "unknown", origin),
        house.open.call({**house.body(), "prefetch": {}}, headers=origin),
        house.broken.call(house.body(), headers=origin),
    ]

    assert [answered.status for answered in answers] == [400, 401, 404, 412, 500]
    assert {answered.headers["access-control-allow-origin"] for answered in answers} == {ORIGIN}
    assert all("origin" in answered.headers["vary"].lower() for answered in answers)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_registered_clients_must_authenticate_everywhere(house: House, method: str, path: str) -> None:
    """JWT-01, JWT-02: discovery and feedback are no exception."""
    answered = house.trusting.send(method, path, b"{}", JSON_HEADERS)

    assert (answered.status, answered.headers["www-authenticate"]) == (401, "Bearer")


def test_the_audience_is_the_address_that_is_called(house: House) -> None:
    """JWT-07, DISC-16: discovery, call and feedback each by its own token, and none by another's."""
    statuses = {}
    for meant in (DISCOVERY, PATH):
        token = house.signers.token
        found = house.trusting.send("GET", DISCOVERY, headers=[bearer(token(meant))])
        called = house.trusting.call(house.body(), headers=[bearer(token(meant))])
        statuses[meant] = (found.status, called.status)

    assert statuses == {DISCOVERY: (200, 401), PATH: (401, 200)}


@pytest.mark.parametrize("meant", [f"{PATH}/feedback", PATH])
def test_feedback_may_be_signed_for_either_address(house: House, meant: str) -> None:
    """FB-11: its own, or that of the service it is about."""
    headers = [bearer(house.signers.token(meant))]

    answered = house.trusting.call({"feedback": [accepted()]}, f"{IMAGING}/feedback", headers)

    assert answered.status == 200


@pytest.mark.parametrize("aud", [PUBLIC_URL + PATH, f"{PUBLIC_URL}{PATH}/", ALIAS + PATH])
def test_our_address_is_configured_and_not_believed(house: House, aud: str) -> None:
    """JWT-08: behind a proxy the Host is another; aliases and a trailing slash are fine."""
    headers = [bearer(house.signers.token(PATH, aud=aud)), ("X-Forwarded-Host", "elsewhere.example.org")]

    assert house.trusting.call(house.body(), headers=headers).status == 200


def test_the_address_of_the_request_itself_is_no_audience(house: House) -> None:
    """JWT-08: else a caller could name any host it likes."""
    headers = [bearer(house.signers.token(PATH, aud=house.trusting.url + PATH))]

    assert house.trusting.call(house.body(), headers=headers).status == 401


def test_keys_may_be_exchanged_beforehand(house: House) -> None:
    """JWT-10, JWT-13, JWT-05: no key server is asked; this client may use a token again."""
    keys = house.ehr("keys")
    headers = [bearer(house.signers.token(PATH, iss=f"{ISSUER}/by-file"))]

    answers = [house.trusting.call(house.body(), headers=headers) for _ in range(2)]

    assert [answered.status for answered in answers] == [200, 200]
    assert keys.seen == []


def test_a_token_counts_once(house: House) -> None:
    """JWT-12, JWT-13: the second call with it is refused."""
    headers = [bearer(house.signers.token(PATH))]

    answers = [house.trusting.call(house.body(), headers=headers) for _ in range(2)]

    assert [answered.status for answered in answers] == [200, 401]


def test_extra_claims_are_tolerated(house: House) -> None:
    """JWT-15: `sub` of CDS Hooks 1.0, and what else an EHR writes."""
    headers = [bearer(house.signers.token(PATH, sub="lbp-cds", nbf=1, fhirUser="x", extension={"a": 1}))]

    assert house.trusting.call(house.body(), headers=headers).status == 200


def test_a_refusal_tells_nothing_and_logs_no_token(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """JWT-16: one bare 401 whatever the reason."""
    caplog.set_level(logging.DEBUG)
    sign = house.signers.token
    tokens = [sign(PATH, iss="x"), sign(PATH, aud="x"), sign(PATH, exp=1), sign(PATH, stranger=True), "x.y.z"]

    answers = [house.trusting.call(house.body(), headers=[bearer(token)]) for token in tokens]

    assert {(answered.status, answered.body) for answered in answers} == {(401, answers[0].body)}
    parts = [part for token in tokens[:-1] for part in token.split(".")]
    assert [part for part in parts if part in caplog.text] == []


def test_the_caller_s_token_is_not_the_server_s(house: House) -> None:
    """JWT-17: each goes where it belongs."""
    ehr = house.ehr("sandbox")
    body = with_server({**house.body(), "prefetch": {}}, ehr.url)
    headers = [bearer(house.signers.token(PATH))]

    answered = house.trusting.call(body, headers=headers)

    assert answered.cards != []
    assert ehr.tokens == {f"Bearer {TOKEN}"}
    swapped = house.trusting.call(body, headers=[bearer(TOKEN)])
    assert swapped.status == 401
