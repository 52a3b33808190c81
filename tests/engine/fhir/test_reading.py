"""The tolerant reader: one odd entry never costs the others, and nothing that was lost reads as absence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import Condition, MedicationRequest, OperationOutcome, Patient, read, read_resource

CONDITION = {"resourceType": "Condition", "id": "c1"}
BROKEN = {"resourceType": "Condition", "id": 7}
FOREIGN = {"resourceType": "Basic", "id": "b1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def _bundle(*resources: object, **members: object) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return _encoded({"resourceType": "Bundle", "entry": entries, **members})


def test_a_bare_resource_is_read() -> None:
    """A prefetch value may be the resource itself."""
    reading = read(_encoded({"resourceType": "Patient", "id": "p1", "birthDate": "1980", "name": [{}]}))

    assert reading.resources == (Patient(id="p1", birth_date="1980"),)


def test_a_bundle_is_read_with_total_and_next_page() -> None:
    """What the Bundle says of itself is kept for whoever follows its pages."""
    reading = read(_bundle(CONDITION, total=9, link=[{"relation": "next", "url": "http://ehr/2"}]))

    assert reading.resources == (Condition(id="c1"),)
    assert (reading.total, reading.next_url) == (9, "http://ehr/2")


def test_included_resources_are_no_matches() -> None:
    """`search.mode` include marks what only came along."""
    entry = {"resource": {"resourceType": "Medication", "id": "m1"}, "search": {"mode": "include"}}
    reading = read(_encoded({"resourceType": "Bundle", "entry": [entry, {"resource": CONDITION}]}))

    assert [item.id for item in reading.included] == ["m1"]
    assert [item.id for item in reading.resources] == ["c1"]


def test_an_outcome_entry_says_that_data_are_hidden() -> None:
    """An OperationOutcome inside a searchset is no match; it means that there is more."""
    reading = read(_bundle(OUTCOME, CONDITION, OUTCOME))

    assert reading.hides_data
    assert reading.resources == (Condition(id="c1"),)


def test_a_bare_outcome_is_kept_apart() -> None:
    """The value is an error and no data."""
    reading = read(_encoded(OUTCOME))

    assert isinstance(reading.outcome, OperationOutcome)
    assert reading.resources == ()


@pytest.mark.parametrize("bare", [CONDITION, OUTCOME])
def test_a_wrapper_with_response_is_opened(bare: dict[str, Any]) -> None:
    """Some clients send the batch entry: `{"response": ..., "resource": ...}`."""
    assert read(_encoded({"response": {"status": "200"}, "resource": bare})) == read(_encoded(bare))


@pytest.mark.parametrize(
    "wrapper",
    [
        {"response": {"status": "404 Not Found"}},
        {"response": {"status": "410"}, "resource": None},
        {"response": {"status": "404"}, "resource": OUTCOME},
    ],
)
def test_a_wrapper_can_say_that_nothing_is_there(wrapper: dict[str, Any]) -> None:
    """E-81: "not found" and "gone", whether or not a reason is given with it."""
    assert read(_encoded(wrapper)).gone


@pytest.mark.parametrize(
    "wrapper",
    [
        {"response": {"status": "404"}, "resource": CONDITION},
        {"response": {"status": "500"}, "resource": OUTCOME},
        {"response": {"status": None}},
        {"response": "404"},
        {"resourceType": "Condition", "response": {"status": "404"}},
    ],
)
def test_nothing_else_says_that_nothing_is_there(wrapper: dict[str, Any]) -> None:
    """A resource that was brought wins, another status is a failure, and a resource is no wrapper."""
    assert not read(_encoded(wrapper)).gone


def test_one_odd_entry_never_costs_the_others() -> None:
    """What does not fit is skipped and counted by its type."""
    reading = read(_bundle(CONDITION, BROKEN, FOREIGN, {"id": "typeless"}, {"resourceType": 5}, "text"))

    assert reading.resources == (Condition(id="c1"),)
    assert reading.unreadable == ("Condition", "Basic", "", "", "")


@pytest.mark.parametrize(
    "entries",
    ["junk", 7, ["junk"], [7], {"resource": BROKEN}, {"junk": 1, "resourceType": "Basic"}],
)
def test_entries_that_are_none_never_read_as_an_empty_list(entries: object) -> None:
    """An array of something else, or no array at all, is something that was not understood."""
    reading = read(_encoded({"resourceType": "Bundle", "entry": entries}))

    assert reading.resources == ()
    assert len(reading.unreadable) == 1


def test_a_lone_entry_and_a_lone_link_count_as_lists_of_one() -> None:
    """Some senders write the object where the array is due."""
    link = {"relation": "next", "url": "http://ehr/2"}
    reading = read(_encoded({"resourceType": "Bundle", "entry": {"resource": CONDITION}, "link": link}))

    assert reading.resources == (Condition(id="c1"),)
    assert reading.next_url == "http://ehr/2"


@pytest.mark.parametrize("resource", [CONDITION, BROKEN])
def test_a_next_page_without_address_means_that_data_are_hidden(resource: dict[str, Any]) -> None:
    """Such a page can be seen to exist and cannot be fetched."""
    assert read(_bundle(resource, link=[{"relation": "next"}])).hides_data
    assert not read(_bundle(resource, link=[{"relation": "self"}])).hides_data


def test_entries_without_resource_are_passed_over_either_way() -> None:
    """A null entry or one without resource holds nothing, whether or not the rest fits."""
    empty = [None, {"fullUrl": "urn:x"}, {"resource": CONDITION}]
    smooth = read(_encoded({"resourceType": "Bundle", "entry": empty}))
    careful = read(_encoded({"resourceType": "Bundle", "entry": [*empty, {"resource": BROKEN}]}))

    assert smooth.resources == careful.resources == (Condition(id="c1"),)
    assert (smooth.unreadable, careful.unreadable) == ((), ("Condition",))


def test_a_careful_reading_keeps_what_the_bundle_says_of_itself() -> None:
    """Total, pages, and search modes survive when an entry does not fit; what is odd in them does not."""
    entries = [
        {"resource": CONDITION, "search": {"mode": "include"}},
        {"resource": CONDITION, "search": {"mode": 1}},
        {"resource": CONDITION, "search": "match"},
        CONDITION,
        {"resource": BROKEN},
    ]
    links = ["junk", {"relation": "self"}, {"relation": "next", "url": "http://ehr/2"}]
    reading = read(_encoded({"entry": entries, "link": links, "total": 9}))
    odd = read(_bundle(BROKEN, total="many"))

    assert (len(reading.included), len(reading.resources)) == (1, 3)
    assert (reading.next_url, reading.total, odd.total) == ("http://ehr/2", 9, None)


def test_a_lone_object_where_an_array_is_due_is_wrapped() -> None:
    """Guessable slips are mended before a resource is given up."""
    resource = {"resourceType": "MedicationRequest", "reasonCode": {"text": "pain"}, "status": "draft"}
    read_one = read_resource(resource)

    assert isinstance(read_one, MedicationRequest)
    assert [reason.text for reason in read_one.reason_code] == ["pain"]


@pytest.mark.parametrize("value", [None, "text", [], {}, {"resourceType": ["Patient"]}, FOREIGN, BROKEN])
def test_what_is_no_known_resource_reads_as_none(value: object) -> None:
    """Unknown types and misfits are None, never an error."""
    assert read_resource(value) is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"7",
        b"[1]",
        b"{}",
        b"\xff\xfe",
        b'{"resourceType":"Patient","gender":"\xff"}',
        b'{"resourceType":"Patient","gender":"\\ud800"}',
        b'{"resourceType":"Observation","valueQuantity":{"value":1e999}}',
        b'{"resourceType":"Observation","valueQuantity":{"value":' + b"9" * 5000 + b"}}",
        b'{"resourceType":"Patient","x":' + b"[" * 100_000,
        b'{"resourceType":"Patient","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_fhir_is_unusable(value: bytes) -> None:
    """E-19, E-22, E-23: garbage, numbers and nesting without end are reported, never raised."""
    assert not read(value).usable


def test_an_unknown_resource_is_usable_and_unreadable() -> None:
    """It is FHIR, but not what was asked for."""
    reading = read(_encoded(FOREIGN))

    assert reading.usable
    assert reading.unreadable == ("Basic",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "link", "relation", "url", "id", "code"])
            | st.text(max_size=4),
            inner | st.sampled_from(["Bundle", "Condition", "OperationOutcome", "next"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_reading_never_raises_on_json(value: object) -> None:
    """Whatever an EHR sends, there is a Reading."""
    reading = read(_encoded(value))

    assert reading.usable or not reading.resources


@given(st.binary(max_size=80))
def test_reading_never_raises_on_bytes(value: bytes) -> None:
    """Bytes that are no JSON are unusable, and no error."""
    assert read(value).resources == ()


@pytest.mark.parametrize("status", ["clinicalStatus", "verificationStatus"])
def test_a_status_that_is_a_bare_code_is_read(status: str) -> None:
    """Conditions of DSTU2 and STU3 have codes where R4 has concepts; a status is not lost over it."""
    raw = {"resourceType": "Condition", "id": "c", status: "resolved", "code": {"text": "Pain"}}

    reading = read(json.dumps({"resourceType": "Bundle", "entry": [{"resource": raw}]}).encode())

    (condition,) = reading.resources
    assert isinstance(condition, Condition)
    concept = condition.clinical_status or condition.verification_status
    assert concept
    assert [coding.code for coding in concept.coding] == ["resolved"]
    assert reading.unreadable == ()
