"""HTTP responses in application/fhir+json."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from cds_service.sandbox.outcome import FhirError, Issue, operation_outcome
from cds_service.sandbox.resource_types import Resource


class FhirResponse(Response):
    """A resource as a response."""

    media_type = "application/fhir+json"

    def render(self, content: Resource) -> bytes:
        """Write the resource as JSON."""
        return msgspec.json.encode(content)


def outcome_response(error: FhirError, headers: Mapping[str, str] | None = None) -> FhirResponse:
    """Return the OperationOutcome of `error` with its status."""
    return FhirResponse(operation_outcome(*error.issues), error.status, headers)


def unauthorized(reason: str) -> FhirResponse:
    """Return 401 with the challenge that HTTP asks for."""
    return outcome_response(FhirError(401, Issue("login", reason)), {"WWW-Authenticate": "Bearer"})
