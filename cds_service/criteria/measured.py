"""Criteria on measurements: the latest usable value, its age and its trend."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter
from typing import TYPE_CHECKING

from cds_service.fhir import Observation, in_unit
from cds_service.truth import Truth

from .finding import Criterion, Finding
from .where import Where

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.fhir import Quantity
    from cds_service.terminology import ValueSet

    from .durations import Days
    from .episode import Episode

_USABLE = frozenset({"final", "amended", "corrected"})
READABLE = _USABLE | {"preliminary"}
_SCORE_MAX = 10
_UNITLESS = frozenset({"{score}", "{points}"})
_BEYOND = {"<": -inf, ">": inf}
"""Where a limit points: "<60" is a hair below 60, so that it is never taken for a 60 that was measured."""


@dataclass(frozen=True, slots=True)
class Value:
    """
    A usable measurement: its number in the unit asked for, and the Observation it is from.

    factor: what a score of another instrument was multiplied by, as the site maps it; 1 for none.
    """

    number: float
    fact: Fact
    comparator: str = ""
    factor: float = 1.0

    @property
    def said(self) -> str:
        """The number as it was sent, "<15" included."""
        return f"{self.comparator}{self.number / self.factor:g}"

    @property
    def day(self) -> int:
        """The last day it may date from, as an ordinal, so that values sort by date."""
        return self.fact.span.last.toordinal() if self.fact.span else 0


def values(chart: Chart, need: Need, value_set: ValueSet, unit: str, *, highest: bool = False) -> list[Value]:
    """
    Return the usable values, oldest first (SAFE-40).

    Left out: in error, cancelled, undated, dated after today, without a number or with a
    unit that cannot be converted. A final value outranks a preliminary one of the same day
    by coming later; of equals, the lower comes last, or with `highest` the higher: the one to worry about.
    """
    found: list[Value] = []
    for fact in chart.facts(need, value_set.name):
        observation = fact.resource
        if not isinstance(observation, Observation) or observation.status not in READABLE:
            continue
        quantity = observation.value_quantity
        factor = chart.terminology.factor(fact.code.coding)
        number = _number(quantity, observation.value_integer, unit, factor)
        if number is not None and fact.span and fact.span.first <= chart.today:
            comparator = (quantity and quantity.comparator) or ""
            number = nextafter(number, _BEYOND.get(comparator, number))
            found.append(Value(number, fact, comparator, factor))
    worse = 1 if highest else -1
    return sorted(found, key=lambda value: (value.day, _status(value) in _USABLE, worse * value.number))


def _status(value: Value) -> str | None:
    return getattr(value.fact.resource, "status", None)


def _number(quantity: Quantity | None, integer: int | None, unit: str, factor: float) -> float | None:
    if quantity is None and integer is not None and unit in _UNITLESS:
        return integer * factor
    number = in_unit(quantity, unit)
    if factor != 1 and unit in _UNITLESS:  # another instrument's scale: its percent is a score too
        number = in_unit(quantity, "%") if number is None else number
        return None if number is None else number * factor
    if number is not None and unit == "{score}" and number > _SCORE_MAX:
        return number / 10  # a 100 mm scale sent without its unit (guideline.md 10.2)
    return number


def of_one_scale(found: list[Value]) -> list[Value]:
    """Return the values on the scale of the last: another instrument's are no measure of its course."""
    return [value for value in found if value.factor == found[-1].factor]


def measured(
    need: Need,
    value_set: ValueSet,
    *,
    unit: str,
    label: str,
    at_least: float | None = None,
    below: float | None = None,
    within: Days | None = None,
    where: Where | None = None,
    any_in_window: bool = False,
    highest: bool = False,
) -> Criterion:
    """
    The latest value (or, with `any_in_window`, some value) lies in [at_least, below), no older than `within`.

    where: values for which it does not hold count as not measured. highest: of several values of
    the latest day the highest counts, else the lowest (SAFE-16). NO: measured and outside, or
    nothing measured and the answer complete. UNKNOWN: nothing usable, and the answer incomplete.
    A value too old to count is named as stale (SAFE-12).
    """

    def judge(chart: Chart) -> Finding:
        listed = values(chart, need, value_set, unit, highest=highest)
        found = [value for value in listed if _counts(chart, value, where)]
        new = [value for value in found if within is None or _age(chart, value) <= within.count]
        asked = new if any_in_window else new[-1:]
        fitting = [value for value in asked if _fits(value.number, at_least, below)]
        if fitting:
            return _found(label, fitting[-1], unit)
        gap = chart.gap(need)
        last = _told(found[-1], unit) if found else ""
        stale = f"{last} is stale" if last and not new else ""
        if gap and not (new and not any_in_window):
            return Finding(label, Truth.UNKNOWN, gap, stale=stale)
        facts = (found[-1].fact,) if found else ()
        return Finding(label, Truth.NO, stale or last or "not recorded", facts=facts, stale=stale)

    return Criterion(
        label,
        frozenset({need}) | (where.needs if where else frozenset()),
        judge,
        looks_at=frozenset({value_set.name}) | (where.looks_at if where else frozenset()),
    )


def _found(label: str, value: Value, unit: str) -> Finding:
    """Return the YES that rests on this value; one that asks for discretion tells only its date (SAFE-30)."""
    fact = value.fact
    told = str(fact.span) if fact.sensitive else _told(value, unit)
    return Finding(label, Truth.YES, f"{told} ({fact.reference})", facts=(fact,), masked=fact.sensitive)


def _counts(chart: Chart, value: Value, where: Where | None) -> bool:
    return where is None or where.holds(chart, value.fact) is Truth.YES


def _fits(number: float, at_least: float | None, below: float | None) -> bool:
    return (at_least is None or number >= at_least) and (below is None or number < below)


def _age(chart: Chart, value: Value) -> int:
    return chart.today.toordinal() - value.day


def _told(value: Value, unit: str) -> str:
    return f"{value.said} {_shown(unit)}on {value.fact.span}"


def _shown(unit: str) -> str:
    return "" if unit in _UNITLESS else f"{unit.replace('{', '').replace('}', '')} "


def worsening(
    need: Need, value_set: ValueSet, episode: Episode, *, by: float, within: Days, label: str
) -> Criterion:
    """
    The newest score, no older than `within`, is at least `by` above the first since the episode began.

    UNKNOWN with fewer than two scores, or no onset (guideline.md 10.2, improvement).
    """

    def judge(chart: Chart) -> Finding:
        onset = episode.onset(chart)
        since = onset.span.first.toordinal() if onset else None
        listed = values(chart, need, value_set, "{score}")
        found = of_one_scale([v for v in listed if since is not None and v.day >= since])
        enough = len(found) > 1 and _age(chart, found[-1]) <= within.count
        if not enough:
            gap = chart.gap(need)
            return Finding(label, Truth.UNKNOWN, gap or "fewer than two recent scores")
        rise = found[-1].number - found[0].number
        because = f"{_told(found[0], '{score}')}, {_told(found[-1], '{score}')}"
        facts = (found[0].fact, found[-1].fact)
        return Finding(label, Truth.of(fact=rise >= by), because, facts=facts)

    return Criterion(
        label,
        frozenset({need}) | episode.needs,
        judge,
        looks_at=frozenset({value_set.name}) | episode.looks_at,
    )


def no_newer_value(
    need: Need, value_set: ValueSet, *, unit: str, at_least: float, within: Days | None = None
) -> Where:
    """
    Not overtaken by a value of at least `at_least` measured on a later day (SAFE-16).

    An undated entry is overtaken by nothing, and a value older than `within` overtakes nothing
    (SAFE-12). YES when no such value is on record.
    """

    def holds(chart: Chart, fact: Fact) -> Truth:
        found = values(chart, need, value_set, unit)
        new = bool(found) and (within is None or _age(chart, found[-1]) <= within.count)
        good = new and found[-1].number >= at_least
        overtaken = good and fact.span is not None and found[-1].day >= fact.span.last.toordinal()
        return Truth.of(fact=not overtaken)

    return Where(
        "not overtaken by a newer normal value", holds, frozenset({need}), frozenset({value_set.name})
    )


def newer_than_value(need: Need, value_set: ValueSet, *, unit: str, or_same_day: bool = False) -> Where:
    """
    Dated after every usable value of `value_set`, or also on the day of the last one (SAFE-40).

    YES when no such value is on record; NO for an undated entry otherwise.
    """
    grace = int(or_same_day)

    def holds(chart: Chart, fact: Fact) -> Truth:
        found = values(chart, need, value_set, unit)
        newer = not found or (fact.span is not None and fact.span.last.toordinal() + grace > found[-1].day)
        return Truth.of(fact=newer)

    return Where("not overtaken by a later score", holds, frozenset({need}), frozenset({value_set.name}))
