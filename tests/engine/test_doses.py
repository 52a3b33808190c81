"""Arithmetic of prescriptions: durations, supplies, milligrams a day, and when there is no answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cds_service.doses import daily_mg, in_days, single_mg, supply_days
from cds_service.fhir import MedicationRequest, Quantity
from cds_service.terminology import Strength

APAP, OXY = "161", "1"
COMBINED = (Strength(APAP, 325, "MG"), Strength(OXY, 5, "MG"))
SINGLE = (Strength(APAP, 500, "MG"),)
DAILY = {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}


def _request(**members: object) -> MedicationRequest:
    return msgspec.convert({"resourceType": "MedicationRequest", **members}, MedicationRequest)


def _instruction(
    dose: float, unit: str, timing: dict[str, Any] | None = DAILY, **members: object
) -> dict[str, Any]:
    rate = [{"doseQuantity": {"value": dose, "unit": unit}}]
    return {"doseAndRate": rate, **({"timing": timing} if timing else {}), **members}


def _taken(*instructions: dict[str, Any]) -> MedicationRequest:
    return _request(dosageInstruction=list(instructions))


@pytest.mark.parametrize(
    ("quantity", "days"),
    [
        (Quantity(value=7, code="d"), 7),
        (Quantity(value=2, unit="Weeks"), 14),
        (Quantity(value=1, unit="month"), 30),
        (Quantity(value=48, unit="hours"), 2),
        (Quantity(value=7), None),
        (Quantity(value=7, unit="fortnights"), None),
        (Quantity(unit="d"), None),
        (None, None),
    ],
)
def test_a_duration_needs_a_number_and_a_known_unit(quantity: Quantity | None, days: float | None) -> None:
    """Anything else is not known, and no guess."""
    assert in_days(quantity) == (None if days is None else pytest.approx(days))


@pytest.mark.parametrize(
    ("dispense", "days"),
    [
        ({"expectedSupplyDuration": {"value": 7, "code": "d"}}, 7),
        ({"expectedSupplyDuration": {"value": 7, "code": "d"}, "numberOfRepeatsAllowed": 2}, 21),
        ({"expectedSupplyDuration": {"value": 7, "code": "d"}, "numberOfRepeatsAllowed": -1}, 7),
        ({"numberOfRepeatsAllowed": 2}, None),
        (None, None),
    ],
)
def test_refills_multiply_the_supply(dispense: dict[str, Any] | None, days: float | None) -> None:
    """Guideline 10.6: duration times one plus refills; without a duration nothing is known."""
    assert supply_days(_request(dispenseRequest=dispense)) == days


@pytest.mark.parametrize(
    ("dosage", "milligrams"),
    [
        (_instruction(500, "mg"), 2000),
        (_instruction(0.5, "g"), 2000),
        (_instruction(2, "tablets"), 4000),
        (_instruction(2, ""), 4000),
        (
            _instruction(
                1, "tablet", {"repeat": {"frequencyMax": 6, "frequency": 4, "period": 1, "periodUnit": "d"}}
            ),
            3000,
        ),
        (_instruction(1, "tablet", {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}), 2000),
        ({"doseAndRate": [{"doseRange": {"high": {"value": 2, "unit": "tablet"}}}], "timing": DAILY}, 4000),
        (
            _instruction(
                2,
                "tablet",
                maxDosePerPeriod={
                    "numerator": {"value": 3, "unit": "g"},
                    "denominator": {"value": 1, "unit": "d"},
                },
            ),
            3000,
        ),
        (
            _instruction(
                1,
                "tablet",
                maxDosePerPeriod={
                    "numerator": {"value": 3, "unit": "g"},
                    "denominator": {"value": 1, "unit": "d"},
                },
            ),
            2000,
        ),
        (
            {
                "maxDosePerPeriod": {
                    "numerator": {"value": 3, "unit": "g"},
                    "denominator": {"value": 24, "unit": "h"},
                }
            },
            3000,
        ),
    ],
)
def test_an_instruction_gives_the_most_it_allows_in_a_day(dosage: dict[str, Any], milligrams: float) -> None:
    """High ends of ranges and frequencies count; a daily maximum caps them, and is enough by itself."""
    assert daily_mg(_taken(dosage), APAP, SINGLE) == pytest.approx(milligrams)


@pytest.mark.parametrize(
    "dosage",
    [
        {"text": "take as told"},
        _instruction(2, "tablet", None),
        _instruction(2, "tablet", {}),
        _instruction(2, "tablet", {"repeat": {"frequency": 2}}),
        _instruction(2, "tablet", {"repeat": {"period": 1, "periodUnit": "d"}}),
        _instruction(2, "tablet", {"repeat": {"frequency": 2, "period": 1}}),
        _instruction(2, "spoons"),
        _instruction(5, "mL"),
        {"doseAndRate": [{}], "timing": DAILY},
        {"doseAndRate": [{"doseQuantity": {"unit": "mg"}}], "timing": DAILY},
        {"doseAndRate": [{"doseQuantity": {"value": 1}}, {"doseQuantity": {"value": 2}}], "timing": DAILY},
        {"maxDosePerPeriod": {"numerator": {"value": 3, "unit": "g"}}},
    ],
)
def test_a_missing_number_makes_a_dose_not_computable(dosage: dict[str, Any]) -> None:
    """Text, no timing, no unit of the product, several doses in one: all unknown."""
    assert daily_mg(_taken(dosage), APAP, SINGLE) is None


def test_an_order_without_instructions_is_not_computable() -> None:
    """No instruction is not a dose of zero."""
    assert daily_mg(_request(), APAP, SINGLE) is None


def test_instructions_add_up_unless_their_sequence_differs() -> None:
    """Together taken ones are summed; of those one after the other the largest counts."""
    one, two = _instruction(1, "tablet"), _instruction(2, "tablet")

    assert daily_mg(_taken(one, two), APAP, SINGLE) == pytest.approx(6000)
    assert daily_mg(_taken({**one, "sequence": 1}, {**two, "sequence": 2}), APAP, SINGLE) == pytest.approx(
        4000
    )


def test_one_unknown_instruction_makes_the_whole_unknown() -> None:
    """A sum of which a part is missing is no sum."""
    assert daily_mg(_taken(_instruction(1, "tablet"), {"text": "more if needed"}), APAP, SINGLE) is None


@pytest.mark.parametrize(
    ("dose", "unit", "ingredient", "strengths", "milligrams"),
    [
        (1, "tablet", APAP, COMBINED, 1300),
        (650, "mg", APAP, COMBINED, 2600),
        (10, "mg", APAP, COMBINED, 2600),
        (5, "mg", OXY, COMBINED, 20),
        (650, "mg", OXY, COMBINED, 40),
        (7, "mg", APAP, COMBINED, None),
        (325, "mg", APAP, (Strength(APAP, 325, "MG"), Strength(OXY, 325, "MG")), 1300),
        (10, "mg", APAP, (*COMBINED, Strength("2", 10, "MG")), None),
        (10, "mg", APAP, (Strength(APAP, 20, "MG/ML"), Strength(OXY, 5, "MG")), None),
        (1, "tablet", APAP, (), None),
        (500, "mg", APAP, (), 2000),
    ],
)
def test_milligrams_of_a_combination_are_counted_in_tablets(
    dose: float, unit: str, ingredient: str, strengths: tuple[Strength, ...], milligrams: float | None
) -> None:
    """Guideline 10.6: n tablets when n fits one ingredient, the asked one first; else not computable."""
    found = daily_mg(_taken(_instruction(dose, unit)), ingredient, strengths)

    assert found == (None if milligrams is None else pytest.approx(milligrams))


def test_what_is_taken_at_once_is_told_per_instruction() -> None:
    """In the order of the instructions, None where a number is missing; how often does not matter."""
    request = _taken(_instruction(2, "tablet", timing=None), {"text": "as told"}, _instruction(325, "mg"))

    assert single_mg(request, APAP, SINGLE) == (1000, None, 325)
    assert single_mg(_request(), APAP, SINGLE) == ()
