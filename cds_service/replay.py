"""
Which tokens were used already: each may be used once, so that a stolen one is worth nothing.

The memory is this process's own: with several worker processes a token may be used once in each.
It is bounded; when it is full, what expires soonest is forgotten first.
"""

from __future__ import annotations

import hashlib
import heapq
import logging

_LOG = logging.getLogger(__name__)


class UsedTokens:
    """Remembers tokens until they expire, as digests: nothing of them can be read back."""

    def __init__(self, *, limit: int = 100_000) -> None:
        """limit: tokens held at once; 100,000 take about 25 MB."""
        self._limit = limit
        self._known: set[bytes] = set()
        self._by_expiry: list[tuple[float, bytes]] = []
        self._overflowed = False

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._known)

    def is_first_use(self, issuer: str, token_id: str, *, until: float, now: float) -> bool:
        """Take note of a token; False when it was used before. until, now: seconds of the same clock."""
        self._forget(now)
        digest = hashlib.blake2b(f"{issuer}\0{token_id}".encode(), digest_size=16).digest()
        if digest in self._known:
            return False
        if len(self._known) >= self._limit:
            self._make_room()
        self._known.add(digest)
        heapq.heappush(self._by_expiry, (until, digest))
        return True

    def _forget(self, now: float) -> None:
        while self._by_expiry and self._by_expiry[0][0] <= now:
            self._pop()

    def _make_room(self) -> None:
        if not self._overflowed:
            _LOG.warning("more than %d tokens are in use: the oldest could be used again", self._limit)
        self._overflowed = True
        self._pop()

    def _pop(self) -> None:
        _, digest = heapq.heappop(self._by_expiry)
        self._known.remove(digest)
