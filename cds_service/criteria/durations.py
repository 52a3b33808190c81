"""Spans of time with their unit in the name, so that a threshold in a rule reads as it is meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """A number of days, and how it was said."""

    count: int
    said: str

    def __post_init__(self) -> None:
        """Refuse what is no duration."""
        if self.count <= 0:
            msg = f"a duration must be positive, not {self.said}"
            raise ValueError(msg)

    def __str__(self) -> str:
        """Say it as it was written."""
        return self.said


def days(count: int) -> Days:
    """Return a duration of whole days."""
    return Days(count, f"{count} days")


def weeks(count: int) -> Days:
    """Return a duration of weeks, seven days each."""
    return Days(7 * count, f"{count} weeks")
