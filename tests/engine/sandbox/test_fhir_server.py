"""Reading from the sandbox server over HTTP: capabilities, read, search, pages, access."""

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from cds_service.sandbox.fhir_server import create_fhir_app
from cds_service.sandbox.outcome import FhirError
from cds_service.sandbox.paging import Paging
from cds_service.sandbox.store import Store

BASE = "http://ehr.test/fhir"


def observation(name: str, day: int = 1) -> dict[str, Any]:
    """Return a final Observation of patient 1 on a day of January 2026."""
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": f"2026-01-{day:02}",
    }


def links(bundle: dict[str, Any]) -> dict[str, str]:
    """Return the links of a Bundle by relation."""
    return {link["relation"]: link["url"] for link in bundle["link"]}


def ids(bundle: dict[str, Any]) -> list[str]:
    """Return the ids of a Bundle's resources, in order."""
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def test_the_capability_statement_is_valid_r4(client: TestClient) -> None:
    """It parses, says 4.0.1 and names the address that the caller used."""
    statement = client.get("metadata").json()

    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == BASE


def test_the_capability_statement_lists_only_what_works(client: TestClient) -> None:
    """Every search parameter it lists is accepted under handling=strict."""
    statement = client.get("metadata").json()
    values = {"token": "x", "reference": "Patient/1", "date": "ge2026-01-01"}

    answers = {
        client.get(
            resource["type"],
            params={param["name"]: values[param["type"]]},
            headers={"Prefer": "handling=strict"},
        ).status_code
        for resource in statement["rest"][0]["resource"]
        for param in resource["searchParam"]
    }

    assert answers == {200}


def test_a_read_gives_the_resource(client: TestClient, store: Store) -> None:
    """The body is the resource, as application/fhir+json, with its version as ETag."""
    store.put(observation("a"))

    answer = client.get("Observation/a")

    assert answer.json() == observation("a")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Observation/none", 404, "not-found"),
        ("Observation/deleted", 410, "deleted"),
        ("Dog/1", 404, "not-supported"),
        ("Dog", 404, "not-supported"),
        ("Observation/a/_history/1", 404, "not-found"),
    ],
)
def test_what_cannot_be_read_is_an_outcome(
    client: TestClient, store: Store, path: str, status: int, code: str
) -> None:
    """Unknown, deleted and unsupported are told apart, each as an OperationOutcome."""
    store.put(observation("deleted"))
    store.delete("Observation", "deleted")

    answer = client.get(path)

    get_fhir_model_class("OperationOutcome").model_validate(answer.json())
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (status, code)


def test_a_search_is_a_valid_searchset(client: TestClient, store: Store) -> None:
    """The Bundle parses, counts, and gives absolute fullUrls below the mounted base."""
    store.put(observation("a"))

    bundle = client.get("Observation", params={"patient": "1", "code": "http://loinc.org|72514-3"}).json()

    get_fhir_model_class("Bundle").model_validate(bundle)
    assert bundle["total"] == 1
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/Observation/a"
    assert bundle["entry"][0]["search"] == {"mode": "match"}
    assert links(bundle) == {"self": f"{BASE}/Observation?patient=1&code=http%3A%2F%2Floinc.org%7C72514-3"}


def test_finding_nothing_is_an_answer(client: TestClient) -> None:
    """An empty searchset has a total of zero and, as FHIR wants, no entry array."""
    bundle = client.get("Observation", params={"patient": "1"}).json()

    assert bundle["total"] == 0
    assert "entry" not in bundle


def test_a_search_by_post_is_the_same_search(client: TestClient, store: Store) -> None:
    """Parameters in a form, in the URL or in both mean the same; the self link shows them all."""
    store.put(observation("a"))
    store.put({**observation("b"), "subject": {"reference": "Patient/2"}})

    bundle = client.post("Observation/_search?patient=1", data={"code": "72514-3"}).json()

    assert ids(bundle) == ["a"]
    assert links(bundle)["self"] == f"{BASE}/Observation?patient=1&code=72514-3"


@pytest.mark.parametrize("form", [b"\xff=1", b"&".join(b"a=1" for _ in range(101))])
def test_an_unreadable_form_is_refused(client: TestClient, form: bytes) -> None:
    """A form that is no text, or has no end, is a 400."""
    answer = client.post("Observation/_search", content=form)

    assert answer.status_code == 400


def test_an_absolute_reference_to_this_server_is_understood(client: TestClient, store: Store) -> None:
    """A patient may be named by the full URL, but not by that of another server."""
    store.put(observation("a"))

    own = client.get("Observation", params={"patient": f"{BASE}/Patient/1"}).json()
    foreign = client.get("Observation", params={"patient": "http://other.test/fhir/Patient/1"}).json()

    assert (own["total"], foreign["total"]) == (1, 0)


def test_included_resources_are_marked(client: TestClient, store: Store) -> None:
    """An included Medication has its own search mode and does not count."""
    store.put({"resourceType": "Medication", "id": "m"})
    link = {"reference": "Medication/m"}
    store.put({"resourceType": "MedicationRequest", "id": "a", "medicationReference": link})

    bundle = client.get("MedicationRequest?_include=MedicationRequest:medication").json()

    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "include"]
    assert bundle["total"] == 1


def test_pages_are_capped_and_linked_to_the_end(client: TestClient, store: Store) -> None:
    """A page holds three although ten were asked for; following next gives each match once, in order."""
    for day in range(1, 8):
        store.put(observation(f"o{day}", day))

    page = client.get("Observation", params={"_sort": "-date", "_count": "10"}).json()
    first = page
    found = ids(page)
    while "next" in links(page):
        page = client.get(links(page)["next"]).json()
        found += ids(page)

    assert found == ["o7", "o6", "o5", "o4", "o3", "o2", "o1"]
    assert len(first["entry"]) == 3
    assert first["total"] == page["total"] == 7
    assert links(first)["self"].endswith("_sort=-date&_count=3")


def test_a_page_is_of_the_time_of_the_search(client: TestClient, store: Store) -> None:
    """What is written between two pages neither shifts nor repeats a match."""
    for day in range(1, 5):
        store.put(observation(f"o{day}", day))
    first = client.get("Observation", params={"_sort": "-date"}).json()
    store.put(observation("newer", 20))

    second = client.get(links(first)["next"]).json()

    assert ids(first) + ids(second) == ["o4", "o3", "o2", "o1"]


def test_a_count_of_zero_only_counts(client: TestClient, store: Store) -> None:
    """`_count=0` answers the total, without entries and without a page to follow."""
    store.put(observation("a"))

    bundle = client.get("Observation?_count=0").json()

    assert bundle["total"] == 1
    assert "entry" not in bundle
    assert list(links(bundle)) == ["self"]


def test_an_unknown_page_is_gone(client: TestClient, store: Store) -> None:
    """A made-up token, and one of another type, lead to an OperationOutcome and not to data."""
    for day in range(1, 5):
        store.put(observation(f"o{day}", day))
    token = links(client.get("Observation").json())["next"].partition("_page=")[2]

    answers = [client.get("Observation?_page=guess"), client.get(f"Condition?_page={token}")]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert {answer.json()["resourceType"] for answer in answers} == {"OperationOutcome"}


def test_pages_are_forgotten_one_day(store: Store) -> None:
    """Only the latest thousand pages are remembered, so that memory has a limit."""
    store.put(observation("a"))
    store.put(observation("b"))
    paging = Paging(cap=1)
    result = store.search("Observation", [])

    tokens = [
        links(paging.first("Observation", result, BASE))["next"].partition("_page=")[2] for _ in range(1001)
    ]

    assert ids(paging.page("Observation", tokens[-1], BASE)) == ["b"]
    with pytest.raises(FhirError, match="410"):
        paging.page("Observation", tokens[0], BASE)


def test_an_unknown_parameter_is_ignored_unless_strict(client: TestClient, store: Store) -> None:
    """Lenient leaves it out of the self link; strict refuses and names it."""
    store.put(observation("a"))

    lenient = client.get("Observation?patient=1&mood=good")
    strict = client.get(
        "Observation?patient=1&mood=good", headers={"Prefer": "return=minimal; handling=strict"}
    )

    assert links(lenient.json()) == {"self": f"{BASE}/Observation?patient=1"}
    assert strict.status_code == 400
    assert "'mood'" in strict.json()["issue"][0]["diagnostics"]


def test_head_and_options_are_answered(client: TestClient, store: Store) -> None:
    """HEAD tells what GET would; OPTIONS and a refused method list what the address takes."""
    store.put(observation("a"))

    head = client.head("Observation/a")
    options = client.options("Observation/a")
    refused = client.patch("Observation/a")

    assert head.status_code == 200
    assert (options.status_code, options.headers["allow"]) == (204, "DELETE, GET, HEAD, PUT")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, PUT")
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_a_browser_of_any_origin_may_use_the_server(client: TestClient) -> None:
    """The preflight allows the headers asked for, and answers expose what a client needs to read."""
    origin = {"Origin": "https://page.test"}
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, prefer",
    }

    preflight = client.options("Patient/1", headers={**origin, **asked})
    answer = client.get("Patient", headers=origin)

    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Location" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic s3cret", "Bearer", "Bearer s3cret\u00e4"])
def test_a_missing_or_wrong_token_is_challenged(given: str | None) -> None:
    """Only the right bearer token opens the server; the refusal is an OperationOutcome."""
    client = TestClient(create_fhir_app(Store(), token="s3cret"))  # noqa: S106 - a token for this test
    headers = {} if given is None else {"Authorization": given.encode()}

    answer = client.get("/Patient", headers=headers)  # type: ignore[arg-type]

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["issue"][0]["code"] == "login"


def test_the_right_token_opens_the_server_and_metadata_needs_none() -> None:
    """A client can learn of the token from /metadata before it has one."""
    client = TestClient(create_fhir_app(Store(), token="s3cret"))  # noqa: S106 - a token for this test

    opened = client.get("/Patient", headers={"Authorization": "bearer s3cret"})
    metadata = client.get("/metadata")

    assert (opened.status_code, metadata.status_code) == (200, 200)
    assert "token" in metadata.json()["rest"][0]["security"]["description"]


def test_links_follow_the_place_of_mounting(store: Store) -> None:
    """Mounted deeper, or not at all, the server still gives links that lead back to it."""
    store.put(observation("a"))
    app = create_fhir_app(store)
    deep = TestClient(
        Starlette(routes=[Mount("/ehr", routes=[Mount("/r4", app)])]), base_url="https://deep.test:8443"
    )
    bare = TestClient(app, base_url="http://bare.test")

    addresses = [
        client.get(path).json()["entry"][0]["fullUrl"]
        for client, path in ((deep, "/ehr/r4/Observation"), (bare, "/Observation"))
    ]

    assert addresses == ["https://deep.test:8443/ehr/r4/Observation/a", "http://bare.test/Observation/a"]


def test_a_page_must_hold_something() -> None:
    """A cap of zero would make pages without end."""
    with pytest.raises(ValueError, match="at least one"):
        create_fhir_app(Store(), page_cap=0)


def test_a_failure_of_the_sandbox_is_an_outcome(store: Store) -> None:
    """An error in the server itself is a 500 that gives nothing away."""
    store.search = lambda *_args, **_options: 1 / 0  # type: ignore[assignment,method-assign]
    client = TestClient(create_fhir_app(store), raise_server_exceptions=False)

    answer = client.get("/Patient")

    assert answer.status_code == 500
    assert answer.json()["issue"][0]["code"] == "exception"
