"""The page that cards link to: every rule can be reached, and no text turns into markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from cds_service.catalogue import load_catalogue
from cds_service.evidence_page import evidence_page


class Ids(HTMLParser):
    """Collects the ids of a page."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an id."""
        self.found += [value for name, value in attrs if name == "id" and value]


def test_each_rule_has_one_anchor() -> None:
    """A card's source links to the rule that leads it."""
    (guideline,) = load_catalogue(["hooks.low_back_pain"]).guidelines
    page = Ids()

    page.feed(evidence_page([guideline]))

    rules = {rule.id for service in guideline.services for rule in service.each_rule}
    assert rules <= set(page.found)
    assert len(page.found) == len(set(page.found))


def test_text_of_a_guideline_is_never_markup() -> None:
    """HTML in a label is shown as it is written."""
    (guideline,) = load_catalogue(["hooks.low_back_pain"]).guidelines

    page = evidence_page([replace(guideline, label="<script>alert(1)</script>")])

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_page_is_a_document_without_rules_too() -> None:
    """No guideline is loaded: an empty page, no error."""
    page = evidence_page([])

    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
