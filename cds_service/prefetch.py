"""
Prefetch: templates derived from what the rules read, and what each key's value means.

The five states of docs/adr/0001 are told apart here, and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from .answers import ABSENT, EMPTY, Answer, failed
from .fhir import (
    AllergyIntolerance,
    Condition,
    Medication,
    MedicationRequest,
    MedicationStatement,
    Patient,
    Reading,
    read,
)
from .protocol import of_patient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .answers import Need
    from .fhir import Resource
    from .rules import CdsService
    from .terminology import Terminology

_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_TEMPLATE = re.compile(r"[A-Z][A-Za-z]+(?:/\{\{context\.patientId\}\}|\?\S+)")
_SEARCHED = re.compile(r"(?<=[?&]code=)[^&]+")
_SEPARATORS = re.compile(r"[\\,$|]")
_PARAMETER = re.compile(r"(?P<name>[a-z][a-z-]*|_count|_sort)=\S+")


def templates(service: CdsService, terminology: Terminology | None = None) -> dict[str, str]:
    """
    Return key -> query for what the service's rules may read, sorted by key; fallbacks are not offered.

    terminology: whose site codes are asked for beside the codes of ours that they mean.
    """
    needs = [need for need in sorted(service.needs) if not need.fallback]
    return {need.key: (widened(need, terminology) if terminology else need).template for need in needs}


def widened(need: Need, terminology: Terminology) -> Need:
    """
    Return the need with the site's own codes beside those of ours that it searches for and they mean.

    A search by code finds nothing else: without them no EHR would send what is coded locally.
    """
    listed = _SEARCHED.search(need.template) if terminology.site else None
    if listed is None:
        return need
    ours = set(listed[0].split(","))
    own = [_token(*key) for key, code in terminology.site.items() if ours & {"|".join(k) for k in code.means}]
    codes = ",".join((listed[0], *sorted(own)))
    return replace(need, template=f"{need.template[: listed.start()]}{codes}{need.template[listed.end() :]}")


def _token(system: str, code: str) -> str:
    """Return a code as a search parameter wants it: FHIR's separators escaped, and what URLs do not hold."""
    parts = (quote(_SEPARATORS.sub(r"\\\g<0>", part), safe=":/") for part in (system, code))
    return "|".join(parts)


def lint(template: str) -> str:
    """
    Return what makes a template illegal for CDS Hooks 2.0 clients; "" when nothing does.

    Allowed (CDS Hooks 2.0.1, prefetch templates): an instance read or type search, the
    token `{{context.patientId}}`, plain parameters, `_count`, `_sort`; no parameter twice.
    """
    if set(_TOKEN.findall(template)) - {"context.patientId"}:
        return "only {{context.patientId}} is allowed as a token"
    if not _TEMPLATE.fullmatch(template):
        return "must be a read or a search of one resource type"
    parameters = [_PARAMETER.fullmatch(part) for part in template.partition("?")[2].split("&") if part]
    names = [match["name"] for match in parameters if match]
    if len(names) < len(parameters):
        return "a parameter has a modifier or a form that 2.0 clients need not understand"
    return "a parameter occurs twice" if len(set(names)) < len(names) else ""


def answers(needs: Iterable[Need], prefetch: Mapping[str, bytes], patient_id: str) -> dict[str, Answer]:
    """Return the answer to every need; keys that none of them asked for are ignored."""
    return {need.key: answer_of(need, prefetch.get(need.key), patient_id) for need in needs}


def next_url(value: bytes) -> str | None:
    """Return where a prefetch Bundle continues; None when it is no Bundle, or whole."""
    return read(value).next_url if b"next" in value else None


def answer_of(need: Need, value: bytes | None, patient_id: str) -> Answer:
    """Return what one prefetch value says; None: the key was not sent."""
    if value is None:
        return ABSENT
    if value.strip() == b"null":
        return EMPTY
    return answer_of_pages(need, (read(value),), patient_id)


def answer_of_pages(need: Need, pages: Sequence[Reading], patient_id: str) -> Answer:
    """
    Return what a value and the pages that continue it say together; at least one, in their order.

    Garbage, and a resource of a type that was not asked for, are as if the key was absent. A
    bare OperationOutcome means the EHR tried and failed. Resources of another patient are
    dropped and counted, which makes nothing incomplete (guideline.md 10.8). A next link of the
    last page is a page that was not read.
    """
    first = pages[0]
    if first.gone and is_read(need):
        return EMPTY
    if first.gone or first.outcome is not None:
        return failed("the EHR could not read it")
    if not first.usable:
        return ABSENT
    return _of_reading(need, first if len(pages) == 1 else _joined(pages), patient_id)


def lacks_medications(answer: Answer) -> bool:
    """Whether an order or statement refers to a Medication that did not come along: its drug is not known."""
    known = {item.id for item in answer.resources if isinstance(item, Medication)}
    return any(medication_named(reference) not in known for reference in medication_references(answer))


def medication_named(reference: str) -> str:
    """Return the id that a reference ends with, whatever server it names: what came along is found by it."""
    return reference.split("/_history/", maxsplit=1)[0].rpartition("/")[2]


def medication_references(answer: Answer) -> Iterator[str]:
    """Yield the references of orders and statements whose drug is written neither in nor inside them."""
    for item in answer.resources:
        if not isinstance(item, (MedicationRequest, MedicationStatement)):
            continue
        if not item.medication_codeable_concept:
            reference = item.medication_reference.reference if item.medication_reference else None
            if reference and not reference.startswith("#"):
                yield reference


def continues(need: Need, page: Reading, patient_id: str) -> bool:
    """Whether this can be a further page of a need: matches of it, or a Bundle of nothing."""
    answer = answer_of_pages(need, (page,), patient_id)
    return not answer.absent and not page.gone and page.outcome is None


def is_read(need: Need) -> bool:
    """Whether a need names one resource, so that "not found" is an answer; a search always finds a Bundle."""
    return "?" not in need.template


def _joined(pages: Sequence[Reading]) -> Reading:
    """Return all pages as one; a resource that came on two of them, as when data change, counts once."""
    resources: dict[tuple[str, str | int], Resource] = {}
    for page in pages:
        for item in page.resources:
            resources.setdefault(_identity(item), item)
    totals = [page.total for page in pages if page.total is not None]
    return Reading(
        tuple(resources.values()),
        tuple(item for page in pages for item in page.included),
        tuple(name for page in pages for name in page.unreadable),
        hides_data=any(page.hides_data for page in pages),
        next_url=pages[-1].next_url,
        total=max(totals, default=None),
    )


def _identity(resource: Resource) -> tuple[str, str | int]:
    return type(resource).__name__, resource.id or id(resource)


def _of_reading(need: Need, reading: Reading, patient_id: str) -> Answer:
    wanted = [item for item in reading.resources if type(item).__name__ == need.resource_type]
    own = [item for item in wanted if _belongs(item, patient_id)]
    kept = [item for item in own if not _odd(item)]
    unreadable = sum(name in {need.resource_type, ""} for name in reading.unreadable)
    lost = len(own) - len(kept) + unreadable
    foreign = len(wanted) - len(own)
    mistyped = bool(reading.resources or reading.unreadable) and not wanted and not lost
    if mistyped or (need.resource_type == "Patient" and not kept):
        return ABSENT
    medications = [item for item in (*reading.resources, *reading.included) if isinstance(item, Medication)]
    gap = _gap(reading, lost, len(wanted) + unreadable)
    return Answer((*kept, *medications), gap, skipped=lost + foreign)


def _belongs(resource: Resource, patient_id: str) -> bool:
    if isinstance(resource, Patient):
        return resource.id == patient_id
    return of_patient(resource, patient_id)


def _odd(resource: Resource) -> bool:
    """Whether a resource lacks what makes it one: it is skipped, and then absence cannot be concluded."""
    if isinstance(resource, (MedicationRequest, MedicationStatement)):
        coded = resource.medication_codeable_concept or resource.medication_reference
        return resource.status is None or coded is None
    if isinstance(resource, (Condition, AllergyIntolerance)):
        return resource.code is None
    if isinstance(resource, Patient):
        return False
    return getattr(resource, "status", None) is None or getattr(resource, "code", None) is None


def _gap(reading: Reading, lost: int, counted: int) -> str:
    if lost:
        return f"{lost} of {counted} entries could not be interpreted"
    if reading.hides_data:
        return "the EHR reported that entries are missing"
    if reading.next_url:
        return "more pages exist that were not read"
    if reading.total is not None and reading.total > counted:
        return f"{reading.total - counted} of {reading.total} entries were not read"
    return ""
