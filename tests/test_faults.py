"""FHIR servers that misbehave, over real sockets: calls say in time what is missing, and leak nothing."""

from __future__ import annotations

import json
import resource
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from starlette.testclient import TestClient

from cds_service import Need
from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.fhir_client import FhirClient
from cds_service.protocol import FhirAccess
from cds_service.settings import Settings
from tests.misbehaving_server import MODES, Server, hangs, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from cds_service.catalogue import Catalogue

pytestmark = pytest.mark.faults

TOKEN = "granted-for-this-call"  # noqa: S105 - a word to look for
CALL = "/cds-services/lbp-imaging-order-select"
REQUEST = Path(__file__).parents[1] / "fhir_fixtures/low_back_pain/requests/plain-acute.lumbar-mri.json"
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")

LATE = "it did not answer in time"
REFUSED = "the EHR's FHIR server answered with an error"
FORBIDDEN = "the EHR did not allow it"
UNKNOWN = "the EHR's FHIR server does not know it"
UNREADABLE = "the EHR's answer could not be read"
TOO_LARGE = "the EHR's answer was too large"
RESTING = "the EHR's FHIR server failed repeatedly and is not asked for a moment"
MORE = "more pages exist that were not read"


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What a mode comes to.

    gap: of the problem list, "" when all was read. found: whether the Condition was read.
    slow: whether the answer comes at the deadline, because the server gives no reason to come sooner.
    """

    gap: str
    found: bool = False
    slow: bool = False

    @property
    def deadline(self) -> float:
        """Seconds: short when it will be waited for, otherwise enough for a busy machine."""
        return 1.0 if self.slow else 30.0


EXPECTED = {
    "well": Expected("", found=True),
    "hangs": Expected(LATE, slow=True),
    "slow headers": Expected(LATE, slow=True),
    "slow body": Expected(LATE, slow=True),
    "announces without end": Expected(LATE, slow=True),
    "resets": Expected(REFUSED),
    "resets midway": Expected(REFUSED),
    "closes": Expected(REFUSED),
    "is no HTTP": Expected(REFUSED),
    "is shorter than it says": Expected(REFUSED),
    "400": Expected(REFUSED),
    "401": Expected(FORBIDDEN),
    "403": Expected(FORBIDDEN),
    "404": Expected(UNKNOWN),
    "410": Expected(UNKNOWN),
    "500": Expected(REFUSED),
    "429": Expected(REFUSED),
    "503": Expected(REFUSED),
    "503 without a time": Expected(REFUSED),
    "HTML": Expected(UNREADABLE),
    "XML": Expected(UNREADABLE),
    "empty": Expected(UNREADABLE),
    "no content": Expected(REFUSED),
    "truncated JSON": Expected(UNREADABLE),
    "deep JSON": Expected(UNREADABLE),
    "NaN": Expected(UNREADABLE),
    "huge integer": Expected(UNREADABLE),
    "gzip bomb": Expected(TOO_LARGE),
    "huge Bundle": Expected(TOO_LARGE),
    "long header": Expected(REFUSED),
    "endless pages": Expected(MORE, found=True),
    "its own next page": Expected(MORE, found=True),
    "next page elsewhere": Expected(MORE, found=True),
    "redirects elsewhere": Expected(REFUSED),
    "someone else": Expected(""),
    "lying total": Expected("999 of 1000 entries were not read", found=True),
    "outcome with 200": Expected("the EHR could not read it"),
    "outcome among matches": Expected("the EHR reported that entries are missing", found=True),
    "cookies": Expected("", found=True),
}


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio, as the service does."""
    return "asyncio"


@contextmanager
def misbehaving(mode: str) -> Iterator[Server]:
    """Serve in a mode; afterwards, what the server was sent is what it may be sent."""
    with Server(well) as elsewhere, Server(MODES[mode](), elsewhere.url) as server:
        yield server
        assert server.asked, "the server was asked"
        assert server.tokens == {f"Bearer {TOKEN}"}
        assert not any("cookie" in asked.headers for asked in server.asked)
        assert elsewhere.asked == []


@contextmanager
def little_memory(mebibytes: float) -> Iterator[None]:
    """Demand that this process never holds so much more than at the beginning, also in between."""
    held = resident_mebibytes()
    most = [held]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most.append(max(most.pop(), resident_mebibytes()))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
    assert most[0] - held < mebibytes


def resident_mebibytes() -> float:
    """Return how much memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def test_every_mode_is_expected_to_come_to_something() -> None:
    """A new mode is not forgotten here."""
    assert EXPECTED.keys() == MODES.keys()


@pytest.mark.anyio
@pytest.mark.parametrize("mode", EXPECTED)
async def test_a_misbehaving_server_is_answered_for_in_time(mode: str) -> None:
    """E-75..78, E-89..92, FA-09: the right state, in time, in little memory; the token stays where it is."""
    expected = EXPECTED[mode]
    client = FhirClient(deadline_seconds=expected.deadline)
    with misbehaving(mode) as server, little_memory(100):
        started = time.monotonic()
        answer = (await client(FhirAccess(server.url, TOKEN), {CONDITIONS: None}, "p1"))["conditions"]
        seconds = time.monotonic() - started
    await client.aclose()

    assert answer.gap == expected.gap
    assert [item.id for item in answer.resources] == (["c1"] if expected.found else [])
    assert not answer.absent
    assert seconds < expected.deadline + 1.5


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mode", "gap"), [("404", ""), ("410", ""), ("403", FORBIDDEN), ("someone else", UNREADABLE)]
)
async def test_a_patient_who_is_not_found_is_known_not_to_be_there(mode: str, gap: str) -> None:
    """E-90, E-83: "not found" answers a read; a refusal and somebody else's record do not."""
    client = FhirClient(deadline_seconds=30)
    with misbehaving(mode) as server:
        answer = (await client(FhirAccess(server.url, TOKEN), {PATIENT: None}, "p1"))["patient"]
    await client.aclose()

    assert (answer.gap, answer.resources) == (gap, ())


@pytest.mark.anyio
async def test_cookies_are_not_sent_back() -> None:
    """The second call carries nothing of the first."""
    client = FhirClient(deadline_seconds=30)
    with misbehaving("cookies") as server:
        for _ in range(2):
            await client(FhirAccess(server.url, TOKEN), {CONDITIONS: None}, "p1")
        assert len(server.asked) == 2
    await client.aclose()


@pytest.mark.anyio
async def test_a_server_that_refuses_connections_is_unreachable() -> None:
    """A closed port is told at once, after the second attempt."""
    with Server(well) as server:
        closed = server.url
    client = FhirClient(deadline_seconds=30)
    answer = (await client(FhirAccess(closed, TOKEN), {CONDITIONS: None}, "p1"))["conditions"]
    await client.aclose()

    assert answer.gap == "the EHR's FHIR server could not be reached"


@pytest.mark.anyio
async def test_a_hundred_calls_to_a_server_that_hangs_all_return_at_the_deadline() -> None:
    """Those that wait for a connection return with those that wait for an answer."""
    client = FhirClient(deadline_seconds=1)
    gaps: list[str] = []

    async def call(url: str) -> None:
        needs = {CONDITIONS: None, PATIENT: None}
        gaps.extend(answer.gap for answer in (await client(FhirAccess(url), needs, "p1")).values())

    with Server(hangs) as server:
        started = time.monotonic()
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(call, server.url)
        seconds = time.monotonic() - started
        asked = len(server.asked)
    await client.aclose()

    assert len(gaps) == 200
    assert set(gaps) <= {
        LATE,
        RESTING,
    }  # whose turn came as the first were given up, finds the server resting
    assert 1 <= seconds < 4
    assert asked <= 64


def fired(catalogue: Catalogue, trail: Path, server: Server, deadline: float) -> tuple[httpx.Response, float]:
    """Order a lumbar MRI with nothing prefetched; return the answer and its seconds."""
    fhir = FhirClient(deadline_seconds=deadline)
    app = create_app(
        catalogue,
        Settings(),
        clock=lambda _zone: date(2026, 11, 1),
        audit=Audit(f"file:{trail}"),
        fetch=fhir,
        closing=(fhir.aclose,),
    )
    body = json.loads(REQUEST.read_text(encoding="utf-8"))
    body["fhirServer"] = server.url
    body["fhirAuthorization"] = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}
    with TestClient(app, raise_server_exceptions=False) as client:
        started = time.monotonic()
        response = client.post(CALL, json=body)
        return response, time.monotonic() - started


@pytest.mark.parametrize("mode", EXPECTED)
def test_the_card_says_what_a_misbehaving_server_kept_back(
    catalogue: Catalogue, tmp_path: Path, mode: str
) -> None:
    """SAFE-35: 200 in time; each gap in the clinician's words, never silence, never somebody else's data."""
    expected = EXPECTED[mode]
    with misbehaving(mode) as server:
        response, seconds = fired(catalogue, tmp_path / "trail", server, expected.deadline)
    cards = response.json()["cards"]
    details = "\n".join(card["detail"] for card in cards if card["source"]["topic"]["code"] == "data-missing")

    assert response.status_code == 200
    assert seconds < expected.deadline + 3
    assert ("problem list: " in details) is bool(expected.gap)
    assert expected.gap in details
    assert TOKEN not in response.text + (tmp_path / "trail").read_text(encoding="utf-8")
    assert "someone-else" not in response.text
