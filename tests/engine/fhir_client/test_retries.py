"""At most one second attempt: after which failures, after which pause, and only when it fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import anyio
import httpcore2
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import Need
from cds_service.answers import EMPTY
from cds_service.fhir_client.exchange import seconds_until
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

    from cds_service.fhir_client import FhirClient

    Clients = Callable[..., FhirClient]
    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
PATH = "/fhir/Condition"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
REFUSED = httpcore2.ConnectError("no such host: patient p1")
FOUND = {"resourceType": "Bundle", "type": "searchset"}


async def _elapsed(client: FhirClient, access: FhirAccess) -> tuple[str, float]:
    """Return the gap of one call and how long it took."""
    started = anyio.current_time()
    answers = await client(access, {CONDITIONS: None}, "p1")
    return answers["conditions"].gap, anyio.current_time() - started


@pytest.mark.parametrize("first", [REFUSED, httpcore2.ConnectTimeout("x"), 429, 502, 503, 504])
async def test_a_passing_failure_is_tried_once_more(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, first: Exception | int
) -> None:
    """A server that was busy or restarting answers the second time."""
    failure = httpx.Response(first) if isinstance(first, int) else first
    route = http.get(path=PATH).mock(side_effect=[failure, httpx.Response(200, json=FOUND)])

    assert await client(access, {CONDITIONS: None}, "p1") == {"conditions": EMPTY}
    assert route.call_count == 2


@pytest.mark.parametrize("always", [REFUSED, 429, 502, 503, 504])
async def test_there_is_no_third_attempt(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, always: Exception | int
) -> None:
    """A server that is down is not pressed."""
    failure = httpx.Response(always) if isinstance(always, int) else always
    route = http.get(path=PATH).mock(side_effect=[failure] * 3)
    answers = await client(access, {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap in {
        "the EHR's FHIR server could not be reached",
        "the EHR's FHIR server answered with an error",
    }
    assert route.call_count == 2


@pytest.mark.parametrize(
    "failure", [httpcore2.ReadError("x"), httpcore2.WriteError("x"), httpcore2.RemoteProtocolError("x")]
)
async def test_a_connection_that_breaks_off_is_not_tried_again(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, failure: Exception
) -> None:
    """The server had the request: it may be what broke it."""
    route = http.get(path=PATH).mock(side_effect=failure)
    answers = await client(access, {CONDITIONS: None}, "p1")

    assert answers["conditions"].gap == "the EHR's FHIR server answered with an error"
    assert route.call_count == 1


async def test_retry_after_is_waited_for(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess
) -> None:
    """The server says when it is ready."""
    busy = httpx.Response(503, headers={"Retry-After": "1"})
    route = http.get(path=PATH).mock(side_effect=[busy, httpx.Response(200, json=FOUND)])
    gap, seconds = await _elapsed(client, access)

    assert (gap, route.call_count) == ("", 2)
    assert seconds >= 1


@pytest.mark.parametrize(
    "retry_after",
    ["60", "999999999", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)],
    ids=["a minute", "years", "in an hour"],
)
async def test_a_retry_that_does_not_fit_is_not_waited_for(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, retry_after: str
) -> None:
    """E-91: the answer comes at once instead of at the deadline."""
    route = http.get(path=PATH).respond(429, headers={"Retry-After": retry_after})
    gap, seconds = await _elapsed(client, access)

    assert gap == "the EHR's FHIR server answered with an error"
    assert route.call_count == 1
    assert seconds < 10


async def test_a_token_that_expires_first_allows_no_retry(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients
) -> None:
    """FA-05: what does not fit into the token's life does not fit."""
    client = client_of(60, pause_seconds=30)
    route = http.get(path=PATH).respond(503)
    gap, seconds = await _elapsed(client, FhirAccess(access.server, access.token, expires_in=20))

    assert gap == "the EHR's FHIR server answered with an error"
    assert route.call_count == 1
    assert seconds < 15


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("Sun, 01 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 01 Nov 2026 12:00:30 -0000", 30),
        ("Sun, 01 Nov 2026 13:00:30 +0100", 30),
        ("Sun, 01 Nov 2026 11:59:30 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 30, None),
        ("Sun, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; what is neither names no time."""
    assert seconds_until(header, NOON) == seconds


@given(
    st.text(max_size=40) | st.from_regex(r"Sun, \d\d? Nov \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,8}", fullmatch=True)
)
def test_no_header_makes_the_wait_fail(header: str) -> None:
    """It comes from outside: it is seconds to wait, or nothing."""
    seconds = seconds_until(header, NOON)

    assert seconds is None or seconds >= 0
