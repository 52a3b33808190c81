"""Views: the discharge screen, which fires encounter-discharge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_service.sandbox.ehr import Situation
from cds_service.sandbox.ehr.report import patient_label
from cds_service.sandbox.print_cards import one_line

from .chart_view import failure, read_all, resources_of
from .order_form import spoken
from .patient_list import PATIENT_ID
from .refusal import PageError
from .work import fired, shown, work_values

if TYPE_CHECKING:
    from starlette.responses import Response

    from .workspace import Visit


@dataclass(frozen=True, slots=True)
class Encounter:
    """One encounter to end."""

    id: str
    label: str


def discharge_screen(visit: Visit) -> Response:
    """Show the encounters of a patient."""
    patient = visit.patient
    person, answer = read_all(
        visit.session.connection, [f"Patient/{patient}", f"Encounter?patient={patient}&_count=200"]
    )
    encounters = [_encounter(item) for item in resources_of(answer, "Encounter")]
    values = {
        "patient": patient,
        "label": patient_label(person, patient),
        "encounters": [item for item in encounters if PATIENT_ID.fullmatch(item.id)],
        "problem": failure(answer),
    }
    return visit.render("discharge.html", values | work_values(visit, visit.desk, "discharge"))


def _encounter(resource: dict[str, object]) -> Encounter:
    identifier = one_line(resource.get("id"))
    period = resource.get("period")
    begun = one_line(period.get("start")) if isinstance(period, dict) else ""
    kinds = (
        spoken(resource.get("class")),
        one_line(resource.get("status")),
        f"since {begun[:10]}" if begun else "",
    )
    return Encounter(identifier, ", ".join(part for part in kinds if part) or identifier)


def discharge(visit: Visit) -> Response:
    """Fire encounter-discharge."""
    encounter = visit.form.text("encounter")
    if not PATIENT_ID.fullmatch(encounter):
        raise PageError(400, "The discharge needs an encounter: choose one, or write its FHIR id.")
    desk = visit.desk
    situation = Situation(
        patient=desk.patient,
        user=visit.session.connection.user,
        encounter=encounter,
        drafts=desk.drafts,
    )
    return shown(visit, fired(visit, desk, "encounter-discharge", situation), "discharge")
