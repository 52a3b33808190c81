"""Criteria on the patient: age and administrative gender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.chart import Fact
from cds_service.fhir import CodeableConcept, span_of
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding

if TYPE_CHECKING:
    from datetime import date

    from cds_service.answers import Need
    from cds_service.chart import Chart
    from cds_service.fhir import Patient, Span

    from .episode import Episode

_BIRTH_DATE = frozenset({"Patient.birthDate"})


def aged(
    patient: Need, *, at_least: int = 0, below: int | None = None, cautious: bool = False, label: str
) -> Criterion:
    """
    The patient's age in completed years lies in [at_least, below).

    UNKNOWN: Patient not read, no birth date, or a partial one whose ends disagree; with
    `cautious` the last is a POSSIBLE yes (SAFE-43: the bound that asks for more care).
    """

    def judge(chart: Chart) -> Finding:
        person = chart.patient(patient)
        born = span_of(person.birth_date) if person else None
        if born is None:
            gap = chart.gap(patient)
            return Finding(label, Truth.UNKNOWN, gap or "no birth date recorded")
        ages = (_years(born.last, chart.today), _years(born.first, chart.today))
        fits = {at_least <= age and (below is None or age < below) for age in ages}
        if len(fits) > 1:
            truth = Truth.YES if cautious else Truth.UNKNOWN
            return Finding(label, truth, f"born {born}", Certainty.POSSIBLE, _known_of(person, born))
        return Finding(label, Truth.of(fact=fits.pop()), f"age {ages[0]}", facts=_known_of(person, born))

    return Criterion(label, frozenset({patient}), judge, looks_at=_BIRTH_DATE)


def aged_at_onset(patient: Need, episode: Episode, *, below: int, label: str) -> Criterion:
    """
    The patient was younger than `below` years when the episode began.

    YES also without an onset, as long as the patient is that young today. A partial date of birth
    or onset whose ends disagree is a POSSIBLE yes (SAFE-43). UNKNOWN: Patient not read, no birth
    date, or no onset.
    """

    def judge(chart: Chart) -> Finding:
        person = chart.patient(patient)
        born = span_of(person.birth_date) if person else None
        if born is None:
            return Finding(label, Truth.UNKNOWN, chart.gap(patient) or "no birth date recorded")
        if _years(born.first, chart.today) < below:
            today = f"age {_years(born.first, chart.today)} today"
            return Finding(label, Truth.YES, today, facts=_known_of(person, born))
        onset = episode.onset(chart)
        if onset is None:
            return Finding(label, Truth.UNKNOWN, chart.gap(episode.conditions) or "no onset recorded")
        facts = (*_known_of(person, born), *episode.entries(chart))
        if _years(born.last, onset.span.first) >= below:
            return Finding(label, Truth.NO, str(onset), facts=facts)
        sure = _years(born.first, onset.span.last) < below
        certainty = Certainty.PRESENT if sure else Certainty.POSSIBLE
        return Finding(label, Truth.YES, str(onset), certainty, facts)

    return Criterion(
        label, frozenset({patient}) | episode.needs, judge, looks_at=_BIRTH_DATE | episode.looks_at
    )


def _known_of(person: Patient | None, born: Span | None = None) -> tuple[Fact, ...]:
    """Return the Patient as what a finding rests on, dated by birth; none when there is none."""
    return (Fact(person, CodeableConcept(), span=born),) if person else ()


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def gender(patient: Need, code: str, *, label: str) -> Criterion:
    """Patient.gender is `code`. UNKNOWN: not read, missing, or "unknown"."""

    def judge(chart: Chart) -> Finding:
        person = chart.patient(patient)
        if person is None or person.gender in {None, "unknown"}:
            gap = chart.gap(patient)
            return Finding(label, Truth.UNKNOWN, gap or "not recorded")
        fits = Truth.of(fact=person.gender == code)
        return Finding(label, fits, person.gender or "", facts=_known_of(person))

    return Criterion(label, frozenset({patient}), judge, looks_at=frozenset({"Patient.gender"}))
