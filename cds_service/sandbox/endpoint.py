"""One caller's view of the server: the store, the address it was reached at, how strict to be."""

from dataclasses import dataclass

from cds_service.sandbox.interactions import Reply, ensure_supported
from cds_service.sandbox.paging import PAGE_PARAMETER, Paging
from cds_service.sandbox.search import Parameter
from cds_service.sandbox.store import Store


@dataclass(frozen=True)
class Endpoint:
    """`base` is the FHIR base URL without a trailing slash; `strict` is Prefer: handling=strict."""

    store: Store
    paging: Paging
    base: str
    strict: bool = False

    def relative(self, reference: str) -> str:
        """Return a reference to this server as `Type/id`; any other comes back as it is."""
        return reference.removeprefix(f"{self.base}/")

    def search(self, resource_type: str, query: list[Parameter]) -> Reply:
        """Answer a search, or the page of an earlier one, with a searchset Bundle. Raises FhirError."""
        ensure_supported(resource_type)
        token = dict(query).get(PAGE_PARAMETER)
        if token is not None:
            return Reply(200, self.paging.page(resource_type, token, self.base))
        local = [(name, self.relative(value)) for name, value in query]
        result = self.store.search(resource_type, local, strict=self.strict)
        return Reply(200, self.paging.first(resource_type, result, self.base))
