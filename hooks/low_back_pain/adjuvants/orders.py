"""
Adjuvants that are being ordered: what they are for, whether the patient takes them already, what may go.

An order that goes on with a benzodiazepine, gabapentinoid, corticosteroid or the like is never
offered for removal: stopping one of these at once is a hazard of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import (
    Advice,
    all_of,
    any_of,
    days,
    none_of,
    order_is,
    ordered_for,
    recorded,
    remove_order,
    selected,
    taking,
    used_lately,
)
from hooks.low_back_pain.definitions import (
    ALTERNATIVE_CONTRAINDICATED,
    BENZODIAZEPINE,
    CONDITIONS,
    CORTICOSTEROID,
    CORTICOSTEROID_INJECTION,
    CYCLOBENZAPRINE,
    DULOXETINE,
    FOR_OTHER_INDICATION,
    GABAPENTINOID,
    LUMBAR_RADICULOPATHY,
    MEDICATIONS,
    MUSCLE_RELAXANT,
    OPIOID,
    OPIOID_FOR_OUD,
    ORDERED_FOR_BACK_PAIN,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    RELAXANT_FOR_SPASTICITY,
    SEDATIVE_OTHER,
    SPECIALIST_REQUEST,
)
from hooks.low_back_pain.long_use import used_for_long
from hooks.low_back_pain.opioids.history import REMOVAL_ALLOWED
from hooks.low_back_pain.red_flags.gate import LONG_TERM_STEROIDS

if TYPE_CHECKING:
    from cds_service import Criterion, Indicator, Line, Suggest, ValueSet

CYCLOBENZAPRINE_INGREDIENT = "21949"
RELAXANT = selected(MUSCLE_RELAXANT, label="a muscle relaxant is ordered")
CYCLOBENZAPRINE_ORDER = selected(CYCLOBENZAPRINE, label="cyclobenzaprine is ordered")
BENZODIAZEPINE_ORDER = selected(BENZODIAZEPINE, label="a benzodiazepine is ordered")
STEROID = selected(CORTICOSTEROID, CORTICOSTEROID_INJECTION, label="a corticosteroid is ordered")
GABAPENTINOID_ORDER = selected(GABAPENTINOID, label="a gabapentinoid is ordered")
DULOXETINE_ORDER = selected(DULOXETINE, label="duloxetine is ordered")
SEDATIVE = selected(
    BENZODIAZEPINE, GABAPENTINOID, MUSCLE_RELAXANT, SEDATIVE_OTHER, label="a sedating medicine is ordered"
)
ANY = selected(
    BENZODIAZEPINE,
    GABAPENTINOID,
    MUSCLE_RELAXANT,
    CORTICOSTEROID,
    CORTICOSTEROID_INJECTION,
    DULOXETINE,
    label="an adjuvant is ordered",
)

RADICULOPATHY = any_of(
    recorded(CONDITIONS, LUMBAR_RADICULOPATHY, label="radiculopathy"),
    ordered_for(CONDITIONS, LUMBAR_RADICULOPATHY, label="radiculopathy as the order's reason"),
    label="radiculopathy",
)
LONG_BENZODIAZEPINE = any_of(
    *used_for_long(BENZODIAZEPINE, "a", "benzodiazepine", statements=True), label="a benzodiazepine for long"
)
LONG_GABAPENTINOID = any_of(
    *used_for_long(GABAPENTINOID, "a", "gabapentinoid", statements=True), label="a gabapentinoid for long"
)


def otherwise_indicated(value_set: ValueSet, label: str) -> Criterion:
    """Return that another reason for the medicine is on record, and the order does not say back pain."""
    return all_of(
        recorded(CONDITIONS, value_set, label=label),
        none_of(ORDERED_FOR_BACK_PAIN),
        label=f"{label}, and back pain not given as the order's reason",
    )


def _goes_on(value_set: ValueSet, name: str) -> Criterion:
    return all_of(
        order_is(value_set, label=f"{name} is ordered"),
        any_of(
            taking(MEDICATIONS, value_set, drafts=False, label=name),
            used_lately(MEDICATIONS, value_set, within=days(90), label=f"{name} in the last 90 days"),
        ),
        label=f"more of {name}",
    )


_GOES_ON = any_of(
    _goes_on(BENZODIAZEPINE, "a benzodiazepine"),
    _goes_on(GABAPENTINOID, "a gabapentinoid"),
    _goes_on(SEDATIVE_OTHER, "another sedative"),
    _goes_on(RELAXANT_FOR_SPASTICITY, "baclofen, dantrolene or tizanidine"),
    _goes_on(CORTICOSTEROID, "a corticosteroid"),
    all_of(
        order_is(CORTICOSTEROID, CORTICOSTEROID_INJECTION, label="a corticosteroid is ordered"),
        LONG_TERM_STEROIDS,
        label="more of a long-term corticosteroid",
    ),
    label="a medicine that is not stopped at once",
)
_MAY_GO = all_of(
    none_of(_GOES_ON),
    any_of(none_of(order_is(OPIOID, OPIOID_FOR_OUD, label="an opioid is ordered")), REMOVAL_ALLOWED),
    label="an order that may be removed",
)
remove = partial(remove_order, when=_MAY_GO)
"""Suggest deleting the judged draft, except where that would stop a medicine at once."""

_REASONS = (
    SPECIALIST_REQUEST,
    FOR_OTHER_INDICATION,
    ALTERNATIVE_CONTRAINDICATED,
    PATIENT_PREFERENCE,
    OTHER_REASON,
)


def appropriateness(
    indicator: Indicator, summary: str, *lines: Line, suggestions: tuple[Suggest, ...] = ()
) -> Advice:
    """Return advice on whether the medicine fits; who orders it may say why it does."""
    return Advice(indicator, summary, lines, suggestions=suggestions, override_reasons=_REASONS)
