"""Unit conversion for the few measurements that rules read; a unit we do not know is no value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .structs import Quantity

_SPELLINGS = {
    "cel": "Cel",
    "c": "Cel",
    "°c": "Cel",
    "degc": "Cel",
    "[degf]": "[degF]",
    "f": "[degF]",
    "°f": "[degF]",
    "degf": "[degF]",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73 m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}",
    "ml/min/{1.73m2}": "mL/min/{1.73_m2}",
    "ml/min": "mL/min",
    "{score}": "{score}",
    "score": "{score}",
    "1": "{score}",
    "": "{score}",
    "kg/m2": "kg/m2",
    "kg/m^2": "kg/m2",
    "kg/m²": "kg/m2",
    "%": "%",
    "mm": "mm",
    "mg": "mg",
    "g": "g",
    "ug": "ug",
    "mcg": "ug",
}

_CONVERSIONS: dict[tuple[str, str], Callable[[float], float]] = {
    # Rounded, so that 100.4 degF is 38.0 Cel and not a hair below the threshold.
    ("[degF]", "Cel"): lambda value: round((value - 32) * 5 / 9, 2),
    ("mL/min", "mL/min/{1.73_m2}"): lambda value: value,
    ("mm", "{score}"): lambda value: value / 10,
    # Points of a questionnaire: not on the scale of 0 to 10 that {score} stands for.
    ("{score}", "{points}"): lambda value: value,
    ("g", "mg"): lambda value: value * 1000,
    ("ug", "mg"): lambda value: value / 1000,
}


def in_unit(quantity: Quantity | None, unit: str) -> float | None:
    """
    Return the quantity's value in the UCUM unit `unit`.

    None when there is no value, or its unit is missing (unless `unit` is a score) or
    cannot be converted: a number without its unit says nothing.
    """
    if quantity is None or quantity.value is None:
        return None
    written = (quantity.code or quantity.unit or "").strip().lower()
    given = _SPELLINGS.get(written)
    if given == unit:
        return quantity.value
    convert = _CONVERSIONS.get((given, unit)) if given else None
    return convert(quantity.value) if convert else None
