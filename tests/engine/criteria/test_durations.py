"""Durations carry their unit, and none is empty."""

from __future__ import annotations

import pytest

from cds_service.criteria.durations import days, weeks


def test_a_duration_says_its_unit() -> None:
    """A threshold reads as it is meant, and weeks are seven days."""
    assert (days(10).count, str(days(10))) == (10, "10 days")
    assert (weeks(6).count, str(weeks(6))) == (42, "6 weeks")


@pytest.mark.parametrize("count", [0, -1])
def test_a_duration_is_positive(count: int) -> None:
    """Anything else is a slip of the author."""
    with pytest.raises(ValueError, match="must be positive"):
        weeks(count)
