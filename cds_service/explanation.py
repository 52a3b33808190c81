"""
Why did this card appear (or not), and what would change it: the whole verdict tree of one request, as data.

Every rule of the service is there, also those that slept, with the reason. Of a rule that woke, every
question is answered, also those that its verdict did not depend on. Only the request is read: no FHIR
server is asked for what it lacks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .chart import Chart
from .criteria.orders import PROBLEM_ADDED, Trigger
from .errors import UnknownServiceError
from .hook_context import context_of
from .prefetch import answers
from .protocol import parse
from .rules import decide
from .truth import Certainty, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from .answers import Answer, Need
    from .catalogue import Catalogue, Entry
    from .chart import Context, Fact
    from .criteria.finding import Criterion
    from .criteria.orders import Moment
    from .protocol import HookRequest
    from .rules import Rule, Verdict

Json = dict[str, Any]


def explained(
    catalogue: Catalogue, body: bytes, service_id: str = "", *, today: date | None = None
) -> list[Json]:
    """
    Return one object per service: what was needed, which orders there were, and what became of every rule.

    service_id: "" for every service on the request's hook. today: the day to judge on; the
    current one in UTC when left out. Raises CdsError, as the service would.
    """
    request = parse(body)
    entries = _entries(catalogue, request, service_id)
    return [_service(entry, request, today or datetime.now(UTC).date()) for entry in entries]


def _entries(catalogue: Catalogue, request: HookRequest, service_id: str) -> list[Entry]:
    if not service_id:
        found = [entry for entry in catalogue.entries.values() if entry.hook == request.hook]
    else:
        found = [entry for entry in catalogue.entries.values() if entry.id == service_id]
    if not found:
        known = ", ".join(f"{entry.id} ({entry.hook})" for entry in catalogue.entries.values())
        raise UnknownServiceError(f"no service has this id, or answers this hook: there are {known}")
    return found


def _service(entry: Entry, request: HookRequest, today: date) -> Json:
    context = context_of(request, entry.guideline)
    known = answers(entry.service.needs, request.prefetch, request.patient_id)
    chart = Chart(today, context, known, entry.guideline.terminology)
    verdicts = {verdict.rule.id: verdict for verdict in decide(entry.service, chart)}
    return {
        "service": entry.id,
        "hook": request.hook,
        "today": today.isoformat(),
        "needs": [_need(need, known[need.key], request.prefetch) for need in sorted(entry.service.needs)],
        "orders": [_order(fact) for fact in context.drafts],
        "rules": [_rule(rule, chart, verdicts.get(rule.id)) for rule in entry.service.each_rule],
    }


def _need(need: Need, answer: Answer, sent: Mapping[str, bytes]) -> Json:
    why = answer.gap
    if answer.absent and need.key in sent:
        why = "what was sent under this key is not what was asked for"
    elif answer.absent and need.fallback:
        why = "no prefetch key: only a FHIR server is asked for it"
    because = {"because": why} if why else {}
    skipped = {"skipped": answer.skipped} if answer.skipped else {}
    return {
        "key": need.key,
        "name": need.name,
        "state": _state(answer),
        "resources": len(answer.resources),
        **skipped,
        **because,
    }


def _state(answer: Answer) -> str:
    """Return which of the five states of docs/adr/0001 an answer is in."""
    if answer.absent:
        return "absent"
    if answer.gap:
        return "partial" if answer.resources or answer.skipped else "failed"
    return "given" if answer.resources else "empty"


def _order(fact: Fact) -> Json:
    by_name = {"recognisedByName": True} if fact.by_name else {}
    return {
        "reference": fact.reference,
        "selected": fact.selected,
        "valueSets": sorted(fact.sets),
        "understood": fact.interpretable,
        **by_name,
    }


def _rule(rule: Rule, chart: Chart, verdict: Verdict | None) -> Json:
    orders = rule.on.orders(chart.context)
    asleep = [] if orders else list(_asleep(rule.on, chart.context))
    outcome = verdict.outcome.value if verdict else ("not reached" if orders else "not awake")
    wakes = {
        "asks": rule.on.label,
        "truth": Truth.of(fact=bool(orders)).name,
        **({"because": asleep} if asleep else {}),
    }
    return {
        "rule": rule.id,
        "topic": rule.topic.code if rule.topic else None,
        "outcome": outcome,
        "orders": [order.reference for order in verdict.orders] if verdict else [],
        "wakes": wakes,
        "judged": [_judged(rule, chart.judging(order)) for order in orders],
    }


def _asleep(on: Trigger | Moment, context: Context) -> Iterator[str]:
    """Yield the reasons why nothing woke a rule: one for each order on the table, or the hook's."""
    if isinstance(on, Trigger):
        yield from (_passed_by(on, draft) for draft in context.drafts)
        if not context.drafts:
            yield "no order is on the table"
    elif context.hook not in on.hooks:
        yield f"it wakes on {', '.join(on.hooks)}, and this is {context.hook}"
    elif context.hook == PROBLEM_ADDED:
        names = ", ".join(value_set.name for value_set in on.problems)
        yield f"no problem that was added is in {names or 'any value set of its'}"


def _passed_by(trigger: Trigger, draft: Fact) -> str:
    wanted = [value_set.name for value_set in trigger.value_sets]
    besides = [value_set.name for value_set in trigger.besides]
    if not draft.is_in(*wanted):
        known = "" if draft.interpretable or draft.sets else "; no code of it can be interpreted"
        return f"{draft.reference} is in none of {', '.join(wanted)}{known}"
    if draft.is_in(*besides):
        return f"{draft.reference} is in {', '.join(sorted(draft.sets.intersection(besides)))}"
    return f"{draft.reference} is not selected"


def _judged(rule: Rule, chart: Chart) -> Json:
    """Answer every question of a rule about one order, or about none."""
    unless = {"unless": _tree(rule.unless, chart), "ifUnknown": rule.if_unknown} if rule.unless else {}
    return {
        "order": chart.order.reference if chart.order else None,
        "scope": _tree(rule.scope, chart),
        "when": _tree(rule.when, chart),
        **unless,
    }


def _tree(criterion: Criterion, chart: Chart) -> Json:
    """Return a question with its answer, what that rests on, and the questions it is made of."""
    finding = criterion.evaluate(chart)
    possible = finding.truth is Truth.YES and finding.certainty is Certainty.POSSIBLE
    own = criterion.is_leaf or not criterion.joins  # what is joined has no reasons but those of its parts
    rests_on = [{"reference": fact.reference, "date": fact.dated} for fact in finding.facts]
    return {
        "asks": criterion.heading,
        "truth": finding.truth.name,
        **({"certainty": "POSSIBLE"} if possible else {}),
        **({"because": finding.because} if finding.because and own else {}),
        **({"restsOn": rests_on} if rests_on and criterion.is_leaf else {}),
        **({"parts": [_tree(part, chart) for part in criterion.parts]} if criterion.parts else {}),
    }
