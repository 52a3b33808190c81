"""
What each hook's context means: drafted orders and which of them are judged, problems just added.

The deprecated hooks medication-prescribe and order-review are read as order-sign was meant to
replace them: every order in their Bundle is judged. Resources of another patient, cancelled or
in error, and prohibitions (doNotPerform) are no orders; what a client wrote beside is ignored.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .chart import Context, condition_fact, draft_fact, relative
from .errors import InvalidValueError, MissingFieldError, UnsupportedHookError
from .fhir import Condition, Medication, MedicationRequest, ServiceRequest
from .fhir.older_versions import is_older, orders_several, read_draft
from .protocol import of_patient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .chart import Fact
    from .fhir import Resource
    from .protocol import HookRequest
    from .rules import Guideline
    from .terminology import Terminology

_LOG = logging.getLogger(__name__)
_ORDERS = {
    "order-select": "draftOrders",
    "order-sign": "draftOrders",
    "medication-prescribe": "medications",
    "order-review": "orders",
}
"""Hook -> the field of its context that holds the orders."""
DEPRECATED_HOOKS = frozenset({"medication-prescribe", "order-review"})
_NOT_AN_ORDER = frozenset({"entered-in-error", "cancelled", "revoked"})


@dataclass(frozen=True, slots=True)
class _Sent:
    """One entry of a Bundle in the context: its fullUrl ("" for none), its JSON, and the JSON as struct."""

    url: str
    source: dict[str, Any]
    resource: Resource | None

    @property
    def reference(self) -> str:
        """`Type/id` as the client knows it; "" without an id."""
        kind, name = self.source.get("resourceType"), self.source.get("id")
        return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) and name else ""


def context_of(request: HookRequest, guideline: Guideline, medications: Iterable[Medication] = ()) -> Context:
    """
    Return what the call is about, as far as rules may read it.

    medications: those that unresolved_medications named, as far as they could be read. Raises
    MalformedRequestError (with the field's name) when a field that the hook requires is missing or
    is not what the hook says.
    """
    hook, patient_id = request.hook, request.patient_id
    if hook in _ORDERS:
        return Context(patient_id, _drafts(request, guideline, medications), hook)
    if hook == "problem-list-item-create":
        return Context(patient_id, hook=hook, conditions=_conditions(request, guideline.terminology))
    if hook == "encounter-discharge":
        _require_encounter(request)
    elif hook != "patient-view":
        raise UnsupportedHookError("the context of this hook is not known here", expression="hook")
    return Context(patient_id, hook=hook)


def unresolved_medications(request: HookRequest) -> tuple[str, ...]:
    """
    Return the references of drug orders to Medications that the call does not bring along, as sent.

    Relative or absolute; none for contained ones, and none on hooks without orders.
    """
    field = _ORDERS.get(request.hook)
    if field is None:
        return ()
    if not any("medicationReference" in resource for _, resource in _entries(request.context, field)):
        return ()
    sent = _bundle(request.context, field)
    known = _known_medications(sent, ())
    wanted = [_medication_reference(item.resource) for item in sent if _is_order(item, request.patient_id)]
    missing = [
        name for name in wanted if relative(name).startswith("Medication/") and relative(name) not in known
    ]
    return tuple(dict.fromkeys(missing))


def _medication_reference(order: Resource | None) -> str:
    if not isinstance(order, MedicationRequest) or order.medication_codeable_concept:
        return ""
    return (order.medication_reference and order.medication_reference.reference) or ""


def _require_encounter(request: HookRequest) -> None:
    place = "context.encounterId"
    if request.context.get("encounterId") is None:
        raise MissingFieldError(f"{place} is missing", expression=place)
    if not request.encounter_id:
        raise InvalidValueError(f"{place} must be a FHIR id", expression=place)


def _drafts(
    request: HookRequest, guideline: Guideline, medications: Iterable[Medication]
) -> tuple[Fact, ...]:
    sent = _bundle(request.context, _ORDERS[request.hook])
    known = _known_medications(sent, medications)
    chosen = _selected(request, sent)
    named = Counter(item.reference for item in sent)
    _warn_of_strangers(sent, request.patient_id)
    return tuple(
        replace(
            draft_fact(
                item.resource,
                item.source,
                guideline.terminology,
                selected=chosen is None or number in chosen,
                medications=known,
                names=guideline.order_names,
            ),
            foreign_version=is_older(item.source),
            nameable=named[item.reference] == 1 and not orders_several(item.source),
        )
        for number, item in enumerate(sent)
        if isinstance(item.resource, (MedicationRequest, ServiceRequest))
        and _is_order(item, request.patient_id)
    )


def _conditions(request: HookRequest, terminology: Terminology) -> tuple[Fact, ...]:
    sent = _bundle(request.context, "conditions")
    _warn_of_strangers(sent, request.patient_id)
    facts = [
        condition_fact(item.resource, terminology)
        for item in sent
        if isinstance(item.resource, Condition) and of_patient(item.resource, request.patient_id)
    ]
    return tuple(fact for fact in facts if fact is not None)


def _bundle(context: Mapping[str, Any], field: str) -> tuple[_Sent, ...]:
    """Return what a Bundle of the context holds, read."""
    return tuple(_Sent(url, source, read_draft(source)) for url, source in _entries(context, field))


def _entries(context: Mapping[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Yield fullUrl ("" for none) and resource of each entry; entries without a resource are passed over.

    Some clients send the resources as a bare array, or a single one; both are read as a Bundle.
    """
    place = f"context.{field}"
    bundle = context.get(field)
    if bundle is None:
        raise MissingFieldError(f"{place} is missing", expression=place)
    if isinstance(bundle, dict) and bundle.get("resourceType", "Bundle") != "Bundle":
        bundle = [bundle]
    if isinstance(bundle, list):
        bundle = {"entry": [{"resource": item} for item in bundle]}
    entries = bundle.get("entry") or [] if isinstance(bundle, dict) else None
    if not isinstance(entries, list):
        raise InvalidValueError(f"{place} must be a Bundle", expression=place)
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and isinstance(resource, dict):
            url = entry.get("fullUrl")
            yield url if isinstance(url, str) else "", resource


def _is_order(item: _Sent, patient_id: str) -> bool:
    order = item.resource
    return (
        isinstance(order, (MedicationRequest, ServiceRequest))
        and order.status not in _NOT_AN_ORDER
        and order.do_not_perform is not True
        and of_patient(order, patient_id)
    )


def _warn_of_strangers(sent: Iterable[_Sent], patient_id: str) -> None:
    strangers = sum(item.resource is not None and not of_patient(item.resource, patient_id) for item in sent)
    if strangers:
        _LOG.warning("%d resources of the context are of another patient: they were left out", strangers)


def _known_medications(sent: Iterable[_Sent], fetched: Iterable[Medication]) -> dict[str, Medication]:
    """Return Medications by the end of each reference that may mean them: `Medication/id`, or a fullUrl."""
    known = {f"Medication/{item.id}": item for item in fetched if item.id}
    for item in sent:
        if isinstance(item.resource, Medication):
            names = (item.reference, relative(item.url))
            known.update({name: item.resource for name in names if name})
    return known


def _selected(request: HookRequest, sent: tuple[_Sent, ...]) -> set[int] | None:
    """Return the numbers of the selected drafts; None when all are (other hooks, or no selections sent)."""
    place = "context.selections"
    selections = request.context.get("selections")
    if request.hook != "order-select" or selections is None:
        return None
    if isinstance(selections, str):
        selections = [selections]
    if not isinstance(selections, list) or not all(isinstance(item, str) for item in selections):
        raise InvalidValueError(f"{place} must be an array of references", expression=place)
    directory = _Directory(sent)
    found = [directory.find(selection) for selection in selections]
    unmatched = found.count(set())
    if unmatched:
        _LOG.warning("%d of %d selections name no draft: they were passed over", unmatched, len(found))
    return set[int]().union(*found)


class _Directory:
    """Which drafts a selection may mean, by every name that clients are known to use."""

    def __init__(self, sent: tuple[_Sent, ...]) -> None:
        self._named: dict[str, set[int]] = defaultdict(set)
        self._ids: dict[str, set[int]] = defaultdict(set)
        for number, item in enumerate(sent):
            for name in (item.reference, item.url):
                if name:
                    self._named[name].add(number)
            if item.reference:
                self._ids[item.source["id"]].add(number)

    def find(self, selection: str) -> set[int]:
        """Return the drafts of a `Type/id`, URL or fullUrl; of a bare id only if it is unique."""
        wanted = _versionless(selection)
        named = self._named.get(relative(wanted), set()) | self._named.get(wanted, set())
        alike = self._ids.get(wanted, set())
        return named or (alike if len(alike) == 1 else set())


def _versionless(reference: str) -> str:
    return reference.split("/_history/", maxsplit=1)[0]
