"""What is written must be valid R4, and the errors name elements, never values."""

import json
from typing import Any

import pytest
from fhir.resources.R4B import fhirtypes

from cds_service.sandbox.outcome import FhirError
from cds_service.sandbox.resource_types import RESOURCE_TYPES
from cds_service.sandbox.validation import ensure_valid

SUBJECT = {"reference": "Patient/1"}
MARKER = "secret-value"
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
    "medicationCodeableConcept": {"text": "naproxen"},
}
VALID: dict[str, dict[str, Any]] = {
    "MedicationRequest": ORDER,
    "ServiceRequest": {"status": "draft", "intent": "directive", "subject": SUBJECT, "priority": "stat"},
    "Observation": {
        "status": "corrected",
        "code": {"text": "pain"},
        "valueQuantity": {"value": 0.50},
        "effectiveDateTime": "2026-01",
        "component": [{"code": {"text": "leg"}, "valueInteger": 0}],
    },
    "Condition": {"subject": SUBJECT, "code": {"text": "back pain"}},
    "AllergyIntolerance": {"patient": SUBJECT, "category": ["food", "medication"], "type": "allergy"},
    "Procedure": {"status": "completed", "subject": SUBJECT},
    "DiagnosticReport": {"status": "appended", "code": {"text": "MRI"}},
    "Patient": {
        "gender": "female",
        "birthDate": "1970",
        "_birthDate": {
            "extension": [{"url": "http://example.org/x", "valueDateTime": "1970-01-01T10:00:00+01:00"}]
        },
        "deceasedBoolean": False,
        "name": [{"given": ["A", "B"], "_given": [None, {"id": "b"}]}],
        "contained": [{"resourceType": "Organization", "id": "o", "name": "Clinic"}],
    },
    "Task": {"status": "requested", "intent": "unknown", "for": SUBJECT},
    "Encounter": {"status": "in-progress", "class": {"code": "AMB"}},
    "CommunicationRequest": {"status": "active", "priority": "asap", "payload": [{"contentString": "call"}]},
    "Binary": {"contentType": "text/plain", "data": "YQ=="},
}


def problems(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Return code and expression of each issue, none for a valid resource."""
    try:
        ensure_valid(resource)
    except FhirError as error:
        return [(issue.code, issue.expression) for issue in error.issues]
    return []


@pytest.mark.parametrize("resource_type", sorted(VALID))
def test_valid_resources_pass(resource_type: str) -> None:
    """Extensions of primitives, contained resources and every JSON type survive the comparison."""
    resource = {"resourceType": resource_type, **VALID[resource_type]}

    result = problems(resource)

    assert result == []


@pytest.mark.parametrize(
    ("resource_type", "element", "value"),
    [
        ("MedicationRequest", "status", "revoked"),
        ("MedicationRequest", "intent", "directive"),
        ("MedicationRequest", "priority", "now"),
        ("ServiceRequest", "status", "cancelled"),
        ("ServiceRequest", "intent", "wish"),
        ("ServiceRequest", "priority", "now"),
        ("Observation", "status", "done"),
        ("Condition", "clinicalStatus", {"text": "active"}),
        ("Condition", "clinicalStatus", {"coding": [{"code": "active"}]}),
        (
            "Condition",
            "verificationStatus",
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "sure"}
                ]
            },
        ),
        ("AllergyIntolerance", "clinicalStatus", {"text": "active"}),
        ("AllergyIntolerance", "verificationStatus", {"text": "confirmed"}),
        ("AllergyIntolerance", "category", ["food", "pollen"]),
        ("AllergyIntolerance", "type", "rash"),
        ("AllergyIntolerance", "criticality", "medium"),
        ("Procedure", "status", "done"),
        ("DiagnosticReport", "status", "done"),
        ("Patient", "gender", "f"),
        ("Task", "status", "active"),
        ("Task", "intent", "wish"),
        ("Task", "priority", "now"),
        ("Encounter", "status", "completed"),
        ("CommunicationRequest", "status", "sent"),
        ("CommunicationRequest", "priority", "now"),
    ],
)
def test_codes_outside_a_required_binding_are_refused(
    resource_type: str, element: str, value: object
) -> None:
    """The models take any code; the sandbox takes those that R4 requires."""
    resource = {"resourceType": resource_type, **VALID[resource_type], element: value}

    result = problems(resource)

    assert result == [("code-invalid", f"{resource_type}.{element}")]


def test_a_condition_with_its_status_codes_passes() -> None:
    """The right code of the right system is what the required binding asks for."""
    base = "http://terminology.hl7.org/CodeSystem/condition-"
    resource = {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "clinicalStatus": {"coding": [{"system": f"{base}clinical", "code": "recurrence"}]},
        "verificationStatus": {
            "coding": [{"code": "x"}, {"system": f"{base}ver-status", "code": "confirmed"}]
        },
    }

    result = problems(resource)

    assert result == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"subject": None}, ("required", "MedicationRequest.subject")),
        ({"status": None}, ("required", "MedicationRequest.status")),
        ({"colour": MARKER}, ("structure", "MedicationRequest.colour")),
        ({f"{MARKER} 1": 1}, ("structure", "MedicationRequest")),
        ({"authoredOn": MARKER}, ("value", "MedicationRequest.authoredOn")),
        ({"authoredOn": "2026-02-30"}, ("structure", "MedicationRequest.authoredOn")),
        ({"subject": []}, ("structure", "MedicationRequest.subject")),
        ({"subject": {"reference": 5}}, ("structure", "MedicationRequest.subject.reference")),
        (
            {"dosageInstruction": [{"doseAndRate": MARKER}]},
            ("structure", "MedicationRequest.dosageInstruction[0].doseAndRate"),
        ),
        (
            {"medicationReference": {"reference": "Medication/1"}},
            ("invariant", "MedicationRequest.medication"),
        ),
        ({"medicationCodeableConcept": None}, ("invariant", "MedicationRequest.medication")),
        (
            {"medicationCodeableConcept": f'{{"text": "{MARKER}"}}'},
            ("structure", "MedicationRequest.medicationCodeableConcept"),
        ),
        ({"contained": [{"resourceType": MARKER}]}, ("structure", "MedicationRequest")),
        ({"note": []}, ("structure", "MedicationRequest.note")),
        ({"reportedBoolean": "true"}, ("structure", "MedicationRequest.reportedBoolean")),
        ({"doNotPerform": 1}, ("structure", "MedicationRequest.doNotPerform")),
        ({"resource_type": MARKER}, ("structure", "MedicationRequest.resource_type")),
        ({"id": "a b"}, ("structure", "MedicationRequest.id")),
    ],
)
def test_a_problem_names_its_element(change: dict[str, Any], problem: tuple[str, str]) -> None:
    """Each kind of mistake has an issue code and the FHIRPath of the element; None removes one."""
    resource = {name: value for name, value in {**ORDER, **change}.items() if value is not None}

    result = problems(resource)

    assert result == [problem]


@pytest.mark.parametrize("change", [{"colour": MARKER}, {"authoredOn": MARKER}, {f"{MARKER} 1": 1}])
def test_an_error_never_repeats_what_was_sent(change: dict[str, Any]) -> None:
    """Neither a value nor a made-up element name comes back, as either may be about a patient."""
    with pytest.raises(FhirError) as caught:
        ensure_valid({**ORDER, **change})

    assert MARKER not in json.dumps([vars(issue) for issue in caught.value.issues])


@pytest.mark.parametrize(
    "resource_type", ["Dog", "ActorDefinition", "Resource", "Parameters", None, ["Patient"]]
)
def test_a_type_that_r4_cannot_store_is_not_supported(resource_type: object) -> None:
    """An invented type, one of R5, an abstract one and no type at all are refused as such."""
    with pytest.raises(FhirError) as caught:
        ensure_valid({"resourceType": resource_type})

    assert caught.value.status == 400
    assert caught.value.issues[0].code == "not-supported"


def test_every_listed_type_has_a_model() -> None:
    """What the sandbox says it stores, it can validate."""
    modelled = {name for name in RESOURCE_TYPES if hasattr(fhirtypes, f"{name}Type")}

    assert modelled == RESOURCE_TYPES
