"""The check of criteria: a read that is not declared is found wherever in a rule the criterion hides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cds_service import (
    Coding,
    Criterion,
    Line,
    Medicine,
    Need,
    any_of,
    none_of,
    offer,
    order_is,
    remove_order,
    remove_other_drafts,
    selected,
)
from cds_service.catalogue import load_catalogue
from cds_service.criteria.finding import Finding
from cds_service.selfcheck import rules_page, undeclared_reads
from cds_service.sheets import sheets
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Guideline, Rule, ValueSet
    from cds_service.chart import Chart
    from cds_service.suggestions import Suggest

HIDDEN = Need("hidden", "Procedure?patient={{context.patientId}}", "procedures")
DRUG = Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "1", "Drug")
NO = Criterion("no", frozenset(), lambda _chart: Finding("no", Truth.NO))


def asks_in_secret(chart: Chart) -> Finding:
    """Read what is not declared."""
    return Finding("secret", Truth.of(fact=bool(chart.facts(HIDDEN))))


SECRET = Criterion("a secret", frozenset(), asks_in_secret)
OPEN = Criterion("no secret", frozenset({HIDDEN}), asks_in_secret)


def advising(rule: Rule, **changes: object) -> Rule:
    """Return the rule with its advice changed."""
    return replace(rule, advice=replace(rule.advice, **changes))  # type: ignore[type-var]


def suggesting(rule: Rule, suggest: Suggest) -> Rule:
    """Return the rule with this suggestion."""
    return advising(rule, suggestions=(suggest,))


def other_drafts(rule: Rule, criterion: Criterion) -> Rule:
    """Return the rule that would delete other drafts unless the criterion holds of them."""
    value_set: ValueSet = rule.on.value_sets[0]
    return suggesting(rule, remove_other_drafts("Remove", value_set, unless=criterion))


PLACES: dict[str, Callable[[Rule, Criterion], Rule]] = {
    "scope": lambda rule, asked: replace(rule, scope=asked),
    "when": lambda rule, asked: replace(rule, when=asked),
    "unless": lambda rule, asked: replace(rule, unless=asked),
    "part of a compound": lambda rule, asked: replace(rule, when=none_of(any_of(NO, asked), NO)),
    "line": lambda rule, asked: advising(rule, lines=(Line("x", when=asked),)),
    "screen": lambda rule, asked: advising(rule, screen=(NO, asked)),
    "suggestion": lambda rule, asked: suggesting(rule, remove_order("Remove", when=asked)),
    "other drafts": other_drafts,
    "hazards": lambda rule, asked: suggesting(rule, offer(Medicine("d", DRUG, asked), otherwise=())),
    "caution": lambda rule, asked: suggesting(
        rule, offer(Medicine("d", DRUG, NO, ((asked, "care"),)), otherwise=())
    ),
    "offer": lambda rule, asked: suggesting(rule, offer(otherwise=(), when=asked)),
    "otherwise": lambda rule, asked: suggesting(rule, offer(otherwise=(remove_order("x", when=asked),))),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_read_that_is_not_declared_is_found_everywhere(
    guideline_of: Callable[..., Guideline], rule: Rule, place: str
) -> None:
    """No prefetch template would ask for it; the problem names rule, criterion and key."""
    (problem,) = undeclared_reads(guideline_of(PLACES[place](rule, SECRET)))

    assert problem.startswith("rule scan-for-pain, 'a secret': ")
    assert "'hidden'" in problem


@pytest.mark.parametrize("place", PLACES)
def test_what_a_criterion_declares_becomes_a_need_of_its_rule(rule: Rule, place: str) -> None:
    """From every place, so that the templates of a service leave nothing out."""
    assert HIDDEN in PLACES[place](rule, OPEN).needs
    assert HIDDEN not in PLACES[place](rule, NO).needs


def test_a_criterion_that_declares_its_read_is_no_problem(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """Wherever it stands."""
    rules = [change(rule, OPEN) for change in PLACES.values()]

    assert undeclared_reads(guideline_of(*rules)) == []


def test_a_read_that_only_the_rules_own_order_leads_to_is_found(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """The criterion is asked of an order that wakes the rule."""
    scan = order_is(*rule.on.value_sets, label="a scan")

    def judge(chart: Chart) -> Finding:
        mine = scan.evaluate(chart)
        return asks_in_secret(chart) if mine.truth is Truth.YES else mine

    late = Criterion("late", frozenset(), judge, about_order=True)

    assert len(undeclared_reads(guideline_of(replace(rule, when=late)))) == 1


def test_a_rule_about_a_medicine_is_asked_with_a_prescription(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """Codes of RxNorm wake a rule in a MedicationRequest."""
    key = (DRUG.system or "", DRUG.code or "")
    drugs = replace(rule.on.value_sets[0], codes=frozenset({key}), displays={key: "Drug"})
    kinds: list[str] = []

    def judge(chart: Chart) -> Finding:
        kinds.append(type(chart.order.resource).__name__ if chart.order else "none")
        return Finding("kind", Truth.NO)

    when = Criterion("kind", frozenset(), judge, about_order=True)
    undeclared_reads(guideline_of(replace(rule, on=selected(drugs, label="a drug"), when=when)))

    assert kinds == ["MedicationRequest"]


def test_the_shipped_rules_page_is_what_the_rules_say() -> None:
    """RULES.md is derived, and was written after the last change."""
    (guideline,) = load_catalogue(["hooks.low_back_pain"]).guidelines

    assert rules_page(guideline).read_text(encoding="utf-8") == sheets(guideline)
