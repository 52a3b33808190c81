"""A small world for the engine's tests: a dozen codes, and charts and drafts made of FHIR JSON."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from cds_service.answers import Answer
from cds_service.chart import Chart, Context, draft_fact
from cds_service.fhir import Coding, Medication, MedicationRequest, ServiceRequest, read_resource
from cds_service.fhir.reading import TYPES
from cds_service.terminology import ICD_10_CM, LOINC, RXNORM, SNOMED_CT, Strength, Terminology, ValueSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cds_service.chart import Fact
    from cds_service.order_names import OrderName

# A busy machine must not fail a property: time is measured by the benchmark, not here.
settings.register_profile(
    "engine", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("engine")

_CODES = {
    "pain": (SNOMED_CT, "pain"),
    "acute-pain": (SNOMED_CT, "acute"),
    "chronic-pain": (SNOMED_CT, "chronic"),
    "fever": (SNOMED_CT, "fever"),
    "therapy": (SNOMED_CT, "therapy"),
    "injury": (ICD_10_CM, "S32000A"),
    "mri": (LOINC, "mri"),
    "ct": (LOINC, "ct"),
    "score": (LOINC, "score"),
    "kidney": (LOINC, "egfr"),
    "question": (LOINC, "question"),
    "opioid": (RXNORM, "1"),
    "acetaminophen": (RXNORM, "161"),
    "nsaid": (RXNORM, "3"),
}


@pytest.fixture(scope="session")
def terms() -> Terminology:
    """Value sets of one code each; RxNorm product 99 holds 5 mg of the opioid and 325 mg of acetaminophen."""
    value_sets = [
        ValueSet(name, name, frozenset({key}), displays={key: name.capitalize()})
        for name, key in _CODES.items()
    ]
    return Terminology(
        value_sets,
        {"99": (Coding(RXNORM, "1", "Opioid"), Coding(RXNORM, "161", "Acetaminophen"))},
        {"99": (Strength("161", 325, "MG"), Strength("1", 5, "MG")), "161": (Strength("161", 500, "MG"),)},
    )


@pytest.fixture(scope="session")
def chart_of(terms: Terminology) -> Callable[..., Chart]:
    """Charts of 2026-11-01 from resources in JSON; each type answers the Need whose key is its name."""

    def build(
        *resources: dict[str, Any],
        gaps: Mapping[str, str] | None = None,
        drafts: tuple[Fact, ...] = (),
        order: Fact | None = None,
    ) -> Chart:
        answers = {}
        for kind in TYPES:
            own = [read_resource(item) for item in resources if item["resourceType"] == kind]
            found = tuple(item for item in own if item is not None)
            assert len(found) == len(own), "the test's own JSON does not fit"
            answers[kind] = Answer(found, (gaps or {}).get(kind, ""))
        return Chart(date(2026, 11, 1), Context("p1", drafts), answers, terms, order)

    return build


@pytest.fixture(scope="session")
def draft_of(terms: Terminology) -> Callable[..., Fact]:
    """Drafts from JSON, selected unless said otherwise; `medications` are Medication resources in JSON."""

    def build(
        source: dict[str, Any],
        *,
        selected: bool = True,
        medications: tuple[dict[str, Any], ...] = (),
        names: tuple[OrderName, ...] = (),
    ) -> Fact:
        resource = read_resource(source)
        assert isinstance(resource, (MedicationRequest, ServiceRequest))
        drugs = {f"Medication/{item['id']}": read_resource(item) for item in medications}
        known = {key: drug for key, drug in drugs.items() if isinstance(drug, Medication)}
        return draft_fact(resource, source, terms, selected=selected, medications=known, names=names)

    return build
