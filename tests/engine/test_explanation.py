"""Explanations: the verdict of every rule that woke, as data, and what is known of a code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.catalogue import Catalogue, load_catalogue
from cds_service.errors import MissingFieldError, UnknownServiceError
from cds_service.explanation import explained, explained_code

SERVICE = "lbp-imaging-order-select"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the shipped services."""
    return load_catalogue(["hooks.low_back_pain"])


def request(**context: object) -> bytes:
    """Return an order-select request of a lumbar MRI; nothing is supplied."""
    code = {"coding": [{"system": "http://loinc.org", "code": "24968-0"}]}
    order = {"resourceType": "ServiceRequest", "id": "a", "status": "draft", "code": code}
    orders = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    call = {"patientId": "p1", "draftOrders": orders, **context}
    return json.dumps({"hook": "order-select", "hookInstance": "i", "context": call}).encode()


def truths(finding: dict[str, Any]) -> set[str]:
    """Return every truth in a finding's tree."""
    return {finding["truth"]}.union(*(truths(part) for part in finding.get("parts", ())))


def test_what_was_not_supplied_is_unknown_and_says_why(catalogue: Catalogue) -> None:
    """A rule that is undecided shows which question could not be answered."""
    verdicts = explained(catalogue, SERVICE, request())

    undecided = [verdict for verdict in verdicts if verdict["outcome"] == "undecided"]
    assert undecided
    assert all("UNKNOWN" in set().union(*map(truths, verdict["findings"])) for verdict in undecided)
    assert "not supplied, and no FHIR server to ask" in json.dumps(undecided)


def test_rules_that_sleep_are_not_explained(catalogue: Catalogue) -> None:
    """Nothing is selected: nothing was judged."""
    assert explained(catalogue, SERVICE, request(selections=[])) == []


def test_a_request_that_would_be_refused_is_refused_here_too(catalogue: Catalogue) -> None:
    """With the error of the service."""
    with pytest.raises(MissingFieldError):
        explained(catalogue, SERVICE, request(draftOrders=None))


def test_an_unknown_service_is_answered_with_those_there_are(catalogue: Catalogue) -> None:
    """Unlike over HTTP, the caller is at the machine."""
    with pytest.raises(UnknownServiceError, match=SERVICE):
        explained(catalogue, "nowhere", request())


def test_a_code_is_explained_in_any_spelling_of_its_system(catalogue: Catalogue) -> None:
    """The OID of LOINC says the same as its URI."""
    by_uri = explained_code(catalogue, "http://loinc.org", "24968-0")
    by_oid = explained_code(catalogue, "urn:oid:2.16.840.1.113883.6.1", "24968-0")

    assert by_uri == by_oid
    assert "imaging-lumbar-mri" in by_uri["low_back_pain"]["valueSets"]
