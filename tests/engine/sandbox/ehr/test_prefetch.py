"""Prefetch as an EHR fills it, and what each value tells a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from cds_service.sandbox.ehr import FhirServer, Service, fill_prefetch
from cds_service.sandbox.ehr.prefetch import PAGE_CAP, expanded

if TYPE_CHECKING:
    import responses

FHIR = "http://ehr.test/fhir"
OPEN = FhirServer(FHIR)
GUARDED = FhirServer(FHIR, token="letmein")  # noqa: S106 - invented for this test
CONTEXT = {"userId": "Practitioner/7", "patientId": "123"}
READ = "Patient/{{context.patientId}}"
SEARCH = "Condition?patient={{context.patientId}}"
CONDITIONS = f"{FHIR}/Condition?patient=123"


def asking(template: str) -> Service:
    """Return a service with this one template under the key `it`."""
    return Service("s", "patient-view", "", "d", {"it": template})


def page(*ids: str, following: object = None) -> dict[str, Any]:
    """Return a searchset with a Condition for each id, and a next link to `following`."""
    links = [{"relation": "self", "url": "this"}]
    links += [{"relation": "next", "url": following}] if following is not None else []
    entries = [{"resource": {"resourceType": "Condition", "id": one}} for one in ids]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def ids(bundle: object) -> list[str]:
    """Return the ids of the resources in a Bundle."""
    assert isinstance(bundle, dict)
    return [entry["resource"]["id"] for entry in bundle["entry"]]


@pytest.mark.parametrize(
    ("template", "query"),
    [
        (READ, "Patient/123"),
        ("{{context.userId}}", "Practitioner/7"),
        ("Practitioner/{{userPractitionerId}}", "Practitioner/7"),
        (f"{SEARCH}&code=http://loinc.org|1-8", "Condition?patient=123&code=http://loinc.org|1-8"),
        ("Encounter/{{context.encounterId}}", None),
        ("Patient/{{userPatientId}}", None),
        ("Observation?date=ge{{today()}}", None),
        ("Condition?patient={{context.draftOrders}}", None),
    ],
)
def test_tokens_become_values_or_the_query_cannot_be_asked(template: str, query: str | None) -> None:
    """Ids of context and user are filled in; a token without a value leaves no query."""
    assert expanded(template, {**CONTEXT, "draftOrders": {}}) == query


@pytest.mark.parametrize(
    "template", ["http://elsewhere.test/Patient/1", "/Patient/1", "Patient/1/../../admin", "Patient", ""]
)
def test_a_template_leads_nowhere_but_to_fhir_reads_and_searches(template: str) -> None:
    """The token of the EHR cannot be sent to an address that a service thinks up."""
    assert expanded(template, CONTEXT) is None


def test_a_value_cannot_add_parameters() -> None:
    """Characters that mean something in a URL are escaped."""
    query = expanded(SEARCH, {"patientId": "1&_count=0"})

    assert query == "Condition?patient=1%26_count%3D0"


def test_a_key_that_cannot_be_asked_is_left_out(session: requests.Session) -> None:
    """An unresolved token is not the same as "none on record"."""
    filled = fill_prefetch(session, OPEN, asking("Encounter/{{context.encounterId}}"), CONTEXT)

    assert filled == {}


def test_a_read_gives_the_resource(http: responses.RequestsMock, session: requests.Session) -> None:
    """The bare resource is the value, and the EHR's own token opened the door."""
    http.get(f"{FHIR}/Patient/123", json={"resourceType": "Patient", "id": "123"})

    filled = fill_prefetch(session, GUARDED, asking(READ), CONTEXT)

    assert filled == {"it": {"resourceType": "Patient", "id": "123"}}
    assert http.calls[0].request.headers["Authorization"] == "Bearer letmein"


@pytest.mark.parametrize("status", [404, 410])
def test_a_read_of_nothing_gives_null(
    http: responses.RequestsMock, session: requests.Session, status: int
) -> None:
    """The EHR knows that it has no such resource."""
    http.get(f"{FHIR}/Patient/123", status=status)

    assert fill_prefetch(session, OPEN, asking(READ), CONTEXT) == {"it": None}


def test_an_empty_search_stays_a_searchset(http: responses.RequestsMock, session: requests.Session) -> None:
    """A Bundle without entries is passed on as it came."""
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    http.get(CONDITIONS, json=empty)

    assert fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT) == {"it": empty}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "login"),
        (403, "forbidden"),
        (404, "not-found"),
        (429, "throttled"),
        (503, "transient"),
        (504, "timeout"),
        (500, "exception"),
        (302, "exception"),
        (499, "exception"),
    ],
)
def test_a_failed_search_gives_an_operation_outcome(
    http: responses.RequestsMock, session: requests.Session, status: int, code: str
) -> None:
    """A failure is never null: it carries the status and no word about the patient."""
    http.get(CONDITIONS, status=status)

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)

    issue = {"severity": "error", "code": code, "diagnostics": f"The FHIR server answered {status}"}
    assert filled == {"it": {"resourceType": "OperationOutcome", "issue": [issue]}}


def test_the_servers_own_operation_outcome_is_passed_on(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """What the server said itself is more than what the EHR could say."""
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
    http.get(CONDITIONS, status=403, json=said)

    assert fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT) == {"it": said}


def test_an_unreachable_server_gives_an_operation_outcome(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """No connection is a failure of the query, not of the EHR."""
    http.get(CONDITIONS, body=requests.exceptions.ConnectionError())

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)

    assert filled["it"] == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "transient",
                "diagnostics": "The FHIR server could not be reached",
            }
        ],
    }


@pytest.mark.parametrize("body", ["<html>", '{"resourceType": "Bund', "[]"])
def test_a_body_that_is_no_resource_gives_an_operation_outcome(
    http: responses.RequestsMock, session: requests.Session, body: str
) -> None:
    """A page, a cut-off answer and a list are failures."""
    http.get(CONDITIONS, body=body)

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)

    assert filled["it"]["issue"][0]["code"] == "structure"


def test_pages_become_one_bundle(http: responses.RequestsMock, session: requests.Session) -> None:
    """Absolute and relative next links are followed with the token; the whole has no next link."""
    http.get(CONDITIONS, json=page("a", following=f"{FHIR}?page=2"))
    http.get(f"{FHIR}?page=2", json=page("b", following="fhir?page=3"))
    http.get(f"{FHIR}?page=3", json=page("c"))

    filled = fill_prefetch(session, GUARDED, asking(SEARCH), CONTEXT)["it"]

    assert ids(filled) == ["a", "b", "c"]
    assert filled["link"] == [{"relation": "self", "url": "this"}]
    assert {call.request.headers["Authorization"] for call in http.calls} == {"Bearer letmein"}


@pytest.mark.parametrize(
    "following", ["http://elsewhere.test/fhir?page=2", "https://ehr.test/fhir?page=2", "http://[", 7, ""]
)
def test_a_next_link_elsewhere_is_left_for_the_service_to_see(
    http: responses.RequestsMock, session: requests.Session, following: object
) -> None:
    """Another origin never gets the token, and the Bundle still says that there is more."""
    http.get(CONDITIONS, json=page("a", following=following))

    filled = fill_prefetch(session, GUARDED, asking(SEARCH), CONTEXT)["it"]

    assert ids(filled) == ["a"]
    assert {"relation": "next", "url": following} in filled["link"]


def test_pages_end_at_the_cap(http: responses.RequestsMock, session: requests.Session) -> None:
    """A server with endless pages is left after PAGE_CAP of them, and the next link remains."""
    http.get(CONDITIONS, json=page("1", following=f"{FHIR}?page=2"))
    for number in range(2, PAGE_CAP + 1):
        http.get(f"{FHIR}?page={number}", json=page(str(number), following=f"{FHIR}?page={number + 1}"))

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)["it"]

    assert len(ids(filled)) == PAGE_CAP
    assert {"relation": "next", "url": f"{FHIR}?page={PAGE_CAP + 1}"} in filled["link"]


def test_a_page_is_not_read_twice(http: responses.RequestsMock, session: requests.Session) -> None:
    """A next link in a circle ends the reading, and the Bundle stays marked as a part."""
    http.get(CONDITIONS, json=page("a", following=CONDITIONS))

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)["it"]

    assert ids(filled) == ["a"]
    assert {"relation": "next", "url": CONDITIONS} in filled["link"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 500, "json": page("b")},
        {"json": {"resourceType": "OperationOutcome"}},
        {"body": "<html>"},
        {"body": requests.exceptions.ConnectionError()},
    ],
)
def test_a_page_that_fails_leaves_the_link_to_it(
    http: responses.RequestsMock, session: requests.Session, answer: dict[str, Any]
) -> None:
    """What was read is kept, and the service sees that it is not all."""
    http.get(CONDITIONS, json=page("a", following=f"{FHIR}?page=2"))
    http.get(f"{FHIR}?page=2", **answer)

    filled = fill_prefetch(session, OPEN, asking(SEARCH), CONTEXT)["it"]

    assert ids(filled) == ["a"]
    assert {"relation": "next", "url": f"{FHIR}?page=2"} in filled["link"]


def test_services_share_an_answer(http: responses.RequestsMock, session: requests.Session) -> None:
    """A question two services ask goes to the server once, even when the answer is null."""
    http.get(f"{FHIR}/Patient/123", status=404)
    known: dict[str, object] = {}

    first = fill_prefetch(session, OPEN, asking(READ), CONTEXT, known)
    second = fill_prefetch(session, OPEN, asking(READ), CONTEXT, known)

    assert first == second == {"it": None}
    assert len(http.calls) == 1
