"""Vignette tables: the rows of every table in a Markdown file, and the pieces of their cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

COLUMNS = frozenset(
    {
        "rows",
        "patient",
        "about",
        "age",
        "hook",
        "added",
        "order",
        "since",
        "problems",
        "medicines",
        "allergies",
        "measured",
        "done",
        "unread",
        "cards",
        "offers",
        "says",
    }
)
_REQUIRED = ("patient", "cards")
_RULE = re.compile(r":?-+:?")
_PIECE = re.compile(r'(?:"[^"]*"|[^";])+')


class TableError(ValueError):
    """A vignette table says something that cannot be understood; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One patient: where the row stands, and its cells by column; a blank cell is left out."""

    where: str
    cells: Mapping[str, str]

    @property
    def patient(self) -> str:
        """The sentence that tells who this is."""
        return self.cells["patient"]

    @property
    def rows(self) -> tuple[str, ...]:
        """The guideline rows that it shows."""
        return tuple(self.cells.get("rows", "").split())

    def items(self, column: str) -> tuple[str, ...]:
        """Return the `;` separated pieces of a cell; quotes protect their content; blank: none."""
        pieces = (match.group().strip() for match in _PIECE.finditer(self.cells.get(column, "")))
        return tuple(piece for piece in pieces if piece)


def rows_of(path: Path) -> tuple[Row, ...]:
    """Return the rows of all tables in a Markdown file; TableError when a table or sentence is amiss."""
    rows = tuple(_rows(path))
    sentences: dict[str, str] = {}
    for row in rows:
        twin = sentences.setdefault(row.patient, row.where)
        if twin != row.where:
            msg = (
                f"{row.where}: the same patient as {twin}; sentences are the names of tests: make them differ"
            )
            raise TableError(msg)
    if not rows:
        msg = f"{path.name}: no table found; a table has `patient`, `order` or `hook`, and `cards`"
        raise TableError(msg)
    return rows


def _rows(path: Path) -> Iterator[Row]:
    header: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = _cells(line)
        where = f"{path.name}:{number}"
        if not cells:
            header = []
        elif not header:
            header = _header(cells, where)
        elif not all(_RULE.fullmatch(cell) for cell in cells):
            yield _row(header, cells, where)


def _cells(line: str) -> list[str]:
    """Return the cells of a table line; none for any other line."""
    text = line.strip()
    return [cell.strip() for cell in text.strip("|").split("|")] if text.startswith("|") else []


def _header(cells: list[str], where: str) -> list[str]:
    unknown = sorted(set(cells) - COLUMNS)
    lacking = sorted(set(_REQUIRED) - set(cells)) or _moment(cells)
    if unknown or lacking or len(set(cells)) < len(cells):
        msg = f"{where}: unknown columns {unknown}, missing columns {lacking}; known are {sorted(COLUMNS)}"
        raise TableError(msg)
    return cells


def _moment(names: Iterable[str]) -> list[str]:
    """Return `order` when nothing tells what the clinician does; the column `hook` may tell it too."""
    return [] if {"order", "hook"} & set(names) else ["order"]


def _row(header: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(header):
        msg = f"{where}: {len(cells)} cells under {len(header)} headings"
        raise TableError(msg)
    filled = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    lacking = [name for name in _REQUIRED if name not in filled] or _moment(filled)
    if lacking:
        msg = f"{where}: {', '.join(lacking)} must not be blank"
        raise TableError(msg)
    return Row(where, filled)
