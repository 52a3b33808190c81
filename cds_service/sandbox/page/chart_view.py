"""
A patient's chart as rows to show, read from the FHIR server as it is now.

What could not be read is said in place of the rows, and never looks like an empty chart. Whatever a field
holds, a row is made of it: the chart of another EHR is shown as well as can be.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cds_service.sandbox.ehr.prefetch import answer_to
from cds_service.sandbox.ehr.report import patient_label
from cds_service.sandbox.print_cards import one_line

from .exchange import Lines, fhir_server, issues_of
from .order_form import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from .session import Connection

_DATE = len("2026-11-01")
_AT_ONCE = 8
_VOID = frozenset({"entered-in-error", "refuted"})

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: what it is, its value or details, when, its status; void when it is marked as not true."""

    what: str
    detail: str
    when: str
    status: str
    reference: str
    void: bool


@dataclass(frozen=True, slots=True)
class Section:
    """
    The entries of one kind.

    problem: why they could not be read, "" when they could. partial: whether the server has more.
    """

    title: str
    rows: tuple[Row, ...] = ()
    problem: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ChartView:
    """label: who it is, as far as the Patient says. problem: why the Patient could not be read."""

    patient: str
    label: str
    about: str
    problem: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    title: str
    query: str
    row: Callable[[Resource], tuple[str, str, str]]


def read_chart(connection: Connection, patient: str, today: date) -> ChartView:
    """Read the chart, all kinds beside each other."""
    queries = [f"Patient/{patient}", *(kind.query.format(patient) for kind in _KINDS)]
    person, *answers = read_all(connection, queries)
    sections = tuple(_section(kind, answer) for kind, answer in zip(_KINDS, answers, strict=True))
    problem = failure(person) or ("" if person else "The FHIR server has no patient with this id.")
    fields = person if isinstance(person, dict) and not problem else {}
    return ChartView(patient, patient_label(fields, patient), about(fields, today), problem, sections)


def read_all(connection: Connection, queries: Sequence[str]) -> list[object]:
    """Ask the FHIR server several questions at once; answers in the order of the questions."""
    server = fhir_server(connection)
    with Lines.opened(connection) as lines, ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda query: answer_to(lines.fhir, server, query), queries))


def failure(answer: object) -> str:
    """Say why a question was not answered; "" when it was."""
    if not isinstance(answer, dict) or answer.get("resourceType") != "OperationOutcome":
        return ""
    said = [one_line(issue.get("diagnostics")) or one_line(issue.get("code")) for issue in issues_of(answer)]
    return f"could not be read: {'; '.join(text for text in said if text) or 'no reason given'}"


def resources_of(answer: object, resource_type: str) -> list[Resource]:
    """Return the resources of one type in a searchset."""
    entries = answer.get("entry") if isinstance(answer, dict) else None
    found = [
        item.get("resource")
        for item in (entries if isinstance(entries, list) else [])
        if isinstance(item, dict)
    ]
    return [item for item in found if isinstance(item, dict) and item.get("resourceType") == resource_type]


def is_partial(answer: object) -> bool:
    """Whether a searchset has a `next` link left: the server has more than was read."""
    links = answer.get("link") if isinstance(answer, dict) else None
    return any(isinstance(link, dict) and link.get("relation") == "next" for link in links or ())


def about(person: Mapping[str, Any], today: date) -> str:
    """Say age and gender as far as they are known."""
    age = _age(one_line(person.get("birthDate")), today)
    gender = one_line(person.get("gender"))
    died = "died" if person.get("deceasedDateTime") or person.get("deceasedBoolean") is True else ""
    return ", ".join(part for part in (age, gender, died) if part)


def _age(born: str, today: date) -> str:
    """Count the years since a full birth date; a part of a date tells no exact age."""
    try:
        year, month, day = (int(part) for part in born.split("-"))
    except ValueError:
        return ""
    return f"{today.year - year - ((today.month, today.day) < (month, day))} years"


def _section(kind: _Kind, answer: object) -> Section:
    problem = failure(answer)
    if problem:
        return Section(kind.title, problem=problem)
    resource_type = kind.query.partition("?")[0]
    rows = tuple(_row(kind, item) for item in resources_of(answer, resource_type))
    return Section(kind.title, rows, partial=is_partial(answer))


def _row(kind: _Kind, resource: Resource) -> Row:
    what, detail, when = kind.row(resource)
    statuses = list(_statuses(resource))
    reference = f"{kind.query.partition('?')[0]}/{one_line(resource.get('id'))}"
    void = not _VOID.isdisjoint(statuses)
    return Row(what or "(without a name)", detail, when, ", ".join(statuses), reference, void)


def _statuses(resource: Resource) -> Iterator[str]:
    for element in ("clinicalStatus", "verificationStatus"):
        value = resource.get(element)
        codings = value.get("coding") if isinstance(value, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict) and (code := one_line(coding.get("code"))):
                yield code
    if status := one_line(resource.get("status")):
        yield status


# ── one kind of entry each: what, detail, when ────────────────────────────────────────────────────


def _condition(item: Resource) -> tuple[str, str, str]:
    return spoken(item.get("code")), spoken(item.get("severity")), _when(item, _ONSET)


def _medication(item: Resource) -> tuple[str, str, str]:
    what = spoken(item.get("medicationCodeableConcept")) or spoken(item.get("medicationReference"))
    doses = item.get("dosageInstruction")
    texts = (
        [one_line(dose.get("text")) for dose in doses if isinstance(dose, dict)]
        if isinstance(doses, list)
        else []
    )
    return what, "; ".join(text for text in texts if text), _when(item, (("authoredOn", "ordered"),))


def _allergy(item: Resource) -> tuple[str, str, str]:
    reactions = item.get("reaction")
    shown = [
        spoken(sign)
        for reaction in (reactions if isinstance(reactions, list) else [])
        if isinstance(reaction, dict) and isinstance(reaction.get("manifestation"), list)
        for sign in reaction["manifestation"]
    ]
    severity = one_line(item.get("criticality"))
    detail = "; ".join(part for part in (*shown, f"criticality {severity}" if severity else "") if part)
    return spoken(item.get("code")), detail, _when(item, _ONSET)


def _observation(item: Resource) -> tuple[str, str, str]:
    components = item.get("component")
    parts = [
        f"{spoken(part.get('code'))} {_value(part)}".strip()
        for part in (components if isinstance(components, list) else [])
        if isinstance(part, dict)
    ]
    value = _value(item) or "; ".join(parts) or "no value"
    return spoken(item.get("code")), value, _when(item, _EFFECTIVE)


def _order(item: Resource) -> tuple[str, str, str]:
    reasons = item.get("reasonCode")
    reason = spoken(reasons[0]) if isinstance(reasons, list) and reasons else ""
    return spoken(item.get("code")), reason, _when(item, (("authoredOn", "ordered"),))


def _procedure(item: Resource) -> tuple[str, str, str]:
    return spoken(item.get("code")), "", _when(item, _PERFORMED)


_ONSET = (("onsetDateTime", "since"), ("onsetPeriod", "since"), ("recordedDate", "recorded"))
_EFFECTIVE = (
    ("effectiveDateTime", ""),
    ("effectivePeriod", "from"),
    ("effectiveInstant", ""),
    ("issued", "issued"),
)
_PERFORMED = (("performedDateTime", ""), ("performedPeriod", "from"))
_KINDS = (
    _Kind("Problems", "Condition?patient={}&_count=200", _condition),
    _Kind("Medications", "MedicationRequest?patient={}&_count=200", _medication),
    _Kind("Allergies", "AllergyIntolerance?patient={}&_count=200", _allergy),
    _Kind("Observations", "Observation?patient={}&_sort=-date&_count=200", _observation),
    _Kind("Orders", "ServiceRequest?patient={}&_count=200", _order),
    _Kind("Procedures", "Procedure?patient={}&_count=200", _procedure),
)


def _when(item: Resource, elements: Sequence[tuple[str, str]]) -> str:
    """Return the first date there is, with the word that says what date it is."""
    for element, word in elements:
        value = item.get(element)
        start = value.get("start") if isinstance(value, dict) else value
        if said := one_line(start)[:_DATE]:
            return f"{word} {said}".strip()
    return "no date recorded"


def _value(item: Mapping[str, Any]) -> str:
    """Return the value of an Observation or of its component; "" when it has none that can be shown."""
    quantity = item.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), (int, float)):
        comparator, unit = one_line(quantity.get("comparator")), one_line(quantity.get("unit"))
        return f"{comparator}{quantity['value']:g} {unit}".strip()
    concept = spoken(item.get("valueCodeableConcept"))
    plain = [item.get(name) for name in ("valueString", "valueDateTime", "valueTime")]
    number = item.get("valueInteger")
    counted = str(number) if isinstance(number, int) else ""
    absent = spoken(item.get("dataAbsentReason"))
    return concept or next((one_line(text) for text in plain if one_line(text)), "") or counted or absent
