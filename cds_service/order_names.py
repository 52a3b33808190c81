"""
Recognising an order by its name, only when none of its codes is understood (docs/adr/0006).

The patterns are few, linear and read at most 200 characters. Findings are never read this way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .terminology import LOINC, RXNORM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .fhir import CodeableConcept, Coding
    from .terminology import Terminology, ValueSet

_READ = 200
COMPLETE = {"ServiceRequest": LOINC, "MedicationRequest": RXNORM}
"""Systems whose sets are complete for a kind of order: a code of theirs is understood, member or not."""


@dataclass(frozen=True)
class OrderName:
    """Words that all must occur in an order's name for it to count as a member of a value set."""

    resource_type: str
    value_set: ValueSet
    words: tuple[re.Pattern[str], ...]

    def fits(self, name: str) -> bool:
        """Whether every word occurs."""
        return all(word.search(name) for word in self.words)


def order_name(resource_type: str, value_set: ValueSet, *words: str) -> OrderName:
    """Return a pattern whose words are alternatives joined by `|`, matched whole and without case."""
    return OrderName(
        resource_type, value_set, tuple(re.compile(rf"\b(?:{word})\b", re.IGNORECASE) for word in words)
    )


def sets_by_name(
    resource_type: str, code: CodeableConcept, names: Iterable[OrderName], terminology: Terminology
) -> frozenset[str]:
    """Return the value sets that the order's name fits; none when any of its codes is understood."""
    if any(_understood(resource_type, coding, terminology) for coding in code.coding):
        return frozenset()
    said = " ".join(filter(None, [code.text, *(coding.display for coding in code.coding)]))[:_READ]
    return frozenset(
        name.value_set.name for name in names if name.resource_type == resource_type and name.fits(said)
    )


def _understood(resource_type: str, coding: Coding, terminology: Terminology) -> bool:
    if not coding.code:
        return False
    complete = terminology.is_of(COMPLETE.get(resource_type, ""), coding)
    return complete or terminology.understands(coding.system or "", coding.code)
