"""What a site's own maps do: several of one code, scores of another scale, and searches that ask for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Need, Rule, recorded, selected
from cds_service.fhir import Coding
from cds_service.prefetch import lint, templates, widened
from cds_service.rules import Silence
from cds_service.terminology import LOINC, SCORE_FACTOR, TerminologyError

if TYPE_CHECKING:
    from pathlib import Path

    from cds_service.terminology import Terminology

LOCAL = "http://local.example.org"
SCORES = Need(
    "scores", f"Observation?patient={{{{context.patientId}}}}&code={LOINC}|score&_sort=-date", "scores"
)


def element(code: str, *targets: str, factor: object = None) -> dict[str, Any]:
    """Return what one local code means; `factor`: of its first target."""
    listed: list[dict[str, Any]] = [{"code": target} for target in targets]
    if factor is not None:
        listed[0]["extension"] = [
            {"url": "http://example.org/another"},
            {"url": SCORE_FACTOR, "valueDecimal": factor},
        ]
    return {"code": code, "target": listed}


def write(folder: Path, name: str, *elements: dict[str, Any], source: str = LOCAL) -> Path:
    """Write a map to LOINC; return its folder."""
    group = {"source": source, "target": LOINC, "element": list(elements)}
    (folder / name).write_text(json.dumps({"resourceType": "ConceptMap", "group": [group]}))
    return folder


def test_a_code_means_what_all_maps_say(terms: Terminology, tmp_path: Path) -> None:
    """Two files of one code: the later adds to the earlier, and takes nothing away."""
    write(tmp_path, "a.json", element("C", "mri"))
    write(tmp_path, "b.json", element("C", "ct", "mri"))
    mapped = terms.with_site_codes(tmp_path)

    site = mapped.site[LOCAL, "C"]

    assert mapped.sets_of([Coding(LOCAL, "C")]) == {"mri", "ct"}
    assert site.means == ((LOINC, "mri"), (LOINC, "ct"))
    assert site.files == ("a.json", "b.json")


def test_the_score_factor_of_a_code_is_found(terms: Terminology, tmp_path: Path) -> None:
    """By the first coding that the site maps; 1 for all others, and without any map."""
    mapped = terms.with_site_codes(write(tmp_path, "a.json", element("C", "score", factor=0.5)))

    assert mapped.factor([Coding(LOINC, "score"), Coding(), Coding(LOCAL, "C")]) == 0.5
    assert mapped.factor([Coding(LOINC, "score")]) == 1
    assert terms.factor([Coding(LOCAL, "C")]) == 1


@pytest.mark.parametrize("factor", ["half", 0, -1, [2]])
def test_a_score_factor_that_is_no_positive_number_refuses_to_start(
    terms: Terminology, tmp_path: Path, factor: object
) -> None:
    """The message names file and code."""
    write(tmp_path, "a.json", element("C", "score", factor=factor))

    with pytest.raises(TerminologyError, match=r"a\.json: the score factor of C must be a positive"):
        terms.with_site_codes(tmp_path)


def test_one_code_cannot_be_of_two_scales(terms: Terminology, tmp_path: Path) -> None:
    """Which of two factors holds must not depend on the names of files."""
    write(tmp_path, "a.json", element("C", "score", factor=0.5))
    write(tmp_path, "b.json", element("C", "score"))

    with pytest.raises(
        TerminologyError, match=r"a\.json, b\.json: one code has two score factors, 0\.5 and 1"
    ):
        terms.with_site_codes(tmp_path)


def test_a_search_asks_for_the_codes_of_the_site_too(terms: Terminology, tmp_path: Path) -> None:
    """Those that mean a code it asks for, sorted; the rest of the query stays."""
    write(tmp_path, "a.json", element("Z", "score"), element("A", "mri", "score"), element("B", "mri"))

    wider = widened(SCORES, terms.with_site_codes(tmp_path))

    listed = f"{LOINC}|score,{LOCAL}|A,{LOCAL}|Z"
    assert wider.template == f"Observation?patient={{{{context.patientId}}}}&code={listed}&_sort=-date"
    assert (wider.key, wider.name) == (SCORES.key, SCORES.name)
    assert lint(wider.template) == ""


def test_a_code_that_would_break_a_search_is_escaped(terms: Terminology, tmp_path: Path) -> None:
    """FHIR's separators with a backslash, what a URL cannot hold with percent."""
    write(tmp_path, "a.json", element("a,b|c $d&e", "score"), source="urn:oid:1.2.3")

    wider = widened(SCORES, terms.with_site_codes(tmp_path))

    assert ",urn:oid:1.2.3|a%5C%2Cb%5C%7Cc%20%5C%24d%26e&_sort" in wider.template
    assert lint(wider.template) == ""


@pytest.mark.parametrize(
    "template", ["Condition?patient={{context.patientId}}", "Observation?patient=1&status-code=score"]
)
def test_a_search_without_codes_stays_as_it_is(terms: Terminology, tmp_path: Path, template: str) -> None:
    """It finds whatever code there is."""
    need = Need("need", template, "need")

    assert widened(need, terms.with_site_codes(write(tmp_path, "a.json", element("A", "score")))) is need


def test_without_a_map_no_search_changes(terms: Terminology) -> None:
    """The need itself is used, not a copy."""
    assert widened(SCORES, terms) is SCORES


def test_templates_are_those_of_the_site(terms: Terminology, tmp_path: Path) -> None:
    """When its terminology is given; without it, those that the rules declare."""
    score = recorded(SCORES, terms["score"], label="a score")
    woken = selected(terms["mri"], label="a scan is ordered")
    rule = Rule("r", (), None, woken, score, score, Silence("so"), (), "advise")
    service = CdsService("s", ("order-select",), "S", "", (rule,), frozenset())
    mapped = terms.with_site_codes(write(tmp_path, "a.json", element("A", "score")))

    assert templates(service) == {"scores": SCORES.template}
    assert f"{LOCAL}|A" in templates(service, mapped)["scores"]
