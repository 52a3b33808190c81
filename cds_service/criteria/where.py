"""Conditions on one resource that narrow a criterion: its age, by today or an episode, its code, its site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_service.fhir import Condition
from cds_service.terminology import ICD_10_CM, normalised
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.terminology import ValueSet

    from .durations import Days
    from .episode import Episode

_SEVENTH = 7
_NOT_INITIAL = frozenset("DGKPS")


@dataclass(frozen=True, slots=True)
class Where:
    """
    A condition on a single resource.

    label: follows the thing it narrows, as in "fever *within 14 days*". holds: YES, NO, or
    UNKNOWN when the resource lacks what is needed; a criterion then calls it POSSIBLE.
    looks_at: names of the value sets that it looks for.
    """

    label: str
    holds: Callable[[Chart, Fact], Truth]
    needs: frozenset[Need] = frozenset()
    looks_at: frozenset[str] = frozenset()

    def __and__(self, other: Where) -> Where:
        """Return the condition that both hold."""
        return Where(
            f"{self.label}, {other.label}",
            lambda chart, fact: self.holds(chart, fact) & other.holds(chart, fact),
            self.needs | other.needs,
            self.looks_at | other.looks_at,
        )


def within(limit: Days) -> Where:
    """Dated at most `limit` before today. Undated, or a partial date that reaches over the limit: UNKNOWN."""

    def holds(chart: Chart, fact: Fact) -> Truth:
        if fact.span is None:
            return Truth.UNKNOWN
        least, most = fact.span.days_before(chart.today)
        return _between(least, most, limit.count)

    return Where(f"within {limit}", holds)


def _between(least: int, most: int, limit: int) -> Truth:
    if most <= limit:
        return Truth.YES
    return Truth.NO if least > limit else Truth.UNKNOWN


def fresh(limit: Days) -> Where:
    """Undated, or at most `limit` old on any reading of its date (SAFE-08: undated counts as new)."""

    def holds(chart: Chart, fact: Fact) -> Truth:
        new = fact.span is None or fact.span.days_before(chart.today)[0] <= limit.count
        return Truth.of(fact=new)

    return Where(f"undated or within {limit}", holds)


def not_fresh(limit: Days) -> Where:
    """Dated, and more than `limit` old on every reading of its date: the mirror of `fresh`."""
    mirror = fresh(limit)
    return Where(f"dated more than {limit} ago", lambda chart, fact: ~mirror.holds(chart, fact))


def dated() -> Where:
    """It has a date: with `within`, what is undated does not count at all instead of as POSSIBLE."""
    return Where("with a date", lambda _chart, fact: Truth.of(fact=fact.span is not None))


def from_before(episode: Episode, lead: Days) -> Where:
    """
    Dated no earlier than `lead` before the episode began.

    Undated, or no onset on record: UNKNOWN. Partial dates count when they may still fit.
    """

    def holds(chart: Chart, fact: Fact) -> Truth:
        onset = episode.onset(chart)
        if fact.span is None or onset is None:
            return Truth.UNKNOWN
        earliest = onset.span.first.toordinal() - lead.count
        return Truth.of(fact=fact.span.last.toordinal() >= earliest)

    return Where(f"dated from {lead} before the back pain began", holds, episode.needs, episode.looks_at)


def long_before(episode: Episode, lead: Days) -> Where:
    """
    Dated more than `lead` before the episode began, on every reading of its date.

    The mirror of `from_before`, except that without a date or an onset it is NO: what may
    belong to the episode is never called older than it (SAFE-08).
    """
    mirror = from_before(episode, lead)
    return Where(
        f"dated more than {lead} before the back pain began",
        lambda chart, fact: Truth.of(fact=mirror.holds(chart, fact) is Truth.NO),
        episode.needs,
        episode.looks_at,
    )


def no_longer_current() -> Where:
    """It is resolved, inactive or in remission: what was, and is no more."""
    return Where("no longer current", lambda _chart, fact: Truth.of(fact=not fact.current))


def other_than(*value_sets: ValueSet, label: str) -> Where:
    """It is in none of these value sets, which have a criterion of their own."""
    names = [value_set.name for value_set in value_sets]
    return Where(
        f"other than {label}",
        lambda _chart, fact: Truth.of(fact=not fact.is_in(*names)),
        looks_at=frozenset(names),
    )


def counted(value_set: ValueSet, at_least: Days) -> Where:
    """
    The weeks that its code states in `value_set`, with those since its date, come to `at_least`.

    A partial date counts from its first day, the bound that asks for more care (SAFE-43); an
    undated entry counts as of today. NO when its code states no number.
    """

    def holds(chart: Chart, fact: Fact) -> Truth:
        keys = [key for coding in fact.code.coding if (key := normalised(coding.system, coding.code))]
        stated = [value_set.numbers[key] for key in keys if key in value_set.numbers]
        elapsed = fact.span.days_before(chart.today)[1] if fact.span else 0
        reached = bool(stated) and max(stated) * _DAYS_IN_A_WEEK + elapsed >= at_least.count
        return Truth.of(fact=reached)

    return Where(f"counting {at_least} or more by now", holds, looks_at=frozenset({value_set.name}))


_DAYS_IN_A_WEEK = 7


def first_encounter() -> Where:
    """Its ICD-10-CM code does not say subsequent encounter or sequela (7th character D, G, K, P, S)."""

    def holds(_chart: Chart, fact: Fact) -> Truth:
        keys = [key for coding in fact.code.coding if (key := normalised(coding.system, coding.code))]
        late = any(
            uri == ICD_10_CM and len(code) == _SEVENTH and code[-1] in _NOT_INITIAL for uri, code in keys
        )
        return Truth.of(fact=not late)

    return Where("not coded as follow-up or sequela", holds)


def sited(*stems: str) -> Where:
    """Its body site or text names one of `stems` (lower case): such a finding counts only there."""

    def holds(_chart: Chart, fact: Fact) -> Truth:
        sites = fact.resource.body_site if isinstance(fact.resource, Condition) else ()
        said = " ".join(
            [
                fact.code.text or "",
                *(site.name for site in sites),
                *(c.display or "" for s in sites for c in s.coding),
            ]
        ).lower()
        return Truth.of(fact=any(stem in said for stem in stems))

    return Where("at " + ", ".join(stems), holds)
