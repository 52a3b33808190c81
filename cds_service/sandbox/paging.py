"""Search results as searchset Bundles, cut into pages that opaque tokens continue."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlencode

from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.resource_types import Resource
from cds_service.sandbox.search import SearchResult

PAGE_PARAMETER = "_page"

# So many unread pages are remembered; the oldest are forgotten first, as a busy EHR would.
_REMEMBERED = 1000


@dataclass(frozen=True)
class _Page:
    resource_type: str
    result: SearchResult
    start: int
    size: int


class Paging:
    """
    Makes pages of at most `cap` matches and remembers where each next one begins.

    A page shows the store as it was at the time of the search, so pages neither overlap nor miss.
    """

    def __init__(self, cap: int) -> None:
        """Remember nothing yet. ValueError if `cap` is not positive."""
        if cap < 1:
            message = "a page must hold at least one match"
            raise ValueError(message)
        self._cap = cap
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    def first(self, resource_type: str, result: SearchResult, base: str) -> Resource:
        """Return the first page; a `_count` above the cap is lowered, also in the self link."""
        size = self._cap if result.count is None else min(result.count, self._cap)
        asked = [(name, value) for name, value in result.understood if name != "_count"]
        shown = asked if result.count is None else [*asked, ("_count", str(size))]
        query = f"?{urlencode(shown)}" if shown else ""
        page = _Page(resource_type, result, 0, size)
        return self._searchset(page, base, f"{base}/{resource_type}{query}")

    def page(self, resource_type: str, token: str, base: str) -> Resource:
        """Return the page that a next link pointed at. Raises FhirError 410 if the token is not known."""
        page = self._pages.get(token)
        if page is None or page.resource_type != resource_type:
            raise FhirError(410, Issue("not-found", "This page is no longer known; repeat the search."))
        return self._searchset(page, base, self._link(page, token, base))

    def _searchset(self, page: _Page, base: str, address: str) -> Resource:
        part = page.result.page(page.start, page.size)
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": page.result.total,
            "link": [{"relation": "self", "url": address}, *self._next(page, base)],
        }
        entries = [_entry(resource, base, "match") for resource in part.matches]
        entries += [_entry(resource, base, "include") for resource in part.included]
        return {**bundle, "entry": entries} if entries else bundle  # FHIR has no empty arrays

    def _next(self, page: _Page, base: str) -> list[Resource]:
        start = page.start + page.size
        if page.size == 0 or start >= page.result.total:
            return []
        following = _Page(page.resource_type, page.result, start, page.size)
        return [{"relation": "next", "url": self._link(following, self._remember(following), base)}]

    def _remember(self, page: _Page) -> str:
        token = secrets.token_urlsafe(16)
        self._pages[token] = page
        if len(self._pages) > _REMEMBERED:
            self._pages.popitem(last=False)
        return token

    @staticmethod
    def _link(page: _Page, token: str, base: str) -> str:
        return f"{base}/{page.resource_type}?{PAGE_PARAMETER}={token}"


def _entry(resource: Resource, base: str, mode: str) -> Resource:
    return {
        "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
        "resource": resource,
        "search": {"mode": mode},
    }
