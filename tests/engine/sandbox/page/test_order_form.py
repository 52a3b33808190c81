"""An order as a form and back: what the user changed is changed, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.sandbox.page.order_form import changed, draft_of, form_of, name_of, summary_of
from cds_service.sandbox.page.order_search import Orderable
from cds_service.sandbox.validation import ensure_valid
from cds_service.terminology import LOINC, RXNORM

TABLET = Orderable(RXNORM, "1", "Pill 5 MG", "Medication", ("Pills",))
PICTURE = Orderable(LOINC, "2", "MR Spine", "Imaging", ("Pictures",))
PROBLEMS = {"c1": {"text": "Back pain", "coding": [{"system": "urn:s", "code": "1"}]}}
FULL = {"amount": "2", "unit": "tablet", "times": "3", "days": "7", "reason": "c1", "priority": "urgent"}


def pill() -> dict[str, Any]:
    """Return a new drug order."""
    return draft_of(TABLET, "p", 1)


def edited(order: dict[str, Any], **given: str) -> dict[str, Any]:
    """Return an order after the form was sent."""
    result, errors = changed(order, PROBLEMS, given)
    assert errors == {}
    return result


@pytest.mark.parametrize("item", [TABLET, PICTURE])
def test_a_new_order_is_valid_fhir(item: Orderable) -> None:
    """With what the form adds as well."""
    order = draft_of(item, "p", 1)
    ensure_valid(order)
    ensure_valid(edited(order, **FULL))

    assert (order["id"], order["status"], order["subject"]) == (
        "draft-1",
        "draft",
        {"reference": "Patient/p"},
    )


def test_what_is_filled_in_can_be_read_back() -> None:
    """The form shows what the order says."""
    assert form_of(edited(pill(), **FULL), PROBLEMS) == FULL


def test_a_dose_and_a_duration_stand_where_the_rules_read_them() -> None:
    """dosageInstruction, and the supply of dispenseRequest."""
    order = edited(pill(), **FULL)
    (instruction,) = order["dosageInstruction"]

    assert instruction["doseAndRate"][0]["doseQuantity"]["value"] == 2
    assert instruction["timing"]["repeat"] == {"frequency": 3, "period": 1, "periodUnit": "d"}
    assert order["dispenseRequest"]["expectedSupplyDuration"]["value"] == 7
    assert order["reasonCode"] == [PROBLEMS["c1"]]


def test_an_emptied_form_takes_the_elements_away() -> None:
    """And leaves the order as it began."""
    emptied = edited(edited(pill(), **FULL), **dict.fromkeys(FULL, ""))

    assert emptied == pill()


def test_what_the_form_cannot_show_stays() -> None:
    """A suggestion may bring a dose range and refills; changing the priority must not lose them."""
    dosage = [{"text": "1-2 tablets when needed", "doseAndRate": [{"doseRange": {"low": {"value": 1}}}]}]
    order = {**pill(), "dosageInstruction": dosage, "dispenseRequest": {"numberOfRepeatsAllowed": 2}}

    after = edited(order, priority="stat", days="5")

    assert after["dosageInstruction"] == dosage
    assert after["dispenseRequest"]["numberOfRepeatsAllowed"] == 2


def test_a_picture_has_no_dose() -> None:
    """Whatever a form sends."""
    after = edited(draft_of(PICTURE, "p", 1), **FULL)

    assert "dosageInstruction" not in after
    assert after["priority"] == "urgent"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": "a lot", "unit": "mg"}, "amount"),
        ({"amount": "0", "unit": "mg"}, "amount"),
        ({"amount": "-1", "unit": "mg"}, "amount"),
        ({"amount": "1"}, "amount"),
        ({"unit": "mg"}, "amount"),
        ({"amount": "1", "unit": "mg", "times": "25"}, "times"),
        ({"amount": "1", "unit": "mg", "times": "0"}, "times"),
        ({"times": "3"}, "times"),
        ({"days": "1.5"}, "days"),
        ({"days": "1000"}, "days"),
        ({"reason": "somebody-else"}, "reason"),
        ({"priority": "whenever"}, "priority"),
    ],
)
def test_a_wrong_form_changes_nothing_and_says_where(given: dict[str, str], field: str) -> None:
    """The order comes back as it was."""
    after, errors = changed(pill(), PROBLEMS, given)

    assert list(errors) == [field]
    assert after == pill()


def test_a_unit_that_nobody_offers_is_refused() -> None:
    """A form can be sent by hand."""
    _, errors = changed(pill(), PROBLEMS, {"amount": "1", "unit": "barrel"})

    assert list(errors) == ["amount"]


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ({"resourceType": "MedicationRequest", "medicationReference": {"display": "Syrup"}}, "Syrup"),
        ({"resourceType": "ServiceRequest", "code": {"coding": [{"code": "7"}]}}, "7"),
        ({"resourceType": "CommunicationRequest", "payload": [{"contentString": "Call me"}]}, "Call me"),
        ({"resourceType": "ServiceRequest", "code": 7}, "ServiceRequest without a name"),
    ],
)
def test_every_order_has_a_name(order: dict[str, Any], name: str) -> None:
    """Suggestions of any service end up in the basket."""
    assert name_of(order) == name


def test_an_order_is_summed_up_in_a_line() -> None:
    """As a clinician checks it before signing."""
    said = summary_of(edited(pill(), **FULL))

    assert said == "2 tablet, 3 time(s) a day; for 7 days; because of Back pain; urgent"
