"""When a drafted order is to begin, compared with the episode it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.fhir import ServiceRequest, span_of
from cds_service.truth import Truth

from .finding import Criterion, Finding

if TYPE_CHECKING:
    from cds_service.chart import Chart
    from cds_service.fhir import Span

    from .durations import Days
    from .episode import Episode


def begins(episode: Episode, *, at_least: Days, label: str) -> Criterion:
    """
    The judged order is to begin so long after the episode began, or later.

    Reads the order's occurrenceDateTime, else occurrencePeriod.start, and Condition. Partial dates
    count as late as they may mean. NO: the order does not say when, or the episode has no date.
    """

    def judge(chart: Chart) -> Finding:
        start, onset = _start(chart), episode.onset(chart)
        if start is None or onset is None:
            return Finding(label, Truth.NO, "the order does not say when it is to begin")
        late = (start.last - onset.span.first).days >= at_least.count
        return Finding(label, Truth.of(fact=late), f"to begin {start}")

    return Criterion(label, episode.needs, judge, about_order=True, looks_at=episode.looks_at)


def _start(chart: Chart) -> Span | None:
    order = chart.order.resource if chart.order else None
    if not isinstance(order, ServiceRequest):
        return None
    period = order.occurrence_period.start if order.occurrence_period else None
    return span_of(order.occurrence_date_time) or span_of(period)
