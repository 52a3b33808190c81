"""Cards in a terminal and in a log: all that a card says, and nothing a terminal would obey."""

from __future__ import annotations

import re
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest
from rich.console import Console

from cds_service.sandbox.print_cards import NO_CARDS, PLAIN_WIDTH, cleaned, one_line, print_cards

CARD = {
    "summary": "No red flag recorded: lumbar MRI rarely helps before week 6",
    "indicator": "warning",
    "detail": "- Pain for **10 days**\n- See [the page](https://example.org/rules)",
    "source": {"label": "LBP CDS (draft)", "url": "https://example.org/rules"},
    "suggestions": [
        {
            "label": "Remove the MRI",
            "isRecommended": True,
            "actions": [
                {"type": "delete", "description": "Remove the order", "resourceId": "ServiceRequest/draft-1"},
                {"type": "create", "description": "Add a leaflet", "resource": {"resourceType": "Task"}},
            ],
        },
        {"label": "Make it routine"},
    ],
    "overrideReasons": [
        {"code": "pre-procedure", "display": "Before a procedure"},
        {"code": "palliative"},
        {"system": "http://example.org"},
    ],
    "links": [
        {"label": "Risk tool", "type": "smart", "url": "https://example.org/launch"},
        {"label": "Guideline", "type": "absolute", "url": "https://example.org/g"},
    ],
}


def plain(*cards: dict[str, Any], patient: str = "", order: str = "") -> str:
    """Return what a log gets."""
    console = Console(file=StringIO(), force_terminal=False)
    print_cards(cards, console, patient=patient, order=order)
    return console.file.getvalue()


def terminal(*cards: dict[str, Any]) -> str:
    """Return what a colour terminal gets."""
    console = Console(file=StringIO(), force_terminal=True, color_system="standard", no_color=False, width=80)
    print_cards(cards, console)
    return console.file.getvalue()


def uncoloured(text: str) -> str:
    """Return terminal output without the colours that we put there."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("shown", [plain(CARD), uncoloured(terminal(CARD))], ids=["log", "terminal"])
@pytest.mark.parametrize(
    "said",
    [
        "▲ WARNING",
        "No red flag recorded: lumbar MRI rarely helps before week 6",
        "• Pain for 10 days",
        "the page (https://example.org/rules)",
        "Source: LBP CDS (draft) (https://example.org/rules)",
        "[1] Remove the MRI (recommended)",
        "    delete: Remove the order (ServiceRequest/draft-1)",
        "    create: Add a leaflet",
        "[2] Make it routine",
        "Override reasons: Before a procedure; palliative; (reason without a name)",
        "Link: Risk tool (SMART app) https://example.org/launch",
        "Link: Guideline https://example.org/g",
    ],
)
def test_a_card_is_shown_with_all_it_says(shown: str, said: str) -> None:
    """Indicator, summary, detail, source, suggestions with actions, reasons and links."""
    assert said in shown


@pytest.mark.parametrize(
    ("indicator", "word", "colour"),
    [("info", "● INFO", "36"), ("warning", "▲ WARNING", "33"), ("critical", "■ CRITICAL", "31")],
)
def test_an_indicator_is_word_shape_and_colour(indicator: str, word: str, colour: str) -> None:
    """None of the three alone tells how urgent a card is."""
    shown = terminal({**CARD, "indicator": indicator})

    assert word in uncoloured(shown)
    assert re.search(rf"\x1b\[(1;)?{colour}m", shown)


@pytest.mark.parametrize("indicator", ["hard-stop", None, ["info"]])
def test_an_unknown_indicator_is_said(indicator: object) -> None:
    """It is not shown as one of the three."""
    shown = plain({**CARD, "indicator": indicator})

    assert "? UNKNOWN INDICATOR" in shown
    assert not re.search("INFO|WARNING|CRITICAL", shown)


def test_suggestions_are_numbered_through_all_cards() -> None:
    """A number names one suggestion of the whole page."""
    assert re.findall(r"\[(\d)\]", plain(CARD, CARD)) == ["1", "2", "3", "4"]


def test_patient_and_order_head_the_cards() -> None:
    """A log says whom and what the cards are about."""
    assert plain(CARD, patient="Ann Lee", order="MR Lumbar spine").startswith("Ann Lee\nMR Lumbar spine\n")


def test_no_cards_is_no_good_news() -> None:
    """It says that nothing came, and nothing else."""
    assert plain(patient="Ann Lee") == f"Ann Lee\n{NO_CARDS}\n"
    assert not re.search(r"\b(well|fine|ok|safe|good|clear)\b", NO_CARDS, re.IGNORECASE)


def test_a_log_has_no_escapes_and_fits_its_width() -> None:
    """Long lines are wrapped at 100 columns, without blanks at their ends, however narrow the console."""
    console = Console(file=StringIO(), force_terminal=False, width=40)
    print_cards([{**CARD, "detail": "word " * 200}], console)

    lines = console.file.getvalue().splitlines()
    assert "\x1b" not in "".join(lines)
    assert PLAIN_WIDTH - 5 <= max(map(len, lines)) <= PLAIN_WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_a_log_has_no_colours_even_if_the_console_knows_some() -> None:
    """What is no terminal gets no colours."""
    console = Console(file=StringIO(), force_terminal=False, color_system="truecolor")
    print_cards([CARD], console)

    assert "\x1b" not in console.file.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_an_encoding_that_lacks_a_character_is_no_error(is_terminal: bool) -> None:  # noqa: FBT001 - a parameter
    """A console without UTF-8 gets a question mark instead of a traceback."""
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii", write_through=True)
    print_cards([{**CARD, "summary": "Fièvre récente"}], Console(file=stream, force_terminal=is_terminal))

    assert b"Fi?vre r?cente" in raw.getvalue()


ATTACKS = {
    "clear screen": "\x1b[2J",
    "colour": "\x1b[31m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil.test\x1b\\",
    "bare escape": "\x1b",
    "8-bit CSI": "\x9b2J",
    "backspaces": "\b\b\b",
    "carriage return": "\r",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "surrogate": "\ud800",
    "null": "\x00",
    "del": "\x7f",
}
FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def everywhere(text: str) -> dict[str, Any]:
    """Return a card with this text in each of its strings."""
    link, block, table = f"[{text}](https://example.org)", f"```\n{text}\n```", f"| a |\n|---|\n| {text} |"
    return {
        "summary": text,
        "indicator": text,
        "detail": f"{text} `{text}` {link}\n\n{block}\n\n{table}",
        "source": {"label": text, "url": text},
        "suggestions": [
            {"label": text, "actions": [{"type": text, "description": text, "resourceId": text}]},
        ],
        "overrideReasons": [{"display": text, "code": text}],
        "links": [{"label": text, "url": text, "type": text}],
    }


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_string_of_a_card_reaches_the_terminal_as_control(attack: str) -> None:
    """Nothing but our own colours is there for the terminal to obey."""
    shown = uncoloured(terminal(everywhere(f"before{attack}after")))

    assert not FORBIDDEN.search(shown)
    assert "owned" not in shown


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_heading_reaches_a_log_as_control(attack: str) -> None:
    """Names of patients and orders are as foreign as cards."""
    assert not FORBIDDEN.search(plain(everywhere(attack), patient=attack, order=attack))


@pytest.mark.parametrize("reference", ["&#x202e;", "&#8238;", "&#x1b;[2J", "&#x9b;2J"])
def test_character_references_are_no_way_around(reference: str) -> None:
    """Markdown turns references into characters; these are cleaned, too."""
    shown = terminal({**CARD, "detail": f"before {reference} after"})

    assert not FORBIDDEN.search(uncoloured(shown))


def test_html_is_shown_and_not_swallowed() -> None:
    """A reader sees what was in the text, tags included, and a `<` before a number."""
    shown = plain({**CARD, "detail": "<b>eGFR</b> <30 &lt;20\n\n<div>in a block</div>"})

    assert "<b>eGFR</b> <30 <20" in shown
    assert "<div>in a block</div>" in shown


def test_console_markup_is_only_text() -> None:
    """Square brackets and colons of a card are printed as they are."""
    shown = plain({**CARD, "summary": "[red]stop[/red] :warning:", "detail": "[bold]x[/bold] :smile:"})

    assert "[red]stop[/red] :warning:" in shown
    assert "[bold]x[/bold] :smile:" in shown


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"summary": 7, "detail": {}, "source": "x", "suggestions": {}, "overrideReasons": 1, "links": None},
        {"suggestions": ["x", None, {}], "links": ["x", {}], "source": {}},
    ],
)
def test_a_malformed_card_is_still_shown(card: dict[str, Any]) -> None:
    """A reader learns that a card came, and that it lacks its summary and source."""
    shown = plain(card)

    assert "(the card has no summary)" in shown
    assert "Source: not named" in shown


@pytest.mark.parametrize("stray", ["\x1b]", "\x90", "\x9d", "\x1bP"])
def test_a_stray_introducer_takes_no_words_along(stray: str) -> None:
    """A sequence that never ends, or a wrongly decoded quotation mark, hides no warning."""
    assert "stop the drug" in cleaned(f"now {stray}stop the drug")


def test_one_line_is_one_line() -> None:
    """Line breaks and tabs become single spaces; what is no string becomes nothing."""
    assert one_line(" a\n\tb\r\n c ") == "a b c"
    assert one_line(None) == ""
