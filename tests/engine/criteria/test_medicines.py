"""Medicines: taken now, for long, again and again, or tried before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days
from cds_service.criteria.medicines import (
    continued,
    duplicated,
    outdated,
    renewal,
    repeated,
    supplied,
    taken_for,
    taking,
    tried,
    used_lately,
)
from cds_service.terminology import RXNORM
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

MEDICATIONS = Need("MedicationRequest", "MedicationRequest?patient={{context.patientId}}", "medications")
TODAY = date(2026, 11, 1)
NO, UNKNOWN, YES = Truth


def _order(
    coded: str = "1", ago: int | None = 10, status: str = "active", **members: object
) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": coded}]},
        "authoredOn": None if ago is None else (TODAY - timedelta(days=ago)).isoformat(),
        **members,
    }


def _supply(count: float, refills: int = 0) -> dict[str, Any]:
    return {"expectedSupplyDuration": {"value": count, "code": "d"}, "numberOfRepeatsAllowed": refills}


def _valid_until(ago: int) -> dict[str, Any]:
    return {"validityPeriod": {"end": (TODAY - timedelta(days=ago)).isoformat()}}


OPAQUE = _order(medicationCodeableConcept={"text": "herbs"})


@pytest.mark.parametrize(
    ("orders", "truth"),
    [
        ([_order()], YES),
        ([_order(status="on-hold")], YES),
        ([_order(status="completed")], NO),
        ([_order(intent="plan")], NO),
        ([_order("3")], NO),
        ([_order("99")], NO),
        ([_order("99"), _order()], YES),
        ([OPAQUE], UNKNOWN),
        ([OPAQUE, _order()], YES),
        ([{**OPAQUE, "status": "completed"}], NO),
    ],
)
def test_a_medicine_is_taken_while_its_order_is_current(
    chart_of: Callable[..., Chart], terms: Terminology, orders: list[dict[str, Any]], truth: Truth
) -> None:
    """SAFE-36; a current medicine without any code may be this one (SAFE-33)."""
    question = taking(MEDICATIONS, terms["opioid"], besides=(terms["acetaminophen"],), label="an opioid")

    assert question.evaluate(chart_of(*orders)).truth is truth


def test_a_medicine_among_the_other_drafts_counts(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """SAFE-38: all drafts are judged together, and the judged one is no evidence for itself."""
    own, other = (draft_of(_order(status="draft", id=name)) for name in "ab")
    question = taking(MEDICATIONS, terms["opioid"], label="an opioid")
    on_record = taking(MEDICATIONS, terms["opioid"], label="an opioid", drafts=False)

    assert question.evaluate(chart_of(drafts=(own, other), order=own)).truth is YES
    assert question.evaluate(chart_of(drafts=(own,), order=own)).truth is NO
    assert on_record.evaluate(chart_of(drafts=(own, other), order=own)).truth is NO


def test_an_unread_list_leaves_open_what_is_taken(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """But what was read counts."""
    question = taking(MEDICATIONS, terms["opioid"], label="an opioid")
    gaps = {"MedicationRequest": "further pages"}

    assert question.evaluate(chart_of(gaps=gaps)).truth is UNKNOWN
    assert question.evaluate(chart_of(_order(), gaps=gaps)).truth is YES


@pytest.mark.parametrize(
    ("members", "is_outdated"),
    [
        ({"dispenseRequest": _valid_until(91)}, True),
        ({"dispenseRequest": _valid_until(90)}, False),
        ({"ago": 121, "dispenseRequest": _supply(30)}, True),
        ({"ago": 120, "dispenseRequest": _supply(30)}, False),
        ({"ago": 121, "dispenseRequest": _supply(15, refills=2)}, False),
        ({"ago": None, "dispenseRequest": _supply(30)}, False),
        ({"ago": 1000, "dispenseRequest": {"numberOfRepeatsAllowed": 1}}, False),
        ({"ago": 1000}, False),
    ],
)
def test_an_order_is_outdated_90_days_after_it_ran_out(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    members: dict[str, Any],
    is_outdated: bool,  # noqa: FBT001
) -> None:
    """Guideline 10.2: it still counts as taken, and the card says so; without an end it stays current."""
    chart = chart_of(_order(**members))
    finding = taking(MEDICATIONS, terms["opioid"], label="an opioid").evaluate(chart)

    assert outdated(chart, chart.facts(MEDICATIONS)[0]) is is_outdated
    assert finding.truth is YES
    assert finding.because.endswith("(may be outdated)") is is_outdated


def test_only_medication_orders_run_out(chart_of: Callable[..., Chart]) -> None:
    """Nothing else has a supply."""
    services = Need("ServiceRequest", "ServiceRequest?x", "orders")
    chart = chart_of({"resourceType": "ServiceRequest", "authoredOn": "2001"})

    assert not outdated(chart, chart.facts(services)[0])


@pytest.mark.parametrize(
    ("order", "truth"),
    [
        (_order(ago=90), YES),
        (_order(ago=89), NO),
        (_order(ago=None), NO),
        (_order(ago=100, status="on-hold"), NO),
        (_order(ago=130, dispenseRequest=_supply(30)), NO),
        (_order("3", ago=100), NO),
    ],
)
def test_long_means_active_since_then(
    chart_of: Callable[..., Chart], terms: Terminology, order: dict[str, Any], truth: Truth
) -> None:
    """SAFE-06: not on hold, not outdated, to the day."""
    question = taken_for(MEDICATIONS, terms["opioid"], at_least=days(90), label="for 90 days")

    assert question.evaluate(chart_of(order)).truth is truth


@pytest.mark.parametrize(
    ("orders", "truth"),
    [
        ([_order(ago=0), _order(ago=60, status="completed")], YES),
        ([_order(ago=60, status="completed"), _order(ago=30), _order(ago=0)], YES),
        ([_order(ago=0), _order(ago=59)], NO),
        ([_order(ago=120), _order(ago=180)], YES),
        ([_order(ago=120), _order(ago=181)], NO),
        ([_order(ago=0), _order(ago=60, status="cancelled")], NO),
        ([_order(ago=0), _order(ago=60, status="draft")], NO),
        ([_order(ago=0), _order(ago=60, intent="proposal")], NO),
        ([_order(ago=0), _order(ago=60, doNotPerform=True)], NO),
        ([_order(ago=-1), _order(ago=60)], NO),
        ([_order(ago=60)], NO),
        ([], NO),
    ],
)
def test_orders_far_enough_apart_repeat(
    chart_of: Callable[..., Chart], terms: Terminology, orders: list[dict[str, Any]], truth: Truth
) -> None:
    """Completed renewals count; what was never given does not."""
    question = repeated(MEDICATIONS, terms["opioid"], apart=days(60), within=days(180), label="repeated")

    assert question.evaluate(chart_of(*orders)).truth is truth


@pytest.mark.parametrize(
    ("orders", "truth"),
    [
        ([_order(ago=90, dispenseRequest=_supply(30, refills=1))], YES),
        ([_order(ago=91, dispenseRequest=_supply(60))], NO),
        ([_order(dispenseRequest=_supply(30)), _order(dispenseRequest=_supply(30), status="completed")], YES),
        ([_order(dispenseRequest=_supply(30)), _order(dispenseRequest=_supply(29))], NO),
        ([_order()], NO),
    ],
)
def test_supplies_add_up(
    chart_of: Callable[..., Chart], terms: Terminology, orders: list[dict[str, Any]], truth: Truth
) -> None:
    """Within the window, refills included; an unknown supply adds nothing."""
    question = supplied(
        MEDICATIONS, terms["opioid"], at_least=days(60), within=days(90), label="60 days' supply"
    )

    assert question.evaluate(chart_of(*orders)).truth is truth


def test_only_medication_orders_are_given(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """A service order of the same code supplies nothing."""
    services = Need("ServiceRequest", "ServiceRequest?x", "orders")
    code = {"coding": [{"system": RXNORM, "code": "1"}]}
    chart = chart_of(
        {"resourceType": "ServiceRequest", "status": "active", "code": code, "authoredOn": "2026-10-01"}
    )
    question = supplied(services, terms["opioid"], at_least=days(1), within=days(90), label="a supply")

    assert question.evaluate(chart).truth is NO


@pytest.mark.parametrize(
    ("order", "was_tried", "lately"),
    [
        (_order(ago=365, status="stopped"), YES, YES),
        (_order(ago=366, status="stopped"), NO, NO),
        (_order(ago=1), YES, YES),
        (_order(ago=0), NO, YES),
        (_order(ago=None), NO, YES),
        (_order(status="unknown"), NO, NO),
        (_order(status="cancelled"), NO, NO),
        (_order(intent="plan"), NO, NO),
        (_order("99"), NO, YES),
        (_order(ago=200, dispenseRequest=_supply(30)), NO, YES),
        (_order(ago=200, dispenseRequest=_supply(30), status="completed"), YES, YES),
        (_order("3"), NO, NO),
    ],
)
def test_a_trial_was_before_today_and_a_use_may_be_of_today(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    order: dict[str, Any],
    was_tried: Truth,
    lately: Truth,
) -> None:
    """Guideline 10.2 and 10.8: an undated order is no trial, and may well be a use."""
    chart = chart_of(order)
    opioid, besides = terms["opioid"], (terms["acetaminophen"],)
    trial = tried(MEDICATIONS, opioid, besides=besides, within=days(365), label="tried")
    use = used_lately(MEDICATIONS, opioid, within=days(365), label="used")

    assert trial.evaluate(chart).truth is was_tried
    assert use.evaluate(chart).truth is lately


@pytest.mark.parametrize(
    ("record", "truth"),
    [
        ([_order("99")], YES),
        ([_order("161")], YES),
        ([_order("3")], NO),
        ([_order("99", status="completed")], NO),
        ([OPAQUE], NO),
    ],
)
def test_a_renewal_shares_an_ingredient_with_what_is_taken(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    record: list[dict[str, Any]],
    truth: Truth,
) -> None:
    """Whatever the product (SAFE-06, SAFE-23)."""
    draft = draft_of(_order("99", status="draft"))
    chart = chart_of(*record, drafts=(draft,), order=draft)

    assert renewal(MEDICATIONS, label="a renewal").evaluate(chart).truth is truth


def test_no_order_is_no_renewal(chart_of: Callable[..., Chart]) -> None:
    """There is nothing to renew."""
    assert renewal(MEDICATIONS, label="a renewal").evaluate(chart_of(_order("99"))).truth is NO


@pytest.mark.parametrize(
    ("drafted", "record", "gap", "truth"),
    [
        ("99", [_order("1", ago=21)], "", NO),
        ("99", [_order("1", ago=22)], "", YES),
        ("99", [_order("1", ago=22, status="completed")], "", NO),
        ("99", [_order("161", ago=22)], "", NO),
        ("161", [_order("99", ago=22)], "", NO),
        ("1", [_order("1", ago=None)], "", NO),
        ("1", [], "cut off", UNKNOWN),
        ("1", [_order("99", ago=22)], "cut off", YES),
    ],
)
def test_an_order_goes_on_with_its_own_ingredient(  # noqa: PLR0913, PLR0917 - the table has four columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    drafted: str,
    record: list[dict[str, Any]],
    gap: str,
    truth: Truth,
) -> None:
    """Longer ago than the limit; what only shares another ingredient is no continuation."""
    draft = draft_of(_order(drafted, status="draft"))
    chart = chart_of(*record, gaps={"MedicationRequest": gap}, drafts=(draft,), order=draft)
    asked = continued(MEDICATIONS, terms["opioid"], more_than=days(21), label="for long")

    assert asked.evaluate(chart).truth is truth


def test_without_an_order_nothing_goes_on(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """Nobody is judged: what is on record continues nothing."""
    asked = continued(MEDICATIONS, terms["opioid"], more_than=days(21), label="for long")

    assert asked.evaluate(chart_of(_order("1", ago=100))).truth is NO


@pytest.mark.parametrize(
    ("record", "gap", "truth"),
    [
        ((), "", NO),
        ((_order("1"),), "", NO),
        ((_order("99"),), "", YES),
        ((_order("99", status="completed"),), "", NO),
        ((_order("99", status="on-hold"),), "", YES),
        ((_order("3"),), "", NO),
        ((), "cut off", UNKNOWN),
        ((OPAQUE,), "", UNKNOWN),
    ],
)
def test_a_duplicate_has_other_ingredients(  # noqa: PLR0913, PLR0917 - the table has three columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    record: tuple[dict[str, Any], ...],
    gap: str,
    truth: Truth,
) -> None:
    """A renewal has exactly the same; a combination with one of them is a duplicate."""
    judged = draft_of(_order("1", status="draft"))
    chart = chart_of(*record, gaps={"MedicationRequest": gap}, drafts=(judged,), order=judged)
    asked = duplicated(MEDICATIONS, terms["opioid"], label="a duplicate")

    assert asked.evaluate(chart).truth is truth


def test_the_same_drafted_twice_is_a_duplicate(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Nothing is renewed by two drafts of one call."""
    judged, other = draft_of(_order("1")), draft_of(_order("1"))
    asked = duplicated(MEDICATIONS, terms["opioid"], label="a duplicate")

    finding = asked.evaluate(chart_of(drafts=(judged, other), order=judged))

    assert finding.facts == (other,)


def test_what_an_order_without_ingredients_renews_cannot_be_told(
    chart_of: Callable[..., Chart], terms: Terminology
) -> None:
    """So whatever is on record counts as a duplicate."""
    asked = duplicated(MEDICATIONS, terms["opioid"], label="a duplicate")

    assert asked.evaluate(chart_of(_order("1"))).truth is YES


@pytest.mark.parametrize(
    ("system", "truth"),
    [
        (RXNORM, Truth.NO),
        ("http://snomed.info/sct", Truth.UNKNOWN),
        ("http://www.whocc.no/atc", Truth.UNKNOWN),
    ],
)
def test_a_medicine_that_only_another_system_codes_may_be_any(
    chart_of: Callable[..., Chart], terms: Terminology, system: str, truth: Truth
) -> None:
    """Guideline section 8: RxNorm is complete for drugs; SNOMED CT, spoken of problems, is not."""
    order = _order(medicationCodeableConcept={"coding": [{"system": system, "code": "unheard-of"}]})

    finding = taking(MEDICATIONS, terms["opioid"], label="an opioid").evaluate(chart_of(order))

    assert finding.truth is truth
