"""Why did this card appear, and what would change it: every rule's verdict on one request, as data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .chart import Chart
from .errors import UnknownServiceError
from .fhir import Coding
from .hook_context import context_of
from .prefetch import answers
from .protocol import parse
from .rules import decide

if TYPE_CHECKING:
    from .catalogue import Catalogue
    from .criteria.finding import Finding


def explained(catalogue: Catalogue, service_id: str, body: bytes) -> list[dict[str, Any]]:
    """Return one object per awake rule: id, outcome, and its findings as a tree. Raises CdsError."""
    entry = catalogue.entries.get(service_id)
    if entry is None:
        known = ", ".join(catalogue.entries)
        raise UnknownServiceError(f"no service has this id: there are {known}")
    request = parse(body)
    context = context_of(request, entry.guideline)
    known_answers = answers(entry.service.needs, request.prefetch, request.patient_id)
    chart = Chart(datetime.now(UTC).date(), context, known_answers, entry.guideline.terminology)
    return [
        {
            "rule": verdict.rule.id,
            "outcome": verdict.outcome.value,
            "orders": [order.reference for order in verdict.orders],
            "findings": [_tree(finding) for finding in verdict.findings],
        }
        for verdict in decide(entry.service, chart)
    ]


def _tree(finding: Finding) -> dict[str, Any]:
    because = {"because": finding.because} if finding.because else {}
    parts = {"parts": [_tree(part) for part in finding.parts]} if finding.parts else {}
    return {"asks": finding.label, "truth": finding.truth.name, **because, **parts}


def explained_code(catalogue: Catalogue, system: str, code: str) -> dict[str, Any]:
    """Return, per guideline, the value sets of a code, its ingredients and its strengths."""
    coding = (Coding(system, code),)
    return {
        guideline.name: {
            "valueSets": sorted(guideline.terminology.sets_of(coding)),
            "ingredients": [item.display or item.code for item in guideline.terminology.ingredients(coding)],
            "strengths": [f"{item.amount:g} {item.unit}" for item in guideline.terminology.strengths(coding)],
            "understood": guideline.terminology.understands(system, code),
        }
        for guideline in catalogue.guidelines
    }
