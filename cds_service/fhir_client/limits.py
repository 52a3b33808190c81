"""How much one call may read, and how hard it may press on a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What is more than this is left unread, and said to be.

    page_bytes: of one answer, decompressed. call_bytes: of all answers together. pages, entries:
    of one need. medications: drugs that are looked up for one need, or for the drafts.
    connections: requests under way to one server. origins: servers that are remembered.
    failures: so many in a row let a server rest for rest_seconds. pause_seconds: before the one
    retry, when the server named no time.
    """

    page_bytes: int = 4 * 1024 * 1024
    call_bytes: int = 16 * 1024 * 1024
    pages: int = 20
    entries: int = 5000
    medications: int = 100
    connections: int = 32
    origins: int = 64
    failures: int = 20
    rest_seconds: float = 10.0
    pause_seconds: float = 0.1
