"""Who calls: tokens as clients sign them, and every way in which one is not good enough."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpcore2
import msgspec
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import get_default_algorithms

from cds_service.clients import Client, ClientsError
from cds_service.errors import UntrustedClientError
from cds_service.jwks import JwksCache, http_client, read_key_set
from cds_service.replay import UsedTokens
from cds_service.trust import Trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = [pytest.mark.trust, pytest.mark.anyio]

PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text(encoding="utf-8")

NOW = 1_800_000_000
BASE = "https://cds.example.org"
CALL = "/cds-services/lbp-imaging-order-select"
FEEDBACK = f"{CALL}/feedback"
JWKS_URL = "https://ehr.example.org/keys"

ALGORITHMS = get_default_algorithms()
EC_384 = ec.generate_private_key(ec.SECP384R1())
EC_256 = ec.generate_private_key(ec.SECP256R1())
RSA_2048 = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP384R1())
SIGNERS = {"ES384": EC_384, "ES256": EC_256, "RS384": RSA_2048, "RS256": RSA_2048, "PS384": RSA_2048}
EVERY_ALGORITHM = tuple(SIGNERS)

Json = dict[str, Any]


def _jwk(private: Any, kid: str) -> Json:  # noqa: ANN401 - an EC or an RSA key
    family = "ES384" if isinstance(private, ec.EllipticCurvePrivateKey) else "RS384"
    public: Json = ALGORITHMS[family].to_jwk(private.public_key(), as_dict=True)
    return {**public, "kid": kid}


def _jwks(*keys: Json) -> bytes:
    return msgspec.json.encode({"keys": list(keys)})


KEYS = read_key_set(_jwks(_jwk(EC_384, "ec-384"), _jwk(EC_256, "ec-256"), _jwk(RSA_2048, "a/b+c=")))
KIDS = {"ES384": "ec-384", "ES256": "ec-256", "RS384": "a/b+c=", "RS256": "a/b+c=", "PS384": "a/b+c="}
EHR = Client(name="mercy", issuer="https://ehr.example.org", keys=KEYS, algorithms=("ES384", "RS384"))
PUBLISHING = Client(name="mercy", issuer="https://ehr.example.org", jwks_url=JWKS_URL)

HEADER = {"alg": "ES384", "typ": "JWT", "kid": "ec-384"}
CLAIMS = {
    "iss": "https://ehr.example.org",
    "aud": f"{BASE}{CALL}",
    "iat": NOW,
    "exp": NOW + 300,
    "jti": "3c5d8f06-token",
}


def _segment(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _without(source: Json, *names: str) -> Json:
    return {name: value for name, value in source.items() if name not in names}


def signed(header: Json = HEADER, claims: Json | bytes = CLAIMS, signer: Any = None) -> str:  # noqa: ANN401 - any key
    """Return a token as written, right or wrong; signed by the key of its algorithm if none is given."""
    body = claims if isinstance(claims, bytes) else msgspec.json.encode(claims)
    content = _segment(msgspec.json.encode(header)) + b"." + _segment(body)
    algorithm = header.get("alg") if header.get("alg") in SIGNERS else "ES384"
    signature = ALGORITHMS[algorithm].sign(content, signer or SIGNERS[algorithm])
    return (content + b"." + _segment(signature)).decode()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on asyncio, as the service does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def trust_in() -> AsyncIterator[Callable[..., Trust]]:
    """Return what makes a Trust in some clients at NOW, or at a clock of the test's own."""
    async with http_client() as http:

        def make(*clients: Client, clock: Callable[[], float] = lambda: NOW, url: str = BASE) -> Trust:
            return Trust(clients, public_url=url, keys=JwksCache(http, now=clock), now=clock)

        yield make


async def _let_in(trust: Trust, headers: list[str], *paths: str) -> bool:
    try:
        await trust.caller(headers, paths or (CALL,))
    except UntrustedClientError:
        return False
    return True


async def _accepted(trust: Trust, token: str, *paths: str) -> bool:
    return await _let_in(trust, [f"Bearer {token}"], *paths)


# ── the good token ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", EVERY_ALGORITHM)
async def test_a_good_token_names_its_client(trust_in: Callable[..., Trust], algorithm: str) -> None:
    """JWT-02, JWT-05, JWT-10: each algorithm that a client may register, with keys given out of band."""
    client = replace(EHR, algorithms=EVERY_ALGORITHM)
    token = signed({**HEADER, "alg": algorithm, "kid": KIDS[algorithm]})

    assert await trust_in(client).caller([f"Bearer {token}"], [CALL]) is client


async def test_an_epic_like_token_is_accepted(trust_in: Callable[..., Trust]) -> None:
    """JWT-11, JWT-14, JWT-15: RS384, `sub`, `nbf` 5 minutes before `iat`, 15 minutes, kid with /+=."""
    header = {**HEADER, "alg": "RS384", "kid": "a/b+c="}
    claims = {**CLAIMS, "sub": "client-id", "nbf": NOW - 300, "exp": NOW + 900, "x": {"extra": True}}

    assert await _accepted(trust_in(EHR), signed(header, claims))


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {}", "  Bearer {}  "])
async def test_the_scheme_is_read_as_http_reads_it(trust_in: Callable[..., Trust], form: str) -> None:
    """JWT-20, E-107: the case of the scheme and extra spaces do not matter."""
    client = await trust_in(EHR).caller([form.format(signed())], [CALL])

    assert client is EHR


# ── the header ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Basic {}"],
        ["{}"],
        ["Bearer {}", "Bearer {}"],
        ["Bearer {}, Bearer {}"],
        ["Bearer {} x"],
        ["Bearer {}\u00e9"],
        ["Bearer opaque-access-token"],
        ["Bearer a.b"],
        ["Bearer ..."],
    ],
)
async def test_what_is_not_one_bearer_token_is_refused(
    trust_in: Callable[..., Trust], headers: list[str]
) -> None:
    """JWT-01, JWT-17, JWT-20, E-97, E-107: none, two, another scheme, a token of another kind."""
    with pytest.raises(UntrustedClientError):
        await trust_in(EHR).caller([header.format(signed(), signed()) for header in headers], [CALL])


@pytest.mark.parametrize(
    "header",
    [
        _without(HEADER, "kid"),
        {**HEADER, "kid": ""},
        {**HEADER, "kid": 7},
        {**HEADER, "kid": "nobody"},
        {**HEADER, "kid": "ec-256"},
        _without(HEADER, "typ"),
        {**HEADER, "typ": "at+jwt"},
        {**HEADER, "typ": None},
        {**HEADER, "crit": ["exp"], "exp": NOW},
        {**HEADER, "crit": []},
        {**HEADER, "crit": None},
        {**HEADER, "b64": False, "crit": ["b64"]},
        {**HEADER, "b64": True, "crit": ["b64"]},
        {**HEADER, "b64": False},
    ],
)
async def test_a_wrong_header_is_refused(trust_in: Callable[..., Trust], header: Json) -> None:
    """JWT-03, JWT-19, E-109: kid and typ are required; what must be understood is not understood."""
    assert not await _accepted(trust_in(EHR), signed(header))


async def test_the_type_is_compared_without_case(trust_in: Callable[..., Trust]) -> None:
    """JWT-03: `jwt` is JWT (RFC 7519)."""
    assert await _accepted(trust_in(EHR), signed({**HEADER, "typ": "jwt"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE"])
async def test_an_unsigned_token_is_refused(trust_in: Callable[..., Trust], algorithm: str) -> None:
    """JWT-04, E-101: whatever the spelling of none."""
    content = signed({**HEADER, "alg": algorithm}).rpartition(".")[0]

    assert not await _accepted(trust_in(EHR), f"{content}.")


@pytest.mark.parametrize(
    ("algorithm", "digest"), [("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")]
)
async def test_the_public_key_is_no_shared_secret(
    trust_in: Callable[..., Trust], algorithm: str, digest: str
) -> None:
    """JWT-04, E-101: a token that is signed with our copy of the public key as a secret is refused."""
    content = signed({**HEADER, "alg": algorithm}).rpartition(".")[0]
    secret = EC_384.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = hmac.new(secret, content.encode(), getattr(hashlib, digest)).digest()

    assert not await _accepted(trust_in(EHR), f"{content}.{_segment(signature).decode()}")


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS384", "ES512", "EdDSA", "es384", "", None, 7])
async def test_only_algorithms_of_the_client_are_accepted(
    trust_in: Callable[..., Trust], algorithm: object
) -> None:
    """JWT-05, E-101: also one we know, with a good signature, when this client did not register it."""
    header = {**HEADER, "alg": algorithm, "kid": KIDS.get(str(algorithm), "ec-384")}

    assert not await _accepted(trust_in(EHR), signed(header))


async def test_keys_that_a_token_brings_along_are_not_believed(trust_in: Callable[..., Trust]) -> None:
    """JWT-19, E-109: jwk, x5c and x5u are not read, so a stranger who embeds his key stays one."""
    embedded = {"jwk": _jwk(STRANGER, "ec-384"), "x5u": "https://evil.example.org/x", "x5c": ["AAAA"]}
    header = {**HEADER, **embedded}
    trust = trust_in(EHR)

    assert not await _accepted(trust, signed(header, signer=STRANGER))
    assert await _accepted(trust, signed(header))


# ── the claims ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "jti"])
async def test_every_required_claim_is_required(trust_in: Callable[..., Trust], name: str) -> None:
    """JWT-06, E-104: a token without it is refused."""
    assert not await _accepted(trust_in(EHR), signed(claims=_without(CLAIMS, name)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", ["https://ehr.example.org"]),
        ("iss", None),
        ("iss", ""),
        ("aud", {"0": CLAIMS["aud"]}),
        ("aud", None),
        ("aud", [CLAIMS["aud"], 7]),
        ("exp", str(NOW + 300)),
        ("exp", True),
        ("exp", None),
        ("iat", str(NOW)),
        ("iat", False),
        ("jti", 7),
        ("jti", ""),
        ("jti", None),
        ("nbf", "yesterday"),
        ("nbf", True),
        ("tenant", 7),
    ],
)
async def test_a_claim_of_another_type_is_refused(
    trust_in: Callable[..., Trust], name: str, value: object
) -> None:
    """JWT-06: times are numbers (a boolean is none), names are texts."""
    assert not await _accepted(trust_in(EHR), signed(claims={**CLAIMS, name: value}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        msgspec.json.encode(CLAIMS).replace(str(NOW + 300).encode(), b"NaN"),
        msgspec.json.encode(CLAIMS).replace(str(NOW + 300).encode(), b"1e999"),
        msgspec.json.encode(CLAIMS).replace(str(NOW + 300).encode(), b"9" * 5000),
    ],
)
async def test_claims_that_are_no_proper_json_are_refused(
    trust_in: Callable[..., Trust], body: bytes
) -> None:
    """JWT-06: not an error of ours, whatever a signed body holds."""
    assert not await _accepted(trust_in(EHR), signed(claims=body))


@pytest.mark.parametrize(
    "audience",
    [
        f"{BASE}/cds-services",
        f"{BASE}/cds-services/lbp-opioids-order-select",
        f"{BASE}{FEEDBACK}",
        f"http://cds.example.org{CALL}",
        f"https://other.example.org{CALL}",
        f"{BASE}{CALL}//",
        f"{BASE}{CALL}?x",
        f"{BASE}{CALL}x",
        BASE,
        CALL,
        "",
        "*",
        [],
        [f"{BASE}/cds-services"],
    ],
)
async def test_a_token_for_something_else_is_refused(
    trust_in: Callable[..., Trust], audience: object
) -> None:
    """JWT-07, E-99: another service, discovery, feedback, http for https, another host, nothing."""
    assert not await _accepted(trust_in(EHR), signed(claims={**CLAIMS, "aud": audience}))


@pytest.mark.parametrize(
    "audience", [f"{BASE}{CALL}", f"{BASE}{CALL}/", ["https://x.example.org", f"{BASE}{CALL}"]]
)
async def test_a_token_for_the_called_url_is_accepted(
    trust_in: Callable[..., Trust], audience: object
) -> None:
    """JWT-07, JWT-08, E-100: one or among several, with or without a trailing slash."""
    assert await _accepted(trust_in(EHR), signed(claims={**CLAIMS, "aud": audience}))


@pytest.mark.parametrize("url", [BASE, f"{BASE}/", ""])
async def test_a_client_may_know_us_by_another_name(trust_in: Callable[..., Trust], url: str) -> None:
    """JWT-08: behind a proxy the URL that was typed in at the EHR counts, not the Host that arrives here."""
    client = replace(EHR, audiences=("https://proxy.example.org/lbp/",))
    claims = {**CLAIMS, "aud": f"https://proxy.example.org/lbp{CALL}"}

    assert await _accepted(trust_in(client, url=url), signed(claims=claims))


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
async def test_discovery_has_an_audience_of_its_own(trust_in: Callable[..., Trust], path: str) -> None:
    """DISC-16: a token for discovery is accepted there, and one for a service is not."""
    trust = trust_in(EHR)

    assert await _accepted(trust, signed(claims={**CLAIMS, "aud": f"{BASE}{path}"}), "/cds-services")
    assert not await _accepted(trust, signed(claims={**CLAIMS, "jti": "2"}), "/cds-services")


@pytest.mark.parametrize("path", [CALL, FEEDBACK])
async def test_feedback_may_be_meant_for_service_or_feedback(
    trust_in: Callable[..., Trust], path: str
) -> None:
    """FB-11: clients sign for either URL."""
    claims = {**CLAIMS, "aud": f"{BASE}{path}"}

    assert await _accepted(trust_in(EHR), signed(claims=claims), FEEDBACK, CALL)


def test_without_any_base_url_nobody_could_call() -> None:
    """JWT-08: refuses to start, and names the client and what to set."""
    with pytest.raises(ClientsError, match=r"clients\.mercy\.audiences: .*CDS_PUBLIC_URL"):
        Trust([EHR], public_url="", keys=JwksCache(http_client()))


@pytest.mark.parametrize(
    ("times", "accepted"),
    [
        ({"exp": NOW - 59, "iat": NOW - 300}, True),
        ({"exp": NOW - 60, "iat": NOW - 300}, False),
        ({"exp": NOW - 1000, "iat": NOW - 1300}, False),
        ({"exp": 1_422_568_860, "iat": 1_422_568_560}, False),
        ({"iat": NOW + 60}, True),
        ({"iat": NOW + 61}, False),
        ({"nbf": NOW + 60}, True),
        ({"nbf": NOW + 61}, False),
        ({"nbf": None}, True),
        ({"exp": NOW + 3600}, True),
        ({"exp": NOW + 3601}, False),
        ({"exp": NOW + 300, "iat": NOW - 3301}, False),
        ({"exp": NOW, "iat": NOW}, False),
        ({"exp": NOW + 10, "iat": NOW + 20}, False),
        ({"exp": NOW + 300.5, "iat": NOW - 0.5}, True),
        ({"exp": 1e308}, False),
        ({"iat": -1e308}, False),
    ],
)
async def test_a_token_is_good_for_its_time_only(
    trust_in: Callable[..., Trust], times: Json, *, accepted: bool
) -> None:
    """JWT-14, JWT-15, E-98, E-108: expired, not yet valid, from the future, over an hour; 60 s of skew."""
    assert await _accepted(trust_in(EHR), signed(claims={**CLAIMS, **times})) is accepted


@pytest.mark.parametrize(
    ("listed", "tenant", "accepted"),
    [
        ({"north"}, "north", True),
        ({"north"}, "south", False),
        ({"north"}, None, False),
        ({"north"}, "", False),
        (set(), "south", True),
        (set(), None, True),
    ],
)
async def test_tenants_are_allowed_by_name(
    trust_in: Callable[..., Trust], listed: set[str], tenant: str | None, *, accepted: bool
) -> None:
    """JWT-12, E-105: where tenants are listed, a token must name one of them."""
    client = replace(EHR, tenants=frozenset(listed))

    assert await _accepted(trust_in(client), signed(claims={**CLAIMS, "tenant": tenant})) is accepted


# ── the signature ─────────────────────────────────────────────────────────────────────────────────


async def test_a_token_that_was_changed_is_refused(trust_in: Callable[..., Trust]) -> None:
    """JWT-12: the signature covers header and claims."""
    head, _, tail = signed().split(".")
    forged = _segment(msgspec.json.encode({**CLAIMS, "tenant": "north"})).decode()

    assert not await _accepted(trust_in(EHR), f"{head}.{forged}.{tail}")


@pytest.mark.parametrize("signature", ["", "AAAA", "A" * 128, "!!"])
async def test_a_made_up_signature_is_refused(trust_in: Callable[..., Trust], signature: str) -> None:
    """JWT-12: of any length."""
    content = signed().rpartition(".")[0]

    assert not await _accepted(trust_in(EHR), f"{content}.{signature}")


async def test_one_client_cannot_sign_as_another(trust_in: Callable[..., Trust]) -> None:
    """JWT-09: each issuer has its own keys, also when both use the same key id."""
    other = Client(
        name="other",
        issuer="https://other.example.org",
        keys=read_key_set(_jwks(_jwk(STRANGER, "ec-384"))),
    )
    trust = trust_in(EHR, other)

    assert not await _accepted(trust, signed(signer=STRANGER))
    assert await _accepted(trust, signed(claims={**CLAIMS, "iss": other.issuer}, signer=STRANGER))


@respx.mock
async def test_nothing_is_fetched_for_a_stranger(trust_in: Callable[..., Trust]) -> None:
    """JWT-09, E-102: an unknown issuer is refused, and neither its jku nor the client's own URL is asked."""
    everything = respx.route().respond(200, content=_jwks(_jwk(STRANGER, "ec-384")))
    header = {**HEADER, "jku": "https://evil.example.org/keys"}
    claims = {**CLAIMS, "iss": "https://evil.example.org"}

    assert not await _accepted(trust_in(PUBLISHING), signed(header, claims, STRANGER))
    assert everything.call_count == 0


@pytest.mark.parametrize(
    "jku",
    [
        "https://evil.example.org/keys",
        f"{JWKS_URL}/",
        f"{JWKS_URL}?x",
        "http://ehr.example.org/keys",
        "https://EHR.example.org/keys",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
        None,
        7,
    ],
)
@respx.mock
async def test_a_jku_must_be_the_registered_url(trust_in: Callable[..., Trust], jku: object) -> None:
    """JWT-09, E-102: any other is refused before anything is fetched."""
    everything = respx.route().respond(200, content=_jwks(_jwk(STRANGER, "ec-384")))

    assert not await _accepted(trust_in(PUBLISHING), signed({**HEADER, "jku": jku}, signer=STRANGER))
    assert everything.call_count == 0


@pytest.mark.parametrize("jku", [{}, {"jku": JWKS_URL}])
@respx.mock
async def test_published_keys_are_fetched_from_the_registered_url(
    trust_in: Callable[..., Trust], jku: Json
) -> None:
    """JWT-09, JWT-18: with and without jku."""
    respx.get(JWKS_URL).respond(200, content=_jwks(_jwk(EC_384, "ec-384")))

    assert await _accepted(trust_in(PUBLISHING), signed({**HEADER, **jku}))


async def test_a_jku_helps_nobody_whose_keys_were_given(trust_in: Callable[..., Trust]) -> None:
    """JWT-09, JWT-10: a client without a registered URL must not name one."""
    assert not await _accepted(trust_in(EHR), signed({**HEADER, "jku": JWKS_URL}))
    assert not await _accepted(trust_in(EHR), signed({**HEADER, "jku": ""}))


@pytest.mark.parametrize(
    "claims",
    [{"aud": f"{BASE}/cds-services"}, {"exp": NOW - 1000, "iat": NOW - 1300}, {"jti": ""}],
)
@respx.mock
async def test_nothing_is_fetched_for_claims_that_do_not_fit(
    trust_in: Callable[..., Trust], claims: Json
) -> None:
    """JWT-12: audience and times are looked at before keys."""
    asked = respx.get(JWKS_URL).respond(200, content=_jwks(_jwk(EC_384, "ec-384")))

    assert not await _accepted(trust_in(PUBLISHING), signed(claims={**CLAIMS, **claims}))
    assert asked.call_count == 0


@respx.mock
async def test_rotated_keys_are_found(trust_in: Callable[..., Trust]) -> None:
    """JWT-11: a key id that is not known yet is looked for once more, at once."""
    rotating = respx.get(JWKS_URL)
    rotating.respond(200, content=_jwks(_jwk(EC_384, "ec-384")))
    trust = trust_in(PUBLISHING)
    await trust.caller([f"Bearer {signed()}"], [CALL])
    rotating.respond(200, content=_jwks(_jwk(STRANGER, "ec-new")))
    token = signed({**HEADER, "kid": "ec-new"}, {**CLAIMS, "jti": "2"}, STRANGER)

    assert await _accepted(trust, token)
    assert rotating.call_count == 2


@respx.mock
async def test_an_unknown_key_is_looked_for_once(trust_in: Callable[..., Trust]) -> None:
    """JWT-11, E-103: one fetch for a stream of tokens with made-up key ids, each refused."""
    asked = respx.get(JWKS_URL).respond(200, content=_jwks(_jwk(EC_384, "ec-384")))
    trust = trust_in(PUBLISHING)
    await trust.caller([f"Bearer {signed()}"], [CALL])

    answers = [await _accepted(trust, signed({**HEADER, "kid": f"made-up-{n}"})) for n in range(20)]

    assert answers == [False] * 20
    assert asked.call_count == 2


@respx.mock
async def test_cached_keys_bridge_an_outage(trust_in: Callable[..., Trust]) -> None:
    """E-106: known callers are let in while the key server is down; nobody is when nothing is cached."""
    time = [float(NOW)]
    server = respx.get(JWKS_URL).respond(200, content=_jwks(_jwk(EC_384, "ec-384")))
    known, new = (trust_in(PUBLISHING, clock=lambda: time[0]) for _ in range(2))
    await known.caller([f"Bearer {signed()}"], [CALL])
    server.side_effect = httpcore2.ConnectError
    time[0] += 2 * 3600
    later = {**CLAIMS, "iat": time[0], "exp": time[0] + 300}

    assert await _accepted(known, signed(claims=later))
    assert not await _accepted(new, signed(claims=later))


# ── each token once ───────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_good_once(trust_in: Callable[..., Trust]) -> None:
    """JWT-12, E-104: the second use is refused, also as another token with the same jti."""
    trust = trust_in(EHR)

    assert await _accepted(trust, signed())
    assert not await _accepted(trust, signed())
    assert not await _accepted(trust, signed(claims={**CLAIMS, "exp": NOW + 301}))


async def test_a_token_stays_used_through_the_leeway(trust_in: Callable[..., Trust]) -> None:
    """JWT-12, JWT-14: it is remembered as long as the clock skew would let it in, not only to its exp."""
    time = [float(NOW)]
    trust = trust_in(EHR, clock=lambda: time[0])
    await trust.caller([f"Bearer {signed()}"], [CALL])
    time[0] = CLAIMS["exp"] + 59.9

    assert not await _accepted(trust, signed())
    assert await _accepted(trust, signed(claims={**CLAIMS, "jti": "another"}))


async def test_a_forgery_does_not_use_up_the_real_token(trust_in: Callable[..., Trust]) -> None:
    """JWT-12: only what was verified is remembered, or anyone could lock a client out."""
    trust = trust_in(EHR)

    assert not await _accepted(trust, signed(signer=STRANGER))
    assert await _accepted(trust, signed())


async def test_two_clients_may_choose_the_same_token_id(trust_in: Callable[..., Trust]) -> None:
    """JWT-12: a jti is unique for its issuer only."""
    other = replace(EHR, name="other", issuer="https://other.example.org")
    trust = trust_in(EHR, other)

    assert await _accepted(trust, signed())
    assert await _accepted(trust, signed(claims={**CLAIMS, "iss": other.issuer}))


@respx.mock
async def test_of_simultaneous_uses_one_is_first(trust_in: Callable[..., Trust]) -> None:
    """JWT-12: twenty calls with one token that all wait for the keys: one is let in."""
    respx.get(JWKS_URL).respond(200, content=_jwks(_jwk(EC_384, "ec-384")))
    trust, answers = trust_in(PUBLISHING), []

    async def call() -> None:
        answers.append(await _accepted(trust, signed()))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(call)

    assert answers.count(True) == 1


async def test_a_client_may_be_allowed_to_repeat_its_token(trust_in: Callable[..., Trust]) -> None:
    """JWT-13: `reuse_tokens` of the registry."""
    trust = trust_in(replace(EHR, reuse_tokens=True))

    assert await _accepted(trust, signed())
    assert await _accepted(trust, signed())


def test_used_tokens_are_forgotten_when_they_expire() -> None:
    """JWT-13: the memory holds what could still be used, and nothing else."""
    used = UsedTokens()
    for n in range(1000):
        used.is_first_use("ehr", str(n), until=100 + n, now=0)

    assert used.is_first_use("ehr", "new", until=5000, now=1050)
    assert len(used) == 1000 - 951 + 1


def test_the_memory_of_used_tokens_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """JWT-13: beyond the limit the soonest to expire is forgotten first; said once in the log."""
    used = UsedTokens(limit=10)
    for n in range(25):
        assert used.is_first_use("ehr", str(n), until=100 + n, now=0)

    assert len(used) == 10
    assert not used.is_first_use("ehr", "24", until=200, now=0)
    assert used.is_first_use("ehr", "0", until=200, now=0)
    assert len(caplog.records) == 1


# ── the refusal ───────────────────────────────────────────────────────────────────────────────────

REFUSED = {
    "several headers": [f"Bearer {signed()}"] * 2,
    "no header": [],
    "scheme": [f"Basic {signed()}"],
    "size": [f"Bearer {signed(claims={**CLAIMS, 'x': 'x' * 16_384})}"],
    "malformed": [f"Bearer {signed(claims=b'[]')}"],
    "issuer": [f"Bearer {signed(claims={**CLAIMS, 'iss': 'https://secret.example.org'})}"],
    "algorithm": [f"Bearer {signed({**HEADER, 'alg': 'HS256'})}"],
    "type": [f"Bearer {signed({**HEADER, 'typ': 'secret'})}"],
    "critical extension": [f"Bearer {signed({**HEADER, 'crit': ['b64'], 'b64': True})}"],
    "key url": [f"Bearer {signed({**HEADER, 'jku': 'https://secret.example.org'})}"],
    "audience": [f"Bearer {signed(claims={**CLAIMS, 'aud': 'https://secret.example.org'})}"],
    "expired": [f"Bearer {signed(claims={**CLAIMS, 'exp': NOW - 60, 'iat': NOW - 90})}"],
    "not yet valid": [f"Bearer {signed(claims={**CLAIMS, 'iat': NOW + 100})}"],
    "lifetime": [f"Bearer {signed(claims={**CLAIMS, 'exp': NOW + 7200})}"],
    "tenant": [f"Bearer {signed(claims={**CLAIMS, 'tenant': 'secret'})}"],
    "key": [f"Bearer {signed({**HEADER, 'kid': 'secret'}, {**CLAIMS, 'tenant': 'north'})}"],
    "signature": [f"Bearer {signed(claims={**CLAIMS, 'tenant': 'north'}, signer=STRANGER)}"],
}
NORTH = replace(EHR, tenants=frozenset({"north"}))


@pytest.mark.parametrize("reason", REFUSED)
async def test_every_refusal_looks_the_same(trust_in: Callable[..., Trust], reason: str) -> None:
    """JWT-16, E-97, E-110: the same bare 401 with WWW-Authenticate, without a cause to print."""
    with pytest.raises(UntrustedClientError) as caught:
        await trust_in(NORTH).caller(REFUSED[reason], [CALL])

    error = caught.value
    assert (error.status, error.issue, error.message) == (401, "login", "the caller is not known here")
    assert (error.headers, error.expression) == ({"WWW-Authenticate": "Bearer"}, "")
    assert (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("reason", REFUSED)
async def test_the_log_has_the_reason_and_nothing_of_the_token(
    trust_in: Callable[..., Trust], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """JWT-16: one line, a fixed word, the client's name only where it is registered."""
    caplog.set_level(logging.DEBUG)

    assert not await _let_in(trust_in(NORTH), REFUSED[reason])
    unknown = reason in {"several headers", "no header", "scheme", "size", "malformed", "issuer"}
    client = "unknown" if unknown else "mercy"
    assert [record.getMessage() for record in caplog.records if record.name.startswith("cds_service")] == [
        f"caller refused: {reason} (client {client})"
    ]
    assert "secret" not in caplog.text
    assert not any(word in caplog.text for header in REFUSED[reason] for word in header.split()[1:])


@pytest.mark.parametrize("reason", [*REFUSED, "replay"])
def test_the_page_explains_every_reason(reason: str) -> None:
    """docs/integrators.md: what to look at when the log says so."""
    table = PAGE.partition("| the log says |")[2].partition("##")[0]

    assert f"`{reason}`" in table


async def test_a_replay_is_refused_like_anything_else(
    trust_in: Callable[..., Trust], caplog: pytest.LogCaptureFixture
) -> None:
    """JWT-16, E-104: and the log says that it was one."""
    trust = trust_in(EHR)
    await trust.caller([f"Bearer {signed()}"], [CALL])

    assert not await _accepted(trust, signed())
    assert caplog.messages == ["caller refused: replay (client mercy)"]


async def test_an_accepted_call_leaves_no_trace_of_its_token(
    trust_in: Callable[..., Trust], caplog: pytest.LogCaptureFixture
) -> None:
    """JWT-16: neither token nor jti is written anywhere, at any level."""
    caplog.set_level(logging.DEBUG)
    token = signed()
    await trust_in(EHR).caller([f"Bearer {token}"], [CALL])

    assert token not in caplog.text
    assert CLAIMS["jti"] not in caplog.text


async def test_an_oversized_token_is_not_even_parsed(
    trust_in: Callable[..., Trust], caplog: pytest.LogCaptureFixture
) -> None:
    """JWT-19: 16 kB are enough for any client; the limit comes before scheme, Base64 and JSON."""
    assert not await _let_in(trust_in(EHR), ["Basic " + "x" * 16_384])
    assert caplog.messages == ["caller refused: size (client unknown)"]
