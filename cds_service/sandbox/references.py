"""FHIR references: read what one points at, and rewrite all of them in a resource."""

import re
from collections.abc import Callable
from typing import Any

from cds_service.sandbox.resource_types import Resource

_RELATIVE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")


def target(reference: object) -> tuple[str, str] | None:
    """
    Return the type and id that a relative reference such as `Patient/1` names, whatever its version.

    None for everything else: a contained `#id`, a `urn:`, an absolute URL (another server's resource).
    """
    match = _RELATIVE.fullmatch(reference) if isinstance(reference, str) else None
    return (match["type"], match["id"]) if match else None


def relinked(resource: Resource, replace: Callable[[str], str]) -> Resource:
    """Return a copy of `resource` in which every Reference.reference has gone through `replace`."""
    return {name: _relinked(name, value, replace) for name, value in resource.items()}


def _relinked(name: str, value: Any, replace: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return relinked(value, replace)
    if isinstance(value, list):
        return [_relinked(name, item, replace) for item in value]
    return replace(value) if name == "reference" and isinstance(value, str) else value
