"""A card as values for the templates: Markdown made harmless, links that lead to pages only."""

from __future__ import annotations

import pytest

from cds_service.sandbox.page.card_html import card_view, detail_html, safe_url
from tests.engine.sandbox.page.parsed import Screen
from tests.engine.sandbox.page.servers import CARD


def view(**fields: object):  # noqa: ANN201 - a CardView
    """Return the view of the usual card with other fields."""
    return card_view({**CARD, **fields}, call=0, number=0, service="S")


@pytest.mark.parametrize(
    ("markdown", "tag"),
    [
        ("**bold**", "strong"),
        ("*soft*", "em"),
        ("~~gone~~", "s"),
        ("- item", "ul"),
        ("1. item", "ol"),
        ("`code`", "code"),
        ("> said", "blockquote"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "table"),
        ("[label](https://example.org/a)", "a"),
        ("# Heading", "h4"),
        ("###### Heading", "h6"),
    ],
)
def test_markdown_is_rendered(markdown: str, tag: str) -> None:
    """GitHub's flavour; headings stand below the card's own."""
    assert f"<{tag}" in detail_html(markdown)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/pixel.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java&#x0A;script:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "[x](/settings)",
        "<javascript:alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<svg/onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<style>*{display:none}</style>",
        "<form action=/settings><button name=reset>x</button></form>",
        '[x](https://e.org "onmouseover=alert(1)")',
        "`<script>alert(1)</script>`",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "[a]: javascript:alert(1)\n\n[a]",
        "| <script>alert(1)</script> |\n|---|\n| x |",
    ],
)
def test_nothing_in_a_detail_runs(hostile: str) -> None:
    """HTML is shown as text; images, relative addresses and all schemes but http(s) are gone."""
    screen = Screen(f"<div>{detail_html(hostile)}</div>")

    assert screen.dangers() == []
    assert all(item.tag not in {"form", "button", "input"} for item in screen.elements)
    assert all(a.attributes.get("href", "https://").startswith("https://") for a in screen.all("a"))


def test_a_link_in_a_detail_opens_beside_the_page_and_learns_nothing_of_it() -> None:
    """No opener, no referrer."""
    link = Screen(str(detail_html("[x](https://example.org/)"))).one("a")

    assert link.attributes["rel"] == "noopener noreferrer"
    assert link.attributes["target"] == "_blank"


@pytest.mark.parametrize("detail", [None, 7, [], {"a": 1}])
def test_a_detail_that_is_no_text_is_none(detail: object) -> None:
    """A service may send anything."""
    assert detail_html(detail) == ""


def test_a_huge_detail_is_cut() -> None:
    """So that one card cannot stall the page."""
    assert len(detail_html("a " * 100_000)) < 60_000


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "/settings",
        "https:",
        "http://",
        "https://a b",
        "https://a\\b",
        "https://[bad",
        "https://a\u202eb",
        7,
        None,
    ],
)
def test_an_address_that_is_no_web_page_is_dropped(url: object) -> None:
    """Only absolute http and https URLs become links."""
    assert safe_url(url) == ""


def test_a_web_page_stays_as_it_is() -> None:
    """With its query and fragment."""
    assert safe_url("https://example.org/evidence?a=b#rule") == "https://example.org/evidence?a=b#rule"


def test_a_dropped_address_is_said() -> None:
    """A link that leads nowhere without a word would look broken."""
    (link,) = view(links=[{"label": "App", "url": "javascript:alert(1)", "type": "absolute"}]).links

    assert link.url == ""
    assert "left out" in link.note


def test_a_smart_link_says_that_it_is_not_launched() -> None:
    """There is no authorization server to launch it with."""
    (link,) = view(links=[{"label": "App", "url": "https://app.example/launch", "type": "smart"}]).links

    assert link.url == "https://app.example/launch"
    assert "SMART" in link.note


@pytest.mark.parametrize(
    ("indicator", "word", "rank"),
    [("critical", "Critical", 0), ("warning", "Warning", 1), ("info", "Info", 2)],
)
def test_an_indicator_has_a_word_an_icon_and_a_rank(indicator: str, word: str, rank: int) -> None:
    """Colour alone tells not everybody."""
    card = view(indicator=indicator)

    assert (card.look.word, card.rank) == (word, rank)
    assert card.look.icon


@pytest.mark.parametrize("indicator", ["hard-stop", None, ["info"], '"><script>'])
def test_an_indicator_that_nobody_knows_comes_first(indicator: object) -> None:
    """It stands out, and no text of a service becomes a class of the style sheet."""
    card = view(indicator=indicator)

    assert card.look.name == "unknown"
    assert card.rank < 0


def test_a_card_of_junk_is_still_a_card() -> None:
    """Whatever a service sends, something is shown and nothing breaks."""
    card = card_view(
        {"summary": 5, "source": "x", "suggestions": "x", "links": [1], "overrideReasons": [{}], "uuid": 5},
        call=0,
        number=0,
        service="S",
    )

    assert card.summary == "(the card has no summary)"
    assert card.buttons == ()
    assert card.links == ()
    assert card.reasons == ("(reason without a name)",)
    assert card.reportable is False


def test_a_suggestion_says_what_a_click_would_do() -> None:
    """Each action in a line, its resource named."""
    (button,) = view().buttons

    assert button.actions == ("delete MedicationRequest/draft-1: Remove",)
