"""Criteria on doses: how much of an ingredient at once or a day, in one order or in all together (10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.chart import refers_to
from cds_service.doses import daily_mg, single_mg
from cds_service.fhir import MedicationRequest, MedicationStatement
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding
from .medicines import noted
from .records import finding_of, opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.terminology import ValueSet


def daily_dose(
    need: Need,
    value_set: ValueSet,
    ingredient: str,
    *,
    above_mg: float | None = None,
    unknown: bool = False,
    label: str,
) -> Criterion:
    """
    What is current and drafted of `value_set` adds up to more than `above_mg` of `ingredient` a day.

    A statement that names an order which is counted is not counted again. UNKNOWN: what is
    known does not exceed it, and something has no computable dose. With `unknown` the question
    is instead whether something has none: YES or NO.
    """

    def judge(chart: Chart) -> Finding:
        record = _each_once([f for f in chart.facts_with_beside(need, value_set.name) if f.current])
        orders = [*record, *chart.drafts(value_set.name, others=False)]
        amounts = [_amount(chart, fact, ingredient) for fact in orders]
        total = sum(amount for amount in amounts if amount is not None)
        uncounted = amounts.count(None)
        said = f"{total:g} mg a day in {len(orders) - uncounted} of {len(orders)} {_kinds(orders)}"
        if unknown:
            return Finding(label, Truth.of(fact=uncounted > 0), said, facts=tuple(orders))
        if above_mg is not None and total > above_mg:
            return Finding(label, Truth.YES, said, facts=tuple(orders))
        gap = chart.gap_with_beside(need)
        why = gap or (f"{uncounted} without a computable dose" if uncounted else "")
        return Finding(label, Truth.UNKNOWN if why else Truth.NO, why or said)

    return Criterion(label, need.and_beside, judge, looks_at=frozenset({value_set.name}))


def _each_once(record: Sequence[Fact]) -> list[Fact]:
    """Leave out statements that name an order among these: it is the same medicine."""
    known = {fact.reference for fact in record}
    return [fact for fact in record if known.isdisjoint(_restated(fact))]


def _restated(fact: Fact) -> Iterable[str]:
    statement = fact.resource
    if not isinstance(statement, MedicationStatement):
        return ()
    return (refers_to(reference) for reference in (*statement.based_on, *statement.derived_from))


def _kinds(facts: Iterable[Fact]) -> str:
    statements = any(isinstance(fact.resource, MedicationStatement) for fact in facts)
    return "orders and statements" if statements else "orders"


def order_dose(value_set: ValueSet, ingredient: str, *, above_mg: float, label: str) -> Criterion:
    """
    The judged order is in `value_set` and allows more than `above_mg` of `ingredient` a day.

    NO for any other order; UNKNOWN when its dose is not computable.
    """

    def judge(chart: Chart) -> Finding:
        if chart.order is None or not chart.order.is_in(value_set.name):
            return Finding(label, Truth.NO)
        amount = _amount(chart, chart.order, ingredient)
        if amount is None:
            return Finding(label, Truth.UNKNOWN, "no computable dose in the order")
        return Finding(label, Truth.of(fact=amount > above_mg), f"{amount:g} mg a day", facts=(chart.order,))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset({value_set.name}))


def order_single_dose(value_set: ValueSet, ingredient: str, *, above_mg: float, label: str) -> Criterion:
    """
    The judged order is in `value_set`, and an instruction gives more than `above_mg` of `ingredient` at once.

    NO for any other order; UNKNOWN when none does and some dose is not computable.
    """

    def judge(chart: Chart) -> Finding:
        request = chart.order.resource if chart.order and chart.order.is_in(value_set.name) else None
        if chart.order is None or not isinstance(request, MedicationRequest):
            return Finding(label, Truth.NO)
        doses = single_mg(request, ingredient, chart.terminology.strengths(chart.order.code.coding))
        known = [dose for dose in doses if dose is not None]
        most = max(known, default=0.0)
        if most <= above_mg and (not doses or len(known) < len(doses)):
            return Finding(label, Truth.UNKNOWN, "no computable dose in the order")
        return Finding(label, Truth.of(fact=most > above_mg), f"{most:g} mg at once", facts=(chart.order,))

    looks_at = frozenset({value_set.name})
    return Criterion(label, frozenset(), judge, about_order=True, looks_at=looks_at)


def taking_dose(
    need: Need, value_set: ValueSet, ingredient: str, *, above_mg: float, label: str
) -> Criterion:
    """
    One medicine of `value_set`, current or among the other drafts, gives more than `above_mg` a day.

    UNKNOWN: none does, and some has no computable dose, or the answer was incomplete.
    """

    def judge(chart: Chart) -> Finding:
        record = [fact for fact in chart.facts_with_beside(need, value_set.name) if fact.current]
        amounts = [
            (fact, _amount(chart, fact, ingredient)) for fact in (*record, *chart.drafts(value_set.name))
        ]
        high = [(fact, Certainty.PRESENT) for fact, amount in amounts if amount and amount > above_mg]
        uncounted = sum(1 for _, amount in amounts if amount is None)
        unclear = f"{uncounted} without a computable dose" if uncounted else opaque(chart, need)
        return noted(chart, finding_of(label, high, chart.gap_with_beside(need) or unclear))

    return Criterion(label, need.and_beside, judge, about_order=True, looks_at=frozenset({value_set.name}))


def _amount(chart: Chart, fact: Fact, ingredient: str) -> float | None:
    if not isinstance(fact.resource, (MedicationRequest, MedicationStatement)):
        return None
    return daily_mg(fact.resource, ingredient, chart.terminology.strengths(fact.code.coding))
