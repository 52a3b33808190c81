"""What can be told of a screen's accessibility from its HTML; what needs a browser is tested in one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cds_service.sandbox.page
from tests.engine.sandbox.page.parsed import Element, Screen
from tests.engine.sandbox.page.servers import CARD, OPIOID, answers, fhir, offers
from tests.engine.sandbox.page.test_patients import ANN, PAIN

if TYPE_CHECKING:
    import responses
    from starlette.testclient import TestClient

SCREENS = [
    "list",
    "chart",
    "orders",
    "basket",
    "signed",
    "discharge",
    "settings",
    "refused",
    "upload",
    "wrong",
    "404",
    "call",
]
PAGE = Path(cds_service.sandbox.page.__file__).parent


@pytest.fixture
def shown(request: pytest.FixtureRequest, elsewhere: TestClient, outside: responses.RequestsMock) -> Screen:
    """Return one screen in one state, with cards where there can be some."""
    fhir(outside, ANN, PAIN)
    offers(outside, "patient-view", "order-select", "order-sign", "encounter-discharge")
    for hook in ("patient-view", "order-select", "order-sign", "encounter-discharge"):
        answers(outside, hook, CARD, {**CARD, "uuid": "c-2", "indicator": "critical"})
    return Screen(_html(elsewhere, str(request.param)))


def _html(browser: TestClient, name: str) -> str:
    del browser.headers["HX-Request"]
    if name in {"basket", "signed"}:
        browser.post("/patients/ann/orders", data=OPIOID)
    if name == "signed":
        browser.post("/patients/ann/sign")
    if name in {"chart", "call"}:
        browser.post("/patients/ann/view")
    if name == "discharge":
        browser.post("/patients/ann/discharge", data={"encounter": "e"})
    if name == "call":
        chart = Screen(browser.get("/patients/ann").text)
        return browser.get(chart.by_id("call-0").attributes["hx-get"]).text
    if name == "refused":
        return browser.post("/settings", data={"service_url": "x", "fhir_url": "y", "user": "z"}).text
    if name == "wrong":
        return browser.post("/upload", data={"bundle": "x"}).text
    paths = {"list": "/", "chart": "/patients/ann", "discharge": "/patients/ann/discharge", "404": "/nowhere"}
    return browser.get(
        paths.get(
            name, "/patients/ann/orders?q=oxycodone" if name in {"orders", "basket", "signed"} else f"/{name}"
        )
    ).text


every_screen = pytest.mark.parametrize("shown", SCREENS, indirect=True)


@every_screen
def test_a_screen_has_language_title_one_heading_and_a_way_past_the_menu(shown: Screen) -> None:
    """WCAG 2.4.1, 2.4.2, 3.1.1."""
    assert shown.one("html").attributes["lang"] == "en"
    assert len(shown.one("title").text) > len(" · Mock EHR")
    assert len(shown.all("h1")) == 1
    assert shown.all("a")[0].attributes["href"] == "#main"
    assert shown.one("main").attributes["id"] == "main"


@every_screen
def test_headings_go_down_one_step_at_a_time(shown: Screen) -> None:
    """A list of headings is an outline of the screen."""
    levels = [int(item.tag[1]) for item in shown.elements if item.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@every_screen
def test_each_id_occurs_once_and_what_is_referred_to_is_there(shown: Screen) -> None:
    """Labels, descriptions and names by reference lead somewhere."""
    ids = Counter(item.attributes["id"] for item in shown.elements if "id" in item.attributes)
    referring = ("for", "aria-describedby", "aria-labelledby")
    wanted = {
        name for item in shown.elements for key in referring for name in item.attributes.get(key, "").split()
    }

    assert [name for name, count in ids.items() if count > 1] == []
    assert wanted - set(ids) == set()


@every_screen
def test_each_control_has_a_name(shown: Screen) -> None:
    """A label for every field, words in every button and link."""
    labels = {item.attributes["for"] for item in shown.all("label")}
    fields = [
        item
        for item in shown.elements
        if item.tag in {"input", "select", "textarea"} and item.attributes.get("type") != "hidden"
    ]
    pressed = [item for item in shown.elements if item.tag in {"a", "button", "summary"}]

    assert [item.attributes for item in fields if item.attributes.get("id") not in labels] == []
    assert [item.attributes for item in pressed if not _name(item)] == []


def _name(item: Element) -> str:
    return item.attributes.get("aria-label", "") or item.text.strip()


@every_screen
def test_what_changes_is_announced(shown: Screen) -> None:
    """The announcer is on every screen, and stays when a part of it changes."""
    announcer = shown.by_id("said")

    assert announcer.attributes["aria-live"] == "polite"
    assert "main" not in announcer.inside


@every_screen
def test_everything_that_can_be_pressed_can_be_reached_by_keyboard(shown: Screen) -> None:
    """Only links, buttons, fields and summaries act; nothing else listens, nothing jumps the queue."""
    acting = [item for item in shown.elements if {"hx-get", "hx-post"} & set(item.attributes)]

    assert {item.tag for item in acting} <= {"form", "input", "details"}
    assert all(int(item.attributes.get("tabindex", "0")) <= 0 for item in shown.elements)


@pytest.mark.parametrize("shown", ["basket"], indirect=True)
def test_an_indicator_is_icon_word_and_colour(shown: Screen) -> None:
    """The icon is not read out, for the word is."""
    card = shown.cards()[0]
    icon = next(item for item in shown.all("span", class_="icon"))

    assert "Critical" in card.text
    assert icon.attributes["aria-hidden"] == "true"
    assert card.attributes["class"] == "card critical"


@pytest.mark.parametrize("shown", ["basket"], indirect=True)
def test_forms_work_without_scripts(shown: Screen) -> None:
    """Each form that a script sends has the same address for a plain browser."""
    forms = [item for item in shown.all("form") if "hx-post" in item.attributes]

    assert forms
    assert all(item.attributes["action"] == item.attributes["hx-post"] for item in forms)


SHADES = ("text", "muted", "accent", "info", "warning", "critical", "ok")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(scheme: str) -> None:
    """WCAG 1.4.3: 4.5 to 1 for all text colours on all surfaces they stand on; 1.4.11: 3 to 1 for borders."""
    colours = _colours(scheme)
    pairs = [(shade, ground) for shade in SHADES for ground in ("back", "surface", "sunken")]
    pairs += [(tone, f"{tone}-back") for tone in ("info", "warning", "critical")]
    pairs += [
        ("text", "critical-back"),
        ("muted", "critical-back"),
        ("on-accent", "accent"),
        ("critical", "critical-back"),
    ]

    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
    assert all(_contrast(colours["control"], colours[ground]) >= 3 for ground in ("back", "surface"))


def _colours(scheme: str) -> dict[str, str]:
    sheet = (PAGE / "static" / "page.css").read_text(encoding="utf-8")
    block = sheet.split(":root {")[1 if scheme == "light" else 2].split("}")[0]
    lines = [
        line.strip().rstrip(";").split(": ") for line in block.splitlines() if line.strip().startswith("--")
    ]
    return {name.removeprefix("--"): value for name, value in lines}


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_htmx_is_vendored_with_its_licence_and_does_without_eval() -> None:
    """Offline, and within the content security policy."""
    layout = (PAGE / "templates" / "layout.html").read_text(encoding="utf-8")

    assert '"allowEval":false' in layout
    assert '"includeIndicatorStyles":false' in layout
    assert "Permission to use" in (PAGE / "static" / "htmx.LICENSE").read_text(encoding="utf-8")
    assert (PAGE / "static" / "htmx.min.js").stat().st_size > 40_000


def test_no_screen_asks_another_host_for_anything() -> None:
    """No address outside in templates, style sheet or our script."""
    files = [*PAGE.glob("templates/*.html"), PAGE / "static" / "page.css", PAGE / "static" / "page.js"]
    told = ("https://ehr.example.org/fhir",)

    found = [path.name for path in files if "http" in _without(path.read_text(encoding="utf-8"), told)]

    assert found == []


def _without(text: str, parts: tuple[str, ...]) -> str:
    for part in (*parts, "htmx", "http-equiv"):
        text = text.replace(part, "")
    return text
