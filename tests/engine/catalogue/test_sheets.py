"""The page a clinician signs: nothing that a rule does is left off it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cds_service import Coding, Criterion, Ladder, Line, Medicine, Silence, any_of, offer, remove_order
from cds_service.criteria.finding import Finding
from cds_service.sheets import sheets
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Guideline, Rule
    from cds_service.rules import IfUnknown

DRUG = Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "1", "Drug 5 MG")


def question(label: str) -> Criterion:
    """Return a criterion of this label."""
    return Criterion(label, frozenset(), lambda _chart: Finding(label, Truth.NO))


def advising(rule: Rule, **changes: object) -> Rule:
    """Return the rule with its advice changed."""
    return replace(rule, advice=replace(rule.advice, **changes))  # type: ignore[type-var]


@pytest.mark.parametrize(
    "said",
    [
        "### scan-for-pain",
        "Guideline rows: ROW-1.",
        "Wakes when a scan is ordered.",
        "  - a scan",
        "  - pain",
        "Says (info): **The scan can wait**",
        "  - Wait.",
        "  - Scans can wait. (S1)",
        "Hooks: order-select.",
        "problem list (`conditions`)",
    ],
)
def test_the_sheet_tells_all_of_a_rule(guideline_of: Callable[..., Guideline], rule: Rule, said: str) -> None:
    """Its id and rows, when it wakes and fires, what it says, cites and reads."""
    assert said in sheets(guideline_of(rule))


@pytest.mark.parametrize(
    ("if_unknown", "said"),
    [
        ("stay silent", "it stays silent"),
        ("advise", "it advises all the same"),
        ("advise without suggestions", "it advises without suggestions"),
    ],
)
def test_the_sheet_tells_what_silences_a_rule_and_what_the_unknown_does(
    guideline_of: Callable[..., Guideline],
    rule: Rule,
    if_unknown: IfUnknown,
    said: str,
) -> None:
    """Every part of a compound is a line of its own, deeper than the compound."""
    unless = any_of(question("a fever"), question("a fall"), label="a reason")

    page = sheets(guideline_of(replace(rule, unless=unless, if_unknown=if_unknown)))

    assert f"When that cannot be told, {said}" in page
    assert "\n  - a reason" in page
    assert "\n    - a fever\n    - a fall" in page


def test_the_sheet_tells_on_what_a_line_or_a_button_depends(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """And which reasons a clinician may give against the card."""
    spoken = advising(
        rule,
        lines=(Line("Mind the fall.", when=question("a fall")),),
        suggestions=(remove_order("Remove the scan", when=question("no hurry")),),
        discreet="A record says wait",
        override_reasons=(Coding("http://example.org/reasons", "other", "Other reason"),),
    )

    page = sheets(guideline_of(spoken))

    assert "Mind the fall. (only when the chart shows a fall)" in page
    assert "Remove the scan (delete the draft) (only when the chart shows no hurry)" in page
    assert "Of a record that asks for discretion it says only: A record says wait" in page
    assert "Override reasons: Other reason." in page


def test_the_sheet_tells_all_that_keeps_a_medicine_from_being_suggested(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """Hazards and cautions, with the product that would be drafted."""
    medicine = Medicine("drug 5 mg", DRUG, question("an ulcer"), ((question("old age"), "mind the age"),))

    page = sheets(guideline_of(advising(rule, suggestions=(offer(medicine, otherwise=()),))))

    for said in ("drug 5 mg", "Drug 5 MG", "an ulcer", "old age", "mind the age"):
        assert said in page


def test_the_sheet_tells_that_of_a_ladder_only_one_speaks(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """In the order of the rungs; a silent one says why it is silent."""
    silent = replace(rule, id="quiet", advice=Silence("somebody else decides"))

    page = sheets(guideline_of(Ladder((silent, rule))))

    assert "the first that applies decides" in page
    assert page.index("### quiet\n") < page.index("### scan-for-pain\n")
    assert "keeps the rules below from speaking: somebody else decides." in page


def test_the_sheet_tells_what_is_not_computed(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """A reader sees what the chart cannot tell."""
    page = sheets(guideline_of(rule, not_computed={"ROW-9": "Nobody codes it."}))

    assert "## Not computed\n\n- ROW-9: Nobody codes it.\n" in page
