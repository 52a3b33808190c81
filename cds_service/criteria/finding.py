"""A criterion is a question to the chart; a finding is its answer, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_service.answers import Need
from cds_service.truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import ValueSet


@dataclass(frozen=True, slots=True)
class Finding:
    """
    The answer of one criterion on one chart.

    label: the criterion's, so that "the chart shows {label}" reads as a sentence.
    because: what it rests on, or why it cannot be known. certainty: of a YES.
    facts: the resources it rests on; of a compound, those that made it YES. parts: what a
    compound question was made of.
    masked: a security label of a resource asks for discretion; a card says "a recorded
    condition" (SAFE-30).
    stale: an older value, with its date, that was too old to count (SAFE-12).
    """

    label: str
    truth: Truth
    because: str = ""
    certainty: Certainty = Certainty.PRESENT
    facts: tuple[Fact, ...] = ()
    parts: tuple[Finding, ...] = ()
    masked: bool = False
    stale: str = ""

    @property
    def leaves(self) -> Iterator[Finding]:
        """The simple questions this answer was made of, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves

    @property
    def reasons(self) -> Iterator[Finding]:
        """The innermost findings with this one's truth, which made it so; a negation is a reason itself."""
        same = [part for part in self.parts if part.truth is self.truth]
        if not same:
            yield self
        for part in same:
            yield from part.reasons


def shown(finding: Finding) -> str:
    """Return the finding's label for a card; "a recorded condition" when a resource asks for discretion."""
    return "a recorded condition" if finding.masked else finding.label


@dataclass(frozen=True, eq=False)
class Criterion:
    """
    A question that is answered YES, NO or UNKNOWN.

    label: finishes "the chart shows ...". needs: all that `judge` may read. parts: the
    questions it is made of; a criterion with parts only combines their answers.
    about_order: the answer depends on the draft being judged. joins: how the parts are
    combined, in words; "" when the label says it all. looks_at: what it looks for in its needs,
    as names of value sets and elements of Patient (`Patient.birthDate`); None: it does not say,
    so that nothing it might read can be ruled out (disclosure.py).
    """

    label: str
    needs: frozenset[Need]
    judge: Callable[[Chart], Finding]
    parts: tuple[Criterion, ...] = ()
    about_order: bool = False
    joins: str = ""
    looks_at: frozenset[str] | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether it reads the chart itself."""
        return not self.parts

    def evaluate(self, chart: Chart) -> Finding:
        """Answer the question on this chart; reading beyond `needs` raises UndeclaredReadError."""
        return chart.ask(self)

    @property
    def phrase(self) -> str:
        """The question in one line: its label, or its parts when the label only says how they are joined."""
        if self.label != self.joins:
            return self.label
        return f"{self.joins}: {', '.join(part.phrase for part in self.parts)}"

    @property
    def heading(self) -> str:
        """The label, and how the parts below it are joined when the label alone does not say it."""
        return f"{self.label}: {self.joins}" if self.joins not in {"", self.label} else self.label

    @property
    def leaves(self) -> Iterator[Criterion]:
        """The simple questions it is made of, in order."""
        if self.is_leaf:
            yield self
        for part in self.parts:
            yield from part.leaves


def names_of(value_sets: Iterable[ValueSet]) -> frozenset[str]:
    """Return the names of value sets, as `Criterion.looks_at` wants them."""
    return frozenset(value_set.name for value_set in value_sets)


def compound(
    label: str,
    parts: tuple[Criterion, ...],
    combine: Callable[[tuple[Finding, ...]], Finding],
    joins: str = "",
) -> Criterion:
    """Return the criterion that asks `parts` and combines their findings; ValueError when there are none."""
    if not parts:
        msg = f"{label!r} asks nothing: name at least one criterion"
        raise ValueError(msg)
    return Criterion(
        label,
        frozenset[Need]().union(*(part.needs for part in parts)),
        lambda chart: combine(tuple(part.evaluate(chart) for part in parts)),
        parts,
        any(part.about_order for part in parts),
        joins,
    )


def all_of(*parts: Criterion, label: str = "all of") -> Criterion:
    """
    Every part holds.

    YES only when all are YES; NO as soon as one is NO; else UNKNOWN. The certainty of a YES
    is the lowest of its parts.
    """

    def combine(findings: tuple[Finding, ...]) -> Finding:
        truth = min((finding.truth for finding in findings), key=lambda item: item.value)
        certainty = min((finding.certainty for finding in findings), key=lambda item: item.value)
        return Finding(label, truth, _why(findings, truth), certainty, _facts(findings), findings)

    return compound(label, parts, combine, "all of")


def any_of(*parts: Criterion, label: str = "any of") -> Criterion:
    """
    At least one part holds.

    YES as soon as one is YES; NO only when all are NO; else UNKNOWN. The certainty of a YES
    is the highest of the parts that are YES.
    """

    def combine(findings: tuple[Finding, ...]) -> Finding:
        truth = max((finding.truth for finding in findings), key=lambda item: item.value)
        found = [finding.certainty for finding in findings if finding.truth is Truth.YES]
        certainty = max(found, key=lambda item: item.value, default=Certainty.PRESENT)
        return Finding(label, truth, _why(findings, truth), certainty, _facts(findings), findings)

    return compound(label, parts, combine, "any of")


def none_of(*parts: Criterion, label: str = "none of") -> Criterion:
    """No part holds: the mirror of any_of; UNKNOWN stays UNKNOWN."""
    asked = any_of(*parts)

    def judge(chart: Chart) -> Finding:
        finding = asked.evaluate(chart)
        return Finding(label, ~finding.truth, finding.because, parts=finding.parts)

    return Criterion(label, asked.needs, judge, parts, asked.about_order, "none of")


def possibly(criterion: Criterion, label: str = "") -> Criterion:
    """The criterion is not known to be untrue: UNKNOWN reads as a YES that is only POSSIBLE."""
    said = label or criterion.label

    def combine(findings: tuple[Finding, ...]) -> Finding:
        (finding,) = findings
        if finding.truth is Truth.UNKNOWN:
            return Finding(said, Truth.YES, finding.because, Certainty.POSSIBLE)
        return finding

    return compound(said, (criterion,), combine)


def confirmed(criterion: Criterion, label: str = "") -> Criterion:
    """The criterion is YES on what is certain: a YES that is only POSSIBLE reads as NO."""
    said = label or f"{criterion.label}, confirmed"

    def combine(findings: tuple[Finding, ...]) -> Finding:
        (finding,) = findings
        if finding.truth is Truth.YES and finding.certainty is Certainty.POSSIBLE:
            return Finding(said, Truth.NO, "only suspected", parts=findings)
        return finding

    return compound(said, (criterion,), combine)


def undecided(criterion: Criterion, label: str) -> Criterion:
    """The criterion cannot be answered: YES when it is UNKNOWN, else NO."""

    def combine(findings: tuple[Finding, ...]) -> Finding:
        (finding,) = findings
        return Finding(label, Truth.of(fact=finding.truth is Truth.UNKNOWN), finding.because, parts=findings)

    return compound(label, (criterion,), combine)


def concealed(criterion: Criterion, label: str, *, because: str) -> Criterion:
    """The criterion, but a YES tells nothing of what it rests on: no value, date or resource on a card."""

    def combine(findings: tuple[Finding, ...]) -> Finding:
        (finding,) = findings
        if finding.truth is Truth.YES:
            return Finding(label, Truth.YES, because, finding.certainty)
        return Finding(label, finding.truth, finding.because)

    return compound(label, (criterion,), combine)


def at_least(count: int, *parts: Criterion, label: str) -> Criterion:
    """So many parts hold: YES; so many might, if the UNKNOWN ones do: UNKNOWN; else NO."""

    def combine(findings: tuple[Finding, ...]) -> Finding:
        sure = sum(finding.truth is Truth.YES for finding in findings)
        open_ = sum(finding.truth is Truth.UNKNOWN for finding in findings)
        truth = Truth.YES if sure >= count else Truth.UNKNOWN if sure + open_ >= count else Truth.NO
        return Finding(label, truth, _why(findings, Truth.YES), facts=_facts(findings), parts=findings)

    return compound(label, parts, combine, f"at least {count} of")


def _why(findings: tuple[Finding, ...], truth: Truth) -> str:
    return "; ".join(finding.because for finding in findings if finding.truth is truth and finding.because)


def _facts(findings: tuple[Finding, ...]) -> tuple[Fact, ...]:
    return tuple(fact for finding in findings if finding.truth is Truth.YES for fact in finding.facts)
