"""Measurements: the latest usable value, thresholds, windows, trends, and coded answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.answered import answered, newer_than_answer
from cds_service.criteria.durations import days
from cds_service.criteria.episode import Episode
from cds_service.criteria.finding import shown
from cds_service.criteria.measured import (
    measured,
    newer_than_value,
    no_newer_value,
    values,
    worsening,
)
from cds_service.fhir import Coding
from cds_service.terminology import LOINC, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.criteria.finding import Criterion
    from cds_service.criteria.where import Where
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
OBSERVATIONS = Need("Observation", "Observation?patient={{context.patientId}}", "measurements")
POSITIVE, NEGATIVE = Coding(SNOMED_CT, "positive"), Coding(SNOMED_CT, "negative")
NO, UNKNOWN, YES = Truth


def _observed(coded: str, day: str | None, **members: object) -> dict[str, Any]:
    coding = [{"system": LOINC, "code": coded}]
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": coding},
        "effectiveDateTime": day,
        **members,
    }


def _egfr(value: float | None, day: str | None, **members: object) -> dict[str, Any]:
    return _observed("egfr", day, valueQuantity={"value": value, "unit": "mL/min/1.73m2"}, **members)


def _score(value: float, day: str | None, unit: str = "{score}") -> dict[str, Any]:
    return _observed("score", day, valueQuantity={"value": value, "unit": unit})


def _answer(coding: Coding, day: str | None, **members: object) -> dict[str, Any]:
    value = {"coding": [{"system": coding.system, "code": coding.code}]}
    return _observed("question", day, valueCodeableConcept=value, **members)


def _kidney(terms: Terminology, **options: Any) -> Criterion:  # noqa: ANN401 - the options of `measured`
    unit = "mL/min/{1.73_m2}"
    return measured(OBSERVATIONS, terms["kidney"], unit=unit, label="an eGFR below 60", below=60, **options)


def test_the_latest_value_counts(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """SAFE-40, with its number, unit, day and reference on the card."""
    chart = chart_of(_egfr(59, "2026-10-01", id="o1"), _egfr(60, "2026-09-01"))
    finding = _kidney(terms).evaluate(chart)

    assert finding.truth is YES
    assert finding.because == "59 mL/min/1.73_m2 on 2026-10-01 (Observation/o1)"


@pytest.mark.parametrize(("value", "truth"), [(59.9, YES), (60, NO), (15, YES), (14.9, NO)])
def test_a_range_holds_its_lower_end_only(
    chart_of: Callable[..., Chart], terms: Terminology, value: float, truth: Truth
) -> None:
    """[at_least, below)."""
    assert _kidney(terms, at_least=15).evaluate(chart_of(_egfr(value, "2026-10-01"))).truth is truth


@pytest.mark.parametrize(
    ("comparator", "truth", "said"),
    [("<", YES, "<60"), (">", NO, ">60"), ("<=", NO, "<=60"), (None, NO, "60")],
)
def test_a_limit_is_not_the_number_it_names(
    chart_of: Callable[..., Chart], terms: Terminology, comparator: str | None, truth: Truth, said: str
) -> None:
    """A kidney reported as "<60" is below 60, one reported as ">60" is not; the card repeats the sign."""
    observed = _egfr(60, "2026-10-01")
    observed["valueQuantity"]["comparator"] = comparator
    finding = _kidney(terms).evaluate(chart_of(observed))

    assert finding.truth is truth
    assert finding.because.startswith(f"{said} mL/min")


@pytest.mark.parametrize(
    "unusable",
    [
        _egfr(30, "2026-10-01", status="cancelled"),
        _egfr(30, "2026-10-01", status=None),
        _egfr(30, "2026-10-01", status="entered-in-error"),
        _egfr(30, None),
        _egfr(30, "2026-11-02"),
        _egfr(None, "2026-10-01"),
        _observed("egfr", "2026-10-01", valueQuantity={"value": 30, "unit": "mg"}),
        _observed("egfr", "2026-10-01", valueInteger=30),
        _observed("egfr", "2026-10-01", dataAbsentReason={"text": "not done"}),
    ],
)
def test_a_value_that_cannot_be_used_is_not_recorded(
    chart_of: Callable[..., Chart], terms: Terminology, unusable: dict[str, Any]
) -> None:
    """SAFE-40: in error, cancelled, undated, of tomorrow, without number or fitting unit."""
    finding = _kidney(terms).evaluate(chart_of(unusable))

    assert (finding.truth, finding.because) == (NO, "not recorded")


def test_only_observations_are_measurements(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """Another resource of the same code holds no value."""
    reports = Need("DiagnosticReport", "DiagnosticReport?x", "reports")
    coding = [{"system": LOINC, "code": "egfr"}]
    chart = chart_of({"resourceType": "DiagnosticReport", "code": {"coding": coding}, "issued": "2026-10-01"})

    assert values(chart, reports, terms["kidney"], "mg") == []


def test_of_one_day_the_final_value_wins_and_then_the_lower(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """A preliminary value never hides a final one; of equals the worse kidney counts."""
    day = "2026-10-01"
    first = chart_of(_egfr(70, day), _egfr(50, day, status="preliminary"))
    second = chart_of(_egfr(50, day), _egfr(70, day))

    assert _kidney(terms).evaluate(first).truth is NO
    assert _kidney(terms).evaluate(second).truth is YES


@pytest.mark.parametrize(("day", "truth"), [("2026-10-25", YES), ("2026-10-24", NO)])
def test_a_value_has_a_last_day(
    chart_of: Callable[..., Chart], terms: Terminology, day: str, truth: Truth
) -> None:
    """No older than the window; an older one is named as stale."""
    finding = _kidney(terms, within=days(7)).evaluate(chart_of(_egfr(50, day)))

    assert finding.truth is truth
    assert truth is YES or finding.because.endswith("is stale")


def test_some_value_of_the_window_may_be_enough(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """A fever of Monday is not undone by Tuesday's normal temperature."""
    chart = chart_of(_egfr(50, "2026-10-30"), _egfr(70, "2026-10-31"))

    assert _kidney(terms, within=days(7), any_in_window=True).evaluate(chart).truth is YES
    assert _kidney(terms, within=days(7)).evaluate(chart).because == "70 mL/min/1.73_m2 on 2026-10-31"


def test_an_incomplete_answer_leaves_open_what_was_not_measured(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """Newest first, the latest value is enough for "the latest"; never for "none in the window"."""
    gaps = {"Observation": "further pages"}
    normal = chart_of(_egfr(70, "2026-10-31"), gaps=gaps)
    unread = _kidney(terms).evaluate(chart_of(gaps=gaps))

    assert (unread.truth, unread.because) == (UNKNOWN, "further pages")
    assert _kidney(terms).evaluate(normal).truth is NO
    assert _kidney(terms, any_in_window=True).evaluate(normal).truth is UNKNOWN


@pytest.mark.parametrize(
    "seven",
    [
        _score(7, "2026-10-01"),
        _score(70, "2026-10-01"),
        _score(70, "2026-10-01", "mm"),
        _observed("score", "2026-10-01", valueInteger=7),
    ],
)
def test_a_score_is_read_on_the_scale_of_ten(
    chart_of: Callable[..., Chart], terms: Terminology, seven: dict[str, Any]
) -> None:
    """Integers, millimetres, and a hundred-point scale sent without its unit."""
    question = measured(
        OBSERVATIONS, terms["score"], unit="{score}", at_least=7, below=7.1, label="a score of 7"
    )

    assert question.evaluate(chart_of(seven)).because.startswith("7 on 2026-10-01")


def _episode(terms: Terminology) -> Episode:
    pain, chronic, acute = terms["pain"], terms["chronic-pain"], terms["acute-pain"]
    return Episode("pain", CONDITIONS, (pain,), chronic, acute, days(84), days(28), days(84))


def _pain(onset: str | None) -> dict[str, Any]:
    coding = [{"system": SNOMED_CT, "code": "pain"}]
    return {"resourceType": "Condition", "code": {"coding": coding}, "onsetDateTime": onset}


@pytest.mark.parametrize(
    ("entries", "truth"),
    [
        ([_pain("2026-09-01"), _score(5, "2026-09-02"), _score(7, "2026-10-20")], YES),
        ([_pain("2026-09-01"), _score(5, "2026-09-02"), _score(6, "2026-10-20")], NO),
        ([_pain("2026-09-01"), _score(5, "2026-08-31"), _score(7, "2026-10-20")], UNKNOWN),
        ([_pain("2026-09-01"), _score(5, "2026-09-02"), _score(7, "2026-10-01")], UNKNOWN),
        ([_pain(None), _score(5, "2026-09-02"), _score(7, "2026-10-20")], UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_a_score_rises_since_the_episode_began(
    chart_of: Callable[..., Chart], terms: Terminology, entries: list[dict[str, Any]], truth: Truth
) -> None:
    """Two scores at least, the newest one recent; else nobody can tell."""
    question = worsening(OBSERVATIONS, terms["score"], _episode(terms), by=2, within=days(30), label="rising")

    assert question.evaluate(chart_of(*entries)).truth is truth


def test_scores_that_were_not_read_are_named(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """The reason is that of the answer."""
    question = worsening(OBSERVATIONS, terms["score"], _episode(terms), by=2, within=days(30), label="rising")
    finding = question.evaluate(chart_of(gaps={"Observation": "timed out"}))

    assert (finding.truth, finding.because) == (UNKNOWN, "timed out")


@pytest.mark.parametrize(
    ("answers", "truth"),
    [
        ([_answer(POSITIVE, "2026-10-01")], YES),
        ([_answer(NEGATIVE, "2026-10-01")], NO),
        ([_answer(NEGATIVE, "2026-09-01"), _answer(POSITIVE, "2026-10-01")], YES),
        ([_answer(POSITIVE, "2026-09-01"), _answer(NEGATIVE, "2026-10-01")], NO),
        ([_answer(POSITIVE, "2026-01-05")], YES),
        ([_answer(POSITIVE, "2026-01-04")], NO),
        ([_answer(POSITIVE, "2026-11-01")], YES),
        ([_answer(POSITIVE, "2026-11-02")], NO),
        ([_answer(POSITIVE, None)], NO),
        ([_answer(POSITIVE, "2026-10-01", status="cancelled")], NO),
        ([_score(1, "2026-10-01")], NO),
        ([], NO),
    ],
)
def test_the_latest_coded_answer_counts(
    chart_of: Callable[..., Chart], terms: Terminology, answers: list[dict[str, Any]], truth: Truth
) -> None:
    """Within its window; an answer of another code is another answer."""
    question = answered(OBSERVATIONS, terms["question"], POSITIVE, within=days(300), label="positive")

    assert question.evaluate(chart_of(*answers)).truth is truth


def test_an_unread_answer_is_unknown(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """But an answer that was found is one."""
    question = answered(OBSERVATIONS, terms["question"], POSITIVE, within=days(300), label="positive")
    gaps = {"Observation": "further pages"}

    assert question.evaluate(chart_of(gaps=gaps)).truth is UNKNOWN
    assert question.evaluate(chart_of(_answer(NEGATIVE, "2026-10-01"), gaps=gaps)).truth is NO


def _of_pain(where: Where, chart: Chart) -> Truth:
    return where.holds(chart, chart.facts(CONDITIONS)[0])


@pytest.mark.parametrize(
    ("onset", "values_", "truth"),
    [
        ("2026-09-01", [], YES),
        ("2026-09-01", [_egfr(60, "2026-09-02")], NO),
        ("2026-09-01", [_egfr(59, "2026-09-02")], YES),
        ("2026-09-01", [_egfr(60, "2026-08-31")], YES),
        (None, [_egfr(60, "2026-09-02")], YES),
    ],
)
def test_a_normal_value_overtakes_an_older_entry(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    onset: str | None,
    values_: list[dict[str, Any]],
    truth: Truth,
) -> None:
    """SAFE-16; what is undated is overtaken by nothing."""
    where = no_newer_value(OBSERVATIONS, terms["kidney"], unit="mL/min/{1.73_m2}", at_least=60)

    assert _of_pain(where, chart_of(_pain(onset), *values_)) is truth


@pytest.mark.parametrize(("day", "truth"), [("2026-08-03", NO), ("2026-08-02", YES)])
def test_a_stale_value_overtakes_nothing(
    chart_of: Callable[..., Chart], terms: Terminology, day: str, truth: Truth
) -> None:
    """SAFE-12: 90 days ago still counts, 91 days no longer."""
    where = no_newer_value(
        OBSERVATIONS, terms["kidney"], unit="mL/min/{1.73_m2}", at_least=60, within=days(90)
    )

    assert _of_pain(where, chart_of(_pain("2026-01-01"), _egfr(60, day))) is truth


@pytest.mark.parametrize(
    ("onset", "answers", "truth"),
    [
        ("2026-09-01", [], YES),
        ("2026-09-01", [_answer(NEGATIVE, "2026-09-02")], NO),
        ("2026-09-01", [_answer(NEGATIVE, "2026-09-01")], YES),
        ("2026-09-01", [_answer(POSITIVE, "2026-09-02")], YES),
        ("2026-09-01", [_answer(NEGATIVE, None)], YES),
        ("2026-09-01", [_observed("question", "2026-09-02")], YES),
        (None, [_answer(NEGATIVE, "2026-09-02")], YES),
    ],
)
def test_a_later_answer_overtakes_an_older_entry(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    onset: str | None,
    answers: list[dict[str, Any]],
    truth: Truth,
) -> None:
    """SAFE-20; one of the same day does not."""
    where = newer_than_answer(OBSERVATIONS, terms["question"], NEGATIVE)

    assert _of_pain(where, chart_of(_pain(onset), *answers)) is truth


def _points(terms: Terminology, **options: Any) -> Criterion:  # noqa: ANN401 - the options of `measured`
    return measured(
        OBSERVATIONS, terms["score"], unit="{points}", label="12 points or more", at_least=12, **options
    )


@pytest.mark.parametrize(("value", "truth"), [(12, YES), (11, NO), (120, YES)])
def test_points_are_not_a_scale_of_ten(
    chart_of: Callable[..., Chart], terms: Terminology, value: float, truth: Truth
) -> None:
    """A questionnaire's 12 points stay 12, whether sent as a quantity or as an integer."""
    quantity, integer = _score(value, "2026-10-01"), _observed("score", "2026-10-01", valueInteger=int(value))

    assert _points(terms).evaluate(chart_of(quantity)).truth is truth
    assert _points(terms).evaluate(chart_of(integer)).truth is truth


def test_of_one_day_the_highest_may_be_the_one_to_worry_about(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """Two totals of one day: with `highest` the higher counts, else the lower."""
    chart = chart_of(_score(15, "2026-10-01"), _score(3, "2026-10-01"))

    assert _points(terms, highest=True).evaluate(chart).truth is YES
    assert _points(terms).evaluate(chart).truth is NO


@pytest.mark.parametrize(
    ("day", "same_day", "truth"),
    [
        ("2026-10-02", False, YES),
        ("2026-10-01", False, NO),
        ("2026-10-01", True, YES),
        ("2026-09-30", True, NO),
    ],
)
def test_a_score_is_overtaken_by_a_later_one_of_another_kind(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    day: str,
    same_day: bool,  # noqa: FBT001 - a column of the table
    truth: Truth,
) -> None:
    """One that is overtaken counts as not measured; `or_same_day` keeps those of the same day."""
    where = newer_than_value(OBSERVATIONS, terms["kidney"], unit="mL/min/{1.73_m2}", or_same_day=same_day)
    question = _points(terms, where=where)

    assert question.evaluate(chart_of(_score(12, day), _egfr(60, "2026-10-01"))).truth is truth
    assert question.evaluate(chart_of(_score(12, day))).truth is YES


def test_a_score_that_asks_for_discretion_is_judged_and_not_told(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """SAFE-30: its date stands on the card, its number and what it measures do not."""
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    observed = {**_score(12, "2026-10-01"), "id": "o1", "meta": {"security": [label]}}
    finding = _points(terms).evaluate(chart_of(observed))

    assert (finding.truth, finding.because) == (YES, "2026-10-01 (Observation/o1)")
    assert shown(finding) == "a recorded condition"
