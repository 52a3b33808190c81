"""What one CDS client is offered: the services with its own codes, less what is switched off for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .discovery import discovery_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .catalogue import Catalogue, Entry
    from .clients import Client
    from .discovery import Discovery


@dataclass(frozen=True)
class Offer:
    """The services of one client by id, and how discovery lists them."""

    client: Client
    entries: Mapping[str, Entry]
    discovery: Discovery


def offer_to(client: Client, catalogue: Catalogue) -> Offer:
    """Return the offer; GuidelineError when the client's site codes cannot be read."""
    known = catalogue.with_site_codes(client.site_codes) if client.site_codes else catalogue
    entries = {name: entry for name, entry in known.entries.items() if entry.service.group not in client.off}
    return Offer(client, entries, discovery_of(entries.values()))
