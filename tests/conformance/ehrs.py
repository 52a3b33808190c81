"""
FHIR servers and key servers of EHRs, good and bad: what the service meets when it asks.

Each has a port of its own, as the service judges servers by their origin, and remembers who asked
for what with which token.
"""

from __future__ import annotations

import gzip
import itertools
import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from cds_service.sandbox.fhir_server import create_fhir_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from cds_service.sandbox.store import Store

    Script = Callable[[Request], Awaitable[Response]]

TOKEN = "granted-for-this-call"  # noqa: S105 - known to the sandbox server and to nothing else
_MEBIBYTE = 1 << 20
_OXYCODONE = {
    "resourceType": "Medication",
    "id": "m1",
    "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049621"}]},
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that reached a server; `token` as sent, "" for none."""

    path: str
    query: str
    token: str


@dataclass
class Ehr:
    """One server: the application behind it and what it has seen. `url` is known once it is served."""

    app: ASGIApp
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take note of a request and pass it on."""
        if scope["type"] == "http":
            request = Request(scope)
            token = request.headers.get("authorization", "")
            self.seen.append(Seen(request.url.path, request.url.query, token))
        await self.app(scope, receive, send)

    @property
    def tokens(self) -> set[str]:
        """Every Authorization header that came."""
        return {seen.token for seen in self.seen}


def ehrs_of(store: Store, keys: bytes) -> dict[str, Ehr]:
    """
    Return every server by name.

    `sandbox` holds the fixture patients and wants TOKEN, `open` wants none, `pages` gives one
    match a page; `keys` publishes a key set, `fading keys` does so once; the others misbehave
    as their names say.
    """
    _packed()  # here, so that no answer has to wait for it
    good: dict[str, ASGIApp] = {
        "sandbox": create_fhir_app(store, token=TOKEN),
        "open": create_fhir_app(store),
        "pages": create_fhir_app(store, token=TOKEN, page_cap=1),
    }
    bad = {name: _scripted(script) for name, script in _SCRIPTS.items()}
    scopeless: dict[str, ASGIApp] = {"no observations": _Without(good["sandbox"], "Observation")}
    key_set = _fixed(keys, "application/json")
    key_sets = {"keys": _scripted(key_set), "fading keys": _scripted(_fading(key_set))}
    return {name: Ehr(app) for name, app in {**good, **bad, **scopeless, **key_sets}.items()}


class _Without:
    """Refuses one resource type, as an authorization server with narrow scopes would."""

    def __init__(self, app: ASGIApp, refused: str) -> None:
        self.app = app
        self.refused = f"/{refused}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(self.refused):
            await Response(status_code=403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _scripted(script: Script) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await script(Request(scope, receive))
        await response(scope, receive, send)

    return app


def _fixed(body: bytes = b"", media_type: str = "application/fhir+json", status: int = 200) -> Script:
    async def script(_request: Request) -> Response:
        return Response(body, status, media_type=media_type)

    return script


def bundle(*resources: dict[str, Any], after: str = "") -> dict[str, Any]:
    """Return a searchset Bundle; `after` is the address of the page that follows."""
    link = {"link": [{"relation": "next", "url": after}]} if after else {}
    entries = {"entry": [{"resource": one} for one in resources]} if resources else {}
    return {"resourceType": "Bundle", "type": "searchset", **link, **entries}


def _fading(script: Script) -> Script:
    """Answer the first of every two requests, and fail at the other."""
    turns = itertools.cycle((script, _fixed(status=503)))

    async def fading(request: Request) -> Response:
        return await next(turns)(request)

    return fading


async def _hang(_request: Request) -> Response:
    await anyio.sleep(4)
    return Response(status_code=503)


async def _drip(_request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" "
            await anyio.sleep(0.2)

    return StreamingResponse(body(), media_type="application/fhir+json")


async def _huge(_request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"resourceType":"Bundle","note":"'
        for _ in range(50):
            yield b"x" * _MEBIBYTE
        yield b'"}'

    return StreamingResponse(body(), media_type="application/fhir+json")


async def _bomb(_request: Request) -> Response:
    return Response(_packed(), headers={"Content-Encoding": "gzip"}, media_type="application/fhir+json")


@cache
def _packed() -> bytes:
    """Return a Bundle that is small only as long as nobody unpacks it."""
    return gzip.compress(b'{"resourceType":"Bundle","note":"' + b" " * 64 * _MEBIBYTE + b'"}', 1)


async def _elsewhere(request: Request) -> Response:
    """Redirect to the server that is named in the last segment of the base path: a port."""
    port = request.url.path.split("/")[1]
    return RedirectResponse(f"http://127.0.0.1:{port}{request.url.path}", 307)


async def _endless(request: Request) -> Response:
    number = int(request.query_params.get("page", "0")) + 1
    return Response(json.dumps(bundle(after=f"{request.base_url}Condition?page={number}")))


async def _loop(request: Request) -> Response:
    return Response(json.dumps(bundle(after=str(request.url))))


_SCRIPTS: dict[str, Script] = {
    "401": _fixed(status=401),
    "403": _fixed(status=403),
    "404": _fixed(status=404),
    "429": _fixed(status=429),
    "500": _fixed(status=500),
    "hang": _hang,
    "drip": _drip,
    "html": _fixed(b"<html><body>Sign in</body></html>", "text/html"),
    "truncated": _fixed(b'{"resourceType":"Bundle","entry":[{"resou'),
    "bomb": _bomb,
    "huge": _huge,
    "redirect": _elsewhere,
    "endless": _endless,
    "loop": _loop,
    "medications": _fixed(json.dumps(_OXYCODONE).encode()),
    "stranger": _fixed(json.dumps(bundle()).encode()),
}
