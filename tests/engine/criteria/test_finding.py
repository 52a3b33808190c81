"""Compound questions: their truth tables in full, what they pass on, and how they read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from cds_service.criteria.finding import (
    Criterion,
    Finding,
    all_of,
    any_of,
    at_least,
    concealed,
    confirmed,
    none_of,
    possibly,
    shown,
    undecided,
)
from cds_service.glossary import Glossary
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart

NO, UNKNOWN, YES = Truth


def _says(truth: Truth, certainty: Certainty = Certainty.PRESENT) -> Criterion:
    finding = Finding(truth.name, truth, f"because {truth.name}", certainty)
    return Criterion(truth.name, frozenset(), lambda _: finding)


@pytest.mark.parametrize("truths", list(itertools.product(Truth, repeat=3)))
def test_all_any_and_none_follow_the_tables(
    chart_of: Callable[..., Chart], truths: tuple[Truth, ...]
) -> None:
    """Over every three answers: the lowest, the highest, and the mirror of the highest."""
    parts = [_says(truth) for truth in truths]
    lowest, highest = (pick(truths, key=lambda truth: truth.value) for pick in (min, max))

    assert all_of(*parts).evaluate(chart_of()).truth is lowest
    assert any_of(*parts).evaluate(chart_of()).truth is highest
    assert none_of(*parts).evaluate(chart_of()).truth is ~highest


@pytest.mark.parametrize("truths", list(itertools.product(Truth, repeat=3)))
def test_a_count_is_sure_open_or_out_of_reach(
    chart_of: Callable[..., Chart], truths: tuple[Truth, ...]
) -> None:
    """Two of three: known to hold, possible with the unknown ones, or not."""
    sure, possible = truths.count(YES) >= 2, truths.count(NO) <= 1
    expected = YES if sure else UNKNOWN if possible else NO
    counted = at_least(2, *(_says(truth) for truth in truths), label="two of three")

    assert counted.evaluate(chart_of()).truth is expected


@pytest.mark.parametrize(
    ("truth", "unknown_as_yes", "cannot_tell"), [(NO, NO, NO), (UNKNOWN, YES, YES), (YES, YES, NO)]
)
def test_unknown_may_be_asked_for(
    chart_of: Callable[..., Chart], truth: Truth, unknown_as_yes: Truth, cannot_tell: Truth
) -> None:
    """`possibly` reads UNKNOWN as a YES that is only possible; `undecided` asks for it."""
    perhaps = possibly(_says(truth)).evaluate(chart_of())

    assert perhaps.truth is unknown_as_yes
    assert (perhaps.certainty is Certainty.POSSIBLE) is (truth is UNKNOWN)
    assert undecided(_says(truth), "cannot tell").evaluate(chart_of()).truth is cannot_tell


def test_a_conjunction_is_as_certain_as_its_weakest_part(chart_of: Callable[..., Chart]) -> None:
    """A disjunction as its strongest part that holds."""
    sure, perhaps = _says(YES), _says(YES, Certainty.POSSIBLE)

    assert all_of(sure, perhaps).evaluate(chart_of()).certainty is Certainty.POSSIBLE
    assert any_of(sure, perhaps).evaluate(chart_of()).certainty is Certainty.PRESENT
    assert any_of(_says(NO), perhaps).evaluate(chart_of()).certainty is Certainty.POSSIBLE


@pytest.mark.parametrize(
    ("truth", "certainty", "sure"),
    [
        (YES, Certainty.PRESENT, YES),
        (YES, Certainty.POSSIBLE, NO),
        (UNKNOWN, Certainty.PRESENT, UNKNOWN),
        (NO, Certainty.PRESENT, NO),
    ],
)
def test_what_is_only_suspected_is_not_confirmed(
    chart_of: Callable[..., Chart], truth: Truth, certainty: Certainty, sure: Truth
) -> None:
    """Only a certain YES is one; what cannot be known stays unknown."""
    question = confirmed(_says(truth, certainty))

    assert question.evaluate(chart_of()).truth is sure
    assert question.label == f"{truth.name}, confirmed"


def test_an_answer_tells_which_parts_made_it(chart_of: Callable[..., Chart]) -> None:
    """The reasons of the parts that decided, and the simple questions in order."""
    inner = any_of(_says(NO), _says(YES), label="inner")
    finding = all_of(inner, _says(UNKNOWN), label="outer").evaluate(chart_of())

    assert finding.because == "because UNKNOWN"
    assert [leaf.label for leaf in finding.leaves] == ["NO", "YES", "UNKNOWN"]


def test_a_question_reads_as_an_outline() -> None:
    """Indented as it is nested, with how the parts are joined, for the page that a clinician signs."""
    inner = any_of(_says(NO), _says(YES))
    question = all_of(inner, possibly(_says(YES), "perhaps"), label="outer")

    assert list(Glossary({}).lines(question)) == [
        (0, "outer: all of"),
        (1, "any of"),
        (2, "NO"),
        (2, "YES"),
        (1, "perhaps"),
        (2, "YES"),
    ]
    assert (question.phrase, inner.phrase) == ("outer", "any of: NO, YES")


def test_a_question_about_nothing_is_refused() -> None:
    """`all_of()` would hold for everybody."""
    with pytest.raises(ValueError, match="asks nothing"):
        all_of()


def test_discretion_is_kept_on_cards() -> None:
    """SAFE-30: a masked finding is named only as a recorded condition."""
    assert shown(Finding("HIV", YES, masked=True)) == "a recorded condition"
    assert shown(Finding("fever", YES)) == "fever"


@pytest.mark.parametrize("truth", list(Truth))
def test_what_is_concealed_is_answered_and_not_told(chart_of: Callable[..., Chart], truth: Truth) -> None:
    """Neither the parts nor what they rest on reach a card; why something is unknown does."""
    finding = concealed(_says(truth), "an answer", because="read it").evaluate(chart_of())

    assert (finding.truth, finding.label, finding.parts, finding.facts) == (truth, "an answer", (), ())
    assert finding.because == ("read it" if truth is YES else _says(truth).evaluate(chart_of()).because)
