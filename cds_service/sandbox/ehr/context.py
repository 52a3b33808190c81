"""The context of each hook the simulated EHR can fire, with the fields its hook page requires."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .draft_orders import snomed
from .wire import EhrError

if TYPE_CHECKING:
    from collections.abc import Sequence

HOOKS = ("patient-view", "order-select", "order-sign", "encounter-discharge", "problem-list-item-create")

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_HL7 = "http://terminology.hl7.org/CodeSystem"


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What is on the user's screen.

    patient, encounter: FHIR ids, encounter empty when there is none. user: `Practitioner/id`.
    drafts: the basket; its first `selected` orders were just chosen. problem: the SNOMED CT code
    just put on the problem list, empty for none.
    """

    patient: str
    user: str = "Practitioner/example"
    encounter: str = ""
    drafts: tuple[dict[str, Any], ...] = ()
    selected: int = 0
    problem: str = ""


def context_for(hook: str, situation: Situation) -> dict[str, Any]:
    """
    Return the context of one hook call.

    Raises EhrError for a hook not in HOOKS, for ids that FHIR does not allow, and when the
    situation lacks what the hook requires.
    """
    if hook not in HOOKS:
        msg = f"This EHR cannot fire '{hook}'. Choose from {', '.join(HOOKS)}."
        raise EhrError(msg)
    identifiers = {"patient": situation.patient, "encounter": situation.encounter}
    for kind, value in identifiers.items():
        if (value or kind == "patient") and not _ID.fullmatch(value):
            msg = f"'{value}' is no {kind} id. Give the FHIR id alone, without '{kind.capitalize()}/'."
            raise EhrError(msg)
    encounter = {"encounterId": situation.encounter} if situation.encounter else {}
    shared = {"userId": situation.user, "patientId": situation.patient, **encounter}
    return {**shared, **_own_fields(hook, situation)}


def reference(resource: dict[str, Any]) -> str:
    """Return `Type/id` of a resource."""
    return f"{resource['resourceType']}/{resource['id']}"


def _own_fields(hook: str, situation: Situation) -> dict[str, Any]:
    if hook == "encounter-discharge":
        _require(bool(situation.encounter), hook, "an encounter: give its id")
    if hook == "problem-list-item-create":
        _require(bool(situation.problem), hook, "a problem: give its SNOMED CT code as the reason")
        return {"conditions": _collection([_problem(situation)])}
    if not hook.startswith("order-"):
        return {}
    orders = {"draftOrders": _collection(situation.drafts)}
    if hook == "order-sign":
        _require(bool(situation.drafts), hook, "at least one order in the basket")
        return orders
    chosen = [reference(draft) for draft in situation.drafts[: situation.selected]]
    _require(bool(chosen), hook, "at least one order that is just being chosen")
    return {"selections": chosen, **orders}


def _require(given: bool, hook: str, what: str) -> None:  # noqa: FBT001 - private, and reads as a sentence
    if not given:
        msg = f"The hook {hook} needs {what}."
        raise EhrError(msg)


def _collection(resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _problem(situation: Situation) -> dict[str, Any]:
    def status(name: str, code: str) -> dict[str, Any]:
        return {"coding": [{"system": f"{_HL7}/{name}", "code": code}]}

    return {
        "resourceType": "Condition",
        "id": "new-problem",
        "clinicalStatus": status("condition-clinical", "active"),
        "verificationStatus": status("condition-ver-status", "confirmed"),
        "category": [status("condition-category", "problem-list-item")],
        "code": snomed(situation.problem),
        "subject": {"reference": f"Patient/{situation.patient}"},
    }
