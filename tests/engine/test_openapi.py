"""The API description: what it says of the shipped services, and that it says it at /openapi.json."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.errors import CdsError
from cds_service.openapi import CONTEXTS, document
from cds_service.prefetch import templates
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cds_service.catalogue import Catalogue

Json = dict[str, Any]
SELECT = "lbp-imaging-order-select"


@pytest.fixture
def described(catalogue: Catalogue) -> Json:
    """Return the description of the shipped services."""
    return document("CDS Hooks service", "1", tuple(catalogue.entries.values()))


def request_of(described: Json, service_id: str) -> Json:
    """Return what is said of a service's request body."""
    call = described["paths"][f"/cds-services/{service_id}"]["post"]
    body: Json = call["requestBody"]["content"]["application/json"]["schema"]
    return body


def references(node: object) -> Iterator[str]:
    """Yield every $ref of a document."""
    items = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"]
    for item in items:
        yield from references(item)


def kinds(error: type[CdsError] = CdsError) -> Iterator[type[CdsError]]:
    """Yield every kind of refusal."""
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


def test_each_service_has_a_path_that_names_its_hook(described: Json, catalogue: Catalogue) -> None:
    """A reader of the description sees every service of discovery, with the one hook it answers."""
    hooks = {name: request_of(described, name)["properties"]["hook"]["const"] for name in catalogue.entries}

    assert hooks == {name: entry.hook for name, entry in catalogue.entries.items()}


def test_each_service_names_its_prefetch_keys(described: Json, catalogue: Catalogue) -> None:
    """The keys are those of discovery, and null is allowed for each: nothing is on record."""
    prefetch = request_of(described, SELECT)["properties"]["prefetch"]["properties"]

    assert sorted(prefetch) == sorted(templates(catalogue.entries[SELECT].service))
    assert all({"type": "null"} in key["anyOf"] for key in prefetch.values())


def test_each_offered_hook_has_a_context(catalogue: Catalogue) -> None:
    """No service falls back on what all hooks have in common, unless that is its hook's context."""
    assert {entry.hook for entry in catalogue.entries.values()} <= set(CONTEXTS)


def test_a_context_requires_what_its_hook_requires(described: Json) -> None:
    """order-select: the chosen, all drafts, the patient and the user; the encounter may be missing."""
    schema = described["components"]["schemas"]["OrderSelectContext"]

    assert sorted(schema["required"]) == ["draftOrders", "patientId", "selections", "userId"]
    assert "encounterId" in schema["properties"]


def test_each_refusal_is_described_as_an_operation_outcome(described: Json) -> None:
    """Whatever status a CdsError becomes, a caller finds it under the call, with its body."""
    responses = described["paths"][f"/cds-services/{SELECT}"]["post"]["responses"]
    refused = described["components"]["responses"]
    schemas = [body["schema"]["$ref"] for one in refused.values() for body in one["content"].values()]

    assert {str(kind.status) for kind in kinds()} == set(responses) - {"200"}
    assert set(schemas) == {"#/components/schemas/OperationOutcome"}


def test_no_member_of_an_answer_may_be_null(described: Json) -> None:
    """A card leaves out what it does not have; the description says no less."""
    card = described["components"]["schemas"]["Card"]

    assert card["properties"]["selectionBehavior"] == {"type": "string", "enum": ["any", "at-most-one"]}
    assert "suggestions" not in card["required"]


def test_every_reference_leads_somewhere(described: Json) -> None:
    """The description is whole."""
    components = described["components"]
    known = {f"#/components/{kind}/{name}" for kind, named in components.items() for name in named}

    assert set(references(described)) <= known


def test_the_application_serves_the_description(catalogue: Catalogue, tmp_path: Path) -> None:
    """/openapi.json has a path for each service; the framework's own description would have none."""
    audit = Audit(f"file:{tmp_path / 'trail'}")
    app = create_app(catalogue, Settings(docs=True), clock=lambda _zone: date(2026, 11, 1), audit=audit)
    with TestClient(app) as client:
        served = client.get("/openapi.json").json()

    assert re.fullmatch(r"3\.1\.\d", served["openapi"])
    assert served["info"]["title"] == app.title
    assert {f"/cds-services/{name}" for name in catalogue.entries} <= set(served["paths"])
