"""A row as the body of a CDS Hooks call: drafts, selections and prefetch, as an EHR would send them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from cds_service.criteria.orders import PROBLEM_ADDED

from .records import PATIENT_ID
from .tables import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cds_service.answers import Need
    from cds_service.rules import CdsService

    from .elements import Json
    from .records import Scribe
    from .tables import Row

_HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
_DEFAULT_AGE = "40 m"
_ORDER_HOOKS = frozenset({"order-select", "order-sign"})
_GAPS = ("", "partial", "short", "absent")


def call(row: Row, service: CdsService, scribe: Scribe, complaint: str) -> bytes:
    """
    Return the body of the call that the EHR would send; TableError on bad cells.

    The hook is that of the column `hook`, else order-select. `added` are the problems that
    problem-list-item-create tells of.
    """
    hook = row.cells.get("hook", "order-select")
    if hook not in service.hooks:
        msg = f"hook {hook!r}: {service.group} is on {', '.join(service.hooks)}"
        raise TableError(msg)
    record = _record(row, scribe, complaint)
    gaps = _gaps(row, service)
    prefetch = {
        need.key: _prefetched(need, record, gaps.get(need.key))
        for need in sorted(service.needs)
        if gaps.get(need.key) != "absent" and (need.key in gaps or _sent(need, record))
    }
    body = {
        "hook": hook,
        "hookInstance": _HOOK_INSTANCE,
        "context": _context(row, scribe, hook),
        "prefetch": prefetch,
    }
    return json.dumps(body).encode()


def _context(row: Row, scribe: Scribe, hook: str) -> Json:
    who = {"userId": "Practitioner/example", "patientId": PATIENT_ID}
    if hook in _ORDER_HOOKS:
        return {**who, **_orders(row, scribe)}
    if hook == PROBLEM_ADDED:
        added = [scribe.condition(item) for item in row.items("added")]
        entries = [{"resource": {"id": f"added-{n}", **one}} for n, one in enumerate(added, 1)]
        return {**who, "conditions": {"resourceType": "Bundle", "type": "collection", "entry": entries}}
    return {**who, "encounterId": "vignette"}


def _orders(row: Row, scribe: Scribe) -> Json:
    drafts = [scribe.draft(item, number) for number, item in enumerate(row.items("order"), 1)]
    # Named by fullUrl, so that a draft without an id can be selected too.
    entries = [
        {"fullUrl": f"urn:draft:{number}", "resource": draft} for number, (draft, _) in enumerate(drafts, 1)
    ]
    return {
        "selections": [f"urn:draft:{number}" for number, (_, chosen) in enumerate(drafts, 1) if chosen],
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries},
    }


def _record(row: Row, scribe: Scribe, complaint: str) -> list[Json]:
    made = [scribe.patient(row.cells.get("age", _DEFAULT_AGE))]
    if "since" in row.cells:
        if not complaint:
            msg = "the column `since` needs the complaint that it speaks of: run(..., complaint=...)"
            raise TableError(msg)
        made.append(scribe.complaint(row.cells["since"], complaint))
    made += [scribe.condition(item) for item in row.items("problems")]
    made += [scribe.medicine(item) for item in row.items("medicines")]
    made += [scribe.allergy(item) for item in row.items("allergies")]
    made += [scribe.measurement(item) for item in row.items("measured")]
    made += [scribe.done(item) for item in row.items("done")]
    return [{"id": f"record-{number}", **resource} for number, resource in enumerate(made)]


def _gaps(row: Row, service: CdsService) -> dict[str, str]:
    """Return how needs are unread: "" (an error), partial (a next page), short (below total), absent."""
    known = {need.key for need in service.needs}
    gaps = {}
    for item in row.items("unread"):
        key, _, how = item.partition(" ")
        if key not in known or how not in _GAPS:
            msg = f"unread {item!r}: needs of this service are {sorted(known)}, then one of {_GAPS}"
            raise TableError(msg)
        gaps[key] = how
    return gaps


def _prefetched(need: Need, record: Iterable[Json], gap: str | None) -> Json:
    if gap == "":
        issue = {"severity": "error", "code": "exception"}
        return {"resourceType": "OperationOutcome", "issue": [issue]}
    found = [resource for resource in record if _answers(need, resource)]
    if "?" not in need.template:
        return found[0]
    entries = [{"resource": one} for one in found]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    if gap == "short":
        bundle["total"] = len(found) + 1
    if gap == "partial":
        bundle["link"] = [{"relation": "next", "url": "http://ehr.example.org/fhir?page=2"}]
    return bundle


def _sent(need: Need, record: Iterable[Json]) -> bool:
    """Whether an EHR with this record sends the key: a fallback only when it holds something."""
    return not need.fallback or any(_answers(need, resource) for resource in record)


def _answers(need: Need, resource: Json) -> bool:
    """Whether the query of a need finds this resource: its type, and its code when the query names codes."""
    if resource["resourceType"] != need.resource_type:
        return False
    wanted = parse_qs(urlsplit(need.template).query).get("code")
    codes = {f"{c['system']}|{c['code']}" for c in resource.get("code", {}).get("coding", ())}
    return wanted is None or not codes.isdisjoint(wanted[0].split(","))
