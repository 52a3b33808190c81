"""
The FHIR elements that rules may read, as msgspec structs; everything else in a resource is passed over.

Every element may be missing: real EHRs leave out even required ones. Arrays are tuples and
default to empty, which means only that nothing was written there.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

Integer: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""A FHIR integer has 32 bits; one beyond is unreadable, so that arithmetic on it cannot overflow."""


class Element(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all: camelCase on the wire, unknown members ignored."""


class Coding(Element, frozen=True):
    """One code of one system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element, frozen=True):
    """A concept said in any number of codings, in words, or both."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None

    @property
    def name(self) -> str:
        """The concept in words, as the EHR wrote it: text, else the first display, else ""."""
        return self.text or next((c.display for c in self.coding if c.display), "")


class Reference(Element, frozen=True):
    """A reference to another resource."""

    reference: str | None = None
    display: str | None = None


class Quantity(Element, frozen=True):
    """A number with its unit; `comparator` may turn it into a limit."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Element, frozen=True):
    """Two ends of a quantity."""

    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element, frozen=True):
    """An amount per amount."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Period(Element, frozen=True):
    """A stretch of time; an open end is missing."""

    start: str | None = None
    end: str | None = None


class Meta(Element, frozen=True):
    """Only the security labels (SAFE-30)."""

    security: tuple[Coding, ...] = ()


class Contained(Element, frozen=True):
    """
    A resource inside another one: Medications and reasons are read this way.

    codes: as written; some types, such as PractitionerRole, have an array there.
    """

    resource_type: str | None = None
    id: str | None = None
    codes: CodeableConcept | tuple[CodeableConcept, ...] | None = msgspec.field(default=None, name="code")

    @property
    def code(self) -> CodeableConcept | None:
        """What it is, where one concept says so."""
        return self.codes if isinstance(self.codes, CodeableConcept) else None


class Resource(Element, frozen=True, tag_field="resourceType"):
    """What every resource has."""

    id: str | None = None
    meta: Meta | None = None


class Patient(Resource, frozen=True, tag=True):
    """Whom the chart is about."""

    birth_date: str | None = None
    gender: str | None = None


class Condition(Resource, frozen=True, tag=True):
    """A problem, diagnosis or symptom."""

    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    recorded_date: str | None = None


class Observation(Resource, frozen=True, tag=True):
    """A measurement or a coded answer."""

    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_integer: Integer | None = None


class TimingRepeat(Element, frozen=True):
    """How often, within which period."""

    frequency: Integer | None = None
    frequency_max: Integer | None = None
    period: float | None = None
    period_unit: str | None = None


class Timing(Element, frozen=True):
    """When a dose is due."""

    repeat: TimingRepeat | None = None


class DoseAndRate(Element, frozen=True):
    """How much at a time."""

    dose_quantity: Quantity | None = None
    dose_range: Range | None = None


class Dosage(Element, frozen=True):
    """One instruction of a prescription."""

    sequence: Integer | None = None
    text: str | None = None
    timing: Timing | None = None
    route: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()
    max_dose_per_period: Ratio | None = None


class DispenseRequest(Element, frozen=True):
    """How much is handed out, and for how long."""

    validity_period: Period | None = None
    number_of_repeats_allowed: Integer | None = None
    expected_supply_duration: Quantity | None = None


class MedicationRequest(Resource, frozen=True, tag=True):
    """A drug order."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None
    contained: tuple[Contained, ...] = ()


class MedicationStatement(Resource, frozen=True, tag=True):
    """What somebody said that the patient takes, whoever ordered it."""

    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    based_on: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()
    dosage: tuple[Dosage, ...] = ()
    contained: tuple[Contained, ...] = ()

    @property
    def dosage_instruction(self) -> tuple[Dosage, ...]:
        """Its dosage, under the name that an order has for it."""
        return self.dosage


class Medication(Resource, frozen=True, tag=True):
    """A drug that an order or a statement points at."""

    code: CodeableConcept | None = None


class AllergyIntolerance(Resource, frozen=True, tag=True):
    """What the patient must not be given."""

    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    recorded_date: str | None = None


class ServiceRequest(Resource, frozen=True, tag=True):
    """An order for imaging, a therapy or a referral."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    priority: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    authored_on: str | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    contained: tuple[Contained, ...] = ()


class Procedure(Resource, frozen=True, tag=True):
    """Something that was done."""

    status: str | None = None
    category: CodeableConcept | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None


class DiagnosticReport(Resource, frozen=True, tag=True):
    """A report, here of imaging."""

    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None


class OutcomeIssue(Element, frozen=True):
    """One thing that went wrong."""

    severity: str | None = None
    code: str | None = None


class OperationOutcome(Resource, frozen=True, tag=True):
    """A structured error."""

    issue: tuple[OutcomeIssue, ...] = ()

    @property
    def hides_data(self) -> bool:
        """Whether it says that something is missing (guideline.md 10.8): information alone does not."""
        return not self.issue or any(
            issue.severity in {None, "warning", "error", "fatal"} for issue in self.issue
        )


AnyResource: TypeAlias = (
    Patient
    | Condition
    | Observation
    | MedicationRequest
    | MedicationStatement
    | Medication
    | AllergyIntolerance
    | ServiceRequest
    | Procedure
    | DiagnosticReport
    | OperationOutcome
)
