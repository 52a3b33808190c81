"""
The work area: firing a hook, and the screen that shows what came of it.

A change answers a script's request with the part of the screen that changes, and a plain form with a
redirect to the screen, so that the page works without scripts too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from cds_service.sandbox.ehr import Situation
from cds_service.sandbox.ehr.context import reference

from .basket_view import basket_of, reason_names, with_reasons
from .exchange import put
from .inspection import prefetch_rows
from .order_form import PRIORITIES, UNITS
from .panel import panel_of

if TYPE_CHECKING:
    from .session import Desk
    from .workspace import Visit

_PATHS = {"chart": "", "orders": "/orders", "discharge": "/discharge"}
_SEE_OTHER = 303


def fired(visit: Visit, desk: Desk, hook: str, situation: Situation) -> Desk:
    """Put a moment to the services and return the desk with their answer; the cards of before are gone."""
    answer = put(visit.session, hook, situation, visit.page.watched(visit.session.connection))
    return replace(desk, answer=answer, closed=frozenset(), refused={})


def selecting(visit: Visit, desk: Desk, *chosen: str) -> Desk:
    """
    Fire order-select after the basket changed, for the orders just chosen, `Type/id`.

    When none of them is in the basket (something was removed), the orders that are left are judged
    again. An empty basket asks nobody, and leaves no card.
    """
    if not desk.drafts:
        return replace(desk, answer=None, closed=frozenset(), refused={})
    first = tuple(draft for draft in desk.drafts if reference(draft) in chosen) or desk.drafts
    rest = tuple(draft for draft in desk.drafts if draft not in first)
    user = visit.session.connection.user
    situation = Situation(patient=desk.patient, user=user, drafts=first + rest, selected=len(first))
    return fired(visit, desk, "order-select", situation)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def moved(visit: Visit, desk: Desk, said: str) -> Response:
    """Remember the desk, and lead to the order screen from another one."""
    spoken = " ".join(part for part in (said, panel_of(desk, "orders").said) if part)
    visit.session.keep(replace(desk, said=spoken, note=said))
    place = f"/patients/{desk.patient}{_PATHS['orders']}"
    # htmx follows a redirect unseen and would put the whole screen into a part of this one.
    return Response(headers={"HX-Redirect": place}) if visit.partial else RedirectResponse(place, _SEE_OTHER)


def shown(visit: Visit, desk: Desk, screen: str, said: str = "", status: int = 200) -> Response:
    """Remember the desk, and return the changed part of its screen, or a redirect to the screen."""
    if screen == "orders":
        desk = with_reasons(visit.session.connection, desk)
    spoken = " ".join(part for part in (said, panel_of(desk, screen).said) if part)
    desk = visit.session.keep(replace(desk, said=spoken, note=said))
    if not visit.partial:
        return RedirectResponse(f"/patients/{desk.patient}{_PATHS[screen]}", _SEE_OTHER)
    return visit.render("work_update.html", work_values(visit, desk, screen), status)


def work_values(visit: Visit, desk: Desk, screen: str) -> dict[str, object]:
    """Return what the templates of the work area need."""
    return {
        "desk": desk,
        "screen": screen,
        "panel": panel_of(desk, screen),
        "basket": list(basket_of(desk)),
        "reasons": reason_names(desk),
        "units": UNITS,
        "priorities": PRIORITIES,
        "said": desk.said,
        "prefetch": prefetch_rows(visit.session, desk.answer),
    }
