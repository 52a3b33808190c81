"""
Every edge case of edge_cases.md, over real sockets and under both HTTP implementations.

The table is the expectation, the cases in `cases/` only send: one row, one test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.conformance.cases import (  # noqa: F401 - importing registers the cases
    callers,
    contents,
    contexts,
    envelope,
    feedback_items,
    fhir_access,
    json_text,
    prefetch_values,
    routes,
)
from tests.conformance.cases.registry import CASES
from tests.conformance.phrases import problems
from tests.conformance.tables import cells_of

if TYPE_CHECKING:
    from tests.conformance.house import House

NUMBERS = range(1, 127)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `sent` and `note` are for people."""

    id: str
    sent: str
    answer: str
    note: str


def timed(row: Row) -> bool:
    """Whether an answer may say in other words what came first: the end of the time, or another failure."""
    return "within" in row.answer


ROWS = [Row(*cells) for cells in cells_of("edge_cases.md", "E-")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_edge_case_is_answered_as_the_table_tells(row: Row, houses: dict[str, House]) -> None:
    """Each answer of the case is the one of the row, and the same under h11 and httptools."""
    answers = {http: list(CASES[row.id](house)) for http, house in houses.items()}

    wrong = [
        f"{http} {number}: {problem}"
        for http, answered in answers.items()
        for number, answer in enumerate(answered, 1)
        for problem in problems(answer, row.answer, houses[http])
    ]
    first, second = (
        [(answer.status, answer.topics if timed(row) else answer.body) for answer in answered]
        for answered in answers.values()
    )
    assert wrong == []
    assert first == second
    assert first != []


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    """Rows without a case, and cases that no row tells about, are found; no id occurs twice."""
    ids = [row.id for row in ROWS]

    assert sorted(ids) == sorted(CASES)
    assert len(set(ids)) == len(ids)


def test_every_number_is_there() -> None:
    """E-01 to E-126, a letter behind it where one number has several answers."""
    numbers = {int(row.id[2:].rstrip("abcdefgh")) for row in ROWS}

    assert numbers == set(NUMBERS)
