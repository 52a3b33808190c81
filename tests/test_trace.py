"""Every guideline row of the two groups is carried out by a rule and shown by a vignette."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.testing import rows_of
from hooks.low_back_pain import guideline

TABLES = Path(__file__).parent / "low_back_pain"
GROUPS = [
    *(f"IMG-{n:02}" for n in range(1, 11)),
    *(f"NSD-{n:02}" for n in (*range(1, 10), 11)),
    *(f"APA-{n:02}" for n in range(1, 4)),
    *(f"OPI-{n:02}" for n in range(1, 7)),
]
GATE = [f"RF-{n:02}" for n in (*range(1, 13), 15, 17)]
SHOWN = {row_id for path in TABLES.glob("*.md") for row in rows_of(path) for row_id in row.rows}
CARRIED_OUT = {row_id for service in guideline.services for rule in service.each_rule for row_id in rule.rows}


@pytest.mark.parametrize("row_id", [*GROUPS, *GATE])
def test_a_row_of_a_finished_group_or_the_gate_is_traced(row_id: str) -> None:
    """From the guideline's row to a rule, and to at least one patient that shows it."""
    assert row_id in CARRIED_OUT
    assert row_id in SHOWN


@pytest.mark.parametrize("row_id", sorted(CARRIED_OUT))
def test_what_a_rule_claims_is_shown(row_id: str) -> None:
    """A rule names no row that no vignette shows."""
    assert row_id in SHOWN
