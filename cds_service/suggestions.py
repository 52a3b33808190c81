"""
What a click can do: remove a draft, change one field of it, or create an order as a valid R4 draft.

A suggestion is built from the chart when a rule speaks. Medicines are values with guards: one
whose hazards are not all known to be absent is never offered (SAFE-27, SAFE-47), and the card
says which check failed or was impossible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .answers import Need
from .criteria.episode import lasting
from .criteria.finding import none_of, shown
from .truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .chart import Chart, Fact
    from .criteria.durations import Days
    from .criteria.episode import Episode
    from .criteria.finding import Criterion
    from .fhir import Coding
    from .terminology import ValueSet

_ID = re.compile(r"[A-Za-z0-9.-]{1,256}")  # drafts of some EHRs have longer ids than FHIR's 64


@dataclass(frozen=True, slots=True)
class Action:
    """One change to the order basket; `resource` for create and update, `resource_id` for delete."""

    type: str
    description: str
    resource: Mapping[str, Any] | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A button: its label and the actions that a click applies together."""

    label: str
    actions: tuple[Action, ...]
    is_recommended: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What a Suggest came to on this chart: suggestions, and lines for the detail."""

    suggestions: tuple[Suggestion, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggest:
    """
    A suggestion a rule may make.

    said: how the sheet describes it. build: from chart and judged orders. when: only while
    this is YES, asked per order where it is about one. asks: the criteria that `build` asks.
    medicines: those it may offer.
    """

    said: str
    build: Callable[[Chart, tuple[Fact, ...]], Built]
    when: Criterion | None = None
    asks: tuple[Criterion, ...] = ()
    medicines: tuple[Medicine, ...] = ()

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion it may ask."""
        return (*self.asks, self.when) if self.when else self.asks

    @property
    def needs(self) -> frozenset[Need]:
        """What it reads."""
        return frozenset[Need]().union(*(criterion.needs for criterion in self.criteria))

    def on(self, chart: Chart, orders: tuple[Fact, ...]) -> Built:
        """
        Build it for the orders for which `when` holds; without any order, once for the patient.

        For an order of an older FHIR version only removals are left: the client could not take
        an R4 resource, and half of a replacement would take a medicine away and give none.
        """
        if not orders:
            return self.build(chart, ()) if self._holds(chart) else Built()
        kept = tuple(order for order in orders if self._holds(chart.judging(order)))
        built = self.build(chart, kept) if kept else Built()
        return _removals_of(built) if any(order.foreign_version for order in kept) else built

    def _holds(self, chart: Chart) -> bool:
        return self.when is None or self.when.evaluate(chart).truth is Truth.YES


def _removals_of(built: Built) -> Built:
    removals = [
        suggestion
        for suggestion in built.suggestions
        if all(action.type == "delete" for action in suggestion.actions)
    ]
    return Built(tuple(removals), built.lines)


def _addressable(order: Fact) -> bool:
    """Whether an action can name this draft and no other: by an id that FHIR allows."""
    return order.nameable and _ID.fullmatch(order.resource.id or "") is not None


def remove_order(label: str, *, when: Criterion | None = None) -> Suggest:
    """Suggest deleting each judged draft, named by its exact resource id (SAFE-38)."""

    def build(_chart: Chart, orders: tuple[Fact, ...]) -> Built:
        named = [order for order in orders if _addressable(order)]
        return Built(
            tuple(Suggestion(_numbered(label, order, named), (_delete(order, label),)) for order in named)
        )

    return Suggest(f"{label} (delete the draft)", build, when)


def _numbered(label: str, order: Fact, orders: list[Fact]) -> str:
    return label if len(orders) == 1 else f"{label} ({order.reference})"


def _delete(order: Fact, label: str) -> Action:
    return Action("delete", label, resource_id=order.reference)


def remove_other_drafts(label: str, *value_sets: ValueSet, unless: Criterion) -> Suggest:
    """Suggest deleting the other drafts of these value sets, except where `unless` is not NO of them."""
    names = [value_set.name for value_set in value_sets]

    def build(chart: Chart, orders: tuple[Fact, ...]) -> Built:
        others = [
            draft
            for draft in chart.context.drafts
            if draft not in orders and draft.is_in(*names) and _addressable(draft)
        ]
        kept = [draft for draft in others if unless.evaluate(chart.judging(draft)).truth is Truth.NO]
        return Built(tuple(Suggestion(_numbered(label, d, kept), (_delete(d, label),)) for d in kept))

    return Suggest(f"{label} (delete the other draft)", build, asks=(unless,))


def set_priority(
    label: str, priority: str, *, recommended: bool = False, when: Criterion | None = None
) -> Suggest:
    """Suggest the same order with another priority: its own JSON with only that member changed."""

    def build(_chart: Chart, orders: tuple[Fact, ...]) -> Built:
        return _updates(
            label, orders, lambda order: {**order.source, "priority": priority}, recommended=recommended
        )

    return Suggest(f"{label} (update priority to {priority})", build, when)


def set_supply(label: str, supply_days: int, *, when: Criterion | None = None) -> Suggest:
    """Suggest the same prescription for `supply_days` and no refills: only those two members change."""

    def build(_chart: Chart, orders: tuple[Fact, ...]) -> Built:
        return _updates(label, orders, lambda order: _supplied(order, supply_days))

    return Suggest(f"{label} (update dispenseRequest)", build, when)


def _updates(
    label: str,
    orders: tuple[Fact, ...],
    changed: Callable[[Fact], Mapping[str, Any]],
    *,
    recommended: bool = False,
) -> Built:
    named = [order for order in orders if _addressable(order)]
    return Built(
        tuple(
            Suggestion(
                _numbered(label, order, named),
                (Action("update", label, changed(order)),),
                is_recommended=recommended and order is named[0],
            )
            for order in named
        )
    )


def _supplied(order: Fact, supply_days: int) -> dict[str, Any]:
    duration = {"value": supply_days, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    dispense = {
        **(order.source.get("dispenseRequest") or {}),
        "numberOfRepeatsAllowed": 0,
        "expectedSupplyDuration": duration,
    }
    return {**order.source, "dispenseRequest": dispense}


def set_medicine(label: str, medicine: Medicine, *, when: Criterion | None = None) -> Suggest:
    """
    Suggest the same prescription of another product, if that passes its guards (SAFE-27).

    The product changes, and the dosage, written for the old one, goes: half a change would be
    a wrong dose. Withheld, the card says why.
    """

    def build(chart: Chart, orders: tuple[Fact, ...]) -> Built:
        if medicine.offered(chart) is None:
            return Built(lines=(medicine.withheld(chart),))
        return _updates(label, orders, lambda order: _as(medicine.product, order))

    return Suggest(f"{label} (update the product)", build, when, medicine.criteria, (medicine,))


def _as(product: Coding, order: Fact) -> dict[str, Any]:
    kept = {name: value for name, value in order.source.items() if name not in _OF_THE_PRODUCT}
    return {**kept, "medicationCodeableConcept": _concept(product)}


_OF_THE_PRODUCT = frozenset({"medicationReference", "medicationCodeableConcept", "dosageInstruction"})


def set_start(label: str, episode: Episode, after: Days) -> Suggest:
    """
    Suggest the same order to begin when the episode is `after` old, while that day is known and ahead.

    Only its occurrence changes: occurrencePeriod with that start takes the place of what it said.
    """

    def build(chart: Chart, orders: tuple[Fact, ...]) -> Built:
        onset = episode.onset(chart)
        if onset is None:
            return Built()
        began = min(onset.span.last, chart.today)  # a partial date may reach beyond today
        start = (began + timedelta(days=after.count)).isoformat()
        return _updates(f"{label} {start}", orders, lambda order: _occurring(order, {"start": start}))

    reached = lasting(episode, at_least=after, label=f"{episode.name} for {after} or more")
    return Suggest(f"{label} (update occurrencePeriod)", build, none_of(reached))


def _occurring(order: Fact, period: dict[str, str]) -> dict[str, Any]:
    rest = {
        name: item for name, item in order.source.items() if not name.lstrip("_").startswith("occurrence")
    }
    return {**rest, "occurrencePeriod": period}


def set_due(label: str, within: Days, *, when: Criterion | None = None) -> Suggest:
    """Suggest the same order, to be carried out from today to `within`: only its occurrence changes."""

    def build(chart: Chart, orders: tuple[Fact, ...]) -> Built:
        return _updates(label, orders, lambda order: _occurring(order, _from_today(chart, within)))

    return Suggest(f"{label} (update occurrencePeriod)", build, when)


def create_request(
    label: str,
    coding: Coding,
    *,
    priority: str = "",
    due: Days | None = None,
    when: Criterion | None = None,
) -> Suggest:
    """Suggest a new draft ServiceRequest for a referral, therapy, score or image, from today to `due`."""

    def build(chart: Chart, _orders: tuple[Fact, ...]) -> Built:
        resource = {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "order",
            **({"priority": priority} if priority else {}),
            "code": _concept(coding),
            "subject": _subject(chart),
            **({"occurrencePeriod": _from_today(chart, due)} if due else {}),
        }
        return Built((Suggestion(label, (Action("create", label, resource),)),))

    within = f", within {due}" if due else ""
    return Suggest(f"{label} (create a draft ServiceRequest{within})", build, when)


def _from_today(chart: Chart, due: Days) -> dict[str, str]:
    end = chart.today + timedelta(days=due.count)
    return {"start": chart.today.isoformat(), "end": end.isoformat()}


def _concept(coding: Coding) -> dict[str, Any]:
    display = coding.display or coding.code
    return {"coding": [{"system": coding.system, "code": coding.code, "display": display}], "text": display}


def _subject(chart: Chart) -> dict[str, str]:
    return {"reference": f"Patient/{chart.context.patient_id}"}


@dataclass(frozen=True)
class Medicine:
    """
    A drug that may be suggested (SAFE-27, SAFE-47).

    hazards: offered only when this is NO; YES and UNKNOWN both withhold it, and the card says
    why. cautions: words that the button adds unless their criterion is NO.
    """

    name: str
    product: Coding
    hazards: Criterion
    cautions: tuple[tuple[Criterion, str], ...] = ()

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What is asked before it may be offered."""
        return (self.hazards, *(criterion for criterion, _ in self.cautions))

    def offered(self, chart: Chart) -> Suggestion | None:
        """Return the suggestion, None when it is withheld."""
        if self.hazards.evaluate(chart).truth is not Truth.NO:
            return None
        words = [said for criterion, said in self.cautions if criterion.evaluate(chart).truth is not Truth.NO]
        label = "; ".join([f"Draft {self.name}: check before signing", *words])
        resource = {
            "resourceType": "MedicationRequest",
            "status": "draft",
            "intent": "order",
            "medicationCodeableConcept": _concept(self.product),
            "subject": _subject(chart),
        }
        return Suggestion(label, (Action("create", label, resource),))

    def withheld(self, chart: Chart) -> str:
        """Say why it is not offered; sensitive reasons only as "a recorded condition" (SAFE-30)."""
        finding = self.hazards.evaluate(chart)
        reasons = tuple(finding.reasons)
        said = list(dict.fromkeys(shown(reason) for reason in reasons))
        if finding.truth is Truth.YES:
            return f"{self.name} is not suggested: {', '.join(said)}."
        gaps = list(dict.fromkeys(f"{shown(reason)} ({reason.because})" for reason in reasons))
        return f"{self.name} is not suggested, because this could not be checked: {'; '.join(gaps)}."


def offer(*medicines: Medicine, otherwise: tuple[Suggest, ...], when: Criterion | None = None) -> Suggest:
    """
    Suggest each medicine that passes its guards, in this order; none passes: only `otherwise`.

    Nothing is recommended above the others (REC-1).
    """

    def build(chart: Chart, orders: tuple[Fact, ...]) -> Built:
        offers = [medicine.offered(chart) for medicine in medicines]
        lines = tuple(
            medicine.withheld(chart) for medicine, made in zip(medicines, offers, strict=True) if made is None
        )
        made = tuple(suggestion for suggestion in offers if suggestion)
        if made:
            return Built(made, lines)
        rest = [item.on(chart, orders) for item in otherwise]
        return Built(tuple(s for built in rest for s in built.suggestions), lines)

    said = "Draft, of those that pass every guard: " + ", ".join(medicine.name for medicine in medicines)
    asked: tuple[Medicine | Suggest, ...] = (*medicines, *otherwise)
    asks = tuple(criterion for item in asked for criterion in item.criteria)
    return Suggest(said, build, when, asks, medicines)
