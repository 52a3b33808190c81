"""The trace: what is uncovered is found, and the page tells who carries out each row and who shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cds_service.traceability import Section, Shown, trace_page, traced, uncovered

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Guideline, Rule

ROWS = (Section("Scans", {"ROW-1": "Scans can wait."}),)
SHOWN = Shown({"ROW-1": ("scans.md:4",)}, {"scan-for-pain": ("ann.scan",)})
NOTHING = Shown({}, {})
TEST = "every rule waits (`tests/test_x.py::test_y`)"


def test_a_row_with_rule_vignette_and_fixture_is_covered(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """The rules are named in the order of the services, the fixtures are those of all of them."""
    second = replace(rule, id="scan-again")
    fixtures = {**SHOWN.fixtures, "scan-again": ("bob.scan", "ann.scan")}

    ((row,),) = (
        section.rows for section in traced(guideline_of(rule, second), ROWS, Shown(SHOWN.vignettes, fixtures))
    )

    assert (row.lacking, row.rules) == ("", ("scan-for-pain", "scan-again"))
    assert (row.vignettes, row.fixtures) == (("scans.md:4",), ("ann.scan", "bob.scan"))


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        (SHOWN, []),
        (Shown({}, SHOWN.fixtures), ["ROW-1 is uncovered: no vignette"]),
        (Shown(SHOWN.vignettes, {"another-rule": ("ann.scan",)}), ["ROW-1 is uncovered: no fixture"]),
        (NOTHING, ["ROW-1 is uncovered: no vignette, no fixture"]),
    ],
)
def test_a_rule_that_nobody_can_see_at_work_covers_nothing(
    guideline_of: Callable[..., Guideline], rule: Rule, shown: Shown, lacking: list[str]
) -> None:
    """A vignette and a fixture, both."""
    assert uncovered(guideline_of(rule), ROWS, shown) == lacking


@pytest.mark.parametrize(
    ("said", "shown", "lacking"),
    [
        ({}, NOTHING, ["ROW-1 is uncovered: no rule"]),
        ({}, Shown(SHOWN.vignettes, {}), ["ROW-1 is uncovered: no rule"]),
        ({"not_computed": {"ROW-1": "Nobody codes it."}}, NOTHING, []),
        ({"kept": {"ROW-1": TEST}}, NOTHING, []),
        ({"kept": {"ROW-1": "by the scope of all rules"}}, Shown(SHOWN.vignettes, {}), []),
        (
            {"kept": {"ROW-1": "by the scope of all rules"}},
            NOTHING,
            ["ROW-1 is uncovered: no vignette, no test"],
        ),
    ],
)
def test_a_row_without_a_rule_needs_a_reason(
    guideline_of: Callable[..., Guideline],
    rule: Rule,
    said: dict[str, dict[str, str]],
    shown: Shown,
    lacking: list[str],
) -> None:
    """Why it is not computed; or what keeps it, with a vignette or a test that shows it."""
    guideline = guideline_of(replace(rule, rows=()), **said)

    assert uncovered(guideline, ROWS, shown) == lacking


def test_a_reason_does_not_excuse_a_rule_that_is_not_shown(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """What is not computed in part is computed in part, and that part is to be seen."""
    guideline = guideline_of(rule, not_computed={"ROW-1": "Only by code."})

    assert uncovered(guideline, ROWS, NOTHING) == ["ROW-1 is uncovered: no vignette, no fixture"]


@pytest.mark.parametrize("where", ["rule", "vignette", "not_computed", "kept"])
def test_an_id_that_is_no_row_is_found(
    guideline_of: Callable[..., Guideline], rule: Rule, where: str
) -> None:
    """Wherever the pen slipped."""
    rules = (rule, replace(rule, id="b", rows=("ROW-11",))) if where == "rule" else (rule,)
    said = {where: {"ROW-11": TEST}} if where in {"not_computed", "kept"} else {}
    more = {"ROW-11": ("scans.md:9",)} if where == "vignette" else {}

    found = uncovered(
        guideline_of(*rules, **said), ROWS, replace(SHOWN, vignettes={**SHOWN.vignettes, **more})
    )

    assert found == ["ROW-11 is named, but is no row of g"]


def page_of(guideline: Guideline, shown: Shown, says: str = "Scans can wait.") -> list[str]:
    """Return the lines of the page with one row."""
    return trace_page(guideline, (Section("Scans", {"ROW-1": says}),), shown).splitlines()


def test_the_page_tells_who_carries_out_a_row_and_who_shows_it(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """One line, in a table under the title of its section."""
    page = page_of(guideline_of(rule), SHOWN)

    assert page[-1] == "| ROW-1 | Scans can wait. | scan-for-pain | scans.md 4 | ann.scan |"
    assert "## Scans" in page
    assert "Rows: 1. Uncovered: 0." in page


def test_the_page_names_the_first_and_counts_the_rest(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """Three lines a file and three fixtures: a table is there to be read."""
    places = (*(f"a.md:{n}" for n in (3, 5, 8, 13)), "b.md:2")
    stems = tuple(f"{name}.scan" for name in ("ann", "bob", "cyd", "dan", "eve"))

    page = page_of(guideline_of(rule), Shown({"ROW-1": places}, {"scan-for-pain": stems}))

    assert page[-1].endswith("| a.md 3, 5, 8 and 1 more; b.md 2 | ann.scan, bob.scan, cyd.scan and 2 more |")


@pytest.mark.parametrize(
    ("rows", "said", "cell"),
    [
        ((), {"not_computed": {"ROW-1": "Nobody codes it."}}, "not computed: Nobody codes it."),
        (
            ("ROW-1",),
            {"not_computed": {"ROW-1": "Only by code."}},
            "scan-for-pain; in part not computed: Only by code.",
        ),
        ((), {"kept": {"ROW-1": TEST}}, TEST),
        (
            (),
            {"kept": {"ROW-1": TEST}, "not_computed": {"ROW-1": "Only by code."}},
            f"{TEST}; in part not computed: Only by code.",
        ),
        ((), {}, "**uncovered: no rule**"),
    ],
)
def test_the_page_tells_what_is_not_computed_and_what_is_uncovered(
    guideline_of: Callable[..., Guideline],
    rule: Rule,
    rows: tuple[str, ...],
    said: dict[str, dict[str, str]],
    cell: str,
) -> None:
    """In part, where something carries the row out all the same."""
    page = page_of(guideline_of(replace(rule, rows=rows), **said), SHOWN)

    assert page[-1].split(" | ")[2] == cell


def test_a_row_cannot_break_its_table(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """A bar in a sentence is no border of a cell."""
    page = page_of(guideline_of(rule), SHOWN, "CT | MRI")

    assert page[-1].startswith("| ROW-1 | CT \\| MRI | scan-for-pain |")
