"""
Kidney function as the chart tells it (SAFE-12, SAFE-16): severely reduced, reduced, stale, not recorded.

An eGFR counts for 365 days, or 90 when the kidney may change fast; an older one is only named.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import aged, all_of, any_of, days, measured, no_newer_value, none_of, recorded, taking
from hooks.low_back_pain.definitions import (
    CKD_ANY,
    CKD_SEVERE,
    CONDITIONS,
    DIABETES,
    DIURETIC,
    EGFR,
    HYPERTENSION,
    KIDNEY_OBS,
    MEDICATIONS,
    PATIENT,
    RAS_INHIBITOR,
)

if TYPE_CHECKING:
    from cds_service import Criterion

_UNIT = "mL/min/{1.73_m2}"
_latest = partial(measured, KIDNEY_OBS, EGFR, unit=_UNIT)

AGED_65 = aged(PATIENT, at_least=65, cautious=True, label="age 65 or more")
AGED_75 = aged(PATIENT, at_least=75, cautious=True, label="age 75 or more")
TAKES_RAS_INHIBITOR = taking(MEDICATIONS, RAS_INHIBITOR, label="an ACE inhibitor, ARB or renin inhibitor")
TAKES_DIURETIC = taking(MEDICATIONS, DIURETIC, label="a diuretic")
HYPERTENSIVE = recorded(CONDITIONS, HYPERTENSION, label="hypertension")
KIDNEY_DISEASE = recorded(CONDITIONS, CKD_ANY, label="kidney disease")

_CHANGES_FAST = any_of(
    KIDNEY_DISEASE, AGED_75, TAKES_DIURETIC, TAKES_RAS_INHIBITOR, label="a kidney that may change fast"
)


def _usable(label: str, *, at_least: float | None = None, below: float | None = None) -> Criterion:
    """Return the criterion that the latest eGFR is in range, and recent enough for this patient."""
    in_range = partial(_latest, at_least=at_least, below=below)
    in_90_days = in_range(within=days(90), label=f"{label}, of the last 90 days")
    in_a_year = all_of(
        none_of(_CHANGES_FAST), in_range(within=days(365), label=f"{label}, of the last 365 days")
    )
    return any_of(in_90_days, in_a_year, label=label)


USABLE_EGFR = _usable("an eGFR that is recent enough")
_EGFR_60 = _usable("an eGFR of 60 or more", at_least=60)

KIDNEY_SEVERE = any_of(
    recorded(CONDITIONS, CKD_SEVERE, label="severe kidney disease"),
    _usable("an eGFR below 30", below=30),
    label="severely reduced kidney function",
)
KIDNEY_REDUCED = any_of(
    _usable("an eGFR of 30 to 59", at_least=30, below=60),
    recorded(
        CONDITIONS,
        CKD_ANY,
        label="kidney disease",
        where=no_newer_value(KIDNEY_OBS, EGFR, unit=_UNIT, at_least=60, within=days(90)),
    ),
    label="reduced kidney function",
)
LAST_EGFR_BELOW_30 = _latest(below=30, label="an eGFR below 30, the latest on record")
LAST_EGFR_30_TO_59 = _latest(at_least=30, below=60, label="an eGFR of 30 to 59, the latest on record")
LAST_EGFR_BELOW_60 = _latest(below=60, label="an eGFR below 60, the latest on record")
KIDNEY_REDUCED_BY_ANY_RESULT = any_of(
    KIDNEY_SEVERE, KIDNEY_REDUCED, LAST_EGFR_BELOW_60, label="reduced kidney function by any result"
)

# NSD-06: who needs an eGFR before an NSAID is ordered
EGFR_NEEDED = any_of(AGED_65, TAKES_DIURETIC, TAKES_RAS_INHIBITOR, label="a reason to know the eGFR")
EGFR_MISSING = all_of(
    EGFR_NEEDED,
    none_of(USABLE_EGFR, LAST_EGFR_BELOW_60, label="no eGFR that tells"),
    none_of(KIDNEY_DISEASE, label="no kidney disease on record"),
    label="no usable eGFR although one is needed",
)
# SAFE-47: with any of these an NSAID is offered only after a recent eGFR of 60 or more
KIDNEY_UNPROVEN = all_of(
    any_of(
        EGFR_NEEDED,
        KIDNEY_DISEASE,
        HYPERTENSIVE,
        recorded(CONDITIONS, DIABETES, label="diabetes"),
        label="a risk to the kidney",
    ),
    none_of(_EGFR_60, label="no recent eGFR of 60 or more"),
    label="a risk to the kidney without a recent eGFR of 60 or more",
)
