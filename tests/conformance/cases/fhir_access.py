"""E-75 to E-77 and E-89 to E-96: asking the EHR. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.prefetch_values import pain_of
from tests.conformance.cases.registry import case
from tests.conformance.ehrs import TOKEN, bundle
from tests.conformance.house import MISSING
from tests.conformance.wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

_WITH_CANCER = "cancer-history.lumbar-mri"
_FEW_REQUESTS = 30


def _first_page(house: House) -> Json:
    """Return the call for the patient with cancer, with the first of several pages of the problem list."""
    ehr = house.ehr("pages")
    body = house.body(_WITH_CANCER)
    query = "/Condition?patient=cancer-history&_count=1"
    page = send(ehr.url, "GET", query, headers=[("Authorization", f"Bearer {TOKEN}")])
    body["prefetch"]["conditions"] = page.json
    ehr.seen.clear()
    return body


def _unprovided(house: House) -> Json:
    """Return the usual call without problem list and temperatures."""
    body = house.body()
    del body["prefetch"]["conditions"], body["prefetch"]["redFlagObs"]
    return body


def _asked(house: House, name: str, **granted: object) -> Answered:
    """Call with a server that has to be asked for the problem list, and note what it saw."""
    ehr = house.ehr(name)
    answered = house.open.call(with_server(_unprovided(house), ehr.url, **granted))  # type: ignore[arg-type]
    queries = Counter((seen.path, seen.query) for seen in ehr.seen)
    facts = {
        "every request carries the token": ehr.tokens == {f"Bearer {TOKEN}"},
        "no request carries the token": not any(TOKEN in token for token in ehr.tokens),
        "each query once": bool(queries) and set(queries.values()) == {1},
    }
    return replace(answered, facts=facts)


@case("E-75")
def _pages(house: House) -> Iterator[Answered]:
    body = _first_page(house)
    ehr = house.ehr("pages")
    answered = house.open.call(with_server(body, ehr.url))
    facts = {"every request carries the token": ehr.tokens == {f"Bearer {TOKEN}"}}
    yield replace(answered, facts=facts)


@case("E-76")
def _first_page_only(house: House) -> Iterator[Answered]:
    body = _first_page(house)
    yield house.open.call(body)
    yield house.open.call({**body, "fhirServer": house.ehr("pages").url})


@case("E-77a")
def _pages_elsewhere(house: House) -> Iterator[Answered]:
    stranger, ehr = house.ehr("stranger"), house.ehr("sandbox")
    for url in (
        f"{stranger.url}/Condition?page=2",
        f"{stranger.url}@x",
        "//x/Condition",
        "file:///etc/passwd",
    ):
        body = house.body()
        body["prefetch"]["conditions"] = bundle(pain_of(house), after=url)
        answered = house.open.call(with_server(body, ehr.url))
        yield replace(answered, facts={"the other server was not asked": stranger.seen == []})


@case("E-77b")
def _pages_without_end(house: House) -> Iterator[Answered]:
    for name in ("endless", "loop"):
        ehr = house.ehr(name)
        body = house.body()
        body["prefetch"]["conditions"] = bundle(pain_of(house), after=f"{ehr.url}/Condition?page=1")
        answered = house.open.call(with_server(body, ehr.url))
        yield replace(answered, facts={"few requests": 0 < len(ehr.seen) <= _FEW_REQUESTS})


@case("E-89")
def _refused(house: House) -> Iterator[Answered]:
    for name in ("401", "403"):
        yield _asked(house, name)


@case("E-91")
def _failing(house: House) -> Iterator[Answered]:
    for name in ("429", "500", "hang", "drip"):
        yield _asked(house, name)


@case("E-92a")
def _garbage(house: House) -> Iterator[Answered]:
    for name in ("html", "truncated", "bomb", "huge"):
        yield _asked(house, name)


@case("E-92b")
def _redirected(house: House) -> Iterator[Answered]:
    stranger, ehr = house.ehr("stranger"), house.ehr("redirect")
    server = f"{ehr.url}/{stranger.url.rpartition(':')[2]}"
    answered = house.open.call(with_server(_unprovided(house), server))
    yield replace(answered, facts={"the other server was not asked": stranger.seen == [] and bool(ehr.seen)})


@case("E-93a")
def _lower_case(house: House) -> Iterator[Answered]:
    for kind in ("bearer", "BEARER"):
        yield _asked(house, "sandbox", token_type=kind)


@case("E-93b")
def _unusable_token(house: House) -> Iterator[Answered]:
    yield _asked(house, "sandbox", expires_in=0)
    yield _asked(house, "sandbox", expires_in=-5)
    yield _asked(house, "sandbox", token_type="MAC")  # noqa: S106 - a kind of token


@case("E-94")
def _incomplete_grant(house: House) -> Iterator[Answered]:
    yield _asked(house, "sandbox", subject=MISSING, scope=MISSING)


@case("E-95a")
def _token_of_another(house: House) -> Iterator[Answered]:
    yield house.open.call(with_server(house.body(), house.ehr("sandbox").url, patient="other"))


@case("E-95b")
def _only_a_token_of_another(house: House) -> Iterator[Answered]:
    yield house.open.call(with_server(_unprovided(house), house.ehr("sandbox").url, patient="other"))


@case("E-96")
def _narrow_scope(house: House) -> Iterator[Answered]:
    yield _asked(house, "no observations", scope=json.dumps("patient/Condition.rs"))
