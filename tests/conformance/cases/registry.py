"""The registry of edge cases: what sends each row of edge_cases.md, by the row's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Case = Callable[[House], Iterator[Answered]]

CASES: dict[str, Case] = {}


def case(row_id: str) -> Callable[[Case], Case]:
    """Register what sends a row; every answer that it yields must be the one that the row tells."""

    def register(sender: Case) -> Case:
        if row_id in CASES:
            message = f"{row_id} is sent by {CASES[row_id].__name__} already"
            raise ValueError(message)
        CASES[row_id] = sender
        return sender

    return register
