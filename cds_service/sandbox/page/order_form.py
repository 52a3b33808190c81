"""
An order in the basket as a form, and back: only what the user changed is changed in the FHIR resource.

What the form cannot show, such as a dose range that a suggestion brought, stays as it is unless the user
writes over it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cds_service.sandbox.ehr.context import reference
from cds_service.sandbox.ehr.draft_orders import concept
from cds_service.sandbox.print_cards import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .order_search import Orderable

UNITS = {
    "tablet": "{tbl}",
    "capsule": "{capsule}",
    "patch": "{patch}",
    "mg": "mg",
    "g": "g",
    "mL": "mL",
}
PRIORITIES = ("routine", "urgent", "asap", "stat")
_UCUM = "http://unitsofmeasure.org"
_AMOUNT = re.compile(r"\d{1,5}(?:\.\d{1,3})?")
_COUNT = re.compile(r"[1-9]\d{0,2}")
_MOST_TIMES = 24
_MEDICATION = "MedicationRequest"

Resource = dict[str, Any]


def draft_of(item: Orderable, patient: str, number: int) -> Resource:
    """Return a new order that exists only in the basket."""
    shared = {
        "id": f"draft-{number}",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    }
    what = concept(item.system, item.code, item.display)
    if item.is_medication:
        return {"resourceType": _MEDICATION, **shared, "medicationCodeableConcept": what}
    return {"resourceType": "ServiceRequest", **shared, "category": [{"text": item.kind}], "code": what}


def name_of(order: Mapping[str, Any]) -> str:
    """Return what an order is called; it may come from any service."""
    for element in ("medicationCodeableConcept", "code", "medicationReference"):
        if said := spoken(order.get(element)):
            return said
    payload = _first(order.get("payload"))
    return one_line(payload.get("contentString")) or f"{one_line(order.get('resourceType'))} without a name"


def spoken(value: object) -> str:
    """Return the words of a CodeableConcept or Reference: its text, else its first display, else a code."""
    fields = value if isinstance(value, dict) else {}
    codings = fields.get("coding")
    listed = [item for item in codings if isinstance(item, dict)] if isinstance(codings, list) else []
    words = (
        fields.get("text"),
        *(item.get("display") for item in listed),
        *(item.get("code") for item in listed),
        fields.get("display"),
        fields.get("reference"),
    )
    return next((line for word in words if (line := one_line(word))), "")


def form_of(order: Mapping[str, Any], problems: Mapping[str, object]) -> dict[str, str]:
    """
    Return the fields of an order as text; "" for what it has not, or what the form cannot show.

    problems: the patient's, by Condition id, with their codes: reasons to choose from.
    """
    instruction = _first(order.get("dosageInstruction"))
    dose = _quantity(_first(instruction.get("doseAndRate")).get("doseQuantity"))
    unit = next((name for name, code in UNITS.items() if code == dose.get("code")), "")
    repeat = _object(_object(instruction.get("timing")).get("repeat"))
    daily = (repeat.get("period"), repeat.get("periodUnit")) == (1, "d")
    supply = _quantity(_object(order.get("dispenseRequest")).get("expectedSupplyDuration"))
    reason = _first(order.get("reasonCode"))
    priority = order.get("priority")
    return {
        "amount": f"{dose['value']:g}" if unit else "",
        "unit": unit,
        "times": f"{repeat['frequency']}" if daily and isinstance(repeat.get("frequency"), int) else "",
        "days": f"{supply['value']:g}" if supply.get("code") == "d" else "",
        "reason": next((name for name, code in problems.items() if reason and code == reason), ""),
        "priority": priority if priority in PRIORITIES else "",
    }


def changed(
    order: Resource, problems: Mapping[str, object], given: Mapping[str, str]
) -> tuple[Resource, dict[str, str]]:
    """
    Return the order with what the user changed, and what is wrong with the form, by field.

    When anything is wrong, the order comes back as it was.
    """
    before = form_of(order, problems)
    after = {**before, **{name: text for name, text in given.items() if name in before}}
    wrong = _wrong(after, problems)
    if wrong or after == before:
        return order, wrong
    result = dict(order)
    if order.get("resourceType") == _MEDICATION:
        if any(after[name] != before[name] for name in ("amount", "unit", "times")):
            _put(result, "dosageInstruction", _dosage(after))
        if after["days"] != before["days"]:
            _put(result, "dispenseRequest", _supply(_object(order.get("dispenseRequest")), after["days"]))
    if after["reason"] != before["reason"]:
        _put(result, "reasonCode", [problems[after["reason"]]] if after["reason"] else None)
    if after["priority"] != before["priority"]:
        _put(result, "priority", after["priority"] or None)
    return result, {}


def _put(order: Resource, element: str, value: object) -> None:
    if value:
        order[element] = value
    else:
        order.pop(element, None)


def _wrong(fields: Mapping[str, str], problems: Mapping[str, object]) -> dict[str, str]:
    amount, unit, times = fields["amount"], fields["unit"], fields["times"]
    wrong = {}
    if amount and not (_AMOUNT.fullmatch(amount) and float(amount)):
        wrong["amount"] = "Write a number above 0, such as 1 or 0.5."
    elif unit not in ({""} if not amount else UNITS):
        wrong["amount"] = "A dose needs an amount and a unit: fill in both or neither."
    if times and not (_COUNT.fullmatch(times) and int(times) <= _MOST_TIMES):
        wrong["times"] = f"Write how often a day, from 1 to {_MOST_TIMES}."
    elif times and not amount:
        wrong["times"] = "Say how much each time: fill in the dose."
    if fields["days"] and not _COUNT.fullmatch(fields["days"]):
        wrong["days"] = "Write a whole number of days, from 1 to 999."
    if fields["reason"] and fields["reason"] not in problems:
        wrong["reason"] = "Choose a problem of this patient."
    if fields["priority"] and fields["priority"] not in PRIORITIES:
        wrong["priority"] = f"Choose one of {', '.join(PRIORITIES)}."
    return wrong


def _dosage(fields: Mapping[str, str]) -> list[Resource] | None:
    if not fields["amount"]:
        return None
    amount, unit = float(fields["amount"]), fields["unit"]
    value = int(amount) if amount.is_integer() else amount
    quantity = {"value": value, "unit": unit, "system": _UCUM, "code": UNITS[unit]}
    said = f"{value:g} {unit}"
    if not fields["times"]:
        return [{"text": said, "doseAndRate": [{"doseQuantity": quantity}]}]
    repeat = {"frequency": int(fields["times"]), "period": 1, "periodUnit": "d"}
    text = f"{said}, {fields['times']} time(s) a day"
    return [{"text": text, "timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}]


def _supply(dispense: Mapping[str, Any], days: str) -> Resource:
    kept = {name: value for name, value in dispense.items() if name != "expectedSupplyDuration"}
    if not days:
        return kept
    duration = {"value": int(days), "unit": "days", "system": _UCUM, "code": "d"}
    return {**kept, "expectedSupplyDuration": duration}


def summary_of(order: Mapping[str, Any]) -> str:
    """Say in a line how an order is to be carried out; "" when it does not say."""
    instruction = _first(order.get("dosageInstruction"))
    supply = _quantity(_object(order.get("dispenseRequest")).get("expectedSupplyDuration"))
    parts = (
        one_line(instruction.get("text")),
        f"for {supply['value']:g} {one_line(supply.get('unit'))}" if supply else "",
        f"because of {said}" if (said := spoken(_first(order.get("reasonCode")))) else "",
        one_line(order.get("priority")),
    )
    return "; ".join(part for part in parts if part)


def label_of(order: Mapping[str, Any]) -> str:
    """Return name and reference of an order that has an id."""
    return f"{name_of(order)} ({reference(dict(order))})"


def labels_of(orders: Sequence[Mapping[str, Any]]) -> str:
    """Return the names of orders in a line."""
    return "; ".join(name_of(order) for order in orders)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, Any]:
    return _object(value[0]) if isinstance(value, list) and value else {}


def _quantity(value: object) -> Mapping[str, Any]:
    """Return a Quantity with a number; empty for any other value."""
    fields = _object(value)
    number = fields.get("value")
    usable = isinstance(number, (int, float)) and not isinstance(number, bool)
    return fields if usable else {}
