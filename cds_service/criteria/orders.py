"""Criteria on orders: what is on the table, what for, how urgent, and what was requested before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cds_service.chart import refers_to
from cds_service.doses import supply_days
from cds_service.fhir import MedicationRequest, ServiceRequest, span_of
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding
from .records import finding_of

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.chart import Chart, Context, Fact
    from cds_service.fhir import Coding, Span
    from cds_service.terminology import ValueSet

    from .durations import Days
    from .where import Where

PROBLEM_ADDED = "problem-list-item-create"
URGENT = frozenset({"urgent", "asap", "stat"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """What wakes a rule: an order of these value sets is selected or signed. Reads the hook context only."""

    label: str
    value_sets: tuple[ValueSet, ...]
    besides: tuple[ValueSet, ...] = field(default=())

    def orders(self, context: Context) -> tuple[Fact, ...]:
        """Return the orders to judge; none: the rule sleeps and nothing is read."""
        names = [value_set.name for value_set in self.value_sets]
        others = [value_set.name for value_set in self.besides]
        return tuple(
            draft
            for draft in context.drafts
            if draft.selected and draft.is_in(*names) and not draft.is_in(*others)
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """What wakes a rule without any order: a hook fires. Reads the hook context only."""

    label: str
    hooks: tuple[str, ...]
    problems: tuple[ValueSet, ...] = ()

    def orders(self, context: Context) -> tuple[None, ...]:
        """Return one judgement about no order, or none at all: the rule sleeps and nothing is read."""
        names = [value_set.name for value_set in self.problems]
        fits = context.hook != PROBLEM_ADDED or any(fact.is_in(*names) for fact in context.conditions)
        return (None,) if context.hook in self.hooks and fits else ()


def at(*hooks: str, label: str, problems: tuple[ValueSet, ...] = ()) -> Moment:
    """Wake when one of `hooks` fires; problem-list-item-create only for a new problem in `problems`."""
    return Moment(label, hooks, problems)


def selected(*value_sets: ValueSet, label: str, besides: tuple[ValueSet, ...] = ()) -> Trigger:
    """Wake when an order of `value_sets` (and of none in `besides`) is selected or being signed."""
    return Trigger(label, value_sets, besides)


def order_is(*value_sets: ValueSet, label: str) -> Criterion:
    """The judged order is in one of `value_sets`: YES or NO."""
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        fits = chart.order is not None and chart.order.is_in(*names)
        return Finding(label, Truth.of(fact=fits))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset(names))


def drafted(*value_sets: ValueSet, label: str, selected_only: bool = False) -> Criterion:
    """
    Some draft, judged or not, is in one of `value_sets`: YES or NO.

    With `selected_only` it must be selected or being signed: other rules judge it in this call.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        found = [draft for draft in chart.drafts(*names, others=False) if draft.selected or not selected_only]
        return Finding(label, Truth.of(fact=bool(found)))

    return Criterion(label, frozenset(), judge, looks_at=frozenset(names))


def order_urgent(*, label: str) -> Criterion:
    """The judged order's priority is urgent, asap or stat: YES or NO; no priority means routine."""

    def judge(chart: Chart) -> Finding:
        resource = chart.order.resource if chart.order else None
        urgent = isinstance(resource, ServiceRequest) and resource.priority in URGENT
        return Finding(label, Truth.of(fact=urgent))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset())


def order_due(*, within: Days, label: str) -> Criterion:
    """
    The judged order is to be carried out at most `within` from today: YES or NO.

    Reads occurrencePeriod.end, else occurrenceDateTime, a partial one as its last day. NO also
    when the order names no date: nobody has to keep to it.
    """

    def judge(chart: Chart) -> Finding:
        resource = chart.order.resource if chart.order else None
        due = _due(resource) if isinstance(resource, ServiceRequest) else None
        if due is None:
            return Finding(label, Truth.NO, "no date in the order", facts=_judged(chart))
        timely = (due.last - chart.today).days <= within.count
        return Finding(label, Truth.of(fact=timely), f"due {due}", facts=_judged(chart))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset())


def _due(order: ServiceRequest) -> Span | None:
    period = order.occurrence_period
    return span_of(period.end) if period else span_of(order.occurrence_date_time)


def supply_above(limit_days: int, *, label: str) -> Criterion:
    """The judged order supplies more than `limit_days`, refills included. UNKNOWN when it does not say."""

    def judge(chart: Chart) -> Finding:
        resource = chart.order.resource if chart.order else None
        supply = supply_days(resource) if isinstance(resource, MedicationRequest) else None
        if supply is None:
            return Finding(label, Truth.UNKNOWN, "no supply duration in the order")
        return Finding(label, Truth.of(fact=supply > limit_days), f"{supply:g} days' supply")

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset())


def order_route(*value_sets: ValueSet, label: str) -> Criterion:
    """An instruction of the judged order names a route in one of `value_sets`: YES or NO (none named: NO)."""
    names = {value_set.name for value_set in value_sets}

    def judge(chart: Chart) -> Finding:
        fits = any(not chart.terminology.sets_of(route).isdisjoint(names) for route in _routes(chart))
        return Finding(label, Truth.of(fact=fits), facts=_judged(chart))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset(names))


def order_route_unclear(*, label: str) -> Criterion:
    """
    The judged order does not tell its route: YES or NO.

    It has no instruction, or one without a route, or with a code of a route that cannot be interpreted.
    """

    def judge(chart: Chart) -> Finding:
        routes = _routes(chart)
        told = bool(routes) and all(_route_read(chart, route) for route in routes)
        return Finding(label, Truth.of(fact=not told))

    return Criterion(label, frozenset(), judge, about_order=True, looks_at=frozenset())


def _routes(chart: Chart) -> list[tuple[Coding, ...]]:
    """Return the route of each instruction of the judged order; without one: no codes."""
    resource = chart.order.resource if chart.order else None
    dosages = resource.dosage_instruction if isinstance(resource, MedicationRequest) else ()
    return [dosage.route.coding if dosage.route else () for dosage in dosages]


def _route_read(chart: Chart, route: tuple[Coding, ...]) -> bool:
    return bool(chart.terminology.sets_of(route)) or chart.terminology.interprets(route)


def ordered_for(conditions: Need, *value_sets: ValueSet, label: str) -> Criterion:
    """
    A reason of the judged order is coded in one of `value_sets`.

    Reads the order's reasonCode and reasonReference (contained, or a Condition of the chart;
    a refuted one is no reason). UNKNOWN: a reference that the incomplete Conditions might hold.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        sets, unresolved = _reasons(chart, conditions)
        if any(not found.isdisjoint(names) for found in sets):
            return Finding(label, Truth.YES, "given as the order's reason", facts=_judged(chart))
        if unresolved and chart.gap(conditions):
            return Finding(label, Truth.UNKNOWN, chart.gap(conditions))
        return Finding(label, Truth.NO, "not the order's reason")

    return Criterion(label, frozenset({conditions}), judge, about_order=True, looks_at=frozenset(names))


def ordered_for_else(conditions: Need, *value_sets: ValueSet, label: str) -> Criterion:
    """
    The judged order states reasons and none of them is in `value_sets`: another indication (10.2).

    NO: no reason stated, or one that fits. UNKNOWN: a reference the incomplete Conditions might hold.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        sets, unresolved = _reasons(chart, conditions)
        if (not sets and not unresolved) or any(not found.isdisjoint(names) for found in sets):
            return Finding(label, Truth.NO)
        if unresolved and chart.gap(conditions):
            return Finding(label, Truth.UNKNOWN, chart.gap(conditions))
        return Finding(label, Truth.YES, "the order's reason is another", facts=_judged(chart))

    return Criterion(label, frozenset({conditions}), judge, about_order=True, looks_at=frozenset(names))


def _judged(chart: Chart) -> tuple[Fact, ...]:
    return (chart.order,) if chart.order else ()


def _reasons(chart: Chart, conditions: Need) -> tuple[list[frozenset[str]], int]:
    """Return the value sets of each readable reason, and how many references found nothing."""
    resource = chart.order.resource if chart.order else None
    if not isinstance(resource, (MedicationRequest, ServiceRequest)):
        return [], 0
    sets = [chart.terminology.sets_of(concept.coding) for concept in resource.reason_code]
    contained = {f"#{item.id}": item for item in resource.contained}
    recorded = {fact.reference: fact for fact in chart.facts(conditions)}
    unresolved = 0
    for reference in resource.reason_reference:
        inside = contained.get(reference.reference or "")
        fact = recorded.get(refers_to(reference))
        if inside is not None and inside.code:
            sets.append(chart.terminology.sets_of(inside.code.coding))
        elif fact is not None:
            sets.append(fact.sets if fact.certainty is not Certainty.ABSENT_STATED else frozenset())
        else:
            unresolved += 1
    return sets, unresolved


def requested(
    need: Need,
    *value_sets: ValueSet,
    status: frozenset[str],
    where: Where | None = None,
    drafts: bool = False,
    label: str,
) -> Criterion:
    """
    An order of `value_sets` is on record in one of these statuses, or (with `drafts`) an other draft.

    The judged order is no evidence for itself (guideline.md 10.8), also where an EHR keeps its
    drafts on record. doNotPerform does not count. UNKNOWN: none found and the answer incomplete.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        record = [
            fact
            for fact in chart.facts(need, *names)
            if not (drafts and _is_judged(chart, fact))
            and getattr(fact.resource, "status", None) in status
            and getattr(fact.resource, "do_not_perform", None) is not True
            and (where is None or where.holds(chart, fact) is not Truth.NO)
        ]
        found = [*record, *(chart.drafts(*names) if drafts else ())]
        return finding_of(label, [(fact, Certainty.PRESENT) for fact in found], chart.gap(need))

    needs = frozenset({need}) | (where.needs if where else frozenset())
    return Criterion(
        label,
        needs,
        judge,
        about_order=drafts,
        looks_at=frozenset(names) | (where.looks_at if where else frozenset()),
    )


def _is_judged(chart: Chart, fact: Fact) -> bool:
    """Whether a recorded order is the judged draft itself, as the EHR keeps it."""
    return chart.order is not None and bool(fact.resource.id) and fact.reference == chart.order.reference


def never_absent(criterion: Criterion, *, because: str) -> Criterion:
    """The criterion, but its NO is UNKNOWN: a chart can show it and never rule it out (10.2, candidacy)."""

    def combine(chart: Chart) -> Finding:
        finding = criterion.evaluate(chart)
        if finding.truth is Truth.NO:
            return Finding(criterion.label, Truth.UNKNOWN, because, parts=finding.parts)
        return finding

    return Criterion(criterion.label, criterion.needs, combine, (criterion,), criterion.about_order)
