"""Public keys: which of a set are used, and a cache that outlives rotation, outage and a crowd of callers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import httpcore2
import httpx
import msgspec
import pytest
import respx
from anyio.abc import SocketAttribute
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.jwks import JwksCache, KeySetError, http_client, read_key_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2
    from anyio.abc import SocketStream

pytestmark = [pytest.mark.trust, pytest.mark.anyio]

URL = "https://ehr.example.org/keys"
HOUR = 3600.0

Json = dict[str, Any]

RSA_2048 = rsa.generate_private_key(65537, 2048)
RSA_JWK: Json = {**RSAAlgorithm.to_jwk(RSA_2048.public_key(), as_dict=True), "kid": "k"}
EC_KEYS = {
    name: ec.generate_private_key(curve())
    for name, curve in (("P-256", ec.SECP256R1), ("P-384", ec.SECP384R1), ("P-521", ec.SECP521R1))
}
EC_JWKS: dict[str, Json] = {
    name: {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k"} for name, key in EC_KEYS.items()
}
JWK = EC_JWKS["P-384"]
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
WEAK_JWK: Json = {**RSAAlgorithm.to_jwk(WEAK.public_key(), as_dict=True), "kid": "k"}


def _set(*keys: object) -> bytes:
    return msgspec.json.encode({"keys": keys})


def _without(source: Json, name: str) -> Json:
    return {key: value for key, value in source.items() if key != name}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on asyncio, as the service does."""
    return "asyncio"


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Return a clock that the cache of the test reads."""
    return Clock()


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """Return the client that the service uses; it keeps nothing from one test to the next."""
    async with http_client() as client:
        yield client


@pytest.fixture
def cache(http: httpx2.AsyncClient, clock: Clock) -> JwksCache:
    """Return a cache that knows nothing yet."""
    return JwksCache(http, now=clock)


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    """Return what stands for the network: only URL is there."""
    with respx.mock(assert_all_called=False) as router:
        router.get(URL, name="keys").respond(200, content=_set(JWK))
        yield router


async def _has(cache: JwksCache, kid: str = "k", algorithm: str = "ES384") -> bool:
    return await cache.key(URL, kid, algorithm) is not None


# ── one set ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        (EC_JWKS["P-384"], {"ES384"}),
        (EC_JWKS["P-256"], {"ES256"}),
        (RSA_JWK, {"RS256", "RS384", "PS384"}),
        ({**RSA_JWK, "alg": "RS384"}, {"RS384"}),
        ({**JWK, "use": "sig", "key_ops": ["verify"], "x5t": "ignored"}, {"ES384"}),
    ],
)
def test_a_key_verifies_the_algorithms_that_fit_it(jwk: Json, algorithms: set[str]) -> None:
    """JWT-05, JWT-19: by type and curve, and only its own algorithm if it names one."""
    (key,) = read_key_set(_set(jwk)).keys

    assert key.algorithms == algorithms


@pytest.mark.parametrize(
    "jwk",
    [
        {**JWK, "use": "enc"},
        {**JWK, "use": 7},
        {**JWK, "key_ops": ["sign"]},
        {**JWK, "key_ops": []},
        {**JWK, "alg": "ES256"},
        {**JWK, "alg": "HS256"},
        {**JWK, "alg": "none"},
        {**RSA_JWK, "alg": "RSA-OAEP"},
        {**RSA_JWK, "crv": "P-384"},
        {**JWK, "kty": "RSA"},
        {**RSA_JWK, "kty": "EC"},
        {**JWK, "kty": "oct"},
        {**JWK, "kty": "OKP", "crv": "Ed25519"},
        {**JWK, "crv": "P-256"},
        _without(JWK, "crv"),
        _without(JWK, "kty"),
        _without(JWK, "kid"),
        {**JWK, "kid": 7},
        _without(JWK, "y"),
        {**JWK, "y": JWK["x"]},
        {**JWK, "x": 7},
        {**JWK, "x": "\u00e9"},
        {**RSA_JWK, "n": None},
        {**RSA_JWK, "n": ""},
        {**RSA_JWK, "e": "AA"},
        EC_JWKS["P-521"],
        WEAK_JWK,
        {},
        [],
        "key",
        None,
    ],
)
def test_a_key_that_cannot_be_used_is_left_out(jwk: object) -> None:
    """JWT-19: for another use, of another type, damaged, or too short; the others of the set stay."""
    keys = read_key_set(_set(jwk, {**JWK, "kid": "good"}))

    assert [key.kid for key in keys.keys] == ["good"]
    assert not keys.private


@pytest.mark.parametrize(
    "jwk",
    [
        {**ECAlgorithm.to_jwk(EC_KEYS["P-384"], as_dict=True), "kid": "k"},
        {**RSAAlgorithm.to_jwk(RSA_2048, as_dict=True), "kid": "k"},
        {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
    ],
)
def test_private_and_secret_keys_are_not_used(jwk: Json) -> None:
    """JWT-04, JWT-19: whoever reads the set could sign with them."""
    keys = read_key_set(_set(jwk))

    assert keys.private
    assert keys.keys == ()


def test_a_key_id_that_names_two_keys_names_none() -> None:
    """JWT-11: a kid is unique in its set, for one algorithm."""
    other = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    keys = read_key_set(_set(JWK, {**other, "kid": "k"}, RSA_JWK))

    assert keys.find("k", "ES384") is None
    assert keys.find("k", "RS384") is not None


NO_KEY_SETS = [
    b"",
    b"<html>",
    b"[]",
    b"{}",
    b'{"keys": {}}',
    b'{"keys": null}',
    b"\xff",
    b'{"keys": ' + b"[" * 100_000,
    _set(*[JWK] * 101),
]


@pytest.mark.parametrize("data", NO_KEY_SETS)
def test_what_is_no_key_set_is_told_apart_from_an_empty_one(data: bytes) -> None:
    """JWT-19: also one with more keys than anybody needs."""
    with pytest.raises(KeySetError):
        read_key_set(data)


# ── fetching ──────────────────────────────────────────────────────────────────────────────────────


async def test_keys_are_fetched_plainly(cache: JwksCache, server: respx.MockRouter) -> None:
    """JWT-09, JWT-19: one GET without credentials, cookies or content coding."""
    assert await _has(cache)

    request = server["keys"].calls.last.request
    assert (request.method, str(request.url)) == ("GET", URL)
    assert request.headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie"} & set(request.headers)


def test_the_client_follows_no_hints() -> None:
    """JWT-09: neither proxy variables of the environment nor redirects."""
    client = http_client()

    assert (client.trust_env, client.follow_redirects) == (False, False)


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("", HOUR),
        ("public", HOUR),
        ("max-age=soon", HOUR),
        ("max-age=-1", HOUR),
        ("public, max-age=900, must-revalidate", 900),
        ('Max-Age="900"', 900),
        ("x-max-age=900", HOUR),
        ("max-age=0", 300),
        ("max-age=299", 300),
        ("max-age=9999999999", 6 * HOUR),
    ],
)
async def test_a_set_is_fresh_for_its_max_age(
    cache: JwksCache, server: respx.MockRouter, clock: Clock, cache_control: str, seconds: float
) -> None:
    """JWT-19: within 5 minutes and 6 hours; 1 hour when nothing usable is said."""
    headers = {"Cache-Control": cache_control} if cache_control else {}
    server["keys"].respond(200, content=_set(JWK), headers=headers)
    await _has(cache)
    clock.seconds += seconds - 1
    await _has(cache)
    while_fresh = server["keys"].call_count
    clock.seconds += 1
    await _has(cache)

    assert (while_fresh, server["keys"].call_count) == (1, 2)


async def test_a_crowd_waits_for_one_fetch(cache: JwksCache, server: respx.MockRouter) -> None:
    """JWT-11: 50 callers at once cause one request, and each gets its key."""

    async def slowly(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200, content=_set(JWK))

    server["keys"].side_effect = slowly
    found: list[bool] = []

    async def ask() -> None:
        found.append(await _has(cache))

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)

    assert found == [True] * 50
    assert server["keys"].call_count == 1


async def test_a_crowd_with_a_new_key_waits_for_one_fetch(cache: JwksCache, server: respx.MockRouter) -> None:
    """JWT-11: 50 callers at once after a rotation cause one more request, and each gets its key."""
    await _has(cache)

    async def slowly(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200, content=_set({**JWK, "kid": "new"}))

    server["keys"].side_effect = slowly
    found: list[bool] = []

    async def ask() -> None:
        found.append(await _has(cache, "new"))

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)

    assert found == [True] * 50
    assert server["keys"].call_count == 2


async def test_a_caller_who_leaves_takes_nobody_along(cache: JwksCache, server: respx.MockRouter) -> None:
    """JWT-11: when the caller whose fetch the others wait for is cancelled, the next one fetches."""

    async def slowly(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200, content=_set(JWK))

    server["keys"].side_effect = slowly
    first, second = (asyncio.create_task(_has(cache)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()

    assert await second


async def test_an_unknown_key_is_looked_for_again_after_a_while(
    cache: JwksCache, server: respx.MockRouter, clock: Clock
) -> None:
    """JWT-11, E-103: at once, and then every 30 seconds at most."""
    await _has(cache)
    counts = []
    for seconds in (0.0, 1.0, 28.9, 0.1, 1.0):
        clock.seconds += seconds
        await _has(cache, "unknown")
        counts.append(server["keys"].call_count)

    assert counts == [2, 2, 2, 3, 3]


async def test_a_first_caller_with_an_unknown_key_causes_one_fetch(
    cache: JwksCache, server: respx.MockRouter
) -> None:
    """JWT-11: what was fetched for this very call is not fetched again."""
    assert not await _has(cache, "unknown")
    assert server["keys"].call_count == 1


async def test_sources_are_kept_apart(cache: JwksCache, server: respx.MockRouter) -> None:
    """JWT-09: a key of one URL is never found under another."""
    server.get("https://other.example.org/keys").respond(200, content=_set({**JWK, "kid": "other"}))
    await _has(cache)

    assert await cache.key("https://other.example.org/keys", "other", "ES384") is not None
    assert await cache.key("https://other.example.org/keys", "k", "ES384") is None


async def test_a_withdrawn_key_is_gone_with_the_next_fetch(
    cache: JwksCache, server: respx.MockRouter, clock: Clock
) -> None:
    """JWT-18: an empty set withdraws every key, unlike one that cannot be read."""
    await _has(cache)
    server["keys"].respond(200, content=_set())
    clock.seconds += HOUR

    assert not await _has(cache)


# ── outage ────────────────────────────────────────────────────────────────────────────────────────

FAILURES: dict[str, dict[str, Any]] = {
    "500": {"return_value": httpx.Response(500, content=_set(JWK))},
    "404": {"return_value": httpx.Response(404)},
    "204": {"return_value": httpx.Response(204)},
    "redirect": {"return_value": httpx.Response(302, headers={"Location": "https://evil.example.org/keys"})},
    "html": {"return_value": httpx.Response(200, html="<p>log in</p>")},
    "too large": {"return_value": httpx.Response(200, content=_set(JWK) + b" " * 256 * 1024)},
    "compressed": {
        "return_value": httpx.Response(
            200, content=gzip.compress(_set(JWK)), headers={"Content-Encoding": "gzip"}
        )
    },
    "refused": {"side_effect": httpcore2.ConnectError},
    "hung up": {"side_effect": httpcore2.RemoteProtocolError},
    "silent": {"side_effect": httpcore2.ReadTimeout},
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failed_fetch_gives_no_key(cache: JwksCache, server: respx.MockRouter, failure: str) -> None:
    """JWT-19, E-106: nothing cached and nothing to be had; a redirect is not followed."""
    elsewhere = server.get("https://evil.example.org/keys").respond(200, content=_set(JWK))
    server["keys"].mock(**FAILURES[failure])

    assert not await _has(cache)
    assert elsewhere.call_count == 0


@pytest.mark.parametrize("failure", FAILURES)
async def test_the_last_good_keys_bridge_an_outage_of_a_day(
    cache: JwksCache, server: respx.MockRouter, clock: Clock, failure: str
) -> None:
    """E-106: for 24 hours after they were fetched, and not longer."""
    await _has(cache)
    server["keys"].mock(**FAILURES[failure])
    clock.seconds += 24 * HOUR - 1
    in_time = await _has(cache)
    clock.seconds += 1

    assert (in_time, await _has(cache)) == (True, False)


@pytest.mark.parametrize("known", [True, False])
async def test_in_an_outage_one_caller_in_a_while_tries(
    cache: JwksCache, server: respx.MockRouter, clock: Clock, *, known: bool
) -> None:
    """E-106: one attempt in 30 seconds, with or without keys at hand, for known and unknown ids."""
    if known:
        await _has(cache)
        clock.seconds += HOUR
    before = server["keys"].call_count
    server["keys"].mock(side_effect=httpcore2.ConnectError)
    counts = []
    for seconds in (0.0, 1.0, 28.9, 0.1):
        clock.seconds += seconds
        await _has(cache)
        await _has(cache, "unknown")
        counts.append(server["keys"].call_count - before)

    assert counts == [1, 1, 1, 2]


async def test_the_cache_recovers_with_its_server(
    cache: JwksCache, server: respx.MockRouter, clock: Clock
) -> None:
    """E-106: half a minute after the outage at the latest."""
    server["keys"].mock(side_effect=httpcore2.ConnectError)
    await _has(cache)
    server["keys"].mock(return_value=httpx.Response(200, content=_set(JWK)), side_effect=None)
    clock.seconds += 30

    assert await _has(cache)


async def _trickle(stream: SocketStream) -> None:
    """Answer a byte at a time, without an end."""
    async with stream:
        with contextlib.suppress(anyio.BrokenResourceError):
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                await stream.send(b" ")
                await anyio.sleep(0.02)


async def test_a_server_that_never_ends_its_answer_is_given_up(http: httpx2.AsyncClient) -> None:
    """JWT-19: the time is that of the whole fetch, however many bytes trickle in."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - of anyio, not of Django
    url = f"http://127.0.0.1:{port}/"
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, _trickle)
        with anyio.fail_after(2):
            key = await JwksCache(http, patience=0.1).key(url, "k", "ES384")
        group.cancel_scope.cancel()

    assert key is None


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_is_logged_in_our_own_words(
    cache: JwksCache, server: respx.MockRouter, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    """JWT-16: the host, and what was wrong; nothing of what was answered."""
    caplog.set_level(logging.INFO)
    server["keys"].mock(**FAILURES[failure])
    await _has(cache)

    (message,) = caplog.messages
    assert message.startswith("keys not fetched from ehr.example.org: ")
    assert "log in" not in message


async def test_published_private_keys_are_reported(
    cache: JwksCache, server: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    """JWT-19: somebody should know, and the good keys beside them still count."""
    private = {**ECAlgorithm.to_jwk(EC_KEYS["P-256"], as_dict=True), "kid": "leaked"}
    server["keys"].respond(200, content=_set(private, JWK))

    assert await _has(cache)
    assert caplog.messages == ["private keys are published at ehr.example.org: tell its owner"]
