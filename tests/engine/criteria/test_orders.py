"""Orders: what wakes a rule, what an order is for, and what was requested before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.chart import Context
from cds_service.criteria.durations import days
from cds_service.criteria.episode import Episode
from cds_service.criteria.orders import (
    drafted,
    never_absent,
    order_due,
    order_is,
    order_route,
    order_route_unclear,
    order_urgent,
    ordered_for,
    ordered_for_else,
    requested,
    selected,
    supply_above,
)
from cds_service.criteria.records import recorded
from cds_service.criteria.where import from_before, within
from cds_service.terminology import LOINC, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
REQUESTS = Need("ServiceRequest", "ServiceRequest?patient={{context.patientId}}", "service orders")
NO, UNKNOWN, YES = Truth


def _concept(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def _mri(**members: object) -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "id": "d1", "code": _concept(LOINC, "mri"), **members}


def _fever(**members: object) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c1", "code": _concept(SNOMED_CT, "fever"), **members}


def test_a_rule_wakes_for_selected_orders_of_its_sets(
    draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Not for drafts that are merely there, nor for what is also in `besides`."""
    mri, idle = draft_of(_mri()), draft_of(_mri(), selected=False)
    both = draft_of(_mri(code=_concept(LOINC, "mri", "ct")))
    trigger = selected(terms["mri"], besides=(terms["ct"],), label="a lumbar MRI")

    assert trigger.orders(Context("p1", (mri, idle, both))) == (mri,)
    assert trigger.orders(Context("p1")) == ()


def test_an_order_is_judged_by_its_own_sets_and_priority(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Without an order there is nothing to judge: NO."""
    is_mri = order_is(terms["mri"], label="an MRI")
    routine, urgent, stat = (chart_of(order=draft_of(_mri(priority=p))) for p in (None, "urgent", "stat"))
    urgency = order_urgent(label="urgent")

    assert is_mri.evaluate(routine).truth is YES
    assert is_mri.evaluate(chart_of()).truth is NO
    assert [urgency.evaluate(c).truth for c in (routine, urgent, stat, chart_of())] == [NO, YES, YES, NO]


def test_a_draft_is_found_whether_it_is_judged_or_not(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Every draft on the table counts; an empty table is NO."""
    an_mri = drafted(terms["mri"], label="an MRI among the drafts")
    mri, ct = draft_of(_mri()), draft_of(_mri(id="d2", code=_concept(LOINC, "ct")))

    assert an_mri.evaluate(chart_of(drafts=[mri, ct], order=ct)).truth is YES
    assert an_mri.evaluate(chart_of(drafts=[mri], order=mri)).truth is YES
    assert an_mri.evaluate(chart_of(drafts=[ct], order=ct)).truth is NO


@pytest.mark.parametrize(
    ("dispense", "truth"),
    [
        ({"expectedSupplyDuration": {"value": 7, "code": "d"}}, NO),
        ({"expectedSupplyDuration": {"value": 8, "code": "d"}}, YES),
        ({"expectedSupplyDuration": {"value": 4, "code": "d"}, "numberOfRepeatsAllowed": 1}, YES),
        (None, UNKNOWN),
    ],
)
def test_a_supply_is_compared_with_refills(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    dispense: dict[str, Any] | None,
    truth: Truth,
) -> None:
    """An order that does not say how long leaves it open; so does another kind of order."""
    question = supply_above(7, label="more than 7 days")
    drug = draft_of({"resourceType": "MedicationRequest", "dispenseRequest": dispense})

    assert question.evaluate(chart_of(order=drug)).truth is truth
    assert question.evaluate(chart_of(order=draft_of(_mri()))).truth is UNKNOWN
    assert question.evaluate(chart_of()).truth is UNKNOWN


def test_a_draft_that_is_only_there_is_judged_by_nobody(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """With `selected_only` a draft counts when it is selected or being signed."""
    asked = drafted(terms["mri"], label="an MRI judged in this call", selected_only=True)
    idle, chosen = draft_of(_mri(), selected=False), draft_of(_mri())

    assert asked.evaluate(chart_of(drafts=(idle,))).truth is NO
    assert asked.evaluate(chart_of(drafts=(idle, chosen))).truth is YES


@pytest.mark.parametrize(
    ("routes", "fits", "unclear"),
    [
        ([_concept(SNOMED_CT, "therapy")], YES, NO),
        ([_concept(SNOMED_CT, "fever")], NO, NO),
        ([_concept(SNOMED_CT, "another")], NO, NO),
        ([_concept("http://example.org/local", "im")], NO, YES),
        ([None], NO, YES),
        ([], NO, YES),
        ([None, _concept(SNOMED_CT, "therapy")], YES, YES),
        ([_concept(SNOMED_CT, "another"), _concept(SNOMED_CT, "therapy")], YES, NO),
    ],
)
def test_a_route_is_what_the_instructions_name(  # noqa: PLR0913, PLR0917 - one order, asked in two ways
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    routes: list[dict[str, Any] | None],
    fits: Truth,
    unclear: Truth,
) -> None:
    """One that fits is enough; it is clear when each names one that can be interpreted."""
    dosages = [{"route": route} if route else {"text": "as told"} for route in routes]
    chart = chart_of(order=draft_of({"resourceType": "MedicationRequest", "dosageInstruction": dosages}))

    assert order_route(terms["therapy"], label="this route").evaluate(chart).truth is fits
    assert order_route_unclear(label="no route").evaluate(chart).truth is unclear


def test_without_an_order_of_a_medicine_there_is_no_route(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Nothing is named, and nothing is told."""
    for chart in (chart_of(order=draft_of(_mri())), chart_of()):
        assert order_route(terms["therapy"], label="this route").evaluate(chart).truth is NO
        assert order_route_unclear(label="no route").evaluate(chart).truth is YES


POINTER = {"reasonReference": [{"reference": "Condition/c1"}]}


@pytest.mark.parametrize(
    ("members", "record", "fits", "other"),
    [
        ({}, [], NO, NO),
        ({"reasonCode": [_concept(SNOMED_CT, "fever")]}, [], YES, NO),
        ({"reasonCode": [_concept(SNOMED_CT, "pain")]}, [], NO, YES),
        ({"reasonCode": [_concept(SNOMED_CT, "pain"), _concept(SNOMED_CT, "fever")]}, [], YES, NO),
        (POINTER, [_fever()], YES, NO),
        (POINTER, [_fever(code=_concept(SNOMED_CT, "pain"))], NO, YES),
        (POINTER, [_fever(verificationStatus={"coding": [{"code": "refuted"}]})], NO, YES),
        (POINTER, [], NO, YES),
        (
            {
                "reasonReference": [{"reference": "#r"}],
                "contained": [{"resourceType": "Condition", "id": "r", "code": _concept(SNOMED_CT, "fever")}],
            },
            [],
            YES,
            NO,
        ),
        (
            {
                "reasonReference": [{"reference": "#r"}],
                "contained": [{"resourceType": "Condition", "id": "r"}],
            },
            [],
            NO,
            YES,
        ),
        ({"reasonReference": [{"display": "fever"}]}, [], NO, YES),
    ],
)
def test_an_order_is_for_its_reasons(  # noqa: PLR0913, PLR0917 - one order, asked in two ways
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    members: dict[str, Any],
    record: list[dict[str, Any]],
    fits: Truth,
    other: Truth,
) -> None:
    """Guideline 10.2: codes, contained resources, the problem list; no reason is no other reason."""
    chart = chart_of(*record, order=draft_of(_mri(**members)))

    assert ordered_for(CONDITIONS, terms["fever"], label="for fever").evaluate(chart).truth is fits
    assert ordered_for_else(CONDITIONS, terms["fever"], label="for else").evaluate(chart).truth is other


def test_a_reason_that_may_be_among_the_unread_is_unknown(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """A reason that was read counts either way."""
    gaps = {"Condition": "further pages"}
    lost = chart_of(gaps=gaps, order=draft_of(_mri(**POINTER)))
    found = chart_of(_fever(), gaps=gaps, order=draft_of(_mri(**POINTER)))
    fits = ordered_for(CONDITIONS, terms["fever"], label="for fever")
    other = ordered_for_else(CONDITIONS, terms["fever"], label="for else")

    assert [question.evaluate(lost).truth for question in (fits, other)] == [UNKNOWN, UNKNOWN]
    assert [question.evaluate(found).truth for question in (fits, other)] == [YES, NO]


def test_without_an_order_there_is_no_reason(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """Neither this one nor another."""
    for question in (ordered_for, ordered_for_else):
        assert question(CONDITIONS, terms["fever"], label="x").evaluate(chart_of(_fever())).truth is NO


@pytest.mark.parametrize(
    ("members", "truth"),
    [
        ({"status": "completed", "authoredOn": "2026-10-20"}, YES),
        ({"status": "completed"}, YES),
        ({"status": "completed", "authoredOn": "2026-01-01"}, NO),
        ({"status": "revoked", "authoredOn": "2026-10-20"}, NO),
        ({"status": "completed", "doNotPerform": True}, NO),
        ({"status": "completed", "code": _concept(LOINC, "ct")}, NO),
    ],
)
def test_a_request_counts_by_status_and_date(
    chart_of: Callable[..., Chart], terms: Terminology, members: dict[str, Any], truth: Truth
) -> None:
    """An undated one may be recent, and counts."""
    statuses = frozenset({"completed"})
    question = requested(REQUESTS, terms["mri"], status=statuses, where=within(days(90)), label="an MRI")

    assert question.evaluate(chart_of(_mri(**members))).truth is truth


def test_other_drafts_are_requests_where_asked_for(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Guideline 10.8: the judged order is no evidence for itself."""
    own, other = draft_of(_mri(id="a")), draft_of(_mri(id="b"))
    statuses = frozenset({"active"})
    question = requested(REQUESTS, terms["mri"], status=statuses, drafts=True, label="an MRI")

    assert question.evaluate(chart_of(drafts=(own, other), order=own)).truth is YES
    assert question.evaluate(chart_of(drafts=(own,), order=own)).truth is NO
    assert question.evaluate(chart_of(gaps={"ServiceRequest": "why"})).truth is UNKNOWN


def test_a_draft_that_is_kept_on_record_is_no_evidence_for_itself(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Guideline 10.8, where the EHR has stored the draft; another one on record counts."""
    own, kept = draft_of(_mri(id="a")), _mri(id="a", status="draft")
    question = requested(REQUESTS, terms["mri"], status=frozenset({"draft"}), drafts=True, label="an MRI")

    assert question.evaluate(chart_of(kept, drafts=(own,), order=own)).truth is NO
    assert question.evaluate(chart_of({**kept, "id": "b"}, drafts=(own,), order=own)).truth is YES
    assert question.evaluate(chart_of(kept)).truth is YES


def test_without_an_id_no_recorded_order_is_taken_for_the_judged_one(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Two orders without an id are two orders."""
    anonymous = {name: value for name, value in _mri(status="draft").items() if name != "id"}
    own = draft_of(anonymous)
    question = requested(REQUESTS, terms["mri"], status=frozenset({"draft"}), drafts=True, label="an MRI")

    assert question.evaluate(chart_of(anonymous, drafts=(own,), order=own)).truth is YES


@pytest.mark.parametrize(
    ("members", "truth", "because"),
    [
        ({"occurrencePeriod": {"start": "2026-11-02", "end": "2026-11-15"}}, YES, "due 2026-11-15"),
        ({"occurrencePeriod": {"end": "2026-11-16"}}, NO, "due 2026-11-16"),
        ({"occurrenceDateTime": "2026-11-15"}, YES, "due 2026-11-15"),
        ({"occurrenceDateTime": "2026-11"}, NO, "due 2026-11"),
        ({"occurrencePeriod": {"start": "2026-11-02"}}, NO, "no date in the order"),
        ({}, NO, "no date in the order"),
    ],
)
def test_an_order_is_due_by_its_last_day(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    members: dict[str, Any],
    truth: Truth,
    because: str,
) -> None:
    """A period without an end, or no date at all, binds nobody; a partial date may be its last day."""
    order = draft_of(_mri(**members))
    finding = order_due(within=days(14), label="due").evaluate(chart_of(drafts=(order,), order=order))

    assert (finding.truth, finding.because) == (truth, because)


def test_without_an_order_nothing_is_due(chart_of: Callable[..., Chart]) -> None:
    """On a hook without orders, and for a medicine, there is no such date."""
    assert order_due(within=days(14), label="due").evaluate(chart_of()).truth is NO


def test_a_request_declares_what_its_condition_reads(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """A condition on an episode reads the problem list too."""
    episode = Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        terms["chronic-pain"],
        terms["acute-pain"],
        days(84),
        days(28),
        days(84),
    )
    where = from_before(episode, days(7))
    question = requested(REQUESTS, terms["mri"], status=frozenset({"active"}), where=where, label="an MRI")
    pain = {"resourceType": "Condition", "code": _concept(SNOMED_CT, "pain"), "onsetDateTime": "2026-10-01"}

    assert question.needs == {REQUESTS, CONDITIONS}
    assert question.evaluate(chart_of(pain, _mri(status="active", authoredOn="2026-09-24"))).truth is YES
    assert question.evaluate(chart_of(pain, _mri(status="active", authoredOn="2026-09-23"))).truth is NO


def test_what_a_chart_can_never_rule_out_is_never_absent(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """Its NO is UNKNOWN, with the reason; a YES stays one."""
    question = never_absent(recorded(CONDITIONS, terms["fever"], label="fever"), because="not charted")
    absent = question.evaluate(chart_of())

    assert (absent.truth, absent.because) == (UNKNOWN, "not charted")
    assert question.evaluate(chart_of(_fever())).truth is YES
