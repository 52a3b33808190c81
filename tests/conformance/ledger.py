"""
The ledger of requirements: what CDS Hooks asks, and which tests name it.

One mechanism: a test names a requirement by writing its id, such as CARD-02, into its docstring.
It may stand anywhere under `tests/`, where the requirement is best proven.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tests.conformance.tables import FOLDER, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIXES = (
    "GEN",
    "DISC",
    "REQ",
    "PRE",
    "FA",
    "RSP",
    "CARD",
    "SUG",
    "ACT",
    "SYS",
    "LNK",
    "COD",
    "FB",
    "SEC",
    "JWT",
    "EXT",
    "HV",
)
_ID = re.compile(rf"\b(?:{'|'.join(PREFIXES)})-\d\d\b")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of requirements.md; `untested` says why no test can hold it, "" when one must."""

    id: str
    verb: str
    binds: str
    text: str
    untested: str

    @property
    def needs_test(self) -> bool:
        """Whether it binds us and has no reason to go without a test."""
        return self.binds != "C" and not self.untested


@cache
def requirements() -> dict[str, Requirement]:
    """Return the requirements by id, in the order of the file. ValueError when an id occurs twice."""
    rows = [Requirement(*cells) for prefix in PREFIXES for cells in cells_of("requirements.md", f"{prefix}-")]
    found = {row.id: row for row in rows}
    if len(found) < len(rows):
        message = "requirements.md: an id occurs twice"
        raise ValueError(message)
    return found


@cache
def named_by_tests() -> dict[str, tuple[str, ...]]:
    """Return the tests, as `file::name`, that name each requirement in their docstring."""
    named: dict[str, list[str]] = defaultdict(list)
    for file in sorted(FOLDER.parent.rglob("test_*.py")):
        for test, docstring in _tests(file):
            for requirement_id in sorted(set(_ID.findall(docstring))):
                named[requirement_id].append(f"{file.name}::{test}")
    return {requirement_id: tuple(tests) for requirement_id, tests in named.items()}


def _tests(file: Path) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of each test in a file."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""
