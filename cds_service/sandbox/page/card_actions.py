"""Views: what a clinician does with a card. Accepting applies the actions; both ways send feedback."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cds_service.sandbox.ehr import EhrError, Feedback, accept, send_feedback
from cds_service.sandbox.ehr.context import reference
from cds_service.sandbox.print_cards import offered, one_line

from .card_html import objects
from .exchange import Lines, fhir_server
from .panel import SCREENS
from .refusal import PageError
from .work import fired, moved, selecting, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from .exchange import Answer, Call
    from .session import Desk
    from .workspace import Visit

_Item = TypeVar("_Item")
_STALE = "These cards are not the latest any more: look at the new ones."


def accept_suggestion(visit: Visit) -> Response:
    """Apply a suggestion to basket and FHIR server, report it, and ask the services anew."""
    desk, connection = visit.desk, visit.session.connection
    answer, call, card = _card(visit, desk)
    suggestion = _nth(offered(card), visit.form.number("suggestion"))
    try:
        with Lines.opened(connection) as lines:
            drafts = accept(lines.fhir, fhir_server(connection), suggestion, desk.drafts)
    except EhrError as error:
        return shown(visit, desk, SCREENS[answer.hook], str(error))
    feedback = _accepted(card, suggestion)
    said = f"Accepted: {one_line(suggestion.get('label'))}. {_report(visit, call, feedback)}"
    if drafts == desk.drafts:
        return shown(visit, fired(visit, desk, answer.hook, answer.situation), SCREENS[answer.hook], said)
    new = [reference(item) for item in drafts if item not in desk.drafts]
    after = selecting(visit, replace(desk, drafts=drafts), *new)
    return (
        shown(visit, after, "orders", said) if SCREENS[answer.hook] == "orders" else moved(visit, after, said)
    )


def override(visit: Visit) -> Response:
    """Put a card away and tell its service why."""
    desk = visit.desk
    answer, call, card = _card(visit, desk)
    reasons = objects(card, "overrideReasons")
    chosen = visit.form.text("reason")
    reason = _nth(reasons, visit.form.number("reason")) if chosen else {}
    place = (visit.form.number("call"), visit.form.number("card"))
    said = f"Overridden: {one_line(card.get('summary'))}. "
    said += _report(visit, call, _overridden(card, reason, visit.form.text("comment")[:1000]))
    desk = replace(desk, closed=desk.closed | {place})
    return shown(visit, desk, SCREENS[answer.hook], said)


def _card(visit: Visit, desk: Desk) -> tuple[Answer, Call, Mapping[str, Any]]:
    """Return the card a form is about; PageError 409 when it is not on the screen any more."""
    answer, form = desk.answer, visit.form
    place = (form.number("call"), form.number("card"))
    if answer is None or form.text("answer") != answer.id or place in desk.closed:
        raise PageError(409, _STALE)
    call = _nth(answer.calls, place[0])
    return answer, call, _nth(call.cards, place[1])


def _nth(items: Sequence[_Item], number: int) -> _Item:
    if number >= len(items):
        raise PageError(409, _STALE)
    return items[number]


def _accepted(card: Mapping[str, Any], suggestion: Mapping[str, Any]) -> Feedback | None:
    name, uuid = card.get("uuid"), suggestion.get("uuid")
    if not isinstance(name, str) or not isinstance(uuid, str):
        return None
    return Feedback(name, "accepted", datetime.now(UTC), accepted_suggestions=(uuid,))


def _overridden(card: Mapping[str, Any], reason: Mapping[str, Any], comment: str) -> Feedback | None:
    name = card.get("uuid")
    if not isinstance(name, str):
        return None
    coding = {
        part: reason[part] for part in ("system", "code", "display") if isinstance(reason.get(part), str)
    }
    return Feedback(name, "overridden", datetime.now(UTC), override_reason=coding, user_comment=comment)


def _report(visit: Visit, call: Call, feedback: Feedback | None) -> str:
    """Send feedback and say what became of it."""
    if feedback is None:
        return "No feedback was sent: card or suggestion has no uuid."
    connection = visit.session.connection
    try:
        with Lines.opened(connection) as lines:
            send_feedback(lines.service, connection.service_url, call.service.id, feedback)
    except EhrError as error:
        return str(error)
    return "Feedback sent."
