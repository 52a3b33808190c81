"""The orders the simulated EHR can put into its basket, by name, as R4 drafts that exist only there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .wire import EhrError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOINC = "http://loinc.org"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_SNOMED = "http://snomed.info/sct"
_UCUM = "http://unitsofmeasure.org"

_IMAGING = {"coding": [{"system": _SNOMED, "code": "363679005", "display": "Imaging"}], "text": "Imaging"}
_PRIORITIES = ("routine", "urgent", "asap", "stat")
_DOSE = re.compile(r"(\d{1,2}(?:\.\d)?)x(\d{1,2})")
_SNOMED_ID = re.compile(r"[1-9]\d{5,17}")


@dataclass(frozen=True, slots=True)
class Orderable:
    """Something to order: an image (LOINC), a medicine (RxNorm product) or a service (SNOMED CT)."""

    system: str
    code: str
    display: str


ORDERS: dict[str, Orderable] = {
    "lumbar-mri": Orderable(_LOINC, "24968-0", "MR Lumbar spine"),
    "lumbar-ct": Orderable(_LOINC, "24963-1", "CT Lumbar spine"),
    "lumbar-xray": Orderable(_LOINC, "24972-2", "XR Lumbar spine Views"),
    "oxycodone": Orderable(_RXNORM, "1049621", "oxycodone hydrochloride 5 MG Oral Tablet"),
    "hydrocodone-acetaminophen": Orderable(
        _RXNORM, "857002", "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet"
    ),
    "tramadol": Orderable(_RXNORM, "835603", "tramadol hydrochloride 50 MG Oral Tablet"),
    "codeine": Orderable(_RXNORM, "997287", "codeine sulfate 30 MG Oral Tablet"),
    "naproxen": Orderable(_RXNORM, "198014", "Naproxen 500 MG Oral Tablet"),
    "ibuprofen": Orderable(_RXNORM, "197805", "Ibuprofen 400 MG Oral Tablet"),
    "acetaminophen": Orderable(_RXNORM, "198440", "Acetaminophen 500 MG Oral Tablet"),
    "diazepam": Orderable(_RXNORM, "197591", "diazepam 5 MG Oral Tablet"),
    "cyclobenzaprine": Orderable(_RXNORM, "828320", "cyclobenzaprine hydrochloride 5 MG Oral Tablet"),
    "gabapentin": Orderable(_RXNORM, "310431", "gabapentin 300 MG Oral Capsule"),
    "prednisone": Orderable(_RXNORM, "198145", "prednisone 10 MG Oral Tablet"),
    "duloxetine": Orderable(_RXNORM, "596930", "duloxetine 30 MG Delayed Release Oral Capsule"),
    "physiotherapy": Orderable(_SNOMED, "91251008", "Physical therapy procedure"),
    "exercise": Orderable(_SNOMED, "229065009", "Exercise therapy"),
    "tens": Orderable(_SNOMED, "229559001", "Transcutaneous nerve stimulation therapy"),
    "lumbar-support": Orderable(_SNOMED, "31174004", "Lumbosacral belt"),
    "chiropractic": Orderable(_SNOMED, "182548004", "Chiropraxy"),
    "epidural-injection": Orderable(_SNOMED, "171788003", "Therapeutic lumbar epidural injection"),
    "spine-surgery": Orderable(_SNOMED, "308482002", "Referral to neurosurgeon"),
}


@dataclass(frozen=True, slots=True)
class Dose:
    """Tablets at a time, and times a day."""

    tablets: float
    times_a_day: int

    @classmethod
    def parsed(cls, text: str) -> Dose:
        """Read a dose such as `2x4`: two tablets, four times a day. Raises EhrError for other texts."""
        match = _DOSE.fullmatch(text)
        if match is None or not float(match[1]) or not int(match[2]):
            msg = f"'{text}' is no dose. Write tablets x times a day, such as 1x3 or 0.5x2."
            raise EhrError(msg)
        return cls(float(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Details:
    """
    What is filled in on each order; empty and None leave the element out.

    reason: SNOMED CT code. priority: routine, urgent, asap or stat. dose and supply_days
    concern medicines only. Raises EhrError for a reason or priority that no order can carry.
    """

    reason: str = ""
    priority: str = ""
    dose: Dose | None = None
    supply_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would not be a valid order."""
        if self.reason and not _SNOMED_ID.fullmatch(self.reason):
            msg = f"'{self.reason}' is no SNOMED CT code. Give a number, such as 279039007 (low back pain)."
            raise EhrError(msg)
        if self.priority and self.priority not in _PRIORITIES:
            msg = f"'{self.priority}' is no priority. Choose from {', '.join(_PRIORITIES)}."
            raise EhrError(msg)
        if self.supply_days is not None and self.supply_days < 1:
            msg = f"A supply of {self.supply_days} days cannot be ordered. Give at least 1."
            raise EhrError(msg)


BARE = Details()


def draft_orders(
    names: Sequence[str], patient: str, details: Details = BARE, *, first: int = 1
) -> tuple[dict[str, Any], ...]:
    """
    Return a draft MedicationRequest or ServiceRequest for each name, in order.

    first: number in the id of the first one, `draft-1`. Raises EhrError for a name not in ORDERS.
    """
    return tuple(_draft(name, number, patient, details) for number, name in enumerate(names, first))


def concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    """Return a CodeableConcept of one coding; without display it has no text either."""
    named = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **named}], **({"text": display} if display else {})}


def snomed(code: str) -> dict[str, Any]:
    """Return a CodeableConcept that is only a SNOMED CT code."""
    return concept(_SNOMED, code)


def _draft(name: str, number: int, patient: str, details: Details) -> dict[str, Any]:
    item = ORDERS.get(name)
    if item is None:
        msg = f"There is no order '{name}'. Choose from {', '.join(ORDERS)}."
        raise EhrError(msg)
    what = concept(item.system, item.code, item.display)
    shared = {
        "id": f"draft-{number}",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        **({"priority": details.priority} if details.priority else {}),
        **({"reasonCode": [snomed(details.reason)]} if details.reason else {}),
    }
    if item.system == _LOINC:
        return {"resourceType": "ServiceRequest", **shared, "category": [_IMAGING], "code": what}
    if item.system == _SNOMED:
        return {"resourceType": "ServiceRequest", **shared, "code": what}
    medicine = {"resourceType": "MedicationRequest", **shared, "medicationCodeableConcept": what}
    return {**medicine, **_dosage(details.dose), **_supply(details.supply_days)}


def _dosage(dose: Dose | None) -> dict[str, Any]:
    if dose is None:
        return {}
    quantity = {"value": dose.tablets, "unit": "tablet", "system": _UCUM, "code": "{tbl}"}
    instruction = {
        "text": f"{dose.tablets:g} tablet(s), {dose.times_a_day} time(s) a day",
        "timing": {"repeat": {"frequency": dose.times_a_day, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": quantity}],
    }
    return {"dosageInstruction": [instruction]}


def _supply(days: int | None) -> dict[str, Any]:
    if days is None:
        return {}
    duration = {"value": days, "unit": "days", "system": _UCUM, "code": "d"}
    return {"dispenseRequest": {"expectedSupplyDuration": duration}}
