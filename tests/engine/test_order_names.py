"""Recognition by name: only when no code is understood, whole words, and never for another kind of order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.fhir import CodeableConcept, Coding
from cds_service.order_names import order_name, sets_by_name
from cds_service.terminology import LOINC, RXNORM, SNOMED_CT

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Fact
    from cds_service.terminology import Terminology

LOCAL = "http://hospital.example/orders"


def _named(
    terms: Terminology, code: CodeableConcept, resource_type: str = "ServiceRequest"
) -> frozenset[str]:
    names = (
        order_name("ServiceRequest", terms["mri"], "lumbar|l-spine", "mri?"),
        order_name("MedicationRequest", terms["opioid"], "oxycodone"),
    )
    return sets_by_name(resource_type, code, names, terms)


@pytest.mark.parametrize(
    "code",
    [
        CodeableConcept(text="MRI Lumbar spine"),
        CodeableConcept((Coding(LOCAL, "77", "MR L-SPINE"),)),
        CodeableConcept((Coding(LOCAL, None, "lumbar"),), "mri"),
    ],
)
def test_all_words_of_a_pattern_must_occur(terms: Terminology, code: CodeableConcept) -> None:
    """In the text or a display, in any order and case."""
    assert _named(terms, code) == {"mri"}


@pytest.mark.parametrize(
    "text", ["MRI cervical spine", "lumbar support", "MRIs of sublumbar", "", "x" * 200 + " lumbar mri"]
)
def test_other_names_are_not_recognised(terms: Terminology, text: str) -> None:
    """Parts of words do not count, nor does what stands beyond the first 200 characters."""
    assert _named(terms, CodeableConcept(text=text)) == frozenset()


def test_names_are_for_their_kind_of_order(terms: Terminology) -> None:
    """A drug's name in a service request is no drug order."""
    code = CodeableConcept(text="oxycodone")

    assert _named(terms, code) == frozenset()
    assert _named(terms, code, "MedicationRequest") == {"opioid"}


@pytest.mark.parametrize(
    ("resource_type", "coding"),
    [
        ("ServiceRequest", Coding(LOINC, "24967-2")),
        ("ServiceRequest", Coding("urn:oid:2.16.840.1.113883.6.1", "24967-2")),
        ("ServiceRequest", Coding(SNOMED_CT, "therapy")),
        ("MedicationRequest", Coding(RXNORM, "555")),
    ],
)
def test_a_code_that_is_understood_is_never_overruled_by_a_name(
    terms: Terminology, resource_type: str, coding: Coding
) -> None:
    """A code of a set that is complete for the kind of order counts as understood, member or not."""
    code = CodeableConcept((coding,), "lumbar MRI oxycodone")

    assert _named(terms, code, resource_type) == frozenset()


@pytest.mark.parametrize("coding", [Coding(SNOMED_CT, "other"), Coding(None, "12"), Coding(LOINC, None)])
def test_a_code_that_means_nothing_to_us_leaves_the_name(terms: Terminology, coding: Coding) -> None:
    """A SNOMED CT code that no value set holds may be anything; so may half a coding."""
    assert _named(terms, CodeableConcept((coding,), "lumbar MRI")) == {"mri"}


def test_a_drug_that_is_nowhere_but_in_a_display_is_recognised_by_it(
    draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Some EHRs refer to a Medication that they do not send; its name is all there is (docs/adr/0006)."""
    named = {"reference": "Medication/elsewhere", "display": "Oxycodone 5 mg tablet"}
    source = {"resourceType": "MedicationRequest", "id": "d1", "medicationReference": named}
    names = (order_name("MedicationRequest", terms["opioid"], "oxycodone"),)

    draft = draft_of(source, names=names)

    assert draft.by_name
    assert draft.is_in("opioid")
