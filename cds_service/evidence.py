"""What guidance says, in our words, with the grade of its source, and who published it: rules cite it."""

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


@dataclass(frozen=True, slots=True)
class Citation:
    """A source article. id: how statements name it ("S0"). text: what is known of it, gaps included."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Publication:
    """
    What a guideline tells about itself; "" where it tells nothing, which is shown as such.

    released, revised: dates of the guideline as rules. citations: the articles behind it.
    health_status, social: names of the value sets that hold health status assessments and social
    determinants of health; whether some rule uses them is never typed (disclosure.py).
    """

    developer: str = ""
    funding: str = ""
    released: str = ""
    revised: str = ""
    citations: tuple[Citation, ...] = ()
    health_status: frozenset[str] = frozenset()
    social: frozenset[str] = frozenset()
