"""
Rules, ladders of rules, services, guidelines; and `decide`, which judges a service's rules on a chart.

`decide` is total and pure: data never makes it raise, and every rule that was awake leaves a
Verdict, also when it stays silent, so that "why did (or did not) this card appear?" is one look.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Literal

from .answers import Need
from .evidence import Publication
from .truth import Truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .chart import Chart, Context, Fact
    from .criteria.finding import Criterion, Finding
    from .criteria.orders import Moment, Trigger
    from .evidence import Statement
    from .fhir import Coding
    from .order_names import OrderName
    from .suggestions import Built, Suggest, Suggestion
    from .terminology import Terminology


class GuidelineError(ValueError):
    """A guideline contradicts itself; raised at start-up only, with the rule's id and the remedy."""


class Indicator(Enum):
    """How urgent a card is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Higher is more urgent."""
        return list(Indicator).index(self)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a card is about: one card per topic and response. `rank` is its place in the response."""

    coding: Coding
    rank: int

    @property
    def code(self) -> str:
        """Its code."""
        return self.coding.code or ""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a card's detail, said only while its criterion is YES (or always, without one)."""

    says: str
    when: Criterion | None = None


@dataclass(frozen=True)
class Advice:
    """
    What a rule says.

    summary: under 140 characters, finding first. lines: what to do, most important first.
    screen: criteria whose NO the card lists as "not recorded" (guideline.md section 7).
    discreet: said in place of summary and lines when a resource that made the rule fire asks for
    discretion (SAFE-30); "" when they name no condition.
    """

    indicator: Indicator
    summary: str
    lines: tuple[Line, ...]
    suggestions: tuple[Suggest, ...] = ()
    override_reasons: tuple[Coding, ...] = ()
    screen: tuple[Criterion, ...] = ()
    discreet: str = ""

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What its lines, suggestions and screen ask."""
        lines = (line.when for line in self.lines if line.when)
        offered = (criterion for suggest in self.suggestions for criterion in suggest.criteria)
        return (*lines, *self.screen, *offered)


@dataclass(frozen=True)
class Silence:
    """A rung that says nothing and keeps the rungs below it from speaking; `because` goes on the sheet."""

    because: str
    data_missing: bool = False


IfUnknown = Literal["stay silent", "advise", "advise without suggestions"]


@dataclass(frozen=True)
class Rule:
    """
    One situation and what is said in it.

    on: which orders, or which hook, wake it; it reads nothing else before. scope: NO puts an order beyond
    its concern (SAFE-31). when: must be YES. unless: YES silences; UNKNOWN is governed by
    `if_unknown`, which has no default. rows: the guideline rows it carries out.
    """

    id: str
    rows: tuple[str, ...]
    topic: Topic | None
    on: Trigger | Moment
    scope: Criterion
    when: Criterion
    advice: Advice | Silence
    evidence: tuple[Statement, ...]
    if_unknown: IfUnknown
    unless: Criterion | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Everything it may ask, once awake."""
        unless = (self.unless,) if self.unless else ()
        said = self.advice.criteria if isinstance(self.advice, Advice) else ()
        return (self.scope, self.when, *unless, *said)

    @cached_property
    def needs(self) -> frozenset[Need]:
        """Everything it may read, once awake."""
        return frozenset[Need]().union(*(criterion.needs for criterion in self.criteria))


@dataclass(frozen=True)
class Ladder:
    """
    Rules of which, per order, the first that applies decides; of several orders, the highest rung.

    All of them wake on the same.
    """

    rules: tuple[Rule, ...]


class Outcome(Enum):
    """What became of a rule that was awake."""

    SPEAKS = "speaks"
    SILENT = "silent"
    OUT_OF_SCOPE = "out of scope"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Spoken:
    """An Advice as it came out on this chart."""

    indicator: Indicator
    summary: str
    lines: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    screen: tuple[Finding, ...]


@dataclass(frozen=True)
class Verdict:
    """
    One rule on one call: what it came to, for which orders, on what findings.

    orders: those it speaks about (or was asked about); none when a hook woke it. findings:
    scope, when, unless, as far as they were asked, of the first order. spoken: only when it
    SPEAKS.
    """

    rule: Rule
    outcome: Outcome
    orders: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    spoken: Spoken | None = None


@dataclass(frozen=True)
class CdsService:
    """
    One service group: its rules, on these hooks.

    quiet: needs whose gaps are a line in a card's detail and no data-missing card. required:
    needs without which no rule can speak (412 when nobody could be asked for them).
    """

    group: str
    hooks: tuple[str, ...]
    title: str
    description: str
    rules: tuple[Rule | Ladder, ...]
    required: frozenset[Need]
    quiet: frozenset[Need] = frozenset()

    @cached_property
    def each_rule(self) -> tuple[Rule, ...]:
        """Every rule, rungs of ladders included, in order."""
        rungs = (item.rules if isinstance(item, Ladder) else (item,) for item in self.rules)
        return tuple(chain.from_iterable(rungs))

    @cached_property
    def needs(self) -> frozenset[Need]:
        """Everything its rules may read."""
        return frozenset[Need]().union(*(rule.needs for rule in self.each_rule))

    def awake(self, context: Context) -> bool:
        """Whether some rule has something to judge."""
        return any(rule.on.orders(context) for rule in self.each_rule)

    def needs_in(self, context: Context) -> frozenset[Need]:
        """Everything that the rules that are awake may read."""
        awake = (rule.needs for rule in self.each_rule if rule.on.orders(context))
        return frozenset[Need]().union(*awake)


@dataclass(frozen=True)
class Guideline:
    """
    A package of services with their codes and words.

    label: `card.source.label`. data_missing: the topic of the card that names what could not
    be read. rule_extension: reverse-DNS name of the card extension that lists rule ids.
    contradictory: pairs of value sets that must share no code. order_names: how an order
    without any understood code may be recognised. reasons_alike: code of an
    override reason of this guideline -> the standard reason that says the same (docs/adr/0007).
    not_computed: guideline row -> why no rule carries it out, or not in full. kept: row -> what
    keeps it instead of a rule, with the tests that show it as `path::test`. publication: who
    made it, when, from which articles. most_cards: hook -> how many cards a response to it has
    at most; critical cards and the one on unread data are given beyond it (SAFE-32).
    """

    name: str
    label: str
    footer: str
    services: tuple[CdsService, ...]
    terminology: Terminology
    data_missing: Topic
    rule_extension: str
    contradictory: tuple[tuple[str, str], ...] = ()
    order_names: tuple[OrderName, ...] = ()
    not_computed: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    reasons_alike: Mapping[str, str] = field(default_factory=dict)
    most_cards: Mapping[str, int] = field(default_factory=dict)
    publication: Publication = field(default_factory=Publication)


def decide(service: CdsService, chart: Chart) -> tuple[Verdict, ...]:
    """Judge every rule that the context wakes; the order of the verdicts is that of the rules."""
    verdicts: list[Verdict] = []
    for item in service.rules:
        if isinstance(item, Ladder):
            verdicts += _climb(item, chart)
        elif orders := item.on.orders(chart.context):
            verdicts.append(_judge(item, orders, chart))
    return tuple(verdicts)


def _judge(rule: Rule, orders: tuple[Fact | None, ...], chart: Chart) -> Verdict:
    judged = [(order, *_applies(rule, chart.judging(order))) for order in orders]
    best = max(judged, key=lambda item: _WEIGHT[item[1]])
    if best[1] is not Outcome.SPEAKS:
        return Verdict(rule, best[1], _named(best[0]), best[2])
    speaking = tuple(order for order, outcome, _ in judged if outcome is Outcome.SPEAKS)
    return _speak(rule, speaking, best[2], chart)


def _named(*orders: Fact | None) -> tuple[Fact, ...]:
    return tuple(order for order in orders if order is not None)


_WEIGHT = {Outcome.OUT_OF_SCOPE: 0, Outcome.SILENT: 1, Outcome.UNDECIDED: 2, Outcome.SPEAKS: 3}


def _applies(rule: Rule, chart: Chart) -> tuple[Outcome, tuple[Finding, ...]]:
    scope = rule.scope.evaluate(chart)
    if scope.truth is Truth.NO:
        return Outcome.OUT_OF_SCOPE, (scope,)
    when = rule.when.evaluate(chart)
    if when.truth is not Truth.YES or scope.truth is Truth.UNKNOWN:
        return Outcome.SILENT if when.truth is Truth.NO else Outcome.UNDECIDED, (scope, when)
    if rule.unless is None:
        return Outcome.SPEAKS, (scope, when)
    unless = rule.unless.evaluate(chart)
    findings = (scope, when, unless)
    if unless.truth is Truth.YES:
        return Outcome.SILENT, findings
    if unless.truth is Truth.UNKNOWN and rule.if_unknown == "stay silent":
        return Outcome.UNDECIDED, findings
    return Outcome.SPEAKS, findings


def _climb(ladder: Ladder, chart: Chart) -> list[Verdict]:
    """Return one verdict per rung down to the one that decides; undecided rungs are passed over."""
    trigger = ladder.rules[0].on
    judged = [
        (order, [_applies(rule, chart.judging(order)) for rule in ladder.rules])
        for order in trigger.orders(chart.context)
    ]
    for number, rule in enumerate(ladder.rules):
        speaking = tuple(order for order, rungs in judged if rungs[number][0] is Outcome.SPEAKS)
        if speaking:
            findings = next(rungs[number][1] for order, rungs in judged if order is speaking[0])
            passed = _passed(ladder.rules[:number], judged)
            concerned = [order for order, rungs in judged if rungs[number][0] is not Outcome.OUT_OF_SCOPE]
            return [*passed, replace(_speak(rule, speaking, findings, chart), orders=_named(*concerned))]
    return _passed(ladder.rules, judged)


def _passed(
    rules: tuple[Rule, ...], judged: list[tuple[Fact | None, list[tuple[Outcome, tuple[Finding, ...]]]]]
) -> list[Verdict]:
    """Return the verdicts of rungs that were passed over, as they are for the first order."""
    return [
        Verdict(rule, outcome, _named(order), findings)
        for order, rungs in judged[:1]
        for rule, (outcome, findings) in zip(rules, rungs, strict=False)
    ]


def _speak(
    rule: Rule, judged: tuple[Fact | None, ...], findings: tuple[Finding, ...], chart: Chart
) -> Verdict:
    advice, orders = rule.advice, _named(*judged)
    if isinstance(advice, Silence):
        outcome = Outcome.UNDECIDED if advice.data_missing else Outcome.SILENT
        return Verdict(rule, outcome, orders, findings)
    about = chart.judging(judged[0])
    summary, lines = _said(advice, findings[1], about)
    built = [] if _withhold(rule, findings) else [item.on(about, orders) for item in advice.suggestions]
    spoken = Spoken(
        advice.indicator,
        summary,
        (*lines, *_distinct(built)),
        tuple(suggestion for item in built for suggestion in item.suggestions),
        tuple(criterion.evaluate(about) for criterion in advice.screen),
    )
    return Verdict(rule, Outcome.SPEAKS, orders, findings, spoken)


def _said(advice: Advice, why: Finding, chart: Chart) -> tuple[str, list[str]]:
    """Return summary and lines; the finding that made the rule fire may ask for discretion."""
    if advice.discreet and any(reason.masked for reason in why.reasons):
        return advice.discreet, []
    return advice.summary, [
        line.says
        for line in advice.lines
        if line.when is None or line.when.evaluate(chart).truth is Truth.YES
    ]


def _withhold(rule: Rule, findings: tuple[Finding, ...]) -> bool:
    unknown = any(finding.truth is Truth.UNKNOWN for finding in findings)
    return unknown and rule.if_unknown == "advise without suggestions"


def _distinct(built: list[Built]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for item in built for line in item.lines))


def unread(service: CdsService, verdicts: tuple[Verdict, ...], chart: Chart) -> tuple[Need, ...]:
    """
    Return the needs whose gaps bear on these verdicts, sorted by key.

    Rules that are out of scope, or silent for a reason that is known, could not have said
    more with more data; `quiet` needs never count.
    """
    open_ended = [item.rule for item in verdicts if item.outcome in {Outcome.SPEAKS, Outcome.UNDECIDED}]
    needs = frozenset[Need]().union(*(rule.needs for rule in open_ended))
    return tuple(sorted(need for need in needs - service.quiet if chart.gap(need)))


def unavailable(service: CdsService, verdicts: tuple[Verdict, ...], chart: Chart) -> tuple[Need, ...]:
    """
    Return the required needs that nobody could be asked for, when no rule could speak without them (412).

    Empty when some rule spoke, when the gap does not bear on the verdicts, or when a source
    was asked and failed: then the answer says so in a data-missing card (docs/adr/0001).
    """
    if any(verdict.outcome is Outcome.SPEAKS for verdict in verdicts):
        return ()
    gaps = unread(service, verdicts, chart)
    return tuple(need for need in gaps if need in service.required and chart.answer(need).absent)
