"""What holds for every criterion: unrelated entries do not matter, and an answer never makes a NO a YES."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answers import Need
from cds_service.criteria.answered import answered, answered_otherwise
from cds_service.criteria.daily_doses import daily_dose
from cds_service.criteria.durations import days
from cds_service.criteria.episode import Episode, lasting, phase_unclear
from cds_service.criteria.finding import all_of, any_of, none_of
from cds_service.criteria.measured import measured, worsening
from cds_service.criteria.medicines import (
    repeated,
    supplied,
    taken_for,
    taking,
    tried,
    used_lately,
)
from cds_service.criteria.orders import requested
from cds_service.criteria.people import aged, aged_at_onset, gender
from cds_service.criteria.records import mentioned, recorded
from cds_service.criteria.where import from_before, within
from cds_service.fhir import Coding
from cds_service.terminology import LOINC, RXNORM, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Criterion
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
MEDICATIONS = Need("MedicationRequest", "MedicationRequest?patient={{context.patientId}}", "medications")
OBSERVATIONS = Need("Observation", "Observation?patient={{context.patientId}}", "measurements")
PATIENT = Need("Patient", "Patient/{{context.patientId}}", "patient")
PROCEDURES = Need("Procedure", "Procedure?patient={{context.patientId}}", "procedures")
REQUESTS = Need("ServiceRequest", "ServiceRequest?patient={{context.patientId}}", "service orders")
NO, UNKNOWN, YES = Truth


def _episode(terms: Terminology) -> Episode:
    pain, chronic, acute = terms["pain"], terms["chronic-pain"], terms["acute-pain"]
    return Episode("pain", CONDITIONS, (pain,), chronic, acute, days(84), days(28), days(84))


def _facts(terms: Terminology) -> list[Criterion]:
    """Return one question of each kind that asks whether something is there."""
    fever, opioid, score = terms["fever"], terms["opioid"], terms["score"]
    episode = _episode(terms)
    return [
        recorded(CONDITIONS, fever, label="fever"),
        recorded(
            CONDITIONS,
            fever,
            label="fever",
            where=within(days(30)) & from_before(episode, days(7)),
            ever=True,
        ),
        recorded(PROCEDURES, terms["therapy"], label="therapy", status=frozenset({"completed"})),
        mentioned(CONDITIONS, ("cancer",), unless=("no",), label="cancer in words"),
        lasting(episode, at_least=days(28), label="4 weeks"),
        lasting(episode, at_most=days(27), label="less than 4 weeks"),
        taking(MEDICATIONS, opioid, label="an opioid"),
        taken_for(MEDICATIONS, opioid, at_least=days(90), label="90 days"),
        repeated(MEDICATIONS, opioid, apart=days(60), within=days(180), label="repeated"),
        supplied(MEDICATIONS, opioid, at_least=days(60), within=days(90), label="supplied"),
        tried(MEDICATIONS, opioid, within=days(365), label="tried"),
        used_lately(MEDICATIONS, opioid, within=days(90), label="used"),
        daily_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=3000, label="3 g"),
        measured(OBSERVATIONS, score, unit="{score}", at_least=7, label="a high score"),
        measured(
            OBSERVATIONS,
            score,
            unit="{score}",
            at_least=7,
            within=days(30),
            any_in_window=True,
            label="lately",
        ),
        answered(OBSERVATIONS, terms["question"], Coding(SNOMED_CT, "yes"), within=days(300), label="yes"),
        answered_otherwise(
            OBSERVATIONS, terms["question"], Coding(SNOMED_CT, "yes"), within=days(300), label="not yes"
        ),
        requested(
            REQUESTS, terms["mri"], status=frozenset({"active"}), where=within(days(90)), label="an MRI"
        ),
        aged(PATIENT, at_least=50, label="age 50"),
        aged_at_onset(PATIENT, episode, below=50, label="younger than 50 at onset"),
        gender(PATIENT, "female", label="female"),
    ]


def _questions(terms: Terminology) -> list[Criterion]:
    """Return those, questions about what is not known, and compounds."""
    facts, episode = _facts(terms), _episode(terms)
    unclear = phase_unclear(episode, days(28), label="unclear")
    worse = worsening(OBSERVATIONS, terms["score"], episode, by=2, within=days(30), label="worse")
    return [*facts, unclear, worse, all_of(*facts[:4]), any_of(*facts[4:9]), none_of(facts[0], facts[6])]


DATES = st.sampled_from([None, "2026", "2026-10", "2026-10-25", "2026-09-15", "2026-07-01", "2025-01-01"])
CODES = st.sampled_from(["pain", "chronic", "acute", "fever", "therapy"])
STATUS = st.sampled_from(["active", "completed", "draft", "final", "stopped", "preliminary"])
VERIFIED = st.sampled_from([None, "confirmed", "provisional", "refuted", "entered-in-error"])


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _resource(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"resourceType": st.just(kind), **members})


CONDITION = _resource(
    "Condition",
    code=CODES.map(lambda code: _concept(SNOMED_CT, code)) | st.just({"text": "cancer"}),
    onsetDateTime=DATES,
    recordedDate=DATES,
    verificationStatus=VERIFIED.map(lambda code: {"coding": [{"code": code}]}),
)
MEDICATION = _resource(
    "MedicationRequest",
    medicationCodeableConcept=st.sampled_from(["1", "3", "99", "161"]).map(
        lambda code: _concept(RXNORM, code)
    ),
    status=STATUS,
    authoredOn=DATES,
    dispenseRequest=st.sampled_from([None, {"expectedSupplyDuration": {"value": 60, "code": "d"}}]),
)
OBSERVATION = _resource(
    "Observation",
    code=st.sampled_from(["score", "egfr", "question"]).map(lambda code: _concept(LOINC, code)),
    status=STATUS,
    effectiveDateTime=DATES,
    valueQuantity=st.integers(0, 10).map(lambda value: {"value": value, "unit": "{score}"}),
    valueCodeableConcept=st.sampled_from(["yes", "no"]).map(lambda code: _concept(SNOMED_CT, code)),
)
REQUEST = _resource("ServiceRequest", code=st.just(_concept(LOINC, "mri")), status=STATUS, authoredOn=DATES)
PROCEDURE = _resource("Procedure", code=st.just(_concept(SNOMED_CT, "therapy")), status=STATUS)
PERSON = _resource(
    "Patient", birthDate=DATES | st.just("1970"), gender=st.sampled_from(["female", "male", None])
)
RECORD = st.lists(CONDITION | MEDICATION | OBSERVATION | REQUEST | PROCEDURE, max_size=6)
PATIENTS = st.lists(PERSON, max_size=1)

UNRELATED = st.sampled_from(
    [
        {"resourceType": "Condition", "code": _concept(SNOMED_CT, "headache"), "onsetDateTime": "2026-10-25"},
        {"resourceType": "Condition", "code": {"text": "sprained thumb"}},
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "medicationCodeableConcept": _concept(RXNORM, "555"),
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": _concept(LOINC, "height"),
            "issued": "2026-10-25",
        },
        {"resourceType": "Procedure", "status": "completed", "code": _concept(SNOMED_CT, "haircut")},
        {"resourceType": "ServiceRequest", "status": "active", "code": _concept(LOINC, "glucose")},
        {"resourceType": "DiagnosticReport", "status": "final", "code": _concept(LOINC, "mri")},
    ]
)


@settings(max_examples=30)
@given(record=RECORD, person=PATIENTS, more=UNRELATED, place=st.integers(0, 6))
def test_an_unrelated_resource_never_changes_a_finding(  # noqa: PLR0913, PLR0917 - a chart and one more entry
    chart_of: Callable[..., Chart],
    terms: Terminology,
    record: list[dict[str, Any]],
    person: list[dict[str, Any]],
    more: dict[str, Any],
    place: int,
) -> None:
    """Whatever the chart holds and wherever the entry stands in it: the same answer, for the same reason."""
    chart = chart_of(*person, *record)
    longer = chart_of(*person, *record[:place], more, *record[place:])

    for question in _questions(terms):
        assert question.evaluate(longer) == question.evaluate(chart)


@settings(max_examples=30)
@given(
    record=RECORD,
    person=PATIENTS,
    lost=st.sets(
        st.sampled_from(
            ["Condition", "MedicationRequest", "Observation", "Patient", "Procedure", "ServiceRequest"]
        ),
        min_size=1,
    ),
)
def test_a_missing_answer_that_is_given_turns_no_no_into_a_yes(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    record: list[dict[str, Any]],
    person: list[dict[str, Any]],
    lost: set[str],
) -> None:
    """Without the answers a question is at most UNKNOWN; what was NO then stays NO once they are known."""
    full = chart_of(*person, *record)
    kept = [item for item in (*person, *record) if item["resourceType"] not in lost]
    partial = chart_of(*kept, gaps=dict.fromkeys(lost, "timed out"))

    for question in _questions(terms):
        before, after = question.evaluate(partial).truth, question.evaluate(full).truth
        assert not (before is NO and after is YES), question.label


@settings(max_examples=30)
@given(
    record=RECORD, person=PATIENTS, lost=st.sampled_from(["Condition", "MedicationRequest", "Observation"])
)
def test_a_gap_never_hides_what_was_read(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    record: list[dict[str, Any]],
    person: list[dict[str, Any]],
    lost: str,
) -> None:
    """The same entries from a page that has a next one: a YES stays a YES, a NO is at most UNKNOWN."""
    complete = chart_of(*person, *record)
    answer = replace(complete.answers[lost], gap="further pages")
    partial = replace(complete, answers={**complete.answers, lost: answer}, _facts={}, _findings={})

    for question in _facts(terms):
        before, after = question.evaluate(complete).truth, question.evaluate(partial).truth
        assert (after is YES) == (before is YES), question.label
