"""Applications on loopback sockets, each on a port of its own, several in one server thread."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from cds_service.sandbox.embedded import bound_socket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_START_SECONDS = 20


class _ByPort:
    """Passes a request to the application whose port it came in by."""

    def __init__(self, apps: Mapping[int, ASGIApp]) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.apps[scope["server"][1]](scope, receive, send)


@contextmanager
def served(apps: Mapping[str, ASGIApp], http: str = "auto") -> Iterator[Mapping[str, str]]:
    """Serve applications with one of uvicorn's HTTP implementations; yield their base URLs by name."""
    sockets = {name: bound_socket(0) for name in apps}
    ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    several = _ByPort({ports[name]: app for name, app in apps.items()})
    config = uvicorn.Config(
        several if len(apps) > 1 else next(iter(apps.values())),
        http=http,
        lifespan="off" if len(apps) > 1 else "on",
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [*sockets.values()]}, daemon=True)
    thread.start()
    try:
        _wait(server)
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        for sock in sockets.values():
            sock.close()


def _wait(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            message = "the server did not start"
            raise TimeoutError(message)
        time.sleep(0.005)
