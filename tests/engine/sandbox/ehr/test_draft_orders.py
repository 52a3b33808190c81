"""Orders by name: valid R4 drafts of products that the value sets know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.sandbox.ehr import ORDERS, Details, Dose, EhrError, draft_orders

VALUE_SETS = Path(__file__).parents[4] / "hooks" / "low_back_pain" / "valuesets"
FULL = Details(reason="279039007", priority="urgent", dose=Dose(1.5, 4), supply_days=7)
EXPECTED_SET = {
    "lumbar-mri": "imaging-lumbar-mri",
    "lumbar-ct": "imaging-lumbar-ct",
    "lumbar-xray": "imaging-lumbar-xray",
    "oxycodone": "rx-opioid",
    "hydrocodone-acetaminophen": "rx-opioid",
    "tramadol": "rx-opioid",
    "codeine": "rx-opioid",
    "naproxen": "rx-nsaid-systemic",
    "ibuprofen": "rx-nsaid-systemic",
    "acetaminophen": "rx-acetaminophen",
    "diazepam": "rx-benzodiazepine",
    "cyclobenzaprine": "rx-cyclobenzaprine",
    "gabapentin": "rx-gabapentinoid",
    "prednisone": "rx-corticosteroid-systemic",
    "duloxetine": "rx-duloxetine",
    "physiotherapy": "therapy-exercise-physio",
    "exercise": "therapy-exercise-program",
    "tens": "therapy-tens",
    "lumbar-support": "therapy-lumbar-support",
    "chiropractic": "therapy-spinal-manipulation",
    "epidural-injection": "therapy-epidural-injection",
    "spine-surgery": "referral-spine-surgery",
}


def members(name: str) -> set[tuple[str, str, str]]:
    """Return system, code and display of each member of a value set."""
    value_set = json.loads((VALUE_SETS / f"{name}.json").read_text())
    return {
        (group["system"], member["code"], member["display"])
        for group in value_set["compose"]["include"]
        for member in group["concept"]
    }


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("details", [Details(), FULL], ids=["bare", "full"])
def test_each_order_is_a_valid_draft(name: str, details: Details) -> None:
    """With nothing or everything filled in, the order is R4, and a draft."""
    [draft] = draft_orders([name], "123", details)

    model = get_fhir_model_class(draft["resourceType"]).model_validate(draft)
    assert (model.status, model.intent, model.subject.reference) == ("draft", "order", "Patient/123")


@pytest.mark.parametrize("name", ORDERS)
def test_each_order_is_a_member_of_its_value_set(name: str) -> None:
    """Code and display are those of the guideline's terminology, so that a rule can recognise it."""
    item = ORDERS[name]

    assert (item.system, item.code, item.display) in members(EXPECTED_SET[name])


def test_the_combination_holds_both_ingredients() -> None:
    """Hydrocodone with acetaminophen counts for both."""
    item = ORDERS["hydrocodone-acetaminophen"]

    assert (item.system, item.code, item.display) in members("rx-acetaminophen")


def test_orders_are_numbered_in_sequence() -> None:
    """Ids are draft-1, draft-2, ... or go on from another number."""
    first = draft_orders(["naproxen", "lumbar-mri"], "123")
    more = draft_orders(["ibuprofen"], "123", first=3)

    assert [draft["id"] for draft in first + more] == ["draft-1", "draft-2", "draft-3"]


def test_details_stand_where_fhir_has_them() -> None:
    """Reason, priority, daily dose and supply are in the elements a rule reads."""
    [draft] = draft_orders(["oxycodone"], "123", FULL)

    [dosage] = draft["dosageInstruction"]
    assert draft["priority"] == "urgent"
    assert draft["reasonCode"] == [{"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}]}]
    assert dosage["timing"]["repeat"] == {"frequency": 4, "period": 1, "periodUnit": "d"}
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 1.5
    assert draft["dispenseRequest"]["expectedSupplyDuration"]["value"] == 7


def test_an_image_has_no_dose() -> None:
    """What concerns medicines only is left out of an imaging order."""
    [draft] = draft_orders(["lumbar-mri"], "123", FULL)

    assert not {"dosageInstruction", "dispenseRequest"} & set(draft)


def test_an_unknown_order_names_those_there_are() -> None:
    """A typing error is answered with the list to choose from."""
    with pytest.raises(EhrError, match=r"no order 'mri'.*lumbar-mri, lumbar-ct"):
        draft_orders(["mri"], "123")


@pytest.mark.parametrize(("text", "dose"), [("2x4", Dose(2.0, 4)), ("0.5x2", Dose(0.5, 2))])
def test_a_dose_is_tablets_x_times_a_day(text: str, dose: Dose) -> None:
    """The short form is read, halves of tablets too."""
    assert Dose.parsed(text) == dose


@pytest.mark.parametrize("text", ["", "2", "2x", "x4", "0x4", "2x0", "-1x2", "two x 4", "1x3\n"])
def test_another_text_is_no_dose(text: str) -> None:
    """The message shows how a dose is written."""
    with pytest.raises(EhrError, match="such as 1x3"):
        Dose.parsed(text)


@pytest.mark.parametrize("reason", ["low back pain", "M54.5", "0279039007", "123"])
def test_a_reason_is_a_snomed_code(reason: str) -> None:
    """Words and codes of other systems are refused, not sent as SNOMED CT."""
    with pytest.raises(EhrError, match="no SNOMED CT code"):
        Details(reason=reason)


def test_a_priority_is_one_of_four() -> None:
    """A priority that FHIR does not know is refused with those it knows."""
    with pytest.raises(EhrError, match="routine, urgent, asap, stat"):
        Details(priority="high")


def test_a_supply_has_days() -> None:
    """Zero days of a medicine are no order."""
    with pytest.raises(EhrError, match="at least 1"):
        Details(supply_days=0)
