"""Criteria on the course of a score: whether it has fallen since the beginning, or stays high."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.truth import Truth

from .finding import Criterion, Finding
from .measured import of_one_scale, values

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.chart import Chart
    from cds_service.terminology import ValueSet

    from .durations import Days
    from .episode import Episode
    from .measured import Value

_SCORE = "{score}"


def improving(
    need: Need,
    value_set: ValueSet,
    episode: Episode,
    *,
    share: float,
    by: float | None = None,
    within: Days,
    label: str,
) -> Criterion:
    """
    The newest score, no older than `within`, lies below the first since the episode began.

    Far enough below: by `share` of the first (0.3 for 30 percent), or by `by` points where that
    is given. UNKNOWN with fewer than two scores, a newest that is too old, no onset, or an
    incomplete answer: the first score may be missing from it.
    Source: guideline.md 10.2, improvement.
    """

    def judge(chart: Chart) -> Finding:
        found, gap = _since(chart, need, value_set, episode), chart.gap(need)
        if gap or len(found) < _TWO or _age(chart, found[-1]) > within.count:
            return Finding(label, Truth.UNKNOWN, gap or "fewer than two recent scores")
        first, last = found[0], found[-1]
        fall = round(first.number - last.number, _DIGITS)
        wanted = round(share * first.number, _DIGITS)
        enough = fall > 0 and (fall >= wanted or (by is not None and fall >= by))
        facts = (first.fact, last.fact) if enough else ()
        return Finding(label, Truth.of(fact=enough), f"{_told(first)}, {_told(last)}", facts=facts)

    return Criterion(
        label,
        frozenset({need}) | episode.needs,
        judge,
        looks_at=frozenset({value_set.name}) | episode.looks_at,
    )


_TWO = 2
_DIGITS = 6
"""So exact that it tells 30 percent from less, and no more: 7 to 4.9 is 30 percent."""


def sustained(
    need: Need, value_set: ValueSet, *, at_least: float, apart: Days, within: Days, label: str
) -> Criterion:
    """
    The newest score, no older than `within`, and one from at least `apart` before it reach `at_least`.

    NO: measured and lower, or fewer scores on record. UNKNOWN: no such pair, and the answer was
    incomplete. Source: guideline.md 10.2, significant disability.
    """

    def judge(chart: Chart) -> Finding:
        found = of_one_scale(values(chart, need, value_set, _SCORE))
        last = found[-1] if found and _age(chart, found[-1]) <= within.count else None
        if last is not None and last.number >= at_least:
            early = [v for v in found if v.number >= at_least and last.day - v.day >= apart.count]
            if early:
                facts = (early[-1].fact, last.fact)
                return Finding(label, Truth.YES, f"{_told(early[-1])}, {_told(last)}", facts=facts)
        gap = chart.gap(need)
        if gap:
            return Finding(label, Truth.UNKNOWN, gap)
        return Finding(label, Truth.NO, _told(found[-1]) if found else "not recorded")

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset({value_set.name}))


def _since(chart: Chart, need: Need, value_set: ValueSet, episode: Episode) -> list[Value]:
    """Return the scores since the episode began, oldest first; none when nothing dates it."""
    onset = episode.onset(chart)
    if onset is None:
        return []
    listed = values(chart, need, value_set, _SCORE)
    return of_one_scale([v for v in listed if v.day >= onset.span.first.toordinal()])


def _age(chart: Chart, value: Value) -> int:
    return chart.today.toordinal() - value.day


def _told(value: Value) -> str:
    return f"{value.said} on {value.fact.span}"
