"""Drug orders that refer to their drug: contained, in the Bundle, on the FHIR server, or nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import CdsService, Coding, Guideline, Topic
from cds_service.fhir import Medication, read_resource
from cds_service.hook_context import context_of, unresolved_medications
from cds_service.protocol import parse

if TYPE_CHECKING:
    from cds_service.protocol import HookRequest
    from cds_service.terminology import Terminology

DRUG = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1"}]}
MEDICATION: dict[str, Any] = {"resourceType": "Medication", "id": "m", "code": DRUG}


@pytest.fixture
def guideline(terms: Terminology) -> Guideline:
    """Return a guideline that knows codes and says nothing."""
    service = CdsService("g", ("order-select",), "t", "d", (), frozenset())
    topic = Topic(Coding("http://example.org/topics", "data-missing"), 1)
    return Guideline("g", "label", "footer", (service,), terms, topic, "org.example.rules")


def order(reference: object, kind: str = "MedicationRequest", **members: object) -> dict[str, Any]:
    """Return an order of the drug behind a reference."""
    return {"resourceType": kind, "id": "b", "medicationReference": {"reference": reference}, **members}


def request_with(*entries: dict[str, Any], hook: str = "order-sign") -> HookRequest:
    """Return a call with these drafts; those without `resource` are resources themselves."""
    bundle = {"entry": [one if "resource" in one else {"resource": one} for one in entries]}
    context = {"patientId": "p1", "draftOrders": bundle, "medications": bundle}
    return parse(json.dumps({"hook": hook, "hookInstance": "i", "context": context}).encode())


def read(resource: dict[str, Any]) -> Medication:
    """Return a Medication as the FHIR client would."""
    medication = read_resource(resource)
    assert isinstance(medication, Medication)
    return medication


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationOrder"])
@pytest.mark.parametrize(
    ("reference", "entries"),
    [
        ("#m", []),
        ("Medication/m", [MEDICATION]),
        ("Medication/m/_history/2", [MEDICATION]),
        ("https://ehr.example.org/fhir/Medication/m", [MEDICATION]),
        ("urn:uuid:1-2", [{"fullUrl": "urn:uuid:1-2", "resource": {**MEDICATION, "id": None}}]),
        (
            "https://ehr.example.org/fhir/Medication/m",
            [
                {
                    "fullUrl": "https://ehr.example.org/fhir/Medication/m",
                    "resource": {**MEDICATION, "id": None},
                }
            ],
        ),
    ],
)
def test_a_drug_that_comes_along_is_found(
    guideline: Guideline, kind: str, reference: str, entries: list[dict[str, Any]]
) -> None:
    """E-67: contained, by id, by URL, by fullUrl; nothing is left to look up."""
    draft = order(reference, kind, contained=[MEDICATION] if reference == "#m" else [])
    request = request_with(draft, *entries)
    (fact,) = context_of(request, guideline).drafts

    assert fact.sets == {"opioid"}
    assert unresolved_medications(request) == ()


@pytest.mark.parametrize("reference", ["Medication/m", "https://ehr.example.org/fhir/Medication/m"])
@pytest.mark.parametrize("hook", ["order-sign", "medication-prescribe"])
def test_a_drug_on_the_server_is_asked_for_and_found(guideline: Guideline, reference: str, hook: str) -> None:
    """E-67: the reference is handed out as it was sent, and what was read for it counts."""
    request = request_with(order(reference), hook=hook)

    assert unresolved_medications(request) == (reference,)
    assert context_of(request, guideline).drafts[0].sets == frozenset()
    assert context_of(request, guideline, [read(MEDICATION)]).drafts[0].sets == {"opioid"}


def test_a_drug_is_asked_for_once(guideline: Guideline) -> None:
    """However many drafts refer to it; each of them gets it."""
    request = request_with(
        order("Medication/m"), order("Medication/m", id="c"), order("Medication/n", id="d")
    )
    facts = context_of(request, guideline, [read(MEDICATION)]).drafts

    assert unresolved_medications(request) == ("Medication/m", "Medication/n")
    assert [fact.sets for fact in facts] == [{"opioid"}, {"opioid"}, frozenset()]


def test_the_drug_of_the_call_outranks_that_of_the_server(guideline: Guideline) -> None:
    """The draft was written against the one it brings along."""
    stored = read({**MEDICATION, "code": {"text": "another"}})
    request = request_with(order("Medication/m"), MEDICATION)

    assert context_of(request, guideline, [stored]).drafts[0].sets == {"opioid"}


@pytest.mark.parametrize(
    "draft",
    [
        order("#m"),
        order("urn:uuid:1-2"),
        order("Practitioner/1"),
        order("m"),
        order(""),
        order(None),
        order("Medication/m", medicationCodeableConcept=DRUG),
        order("Medication/m", subject={"reference": "Patient/p2"}),
        order("Medication/m", status="cancelled"),
        order("Medication/m", doNotPerform=True),
        {"resourceType": "ServiceRequest", "id": "a", "medicationReference": {"reference": "Medication/m"}},
    ],
)
def test_what_cannot_or_need_not_be_looked_up_is_not(draft: dict[str, Any]) -> None:
    """E-67: missing inside the order, no Medication, known already, or no order for this patient."""
    assert unresolved_medications(request_with(draft)) == ()


def test_an_order_whose_drug_nobody_knows_is_in_no_set(guideline: Guideline) -> None:
    """E-67: no rule wakes for it."""
    for draft in (order("Medication/m"), order("#m"), order(None), {"resourceType": "MedicationRequest"}):
        (fact,) = context_of(request_with(draft), guideline).drafts

        assert fact.sets == frozenset()


def test_a_fetched_drug_without_an_id_is_nobodys(guideline: Guideline) -> None:
    """It could be any."""
    request = request_with(order("Medication/None"))

    assert context_of(request, guideline, [read({**MEDICATION, "id": None})]).drafts[0].sets == frozenset()
