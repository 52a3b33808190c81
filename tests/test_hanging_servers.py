"""A FHIR server that never answers costs its own calls their deadline, and nobody else anything."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

pytestmark = [pytest.mark.faults, pytest.mark.anyio]

ROOT = Path(__file__).parents[1]
CALL = "/cds-services/lbp-imaging-order-select"
DEADLINE = 6.0
CALLS = 100
BUSY = 30  # connections at the FHIR server: about as many as the service opens to one at a time
MISSING = {"patient": None, "conditions": None, "medications": None, "redFlagObs": None}


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve in a process of its own, so that what the test does costs the service nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    trail = tmp_path_factory.mktemp("audit") / "trail"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    settings = {"CDS_DEADLINE_MS": str(int(DEADLINE * 1000)), "CDS_AUDIT": f"file:{trail}"}
    command = [sys.executable, "-m", "cds_service", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env={**ours, **settings}) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the service did not start in 30 seconds")


def body(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a request
    """Return a call about a lumbar MRI."""
    path = ROOT / "fhir_fixtures" / "low_back_pain" / "requests" / "plain-acute.lumbar-mri.json"
    return {**json.loads(path.read_text(encoding="utf-8")), **members}


async def timed(call: Awaitable[httpx2.Response]) -> tuple[float, httpx2.Response]:
    """Return how many seconds a call took, and its answer."""
    started = time.perf_counter()
    answer = await call
    return time.perf_counter() - started, answer


async def test_a_hundred_calls_that_wait_for_the_ehr_delay_nobody(url: str) -> None:
    """
    All are answered at the deadline; discovery and calls that need no EHR go on meanwhile.

    A busy machine is slow by itself, so the bounds grow with what a call costs when nobody waits.
    """
    held: list[asyncio.StreamWriter] = []
    busy = asyncio.Event()

    def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        if len(held) >= BUSY:
            busy.set()

    hanging = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    waiting = body(fhirServer=f"http://127.0.0.1:{port}/fhir")
    ready = body(prefetch={**MISSING, "serviceRequests": None, "procedures": None, "imagingReports": None})
    limits = httpx2.Limits(max_connections=CALLS + 10)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
        await client.post(CALL, json=ready)  # the first call of a process pays for everyone
        alone = [await timed(client.post(CALL, json=ready)) for _ in range(20)]
        calls = [asyncio.ensure_future(timed(client.post(CALL, json=waiting))) for _ in range(CALLS)]
        await asyncio.wait_for(busy.wait(), timeout=30)
        await asyncio.sleep(DEADLINE / 4)
        listed = [await timed(client.get("/cds-services")) for _ in range(20)]
        complete = [await timed(client.post(CALL, json=ready)) for _ in range(20)]
        still_waiting = sum(not call.done() for call in calls)
        answered = await asyncio.gather(*calls)
    hanging.close()
    for writer in held:
        writer.close()

    cost = median(alone)
    assert still_waiting == CALLS, "the measurements were not taken while the calls waited"
    assert {answer.status_code for _, answer in (*listed, *complete, *answered)} == {200}
    for seconds, answer in answered:
        (card,) = answer.json()["cards"]
        assert card["source"]["topic"]["code"] == "data-missing"
        assert "did not answer in time" in card["detail"] or "failed repeatedly" in card["detail"]
        assert DEADLINE * 0.9 < seconds < DEADLINE + 1 + 4 * CALLS * cost
    assert median(listed) < max(0.1, 4 * cost)
    assert median(complete) < max(0.05, 4 * cost)


def median(calls: list[tuple[float, httpx2.Response]]) -> float:
    """Return how many seconds the calls usually took."""
    return statistics.median(seconds for seconds, _ in calls)
