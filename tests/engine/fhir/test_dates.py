"""Partial dates: which days they may mean, and how they are written back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import Span, span_of

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-05-03", date(2024, 5, 3), date(2024, 5, 3)),
        ("2024-05-03T23:59:59-08:00", date(2024, 5, 3), date(2024, 5, 3)),
        (" 2024-05-03 ", date(2024, 5, 3), date(2024, 5, 3)),
    ],
)
def test_a_date_means_every_day_it_may_be(text: str, first: date, last: date) -> None:
    """The day is the one written, in its own time zone."""
    assert span_of(text) == Span(first, last)


@pytest.mark.parametrize("text", [None, "", "soon", "2024-13", "2024-02-30", "0000", "24-05-03", "٢٠٢٤"])
def test_what_is_no_date_is_not_known(text: str | None) -> None:
    """A date that does not exist is no date, and no error."""
    assert span_of(text) is None


@pytest.mark.parametrize("text", ["2024", "2024-02", "2024-12", "2024-05-03"])
def test_a_date_is_written_as_precisely_as_it_was_given(text: str) -> None:
    """No day is made up."""
    span = span_of(text)

    assert str(span) == text
    assert span is not None
    assert span.exact == (len(text) == len("2024-05-03"))


def test_the_distance_to_today_has_two_ends() -> None:
    """A month-only date is between its last and its first day ago."""
    span = Span(date(2026, 10, 1), date(2026, 10, 31))

    assert span.days_before(TODAY) == (1, 31)


@given(st.dates(), st.integers(min_value=0, max_value=4000))
def test_least_is_never_more_than_most(first: date, length: int) -> None:
    """Whatever the span, its two distances are in order and as far apart as it is long."""
    last = min(date.max, first + timedelta(days=min(length, (date.max - first).days)))
    least, most = Span(first, last).days_before(TODAY)

    assert most - least == (last - first).days
