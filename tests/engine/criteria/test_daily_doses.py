"""Daily doses: of one order, of one medicine that is taken, and of all products together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.daily_doses import daily_dose, order_dose, order_single_dose, taking_dose
from cds_service.terminology import RXNORM
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

MEDICATIONS = Need("MedicationRequest", "MedicationRequest?patient={{context.patientId}}", "medications")
NO, UNKNOWN, YES = Truth


def _order(coded: str = "1", status: str = "active", **members: object) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": coded}]},
        **members,
    }


OPAQUE = _order(medicationCodeableConcept={"text": "herbs"})


def _daily(tablets: float) -> list[dict[str, Any]]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    return [
        {
            "timing": {"repeat": repeat},
            "doseAndRate": [{"doseQuantity": {"value": tablets, "unit": "tablet"}}],
        }
    ]


@pytest.mark.parametrize(
    ("record", "drafted", "above", "incomplete"),
    [
        ([_order("161", dosageInstruction=_daily(4))], 2, NO, NO),
        ([_order("161", dosageInstruction=_daily(4))], 2.5, YES, NO),
        ([_order("161", dosageInstruction=_daily(9), status="completed")], 2, NO, NO),
        ([_order("99", dosageInstruction=_daily(4))], 2, NO, NO),
        ([_order("161")], 2, UNKNOWN, YES),
        ([_order("161"), _order("161", dosageInstruction=_daily(7))], 2, YES, YES),
    ],
)
def test_all_products_of_an_ingredient_add_up(  # noqa: PLR0913, PLR0917 - one sum, asked in two ways
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    record: list[dict[str, Any]],
    drafted: float,
    above: Truth,
    incomplete: Truth,
) -> None:
    """Record and drafts, the judged one included; one dose that is missing leaves a NO open."""
    draft = draft_of(_order("161", status="draft", dosageInstruction=_daily(drafted)))
    chart = chart_of(*record, drafts=(draft,), order=draft)
    sets = terms["acetaminophen"]
    total = daily_dose(MEDICATIONS, sets, "161", above_mg=3000, label="more than 3 g")
    missing = daily_dose(MEDICATIONS, sets, "161", unknown=True, label="a dose is missing")

    assert total.evaluate(chart).truth is above
    assert missing.evaluate(chart).truth is incomplete


def test_an_unread_list_leaves_the_sum_open(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """What is known may still exceed the limit."""
    question = daily_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=3000, label="more than 3 g")
    gaps = {"MedicationRequest": "timed out"}
    much = _order("161", dosageInstruction=_daily(7))
    unread = question.evaluate(chart_of(gaps=gaps))

    assert (unread.truth, unread.because) == (UNKNOWN, "timed out")
    assert question.evaluate(chart_of(much, gaps=gaps)).because == "3500 mg a day in 1 of 1 orders"


def test_an_order_of_another_kind_has_no_dose(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """It is counted as not computable, and never as nothing."""
    services = Need("ServiceRequest", "ServiceRequest?x", "orders")
    code = {"coding": [{"system": RXNORM, "code": "161"}]}
    chart = chart_of({"resourceType": "ServiceRequest", "status": "active", "code": code})
    question = daily_dose(services, terms["acetaminophen"], "161", above_mg=3000, label="more than 3 g")

    assert question.evaluate(chart).truth is UNKNOWN


def _dosed(milligrams: float | None, **members: object) -> dict[str, Any]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    dose = {"doseQuantity": {"value": milligrams, "unit": "mg", "code": "mg"}}
    dosage = [{"timing": {"repeat": repeat}, "doseAndRate": [dose]}] if milligrams else []
    return _order("161", dosageInstruction=dosage, **members)


@pytest.mark.parametrize(
    ("coded", "milligrams", "truth"),
    [("161", 325, NO), ("161", 326, YES), ("161", None, UNKNOWN), ("1", 326, NO)],
)
def test_the_dose_of_an_order_is_its_own(  # noqa: PLR0913, PLR0917 - the table has three columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    coded: str,
    milligrams: float | None,
    truth: Truth,
) -> None:
    """Strictly above the limit; not computable is unknown; another medicine has none."""
    code = {"coding": [{"system": RXNORM, "code": coded}]}
    order = draft_of(_dosed(milligrams, medicationCodeableConcept=code))
    asked = order_dose(terms["acetaminophen"], "161", above_mg=325, label="a high dose")

    assert asked.evaluate(chart_of(order=order)).truth is truth


def test_without_an_order_there_is_no_dose(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """Nobody is judged: the answer is NO."""
    asked = order_dose(terms["acetaminophen"], "161", above_mg=325, label="a high dose")

    assert asked.evaluate(chart_of()).truth is NO


@pytest.mark.parametrize(
    ("coded", "doses", "truth"),
    [
        ("161", [325], NO),
        ("161", [326], YES),
        ("161", [200, 200], NO),
        ("161", [None, 326], YES),
        ("161", [None, 200], UNKNOWN),
        ("161", [], UNKNOWN),
        ("1", [326], NO),
    ],
)
def test_the_dose_at_once_is_that_of_one_instruction(  # noqa: PLR0913, PLR0917 - the table has three columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    coded: str,
    doses: list[float | None],
    truth: Truth,
) -> None:
    """Instructions do not add up; one that cannot be computed leaves it open, unless another is above."""
    dosage = [
        {"doseAndRate": [{"doseQuantity": {"value": dose, "code": "mg"}}]} if dose else {"text": "as told"}
        for dose in doses
    ]
    order = draft_of(_order(coded, dosageInstruction=dosage))
    asked = order_single_dose(terms["acetaminophen"], "161", above_mg=325, label="a high dose")

    assert asked.evaluate(chart_of(order=order)).truth is truth
    assert asked.evaluate(chart_of()).truth is NO


@pytest.mark.parametrize(
    ("record", "gap", "truth"),
    [
        ((_dosed(325),), "", NO),
        ((_dosed(326),), "", YES),
        ((_dosed(200), _dosed(200)), "", NO),
        ((_dosed(326, status="stopped"),), "", NO),
        ((_dosed(None),), "", UNKNOWN),
        ((_dosed(None), _dosed(326)), "cut off", YES),
        ((_dosed(325),), "cut off", UNKNOWN),
        ((OPAQUE,), "", UNKNOWN),
    ],
)
def test_a_high_dose_is_that_of_one_medicine(
    chart_of: Callable[..., Chart],
    terms: Terminology,
    record: tuple[dict[str, Any], ...],
    gap: str,
    truth: Truth,
) -> None:
    """Each current order on its own; what cannot be computed, read or interpreted may be high."""
    chart = chart_of(*record, gaps={"MedicationRequest": gap})
    asked = taking_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=325, label="a high dose")

    assert asked.evaluate(chart).truth is truth


def test_a_high_dose_among_the_other_drafts_counts(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """And the judged draft does not count for itself."""
    other, judged = draft_of(_dosed(500)), draft_of(_dosed(1000))
    asked = taking_dose(MEDICATIONS, terms["acetaminophen"], "161", above_mg=325, label="a high dose")

    finding = asked.evaluate(chart_of(drafts=(other, judged), order=judged))

    assert finding.facts == (other,)
