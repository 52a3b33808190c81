"""Views: the inspector, which shows a call, changes what prefetch it gets, and hands out files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import Response

from .download import chart_bundle, pretty, request_file
from .exchange import Mode
from .inspection import request_json, response_json, verdicts
from .panel import SCREENS
from .refusal import PageError
from .work import fired, shown

if TYPE_CHECKING:
    from .exchange import Answer, Call
    from .workspace import Visit

_FIELD = "mode."
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")
_GONE = "This call is not the latest any more. Go back to the screen and look at the new one."


def send_again(visit: Visit) -> Response:
    """Fire the same moment once more, its prefetch answered as chosen."""
    desk = visit.desk
    if desk.answer is None:
        raise PageError(409, "Nothing was sent yet that could be sent again.")
    asked = {sent.key for call in desk.answer.calls for sent in call.sent}
    chosen = {key: _mode(visit.form.fields.get(_FIELD + key, Mode.GIVE)) for key in asked}
    visit.session.modes = {key: mode for key, mode in chosen.items() if mode is not Mode.GIVE}
    screen = SCREENS[desk.answer.hook]
    return shown(visit, fired(visit, desk, desk.answer.hook, desk.answer.situation), screen)


def _mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise PageError(400, f"Choose one of {', '.join(Mode)} for each prefetch key.") from None


def call_screen(visit: Visit) -> Response:
    """Show one call: what was sent and answered, what the service read for itself, and the verdicts."""
    answer, call = _call(visit)
    values = {
        "patient": visit.patient,
        "answer": answer,
        "call": call,
        "number": visit.path["number"],
        "request": request_json(call),
        "response": response_json(call),
        "verdicts": verdicts(visit.page.catalogue, call),
        "screen": SCREENS[answer.hook],
    }
    return visit.render("call.html" if visit.partial else "call_page.html", values)


def request_download(visit: Visit) -> Response:
    """Hand out the request of a call for `cds-service fire --request`."""
    _, call = _call(visit)
    return _file(pretty(request_file(call.request)), f"{visit.patient}.{call.service.id}.json")


def chart_download(visit: Visit) -> Response:
    """Hand out the chart as a Bundle that can be uploaded again."""
    bundle = chart_bundle(visit.session.connection, visit.patient, visit.page.today())
    return _file(pretty(bundle), f"{visit.patient}.json")


def _file(text: str, name: str) -> Response:
    safe = _NOT_IN_NAMES.sub("-", name)
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(text, headers=headers, media_type="application/json")


def _call(visit: Visit) -> tuple[Answer, Call]:
    answer, number = visit.desk.answer, visit.path.get("number", "")
    if answer is None or answer.id != visit.path.get("answer") or not number.isdecimal():
        raise PageError(404, _GONE)
    if int(number) >= len(answer.calls):
        raise PageError(404, _GONE)
    return answer, answer.calls[int(number)]
