"""What `cds-service check` proves: settings, clients, guidelines, RULES.md, TRACE.md, no read in secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .answers import Answer
from .catalogue import load_catalogue
from .chart import Chart, Context, UndeclaredReadError, draft_fact
from .clients import ClientsError
from .criteria.orders import Trigger
from .fhir import CodeableConcept, MedicationRequest, ServiceRequest
from .rules import GuidelineError
from .serving import registered
from .settings import SettingsError, load_settings
from .sheets import sheets
from .terminology import RXNORM
from .trace_sources import TraceError, guideline_page, has_vignettes, sections_of, shown
from .traceability import trace_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .chart import Fact
    from .criteria.finding import Criterion
    from .rules import Guideline, Rule


def problems() -> list[str]:
    """Return everything that is wrong, each with its remedy; empty when all is in order."""
    try:
        settings = load_settings()
        catalogue = load_catalogue(settings.guidelines, settings.site_codes)
        registered(settings, catalogue)
    except (SettingsError, GuidelineError, ClientsError) as error:
        return [str(error)]
    return [problem for guideline in catalogue.guidelines for problem in _of(guideline)]


def _of(guideline: Guideline) -> Iterator[str]:
    page = rules_page(guideline)
    if not page.is_file() or page.read_text(encoding="utf-8") != sheets(guideline):
        yield f"{page.name} of {guideline.name} is not what the rules say: run `cds-service sheets --write`"
    if has_vignettes(guideline):
        yield from _trace(guideline)
    yield from undeclared_reads(guideline)


def _trace(guideline: Guideline) -> Iterator[str]:
    page = guideline_page(guideline, "TRACE.md")
    try:
        written = trace_page(guideline, sections_of(guideline), shown(guideline))
    except TraceError as error:
        yield str(error)
        return
    if not page.is_file() or page.read_text(encoding="utf-8") != written:
        yield f"{page.name} of {guideline.name} is not what is there: run `cds-service trace --write`"


def rules_page(guideline: Guideline) -> Path:
    """Return where the guideline's RULES.md belongs."""
    return guideline_page(guideline, "RULES.md")


def unchecked(guidelines: Iterable[Guideline]) -> list[str]:
    """Return what cannot be checked in this place: a trace without the vignettes, as when installed."""
    return [
        f"TRACE.md of {guideline.name} was not compared: tests/{guideline.name} is not here"
        for guideline in guidelines
        if not has_vignettes(guideline)
    ]


def undeclared_reads(guideline: Guideline) -> list[str]:
    """
    Ask every criterion of every rule, alone, on an empty chart; name those that read in secret.

    Each leaf is asked by itself, so that no other answer can keep it from reading.
    """
    answers = {need.key: Answer() for service in guideline.services for need in service.needs}
    found: dict[str, None] = {}
    for service in guideline.services:
        for rule in service.each_rule:
            order = _order(guideline, rule.on) if isinstance(rule.on, Trigger) else None
            for criterion in _leaves(rule):
                try:
                    _empty_chart(guideline, answers, order).ask(criterion)
                except UndeclaredReadError as error:
                    found[f"rule {rule.id}, {criterion.label!r}: {error}"] = None
    return list(found)


def _leaves(rule: Rule) -> Iterator[Criterion]:
    asked = list(rule.criteria)
    while asked:
        criterion = asked.pop()
        asked += criterion.parts
        if criterion.is_leaf:
            yield criterion


def _empty_chart(guideline: Guideline, answers: Mapping[str, Answer], order: Fact | None) -> Chart:
    """Return a chart on which everything was read and nothing found, with the order that woke the rule."""
    context = Context("patient", (order,) if order else ())
    return Chart(datetime.now(UTC).date(), context, answers, guideline.terminology, order=order)


def _order(guideline: Guideline, trigger: Trigger) -> Fact:
    value_set = trigger.value_sets[0]
    coding = value_set.coding(min(value_set.codes)[1])
    concept = CodeableConcept(coding=(coding,))
    resource = (
        MedicationRequest(id="order", medication_codeable_concept=concept)
        if coding.system == RXNORM
        else ServiceRequest(id="order", code=concept)
    )
    return draft_fact(resource, {}, guideline.terminology, selected=True)
