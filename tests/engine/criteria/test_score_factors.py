"""Scores of another instrument, which a site's map puts on our scale by a factor."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import Episode, Need, Truth, days, measured, worsening
from cds_service.terminology import LOINC, SCORE_FACTOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cds_service.chart import Chart
    from cds_service.terminology import Terminology

LOCAL = "http://local.example.org"
SCORES = Need("Observation", "Observation?patient={{context.patientId}}", "scores")
CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
PAIN = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-09-01",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "pain"}]},
}


@pytest.fixture
def mapped(terms: Terminology, tmp_path: Path) -> Terminology:
    """Return codes of a site whose percentage is a tenth of our score."""
    extension = [{"url": SCORE_FACTOR, "valueDecimal": 0.1}]
    element = {"code": "percent", "target": [{"code": "score", "extension": extension}]}
    group = {"source": LOCAL, "target": LOINC, "element": [element]}
    (tmp_path / "site.json").write_text(json.dumps({"resourceType": "ConceptMap", "group": [group]}))
    return terms.with_site_codes(tmp_path)


@pytest.fixture
def chart_with(chart_of: Callable[..., Chart], mapped: Terminology) -> Callable[..., Chart]:
    """Build charts of that site."""
    return lambda *resources: replace(chart_of(*resources), terminology=mapped)


def score(number: float, on: str, unit: str | None = None, *, local: bool = True) -> dict[str, Any]:
    """Return a score, of the site or of ours; `number` goes into valueQuantity."""
    coding = {"system": LOCAL, "code": "percent"} if local else {"system": LOINC, "code": "score"}
    return {
        "resourceType": "Observation",
        "id": f"o-{on}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": on,
        "code": {"coding": [coding]},
        "valueQuantity": {"value": number, **({"unit": unit} if unit else {})},
    }


@pytest.mark.parametrize("unit", ["%", "{score}", None])
@pytest.mark.parametrize(
    ("percent", "truth"), [(49, Truth.NO), (50, Truth.YES), (8, Truth.NO), (100, Truth.YES)]
)
def test_a_mapped_score_is_judged_on_our_scale(
    chart_with: Callable[..., Chart], terms: Terminology, percent: float, truth: Truth, unit: str | None
) -> None:
    """Whatever unit a score has; a small percentage is not taken for a large score."""
    high = measured(SCORES, terms["score"], unit="{score}", at_least=5, label="a high score")

    finding = high.evaluate(chart_with(score(percent, "2026-10-30", unit)))

    assert finding.truth is truth
    assert f"{percent} on 2026-10-30" in finding.because


def test_a_mapped_whole_number_is_judged_on_our_scale(
    chart_with: Callable[..., Chart], terms: Terminology
) -> None:
    """As valueInteger too."""
    whole = score(0, "2026-10-30")
    del whole["valueQuantity"]

    finding = measured(SCORES, terms["score"], unit="{score}", at_least=5, label="high").evaluate(
        chart_with({**whole, "valueInteger": 60})
    )

    assert finding.truth is Truth.YES


def test_a_mapped_score_in_a_unit_that_no_score_has_is_no_value(
    chart_with: Callable[..., Chart], terms: Terminology
) -> None:
    """Milligrams are no percentage."""
    high = measured(SCORES, terms["score"], unit="{score}", at_least=5, label="a high score")

    assert high.evaluate(chart_with(score(60, "2026-10-30", "mg"))).because == "not recorded"


def test_a_trend_is_told_from_one_instrument_alone(
    chart_with: Callable[..., Chart], terms: Terminology
) -> None:
    """Ours at first and the site's later, twice: only the two of the site make the course."""
    episode = Episode(
        "back pain",
        CONDITIONS,
        (terms["pain"],),
        chronic=terms["chronic-pain"],
        acute=terms["acute-pain"],
        join=days(84),
        acute_below=days(28),
        chronic_after=days(84),
    )
    worse = worsening(SCORES, terms["score"], episode, by=2, within=days(30), label="worsening")
    ours, first, last = (
        score(1, "2026-09-10", local=False),
        score(50, "2026-10-01", "%"),
        score(60, "2026-10-30", "%"),
    )

    assert worse.evaluate(chart_with(PAIN, ours, last)).truth is Truth.UNKNOWN
    finding = worse.evaluate(chart_with(PAIN, ours, first, last))
    assert finding.truth is Truth.NO
    assert finding.because == "50 on 2026-10-01, 60 on 2026-10-30"
    assert [fact.reference for fact in finding.facts] == [
        "Observation/o-2026-10-01",
        "Observation/o-2026-10-30",
    ]
