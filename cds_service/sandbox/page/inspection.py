"""What an integrator wants to see of a call: prefetch by key, the JSON both ways, the verdict tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cds_service.errors import CdsError
from cds_service.explanation import explained

from .download import pretty, without_token
from .exchange import Mode

if TYPE_CHECKING:
    from cds_service.catalogue import Catalogue

    from .exchange import Answer, Call
    from .session import Session

_MOST_SHOWN = 400_000


@dataclass(frozen=True, slots=True)
class PrefetchRow:
    """One prefetch key: the query it stands for, how it is to be answered, and what was sent last."""

    key: str
    query: str
    mode: Mode
    said: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdict tree of a call; problem: why there is none."""

    tree: Any = None
    problem: str = ""


def prefetch_rows(session: Session, answer: Answer | None) -> list[PrefetchRow]:
    """Return the keys of all calls of an answer, each once, in the order in which services name them."""
    rows: dict[str, PrefetchRow] = {}
    for call in answer.calls if answer else ():
        for sent in call.sent:
            mode = session.modes.get(sent.key, Mode.GIVE)
            rows.setdefault(sent.key, PrefetchRow(sent.key, sent.query, mode, sent.said))
    return list(rows.values())


def request_json(call: Call) -> str:
    """Return the request to read, its access token masked."""
    return _cut(pretty(without_token(call.request)))


def response_json(call: Call) -> str:
    """Return the answer to read, as it came when it is no JSON."""
    try:
        return _cut(pretty(json.loads(call.body)))
    except (ValueError, RecursionError):
        return _cut(call.body)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}\n... cut here: it is longer"


def verdicts(catalogue: Catalogue, call: Call) -> Verdicts:
    """Judge a request again with the rules that are loaded here, as far as its prefetch goes."""
    if call.service.id not in catalogue.entries:
        return Verdicts(problem="This service is not one of the guidelines loaded here.")
    try:
        body = json.dumps(call.request).encode()
        return Verdicts(explained(catalogue, service_id=call.service.id, body=body))
    except CdsError as error:
        return Verdicts(problem=f"The request cannot be judged: {error.message}")
