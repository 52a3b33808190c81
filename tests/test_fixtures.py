"""The fixture patients: each chart is sound FHIR, stands on its own, and is the patient its name says."""

from __future__ import annotations

import csv
import functools
import itertools
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fhir_fixtures" / "low_back_pain"
TERMINOLOGY = ROOT / "hooks" / "low_back_pain"
STEMS = sorted(file.stem for file in (FIXTURES / "patients").glob("*.json"))
ANCHOR = date(2026, 11, 1)
ANCHOR_SYSTEM = "http://example.org/fhir/lbp-cds/CodeSystem/fixture-anchor"

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CLINICAL = {SNOMED, LOINC, RXNORM, ICD}

# What these people also have, take or were measured for, and no value set names.
UNRELATED = {
    (SNOMED, "26643006"): "Oral route",
    (SNOMED, "37839007"): "Sublingual route",
    (SNOMED, "24079001"): "Atopic dermatitis",
    (SNOMED, "37796009"): "Migraine",
    (SNOMED, "49436004"): "Atrial fibrillation",
    (SNOMED, "55822004"): "Hyperlipidemia",
    (SNOMED, "60001007"): "Not pregnant",
    (SNOMED, "61582004"): "Allergic rhinitis",
    (SNOMED, "65323003"): "Polymyalgia rheumatica",
    (SNOMED, "73761001"): "Colonoscopy",
    (SNOMED, "79619009"): "Mitral valve stenosis",
    (SNOMED, "80146002"): "Appendectomy",
    (SNOMED, "111088007"): "Latex",
    (SNOMED, "195967001"): "Asthma",
    (SNOMED, "197480006"): "Anxiety disorder",
    (SNOMED, "235595009"): "Gastroesophageal reflux disease",
    (SNOMED, "239873007"): "Osteoarthritis of knee",
    (SNOMED, "392021009"): "Lumpectomy of breast",
    (LOINC, "718-7"): "Hemoglobin [Mass/volume] in Blood",
    (LOINC, "4548-4"): "Hemoglobin A1c/Hemoglobin.total in Blood",
    (LOINC, "6301-6"): "INR in Platelet poor plasma by Coagulation assay",
    (LOINC, "8462-4"): "Diastolic blood pressure",
    (LOINC, "8480-6"): "Systolic blood pressure",
    (LOINC, "8867-4"): "Heart rate",
    (LOINC, "29463-7"): "Body weight",
    (LOINC, "85354-9"): "Blood pressure panel with all children optional",
    (LOINC, "LA6569-3"): "Several days",
    (RXNORM, "7980"): "penicillin G",
    (RXNORM, "197361"): "amlodipine 5 MG Oral Tablet",
    (RXNORM, "198051"): "omeprazole 20 MG Delayed Release Oral Capsule",
    (RXNORM, "200031"): "carvedilol 6.25 MG Oral Tablet",
    (RXNORM, "310325"): "ferrous sulfate 325 MG Oral Tablet",
    (RXNORM, "311372"): "loratadine 10 MG Oral Tablet",
    (RXNORM, "312961"): "simvastatin 20 MG Oral Tablet",
    (RXNORM, "860975"): "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
    (RXNORM, "866412"): "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet",
    (RXNORM, "904419"): "alendronic acid 10 MG Oral Tablet",
    (RXNORM, "2123111"): "NDA020503 200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
}


def bundle(stem: str) -> dict[str, Any]:
    """Return a patient's Bundle as JSON."""
    loaded: dict[str, Any] = json.loads((FIXTURES / "patients" / f"{stem}.json").read_text())
    return loaded


def resources(stem: str, kind: str = "") -> list[dict[str, Any]]:
    """Return a patient's resources, of one type or all, in the order of the file."""
    return [
        entry["resource"]
        for entry in bundle(stem)["entry"]
        if not kind or entry["resource"]["resourceType"] == kind
    ]


def elements(value: object) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every element inside a value, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from elements(item)
    if isinstance(value, dict):
        for name, child in value.items():
            yield name, child
            yield from elements(child)


def codings(value: object) -> list[tuple[str, str, str | None]]:
    """Return system, code and display of every Coding in the CodeableConcepts of a value."""
    found = itertools.chain.from_iterable(child for name, child in elements(value) if name == "coding")
    return [(coding["system"], coding["code"], coding.get("display")) for coding in found]


def codes(concept: object) -> set[str]:
    """Return the codes of a CodeableConcept or a list of them, whatever their system."""
    return {code for _, code, _ in codings(concept)}


@functools.cache
def concepts(stem: str) -> frozenset[tuple[str, str, str]]:
    """Return system, code and display of what a value set lists."""
    includes = json.loads((TERMINOLOGY / "valuesets" / f"{stem}.json").read_text())["compose"]["include"]
    return frozenset((i["system"], c["code"], c["display"]) for i in includes for c in i.get("concept", ()))


@functools.cache
def known() -> frozenset[tuple[str, str, str | None]]:
    """Return what value sets, the ConceptMaps' products and UNRELATED hold: system, code, display."""
    listed = (concepts(file.stem) for file in (TERMINOLOGY / "valuesets").glob("*.json"))
    maps = [json.loads(file.read_text()) for file in (TERMINOLOGY / "conceptmaps").glob("*.json")]
    groups = itertools.chain.from_iterable(concept_map["group"] for concept_map in maps)
    products = {(g["source"], e["code"], e["display"]) for g in groups for e in g["element"]}
    unrelated = {(system, code, display) for (system, code), display in UNRELATED.items()}
    return frozenset(products | unrelated).union(*listed)


def coded(stem: str, kind: str, value_set: str) -> list[dict[str, Any]]:
    """Return a patient's resources of one type of which a Coding is in a value set."""
    members = {(system, code) for system, code, _ in concepts(value_set)}
    return [r for r in resources(stem, kind) if any(coding[:2] in members for coding in codings(r))]


def newest(observations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the Observation with the latest effectiveDateTime."""
    return max(observations, key=lambda observation: str(observation["effectiveDateTime"]))


def ago(day: str) -> int:
    """Return how many days before the anchor a full date or dateTime is."""
    return (ANCHOR - date.fromisoformat(day[:10])).days


def daily_mg(request: dict[str, Any], strengths: dict[str, float]) -> float:
    """Return the milligrams a day of an order in tablets, from the strength of one tablet by RxNorm code."""
    dosage = request["dosageInstruction"][0]
    tablets = dosage["doseAndRate"][0]["doseQuantity"]
    repeat = dosage["timing"]["repeat"]
    assert (tablets["code"], repeat["periodUnit"]) == ("{tbl}", "d")
    strength = strengths[request["medicationCodeableConcept"]["coding"][0]["code"]]
    return float(tablets["value"] * repeat["frequency"] / repeat["period"] * strength)


@pytest.mark.parametrize("stem", STEMS)
def test_each_bundle_is_valid_fhir(stem: str) -> None:
    """The Bundle and every resource in it parse as FHIR R4, and nothing is lost or changed by it."""
    parsed = Bundle.model_validate(bundle(stem))

    assert json.loads(parsed.model_dump_json()) == bundle(stem)


@pytest.mark.parametrize("stem", STEMS)
def test_each_file_is_one_small_patient_named_after_it(stem: str) -> None:
    """File, Bundle and the only Patient share their name; the chart can be read in one sitting."""
    assert (bundle(stem)["type"], bundle(stem)["id"]) == ("transaction", stem)
    assert [patient["id"] for patient in resources(stem, "Patient")] == [stem]
    assert 5 <= len(resources(stem)) <= 25


@pytest.mark.parametrize("stem", STEMS)
def test_each_bundle_names_its_anchor_day(stem: str) -> None:
    """A loader finds the day to which all dates belong."""
    tags = bundle(stem)["meta"]["tag"]

    assert tags == [{"system": ANCHOR_SYSTEM, "code": ANCHOR.isoformat()}]


@pytest.mark.parametrize("stem", STEMS)
def test_each_entry_is_put_under_an_id_of_its_patient(stem: str) -> None:
    """Loading twice changes nothing, and no two patients write to the same address."""
    addresses = [f"{resource['resourceType']}/{resource['id']}" for resource in resources(stem)]

    assert [e["request"] for e in bundle(stem)["entry"]] == [
        {"method": "PUT", "url": url} for url in addresses
    ]
    assert all(
        re.fullmatch(rf"{stem}(-[a-z0-9-]+)?", r["id"]) and len(r["id"]) <= 64 for r in resources(stem)
    )
    assert len(set(addresses)) == len(addresses)


def test_no_two_patients_write_to_the_same_address() -> None:
    """All charts can be loaded into one server, although some names begin with another name."""
    addresses = [(r["resourceType"], r["id"]) for stem in STEMS for r in resources(stem)]

    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("stem", STEMS)
def test_each_reference_resolves_inside_the_bundle(stem: str) -> None:
    """No chart points at a resource that it does not bring along."""
    brought = {f"{resource['resourceType']}/{resource['id']}" for resource in resources(stem)}

    pointed_at = {child for name, child in elements(resources(stem)) if name == "reference"}

    assert pointed_at - brought == set()


@pytest.mark.parametrize("stem", STEMS)
def test_everything_belongs_to_the_patient(stem: str) -> None:
    """Each resource but the Patient says whose it is."""
    others = [resource for resource in resources(stem) if resource["resourceType"] != "Patient"]

    owners = {(resource.get("subject") or resource["patient"])["reference"] for resource in others}

    assert owners == {f"Patient/{stem}"}


@pytest.mark.parametrize("stem", STEMS)
def test_each_code_is_known_under_its_display(stem: str) -> None:
    """A clinical code comes from the value sets and ConceptMaps, or from the list of unrelated ones."""
    clinical = {coding for coding in codings(resources(stem)) if coding[0] in CLINICAL}

    assert clinical
    assert clinical - known() == set()


@pytest.mark.parametrize("stem", STEMS)
def test_each_other_code_is_of_a_code_system_of_hl7(stem: str) -> None:
    """Statuses, categories and classes use the code systems that FHIR names; else a code is one of ours."""
    others = {coding for coding in codings(resources(stem)) if coding[0] not in CLINICAL}

    assert all(item[0].startswith("http://terminology.hl7.org/CodeSystem/") for item in others - known())


def test_no_unrelated_code_is_left_over() -> None:
    """The list of unrelated codes holds what some patient has."""
    used = {(system, code) for stem in STEMS for system, code, _ in codings(resources(stem))}

    assert set(UNRELATED) - used == set()


@pytest.mark.parametrize("stem", STEMS)
def test_nothing_lies_after_the_anchor_day(stem: str) -> None:
    """No chart knows its own future."""
    pattern = re.compile(r"\d{4}(-\d\d){0,2}(T|$)")
    texts = [(name, child) for name, child in elements(resources(stem)) if isinstance(child, str)]
    dates = [text[:10] for name, text in texts if name != "code" and pattern.match(text)]

    assert dates
    assert max(dates) <= ANCHOR.isoformat()


@pytest.mark.parametrize("stem", STEMS)
def test_a_struck_out_condition_has_no_clinical_status_and_a_problem_has_one(stem: str) -> None:
    """Conditions keep the invariants con-3 and con-5 of FHIR R4, which parsing does not check."""
    conditions = resources(stem, "Condition")
    struck_out = [c for c in conditions if "entered-in-error" in codes(c["verificationStatus"])]
    problems = [c for c in conditions if "problem-list-item" in codes(c["category"]) and c not in struck_out]

    assert [c["id"] for c in struck_out if "clinicalStatus" in c] == []
    assert [c["id"] for c in problems if "clinicalStatus" not in c] == []


def test_the_readme_lists_each_patient_once_and_no_other() -> None:
    """Whoever reads README.md meets everyone in the folder."""
    text = (FIXTURES / "README.md").read_text()

    listed = re.findall(r"^- \[([a-z0-9-]+)\]\(patients/\1\.json\): \S", text, re.MULTILINE)

    assert sorted(listed) == STEMS


@pytest.mark.parametrize(
    ("stem", "value_set", "days"),
    [
        ("plain-acute", "low-back-pain-nonspecific", 10),
        ("six-weeks-exactly", "low-back-pain-nonspecific", 42),
        ("six-weeks-and-a-day", "low-back-pain-nonspecific", 43),
        ("radiculopathy", "lumbar-radiculopathy", 30),
        ("severe-sciatica", "lumbar-radiculopathy", 24),
    ],
)
def test_back_pain_began_on_the_day_the_patient_is_for(stem: str, value_set: str, days: int) -> None:
    """The patients at a threshold of time stand exactly where their name says."""
    [pain] = coded(stem, "Condition", value_set)

    assert ago(pain["onsetDateTime"]) == days


@pytest.mark.parametrize(("stem", "years"), [("age-50", 50), ("age-51", 51), ("adolescent", 15)])
def test_age_is_what_the_patient_is_for(stem: str, years: int) -> None:
    """The patients at a threshold of age are that old, two days before and after as well: leap days move."""
    born = date.fromisoformat(resources(stem, "Patient")[0]["birthDate"])
    days = [ANCHOR + timedelta(shift) for shift in (-2, 2)]

    ages = [day.year - born.year - ((day.month, day.day) < (born.month, born.day)) for day in days]

    assert ages == [years, years]


def test_no_date_stands_beside_the_pain_without_onset() -> None:
    """Neither onset nor recording can be taken for the beginning."""
    [pain] = coded("no-onset-recorded", "Condition", "low-back-pain-nonspecific")

    assert [name for name in pain if "onset" in name or "Date" in name] == []


@pytest.mark.parametrize(
    "value_set",
    ["low-back-pain-nonspecific", "low-back-pain-chronic", "lumbar-radiculopathy", "lumbar-structural"],
)
def test_nothing_recorded_has_problems_but_no_back_pain(value_set: str) -> None:
    """Nothing on the problem list points to the back."""
    assert resources("nothing-recorded", "Condition")
    assert coded("nothing-recorded", "Condition", value_set) == []


def test_plain_acute_has_no_allergy_entry_and_no_nsaid() -> None:
    """What he takes from the shelf and what he tolerates, nobody wrote down."""
    assert resources("plain-acute", "AllergyIntolerance") == []
    assert coded("plain-acute", "MedicationRequest", "rx-nsaid-systemic") == []


@pytest.mark.parametrize(
    ("stem", "value_set", "verification"),
    [
        ("cauda-equina", "redflag-cauda-equina", "confirmed"),
        ("suspected-cauda-equina", "redflag-cauda-equina", "provisional"),
        ("foot-drop", "redflag-motor-deficit", "confirmed"),
        ("cancer-history", "redflag-malignancy-history", "confirmed"),
        ("active-cancer", "redflag-malignancy-active", "confirmed"),
        ("family-history-of-cancer", "not-personal-malignancy", "confirmed"),
        ("entered-in-error-cancer", "redflag-malignancy-active", "entered-in-error"),
        ("refuted-fracture", "redflag-fracture", "refuted"),
        ("spinal-infection", "redflag-spinal-infection", "confirmed"),
        ("injection-drug-use", "redflag-injection-drug-use", "confirmed"),
        ("weight-loss", "redflag-weight-loss", "confirmed"),
        ("car-crash", "redflag-trauma", "confirmed"),
        ("osteoporotic-fall", "low-energy-fall", "confirmed"),
        ("osteoporotic-fall", "osteoporosis", "confirmed"),
        ("peptic-ulcer", "gi-ulcer-or-bleed", "confirmed"),
        ("chronic-kidney-disease", "ckd-any", "confirmed"),
        ("heart-failure", "heart-failure", "confirmed"),
        ("severe-liver-disease", "liver-disease-moderate-severe", "confirmed"),
        ("hospice", "palliative-or-hospice", "confirmed"),
        ("oud-on-buprenorphine", "opioid-use-disorder", "confirmed"),
        ("chronic-low-back-pain", "low-back-pain-chronic", "confirmed"),
    ],
)
def test_the_finding_the_patient_is_for_is_recorded(stem: str, value_set: str, verification: str) -> None:
    """The condition that a rule has to meet is on the chart, believed as far as the name says."""
    [finding] = coded(stem, "Condition", value_set)

    assert codes(finding["verificationStatus"]) == {verification}


@pytest.mark.parametrize(
    ("stem", "value_set"),
    [
        ("anticoagulated", "rx-anticoagulant"),
        ("opioid-with-benzodiazepine", "rx-benzodiazepine"),
        ("oud-on-buprenorphine", "rx-opioid-oud"),
        ("long-term-steroid", "rx-corticosteroid-systemic"),
        ("ace-inhibitor-and-diuretic", "rx-ras-inhibitor"),
        ("ace-inhibitor-and-diuretic", "rx-diuretic"),
    ],
)
def test_the_medicine_the_patient_is_for_is_current(stem: str, value_set: str) -> None:
    """The order that a rule has to meet is active."""
    assert "active" in {request["status"] for request in coded(stem, "MedicationRequest", value_set)}


def test_the_nsaid_allergy_is_coded() -> None:
    """The reaction to ibuprofen is on the allergy list under a code, not as text alone."""
    allergies = coded("nsaid-allergy", "AllergyIntolerance", "nsaid-hypersensitivity")

    assert [allergy["id"] for allergy in allergies] == ["nsaid-allergy-ibuprofen-allergy"]


def test_the_fever_is_of_yesterday() -> None:
    """The newest temperature is above 38 degrees Celsius and fresh."""
    temperature = newest(coded("fever", "Observation", "obs-body-temperature"))

    assert temperature["valueQuantity"]["value"] > 38
    assert temperature["valueQuantity"]["code"] == "Cel"
    assert ago(temperature["effectiveDateTime"]) == 1


def test_severe_sciatica_is_severe_now() -> None:
    """The newest pain score is one of yesterday, and high enough to refer within two weeks."""
    score = newest(coded("severe-sciatica", "Observation", "obs-pain-score"))

    assert (score["valueQuantity"]["value"], ago(score["effectiveDateTime"])) == (8, 1)


def test_kidney_function_was_measured_lately_at_41() -> None:
    """The newest eGFR is within the ninety days that count in kidney disease."""
    egfr = newest(coded("chronic-kidney-disease", "Observation", "obs-egfr"))

    assert (egfr["valueQuantity"]["value"], egfr["valueQuantity"]["code"]) == (41, "mL/min/{1.73_m2}")
    assert ago(egfr["effectiveDateTime"]) <= 90


def test_pregnancy_is_in_week_24() -> None:
    """The week of gestation was recorded so lately that it still holds."""
    [week] = [c for c in coded("pregnancy", "Condition", "pregnancy") if "Z3A.24" in codes(c)]

    assert ago(week["recordedDate"]) < 7


def test_acetaminophen_comes_close_to_three_grams_and_no_further() -> None:
    """Two active products together stay under the limit by less than one more tablet of 325 mg."""
    with (TERMINOLOGY / "conceptmaps" / "rxnorm-strengths.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["ingredient"] == "acetaminophen"]
    strengths = {row["rxcui"]: float(row["strength"]) for row in rows if row["unit"] == "MG"}
    taken = coded("acetaminophen-heavy", "MedicationRequest", "rx-acetaminophen")

    total = sum(daily_mg(request, strengths) for request in taken)

    assert [request["status"] for request in taken] == ["active", "active"]
    assert 3000 - 325 < total < 3000


def test_long_term_opioid_is_told_by_its_renewals_alone() -> None:
    """No order is active and no code says long-term: only completed monthly orders show the therapy."""
    renewals = coded("long-term-opioid", "MedicationRequest", "rx-opioid")
    days = [ago(request["authoredOn"]) for request in renewals]

    assert {request["status"] for request in renewals} == {"completed"}
    assert {earlier - later for earlier, later in itertools.pairwise(days)} == {30}
    assert 60 <= max(days) - min(days) <= 180
    assert coded("long-term-opioid", "Condition", "long-term-opioid-use") == []
