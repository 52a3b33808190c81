"""Codes: one spelling, value sets and maps from FHIR JSON, and messages that name the file to mend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import terminology
from cds_service.fhir import CodeableConcept, Coding
from cds_service.terminology import (
    ICD_10_CM,
    LOINC,
    RXNORM,
    SNOMED_CT,
    Strength,
    Terminology,
    TerminologyError,
    normalised,
)

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "http://hospital.example/codes"


def _write(folder: Path, name: str, document: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")


def _value_set(name: str, *includes: dict[str, Any], **compose: object) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "id": name, "compose": {"include": list(includes), **compose}}


def _codes(system: str, *codes: str) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code} for code in codes]}


def _concept_map(source: str | None, target: str | None, *elements: dict[str, Any]) -> dict[str, Any]:
    group = {"source": source, "target": target, "element": list(elements)}
    return {"resourceType": "ConceptMap", "group": [group]}


def _element(code: str, *targets: str, **members: str) -> dict[str, Any]:
    return {"code": code, "target": [{"code": target, **members} for target in targets]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a guideline's folder: an injury, two drugs of which one has a gel, a product map, strengths."""
    pattern = {"property": "code", "op": "regex", "value": "V[0-9][0-9].*"}
    _write(
        tmp_path,
        "valuesets/injury.json",
        _value_set("injury", _codes(ICD_10_CM, "S32.0"), {"system": ICD_10_CM, "filter": [pattern]}),
    )
    _write(
        tmp_path,
        "valuesets/nsaid.json",
        _value_set("nsaid", _codes(RXNORM, "3"), exclude=[_codes(RXNORM, "77")]),
    )
    _write(tmp_path, "valuesets/opioid.json", _value_set("opioid", _codes(RXNORM, "1")))
    _write(
        tmp_path,
        "conceptmaps/products.json",
        _concept_map(RXNORM, RXNORM, _element("77", "3"), _element("99", "1", "3"), _element("98")),
    )
    _write(tmp_path, "conceptmaps/other.json", _concept_map(LOCAL, RXNORM, _element("99", "5")))
    _write(
        tmp_path,
        "conceptmaps/strengths.csv",
        "rxcui,ingredient_rxcui,strength,unit\n99,1,5,MG\n99,3,200,MG\n",
    )
    return tmp_path


@pytest.mark.parametrize(
    ("system", "code", "key"),
    [
        (SNOMED_CT, "1", (SNOMED_CT, "1")),
        (f" {SNOMED_CT}/ ", " 1 ", (SNOMED_CT, "1")),
        ("urn:oid:2.16.840.1.113883.6.96", "1", (SNOMED_CT, "1")),
        ("2.16.840.1.113883.6.88", "1", (RXNORM, "1")),
        ("urn:oid:2.16.840.1.113883.6.90", "m54.50", (ICD_10_CM, "M5450")),
        ("urn:oid:1.2.3", "a.b", ("urn:oid:1.2.3", "a.b")),
        (None, "1", None),
        (SNOMED_CT, None, None),
        ("", "", None),
        (" / ", "1", None),
        (SNOMED_CT, " ", None),
    ],
)
def test_a_code_has_one_spelling(system: str | None, code: str | None, key: tuple[str, str] | None) -> None:
    """OIDs become URIs; ICD-10-CM loses its dot; half a coding has no key."""
    assert normalised(system, code) == key


def test_a_code_is_in_the_sets_that_list_it(folder: Path) -> None:
    """By its own code, by a pattern on it, or by an ingredient of it; the displays do not matter."""
    terms = Terminology.load(folder)

    assert terms.sets_of([Coding(ICD_10_CM, "s32.0", "nonsense")]) == {"injury"}
    assert terms.sets_of([Coding(ICD_10_CM, "V43.1")]) == {"injury"}
    assert terms.sets_of([Coding(SNOMED_CT, "V43")]) == frozenset()
    assert terms.sets_of([Coding(RXNORM, "99")]) == {"opioid", "nsaid"}
    assert terms.sets_of([Coding(RXNORM, "1"), Coding(RXNORM, None), Coding(RXNORM, "3")]) == {
        "opioid",
        "nsaid",
    }


def test_an_excluded_product_is_not_pulled_in_by_its_ingredient(folder: Path) -> None:
    """A topical gel of a systemic drug stays outside."""
    assert Terminology.load(folder).sets_of([Coding(RXNORM, "77")]) == frozenset()


def test_looked_up_codes_are_remembered_up_to_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown codes cannot fill the memory, and the answer is the same beyond the bound."""
    monkeypatch.setattr(terminology, "_REMEMBERED", 1)
    terms = Terminology.load(folder)
    answers = [terms.sets_of([Coding(RXNORM, code)]) for code in ("1", "3", "1", "3")]

    assert answers == [{"opioid"}, {"nsaid"}, {"opioid"}, {"nsaid"}]


def test_a_value_set_that_nobody_asked_for_is_unused(folder: Path) -> None:
    """Asking for it by name is using it, also in a copy with site codes."""
    terms = Terminology.load(folder)
    asked = terms["nsaid"]

    assert asked.of_system(RXNORM) == ("3",)
    assert asked.of_system(LOINC) == ()
    assert terms.unused == {"injury", "opioid"}
    assert terms.with_site_codes(folder / "none").unused == {"injury", "opioid"}


def test_an_unknown_value_set_names_the_file_that_is_missing(folder: Path) -> None:
    """The author reads which file to write."""
    with pytest.raises(TerminologyError, match=r"valuesets/nsaids\.json"):
        Terminology.load(folder)["nsaids"]


def test_a_coding_for_an_order_must_be_a_member(folder: Path) -> None:
    """A suggestion can only draft what its value set recognises."""
    nsaid = Terminology.load(folder)["nsaid"]

    assert nsaid.coding("3") == Coding(RXNORM, "3", "3")
    with pytest.raises(TerminologyError, match="4 is no member"):
        nsaid.coding("4")


def _counted(code: str, **value: object) -> dict[str, Any]:
    ordinal = {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", **value}
    return {"code": code, "extension": [{"url": "http://example.org/other"}, ordinal]}


def test_what_a_code_counts_is_read_from_its_file(tmp_path: Path) -> None:
    """By the extension that FHIR has for it; codes without one count nothing."""
    weeks = {"system": ICD_10_CM, "concept": [_counted("Z3A.20", valueDecimal=20), {"code": "Z3A.00"}]}
    _write(tmp_path, "valuesets/weeks.json", _value_set("weeks", weeks))

    assert Terminology.load(tmp_path)["weeks"].numbers == {(ICD_10_CM, "Z3A20"): 20.0}


def test_a_count_without_a_number_is_refused(tmp_path: Path) -> None:
    """The message names file and code."""
    weeks = {"system": ICD_10_CM, "concept": [_counted("Z3A.20", valueString="20")]}
    _write(tmp_path, "valuesets/weeks.json", _value_set("weeks", weeks))

    with pytest.raises(TerminologyError, match=r"weeks\.json: the ordinalValue of Z3A20"):
        Terminology.load(tmp_path)


@pytest.mark.parametrize(
    ("coding", "understood", "interpreted"),
    [
        (Coding(RXNORM, "1"), True, True),
        (Coding(RXNORM, "98"), True, True),
        (Coding(RXNORM, "555"), False, True),
        (Coding(LOINC, "555"), False, True),
        (Coding(LOCAL, "C1"), True, True),
        (Coding(LOCAL, "C9"), False, False),
        (Coding(LOCAL, None), False, False),
    ],
)
def test_what_is_understood_and_what_can_at_least_be_interpreted(
    folder: Path,
    coding: Coding,
    understood: bool,  # noqa: FBT001
    interpreted: bool,  # noqa: FBT001
) -> None:
    """Understood: some set or map knows the code. Interpretable: its system is one that the sets speak."""
    _write(folder, "site/local.json", _concept_map(LOCAL, RXNORM, _element("C1", "1")))
    terms = Terminology.load(folder).with_site_codes(folder / "site")

    assert terms.understands(coding.system or "", coding.code or "") is understood
    assert terms.interprets([coding]) is interpreted


def test_site_codes_mean_what_they_map_to(folder: Path) -> None:
    """Membership, ingredients and strengths all follow the map."""
    elements = (
        _element("C1", "99"),
        _element("C2", "1", equivalence="disjoint"),
        {"code": "C3", "target": [{}]},
    )
    _write(folder, "site/local.json", _concept_map(LOCAL, RXNORM, *elements))
    terms = Terminology.load(folder).with_site_codes(folder / "site")
    mapped = [Coding(LOCAL, "C1")]

    assert terms.sets_of(mapped) == {"opioid", "nsaid"}
    assert [item.code for item in terms.ingredients(mapped)] == ["1", "3"]
    assert terms.strengths(mapped) == (Strength("1", 5, "MG"), Strength("3", 200, "MG"))
    assert terms.sets_of([Coding(LOCAL, "C2"), Coding(LOCAL, "C3")]) == frozenset()


def test_a_site_code_of_blanks_is_passed_over(folder: Path) -> None:
    """It could never be matched; the codes beside it count."""
    elements = (_element(" ", "1"), _element("C1", "1"))
    _write(folder, "site/local.json", _concept_map(LOCAL, RXNORM, *elements))
    terms = Terminology.load(folder).with_site_codes(folder / "site")

    assert terms.sets_of([Coding(LOCAL, " ")]) == frozenset()
    assert terms.sets_of([Coding(LOCAL, "C1")]) == {"opioid"}


def test_a_site_code_that_no_rule_knows_is_refused(folder: Path) -> None:
    """It would do nothing, and nobody would notice."""
    _write(folder, "site/local.json", _concept_map(LOCAL, RXNORM, _element("C1", "555")))

    with pytest.raises(TerminologyError, match=r"local\.json: .*C1 maps to .*555"):
        Terminology.load(folder).with_site_codes(folder / "site")


def test_ingredients_and_strengths_are_of_the_first_coding_that_has_any(folder: Path) -> None:
    """Products by the map; a watched ingredient is its own; anything else has none."""
    terms = Terminology.load(folder)

    assert [item.code for item in terms.ingredients([Coding(LOINC, "1"), Coding(RXNORM, "99")])] == ["1", "3"]
    assert terms.ingredients([Coding(RXNORM, "1", "misnamed")]) == (Coding(RXNORM, "1", "1"),)
    assert terms.ingredients([Coding(RXNORM, "555"), Coding()]) == ()
    assert terms.strengths([Coding(RXNORM, "1"), Coding(LOINC, "99")]) == ()


@pytest.mark.parametrize(
    ("concept", "named"),
    [
        (CodeableConcept((Coding(RXNORM, "50"),), "Ibuprofen 400 mg"), ("ibuprofen",)),
        (CodeableConcept((Coding(RXNORM, "50", "IBUPROFEN"),)), ("ibuprofen",)),
        (CodeableConcept((Coding(RXNORM, "50"),), "Naproxen 500 mg"), ()),
        (CodeableConcept((Coding(RXNORM, "50"),), "naproxen or ibuprofen"), ()),
        (CodeableConcept((Coding(RXNORM, "50"),), "one tablet"), ()),
        (CodeableConcept((Coding(RXNORM, "555"),), "ibuprofen"), ()),
    ],
)
def test_words_that_contradict_the_code_are_noticed(concept: CodeableConcept, named: tuple[str, ...]) -> None:
    """SAFE-33: only when the code means watched ingredients and the words name other ones."""
    products = {
        "50": (Coding(RXNORM, "3", "Naproxen"),),
        "51": (Coding(RXNORM, "4", "Ibuprofen"), Coding(RXNORM, "5")),
    }

    assert Terminology([], products).misnamed(concept) == named


def test_a_system_is_recognised_however_it_is_spelled() -> None:
    """OID or URI; half a coding is of no system."""
    assert Terminology.is_of(LOINC, Coding("urn:oid:2.16.840.1.113883.6.1", "1-8"))
    assert not Terminology.is_of(LOINC, Coding(SNOMED_CT, "1"))
    assert not Terminology.is_of(LOINC, Coding(LOINC, None))


BAD_PATTERN = {"property": "code", "op": "regex", "value": "(a+)+"}
GOOD_PATTERN = {"property": "code", "op": "regex", "value": "V.*"}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        ({"resourceType": "Bundle"}, "resourceType is 'Bundle', must be ValueSet"),
        (_value_set("other", _codes(RXNORM, "1")), "file stem and id must agree"),
        (_value_set("bad"), "holds no code"),
        (_value_set("bad", {"system": RXNORM, "concept": [{}]}), "without system or code"),
        (_value_set("bad", {"system": RXNORM, "filter": [BAD_PATTERN]}), "a filter must be"),
        (_value_set("bad", {"system": RXNORM, "filter": [{**GOOD_PATTERN, "op": "="}]}), "a filter must be"),
        (_value_set("bad", {"filter": [GOOD_PATTERN]}), "of a system"),
    ],
)
def test_a_bad_value_set_is_refused_by_name(tmp_path: Path, document: object, complaint: str) -> None:
    """The message says which file, and what is wrong with it."""
    _write(tmp_path, "valuesets/bad.json", document)

    with pytest.raises(TerminologyError, match=rf"bad\.json: .*{complaint}"):
        Terminology.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "document", "complaint"),
    [
        ("bad.json", _concept_map(None, RXNORM), "source and target"),
        ("bad.json", _concept_map(RXNORM, None), "source and target"),
        ("bad.json", _concept_map(RXNORM, RXNORM, {"display": "x"}), "an element without code"),
        ("bad.csv", "rxcui,ingredient_rxcui,strength\n1,2,3\n", "needs rxcui"),
        ("bad.csv", "rxcui,ingredient_rxcui,strength,unit\n1,2,many,MG\n", "needs rxcui"),
        ("bad.csv", "rxcui,ingredient_rxcui,strength,unit\n1\n", "needs rxcui"),
    ],
)
def test_a_bad_map_is_refused_by_name(tmp_path: Path, name: str, document: object, complaint: str) -> None:
    """The message says which file, and what is wrong with it."""
    _write(tmp_path, f"conceptmaps/{name}", document)

    with pytest.raises(TerminologyError, match=f"{name}: .*{complaint}"):
        Terminology.load(tmp_path)
