"""
Findings that several rules ask for: the pages that a clinician signs explain each of them once.

A finding is worth a name of its own here when it has one (its label says more than how its parts are
joined), is made of parts, and is asked for in more than one place.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .criteria.finding import Criterion
    from .rules import Guideline

_Outline = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Glossary:
    """terms: outline of a finding -> its name on the page; names are distinct, in order of first use."""

    terms: Mapping[_Outline, str]

    def lines(self, criterion: Criterion, *, explained: bool = False) -> Iterator[tuple[int, str]]:
        """Yield the outline of a criterion; a term in it is a link, or a heading when it is `explained`."""
        asked = _bare(criterion)
        name = "" if explained else self.terms.get(tuple(asked.outline), "")
        if name:
            yield 0, f"[{name}](#{anchor(name)})"
            return
        yield 0, asked.heading
        for part in asked.parts:
            for depth, line in self.lines(part):
                yield depth + 1, line

    def entries(self, guideline: Guideline) -> Iterator[tuple[str, Criterion]]:
        """Yield each term's name with a criterion that it stands for, sorted by name."""
        known = {tuple(item.outline): item for item in _asked(guideline)}
        named = {name: known[outline] for outline, name in self.terms.items()}
        yield from sorted(named.items())


def glossary_of(guideline: Guideline) -> Glossary:
    """Return the terms of a guideline; findings of one name that differ are told apart by a number."""
    uses = Counter(
        tuple(item.outline) for item in _asked(guideline) if item.parts and item.label != item.joins
    )
    labels = {tuple(item.outline): item.label for item in _asked(guideline)}
    seen: Counter[str] = Counter()
    terms: dict[_Outline, str] = {}
    for outline, count in uses.items():
        if count > 1:
            label = labels[outline]
            seen[label] += 1
            terms[outline] = label if seen[label] == 1 else f"{label} ({seen[label]})"
    return Glossary(terms)


def anchor(heading: str) -> str:
    """Return the anchor that Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _asked(guideline: Guideline) -> Iterator[Criterion]:
    """Yield every criterion of every rule, parts and medicines' hazards included, as often as it is asked."""
    rules = (rule for service in guideline.services for rule in service.each_rule)
    for rule in rules:
        for criterion in rule.criteria:
            yield from _with_parts(_bare(criterion))


def _with_parts(criterion: Criterion) -> Iterator[Criterion]:
    yield criterion
    for part in criterion.parts:
        yield from _with_parts(_bare(part))


def _bare(criterion: Criterion) -> Criterion:
    """Return what a criterion of the same label wraps: the wrapping is about certainty, not about content."""
    inner = criterion
    while len(inner.parts) == 1 and inner.parts[0].label == inner.label:
        (inner,) = inner.parts
    return inner
