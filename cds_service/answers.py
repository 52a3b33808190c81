"""What a rule needs from the EHR, and what the EHR answered: five states that must never be confused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fhir import Resource


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """
    One prefetch key (public, stable), the FHIR query behind it, and what a clinician calls it.

    template: a read or search relative to the FHIR base, with `{{context.patientId}}`. fallback:
    never offered as prefetch, and where nobody has it to give it is no gap (docs/adr/0009).
    beside: a need of that kind that tells more of the same.
    """

    key: str
    template: str
    name: str
    fallback: bool = field(default=False, compare=False)
    beside: Need | None = field(default=None, compare=False)

    @property
    def resource_type(self) -> str:
        """The resource type that the query returns."""
        return self.template.replace("?", "/").split("/", 1)[0]

    @property
    def and_beside(self) -> frozenset[Need]:
        """The need, and the one beside it if there is one: what a criterion on both reads."""
        return frozenset({self, self.beside} if self.beside else {self})


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What is known for one Need (docs/adr/0001).

    resources: what could be read, of the context's patient only. gap: "" when that is all
    there is; otherwise why more may exist, in words for a clinician. A gap never hides what
    was read: an incomplete answer proves presence, never absence. absent: nobody was asked
    (the key was not given and there was no FHIR server to ask). skipped: resources dropped
    because they could not be read or belong to another patient.
    """

    resources: tuple[Resource, ...] = ()
    gap: str = ""
    absent: bool = False
    skipped: int = 0

    @property
    def complete(self) -> bool:
        """Whether absence may be concluded from this answer."""
        return not self.gap


EMPTY = Answer()
ABSENT = Answer(gap="not supplied, and no FHIR server to ask", absent=True)


def failed(why: str) -> Answer:
    """Return the answer of a source that was asked and could not tell."""
    return Answer(gap=why)
