"""
The page as an ASGI application, to be mounted at the root of the sandbox.

Views are plain functions and run in threads: they wait for a FHIR server and a CDS service that answer
on this very event loop, which must stay free for them. A browser's changes take effect one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cds_service.allow_list import LOOPBACK, AllowList

from . import card_actions, connecting, discharging, inspecting, ordering, patients, uploading
from .forms import Form, read_form
from .gate import Gate
from .refusal import PageError
from .rendering import environment
from .session import Connection, Sessions
from .workspace import Page, Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from cds_service.catalogue import Catalogue

    from .traffic import Traffic

_HERE = Path(__file__).parent
_LOCK_SECONDS = 60
_FAILED = "The page failed, and its log says how. Nothing here is about the patient: begin anew."


@dataclass(frozen=True, slots=True)
class PageOptions:
    """
    Whom the page talks to.

    service_url, fhir_url: of the sandbox itself. fhir_token: bearer token its FHIR server demands. servers:
    base URLs that may be set in the page besides those on this machine.
    """

    service_url: str
    fhir_url: str
    fhir_token: str = ""
    servers: Sequence[str] = ()


def create_page(
    options: PageOptions, catalogue: Catalogue, traffic: Traffic, today: Callable[[], date]
) -> ASGIApp:
    """
    Return the application; ValueError when a server of the options is no usable base URL.

    traffic: what the sandbox's FHIR server is asked. today: returns the date in UTC.
    """
    home = Connection(options.service_url, options.fhir_url, fhir_token=options.fhir_token)
    page = Page(
        templates=environment(),
        catalogue=catalogue,
        home=home,
        allowed=(LOOPBACK, AllowList(options.servers)),
        traffic=traffic,
        today=today,
    )
    return Gate(_Application(page).starlette())


class _Application:
    """The routes, and what stands between them and the views."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sessions = Sessions(page.home)

    def starlette(self) -> Starlette:
        """Return the application with its error pages."""
        return Starlette(
            routes=[
                *(Route(path, self._reading(view), methods=["GET"]) for path, view in _READING.items()),
                *(Route(path, self._changing(view), methods=["POST"]) for path, view in _CHANGING.items()),
                Mount("/static", StaticFiles(directory=_HERE / "static")),
            ],
            exception_handlers={
                PageError: self._refused,
                HTTPException: self._not_served,
                500: self._failed,
            },
        )

    def _reading(self, view: Callable[[Visit], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            cookie, visit = self._visit(request, Form())
            return _kept(request, cookie, await run_in_threadpool(view, visit))

        return endpoint

    def _changing(self, view: Callable[[Visit], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            cookie, visit = self._visit(request, await read_form(request))
            return _kept(request, cookie, await run_in_threadpool(_in_turn, view, visit))

        return endpoint

    def _visit(self, request: Request, form: Form) -> tuple[str, Visit]:
        cookie, session = self.sessions.find(request.cookies.get(_cookie_name(request), ""))
        return cookie, Visit(
            self.page,
            session,
            dict(request.path_params),
            dict(request.query_params),
            form,
            partial="hx-request" in request.headers,
        )

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, PageError)  # noqa: S101 - registered for PageError only
        return self._said(request, error.status, error.message)

    async def _not_served(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for HTTPException only
        return self._said(request, error.status_code, "There is nothing here. Begin at the list of patients.")

    async def _failed(self, request: Request, _error: Exception) -> Response:
        """Answer for an error of the page itself; Starlette then raises it for the server to log."""
        return self._said(request, 500, _FAILED)

    def _said(self, request: Request, status: int, message: str) -> Response:
        cookie, visit = self._visit(request, Form())
        values = {"title": HTTPStatus(status).phrase, "message": message}
        template = "refused_update.html" if visit.partial else "refused.html"
        return _kept(request, cookie, visit.render(template, values, status))


def _in_turn(view: Callable[[Visit], Response], visit: Visit) -> Response:
    """Let the changes of one browser happen one after the other."""
    if not visit.session.lock.acquire(timeout=_LOCK_SECONDS):
        raise PageError(503, "The click before this one is not done yet. Wait a little, then try again.")
    try:
        return view(visit)
    finally:
        visit.session.lock.release()


def _kept(request: Request, cookie: str, response: Response) -> Response:
    response.set_cookie(_cookie_name(request), cookie, httponly=True, samesite="strict", path="/")
    return response


def _cookie_name(request: Request) -> str:
    """Browsers share cookies between the ports of a host: two sandboxes must not take each other's."""
    return f"mock-ehr-{request.url.port or 80}"


_PATIENT = "/patients/{patient}"
_READING: dict[str, Callable[[Visit], Response]] = {
    "/": patients.people,
    "/patients": patients.by_id,
    _PATIENT: patients.chart,
    f"{_PATIENT}/orders": ordering.order_screen,
    f"{_PATIENT}/orders/search": ordering.found,
    f"{_PATIENT}/discharge": discharging.discharge_screen,
    f"{_PATIENT}/chart.json": inspecting.chart_download,
    _PATIENT + "/calls/{answer}/{number}": inspecting.call_screen,
    _PATIENT + "/calls/{answer}/{number}/request.json": inspecting.request_download,
    "/settings": connecting.settings,
    "/upload": uploading.upload_form,
}
_CHANGING: dict[str, Callable[[Visit], Response]] = {
    f"{_PATIENT}/view": patients.opened,
    f"{_PATIENT}/orders": ordering.add,
    _PATIENT + "/orders/{type}/{id}": ordering.edit,
    _PATIENT + "/orders/{type}/{id}/remove": ordering.remove,
    f"{_PATIENT}/sign": ordering.sign,
    f"{_PATIENT}/place": ordering.place,
    f"{_PATIENT}/discharge": discharging.discharge,
    f"{_PATIENT}/accept": card_actions.accept_suggestion,
    f"{_PATIENT}/override": card_actions.override,
    f"{_PATIENT}/prefetch": inspecting.send_again,
    "/settings": connecting.connect,
    "/upload": uploading.take,
}
