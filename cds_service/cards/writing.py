"""How verdicts become cards: one per topic, most urgent first, and what each of them says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid5

from cds_service.criteria.finding import shown
from cds_service.rules import Indicator, Outcome, unread
from cds_service.truth import Certainty, Truth

from .emptiness import without_empty
from .models import Action, Card, Coding, OverrideReason, Source, Suggestion
from .override_reasons import menu
from .text import NAME_LIMIT, bullets, plain, section, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cds_service.chart import Chart, Fact
    from cds_service.criteria.finding import Finding
    from cds_service.fhir import Coding as FhirCoding
    from cds_service.rules import CdsService, Guideline, Rule, Spoken, Topic, Verdict
    from cds_service.suggestions import Suggestion as Offered
    from cds_service.terminology import Terminology

SelectionBehavior = Literal["any", "at-most-one"]

ASSOCIATED_RESOURCE = "davinci-crd.associated-resource"
"""The card extension of Da Vinci CRD 2.2.1 that names the orders a card is about."""
_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]{1,256}")


def cards(  # noqa: PLR0913 - one call: what was asked, what was found, and how this client wants it
    guideline: Guideline,
    service: CdsService,
    verdicts: tuple[Verdict, ...],
    chart: Chart,
    *,
    hook_instance: str,
    rules_url: str | None = None,
    selection_behavior: SelectionBehavior = "any",
) -> list[Card]:
    """
    Return the cards of one call: one per topic, critical before warning before info, then by topic.

    hook_instance makes the card uuids reproducible. rules_url: where the signed-off rules can be
    read, each below it by its id; the card's source links to its first rule. selection_behavior:
    what the client understands.
    """
    by_topic: dict[Topic, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome is Outcome.SPEAKS and verdict.rule.topic:
            by_topic.setdefault(verdict.rule.topic, []).append(verdict)
    namespace = instance_uuid(hook_instance)
    writer = _Writer(guideline, service, chart, namespace, rules_url, selection_behavior)
    made = [(topic, writer.card(topic, group)) for topic, group in by_topic.items()]
    gaps = unread(service, verdicts, chart)
    if gaps:
        names = [f"{need.name}: {chart.gap(need)}" for need in gaps]
        made.append((guideline.data_missing, writer.missing(guideline.data_missing, names, verdicts)))
    made.sort(key=lambda item: (-Indicator(item[1].indicator).rank, item[0].rank))
    return [card for _, card in made]


@dataclass(frozen=True)
class _Writer:
    """Writes the cards of one call."""

    guideline: Guideline
    service: CdsService
    chart: Chart
    namespace: UUID
    rules_url: str | None
    selection_behavior: SelectionBehavior

    def card(self, topic: Topic, verdicts: list[Verdict]) -> Card:
        """Merge the verdicts of one topic: the most urgent leads, in the order of the rules."""
        spoken = [verdict.spoken for verdict in verdicts if verdict.spoken]
        worst = max((item.indicator for item in spoken), key=lambda indicator: indicator.rank)
        rules = [verdict.rule for verdict in verdicts]
        orders = _references(verdicts)
        uuid = uuid5(self.namespace, f"{rules[0].id} {' '.join(orders)}")
        offered = _offered(spoken)
        return Card(
            uuid=str(uuid),
            summary=spoken[0].summary,
            indicator=worst.value,
            detail=self._detail(verdicts),
            source=self._source(topic, rules[0]),
            suggestions=[_suggestion(uuid, item, is_first) for item, is_first in offered] or None,
            selection_behavior=self.selection_behavior if offered else None,
            override_reasons=self._override_reasons(rules) or None,
            extension=self._extension(rules, orders) or None,
        )

    def missing(self, topic: Topic, names: Sequence[str], verdicts: Sequence[Verdict]) -> Card:
        """Write the card that names what could not be read (SAFE-35)."""
        orders = _references(verdicts)
        lines = [
            "This advice rests on incomplete data: what could not be read may hold findings that change it.",
            *(f"Not read: {plain(name, NAME_LIMIT * 2)}." for name in names),
            self.guideline.footer,
        ]
        parts = [bullets(lines), self._orders(verdicts)]
        return Card(
            uuid=str(uuid5(self.namespace, f"{self.service.group} {topic.code} {' '.join(orders)}")),
            summary="Part of the record could not be read: check it before relying on this advice",
            indicator="info",
            detail="\n\n".join(part for part in parts if part),
            source=self._source(topic, None),
            extension=self._extension([], orders) or None,
        )

    def _detail(self, verdicts: list[Verdict]) -> str:
        spoken = [verdict.spoken for verdict in verdicts if verdict.spoken]
        statements = dict.fromkeys(item for verdict in verdicts for item in verdict.rule.evidence)
        parts = [
            bullets(_lines(spoken)),
            self._orders(verdicts),
            *self._known(verdicts),
            section("Evidence", [str(statement) for statement in statements]),
            self._signed([verdict.rule for verdict in verdicts]),
        ]
        return "\n\n".join(part for part in parts if part)

    def _orders(self, verdicts: Iterable[Verdict]) -> str:
        """Name each order in words, as a client that shows cards apart from orders needs it."""
        orders = {id(order): order for verdict in verdicts for order in verdict.orders}.values()
        counted = Counter(_named(order, self.chart.terminology) for order in orders)
        return section("Order", [f"{name} ({n} orders)" if n > 1 else name for name, n in counted.items()])

    def _signed(self, rules: list[Rule]) -> str:
        ids = ", ".join(rule.id for rule in rules)
        rows = ", ".join(dict.fromkeys(row for rule in rules for row in rule.rows))
        return f"Rules: {ids} ({rows}), {self.chart.today}. {self.guideline.footer}"

    def _known(self, verdicts: list[Verdict]) -> list[str]:
        """Say what was found, what could not be told, and what of the screen is not recorded."""
        screen = [finding for verdict in verdicts if verdict.spoken for finding in verdict.spoken.screen]
        asked = [finding for verdict in verdicts for finding in verdict.findings]
        reasons = [leaf for item in (*asked, *screen) if item.truth is Truth.YES for leaf in item.reasons]
        leaves = [leaf for finding in asked for leaf in finding.leaves]
        unknown = [_unknown(item) for item in (*leaves, *screen) if item.truth is Truth.UNKNOWN]
        return [
            section(
                "Found in the chart", [_said(leaf) for leaf in reasons if leaf.because and not leaf.parts]
            ),
            section("Not known from the chart", unknown),
            sentence("Not recorded", [_absent(item) for item in screen if _unrecorded(item)]),
        ]

    def _source(self, topic: Topic, rule: Rule | None) -> Source:
        url = f"{self.rules_url}/{rule.id}" if self.rules_url and rule else self.rules_url
        return Source(label=self.guideline.label, url=url, topic=_coding(topic.coding))

    def _override_reasons(self, rules: list[Rule]) -> list[OverrideReason]:
        named = [reason for rule in rules for reason in _reasons(rule)]
        return [
            OverrideReason(system=item.system or "", code=item.code or "", display=item.display or "")
            for item in menu(named, self.guideline.reasons_alike)
        ]

    def _extension(self, rules: list[Rule], orders: list[str]) -> dict[str, Any]:
        rows = list(dict.fromkeys(row for rule in rules for row in rule.rows))
        judged = [reference for reference in orders if _REFERENCE.fullmatch(reference)]
        listed = {"rules": [rule.id for rule in rules], "rows": rows, "orders": judged}
        associated = [{"reference": reference} for reference in judged]
        return without_empty({self.guideline.rule_extension: listed, ASSOCIATED_RESOURCE: associated})


def instance_uuid(hook_instance: str) -> UUID:
    """Return the call's UUID; one that is none still gives the same UUID each time."""
    try:
        return UUID(hook_instance)
    except ValueError:
        return uuid5(UUID(int=0), hook_instance)


def _references(verdicts: Iterable[Verdict]) -> list[str]:
    return list(dict.fromkeys(order.reference for verdict in verdicts for order in verdict.orders))


def _named(order: Fact, terminology: Terminology) -> str:
    name = plain(order.code.name) or "order without a name"
    known = " (recognised by its name: its codes are not understood)" if order.by_name else ""
    identified = f", {order.reference}" if _REFERENCE.fullmatch(order.reference) else ""
    others = ", ".join(terminology.misnamed(order.code))
    amiss = f" (its name says {others}, its code does not: judged by its code)" if others else ""
    return f"{name}{identified}{known}{amiss}"


def _said(leaf: Finding) -> str:
    suspected = ", suspected" if leaf.certainty is Certainty.POSSIBLE else ""
    because = f": {plain(leaf.because, 3 * NAME_LIMIT)}" if leaf.because else ""
    return f"{shown(leaf)}{suspected}{because}"


def _unrecorded(finding: Finding) -> bool:
    """Whether the record simply says nothing: an age that is known, or a value in range, is no gap."""
    return finding.truth is Truth.NO and (
        "not recorded" in finding.because or any(leaf.stale for leaf in finding.leaves)
    )


def _absent(finding: Finding) -> str:
    """Name what is not recorded, and the value that would tell if it were not too old (SAFE-12)."""
    stale = "; ".join(dict.fromkeys(leaf.stale for leaf in finding.leaves if leaf.stale))
    return f"{shown(finding)} ({plain(stale, 2 * NAME_LIMIT)})" if stale else shown(finding)


def _unknown(leaf: Finding) -> str:
    return f"{shown(leaf)}: {plain(leaf.because, 2 * NAME_LIMIT)}" if leaf.because else shown(leaf)


def _lines(spoken: Sequence[Spoken]) -> list[str]:
    """Return what each rule says, once; the first summary is the card's, the others are lines too."""
    said = [line for n, item in enumerate(spoken) for line in (*([item.summary] if n else ()), *item.lines)]
    return [line for line in dict.fromkeys(said) if line != spoken[0].summary]


def _offered(spoken: Sequence[Spoken]) -> list[tuple[Offered, bool]]:
    """Return each suggestion once, with whether it is the one recommended: the first of those that may be."""
    offered = {item.label: item for one in spoken for item in one.suggestions}.values()
    first = next((item for item in offered if item.is_recommended), None)
    return [(item, item is first) for item in offered]


def _reasons(rule: Rule) -> tuple[FhirCoding, ...]:
    return getattr(rule.advice, "override_reasons", ())


def _coding(coding: FhirCoding) -> Coding:
    return Coding(system=coding.system or "", code=coding.code or "", display=coding.display)


def _suggestion(card: UUID, offered: Offered, is_recommended: bool) -> Suggestion:  # noqa: FBT001
    return Suggestion(
        label=offered.label,
        uuid=str(uuid5(card, offered.label)),
        is_recommended=is_recommended or None,
        actions=[
            Action(
                type=action.type,
                description=action.description,
                resource=without_empty(dict(action.resource)) if action.resource is not None else None,
                resource_id=action.resource_id,
            )
            for action in offered.actions
        ],
    )
