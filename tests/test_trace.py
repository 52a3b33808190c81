"""From each row of docs/guideline.md to a rule, to a patient who shows it, and to a golden card."""

from __future__ import annotations

import re

import pytest

from cds_service.rules import Advice
from cds_service.trace_sources import guideline_page, sections_of, shown
from cds_service.traceability import trace_page, traced, uncovered
from hooks.low_back_pain import guideline
from tests.citations import CITATION, ROOT, defined_in

SECTIONS = sections_of(guideline)
SHOWN = shown(guideline)
ROWS = {row.id: row for section in traced(guideline, SECTIONS, SHOWN) for row in section.rows}
SAFE = [row_id for row_id in ROWS if row_id.startswith("SAFE-")]
RULES = [rule for service in guideline.services for rule in service.each_rule]
SPEAKING = [
    rule.id for service in guideline.services for rule in service.each_rule if isinstance(rule.advice, Advice)
]
IN_BACKTICKS = re.compile(r"`([^`]+)`")
CITED = sorted({match.groups()[:2] for said in guideline.kept.values() for match in CITATION.finditer(said)})
TABLE_ROW = re.compile(r"\| ((?:[A-Z]{2,4})-\d\d?) \|(.+)\|")


def table_rows() -> dict[str, list[str]]:
    """Return the further cells of every row of the guideline's tables, by row id."""
    lines = (ROOT / "docs" / "guideline.md").read_text(encoding="utf-8").splitlines()
    rows = filter(None, map(TABLE_ROW.fullmatch, lines))
    return {row[1]: [cell.strip() for cell in row[2].split("|")] for row in rows}


@pytest.mark.parametrize("row_id", ROWS)
def test_a_row_is_carried_out_and_shown(row_id: str) -> None:
    """By rules with a vignette and a fixture, by something else with its tests; or it says why not."""
    assert ROWS[row_id].lacking == ""


@pytest.mark.parametrize("row_id", SAFE)
def test_a_safety_rule_is_shown_twice_or_says_why_not(row_id: str) -> None:
    """Two patients; or the reason, with tests that show it."""
    row = ROWS[row_id]

    assert len(row.vignettes) >= 2 or CITATION.search(row.kept)


@pytest.mark.parametrize("rule_id", SPEAKING)
def test_a_rule_has_a_golden_card(rule_id: str) -> None:
    """The whole card of each rule that speaks can be read in at least one fixture."""
    assert rule_id in SHOWN.fixtures


def test_no_row_is_named_that_is_not_there() -> None:
    """A slip of the pen in a rule, a vignette or a reason would hide the row that was meant."""
    assert [said for said in uncovered(guideline, SECTIONS, SHOWN) if "is no row" in said] == []


def test_the_rows_are_those_of_the_guideline() -> None:
    """Every row of its tables is in a section; rows of section 4 and topics of section 5 word for word."""
    written = table_rows()
    reworded = [
        row.id for row in ROWS.values() if not row.id.startswith("SAFE-") and row.says not in written[row.id]
    ]

    assert sorted(ROWS) == sorted(written)
    assert reworded == []


@pytest.mark.parametrize(("path", "name"), CITED)
def test_a_test_that_keeps_a_row_exists(path: str, name: str) -> None:
    """In the file that is named."""
    assert name in defined_in(path)


@pytest.mark.parametrize("row_id", sorted(guideline.kept))
def test_what_keeps_a_row_is_named_in_full(row_id: str) -> None:
    """Whatever stands in backticks is a test with its file, or a rule."""
    said = CITATION.sub("", guideline.kept[row_id])

    assert set(IN_BACKTICKS.findall(said)) <= {rule.id for rule in RULES}
    assert "::" not in said


def test_the_shipped_trace_is_what_is_there() -> None:
    """TRACE.md was written after the last change of rules, vignettes and fixtures."""
    page = guideline_page(guideline, "TRACE.md").read_text(encoding="utf-8")

    assert page == trace_page(guideline, SECTIONS, SHOWN)
