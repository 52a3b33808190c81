"""
What the conformance tests share: the service under both HTTP implementations, and the summary.

`pytest -k conformance` ends with the requirements that tests name, by section, and their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.ehrs import ehrs_of
from tests.conformance.house import House
from tests.conformance.ledger import PREFIXES, named_by_tests, requirements
from tests.conformance.sockets import served
from tests.conformance.tokens import Signers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cds_service.catalogue import Catalogue
    from cds_service.sandbox.store import Store
    from tests.conformance.house import Json

IMPLEMENTATIONS = ("h11", "httptools")


@pytest.fixture(scope="session")
def houses(
    catalogue: Catalogue,
    store: Store,
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, House]]:
    """Serve everything, once under each HTTP implementation."""
    folder = tmp_path_factory.mktemp("conformance")
    signers = Signers()
    ehrs = ehrs_of(store, signers.jwks())
    with served(ehrs) as urls:
        for name, url in urls.items():
            ehrs[name].url = url
        built = {
            http: House(http, catalogue, folder, ehrs, signers, prefetched, store) for http in IMPLEMENTATIONS
        }
        yield built
        for house in built.values():
            house.stack.close()


@pytest.fixture
def house(houses: dict[str, House]) -> House:
    """Return the service as it is deployed."""
    return houses["httptools"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell which requirements are named by tests, when the conformance tests are asked for."""
    if "conformance" not in config.getoption("keyword"):
        return
    asked, named = requirements(), named_by_tests()
    covered = [name for name in asked if name in named]
    failed = {report.nodeid.rpartition("::")[2] for report in terminalreporter.getreports("failed")}
    terminalreporter.section("CDS Hooks requirements with a test")
    for prefix in PREFIXES:
        numbers = [name.rpartition("-")[2] for name in covered if name.startswith(f"{prefix}-")]
        terminalreporter.write_line(f"{prefix:5} {' '.join(numbers)}")
    reasons = sum(1 for row in asked.values() if row.untested and row.id not in named)
    terminalreporter.write_line(
        f"{len(covered)} of {len(asked)} requirements have a test; {reasons} have a reason why not, "
        f"the others bind clients only; {len(failed)} tests failed"
    )
