"""What a row expects against what came of it: cards, offers, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cds_service.chart import draft_fact
from cds_service.fhir import MedicationRequest, ServiceRequest, read_resource

from .tables import TableError

if TYPE_CHECKING:
    from cds_service.cards import Suggestion
    from cds_service.rules import Guideline, Verdict

    from .tables import Row
    from .vignettes import Result


def differences(row: Row, result: Result, guideline: Guideline) -> str:
    """
    Return what is not as the row expects, with each rule's verdict; "" when all is.

    A row with topics in its column `about` speaks of the cards of these topics only.
    """
    result = result.about(_topics(row, guideline))
    wrong = [*_cards(row, result), *_offers(row, result, guideline), *_sayings(row, result)]
    if not wrong:
        return ""
    verdicts = [_told(verdict) for verdict in result.verdicts] or ["no rule was awake"]
    return "\n  ".join([f"{row.where}: {row.patient}", *wrong, "verdicts:", *verdicts])


def _topics(row: Row, guideline: Guideline) -> tuple[str, ...]:
    """Return the topics of the column `about`; TableError for one that no rule speaks on."""
    about = row.items("about")
    rules = [rule for service in guideline.services for rule in service.each_rule]
    known = {guideline.data_missing.code, *(rule.topic.code for rule in rules if rule.topic)}
    unknown = sorted(set(about) - known)
    if unknown:
        msg = f"{row.where}: about {', '.join(unknown)}: no rule speaks on that; known are {sorted(known)}"
        raise TableError(msg)
    return about


def _cards(row: Row, result: Result) -> list[str]:
    wanted = row.items("cards")
    got = result.topics if result.answered else [str(result.status)]
    if sorted(got) == sorted(() if wanted == ("none",) else wanted):
        return []
    return [f"cards expected: {'; '.join(wanted)}", f"cards given:    {'; '.join(got) or 'none'}"]


def _offers(row: Row, result: Result, guideline: Guideline) -> list[str]:
    wanted = tuple(word.strip('"') for word in row.items("offers"))  # quotes protect a `;` in a label
    if not wanted:
        return []
    expected = () if wanted == ("none",) else wanted
    given = [_names(suggestion, guideline) for suggestion in result.suggestions]
    fits = len(given) == len(expected) and all(
        word.lower() in names for word, names in zip(expected, given, strict=True)
    )
    labels = [suggestion.label for suggestion in result.suggestions]
    return [] if fits else [f"offers expected: {'; '.join(wanted)}", f"offers given:    {'; '.join(labels)}"]


def _names(suggestion: Suggestion, guideline: Guideline) -> set[str]:
    """Return what a table may call a suggestion: its label, what it changes, words of what it creates."""
    names = {suggestion.label.lower()}
    for action in suggestion.actions:
        resource = action.resource or {}
        if action.type == "delete":
            names.add("delete")
        elif action.type == "update":
            names |= {f"priority {resource.get('priority')}"} if "priority" in resource else set()
            names |= {"supply"} if "dispenseRequest" in resource else set()
            names |= {"start"} if "occurrencePeriod" in resource else set()
        else:
            names |= _created(resource, guideline)
    return names


def _created(resource: dict[str, Any], guideline: Guideline) -> set[str]:
    concept = resource.get("medicationCodeableConcept") or resource["code"]
    said = " ".join([concept.get("text", ""), *(c.get("display", "") for c in concept["coding"])])
    drafted = read_resource(resource)
    assert isinstance(drafted, (MedicationRequest, ServiceRequest))  # noqa: S101 - nothing else is created
    fact = draft_fact(drafted, resource, guideline.terminology, selected=False)
    return {*said.lower().split(), *(word for name in fact.sets for word in name.split("-"))}


def _sayings(row: Row, result: Result) -> list[str]:
    said = "\n".join(f"{card.summary}\n{card.detail}" for card in result.cards).replace("\\", "").lower()
    wrong = []
    for item in row.items("says"):
        forbidden = item.startswith("not:")
        text = item.removeprefix("not:").strip().lower()
        if (text in said) is forbidden:
            wrong.append(f"says {'what it must not' if forbidden else 'nothing of'}: {text!r}\n{said}")
    return wrong


def _told(verdict: Verdict) -> str:
    findings = ", ".join(f"{finding.label}: {finding.truth.name}" for finding in verdict.findings)
    return f"  {verdict.rule.id}: {verdict.outcome.value} ({findings})"
