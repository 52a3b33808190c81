"""Who may use the page, and what its answers allow a browser to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
def test_no_other_website_can_change_anything(elsewhere: TestClient, headers: dict[str, str]) -> None:
    """A form on another page, or on another port of this machine, is refused before it is read."""
    answer = elsewhere.post("/settings", data={"reset": "yes"}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_browser_that_says_where_it_comes_from_is_believed(elsewhere: TestClient) -> None:
    """Sec-Fetch-Site cannot be set by a script, so it decides."""
    headers = {"Sec-Fetch-Site": "same-origin"}

    assert elsewhere.post("/upload", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "10.0.0.5", "127.0.0.1.evil.example", "a@b"]
)
def test_a_foreign_name_for_this_machine_is_refused(elsewhere: TestClient, host: str) -> None:
    """Else a website could point its own name here and read the page."""
    assert elsewhere.get("/settings", headers={"Host": host}).status_code == 403


def test_another_website_can_link_to_the_page_and_not_read_it(elsewhere: TestClient) -> None:
    """Following a link is a navigation; a script's request is not."""
    elsewhere_linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": ""}
    scripted = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    old_browser = {"Origin": "http://evil.example"}

    statuses = [
        elsewhere.get("/settings", headers=headers).status_code
        for headers in (elsewhere_linked, scripted, old_browser)
    ]

    assert statuses == [200, 403, 403]


@pytest.mark.parametrize(
    "path", ["/settings", "/upload", "/nowhere", "/static/page.css", "/static/htmx.min.js"]
)
def test_every_answer_forbids_foreign_scripts(elsewhere: TestClient, path: str) -> None:
    """No inline script or style, no eval, no foreign frame, form target or base."""
    headers = elsewhere.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert {policy[name] for name in ("base-uri", "frame-ancestors")} == {"'none'"}
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_are_not_kept_by_a_cache(elsewhere: TestClient) -> None:
    """They show charts."""
    assert elsewhere.get("/settings").headers["cache-control"] == "no-store"


def test_the_cookie_is_for_the_server_alone(elsewhere: TestClient) -> None:
    """No script reads it, and no other site's request carries it."""
    cookie = elsewhere.get("/settings").headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert cookie.startswith("mock-ehr-8000=")
