"""
Reads what one need asks for, page by page, and keeps what was read so that it can be judged at any time.

A next link is followed once, and only below the server's own base. Where following ends early,
the last page still has its link, and prefetch.answer_of_pages makes a gap of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cds_service.answers import ABSENT, EMPTY, failed
from cds_service.fhir import read
from cds_service.prefetch import answer_of_pages, continues, is_read

from .exchange import LATE, UNREADABLE, NoAnswerError, NotOfferedError, NotThereError

if TYPE_CHECKING:
    import httpx2

    from cds_service.answers import Answer, Need
    from cds_service.fhir import Medication, Reading

    from .address import FhirBase
    from .exchange import Exchange
    from .limits import Limits


@dataclass(slots=True)
class Progress:
    """
    How far one need has come.

    pages: read so far, in order. known_empty: the server knows that there is no such resource.
    not_offered: a fallback that this server does not have. why: the reason for having no page.
    referenced: references of orders and statements on the pages to Medications that did not come
    along, each with the id to look up, "" when it is elsewhere. medications: those found so far.
    """

    need: Need
    patient_id: str
    pages: list[Reading] = field(default_factory=list)
    known_empty: bool = False
    not_offered: bool = False
    why: str = LATE
    referenced: dict[str, str] = field(default_factory=dict)
    medications: list[Medication] = field(default_factory=list)

    @property
    def entries(self) -> int:
        """How many entries were read."""
        return sum(_entries(page) for page in self.pages)

    def take(self, page: Reading, most: int) -> None:
        """Add a page, of it only what makes `most` entries; a total then tells that there are more."""
        before, here = self.entries, _entries(page)
        if before + here > most:
            total = max(page.total or 0, before + here)
            page = replace(
                page, resources=page.resources[: most - before], included=(), unreadable=(), total=total
            )
        self.pages.append(page)

    def read_so_far(self) -> Answer:
        """Return what the pages say, without the medications looked up."""
        if self.known_empty:
            return EMPTY
        if self.not_offered:
            return ABSENT
        if not self.pages:
            return failed(self.why)
        answer = answer_of_pages(self.need, self.pages, self.patient_id)
        return failed(UNREADABLE) if answer.absent else answer

    def answer(self) -> Answer:
        """Return all that is known; absent is only a fallback that the server does not offer."""
        answer = self.read_so_far()
        found = {item.id for item in self.medications}
        unknown = sum(wanted not in found for wanted in self.referenced.values())
        lost = f"{unknown} of {len(self.referenced)} medicines could not be looked up" if unknown else ""
        resources = (*answer.resources, *self.medications)
        return replace(answer, resources=resources, gap=answer.gap or lost)


def begun(need: Need, value: bytes | None, patient_id: str) -> Progress:
    """Return where a need starts: with the page that came with the request, or with nothing."""
    return Progress(need, patient_id, [] if value is None else [read(value)])


async def read_pages(progress: Progress, exchange: Exchange, base: FhirBase, limits: Limits) -> None:
    """Read the first page, unless it came with the request, and those that follow; never raises on data."""
    try:
        await _read_all(progress, exchange, base, limits)
    except NotOfferedError as error:
        nothing_yet = not progress.pages
        progress.known_empty = nothing_yet and isinstance(error, NotThereError) and is_read(progress.need)
        progress.not_offered = nothing_yet and progress.need.fallback
        progress.why = str(error)
    except NoAnswerError as error:
        progress.why = str(error)


async def _read_all(progress: Progress, exchange: Exchange, base: FhirBase, limits: Limits) -> None:
    at: httpx2.URL | None = None
    seen: set[httpx2.URL] = set()
    if not progress.pages:
        at = base.query(progress.need, progress.patient_id)
        seen.add(at)
        progress.take(read(await exchange.get(at)), limits.entries)
    if not continues(progress.need, progress.pages[0], progress.patient_id):
        return  # no answer to this need, so neither is what it links to
    while len(progress.pages) < limits.pages and progress.entries < limits.entries:
        link = progress.pages[-1].next_url
        at = base.next_page(link, at) if link else None
        if at is None or at in seen:
            return
        seen.add(at)
        page = read(await exchange.get(at))
        if not continues(progress.need, page, progress.patient_id):
            return
        progress.take(page, limits.entries)


def _entries(page: Reading) -> int:
    return len(page.resources) + len(page.included) + len(page.unreadable)
