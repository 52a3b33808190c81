"""The store keeps resources, and its search fills prefetch templates without HTTP."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from cds_service.sandbox.outcome import FhirError
from cds_service.sandbox.store import Store

SNOMED = "http://snomed.info/sct"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
SUBJECT = {"reference": "Patient/1"}
SAMPLES: list[dict[str, Any]] = [
    {
        "resourceType": "Condition",
        "id": "back-pain",
        "subject": SUBJECT,
        "code": {"coding": [{"system": SNOMED, "code": "279039007"}, {"system": "http://x", "code": "LBP"}]},
        "category": [{"coding": [{"code": "problem-list-item"}]}],
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "onsetDateTime": "2026-01",
        "recordedDate": "2026-03-01",
    },
    {
        "resourceType": "Condition",
        "id": "cancer",
        "subject": {"reference": "Patient/1/_history/3"},
        "code": {"coding": [{"system": SNOMED, "code": "363346000"}]},
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "resolved"}]},
        "recordedDate": "2026-02-01",
    },
    {
        "resourceType": "Condition",
        "id": "foreign",
        "subject": {"reference": "Patient/2"},
        "code": {"text": "back pain"},
    },
    {
        "resourceType": "Condition",
        "id": "group",
        "subject": {"reference": "Group/1"},
        "code": {"coding": [{"code": "a,b|c"}]},
    },
]


def filled(*resources: dict[str, Any]) -> Store:
    """Return a store that holds `resources`."""
    store = Store()
    for resource in resources:
        store.put(resource)
    return store


def ids(store: Store, query: str, resource_type: str = "Condition") -> list[str]:
    """Return the ids of what a query finds, in order."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return [match["id"] for match in store.search(resource_type, pairs).matches]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["back-pain", "cancer", "foreign", "group"]),
        ("_id=cancer,foreign", ["cancer", "foreign"]),
        ("patient=1", ["back-pain", "cancer"]),
        ("patient=Patient/1", ["back-pain", "cancer"]),
        ("patient=Group/1", []),
        ("subject=1", ["back-pain", "cancer", "group"]),
        ("subject=Group/1", ["group"]),
        (f"code={SNOMED}|279039007", ["back-pain"]),
        ("code=279039007", ["back-pain"]),
        ("code=LBP", ["back-pain"]),
        ("code=|279039007", []),
        (f"code={SNOMED}|", ["back-pain", "cancer"]),
        ("code=http://x|279039007", []),
        (f"code=279039007,{SNOMED}|363346000", ["back-pain", "cancer"]),
        (r"code=a\,b\|c", ["group"]),
        ("code=back pain", []),
        ("category=|problem-list-item", ["back-pain"]),
        ("clinical-status=active", ["back-pain"]),
        ("verification-status=confirmed", ["back-pain"]),
        ("patient=1&code=363346000", ["cancer"]),
        ("code=279039007&code=LBP", ["back-pain"]),
        ("code=279039007&code=363346000", []),
        ("date=2026-01", ["back-pain"]),
        ("date=ge2026-02-01", ["cancer"]),
        ("date=ge2026-01-01&date=le2026-01-31", ["back-pain"]),
        ("recorded-date=ge2026-03-01", ["back-pain"]),
        ("onset-date=le2026-12-31", ["back-pain"]),
        ("_sort=date", ["back-pain", "cancer", "foreign", "group"]),
        ("_sort=-date", ["cancer", "back-pain", "foreign", "group"]),
        ("patient=", ["back-pain", "cancer", "foreign", "group"]),
    ],
)
def test_a_query_finds_what_fhir_says(query: str, found: list[str]) -> None:
    """Each parameter narrows by its own kind: token, reference or date; commas widen."""
    store = filled(*SAMPLES)

    result = ids(store, query)

    assert result == found


@pytest.mark.parametrize(
    ("resource_type", "elements", "query"),
    [
        ("Observation", {"effectiveDateTime": "2026-01-05"}, "date=2026-01-05"),
        ("Observation", {"effectivePeriod": {"start": "2026-01-05"}}, "date=gt2027"),
        ("Observation", {"effectiveInstant": "2026-01-05T10:00:00Z"}, "date=2026-01-05"),
        ("Condition", {"onsetPeriod": {"start": "2026-01-05", "end": "2026-01-06"}}, "date=2026-01"),
        ("MedicationRequest", {"authoredOn": "2026-01-05"}, "date=2026-01-05"),
        ("MedicationRequest", {"authoredOn": "2026-01-05"}, "authoredon=2026-01-05"),
        ("ServiceRequest", {"authoredOn": "2026-01-05"}, "authored=2026-01-05"),
        ("ServiceRequest", {"authoredOn": "2026-01-05"}, "date=2026-01-05"),
        ("Procedure", {"performedPeriod": {"end": "2026-01-05"}}, "date=lt1900"),
        ("Procedure", {"performedDateTime": "2026"}, "date=2026"),
        ("DiagnosticReport", {"effectiveDateTime": "2026-01-05"}, "date=2026-01"),
        ("Encounter", {"period": {"start": "2026-01-05", "end": "2026-01-05"}}, "date=2026-01-05"),
        ("AllergyIntolerance", {"recordedDate": "2026-01-05"}, "date=2026-01-05"),
        ("AllergyIntolerance", {"patient": SUBJECT}, "patient=1"),
        ("AllergyIntolerance", {"reaction": [{"substance": [{"coding": [{"code": "x"}]}]}]}, "code=x"),
        ("AllergyIntolerance", {"category": ["medication"]}, "category=medication"),
        ("MedicationRequest", {"medicationCodeableConcept": {"coding": [{"code": "x"}]}}, "code=x"),
        ("MedicationRequest", {"status": "active", "intent": "order"}, "status=http://s|active&intent=order"),
        ("Encounter", {"class": {"system": "http://s", "code": "AMB"}}, "class=http://s|AMB"),
        ("Task", {"for": SUBJECT}, "patient=1"),
        ("Task", {"for": {"reference": "http://far.test/Patient/1"}}, "patient=http://far.test/Patient/1"),
        ("Organization", {}, "_id=x"),
    ],
)
def test_each_type_is_searched_by_its_own_elements(
    resource_type: str, elements: dict[str, Any], query: str
) -> None:
    """The same parameter looks at the element that the resource type keeps it in."""
    store = filled({"resourceType": resource_type, "id": "x", **elements})

    result = ids(store, query, resource_type)

    assert result == ["x"]


def test_undated_resources_never_match_a_date() -> None:
    """What has no date is neither before nor after one."""
    store = filled({"resourceType": "Observation", "id": "x", "effectiveDateTime": "once"})

    result = ids(store, "date=ge1900", "Observation") + ids(store, "date=lt2100", "Observation")

    assert result == []


def test_malformed_elements_are_passed_over() -> None:
    """A search works on whatever was put, as fixtures may hold what a poor EHR would send."""
    store = filled(
        {
            "resourceType": "MedicationRequest",
            "id": "x",
            "subject": "Patient/1",
            "medicationCodeableConcept": {"coding": ["x"]},
            "medicationReference": "Medication/1",
            "authoredOn": 2026,
        }
    )

    result = ids(
        store, "patient=1&code=x&date=2026&_include=MedicationRequest:medication", "MedicationRequest"
    )

    assert result == []


def test_include_brings_the_medication() -> None:
    """The Medication that an order points at comes along once and is not counted."""
    link = {"reference": "Medication/m"}
    orders = [
        {"resourceType": "MedicationRequest", "id": name, "medicationReference": link} for name in ("a", "b")
    ]
    store = filled(
        *orders, {"resourceType": "Medication", "id": "m"}, {"resourceType": "Medication", "id": "n"}
    )

    result = store.search("MedicationRequest", [("_include", "MedicationRequest:medication")])

    assert [found["id"] for found in result.included] == ["m"]
    assert result.total == 2


def test_include_follows_only_what_is_there() -> None:
    """An order by code, and one whose Medication is missing, bring nothing along."""
    store = filled(
        {"resourceType": "MedicationRequest", "id": "a", "medicationCodeableConcept": {"text": "naproxen"}},
        {
            "resourceType": "MedicationRequest",
            "id": "b",
            "medicationReference": {"reference": "Medication/m"},
        },
    )

    result = store.search("MedicationRequest", [("_include", "MedicationRequest:medication")])

    assert result.included == ()
    assert result.total == 2


def test_a_page_includes_only_what_its_own_matches_point_at() -> None:
    """The Medication of the second order is not on the page of the first."""
    store = Store()
    for name in ("a", "b"):
        link = {"reference": f"Medication/{name}"}
        store.put({"resourceType": "MedicationRequest", "id": name, "medicationReference": link})
        store.put({"resourceType": "Medication", "id": name})
    query = [("_include", "MedicationRequest:medication:Medication")]

    result = store.search("MedicationRequest", query).page(1, 1)

    assert [found["id"] for found in result.included] == ["b"]


def test_lenient_search_tells_what_it_understood() -> None:
    """A parameter that the type lacks takes no part and is missing from what the self link will show."""
    store = filled(*SAMPLES)

    result = store.search("Condition", [("patient", "1"), ("mood", "good"), ("_sort", "mood"), ("code", "")])

    assert result.understood == (("patient", "1"),)
    assert result.total == 2


@pytest.mark.parametrize("parameter", [("mood", "good"), ("_sort", "mood"), ("code", ""), ("_format", "xml")])
def test_strict_search_refuses_what_it_does_not_understand(parameter: tuple[str, str]) -> None:
    """Under handling=strict the error names the parameter."""
    store = filled(*SAMPLES)

    with pytest.raises(FhirError, match=parameter[0]) as caught:
        store.search("Condition", [parameter], strict=True)

    assert caught.value.status == 400


@pytest.mark.parametrize(
    "parameter",
    [
        ("date", "soon"),
        ("date", "ne2026"),
        ("_count", "-1"),
        ("_count", "many"),
        ("code:text", "back"),
        ("_sort:desc", "date"),
    ],
)
def test_unreadable_values_and_modifiers_are_refused(parameter: tuple[str, str]) -> None:
    """Ignoring these would widen the answer, so they are errors even when lenient."""
    store = filled(*SAMPLES)

    with pytest.raises(FhirError, match=parameter[0].partition(":")[0]) as caught:
        store.search("Condition", [parameter])

    assert caught.value.status == 400


def test_copies_come_out_and_copies_go_in() -> None:
    """Nobody changes a stored resource by changing what was put or what was got."""
    mine: dict[str, Any] = {"resourceType": "Patient", "id": "1", "name": [{"family": "A"}]}
    store = filled(mine)
    got = store.get("Patient", "1")
    found = store.search("Patient", []).matches[0]
    assert got is not None

    for copy in (mine, got, found):
        copy["name"][0]["family"] = "changed"

    assert store.get("Patient", "1") == {"resourceType": "Patient", "id": "1", "name": [{"family": "A"}]}


def test_a_deleted_resource_is_known_to_be_deleted() -> None:
    """Deleting tells whether there was something; gone and never there are different answers."""
    store = filled({"resourceType": "Patient", "id": "1"})

    deletions = [store.delete("Patient", "1"), store.delete("Patient", "1"), store.delete("Patient", "2")]

    assert deletions == [True, False, False]
    assert store.deleted("Patient", "1")
    assert not store.deleted("Patient", "2")
    assert store.get("Patient", "1") is None


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"resourceType": "Patient"},
        {"resourceType": "Patient", "id": "a b"},
        {"resourceType": "Patient", "id": 1},
    ],
)
def test_a_resource_without_identity_cannot_be_put(resource: dict[str, Any]) -> None:
    """The store refuses what it could never give back."""
    store = Store()

    with pytest.raises(ValueError, match="needs"):
        store.put(resource)


def test_a_failed_block_leaves_no_trace() -> None:
    """Whatever happened inside an all-or-nothing block is undone when it raises."""
    store = filled({"resourceType": "Patient", "id": "1"})

    def fail_halfway() -> None:
        with store.all_or_nothing():
            store.put({"resourceType": "Patient", "id": "2"})
            store.delete("Patient", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()

    assert ids(store, "", "Patient") == ["1"]
    assert store.version("Patient", "1") == 1
