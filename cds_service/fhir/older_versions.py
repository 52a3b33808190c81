"""
Orders written in FHIR DSTU2 or STU3, as the R4 orders they would be, so that the same rules judge them.

Only what rules read is carried over. What does not fit is left unknown and never guessed. STU3
and R4 share the name MedicationRequest: it counts as STU3 when it has a dose directly in
dosageInstruction, an agent in requester, or a context, all of which R4 has elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .reading import read_resource
from .structs import Dosage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .structs import Resource

_SERVICES = frozenset({"ProcedureRequest", "DiagnosticOrder", "DeviceUseRequest", "ReferralRequest"})
_DRUGS = frozenset({"MedicationOrder", "MedicationRequest"})
_DOSES = ("doseQuantity", "doseRange")
_TURNED_DOWN = frozenset({"rejected", "aborted", "failed"})
"""DSTU2 statuses of an order that is not carried out; R4 has `revoked` for them."""
_CALLED_OFF = _TURNED_DOWN | {"cancelled", "entered-in-error"}


def is_older(source: Mapping[str, Any]) -> bool:
    """Whether an order is written in DSTU2 or STU3."""
    kind = source.get("resourceType")
    if kind != "MedicationRequest":
        return isinstance(kind, str) and (kind == "MedicationOrder" or kind in _SERVICES)
    requester = source.get("requester")
    return (
        source.get("context") is not None
        or (isinstance(requester, dict) and "agent" in requester)
        or any(_has_dose(item) for item in _all(source, "dosageInstruction"))
    )


def _has_dose(dosage: object) -> bool:
    return isinstance(dosage, dict) and any(dosage.get(name) is not None for name in _DOSES)


def read_draft(source: Mapping[str, Any]) -> Resource | None:
    """
    Return a draft of any version as its R4 struct; None when it does not fit, or is of no known type.

    Dosage instructions that cannot all be read are left out together: then the dose is unknown.
    """
    if is_older(source):
        drug = source["resourceType"] in _DRUGS
        return read_resource(_medication_request(source) if drug else _service_request(source))
    if source.get("resourceType") == "DeviceRequest":
        return read_resource(_of_device(source))
    resource = read_resource(source)
    if resource is None and source.get("resourceType") == "MedicationRequest":
        return read_resource({**source, "dosageInstruction": _dosages(source)})
    return resource


def orders_several(source: Mapping[str, Any]) -> bool:
    """Whether removing it would remove more than the order that is judged: it orders several things."""
    return len(_items(source)) + len(_all(source, "serviceRequested")) > 1


def _order(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return what drug orders and service orders have in common."""
    status = source.get("status")
    return {
        "id": source.get("id"),
        "meta": source.get("meta"),
        "status": "revoked" if str(status) in _TURNED_DOWN else status,
        "intent": source.get("intent"),
        "doNotPerform": source.get("doNotPerform"),
        "subject": _first(source, "subject", "patient"),
        "authoredOn": _first(source, "authoredOn", "dateWritten", "orderedOn", "dateSent"),
        "reasonCode": _all(source, "reasonCode", "reasonCodeableConcept", "reason", "indication"),
        "reasonReference": _all(source, "reasonReference"),
        "contained": _all(source, "contained"),
    }


def _medication_request(source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_order(source),
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": source.get("medicationCodeableConcept"),
        "medicationReference": source.get("medicationReference"),
        "dosageInstruction": _dosages(source),
        "dispenseRequest": source.get("dispenseRequest"),
    }


def _service_request(source: Mapping[str, Any]) -> dict[str, Any]:
    priority = source.get("priority")
    return {
        **_order(source),
        "resourceType": "ServiceRequest",
        "priority": _code(priority) if isinstance(priority, dict) else priority,
        "code": _together([*_all(source, "code", "serviceRequested", "type"), *_items(source)]),
    }


def _of_device(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DeviceRequest as a service order: what rules read has the same names, but for the code."""
    return {**source, "resourceType": "ServiceRequest", "code": source.get("codeCodeableConcept")}


def _items(source: Mapping[str, Any]) -> list[object]:
    """Return the codes of what a DiagnosticOrder consists of, without items that were called off."""
    items = [item for item in _all(source, "item") if isinstance(item, dict)]
    return [item.get("code") for item in items if str(item.get("status")) not in _CALLED_OFF]


def _together(concepts: Iterable[object]) -> dict[str, Any]:
    """Return one concept with the codings and words of all."""
    known = [concept for concept in concepts if isinstance(concept, dict)]
    words = [text for concept in known if isinstance(text := concept.get("text"), str)]
    return {
        "coding": [coding for concept in known for coding in _all(concept, "coding")],
        "text": "; ".join(words) or None,
    }


def _code(concept: Mapping[str, Any]) -> str | None:
    """Return the first code of a concept, in lower case: DSTU2 writes a referral's priority as one."""
    codes = [coding.get("code") for coding in _all(concept, "coding") if isinstance(coding, dict)]
    return next((code.lower() for code in codes if isinstance(code, str)), None)


def _dosages(source: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = [_dosage(item) for item in _all(source, "dosageInstruction")]
    fitting = [dosage for dosage in made if dosage is not None]
    return fitting if len(fitting) == len(made) else []


def _dosage(instruction: object) -> dict[str, Any] | None:
    """Return an instruction as R4 writes it: the dose in doseAndRate, the unit of a period as periodUnit."""
    if not isinstance(instruction, dict):
        return None
    doses = {name: instruction[name] for name in _DOSES if name in instruction}
    dosage = {
        **instruction,
        "timing": _timing(instruction.get("timing")),
        "doseAndRate": _all(instruction, "doseAndRate") or ([doses] if doses else []),
    }
    try:
        msgspec.convert(dosage, Dosage)
    except msgspec.ValidationError:
        return None
    return dosage


def _timing(timing: object) -> object:
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    if not isinstance(repeat, dict) or "periodUnits" not in repeat:
        return timing
    return {"repeat": {"periodUnit": repeat["periodUnits"], **repeat}}


def _first(source: Mapping[str, Any], *names: str) -> object:
    return next((source[name] for name in names if source.get(name) is not None), None)


def _all(source: Mapping[str, Any], *names: str) -> list[Any]:
    """Return the items of these members, whether each came as an array or alone."""
    values = [source[name] for name in names if source.get(name) is not None]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]
