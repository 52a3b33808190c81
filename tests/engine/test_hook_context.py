"""What a hook's context means: drafts that are orders for this patient, selections, added problems."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Coding, Guideline, Topic
from cds_service.errors import MalformedRequestError, MissingFieldError
from cds_service.hook_context import context_of, unresolved_medications
from cds_service.protocol import parse

if TYPE_CHECKING:
    from cds_service.chart import Fact
    from cds_service.terminology import Terminology

SUBJECT = {"reference": "Patient/p1"}
SCAN = {"coding": [{"system": "http://loinc.org", "code": "mri"}]}
DRUG = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1"}]}
MRI: dict[str, Any] = {"resourceType": "ServiceRequest", "id": "a", "subject": SUBJECT, "code": SCAN}
OPIOID: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "b",
    "subject": SUBJECT,
    "medicationCodeableConcept": DRUG,
}


@pytest.fixture
def guideline(terms: Terminology) -> Guideline:
    """Return a guideline that knows codes and says nothing."""
    service = CdsService("g", ("order-select",), "t", "d", (), frozenset())
    topic = Topic(Coding("http://example.org/topics", "data-missing"), 1)
    return Guideline("g", "label", "footer", (service,), terms, topic, "org.example.rules")


def body_of(hook: str = "order-select", **context: object) -> bytes:
    """Return a request; context fields as given, patient p1."""
    call = {"hook": hook, "hookInstance": "i", "context": {"patientId": "p1", **context}}
    return json.dumps(call).encode()


def drafts_of(guideline: Guideline, *entries: object, **call: object) -> tuple[Fact, ...]:
    """Return the drafts of a call with these Bundle entries."""
    orders = {"resourceType": "Bundle", "entry": list(entries)}
    body = body_of(str(call.pop("hook", "order-select")), draftOrders=orders, **call)
    return context_of(parse(body), guideline).drafts


def entry(resource: dict[str, Any], url: str = "", **changes: object) -> dict[str, Any]:
    """Return a Bundle entry of a resource with some members changed."""
    return {"resource": {**resource, **changes}, **({"fullUrl": url} if url else {})}


def selected_of(guideline: Guideline, selections: object, *entries: object) -> list[str | None]:
    """Return the ids of the selected drafts, of an MRI `a` and an opioid `b` unless others are given."""
    pair = (entry(MRI, "urn:uuid:11-22"), entry(OPIOID, "https://ehr.example.org/MedicationRequest/b"))
    drafts = drafts_of(guideline, *(entries or pair), selections=selections)
    return [draft.resource.id for draft in drafts if draft.selected]


@pytest.mark.parametrize(
    "selection",
    [
        "ServiceRequest/a",
        "ServiceRequest/a/_history/3",
        "https://other.example.org/fhir/ServiceRequest/a",
        "https://other.example.org/fhir/ServiceRequest/a/_history/3",
        "urn:uuid:11-22",
        "a",
    ],
)
def test_a_selection_finds_its_draft_in_every_form(guideline: Guideline, selection: str) -> None:
    """By reference, with version, by URL, by the entry's fullUrl and by a bare id."""
    assert selected_of(guideline, [selection]) == ["a"]


@pytest.mark.parametrize(
    "selection", ["ServiceRequest/z", "MedicationRequest/a", "", "x" * 5000, "Patient/p1"]
)
def test_a_selection_that_names_no_draft_selects_nothing(guideline: Guideline, selection: str) -> None:
    """It is ignored, and the others count."""
    assert selected_of(guideline, [selection]) == []
    assert selected_of(guideline, [selection, "MedicationRequest/b"]) == ["b"]


def test_without_selections_every_draft_is_selected(guideline: Guideline) -> None:
    """Some clients leave the field out; an empty list says that none is."""
    pair = (entry(MRI), entry(OPIOID))

    assert [draft.selected for draft in drafts_of(guideline, *pair)] == [True, True]
    assert selected_of(guideline, None) == ["a", "b"]
    assert selected_of(guideline, []) == []


def test_one_selection_may_come_without_its_array(guideline: Guideline) -> None:
    """A lone string is a list of one."""
    assert selected_of(guideline, "ServiceRequest/a") == ["a"]


def test_a_selection_that_is_repeated_selects_once(guideline: Guideline) -> None:
    """The draft appears once among those to be judged."""
    assert selected_of(guideline, ["a", "ServiceRequest/a", "urn:uuid:11-22"]) == ["a"]


def test_a_bare_id_that_two_drafts_share_selects_neither(guideline: Guideline) -> None:
    """It might mean either; with its type it is clear."""
    pair = (entry(MRI), entry(OPIOID, id="a"))

    assert selected_of(guideline, ["a"], *pair) == []
    assert selected_of(guideline, ["MedicationRequest/a"], *pair) == ["a"]


def test_two_drafts_of_one_reference_are_both_selected(guideline: Guideline) -> None:
    """A client that gives ids twice still gets both orders judged."""
    assert selected_of(guideline, ["ServiceRequest/a"], entry(MRI), entry(MRI)) == ["a", "a"]


@pytest.mark.parametrize("selections", [5, True, {}, {"a": 1}, [5], [None], [["a"]]])
def test_selections_of_another_type_are_refused(guideline: Guideline, selections: object) -> None:
    """The error names the field."""
    with pytest.raises(MalformedRequestError) as caught:
        selected_of(guideline, selections)

    assert caught.value.expression == "context.selections"


def test_order_sign_has_no_selections(guideline: Guideline) -> None:
    """Whatever is sent under that name, every draft is being signed."""
    drafts = drafts_of(guideline, entry(MRI), entry(OPIOID), hook="order-sign", selections=["a"])

    assert [draft.selected for draft in drafts] == [True, True]


@pytest.mark.parametrize(
    "left_out",
    [
        None,
        5,
        {},
        {"resource": None},
        {"resource": "ServiceRequest/a"},
        {"resource": {}},
        entry(MRI, subject={"reference": "Patient/p2"}),
        entry(MRI, subject={"reference": "https://ehr.example.org/fhir/Patient/p2/_history/1"}),
        entry(MRI, status="cancelled"),
        entry(MRI, status="revoked"),
        entry(MRI, status="entered-in-error"),
        entry(MRI, doNotPerform=True),
        entry(MRI, resourceType="FooRequest"),
        entry(MRI, resourceType="Observation"),
        entry(OPIOID, status=5),
    ],
)
def test_what_is_no_order_for_this_patient_is_left_out(guideline: Guideline, left_out: object) -> None:
    """The good drafts beside it are judged all the same."""
    drafts = drafts_of(guideline, left_out, entry(OPIOID))

    assert [draft.reference for draft in drafts] == ["MedicationRequest/b"]


@pytest.mark.parametrize(
    "kept",
    [
        entry(MRI, status="active"),
        entry(MRI, status="draft", intent="proposal"),
        entry(MRI, doNotPerform=False),
        entry(MRI, subject={"reference": "https://ehr.example.org/fhir/Patient/p1/_history/7"}),
        entry(MRI, subject={"reference": "urn:uuid:33"}),
        entry(MRI, subject={"display": "Someone"}),
        entry(MRI, subject=None),
        entry(MRI, reasonCode={"text": "an object where an array is due"}),
        entry(MRI, extension=[{"url": "http://example.org/x", "valueString": "y"}]),
    ],
)
def test_an_order_that_may_be_this_patients_is_kept(guideline: Guideline, kept: dict[str, Any]) -> None:
    """Revised orders, plans, any spelling of the subject, and one without a subject."""
    assert [draft.reference for draft in drafts_of(guideline, kept)] == ["ServiceRequest/a"]


def test_a_draft_without_id_is_kept(guideline: Guideline) -> None:
    """It is found by its fullUrl; no action will be able to name it."""
    anonymous = {"resource": {**MRI, "id": None}, "fullUrl": "urn:uuid:99"}

    (draft,) = drafts_of(guideline, anonymous, selections=["urn:uuid:99"])

    assert draft.selected
    assert draft.reference == "ServiceRequest"


def test_the_source_of_a_draft_is_what_was_sent(guideline: Guideline) -> None:
    """An update starts from it, so unknown members must survive untouched."""
    sent = {**MRI, "reasonCode": {"text": "x"}, "_priority": {"id": "1"}, "unknown": [None, {"deep": 1.10}]}

    (draft,) = drafts_of(guideline, entry(copy.deepcopy(sent)))

    assert draft.source == sent


def test_a_draft_may_refer_to_a_medication_of_the_same_bundle(guideline: Guideline) -> None:
    """The Medication is no draft of its own; its code is the order's."""
    drug = {"resourceType": "Medication", "id": "m", "code": DRUG}
    order = {**OPIOID, "medicationReference": {"reference": "Medication/m"}}
    del order["medicationCodeableConcept"]

    (draft,) = drafts_of(guideline, entry(order), entry(drug))

    assert draft.sets == {"opioid"}


@pytest.mark.parametrize("orders", [{"entry": []}, {"entry": None}, {}, []])
def test_no_drafts_are_no_error(guideline: Guideline, orders: object) -> None:
    """An empty basket wakes nobody."""
    assert context_of(parse(body_of(draftOrders=orders)), guideline).drafts == ()


def test_drafts_may_come_without_their_bundle(guideline: Guideline) -> None:
    """A bare array of resources is read as one."""
    context = context_of(parse(body_of(draftOrders=[MRI, None, OPIOID])), guideline)

    assert [draft.reference for draft in context.drafts] == ["ServiceRequest/a", "MedicationRequest/b"]


@pytest.mark.parametrize(("orders", "error"), [(None, MissingFieldError), ("x", MalformedRequestError)])
def test_draft_orders_are_required(
    guideline: Guideline, orders: object, error: type[MalformedRequestError]
) -> None:
    """Missing or no Bundle: the error names the field."""
    with pytest.raises(error) as caught:
        context_of(parse(body_of(draftOrders=orders)), guideline)

    assert caught.value.expression == "context.draftOrders"
