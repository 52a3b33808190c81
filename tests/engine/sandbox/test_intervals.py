"""FHIR dates cover a stretch of time, and search prefixes compare such stretches."""

from datetime import UTC, datetime

import pytest

from cds_service.sandbox.intervals import comparison, interval, period


def utc(*numbers: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("2026-12", utc(2026, 12, 1), utc(2027, 1, 1)),
        ("2026-01-31", utc(2026, 1, 31), utc(2026, 2, 1)),
        ("2026-01-31T10:30", utc(2026, 1, 31, 10, 30), utc(2026, 1, 31, 10, 31)),
        ("2026-01-31T10:30:15+02:00", utc(2026, 1, 31, 8, 30, 15), utc(2026, 1, 31, 8, 30, 16)),
        (
            "2026-01-31T10:30:15.5Z",
            utc(2026, 1, 31, 10, 30, 15, 500_000),
            utc(2026, 1, 31, 10, 30, 15, 501_000),
        ),
    ],
)
def test_a_date_covers_what_its_precision_leaves_open(text: str, start: datetime, end: datetime) -> None:
    """A year is all of the year, a minute all of the minute; no time zone means UTC."""
    result = interval(text)

    assert result is not None
    assert (result.start, result.end) == (start, end)


def test_the_last_year_has_an_end() -> None:
    """A date in 9999, often meaning "for good", is read and not an overflow."""
    result = interval("9999-12-31")

    assert result is not None
    assert result.start < result.end


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-02-30", "2026-01-01T25:00", "yesterday"])
def test_what_is_no_date_covers_nothing(text: str) -> None:
    """Neither another text nor a day that the calendar lacks becomes a date."""
    result = interval(text)

    assert result is None


def test_a_period_without_an_end_is_open() -> None:
    """An encounter in progress lasts beyond any date; a Period of nothing is no time at all."""
    running = period({"start": "2026-01-01"})

    assert running is not None
    assert running.end > utc(9000, 1, 1)
    assert period({}) is None


@pytest.mark.parametrize(
    ("search", "found", "matches"),
    [
        ("2026-01", "2026-01-15", True),
        ("2026-01-15", "2026-01", False),
        ("eq2026-01-15", "2026-01-15T10:00:00Z", True),
        ("gt2026-01-15", "2026-01-15", False),
        ("gt2026-01-15", "2026-01-16", True),
        ("gt2026-01-15", "2026-01", True),
        ("ge2026-01-15", "2026-01-15", True),
        ("ge2026-01-15", "2026-01-14", False),
        ("lt2026-01-15", "2026-01-15", False),
        ("lt2026-01-15", "2026-01-14", True),
        ("lt2026-01-15", "2026", True),
        ("le2026-01-15", "2026-01-15", True),
        ("le2026-01-15", "2026-01-16", False),
    ],
)
def test_a_prefix_compares_ranges(search: str, found: str, *, matches: bool) -> None:
    """Equal means contained; the other prefixes ask whether some part lies beyond."""
    compare, stretch = comparison(search), interval(found)

    assert compare is not None
    assert stretch is not None
    assert compare(stretch) is matches


@pytest.mark.parametrize("search", ["ap2026", "xx2026", "ge", "gesoon", "ge2026-02-30"])
def test_an_unknown_prefix_or_date_compares_nothing(search: str) -> None:
    """The caller learns that a value cannot be read instead of getting some comparison."""
    result = comparison(search)

    assert result is None
