"""What the words of a vignette mean: value sets of a guideline, drugs by name, and codes of named systems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cds_service.fhir import Coding
from cds_service.terminology import ICD_10_CM, LOINC, RXNORM, SNOMED_CT, normalised

from .tables import TableError

if TYPE_CHECKING:
    from cds_service.terminology import Terminology, ValueSet

SYSTEMS = {
    "snomed": SNOMED_CT,
    "loinc": LOINC,
    "rxnorm": RXNORM,
    "icd": ICD_10_CM,
    "local": "http://hospital.example.org/codes",
}
_PREFIXES = ("", "imaging-", "rx-", "referral-", "therapy-", "obs-")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """
    Looks up words in a guideline's terminology.

    Understood, in this order: `system#code` (snomed, loinc, rxnorm, icd, local),
    `value-set#code`, a value set (its first code stands for it; `imaging-`, `rx-` and the
    like may be left out, and blanks written for hyphens), a bare SNOMED CT number, and the
    display of a code, such as an ingredient's name.
    """

    terminology: Terminology

    def coding(self, said: str) -> Coding:
        """Return the code that these words mean; TableError when they mean none."""
        stem, _, code = said.partition("#")
        if code and stem in SYSTEMS:
            return Coding(SYSTEMS[stem], code, None)
        value_set = self._value_set(stem)
        if value_set:
            return self._member(value_set, code)
        if said.isdecimal():
            return Coding(SNOMED_CT, said, None)
        return self._by_display(said)

    def question(self, said: str) -> Coding:
        """Return the code of a measurement: the value set `obs-said`, else the one that has the word."""
        sets = self.terminology.value_sets
        if f"obs-{said}" in sets:
            return self._member(sets[f"obs-{said}"], "")
        found = [sets[name] for name in sets if name.startswith("obs-") and said in name.split("-")]
        if len(found) != 1:
            msg = f"{said!r} names {len(found)} measurements, must be one: a word of an obs-* value set"
            raise TableError(msg)
        return self._member(found[0], "")

    def _value_set(self, said: str) -> ValueSet | None:
        stem = said.replace(" ", "-")
        sets = self.terminology.value_sets
        return next((sets[prefix + stem] for prefix in _PREFIXES if prefix + stem in sets), None)

    def _member(self, value_set: ValueSet, code: str) -> Coding:
        for (system, member), display in value_set.displays.items():
            if not code or normalised(system, code) == (system, member):
                return Coding(system, code or member, display)
        for system, pattern in value_set.patterns:
            tidy = normalised(system, code)
            if tidy and pattern.fullmatch(tidy[1]):
                return Coding(system, code, None)
        return self._by_ingredient(value_set, code)

    def _by_ingredient(self, value_set: ValueSet, code: str) -> Coding:
        """Return an RxNorm product that belongs to the set by its ingredient."""
        coding = Coding(RXNORM, code, None)
        if value_set.name in self.terminology.sets_of([coding]):
            return coding
        msg = f"{code!r} is no member of {value_set.name}"
        raise TableError(msg)

    def _by_display(self, said: str) -> Coding:
        coding = _displays(self.terminology).get(said.lower())
        if coding is None:
            msg = f"{said!r} is neither a value set, nor system#code, nor the name of a code"
            raise TableError(msg)
        return coding


@cache
def _displays(terminology: Terminology) -> dict[str, Coding]:
    """Return codes by display; of several the RxNorm code: no drug is ordered by the code of its allergy."""
    found: dict[str, Coding] = {}
    for value_set in terminology.value_sets.values():
        for (system, code), display in value_set.displays.items():
            known = found.get(display.lower())
            if known is None or (system == RXNORM and known.system != RXNORM):
                found[display.lower()] = Coding(system, code, display)
    return found
