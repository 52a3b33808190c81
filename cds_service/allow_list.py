"""
Which FHIR servers may be asked: a request names its server itself, so only known ones are ever called.

Servers are compared as parsed by `base_url`, never as text. Whatever does not parse is not allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base_url import base_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .base_url import BaseUrl


class AllowList:
    """FHIR servers by their base URLs; a server below a listed one is allowed too."""

    def __init__(self, servers: Iterable[str]) -> None:
        """Raise ValueError, which says which entry and what to write, when one is no usable base URL."""
        self._listed = tuple(_entry(number, server) for number, server in enumerate(servers, start=1))

    def allows(self, server: str) -> bool:
        """Whether this server may be asked."""
        wanted = base_url(server)
        return wanted is not None and wanted.confidential and self._lists(wanted)

    def _lists(self, wanted: BaseUrl) -> bool:
        return any(listed.covers(wanted) for listed in self._listed)


class _LoopbackOnly(AllowList):
    """Servers on this machine, whatever their port and path."""

    def __init__(self) -> None:
        super().__init__(())

    def _lists(self, wanted: BaseUrl) -> bool:
        return wanted.loopback


LOOPBACK: AllowList = _LoopbackOnly()
"""What is allowed when nobody wrote a list: a sandbox or a gateway on this machine."""


def _entry(number: int, server: str) -> BaseUrl:
    entry = base_url(server)
    if entry is None:
        raise ValueError(
            f"FHIR server {number} of the list: write an absolute URL of scheme, host and path, such as"
            " https://ehr.example.org/fhir, without user name, query, fragment or percent signs"
        )
    if not entry.confidential:
        raise ValueError(
            f"FHIR server {number} of the list: write https; http is for servers on this machine only"
        )
    return entry
