"""The index episode: the bout of a complaint that today's call is about, when it began, and its phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding, names_of

if TYPE_CHECKING:
    from datetime import date

    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.fhir import Span
    from cds_service.terminology import ValueSet

    from .durations import Days


LONGEST = 36_525
"""Days in a hundred years: how long an episode may have lasted that is only known to be chronic."""


@dataclass(frozen=True, slots=True)
class Onset:
    """When the episode began: the days it may have been, and whether that is only when it was recorded."""

    span: Span
    recorded_only: bool

    def __str__(self) -> str:
        """Say it for a card."""
        return f"recorded {self.span}" if self.recorded_only else f"onset {self.span}"


@dataclass(frozen=True)
class Episode:
    """
    A complaint that comes in bouts (guideline.md 10.2, index onset; SAFE-39).

    index: value sets that mean the complaint. chronic: those that by themselves mean longer
    than `chronic_after`. acute: those that mean shorter than `acute_below`, used only when
    undated or that young. join: an entry with only a recorded date belongs to the previous
    current entry when at most so far apart, because coding each visit anew must not restart
    the clock.
    """

    name: str
    conditions: Need
    index: tuple[ValueSet, ...]
    chronic: ValueSet
    acute: ValueSet
    join: Days
    acute_below: Days
    chronic_after: Days

    @property
    def needs(self) -> frozenset[Need]:
        """What it reads."""
        return frozenset({self.conditions})

    @property
    def looks_at(self) -> frozenset[str]:
        """The names of its value sets."""
        return names_of((*self.index, self.chronic, self.acute))

    def entries(self, chart: Chart) -> tuple[Fact, ...]:
        """Return the current entries of the complaint, present or possible."""
        names = [value_set.name for value_set in (*self.index, self.chronic, self.acute)]
        return tuple(
            fact
            for fact in chart.facts(self.conditions, *names)
            if fact.current and fact.certainty is not Certainty.ABSENT_STATED
        )

    def onset(self, chart: Chart) -> Onset | None:
        """Return when the episode began; None when no current entry is dated."""
        dated = sorted(
            (fact for fact in self.entries(chart) if fact.span), key=lambda fact: _span(fact).first
        )
        onset: Onset | None = None
        previous: date | None = None
        for fact in dated:
            span = _span(fact)
            joins = (
                fact.recorded_only
                and previous is not None
                and (span.first - previous).days <= self.join.count
            )
            if not joins:
                onset = Onset(span, fact.recorded_only)
            previous = _last_known(fact)
        return onset

    def day(self, chart: Chart) -> tuple[int, int] | None:
        """
        Return the least and most days since onset; None when nothing dates it.

        A chronic code puts the least at one day past `chronic_after`, and the most beyond all
        limits when no date tells more; an undated acute code alone means fewer than `acute_below` days.
        """
        onset = self.onset(chart)
        least, most = onset.span.days_before(chart.today) if onset else (None, None)
        entries = self.entries(chart)
        if any(fact.is_in(self.chronic.name) for fact in entries):
            sure = self.chronic_after.count + 1
            return max(least or 0, sure), most if most and most >= sure else LONGEST
        if least is None or most is None:
            acute = any(fact.is_in(self.acute.name) for fact in entries)
            return (0, self.acute_below.count - 1) if acute else None
        return max(least, 0), max(most, 0)


def _span(fact: Fact) -> Span:
    assert fact.span is not None  # noqa: S101 - callers pass dated facts
    return fact.span


def _last_known(fact: Fact) -> date:
    """Return the last day on which the entry is known to have been current: when it was written down."""
    recorded = fact.recorded
    return max(recorded.last, _span(fact).last) if recorded else _span(fact).last


def lasting(
    episode: Episode,
    *,
    at_least: Days | None = None,
    more_than: Days | None = None,
    at_most: Days | None = None,
    label: str,
) -> Criterion:
    """
    The episode began so many days ago.

    Reads Condition. A partial date is judged on both ends: UNKNOWN when they disagree, and
    when no current entry is dated and no code says acute or chronic ("no onset recorded").
    NO when there is no episode at all. Source: guideline.md section 1, boundaries.
    """
    low = at_least.count if at_least else (more_than.count + 1 if more_than else 0)

    def judge(chart: Chart) -> Finding:
        gap = chart.gap(episode.conditions)
        day = episode.day(chart)
        if day is None:
            if episode.entries(chart) or gap:
                return Finding(label, Truth.UNKNOWN, gap or "no onset recorded")
            return Finding(label, Truth.NO, f"{episode.name} not recorded")
        fits = [low <= end and (at_most is None or end <= at_most.count) for end in day]
        onset = episode.onset(chart)
        because = str(onset) if onset else "by its code"
        if all(fits):
            return Finding(label, Truth.YES, because, facts=episode.entries(chart))
        disagree = any(fits) or (day[0] < low and at_most is not None and day[1] > at_most.count)
        truth = Truth.UNKNOWN if disagree else Truth.NO
        return Finding(label, truth, because, facts=episode.entries(chart))

    return Criterion(label, episode.needs, judge, looks_at=episode.looks_at)


def phase_unclear(episode: Episode, *boundaries: Days, label: str) -> Criterion:
    """
    The episode's days since onset fall on both sides of a boundary, or nothing dates it.

    A boundary is the first day of a later phase. YES or NO; UNKNOWN only when Conditions
    could not be read and no entry was found.
    """

    def judge(chart: Chart) -> Finding:
        gap = chart.gap(episode.conditions)
        day = episode.day(chart)
        if day is None and gap and not episode.entries(chart):
            return Finding(label, Truth.UNKNOWN, gap)
        if day is None:
            return Finding(label, Truth.YES, "no onset recorded", facts=episode.entries(chart))
        split = any(day[0] < boundary.count <= day[1] for boundary in boundaries)
        because = str(episode.onset(chart) or "by its code")
        return Finding(label, Truth.of(fact=split), because, facts=episode.entries(chart))

    return Criterion(label, episode.needs, judge, looks_at=episode.looks_at)
