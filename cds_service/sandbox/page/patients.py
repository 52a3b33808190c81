"""Views: the patient list, and a patient's chart with the cards of patient-view."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from cds_service.sandbox.ehr import Situation
from cds_service.sandbox.validation import warm_up

from .chart_view import read_chart
from .patient_list import PATIENT_ID, read_people
from .refusal import PageError
from .work import fired, shown, work_values

if TYPE_CHECKING:
    from starlette.responses import Response

    from .workspace import Visit


def people(visit: Visit) -> Response:
    """List the patients."""
    _prepare()
    words = visit.query.get("q", "")
    found = read_people(visit.session.connection, words, visit.page.today())
    return visit.render("patients.html", {"people": found, "words": words})


@cache
def _prepare() -> None:
    """Import what the first accepted suggestion will need, while the user still reads the list."""
    threading.Thread(target=warm_up, daemon=True).start()


def by_id(visit: Visit) -> Response:
    """Lead to the chart of the patient whose id was typed."""
    patient = visit.query.get("id", "").strip().removeprefix("Patient/")
    if not PATIENT_ID.fullmatch(patient):
        raise PageError(400, "A FHIR id has 1 to 64 letters, digits, '-' or '.'. Write it without a slash.")
    return RedirectResponse(f"/patients/{patient}", 303)


def chart(visit: Visit) -> Response:
    """Show the chart; the script of the page then says that it was opened."""
    view = read_chart(visit.session.connection, visit.patient, visit.page.today())
    values = {"chart": view, "patient": visit.patient}
    return visit.render("chart.html", values | work_values(visit, visit.desk, "chart"))


def opened(visit: Visit) -> Response:
    """Fire patient-view."""
    situation = Situation(patient=visit.patient, user=visit.session.connection.user)
    return shown(visit, fired(visit, visit.desk, "patient-view", situation), "chart")
