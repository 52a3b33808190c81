"""Where the rules can be read: a card's link leads to its rule, and the source attributes are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.clients import Client
from cds_service.errors import UntrustedClientError
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.testclient import TestClient

CALL = "/cds-services/back-order-select"
RULE = "/evidence/scan-without-fever"
DSI = "/evidence/back/dsi"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_the_link_of_a_card_leads_to_its_rule(
    client_of: Callable[..., TestClient], body: dict[str, Any]
) -> None:
    """It is absolute, below CDS_PUBLIC_URL, and what is there is the rule's page."""
    client = client_of(settings=Settings(public_url="https://cds.example.org/lumbar/"))

    (card,) = client.post(CALL, json=body).json()["cards"]
    page = client.get(RULE)

    assert card["source"]["url"] == f"https://cds.example.org/lumbar{RULE}"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "No fever recorded: the scan can wait" in page.text


def test_pages_link_below_the_path_under_which_clients_reach_them(
    client_of: Callable[..., TestClient],
) -> None:
    """A gateway may put the service below a path of its own."""
    client = client_of(settings=Settings(public_url="https://cds.example.org/lumbar/"))

    links = re.findall(r'href="([^"]*)"', client.get("/evidence").text + client.get(RULE).text)

    assert f"/lumbar{RULE}" in links
    assert all(link.startswith("/lumbar/evidence") for link in links)


@pytest.mark.parametrize("path", ["/evidence", f"{RULE}/", f"{DSI}/"])
def test_the_style_sheet_is_where_the_pages_say(client: TestClient, path: str) -> None:
    """From the index, a rule and the source attributes alike, with a slash at the end too."""
    (address,) = re.findall(
        r'rel="stylesheet" href="([^"]*)"', client.get(path, headers={"accept": BROWSER}).text
    )

    style = client.get(address)

    assert style.status_code == 200
    assert style.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/evidence", RULE, DSI, "/evidence/page.css"])
def test_a_page_may_load_nothing_but_its_style_sheet(client: TestClient, path: str) -> None:
    """No script, no frame, no form, whatever a guideline's text would like."""
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/evidence/no-such-rule", "/evidence/no-such-service/dsi"])
def test_an_unknown_rule_or_service_is_a_404_as_everywhere(client: TestClient, path: str) -> None:
    """An OperationOutcome that does not repeat what was asked for."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == "not-found"
    assert "no-such" not in answer.text


def test_source_attributes_are_json_unless_a_browser_asks(client: TestClient) -> None:
    """A program that names no type gets JSON; a page answers Accept: text/html."""
    by_default = client.get(DSI)
    for_people = client.get(DSI, headers={"accept": BROWSER})
    for_both = client.get(DSI, headers={"accept": "text/html, application/json"})

    assert by_default.json()["service"] == "back"
    assert len(by_default.json()["sourceAttributes"]) == 13
    assert for_people.headers["content-type"].startswith("text/html")
    assert for_both.headers["content-type"] == "application/json"
    assert {answer.headers["vary"].split(",")[0] for answer in (by_default, for_people)} == {"Accept"}


def test_source_attributes_are_found_by_the_id_that_discovery_lists(client: TestClient) -> None:
    """An integrator knows `back-order-select` and need not know its group."""
    assert client.get("/evidence/back-order-select/dsi").json() == client.get(DSI).json()


class Stranger:
    """A registry that knows nobody."""

    async def caller(self, _authorizations: Sequence[str], _paths: Sequence[str]) -> Client:
        """Refuse."""
        raise UntrustedClientError


@pytest.mark.parametrize("path", ["/evidence", RULE, DSI])
def test_rules_are_no_secrets(client_of: Callable[..., TestClient], path: str) -> None:
    """A physician who follows a card's link has no token."""
    client = client_of(trust=Stranger(), clients=(Client(name="known"),))

    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", [RULE, DSI, "/evidence/page.css"])
def test_pages_are_only_read(client: TestClient, path: str) -> None:
    """Anything but GET, HEAD and OPTIONS is refused, and the answer names those."""
    answer = client.post(path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
