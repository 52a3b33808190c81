"""E-70 to E-74 and E-78 to E-88: what prefetch holds. What each row sends is told in edge_cases.md."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.conformance.cases.contexts import draft_of
from tests.conformance.cases.envelope import with_server
from tests.conformance.cases.registry import case
from tests.conformance.ehrs import bundle
from tests.conformance.house import IMAGING, MISSING, OPIOIDS
from tests.conformance.phrases import without_uuids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
_WITH_DIAZEPAM = "opioid-with-benzodiazepine.oxycodone"
_FEVER = {"coding": [{"system": "http://snomed.info/sct", "code": "386661006"}], "text": "Fever"}
_CANCER = {"coding": [{"system": "http://snomed.info/sct", "code": "429087003"}]}
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _with(house: House, key: str, *values: object) -> Iterator[Answered]:
    """Call with each value for one prefetch key, and a server that could be asked instead."""
    ehr = house.ehr("sandbox")
    for body in house.varied(f"prefetch.{key}", *values):
        yield house.open.call(with_server(body, ehr.url))


def _alone(house: House, key: str, *values: object) -> Iterator[Answered]:
    """Call with each value for one prefetch key, and nobody to ask."""
    for body in house.varied(f"prefetch.{key}", *values):
        yield house.open.call(body)


def _resources(body: Json, key: str) -> list[Json]:
    return [entry["resource"] for entry in body["prefetch"][key].get("entry", ())]


def pain_of(house: House) -> Json:
    """Return the back pain of the usual patient."""
    found = next(
        item for item in _resources(house.body(), "conditions") if item["id"] == "plain-acute-back-pain"
    )
    return copy.deepcopy(found)


@case("E-70")
def _nothing_known(house: House) -> Iterator[Answered]:
    for body in house.varied("prefetch", MISSING):
        yield house.open.call(body)


@case("E-71")
def _irrelevant(house: House) -> Iterator[Answered]:
    for body in house.varied("prefetch", MISSING):
        draft_of(body)["code"] = {"text": "Chest radiograph"}
        yield house.open.call(with_server(body, house.ehr("sandbox").url))
        yield house.open.call(body)


@case("E-72a")
def _required_failed(house: House) -> Iterator[Answered]:
    yield from _with(house, "conditions", FAILED)
    yield from _with(house, "patient", FAILED)


@case("E-72b")
def _optional_failed(house: House) -> Iterator[Answered]:
    yield from _with(house, "redFlagObs", FAILED)
    yield from _with(house, "medications", FAILED)


@case("E-73a")
def _optional_null(house: House) -> Iterator[Answered]:
    yield from _with(house, "imagingReports", None)
    yield from _with(house, "serviceRequests", None)


@case("E-73b")
def _problems_null(house: House) -> Iterator[Answered]:
    yield from _with(house, "conditions", None)


@case("E-74")
def _problems_empty(house: House) -> Iterator[Answered]:
    empty = bundle()
    yield from _with(house, "conditions", empty, {**empty, "entry": []}, {**empty, "total": 0})
    yield from _with(house, "conditions", {"resourceType": "Bundle", "entry": [], "total": 0, "link": []})


@case("E-78a")
def _outcome_among_entries(house: House) -> Iterator[Answered]:
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]}
    for mode in ("outcome", "match"):
        body = house.body()
        body["prefetch"]["conditions"]["entry"].append({"resource": warning, "search": {"mode": mode}})
        yield house.open.call(body)


def _diazepam(house: House, change: Callable[[Json], None]) -> Iterator[Answered]:
    """Call for an opioid, all requests for diazepam changed."""
    body = house.body(_WITH_DIAZEPAM, OPIOIDS)
    for order in _resources(body, "medications"):
        change(order)
    yield house.open.call(body, OPIOIDS)


@case("E-78b")
def _included_drug(house: House) -> Iterator[Answered]:
    body = house.body(_WITH_DIAZEPAM, OPIOIDS)
    orders = _resources(body, "medications")
    drug = {"resourceType": "Medication", "id": "m1", "code": orders[0]["medicationCodeableConcept"]}
    for order in orders:
        del order["medicationCodeableConcept"]
        order["medicationReference"] = {"reference": "Medication/m1"}
    body["prefetch"]["medications"]["entry"].append({"resource": drug, "search": {"mode": "include"}})
    yield house.open.call(body, OPIOIDS)


@case("E-79")
def _unusable(house: House) -> Iterator[Answered]:
    yield from _alone(house, "conditions", house.body()["prefetch"]["patient"], ["x"], "x", 5, 1.5, {})


@case("E-80")
def _lone_resource(house: House) -> Iterator[Answered]:
    yield from _alone(house, "conditions", pain_of(house))


@case("E-81a")
def _wrapped(house: House) -> Iterator[Answered]:
    body = house.body()
    for key, value in body["prefetch"].items():
        body["prefetch"][key] = {"response": {"status": "200 OK"}, "resource": value}
    yield house.open.call(body)


def _as_null(house: House, answered: Answered) -> Answered:
    """Note whether an answer is that to a patient of null."""
    (null,) = _alone(house, "patient", None)
    same = without_uuids(answered.json) == without_uuids(null.json) and null.status == answered.status
    return replace(answered, facts={"as null": same})


@case("E-81b")
def _wrapped_away(house: House) -> Iterator[Answered]:
    gone = {"response": {"status": "404 Not Found"}}
    for answered in _alone(house, "patient", gone, {**gone, "resource": FAILED}):
        yield _as_null(house, answered)


@case("E-90")
def _no_patient_there(house: House) -> Iterator[Answered]:
    ehr = house.ehr("404")
    for body in house.varied("prefetch.patient", MISSING):
        yield _as_null(house, house.open.call(with_server(body, ehr.url)))


@case("E-81c")
def _wrapped_search_away(house: House) -> Iterator[Answered]:
    yield from _alone(house, "conditions", {"response": {"status": "404 Not Found"}, "resource": FAILED})


@case("E-82")
def _unasked_keys(house: House) -> Iterator[Answered]:
    body = house.body()
    body["prefetch"].update(encounters={"resourceType": "Bundle"}, x="garbage", y=FAILED, z=None)
    yield house.open.call(body)


def _other_patient(house: House) -> Json:
    return {**house.body()["prefetch"]["patient"], "id": "other"}


@case("E-83a")
def _other_person(house: House) -> Iterator[Answered]:
    yield from _alone(house, "patient", _other_patient(house))


@case("E-83b")
def _other_person_with_server(house: House) -> Iterator[Answered]:
    yield from _with(house, "patient", _other_patient(house))


@case("E-84a")
def _problem_of_another(house: House) -> Iterator[Answered]:
    body = house.body()
    cancer = {**pain_of(house), "id": "c9", "code": _CANCER, "subject": {"reference": "Patient/other"}}
    body["prefetch"]["conditions"]["entry"].append({"resource": cancer})
    yield house.open.call(body)


@case("E-84b")
def _problems_of_nobody(house: House) -> Iterator[Answered]:
    body = house.body()
    for item in _resources(body, "conditions"):
        del item["subject"]
    yield house.open.call(body)


def _pain(house: House, **members: object) -> Iterator[Answered]:
    """Call with the back pain changed; MISSING leaves out."""
    pain = {**pain_of(house), **members}
    kept = {name: value for name, value in pain.items() if value is not MISSING}
    yield from _alone(house, "conditions", bundle(kept))


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


@case("E-85a")
def _not_so(house: House) -> Iterator[Answered]:
    for code in ("entered-in-error", "refuted"):
        yield from _pain(house, verificationStatus=_status(_VERIFICATION, code))


@case("E-85b")
def _resolved(house: House) -> Iterator[Answered]:
    fever = {**pain_of(house), "id": "c9", "code": _FEVER, "clinicalStatus": _status(_CLINICAL, "resolved")}
    body = house.body()
    body["prefetch"]["conditions"]["entry"].append({"resource": fever})
    yield house.open.call(body)


@case("E-85c")
def _no_clinical_status(house: House) -> Iterator[Answered]:
    yield from _pain(house, clinicalStatus=MISSING)


def _temperature(house: House, **members: object) -> Iterator[Answered]:
    """Call for the patient with fever, the one temperature changed; MISSING leaves out."""
    body = house.body("fever.lumbar-mri")
    found = {item["id"]: item for item in _resources(body, "redFlagObs")}
    changed = {**found["fever-temperature"], **members}
    kept = {name: value for name, value in changed.items() if value is not MISSING}
    body["prefetch"]["redFlagObs"] = bundle(kept, found["fever-earlier-temperature"])
    yield house.open.call(body)


@case("E-86a")
def _no_temperature(house: House) -> Iterator[Answered]:
    absent = {"text": "not done"}
    yield from _temperature(house, valueQuantity=MISSING)
    yield from _temperature(house, valueQuantity=MISSING, dataAbsentReason=absent)
    yield from _temperature(house, status="entered-in-error")
    yield from _temperature(house, effectiveDateTime="2031-01-01")
    yield from _temperature(house, effectiveDateTime=MISSING)
    yield from _temperature(house, valueQuantity={"value": 38.7, "unit": "mmHg"})


@case("E-86b")
def _fahrenheit(house: House) -> Iterator[Answered]:
    unit = {"system": "http://unitsofmeasure.org", "code": "[degF]"}
    yield from _temperature(house, valueQuantity={"value": 102.2, "unit": "degF", **unit})


@case("E-86c")
def _vague_temperature(house: House) -> Iterator[Answered]:
    yield from _temperature(house, effectiveDateTime="2026")


@case("E-87a")
def _stopped(house: House) -> Iterator[Answered]:
    for status in ("stopped", "cancelled", "completed"):

        def change(order: Json, status: str = status) -> None:
            order.update(status=status, authoredOn="2024-01-01")
            order.pop("dispenseRequest", None)

        yield from _diazepam(house, change)


@case("E-87b")
def _contained(house: House) -> Iterator[Answered]:
    def change(order: Json) -> None:
        code = order.pop("medicationCodeableConcept")
        order["contained"] = [{"resourceType": "Medication", "id": "m1", "code": code}]
        order["medicationReference"] = {"reference": "#m1"}

    yield from _diazepam(house, change)


@case("E-88")
def _extended(house: House) -> Iterator[Answered]:
    body = house.body()
    extension = [{"url": "http://example.org/x", "valueString": "y"}]
    for item in (body["prefetch"]["patient"], *_resources(body, "conditions"), draft_of(body)):
        item["meta"] = {"profile": ["http://example.org/StructureDefinition/x"], "versionId": "2"}
        item["extension"] = extension
        item.update(unknown={"a": 1}, _birthDate={"extension": extension}, _status={"extension": extension})
    yield house.open.call(body, IMAGING)
