"""Criteria on measurements: the latest usable value, its age, its trend, and coded answers."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter
from typing import TYPE_CHECKING

from cds_service.fhir import Observation, in_unit
from cds_service.terminology import normalised
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding
from .records import finding_of
from .where import Where

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.fhir import Coding, Quantity
    from cds_service.terminology import ValueSet

    from .durations import Days
    from .episode import Episode

_USABLE = frozenset({"final", "amended", "corrected"})
_READABLE = _USABLE | {"preliminary"}
_SCORE_MAX = 10
_BEYOND = {"<": -inf, ">": inf}
"""Where a limit points: "<60" is a hair below 60, so that it is never taken for a 60 that was measured."""


@dataclass(frozen=True, slots=True)
class Value:
    """A usable measurement: its number in the unit asked for, and the Observation it is from."""

    number: float
    fact: Fact
    comparator: str = ""

    @property
    def said(self) -> str:
        """The number as it was sent, "<15" included."""
        return f"{self.comparator}{self.number:g}"

    @property
    def day(self) -> int:
        """The last day it may date from, as an ordinal, so that values sort by date."""
        return self.fact.span.last.toordinal() if self.fact.span else 0


def values(chart: Chart, need: Need, value_set: ValueSet, unit: str) -> list[Value]:
    """
    Return the usable values, oldest first (SAFE-40).

    Left out: in error, cancelled, undated, dated after today, without a number or with a
    unit that cannot be converted. A final value outranks a preliminary one of the same day
    by coming later; of equals, the lower comes last.
    """
    found: list[Value] = []
    for fact in chart.facts(need, value_set.name):
        observation = fact.resource
        if not isinstance(observation, Observation) or observation.status not in _READABLE:
            continue
        quantity = observation.value_quantity
        number = _number(quantity, observation.value_integer, unit)
        if number is not None and fact.span and fact.span.first <= chart.today:
            comparator = (quantity and quantity.comparator) or ""
            found.append(Value(nextafter(number, _BEYOND.get(comparator, number)), fact, comparator))
    return sorted(found, key=lambda value: (value.day, _status(value) in _USABLE, -value.number))


def _status(value: Value) -> str | None:
    return getattr(value.fact.resource, "status", None)


def _number(quantity: Quantity | None, integer: int | None, unit: str) -> float | None:
    if quantity is None and integer is not None and unit == "{score}":
        return float(integer)
    number = in_unit(quantity, unit)
    if number is not None and unit == "{score}" and number > _SCORE_MAX:
        return number / 10  # a 100 mm scale sent without its unit (guideline.md 10.2)
    return number


def measured(
    need: Need,
    value_set: ValueSet,
    *,
    unit: str,
    label: str,
    at_least: float | None = None,
    below: float | None = None,
    within: Days | None = None,
    any_in_window: bool = False,
) -> Criterion:
    """
    The latest value (or, with `any_in_window`, some value) lies in [at_least, below), no older than `within`.

    NO: measured and outside, or nothing measured and the answer complete. UNKNOWN: nothing
    usable, and the answer incomplete. A value too old to count is named as stale (SAFE-12).
    """

    def judge(chart: Chart) -> Finding:
        found = values(chart, need, value_set, unit)
        new = [value for value in found if within is None or _age(chart, value) <= within.count]
        asked = new if any_in_window else new[-1:]
        fitting = [value for value in asked if _fits(value.number, at_least, below)]
        if fitting:
            fact = fitting[-1].fact
            return Finding(label, Truth.YES, f"{_told(fitting[-1], unit)} ({fact.reference})", facts=(fact,))
        gap = chart.gap(need)
        last = _told(found[-1], unit) if found else ""
        stale = f"{last} is stale" if last and not new else ""
        if gap and not (new and not any_in_window):
            return Finding(label, Truth.UNKNOWN, gap, stale=stale)
        return Finding(label, Truth.NO, stale or last or "not recorded", stale=stale)

    return Criterion(label, frozenset({need}), judge)


def _fits(number: float, at_least: float | None, below: float | None) -> bool:
    return (at_least is None or number >= at_least) and (below is None or number < below)


def _age(chart: Chart, value: Value) -> int:
    return chart.today.toordinal() - value.day


def _told(value: Value, unit: str) -> str:
    return f"{value.said} {_shown(unit)}on {value.fact.span}"


def _shown(unit: str) -> str:
    return "" if unit == "{score}" else f"{unit.replace('{', '').replace('}', '')} "


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
        found = [v for v in values(chart, need, value_set, "{score}") if since is not None and v.day >= since]
        enough = len(found) > 1 and _age(chart, found[-1]) <= within.count
        if not enough:
            gap = chart.gap(need)
            return Finding(label, Truth.UNKNOWN, gap or "fewer than two recent scores")
        rise = found[-1].number - found[0].number
        because = f"{_told(found[0], '{score}')}, {_told(found[-1], '{score}')}"
        return Finding(label, Truth.of(fact=rise >= by), because)

    return Criterion(label, frozenset({need}) | episode.needs, judge)


def answered(need: Need, value_set: ValueSet, *codings: Coding, within: Days, label: str) -> Criterion:
    """
    The latest coded answer to the question in `value_set` is one of `codings`.

    NO: another answer, or none on record. UNKNOWN: none found and the answer incomplete.
    """
    wanted = {normalised(coding.system, coding.code) for coding in codings}

    def judge(chart: Chart) -> Finding:
        facts = [
            fact
            for fact in chart.facts(need, value_set.name)
            if _is_coded(fact) and fact.span and 0 <= fact.span.days_before(chart.today)[1] <= within.count
        ]
        latest = max(facts, key=lambda fact: fact.span.last if fact.span else chart.today, default=None)
        hits = [latest] if latest and _answer(latest) & wanted else []
        return finding_of(
            label, [(fact, Certainty.PRESENT) for fact in hits], "" if latest else chart.gap(need)
        )

    return Criterion(label, frozenset({need}), judge)


def _is_coded(fact: Fact) -> bool:
    resource = fact.resource
    return (
        isinstance(resource, Observation)
        and resource.status in _READABLE
        and resource.value_codeable_concept is not None
    )


def _answer(fact: Fact) -> set[tuple[str, str] | None]:
    resource = fact.resource
    concept = resource.value_codeable_concept if isinstance(resource, Observation) else None
    return {normalised(c.system, c.code) for c in concept.coding} if concept else set()


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

    return Where("not overtaken by a newer normal value", holds, frozenset({need}))


def newer_than_answer(need: Need, value_set: ValueSet, *codings: Coding) -> Where:
    """Not overtaken by one of these coded answers given on a later day (SAFE-20)."""
    wanted = {normalised(coding.system, coding.code) for coding in codings}

    def holds(chart: Chart, fact: Fact) -> Truth:
        denials = [
            other.span
            for other in chart.facts(need, value_set.name)
            if _is_coded(other) and _answer(other) & wanted and other.span
        ]
        overtaken = fact.span is not None and any(span.first > fact.span.last for span in denials)
        return Truth.of(fact=not overtaken)

    return Where("not overtaken by a later answer", holds, frozenset({need}))
