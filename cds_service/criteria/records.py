"""Criteria on what is written down: problems, allergies, procedures, reports; also what only text names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.terminology import ValueSet

    from .where import Where

_TEXT_LENGTH = 300
"""Longer entry texts are judged by their beginning: matching stays cheap whatever an EHR sends."""


def recorded(
    need: Need,
    *value_sets: ValueSet,
    label: str,
    where: Where | None = None,
    ever: bool = False,
    status: frozenset[str] | None = None,
    at_most: Certainty = Certainty.PRESENT,
    all_coded: bool = False,
) -> Criterion:
    """
    A resource of `need` is coded in one of `value_sets`, current unless `ever`.

    Certainty (SAFE-07): that of the surest entry, never above `at_most`; an entry of which
    `where` cannot tell is POSSIBLE. A refuted entry is NO. `status` keeps only resources
    of these statuses. UNKNOWN: nothing found, and the answer was incomplete; with `all_coded`
    also when some current entry has no code that can be interpreted (SAFE-33).
    """
    names = [value_set.name for value_set in value_sets]
    said = f"{label} {where.label}" if where else label

    def judge(chart: Chart) -> Finding:
        found: list[tuple[Fact, Certainty]] = []
        for fact in chart.facts(need, *names):
            certainty = _weighed(chart, fact, where, ever=ever, status=status)
            if certainty is not Certainty.ABSENT_STATED:
                found.append((fact, min(certainty, at_most, key=lambda item: item.value)))
        unclear = opaque(chart, need) if all_coded else ""
        return finding_of(label, found, chart.gap(need) or unclear)

    return Criterion(
        said,
        (need.and_beside if all_coded else frozenset({need})) | (where.needs if where else frozenset()),
        judge,
        looks_at=frozenset(names) | (where.looks_at if where else frozenset()),
    )


def finding_of(label: str, found: Iterable[tuple[Fact, Certainty]], gap: str) -> Finding:
    """Return the finding for these facts: YES with the surest; none: NO, or UNKNOWN when data are missing."""
    found = sorted(found, key=lambda item: -item[1].value)
    if not found:
        if gap:
            return Finding(label, Truth.UNKNOWN, gap)
        return Finding(label, Truth.NO, "not recorded")
    surest = found[0][1]
    facts = tuple(fact for fact, certainty in found if certainty is surest)
    because = ", ".join(dict.fromkeys(f"{fact.dated} ({fact.reference})" for fact in facts[:_NAMED]))
    masked = any(fact.sensitive for fact in facts)
    return Finding(label, Truth.YES, because, surest, facts, masked=masked)


_NAMED = 3
"""How many resources a finding names on a card."""


def _weighed(
    chart: Chart, fact: Fact, where: Where | None, *, ever: bool, status: frozenset[str] | None
) -> Certainty:
    if not (fact.current or ever):
        return Certainty.ABSENT_STATED
    if status is not None and getattr(fact.resource, "status", None) not in status:
        return Certainty.ABSENT_STATED
    fits = where.holds(chart, fact) if where else Truth.YES
    if fits is Truth.NO:
        return Certainty.ABSENT_STATED
    if fits is Truth.UNKNOWN and fact.certainty is Certainty.PRESENT:
        return Certainty.POSSIBLE
    return fact.certainty


def mentioned(need: Need, stems: tuple[str, ...], *, unless: tuple[str, ...], label: str) -> Criterion:
    """
    The text of a current entry without any understood code names one of `stems` (SAFE-46).

    Always POSSIBLE: text may raise a question, never answer one. Words in `unless` (family,
    screening, denies ...) skip the entry. Stems and words are lower case and match at the
    start of a word; words in `unless` match whole.
    """
    wanted = re.compile(r"\b(?:" + "|".join(re.escape(stem) for stem in stems) + ")")
    skipped = re.compile(r"\b(?:" + "|".join(re.escape(word) for word in unless) + r")\b")

    def names(fact: Fact) -> bool:
        texts = [fact.code.text, *(coding.display for coding in fact.code.coding)]
        said = " ".join(text for text in texts if text).lower()[:_TEXT_LENGTH]
        return bool(wanted.search(said)) and not skipped.search(said)

    def judge(chart: Chart) -> Finding:
        found = [
            (fact, Certainty.POSSIBLE)
            for fact in chart.facts(need)
            if fact.current
            and not fact.sets
            and fact.certainty is not Certainty.ABSENT_STATED
            and names(fact)
        ]
        return finding_of(label, found, chart.gap(need))

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset())


def read(*needs: Need, label: str) -> Criterion:
    """Everything these needs ask for was read completely: YES, or NO with the reason; never UNKNOWN."""

    def judge(chart: Chart) -> Finding:
        gaps = [f"{need.name}: {chart.gap(need)}" for need in needs if chart.gap(need)]
        return Finding(label, Truth.of(fact=not gaps), "; ".join(gaps))

    return Criterion(label, frozenset(needs), judge, looks_at=frozenset())


def opaque(chart: Chart, need: Need) -> str:
    """Say how many current entries have no code that can be interpreted; "" when none."""
    count = sum(1 for fact in chart.facts_with_beside(need) if fact.current and not fact.interpretable)
    return f"{count} without a code that can be interpreted" if count else ""


def interpretable(need: Need, *, label: str) -> Criterion:
    """Every current entry has a code that we can read; otherwise it may be anything (SAFE-33)."""

    def judge(chart: Chart) -> Finding:
        unclear = opaque(chart, need)
        if unclear:
            return Finding(label, Truth.NO, unclear)
        gap = chart.gap_with_beside(need)
        return Finding(label, Truth.UNKNOWN if gap else Truth.YES, gap)

    return Criterion(label, need.and_beside, judge, looks_at=frozenset())
