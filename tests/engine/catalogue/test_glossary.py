"""Findings that several rules ask for are explained once, and every link to them leads somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cds_service import Criterion, all_of, any_of
from cds_service.criteria.finding import Finding, possibly
from cds_service.glossary import anchor
from cds_service.sheets import sheets
from cds_service.truth import Truth
from hooks.low_back_pain import guideline as low_back_pain

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Guideline, Rule


def question(label: str) -> Criterion:
    """Return a criterion of this label."""
    return Criterion(label, frozenset(), lambda _chart: Finding(label, Truth.NO))


def flag(*names: str) -> Criterion:
    """Return a finding made of others, under one name."""
    return any_of(*map(question, names), label="a flag")


def test_what_is_asked_twice_is_explained_once(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """Where it is asked stands a link; under Findings it stands in full."""
    page = sheets(guideline_of(replace(rule, when=flag("fever", "trauma"), unless=flag("fever", "trauma"))))

    assert page.count("  - [a flag](#a-flag)") == 2
    assert page.count("### a flag\n\n- a flag: any of\n  - fever\n  - trauma\n") == 1


def test_what_is_asked_once_stands_where_it_is_asked(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """A reader is not sent elsewhere for nothing."""
    page = sheets(guideline_of(replace(rule, when=flag("fever", "trauma"))))

    assert "  - a flag: any of\n    - fever\n    - trauma\n" in page
    assert "(#a-flag)" not in page


def test_what_has_no_name_is_never_a_link(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """Parts that are only joined are read where they stand."""
    joined = all_of(question("fever"), question("trauma"))

    page = sheets(guideline_of(replace(rule, when=joined, unless=joined)))

    assert page.count("  - all of\n    - fever\n    - trauma\n") == 2


def test_findings_of_one_name_that_differ_have_a_number(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """Nobody signs one for the other."""
    both = {"when": all_of(flag("fever"), flag("trauma")), "unless": all_of(flag("trauma"), flag("fever"))}

    page = sheets(guideline_of(replace(rule, **both)))

    assert "### a flag\n\n- a flag: any of\n  - fever\n" in page
    assert "### a flag (2)\n\n- a flag: any of\n  - trauma\n" in page


def test_a_wrapping_of_the_same_name_is_left_out(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """How certain a finding must be is no second finding."""
    page = sheets(guideline_of(replace(rule, when=possibly(flag("fever")), unless=flag("fever"))))

    assert page.count("[a flag](#a-flag)") == 2
    assert "a flag (2)" not in page


def test_every_link_of_the_shipped_page_leads_to_a_heading() -> None:
    """And no two headings of findings have the same anchor."""
    page = sheets(low_back_pain)

    headings = [anchor(heading) for heading in re.findall(r"^### (.+)$", page, flags=re.MULTILINE)]
    links = set(re.findall(r"\]\(#([^)]*)\)", page))
    assert links
    assert links <= set(headings)
    assert len(set(headings)) == len(headings)


def test_an_anchor_is_what_markdown_makes_of_the_heading() -> None:
    """Lower case, words joined by hyphens, signs dropped."""
    assert (
        anchor("an eGFR of 30 to 59, of the last 90 days (2)") == "an-egfr-of-30-to-59-of-the-last-90-days-2"
    )
