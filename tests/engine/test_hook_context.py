"""What a hook's context means: drafts that are orders for this patient, selections, added problems."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Coding, Guideline, Topic
from cds_service.errors import MalformedRequestError, MissingFieldError
from cds_service.hook_context import context_of
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
    """E-51: by reference, with version, by URL, by the entry's fullUrl and by a bare id."""
    assert selected_of(guideline, [selection]) == ["a"]


@pytest.mark.parametrize(
    "selection", ["ServiceRequest/z", "MedicationRequest/a", "", "x" * 5000, "Patient/p1"]
)
def test_a_selection_that_names_no_draft_selects_nothing(guideline: Guideline, selection: str) -> None:
    """E-49: it is passed over, and the others count."""
    assert selected_of(guideline, [selection]) == []
    assert selected_of(guideline, [selection, "MedicationRequest/b"]) == ["b"]


def test_without_selections_every_draft_is_selected(guideline: Guideline) -> None:
    """E-47, E-48: some clients leave the field out; an empty list says that none is."""
    pair = (entry(MRI), entry(OPIOID))

    assert [draft.selected for draft in drafts_of(guideline, *pair)] == [True, True]
    assert selected_of(guideline, None) == ["a", "b"]
    assert selected_of(guideline, []) == []


def test_one_selection_may_come_without_its_array(guideline: Guideline) -> None:
    """E-50: a lone string is a list of one."""
    assert selected_of(guideline, "ServiceRequest/a") == ["a"]


def test_a_selection_that_is_repeated_selects_once(guideline: Guideline) -> None:
    """E-52: the draft appears once among those to be judged."""
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
    """E-50: the error names the field."""
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
        entry(OPIOID, doNotPerform=True),
        entry(MRI, resourceType=None),
        entry(MRI, resourceType=["ServiceRequest"]),
    ],
)
def test_what_is_no_order_for_this_patient_is_left_out(guideline: Guideline, left_out: object) -> None:
    """E-56, E-57, E-58, E-62, E-63, E-64: the good drafts beside it are judged all the same."""
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
    """E-63, E-65, E-68: revised orders, plans, any spelling of the subject, and one without a subject."""
    assert [draft.reference for draft in drafts_of(guideline, kept)] == ["ServiceRequest/a"]


def test_a_draft_without_id_is_kept(guideline: Guideline) -> None:
    """E-60: it is found by its fullUrl; no action will be able to name it."""
    anonymous = {"resource": {**MRI, "id": None}, "fullUrl": "urn:uuid:99"}

    (draft,) = drafts_of(guideline, anonymous, selections=["urn:uuid:99"])

    assert draft.selected
    assert draft.reference == "ServiceRequest"


def test_the_source_of_a_draft_is_what_was_sent(guideline: Guideline) -> None:
    """E-114: an update starts from it, so unknown members must survive untouched."""
    sent = {**MRI, "reasonCode": {"text": "x"}, "_priority": {"id": "1"}, "unknown": [None, {"deep": 1.10}]}

    (draft,) = drafts_of(guideline, entry(copy.deepcopy(sent)))

    assert draft.source == sent


@pytest.mark.parametrize("orders", [{"entry": []}, {"entry": None}, {}, []])
def test_no_drafts_are_no_error(guideline: Guideline, orders: object) -> None:
    """E-55: an empty basket wakes nobody."""
    assert context_of(parse(body_of(draftOrders=orders)), guideline).drafts == ()


def test_drafts_may_come_without_their_bundle(guideline: Guideline) -> None:
    """E-53: a bare array of resources is read as one."""
    context = context_of(parse(body_of(draftOrders=[MRI, None, OPIOID])), guideline)

    assert [draft.reference for draft in context.drafts] == ["ServiceRequest/a", "MedicationRequest/b"]


@pytest.mark.parametrize(("orders", "error"), [(None, MissingFieldError), ("x", MalformedRequestError)])
def test_draft_orders_are_required(
    guideline: Guideline, orders: object, error: type[MalformedRequestError]
) -> None:
    """E-53: missing or no Bundle: the error names the field."""
    with pytest.raises(error) as caught:
        context_of(parse(body_of(draftOrders=orders)), guideline)

    assert caught.value.expression == "context.draftOrders"


def test_a_single_draft_may_come_without_its_bundle(guideline: Guideline) -> None:
    """E-53: one order is a Bundle of one: it is never passed over in silence."""
    context = context_of(parse(body_of(draftOrders=MRI)), guideline)

    assert [draft.reference for draft in context.drafts] == ["ServiceRequest/a"]


@pytest.mark.parametrize("kind", [None, "searchset", "collection", "nonsense"])
def test_the_type_of_the_bundle_does_not_matter(guideline: Guideline, kind: str | None) -> None:
    """E-54: the Sandbox sends none."""
    orders = {"resourceType": "Bundle", "type": kind, "entry": [entry(MRI)]}

    assert len(context_of(parse(body_of(draftOrders=orders)), guideline).drafts) == 1


def test_what_is_left_out_or_passed_over_is_logged(
    guideline: Guideline, caplog: pytest.LogCaptureFixture
) -> None:
    """E-49, E-62: as a number, without a name or an id."""
    stranger = entry(MRI, id="secret-order", subject={"reference": "Patient/secret-patient"})
    drafts_of(guideline, stranger, entry(OPIOID), selections=["MedicationRequest/b", "ServiceRequest/secret"])

    assert "1 resources of the context are of another patient" in caplog.text
    assert "1 of 2 selections name no draft" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "code",
    [
        {"text": "lumbar"},
        {"coding": [{"system": "urn:oid:1.2.3", "code": "local"}]},
        {"coding": [{"code": "no system"}]},
        {"coding": []},
        None,
    ],
)
def test_an_order_that_no_rule_knows_is_a_draft_all_the_same(guideline: Guideline, code: object) -> None:
    """E-66: without a known code it is in no value set; rules decide what that means."""
    (draft,) = drafts_of(guideline, entry(MRI, code=code))

    assert (draft.sets, draft.selected) == (frozenset(), True)


def test_one_known_coding_among_others_is_enough(guideline: Guideline) -> None:
    """E-66: also when another coding says something else."""
    codings = [{"system": "urn:local", "code": "x"}, {"system": "http://loinc.org", "code": "other"}]
    (draft,) = drafts_of(guideline, entry(MRI, code={"coding": [*codings, *SCAN["coding"]]}))

    assert draft.sets == {"mri"}


@pytest.mark.parametrize("twin", [{}, {"subject": {"reference": "Patient/p2"}}, {"status": "cancelled"}])
def test_drafts_that_share_a_name_cannot_be_named(guideline: Guideline, twin: dict[str, Any]) -> None:
    """E-61: a removal could hit the other, be it judged or left out; another type is another name."""
    drafts = drafts_of(guideline, entry(MRI), entry(MRI, **twin), entry(OPIOID, id="a"))

    assert {draft.reference: draft.nameable for draft in drafts} == {
        "ServiceRequest/a": False,
        "MedicationRequest/a": True,
    }


def test_orders_of_every_fhir_version_are_judged_together(guideline: Guideline) -> None:
    """E-59, GEN-07: DSTU2, STU3 and R4 in one Bundle; older ones keep their own name and JSON."""
    dstu2 = {
        "resourceType": "MedicationOrder",
        "id": "x",
        "patient": SUBJECT,
        "medicationCodeableConcept": DRUG,
    }
    stu3 = {
        "resourceType": "ProcedureRequest",
        "id": "y",
        "subject": SUBJECT,
        "code": SCAN,
        "intent": "order",
    }
    drafts = drafts_of(guideline, entry(dstu2), entry(stu3), entry(OPIOID), selections=["MedicationOrder/x"])

    assert [(draft.reference, draft.sets, draft.selected, draft.foreign_version) for draft in drafts] == [
        ("MedicationOrder/x", {"opioid"}, True, True),
        ("ProcedureRequest/y", {"mri"}, False, True),
        ("MedicationRequest/b", {"opioid"}, False, False),
    ]
    assert [draft.source for draft in drafts] == [dstu2, stu3, OPIOID]


@pytest.mark.parametrize(
    "left_out", [{"patient": {"reference": "Patient/p2"}}, {"status": "entered-in-error"}]
)
def test_an_older_order_is_left_out_for_the_same_reasons(
    guideline: Guideline, left_out: dict[str, Any]
) -> None:
    """E-62, E-63: of another patient, or called off."""
    order = {"resourceType": "MedicationOrder", "id": "x", "medicationCodeableConcept": DRUG, **left_out}

    assert drafts_of(guideline, entry(order)) == ()


def test_an_order_of_several_things_cannot_be_named(guideline: Guideline) -> None:
    """Removing a DSTU2 DiagnosticOrder would remove its other items too."""
    several = {
        "resourceType": "DiagnosticOrder",
        "id": "x",
        "item": [{"code": SCAN}, {"code": {"text": "y"}}],
    }
    one = {**several, "id": "z", "item": several["item"][:1]}
    drafts = drafts_of(guideline, entry(several), entry(one))

    assert [(draft.sets, draft.nameable) for draft in drafts] == [({"mri"}, False), ({"mri"}, True)]


def test_a_full_basket_is_read_whole(guideline: Guideline) -> None:
    """E-69: five hundred drafts, each selected by name, and each of them can be named."""
    entries = [entry(MRI, id=str(number)) for number in range(500)]
    names = [f"ServiceRequest/{number}" for number in range(500)]
    drafts = drafts_of(guideline, *entries, selections=names)

    assert [draft.reference for draft in drafts if draft.selected and draft.nameable] == names


def test_an_order_for_a_device_keeps_its_own_name(guideline: Guideline) -> None:
    """A removal names the DeviceRequest, and the client is still one of R4."""
    device = {
        "resourceType": "DeviceRequest",
        "id": "d",
        "subject": SUBJECT,
        "intent": "order",
        "codeCodeableConcept": SCAN,
    }
    (draft,) = drafts_of(guideline, entry(device), selections=["DeviceRequest/d"])

    assert (draft.reference, draft.sets, draft.selected) == ("DeviceRequest/d", {"mri"}, True)
    assert not draft.foreign_version
    assert draft.source == device
