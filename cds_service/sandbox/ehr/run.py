"""One moment at the simulated EHR, from discovery to the printed cards and the accepted suggestion."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from rich.console import Console
from rich.text import Text

from cds_service.sandbox.print_cards import offered, one_line

from .basket import accept
from .cds_client import Feedback, discover, fire, request_body, send_feedback
from .context import Situation, context_for
from .draft_orders import Details, Dose, draft_orders
from .prefetch import fill_prefetch
from .recorded import read_request
from .report import Accepted, Outcome, as_data, print_outcome
from .wire import EhrError, FhirServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .cds_client import Service
    from .recorded import Request


@dataclass(frozen=True, slots=True)
class FireOptions:
    """
    What the user of the command line asks for.

    patient, encounter: FHIR ids. user: `Practitioner/id`. orders: names of ORDERS that are just
    being chosen; basket: names that were in the basket before. reason: SNOMED CT code, for
    problem-list-item-create the problem itself. dose: `2x4`, tablets x times a day. token: bearer
    token of the FHIR server. json: print data instead of cards. accept: number of the
    suggestion to accept, as printed. request: file with a hook request; then patient,
    hook, orders and what belongs to them are the file's.
    """

    service_url: str
    fhir_url: str
    patient: str = ""
    hook: str = "patient-view"
    orders: tuple[str, ...] = ()
    basket: tuple[str, ...] = ()
    reason: str = ""
    priority: str = ""
    dose: str = ""
    supply_days: int | None = None
    encounter: str = ""
    user: str = "Practitioner/example"
    token: str = field(default="", repr=False)
    json: bool = False
    accept: int | None = None
    request: Path | None = None


def run_fire(options: FireOptions, console: Console) -> int:
    """
    Fire a hook at all services that offer it and print what they answer; return the exit code.

    0: all services answered. 1: something failed, and standard error says what; cards that other
    services returned are printed all the same. Prefetch that failed is only mentioned there: the
    services were told, and it is for them to say what it means.
    """
    try:
        with requests.Session() as session:
            outcome = _fired(session, options)
    except EhrError as error:
        _complain([str(error)])
        return 1
    if options.json:
        console.print(Text(json.dumps(as_data(outcome), indent=2)), soft_wrap=True)
    else:
        print_outcome(outcome, console)
    _complain([*_unread(outcome.unread), *outcome.complaints])
    return 1 if outcome.complaints else 0


def _fired(session: requests.Session, options: FireOptions) -> Outcome:
    if options.request is not None:
        return _resent(session, options, read_request(options.request))
    fhir = FhirServer(options.fhir_url, options.token)
    situation = _situation(options)
    context = context_for(options.hook, situation)
    services = _listeners(session, options.service_url, options.hook)
    known: dict[str, object] = {}
    outcome = Outcome(options.hook, options.patient, situation.drafts)
    for service in services:
        prefetch = fill_prefetch(session, fhir, service, context, known)
        body = request_body(options.hook, context, prefetch, fhir)
        _call(session, options.service_url, service.id, body, outcome)
    outcome.unread = tuple(query for query, value in known.items() if _is_failure(value))
    outcome.resource = known.get(f"Patient/{options.patient}")
    if options.accept is not None:
        _try_accept(session, options, fhir, situation, outcome)
    return outcome


def _listeners(session: requests.Session, service_url: str, hook: str) -> list[Service]:
    offers = discover(session, service_url)
    services = [service for service in offers if service.hook == hook]
    if not services:
        hooks = ", ".join(sorted({service.hook for service in offers})) or "none"
        msg = f"{service_url} has no service for the hook {hook}; it offers: {hooks}."
        raise EhrError(msg)
    return services


def _resent(session: requests.Session, options: FireOptions, request: Request) -> Outcome:
    """
    Send a request from a file to every service of its hook.

    One that brings neither prefetch nor fhirServer is only a moment: it gets both, as from an EHR.
    """
    fhir = FhirServer(options.fhir_url, options.token)
    known: dict[str, object] = {}
    outcome = Outcome(request.hook, request.patient, request.drafts)
    for service in _listeners(session, options.service_url, request.hook):
        body = request.body
        if request.bare:
            prefetch = fill_prefetch(session, fhir, service, body["context"], known)
            body = {**request_body(request.hook, body["context"], prefetch, fhir), **body}
        _call(session, options.service_url, service.id, body, outcome)
    outcome.unread = tuple(query for query, value in known.items() if _is_failure(value))
    outcome.resource = request.resource or known.get(f"Patient/{request.patient}")
    if options.accept is not None:
        situation = Situation(patient=request.patient, drafts=request.drafts)
        _try_accept(session, options, fhir, situation, outcome)
    return outcome


def _situation(options: FireOptions) -> Situation:
    dose = Dose.parsed(options.dose) if options.dose else None
    details = Details(options.reason, options.priority, dose, options.supply_days)
    chosen = draft_orders(options.orders, options.patient, details)
    before = draft_orders(options.basket, options.patient, first=len(chosen) + 1)
    return Situation(
        patient=options.patient,
        user=options.user,
        encounter=options.encounter,
        drafts=chosen + before,
        selected=len(chosen),
        problem=options.reason,
    )


def _call(
    session: requests.Session, service_url: str, service_id: str, body: dict[str, Any], outcome: Outcome
) -> None:
    """Call one service; its failure must not hide what the others say."""
    try:
        response = fire(session, service_url, service_id, body)
    except EhrError as error:
        outcome.complaints.append(str(error))
        return
    outcome.responses.append(response)
    if response.problem:
        outcome.complaints.append(f"{service_id} gave no advice. It answered {response.problem}")


def _try_accept(
    session: requests.Session, options: FireOptions, fhir: FhirServer, situation: Situation, outcome: Outcome
) -> None:
    buttons = [(service, card, button) for service, card in outcome.ranked for button in offered(card)]
    number = options.accept or 0
    if not 1 <= number <= len(buttons):
        outcome.complaints.append(f"There is no suggestion {number} to accept: {len(buttons)} were returned.")
        return
    service_id, card, button = buttons[number - 1]
    try:
        drafts = accept(session, fhir, button, situation.drafts)
        outcome.accepted = Accepted(one_line(button.get("label")), drafts)
        sent = _report(session, options.service_url, service_id, card, button)
        outcome.accepted = replace(outcome.accepted, feedback_sent=sent)
    except EhrError as error:
        outcome.complaints.append(str(error))


def _report(
    session: requests.Session, url: str, service_id: str, card: dict[str, Any], button: dict[str, Any]
) -> bool:
    """Send feedback; False when card or suggestion has no uuid, and so cannot be reported."""
    card_uuid, uuid = card.get("uuid"), button.get("uuid")
    if not isinstance(card_uuid, str) or not isinstance(uuid, str):
        return False
    feedback = Feedback(card_uuid, "accepted", datetime.now(UTC), accepted_suggestions=(uuid,))
    send_feedback(session, url, service_id, feedback)
    return True


def _is_failure(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "OperationOutcome"


def _unread(queries: Sequence[str]) -> list[str]:
    return [f"The FHIR server did not answer {query}; the services were told so." for query in queries]


def _complain(complaints: Sequence[str]) -> None:
    errors = Console(stderr=True)
    for complaint in complaints:
        errors.print(Text(one_line(complaint)), soft_wrap=True)
