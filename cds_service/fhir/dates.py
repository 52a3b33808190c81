"""Partial FHIR dates as spans of days: "2024-05" is every day of that May."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\S*)?)?)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days a partial date may mean, both ends included; one day when the date is full."""

    first: date
    last: date

    @property
    def exact(self) -> bool:
        """Whether the date was given to the day."""
        return self.first == self.last

    def days_before(self, today: date) -> tuple[int, int]:
        """Return the least and the most days from this date to `today` (negative: in the future)."""
        return (today - self.last).days, (today - self.first).days

    def __str__(self) -> str:
        """Write the date with the precision it was given with."""
        if self.exact:
            return self.first.isoformat()
        if (self.first.month, self.first.day, self.last.month) == (1, 1, 12):
            return f"{self.first.year:04}"
        return f"{self.first.year:04}-{self.first.month:02}"


def span_of(text: str | None) -> Span | None:
    """
    Read a FHIR date, dateTime or instant; the day is the one written, in its own time zone.

    None for nothing and for what is no date: then the date is not known.
    """
    match = _DATE.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None  # noqa: S101 - the pattern demands four digits
    try:
        if month is None:
            return Span(date(year, 1, 1), date(year, 12, 31))
        if day is None:
            return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        return Span(date(year, month, day), date(year, month, day))
    except ValueError:
        return None
