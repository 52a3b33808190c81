"""The CapabilityStatement: what the sandbox supports, read from the tables that it works by."""

from cds_service.sandbox.resource_types import RESOURCE_TYPES, Resource
from cds_service.sandbox.search_parameters import includes, parameters

_INTERACTIONS = ("read", "create", "update", "delete", "search-type")
_PUBLISHED = "2026-01-01"


def capability_statement(base: str, *, secured: bool) -> Resource:
    """Return the CapabilityStatement of a server reached at `base`; `secured` if it wants a token."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "software": {"name": "FHIR sandbox"},
        "implementation": {"description": "FHIR sandbox, in memory, for trying things out", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [_rest(secured=secured)],
    }


def _rest(*, secured: bool) -> Resource:
    token = "Every other request needs the static bearer token of this sandbox."  # noqa: S105 - a sentence
    return {
        "mode": "server",
        "security": {"cors": True, "description": token if secured else "Open to everyone."},
        "resource": [_resource(name) for name in sorted(RESOURCE_TYPES)],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
    }


def _resource(name: str) -> Resource:
    statement: Resource = {
        "type": name,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": False,
        "updateCreate": True,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": key, "type": value.kind} for key, value in parameters(name).items()],
    }
    followed = list(includes(name))
    return {**statement, "searchInclude": followed} if followed else statement
