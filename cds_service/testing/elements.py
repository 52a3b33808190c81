"""Small pieces of FHIR JSON: codings, concepts, and the names of systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cds_service.fhir import Coding

Json = dict[str, Any]

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
NUMBER = r"\d+(?:\.\d+)?"
"""How a cell writes a number."""


def concept(system: str, code: str) -> Json:
    """Return a CodeableConcept of one code."""
    return {"coding": [{"system": system, "code": code}]}


def coded(coding: Coding) -> Json:
    """Return a Coding; members without a value are left out."""
    members = {"system": coding.system, "code": coding.code, "display": coding.display}
    return {name: value for name, value in members.items() if value}
