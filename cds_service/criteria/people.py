"""Criteria on the patient: age and administrative gender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.fhir import span_of
from cds_service.truth import Certainty, Truth

from .finding import Criterion, Finding

if TYPE_CHECKING:
    from datetime import date

    from cds_service.answers import Need
    from cds_service.chart import Chart


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
            return Finding(label, truth, f"born {born}", Certainty.POSSIBLE)
        return Finding(label, Truth.of(fact=fits.pop()), f"age {ages[0]}")

    return Criterion(label, frozenset({patient}), judge)


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def gender(patient: Need, code: str, *, label: str) -> Criterion:
    """Patient.gender is `code`. UNKNOWN: not read, missing, or "unknown"."""

    def judge(chart: Chart) -> Finding:
        person = chart.patient(patient)
        if person is None or person.gender in {None, "unknown"}:
            gap = chart.gap(patient)
            return Finding(label, Truth.UNKNOWN, gap or "not recorded")
        return Finding(label, Truth.of(fact=person.gender == code), person.gender or "")

    return Criterion(label, frozenset({patient}), judge)
