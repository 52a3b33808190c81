"""Three-valued truth, and how sure one resource is of what it says: nothing here knows FHIR or medicine."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """
    What the chart lets us say of a question: NO < UNKNOWN < YES.

    `&` is the lower of two, `|` the higher, `~` mirrors; UNKNOWN never turns into NO
    by itself. `bool()` raises, because `if truth:` would read UNKNOWN as an answer.
    """

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __and__(self, other: Truth) -> Truth:
        """Return the lower of the two."""
        return min(self, other, key=_rank)

    def __or__(self, other: Truth) -> Truth:
        """Return the higher of the two."""
        return max(self, other, key=_rank)

    def __invert__(self) -> Truth:
        """Return NO for YES, YES for NO, and UNKNOWN for itself."""
        return Truth(2 - self.value)

    def __bool__(self) -> NoReturn:
        """Refuse: write `truth is Truth.YES` (or NO, or UNKNOWN) instead."""
        msg = "a Truth has three values: compare it, as in `truth is Truth.YES`"
        raise TypeError(msg)

    @staticmethod
    def of(*, fact: bool) -> Truth:
        """Return YES or NO for something that is known."""
        return Truth.YES if fact else Truth.NO


def _rank(truth: Truth) -> int:
    return int(truth.value)


class Certainty(Enum):
    """
    What one resource says of a finding (SAFE-07, SAFE-09).

    PRESENT: confirmed, or no verification status. POSSIBLE: provisional, differential,
    unconfirmed, or undated where a date decides. ABSENT_STATED: refuted; it denies this
    one entry and never another.
    """

    ABSENT_STATED = 0
    POSSIBLE = 1
    PRESENT = 2
