"""
The public keys of CDS clients: what a JSON Web Key Set offers, and a cache of the sets they publish.

A key that its client withdrew is used for a day at most. A set that cannot be fetched, or is no
key set, never replaces the one before it; an empty set does: it withdraws every key. Only keys
that can do nothing but verify are used, and only for the algorithms that fit them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)

_RSA = frozenset({"RS256", "RS384", "PS384"})
_FITTING = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS = range(2048, 8192 + 1)
_MAX_KEYS = 100

_MAX_BYTES = 256 * 1024
_FETCH_SECONDS = 2.0
_RETRY_SECONDS = 30.0
_KEPT_SECONDS = 24 * 3600.0
_DEFAULT_LIFETIME, _SHORTEST, _LONGEST = 3600.0, 300.0, 6 * 3600.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
# Without content coding, so that the limit on bytes is the limit on memory.
_HEADERS = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}


class KeySetError(ValueError):
    """A key set is none, or cannot be used; the message says why in fixed words."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms whose signatures may be verified with it."""

    kid: str
    algorithms: frozenset[str]
    public: RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a set; `private`: it also held private or secret keys, which are not used."""

    keys: tuple[Key, ...] = ()
    private: bool = False

    def find(self, kid: str, algorithm: str) -> Key | None:
        """Return the key of this id for this algorithm; None when there is none, or more than one."""
        found = [key for key in self.keys if key.kid == kid and algorithm in key.algorithms]
        return found[0] if len(found) == 1 else None


NO_KEYS = KeySet()


class _KeySetJson(msgspec.Struct):
    keys: Annotated[list[Any], msgspec.Meta(max_length=_MAX_KEYS)]


class _Jwk(msgspec.Struct):
    kid: str
    kty: str
    crv: str | None = None
    use: str | None = None
    alg: str | None = None
    key_ops: list[str] | None = None


def read_key_set(data: bytes) -> KeySet:
    """
    Read a JSON Web Key Set (RFC 7517); keys that cannot be used are left out.

    KeySetError when it is none, or has more keys than any client needs.
    """
    try:
        items = msgspec.json.decode(data, type=_KeySetJson).keys
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        msg = f"not a JSON object with `keys`, a list of at most {_MAX_KEYS}"
        raise KeySetError(msg) from error
    objects = [item for item in items if isinstance(item, dict)]
    public = [item for item in objects if _PRIVATE.isdisjoint(item)]
    keys = tuple(key for key in map(_key, public) if key)
    return KeySet(keys, private=len(public) < len(objects))


def _key(item: dict[str, Any]) -> Key | None:
    try:
        jwk = msgspec.convert(item, _Jwk)
        algorithms = _algorithms(jwk)
        public = RSAAlgorithm.from_jwk(item) if jwk.kty == "RSA" else ECAlgorithm.from_jwk(item)
    except (msgspec.ValidationError, PyJWTError, ValueError, TypeError, AttributeError):
        return None
    if not algorithms or not isinstance(public, RSAPublicKey | EllipticCurvePublicKey):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size not in _RSA_BITS:
        return None
    return Key(jwk.kid, algorithms, public)


def _algorithms(jwk: _Jwk) -> frozenset[str]:
    """Return what the key's own words and its type allow; empty for a key that is for other things."""
    if jwk.use not in {None, "sig"} or (jwk.key_ops is not None and "verify" not in jwk.key_ops):
        return frozenset()
    fitting = _FITTING.get((jwk.kty, jwk.crv), frozenset())
    return fitting if jwk.alg is None else fitting & {jwk.alg}


def http_client() -> httpx2.AsyncClient:
    """Return a client that goes where the registry says and nowhere else: no redirect, no proxy variables."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs every URL at INFO
    return httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=_FETCH_SECONDS)


@dataclass(slots=True)
class _Source:
    """What is known of one URL; the times are those of the cache's clock."""

    key_set: KeySet = NO_KEYS
    good_until: float = float("-inf")
    fresh_until: float = float("-inf")
    search_again_at: float = float("-inf")
    fetches: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class JwksCache:
    """
    Keys by URL, fetched when first needed, when they grow old, and when a key id is not among them.

    A set is fresh for its max-age, within 5 minutes and 6 hours (1 hour when it says nothing). Through an
    outage the last good set serves up to 24 hours after it was fetched; one attempt in 30 seconds. An
    unknown key id causes one fetch in 30 seconds. Callers who need the same fetch wait for one. It asks only
    URLs it is given, so give it those of the registry; it holds one set for each.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        now: Callable[[], float] = time.monotonic,
        patience: float = _FETCH_SECONDS,
    ) -> None:
        """now: seconds of a clock that never goes back. patience: seconds that one fetch may take in all."""
        self._http = http
        self._patience = patience
        self._now = now
        self._sources: dict[str, _Source] = {}

    async def key(self, url: str, kid: str, algorithm: str) -> Key | None:
        """Return the key, None when it is not to be had. Never raises for what the URL answers."""
        source = self._sources.setdefault(url, _Source())
        if self._now() >= source.fresh_until:
            await self._fetch(url, source)
            return self._found(source, kid, algorithm)
        found = self._found(source, kid, algorithm)
        if found is None and self._now() >= source.search_again_at:
            await self._fetch(url, source)
            source.search_again_at = self._now() + _RETRY_SECONDS
            return self._found(source, kid, algorithm)
        return found

    def _found(self, source: _Source, kid: str, algorithm: str) -> Key | None:
        return source.key_set.find(kid, algorithm) if self._now() < source.good_until else None

    async def _fetch(self, url: str, source: _Source) -> None:
        """Fetch once, or wait for the fetch that another caller has begun."""
        seen = source.fetches
        async with source.lock:
            if source.fetches == seen:
                await self._renew(url, source)
                source.fetches += 1

    async def _renew(self, url: str, source: _Source) -> None:
        try:
            async with asyncio.timeout(self._patience):
                key_set, lifetime = await self._read(url)
        except (httpx2.HTTPError, TimeoutError, KeySetError) as error:
            why = str(error) if isinstance(error, KeySetError) else type(error).__name__
            _LOG.warning("keys not fetched from %s: %s", httpx2.URL(url).host, why)
            source.fresh_until = source.search_again_at = self._now() + _RETRY_SECONDS
            return
        if key_set.private:
            _LOG.warning("private keys are published at %s: tell its owner", httpx2.URL(url).host)
        source.key_set = key_set
        source.fresh_until = self._now() + lifetime
        source.good_until = self._now() + _KEPT_SECONDS

    async def _read(self, url: str) -> tuple[KeySet, float]:
        """Return the key set at the URL and for how many seconds it is fresh."""
        async with self._http.stream("GET", url, headers=_HEADERS, follow_redirects=False) as response:
            if response.status_code != httpx2.codes.OK:
                msg = f"status {response.status_code}"
                raise KeySetError(msg)
            body = await _body(response)
        return read_key_set(body), _lifetime(response.headers.get("cache-control", ""))


async def _body(response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise KeySetError("it is compressed although that was declined")
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > _MAX_BYTES:
            msg = f"more than {_MAX_BYTES} bytes"
            raise KeySetError(msg)
        chunks.append(chunk)
    return b"".join(chunks)


def _lifetime(cache_control: str) -> float:
    stated = _MAX_AGE.search(cache_control)
    seconds = float(stated[1]) if stated else _DEFAULT_LIFETIME
    return min(max(seconds, _SHORTEST), _LONGEST)
