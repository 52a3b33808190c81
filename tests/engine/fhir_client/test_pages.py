"""Next links: followed below the same base, each once, within bounds; else the answer says there is more."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cds_service import Need
from cds_service.fhir_client.address import FhirBase
from cds_service.protocol import FhirAccess

if TYPE_CHECKING:
    from collections.abc import Callable

    import respx

    from cds_service.fhir_client import FhirClient

    Clients = Callable[..., FhirClient]
    Make = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.anyio

BASE = "https://ehr.example.org/fhir"
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
MORE = "more pages exist that were not read"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def _raw(page: dict[str, Any]) -> bytes:
    return json.dumps(page).encode()


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}?_getpages=abc&_offset=200",
        f"{BASE}/?_getpages=abc",
        f"{BASE}/Condition?page=2",
        "https://EHR.example.org:443/fhir/Condition?page=2",
        "?page=2",
        "Condition?page=2",
        "/fhir/Condition?page=2",
        "//ehr.example.org/fhir/Condition?page=2",
        f"{BASE}?query=a|b",
    ],
)
async def test_a_next_link_below_the_base_is_followed_with_the_token(  # noqa: PLR0913
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make, *, link: str
) -> None:
    """E-75, FA-02: absolute or relative, all pages make one answer, and each request carries the token."""
    replies = [bundle(pain(), after=link), bundle(pain("c2"))]
    route = http.get(host="ehr.example.org").mock(side_effect=[httpx.Response(200, json=x) for x in replies])
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1", "c2"]
    assert answer.complete
    assert [call.request.headers["authorization"] for call in route.calls] == ["Bearer token-of-the-call"] * 2


ASTRAY = [
    "https://evil.example/fhir?page=2",
    "http://ehr.example.org/fhir?page=2",
    "https://ehr.example.org:8443/fhir?page=2",
    "https://ehr.example.org/?page=2",
    "https://ehr.example.org/fhirx?page=2",
    "https://ehr.example.org/fhir/../admin?page=2",
    "https://ehr.example.org/fhir/%2e%2e/admin?page=2",
    "https://ehr.example.org@evil.example/fhir?page=2",
    "https://user@ehr.example.org/fhir?page=2",
    "https://ehr.example.org\\@evil.example/fhir",
    "https://ehr.example.org/fhir?page=2#x",
    "https://ehr.example.org/fhir?page= 2",
    "https://ehr.example.org/fhir?page=2\n",
    "https://ehr.example.org/fhir?page=ä",
    "https://[ehr.example.org/fhir?page=2",
    "https://ehr.example.org:x/fhir",
    "//evil.example/fhir?page=2",
    "../admin?page=2",
    "/admin?page=2",
    "ftp://ehr.example.org/fhir",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("link", ASTRAY)
async def test_a_next_link_that_leads_away_is_not_followed(  # noqa: PLR0913
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make, *, link: str
) -> None:
    """E-77, FA-09: no request leaves for another place; what was read counts and proves no absence."""
    everything = http.get().respond(json=bundle(pain(), after=link))
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1"]
    assert answer.gap == MORE
    assert everything.call_count == 1


@pytest.mark.parametrize("link", ASTRAY)
async def test_a_next_link_in_prefetch_is_no_more_trusted(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, *, link: str
) -> None:
    """It comes with the request, beside the address of the server, and leads no further than that."""
    value = _raw(bundle(after=link))
    answer = (await client(access, {CONDITIONS: value}, "p1"))["conditions"]

    assert answer.gap == MORE
    assert not http.calls


async def test_a_prefetch_value_is_continued_and_not_asked_for_again(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make
) -> None:
    """PRE-14: only the pages after it are read."""
    route = http.get(url=f"{BASE}/Condition?page=2").respond(json=bundle(pain("c2"), total=2))
    value = _raw(bundle(pain(), after=f"{BASE}/Condition?page=2", total=2))
    answer = (await client(access, {CONDITIONS: value}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1", "c2"]
    assert answer.complete
    assert (route.call_count, len(http.calls)) == (1, 1)


async def test_a_prefetch_value_is_kept_when_nobody_can_be_asked(
    http: respx.MockRouter, client: FhirClient, bundle: Make, pain: Make
) -> None:
    """E-76: what was sent proves presence."""
    value = _raw(bundle(pain(), after="?page=2"))
    for access in (FhirAccess("https://u@x"), FhirAccess(BASE, "no token"), FhirAccess(BASE, "t", 0)):
        answer = (await client(access, {CONDITIONS: value}, "p1"))["conditions"]
        assert [item.id for item in answer.resources] == ["c1"]
        assert answer.gap == MORE

    assert not http.calls


@pytest.mark.parametrize(
    "second",
    [
        httpx.Response(500),
        httpx.Response(401),
        httpx.Response(404),
        httpx.Response(200, json=OUTCOME),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"resourceType": "Patient", "id": "p1"}),
        httpx.Response(302, headers={"Location": "https://evil.example/"}),
    ],
)
async def test_a_page_that_fails_leaves_what_was_read(  # noqa: PLR0913
    http: respx.MockRouter,
    client: FhirClient,
    access: FhirAccess,
    bundle: Make,
    pain: Make,
    *,
    second: httpx.Response,
) -> None:
    """The first page proves presence; the missing one makes absence unknown."""
    http.get(path="/fhir/Condition").mock(
        side_effect=[httpx.Response(200, json=bundle(pain(), after="?page=2")), second]
    )
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c1"]
    assert answer.gap == MORE


async def test_what_is_no_answer_is_not_followed(
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make
) -> None:
    """A good second page does not make up for a first one of something else."""
    first = bundle({"resourceType": "Patient", "id": "p1"}, after="?page=2")
    route = http.get(path="/fhir/Condition").mock(
        side_effect=[httpx.Response(200, json=first), httpx.Response(200, json=bundle(pain()))]
    )
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert answer.gap == "the EHR's answer could not be read"
    assert route.call_count == 1


@pytest.mark.parametrize("link", ["Condition?patient=p1", "?patient=p1", f"{BASE}/Condition?patient=p1"])
async def test_a_page_is_read_once(  # noqa: PLR0913
    http: respx.MockRouter, client: FhirClient, access: FhirAccess, bundle: Make, pain: Make, *, link: str
) -> None:
    """E-77: a page that is its own next page is a loop, and more may exist."""
    route = http.get(path="/fhir/Condition").respond(json=bundle(pain(), after=link))
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert (answer.gap, route.call_count) == (MORE, 1)


async def test_pages_end_at_a_cap(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make, pain: Make
) -> None:
    """E-77: endless pages are read up to the cap, and their sameness counts once."""
    numbers = itertools.count(2)
    route = http.get(path="/fhir/Condition").mock(
        side_effect=lambda _request: httpx.Response(200, json=bundle(pain(), after=f"?page={next(numbers)}"))
    )
    client = client_of(20, pages=7)
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert (len(answer.resources), answer.gap, route.call_count) == (1, MORE, 7)


async def test_entries_end_at_a_cap(
    http: respx.MockRouter, access: FhirAccess, client_of: Clients, bundle: Make, pain: Make
) -> None:
    """No more than the cap is kept, and what was left out is told; without more pages too."""
    five = [pain(f"c{number}") for number in range(5)]
    others = [pain(f"d{number}") for number in range(5)]
    replies = [bundle(*five, after="?page=2"), bundle(*others, total=10)]
    http.get(path="/fhir/Condition").mock(side_effect=[httpx.Response(200, json=page) for page in replies])
    client = client_of(20, entries=8)
    answer = (await client(access, {CONDITIONS: None}, "p1"))["conditions"]

    assert [item.id for item in answer.resources] == ["c0", "c1", "c2", "c3", "c4", "d0", "d1", "d2"]
    assert answer.gap == "2 of 10 entries were not read"


@pytest.mark.parametrize("server", [BASE, "https://ehr.example.org/a/b/", "http://[::1]:8000/fhir"])
def test_a_base_covers_its_own_queries(server: str) -> None:
    """Whatever is asked for first could also be a next link."""
    base = FhirBase.of(server)

    assert base is not None
    query = base.query(CONDITIONS, "p1")
    assert base.next_page(str(query), None) == query
