"""The context of each hook: what its page requires, and nothing invented."""

from __future__ import annotations

import pytest
from fhir.resources.R4B.bundle import Bundle

from cds_service.sandbox.ehr import EhrError, Situation, context_for, draft_orders

DRAFTS = draft_orders(["lumbar-mri", "naproxen"], "123")


def test_patient_view_has_user_and_patient() -> None:
    """No encounter is open, so there is no encounterId either."""
    context = context_for("patient-view", Situation("123"))

    assert context == {"userId": "Practitioner/example", "patientId": "123"}


def test_order_select_points_at_what_was_just_chosen() -> None:
    """The first drafts are selected; the rest of the basket is context."""
    context = context_for("order-select", Situation("123", drafts=DRAFTS, selected=1))

    assert context["selections"] == ["ServiceRequest/draft-1"]
    assert [entry["resource"]["id"] for entry in context["draftOrders"]["entry"]] == ["draft-1", "draft-2"]
    assert Bundle.model_validate(context["draftOrders"]).type == "collection"


def test_order_sign_has_no_selections() -> None:
    """All drafts are about to be signed."""
    context = context_for("order-sign", Situation("123", drafts=DRAFTS, selected=1))

    assert set(context) == {"userId", "patientId", "draftOrders"}


def test_encounter_discharge_has_the_encounter() -> None:
    """The encounter that ends is named."""
    assert context_for("encounter-discharge", Situation("123", encounter="e1"))["encounterId"] == "e1"


def test_a_new_problem_is_a_valid_condition() -> None:
    """The problem list item is R4, active and of this patient."""
    context = context_for("problem-list-item-create", Situation("123", problem="279039007"))

    bundle = Bundle.model_validate(context["conditions"])
    assert bundle.entry[0].resource.code.coding[0].code == "279039007"
    assert bundle.entry[0].resource.subject.reference == "Patient/123"


@pytest.mark.parametrize(
    ("hook", "situation", "missing"),
    [
        ("order-select", Situation("123", drafts=DRAFTS), "just being chosen"),
        ("order-sign", Situation("123"), "at least one order"),
        ("encounter-discharge", Situation("123"), "an encounter"),
        ("problem-list-item-create", Situation("123"), "a problem"),
    ],
)
def test_what_a_hook_requires_is_asked_for(hook: str, situation: Situation, missing: str) -> None:
    """A call without a required field is not made."""
    with pytest.raises(EhrError, match=f"{hook} needs .*{missing}"):
        context_for(hook, situation)


def test_an_unknown_hook_names_those_there_are() -> None:
    """A typing error is answered with the list to choose from."""
    with pytest.raises(EhrError, match=r"cannot fire 'order-sing'.*order-sign"):
        context_for("order-sing", Situation("123"))


@pytest.mark.parametrize("identifier", ["", "Patient/123", "../x", "1 2", "x" * 65])
def test_a_patient_id_is_a_fhir_id(identifier: str) -> None:
    """References and paths are refused before they become part of an address."""
    with pytest.raises(EhrError, match="no patient id"):
        context_for("patient-view", Situation(identifier))


def test_an_encounter_id_is_a_fhir_id() -> None:
    """A reference is not taken for an id."""
    with pytest.raises(EhrError, match="no encounter id"):
        context_for("patient-view", Situation("123", encounter="Encounter/1"))
