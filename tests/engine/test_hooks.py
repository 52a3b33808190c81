"""Each hook the service can be offered on: which field holds what, and what of it is required."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Coding, Guideline, Topic
from cds_service.errors import InvalidValueError, MissingFieldError, UnsupportedHookError
from cds_service.hook_context import context_of, unresolved_medications
from cds_service.protocol import parse
from cds_service.terminology import SNOMED_CT
from cds_service.truth import Certainty

if TYPE_CHECKING:
    from cds_service.chart import Context
    from cds_service.terminology import Terminology

SUBJECT = {"reference": "Patient/p1"}
SCAN = {"coding": [{"system": "http://loinc.org", "code": "mri"}]}
MRI: dict[str, Any] = {"resourceType": "ServiceRequest", "id": "a", "subject": SUBJECT, "code": SCAN}
PAIN: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c",
    "subject": SUBJECT,
    "code": {"coding": [{"system": SNOMED_CT, "code": "pain"}]},
}
ORDERS = {
    "order-select": "draftOrders",
    "order-sign": "draftOrders",
    "medication-prescribe": "medications",
    "order-review": "orders",
}


@pytest.fixture
def guideline(terms: Terminology) -> Guideline:
    """Return a guideline that knows codes and says nothing."""
    service = CdsService("g", ("order-select",), "t", "d", (), frozenset())
    topic = Topic(Coding("http://example.org/topics", "data-missing"), 1)
    return Guideline("g", "label", "footer", (service,), terms, topic, "org.example.rules")


def call(guideline: Guideline, hook: str, **context: object) -> Context:
    """Return the context of a call for patient p1."""
    body = {"hook": hook, "hookInstance": "i", "context": {"patientId": "p1", **context}}
    return context_of(parse(json.dumps(body).encode()), guideline)


def bundle(*resources: object) -> dict[str, Any]:
    """Return a Bundle."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def test_opening_a_chart_says_who_it_is(guideline: Guideline) -> None:
    """patient-view: a patient and nothing else."""
    context = call(guideline, "patient-view", userId="Practitioner/u", encounterId=None)

    assert (context.patient_id, context.hook, context.drafts, context.conditions) == (
        "p1",
        "patient-view",
        (),
        (),
    )


@pytest.mark.parametrize("encounter", ["e1", "Encounter/e1"])
def test_a_discharge_is_from_an_encounter(guideline: Guideline, encounter: str) -> None:
    """encounter-discharge: encounterId is there."""
    assert call(guideline, "encounter-discharge", encounterId=encounter).hook == "encounter-discharge"


@pytest.mark.parametrize(
    ("encounter", "kind"),
    [
        (None, MissingFieldError),
        (5, InvalidValueError),
        ("", InvalidValueError),
        ("a b", InvalidValueError),
        ({}, InvalidValueError),
    ],
)
def test_a_discharge_from_nowhere_is_refused(
    guideline: Guideline, encounter: object, kind: type[Exception]
) -> None:
    """E-46: there alone encounterId is required."""
    with pytest.raises(kind) as caught:
        call(guideline, "encounter-discharge", encounterId=encounter)

    assert getattr(caught.value, "expression", "") == "context.encounterId"


def test_no_other_hook_asks_for_an_encounter_or_a_user(guideline: Guideline) -> None:
    """E-44, E-46: absent, null or nonsense."""
    fields: dict[str, object] = {"conditions": bundle(), **{name: bundle() for name in ORDERS.values()}}
    for hook in (*ORDERS, "patient-view", "problem-list-item-create"):
        assert call(guideline, hook, **fields).hook == hook
        assert call(guideline, hook, **fields, encounterId=5, userId=None).hook == hook


@pytest.mark.parametrize(("hook", "field"), ORDERS.items())
def test_orders_are_where_the_hook_has_them(guideline: Guideline, hook: str, field: str) -> None:
    """Current and deprecated hooks alike: every order is judged, and the hook is known to rules."""
    context = call(guideline, hook, **{field: bundle(MRI)})

    assert context.hook == hook
    assert [(draft.reference, draft.selected) for draft in context.drafts] == [("ServiceRequest/a", True)]


@pytest.mark.parametrize(("hook", "field"), [*ORDERS.items(), ("problem-list-item-create", "conditions")])
@pytest.mark.parametrize(
    ("value", "kind"), [(None, MissingFieldError), ("x", InvalidValueError), (5, InvalidValueError)]
)
def test_what_the_hook_is_about_is_required(
    guideline: Guideline, hook: str, field: str, value: object, kind: type[Exception]
) -> None:
    """E-53: the error names the field of that hook; the field of another one does not stand for it."""
    others = {name: bundle(MRI) for name in ORDERS.values() if name != field}
    with pytest.raises(kind) as caught:
        call(guideline, hook, **others, **{field: value})

    assert getattr(caught.value, "expression", "") == f"context.{field}"


@pytest.mark.parametrize("hook", ["order-sign", "medication-prescribe", "order-review"])
def test_only_order_select_selects(guideline: Guideline, hook: str) -> None:
    """Whatever another hook sends as `selections`."""
    context = call(guideline, hook, **{ORDERS[hook]: bundle(MRI)}, selections=[])

    assert [draft.selected for draft in context.drafts] == [True]


@pytest.mark.parametrize("hook", ["order-dispatch", "encounter-start", "nothing"])
def test_a_hook_whose_context_is_not_known_is_refused(guideline: Guideline, hook: str) -> None:
    """E-32: rather than read as one without orders."""
    with pytest.raises(UnsupportedHookError):
        call(guideline, hook)


@pytest.mark.parametrize("conditions", [bundle(PAIN), [PAIN], PAIN])
def test_added_problems_are_facts(guideline: Guideline, conditions: object) -> None:
    """problem-list-item-create: in a Bundle, an array, or as the one resource."""
    (fact,) = call(guideline, "problem-list-item-create", conditions=conditions).conditions

    assert (fact.sets, fact.reference) == ({"pain"}, "Condition/c")


@pytest.mark.parametrize(
    "left_out",
    [
        {**PAIN, "subject": {"reference": "Patient/p2"}},
        {**PAIN, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {**PAIN, "verificationStatus": "entered-in-error"},
        {**PAIN, "code": "pain"},
        {**PAIN, "resourceType": "Observation"},
        None,
    ],
)
def test_what_is_no_problem_of_this_patient_is_left_out(guideline: Guideline, left_out: object) -> None:
    """Of another patient, in error, unreadable, or no Condition; the others count."""
    context = call(guideline, "problem-list-item-create", conditions=bundle(left_out, {**PAIN, "id": "d"}))

    assert [fact.reference for fact in context.conditions] == ["Condition/d"]


def test_added_problems_of_older_versions_are_read(guideline: Guideline) -> None:
    """E-59: with bare codes as statuses, and the day they were asserted."""
    older = {**PAIN, "clinicalStatus": "resolved", "verificationStatus": "differential"}
    stu3, dstu2 = {**older, "assertedDate": "2026-05-01"}, {**older, "dateRecorded": "2026-05-01"}
    del dstu2["subject"]
    dstu2["patient"] = SUBJECT

    for condition in (stu3, dstu2):
        (fact,) = call(guideline, "problem-list-item-create", conditions=bundle(condition)).conditions

        assert (fact.current, fact.certainty, fact.dated) == (
            False,
            Certainty.POSSIBLE,
            "recorded 2026-05-01",
        )


def test_hooks_without_orders_refer_to_no_medication() -> None:
    """Nothing is looked up for them, and nothing is required."""
    for hook in ("patient-view", "encounter-discharge", "problem-list-item-create", "nothing"):
        body = {"hook": hook, "hookInstance": "i", "context": {"patientId": "p1"}}

        assert unresolved_medications(parse(json.dumps(body).encode())) == ()
