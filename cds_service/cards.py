"""
Cards as CDS Hooks 2.0.1 has them, and how verdicts become cards: one per topic, most urgent first.

The models enforce the specification's limits by construction: a card that breaks one cannot
be built. No member is ever null or empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from .criteria.finding import shown
from .rules import Indicator, Outcome, unread
from .truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .chart import Chart, Fact
    from .criteria.finding import Finding
    from .fhir import Coding as FhirCoding
    from .rules import CdsService, Guideline, Rule, Spoken, Topic, Verdict
    from .suggestions import Suggestion as Offered
    from .terminology import Terminology

SUMMARY_LIMIT = 139
_NAME_LIMIT = 80
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_MARKUP = re.compile(r"([\\`*_\[\]|~]|^[#+-]|(?<=www)\.|:(?=//))")
_NUMBERED = re.compile(r"^(\d{1,9})\.(?=\s|$)")
_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]{1,64}")


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    def wire(self) -> dict[str, Any]:
        """Return the JSON object: camelCase, members without value left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


def _one_line(text: str) -> str:
    if "\n" in text or text != text.strip():
        msg = "a summary is one trimmed line"
        raise ValueError(msg)
    return text


Text = Annotated[str, Field(min_length=1)]
Summary = Annotated[str, Field(min_length=1, max_length=SUMMARY_LIMIT), AfterValidator(_one_line)]


class Coding(_Message):
    """A CDS Hooks Coding: code and system always, display where a person will read it."""

    system: Text
    code: Text
    display: Text | None = None


class Source(_Message):
    """Who says so."""

    label: Text
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    topic: Coding


class Action(_Message):
    """One change: create and update carry a resource, delete names one by `resourceId`."""

    type: Literal["create", "update", "delete"]
    description: Text
    resource: dict[str, Any] | None = None
    resource_id: Annotated[str, Field(pattern=r"^[A-Za-z]+/[A-Za-z0-9.-]{1,64}$")] | None = None

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        named = self.resource_id is not None
        if named == (self.resource is not None) or named != (self.type == "delete"):
            msg = "delete carries resourceId and nothing else; create and update carry resource"
            raise ValueError(msg)
        return self


class Suggestion(_Message):
    """A button."""

    label: Text
    uuid: Text
    is_recommended: bool | None = None
    actions: Annotated[list[Action], Field(min_length=1)]


class Card(_Message):
    """One piece of advice."""

    uuid: Text
    summary: Summary
    indicator: Literal["info", "warning", "critical"]
    detail: Text
    source: Source
    suggestions: Annotated[list[Suggestion], Field(min_length=1)] | None = None
    selection_behavior: Literal["any", "at-most-one"] | None = None
    override_reasons: Annotated[list[Coding], Field(min_length=1)] | None = None
    extension: dict[str, Any]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.suggestions is None) != (self.selection_behavior is None):
            msg = "selectionBehavior goes with suggestions, and never without"
            raise ValueError(msg)
        if sum(bool(item.is_recommended) for item in self.suggestions or ()) > 1:
            msg = "at most one suggestion is recommended"
            raise ValueError(msg)
        return self


def cards(  # noqa: PLR0913 - one call: what was asked, what was found, and two names for the response
    guideline: Guideline,
    service: CdsService,
    verdicts: tuple[Verdict, ...],
    chart: Chart,
    *,
    hook_instance: str,
    rules_url: str | None = None,
) -> list[Card]:
    """
    Return the cards of one call: one per topic, critical before warning before info, then by topic.

    hook_instance makes the card uuids reproducible. rules_url: where the signed-off rules can be
    read; the card's source links there.
    """
    by_topic: dict[Topic, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome is Outcome.SPEAKS and verdict.rule.topic:
            by_topic.setdefault(verdict.rule.topic, []).append(verdict)
    writer = _Writer(guideline, chart, hook_instance, rules_url)
    made = [(topic, writer.card(topic, group)) for topic, group in by_topic.items()]
    gaps = unread(service, verdicts, chart)
    if gaps:
        names = [f"{need.name}: {chart.gap(need)}" for need in gaps]
        made.append((guideline.data_missing, writer.missing(guideline.data_missing, names, verdicts)))
    made.sort(key=lambda item: (-Indicator(item[1].indicator).rank, item[0].rank))
    return [card for _, card in made]


class _Writer:
    """Writes the cards of one call."""

    def __init__(self, guideline: Guideline, chart: Chart, hook_instance: str, rules_url: str | None) -> None:
        self.guideline = guideline
        self.chart = chart
        self.namespace = instance_uuid(hook_instance)
        self.rules_url = rules_url

    def card(self, topic: Topic, verdicts: list[Verdict]) -> Card:
        """Merge the verdicts of one topic: the most urgent leads, in the order of the rules."""
        spoken = [verdict.spoken for verdict in verdicts if verdict.spoken]
        worst = max((item.indicator for item in spoken), key=lambda indicator: indicator.rank)
        rules = [verdict.rule for verdict in verdicts]
        orders = list(dict.fromkeys(order.reference for verdict in verdicts for order in verdict.orders))
        uuid = uuid5(self.namespace, f"{rules[0].id} {' '.join(orders)}")
        offered = _offered(spoken)
        reasons = list({c.code: c for rule in rules for c in _reasons(rule)}.values())
        return Card(
            uuid=str(uuid),
            summary=spoken[0].summary,
            indicator=worst.value,
            detail=self._detail(verdicts),
            source=self._source(topic, rules[0]),
            suggestions=[_suggestion(uuid, item, is_first) for item, is_first in offered] or None,
            selection_behavior="any" if offered else None,
            override_reasons=[_coding(item) for item in reasons] or None,
            extension=self._extension(rules, orders),
        )

    def missing(self, topic: Topic, names: Sequence[str], verdicts: Iterable[Verdict]) -> Card:
        """Write the card that names what could not be read (SAFE-35)."""
        orders = list(dict.fromkeys(order.reference for verdict in verdicts for order in verdict.orders))
        lines = [
            "This advice rests on incomplete data: what could not be read may hold findings that change it.",
            *(f"Not read: {plain(name, _NAME_LIMIT * 2)}." for name in names),
            self.guideline.footer,
        ]
        return Card(
            uuid=str(uuid5(self.namespace, f"{topic.code} {' '.join(orders)}")),
            summary="Part of the record could not be read: check it before relying on this advice",
            indicator="info",
            detail=_bullets(lines),
            source=self._source(topic, None),
            extension=self._extension([], orders),
        )

    def _detail(self, verdicts: list[Verdict]) -> str:
        spoken = [verdict.spoken for verdict in verdicts if verdict.spoken]
        orders = list({id(order): order for verdict in verdicts for order in verdict.orders}.values())
        statements = dict.fromkeys(item for verdict in verdicts for item in verdict.rule.evidence)
        parts = [
            _bullets(_lines(spoken)),
            _section("Order", [_named(order, self.chart.terminology) for order in orders]),
            *self._known(verdicts),
            _section("Evidence", [str(statement) for statement in statements]),
            self._signed([verdict.rule for verdict in verdicts]),
        ]
        return "\n\n".join(part for part in parts if part)

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
            _section(
                "Found in the chart", [_said(leaf) for leaf in reasons if leaf.because and not leaf.parts]
            ),
            _section("Not known from the chart", unknown),
            _sentence("Not recorded", [_absent(item) for item in screen if _unrecorded(item)]),
        ]

    def _source(self, topic: Topic, rule: Rule | None) -> Source:
        url = f"{self.rules_url}#{rule.id}" if self.rules_url and rule else self.rules_url
        return Source(label=self.guideline.label, url=url, topic=_coding(topic.coding))

    def _extension(self, rules: list[Rule], orders: list[str]) -> dict[str, Any]:
        rows = list(dict.fromkeys(row for rule in rules for row in rule.rows))
        listed: dict[str, Any] = {"rules": [rule.id for rule in rules], "rows": rows} if rules else {}
        judged = [reference for reference in orders if _REFERENCE.fullmatch(reference)]
        return {self.guideline.rule_extension: {**listed, **({"orders": judged} if judged else {})}}


def instance_uuid(hook_instance: str) -> UUID:
    """Return the call's UUID; one that is none still gives the same UUID each time."""
    try:
        return UUID(hook_instance)
    except ValueError:
        return uuid5(UUID(int=0), hook_instance)


def plain(text: str, limit: int = _NAME_LIMIT) -> str:
    """
    Return a string from the EHR as harmless Markdown: one line, no markup, no HTML, not too long.

    Control characters, bidirectional overrides and lone surrogates go; a shortened text ends
    with an ellipsis.
    """
    tidy = " ".join(_CONTROL.sub(" ", text).split())
    short = tidy if len(tidy) <= limit else tidy[: limit - 1] + "…"
    safe = short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _NUMBERED.sub(r"\1\\.", _MARKUP.sub(r"\\\1", safe))


def _named(order: Fact, terminology: Terminology) -> str:
    name = plain(order.code.name) or "order without a name"
    known = " (recognised by its name: its codes are not understood)" if order.by_name else ""
    identified = f", {order.reference}" if _REFERENCE.fullmatch(order.reference) else ""
    others = ", ".join(terminology.misnamed(order.code))
    amiss = f" (its name says {others}, its code does not: judged by its code)" if others else ""
    return f"{name}{identified}{known}{amiss}"


def _said(leaf: Finding) -> str:
    suspected = ", suspected" if leaf.certainty is Certainty.POSSIBLE else ""
    because = f": {plain(leaf.because, 3 * _NAME_LIMIT)}" if leaf.because else ""
    return f"{shown(leaf)}{suspected}{because}"


def _unrecorded(finding: Finding) -> bool:
    """Whether the record simply says nothing: an age that is known, or a value in range, is no gap."""
    return finding.truth is Truth.NO and (
        "not recorded" in finding.because or any(leaf.stale for leaf in finding.leaves)
    )


def _absent(finding: Finding) -> str:
    """Name what is not recorded, and the value that would tell if it were not too old (SAFE-12)."""
    stale = "; ".join(leaf.stale for leaf in finding.leaves if leaf.stale)
    return f"{shown(finding)} ({plain(stale, 2 * _NAME_LIMIT)})" if stale else shown(finding)


def _unknown(leaf: Finding) -> str:
    return f"{shown(leaf)}: {plain(leaf.because, 2 * _NAME_LIMIT)}" if leaf.because else shown(leaf)


def _lines(spoken: Sequence[Spoken]) -> list[str]:
    """Return what each rule says, once; the first summary is the card's, the others are lines too."""
    said = [line for n, item in enumerate(spoken) for line in (*([item.summary] if n else ()), *item.lines)]
    return [line for line in dict.fromkeys(said) if line != spoken[0].summary]


def _offered(spoken: Sequence[Spoken]) -> list[tuple[Offered, bool]]:
    """Return each suggestion once, with whether it is the one recommended: the first of those that may be."""
    offered = {item.label: item for one in spoken for item in one.suggestions}.values()
    first = next((item for item in offered if item.is_recommended), None)
    return [(item, item is first) for item in offered]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _section(title: str, lines: Iterable[str]) -> str:
    unique = list(dict.fromkeys(lines))
    return f"**{title}**\n\n{_bullets(unique)}" if unique else ""


def _sentence(title: str, items: Iterable[str]) -> str:
    unique = list(dict.fromkeys(items))
    return f"**{title}**: {'; '.join(unique)}." if unique else ""


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
                resource=dict(action.resource) if action.resource is not None else None,
                resource_id=action.resource_id,
            )
            for action in offered.actions
        ],
    )
