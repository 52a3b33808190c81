"""Prefetch: what each value of a key says, row by row of the state table, and which templates are legal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service import CdsService, Need
from cds_service.answers import ABSENT, EMPTY
from cds_service.catalogue import load_catalogue
from cds_service.fhir import Condition, read
from cds_service.prefetch import (
    answer_of,
    answer_of_pages,
    answers,
    continues,
    is_read,
    lacks_medications,
    lint,
    next_url,
    templates,
)

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
MEDICATIONS = Need("medications", "MedicationRequest?patient={{context.patientId}}", "medication orders")
VALUES = Need("values", "Observation?patient={{context.patientId}}", "measurements")
ALLERGIES = Need("allergies", "AllergyIntolerance?patient={{context.patientId}}", "allergies")
PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")

OWN = {"reference": "Patient/p1"}
OTHER = {"reference": "Patient/p2"}
PAIN: dict[str, Any] = {"resourceType": "Condition", "id": "c1", "subject": OWN, "code": {"text": "pain"}}
FOREIGN = {**PAIN, "id": "c2", "subject": OTHER}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
WARNING = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational"}],
}
NEXT = [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]


def bundle(*resources: object, **members: object) -> dict[str, Any]:
    """Return a searchset of these resources."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def answer(value: object, need: Need = CONDITIONS) -> Any:  # noqa: ANN401 - an Answer, read by attribute
    """Return what a value says for a need of patient p1."""
    return answer_of(need, json.dumps(value).encode(), "p1")


def ids(value: object, need: Need = CONDITIONS) -> list[str | None]:
    """Return the ids of the resources that were kept."""
    return [resource.id for resource in answer(value, need).resources]


def test_a_key_that_was_not_sent_is_absent() -> None:
    """Nobody was asked: the only state that may lead to a query or a 412."""
    assert answer_of(CONDITIONS, None, "p1") is ABSENT


@pytest.mark.parametrize("value", [b"null", b" null ", b"\nnull"])
def test_null_is_known_to_be_empty(value: bytes) -> None:
    """The client has no such data: absence may be concluded."""
    assert answer_of(CONDITIONS, value, "p1") is EMPTY


@pytest.mark.parametrize(
    "value",
    [
        bundle(),
        bundle(total=0),
        {"resourceType": "Bundle", "type": "searchset"},
        {"resourceType": "Bundle", "entry": None},
        {"resourceType": "Bundle", "entry": [None]},
        bundle(WARNING),
    ],
)
def test_an_empty_bundle_says_the_same_as_null(value: object) -> None:
    """With or without entries, total or a friendly note."""
    assert answer(value) == EMPTY


@pytest.mark.parametrize(
    "value",
    [
        bundle(PAIN),
        bundle(PAIN, total=1),
        bundle(PAIN, type="collection"),
        {"resourceType": "Bundle", "entry": {"resource": PAIN}},
        PAIN,
        {"response": {"status": "200"}, "resource": bundle(PAIN)},
        {**PAIN, "_recordedDate": {"extension": []}, "unknown": 1, "meta": {"profile": ["http://x.example"]}},
    ],
)
def test_resources_in_every_shape_are_a_complete_answer(value: object) -> None:
    """Any Bundle, a lone resource, the wrapper of old clients, members nobody knows."""
    assert ids(value) == ["c1"]
    assert answer(value).complete
    assert not answer(value).absent


@pytest.mark.parametrize("value", [OUTCOME, WARNING])
def test_an_operation_outcome_is_a_source_that_failed(value: object) -> None:
    """It is not absent, so nobody asks again; and nothing may be concluded from it."""
    failed = answer(value)

    assert failed.gap == "the EHR could not read it"
    assert not failed.absent
    assert failed.resources == ()


@pytest.mark.parametrize(
    ("value", "gap"),
    [
        (bundle(PAIN, link=NEXT), "more pages exist that were not read"),
        (bundle(PAIN, link=[{"relation": "next"}]), "the EHR reported that entries are missing"),
        (bundle(PAIN, OUTCOME), "the EHR reported that entries are missing"),
        (bundle(PAIN, total=3), "2 of 3 entries were not read"),
        (bundle(PAIN, FOREIGN, total=3), "1 of 3 entries were not read"),
        (bundle(PAIN, {**PAIN, "code": 5}), "1 of 2 entries could not be interpreted"),
        (bundle(PAIN, {**PAIN, "code": None}), "1 of 2 entries could not be interpreted"),
        (bundle(PAIN, "garbage", 5), "2 of 3 entries could not be interpreted"),
    ],
)
def test_a_partial_answer_keeps_what_was_read_and_proves_no_absence(value: object, gap: str) -> None:
    """The gap says why there may be more."""
    assert ids(value) == ["c1"]
    assert answer(value).gap == gap
    assert not answer(value).absent


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        "",
        5,
        True,
        [],
        [PAIN],
        {},
        {"entry": 5},
        {"code": {"text": "pain"}},
    ],
)
def test_what_is_no_fhir_is_as_if_it_was_not_sent(value: object) -> None:
    """It says nothing about the patient, least of all that there is nothing."""
    assert answer(value).absent


@pytest.mark.parametrize("value", [b"", b"{", b"NaN", b'{"resourceType":"Bundle","x":"\xff"', b"[" * 5000])
def test_broken_json_is_absent(value: bytes) -> None:
    """Reading it raises nothing."""
    assert answer_of(CONDITIONS, value, "p1").absent


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "Patient", "id": "p1"},
        bundle({"resourceType": "Patient", "id": "p1"}),
        bundle({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": OWN}),
        {"resourceType": "Foo"},
    ],
)
def test_another_resource_type_is_absent(value: object) -> None:
    """The key was mixed up: its own query was not answered."""
    assert answer(value).absent


def test_resources_of_another_patient_are_dropped_and_counted() -> None:
    """That leaves a gap in nothing: what is this patient's was sent."""
    mixed = answer(bundle(PAIN, FOREIGN, FOREIGN))

    assert [resource.id for resource in mixed.resources] == ["c1"]
    assert (mixed.gap, mixed.skipped) == ("", 2)
    assert answer(bundle(FOREIGN)).resources == ()


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {"display": "x"},
        {"reference": "urn:uuid:1"},
        {"reference": "https://h.example/Patient/p1/_history/2"},
    ],
)
def test_a_resource_that_may_be_this_patients_is_kept(subject: object) -> None:
    """The query was for this patient; only a subject that names another one speaks against it."""
    assert ids(bundle({**PAIN, "subject": subject})) == ["c1"]


def test_an_allergy_of_another_patient_is_dropped() -> None:
    """There the element is called patient."""
    allergy = {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "x"}, "patient": OTHER}

    assert ids(bundle(allergy), ALLERGIES) == []
    assert ids(bundle({**allergy, "patient": OWN}), ALLERGIES) == ["a"]


@pytest.mark.parametrize(
    "value",
    [{"resourceType": "Patient", "id": "p2"}, {"resourceType": "Patient"}, bundle(), bundle(PAIN), OWN],
)
def test_a_patient_who_is_not_the_one_asked_for_is_absent(value: object) -> None:
    """Nobody is judged by the age of another."""
    assert answer(value, PATIENT).absent


@pytest.mark.parametrize("wrap", [lambda patient: patient, bundle])
def test_the_patient_is_read_alone_or_from_a_bundle(wrap: Any) -> None:  # noqa: ANN401 - a function
    """A read yields the resource; some clients search."""
    assert ids(wrap({"resourceType": "Patient", "id": "p1", "birthDate": "1990"}), PATIENT) == ["p1"]


@pytest.mark.parametrize(
    ("need", "odd"),
    [
        (MEDICATIONS, {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "x"}}),
        (MEDICATIONS, {"resourceType": "MedicationRequest", "status": "active"}),
        (VALUES, {"resourceType": "Observation", "code": {"text": "x"}}),
        (VALUES, {"resourceType": "Observation", "status": "final"}),
        (ALLERGIES, {"resourceType": "AllergyIntolerance"}),
        (CONDITIONS, {"resourceType": "Condition"}),
    ],
)
def test_a_resource_without_its_essentials_is_skipped_and_leaves_a_gap(need: Need, odd: object) -> None:
    """What it was meant to say is unknown, so nothing is known to be absent."""
    skipped = answer(bundle(odd), need)

    assert skipped.resources == ()
    assert skipped.skipped == 1
    assert skipped.gap == "1 of 1 entries could not be interpreted"


@pytest.mark.parametrize("mode", ["include", "match"])
def test_a_medication_that_came_along_is_kept_for_its_order(mode: str) -> None:
    """It is no answer itself, but an order refers to it."""
    reference = {"reference": "Medication/m"}
    order = {
        "resourceType": "MedicationRequest",
        "id": "o",
        "status": "active",
        "medicationReference": reference,
    }
    page = bundle(order)
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "x"}}
    page["entry"].append({"resource": drug, "search": {"mode": mode}})

    assert ids(page, MEDICATIONS) == ["o", "m"]
    assert answer(page, MEDICATIONS).complete


def test_an_odd_entry_of_a_type_that_was_not_asked_for_does_not_matter() -> None:
    """Only what could have been an answer leaves a gap."""
    assert answer(bundle(PAIN, {"resourceType": "Provenance", "target": 5})).complete


def pages(*values: object, need: Need = CONDITIONS) -> Any:  # noqa: ANN401 - an Answer, read by attribute
    """Return what several pages say together for a need of patient p1."""
    return answer_of_pages(need, [read(json.dumps(value).encode()) for value in values], "p1")


def test_pages_together_are_a_complete_answer() -> None:
    """E-75: the links between them are followed, and totals are those of all pages."""
    second = {**PAIN, "id": "c2"}
    whole = pages(bundle(PAIN, total=2, link=NEXT), bundle(second, total=2))

    assert [resource.id for resource in whole.resources] == ["c1", "c2"]
    assert whole.complete


@pytest.mark.parametrize(
    ("last", "gap"),
    [
        (bundle(link=NEXT), "more pages exist that were not read"),
        (bundle(total=5), "4 of 5 entries were not read"),
        (bundle(OUTCOME), "the EHR reported that entries are missing"),
        (bundle({**PAIN, "code": 5}), "1 of 2 entries could not be interpreted"),
    ],
)
def test_what_one_page_lacks_the_whole_lacks(last: object, gap: str) -> None:
    """E-76: pages that were read prove presence, and no absence while something is missing."""
    assert pages(bundle(PAIN, link=NEXT), last).gap == gap
    assert [resource.id for resource in pages(bundle(PAIN, link=NEXT), last).resources] == ["c1"]


def test_a_resource_on_two_pages_counts_once() -> None:
    """A repeated page never makes up for one that is missing; resources without id are all kept."""
    nameless = {key: value for key, value in PAIN.items() if key != "id"}
    repeated = pages(bundle(PAIN, nameless, total=4, link=NEXT), bundle(PAIN, nameless, total=4))

    assert [resource.id for resource in repeated.resources] == ["c1", None, None]
    assert repeated.gap == "1 of 4 entries were not read"


def test_medications_of_every_page_are_kept() -> None:
    """An order on the first page may refer to a drug that came with the second."""
    order = {"resourceType": "MedicationRequest", "id": "o", "status": "active"}
    order["medicationReference"] = {"reference": "Medication/m"}
    drug = {"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}}
    together = pages(bundle(order, link=NEXT), {**bundle(), "entry": [drug]}, need=MEDICATIONS)

    assert [resource.id for resource in together.resources] == ["o", "m"]


@pytest.mark.parametrize(
    ("drug", "lacking"),
    [
        ({"medicationReference": {"reference": "Medication/m2"}}, True),
        ({"medicationReference": {"reference": "Medication/m1"}}, False),
        ({"medicationReference": {"reference": "https://ehr.example.org/Medication/m1/_history/3"}}, False),
        ({"medicationReference": {"reference": "#m2"}}, False),
        ({"medicationCodeableConcept": {"text": "x"}}, False),
    ],
)
def test_an_answer_tells_whether_drugs_did_not_come_along(drug: dict[str, Any], lacking: bool) -> None:  # noqa: FBT001
    """E-67: what an order refers to may be contained in it, sent along with it, or missing."""
    order = {"resourceType": "MedicationRequest", "id": "o", "status": "active", **drug}
    sent = bundle(order, {"resourceType": "Medication", "id": "m1"})

    assert lacks_medications(answer(sent, MEDICATIONS)) is lacking


@pytest.mark.parametrize(
    ("page", "sound"),
    [
        (bundle(PAIN), True),
        (bundle(), True),
        (bundle(FOREIGN), True),
        (bundle({"resourceType": "Basic"}), False),
        (OUTCOME, False),
        ({"response": {"status": "404"}}, False),
        ("garbage", False),
    ],
)
def test_a_page_continues_a_need_when_it_holds_matches_or_nothing(page: object, sound: bool) -> None:  # noqa: FBT001
    """E-79: something else under the address of a page is no page of this need."""
    assert continues(CONDITIONS, read(json.dumps(page).encode()), "p1") is sound


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (bundle(PAIN, link=NEXT), NEXT[0]["url"]),
        (bundle(PAIN, link=[{"relation": "self", "url": "https://ehr.example.org"}]), None),
        (bundle({**PAIN, "note": "next"}), None),
        (PAIN, None),
        ("next", None),
    ],
)
def test_the_next_link_of_a_prefetch_value_can_be_asked_for(value: object, where: str | None) -> None:
    """PRE-14: whoever may ask the FHIR server sees where a Bundle continues."""
    assert next_url(json.dumps(value).encode()) == where


@pytest.mark.parametrize("status", ["404", "404 Not Found", "410 Gone"])
def test_a_wrapper_that_says_not_found_is_empty_for_a_read(status: str) -> None:
    """E-81: the client knows that there is no such resource."""
    assert answer({"response": {"status": status}, "resource": OUTCOME}, PATIENT) is EMPTY
    assert is_read(PATIENT)


def test_a_wrapper_that_says_not_found_is_a_failure_for_a_search() -> None:
    """A search that works finds an empty Bundle, so this one did not work and proves no absence."""
    assert answer({"response": {"status": "404"}}).gap == "the EHR could not read it"
    assert not is_read(CONDITIONS)


def test_another_patients_condition_of_an_older_version_is_not_ours() -> None:
    """DSTU2 names the patient in another member; what is read as nobody's would be taken for ours."""
    conditions = [
        {
            "resourceType": "Condition",
            "patient": {"reference": f"Patient/{name}"},
            "verificationStatus": "confirmed",
            "dateRecorded": "2026-10-01",
            "code": {"text": "Pain"},
        }
        for name in ("p1", "another")
    ]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in conditions]}

    told = answer_of(CONDITIONS, json.dumps(bundle).encode(), "p1")

    (own,) = told.resources
    assert isinstance(own, Condition)
    assert own.recorded_date == "2026-10-01"
    assert (told.gap, told.skipped) == ("", 1)


SERVICE = CdsService("g", ("order-select",), "t", "d", (), frozenset())


def test_a_service_without_needs_asks_for_nothing() -> None:
    """No template, no answer, whatever is sent."""
    assert templates(SERVICE) == {}
    assert answers(SERVICE.needs, {"x": b"null"}, "p1") == {}


@pytest.mark.parametrize(
    "template",
    [
        "Patient/{{context.patientId}}",
        "Condition?patient={{context.patientId}}",
        "Condition?patient={{context.patientId}}&_count=200",
        "Observation?patient={{context.patientId}}&code=http://loinc.org|1-8,http://loinc.org|2-6&_sort=-date",
        "Observation?patient={{context.patientId}}&date=ge2026-01-01",
    ],
)
def test_a_template_that_every_client_understands_is_legal(template: str) -> None:
    """A read, or a search with plain parameters."""
    assert lint(template) == ""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Condition?patient={{context.userId}}", "token"),
        ("Condition?patient={{ context.patientId }}", "token"),
        ("Condition?date=ge{{today()}}", "token"),
        ("Condition/{{context.draftOrders}}", "token"),
        ("Condition", "read or a search"),
        ("condition?patient={{context.patientId}}", "read or a search"),
        ("/Condition?patient={{context.patientId}}", "read or a search"),
        ("https://ehr.example.org/Condition?patient={{context.patientId}}", "read or a search"),
        ("Patient/{{context.patientId}}/$everything", "read or a search"),
        ("Condition?patient={{context.patientId}} &_count=1", "read or a search"),
        ("Condition?code:not=x", "modifier"),
        ("Condition?patient.name=x", "modifier"),
        ("Condition?_include=Condition:subject", "modifier"),
        ("Condition?patient", "modifier"),
        ("Condition?date=ge2026-01-01&date=le2026-02-01", "twice"),
    ],
)
def test_a_template_that_some_client_cannot_follow_is_named(template: str, said: str) -> None:
    """Each with what is wrong about it."""
    assert said in lint(template)


def test_the_templates_that_are_offered_are_legal() -> None:
    """Those of every service of the low-back-pain guideline, sorted by key."""
    for entry in load_catalogue(["hooks.low_back_pain"]).entries.values():
        offered = templates(entry.service)
        assert offered
        assert list(offered) == sorted(offered)
        assert [lint(template) for template in offered.values()] == [""] * len(offered)
