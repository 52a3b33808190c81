"""The threat model is backed: each test that docs/security.md names is there, and each threat names some."""

from __future__ import annotations

import re

import pytest

from tests.citations import CITATION, ROOT, defined_in
from tests.conformance.tables import cells_of

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
HEAD = "| threat | what we do | shown by |\n|---|---|---|\n"
CITED = sorted({match.groups() for match in CITATION.finditer(PAGE)}, key=str)
TOLD = (
    "fhirServer",
    "next",
    "redirect",
    "jku",
    "medicationReference",
    "Token theft",
    "forged",
    "replayed",
    "expired",
    "Algorithm confusion",
    "key server is down",
    "rotated",
    "logs",
    "errors",
    "metrics",
    "feedback",
    "huge body",
    "Deep",
    "slow FHIR server",
    "gzip bomb",
    "endless pages",
    "hundred hanging calls",
    "Memory grows",
    "cut off",
    "Another patient",
    "HTML",
    "Log injection",
    "another origin",
    "Open mode",
    "site code map",
)


def threats() -> list[tuple[str, ...]]:
    """Return the cells of each row of the table of threats."""
    rows = PAGE.partition(HEAD)[2].partition("\n\n")[0].splitlines()
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]


@pytest.mark.parametrize("row", threats(), ids=lambda row: row[0])
def test_each_threat_names_its_tests(row: tuple[str, ...]) -> None:
    """One to three, and nothing else stands in their column: a slip of the pen would go unseen."""
    threat, answer, shown = row

    assert threat
    assert answer
    assert 1 <= len(CITATION.findall(shown)) <= 3
    assert CITATION.sub("", shown).strip() == ""


@pytest.mark.parametrize(("path", "name", "case"), CITED)
def test_each_test_that_is_named_exists(path: str, name: str, case: str | None) -> None:
    """In the file that is named; of the edge cases, the row too."""
    assert name in defined_in(path)
    assert case is None or case in {cells[0] for cells in cells_of("edge_cases.md", "E-")}


def test_no_test_is_named_by_halves() -> None:
    """Whatever looks like the name of a test is one with its file."""
    assert PAGE.count("::") == len(CITATION.findall(PAGE))
    assert re.findall(r"(?<!::)\btest_\w+(?!\.py)\b", CITATION.sub("", PAGE)) == []


@pytest.mark.parametrize("word", TOLD)
def test_no_threat_was_forgotten(word: str) -> None:
    """What an attacker would try first has a row, whatever else is added."""
    assert any(word in row[0] for row in threats())
