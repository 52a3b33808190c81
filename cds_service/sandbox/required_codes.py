"""Codes that R4 binds as required and the R4B models do not check, for the resources that an EHR writes."""

from collections.abc import Iterator

from cds_service.sandbox.outcome import Issue
from cds_service.sandbox.resource_types import Resource

_REQUEST_STATUS = "draft active on-hold revoked completed entered-in-error unknown"
_REQUEST_INTENT = "proposal plan order original-order reflex-order filler-order instance-order option"
_PRIORITY = "routine urgent asap stat"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"

# FHIR R4 (4.0.1), the required bindings in the definition of each resource.
_CODES: dict[str, dict[str, str]] = {
    "AllergyIntolerance": {
        "type": "allergy intolerance",
        "category": "food medication environment biologic",
        "criticality": "low high unable-to-assess",
    },
    "CommunicationRequest": {"status": _REQUEST_STATUS, "priority": _PRIORITY},
    "DiagnosticReport": {
        "status": "registered partial preliminary final amended corrected appended cancelled "
        "entered-in-error unknown",
    },
    "Encounter": {
        "status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    },
    "MedicationRequest": {
        "status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
        "intent": _REQUEST_INTENT,
        "priority": _PRIORITY,
    },
    "Observation": {
        "status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    },
    "Patient": {"gender": "male female other unknown"},
    "Procedure": {
        "status": "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
    },
    "ServiceRequest": {
        "status": _REQUEST_STATUS,
        "intent": f"{_REQUEST_INTENT} directive",
        "priority": _PRIORITY,
    },
    "Task": {
        "status": "draft requested received accepted rejected ready cancelled in-progress on-hold failed "
        "completed entered-in-error",
        "intent": f"{_REQUEST_INTENT} unknown",
        "priority": _PRIORITY,
    },
}

# Element -> (code system, codes): a CodeableConcept must hold one of these codes of this system.
_CONCEPTS: dict[str, dict[str, tuple[str, str]]] = {
    "AllergyIntolerance": {
        "clinicalStatus": ("allergyintolerance-clinical", "active inactive resolved"),
        "verificationStatus": (
            "allergyintolerance-verification",
            "unconfirmed confirmed refuted entered-in-error",
        ),
    },
    "Condition": {
        "clinicalStatus": ("condition-clinical", "active recurrence relapse inactive remission resolved"),
        "verificationStatus": (
            "condition-ver-status",
            "unconfirmed provisional differential confirmed refuted entered-in-error",
        ),
    },
}


def wrong_codes(resource: Resource) -> Iterator[Issue]:
    """Yield an issue for each code outside its required value set; the resource fits its model otherwise."""
    resource_type = resource["resourceType"]
    for element, codes in _CODES.get(resource_type, {}).items():
        if not _all_known(resource.get(element), codes.split()):
            yield Issue("code-invalid", f"must be one of: {codes}", f"{resource_type}.{element}")
    for element, (system, codes) in _CONCEPTS.get(resource_type, {}).items():
        if not _holds_known(resource.get(element), _TERMINOLOGY + system, codes.split()):
            reason = f"needs a coding of {_TERMINOLOGY}{system}, one of: {codes}"
            yield Issue("code-invalid", reason, f"{resource_type}.{element}")


def _all_known(value: str | list[str] | None, codes: list[str]) -> bool:
    if value is None:
        return True
    return all(code in codes for code in ([value] if isinstance(value, str) else value))


def _holds_known(concept: Resource | None, system: str, codes: list[str]) -> bool:
    if concept is None:
        return True
    given = [coding.get("code") for coding in concept.get("coding", ()) if coding.get("system") == system]
    return bool(given) and all(code in codes for code in given)
