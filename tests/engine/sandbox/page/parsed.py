"""A page as a test reads it: elements with attributes and text, and whatever could run a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
INLINE = frozenset({"a", "code", "em", "span", "strong"})
FORBIDDEN = frozenset({"base", "embed", "iframe", "img", "math", "object", "style", "svg"})
OUR_SCRIPTS = frozenset({"/static/htmx.min.js", "/static/page.js"})
ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post"})


@dataclass(eq=False)
class Element:
    """One element, with all the text below it."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""


@dataclass
class Screen(HTMLParser):
    """The elements in document order."""

    html: str
    elements: list[Element] = field(default_factory=list)
    whole: str = ""

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self._said(" " * (tag not in INLINE))
        element = Element(
            tag, {name: value or "" for name, value in attrs}, tuple(item.tag for item in self._open)
        )
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        while self._open and self._open.pop().tag != tag:
            pass
        self._said(" " * (tag not in INLINE))

    def handle_data(self, data: str) -> None:
        """Add text to all elements around it."""
        self._said(data)

    def _said(self, text: str) -> None:
        self.whole += text
        for element in self._open:
            element.text += text

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements with a tag and attributes; `_` stands for `-`."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            item for item in self.elements if item.tag == tag and wanted.items() <= item.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """Return the only element like this."""
        (found,) = self.all(tag, **attributes)
        return found

    def by_id(self, name: str) -> Element:
        """Return the element with an id."""
        (found,) = [item for item in self.elements if item.attributes.get("id") == name]
        return found

    @property
    def text(self) -> str:
        """All text, white space made single."""
        return " ".join(self.whole.split())

    def cards(self) -> list[Element]:
        """Return the cards."""
        return self.all("article")

    def dangers(self) -> list[str]:
        """Return everything that could run a script, load something foreign, or lead to a script."""
        return [problem for item in self.elements for problem in _dangers(item)]


def _dangers(item: Element) -> list[str]:
    found = [f"<{item.tag}>"] if item.tag in FORBIDDEN else []
    if item.tag == "script" and item.attributes.get("src") not in OUR_SCRIPTS:
        found.append("<script>")
    for name, value in item.attributes.items():
        if name.startswith(("on", "hx-on")) or name in {"style", "srcdoc"}:
            found.append(f"{item.tag}[{name}]")
        if (
            name in ADDRESSES
            and ":" in value.split("/", maxsplit=1)[0]
            and not value.startswith(("http://", "https://"))
        ):
            found.append(f"{item.tag}[{name}={value}]")
    return found
