"""The resources of the sandbox, in memory: put, get, delete, search, and load from a folder."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from cds_service.sandbox.fixtures import fixture_resources
from cds_service.sandbox.resource_types import RESOURCE_ID, Resource
from cds_service.sandbox.search import Parameter, SearchResult, search


class Store:
    """
    Resources by type and id.

    What goes in and what comes out are copies, so that no caller can change a stored resource but by
    `put`. Inside, a resource is never changed, only replaced.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._resources: dict[str, dict[str, Resource]] = {}
        self._versions: dict[tuple[str, str], int] = {}

    def put(self, resource: Resource) -> None:
        """Store a resource under its own type and id, without validation. ValueError if it lacks these."""
        resource_type, resource_id = resource.get("resourceType"), resource.get("id")
        if not isinstance(resource_type, str) or not resource_type:
            message = "a resource needs a resourceType"
            raise ValueError(message)
        if not isinstance(resource_id, str) or not RESOURCE_ID.fullmatch(resource_id):
            message = f"this {resource_type} needs an id of 1 to 64 letters, digits, '-' or '.'"
            raise ValueError(message)
        self._resources.setdefault(resource_type, {})[resource_id] = copy.deepcopy(resource)
        self._versions[resource_type, resource_id] = self.version(resource_type, resource_id) + 1

    def get(self, resource_type: str, resource_id: str) -> Resource | None:
        """Return the resource, or None if it was never stored or is deleted."""
        return copy.deepcopy(self._resources.get(resource_type, {}).get(resource_id))

    def delete(self, resource_type: str, resource_id: str) -> bool:
        """Delete the resource and tell whether it was there."""
        if self._resources.get(resource_type, {}).pop(resource_id, None) is None:
            return False
        self._versions[resource_type, resource_id] += 1
        return True

    def deleted(self, resource_type: str, resource_id: str) -> bool:
        """Tell whether the resource once was stored and is no more."""
        is_here = resource_id in self._resources.get(resource_type, {})
        return not is_here and (resource_type, resource_id) in self._versions

    def version(self, resource_type: str, resource_id: str) -> int:
        """Return how often the resource was written or deleted, 0 if never stored."""
        return self._versions.get((resource_type, resource_id), 0)

    def search(self, resource_type: str, query: Sequence[Parameter], *, strict: bool = False) -> SearchResult:
        """
        Answer a FHIR search, given as the pairs that `parse_qsl` makes of its query string, unpaged.

        Without `_sort` resources come in the order in which they were first stored. Raises FhirError 400
        as `sandbox.search.search` says.
        """
        # A snapshot, for the store may be written by one thread while another searches.
        resources = tuple(self._resources.get(resource_type, {}).values())
        return copy.deepcopy(search(resources, resource_type, query, self.get, strict=strict))

    def load_folder(self, folder: Path, today: date) -> int:
        """
        Store every fixture under `folder`, its dates rolled to `today`, and return how many resources.

        Raises FixtureError naming the file that cannot be used.
        """
        loaded = list(fixture_resources(folder, today))
        for resource in loaded:
            self.put(resource)
        return len(loaded)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo everything done to the store inside the `with` block if the block raises."""
        resources = {name: dict(by_id) for name, by_id in self._resources.items()}
        versions = dict(self._versions)
        try:
            yield
        except Exception:
            self._resources, self._versions = resources, versions
            raise
