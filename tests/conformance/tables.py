"""The Markdown tables of this folder: the requirements and the edge cases are data that people read too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent


def cells_of(name: str, id_pattern: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row of a file's tables whose first cell begins with `id_pattern`."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        cells = tuple(cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|"))
        if line.startswith("|") and cells[0].startswith(id_pattern):
            yield cells
