"""Where requests go: queries below one FHIR base, and which next links and references stay below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

import httpx2

from cds_service.base_url import base_url, place_of

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.base_url import BaseUrl

_PLAIN = re.compile(r"[\x21-\x7e]+")
_MEDICATION = re.compile(r"Medication/((?!\.+$)[A-Za-z0-9.-]{1,64})", re.ASCII)


_RESERVED = ":/?#[]@!$&'()*+,;=%"


class FhirBase:
    """The FHIR base of one request."""

    def __init__(self, place: BaseUrl) -> None:
        """Take the base URL as parsed: what is sent is what was compared."""
        self.place = place
        self._root = f"{place}/"

    @classmethod
    def of(cls, server: str) -> FhirBase | None:
        """Return the base of a server; None when its URL cannot be used."""
        place = base_url(server)
        return cls(place) if place else None

    def query(self, need: Need, patient_id: str) -> httpx2.URL:
        """Return the URL that asks for a need."""
        return self.below(need.template.replace("{{context.patientId}}", quote(patient_id, safe="")))

    def below(self, path: str) -> httpx2.URL:
        """Return the URL of a path and query below the base."""
        return _url(self._root + path)

    def next_page(self, link: str, page: httpx2.URL | None) -> httpx2.URL | None:
        """
        Return where a next link of a page leads; None when it leads away from this base.

        page: where the page came from, None when it came with the request.
        """
        if not _PLAIN.fullmatch(link):
            return None
        try:
            target = urljoin(str(page) if page else self._root, link)
            place = place_of(target)
            return _url(target) if place and self.place.covers(place) else None
        except (ValueError, httpx2.InvalidURL):  # brackets and ports that no parser takes
            return None

    def medication_id(self, reference: str) -> str:
        """Return the id of the Medication that a reference names on this server; "" when it names none."""
        path = reference.split("/_history/", maxsplit=1)[0]
        place = base_url(path)
        if place and self.place.covers(place):
            path = "/".join(place.segments[len(self.place.segments) :])
        match = _MEDICATION.fullmatch(path)
        return match[1] if match else ""


def _url(text: str) -> httpx2.URL:
    """Return the URL with everything escaped that RFC 3986 does not allow: some servers refuse a bare bar."""
    return httpx2.URL(quote(text, safe=_RESERVED))
