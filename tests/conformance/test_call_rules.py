"""What CDS Hooks asks of calls, prefetch and FHIR access, beside the rows of the edge-case table."""

from __future__ import annotations

import json
import logging
import statistics
import time
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.conformance.card_rules import hollow
from tests.conformance.cases.contexts import draft_of
from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.prefetch_values import FAILED, pain_of
from tests.conformance.ehrs import TOKEN, bundle
from tests.conformance.house import IMAGING, IMAGING_SIGN, MISSING, MRI, OPIOIDS, OXYCODONE
from tests.conformance.phrases import without_uuids

if TYPE_CHECKING:
    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

TYPICAL_SECONDS = 0.5
STEMS = (MRI, OXYCODONE, "cancer-history.lumbar-mri", "fever.lumbar-mri", "long-term-opioid.oxycodone")


def same(one: Answered, other: Answered) -> bool:
    """Whether two answers have the same cards, whatever their uuids."""
    return bool(one.cards) and without_uuids(one.json) == without_uuids(other.json)


def refuse(name: str) -> NoReturn:
    """Refuse what only Python takes for JSON."""
    raise ValueError(name)


def test_an_answer_is_strict_json_with_cards(house: House) -> None:
    """GEN-01, GEN-04, RSP-01: status 200, an object with the array `cards`, no NaN, no comment."""
    answered = house.open.call(house.body())

    strict = json.loads(answered.body, parse_constant=refuse)
    assert (answered.status, answered.headers["content-type"]) == (200, "application/json")
    assert isinstance(strict["cards"], list)


def test_no_answer_of_any_kind_has_empty_members(house: House) -> None:
    """GEN-02, GEN-03: discovery, cards, errors; only `cards` may be empty, and systemActions is not sent."""
    answers = [
        house.open.send("GET", "/cds-services"),
        house.open.call(house.body()),
        house.open.call(house.body("nothing-recorded.lumbar-mri")),
        house.open.call({}),
        house.open.call(house.body(), "unknown"),
    ]

    places = [place for answered in answers for place in hollow(answered.json)]
    assert places == [".cards"]
    assert not any("systemActions" in answered.json for answered in answers)


def test_nothing_to_say_is_a_success(house: House) -> None:
    """RSP-02: an order that concerns no rule gets no card."""
    answered = house.open.call(house.body("nothing-recorded.lumbar-mri"))

    assert (answered.status, answered.json) == (200, {"cards": []})


def test_unknown_members_change_nothing(house: House) -> None:
    """GEN-06, EXT-03, HV-01, REQ-10: at every level, of the FHIR resources too."""
    body = house.body()
    for node in (body, body["context"], draft_of(body), body["prefetch"]["patient"], *_conditions(body)):
        node["somethingNew"] = {"a": [1, None, {"extension": "x"}]}
        node["extension"] = {"org.example.new": True} if node is body else [{"url": "urn:x"}]

    assert same(house.open.call(body), house.open.call(house.body()))


def _conditions(body: Json) -> list[Json]:
    return [entry["resource"] for entry in body["prefetch"]["conditions"]["entry"]]


def test_optional_fields_may_be_missing(house: House) -> None:
    """HV-01, HV-02, REQ-05: what a hook of 1.0 knows is enough."""
    body = house.body()
    context = body["context"]
    body["context"] = {name: context[name] for name in ("userId", "patientId", "selections", "draftOrders")}

    assert same(house.open.call(body), house.open.call(house.body()))


def test_fhir_versions_may_be_mixed(house: House) -> None:
    """GEN-07: orders of DSTU2 and STU3 beside one of R4 cost it nothing."""
    body = house.body()
    old: list[Json] = [
        {"resourceType": "MedicationOrder", "id": "m", "medicationReference": {"reference": "#x"}},
        {"resourceType": "ProcedureRequest", "id": "p", "context": {}, "code": {"text": "Walk"}},
        {"resourceType": "DiagnosticOrder", "id": "d", "item": [{"code": {"text": "Blood"}}]},
    ]
    body["context"]["draftOrders"]["entry"] += [{"resource": draft} for draft in old]

    assert same(house.open.call(body), house.open.call(house.body()))


@pytest.mark.parametrize("place", ["hook", "hookInstance", "context.patientId"])
def test_a_blank_text_is_no_text(house: House, place: str) -> None:
    """GEN-08, REQ-02, REQ-03, REQ-08, RSP-04, RSP-06: as 400, like everything that breaks CDS Hooks."""
    answers = [house.open.call(body) for body in house.varied(place, "", " ", "\t\n", MISSING)]

    assert {answered.status for answered in answers} == {400}
    assert {answered.issue["expression"][0] for answered in answers} == {place}


def test_a_hook_must_be_the_one_the_service_is_offered_on(house: House) -> None:
    """REQ-11: order-sign, sent to the service for order-select, is refused although both are known."""
    answered = house.open.call({**house.body(), "hook": "order-sign"})

    assert (answered.status, answered.issue["code"]) == (400, "not-supported")
    assert house.open.call(house.body(MRI, IMAGING_SIGN), IMAGING_SIGN).status == 200


def test_an_answer_takes_half_a_second_at_most(house: House) -> None:
    """REQ-12: the usual one, with complete prefetch; the median of twenty calls."""
    seconds = [house.open.call(house.body()).seconds for _ in range(20)]

    assert statistics.median(seconds) < TYPICAL_SECONDS


def test_drafts_are_never_read_from_the_server(house: House) -> None:
    """REQ-13: they need not be there yet."""
    ehr = house.ehr("sandbox")
    for stem, service_id in ((MRI, IMAGING), (OXYCODONE, OPIOIDS)):
        body = with_server(house.body(stem, service_id), ehr.url)
        body["prefetch"] = {}
        assert house.open.call(body, service_id).cards != []

    assert ehr.seen != []
    assert [seen for seen in ehr.seen if "draft-1" in seen.path + seen.query] == []


def test_every_error_is_an_operation_outcome(house: House) -> None:
    """RSP-04, RSP-05: for operators, and not for clinicians."""
    answers = [
        house.open.call(b"{"),
        house.open.call(house.body(), "unknown"),
        house.open.send("DELETE", f"/cds-services/{IMAGING}"),
        house.open.call({**house.body(), "prefetch": {}}),
        house.open.send("POST", f"/cds-services/{IMAGING}", b"x", (("Content-Type", "text/plain"),)),
        house.broken.call(house.body()),
        house.open.send("GET", "/elsewhere"),
    ]

    assert [answered.status for answered in answers] == [400, 404, 405, 412, 415, 500, 404]
    assert {answered.json["resourceType"] for answered in answers} == {"OperationOutcome"}


def test_each_key_may_be_left_out(house: House) -> None:
    """PRE-07, PRE-09, PRE-21, REQ-09: cards, or 412 for what is required; never a failure."""
    statuses = {}
    for key in house.body()["prefetch"]:
        (body,) = house.varied(f"prefetch.{key}", MISSING)
        statuses[key] = house.open.call(body).status

    assert set(statuses.values()) == {200, 412}
    assert {key for key, status in statuses.items() if status == 412} == {"patient", "conditions"}


def test_an_operation_outcome_is_found_wherever_it_is(house: House) -> None:
    """PRE-10, PRE-11: as the value, in a wrapper, among entries and as the only entry."""
    values = [
        FAILED,
        {"resource": FAILED, "response": {"status": "200 OK"}},
        bundle(pain_of(house), FAILED),
        bundle(FAILED),
    ]
    answers = [house.open.call(body) for body in house.varied("prefetch.conditions", *values)]

    assert ["data-missing" in answered.topics for answered in answers] == [True] * len(values)


def test_resources_are_read_in_every_shape(house: House) -> None:
    """PRE-19: bare, in a searchset, in a collection, in a wrapper; nonsense is as if it was left out."""
    pain = pain_of(house)
    wrapper = {"response": {"status": "200 OK"}, "resource": bundle(pain)}
    shapes = [pain, bundle(pain), {**bundle(pain), "type": "collection"}, wrapper, "123"]
    *read, nonsense = (house.open.call(body) for body in house.varied("prefetch.conditions", *shapes))

    assert len({answered.body for answered in read}) == 1
    assert same(read[0], house.open.call(house.body()))
    assert nonsense.status == 412


def test_none_on_record_has_many_forms(house: House) -> None:
    """PRE-12, PRE-13: null and every empty searchset are one and the same."""
    empty = bundle()
    values = [None, empty, {**empty, "entry": []}, {**empty, "total": 0}]
    answers = [house.open.call(body) for body in house.varied("prefetch.medications", *values)]

    assert len({answered.body for answered in answers}) == 1
    assert "data-missing" not in answers[0].topics


def test_required_data_from_nowhere_are_a_412(house: House) -> None:
    """PRE-16, RSP-03: it names the key, so that somebody can send it."""
    (body,) = house.varied("prefetch.conditions", MISSING)
    answered = house.open.call(body)

    assert (answered.status, answered.issue["expression"]) == (412, ["prefetch.conditions"])


def test_a_source_that_has_nothing_is_no_412(house: House) -> None:
    """PRE-17: it was reached, by prefetch or by query, and simply has no such data."""
    by_prefetch = [house.open.call(body) for body in house.varied("prefetch", dict.fromkeys(_keys(house)))]
    nobody = house.body("nothing-recorded.lumbar-mri")
    del nobody["prefetch"]
    by_query = house.open.call({**nobody, "fhirServer": house.ehr("open").url})

    assert [answered.status for answered in (*by_prefetch, by_query)] == [200, 200]


def _keys(house: House) -> list[str]:
    return [*house.body()["prefetch"]]


@pytest.mark.parametrize("stem", STEMS)
def test_prefetch_and_queries_lead_to_the_same_cards(house: House, stem: str) -> None:
    """PRE-08, PRE-18, FA-01: all from prefetch, all from the server, and some from each."""
    service_id = OPIOIDS if "oxycodone" in stem else IMAGING
    whole = house.body(stem, service_id)
    without = with_server({**whole, "prefetch": {}}, house.ehr("sandbox").url)
    some = {**without, "prefetch": {"patient": whole["prefetch"]["patient"]}}
    answers = [house.open.call(body, service_id) for body in (whole, without, some)]

    assert same(answers[0], answers[1])
    assert answers[1].body == answers[2].body


def test_every_query_and_page_carries_the_token(house: House) -> None:
    """FA-01, FA-02, PRE-14, REQ-06: the server shows one match a page and wants the token each time."""
    ehr = house.ehr("pages")
    body = with_server({**house.body(), "prefetch": {}}, ehr.url)

    answered = house.open.call(body)

    assert same(answered, house.open.call(house.body()))
    assert ehr.tokens == {f"Bearer {TOKEN}"}
    assert len(ehr.seen) > len(_keys(house))


def test_the_token_is_kept_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """FA-03: not in answers, audit trail or logs, whether the server takes it, refuses it or breaks."""
    caplog.set_level(logging.DEBUG)
    answers = []
    for name in ("sandbox", "401", "500", "html"):
        body = with_server({**house.body(), "prefetch": {}}, house.ehr(name).url)
        answers.append(house.open.call(body))
    told = [*house.open.lines(), caplog.text, *(answered.body.decode() for answered in answers)]

    assert [text for text in told if TOKEN in text] == []


def test_nothing_is_read_after_the_answer(house: House) -> None:
    """FA-04, PRE-24: the token is for this call; a refused query is not asked again later."""
    ehr = house.ehr("403")
    body = with_server({**house.body(), "prefetch": {}}, ehr.url)
    answered = house.open.call(body)
    seen = len(ehr.seen)
    time.sleep(0.3)

    assert (answered.status, answered.topics) == (200, ["data-missing"])
    assert len(ehr.seen) == seen == len(_keys(house))


def test_a_token_that_ends_within_the_call_degrades_the_answer(house: House) -> None:
    """FA-05: its seconds are the deadline, and the card says what could not be read."""
    body = with_server({**house.body(), "prefetch": {}}, house.ehr("hang").url, expires_in=0.2)
    answered = house.open.call(body)

    assert (answered.status, answered.topics) == (200, ["data-missing"])
    assert answered.seconds < TYPICAL_SECONDS + 0.2


def test_scopes_are_left_to_the_server(house: House) -> None:
    """FA-06, FA-07, REQ-07: SMART 1, SMART 2 with filters, and nonsense come to the same."""
    scopes = ("patient/*.read", "patient/Condition.rs?category=problem-list-item user/Observation.r", "x", "")
    bodies = [
        with_server({**house.body(), "prefetch": {}}, house.ehr("sandbox").url, scope=scope)
        for scope in scopes
    ]
    answers = [house.open.call(body) for body in bodies]

    assert same(answers[0], house.open.call(house.body()))
    assert len({answered.body for answered in answers}) == 1


def test_without_a_token_only_listed_servers_are_asked(house: House) -> None:
    """FA-08, FA-09: one on the list is, by nobody's leave; one that is not gets no request at all."""
    ehr = house.ehr("open")
    body = {**house.body(), "prefetch": {}, "fhirServer": ehr.url}

    assert same(house.open.call(body), house.open.call(house.body()))
    assert ehr.tokens == {""}
    ehr.seen.clear()
    assert house.narrow.call(body).status == 412
    assert ehr.seen == []


def test_neither_pages_nor_redirects_lead_the_token_elsewhere(house: House) -> None:
    """FA-09: another port on the same machine is another server."""
    stranger, sandbox, redirecting = house.ehr("stranger"), house.ehr("sandbox"), house.ehr("redirect")
    paged = house.body()
    paged["prefetch"]["conditions"] = bundle(pain_of(house), after=f"{stranger.url}/Condition?page=2")
    port = stranger.url.rpartition(":")[2]

    answers = [
        house.open.call(with_server(paged, sandbox.url)),
        house.open.call(with_server({**house.body(), "prefetch": {}}, f"{redirecting.url}/{port}")),
    ]

    assert stranger.seen == []
    assert ["data-missing" in answered.topics for answered in answers] == [True, True]
