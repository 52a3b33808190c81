"""The answer to discovery: every service, written once, with a tag that changes when any of it does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .catalogue import Entry

_TAG_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Discovery:
    """The body, and its strong entity tag, quotes included (RFC 9110, section 8.8.3)."""

    body: bytes
    etag: str


def discovery_of(entries: Iterable[Entry]) -> Discovery:
    """Return the services in this order; none gives an empty list. Equal entries give equal bytes."""
    body = msgspec.json.encode({"services": [entry.discovery for entry in entries]})
    return Discovery(body, f'"{hashlib.sha256(body).hexdigest()[:_TAG_LENGTH]}"')
