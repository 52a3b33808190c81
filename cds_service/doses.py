"""Arithmetic of prescriptions: how much of an ingredient a day, for how many days (guideline.md 10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fhir import in_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .fhir import Dosage, MedicationRequest, MedicationStatement, Quantity
    from .terminology import Strength

_DAYS_IN = {"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0}
_DAY_SPELLINGS = {
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "hour": "h",
    "hours": "h",
}
_UNITS_OF_PRODUCT = frozenset(
    {
        "{tbl}",
        "{tablet}",
        "{capsule}",
        "{cap}",
        "tablet",
        "tablets",
        "tab",
        "tabs",
        "tbl",
        "capsule",
        "capsules",
        "cap",
        "caps",
        "1",
        "",
    }
)
_MULTIPLES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


def in_days(quantity: Quantity | None) -> float | None:
    """Return a duration in days; None when it has no value or an unknown unit."""
    if quantity is None or quantity.value is None:
        return None
    unit = (quantity.code or quantity.unit or "").strip().lower()
    factor = _DAYS_IN.get(_DAY_SPELLINGS.get(unit, unit))
    return quantity.value * factor if factor else None


def supply_days(request: MedicationRequest) -> float | None:
    """Return how many days the order supplies, refills included; None when it does not say."""
    dispense = request.dispense_request
    once = in_days(dispense.expected_supply_duration) if dispense else None
    if dispense is None or once is None:
        return None
    return once * (1 + max(dispense.number_of_repeats_allowed or 0, 0))


def daily_mg(
    request: MedicationRequest | MedicationStatement, ingredient: str, strengths: Sequence[Strength]
) -> float | None:
    """
    Return the most milligrams of `ingredient` (an RxNorm code) that order or statement allows in a day.

    Instructions add up unless their `sequence` differs; then the largest counts. None when
    any needed number is missing: a text-only sig is not computable.
    """
    if not request.dosage_instruction:
        return None
    amounts = [_of_instruction(dosage, ingredient, strengths) for dosage in request.dosage_instruction]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return None
    sequences = {dosage.sequence for dosage in request.dosage_instruction}
    return max(known) if len(sequences) > 1 else sum(known)


def single_mg(
    request: MedicationRequest | MedicationStatement, ingredient: str, strengths: Sequence[Strength]
) -> tuple[float | None, ...]:
    """Return the most milligrams of `ingredient` at once, per instruction; None where not computable."""
    return tuple(_mg(_high(dosage), ingredient, strengths) for dosage in request.dosage_instruction)


def _of_instruction(dosage: Dosage, ingredient: str, strengths: Sequence[Strength]) -> float | None:
    dose = _high(dosage)
    times = _times_per_day(dosage)
    once = _mg(dose, ingredient, strengths)
    daily = None if once is None or times is None else once * times
    cap = _daily_cap(dosage, ingredient, strengths)
    if daily is None or cap is None:
        return daily if cap is None else cap
    return min(daily, cap)


def _high(dosage: Dosage) -> Quantity | None:
    """Return the dose, of a range its high end; several doses in one instruction are not computable."""
    if len(dosage.dose_and_rate) != 1:
        return None
    rate = dosage.dose_and_rate[0]
    return rate.dose_quantity or (rate.dose_range.high if rate.dose_range else None)


def _times_per_day(dosage: Dosage) -> float | None:
    repeat = dosage.timing.repeat if dosage.timing else None
    if repeat is None or not repeat.period:
        return None
    frequency = repeat.frequency_max or repeat.frequency
    unit = _DAYS_IN.get(repeat.period_unit or "")
    if not frequency or not unit:
        return None
    return frequency / (repeat.period * unit)


def _daily_cap(dosage: Dosage, ingredient: str, strengths: Sequence[Strength]) -> float | None:
    limit = dosage.max_dose_per_period
    span = in_days(limit.denominator) if limit else None
    amount = _mg(limit.numerator, ingredient, strengths) if limit else None
    return amount / span if amount is not None and span else None


def _mg(dose: Quantity | None, ingredient: str, strengths: Sequence[Strength]) -> float | None:
    """
    Return the milligrams of one ingredient in a dose.

    A dose in tablets is multiplied by the strength per tablet. A dose in mg of a product
    with several ingredients is that of n tablets, when n in 0.5 ... 4 fits exactly one ingredient.
    """
    if dose is None or dose.value is None:
        return None
    own = [item.amount for item in strengths if item.ingredient == ingredient and item.unit == "MG"]
    milligrams = in_unit(dose, "mg")
    if milligrams is None:
        countable = (dose.code or dose.unit or "").strip().lower() in _UNITS_OF_PRODUCT
        return dose.value * own[0] if countable and own else None
    if len({item.ingredient for item in strengths}) <= 1:
        return milligrams
    count = _tablets(milligrams, ingredient, strengths)
    return count * own[0] if count is not None and own else None


def _tablets(milligrams: float, first: str, strengths: Iterable[Strength]) -> float | None:
    ordered = sorted(strengths, key=lambda item: item.ingredient != first)
    fits = [
        (item.ingredient, count)
        for item in ordered
        for count in _MULTIPLES
        if item.unit == "MG" and abs(milligrams - count * item.amount) < _SAME
    ]
    if not fits:
        return None
    if fits[0][0] == first:
        return fits[0][1]
    return fits[0][1] if len({ingredient for ingredient, _ in fits}) == 1 else None


_SAME = 1e-6
