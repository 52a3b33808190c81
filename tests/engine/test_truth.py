"""Three-valued truth: its tables in full, and that it cannot be mistaken for a bool."""

from __future__ import annotations

import pytest

from cds_service.truth import Truth

NO, UNKNOWN, YES = Truth


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (NO, NO, NO, NO),
        (NO, UNKNOWN, NO, UNKNOWN),
        (NO, YES, NO, YES),
        (UNKNOWN, NO, NO, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, YES, UNKNOWN, YES),
        (YES, NO, NO, YES),
        (YES, UNKNOWN, UNKNOWN, YES),
        (YES, YES, YES, YES),
    ],
)
def test_and_is_the_lower_and_or_the_higher(left: Truth, right: Truth, both: Truth, either: Truth) -> None:
    """The full tables of `&` and `|`."""
    assert left & right is both
    assert left | right is either


@pytest.mark.parametrize(("truth", "mirror"), [(NO, YES), (UNKNOWN, UNKNOWN), (YES, NO)])
def test_not_mirrors_and_keeps_unknown(truth: Truth, mirror: Truth) -> None:
    """The full table of `~`."""
    assert ~truth is mirror


@pytest.mark.parametrize("truth", list(Truth))
def test_a_truth_cannot_be_used_as_a_condition(truth: Truth) -> None:
    """`if truth:` would read UNKNOWN as an answer, so it raises and says what to write."""
    with pytest.raises(TypeError, match="compare it"):
        bool(truth)


def test_a_known_fact_is_yes_or_no() -> None:
    """`Truth.of` never gives UNKNOWN."""
    assert Truth.of(fact=True) is YES
    assert Truth.of(fact=False) is NO
