"""The page a clinician signs: for each rule when it wakes, when it fires, what silences it, what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .glossary import glossary_of
from .rules import Advice, Ladder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .answers import Need
    from .criteria.finding import Criterion
    from .glossary import Glossary
    from .rules import CdsService, Guideline, Rule, Silence

IF_UNKNOWN = {
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
    yield ""
    yield (
        'Each line finishes the sentence "the chart shows ...". A line that is a link is a finding that '
        "several rules ask for; it is explained once, under Findings."
    )
    terms = glossary_of(guideline)
    for service in guideline.services:
        yield from _service(service, terms)
    yield from _medicines(guideline, terms)
    yield from _findings(terms)
    yield ""
    yield "## Not computed"
    yield ""
    yield from (f"- {row}: {why}" for row, why in guideline.not_computed.items())


def _service(service: CdsService, terms: Glossary) -> Iterator[str]:
    yield ""
    yield f"## {service.title} (`{service.group}`)"
    yield ""
    yield f"{service.description} Hooks: {', '.join(service.hooks)}."
    yield ""
    yield f"Reads: {', '.join(_source(need) for need in sorted(service.needs))}."
    for item in service.rules:
        if isinstance(item, Ladder):
            yield from _ladder(item, terms)
        else:
            yield from _sheet(item, terms)


def _source(need: Need) -> str:
    offered = ", no prefetch template" if need.fallback else ""
    return f"{need.name} (`{need.key}`{offered})"


def _ladder(ladder: Ladder, terms: Glossary) -> Iterator[str]:
    """Yield a ladder's rungs; what they share, when they wake and whom they concern, is said once."""
    first = ladder.rules[0]
    yield ""
    yield f"### {', '.join(rule.id for rule in ladder.rules)}"
    yield ""
    yield "Of these the first that applies decides, and those below it stay silent. All of them:"
    yield ""
    yield from _waking(first, terms)
    for number, rule in enumerate(ladder.rules, start=1):
        yield from _sheet(rule, terms, number)


def _sheet(rule: Rule, terms: Glossary, rung: int = 0) -> Iterator[str]:
    """Yield the lines of one rule's sheet; `rung`: its number on a ladder, 0 for a rule of its own."""
    yield ""
    yield f"### {rule.id}"
    yield ""
    place = f"Number {rung} of its ladder. " if rung else ""
    yield f"{place}Guideline rows: {', '.join(rule.rows) or 'none'}."
    yield ""
    if not rung:
        yield from _waking(rule, terms)
    yield "- Fires when the chart shows:"
    yield from _outline(rule.when, terms)
    if rule.unless:
        yield "- Silenced when the chart shows:"
        yield from _outline(rule.unless, terms)
        yield f"- When that cannot be told, {IF_UNKNOWN[rule.if_unknown]}."
    yield from _said(rule.advice)
    if rule.evidence:
        yield "- Cites:"
        yield from (f"  - {statement}" for statement in rule.evidence)


def _waking(rule: Rule, terms: Glossary) -> Iterator[str]:
    yield f"- Wakes when {rule.on.label}."
    yield "- Concerns the order only when the chart shows:"
    yield from _outline(rule.scope, terms)


def _medicines(guideline: Guideline, terms: Glossary) -> Iterator[str]:
    """Yield, for each medicine that any card may suggest, all that keeps it from being suggested."""
    rules = [rule for service in guideline.services for rule in service.each_rule]
    suggested = {
        medicine.name: medicine
        for rule in rules
        if isinstance(rule.advice, Advice)
        for suggest in rule.advice.suggestions
        for medicine in suggest.medicines
    }
    yield ""
    yield "## Medicines that may be suggested"
    for name, medicine in suggested.items():
        yield ""
        yield f"### Suggesting {name}"
        yield ""
        product = medicine.product.display
        yield f"- Suggested ({product}) only when the chart shows none of this, and could tell:"
        yield from _outline(medicine.hazards, terms)
        for caution, said in medicine.cautions:
            yield f'- With the words "{said}" unless the chart shows that this is not so:'
            yield from _outline(caution, terms)


def _findings(terms: Glossary) -> Iterator[str]:
    """Yield what several rules ask for; findings of one name that differ have a number."""
    yield ""
    yield "## Findings"
    for name, criterion in terms.entries():
        yield ""
        yield f"### {name}"
        yield ""
        yield from (f"{'  ' * depth}- {line}" for depth, line in terms.lines(criterion, explained=True))


def _outline(criterion: Criterion, terms: Glossary) -> Iterator[str]:
    for depth, line in terms.lines(criterion):
        yield f"{'  ' * (depth + 1)}- {line}"


def _said(advice: Advice | Silence) -> Iterator[str]:
    if not isinstance(advice, Advice):
        yield f"- Says nothing, and keeps the rules below from speaking: {advice.because}."
        return
    yield f"- Says ({advice.indicator.value}): **{advice.summary}**"
    if advice.discreet:
        yield f"  - Of a record that asks for discretion it says only: {advice.discreet}"
    for line in advice.lines:
        yield f"  - {line.says}{f' (only when the chart shows {line.when.phrase})' if line.when else ''}"
    if advice.suggestions:
        yield "- Suggests:"
        for suggest in advice.suggestions:
            condition = f" (only when the chart shows {suggest.when.phrase})" if suggest.when else ""
            yield f"  - {suggest.said}{condition}"
    if advice.override_reasons:
        yield f"- Override reasons: {', '.join(reason.display or '' for reason in advice.override_reasons)}."
