"""Medication statements: read beside the orders, never offered, counted as what they say (docs/adr/0009)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Rule, Silence
from cds_service.answers import ABSENT, Answer, Need, failed
from cds_service.criteria.daily_doses import daily_dose, taking_dose
from cds_service.criteria.durations import days
from cds_service.criteria.finding import none_of
from cds_service.criteria.medicines import (
    duplicated,
    outdated,
    renewal,
    repeated,
    supplied,
    taken_for,
    taking,
    tried,
    used_lately,
)
from cds_service.criteria.orders import selected
from cds_service.criteria.records import interpretable
from cds_service.prefetch import answer_of, lacks_medications, templates
from cds_service.rules import decide, unread
from cds_service.terminology import RXNORM
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.criteria.finding import Criterion
    from cds_service.terminology import Terminology

STATEMENTS = Need(
    "MedicationStatement",
    "MedicationStatement?patient={{context.patientId}}",
    "medication statements",
    fallback=True,
)
MEDICATIONS = Need(
    "MedicationRequest",
    "MedicationRequest?patient={{context.patientId}}",
    "medication orders",
    beside=STATEMENTS,
)
TODAY = date(2026, 11, 1)
NO, UNKNOWN, YES = Truth


def _day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


def _drug(coded: str) -> dict[str, Any]:
    return {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": coded}]}}


def _statement(coded: str = "1", status: str = "active", **members: object) -> dict[str, Any]:
    return {"resourceType": "MedicationStatement", "id": "s1", "status": status, **_drug(coded), **members}


def _order(coded: str = "1", status: str = "active", **members: object) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": "o1", "status": status, **_drug(coded), **members}


def _tablets(count: int) -> list[dict[str, Any]]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    return [
        {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": {"value": count, "unit": "tablet"}}]}
    ]


def _answered(chart: Chart, answer: Answer) -> Chart:
    return replace(chart, answers={**chart.answers, STATEMENTS.key: answer}, _facts={}, _findings={})


@pytest.fixture
def opioid(terms: Terminology) -> Criterion:
    """Return the question whether an opioid is taken."""
    return taking(MEDICATIONS, terms["opioid"], label="an opioid")


@pytest.mark.parametrize(
    ("status", "truth", "certainty"),
    [
        ("active", YES, Certainty.PRESENT),
        ("intended", YES, Certainty.PRESENT),
        ("on-hold", YES, Certainty.PRESENT),
        ("unknown", YES, Certainty.POSSIBLE),
        ("completed", NO, Certainty.PRESENT),
        ("stopped", NO, Certainty.PRESENT),
        ("not-taken", NO, Certainty.PRESENT),
        ("entered-in-error", NO, Certainty.PRESENT),
    ],
)
def test_the_status_of_a_statement_says_whether_it_is_taken(
    chart_of: Callable[..., Chart], opioid: Criterion, status: str, truth: Truth, certainty: Certainty
) -> None:
    """SAFE-36; what nobody knows the status of is suspected."""
    finding = opioid.evaluate(chart_of(_statement(status=status)))

    assert (finding.truth, finding.certainty) == (truth, certainty)


def test_a_finding_names_the_statement_and_since_when(
    chart_of: Callable[..., Chart], opioid: Criterion
) -> None:
    """By the begin of its period, its day, or when it was said."""
    since = {
        "2026-03": {"effectivePeriod": {"start": "2026-03"}, "dateAsserted": "2026-10-30"},
        "2026-05-01": {"effectiveDateTime": "2026-05-01"},
        "recorded 2026-10-30": {"dateAsserted": "2026-10-30"},
        "undated": {},
    }
    for said, members in since.items():
        finding = opioid.evaluate(chart_of(_statement(**members)))
        assert finding.because == f"{said} (MedicationStatement/s1)"


@pytest.mark.parametrize(("ended", "note"), [(91, True), (90, False), (-5, False)])
def test_what_ended_long_ago_is_marked(
    chart_of: Callable[..., Chart],
    opioid: Criterion,
    ended: int,
    note: bool,  # noqa: FBT001
) -> None:
    """It still counts while its status says so, as an order does (guideline.md 10.2)."""
    chart = chart_of(_statement(effectivePeriod={"end": _day(ended)}))

    assert outdated(chart, chart.facts(STATEMENTS)[0]) is note
    assert opioid.evaluate(chart).because.endswith("(may be outdated)") is note


def test_a_statement_nobody_could_give_changes_nothing(
    chart_of: Callable[..., Chart], opioid: Criterion
) -> None:
    """Absence is concluded from the orders, as it is where no statements exist."""
    chart = _answered(chart_of(), ABSENT)

    assert opioid.evaluate(chart).truth is NO
    assert chart.gap(STATEMENTS) == chart.gap_with_beside(MEDICATIONS) == ""


def test_statements_that_could_not_be_read_leave_open_what_is_taken(
    chart_of: Callable[..., Chart], opioid: Criterion
) -> None:
    """The finding says which source it was; an order that was read counts."""
    unanswered = failed("it did not answer in time")
    finding = opioid.evaluate(_answered(chart_of(), unanswered))

    assert (finding.truth, finding.because) == (UNKNOWN, "it did not answer in time (medication statements)")
    assert opioid.evaluate(_answered(chart_of(_order()), unanswered)).truth is YES


def test_a_gap_of_the_orders_is_told_first(chart_of: Callable[..., Chart]) -> None:
    """Both are gaps; one is named."""
    chart = chart_of(gaps={"MedicationRequest": "further pages", "MedicationStatement": "timed out"})

    assert chart.gap_with_beside(MEDICATIONS) == "further pages"


def test_every_question_on_what_is_taken_hears_statements(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Taken, taken twice, renewed, used lately; and none of them reads what it does not declare."""
    drug = terms["opioid"]
    draft = draft_of(_order("99", status="draft"))
    chart = chart_of(_statement(dateAsserted=_day(500)), drafts=(draft,), order=draft)
    questions = (
        taking(MEDICATIONS, drug, label="x", drafts=False),
        duplicated(MEDICATIONS, drug, label="x"),
        renewal(MEDICATIONS, label="x"),
        used_lately(MEDICATIONS, drug, within=days(90), label="x"),
    )

    assert [question.evaluate(chart).truth for question in questions] == [YES] * len(questions)
    assert {question.needs for question in questions} == {frozenset({MEDICATIONS, STATEMENTS})}


def test_questions_on_orders_do_not_hear_statements(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """How often and for how long something was ordered, only orders tell; nor do statements leave it open."""
    drug = terms["opioid"]
    questions = (
        taken_for(MEDICATIONS, drug, at_least=days(90), label="x"),
        repeated(MEDICATIONS, drug, apart=days(60), within=days(180), label="x"),
        supplied(MEDICATIONS, drug, at_least=days(60), within=days(90), label="x"),
    )
    told = chart_of(_statement(effectiveDateTime=_day(200)))

    for question in questions:
        assert question.evaluate(told).truth is NO
        assert question.evaluate(_answered(told, failed("timed out"))).truth is NO


@pytest.mark.parametrize(
    ("ago", "status", "truth"), [(90, "active", YES), (89, "active", NO), (90, "intended", NO)]
)
def test_a_statement_tells_since_when_where_it_is_asked(
    chart_of: Callable[..., Chart], terms: Terminology, ago: int, status: str, truth: Truth
) -> None:
    """RF-08: what is taken that long is a reason to look, whoever says so."""
    question = taken_for(MEDICATIONS, terms["opioid"], at_least=days(90), statements=True, label="x")
    chart = chart_of(_statement(status=status, effectivePeriod={"start": _day(ago)}))

    assert question.evaluate(chart).truth is truth
    assert question.evaluate(_answered(chart_of(), failed("timed out"))).truth is UNKNOWN


@pytest.mark.parametrize(
    ("members", "truth"),
    [
        ({"status": "completed", "effectiveDateTime": _day(365)}, YES),
        ({"status": "completed", "effectiveDateTime": _day(366)}, NO),
        ({"status": "stopped", "effectivePeriod": {"start": _day(700), "end": _day(20)}}, YES),
        ({"status": "completed", "effectiveDateTime": _day(400), "dateAsserted": _day(10)}, NO),
        ({"status": "active", "effectiveDateTime": _day(400), "dateAsserted": _day(10)}, YES),
        ({"status": "active", "effectivePeriod": {"end": _day(100)}}, NO),
        ({"status": "active", "effectiveDateTime": _day(0)}, NO),
        ({"status": "active"}, NO),
        ({"status": "intended", "effectiveDateTime": _day(10)}, NO),
        ({"status": "not-taken", "effectiveDateTime": _day(10)}, NO),
        ({"status": "unknown", "effectiveDateTime": _day(10)}, NO),
    ],
)
def test_a_trial_is_told_by_its_last_day(
    chart_of: Callable[..., Chart], terms: Terminology, members: dict[str, Any], truth: Truth
) -> None:
    """Guideline 10.2 names statements as evidence of a trial: begun, and told of within the year."""
    question = tried(MEDICATIONS, terms["nsaid"], within=days(365), label="x")

    assert question.evaluate(chart_of(_statement("3", **members))).truth is truth


def test_an_unread_statement_leaves_a_trial_open(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """SAFE-49: "not tried" is not concluded from half of what there is."""
    question = tried(MEDICATIONS, terms["nsaid"], within=days(365), label="x")

    assert question.evaluate(_answered(chart_of(), failed("timed out"))).truth is UNKNOWN
    assert question.evaluate(_answered(chart_of(), ABSENT)).truth is NO


def test_a_statement_without_a_readable_code_leaves_open_what_is_taken(
    chart_of: Callable[..., Chart], opioid: Criterion
) -> None:
    """It may be anything (SAFE-33)."""
    herbs = _statement(medicationCodeableConcept={"text": "herbs"})

    assert opioid.evaluate(chart_of(herbs)).truth is UNKNOWN
    assert interpretable(MEDICATIONS, label="x").evaluate(chart_of(herbs)).truth is NO


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([_statement("161", dosage=_tablets(7))], "3500 mg a day in 1 of 1 orders and statements"),
        (
            [_order("161", dosageInstruction=_tablets(4)), _statement("161", dosage=_tablets(4))],
            "4000 mg a day in 2 of 2 orders and statements",
        ),
    ],
)
def test_doses_of_statements_add_up_with_orders(
    chart_of: Callable[..., Chart], terms: Terminology, record: list[dict[str, Any]], said: str
) -> None:
    """Who takes more than was ordered takes more."""
    question = daily_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=3000, label="x")
    finding = question.evaluate(chart_of(*record))

    assert (finding.truth, finding.because) == (YES, said)


@pytest.mark.parametrize("element", ["basedOn", "derivedFrom"])
def test_a_statement_of_a_counted_order_is_not_counted_again(
    chart_of: Callable[..., Chart], terms: Terminology, element: str
) -> None:
    """It tells of the same tablets; once the order has ended, it is counted itself."""
    question = daily_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=3000, label="x")
    statement = _statement(
        "161", dosage=_tablets(7), **{element: [{"reference": "https://ehr/MedicationRequest/o1"}]}
    )
    current = chart_of(_order("161", dosageInstruction=_tablets(4)), statement)
    ended = chart_of(_order("161", status="completed", dosageInstruction=_tablets(4)), statement)

    assert question.evaluate(current).because == "2000 mg a day in 1 of 1 orders"
    assert question.evaluate(ended).truth is YES


def test_the_dose_of_a_statement_is_a_dose_that_is_taken(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """And an unread statement may hold a higher one."""
    question = taking_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=325, label="x")

    assert question.evaluate(chart_of(_statement("161", dosage=_tablets(1)))).truth is YES
    assert question.evaluate(_answered(chart_of(), failed("timed out"))).truth is UNKNOWN


@pytest.fixture
def service(terms: Terminology, opioid: Criterion) -> CdsService:
    """Return a service that wakes on a scan and asks for opioids."""
    rule = Rule(
        id="rule",
        rows=("ROW",),
        topic=None,
        on=selected(terms["mri"], label="a scan"),
        scope=none_of(opioid),
        when=none_of(opioid),
        advice=Silence("nothing to say", data_missing=True),
        evidence=(),
        if_unknown="stay silent",
    )
    return CdsService("g", ("order-select",), "t", "d", (rule,), frozenset())


def test_statements_are_read_but_not_offered_as_prefetch(service: CdsService) -> None:
    """No client is asked to send them."""
    assert service.needs == {MEDICATIONS, STATEMENTS}
    assert list(templates(service)) == ["MedicationRequest"]


@pytest.mark.parametrize(
    ("answer", "named"),
    [(Answer(), []), (ABSENT, []), (failed("timed out"), [STATEMENTS])],
)
def test_only_statements_that_were_asked_for_and_not_read_are_named(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    service: CdsService,
    answer: Answer,
    named: list[Need],
) -> None:
    """SAFE-35 names what failed; what an EHR does not have is no failure."""
    code = {"coding": [{"system": "http://loinc.org", "code": "mri"}]}
    draft = draft_of({"resourceType": "ServiceRequest", "id": "d1", "code": code})
    chart = _answered(chart_of(drafts=(draft,)), answer)

    assert list(unread(service, decide(service, chart), chart)) == named


def test_a_sent_statement_is_read_like_a_fetched_one() -> None:
    """Of this patient, with status and medicine; others are dropped and counted."""
    own, other = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
    sent = [_statement(subject=own), _statement(subject=other), _statement(subject=own, status=None)]
    entries = [{"resource": item} for item in sent]
    answer = answer_of(STATEMENTS, json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), "p1")

    assert len(answer.resources) == 1
    assert (answer.gap, answer.skipped) == ("1 of 3 entries could not be interpreted", 2)


@pytest.mark.parametrize(
    ("medicine", "lacking"),
    [
        (_drug("1"), False),
        ({"medicationReference": {"reference": "#m"}}, False),
        ({"medicationReference": {"reference": "Medication/m1"}}, True),
    ],
)
def test_a_statement_may_refer_to_its_medicine(medicine: dict[str, Any], lacking: bool) -> None:  # noqa: FBT001
    """Then it is looked up, as for an order."""
    statement = {**_statement(), "medicationCodeableConcept": None, **medicine}

    answer = answer_of(STATEMENTS, json.dumps(statement).encode(), "p1")

    assert lacks_medications(answer) is lacking


def test_the_medicine_inside_a_statement_is_the_one_taken(
    chart_of: Callable[..., Chart], opioid: Criterion
) -> None:
    """Contained, as patients' own medicines often are."""
    code = {"coding": [{"system": RXNORM, "code": "1"}]}
    inside = {"resourceType": "Medication", "id": "m", "code": code}
    statement = _statement(contained=[inside], medicationReference={"reference": "#m"})
    del statement["medicationCodeableConcept"]

    assert opioid.evaluate(chart_of(statement)).truth is YES
