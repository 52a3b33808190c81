"""What is remembered of each FHIR server between calls: its circuit, and how busy we keep it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from .circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.base_url import BaseUrl

    from .limits import Limits


@dataclass(frozen=True, slots=True)
class Origin:
    """One server: scheme, host and port, whatever the path."""

    breaker: CircuitBreaker
    slots: anyio.Semaphore


class Origins:
    """The servers met lately; the one not met for longest is forgotten first."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Remember as many as the limits say."""
        self._limits = limits
        self._clock = clock
        self._known: OrderedDict[tuple[str, str, int], Origin] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._known)

    def at(self, base: BaseUrl) -> Origin:
        """Return what is remembered of a server, which is nothing when it is new."""
        key = (base.scheme, base.host, base.port)
        origin = self._known.setdefault(key, self._new())
        self._known.move_to_end(key)
        if len(self._known) > self._limits.origins:
            self._known.popitem(last=False)
        return origin

    def _new(self) -> Origin:
        limits = self._limits
        breaker = CircuitBreaker(limits.failures, limits.rest_seconds, self._clock)
        return Origin(breaker, anyio.Semaphore(limits.connections))
