"""The pages that cards link to: each rule has one, which says what it does; no text turns into markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from cds_service import (
    Advice,
    CdsService,
    Citation,
    Coding,
    Guideline,
    Indicator,
    Ladder,
    Line,
    Medicine,
    Need,
    Publication,
    Rule,
    Silence,
    Statement,
    Topic,
    all_of,
    at,
    offer,
    order_is,
    recorded,
    selected,
)
from cds_service.evidence_page import disclosure_page, evidence_page, placed, rule_page

if TYPE_CHECKING:
    from cds_service.terminology import Terminology

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
TOPIC = Topic(Coding("http://example.org/fhir/lbp-cds/topics", "scan", "Scans"), 1)
BASE = "/cds/evidence"
EVIL = "<script>alert(1)</script>[click](javascript:alert(1))\"'&"


class Page(HTMLParser):
    """What a reader of a page meets: its tags in order, its text, its links and ids."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and where it leads."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        """Note text, its white space as single spaces."""
        self.text = " ".join(f"{self.text} {data}".split())


def rule_of(terms: Terminology, **changes: object) -> Rule:
    """Return a rule that discourages a scan unless there is a fever, and offers a medicine."""
    fever = recorded(CONDITIONS, terms["fever"], label="fever")
    medicine = Medicine("acetaminophen", terms["acetaminophen"].coding("161"), fever)
    rule = Rule(
        id="scan-without-fever",
        rows=("ROW-1",),
        topic=TOPIC,
        on=selected(terms["mri"], label="a scan is ordered"),
        scope=recorded(CONDITIONS, terms["pain"], label="back pain"),
        when=all_of(order_is(terms["mri"], label="a scan"), label="a plain scan"),
        unless=fever,
        if_unknown="advise",
        advice=Advice(
            Indicator.WARNING,
            "No fever recorded: the scan can wait",
            (Line("Wait."), Line("Mind the fever.", when=fever)),
            suggestions=(offer(medicine, otherwise=()),),
            override_reasons=(Coding("http://example.org", "known", "The fever is known"),),
            discreet="The scan can wait",
        ),
        evidence=(Statement("s", "S0 S1", "Scans can wait.", grade="low-quality", disagrees="S2 differs."),),
    )
    return replace(rule, **changes)  # type: ignore[arg-type] # fields of Rule


def guideline_of(terms: Terminology, *rules: Rule | Ladder, **changes: object) -> Guideline:
    """Return a guideline of one service with these rules."""
    service = CdsService("back", ("order-select",), "Back", "Advises on scans.", rules, frozenset())
    guideline = Guideline(
        "back",
        "Back guidance",
        "A footer.",
        (service,),
        terms,
        TOPIC,
        "org.example.rules",
        not_computed={"ROW-9": "Nobody codes it."},
        publication=Publication(citations=(Citation("S0", "an article"), Citation("S3", "another"))),
    )
    return replace(guideline, **changes)  # type: ignore[arg-type] # fields of Guideline


def page_of(guideline: Guideline, number: int = 0) -> Page:
    """Return the page of the guideline's rule with this number."""
    return Page(rule_page(list(placed([guideline]))[number], BASE))


def test_each_rule_has_one_anchor_and_one_link_on_the_index(terms: Terminology) -> None:
    """Links of older cards, `/evidence#rule`, still lead to the rule's place."""
    guideline = guideline_of(terms, rule_of(terms), rule_of(terms, id="other"))

    page = Page(evidence_page([guideline], BASE))

    assert page.ids == ["scan-without-fever", "other"]
    assert page.links == [f"{BASE}/back/dsi", f"{BASE}/scan-without-fever", f"{BASE}/other"]


def test_the_index_groups_rules_by_service_and_names_what_is_not_computed(terms: Terminology) -> None:
    """A reader finds the service, its hooks, and the rows that no rule carries out."""
    page = Page(evidence_page([guideline_of(terms, rule_of(terms))], BASE))

    assert page.tags.index("h2") < page.tags.index("h3")
    assert "Back Advises on scans. Hooks: order-select." in page.text
    assert "ROW-9 Nobody codes it." in page.text


@pytest.mark.parametrize(
    "said",
    [
        "Rule scan-without-fever of Back ( back ). Topic: Scans ( scan ).",
        "When a scan is ordered, on order-select.",
        "concerned only when the chart shows: back pain",
        "When the chart shows: a plain scan: all of a scan",
        "silent when the chart shows: fever When that cannot be told, it advises all the same",
        "No fever recorded: the scan can wait (warning)",
        "Wait. Mind the fever. (only when the chart shows fever)",
        "asks for discretion it says only: The scan can wait",
        "Reasons to override it: The fever is known.",
        "Acetaminophen, only when the chart shows none of this, and could tell: fever",
        "Scans can wait. Grade: low-quality. Source: S0 S1. S2 differs.",
        "Sources S0 an article Guideline rows: ROW-1.",
        "conditions problem list Condition?patient={{context.patientId}}",
        "codes of: fever ( fever ); mri ( mri ); pain ( pain ).",
    ],
)
def test_a_rule_is_shown_as_a_clinician_signs_it(terms: Terminology, said: str) -> None:
    """What wakes, fires and silences it, what it says, suggests, cites and reads."""
    assert said in page_of(guideline_of(terms, rule_of(terms))).text


def test_what_a_rule_lacks_is_said(terms: Terminology) -> None:
    """A rung that is silent without silencers, evidence or data of its own says so."""
    scope = order_is(terms["mri"], label="a scan")
    quiet = rule_of(
        terms,
        topic=None,
        rows=(),
        on=at("patient-view", label="the chart is opened"),
        scope=scope,
        when=scope,
        unless=None,
        advice=Silence("others know better"),
        evidence=(),
    )

    text = page_of(guideline_of(terms, quiet)).text

    assert text.startswith("Silent: others know better")
    assert "When the chart is opened, on patient-view." in text
    assert "Nothing, once it fires." in text
    assert "keeps the rules below it from speaking: others know better." in text
    assert "What it suggests Nothing." in text
    assert "It cites nothing" in text
    assert "Guideline rows: none." in text
    assert "Only the order itself." in text


def test_a_grade_that_the_source_does_not_give_is_not_made_up(terms: Terminology) -> None:
    """The page says that there is none, and lists no source that is not known."""
    rule = rule_of(terms, evidence=(Statement("s", "policy", "Scans can wait."),))

    page = page_of(guideline_of(terms, rule))

    assert "Grade: the source gives none. Source: policy." in page.text
    assert "Sources" not in page.text


def test_a_rung_names_those_that_decide_before_it(terms: Terminology) -> None:
    """The third of a ladder links to the first and the second, the first to none."""
    guideline = guideline_of(terms, Ladder(tuple(rule_of(terms, id=name) for name in ("a", "b", "c"))))

    assert [link for link in page_of(guideline, 2).links if len(link) == len(f"{BASE}/a")] == [
        f"{BASE}/a",
        f"{BASE}/b",
    ]
    assert "ladder" not in page_of(guideline, 0).text


def test_every_page_leads_back_to_the_index(terms: Terminology) -> None:
    """From a rule, and from the source attributes."""
    guideline = guideline_of(terms, rule_of(terms))
    attributes = Page(disclosure_page(guideline.services[0], guideline, BASE))

    assert page_of(guideline).links[0] == BASE
    assert attributes.links[0] == BASE


def test_the_source_attributes_are_told_for_people_too(terms: Terminology) -> None:
    """Each under its number, with yes or no, and a link to the rules that use the data."""
    guideline = guideline_of(terms, rule_of(terms))

    page = Page(disclosure_page(guideline.services[0], guideline, BASE))

    assert page.tags.count("h2") == 13
    assert "2. Developer of the intervention not stated by the guideline" in page.text
    assert "5. Use of race No." in page.text


def test_text_of_a_guideline_is_never_markup(terms: Terminology) -> None:
    """Whatever a guideline's author writes is shown as it is written, on every page."""
    rule = rule_of(
        terms,
        scope=recorded(CONDITIONS, terms["pain"], label=EVIL),
        rows=(EVIL,),
        advice=Advice(Indicator.INFO, EVIL, (Line(EVIL),), discreet=EVIL),
        evidence=(Statement(EVIL, EVIL, EVIL, grade=EVIL, disagrees=EVIL),),
    )
    guideline = guideline_of(
        terms,
        rule,
        label=EVIL,
        footer=EVIL,
        not_computed={EVIL: EVIL},
        publication=Publication(EVIL, EVIL, EVIL, EVIL, (Citation(EVIL, EVIL),)),
    )
    place = next(placed([guideline]))

    pages = (
        evidence_page([guideline], BASE),
        rule_page(place, BASE),
        disclosure_page(place.service, guideline, BASE),
    )

    for html in pages:
        assert "<script" not in html
        assert EVIL in Page(html).text
        assert all(link.startswith(BASE) for link in Page(html).links)


def test_headings_are_in_order_and_the_language_is_said(terms: Terminology) -> None:
    """A screen reader meets one h1, then h2, and h3 below h2 only; no script, no inline style."""
    guideline = guideline_of(terms, rule_of(terms))
    for html in (
        evidence_page([guideline], BASE),
        rule_page(next(placed([guideline])), BASE),
        disclosure_page(guideline.services[0], guideline, BASE),
    ):
        levels = [int(tag[1]) for tag in Page(html).tags if tag in {"h1", "h2", "h3"}]

        assert html.startswith('<!doctype html>\n<html lang="en">')
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
        assert "script" not in html
        assert "style=" not in html


def test_the_index_is_a_document_without_rules_too() -> None:
    """No guideline is loaded: an empty page, no error."""
    page = evidence_page([], BASE)

    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
