"""Memory: after two thousand calls, good and bad ones, a server holds hardly more than after two hundred."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cds_service.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cds_service.catalogue import Catalogue

pytestmark = pytest.mark.volume

Json = dict[str, Any]
Prefetched = Callable[[str, Json, Store, dict[str, Json | None]], Json]

REQUESTS = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain" / "requests"
WARM_UP, IN_ALL = 200, 2_000
LIMIT = 20 * 1024 * 1024
START_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """A server process and where it listens."""

    url: str
    pid: int

    @property
    def resident(self) -> int:
        """How many bytes of memory the process holds now."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")


def listening(log: Path) -> str:
    """Return the URL that the server says it runs on, once it does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = re.search(r"running on (http://\S+)", log.read_text(encoding="utf-8"))
        if said:
            return said[1]
        time.sleep(0.05)
    pytest.fail(f"the server did not start: {log.read_text(encoding='utf-8')}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run the server as an operator does; its log goes to a file, because a full pipe would stop it."""
    log = tmp_path / "log"
    settings = {"CDS_AUDIT": f"file:{tmp_path / 'audit'}"}
    command = [sys.executable, "-m", "cds_service", "serve", "--port", "0"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **settings}) as process,
    ):
        try:
            yield Server(listening(log), process.pid)
        finally:
            process.terminate()


@pytest.fixture
def bodies(catalogue: Catalogue, prefetched: Prefetched, store: Store) -> list[tuple[str, Json]]:
    """Return a quarter of the fixture requests, to every service of their hook, with prefetch."""
    made = []
    for path in sorted(REQUESTS.glob("*.json"))[::4]:
        body = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Json | None] = {}
        for service_id in [name for name, entry in catalogue.entries.items() if entry.hook == body["hook"]]:
            prefetch = prefetched(service_id, body["context"], store, known)
            made.append((service_id, {**body, "prefetch": prefetch}))
    return made


def mixed(service_id: str, body: Json) -> Iterator[tuple[str, str]]:
    """Yield path and body of valid calls and of one for each way to be refused, with an id never seen."""
    unseen = str(uuid.uuid4())
    text = json.dumps({**body, "hookInstance": unseen})
    feedback = {"card": unseen, "outcome": "overridden", "outcomeTimestamp": "2026-11-01T10:00:00Z"}
    yield service_id, text
    yield service_id, text[: len(text) // 2]
    yield service_id, json.dumps({**body, "hookInstance": unseen, "prefetch": {unseen: None}})
    yield service_id, json.dumps({**body, "hookInstance": unseen, "hook": unseen})
    yield service_id, text
    yield service_id, "[" * 100_000
    yield unseen, text
    yield f"{service_id}/feedback", json.dumps({"feedback": [feedback] * 50})
    yield f"{service_id}/feedback", json.dumps({"feedback": [{**feedback, "outcome": unseen}]})


def test_memory_settles_under_mixed_calls(server: Server, bodies: list[tuple[str, Json]]) -> None:
    """Between the 200th and the 2,000th call the resident memory grows by less than 20 MiB."""
    calls = (call for service_id, body in cycle(bodies) for call in mixed(service_id, body))
    statuses = set()
    with requests.Session() as session:
        session.headers["Content-Type"] = "application/json"

        def send(count: int) -> int:
            for path, body in islice(calls, count):
                statuses.add(session.post(f"{server.url}/cds-services/{path}", body, timeout=10).status_code)
            return server.resident

        before = send(WARM_UP)
        after = send(IN_ALL - WARM_UP)

    assert statuses == {200, 400, 404, 412}
    assert after - before < LIMIT
