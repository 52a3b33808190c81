"""What clients may switch off, how a call says so, and what no switch can hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cards import Card
from cds_service.configuration import Configuration, configuration_of, options, shown, topics
from cds_service.criteria.finding import Criterion, Finding
from cds_service.criteria.orders import selected
from cds_service.evidence import Statement
from cds_service.fhir import Coding
from cds_service.rules import Advice, CdsService, Indicator, Ladder, Rule, Silence, Topic
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.terminology import Terminology

SYSTEM = "http://example.org/topics"
KEY = "davinci-crd.configuration"
CODES = ("imaging", "safety", "review", "data-missing")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def _topic(code: str, rank: int = 0) -> Topic:
    return Topic(Coding(SYSTEM, code, code.capitalize()), rank)


MISSING = _topic("data-missing", 9)


def _card(code: str, indicator: str = "info", system: str = SYSTEM) -> Card:
    number = CODES.index(code) if code in CODES else 9
    return Card.model_validate(
        {
            "uuid": f"d1577c69-dfbe-44ad-ba6d-3e05e953b2e{number}",
            "summary": code,
            "indicator": indicator,
            "detail": "Because.",
            "source": {"label": "Guideline", "topic": {"system": system, "code": code}},
        }
    )


CARDS = [_card("safety", "critical"), _card("imaging", "warning"), _card("review"), _card("data-missing")]


def _shown(configuration: Configuration, made: list[Card] | None = None) -> list[str]:
    return [card.summary for card in shown(CARDS if made is None else made, configuration, "group", MISSING)]


# ── reading it ────────────────────────────────────────────────────────────────────────────────────


def test_a_call_says_what_it_wants() -> None:
    """`false` switches off, `true` is what is anyway, and a number limits."""
    said = {KEY: {"imaging": False, "safety": True, "max-cards": 3}}

    assert configuration_of(said) == Configuration(frozenset({"imaging"}), 3)


@pytest.mark.parametrize(
    "extension",
    [
        {},
        {"com.vendor.extension": {"imaging": False}},
        {KEY: None},
        {KEY: "imaging=false"},
        {KEY: [{"imaging": False}]},
        {KEY: {"imaging": "false"}},
        {KEY: {"imaging": 0}},
        {KEY: {"imaging": None}},
        {KEY: {"max-cards": True}},
        {KEY: {"max-cards": False}},
        {KEY: {"max-cards": -1}},
        {KEY: {"max-cards": 2.5}},
        {KEY: {"max-cards": "2"}},
        {KEY: {"max-cards": None}},
    ],
)
def test_nonsense_counts_as_not_said(extension: dict[str, Any]) -> None:
    """No value of a wrong type hides a card."""
    assert configuration_of(extension) == Configuration()


@pytest.mark.parametrize("limit", [0, 1, 10**30])
def test_any_count_of_cards_is_a_limit(limit: int) -> None:
    """None at all, and more than there will ever be."""
    assert configuration_of({KEY: {"max-cards": limit}}).max_cards == limit


@given(JSON)
def test_reading_never_fails(said: object) -> None:
    """Whatever a client sends, all that comes of it is a set and perhaps a number."""
    configuration = configuration_of({KEY: said})

    assert isinstance(configuration.off, frozenset)
    assert configuration.max_cards is None or configuration.max_cards >= 0


def test_what_the_operator_switched_off_stays_off() -> None:
    """A call adds to it, and cannot take from it."""
    called = configuration_of({KEY: {"imaging": True, "review": False, "max-cards": 3}})

    assert called.with_off({"imaging"}) == Configuration(frozenset({"imaging", "review"}), 3)
    assert called.with_off(()) == called


@pytest.mark.parametrize(
    ("wanted", "limit", "most"),
    [(None, None, None), (3, None, 3), (None, 4, 4), (3, 4, 3), (5, 4, 4), (0, 4, 0)],
)
def test_a_limit_of_the_guideline_can_be_lowered_and_not_lifted(
    wanted: int | None, limit: int | None, most: int | None
) -> None:
    """The lower one holds."""
    assert Configuration(max_cards=wanted).at_most(limit).max_cards == most


# ── showing ───────────────────────────────────────────────────────────────────────────────────────


def test_all_is_shown_unless_said_otherwise() -> None:
    """In the order it came; unknown codes change nothing."""
    assert _shown(Configuration()) == ["safety", "imaging", "review", "data-missing"]
    assert _shown(Configuration(frozenset({"unheard-of"}), 99)) == _shown(Configuration())


def test_a_topic_is_switched_off() -> None:
    """Its card goes, the others stay."""
    assert _shown(Configuration(frozenset({"imaging"}))) == ["safety", "review", "data-missing"]


def test_a_group_is_switched_off() -> None:
    """All its cards go but those that always stay; another group's switch does nothing."""
    assert _shown(Configuration(frozenset({"group"}))) == ["safety", "data-missing"]
    assert _shown(Configuration(frozenset({"other-group"}))) == _shown(Configuration())


@pytest.mark.parametrize(
    "configuration", [Configuration(frozenset({"group", *CODES})), Configuration(max_cards=0)]
)
def test_danger_and_unread_data_are_always_told(configuration: Configuration) -> None:
    """Critical cards and the card on what could not be read: silence must not pass for safety."""
    assert _shown(configuration) == ["safety", "data-missing"]


def test_only_the_guidelines_own_gap_card_is_beyond_a_switch() -> None:
    """A topic of another code system that is called the same is a topic like others."""
    foreign = _card("data-missing", system="http://example.org/other")

    assert _shown(Configuration(frozenset({"data-missing"})), [foreign]) == []


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (1, ["safety", "data-missing"]),
        (2, ["safety", "data-missing"]),
        (3, ["safety", "imaging", "data-missing"]),
        (4, ["safety", "imaging", "review", "data-missing"]),
    ],
)
def test_a_limit_cuts_the_least_urgent_cards(limit: int, kept: list[str]) -> None:
    """What always stays counts, and the order stays."""
    assert _shown(Configuration(max_cards=limit)) == kept


def test_what_is_switched_off_leaves_room() -> None:
    """A limit counts only what is shown."""
    assert _shown(Configuration(frozenset({"imaging"}), 3)) == ["safety", "review", "data-missing"]


def test_no_cards_stay_no_cards() -> None:
    """Nothing is made up."""
    assert _shown(Configuration(max_cards=3), []) == []


# ── offering ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rule_of(terms: Terminology) -> Callable[..., Rule]:
    """Rules of a topic and an indicator; no indicator makes a silent one."""

    def build(topic: Topic | None, indicator: Indicator | None = Indicator.INFO) -> Rule:
        anything = Criterion("something", frozenset(), lambda _: Finding("something", Truth.YES))
        return Rule(
            id=f"rule-{topic.code if topic else 'none'}",
            rows=("ROW",),
            topic=topic,
            on=selected(terms["mri"], label="an order"),
            scope=anything,
            when=anything,
            advice=Advice(indicator, "Think", ()) if indicator else Silence("a reason"),
            evidence=(Statement("s", "S0", "Stay active."),),
            if_unknown="stay silent",
        )

    return build


@pytest.fixture
def service(rule_of: Callable[..., Rule]) -> CdsService:
    """Return a service that speaks on two topics, one of them twice, and is silent on a third."""
    ladder = Ladder((rule_of(_topic("never", 0), None), rule_of(_topic("safety", 2), Indicator.CRITICAL)))
    rules = (rule_of(_topic("review", 3)), ladder, rule_of(_topic("safety", 2)), rule_of(None, None))
    return CdsService("group", ("order-select",), "Title", "Description", rules, frozenset())


def test_the_topics_of_a_service_are_those_it_can_speak_on(service: CdsService) -> None:
    """Each once, in the order of their cards; silence has no topic."""
    assert [topic.code for topic in topics(service)] == ["safety", "review"]


def test_clients_are_told_what_they_may_configure(service: CdsService) -> None:
    """The group, each topic, the number of cards: code, type, name, description, default."""
    offered = options(service, MISSING)

    assert [(item["code"], item["type"], item["default"]) for item in offered] == [
        ("group", "boolean", True),
        ("safety", "boolean", True),
        ("review", "boolean", True),
        ("max-cards", "integer", 3),
    ]
    assert [item["name"] for item in offered] == ["Title", "Safety", "Review", "Most cards to show"]
    assert all(item.keys() == {"code", "type", "name", "description", "default"} for item in offered)
    assert len({item["description"] for item in offered}) == len(offered)


def test_unread_data_is_no_option(rule_of: Callable[..., Rule]) -> None:
    """A switch that does nothing is not offered."""
    service = CdsService("group", ("order-select",), "T", "D", (rule_of(MISSING),), frozenset())

    assert [item["code"] for item in options(service, MISSING)] == ["group", "max-cards"]


def test_the_defaults_hide_nothing(service: CdsService) -> None:
    """A client that sends back what discovery offered sees every card."""
    said = {KEY: {str(item["code"]): item["default"] for item in options(service, MISSING)}}
    made = [_card("safety", "critical"), _card("review"), _card("data-missing")]

    assert shown(made, configuration_of(said), "group", MISSING) == made


@pytest.mark.parametrize("code", ["group", "safety", "review"])
def test_every_switch_offered_works(service: CdsService, code: str) -> None:
    """What discovery names is what a call may send."""
    made = [_card("safety"), _card("review"), _card("data-missing")]
    codes = [str(item["code"]) for item in options(service, MISSING)]
    configuration = configuration_of({KEY: {code: False}})

    assert code in codes
    assert len(shown(made, configuration, "group", MISSING)) == (1 if code == "group" else 2)
