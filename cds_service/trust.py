"""
Who calls: the JSON Web Token of a CDS client, checked against the registry (CDS Hooks 2.0.1, security).

Nothing is fetched for a token whose claims do not fit, and nowhere but from the URL in the
registry. Every refusal looks the same to the caller; the log has one fixed word for the reason,
the name of the client where it is registered, and nothing of the token.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import jwt
import msgspec

from .clients import ClientsError
from .errors import UntrustedClientError
from .replay import UsedTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .clients import Client
    from .jwks import Key

_LOG = logging.getLogger(__name__)

LEEWAY_SECONDS = 60
LONGEST_LIFE_SECONDS = 3600
_MAX_CHARACTERS = 16 * 1024

_JWS = jwt.PyJWS()
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class KeySource(Protocol):
    """Gives the public keys that a client publishes."""

    async def key(self, url: str, kid: str, algorithm: str) -> Key | None:
        """Return the key of this id for this algorithm, None when it is not to be had."""
        ...


class _Header(msgspec.Struct):
    """`crit` names extensions that must be understood; we know none. Embedded keys are not read."""

    alg: _Text
    kid: _Text
    typ: _Text
    jku: _Text | msgspec.UnsetType = msgspec.UNSET
    crit: Any = msgspec.UNSET


class _Claims(msgspec.Struct):
    iss: _Text
    aud: str | list[str]
    exp: float
    iat: float
    jti: _Text
    nbf: float | None = None
    tenant: str | None = None


class _RefusalError(Exception):
    """The token is not accepted; `reason` is a fixed word, `client` a registered name or empty."""

    def __init__(self, reason: str, client: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.client = client


def check_addresses(clients: Iterable[Client], public_url: str) -> None:
    """Raise ClientsError when there is no URL that a client's token may be meant for."""
    for client in clients:
        if not public_url and not client.audiences:
            msg = (
                f"clients.{client.name}.audiences: no URL that a token may be meant for: "
                "set CDS_PUBLIC_URL, or name the base URLs here"
            )
            raise ClientsError(msg)


class Trust:
    """Tells which registered client a call comes from."""

    def __init__(
        self,
        clients: Sequence[Client],
        *,
        public_url: str,
        keys: KeySource,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        public_url: the base under which clients reach us, "" when each client names its own.

        now: seconds since 1970. ClientsError when a client has no base URL to address.
        """
        check_addresses(clients, public_url)
        self._clients = {client.issuer: client for client in clients}
        self._public_url = public_url
        self._keys = keys
        self._now = now
        self._used = UsedTokens()

    async def caller(self, authorizations: Sequence[str], paths: Sequence[str]) -> Client:
        """
        Return the client that signed the token in the Authorization header.

        authorizations: every Authorization header of the call. paths: our URL paths that the
        token's `aud` may name, such as `/cds-services`. UntrustedClientError otherwise.
        """
        try:
            return await self._caller(_bearer_token(authorizations), paths)
        except _RefusalError as refusal:
            _LOG.warning("caller refused: %s (client %s)", refusal.reason, refusal.client or "unknown")
        # Outside of the handler, so that no reason travels with the error.
        raise UntrustedClientError

    async def _caller(self, token: str, paths: Sequence[str]) -> Client:
        header, claims = _parsed(token)
        client = self._clients.get(claims.iss)
        if client is None:
            raise _RefusalError("issuer")
        now = self._now()
        reason = _misfit(header, client) or self._not_for_us(claims, client, paths) or _untimely(claims, now)
        if not reason and client.tenants and claims.tenant not in client.tenants:
            reason = "tenant"
        if reason:
            raise _RefusalError(reason, client.name)
        await self._verify(token, header, client)
        # From here to the end nothing waits: two calls with one token cannot both come first.
        if not client.reuse_tokens and not self._is_first_use(client, claims, now):
            raise _RefusalError("replay", client.name)
        return client

    def _not_for_us(self, claims: _Claims, client: Client, paths: Sequence[str]) -> str:
        named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        bases = [base.rstrip("/") for base in (self._public_url, *client.audiences) if base]
        ours = {f"{base}{path}" for base in bases for path in paths}
        return "" if any(aud.removesuffix("/") in ours for aud in named) else "audience"

    def _is_first_use(self, client: Client, claims: _Claims, now: float) -> bool:
        until = claims.exp + LEEWAY_SECONDS
        return self._used.is_first_use(client.issuer, claims.jti, until=until, now=now)

    async def _verify(self, token: str, header: _Header, client: Client) -> None:
        if client.jwks_url:
            key = await self._keys.key(client.jwks_url, header.kid, header.alg)
        else:
            key = client.keys.find(header.kid, header.alg)
        if key is None:
            raise _RefusalError("key", client.name)
        try:
            _JWS.decode_complete(token, key.public, algorithms=[header.alg])
        except jwt.PyJWTError as error:
            raise _RefusalError("signature", client.name) from error


def _bearer_token(authorizations: Sequence[str]) -> str:
    if len(authorizations) != 1:
        raise _RefusalError("no header" if not authorizations else "several headers")
    if len(authorizations[0]) > _MAX_CHARACTERS:
        raise _RefusalError("size")
    words = authorizations[0].split()
    if len(words) != 2 or words[0].lower() != "bearer" or not words[1].isascii():  # noqa: PLR2004 - scheme, token
        raise _RefusalError("scheme")
    return words[1]


def _parsed(token: str) -> tuple[_Header, _Claims]:
    """Return what the token says of itself, not yet verified."""
    try:
        parts = _JWS.decode_complete(token, options={"verify_signature": False})
        header = msgspec.convert(parts["header"], _Header)
        claims = msgspec.json.decode(parts["payload"], type=_Claims)
    except (jwt.PyJWTError, msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _RefusalError("malformed") from error
    return header, claims


def _misfit(header: _Header, client: Client) -> str:
    """Return what of the header the client may not send, "" when it is in order."""
    if header.alg not in client.algorithms:
        return "algorithm"
    if header.typ.upper() != "JWT":
        return "type"
    if header.crit is not msgspec.UNSET:
        return "critical extension"
    if header.jku is not msgspec.UNSET and header.jku != client.jwks_url:
        return "key url"
    return ""


def _untimely(claims: _Claims, now: float) -> str:
    """Return what is wrong with the times, "" when the token is valid now."""
    if claims.exp + LEEWAY_SECONDS <= now:
        return "expired"
    if claims.iat > now + LEEWAY_SECONDS or (claims.nbf or 0) > now + LEEWAY_SECONDS:
        return "not yet valid"
    if not 0 < claims.exp - claims.iat <= LONGEST_LIFE_SECONDS:
        return "lifetime"
    return ""
