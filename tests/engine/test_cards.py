"""How verdicts become cards: one per topic, what each of them says, and text that cannot harm."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.answers import Need
from cds_service.cards import cards, instance_uuid, plain
from cds_service.criteria.durations import days
from cds_service.criteria.finding import Criterion, Finding, all_of, any_of
from cds_service.criteria.measured import measured
from cds_service.criteria.orders import selected
from cds_service.criteria.records import recorded
from cds_service.evidence import Statement
from cds_service.fhir import Coding as FhirCoding
from cds_service.order_names import order_name
from cds_service.rules import Advice, CdsService, Guideline, Indicator, Line, Rule, Topic, decide
from cds_service.suggestions import create_request, remove_order, set_priority
from cds_service.terminology import LOINC, RXNORM, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

CALL = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CODE_SYSTEM = "http://example.org/fhir/lbp-cds/CodeSystem/topic"
CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
OBSERVATIONS = Need("Observation", "Observation?patient={{context.patientId}}", "measurements")
REASON = FhirCoding(CODE_SYSTEM, "other", "Other reason")
THERAPY = FhirCoding(SNOMED_CT, "therapy", "Therapy")
NO, UNKNOWN, YES = Truth


# ── text from the EHR ─────────────────────────────────────────────────────────────────────────────


@given(
    st.text(st.characters() | st.sampled_from("<>\n\r\u2028\ud800\u202e&[]()*_`"), max_size=120),
    st.integers(2, 90),
)
def test_plain_text_is_harmless(text: str, limit: int) -> None:
    """No raw angle bracket, line break, lone surrogate or bidirectional override, whatever comes in."""
    made = plain(text, limit)

    assert not re.search(r"[<>\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", made)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]|]", made)
    assert made.encode().decode() == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("  MRI \n lumbar  ", "MRI lumbar"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("[x](http://y)", r"\[x\](http\://y)"),
        ("www.example.org", r"www\.example.org"),
        ("# head", r"\# head"),
        ("1. first", r"1\. first"),
        ("1.5 mg", "1.5 mg"),
        ("x\ud800y", "x y"),
        ("a" * 80, "a" * 80),
        ("a" * 81, "a" * 79 + "…"),
        ("\x00", ""),
    ],
)
def test_plain_text_is_one_line_without_markup(text: str, made: str) -> None:
    """Headings, lists, links, HTML and length; a number with a unit stays as it is."""
    assert plain(text) == made


def test_a_call_has_one_uuid() -> None:
    """hookInstance, when it is one; else one made of it, the same each time."""
    assert instance_uuid(CALL) == UUID(CALL)
    assert instance_uuid("call 7") == instance_uuid("call 7")
    assert instance_uuid("call 7") != instance_uuid("call 8")


# ── verdicts to cards ─────────────────────────────────────────────────────────────────────────────


def _topic(code: str, rank: int) -> Topic:
    return Topic(FhirCoding(CODE_SYSTEM, code, code), rank)


IMAGING, SAFETY, MISSING = _topic("imaging", 1), _topic("safety", 2), _topic("data-missing", 9)


def _says(truth: Truth, label: str = "something", because: str = "") -> Criterion:
    finding = Finding(label, truth, because)
    return Criterion(label, frozenset(), lambda _: finding)


def _mri(**members: object) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "mri"}], "text": "MRI <lumbar>"}
    return {"resourceType": "ServiceRequest", "id": "d1", "code": code, **members}


class _House:
    """A guideline with one service; what is judged is given per test."""

    def __init__(
        self, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
    ) -> None:
        self.terms, self.chart_of, self.draft_of = terms, chart_of, draft_of

    def rule(self, **members: Any) -> Rule:  # noqa: ANN401 - the members of Rule
        usual: dict[str, Any] = {
            "id": "rule",
            "rows": ("IMG-01",),
            "topic": IMAGING,
            "on": selected(self.terms["mri"], self.terms["opioid"], label="an order"),
            "scope": _says(YES),
            "when": _says(YES),
            "advice": Advice(Indicator.INFO, "Think first", (Line("Ask."),)),
            "evidence": (Statement("s", "S0", "Stay active."),),
            "if_unknown": "stay silent",
        }
        return Rule(**{**usual, **members})

    def cards(
        self,
        *rules: Rule,
        chart: Chart | None = None,
        group: str = "g",
        **asked: Any,  # noqa: ANN401 - what else `cards` is told
    ) -> list[dict[str, Any]]:
        chart = chart or self.chart_of(drafts=(self.draft_of(_mri()),))
        service = CdsService(group, ("order-select",), "T", "D", rules, frozenset({CONDITIONS}))
        guideline = Guideline(
            "g",
            "Guideline",
            "Draft.",
            (service,),
            self.terms,
            MISSING,
            "org.example.rules",
            reasons_alike={"preference": "does-not-align-preferences"},
        )
        made = cards(guideline, service, decide(service, chart), chart, **{"hook_instance": CALL, **asked})
        return [card.wire() for card in made]


@pytest.fixture
def house(terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]) -> _House:
    """Return a guideline to put rules in."""
    return _House(terms, chart_of, draft_of)


def test_a_card_says_what_to_do_about_which_order_and_who_says_so(house: _House) -> None:
    """The whole of a plain card."""
    reasoned = Advice(Indicator.INFO, "Think first", (Line("Ask."),), override_reasons=(REASON,))
    (card,) = house.cards(house.rule(advice=reasoned), rules_url="http://cds/rules")

    assert card["summary"] == "Think first"
    assert card["indicator"] == "info"
    assert card["source"] == {
        "label": "Guideline",
        "url": "http://cds/rules/rule",
        "topic": {"system": CODE_SYSTEM, "code": "imaging", "display": "imaging"},
    }
    assert card["overrideReasons"][-1] == {
        "system": CODE_SYSTEM,
        "code": "other",
        "display": "Other reason",
    }
    assert card["extension"] == {
        "org.example.rules": {"rules": ["rule"], "rows": ["IMG-01"], "orders": ["ServiceRequest/d1"]},
        "davinci-crd.associated-resource": [{"reference": "ServiceRequest/d1"}],
    }
    assert card["detail"] == (
        "- Ask.\n\n"
        "**Order**\n\n- MRI &lt;lumbar&gt;, ServiceRequest/d1\n\n"
        "**Evidence**\n\n- Stay active. (S0)\n\n"
        "Rules: rule (IMG-01), 2026-11-01. Draft."
    )


def test_cards_are_reproducible(house: _House) -> None:
    """The same call gives the same uuids, card and suggestion alike."""
    rule = house.rule(advice=Advice(Indicator.INFO, "Think", (), suggestions=(remove_order("Remove"),)))

    assert json.dumps(house.cards(rule)) == json.dumps(house.cards(rule))


def test_one_card_per_topic_and_the_most_urgent_first(house: _House) -> None:
    """Critical before warning before info, then by the rank of the topic."""
    made = house.cards(
        house.rule(id="a", topic=IMAGING),
        house.rule(id="b", topic=SAFETY, advice=Advice(Indicator.CRITICAL, "Stop", ())),
        house.rule(id="c", topic=_topic("first", 0)),
    )

    assert [card["source"]["topic"]["code"] for card in made] == ["safety", "first", "imaging"]


def test_rules_of_one_topic_are_merged(house: _House) -> None:
    """First summary, highest indicator; the other findings become lines, duplicates are said once."""
    button = create_request("Draft therapy", THERAPY)
    first = Advice(
        Indicator.INFO, "First", (Line("Ask."),), suggestions=(button,), override_reasons=(REASON,)
    )
    second = Advice(
        Indicator.WARNING, "Second", (Line("Ask."),), suggestions=(button,), override_reasons=(REASON,)
    )
    (card,) = house.cards(
        house.rule(id="a", advice=first), house.rule(id="b", rows=("IMG-02",), advice=second)
    )

    assert (card["summary"], card["indicator"]) == ("First", "warning")
    assert card["detail"].startswith("- Ask.\n- Second\n\n")
    assert "Rules: a, b (IMG-01, IMG-02)" in card["detail"]
    assert [item["label"] for item in card["suggestions"]] == ["Draft therapy"]
    assert [item["code"] for item in card["overrideReasons"]].count("other") == 1


def test_one_suggestion_is_recommended_whatever_the_rules_say(
    house: _House, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """Two rules that both recommend do not break the card: the first of them does."""
    advice = [
        Advice(Indicator.INFO, "Think", (), suggestions=(set_priority(label, label, recommended=True),))
        for label in ("stat", "urgent")
    ]
    drafts = (draft_of(_mri(id="a")), draft_of(_mri(id="b")))
    (card,) = house.cards(*(house.rule(advice=item) for item in advice), chart=chart_of(drafts=drafts))

    assert [item.get("isRecommended") for item in card["suggestions"]] == [True, None, None, None]


def test_what_a_client_may_select_is_told_as_it_understands_it(house: _House) -> None:
    """CARD-11: `any`, unless the client knows only `at-most-one`; nothing without suggestions."""
    offering = house.rule(advice=Advice(Indicator.INFO, "Think", (), suggestions=(remove_order("Remove"),)))
    (usual,) = house.cards(offering)
    (asked,) = house.cards(offering, selection_behavior="at-most-one")
    (plain_card,) = house.cards(house.rule(), selection_behavior="at-most-one")

    assert (usual["selectionBehavior"], asked["selectionBehavior"]) == ("any", "at-most-one")
    assert "selectionBehavior" not in plain_card


def test_a_card_offers_the_reasons_of_its_rules_and_the_standard_ones(house: _House) -> None:
    """CARD-12, COD-03: the rules' own first, none twice, those that say the same once, all with a display."""
    preference = FhirCoding(CODE_SYSTEM, "preference", "The patient prefers it")
    first, second = (
        Advice(Indicator.INFO, summary, (), override_reasons=reasons)
        for summary, reasons in (("First", (REASON, preference)), ("Second", (preference,)))
    )
    (card,) = house.cards(house.rule(id="a", advice=first), house.rule(id="b", advice=second))
    codes = [reason["code"] for reason in card["overrideReasons"]]

    assert (codes[0], codes[-1]) == ("preference", "other")
    assert "cds-not-applicable" in codes
    assert "does-not-align-preferences" not in codes
    assert len(codes) == len(set(codes))
    assert all(reason["display"] for reason in card["overrideReasons"])


def test_a_card_whose_rules_name_no_reason_offers_none(house: _House) -> None:
    """Nothing is advised against: nothing is overridden."""
    (card,) = house.cards(house.rule())

    assert "overrideReasons" not in card


def test_a_card_names_each_of_its_orders(
    house: _House, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """By reference for machines and in words for readers; those that look alike are counted."""
    nameless = {"id": None, "code": {"coding": [{"system": LOINC, "code": "mri"}]}}
    sources = [_mri(id="a"), _mri(id="b"), _mri(**nameless), _mri(**nameless)]
    (card,) = house.cards(house.rule(), chart=chart_of(drafts=tuple(draft_of(item) for item in sources)))

    assert card["extension"]["davinci-crd.associated-resource"] == [
        {"reference": "ServiceRequest/a"},
        {"reference": "ServiceRequest/b"},
    ]
    assert (
        "**Order**\n\n"
        "- MRI &lt;lumbar&gt;, ServiceRequest/a\n"
        "- MRI &lt;lumbar&gt;, ServiceRequest/b\n"
        "- order without a name (2 orders)\n\n"
    ) in card["detail"]


def test_an_update_is_the_draft_less_what_says_nothing(
    house: _House, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """ACT-04, E-114, E-115: unknown members stay to the letter; empty ones, which FHIR forbids, go."""
    unknown = {"x-vendor": {"deep": [0, False, {"y": " "}]}, "extension": [{"url": "u", "valueString": "é"}]}
    empty = {"note": None, "identifier": [], "requester": {"display": ""}, "x-empty": {"a": [{}]}}
    advice = Advice(Indicator.INFO, "Think", (), suggestions=(set_priority("Mark urgent", "urgent"),))
    chart = chart_of(drafts=(draft_of(_mri(**unknown, **empty, status="draft")),))
    (card,) = house.cards(house.rule(advice=advice), chart=chart)
    (action,) = card["suggestions"][0]["actions"]

    assert action["resource"] == _mri(**unknown, status="draft", priority="urgent")


def test_a_draft_as_deep_as_the_protocol_allows_can_be_updated(
    house: _House, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """What came in goes out again, however deep."""
    deep: dict[str, Any] = {"url": "u"}
    for _ in range(60):
        deep = {"extension": [deep]}
    advice = Advice(Indicator.INFO, "Think", (), suggestions=(set_priority("Mark urgent", "urgent"),))
    (card,) = house.cards(
        house.rule(advice=advice), chart=chart_of(drafts=(draft_of(_mri(contained=[deep])),))
    )

    assert card["suggestions"][0]["actions"][0]["resource"]["contained"] == [deep]


@given(name=st.text(st.characters(), max_size=600))
def test_long_names_never_lengthen_a_summary(
    terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], name: str
) -> None:
    """E-112: a summary is the rule's own words; a name in the detail is cut on code points."""
    house = _House(terms, chart_of, draft_of)
    code = {"coding": [{"system": LOINC, "code": "mri", "display": name}], "text": name * 3}
    (card,) = house.cards(house.rule(), chart=chart_of(drafts=(draft_of(_mri(code=code)),)))

    assert card["summary"] == "Think first"
    assert card["detail"].encode().decode() == card["detail"]


@given(st.permutations(range(5)), st.lists(st.sampled_from(Indicator), min_size=5, max_size=5))
def test_the_order_of_cards_is_that_of_urgency_and_topic(
    terms: Terminology,
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    ranks: list[int],
    indicators: list[Indicator],
) -> None:
    """E-116: in whatever order the rules stand, and twice the same."""
    house = _House(terms, chart_of, draft_of)
    rules = [
        house.rule(id=f"r{rank}", topic=_topic(f"t{rank}", rank), advice=Advice(indicator, "Think", ()))
        for rank, indicator in zip(ranks, indicators, strict=True)
    ]
    expected = sorted(zip(ranks, indicators, strict=True), key=lambda item: (-item[1].rank, item[0]))

    made = house.cards(*rules)

    assert [card["source"]["topic"]["code"] for card in made] == [f"t{rank}" for rank, _ in expected]
    assert made == house.cards(*rules)


def test_silence_makes_no_card(house: _House) -> None:
    """Nothing to say: nothing sent."""
    assert house.cards(house.rule(when=_says(NO))) == []
    assert house.cards(house.rule(topic=None)) == []


def _of_type(kind: str, system: str, code: str, **members: object) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": "x1",
        "code": {"coding": [{"system": system, "code": code}]},
        **members,
    }


def test_a_card_shows_what_was_found(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """With date and reference; suspected ones are called so, labelled ones are not named (SAFE-30)."""
    perhaps = {"coding": [{"code": "provisional"}]}
    chart = chart_of(
        _of_type("Condition", SNOMED_CT, "pain", onsetDateTime="2026-10-01"),
        _of_type("Condition", SNOMED_CT, "fever", verificationStatus=perhaps),
        _of_type("Condition", SNOMED_CT, "therapy", meta={"security": [{"code": "R"}]}),
        drafts=(draft_of(_mri()),),
    )
    screen = tuple(recorded(CONDITIONS, terms[name], label=name) for name in ("fever", "therapy"))
    advice = Advice(Indicator.INFO, "Think", (), screen=screen)
    (card,) = house.cards(
        house.rule(when=recorded(CONDITIONS, terms["pain"], label="pain"), advice=advice), chart=chart
    )

    assert "- pain: 2026-10-01 (Condition/x1)\n" in card["detail"]
    assert "- fever, suspected: undated (Condition/x1)\n" in card["detail"]
    assert "- a recorded condition: undated (Condition/x1)" in card["detail"]
    assert "therapy" not in card["detail"]


def test_a_card_says_what_is_not_recorded_and_what_is_not_known(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-11, SAFE-12: absent, too old, and unread are three sentences, and none is "no red flags"."""
    score = measured(
        OBSERVATIONS, terms["score"], unit="{score}", at_least=7, within=days(30), label="a high score"
    )
    old = _of_type(
        "Observation",
        LOINC,
        "score",
        status="final",
        effectiveDateTime="2026-01-01",
        valueQuantity={"value": 8, "unit": "{score}"},
    )
    screen = (
        recorded(CONDITIONS, terms["fever"], label="fever"),
        any_of(score, label="severe pain"),
        _says(UNKNOWN, "doubt"),
    )
    rule = house.rule(advice=Advice(Indicator.INFO, "Think", (), screen=screen))
    chart = chart_of(old, drafts=(draft_of(_mri()),), gaps={"Condition": "timed <out>"})
    card, missing = house.cards(rule, chart=chart)

    assert "**Not known from the chart**\n\n- fever: timed &lt;out&gt;\n- doubt" in card["detail"]
    assert "**Not recorded**: severe pain (8 on 2026-01-01 is stale)." in card["detail"]
    assert missing["source"]["topic"]["code"] == "data-missing"


def test_a_card_lists_only_what_made_the_rule_fire(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """A YES inside a branch that came to NO is no reason, and a value that is known is no gap."""
    fever = {
        "resourceType": "Condition",
        "id": "x1",
        "code": {"coding": [{"system": SNOMED_CT, "code": "fever"}]},
    }
    found = recorded(CONDITIONS, terms["fever"], label="fever")
    when = any_of(all_of(found, _says(NO, "something else")), _says(YES, "the other branch"))
    advice = Advice(Indicator.INFO, "Think", (), screen=(_says(NO, "age over 50"),))
    (card,) = house.cards(
        house.rule(when=when, advice=advice), chart=chart_of(fever, drafts=(draft_of(_mri()),))
    )

    assert "fever" not in card["detail"]
    assert "age over 50" not in card["detail"]


def test_what_could_not_be_read_is_a_card_of_its_own(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-35: also when no rule could speak."""
    rule = house.rule(when=recorded(CONDITIONS, terms["fever"], label="fever"))
    chart = chart_of(gaps={"Condition": "timed out"}, drafts=(draft_of(_mri()),))
    (card,) = house.cards(rule, chart=chart, rules_url="http://cds/rules")

    assert card["source"]["topic"]["code"] == "data-missing"
    assert card["source"]["url"] == "http://cds/rules"
    assert "- Not read: problem list: timed out." in card["detail"]
    assert card["detail"].endswith("**Order**\n\n- MRI &lt;lumbar&gt;, ServiceRequest/d1")
    assert "overrideReasons" not in card
    assert card["extension"] == {
        "org.example.rules": {"orders": ["ServiceRequest/d1"]},
        "davinci-crd.associated-resource": [{"reference": "ServiceRequest/d1"}],
    }


def test_an_order_without_code_or_id_is_named_as_well_as_can_be(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """Recognised by its name: the card says so. No id, and no name: neither is made up."""
    named = draft_of(
        {"resourceType": "ServiceRequest", "code": {"text": "MRI"}},
        names=(order_name("ServiceRequest", terms["mri"], "mri"),),
    )
    nameless = draft_of(_mri(id=None, code={"coding": [{"system": LOINC, "code": "mri"}]}))
    (card,) = house.cards(house.rule(), chart=chart_of(drafts=(named, nameless)))

    assert (
        "- MRI (recognised by its name: its codes are not understood)\n- order without a name\n"
        in card["detail"]
    )
    assert card["extension"] == {"org.example.rules": {"rules": ["rule"], "rows": ["IMG-01"]}}


def test_an_order_whose_words_contradict_its_code_is_pointed_out(
    house: _House, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-33: it is judged by its code, and the card says what the words say."""
    concept = {"coding": [{"system": RXNORM, "code": "1"}], "text": "acetaminophen 500 mg"}
    draft = draft_of({"resourceType": "MedicationRequest", "id": "d1", "medicationCodeableConcept": concept})
    (card,) = house.cards(house.rule(), chart=chart_of(drafts=(draft,)))

    assert "(its name says acetaminophen, its code does not: judged by its code)" in card["detail"]


def test_a_gap_without_an_order_that_can_be_named_is_still_told(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-35, GEN-02: no order to refer to, no extension, and no empty one."""
    rule = house.rule(when=recorded(CONDITIONS, terms["fever"], label="fever"))
    chart = chart_of(gaps={"Condition": "timed out"}, drafts=(draft_of(_mri(id=None)),))
    (card,) = house.cards(rule, chart=chart)

    assert "- Not read: problem list: timed out." in card["detail"]
    assert "extension" not in card


def test_two_services_of_one_call_do_not_share_the_uuid_of_a_gap(
    house: _House, terms: Terminology, chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """CARD-01: feedback on one is not taken for feedback on the other."""
    rule = house.rule(when=recorded(CONDITIONS, terms["fever"], label="fever"))
    chart = chart_of(gaps={"Condition": "timed out"}, drafts=(draft_of(_mri()),))
    (first,), (second,) = (house.cards(rule, chart=chart, group=group) for group in ("g", "h"))

    assert first["uuid"] != second["uuid"]


@given(text=st.text(max_size=60), identity=st.none() | st.text(max_size=70))
def test_whatever_a_draft_is_called_its_card_can_be_built(
    terms: Terminology,
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    text: str,
    identity: str | None,
) -> None:
    """Names and ids of any kind: a card, in which the name is harmless and no action names a bad id."""
    code = {"coding": [{"system": LOINC, "code": "mri", "display": text}]}
    house = _House(terms, chart_of, draft_of)
    advice = Advice(Indicator.INFO, "Think", (), suggestions=(remove_order("x"), set_priority("y", "stat")))
    chart = chart_of(drafts=(draft_of(_mri(id=identity, code=code)),))
    (card,) = house.cards(house.rule(advice=advice), chart=chart)
    named = card["extension"]["org.example.rules"].get("orders", [])

    assert "<" not in card["detail"]
    assert ("suggestions" in card) == (len(named) == 1)


def test_a_card_is_dated_by_the_day_of_the_chart(house: _House, chart_of: Callable[..., Chart]) -> None:
    """No clock is read."""
    (card,) = house.cards(house.rule())

    assert str(date(2026, 11, 1)) in card["detail"]
    assert str(chart_of().today) in card["detail"]
