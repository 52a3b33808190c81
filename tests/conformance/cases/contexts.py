"""E-41 to E-69: the context of a hook. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.registry import case
from tests.conformance.house import IMAGING, IMAGING_SIGN, MISSING, MRI, OPIOIDS, OXYCODONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

_LOCAL = {"system": "http://ehr.example.org/codes", "code": "XR-77"}


def _sent(house: House, place: str, *values: object) -> Iterator[Answered]:
    for body in house.varied(place, *values):
        yield house.open.call(body)


def draft_of(body: Json) -> Json:
    """Return the first draft of a call, to be changed."""
    found: Json = body["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def _changed(house: House, *changes: Json) -> Iterator[Answered]:
    """Call with the usual draft, its members changed; MISSING leaves out."""
    for change in changes:
        body = house.body()
        draft = draft_of(body)
        draft.update(change)
        for name in [name for name, value in change.items() if value is MISSING]:
            del draft[name]
        yield house.open.call(body)


def _with_entries(house: House, *entries: object) -> Answered:
    """Call with the usual draft among other entries."""
    body = house.body()
    body["context"]["draftOrders"]["entry"][:0] = entries
    return house.open.call(body)


@case("E-41a")
def _no_patient(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.patientId", MISSING, None)


@case("E-41b")
def _odd_patient(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.patientId", "", " ", 5, 1.5, ["plain-acute"])


@case("E-42")
def _patient_as_reference(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.patientId", "Patient/plain-acute")


@case("E-43")
def _crooked_patient(house: House) -> Iterator[Answered]:
    ehr = house.ehr("sandbox")
    crooked = ("../x", "..", "plain acute", "x" * 200, "x?y=z", "plain-acute\n", "Patient/a/b", "é")
    for body in house.varied("context.patientId", *crooked):
        del body["prefetch"]
        yield house.open.call(with_server(body, ehr.url))


@case("E-44")
def _no_user(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.userId", MISSING, None)


@case("E-45")
def _other_users(house: House) -> Iterator[Answered]:
    users = (
        "PractitionerRole/1",
        "1",
        "https://ehr.example.org/fhir/Practitioner/1",
        "Patient/plain-acute",
        5,
    )
    yield from _sent(house, "context.userId", *users)


@case("E-46")
def _no_encounter(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.encounterId", MISSING, None)


@case("E-47")
def _no_selections(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", MISSING, None)


@case("E-48")
def _nothing_selected(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", [])


@case("E-49a")
def _one_astray(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", ["ServiceRequest/other", "ServiceRequest/draft-1"])


@case("E-49b")
def _all_astray(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", ["ServiceRequest/other"], ["MedicationRequest/draft-1"])


@case("E-50a")
def _lone_selection(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", "ServiceRequest/draft-1")


@case("E-50b")
def _odd_selections(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.selections", [5], [None], ["ServiceRequest/draft-1", {}], 5, {})


@case("E-51")
def _selections_in_other_forms(house: House) -> Iterator[Answered]:
    urn, url = (
        "urn:uuid:9b1fdb3a-6a2f-4f0f-9d53-0d6d5b1f6c11",
        "https://ehr.example.org/fhir/ServiceRequest/draft-1",
    )
    for selection in (urn, url, "draft-1", f"{url}/_history/2", "ServiceRequest/draft-1/_history/2"):
        body = house.body()
        body["context"]["selections"] = [selection]
        body["context"]["draftOrders"]["entry"][0]["fullUrl"] = urn
        yield house.open.call(body)


@case("E-52")
def _selected_twice(house: House) -> Iterator[Answered]:
    yield from _sent(
        house, "context.selections", ["ServiceRequest/draft-1", "draft-1", "ServiceRequest/draft-1"]
    )


@case("E-53a")
def _no_drafts(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.draftOrders", MISSING, None)


@case("E-53b")
def _drafts_without_bundle(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context.draftOrders", [draft_of(house.body())])


@case("E-54")
def _odd_bundles(house: House) -> Iterator[Answered]:
    entry = house.body()["context"]["draftOrders"]["entry"]
    bundles = [{"resourceType": "Bundle", "type": kind, "entry": entry} for kind in ("batch", "searchset", 5)]
    yield from _sent(house, "context.draftOrders", {"resourceType": "Bundle", "entry": entry}, *bundles)


@case("E-55")
def _empty_bundles(house: House) -> Iterator[Answered]:
    bundle = {"resourceType": "Bundle", "type": "collection"}
    yield from _sent(house, "context.draftOrders", bundle, {**bundle, "entry": []}, {**bundle, "entry": None})


@case("E-56")
def _empty_entries(house: House) -> Iterator[Answered]:
    yield _with_entries(house, None, {}, {"fullUrl": "urn:x"}, {"resource": None}, 5, "x")


@case("E-57a")
def _unknown_type_beside(house: House) -> Iterator[Answered]:
    yield _with_entries(house, {"resource": {"resourceType": "FooRequest", "id": "f"}})


@case("E-57b")
def _unknown_type_alone(house: House) -> Iterator[Answered]:
    yield from _changed(house, {"resourceType": "FooRequest"}, {"resourceType": 5}, {"resourceType": MISSING})


@case("E-58")
def _invalid_beside(house: House) -> Iterator[Answered]:
    invalid = {**draft_of(house.body()), "id": "draft-0", "subject": 5, "code": "MRI", "status": ["draft"]}
    yield _with_entries(house, {"resource": invalid})


@case("E-59a")
def _stu3(house: House) -> Iterator[Answered]:
    body = house.body()
    draft_of(body)["resourceType"] = "ProcedureRequest"
    body["context"]["selections"] = ["ProcedureRequest/draft-1"]
    yield house.open.call(body)


@case("E-59b")
def _dstu2(house: House) -> Iterator[Answered]:
    body = house.body(OXYCODONE, OPIOIDS)
    draft = draft_of(body)
    draft.update(resourceType="MedicationOrder", patient=draft.pop("subject"))
    draft.pop("intent")
    body["context"]["selections"] = ["MedicationOrder/draft-1"]
    yield house.open.call(body, OPIOIDS)


@case("E-60")
def _draft_without_id(house: House) -> Iterator[Answered]:
    body = house.body(MRI, IMAGING_SIGN)
    del draft_of(body)["id"]
    yield house.open.call(body, IMAGING_SIGN)


@case("E-61")
def _one_id_twice(house: House) -> Iterator[Answered]:
    yield _with_entries(house, {"resource": draft_of(house.body())})


@case("E-62")
def _draft_of_another(house: House) -> Iterator[Answered]:
    yield from _changed(house, {"subject": {"reference": "Patient/other"}})


@case("E-63a")
def _signed_again(house: House) -> Iterator[Answered]:
    body = house.body(MRI, IMAGING_SIGN)
    draft_of(body)["status"] = "active"
    yield house.open.call(body, IMAGING_SIGN)


@case("E-63b")
def _no_longer_orders(house: House) -> Iterator[Answered]:
    yield from _changed(house, *({"status": name} for name in ("entered-in-error", "cancelled", "revoked")))


@case("E-64")
def _prohibition(house: House) -> Iterator[Answered]:
    yield from _changed(house, {"doNotPerform": True})


@case("E-65")
def _other_intents(house: House) -> Iterator[Answered]:
    yield from _changed(house, *({"intent": name} for name in ("plan", "proposal", MISSING)))


@case("E-66a")
def _text_only(house: House) -> Iterator[Answered]:
    yield from _changed(house, {"code": {"text": "MRI lumbar spine without contrast"}})


@case("E-66b")
def _local_code(house: House) -> Iterator[Answered]:
    yield from _changed(house, {"code": {"coding": [{**_LOCAL, "display": "MRI lumbar spine"}]}})


@case("E-66c")
def _codes_together(house: House) -> Iterator[Answered]:
    known = draft_of(house.body())["code"]["coding"][0]
    yield from _changed(house, {"code": {"coding": [_LOCAL, known], "text": "MR Lumbar spine"}})


@case("E-66d")
def _codes_of_nowhere(house: House) -> Iterator[Answered]:
    yield from _changed(
        house,
        {"code": {"coding": [_LOCAL]}},
        {"code": {"coding": [{"code": "24968-0"}]}},
        {"code": {"coding": []}},
        {"code": MISSING},
    )


def _drug(house: House, reference: str, **members: object) -> Json:
    """Return the usual opioid call, its drug named by reference."""
    body = house.body(OXYCODONE, OPIOIDS)
    draft = draft_of(body)
    del draft["medicationCodeableConcept"]
    draft.update(medicationReference={"reference": reference}, **members)
    return body


def _oxycodone(house: House) -> Json:
    code = draft_of(house.body(OXYCODONE, OPIOIDS))["medicationCodeableConcept"]
    return {"resourceType": "Medication", "id": "m1", "code": code}


@case("E-67a")
def _contained_drug(house: House) -> Iterator[Answered]:
    yield house.open.call(_drug(house, "#m1", contained=[_oxycodone(house)]), OPIOIDS)


@case("E-67b")
def _bundled_drug(house: House) -> Iterator[Answered]:
    for reference in ("Medication/m1", "https://ehr.example.org/fhir/Medication/m1"):
        body = _drug(house, reference)
        body["context"]["draftOrders"]["entry"].append({"resource": _oxycodone(house)})
        yield house.open.call(body, OPIOIDS)


@case("E-67c")
def _lost_drug(house: House) -> Iterator[Answered]:
    for reference in ("Medication/m1", "#m1", "https://elsewhere.example.org/Medication/m1"):
        yield house.open.call(_drug(house, reference), OPIOIDS)


@case("E-67d")
def _drug_to_fetch(house: House) -> Iterator[Answered]:
    ehr = house.ehr("medications")
    yield house.open.call(with_server(_drug(house, "Medication/m1"), ehr.url), OPIOIDS)


@case("E-68")
def _object_for_array(house: House) -> Iterator[Answered]:
    draft = draft_of(house.body())
    reason = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}]}
    yield from _changed(house, {"reasonCode": reason}, {"category": draft["category"][0]})


@case("E-69")
def _many_drafts(house: House) -> Iterator[Answered]:
    body = house.body()
    drafts = [{**copy.deepcopy(draft_of(body)), "id": f"draft-{number}"} for number in range(500)]
    body["context"]["draftOrders"]["entry"] = [{"resource": draft} for draft in drafts]
    body["context"]["selections"] = [f"ServiceRequest/draft-{number}" for number in range(500)]
    yield house.open.call(body, IMAGING)
