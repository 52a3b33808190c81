"""
Every vignette table as one test that loads the guideline anew, for `dev.py mutants` alone.

A rule is built when its module is imported: a test that shares the import with others never
meets a mutant in what builds it. Named so that a usual run does not collect it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from cds_service.testing import differences, rows_of, run

TABLES = sorted((Path(__file__).parents[1] / "low_back_pain").glob("*.md"))
COMPLAINT = "low-back-pain-nonspecific#279039007"


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_holds(table: Path) -> None:
    """Each row of the table gets the cards, offers and words it expects."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "hooks"]:
        del sys.modules[name]
    guideline = import_module("hooks.low_back_pain").guideline
    services = {service.group: service for service in guideline.services}
    service = services[f"lbp-{table.stem}"]

    for row in rows_of(table):
        wrong = differences(row, run(row, guideline, service, complaint=COMPLAINT), guideline)
        assert not wrong, wrong
