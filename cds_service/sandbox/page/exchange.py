"""
One moment put to all services that listen: prefetch read or withheld, calls made, answers kept whole.

The FHIR queries run beside each other, and then the calls, as in an EHR that does not want to wait. A
service that fails hides nothing that another one says.
"""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import requests

from cds_service.sandbox.ehr import EhrError, FhirServer, Situation, context_for, discover, request_body
from cds_service.sandbox.ehr.cds_client import hook_url
from cds_service.sandbox.ehr.prefetch import answer_to, expanded, failed
from cds_service.sandbox.ehr.wire import ask, outcome, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cds_service.sandbox.ehr import Service

    from .session import Connection, Session
    from .traffic import Asked, Traffic

_AT_ONCE = 3  # more would only wait for each other when the servers are this very process
_OFFERS_SECONDS = 60


class Mode(StrEnum):
    """How a prefetch key is answered: as read, or as one of the ways in which an EHR can fail to."""

    GIVE = "give"
    NULL = "null"
    FAIL = "OperationOutcome"
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True)
class Sent:
    """One prefetch key of a call: its query, "" when a token has no value; `said` tells what was sent."""

    key: str
    query: str
    mode: Mode
    said: str


@dataclass(frozen=True, slots=True)
class Call:
    """
    One service asked.

    status: 0 when no answer came. body: the answer as text. problem: "" after cards, else why there are
    none. asked: what the service read from the sandbox's FHIR server meanwhile; None when that server
    is another one, which nobody here can watch.
    """

    service: Service
    request: Mapping[str, Any]
    sent: tuple[Sent, ...]
    status: int = 0
    ms: float = 0
    body: str = ""
    cards: tuple[dict[str, Any], ...] = ()
    problem: str = ""
    issues: tuple[Mapping[str, Any], ...] = ()
    asked: tuple[Asked, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What all services said about one moment.

    id: names it, so that a click on an older answer is noticed. complaint: why nobody could be
    asked, "" when they were. ms: from the first query to the last card.
    """

    id: str
    hook: str
    situation: Situation
    calls: tuple[Call, ...] = ()
    complaint: str = ""
    ms: float = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """The way out to both servers: one session each, so that no token goes to the wrong one."""

    service: requests.Session
    fhir: requests.Session

    @classmethod
    def opened(cls, connection: Connection) -> Lines:
        """Open them for a connection; the caller closes them."""
        lines = cls(_session(), _session())
        if connection.service_token:
            lines.service.headers["Authorization"] = f"Bearer {connection.service_token}"
        return lines

    def __enter__(self) -> Self:
        """Return the lines themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close both."""
        self.service.close()
        self.fhir.close()


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # neither proxies nor .netrc of whoever runs the sandbox
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=_AT_ONCE)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def fhir_server(connection: Connection) -> FhirServer:
    """Return the FHIR server as the page itself reads and writes it."""
    return FhirServer(connection.fhir_url, connection.fhir_token)


def offers_of(session: Session, lines: Lines) -> tuple[Service, ...]:
    """Return what the service offers, asked at most once a minute; EhrError when it cannot be told."""
    if session.offers and time.monotonic() - session.offers[0] < _OFFERS_SECONDS:
        return session.offers[1]
    found = discover(lines.service, session.connection.service_url)
    session.offers = (time.monotonic(), found)
    return found


def put(session: Session, hook: str, situation: Situation, traffic: Traffic | None) -> Answer:
    """
    Fire a hook at every service that offers it.

    traffic: of the FHIR server, when it is the sandbox's own. Never raises: what goes wrong is a
    complaint of the answer, or a problem of one call.
    """
    began = time.perf_counter()
    answer = Answer(secrets.token_hex(8), hook, situation)
    try:
        with Lines.opened(session.connection) as lines:
            offers = offers_of(session, lines)
            context = context_for(hook, situation)
            services = [service for service in offers if service.hook == hook]
            calls = _calls(session, lines, services, context, traffic)
    except EhrError as error:
        return replace(answer, complaint=str(error), ms=_since(began))
    complaint = "" if services else _nobody(hook, offers)
    return replace(answer, calls=calls, complaint=complaint, ms=_since(began))


def _nobody(hook: str, offers: Sequence[Service]) -> str:
    hooks = ", ".join(sorted({service.hook for service in offers})) or "none"
    return f"The CDS service offers nothing at {hook}, so nobody was asked. Hooks offered: {hooks}."


def _calls(
    session: Session,
    lines: Lines,
    services: Sequence[Service],
    context: Mapping[str, Any],
    traffic: Traffic | None,
) -> tuple[Call, ...]:
    fhir = fhir_server(session.connection)
    modes = session.modes
    wanted = {
        query
        for service in services
        for key, template in service.prefetch.items()
        if modes.get(key, Mode.GIVE) is Mode.GIVE and (query := expanded(template, context))
    }
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        queries = sorted(wanted)
        read = dict(
            zip(queries, pool.map(lambda query: answer_to(lines.fhir, fhir, query), queries), strict=True)
        )
        ready = [_ready(service, context, modes, read, _granted(fhir, traffic)) for service in services]
        return tuple(pool.map(_caller(session.connection, lines, traffic), ready))


def _granted(fhir: FhirServer, traffic: Traffic | None) -> FhirServer:
    """Give each call to our own open server a token of its own, by which its reads are told apart."""
    return fhir if fhir.token or traffic is None else replace(fhir, token=secrets.token_urlsafe(24))


def _ready(
    service: Service,
    context: Mapping[str, Any],
    modes: Mapping[str, Mode],
    read: Mapping[str, object],
    fhir: FhirServer,
) -> Call:
    sent, prefetch = [], {}
    for key, template in service.prefetch.items():
        mode, query = modes.get(key, Mode.GIVE), expanded(template, context)
        given = mode is not Mode.WITHHOLD and (mode is not Mode.GIVE or query is not None)
        if given:
            prefetch[key] = _SUBSTITUTES[mode] if mode in _SUBSTITUTES else read[query or ""]
        said = described(prefetch[key]) if given else "not sent"
        sent.append(Sent(key, query or "", mode, said))
    return Call(service, request_body(service.hook, context, prefetch, fhir), tuple(sent))


_SUBSTITUTES: dict[Mode, object] = {
    Mode.NULL: None,
    Mode.FAIL: failed("exception", "Withheld on purpose by the mock EHR"),
}


def described(value: object) -> str:
    """Say in a few words what a prefetch value is."""
    if value is None:
        return "null: no such data"
    if not isinstance(value, dict):
        return "not a resource"
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        return "OperationOutcome: could not be read"
    if kind != "Bundle":
        return f"{kind}"
    entries = value.get("entry")
    count = len(entries) if isinstance(entries, list) else 0
    links = value.get("link")
    partial = isinstance(links, list) and any(link.get("relation") == "next" for link in links)
    return f"Bundle of {count}{', and there is more' if partial else ''}"


def _caller(connection: Connection, lines: Lines, traffic: Traffic | None) -> Callable[[Call], Call]:
    def called(call: Call) -> Call:
        began = time.perf_counter()
        done = _called(connection, lines, call, began)
        if traffic is None:
            return done
        token = call.request.get("fhirAuthorization", {}).get("access_token", "")
        return replace(done, asked=traffic.of(token, began))

    return called


def _called(connection: Connection, lines: Lines, call: Call, began: float) -> Call:
    url = hook_url(connection.service_url, call.service.id)
    try:
        response = ask(lines.service, "POST", url, body=call.request)
    except EhrError as error:
        return replace(call, ms=_since(began), problem=str(error))
    done = replace(
        call, status=response.status_code, ms=_since(began), body=response.content.decode("utf-8", "replace")
    )
    if response.status_code != HTTPStatus.OK:
        return replace(done, problem=refusal(response), issues=issues_of(outcome(response)))
    return _with_cards(done)


def issues_of(resource: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """Return the issues of an OperationOutcome, those that are objects."""
    issues = (resource or {}).get("issue")
    return tuple(item for item in issues if isinstance(item, dict)) if isinstance(issues, list) else ()


def _with_cards(call: Call) -> Call:
    try:
        answer = json.loads(call.body)
    except (ValueError, RecursionError):
        return replace(call, problem="The answer is no JSON. Tell those who run the service.")
    cards = answer.get("cards") if isinstance(answer, dict) else None
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        return replace(call, problem="The answer has no list of cards. Tell those who run the service.")
    return replace(call, cards=tuple(cards))


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
