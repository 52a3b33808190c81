"""Looks up the Medications that orders and statements refer to: those do not say which drug it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from cds_service.fhir import Medication, read
from cds_service.prefetch import medication_named, medication_references

from .exchange import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Collection

    from .address import FhirBase
    from .exchange import Exchange
    from .pages import Progress


async def look_up(
    references: Collection[str], exchange: Exchange, base: FhirBase, most: int, found: list[Medication]
) -> None:
    """
    Read the Medications that references name, at most so many, and put each into `found` as it comes.

    Left out: what is on another server, which is never asked, and what cannot be read.
    """
    ids = dict.fromkeys(filter(None, (base.medication_id(reference) for reference in references)))

    async def one(medication_id: str) -> None:
        try:
            reading = read(await exchange.get(base.below(f"Medication/{medication_id}")))
        except NoAnswerError:
            return
        found.extend(
            item for item in reading.resources if isinstance(item, Medication) and item.id == medication_id
        )

    async with anyio.create_task_group() as group:
        for medication_id in list(ids)[:most]:
            group.start_soon(one, medication_id)


async def look_up_for(progress: Progress, exchange: Exchange, base: FhirBase, most: int) -> None:
    """Look up what the orders of a need refer to and what did not come along with them."""
    answer = progress.read_so_far()
    bundled = {item.id for item in answer.resources if isinstance(item, Medication)}
    progress.referenced = {
        reference: base.medication_id(reference)
        for reference in medication_references(answer)
        if medication_named(reference) not in bundled
    }
    await look_up(progress.referenced, exchange, base, most, progress.medications)
