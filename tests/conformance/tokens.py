"""
Tokens as CDS clients sign them, right and wrong, with keys made for this run.

Signed here and not by a library, which would refuse to make the wrong ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from cds_service.allow_list import LOOPBACK
from cds_service.clients import Client
from cds_service.jwks import read_key_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.ehrs import Ehr

    Json = dict[str, Any]

PUBLIC_URL, ALIAS = "https://cds.example.org", "https://cds.clinic.example.org/lbp"
ISSUER, TENANT, KID = "https://ehr.example.org/issuer", "clinic-1", "ehr/key+1="
_ES384 = ECAlgorithm(ECAlgorithm.SHA384)


@dataclass
class Signers:
    """The key of the registered clients, a stranger's key, and whether the fading key server is up."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP384R1()))
    stranger: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP384R1())
    )
    later: float = 0.0

    def monotonic(self) -> float:
        """Return the seconds of the key cache's clock, which a test may advance."""
        return time.monotonic() + self.later

    def jwk(self, key: ec.EllipticCurvePrivateKey) -> Json:
        """Return the public half of a key as a JWK."""
        found: Json = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**found, "kid": KID, "use": "sig", "alg": "ES384"}

    def jwks(self) -> bytes:
        """Return the key set that the clients publish."""
        return json.dumps({"keys": [self.jwk(self.key)]}).encode()

    def clients(self, ehrs: Mapping[str, Ehr]) -> tuple[Client, ...]:
        """Return the registry: clients that differ from the usual one as their names say."""
        url = {name: f"{ehr.url}/jwks" for name, ehr in ehrs.items()}
        return (
            Client("usual", ISSUER, url["keys"], audiences=(ALIAS,), fhir_servers=LOOPBACK),
            Client("clinic", f"{ISSUER}/clinic", url["keys"], tenants=frozenset({TENANT})),
            Client("down", f"{ISSUER}/down", url["500"]),
            Client("fading", f"{ISSUER}/fading", url["fading keys"]),
            Client("by-file", f"{ISSUER}/by-file", keys=read_key_set(self.jwks()), reuse_tokens=True),
            Client("picky", f"{ISSUER}/picky", url["keys"], selection_behavior="at-most-one"),
        )

    def token(
        self, path: str, *, header: Json | None = None, stranger: bool = False, **claims: object
    ) -> str:
        """
        Return a token of the usual client for a URL path of ours, sound but for what is given.

        header, claims: members that differ; None leaves a member out.
        """
        key = self.stranger if stranger else self.key
        return sealed(
            {"alg": "ES384", "kid": KID, "typ": "JWT", **(header or {})},
            {**_claims(path), **claims},
            lambda text: _ES384.sign(text, key),
        )

    def symmetric(self, path: str) -> str:
        """Return a token signed with the public key as if that was a shared secret."""
        secret = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        header = {"alg": "HS256", "kid": KID, "typ": "JWT"}
        return sealed(header, _claims(path), lambda text: hmac.digest(secret, text, hashlib.sha256))

    def unsigned(self, path: str, algorithm: str) -> str:
        """Return a token without signature, such as for the algorithm `none`."""
        return sealed({"alg": algorithm, "kid": KID, "typ": "JWT"}, _claims(path), lambda _text: b"")


def _claims(path: str) -> Json:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": PUBLIC_URL + path,
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid4()),
        "tenant": TENANT,
    }


def sealed(header: Json, claims: Json, sign: Any) -> str:  # noqa: ANN401 - bytes to bytes
    """Return the compact form; members that are None are left out."""
    parts = [{name: value for name, value in part.items() if value is not None} for part in (header, claims)]
    text = ".".join(_packed(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_packed(sign(text.encode()))}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bearer(token: str, scheme: str = "Bearer ") -> tuple[str, str]:
    """Return the header that carries a token."""
    return ("Authorization", f"{scheme}{token}")
