"""What a view gets: the page that all views share, and the visit that it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from .forms import Form
from .order_search import OrderList
from .patient_list import PATIENT_ID
from .refusal import PageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from jinja2 import Environment

    from cds_service.allow_list import AllowList
    from cds_service.catalogue import Catalogue

    from .session import Connection, Desk, Session
    from .traffic import Traffic


@dataclass(frozen=True)
class Page:
    """
    What all views share.

    home: the connection every browser starts with. allowed: the servers that may be set instead. today:
    returns the date in UTC.
    """

    templates: Environment
    catalogue: Catalogue
    home: Connection
    allowed: tuple[AllowList, ...]
    traffic: Traffic
    today: Callable[[], date]

    @cached_property
    def orders(self) -> OrderList:
        """What can be ordered; collected when first asked for."""
        return OrderList(guideline.terminology for guideline in self.catalogue.guidelines)

    def watched(self, connection: Connection) -> Traffic | None:
        """Return the traffic of a connection's FHIR server; None when it is not the sandbox's own."""
        return self.traffic if connection.fhir_url == self.home.fhir_url else None


@dataclass(frozen=True)
class Visit:
    """One request: whose, to which path, with what; partial: a script wants only what changes."""

    page: Page
    session: Session
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Form = field(default_factory=Form)
    partial: bool = False

    @cached_property
    def patient(self) -> str:
        """The FHIR id in the path; PageError 404 when it is none."""
        patient = self.path.get("patient", "")
        if not PATIENT_ID.fullmatch(patient):
            raise PageError(404, "This is no id of a patient. Choose a patient from the list.")
        return patient

    @property
    def desk(self) -> Desk:
        """The work on this patient."""
        return self.session.desk(self.patient)

    def render(self, template: str, values: Mapping[str, object], status: int = 200) -> Response:
        """Return a page, or a part of one."""
        given = {"said": "", "connection": self.session.connection, "home": self.page.home, **values}
        return HTMLResponse(self.page.templates.get_template(template).render(given), status)
