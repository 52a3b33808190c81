"""Criteria on daily doses: how much of an ingredient a day, in one order or in all together (10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.doses import daily_mg
from cds_service.fhir import MedicationRequest
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding
from .medicines import noted
from .records import finding_of, opaque

if TYPE_CHECKING:
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
    All current and drafted orders of `value_set` add up to more than `above_mg` of `ingredient` a day.

    UNKNOWN: what is known does not exceed it, and some order has no computable dose. With
    `unknown` the question is instead whether some order has none: YES or NO.
    """

    def judge(chart: Chart) -> Finding:
        record = [fact for fact in chart.facts(need, value_set.name) if fact.current]
        orders = [*record, *chart.drafts(value_set.name, others=False)]
        amounts = [_amount(chart, fact, ingredient) for fact in orders]
        total = sum(amount for amount in amounts if amount is not None)
        uncounted = amounts.count(None)
        said = f"{total:g} mg a day in {len(orders) - uncounted} of {len(orders)} orders"
        if unknown:
            return Finding(label, Truth.of(fact=uncounted > 0), said, facts=tuple(orders))
        if above_mg is not None and total > above_mg:
            return Finding(label, Truth.YES, said, facts=tuple(orders))
        gap = chart.gap(need)
        why = gap or (f"{uncounted} without a computable dose" if uncounted else "")
        return Finding(label, Truth.UNKNOWN if why else Truth.NO, why or said)

    return Criterion(label, frozenset({need}), judge)


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

    return Criterion(label, frozenset(), judge, about_order=True)


def taking_dose(
    need: Need, value_set: ValueSet, ingredient: str, *, above_mg: float, label: str
) -> Criterion:
    """
    One medicine of `value_set`, current or among the other drafts, gives more than `above_mg` a day.

    UNKNOWN: none does, and some has no computable dose, or the answer was incomplete.
    """

    def judge(chart: Chart) -> Finding:
        record = [fact for fact in chart.facts(need, value_set.name) if fact.current]
        amounts = [
            (fact, _amount(chart, fact, ingredient)) for fact in (*record, *chart.drafts(value_set.name))
        ]
        high = [(fact, Certainty.PRESENT) for fact, amount in amounts if amount and amount > above_mg]
        uncounted = sum(1 for _, amount in amounts if amount is None)
        unclear = f"{uncounted} without a computable dose" if uncounted else opaque(chart, need)
        return noted(chart, finding_of(label, high, chart.gap(need) or unclear))

    return Criterion(label, frozenset({need}), judge, about_order=True)


def _amount(chart: Chart, fact: Fact, ingredient: str) -> float | None:
    if not isinstance(fact.resource, MedicationRequest):
        return None
    return daily_mg(fact.resource, ingredient, chart.terminology.strengths(fact.code.coding))
