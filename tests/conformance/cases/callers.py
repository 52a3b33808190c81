"""E-97 to E-111: who calls, and what errors tell. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.cases.contexts import draft_of
from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.registry import case
from tests.conformance.house import IMAGING, IMAGING_SIGN, ORIGIN
from tests.conformance.phrases import SECRET
from tests.conformance.tokens import ALIAS, ISSUER, PUBLIC_URL, bearer
from tests.conformance.wire import JSON_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House, Json
    from tests.conformance.wire import Answered

PATH = f"/cds-services/{IMAGING}"
_HOUR = 3600


def _called(house: House, *headers: tuple[str, str]) -> Answered:
    """Call with these Authorization headers, and note whether the refusal is that of a call without any."""
    bare = house.trusting.call(house.body())
    answered = house.trusting.call(house.body(), headers=headers)
    same = (answered.body, answered.headers.get("www-authenticate")) == (bare.body, "Bearer")
    return replace(answered, facts={"the bare 401": same and answered.status == bare.status})


def _each(house: House, *tokens: str) -> Iterator[Answered]:
    for token in tokens:
        yield _called(house, bearer(token))


@case("E-97")
def _nobody(house: House) -> Iterator[Answered]:
    yield house.trusting.call(house.body(), headers=[("Origin", ORIGIN)])


@case("E-98")
def _untimely(house: House) -> Iterator[Answered]:
    now, sign = int(time.time()), house.signers.token
    yield from _each(
        house,
        sign(PATH, iat=now - 600, exp=now - 300),
        sign(PATH, nbf=now + 600, exp=now + 900),
        sign(PATH, iat=now + 600, exp=now + 900),
        sign(PATH, exp=now + 2 * _HOUR),
    )


@case("E-99")
def _for_others(house: House) -> Iterator[Answered]:
    http = PUBLIC_URL.replace("https", "http")
    others: tuple[object, ...] = (
        f"{PUBLIC_URL}/cds-services/{IMAGING_SIGN}",
        f"{PUBLIC_URL}/cds-services",
        f"{http}{PATH}",
        "",
        [],
    )
    yield from _each(house, *(house.signers.token(PATH, aud=other) for other in others))


@case("E-100")
def _for_several(house: House) -> Iterator[Answered]:
    several = ["https://elsewhere.example.org", PUBLIC_URL + PATH]
    yield from _each(
        house, house.signers.token(PATH, aud=several), house.signers.token(PATH, aud=ALIAS + PATH)
    )


@case("E-101")
def _algorithms(house: House) -> Iterator[Answered]:
    signers = house.signers
    unsigned = (signers.unsigned(PATH, name) for name in ("none", "None", "nOnE", "XX999", "ES384"))
    yield from _each(house, *unsigned, signers.symmetric(PATH), signers.token(PATH, header={"alg": "RS384"}))


@case("E-102")
def _unlisted(house: House) -> Iterator[Answered]:
    stranger, keys = house.ehr("stranger"), house.ehr("keys")
    jku = {"jku": f"{stranger.url}/jwks"}
    for issuer in ("https://elsewhere.example.org", f"{ISSUER}/"):
        answered = _called(house, bearer(house.signers.token(PATH, header=jku, iss=issuer)))
        yield _unfetched(answered, stranger.seen == [] and keys.seen == [])
    answered = _called(house, bearer(house.signers.token(PATH, header=jku)))
    yield _unfetched(answered, stranger.seen == [])


def _unfetched(answered: Answered, is_so: bool) -> Answered:  # noqa: FBT001 - what was seen
    return replace(answered, facts={**answered.facts, "nothing is fetched": is_so})


@case("E-103")
def _unknown_key(house: House) -> Iterator[Answered]:
    keys = house.ehr("keys")
    for _ in range(3):
        answered = _called(house, bearer(house.signers.token(PATH, header={"kid": "other"})))
        facts = {**answered.facts, "one fetch at most": len(keys.seen) <= 1}
        yield replace(answered, facts=facts)


@case("E-104")
def _replayed(house: House) -> Iterator[Answered]:
    token = house.signers.token(PATH)
    assert _called(house, bearer(token)).status == 200
    yield from _each(house, token, house.signers.token(PATH, jti=None))


@case("E-105")
def _tenants(house: House) -> Iterator[Answered]:
    issuer = f"{ISSUER}/clinic"
    assert _called(house, bearer(house.signers.token(PATH, iss=issuer))).status == 200
    yield from _each(house, *(house.signers.token(PATH, iss=issuer, tenant=name) for name in ("other", None)))


@case("E-106a")
def _keys_never_there(house: House) -> Iterator[Answered]:
    yield from _each(house, house.signers.token(PATH, iss=f"{ISSUER}/down"))


@case("E-106b")
def _keys_no_longer_there(house: House) -> Iterator[Answered]:
    for seconds in (0, 2 * _HOUR):
        house.signers.later += seconds
        yield _called(house, bearer(house.signers.token(PATH, iss=f"{ISSUER}/fading")))


@case("E-107a")
def _other_headers(house: House) -> Iterator[Answered]:
    token = house.signers.token
    yield _called(house, ("Authorization", "Basic bGJwOmNkcw=="))
    yield _called(house, bearer(token(PATH)), bearer(token(PATH)))
    yield _called(house, bearer(token(PATH), "Basic "))
    yield _called(house, bearer(token(PATH), ""))


@case("E-107b")
def _lower_case(house: House) -> Iterator[Answered]:
    for scheme in ("bearer ", "BEARER ", "Bearer   "):
        yield _called(house, bearer(house.signers.token(PATH), scheme))


@case("E-108")
def _of_2015(house: House) -> Iterator[Answered]:
    yield from _each(house, house.signers.token(PATH, iat=1422568860, exp=1422568860 + 300))


@case("E-109a")
def _embedded_keys(house: House) -> Iterator[Answered]:
    stranger = house.ehr("stranger")
    embedded = {"jwk": house.signers.jwk(house.signers.stranger), "x5u": f"{stranger.url}/x5u"}
    answered = _called(house, bearer(house.signers.token(PATH, header=embedded)))
    assert stranger.seen == []
    yield answered


@case("E-109b")
def _trust_me(house: House) -> Iterator[Answered]:
    signers = house.signers
    embedded = {"jwk": signers.jwk(signers.stranger)}
    critical = {"crit": ["exp"]}
    yield from _each(
        house,
        signers.token(PATH, header=embedded, stranger=True),
        signers.token(PATH, stranger=True),
        signers.token(PATH, header=critical),
        signers.token(PATH, header={"crit": []}),
    )


def _telling(house: House) -> Json:
    """Return a call that names the patient wherever it can, with a token."""
    body = with_server(house.body(), f"https://{SECRET}.example.org/fhir", SECRET)
    body["hookInstance"] = body["context"]["userId"] = body["context"]["encounterId"] = SECRET
    body[SECRET] = body["context"][SECRET] = body["prefetch"][SECRET] = SECRET
    draft_of(body)["note"] = [{"text": SECRET}]
    return body


_TELLING_HEADERS = (("Authorization", f"Bearer {SECRET}"), ("X-Patient", SECRET))


@case("E-110a")
def _telling_malformed(house: House) -> Iterator[Answered]:
    body = _telling(house)
    body["context"]["patientId"] = f"{SECRET}/{SECRET}"
    yield house.open.call(body, headers=_TELLING_HEADERS)


@case("E-110b")
def _telling_stranger(house: House) -> Iterator[Answered]:
    yield house.trusting.call(_telling(house), headers=_TELLING_HEADERS)


@case("E-110c")
def _telling_nowhere(house: House) -> Iterator[Answered]:
    yield house.open.call(_telling(house), SECRET, _TELLING_HEADERS)
    yield house.open.call(_telling(house), f"{SECRET}/feedback", _TELLING_HEADERS)


@case("E-110d")
def _telling_method(house: House) -> Iterator[Answered]:
    content = json.dumps(_telling(house)).encode()
    yield house.open.send("PUT", f"{PATH}?{SECRET}", content, (*JSON_HEADERS, *_TELLING_HEADERS))


@case("E-110e")
def _telling_too_little(house: House) -> Iterator[Answered]:
    body = _telling(house)
    body["prefetch"] = {SECRET: SECRET, "conditions": SECRET}
    yield house.open.call(body, headers=_TELLING_HEADERS)


@case("E-110f")
def _telling_too_much(house: House) -> Iterator[Answered]:
    content = json.dumps({**_telling(house), "x": SECRET * 700_000}).encode()
    yield house.open.send("POST", PATH, iter([content]), (*JSON_HEADERS, *_TELLING_HEADERS))


@case("E-110g")
def _telling_media_type(house: House) -> Iterator[Answered]:
    content = json.dumps(_telling(house)).encode()
    headers = (("Content-Type", f"application/{SECRET}"), *_TELLING_HEADERS)
    yield house.open.send("POST", PATH, content, headers)


@case("E-110h")
def _telling_failure(house: House) -> Iterator[Answered]:
    answered = house.broken.call(_telling(house), headers=[*_TELLING_HEADERS, ("Origin", ORIGIN)])
    assert answered.headers["access-control-allow-origin"] == ORIGIN
    assert b"Jane Doe" not in answered.body
    yield answered


@case("E-111")
def _markup(house: House) -> Iterator[Answered]:
    text = "MR <img src=x onerror=alert(1)> [click](javascript:alert(1)) Lumbar spine"
    body = house.body()
    draft_of(body)["code"]["text"] = text
    for entry in body["prefetch"]["conditions"]["entry"]:
        entry["resource"]["code"]["text"] = text
        for coding in entry["resource"]["code"]["coding"]:
            coding["display"] = text
    yield house.open.call(body)
