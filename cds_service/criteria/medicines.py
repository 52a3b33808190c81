"""
Criteria on medicines: being taken, twice, for long, or tried before.

A medicine is told by an order or, where the Need has another beside it, by a statement of what
the patient takes (docs/adr/0009). Criteria on how long and how often it was ordered read orders only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cds_service.doses import supply_days
from cds_service.fhir import MedicationRequest, MedicationStatement, span_of
from cds_service.terminology import RXNORM
from cds_service.truth import Certainty

from .durations import days
from .finding import Criterion, Finding
from .records import finding_of, opaque

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.terminology import ValueSet

    from .durations import Days

_TRIED = frozenset({"active", "on-hold", "completed", "stopped"})
_NEVER_GIVEN = frozenset({"draft", "cancelled", "entered-in-error"})
_ONLY_PLANNED = frozenset({"proposal", "plan"})
_CURRENT = frozenset({"active", "on-hold"})
OUTDATED_AFTER = days(90)
"""An order whose supply ran out longer ago may no longer be taken (guideline.md 10.2, policy)."""


def taking(
    need: Need,
    *value_sets: ValueSet,
    label: str,
    drafts: bool = True,
    besides: tuple[ValueSet, ...] = (),
) -> Criterion:
    """
    A medicine of `value_sets` is current on record, or (with `drafts`) among the other drafts.

    SAFE-36, SAFE-38. A statement of unknown status is POSSIBLE. `besides` leaves out products
    that are also in these sets. UNKNOWN: none
    found, and the answer was incomplete, or some current medicine has no code that can be
    interpreted.
    """
    names = [value_set.name for value_set in value_sets]
    others = [value_set.name for value_set in besides]

    def judge(chart: Chart) -> Finding:
        record = [fact for fact in chart.facts_with_beside(need, *names) if fact.current]
        found = [*record, *(chart.drafts(*names) if drafts else ())]
        kept = [(fact, fact.certainty) for fact in found if not fact.is_in(*others)]
        return noted(chart, finding_of(label, kept, chart.gap_with_beside(need) or opaque(chart, need)))

    return Criterion(label, need.and_beside, judge, about_order=drafts, looks_at=frozenset((*names, *others)))


def noted(chart: Chart, finding: Finding) -> Finding:
    """Return the finding with a note when something behind it ended long ago (guideline.md 10.2)."""
    if not any(outdated(chart, fact) for fact in finding.facts):
        return finding
    return replace(finding, because=f"{finding.because} (may be outdated)")


def outdated(chart: Chart, fact: Fact) -> bool:
    """Whether its validity, supply or period ended more than 90 days ago; False when it does not say."""
    request = fact.resource
    if isinstance(request, MedicationStatement):
        ended = span_of(request.effective_period.end) if request.effective_period else None
        return ended is not None and ended.days_before(chart.today)[0] > OUTDATED_AFTER.count
    if not isinstance(request, MedicationRequest):
        return False
    dispense = request.dispense_request
    validity = dispense.validity_period.end if dispense and dispense.validity_period else None
    end = span_of(validity)
    supplied = supply_days(request)
    if end:
        return end.days_before(chart.today)[0] > OUTDATED_AFTER.count
    if supplied is None or fact.span is None:
        return False
    return fact.span.days_before(chart.today)[0] - supplied > OUTDATED_AFTER.count


def taken_for(
    need: Need, *value_sets: ValueSet, at_least: Days, statements: bool = False, label: str
) -> Criterion:
    """
    A current order of `value_sets`, not outdated, was authored at least so long ago.

    statements: one that says since when it is taken counts as an order does.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        told = chart.facts_with_beside(need, *names) if statements else chart.facts(need, *names)
        found = [
            (fact, Certainty.PRESENT)
            for fact in told
            if _active(fact) and not outdated(chart, fact) and _ago(chart, fact) >= at_least.count
        ]
        return finding_of(label, found, chart.gap_with_beside(need) if statements else chart.gap(need))

    needs = need.and_beside if statements else frozenset({need})
    return Criterion(label, needs, judge, looks_at=frozenset(names))


def _active(fact: Fact) -> bool:
    return fact.current and getattr(fact.resource, "status", None) == "active"


def _ago(chart: Chart, fact: Fact) -> int:
    """Return the fewest days since it was ordered or begun; -1 when undated, so that no threshold is met."""
    return fact.span.days_before(chart.today)[0] if fact.span else -1


def repeated(need: Need, *value_sets: ValueSet, apart: Days, within: Days, label: str) -> Criterion:
    """
    Two orders of `value_sets`, both authored within `within`, were authored at least `apart` days apart.

    Any status but draft, cancelled and in error counts: monthly renewals are usually completed.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        given = _given(chart, need, names, within)
        given.sort(key=lambda fact: _ago(chart, fact))
        long = bool(given) and _ago(chart, given[-1]) - _ago(chart, given[0]) >= apart.count
        found = [(fact, Certainty.PRESENT) for fact in (given[0], given[-1])] if long else []
        return finding_of(label, found, chart.gap(need))

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset(names))


def _given(chart: Chart, need: Need, names: list[str], within: Days) -> list[Fact]:
    """Return the orders of these value sets that were given and authored within `within`."""
    return [
        fact
        for fact in chart.facts(need, *names)
        if _was_given(fact) and 0 <= _ago(chart, fact) <= within.count
    ]


def _was_given(fact: Fact) -> bool:
    request = fact.resource
    return (
        isinstance(request, MedicationRequest)
        and request.status not in _NEVER_GIVEN
        and request.intent not in _ONLY_PLANNED
        and request.do_not_perform is not True
    )


def supplied(need: Need, *value_sets: ValueSet, at_least: Days, within: Days, label: str) -> Criterion:
    """Orders of `value_sets` authored within `within` supply at least so many days together."""
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        given = _given(chart, need, names, within)
        total = sum(_supply(fact) for fact in given)
        found = [(fact, Certainty.PRESENT) for fact in given] if total >= at_least.count else []
        return finding_of(label, found, chart.gap(need))

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset(names))


def _supply(fact: Fact) -> float:
    return (supply_days(fact.resource) or 0.0) if isinstance(fact.resource, MedicationRequest) else 0.0


def tried(
    need: Need, *value_sets: ValueSet, within: Days, besides: tuple[ValueSet, ...] = (), label: str
) -> Criterion:
    """
    A medicine of `value_sets` was ordered before today, at most `within` ago (guideline.md 10.2, trial).

    Or a statement tells of it, by the last day it speaks of. Statuses active, on-hold,
    completed, stopped; not a proposal or plan. What is also in `besides` does not count, nor
    what is current and ended more than 90 days ago. NO means "not recorded".
    """
    names = [value_set.name for value_set in value_sets]
    others = [value_set.name for value_set in besides]

    def judge(chart: Chart) -> Finding:
        found = [
            (fact, Certainty.PRESENT)
            for fact in chart.facts_with_beside(need, *names)
            if not fact.is_in(*others) and _counts_as_trial(chart, fact, within)
        ]
        return finding_of(label, found, chart.gap_with_beside(need))

    return Criterion(label, need.and_beside, judge, looks_at=frozenset((*names, *others)))


def _counts_as_trial(chart: Chart, fact: Fact, within: Days) -> bool:
    status = getattr(fact.resource, "status", None)
    known = isinstance(fact.resource, MedicationStatement) or _was_given(fact)
    if not known or status not in _TRIED or not 0 < _last_told(chart, fact) <= within.count:
        return False
    return not (status in _CURRENT and outdated(chart, fact))


def _last_told(chart: Chart, fact: Fact) -> int:
    """Return the fewest days since the order, or since the last day a statement speaks of; -1: undated."""
    statement = fact.resource
    if not isinstance(statement, MedicationStatement):
        return _ago(chart, fact)
    end = span_of(statement.effective_period.end) if statement.effective_period else None
    asserted = fact.recorded if fact.current else None
    days_ago = [span.days_before(chart.today)[0] for span in (end, asserted) if span]
    return min(days_ago, default=_ago(chart, fact))


def used_lately(need: Need, *value_sets: ValueSet, within: Days, label: str) -> Criterion:
    """
    A medicine of `value_sets` was ordered at most `within` ago and may have been given (10.8).

    A statement counts while it says that the medicine is taken.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        found = [
            (fact, Certainty.PRESENT)
            for fact in chart.facts_with_beside(need, *names)
            if _said_to_be_taken(fact) or _ordered_lately(chart, fact, within)
        ]
        return finding_of(label, found, chart.gap_with_beside(need))

    return Criterion(label, need.and_beside, judge, looks_at=frozenset(names))


def _said_to_be_taken(fact: Fact) -> bool:
    return isinstance(fact.resource, MedicationStatement) and fact.current


def _ordered_lately(chart: Chart, fact: Fact, within: Days) -> bool:
    tried = _was_given(fact) and getattr(fact.resource, "status", None) in _TRIED
    return tried and (fact.span is None or _ago(chart, fact) <= within.count)


def renewal(need: Need, *, label: str) -> Criterion:
    """The judged order has an ingredient in common with what is current on record (SAFE-06, SAFE-23)."""

    def judge(chart: Chart) -> Finding:
        own = _ingredients(chart, [chart.order] if chart.order else [])
        same = [
            (fact, Certainty.PRESENT)
            for fact in chart.facts_with_beside(need)
            if fact.current and own & _ingredients(chart, [fact])
        ]
        return finding_of(label, same, chart.gap_with_beside(need))

    return Criterion(label, need.and_beside, judge, about_order=True, looks_at=frozenset())


def continued(need: Need, value_set: ValueSet, *, more_than: Days, label: str) -> Criterion:
    """
    What is taken since more than so long ago shares with the judged order an ingredient in `value_set`.

    Another ingredient of a combined product, such as aspirin, does not make them the same.
    What is undated meets no threshold. UNKNOWN: none found, and the answer was incomplete.
    """
    members = set(value_set.of_system(RXNORM))

    def judge(chart: Chart) -> Finding:
        own = members & _ingredients(chart, [chart.order] if chart.order else [])
        found = [
            (fact, Certainty.PRESENT)
            for fact in chart.facts_with_beside(need, value_set.name)
            if fact.current and own & _ingredients(chart, [fact]) and _ago(chart, fact) > more_than.count
        ]
        return noted(chart, finding_of(label, found, chart.gap_with_beside(need)))

    looks_at = frozenset({value_set.name})
    return Criterion(label, need.and_beside, judge, about_order=True, looks_at=looks_at)


def duplicated(need: Need, *value_sets: ValueSet, label: str) -> Criterion:
    """
    A medicine of `value_sets` beside the judged order: current on record, or among the other drafts.

    On record, one of exactly the same ingredients is what the order renews, and no duplicate
    (SAFE-23). UNKNOWN: as for `taking`.
    """
    names = [value_set.name for value_set in value_sets]

    def judge(chart: Chart) -> Finding:
        own = _ingredients(chart, [chart.order] if chart.order else [])
        record = [
            fact
            for fact in chart.facts_with_beside(need, *names)
            if fact.current and (not own or _ingredients(chart, [fact]) != own)
        ]
        found = [(fact, fact.certainty) for fact in (*record, *chart.drafts(*names))]
        return noted(chart, finding_of(label, found, chart.gap_with_beside(need) or opaque(chart, need)))

    return Criterion(label, need.and_beside, judge, about_order=True, looks_at=frozenset(names))


def _ingredients(chart: Chart, facts: Iterable[Fact]) -> set[str | None]:
    return {item.code for fact in facts for item in chart.terminology.ingredients(fact.code.coding)}
