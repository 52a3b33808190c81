"""What a trace is read from: rows, vignette tables, golden cards; missing or amiss, it says so and stops."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cds_service.selfcheck import unchecked
from cds_service.trace_sources import TraceError, guideline_page, has_vignettes, sections_of, shown
from cds_service.traceability import Section, Shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cds_service import Guideline, Rule

TABLE = """
| rows | patient | order | cards |
|---|---|---|---|
| ROW-1 ROW-2 | new pain | scan | none |
| ROW-1 | old pain | scan | none |
| | no pain | scan | none |
"""
CARD = {"extension": {"org.example.rules": {"rules": ["scan-for-pain", "scan-again"]}}}
GOLDEN = {"g-order-select": {"cards": [CARD, CARD, {"summary": "x"}]}, "g-order-sign": {"cards": []}}


@pytest.fixture
def guideline(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    guideline_of: Callable[..., Guideline],
    rule: Rule,
) -> Guideline:
    """Return a guideline whose package, vignettes and goldens lie under `tmp_path`."""
    package = ModuleType("hooks.g")
    package.__file__ = str(tmp_path / "hooks" / "g" / "__init__.py")
    monkeypatch.setitem(sys.modules, "hooks.g", package)
    written = {
        "hooks/g/guideline-rows.json": json.dumps({"Scans": {"ROW-1": "Wait."}, "Rest": {"ROW-2": "Move."}}),
        "tests/g/scans.md": TABLE,
        "fhir_fixtures/g/cards/ann.scan.json": json.dumps(GOLDEN),
        "fhir_fixtures/g/cards/bob.scan.json": json.dumps({"g-order-select": {"cards": [CARD]}}),
    }
    for name, text in written.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return guideline_of(rule)


def test_a_page_belongs_into_the_package(guideline: Guideline, tmp_path: Path) -> None:
    """Beside the rules."""
    assert guideline_page(guideline, "TRACE.md") == tmp_path / "hooks" / "g" / "TRACE.md"


def test_rows_come_in_sections(guideline: Guideline) -> None:
    """In the order of the file."""
    assert sections_of(guideline) == (
        Section("Scans", {"ROW-1": "Wait."}),
        Section("Rest", {"ROW-2": "Move."}),
    )


def test_vignettes_are_found_by_row_and_goldens_by_rule(guideline: Guideline) -> None:
    """By file and line; a request once, however many of its cards name the rule."""
    assert shown(guideline) == Shown(
        {"ROW-1": ("scans.md:4", "scans.md:5"), "ROW-2": ("scans.md:4",)},
        {"scan-for-pain": ("ann.scan", "bob.scan"), "scan-again": ("ann.scan", "bob.scan")},
    )


@pytest.mark.parametrize("content", ["", "[]", '{"Scans": "ROW-1"}', '{"Scans": 5}'])
def test_rows_of_another_shape_are_refused(guideline: Guideline, content: str) -> None:
    """The message names file, guideline and shape."""
    guideline_page(guideline, "guideline-rows.json").write_text(content)

    with pytest.raises(TraceError, match=r"guideline-rows\.json of g must be there, an object of sections"):
        sections_of(guideline)


def test_missing_rows_are_refused(guideline: Guideline) -> None:
    """A guideline without rows would be covered without a rule."""
    guideline_page(guideline, "guideline-rows.json").unlink()

    with pytest.raises(TraceError, match=r"guideline-rows\.json of g must be there"):
        sections_of(guideline)


def test_a_row_in_two_sections_is_refused(guideline: Guideline) -> None:
    """It would be counted twice."""
    twice = {"Scans": {"ROW-1": "Wait."}, "Rest": {"ROW-1": "Move."}}
    guideline_page(guideline, "guideline-rows.json").write_text(json.dumps(twice))

    with pytest.raises(TraceError, match=r"\['ROW-1'\] in two sections"):
        sections_of(guideline)


def test_without_vignettes_there_is_no_trace(guideline: Guideline, tmp_path: Path) -> None:
    """An installed service has none, and says so rather than calling everything uncovered."""
    (tmp_path / "tests" / "g").rename(tmp_path / "elsewhere")

    with pytest.raises(TraceError, match="tests/g is not beside the package g: a trace is made in a source"):
        shown(guideline)
    assert not has_vignettes(guideline)
    assert unchecked([guideline]) == ["TRACE.md of g was not compared: tests/g is not here"]


def test_with_vignettes_nothing_is_left_unchecked(guideline: Guideline) -> None:
    """A source checkout has them."""
    assert has_vignettes(guideline)
    assert unchecked([guideline]) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tests/g/scans.md", "no table"),
        ("fhir_fixtures/g/cards/ann.scan.json", "{"),
        ("fhir_fixtures/g/cards/ann.scan.json", '{"g-order-select": {}}'),
        ("fhir_fixtures/g/cards/ann.scan.json", "[]"),
    ],
)
def test_what_cannot_be_read_is_no_trace(
    guideline: Guideline, tmp_path: Path, name: str, content: str
) -> None:
    """A broken table or golden never counts as one that shows nothing."""
    (tmp_path / name).write_text(content)

    with pytest.raises(TraceError, match="vignettes or golden cards of g cannot be read"):
        shown(guideline)
