"""Why a code means what it does: every way into a value set, what follows, and how a site would map it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import (
    Advice,
    CdsService,
    Coding,
    Guideline,
    Indicator,
    Rule,
    Terminology,
    Topic,
    ValueSet,
    order_is,
    order_name,
    selected,
)
from cds_service.catalogue import Catalogue
from cds_service.code_explanation import explained_code
from cds_service.code_meaning import consequence, mapped, ways
from cds_service.fhir import Coding as FhirCoding
from cds_service.terminology import ICD_10_CM, LOINC, RXNORM, SCORE_FACTOR, SNOMED_CT, Strength

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "http://local.example.org"
TOPIC = Topic(Coding("http://example.org/fhir/lbp-cds/topics", "t", "T"), 1)


def value_set(name: str, *codes: tuple[str, str], **more: Any) -> ValueSet:  # noqa: ANN401
    """Return a value set titled like itself."""
    return ValueSet(
        name, name.upper(), frozenset(codes), displays={key: f"<{key[1]}>" for key in codes}, **more
    )


@pytest.fixture
def terms() -> Terminology:
    """Codes of every way: member, prefix, ingredient, and a product that its set leaves out."""
    return Terminology(
        [
            value_set("mri", (LOINC, "1")),
            value_set("ct", (LOINC, "2")),
            value_set("trauma", (ICD_10_CM, "S3"), patterns=((ICD_10_CM, re.compile("V[0-9].*")),)),
            value_set("nsaid", (RXNORM, "3"), excluded=frozenset({(RXNORM, "98")})),
            value_set("opioid", (RXNORM, "4"), (RXNORM, "99")),
        ],
        {
            "98": (FhirCoding(RXNORM, "3", "naproxen"),),
            "99": (FhirCoding(RXNORM, "3", "naproxen"), FhirCoding(RXNORM, "4")),
            "97": (FhirCoding(RXNORM, "5", "caffeine"),),
        },
        {"99": (Strength("3", 250, "MG"),)},
    )


def site(terms: Terminology, folder: Path, code: str, *targets: tuple[str, str], **more: Any) -> Terminology:  # noqa: ANN401
    """Return the same codes at a site that maps `code` to these targets."""
    groups = [
        {"source": LOCAL, "target": system, "element": [{"code": code, "target": [{"code": target, **more}]}]}
        for system, target in targets
    ]
    (folder / "ours.json").write_text(json.dumps({"resourceType": "ConceptMap", "group": groups}))
    return terms.with_site_codes(folder)


def catalogue_of(terms: Terminology) -> Catalogue:
    """Return a guideline of one rule that wakes on an MRI that is no CT."""
    question = order_is(terms["mri"], label="a scan")
    woken = selected(terms["mri"], label="a scan is ordered", besides=(terms["ct"],))
    rule = Rule(
        "scan", (), TOPIC, woken, question, question, Advice(Indicator.INFO, "Wait", ()), (), "advise"
    )
    service = CdsService("back", ("order-select",), "Back", "", (rule,), frozenset())
    names = (order_name("ServiceRequest", terms["mri"], "scan"),)
    guideline = Guideline(
        "back", "Back", "", (service,), terms, TOPIC, "org.example.rules", order_names=names
    )
    return Catalogue({}, (guideline,), "v1")


@pytest.mark.parametrize(
    ("coding", "told"),
    [
        (FhirCoding(LOINC, "1"), [("mri", "member: <1>")]),
        (FhirCoding("urn:oid:2.16.840.1.113883.6.1", "1"), [("mri", "member: <1>")]),
        (FhirCoding(ICD_10_CM, "V4.3"), [("trauma", "the code begins as V[0-9].* says")]),
        (
            FhirCoding(RXNORM, "99"),
            [
                ("nsaid", "product that holds naproxen (3), a member"),
                ("opioid", "member: <99>"),
                ("opioid", "product that holds 4 (4), a member"),
            ],
        ),
        (FhirCoding(LOINC, "V4"), []),
        (FhirCoding(LOCAL, "1"), []),
        (FhirCoding(LOINC, None), []),
    ],
)
def test_each_way_into_a_value_set_is_told(
    terms: Terminology, coding: FhirCoding, told: list[tuple[str, str]]
) -> None:
    """A member, a prefix, an ingredient; and nothing for what is in none."""
    assert [(way.value_set, way.because) for way in ways(terms, coding)] == told


def test_a_product_that_is_left_out_says_so(terms: Terminology) -> None:
    """A gel holds the ingredient of a systemic set, and is no member of it."""
    (way,) = ways(terms, FhirCoding(RXNORM, "98"))

    assert way.excluded
    assert way.because.endswith("; but the value set leaves this product out")
    assert terms.sets_of([FhirCoding(RXNORM, "98")]) == frozenset()


def test_a_way_through_a_site_map_names_the_code_that_decides(terms: Terminology, tmp_path: Path) -> None:
    """The local code goes the ways of what it means."""
    at_site = site(terms, tmp_path, "X", (RXNORM, "99"), (LOINC, "1"))

    found = ways(at_site, FhirCoding(LOCAL, "X"))

    assert {(way.value_set, way.code) for way in found} == {
        ("mri", (LOINC, "1")),
        ("nsaid", (RXNORM, "99")),
        ("opioid", (RXNORM, "99")),
    }


def test_what_the_ways_tell_is_what_the_rules_see(terms: Terminology, tmp_path: Path) -> None:
    """Two readings of one index: they may not differ for any code there is."""
    at_site = site(terms, tmp_path, "X", (RXNORM, "98"), (ICD_10_CM, "V43"))
    known = {key for item in terms.value_sets.values() for key in item.codes}
    products = {(RXNORM, code) for code in ("97", "98", "99")}

    for system, code in {*known, *products, (LOCAL, "X"), (ICD_10_CM, "V1"), (SNOMED_CT, "9")}:
        coding = FhirCoding(system, code)
        assert {way.value_set for way in ways(at_site, coding) if not way.excluded} == at_site.sets_of(
            [coding]
        )


@pytest.mark.parametrize(
    ("coding", "said"),
    [
        (FhirCoding(LOINC, "1"), "understood: rules that look for these value sets see it"),
        (FhirCoding(LOINC, None), "half a code: a system and a code are needed"),
        (
            FhirCoding(RXNORM, "97"),
            "a known product, none of whose ingredients is looked for: no rule sees it",
        ),
        (FhirCoding(LOINC, "8"), "a ServiceRequest so coded is never recognised by its name"),
        (FhirCoding(RXNORM, "8"), "a MedicationRequest so coded is never recognised by its name"),
        (FhirCoding(SNOMED_CT, "8"), "an order of this code alone may be recognised by its name"),
        (FhirCoding(SNOMED_CT, "8"), "; a medicine of this code alone may be any medicine"),
        (FhirCoding(LOCAL, "8"), "not understood: its system is foreign here"),
        (FhirCoding(LOCAL, "8"), "its answer is unknown (SAFE-33)"),
    ],
)
def test_what_a_code_means_for_the_advice_is_said(terms: Terminology, coding: FhirCoding, said: str) -> None:
    """Seen, passed by, taken for something else, or unknown, which is never taken for absent."""
    assert said in consequence(terms, coding)


def test_a_code_that_the_site_calls_of_no_concern_is_no_unknown(terms: Terminology, tmp_path: Path) -> None:
    """A map without a meaning: nothing is uncertain any more."""
    at_site = site(terms, tmp_path, "X", (LOINC, "1"), equivalence="unmatched")

    assert consequence(at_site, FhirCoding(LOCAL, "X")).startswith("known to the site as of no concern")
    assert at_site.interprets([FhirCoding(LOCAL, "X")])


def test_half_a_code_is_mapped_by_nobody(terms: Terminology) -> None:
    """Neither is one that no map names."""
    assert mapped(terms, FhirCoding(LOCAL, None)) is None
    assert mapped(terms, FhirCoding(LOCAL, "X")) is None


def test_a_code_is_explained_with_the_rules_it_wakes(terms: Terminology) -> None:
    """And with the value set's title and the reason, for whoever signs it."""
    told = explained_code(catalogue_of(terms), LOINC, "1")["back"]

    assert told == {
        "understood": True,
        "consequence": "understood: rules that look for these value sets see it",
        "valueSets": ["mri"],
        "why": [{"valueSet": "mri", "title": "MRI", "code": f"{LOINC}|1", "because": "member: <1>"}],
        "ingredients": [],
        "strengths": [],
        "wakes": ["scan"],
    }


def test_a_medicine_is_explained_with_ingredients_and_strengths(terms: Terminology) -> None:
    """What is left out of a set is marked, and wakes nothing."""
    combined = explained_code(catalogue_of(terms), RXNORM, "99")["back"]
    left_out = explained_code(catalogue_of(terms), RXNORM, "98")["back"]

    assert combined["ingredients"] == ["naproxen", "4"]
    assert combined["strengths"] == ["250 MG"]
    assert left_out["why"][0]["excluded"] is True
    assert left_out["valueSets"] == []


def test_a_rule_that_another_meaning_keeps_asleep_is_not_woken(terms: Terminology, tmp_path: Path) -> None:
    """A code that is MRI and CT both: the rule leaves CT out."""
    at_site = site(terms, tmp_path, "X", (LOINC, "1"), (LOINC, "2"))

    told = explained_code(catalogue_of(at_site), LOCAL, "X")["back"]

    assert told["valueSets"] == ["ct", "mri"]
    assert told["wakes"] == []


def test_a_mapped_code_is_explained_with_the_map(terms: Terminology, tmp_path: Path) -> None:
    """File, meaning, and the factor of a score; no map is proposed for it."""
    extension = [{"url": SCORE_FACTOR, "valueDecimal": 0.5}]
    at_site = site(terms, tmp_path, "X", (LOINC, "1"), extension=extension)

    told = explained_code(catalogue_of(at_site), LOCAL, "X")["back"]

    assert told["mappedBySite"] == {"files": ["ours.json"], "means": [f"{LOINC}|1"], "scoreFactor": 0.5}
    assert "siteMap" not in told


def test_a_foreign_code_is_explained_with_the_map_to_fill_in(terms: Terminology, tmp_path: Path) -> None:
    """With a target of ours in place, that very map loads and makes the code understood."""
    told = explained_code(catalogue_of(terms), LOCAL, "X")["back"]
    filled = json.dumps(told["siteMap"]).replace("SYSTEM-OF-THAT-CODE", LOINC)
    (tmp_path / "x.json").write_text(filled.replace("CODE-OF-A-VALUE-SET", "1"))

    assert told["understood"] is False
    assert "mappedBySite" not in told
    assert terms.with_site_codes(tmp_path).sets_of([FhirCoding(LOCAL, "X")]) == {"mri"}


def test_a_name_is_told_where_it_would_count(terms: Terminology) -> None:
    """For a foreign code; never for one that is understood, whose name may only contradict it."""
    foreign = explained_code(catalogue_of(terms), LOCAL, "X", "Scan of the back")["back"]
    known = explained_code(catalogue_of(terms), LOINC, "2", "Scan of the back")["back"]
    misnamed = explained_code(catalogue_of(terms), RXNORM, "97", "Naproxen 250 mg")["back"]

    assert foreign["byName"] == {"ServiceRequest": "mri"}
    assert "byName" not in known
    assert misnamed["byName"] == {"misnamed": "naproxen: judged by the code all the same"}
