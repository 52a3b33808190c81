"""What is written down: present, possible, denied, absent and unread are five different things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days
from cds_service.criteria.records import interpretable, mentioned, read, recorded
from cds_service.criteria.where import within
from cds_service.terminology import SNOMED_CT
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
PROCEDURES = Need("Procedure", "Procedure?patient={{context.patientId}}", "procedures")
NO, UNKNOWN, YES = Truth


def _condition(coded: str = "fever", **members: object) -> dict[str, Any]:
    coding = [{"system": SNOMED_CT, "code": coded}] if coded else []
    return {"resourceType": "Condition", "id": "c1", "code": {"coding": coding}, **members}


def _status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def test_a_current_entry_is_a_yes_with_its_reference_and_date(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """The card can say what it rests on."""
    chart = chart_of(_condition(onsetDateTime="2026-05-01"), _condition("pain"))
    finding = recorded(CONDITIONS, terms["fever"], label="fever").evaluate(chart)

    assert (finding.truth, finding.certainty) == (YES, Certainty.PRESENT)
    assert finding.because == "2026-05-01 (Condition/c1)"
    assert len(finding.facts) == 1


@pytest.mark.parametrize(
    ("members", "ever", "truth"),
    [
        ({"clinicalStatus": _status("resolved")}, False, NO),
        ({"clinicalStatus": _status("resolved")}, True, YES),
        ({"verificationStatus": _status("refuted")}, True, NO),
        ({"verificationStatus": _status("entered-in-error")}, True, NO),
    ],
)
def test_past_and_denied_entries(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    members: dict[str, Any],
    ever: bool,  # noqa: FBT001
    truth: Truth,
) -> None:
    """The past counts only where asked for; a denial never counts."""
    question = recorded(CONDITIONS, terms["fever"], label="fever", ever=ever)

    assert question.evaluate(chart_of(_condition(**members))).truth is truth


def test_nothing_found_is_no_or_unknown(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """Only a complete answer may say "not recorded"; a page that was read still proves presence."""
    question = recorded(CONDITIONS, terms["fever"], label="fever")
    gaps = {"Condition": "further pages"}
    nothing, unread = question.evaluate(chart_of()), question.evaluate(chart_of(gaps=gaps))

    assert (nothing.truth, nothing.because) == (NO, "not recorded")
    assert (unread.truth, unread.because) == (UNKNOWN, "further pages")
    assert question.evaluate(chart_of(_condition(), gaps=gaps)).truth is YES


def test_the_surest_entry_speaks(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """And no entry is surer than the rule allows."""
    perhaps = _condition(id="c2", verificationStatus=_status("provisional"))
    question = recorded(CONDITIONS, terms["fever"], label="fever")
    at_most = recorded(CONDITIONS, terms["fever"], label="fever", at_most=Certainty.POSSIBLE)
    both = question.evaluate(chart_of(perhaps, _condition()))

    assert (both.certainty, [fact.reference for fact in both.facts]) == (Certainty.PRESENT, ["Condition/c1"])
    assert question.evaluate(chart_of(perhaps)).certainty is Certainty.POSSIBLE
    assert at_most.evaluate(chart_of(_condition())).certainty is Certainty.POSSIBLE


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"onsetDateTime": "2026-10-30"}, (YES, Certainty.PRESENT)),
        ({"onsetDateTime": "2026-09-30"}, (NO, Certainty.PRESENT)),
        ({}, (YES, Certainty.POSSIBLE)),
        ({"verificationStatus": _status("provisional")}, (YES, Certainty.POSSIBLE)),
    ],
)
def test_an_entry_of_which_the_condition_cannot_tell_is_possible(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    members: dict[str, Any],
    said: tuple[Truth, Certainty],
) -> None:
    """SAFE-07: undated where a date decides."""
    question = recorded(CONDITIONS, terms["fever"], label="fever", where=within(days(14)))
    finding = question.evaluate(chart_of(_condition(**members)))

    assert (finding.truth, finding.certainty) == said
    assert question.label == "fever within 14 days"


@pytest.mark.parametrize(("status", "truth"), [("completed", YES), ("not-done", NO), (None, NO)])
def test_a_status_may_be_demanded(
    chart_of: Callable[..., Chart], terms: Terminology, status: str | None, truth: Truth
) -> None:
    """A procedure that was not done is no procedure."""
    procedure = {**_condition("therapy"), "resourceType": "Procedure", "status": status}
    question = recorded(PROCEDURES, terms["therapy"], label="therapy", status=frozenset({"completed"}))

    assert question.evaluate(chart_of(procedure)).truth is truth


def test_a_labelled_entry_is_masked(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """SAFE-30: judged like any other, named with discretion."""
    labelled = _condition(meta={"security": [{"code": "R"}]})
    finding = recorded(CONDITIONS, terms["fever"], label="fever").evaluate(chart_of(labelled))

    assert (finding.truth, finding.masked) == (YES, True)


@pytest.mark.parametrize(
    ("entries", "truth"),
    [
        ((_condition("pain"),), NO),
        ((_condition("", code={"text": "rash"}),), UNKNOWN),
        ((_condition("", code={"text": "rash"}, clinicalStatus=_status("resolved")),), NO),
        ((_condition("", code={"text": "rash"}), _condition("fever")), YES),
    ],
)
def test_where_all_must_be_coded_an_uncoded_entry_leaves_it_open(
    chart_of: Callable[..., Chart], terms: Terminology, entries: tuple[dict[str, Any], ...], truth: Truth
) -> None:
    """SAFE-33: a current entry that cannot be interpreted may be the one that is asked for."""
    question = recorded(CONDITIONS, terms["fever"], label="fever", all_coded=True)

    assert question.evaluate(chart_of(*entries)).truth is truth


@pytest.mark.parametrize(
    ("entry", "truth"),
    [
        (_condition("", code={"text": "Suspicion of CANCER of the lung"}), YES),
        (_condition("", code={"coding": [{"display": "cancerous growth"}]}), YES),
        (_condition("", code={"text": "family history of cancer"}), NO),
        (_condition("", code={"text": "noncancer pain"}), NO),
        (_condition("", code={"text": "x" * 300 + " cancer"}), NO),
        (
            _condition("fever", code={"coding": [{"system": SNOMED_CT, "code": "fever"}], "text": "cancer"}),
            NO,
        ),
        (_condition("", code={"text": "cancer"}, clinicalStatus=_status("resolved")), NO),
        (_condition("", code={"text": "cancer"}, verificationStatus=_status("refuted")), NO),
    ],
)
def test_text_alone_raises_a_question_and_no_more(
    chart_of: Callable[..., Chart], entry: dict[str, Any], truth: Truth
) -> None:
    """SAFE-46: current, uncoded entries, stems at the start of a word, words that take it back."""
    question = mentioned(CONDITIONS, ("cancer",), unless=("family", "no"), label="a word")
    finding = question.evaluate(chart_of(entry))

    assert finding.truth is truth
    assert truth is NO or finding.certainty is Certainty.POSSIBLE


def test_reading_completely_is_yes_or_no(chart_of: Callable[..., Chart]) -> None:
    """What was not read is named with the reason."""
    question = read(CONDITIONS, PROCEDURES, label="all was read")
    partly = question.evaluate(chart_of(gaps={"Procedure": "timed out"}))

    assert question.evaluate(chart_of()).truth is YES
    assert (partly.truth, partly.because) == (NO, "procedures: timed out")


def test_an_entry_that_cannot_be_interpreted_may_be_anything(chart_of: Callable[..., Chart]) -> None:
    """SAFE-33: NO when there is one, UNKNOWN when some were not read; a past one does not matter."""
    question = interpretable(CONDITIONS, label="all can be interpreted")
    opaque = _condition("", code={"text": "rash"})
    past = {**opaque, "clinicalStatus": _status("resolved")}

    assert question.evaluate(chart_of(_condition(), past)).truth is YES
    assert question.evaluate(chart_of(opaque)).because == "1 without a code that can be interpreted"
    assert question.evaluate(chart_of(opaque)).truth is NO
    assert question.evaluate(chart_of(gaps={"Condition": "timed out"})).truth is UNKNOWN
