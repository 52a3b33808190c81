"""A statement as a line of a card."""

from __future__ import annotations

import pytest

from cds_service.evidence import Statement


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (Statement("s", "S0", "Stay active."), "Stay active. (S0)"),
        (Statement("s", "S0", "Stay active.", grade="low"), "Stay active. Evidence: low. (S0)"),
        (
            Statement("s", "S0 S2", "Stay active.", grade="low", disagrees="S1 differs."),
            "Stay active. Evidence: low. (S0 S2) S1 differs.",
        ),
    ],
)
def test_a_statement_says_grade_source_and_disagreement(statement: Statement, line: str) -> None:
    """What is not given leaves no trace."""
    assert str(statement) == line
