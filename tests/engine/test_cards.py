"""Cards: the limits of CDS Hooks 2.0.1 by construction, one card per topic, and text that cannot harm."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cds_service.answers import Need
from cds_service.cards import (
    SUMMARY_LIMIT,
    Action,
    Card,
    Coding,
    Source,
    Suggestion,
    cards,
    instance_uuid,
    plain,
)
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


# ── the models ────────────────────────────────────────────────────────────────────────────────────


def _card(**members: Any) -> Card:  # noqa: ANN401 - the members of Card
    usual: dict[str, Any] = {
        "uuid": CALL,
        "summary": "Think first",
        "indicator": "info",
        "detail": "Because.",
        "source": Source(label="Guideline", topic=Coding(system=CODE_SYSTEM, code="imaging")),
        "extension": {},
    }
    return Card(**{**usual, **members})


def _button(**members: Any) -> Suggestion:  # noqa: ANN401 - the members of Suggestion
    action = Action(type="delete", description="Remove", resource_id="ServiceRequest/a")
    return Suggestion(**{"label": "Remove", "uuid": CALL, "actions": [action], **members})


@given(st.text(max_size=400))
def test_a_summary_over_a_limit_cannot_be_built(text: str) -> None:
    """Under 140 characters, one trimmed line, not empty: anything else is refused."""
    fits = 0 < len(text) <= SUMMARY_LIMIT and "\n" not in text and text == text.strip()

    try:
        built = _card(summary=text)
    except ValidationError:
        assert not fits
    else:
        assert fits
        assert built.summary == text


def test_the_longest_summary_has_139_characters() -> None:
    """The specification says: under 140."""
    assert _card(summary="x" * 139).summary
    with pytest.raises(ValidationError):
        _card(summary="x" * 140)


@pytest.mark.parametrize(
    "members",
    [
        {"uuid": ""},
        {"detail": ""},
        {"indicator": "hard-stop"},
        {"suggestions": [], "selection_behavior": "any"},
        {"suggestions": [_button()]},
        {"selection_behavior": "any"},
        {"suggestions": [_button()], "selection_behavior": "all"},
        {"suggestions": [_button(is_recommended=True)] * 2, "selection_behavior": "any"},
        {"override_reasons": []},
        {"unknown": 1},
        {"summary": "two\nlines"},
        {"summary": " padded"},
    ],
)
def test_a_card_that_breaks_the_specification_cannot_be_built(members: dict[str, Any]) -> None:
    """Empty members, unknown values, suggestions without behaviour, two recommendations."""
    with pytest.raises(ValidationError):
        _card(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"type": "delete"},
        {"type": "delete", "resource": {}},
        {"type": "delete", "resource": {}, "resource_id": "A/b"},
        {"type": "delete", "resource_id": "A/b/c"},
        {"type": "delete", "resource_id": "A/b\n"},
        {"type": "create"},
        {"type": "create", "resource_id": "A/b"},
        {"type": "update", "resource": {}, "resource_id": "A/b"},
        {"type": "replace", "resource": {}},
    ],
)
def test_an_action_that_breaks_the_specification_cannot_be_built(members: dict[str, Any]) -> None:
    """Delete carries resourceId and nothing else; create and update carry the resource."""
    with pytest.raises(ValidationError):
        Action(description="x", **members)


def test_nothing_on_the_wire_is_null_but_what_the_client_wrote() -> None:
    """Members without value are left out; nulls inside a resource are the client's own."""
    resource = {"given": [None, "x"], "member": None}
    action = Action(type="update", description="Change", resource=resource)
    wire = _card(suggestions=[_button(actions=[action])], selection_behavior="any").wire()

    assert wire["suggestions"][0]["actions"] == [
        {"type": "update", "description": "Change", "resource": resource}
    ]
    assert "overrideReasons" not in wire
    assert wire["selectionBehavior"] == "any"
    assert wire["source"] == {"label": "Guideline", "topic": {"system": CODE_SYSTEM, "code": "imaging"}}


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
        self, *rules: Rule, chart: Chart | None = None, rules_url: str | None = None
    ) -> list[dict[str, Any]]:
        chart = chart or self.chart_of(drafts=(self.draft_of(_mri()),))
        service = CdsService("g", ("order-select",), "T", "D", rules, frozenset({CONDITIONS}))
        guideline = Guideline(
            "g", "Guideline", "Draft.", (service,), self.terms, MISSING, "org.example.rules"
        )
        verdicts = decide(service, chart)
        made = cards(guideline, service, verdicts, chart, hook_instance=CALL, rules_url=rules_url)
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
        "url": "http://cds/rules#rule",
        "topic": {"system": CODE_SYSTEM, "code": "imaging", "display": "imaging"},
    }
    assert card["overrideReasons"] == [{"system": CODE_SYSTEM, "code": "other", "display": "Other reason"}]
    assert card["extension"] == {
        "org.example.rules": {"rules": ["rule"], "rows": ["IMG-01"], "orders": ["ServiceRequest/d1"]}
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
    assert len(card["overrideReasons"]) == 1


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
    assert card["extension"] == {"org.example.rules": {"orders": ["ServiceRequest/d1"]}}


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
