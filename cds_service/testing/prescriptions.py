"""How much of a medicine, how often, for how long: dosage and supply of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .elements import NUMBER, UCUM, Json

if TYPE_CHECKING:
    from .phrases import Phrase


def dispensed(phrase: Phrase) -> Json:
    """Return the dispenseRequest for `supply 30` and `refills 2`; neither: no member."""
    supply = phrase.take(rf"supply ({NUMBER})")
    refills = phrase.take(r"refills (\d+)")
    dispense: Json = {}
    if supply:
        dispense["expectedSupplyDuration"] = {
            "value": float(supply),
            "unit": "days",
            "system": UCUM,
            "code": "d",
        }
    if refills:
        dispense["numberOfRepeatsAllowed"] = int(refills)
    return {"dispenseRequest": dispense} if dispense else {}


def dosage(phrase: Phrase) -> Json:
    """Return the dosageInstruction for `2 tablets 4 times a day` (also capsules, mg)."""
    said = phrase.take(rf"({NUMBER} (?:tablets?|capsules?|mg) \d+ times a day)")
    if said is None:
        return {}
    dose, unit, times, *_ = said.split()
    repeat = {"frequency": int(times), "period": 1, "periodUnit": "d"}
    quantity = {
        "value": float(dose),
        "unit": unit,
        **({"system": UCUM, "code": "mg"} if unit == "mg" else {}),
    }
    return {
        "dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}]
    }
