"""The chart: what a resource becomes, what is dropped at the door, and that nothing undeclared is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import ABSENT, Need
from cds_service.chart import Chart, Context, UndeclaredReadError, refers_to, status_code
from cds_service.criteria.finding import Criterion, Finding, all_of
from cds_service.fhir import CodeableConcept, Coding, Reference
from cds_service.order_names import order_name
from cds_service.terminology import ICD_10_CM, LOINC, RXNORM, SNOMED_CT
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Fact
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
MEDICATIONS = Need("MedicationRequest", "MedicationRequest?patient={{context.patientId}}", "medications")
PATIENT = Need("Patient", "Patient/{{context.patientId}}", "patient")
FEVER = {"coding": [{"system": SNOMED_CT, "code": "fever"}]}


def _status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def _only(chart_of: Callable[..., Chart], resource_type: str, **members: object) -> Fact:
    need = Need(resource_type, f"{resource_type}?x", resource_type)
    (fact,) = chart_of({"resourceType": resource_type, **members}).facts(need)
    return fact


@pytest.mark.parametrize(
    ("verification", "certainty"),
    [
        ("confirmed", Certainty.PRESENT),
        ("", Certainty.PRESENT),
        ("Provisional", Certainty.POSSIBLE),
        ("differential", Certainty.POSSIBLE),
        ("unconfirmed", Certainty.POSSIBLE),
        ("refuted", Certainty.ABSENT_STATED),
    ],
)
def test_certainty_follows_the_verification_status(
    chart_of: Callable[..., Chart], verification: str, certainty: Certainty
) -> None:
    """SAFE-07, for Conditions and allergies alike."""
    for kind in ("Condition", "AllergyIntolerance"):
        assert _only(chart_of, kind, verificationStatus=_status(verification)).certainty is certainty


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "verificationStatus": _status("entered-in-error")},
        {"resourceType": "AllergyIntolerance", "verificationStatus": _status("entered-in-error")},
        {"resourceType": "Observation", "status": "entered-in-error"},
        {"resourceType": "MedicationRequest", "status": "entered-in-error"},
    ],
)
def test_entries_in_error_are_as_if_absent(chart_of: Callable[..., Chart], resource: dict[str, Any]) -> None:
    """SAFE-07: they neither show nor deny anything."""
    need = Need(resource["resourceType"], "x", "x")

    assert chart_of(resource).facts(need) == ()


@pytest.mark.parametrize(
    ("kind", "members", "current"),
    [
        ("Condition", {}, True),
        ("Condition", {"clinicalStatus": _status("relapse")}, True),
        ("Condition", {"clinicalStatus": _status("resolved")}, False),
        ("AllergyIntolerance", {"clinicalStatus": _status("inactive")}, True),
        ("AllergyIntolerance", {"clinicalStatus": _status("resolved")}, False),
        ("MedicationRequest", {"status": "active", "intent": "order"}, True),
        ("MedicationRequest", {"status": "on-hold"}, True),
        ("MedicationRequest", {"status": "completed"}, False),
        ("MedicationRequest", {"status": "active", "intent": "proposal"}, False),
        ("ServiceRequest", {"status": "active", "doNotPerform": True}, False),
        ("Procedure", {"status": "completed"}, True),
    ],
)
def test_what_still_goes_on_is_current(
    chart_of: Callable[..., Chart],
    kind: str,
    members: dict[str, Any],
    current: bool,  # noqa: FBT001
) -> None:
    """SAFE-09 and SAFE-36; an inactive allergy is still one."""
    assert _only(chart_of, kind, **members).current is current


@pytest.mark.parametrize(
    ("kind", "members", "dated"),
    [
        ("Condition", {"onsetDateTime": "2026-05", "recordedDate": "2026-06-01"}, "2026-05"),
        ("Condition", {"onsetPeriod": {"start": "2026"}}, "2026"),
        ("Condition", {"onsetPeriod": {}, "recordedDate": "2026-06-01"}, "recorded 2026-06-01"),
        ("Condition", {}, "undated"),
        ("MedicationRequest", {"authoredOn": "2026-06-01"}, "2026-06-01"),
        ("ServiceRequest", {}, "undated"),
        ("Procedure", {"performedDateTime": "2026-06-01"}, "2026-06-01"),
        ("Procedure", {"performedPeriod": {"start": "2026-06-01", "end": "2026-06-03"}}, "2026-06-03"),
        ("Procedure", {"performedPeriod": {"start": "2026-06-01"}}, "2026-06-01"),
        ("Observation", {"effectiveDateTime": "2026-06-01"}, "2026-06-01"),
        ("Observation", {"effectiveInstant": "2026-06-01T00:00:00Z"}, "2026-06-01"),
        ("Observation", {"effectivePeriod": {"end": "2026-06-01"}}, "2026-06-01"),
        ("Observation", {"issued": "2026-06-01T00:00:00Z"}, "2026-06-01"),
        ("DiagnosticReport", {"effectivePeriod": {"end": "2026-06-01"}}, "2026-06-01"),
        ("AllergyIntolerance", {"recordedDate": "2026-06-01"}, "recorded 2026-06-01"),
        ("OperationOutcome", {}, "undated"),
    ],
)
def test_a_resource_is_dated_by_what_happened_before_when_it_was_written(
    chart_of: Callable[..., Chart], kind: str, members: dict[str, Any], dated: str
) -> None:
    """The words say when a date is only that of the record."""
    assert _only(chart_of, kind, **members).dated == dated


def test_a_fact_is_named_by_type_and_id(chart_of: Callable[..., Chart]) -> None:
    """Without id, by its type alone."""
    assert _only(chart_of, "Condition", id="c1").reference == "Condition/c1"
    assert _only(chart_of, "Condition").reference == "Condition"


@pytest.mark.parametrize(
    ("meta", "sensitive"),
    [
        (None, False),
        ({}, False),
        ({"security": [{"code": "N"}]}, False),
        ({"security": [{"code": "N"}, {"code": "R"}]}, True),
        ({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ETH"}]}, True),
    ],
)
def test_security_labels_ask_for_discretion(
    chart_of: Callable[..., Chart],
    meta: dict[str, Any] | None,
    sensitive: bool,  # noqa: FBT001
) -> None:
    """SAFE-30: restricted, very restricted, or a sensitivity."""
    assert _only(chart_of, "Condition", meta=meta).sensitive is sensitive


@pytest.mark.parametrize(
    ("medication", "found"),
    [
        ({"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "1"}]}}, True),
        ({"medicationReference": {"reference": "Medication/m1"}}, True),
        ({"medicationReference": {"reference": "http://ehr/fhir/Medication/m1/_history/3"}}, True),
        (
            {
                "medicationReference": {"reference": "#in"},
                "contained": [
                    {"id": "out"},
                    {"id": "in", "code": {"coding": [{"system": RXNORM, "code": "1"}]}},
                ],
            },
            True,
        ),
        ({"medicationReference": {"reference": "#in"}, "contained": [{"id": "in"}]}, False),
        ({"medicationReference": {"reference": "Medication/m2"}}, False),
        ({"medicationReference": {"display": "opioid"}}, False),
        ({}, False),
    ],
)
def test_a_medicine_is_what_its_request_says_or_points_at(
    chart_of: Callable[..., Chart],
    medication: dict[str, Any],
    found: bool,  # noqa: FBT001
) -> None:
    """By code, by a contained Medication, or by one that came along; else its code is not known."""
    drug = {"resourceType": "Medication", "id": "m1", "code": {"coding": [{"system": RXNORM, "code": "1"}]}}
    chart = chart_of({"resourceType": "MedicationRequest", **medication})
    answer = chart.answers["MedicationRequest"]
    came_along = chart_of(drug).answers["Medication"].resources
    answers = {"MedicationRequest": replace(answer, resources=(*answer.resources, *came_along))}
    (fact,) = replace(chart, answers=answers, _facts={}).facts(MEDICATIONS)

    assert fact.is_in("opioid") is found


def _fever(verification: str, onset: str | None, *codes: dict[str, str]) -> dict[str, Any]:
    coding = list(codes) or FEVER["coding"]
    return {
        "resourceType": "Condition",
        "code": {"coding": coding},
        "verificationStatus": _status(verification),
        "onsetDateTime": onset,
    }


@pytest.mark.parametrize(
    ("confirmed", "refuted", "certainty"),
    [
        (_fever("confirmed", "2026-05-01"), _fever("refuted", "2026-05-02"), Certainty.POSSIBLE),
        (_fever("confirmed", "2026-05-02"), _fever("refuted", "2026-05-02"), Certainty.PRESENT),
        (_fever("confirmed", "2026-05"), _fever("refuted", "2026-05-02"), Certainty.PRESENT),
        (_fever("confirmed", None), _fever("refuted", "2026-05-02"), Certainty.PRESENT),
        (_fever("confirmed", "2026-05-01"), _fever("refuted", None), Certainty.PRESENT),
        (
            _fever("confirmed", "2026-05-01", {"system": ICD_10_CM, "code": "R50.9"}),
            _fever("refuted", "2026-05-02", {"system": "urn:oid:2.16.840.1.113883.6.90", "code": "R509"}),
            Certainty.POSSIBLE,
        ),
        (
            _fever("confirmed", "2026-05-01", {"display": "cancer"}),
            _fever("refuted", "2026-05-02", {"display": "sprain"}),
            Certainty.PRESENT,
        ),
    ],
)
def test_a_newer_denial_of_the_same_code_leaves_a_doubt(
    chart_of: Callable[..., Chart],
    confirmed: dict[str, Any],
    refuted: dict[str, Any],
    certainty: Certainty,
) -> None:
    """Guideline 10.4: it never cancels; codes have one spelling, and no code is like no other."""
    first, second = chart_of(confirmed, refuted).facts(CONDITIONS)

    assert first.certainty is certainty
    assert second.certainty is Certainty.ABSENT_STATED


def test_facts_are_narrowed_to_value_sets(chart_of: Callable[..., Chart]) -> None:
    """Without names all are given; a code that is in no set is in none."""
    other = {"resourceType": "Condition", "code": {"text": "headache"}}
    chart = chart_of({"resourceType": "Condition", "code": FEVER}, other)

    assert len(chart.facts(CONDITIONS)) == 2
    assert [fact.is_in("fever") for fact in chart.facts(CONDITIONS, "pain", "fever")] == [True]
    assert [fact.interpretable for fact in chart.facts(CONDITIONS)] == [True, False]


def test_a_procedure_is_also_told_by_its_category(chart_of: Callable[..., Chart]) -> None:
    """An operation is one whatever was operated on."""
    coding = [{"system": SNOMED_CT, "code": "therapy"}]

    assert _only(chart_of, "Procedure", category={"coding": coding}).is_in("therapy")
    assert not _only(chart_of, "Procedure", category={"text": "therapy"}).is_in("therapy")


def test_a_patient_is_no_fact(chart_of: Callable[..., Chart]) -> None:
    """It is asked for by itself."""
    chart = chart_of({"resourceType": "Patient", "id": "p1"})
    person = chart.patient(PATIENT)

    assert person is not None
    assert person.id == "p1"
    assert chart.facts(PATIENT) == ()
    assert chart_of().patient(PATIENT) is None


def test_what_nobody_asked_for_is_absent(terms: Terminology) -> None:
    """A key that is not there at all is never an empty answer."""
    chart = Chart(date(2026, 11, 1), Context("p1"), {}, terms)

    assert chart.answer(CONDITIONS) is ABSENT
    assert chart.gap(CONDITIONS)


def test_a_criterion_cannot_read_what_it_does_not_declare(chart_of: Callable[..., Chart]) -> None:
    """Its prefetch template would be missing; the message names the need."""

    def judge(chart: Chart) -> Finding:
        return Finding("fever", Truth.of(fact=bool(chart.facts(CONDITIONS))))

    undeclared = Criterion("fever", frozenset(), judge)
    declared = Criterion("fever", frozenset({CONDITIONS}), judge)
    chart = chart_of({"resourceType": "Condition", "code": FEVER})

    assert declared.evaluate(chart).truth is Truth.YES
    with pytest.raises(UndeclaredReadError, match="'Condition'"):
        undeclared.evaluate(chart)
    with pytest.raises(UndeclaredReadError):
        all_of(undeclared).evaluate(chart)


def test_a_criterion_is_judged_once_and_once_per_order_where_it_is_about_one(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """What was found is shared between the views of a chart."""
    judged: list[Fact | None] = []

    def judge(chart: Chart) -> Finding:
        judged.append(chart.order)
        return Finding("x", Truth.YES)

    first, second = (draft_of({"resourceType": "ServiceRequest", "id": name}) for name in "ab")
    chart = chart_of(drafts=(first, second))
    plain = Criterion("x", frozenset(), judge)
    about = Criterion("x", frozenset(), judge, about_order=True)
    for order in (first, second, first, None):
        plain.evaluate(chart.judging(order))
        about.evaluate(chart.judging(order))

    assert [order and order.reference for order in judged] == [
        "ServiceRequest/a",
        "ServiceRequest/a",
        "ServiceRequest/b",
        None,
    ]


def test_a_forgotten_criterion_never_answers_for_a_new_one(chart_of: Callable[..., Chart]) -> None:
    """Findings are kept by the criterion itself and not by its place in memory."""
    chart = chart_of()
    answers = [
        Criterion(str(n), frozenset(), lambda _, n=n: Finding(str(n), Truth.NO)).evaluate(chart).label
        for n in range(50)
    ]

    assert answers == [str(n) for n in range(50)]


def test_drafts_are_context_for_each_other(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-38: the judged draft is left out, unless all are asked for."""
    mri = draft_of({"resourceType": "ServiceRequest", "code": {"coding": [{"system": LOINC, "code": "mri"}]}})
    twin = replace(mri, selected=False)
    chart = chart_of(drafts=(mri, twin)).judging(mri)

    assert chart.drafts("mri") == (twin,)
    assert chart.drafts("mri", others=False) == (mri, twin)
    assert chart.drafts("ct") == ()


def test_a_draft_keeps_its_own_json_and_is_recognised_by_code(draft_of: Callable[..., Fact]) -> None:
    """Updates start from what the client sent."""
    source = {
        "resourceType": "MedicationRequest",
        "medicationReference": {"reference": "Medication/m"},
        "odd": [None],
    }
    drug = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": RXNORM, "code": "1"}]}}
    draft = draft_of(source, selected=False, medications=(drug,))

    assert draft.source is source
    assert (draft.draft, draft.selected, draft.by_name) == (True, False, False)
    assert draft.is_in("opioid")


@pytest.mark.parametrize(("text", "sets"), [("MRI lumbar", {"mri"}), ("CT head", set())])
def test_a_draft_without_any_known_code_is_recognised_by_its_name(
    terms: Terminology, draft_of: Callable[..., Fact], text: str, sets: set[str]
) -> None:
    """Then the fact says so; a name that fits nothing leaves it as it was."""
    names = (order_name("ServiceRequest", terms["mri"], "mri"),)
    draft = draft_of({"resourceType": "ServiceRequest", "code": {"text": text}}, names=names)

    assert draft.sets == sets
    assert draft.by_name is bool(sets)


@pytest.mark.parametrize(
    ("concept", "code"),
    [
        (CodeableConcept((Coding(code=None), Coding(code="Active"))), "active"),
        (CodeableConcept(text="active"), ""),
        (None, ""),
    ],
)
def test_a_status_is_its_first_code(concept: CodeableConcept | None, code: str) -> None:
    """In lower case; words alone are none."""
    assert status_code(concept) == code


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        (Reference("Condition/c1"), "Condition/c1"),
        (Reference("http://ehr/fhir/Condition/c1/_history/2"), "Condition/c1"),
        (Reference(None, "fever"), ""),
        (None, ""),
    ],
)
def test_a_reference_is_known_by_its_end(reference: Reference | None, target: str) -> None:
    """Server and version do not matter here: the chart is of one patient and one server."""
    assert refers_to(reference) == target
