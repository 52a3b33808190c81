"""Lean, typed, tolerant FHIR: the elements that rules may read, partial dates, units, and the reader."""

from .dates import Span, span_of
from .reading import Reading, read, read_resource
from .structs import (
    AllergyIntolerance,
    CodeableConcept,
    Coding,
    Condition,
    DiagnosticReport,
    Dosage,
    Medication,
    MedicationRequest,
    MedicationStatement,
    Observation,
    OperationOutcome,
    Patient,
    Procedure,
    Quantity,
    Reference,
    Resource,
    ServiceRequest,
)
from .units import in_unit

__all__ = [
    "AllergyIntolerance",
    "CodeableConcept",
    "Coding",
    "Condition",
    "DiagnosticReport",
    "Dosage",
    "Medication",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "OperationOutcome",
    "Patient",
    "Procedure",
    "Quantity",
    "Reading",
    "Reference",
    "Resource",
    "ServiceRequest",
    "Span",
    "in_unit",
    "read",
    "read_resource",
    "span_of",
]
