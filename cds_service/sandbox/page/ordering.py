"""Views: the order screen, from search to signature. Each change of the basket fires order-select."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cds_service.sandbox.ehr import EhrError, Situation, accept
from cds_service.sandbox.ehr.context import reference
from cds_service.sandbox.ehr.wire import ask, base, refusal, succeeded

from .basket_view import with_reasons
from .exchange import Lines, fhir_server
from .order_form import changed, draft_of, name_of
from .order_search import shown_together
from .refusal import PageError
from .session import Refused
from .work import counted, fired, selecting, shown, work_values

if TYPE_CHECKING:
    from starlette.responses import Response

    from .session import Desk
    from .workspace import Visit

MOST_ORDERS = 20
_UNPROCESSABLE = 422


def order_screen(visit: Visit) -> Response:
    """Show search, basket and cards."""
    read = with_reasons(visit.session.connection, visit.desk, anew=True)
    # The desk as it is now: a click may have changed it while this was read.
    desk = visit.session.keep(replace(visit.desk, reasons=read.reasons, label=read.label))
    values = {**_found(visit), **work_values(visit, desk, "orders")}
    return visit.render("orders.html", values)


def found(visit: Visit) -> Response:
    """Show what a search finds."""
    return visit.render("found.html", _found(visit))


def _found(visit: Visit) -> dict[str, object]:
    words = visit.query.get("q", "")[:100]
    items, total = visit.page.orders.search(words)
    return {
        "patient": visit.patient,
        "words": words,
        "found": list(shown_together(items)),
        "shown": len(items),
        "total": total,
        "groups": visit.page.orders.groups,
    }


def add(visit: Visit) -> Response:
    """Put an order into the basket."""
    desk, item = visit.desk, visit.page.orders.find(visit.form.text("system"), visit.form.text("code"))
    if item is None:
        raise PageError(400, "No guideline knows this code. Choose an order from the list.")
    if len(desk.drafts) >= MOST_ORDERS:
        raise PageError(409, f"The basket holds {MOST_ORDERS} orders at most. Sign or remove some first.")
    draft = draft_of(item, desk.patient, desk.made + 1)
    desk = replace(desk, drafts=(*desk.drafts, draft), made=desk.made + 1)
    return shown(visit, selecting(visit, desk, reference(draft)), "orders", f"{item.display} added.")


def edit(visit: Visit) -> Response:
    """Change dose, duration, reason or priority of an order."""
    desk = with_reasons(visit.session.connection, visit.desk)
    draft = _drafted(visit, desk)
    codes = desk.reasons.codes if desk.reasons else {}
    given = {name: text.strip()[:100] for name, text in visit.form.fields.items()}
    after, errors = changed(draft, codes, given)
    if errors:
        refused = {**desk.refused, reference(draft): Refused(given, errors)}
        return shown(
            visit,
            replace(desk, refused=refused),
            "orders",
            "Not changed: see the form.",
            _UNPROCESSABLE,
        )
    drafts = tuple(after if item is draft else item for item in desk.drafts)
    desk = selecting(visit, replace(desk, drafts=drafts), reference(draft))
    return shown(visit, desk, "orders", f"{name_of(draft)} changed.")


def remove(visit: Visit) -> Response:
    """Take an order out of the basket, and off the FHIR server if it is there."""
    desk, draft = visit.desk, _drafted(visit, visit.desk)
    deletion = {"actions": [{"type": "delete", "resourceId": reference(draft)}]}
    connection = visit.session.connection
    try:
        with Lines.opened(connection) as lines:
            drafts = accept(lines.fhir, fhir_server(connection), deletion, desk.drafts)
    except EhrError as error:
        return shown(visit, desk, "orders", str(error))
    desk = selecting(visit, replace(desk, drafts=drafts))
    return shown(visit, desk, "orders", f"{name_of(draft)} removed.")


def sign(visit: Visit) -> Response:
    """Fire order-sign for the whole basket; the orders are placed only when the user goes on."""
    desk = visit.desk
    if not desk.drafts:
        raise PageError(409, "The basket is empty: choose an order first.")
    situation = Situation(patient=desk.patient, user=visit.session.connection.user, drafts=desk.drafts)
    return shown(visit, fired(visit, desk, "order-sign", situation), "orders")


def place(visit: Visit) -> Response:
    """Store the signed orders on the FHIR server as active, and empty the basket of them."""
    desk = visit.desk
    if desk.answer is None or desk.answer.hook != "order-sign":
        raise PageError(409, "The basket changed since it was signed. Sign it again, and read the cards.")
    placed, problem = _placed(visit, desk)
    left = tuple(draft for draft in desk.drafts if reference(draft) not in placed)
    desk = replace(desk, drafts=left, answer=desk.answer if left else None, closed=frozenset())
    return shown(visit, desk, "orders", f"{counted(len(placed), 'order')} placed. {problem}".strip())


def _placed(visit: Visit, desk: Desk) -> tuple[set[str], str]:
    """Return the orders that were stored, and why the first that was not could not be."""
    connection = visit.session.connection
    placed: set[str] = set()
    try:
        with Lines.opened(connection) as lines:
            for draft in desk.drafts:
                _store(lines, visit, draft)
                placed.add(reference(draft))
    except EhrError as error:
        return placed, str(error)
    return placed, ""


def _store(lines: Lines, visit: Visit, draft: dict[str, Any]) -> None:
    server = fhir_server(visit.session.connection)
    order = {**draft, "status": "active", "authoredOn": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    known = not draft["id"].startswith("draft-")
    method, path = ("PUT", reference(draft)) if known else ("POST", draft["resourceType"])
    body = order if known else {name: value for name, value in order.items() if name != "id"}
    url = f"{base(server.url)}/{path}"
    response = ask(lines.fhir, method, url, body=body, headers=server.writing_headers)
    if not succeeded(response):
        msg = f"{name_of(draft)} was not placed: the FHIR server answered {refusal(response)}"
        raise EhrError(msg)


def _drafted(visit: Visit, desk: Desk) -> dict[str, Any]:
    wanted = f"{visit.path.get('type', '')}/{visit.path.get('id', '')}"
    draft = next((item for item in desk.drafts if reference(item) == wanted), None)
    if draft is None:
        raise PageError(409, "This order is not in the basket any more. Reload the page.")
    return draft
