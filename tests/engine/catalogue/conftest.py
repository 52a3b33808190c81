"""A guideline of one rule that is fit to serve, to be spoiled one way at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import (
    Advice,
    CdsService,
    Coding,
    Guideline,
    Indicator,
    Line,
    Need,
    Rule,
    Statement,
    Terminology,
    Topic,
    ValueSet,
    order_is,
    recorded,
    selected,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LOINC = "http://loinc.org"
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}&_count=200", "problem list")
TOPIC = Topic(Coding("http://example.org/fhir/lbp-cds/topics", "scan"), 1)


def _value_set(name: str, *codes: str) -> ValueSet:
    keys = [(LOINC, code) for code in codes]
    return ValueSet(name, name, frozenset(keys), displays=dict.fromkeys(keys, name))


@dataclass(frozen=True)
class World:
    """The value sets `scan` and `pain`, which share the code both-1, and the Need of the rule."""

    terms: Terminology
    conditions: Need


@pytest.fixture
def world() -> World:
    """Return a fresh world: which value sets are used is kept in it."""
    terms = Terminology([_value_set("scan", "scan-1", "both-1"), _value_set("pain", "pain-1", "both-1")])
    return World(terms, CONDITIONS)


@pytest.fixture
def rule(world: World) -> Rule:
    """Return the rule."""
    scan, pain = world.terms["scan"], world.terms["pain"]
    return Rule(
        id="scan-for-pain",
        rows=("ROW-1",),
        topic=TOPIC,
        on=selected(scan, label="a scan is ordered"),
        scope=order_is(scan, label="a scan"),
        when=recorded(CONDITIONS, pain, label="pain"),
        if_unknown="stay silent",
        advice=Advice(Indicator.INFO, "The scan can wait", (Line("Wait."),)),
        evidence=(Statement("S.ONE", "S1", "Scans can wait."),),
    )


@pytest.fixture
def guideline_of(world: World) -> Callable[..., Guideline]:
    """Build a guideline of these rules, with what else is to be different."""

    def build(*rules: Rule, **changes: Any) -> Guideline:  # noqa: ANN401 - fields of Guideline
        service = CdsService("g", ("order-select",), "t", "d", rules, frozenset())
        guideline = Guideline("g", "label", "footer", (service,), world.terms, TOPIC, "org.example.rules")
        return replace(guideline, **changes)

    return build
