"""
Fuzzing by the API description: 2,000 calls made up from it, in and out of its bounds, answered as it says.

Not collected with the other tests, because making up the calls takes minutes: `python3 dev.py fuzz`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import schemathesis
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.settings import Settings

if TYPE_CHECKING:
    from schemathesis import BaseSchema, Case

    from cds_service.catalogue import Catalogue

CASES = 2_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

settings.register_profile(
    "fuzz",
    phases=(Phase.generate, Phase.shrink),
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(catalogue: Catalogue) -> BaseSchema:
    """Return the description of the shipped services, as they serve it themselves."""
    shown = Settings(docs=True)
    app = create_app(catalogue, shown, clock=lambda _zone: date(2026, 11, 1), audit=Audit("file:/dev/null"))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def test_whatever_the_description_allows_or_forbids_is_answered_as_it_says(described: BaseSchema) -> None:
    """Never a 5xx, no status or body that is not described, and each refusal an OperationOutcome."""
    operations = [found.ok() for found in described.get_all_operations()]
    cases = [
        operation.as_strategy(generation_mode=mode)
        for operation in operations
        for mode in schemathesis.GenerationMode
    ]
    statuses = set()

    @settings(settings.get_profile("fuzz"))
    @given(st.one_of(cases))
    def call(case: Case) -> None:
        response = case.call_and_validate(checks=CHECKS)
        statuses.add(response.status_code)
        if response.status_code >= 400:
            OperationOutcome.model_validate_json(response.text)

    call()

    assert {200, 400} <= statuses
