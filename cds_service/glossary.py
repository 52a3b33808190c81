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
    """names: each criterion that is a term -> its name on the page; terms that read alike share one."""

    names: Mapping[Criterion, str]

    def lines(self, criterion: Criterion, *, explained: bool = False) -> Iterator[tuple[int, str]]:
        """Yield the outline of a criterion; a term in it is a link, or a heading when it is `explained`."""
        asked = _bare(criterion)
        name = "" if explained else self.names.get(asked, "")
        if name:
            yield 0, f"[{name}](#{anchor(name)})"
            return
        yield 0, asked.heading
        for part in asked.parts:
            for depth, line in self.lines(part):
                yield depth + 1, line

    def entries(self) -> Iterator[tuple[str, Criterion]]:
        """Yield each term's name with a criterion that it stands for, sorted by name."""
        yield from sorted({name: criterion for criterion, name in self.names.items()}.items())


def glossary_of(guideline: Guideline) -> Glossary:
    """Return the terms of a guideline; findings of one name that differ are told apart by a number."""
    asked = Counter(_asked(guideline))
    outlines: dict[Criterion, _Outline] = {}
    uses: Counter[_Outline] = Counter()
    for criterion, times in asked.items():
        uses[_outline(criterion, outlines)] += times
    names: dict[_Outline, str] = {}
    seen: Counter[str] = Counter()
    for criterion in asked:
        outline = outlines[criterion]
        if (
            criterion.parts
            and criterion.label != criterion.joins
            and uses[outline] > 1
            and outline not in names
        ):
            seen[criterion.label] += 1
            number = seen[criterion.label]
            names[outline] = criterion.label if number == 1 else f"{criterion.label} ({number})"
    return Glossary({item: names[outlines[item]] for item in asked if outlines[item] in names})


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


def _outline(criterion: Criterion, known: dict[Criterion, _Outline]) -> _Outline:
    """Return what a criterion reads as, and keep it in `known`: most are parts of many others."""
    if criterion not in known:
        parts = (line for part in criterion.parts for line in _outline(_bare(part), known))
        known[criterion] = ((0, criterion.heading), *((depth + 1, line) for depth, line in parts))
    return known[criterion]


def _bare(criterion: Criterion) -> Criterion:
    """Return what a criterion of the same label wraps: the wrapping is about certainty, not about content."""
    inner = criterion
    while len(inner.parts) == 1 and inner.parts[0].label == inner.label:
        (inner,) = inner.parts
    return inner
