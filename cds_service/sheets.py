"""The page a clinician signs: for each rule when it wakes, when it fires, what silences it, what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rules import Advice, Ladder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .criteria.finding import Criterion
    from .rules import CdsService, Guideline, Rule, Silence

_IF_UNKNOWN = {
    "stay silent": "it stays silent",
    "advise": "it advises all the same, and says what is not known",
    "advise without suggestions": "it advises without suggestions, and says what is not known",
}


def sheets(guideline: Guideline) -> str:
    """Return all rules of a guideline as one Markdown page, derived from the rules themselves."""
    return "\n".join(_page(guideline)) + "\n"


def _page(guideline: Guideline) -> Iterator[str]:
    yield f"# Rules of {guideline.name}"
    yield ""
    yield f"{guideline.label}. Written by `cds-service sheets` from the executable rules; do not edit."
    for service in guideline.services:
        yield from _service(service)
    yield ""
    yield "## Not computed"
    yield ""
    yield from (f"- {row}: {why}" for row, why in guideline.not_computed.items())


def _service(service: CdsService) -> Iterator[str]:
    yield ""
    yield f"## {service.title} (`{service.group}`)"
    yield ""
    yield f"{service.description} Hooks: {', '.join(service.hooks)}."
    yield ""
    yield f"Reads: {', '.join(f'{need.name} (`{need.key}`)' for need in sorted(service.needs))}."
    for item in service.rules:
        if isinstance(item, Ladder):
            yield ""
            yield "Of the following rules the first that applies decides, and the others stay silent:"
        yield from (
            line for rule in (item.rules if isinstance(item, Ladder) else (item,)) for line in sheet(rule)
        )
        if isinstance(item, Ladder):
            yield ""
            yield "(End of these rules.)"


def sheet(rule: Rule) -> Iterator[str]:
    """Yield the lines of one rule's sheet."""
    yield ""
    yield f"### {rule.id}"
    yield ""
    if rule.rows:
        yield f"Guideline rows: {', '.join(rule.rows)}."
        yield ""
    yield f"- Wakes when {rule.on.label}."
    yield "- Concerns the order only when the chart shows:"
    yield from _outline(rule.scope)
    yield "- Fires when the chart shows:"
    yield from _outline(rule.when)
    if rule.unless:
        yield "- Silenced when the chart shows:"
        yield from _outline(rule.unless)
        yield f"- When that cannot be told, {_IF_UNKNOWN[rule.if_unknown]}."
    yield from _said(rule.advice)
    if rule.evidence:
        yield "- Cites:"
        yield from (f"  - {statement}" for statement in rule.evidence)


def _outline(criterion: Criterion) -> Iterator[str]:
    for depth, line in criterion.outline:
        yield f"{'  ' * (depth + 1)}- {line}"


def _said(advice: Advice | Silence) -> Iterator[str]:
    if not isinstance(advice, Advice):
        yield f"- Says nothing, and keeps the rules below from speaking: {advice.because}."
        return
    yield f"- Says ({advice.indicator.value}): **{advice.summary}**"
    for line in advice.lines:
        yield f"  - {line.says}{f' (only when the chart shows {line.when.label})' if line.when else ''}"
    if advice.suggestions:
        yield "- Suggests:"
        for suggest in advice.suggestions:
            condition = f" (only when the chart shows {suggest.when.label})" if suggest.when else ""
            yield f"  - {suggest.said}{condition}"
    if advice.override_reasons:
        yield f"- Override reasons: {', '.join(reason.display or '' for reason in advice.override_reasons)}."
