"""Units: what converts into what, and that a unit that is not known gives no value."""

from __future__ import annotations

import pytest

from cds_service.fhir import Quantity, in_unit

EGFR = "mL/min/{1.73_m2}"


@pytest.mark.parametrize(
    ("value", "written", "unit", "expected"),
    [
        (38.0, "Cel", "Cel", 38.0),
        (38.0, "°C", "Cel", 38.0),
        (100.4, "[degF]", "Cel", 38.0),
        (100.3, "degF", "Cel", 37.94),
        (59, "mL/min/1.73m2", EGFR, 59),
        (59, "mL/min", EGFR, 59),
        (70, "mm", "{score}", 7),
        (7, "", "{score}", 7),
        (17, "{score}", "{points}", 17),
        (25.1, "kg/m2", "kg/m2", 25.1),
        (25.1, "kg/m²", "kg/m2", 25.1),
        (0.5, "g", "mg", 500),
        (500, "mcg", "mg", 0.5),
    ],
)
def test_known_units_convert(value: float, written: str, unit: str, expected: float) -> None:
    """Spellings that EHRs use are understood; thresholds are not missed by a rounding error."""
    assert in_unit(Quantity(value=value, unit=written), unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    "quantity",
    [
        None,
        Quantity(unit="Cel"),
        Quantity(value=38),
        Quantity(value=38, unit="warm"),
        Quantity(value=38, unit="mg"),
    ],
)
def test_a_number_without_a_fitting_unit_says_nothing(quantity: Quantity | None) -> None:
    """Missing and foreign units are no value, never a guess."""
    assert in_unit(quantity, "Cel") is None


def test_the_ucum_code_is_trusted_before_the_words() -> None:
    """`code` is what the sender's system means; `unit` is for people."""
    assert in_unit(Quantity(value=98.6, unit="Cel", code="[degF]"), "Cel") == pytest.approx(37)
