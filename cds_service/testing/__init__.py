"""
Vignettes for guideline authors: Markdown tables of patients, run through the real path from JSON to cards.

    for row in rows_of(Path("tests/knee_pain/imaging.md")):
        result = run(row, guideline, service, complaint="knee-pain")
        assert not differences(row, result, guideline)

The cells are explained in `records.py`; a cell that is not understood is a TableError, never a blank.
"""

from .expectations import differences
from .lexicon import Lexicon
from .tables import Row, TableError, rows_of
from .vignettes import TODAY, Result, run

__all__ = ["TODAY", "Lexicon", "Result", "Row", "TableError", "differences", "rows_of", "run"]
