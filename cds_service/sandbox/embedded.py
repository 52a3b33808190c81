"""Service and FHIR server in one process on loopback: what an integrator sees within a minute of cloning."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.routing import Route

from cds_service.catalogue import load_catalogue
from cds_service.serving import application_of
from cds_service.settings import Settings

from .faults import NO_FAULTS, Faults
from .fhir_server import create_fhir_app
from .page import PageOptions, create_page
from .page.traffic import Traffic, Watched
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

_FIXTURES = Path(__file__).resolve().parents[2] / "fhir_fixtures"
_START_SECONDS = 20


class SandboxError(Exception):
    """The sandbox cannot serve; the message says why."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """
    What the sandbox serves.

    folders: where FHIR Bundles to load are; the patients that come along when empty. token:
    bearer token that the FHIR server demands; "" for none. audit: as CDS_AUDIT. servers: base URLs
    that may be set in the page besides those on this machine.
    """

    folders: Sequence[Path] = ()
    token: str = ""
    faults: Faults = NO_FAULTS
    audit: str = "stdout"
    guidelines: Sequence[str] = ("hooks.low_back_pain",)
    servers: Sequence[str] = ()


def today() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


def fixture_folders() -> tuple[Path, ...]:
    """Return the folder of patients of each guideline; the requests and cards beside them are no FHIR."""
    return tuple(sorted(_FIXTURES.glob("*/patients")))


def loaded_store(options: SandboxOptions) -> Store:
    """Return a FHIR store with every Bundle of the folders, their dates rolled to today."""
    store = Store()
    for folder in options.folders or fixture_folders():
        store.load_folder(folder, today())
    return store


def sandbox_app(options: SandboxOptions, public_url: str) -> FastAPI:
    """
    Return the service at the root, the FHIR server at /fhir, and the page for everything else.

    Raises ValueError when one of the options' servers is no usable base URL.
    """
    store = loaded_store(options)
    settings = Settings(
        public_url=public_url,
        guidelines=tuple(options.guidelines),
        clients="",  # for trying things out: open to everyone, on loopback
        docs=True,
        cors_origins=("*",),
        audit=options.audit,
    )
    catalogue = load_catalogue(settings.guidelines, settings.site_codes)
    app = application_of(settings, catalogue)
    traffic = Traffic()
    fhir = Watched(create_fhir_app(store, token=options.token or None, faults=options.faults), traffic)
    app.router.routes.append(Route("/fhir", endpoint=_AtBase(fhir)))
    app.mount("/fhir", fhir)
    about = PageOptions(public_url, f"{public_url}/fhir", options.token, options.servers)
    app.mount("/", create_page(about, catalogue, traffic, today))
    return app


class _AtBase:
    """Serves the FHIR base without its slash too: a redirect would lose a transaction's body."""

    def __init__(self, fhir: ASGIApp) -> None:
        self.fhir = fhir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = f"{scope.get('root_path', '')}/fhir"
        await self.fhir({**scope, "root_path": base, "path": f"{base}/"}, receive, send)


def bound_socket(port: int) -> socket.socket:
    """Return a loopback socket on `port` (0: any free one); OSError when it is taken."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


@contextmanager
def serving(options: SandboxOptions, port: int = 0) -> Iterator[str]:
    """Serve in a background thread and yield the base URL; SandboxError when it does not start."""
    with bound_socket(port) as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(sandbox_app(options, url), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        try:
            _wait(server, thread)
            yield url
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise SandboxError("the sandbox did not start: see the log above")
        time.sleep(0.01)
