"""Conservative care on record: the kinds of therapy ordered or given in the last year (10.2, trial)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import any_of, at_least, days, recorded, requested, within
from hooks.low_back_pain.definitions import (
    ACUPUNCTURE,
    HEAT_THERAPY,
    MANUAL_THERAPY,
    MIND_BODY_THERAPY,
    PHYSIOTHERAPY,
    PROCEDURES,
    SELF_CARE_EDUCATION,
    SERVICE_REQUESTS,
)

if TYPE_CHECKING:
    from cds_service import Criterion, ValueSet

_ORDERED = frozenset({"active", "on-hold", "completed", "unknown"})
_BEGUN = frozenset({"completed", "in-progress", "stopped", "on-hold", "unknown"})
_THIS_YEAR = within(days(365))


def therapy_tried(*kinds: ValueSet, label: str, named: str = "a therapy") -> Criterion:
    """Ask for a therapy of these kinds, ordered or given in the last year; care elsewhere is invisible."""
    return any_of(
        requested(
            SERVICE_REQUESTS,
            *kinds,
            status=_ORDERED,
            where=_THIS_YEAR,
            label=f"{named} ordered in the last year",
        ),
        recorded(PROCEDURES, *kinds, label=f"{named} given", status=_BEGUN, where=_THIS_YEAR),
        label=label,
    )


_KINDS = {
    "physiotherapy or exercise": PHYSIOTHERAPY,
    "manual therapy": MANUAL_THERAPY,
    "acupuncture": ACUPUNCTURE,
    "mind-body therapy": MIND_BODY_THERAPY,
    "heat therapy": HEAT_THERAPY,
    "self-care education": SELF_CARE_EDUCATION,
}
THERAPY_TRIED = therapy_tried(*_KINDS.values(), label="first-line therapy tried")
SEVERAL_THERAPIES_TRIED = at_least(
    2,
    *(therapy_tried(kind, label=name, named=name) for name, kind in _KINDS.items()),
    label="two or more kinds of therapy tried",
)
