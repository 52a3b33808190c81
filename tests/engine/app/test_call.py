"""A hook call from bytes to cards: who is awake, what is read, who is asked, and what the trail keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import Criterion, Need
from cds_service.answers import Answer, failed
from cds_service.fhir import Condition, read_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.testclient import TestClient

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Finding
    from cds_service.protocol import FhirAccess

CALL = "/cds-services/back-order-select"
SERVER = "https://fhir.example.org/r4"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
Body = dict[str, Any]


class Fetcher:
    """Stands for the FHIR client: answers with what it was given, and remembers what it was asked."""

    def __init__(self, known: Mapping[str, Answer]) -> None:
        """Answer these keys."""
        self.known = known
        self.asked: list[tuple[FhirAccess, list[str], str]] = []

    async def __call__(
        self, access: FhirAccess, needs: Sequence[Need], patient_id: str
    ) -> Mapping[str, Answer]:
        """Answer what is known of the needs."""
        self.asked.append((access, [need.key for need in needs], patient_id))
        return self.known


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

    ((access, keys, patient_id),) = fetcher.asked
    assert (access.server, access.token, keys, patient_id) == (SERVER, "t0ken", ["conditions"], "p1")
    assert answer.content == expected


def test_a_value_that_is_garbage_is_fetched_like_an_absent_one(
    client_of: Callable[..., TestClient], body: Body
) -> None:
    """It says nothing, so somebody must be asked."""
    fetcher = Fetcher({"conditions": Answer()})
    body["prefetch"]["conditions"] = ["garbage"]
    body["fhirServer"] = SERVER

    answer = client_of(fetch=fetcher).post(CALL, json=body)

    assert [keys for _, keys, _ in fetcher.asked] == [["conditions"]]
    assert answer.json() == {"cards": []}


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
