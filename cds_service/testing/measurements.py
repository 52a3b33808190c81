"""The value of a measurement: a number with its unit, a coded answer, or the reason why there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cds_service.terminology import LOINC, SNOMED_CT

from .elements import NUMBER, TERMINOLOGY, UCUM, Json, concept
from .tables import TableError

if TYPE_CHECKING:
    from .phrases import Phrase

_USUAL_UNITS = {"temperature": "Cel", "egfr": "mL/min/{1.73_m2}", "bmi": "kg/m2", "pain": "{score}"}
_LOINC_ANSWER = re.compile(r"LA\d+-\d")
_SNOMED_LENGTH = 6


def value(phrase: Phrase, question: str) -> Json:
    """Take the value out of a measurement's words; return the element that holds it. TableError without."""
    if phrase.has("absent"):
        return {"dataAbsentReason": concept(f"{TERMINOLOGY}data-absent-reason", "not-performed")}
    said = phrase.take(rf"\S*?LA\d+-\d|[<>]?{NUMBER}")
    if said is None:
        msg = f"{phrase.said!r} has no value"
        raise TableError(msg)
    if _LOINC_ANSWER.fullmatch(said):
        return {"valueCodeableConcept": concept(LOINC, said)}
    if len(said) >= _SNOMED_LENGTH and said.isdecimal():
        return {"valueCodeableConcept": concept(SNOMED_CT, said)}
    unit = "" if phrase.has("no unit") else phrase.take(r"[A-Za-z\[{%]\S*") or _USUAL_UNITS.get(question, "")
    quantity = {"value": float(said.lstrip("<>")), **({"system": UCUM, "code": unit} if unit else {})}
    if said[0] in "<>":
        quantity["comparator"] = said[0]
    return {"valueQuantity": quantity}
