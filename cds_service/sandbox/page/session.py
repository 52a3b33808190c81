"""
What the server remembers of one browser: where it is connected to, and the work on each patient.

All of it is in memory and bounded: the least recently used browser, and the least recently used
patient of a browser, is forgotten. Values are replaced as a whole, never changed.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cds_service.sandbox.ehr import Service

    from .exchange import Answer, Mode

MOST_SESSIONS = 32
MOST_DESKS = 8


@dataclass(frozen=True, slots=True)
class Connection:
    """
    Whom the page talks to, and as whom.

    service_url, fhir_url: base URLs. user: `Practitioner/id`. service_token, fhir_token: bearer tokens,
    "" for none; they are sent there and shown nowhere.
    """

    service_url: str
    fhir_url: str
    user: str = "Practitioner/example"
    service_token: str = field(default="", repr=False)
    fhir_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reasons:
    """The patient's problems, Condition id -> code; problem: why they could not be read, "" if they were."""

    codes: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not taken: what was typed, and what is wrong with it, by field."""

    fields: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """
    The work on one patient.

    drafts: the order basket. made: how many drafts the EHR numbered so far. answer: what the services
    said last. closed: (call, card) of cards that were overridden. refused: forms, by order. reasons:
    None until read. label: who it is. note: what happened last, for people; said: that and the cards,
    for screen readers.
    """

    patient: str
    drafts: tuple[dict[str, Any], ...] = ()
    made: int = 0
    answer: Answer | None = None
    closed: frozenset[tuple[int, int]] = frozenset()
    refused: Mapping[str, Refused] = field(default_factory=dict)
    reasons: Reasons | None = None
    label: str = ""
    note: str = ""
    said: str = ""


@dataclass
class Session:
    """
    One browser.

    lock: held by whatever changes something, so that clicks take effect one after the other. modes: how
    prefetch keys are answered, GIVE when not named. offers: the services last discovered, and when.
    """

    connection: Connection
    lock: threading.Lock = field(default_factory=threading.Lock)
    modes: dict[str, Mode] = field(default_factory=dict)
    offers: tuple[float, tuple[Service, ...]] | None = None
    desks: OrderedDict[str, Desk] = field(default_factory=OrderedDict)

    def desk(self, patient: str) -> Desk:
        """Return the work on a patient, an empty desk when there is none yet."""
        return self.desks.get(patient) or Desk(patient)

    def keep(self, desk: Desk) -> Desk:
        """Remember the work on a patient and return it."""
        self.desks[desk.patient] = desk
        self.desks.move_to_end(desk.patient)
        while len(self.desks) > MOST_DESKS:
            self.desks.popitem(last=False)
        return desk

    def reconnect(self, connection: Connection) -> None:
        """Talk to these servers from now on: work that belongs to the old ones is dropped."""
        self.connection = connection
        self.offers = None
        self.desks.clear()


class Sessions:
    """The browsers that the page knows, by the random value of their cookie."""

    def __init__(self, connection: Connection) -> None:
        """Every browser starts with this connection."""
        self._connection = connection
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, name: str) -> tuple[str, Session]:
        """Return the session of a cookie, and the cookie to set: a new pair unless the server made it."""
        with self._lock:
            if name not in self._known:
                name = secrets.token_urlsafe(32)
                self._known[name] = Session(self._connection)
            self._known.move_to_end(name)
            while len(self._known) > MOST_SESSIONS:
                self._known.popitem(last=False)
            return name, self._known[name]
