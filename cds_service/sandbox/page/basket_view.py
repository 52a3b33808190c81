"""The order basket as forms, one an order, with the patient's problems to choose a reason from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cds_service.sandbox.ehr.report import patient_label

from .chart_view import failure, read_all, resources_of
from .order_form import form_of, name_of, spoken, summary_of
from .session import Reasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .session import Connection, Desk


@dataclass(frozen=True, slots=True)
class BasketItem:
    """One order; fields and errors go by the names of the form's fields."""

    type: str
    id: str
    name: str
    summary: str
    medication: bool
    fields: Mapping[str, str]
    errors: Mapping[str, str]


def with_reasons(connection: Connection, desk: Desk, *, anew: bool = False) -> Desk:
    """Return the desk knowing who it is and which problems an order may be for; read once, or `anew`."""
    if desk.reasons is not None and not anew:
        return desk
    person, answer = read_all(
        connection, [f"Patient/{desk.patient}", f"Condition?patient={desk.patient}&_count=200"]
    )
    codes = {
        item["id"]: item["code"]
        for item in resources_of(answer, "Condition")
        if isinstance(item.get("id"), str) and spoken(item.get("code"))
    }
    return replace(desk, label=patient_label(person, desk.patient), reasons=Reasons(codes, failure(answer)))


def basket_of(desk: Desk) -> Iterator[BasketItem]:
    """Yield the orders in the basket; what was typed wrongly is shown again, with what is wrong."""
    codes = desk.reasons.codes if desk.reasons else {}
    for draft in desk.drafts:
        reference = f"{draft['resourceType']}/{draft['id']}"
        refused = desk.refused.get(reference)
        yield BasketItem(
            type=draft["resourceType"],
            id=draft["id"],
            name=name_of(draft),
            summary=summary_of(draft),
            medication=draft["resourceType"] == "MedicationRequest",
            fields={**form_of(draft, codes), **(refused.fields if refused else {})},
            errors=refused.errors if refused else {},
        )


def reason_names(desk: Desk) -> dict[str, str]:
    """Return the problems to choose from, by Condition id."""
    return {name: spoken(code) for name, code in (desk.reasons.codes if desk.reasons else {}).items()}
