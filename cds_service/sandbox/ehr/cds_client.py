"""The calls a CDS client makes to a CDS service: discovery, one hook call, and feedback (CDS Hooks 2.0.1)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from .wire import EhrError, ask, base, json_object, refusal, succeeded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import requests

    from .wire import FhirServer

_DISCOVERY = "/cds-services"


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of discovery; prefetch: key -> query template, empty when it asks for nothing."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """
    What one service answered.

    problem: empty after a 200, else the status and the service's own reasons; then there are
    no cards, and that says nothing about the patient. ms: time to the whole answer.
    """

    service_id: str
    hook_instance: str
    status: int
    ms: float
    cards: tuple[dict[str, Any], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """
    What the user did with one card.

    card: its uuid. outcome: `accepted` (then accepted_suggestions holds the uuids) or
    `overridden`. override_reason: the Coding picked. timestamp: with a time zone.
    """

    card: str
    outcome: str
    timestamp: datetime
    accepted_suggestions: tuple[str, ...] = ()
    override_reason: Mapping[str, str] = field(default_factory=dict)
    user_comment: str = ""


def discover(session: requests.Session, service_url: str) -> tuple[Service, ...]:
    """
    Return all services that a CDS service offers, in its order.

    service_url: its base; the discovery address itself will do. Raises EhrError when it is
    unreachable, does not answer 200, or answers with something else than services.
    """
    url = discovery_url(service_url)
    response = ask(session, "GET", url)
    if response.status_code != HTTPStatus.OK:
        msg = f"{url} answered {refusal(response)}. Is this the address of a CDS service?"
        raise EhrError(msg)
    entries = json_object(response, "a JSON object of services").get("services")
    if not isinstance(entries, list):
        msg = f"{url} has no list `services`. Is this the address of a CDS service?"
        raise EhrError(msg)
    return tuple(_service(entry, f"{url}, services[{number}]") for number, entry in enumerate(entries))


def request_body(
    hook: str, context: Mapping[str, object], prefetch: Mapping[str, object], fhir: FhirServer
) -> dict[str, Any]:
    """
    Return the body of a hook call with a hookInstance of its own.

    fhirAuthorization is there only when the FHIR server has a token.
    """
    granted = {
        "access_token": fhir.token,
        "token_type": "Bearer",
        "expires_in": fhir.expires_in,
        "scope": fhir.scope,
        "subject": fhir.subject,
        "patient": context["patientId"],
    }
    return {
        "hook": hook,
        "hookInstance": str(uuid4()),
        "fhirServer": base(fhir.url),
        **({"fhirAuthorization": granted} if fhir.token else {}),
        "context": dict(context),
        **({"prefetch": dict(prefetch)} if prefetch else {}),
    }


def fire(session: requests.Session, service_url: str, service_id: str, body: Mapping[str, Any]) -> Response:
    """
    Call one service and return what it answered, cards or refusal.

    Raises EhrError when no answer comes, or a 200 that is not a list of cards.
    """
    url = hook_url(service_url, service_id)
    start = time.perf_counter()
    answer = ask(session, "POST", url, body=body)
    ms = (time.perf_counter() - start) * 1000
    instance = str(body["hookInstance"])
    if answer.status_code != HTTPStatus.OK:
        return Response(service_id, instance, answer.status_code, ms, problem=refusal(answer))
    return Response(service_id, instance, answer.status_code, ms, _cards(answer))


def send_feedback(session: requests.Session, service_url: str, service_id: str, feedback: Feedback) -> None:
    """
    Report to a service what became of one of its cards.

    Raises EhrError when the service does not take it, ValueError for a time without time zone.
    """
    url = f"{hook_url(service_url, service_id)}/feedback"
    answer = ask(session, "POST", url, body={"feedback": [_item(feedback)]})
    if not succeeded(answer):
        msg = f"{url} answered {refusal(answer)}. The feedback was not recorded."
        raise EhrError(msg)


def discovery_url(service_url: str) -> str:
    """Return where the services are listed; service_url is the base, or that very address."""
    return base(service_url).removesuffix(_DISCOVERY) + _DISCOVERY


def hook_url(service_url: str, service_id: str) -> str:
    """Return where one service is called."""
    return f"{discovery_url(service_url)}/{quote(service_id, safe='')}"


def _service(entry: object, where: str) -> Service:
    if not isinstance(entry, dict):
        msg = f"{where} is not an object. The service breaks CDS Hooks; tell those who run it."
        raise EhrError(msg)
    return Service(
        id=_required(entry, "id", where),
        hook=_required(entry, "hook", where),
        title=_required(entry, "title", where) if "title" in entry else "",
        description=_required(entry, "description", where),
        prefetch=_templates(entry.get("prefetch", {}), where),
    )


def _required(entry: dict[str, object], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        msg = f"{where} has no text in `{name}`. The service breaks CDS Hooks; tell those who run it."
        raise EhrError(msg)
    return value


def _templates(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(template, str) for template in value.values()):
        msg = f"{where} has a `prefetch` that is no object of strings. Tell those who run the service."
        raise EhrError(msg)
    return value


def _cards(answer: requests.Response) -> tuple[dict[str, Any], ...]:
    cards = json_object(answer, "a JSON object of cards").get("cards")
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        msg = f"{answer.url} answered 200 without a list of cards. Tell those who run the service."
        raise EhrError(msg)
    return tuple(cards)


def _item(feedback: Feedback) -> dict[str, object]:
    if feedback.timestamp.tzinfo is None:
        msg = "the time of a feedback needs a time zone"
        raise ValueError(msg)
    reason = {
        **({"reason": dict(feedback.override_reason)} if feedback.override_reason else {}),
        **({"userComment": feedback.user_comment} if feedback.user_comment else {}),
    }
    accepted = [{"id": uuid} for uuid in feedback.accepted_suggestions]
    return {
        "card": feedback.card,
        "outcome": feedback.outcome,
        **({"acceptedSuggestions": accepted} if accepted else {}),
        **({"overrideReason": reason} if reason else {}),
        "outcomeTimestamp": f"{feedback.timestamp.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
