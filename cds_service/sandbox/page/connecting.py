"""Views: which CDS service and which FHIR server the page talks to. Only listed servers can be set."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cds_service.base_url import base_url
from cds_service.sandbox.ehr import EhrError, discover
from cds_service.sandbox.ehr.wire import ask, base, json_object, refusal, succeeded
from cds_service.sandbox.print_cards import one_line

from .exchange import Lines, fhir_server
from .work import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from .session import Connection
    from .workspace import Page, Visit

_URLS = ("service_url", "fhir_url")
_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]{0,4096}")
_UNPROCESSABLE = 422
_NOT_ALLOWED = (
    "This address is not allowed. Servers on this machine are; others are named when the sandbox is "
    "started: cds-service sandbox --allow https://ehr.example.org/fhir"
)


def settings(visit: Visit) -> Response:
    """Show the settings."""
    return _screen(visit, visit.session.connection)


def connect(visit: Visit) -> Response:
    """Talk to other servers from now on, and say whether they answer."""
    if visit.form.text("reset"):
        given = visit.page.home
    else:
        given = _given(visit)
        errors = _wrong(visit.page, given)
        if errors:
            return _screen(visit, given, errors)
    visit.session.reconnect(given)
    return _screen(visit, given, found=[_service_said(given), _fhir_said(given)])


def _screen(
    visit: Visit,
    connection: Connection,
    errors: Mapping[str, str] | None = None,
    found: Sequence[str] = (),
) -> Response:
    values = {"fields": _shown(connection), "errors": errors or {}, "found": found}
    return visit.render("settings.html", values, _UNPROCESSABLE if errors else 200)


def _shown(connection: Connection) -> dict[str, object]:
    """Return what the form shows: of tokens only whether there is one."""
    return {
        "service_url": connection.service_url,
        "fhir_url": connection.fhir_url,
        "user": connection.user,
        "service_token": bool(connection.service_token),
        "fhir_token": bool(connection.fhir_token),
    }


def _given(visit: Visit) -> Connection:
    """
    Return the connection a form asks for.

    A token goes to the server that it was given for: it is kept only while the address stays and
    nothing new is typed.
    """
    before, form = visit.session.connection, visit.form
    service_url, fhir_url = (_plain(form.text(name)) for name in _URLS)
    service_token, fhir_token = form.text("service_token"), form.text("fhir_token")
    if service_url == before.service_url and not form.text("forget"):
        service_token = service_token or before.service_token
    if fhir_url == before.fhir_url and not form.text("forget"):
        fhir_token = fhir_token or before.fhir_token
    return replace(
        before,
        service_url=service_url,
        fhir_url=fhir_url,
        user=form.text("user"),
        service_token=service_token,
        fhir_token=fhir_token,
    )


def _plain(url: str) -> str:
    """Return a base URL in the one spelling that was checked, so that it is also the one that is called."""
    place = base_url(base(url))
    return str(place) if place else url[:2000]


def _wrong(page: Page, given: Connection) -> dict[str, str]:
    """Say what is wrong with a connection, by field."""
    wrong = {}
    for name in _URLS:
        if not any(listed.allows(getattr(given, name)) for listed in page.allowed):
            wrong[name] = _NOT_ALLOWED
    if not _USER.fullmatch(given.user):
        wrong["user"] = "Write a reference such as Practitioner/example."
    for name in ("service_token", "fhir_token"):
        if not _TOKEN.fullmatch(getattr(given, name)):
            wrong[name] = "A token has letters, digits and signs of ASCII only, and no spaces."
    return wrong


def _service_said(connection: Connection) -> str:
    try:
        with Lines.opened(connection) as lines:
            offers = discover(lines.service, connection.service_url)
    except EhrError as error:
        return str(error)
    hooks = ", ".join(sorted({one_line(service.hook) for service in offers})) or "no hook"
    return f"The CDS service answers: {counted(len(offers), 'service')} at {hooks}."


def _fhir_said(connection: Connection) -> str:
    server = fhir_server(connection)
    url = f"{base(server.url)}/metadata"
    try:
        with Lines.opened(connection) as lines:
            response = ask(lines.fhir, "GET", url, headers=server.headers)
            if not succeeded(response):
                return f"The FHIR server answered {refusal(response)}."
            statement = json_object(response, "a CapabilityStatement")
    except EhrError as error:
        return str(error)
    return f"The FHIR server answers: FHIR version {one_line(statement.get('fhirVersion')) or 'not said'}."
