"""Criteria on coded answers: what was answered last to a question, and what an answer overtakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.fhir import Observation
from cds_service.terminology import normalised
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding
from .measured import READABLE
from .records import finding_of
from .where import Where

if TYPE_CHECKING:
    from cds_service.answers import Need
    from cds_service.chart import Chart, Fact
    from cds_service.fhir import Coding
    from cds_service.terminology import ValueSet

    from .durations import Days


def answered(need: Need, value_set: ValueSet, *codings: Coding, within: Days, label: str) -> Criterion:
    """
    The latest coded answer to the question in `value_set` is one of `codings`.

    NO: another answer, or none on record. UNKNOWN: none found and the answer incomplete.
    """
    wanted = {normalised(coding.system, coding.code) for coding in codings}

    def judge(chart: Chart) -> Finding:
        facts = _coded_answers(chart, need, value_set, within)
        latest = max(facts, key=lambda fact: fact.span.last if fact.span else chart.today, default=None)
        hits = [latest] if latest and _answer(latest) & wanted else []
        return finding_of(
            label, [(fact, Certainty.PRESENT) for fact in hits], "" if latest else chart.gap(need)
        )

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset({value_set.name}))


def answered_otherwise(
    need: Need, value_set: ValueSet, *codings: Coding, within: Days, label: str
) -> Criterion:
    """
    The latest coded answer to the question in `value_set` is anything but one of `codings`.

    Of several answers on one day, one such is enough. An answer whose codes we do not know, or that
    is only words, is POSSIBLE: it may be anything. NO: one of `codings`, or no answer on record.
    UNKNOWN: none found and the answer incomplete.
    """
    excepted = {normalised(coding.system, coding.code) for coding in codings}
    systems = {key[0] for key in excepted if key}

    def sure(fact: Fact) -> Certainty:
        known = any(key and key[0] in systems for key in _answer(fact))
        return Certainty.PRESENT if known else Certainty.POSSIBLE

    def judge(chart: Chart) -> Finding:
        facts = _coded_answers(chart, need, value_set, within)
        newest = max((fact.span.last for fact in facts if fact.span), default=None)
        given = [fact for fact in facts if fact.span and fact.span.last == newest]
        hits = [(fact, sure(fact)) for fact in given if not _answer(fact) & excepted]
        return finding_of(label, hits, "" if given else chart.gap(need))

    return Criterion(label, frozenset({need}), judge, looks_at=frozenset({value_set.name}))


def _coded_answers(chart: Chart, need: Need, value_set: ValueSet, within: Days) -> list[Fact]:
    return [
        fact
        for fact in chart.facts(need, value_set.name)
        if _is_coded(fact) and fact.span and 0 <= fact.span.days_before(chart.today)[1] <= within.count
    ]


def _is_coded(fact: Fact) -> bool:
    resource = fact.resource
    return (
        isinstance(resource, Observation)
        and resource.status in READABLE
        and resource.value_codeable_concept is not None
    )


def _answer(fact: Fact) -> set[tuple[str, str] | None]:
    resource = fact.resource
    concept = resource.value_codeable_concept if isinstance(resource, Observation) else None
    return {normalised(c.system, c.code) for c in concept.coding} if concept else set()


def newer_than_answer(need: Need, value_set: ValueSet, *codings: Coding) -> Where:
    """Not overtaken by one of these coded answers given on a later day (SAFE-20)."""
    wanted = {normalised(coding.system, coding.code) for coding in codings}

    def holds(chart: Chart, fact: Fact) -> Truth:
        denials = [
            other.span
            for other in chart.facts(need, value_set.name)
            if _is_coded(other) and _answer(other) & wanted and other.span
        ]
        overtaken = fact.span is not None and any(span.first > fact.span.last for span in denials)
        return Truth.of(fact=not overtaken)

    return Where("not overtaken by a later answer", holds, frozenset({need}), frozenset({value_set.name}))
