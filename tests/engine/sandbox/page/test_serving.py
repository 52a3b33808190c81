"""The page on the event loop that also answers for service and FHIR server: nothing waits for itself."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests
from starlette.testclient import TestClient

from cds_service.sandbox.page import PageOptions, create_page
from cds_service.sandbox.page.traffic import Traffic
from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CDS, FHIR, OPIOID

if TYPE_CHECKING:
    from datetime import date

    from cds_service.catalogue import Catalogue

BROWSERS = 6
CLICKS = 4


def clicked(url: str, cookies: dict[str, str]) -> int:
    """Add an order, as one browser does, and return the status."""
    with requests.Session() as browser:
        browser.headers.update({"Sec-Fetch-Site": "same-origin", "HX-Request": "true"})
        browser.cookies.update(cookies)
        return browser.post(f"{url}/patients/age-50/orders", data=OPIOID, timeout=30).status_code


def test_many_browsers_at_once_are_all_answered(sandbox: str) -> None:
    """Each click calls this very server a dozen times; clicks of one browser all count."""
    first = [requests.get(sandbox, timeout=10).cookies.get_dict() for _ in range(BROWSERS)]
    with ThreadPoolExecutor(BROWSERS * CLICKS) as pool:
        statuses = list(pool.map(lambda cookies: clicked(sandbox, cookies), first * CLICKS))

    baskets = [requests.get(f"{sandbox}/patients/age-50/orders", cookies=c, timeout=10).text for c in first]
    removals = [Screen(html).all("button", id=f"MedicationRequest-draft-{CLICKS}-remove") for html in baskets]
    assert statuses == [200] * BROWSERS * CLICKS
    assert [len(found) for found in removals] == [1] * BROWSERS


def test_discovery_is_answered_while_the_page_is_busy(sandbox: str) -> None:
    """The page waits in threads; the loop stays free."""
    with ThreadPoolExecutor(BROWSERS) as pool:
        clicks = [pool.submit(clicked, sandbox, {}) for _ in range(BROWSERS)]
        began = time.monotonic()
        status = requests.get(f"{sandbox}/cds-services", timeout=10).status_code
        took = time.monotonic() - began

    assert status == 200
    assert took < 5
    assert [click.result() for click in clicks] == [200] * BROWSERS


def test_an_error_of_the_page_is_said(catalogue: Catalogue) -> None:
    """The screen says that it failed, and what failed is for the log alone."""

    def broken() -> date:
        raise RuntimeError("s3cret")

    app = create_page(PageOptions(CDS, FHIR), catalogue, Traffic(), broken)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as browser:
        answer = browser.get("/")

    assert answer.status_code == 500
    assert "The page failed" in Screen(answer.text).one("p", role="alert").text
    assert "s3cret" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
