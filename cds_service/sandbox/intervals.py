"""FHIR dates as half-open intervals in time, and the prefixes that compare them in a search."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_MONTHS = 12


@dataclass(frozen=True)
class Interval:
    """A stretch of time from `start` up to, but without, `end`; both know their time zone."""

    start: datetime
    end: datetime


def interval(text: str) -> Interval | None:
    """
    Return the time that a FHIR date, dateTime or instant covers: `2026-03` is all of March.

    A value without a time zone is read as UTC. None if the text is no date of the calendar.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        start = datetime.fromisoformat(_completed(text))
    except ValueError:
        return None  # shaped like a date, but e.g. the 30th of February
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return Interval(start, _following(start, match))


def period(value: dict[str, object]) -> Interval | None:
    """Return the time that a FHIR Period covers; a missing end is open. None if it has no readable end."""
    start, end = (_readable(value.get(name)) for name in ("start", "end"))
    if start is None and end is None:
        return None
    return Interval(start.start if start else _BEGINNING, end.end if end else _END)


def comparison(text: str) -> Callable[[Interval], bool] | None:
    """
    Return the test that a date search value such as `ge2026-01` stands for.

    Prefixes eq (also when absent), gt, lt, ge and le, with the range rules of FHIR R4, Search, section
    "Prefixes". None if the prefix is another or the rest is no date.
    """
    prefix, rest = (text[:2], text[2:]) if text[:1].isalpha() else ("eq", text)
    wanted = interval(rest)
    compare = _PREFIXES.get(prefix)
    if wanted is None or compare is None:
        return None
    return lambda found: compare(found, wanted)


def _readable(text: object) -> Interval | None:
    return interval(text) if isinstance(text, str) else None


def _completed(text: str) -> str:
    """Add the first month and the first day to a partial date."""
    return text + "-01-01"[len(text) - len("YYYY") :] if len(text) < len("YYYY-MM-DD") else text


def _following(start: datetime, match: re.Match[str]) -> datetime:
    """Return the first moment after the year, month, day, minute, second or millisecond `start` begins."""
    try:
        if match["month"] is None:
            return start.replace(year=start.year + 1)
        if match["day"] is None:
            years, month = divmod(start.month, _MONTHS)
            return start.replace(year=start.year + years, month=month + 1)
        return start + _width(match)
    except (ValueError, OverflowError):
        return _END  # the last year that a computer's calendar knows


def _width(match: re.Match[str]) -> timedelta:
    if "T" not in match.string:
        return timedelta(days=1)
    if match["seconds"] is None:
        return timedelta(minutes=1)
    return timedelta(seconds=1) if match["fraction"] is None else timedelta(milliseconds=1)


def _within(found: Interval, wanted: Interval) -> bool:
    return wanted.start <= found.start and found.end <= wanted.end


_PREFIXES: dict[str, Callable[[Interval, Interval], bool]] = {
    "eq": _within,
    "gt": lambda found, wanted: found.end > wanted.end,
    "lt": lambda found, wanted: found.start < wanted.start,
    "ge": lambda found, wanted: found.end > wanted.end or _within(found, wanted),
    "le": lambda found, wanted: found.start < wanted.start or _within(found, wanted),
}
