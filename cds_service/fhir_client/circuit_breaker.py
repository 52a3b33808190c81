"""
A circuit breaker: a server that keeps failing is left alone for a while, then tried with one request.

closed     every request passes; failures in a row are counted
open       none passes until the rest is over
half open  one request, the probe, decides: closed again, or another rest
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Passage(Enum):
    """What a circuit says to a request."""

    REFUSED = 0
    USUAL = 1
    PROBE = 2


class CircuitBreaker:
    """The circuit to one server; it belongs to one event loop and never waits."""

    def __init__(self, failures: int, rest_seconds: float, clock: Callable[[], float]) -> None:
        """Open after so many failures in a row, for so long; clock: seconds that only go forward."""
        self._most = failures
        self._rest = rest_seconds
        self._clock = clock
        self._failures = 0
        self._rests_until: float | None = None
        self._probing = False

    def admit(self) -> Passage:
        """Say whether a request may be sent; whoever is not refused must `settle` afterwards."""
        if self._rests_until is None:
            return Passage.USUAL
        if self._probing or self._clock() < self._rests_until:
            return Passage.REFUSED
        self._probing = True
        return Passage.PROBE

    def settle(self, passage: Passage, *, healthy: bool | None) -> None:
        """Take note of how a request went; None when it was given up too early to tell."""
        if passage is Passage.PROBE:
            self._probing = False
        if healthy:
            self._failures, self._rests_until = 0, None
        elif healthy is False:
            self._failed(passage)

    def _failed(self, passage: Passage) -> None:
        if self._rests_until is not None and passage is Passage.USUAL:
            return  # sent before the circuit opened: what it tells is known
        self._failures += 1
        if passage is Passage.PROBE or self._failures >= self._most:
            _LOG.warning("a FHIR server keeps failing and is left alone for %s s", self._rest)
            self._rests_until = self._clock() + self._rest
