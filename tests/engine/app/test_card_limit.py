"""SAFE-32: at most four cards when a chart is opened, and what is cut is in the trail."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from cds_service import (
    Advice,
    CdsService,
    Coding,
    Guideline,
    Indicator,
    Need,
    Rule,
    Statement,
    Topic,
    recorded,
)
from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.catalogue import Catalogue, Entry
from cds_service.criteria.orders import at
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cds_service.terminology import Terminology

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "the problem list")
HOOKS = ("patient-view", "encounter-discharge")
INFO, WARNING, CRITICAL = Indicator
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def _topic(code: str, rank: int) -> Topic:
    return Topic(Coding("http://example.org/topics", code, code), rank)


def _rule(terms: Terminology, rank: int, indicator: Indicator) -> Rule:
    pain = recorded(CONDITIONS, terms["pain"], label="pain")
    return Rule(
        id=f"rule-{rank}",
        rows=("ROW",),
        topic=_topic(f"topic-{rank}", rank),
        on=at(*HOOKS, label="a chart is opened or closed"),
        scope=pain,
        when=pain,
        advice=Advice(indicator, f"Card {rank}", ()),
        evidence=(Statement("s", "S0", "Stay active."),),
        if_unknown="stay silent",
    )


@pytest.fixture
def given(terms: Terminology, tmp_path: Path) -> Callable[..., tuple[list[str], dict[str, Any]]]:
    """Return what opens a chart with these indicators for topics 1, 2 ..., and gives cards and audit line."""

    def open_chart(
        *indicators: Indicator, hook: str = "patient-view", **members: object
    ) -> tuple[list[str], dict[str, Any]]:
        rules = tuple(_rule(terms, rank, indicator) for rank, indicator in enumerate(indicators, 1))
        service = CdsService("back", HOOKS, "Back", "Advises", rules, frozenset({CONDITIONS}))
        missing = _topic("data-missing", 99)
        guideline = Guideline(
            "back", "Back", "Foot.", (service,), terms, missing, "org.rules", most_cards={"patient-view": 4}
        )
        entries = {f"back-{name}": Entry(f"back-{name}", name, service, guideline) for name in HOOKS}
        trail = tmp_path / "trail"
        app = create_app(
            Catalogue(entries, (guideline,), "v1"),
            Settings(),
            clock=lambda _zone: date(2026, 11, 1),
            audit=Audit(f"file:{trail}"),
        )
        answer = TestClient(app).post(f"/cds-services/back-{hook}", json=_body(hook, **members))
        line = json.loads(trail.read_text().splitlines()[-1])
        return [card["source"]["topic"]["code"] for card in answer.json()["cards"]], line

    return open_chart


def _body(hook: str, **members: object) -> dict[str, Any]:
    coding = {"system": "http://snomed.info/sct", "code": "pain"}
    pain = {"resourceType": "Condition", "id": "c1", "code": {"coding": [coding]}}
    return {
        "hook": hook,
        "hookInstance": "7f3c1f6e-3b1e-4a53-8d0e-1d6f6b1f0c11",
        "context": {"userId": "Practitioner/u1", "patientId": "p1", "encounterId": "e1"},
        "prefetch": {"conditions": {"resourceType": "Bundle", "entry": [{"resource": pain}]}},
        **members,
    }


def test_four_cards_are_all_shown(given: Callable[..., tuple[list[str], dict[str, Any]]]) -> None:
    """The most urgent first, then in the order of the topics; nothing was cut."""
    shown, line = given(INFO, WARNING, INFO, CRITICAL)

    assert shown == ["topic-4", "topic-2", "topic-1", "topic-3"]
    assert line["not_shown"] == []


def test_the_fifth_card_is_cut_and_named_in_the_trail(
    given: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    """The least urgent one, of the last topic; its rule's verdict stays in the trail too."""
    shown, line = given(INFO, WARNING, INFO, CRITICAL, INFO)

    assert shown == ["topic-4", "topic-2", "topic-1", "topic-3"]
    assert line["not_shown"] == ["topic-5"]
    assert line["rules"]["rule-5"] == "speaks"


def test_a_warning_of_a_late_topic_outranks_an_early_reminder(
    given: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    """Urgency decides before the order of topics."""
    shown, line = given(INFO, INFO, INFO, INFO, WARNING)

    assert shown == ["topic-5", "topic-1", "topic-2", "topic-3"]
    assert line["not_shown"] == ["topic-4"]


def test_danger_is_never_cut(given: Callable[..., tuple[list[str], dict[str, Any]]]) -> None:
    """Five critical cards are five cards, and leave no room for others."""
    shown, line = given(*[CRITICAL] * 5, WARNING)

    assert shown == ["topic-1", "topic-2", "topic-3", "topic-4", "topic-5"]
    assert line["not_shown"] == ["topic-6"]


def test_what_could_not_be_read_is_never_cut(
    given: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    """The card that says so is one of the four."""
    pain = _body("")["prefetch"]["conditions"]
    partial = {**pain, "entry": [*pain["entry"], {"resource": FAILED}]}
    shown, line = given(INFO, INFO, INFO, INFO, prefetch={"conditions": partial})

    assert shown == ["topic-1", "topic-2", "topic-3", "data-missing"]
    assert line["not_shown"] == ["topic-4"]


def test_other_hooks_have_no_limit(given: Callable[..., tuple[list[str], dict[str, Any]]]) -> None:
    """The guideline speaks of opened charts."""
    shown, line = given(*[INFO] * 5, hook="encounter-discharge")

    assert len(shown) == 5
    assert line["not_shown"] == []


def test_a_client_may_want_fewer_cards_and_not_more(
    given: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    """Its own limit counts only below that of the guideline."""
    for wanted, count in ((2, 2), (9, 4)):
        said = {"davinci-crd.configuration": {"max-cards": wanted}}
        assert len(given(*[INFO] * 5, extension=said)[0]) == count


def test_a_topic_that_is_switched_off_makes_room(
    given: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    """Four are shown all the same, and the trail has the one that the client did not want."""
    said = {"davinci-crd.configuration": {"topic-1": False}}
    shown, line = given(*[INFO] * 5, extension=said)

    assert shown == ["topic-2", "topic-3", "topic-4", "topic-5"]
    assert line["not_shown"] == ["topic-1"]


def test_discovery_tells_the_limit(terms: Terminology) -> None:
    """Of each service and hook: as many cards as it can give, and no more than four on an opened chart."""
    rules = tuple(_rule(terms, rank, INFO) for rank in range(1, 6))
    service = CdsService("back", HOOKS, "Back", "Advises", rules, frozenset({CONDITIONS}))
    missing = _topic("data-missing", 99)
    guideline = Guideline(
        "back", "Back", "Foot.", (service,), terms, missing, "org.rules", most_cards={"patient-view": 4}
    )
    limits = []
    for hook in HOOKS:
        extension: Any = Entry(f"back-{hook}", hook, service, guideline).discovery["extension"]
        limits.append(extension["davinci-crd.configuration-options"][-1]["default"])

    assert limits == [4, 6]
