"""Orders of DSTU2 and STU3 as R4: what is carried over, what stays unknown, and what counts as older."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.doses import daily_mg, supply_days
from cds_service.fhir import Condition, Medication, MedicationRequest, Resource, ServiceRequest
from cds_service.fhir.older_versions import is_older, orders_several, read_draft

if TYPE_CHECKING:
    from collections.abc import Iterator

SCAN = {"coding": [{"system": "s", "code": "scan"}], "text": "a scan"}
FILM = {"coding": [{"system": "s", "code": "film"}]}
PAIN = {"coding": [{"system": "s", "code": "pain"}]}
TWICE_A_DAY = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
DOSE = {"value": 250, "unit": "mg", "code": "mg"}


def service(source: dict[str, Any]) -> ServiceRequest:
    """Return a source as the R4 service order that it is read as."""
    resource = read_draft(source)
    assert isinstance(resource, ServiceRequest)
    return resource


def drug(source: dict[str, Any]) -> MedicationRequest:
    """Return a source as the R4 drug order that it is read as."""
    resource = read_draft(source)
    assert isinstance(resource, MedicationRequest)
    return resource


def codes(resource: ServiceRequest) -> list[str | None]:
    """Return what an order is of."""
    assert resource.code is not None
    return [coding.code for coding in resource.code.coding]


@pytest.mark.parametrize(
    "source",
    [
        {"resourceType": "MedicationOrder"},
        {"resourceType": "ProcedureRequest"},
        {"resourceType": "DiagnosticOrder"},
        {"resourceType": "DeviceUseRequest"},
        {"resourceType": "ReferralRequest"},
        {"resourceType": "MedicationRequest", "context": {"reference": "Encounter/1"}},
        {"resourceType": "MedicationRequest", "requester": {"agent": {"reference": "Practitioner/1"}}},
        {"resourceType": "MedicationRequest", "dosageInstruction": [{"text": "x"}, {"doseQuantity": DOSE}]},
        {"resourceType": "MedicationRequest", "dosageInstruction": {"doseRange": {"low": DOSE}}},
    ],
)
def test_an_older_order_is_told_by_its_type_or_its_members(source: dict[str, Any]) -> None:
    """E-59: MedicationRequest is a type of STU3 and of R4."""
    assert is_older(source)


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"resourceType": 5},
        {"resourceType": ["MedicationOrder"]},
        {"resourceType": "ServiceRequest", "context": {}},
        {"resourceType": "MedicationRequest"},
        {"resourceType": "MedicationRequest", "context": None, "requester": {"reference": "Practitioner/1"}},
        {"resourceType": "MedicationRequest", "requester": "x", "dosageInstruction": "x"},
        {
            "resourceType": "MedicationRequest",
            "encounter": {"reference": "Encounter/1"},
            "dosageInstruction": [{"doseAndRate": [{"doseQuantity": DOSE}]}, {"doseQuantity": None}, None],
        },
    ],
)
def test_all_else_is_not_older(source: dict[str, Any]) -> None:
    """R4, other types, and nonsense."""
    assert not is_older(source)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ({"resourceType": "ProcedureRequest", "code": SCAN}, ["scan"]),
        ({"resourceType": "DiagnosticOrder", "item": [{"code": SCAN}, {"code": FILM}]}, ["scan", "film"]),
        ({"resourceType": "DiagnosticOrder", "item": {"code": SCAN}}, ["scan"]),
        (
            {
                "resourceType": "DiagnosticOrder",
                "item": [{"code": SCAN, "status": "cancelled"}, {"code": FILM}],
            },
            ["film"],
        ),
        ({"resourceType": "DiagnosticOrder", "item": ["x", {}, {"code": "x"}, {"code": FILM}]}, ["film"]),
        ({"resourceType": "ReferralRequest", "serviceRequested": [SCAN], "type": FILM}, ["scan", "film"]),
        ({"resourceType": "DeviceUseRequest", "device": {"reference": "Device/1"}}, []),
    ],
)
def test_what_is_ordered_is_read_where_the_type_has_it(source: dict[str, Any], found: list[str]) -> None:
    """E-59: in one code, or in the codes of items that were not called off."""
    assert codes(service(source)) == found


def test_the_words_of_an_order_are_kept() -> None:
    """An order that no code tells may be told by its name."""
    named = service({"resourceType": "DiagnosticOrder", "item": [{"code": SCAN}, {"code": {"text": "two"}}]})
    nameless = service({"resourceType": "ProcedureRequest", "code": FILM})

    assert named.code is not None
    assert named.code.name == "a scan; two"
    assert nameless.code is not None
    assert nameless.code.text is None


@pytest.mark.parametrize(
    ("source", "several"),
    [
        ({"resourceType": "DiagnosticOrder", "item": [{"code": SCAN}, {"code": FILM}]}, True),
        ({"resourceType": "DiagnosticOrder", "item": [{"code": SCAN}, {}]}, True),
        ({"resourceType": "DiagnosticOrder", "item": [{"code": SCAN}]}, False),
        ({"resourceType": "ReferralRequest", "serviceRequested": [SCAN, FILM]}, True),
        ({"resourceType": "ReferralRequest", "serviceRequested": [SCAN], "type": FILM}, False),
        ({"resourceType": "ServiceRequest", "code": SCAN}, False),
    ],
)
def test_an_order_of_several_things_is_told(source: dict[str, Any], several: bool) -> None:  # noqa: FBT001
    """Removing it would remove more than the one that is judged."""
    assert orders_several(source) is several


@pytest.mark.parametrize(
    "reasons",
    [
        {"reasonCode": [PAIN]},
        {"reasonCode": PAIN},
        {"reasonCodeableConcept": PAIN},
        {"reason": [PAIN]},
        {"reason": PAIN},
        {"indication": [PAIN]},
    ],
)
@pytest.mark.parametrize("kind", ["MedicationOrder", "ProcedureRequest", "ReferralRequest"])
def test_reasons_are_read_under_every_name(kind: str, reasons: dict[str, Any]) -> None:
    """E-59, E-68: alone or in an array; DSTU2 and STU3 differ by type."""
    resource = read_draft({"resourceType": kind, **reasons})

    assert isinstance(resource, (MedicationRequest, ServiceRequest))
    assert [concept.coding[0].code for concept in resource.reason_code] == ["pain"]


@pytest.mark.parametrize("reference", [{"reference": "Condition/1"}, [{"reference": "Condition/1"}]])
def test_a_reason_may_be_a_reference(reference: object) -> None:
    """DSTU2 has one, STU3 any number."""
    resource = service({"resourceType": "ProcedureRequest", "reasonReference": reference})

    assert [item.reference for item in resource.reason_reference] == ["Condition/1"]


@pytest.mark.parametrize("name", ["subject", "patient"])
def test_the_patient_is_read_under_both_names(name: str) -> None:
    """So that an order of somebody else is never judged."""
    resource = drug({"resourceType": "MedicationOrder", name: {"reference": "Patient/p2"}})

    assert resource.subject is not None
    assert resource.subject.reference == "Patient/p2"


@pytest.mark.parametrize("name", ["authoredOn", "dateWritten", "orderedOn", "dateSent"])
def test_the_day_is_read_under_every_name(name: str) -> None:
    """When it was ordered."""
    assert service({"resourceType": "ReferralRequest", name: "2026-05-01"}).authored_on == "2026-05-01"


@pytest.mark.parametrize(
    ("status", "read"),
    [
        ("rejected", "revoked"),
        ("aborted", "revoked"),
        ("failed", "revoked"),
        ("draft", "draft"),
        (None, None),
    ],
)
def test_what_was_turned_down_is_revoked(status: str | None, read: str | None) -> None:
    """E-63: R4 has that word for it; the others keep theirs."""
    assert service({"resourceType": "ProcedureRequest", "status": status}).status == read


@pytest.mark.parametrize(
    ("priority", "read"),
    [
        ("stat", "stat"),
        (None, None),
        ({"coding": [{"code": "URGENT"}]}, "urgent"),
        ({"coding": [{"display": "x"}, "x"]}, None),
        ({"text": "urgent"}, None),
    ],
)
def test_a_priority_is_a_code_or_a_concept(priority: object, read: str | None) -> None:
    """DSTU2 writes a referral's as a concept."""
    assert service({"resourceType": "ReferralRequest", "priority": priority}).priority == read


def test_a_prohibition_stays_one() -> None:
    """E-64: STU3 has doNotPerform on service orders."""
    assert service({"resourceType": "ProcedureRequest", "doNotPerform": True}).do_not_perform


@pytest.mark.parametrize("unit", [{"periodUnit": "d"}, {"periodUnits": "d"}])
@pytest.mark.parametrize(
    "dose",
    [{"doseQuantity": DOSE}, {"doseRange": {"high": DOSE}}, {"doseAndRate": {"doseQuantity": DOSE}}],
)
@pytest.mark.parametrize("kind", ["MedicationOrder", "MedicationRequest"])
def test_a_dose_is_computed_as_in_r4(kind: str, dose: dict[str, Any], unit: dict[str, Any]) -> None:
    """The dose stands in the instruction itself; DSTU2 has periodUnits."""
    timing = {"repeat": {"frequency": 2, "period": 1, **unit}}
    instruction = {"text": "x", "asNeededBoolean": True, "timing": timing, **dose}
    source = {"resourceType": kind, "dosageInstruction": [instruction], "context": {"reference": "x"}}

    assert daily_mg(drug(source), "1", []) == 500


@pytest.mark.parametrize(
    "odd", ["twice a day", {"timing": "x"}, {"doseQuantity": "x"}, {"timing": {"repeat": {"frequency": "x"}}}]
)
@pytest.mark.parametrize("kind", ["MedicationOrder", "MedicationRequest"])
def test_an_instruction_that_cannot_be_read_makes_the_dose_unknown(kind: str, odd: object) -> None:
    """Counting the others alone would understate it; the order itself is judged."""
    sound = {"timing": TWICE_A_DAY, "doseAndRate": [{"doseQuantity": DOSE}]}
    source = {"resourceType": kind, "id": "x", "dosageInstruction": [sound, odd]}

    assert (drug(source).id, daily_mg(drug(source), "1", [])) == ("x", None)


def test_a_timing_without_repetition_makes_the_dose_unknown() -> None:
    """A code such as BID is not computed."""
    instruction = {"timing": {"code": {"text": "BID"}}, "doseQuantity": DOSE}

    assert (
        daily_mg(drug({"resourceType": "MedicationOrder", "dosageInstruction": instruction}), "1", []) is None
    )


def test_a_supply_is_computed_as_in_r4() -> None:
    """The dispense request has not changed since DSTU2."""
    dispense = {"numberOfRepeatsAllowed": 1, "expectedSupplyDuration": {"value": 7, "unit": "days"}}

    assert supply_days(drug({"resourceType": "MedicationOrder", "dispenseRequest": dispense})) == 14


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ({"resourceType": "MedicationRequest", "id": "x"}, MedicationRequest),
        ({"resourceType": "ServiceRequest", "reasonCode": PAIN}, ServiceRequest),
        ({"resourceType": "Medication", "id": "m"}, Medication),
        ({"resourceType": "Condition", "clinicalStatus": {"coding": [{"code": "active"}]}}, Condition),
        ({"resourceType": "MedicationOrder", "status": 5}, None),
        ({"resourceType": "ProcedureRequest", "code": {"coding": ["x"]}}, None),
        ({"resourceType": "MedicationRequest", "status": 5}, None),
        ({"resourceType": "FooRequest"}, None),
        ({"resourceType": ["MedicationOrder"]}, None),
        ({}, None),
    ],
)
def test_other_resources_are_read_as_ever(source: dict[str, Any], kind: type[Resource] | None) -> None:
    """E-57, E-58: R4 as it is; what does not fit, or is unknown, is nothing."""
    resource = read_draft(source)

    assert type(resource) is (kind or type(None))


def test_a_contained_resource_may_have_any_code() -> None:
    """A PractitionerRole has an array there: the order it is in is read all the same."""
    contained = [{"resourceType": "PractitionerRole", "id": "r", "code": [PAIN]}, {"id": "m", "code": PAIN}]
    resource = drug({"resourceType": "MedicationRequest", "contained": contained})

    assert [item.code is None for item in resource.contained] == [True, False]


@pytest.mark.parametrize("repeats", [2**31, -(2**31) - 1, 10**400])
def test_an_integer_beyond_fhir_is_unreadable(repeats: int) -> None:
    """E-23: 32 bits, so that arithmetic on it cannot overflow."""
    source = {"resourceType": "MedicationRequest", "dispenseRequest": {"numberOfRepeatsAllowed": repeats}}

    assert read_draft(source) is None


JUNK: list[Any] = [None, True, 5, 1.5, "x", "", [], {}, [None], ["x"], [[]], {"x": {}}]
TOP = ("id", "meta", "status", "subject", "patient", "code", "reason", "contained", "clinicalStatus")
INNER = {
    "item": ("status", "code"),
    "serviceRequested": ("coding", "text"),
    "priority": ("coding",),
    "dosageInstruction": ("timing", "doseQuantity", "doseAndRate", "text"),
    "requester": ("agent",),
}


def odd_members() -> Iterator[dict[str, Any]]:
    """Yield a value of every kind in every place that is looked at."""
    for junk in JUNK:
        yield from ({name: junk} for name in (*TOP, *INNER))
        for name, inner in INNER.items():
            yield from ({name: [{deep: junk}, {deep: junk}]} for deep in inner)
            yield from ({name: {deep: junk}} for deep in inner)
        yield {"dosageInstruction": [{"timing": {"repeat": junk}}]}
        yield {"dosageInstruction": [{"timing": {"repeat": {"periodUnits": junk}}}]}


@pytest.mark.parametrize(
    "kind", ["MedicationOrder", "MedicationRequest", "DiagnosticOrder", "Condition", *JUNK]
)
def test_reading_never_fails(kind: object) -> None:
    """E-58: whatever stands where, there is an order or there is none."""
    for members in odd_members():
        source = {**members, "resourceType": kind}

        assert isinstance(read_draft(source), (Resource, type(None)))
        assert isinstance(is_older(source), bool)
        assert isinstance(orders_several(source), bool)


def test_an_order_for_a_device_is_read_as_a_service_order() -> None:
    """R4 and STU3 share its form; a device that is only referred to has no code that could be read."""
    order = {"resourceType": "DeviceRequest", "id": "d", "status": "draft", "reasonCode": [FILM]}
    coded = service({**order, "codeCodeableConcept": SCAN})
    referred = read_draft({**order, "codeReference": {"reference": "Device/1"}})

    assert (coded.id, coded.status, codes(coded)) == ("d", "draft", ["scan"])
    assert len(coded.reason_code) == 1
    assert isinstance(referred, ServiceRequest)
    assert referred.code is None
    assert not is_older(order)
