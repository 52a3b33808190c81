"""When an order is to begin: to the day, whichever element says it, and never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import Need
from cds_service.criteria.durations import days, weeks
from cds_service.criteria.episode import Episode
from cds_service.criteria.starts import begins
from cds_service.terminology import RXNORM, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
NO, _, YES = Truth
THERAPY = {"coding": [{"system": SNOMED_CT, "code": "therapy"}]}
DRUG = {"coding": [{"system": RXNORM, "code": "1"}]}


@pytest.fixture
def pain(terms: Terminology) -> Episode:
    """Return an episode of pain."""
    return Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        chronic=terms["chronic-pain"],
        acute=terms["acute-pain"],
        join=days(84),
        acute_below=days(28),
        chronic_after=days(84),
    )


def _judged(chart: Chart, pain: Episode) -> Truth:
    criterion = begins(pain, at_least=weeks(4), label="it begins after 4 weeks")
    return criterion.evaluate(chart).truth


def _pain(**members: object) -> dict[str, Any]:
    code = {"coding": [{"system": SNOMED_CT, "code": "pain"}]}
    return {"resourceType": "Condition", "code": code, **members}


@pytest.mark.parametrize(
    ("occurrence", "late"),
    [
        ({"occurrenceDateTime": "2026-11-29"}, YES),
        ({"occurrenceDateTime": "2026-11-28"}, NO),
        ({"occurrenceDateTime": "2026-11-29T08:00:00+01:00"}, YES),
        ({"occurrencePeriod": {"start": "2026-11-29"}}, YES),
        ({"occurrencePeriod": {"start": "2026-11-28", "end": "2027-01-01"}}, NO),
        ({"occurrencePeriod": {"end": "2027-01-01"}}, NO),
        ({"occurrenceDateTime": "2026-11"}, YES),
        ({"occurrenceDateTime": "soon"}, NO),
        ({}, NO),
    ],
)
def test_the_day_on_which_an_order_begins_is_compared_with_the_onset(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    pain: Episode,
    occurrence: dict[str, Any],
    late: Truth,
) -> None:
    """EXR-01: four weeks after an onset on 2026-11-01, or a day before that; a partial date may be late."""
    order = draft_of({"resourceType": "ServiceRequest", "code": THERAPY, **occurrence})
    chart = chart_of(_pain(onsetDateTime="2026-11-01"), drafts=(order,), order=order)

    assert _judged(chart, pain) is late


def test_without_an_onset_no_order_begins_late(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], pain: Episode
) -> None:
    """There is nothing to count from."""
    order = draft_of({"resourceType": "ServiceRequest", "code": THERAPY, "occurrenceDateTime": "2030-01-01"})

    assert _judged(chart_of(_pain(), drafts=(order,), order=order), pain) is NO


def test_a_drug_order_does_not_say_when_it_begins(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], pain: Episode
) -> None:
    """A MedicationRequest has no occurrence; nor has a hook without orders."""
    order = draft_of({"resourceType": "MedicationRequest", "medicationCodeableConcept": DRUG})
    onset = _pain(onsetDateTime="2026-09-01")

    assert _judged(chart_of(onset, drafts=(order,), order=order), pain) is NO
    assert _judged(chart_of(onset), pain) is NO
