"""Rules that a hook wakes without an order: a chart is opened, a problem is added, a patient leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.chart import Context, condition_fact
from cds_service.criteria.orders import at
from cds_service.criteria.records import recorded
from cds_service.fhir import Coding, Condition, read_resource
from cds_service.rules import Advice, CdsService, Indicator, Ladder, Line, Outcome, Rule, Topic, decide
from cds_service.suggestions import create_request, remove_order
from cds_service.terminology import SNOMED_CT

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
ADDED = "problem-list-item-create"
TOPIC = Topic(Coding("http://example.org/topics", "fever", "Fever"), 1)
THERAPY = Coding(SNOMED_CT, "therapy", "Therapy")


def condition(name: str, **members: object) -> dict[str, Any]:
    """Return a Condition of the small world."""
    code = {"coding": [{"system": SNOMED_CT, "code": name}]}
    return {"resourceType": "Condition", "id": "c1", "code": code, **members}


@pytest.fixture
def added(terms: Terminology) -> Callable[..., Fact | None]:
    """Return what makes a problem that was just added."""

    def make(name: str, **members: object) -> Fact | None:
        resource = read_resource(condition(name, **members))
        assert isinstance(resource, Condition)
        return condition_fact(resource, terms)

    return make


@pytest.fixture
def rule(terms: Terminology) -> Rule:
    """Return a rule on fever, for an opened chart and a fever that was just added."""
    fever = recorded(CONDITIONS, terms["fever"], label="fever")
    return Rule(
        id="fever",
        rows=("RF-1",),
        topic=TOPIC,
        on=at("patient-view", ADDED, label="the chart is opened", problems=(terms["fever"],)),
        scope=fever,
        when=fever,
        advice=Advice(
            Indicator.WARNING,
            "Fever recorded",
            (Line("Ask."),),
            suggestions=(create_request("Refer", THERAPY), remove_order("Remove"), _only_for_pain(terms)),
        ),
        evidence=(),
        if_unknown="stay silent",
    )


def _only_for_pain(terms: Terminology) -> Any:  # noqa: ANN401 - a Suggest
    pain = recorded(CONDITIONS, terms["pain"], label="pain")
    return create_request("Treat the pain", THERAPY, when=pain)


def service(*rules: Rule | Ladder) -> CdsService:
    """Return a service on both hooks."""
    return CdsService("fever", ("patient-view", ADDED), "Fever", "Asks.", rules, frozenset({CONDITIONS}))


def test_a_rule_wakes_when_its_hook_fires(rule: Rule, added: Callable[..., Fact | None]) -> None:
    """Once, about no order; on problem-list-item-create only when a new problem is of its sets."""
    fever, pain = added("fever"), added("pain")
    assert fever
    assert pain

    assert rule.on.orders(Context("p1", hook="patient-view")) == (None,)
    assert rule.on.orders(Context("p1", hook="order-select")) == ()
    assert rule.on.orders(Context("p1", hook=ADDED, conditions=(pain, fever))) == (None,)
    assert rule.on.orders(Context("p1", hook=ADDED, conditions=(pain,))) == ()
    assert rule.on.orders(Context("p1", hook=ADDED)) == ()


@pytest.mark.parametrize("as_ladder", [False, True])
def test_a_rule_without_an_order_speaks_and_suggests_what_needs_none(
    rule: Rule, chart_of: Callable[..., Chart], *, as_ladder: bool
) -> None:
    """There is nothing to remove, and a suggestion whose condition is not met is not made."""
    rules = Ladder((rule,)) if as_ladder else rule
    chart = replace(chart_of(condition("fever")), context=Context("p1", hook="patient-view"))

    (verdict,) = decide(service(rules), chart)
    assert verdict.outcome is Outcome.SPEAKS
    assert verdict.orders == ()
    assert verdict.spoken
    assert [suggestion.label for suggestion in verdict.spoken.suggestions] == ["Refer"]


@pytest.mark.parametrize("as_ladder", [False, True])
def test_a_rule_without_an_order_may_stay_silent(
    rule: Rule, chart_of: Callable[..., Chart], *, as_ladder: bool
) -> None:
    """Its verdict is kept all the same, and names no order."""
    rules = Ladder((rule,)) if as_ladder else rule
    chart = replace(chart_of(condition("pain")), context=Context("p1", hook="patient-view"))

    (verdict,) = decide(service(rules), chart)
    assert (verdict.outcome, verdict.orders) == (Outcome.OUT_OF_SCOPE, ())


def test_a_problem_that_was_just_added_is_judged_with_the_others(
    chart_of: Callable[..., Chart], added: Callable[..., Fact | None]
) -> None:
    """It stands for an older version of itself, and beside all else."""
    fever = added("fever", id="c2")
    assert fever
    chart = chart_of(condition("pain"), condition("pain", id="c2"))
    told = replace(chart, context=Context("p1", hook=ADDED, conditions=(fever,)))

    facts = told.facts(CONDITIONS)
    assert [(fact.reference, sorted(fact.sets)) for fact in facts] == [
        ("Condition/c1", ["pain"]),
        ("Condition/c2", ["fever"]),
    ]


def test_a_problem_that_was_added_in_error_is_none(added: Callable[..., Fact | None]) -> None:
    """SAFE-07 holds at this door too."""
    status = {"coding": [{"code": "entered-in-error"}]}

    assert added("fever", verificationStatus=status) is None


def test_only_awake_rules_need_anything(rule: Rule, terms: Terminology) -> None:
    """What only sleeping rules read need not be fetched."""
    reports = Need("DiagnosticReport", "DiagnosticReport?x", "reports")
    report = recorded(reports, terms["mri"], label="a report")
    asleep = replace(rule, id="asleep", when=report, on=at("encounter-discharge", label="a discharge"))

    needs = service(rule, asleep).needs_in(Context("p1", hook="patient-view"))
    assert needs == {CONDITIONS}
