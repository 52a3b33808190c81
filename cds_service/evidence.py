"""What guidance says, in our words, with the grade of its source: rules cite it, cards show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One recommendation of the source articles.

    id: stable, for audit and tests. seeds: which articles say so ("S0 S2"; "policy" when it is
    a choice of this software). says: a sentence in our words. grade: the source's own evidence
    wording, never upgraded; "" when it gives none. disagrees: where sources differ, both sides.
    """

    id: str
    seeds: str
    says: str
    grade: str = ""
    disagrees: str = ""

    def __str__(self) -> str:
        """Say it as a line of a card's detail."""
        grade = f" Evidence: {self.grade}." if self.grade else ""
        other = f" {self.disagrees}" if self.disagrees else ""
        return f"{self.says}{grade} ({self.seeds}){other}"
