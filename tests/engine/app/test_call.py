"""A hook call from bytes to cards: who is awake, what is read, who is asked, and what the trail keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from cds_service import Criterion, Need
from cds_service.allow_list import AllowList
from cds_service.answers import Answer, failed
from cds_service.clients import OPEN
from cds_service.fhir import Condition, Medication, read_resource
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from starlette.testclient import TestClient

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Finding
    from cds_service.protocol import FhirAccess

CALL = "/cds-services/back-order-select"
SERVER = "http://localhost:8080/r4"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
Body = dict[str, Any]


class Fetcher:
    """Stands for the FHIR client: answers with what it was given, and remembers what it was asked."""

    def __init__(self, known: Mapping[str, Answer], medications: Sequence[Medication] = ()) -> None:
        """Answer these keys, and references with these Medications."""
        self.known = known
        self.found = medications
        self.asked: list[tuple[FhirAccess, dict[str, bytes | None], str]] = []
        self.looked_up: list[str] = []

    async def __call__(
        self, access: FhirAccess, wanted: Mapping[Need, bytes | None], patient_id: str, _spent: float
    ) -> Mapping[str, Answer]:
        """Answer what is known of the needs."""
        self.asked.append((access, {need.key: value for need, value in wanted.items()}, patient_id))
        return self.known

    async def medications(self, _access: FhirAccess, references: Collection[str]) -> Sequence[Medication]:
        """Answer with the Medications, whatever is asked."""
        self.looked_up += references
        return self.found


def topics(answer: Any) -> list[str]:  # noqa: ANN401 - a response of the test client
    """Return the topic codes of the cards."""
    return [card["source"]["topic"]["code"] for card in answer.json()["cards"]]


def lines(trail: Path) -> list[dict[str, Any]]:
    """Return the audit lines so far."""
    return [json.loads(line) for line in trail.read_text().splitlines()]


def empties(value: object, path: str = "$") -> Iterator[str]:
    """Yield where a JSON value holds null, "", [] or {}."""
    if value in (None, "", [], {}):
        yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield from empties(member, f"{path}.{name}")


def test_a_relevant_order_is_answered_with_a_card(client: TestClient, body: Body) -> None:
    """With finding, urgency, source, topic and a button that names the draft; nothing in it is empty."""
    answer = client.post(CALL, json=body)

    (card,) = answer.json()["cards"]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (card["summary"], card["indicator"]) == ("No fever recorded: the scan can wait", "warning")
    assert card["suggestions"][0]["actions"][0]["resourceId"] == "ServiceRequest/draft-1"
    assert list(empties(answer.json())) == []


def test_the_same_call_gets_the_same_bytes(client: TestClient, body: Body) -> None:
    """Card ids follow from the call: nothing is remembered and nothing is random."""
    assert client.post(CALL, json=body).content == client.post(CALL, json=body).content


def test_order_sign_judges_every_draft(client: TestClient, body: Body) -> None:
    """The hook has no selections."""
    body["hook"] = "order-sign"
    del body["context"]["selections"]

    answer = client.post("/cds-services/back-order-sign", json=body)

    assert topics(answer) == ["scan"]


def test_without_a_public_url_the_card_links_nowhere(client: TestClient, body: Body) -> None:
    """A relative link would be broken in every EHR."""
    (card,) = client.post(CALL, json=body).json()["cards"]

    assert "url" not in card["source"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/fhir+json", ""])
def test_json_by_any_of_its_names_is_read(client: TestClient, body: Body, content_type: str) -> None:
    """Also when the client does not say what it sends, and whatever it says it accepts."""
    headers = {"content-type": content_type, "accept": "text/html"}
    answer = client.post(CALL, content=json.dumps(body), headers=headers)

    assert topics(answer) == ["scan"]
    assert answer.headers["content-type"] == "application/json"


def test_fields_nobody_knows_are_ignored(client: TestClient, body: Body) -> None:
    """At every level, extensions of any shape and the fields of old versions included."""
    expected = client.post(CALL, json=body).content
    noise = {"extension": ["x"], "user": "Practitioner/u2", "patient": "p2", "encounterId": None}
    body.update(noise)
    body["context"].update(noise)
    body["prefetch"]["never asked for"] = "garbage"

    assert client.post(CALL, json=body).content == expected


def test_a_byte_order_mark_is_forgiven(client: TestClient, body: Body) -> None:
    """Some clients write one."""
    answer = client.post(CALL, content=b"\xef\xbb\xbf" + json.dumps(body).encode())

    assert topics(answer) == ["scan"]


def test_half_a_character_becomes_a_replacement_character(client: TestClient, body: Body, scan: Body) -> None:
    """A text that a client cut within an emoji costs neither the call nor the card."""
    scan["note"] = [{"text": "cut \ud83d"}]
    scan["code"]["text"] = "Scan \ud83d"
    body["prefetch"]["conditions"]["entry"][0]["resource"]["code"]["text"] = "\ude00 pain"

    answer = client.post(CALL, content=json.dumps(body))

    assert topics(answer) == ["scan"]
    assert "Scan \ufffd" in answer.json()["cards"][0]["detail"]


@pytest.mark.parametrize("selections", [[], ["ServiceRequest/draft-9"], ["MedicationRequest/draft-1"]])
def test_nobody_awake_means_no_card_and_nothing_read(
    client_of: Callable[..., TestClient], trail: Path, body: Body, selections: list[str]
) -> None:
    """Garbage in prefetch is not looked at, no server is asked, and there is never a 412."""
    fetcher = Fetcher({})
    body.update(prefetch={"conditions": "garbage", "medications": 5}, fhirServer=SERVER)
    body["context"]["selections"] = selections

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert answer.status_code == 200
    assert answer.json() == {"cards": []}
    assert fetcher.asked == []
    assert lines(trail)[0]["read"] == {}


@pytest.mark.parametrize("server", [{}, {"fhirServer": SERVER}])
@pytest.mark.parametrize("prefetch", [None, {}, {"medications": None}, {"conditions": [1, "x"]}])
def test_required_data_that_nobody_can_be_asked_for_are_a_412(
    client: TestClient, body: Body, prefetch: Body | None, server: Body
) -> None:
    """It names the key, also when a server is named but there is no way to ask it."""
    body.update(prefetch=prefetch, **server)

    answer = client.post(CALL, json=body)

    (issue,) = answer.json()["issue"]
    assert answer.status_code == 412
    assert issue["code"] == "required"
    assert issue["expression"] == ["prefetch.conditions"]
    assert "conditions" in issue["diagnostics"]
    assert "medications" not in issue["diagnostics"]


def test_a_source_that_failed_is_named_on_a_card_and_no_412(client: TestClient, body: Body) -> None:
    """The EHR tried: the clinician sees what could not be read."""
    body["prefetch"]["conditions"] = FAILED

    answer = client.post(CALL, json=body)

    (card,) = answer.json()["cards"]
    assert answer.status_code == 200
    assert card["source"]["topic"]["code"] == "data-missing"
    assert "the problem list" in card["detail"]


def test_optional_data_that_are_absent_cost_a_mention_and_no_card(client: TestClient, body: Body) -> None:
    """The advice stands, and a second card says what it could not see."""
    del body["prefetch"]["medications"]

    answer = client.post(CALL, json=body)

    assert topics(answer) == ["scan", "data-missing"]


def test_only_what_is_absent_is_fetched(client_of: Callable[..., TestClient], body: Body, pain: Body) -> None:
    """With the server and token of the call; what prefetch holds, null included, is not asked for again."""
    expected = client_of().post(CALL, json=body).content
    condition = read_resource(pain)
    assert isinstance(condition, Condition)
    fetcher = Fetcher({"conditions": Answer((condition,))})
    del body["prefetch"]["conditions"]
    body.update(fhirServer=SERVER, fhirAuthorization={"access_token": "t0ken"})

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    ((access, wanted, patient_id),) = fetcher.asked
    assert (access.server, access.token, wanted, patient_id) == (SERVER, "t0ken", {"conditions": None}, "p1")
    assert answer.content == expected


def test_a_value_that_is_garbage_is_fetched_like_an_absent_one(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """It says nothing, so somebody must be asked."""
    fetcher = Fetcher({"conditions": Answer()})
    body["prefetch"]["conditions"] = ["garbage"]
    body["fhirServer"] = SERVER

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert [wanted for _, wanted, _ in fetcher.asked] == [{"conditions": None}]
    assert answer.json() == {"cards": []}


def test_a_bundle_with_a_next_link_is_read_on(client_of: Callable[..., TestClient], body: Body) -> None:
    """The pages that came are not asked for again: the fetch begins where they end."""
    fetcher = Fetcher({})
    begun = {**body["prefetch"]["conditions"], "link": [{"relation": "next", "url": f"{SERVER}?page=2"}]}
    body["prefetch"]["conditions"] = begun
    body["fhirServer"] = SERVER

    client_of(fetch=fetcher).post(CALL, json=body)

    ((_, wanted, _),) = fetcher.asked
    assert list(wanted) == ["conditions"]
    assert json.loads(wanted["conditions"] or b"") == begun


def test_a_complete_bundle_is_read_on_for_the_drugs_it_only_refers_to(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """An order whose drug nobody knows tells nothing; one that brings its drug along costs nothing."""
    order = {"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order"}
    order["medicationReference"] = {"reference": "Medication/m1"}
    drug = {"resourceType": "Medication", "id": "m1", "code": {"text": "A drug"}}
    body["fhirServer"] = SERVER
    asked = []
    for entries in ([order], [order, drug]):
        fetcher = Fetcher({})
        bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in entries]}
        body["prefetch"]["medications"] = bundle
        client_of(fetch=fetcher).post(CALL, json=body)
        asked += [list(wanted) for _, wanted, _ in fetcher.asked]

    assert asked == [["medications"]]


@pytest.mark.parametrize(
    "server",
    [
        "https://fhir.example.org/r4",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/fhir",
        "https://localhost.example.org/r4",
    ],
)
def test_a_server_that_is_not_listed_is_never_asked(
    client_of: Callable[..., TestClient], body: Body, server: str
) -> None:
    """What prefetch holds is judged; what it lacks is as if there was no server."""
    fetcher = Fetcher({"conditions": Answer()})
    body["fhirServer"] = server
    complete = client_of(fetch=fetcher).post(CALL, json=body)
    del body["prefetch"]["conditions"]

    lacking = client_of(fetch=fetcher).post(CALL, json=body)

    assert topics(complete) == ["scan"]
    assert lacking.status_code == 412
    assert fetcher.asked == []


def test_servers_of_the_settings_and_of_the_client_are_asked(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """Either list is enough."""
    del body["prefetch"]["conditions"]
    settings = Settings(fhir_servers=("https://a.example.org/fhir",), open=True)
    client = replace(OPEN, fhir_servers=AllowList(["https://b.example.org/fhir"]))
    asked = []
    for name in "abc":
        fetcher = Fetcher({"conditions": Answer()})
        body["fhirServer"] = f"https://{name}.example.org/fhir"
        client_of(fetch=fetcher, settings=settings, clients=(client,)).post(CALL, json=body)
        asked += [access.server for access, _, _ in fetcher.asked]

    assert asked == ["https://a.example.org/fhir", "https://b.example.org/fhir"]


def test_nothing_is_fetched_while_no_rule_is_awake(client_of: Callable[..., TestClient], body: Body) -> None:
    """An order that concerns no rule costs the EHR nothing."""
    fetcher = Fetcher({"conditions": Answer()})
    body["context"]["selections"] = []
    body["fhirServer"] = SERVER
    del body["prefetch"]

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert answer.json() == {"cards": []}
    assert fetcher.asked == []
    assert fetcher.looked_up == []


def test_a_drafted_drug_that_is_only_referred_to_is_looked_up(
    client_of: Callable[..., TestClient], body: Body, scan: Body
) -> None:
    """Without a server it cannot be told, and wakes nothing."""
    scan.clear()
    scan.update(resourceType="MedicationRequest", id="draft-1", status="draft", intent="order")
    scan.update(subject={"reference": "Patient/p1"}, medicationReference={"reference": "Medication/m1"})
    body["context"]["selections"] = ["MedicationRequest/draft-1"]
    fetcher = Fetcher({})
    told = client_of(fetch=fetcher).post(CALL, json={**body, "fhirServer": SERVER})
    alone = client_of(fetch=fetcher).post(CALL, json=body)

    assert fetcher.looked_up == ["Medication/m1"]
    assert [told.json(), alone.json()] == [{"cards": []}, {"cards": []}]


def test_a_client_has_its_own_way_of_selecting(client_of: Callable[..., TestClient], body: Body) -> None:
    """Clients of CDS Hooks 1.0 know `at-most-one` only."""
    client = replace(OPEN, selection_behavior="at-most-one")

    usual = client_of().post(CALL, json=body).json()["cards"][0]
    older = client_of(clients=(client,)).post(CALL, json=body).json()["cards"][0]

    assert usual["selectionBehavior"] == "any"
    assert older["selectionBehavior"] == "at-most-one"


def test_a_client_or_a_call_may_switch_a_topic_off(client_of: Callable[..., TestClient], body: Body) -> None:
    """The trail tells what was shown."""
    client = replace(OPEN, off=frozenset({"scan"}))
    extension = {"davinci-crd.configuration": {"scan": False}}

    by_operator = client_of(clients=(client,)).post(CALL, json=body)
    by_call = client_of().post(CALL, json={**body, "extension": extension})

    assert by_operator.json() == by_call.json() == {"cards": []}


def test_today_is_the_day_of_the_client(client_of: Callable[..., TestClient], body: Body) -> None:
    """Its time zone is what the clock is asked for."""
    zones: list[tzinfo] = []
    client = replace(OPEN, time_zone=ZoneInfo("Pacific/Auckland"))

    def clock(zone: tzinfo) -> date:
        zones.append(zone)
        return date(2026, 11, 2)

    answer = client_of(clients=(client,), clock=clock).post(CALL, json=body)

    assert zones == [ZoneInfo("Pacific/Auckland")]
    assert "2026-11-02" in answer.json()["cards"][0]["detail"]


def test_nobody_is_asked_without_a_server(client_of: Callable[..., TestClient], body: Body) -> None:
    """There is no default server: the call is refused."""
    fetcher = Fetcher({"conditions": Answer()})
    del body["prefetch"]

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert answer.status_code == 412
    assert fetcher.asked == []


def test_a_source_that_was_told_to_have_failed_is_not_asked_again(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """An OperationOutcome in prefetch spares the EHR the same query."""
    fetcher = Fetcher({})
    body["prefetch"]["conditions"] = FAILED
    body["fhirServer"] = SERVER

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert fetcher.asked == []
    assert topics(answer) == ["data-missing"]


def test_a_fetch_that_failed_is_a_card_and_one_that_could_not_ask_is_a_412(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """Tried and failed is not the same as never asked."""
    del body["prefetch"]["conditions"]
    body["fhirServer"] = SERVER

    tried = client_of(fetch=Fetcher({"conditions": failed("it did not answer in time")})).post(
        CALL, json=body
    )
    unasked = client_of(fetch=Fetcher({})).post(CALL, json=body)

    assert topics(tried) == ["data-missing"]
    assert "did not answer in time" in tried.json()["cards"][0]["detail"]
    assert unasked.status_code == 412


def test_an_unexpected_error_is_a_500_and_never_an_empty_list(
    client_of: Callable[..., TestClient], body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    """Silence reads as safety. The log names kind and place; no value of the call is in log or body."""

    def judge(_chart: Chart) -> Finding:
        msg = "Jane Doe"
        raise RuntimeError(msg)

    broken = client_of(unless=Criterion("broken", frozenset(), judge))
    answer = broken.post(CALL, json=body, headers={"Origin": "https://ehr.example.org"})

    assert answer.status_code == 500
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert "unexpected RuntimeError at test_call.py:" in caplog.text
    assert "Jane" not in answer.text + caplog.text


def test_the_trail_says_what_was_decided(client: TestClient, trail: Path, body: Body) -> None:
    """One line a call: service, rules, cards by topic, what was read, and how long it took."""
    card = client.post(CALL, json=body).json()["cards"][0]

    (line,) = lines(trail)
    assert line["event"] == "decision"
    assert (line["service"], line["rule_set"]) == ("back-order-select", "v1")
    assert line["rules"] == {"scan-without-fever": "speaks"}
    assert line["cards"] == {card["uuid"]: "scan"}
    assert line["read"] == {"conditions": 1, "medications": 0}
    assert (line["skipped"], line["gaps"]) == (0, [])
    assert line["hook_instance"] == body["hookInstance"]
    assert line["ms"] >= 0


def test_the_trail_counts_what_was_dropped_and_names_what_is_incomplete(
    client: TestClient, trail: Path, body: Body, pain: Body
) -> None:
    """A resource of another patient is a count; a next page is a gap of its key."""
    other = {**pain, "subject": {"reference": "Patient/p2"}}
    body["prefetch"]["conditions"]["entry"].append({"resource": other})
    body["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": f"{SERVER}?page=2"}]

    client.post(CALL, json=body)

    assert lines(trail)[0]["skipped"] == 1
    assert lines(trail)[0]["gaps"] == ["conditions"]


def test_the_trail_holds_nothing_about_the_patient(client: TestClient, trail: Path, body: Body) -> None:
    """No id, name, code, text, address or token, not even one that was sent as hookInstance."""
    body["context"]["patientId"] = "patient-4711"
    body["context"]["draftOrders"]["entry"][0]["resource"]["subject"] = {"display": "Jane Doe"}
    body["prefetch"]["conditions"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/patient-4711"}
    body.update(hookInstance="Jane Doe", fhirServer=SERVER, fhirAuthorization={"access_token": "t0ken"})

    answer = client.post(CALL, json=body)

    written = trail.read_text()
    assert topics(answer) == ["scan"]
    assert written.count("\n") == 1
    for secret in ("4711", "Jane", "S32000A", "fhir.example.org", "t0ken", "draft-1", "loinc", "u1"):
        assert secret not in written
