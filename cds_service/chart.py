"""
What is known about one patient today, indexed once by value set.

The chart keeps resources as Facts: with the value sets they belong to, how certain they are,
whether they are current, and the days they may date from. Entries in error are dropped at the
door (SAFE-07); nothing else is ever dropped silently.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .answers import ABSENT
from .fhir import (
    AllergyIntolerance,
    CodeableConcept,
    Condition,
    DiagnosticReport,
    Medication,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Patient,
    Procedure,
    ServiceRequest,
    Span,
    span_of,
)
from .order_names import sets_by_name
from .terminology import SPOKEN, SPOKEN_OF_MEDICINES, normalised
from .truth import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from .answers import Answer, Need
    from .criteria.finding import Criterion, Finding
    from .fhir import Coding, Reference, Resource
    from .fhir.structs import Period
    from .order_names import OrderName
    from .terminology import Terminology

CURRENT_CONDITION = frozenset({"active", "recurrence", "relapse", ""})
CURRENT_ORDER = frozenset({"active", "on-hold"})
CURRENT_STATEMENT = frozenset({"active", "intended", "on-hold", "unknown"})
ORDER_INTENTS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", ""})
IN_ERROR = frozenset({"entered-in-error"})
_CERTAINTY = {
    "refuted": Certainty.ABSENT_STATED,
    "provisional": Certainty.POSSIBLE,
    "differential": Certainty.POSSIBLE,
    "unconfirmed": Certainty.POSSIBLE,
}
_SENSITIVE = frozenset({"R", "V"})
_SENSITIVITY_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


class UndeclaredReadError(RuntimeError):
    """A criterion read what it does not declare, so no prefetch template would ask for it: add the Need."""


@dataclass(frozen=True, slots=True)
class Fact:
    """
    One resource, judged as far as one resource can be.

    sets: names of the value sets its code is in. certainty: SAFE-07. current: still going on
    (SAFE-09, SAFE-36). span: the days it may date from, None when undated (of a medication
    statement: the first day of which it speaks). recorded_only: the
    span is when it was written down, not when it began. interpretable: some coding is of a
    system our value sets speak; otherwise its absence from them means nothing (SAFE-33).
    recorded: the days it was written down, when told.
    draft: it comes from context.draftOrders. source: the draft's own JSON, for updates.
    foreign_version: it is of an older FHIR version than R4. nameable: an action can name it and
    nothing else, since no other draft has its id and it orders one thing.
    """

    resource: Resource
    code: CodeableConcept
    sets: frozenset[str] = frozenset()
    certainty: Certainty = Certainty.PRESENT
    current: bool = True
    span: Span | None = None
    recorded_only: bool = False
    interpretable: bool = True
    recorded: Span | None = None
    draft: bool = False
    selected: bool = False
    by_name: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)
    foreign_version: bool = False
    nameable: bool = True

    @property
    def reference(self) -> str:
        """`Type/id` as the EHR names it, or the type alone when the resource has no id."""
        kind = self.source.get("resourceType") or type(self.resource).__name__
        return f"{kind}/{self.resource.id}" if self.resource.id else kind

    @property
    def sensitive(self) -> bool:
        """Whether its security labels ask for discretion (SAFE-30)."""
        labels = self.resource.meta.security if self.resource.meta else ()
        return any(label.code in _SENSITIVE or label.system == _SENSITIVITY_SYSTEM for label in labels)

    def is_in(self, *names: str) -> bool:
        """Whether its code is in one of these value sets."""
        return not self.sets.isdisjoint(names)

    @property
    def dated(self) -> str:
        """When, in words: "since 2026-05-01", "recorded 2026-05-01", "undated"."""
        if self.span is None:
            return "undated"
        return f"recorded {self.span}" if self.recorded_only else str(self.span)


@dataclass(frozen=True, slots=True)
class Context:
    """
    The hook call as far as rules may read it: who, and which orders are on the table.

    conditions: the problems that problem-list-item-create has just added, not yet in any answer.
    """

    patient_id: str
    drafts: tuple[Fact, ...] = ()
    hook: str = ""
    conditions: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Chart:
    """
    One patient on one day; give it to criteria, ask nothing of it yourself.

    `facts(need)` are the resources read for a Need; `gap(need)` is "" or why there may be
    more. `order` is the draft being judged, None outside a judgement. `restricted_to(needs)`
    is the same chart on which reading anything else raises UndeclaredReadError.
    """

    today: date
    context: Context
    answers: Mapping[str, Answer]
    terminology: Terminology
    order: Fact | None = None
    allowed: frozenset[str] | None = None
    _facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict, repr=False)
    _findings: dict[tuple[Criterion, int], Finding] = field(default_factory=dict, repr=False)
    _drafts: dict[tuple[str, ...], tuple[Fact, ...]] = field(default_factory=dict, repr=False)

    def restricted_to(self, needs: Iterable[Need]) -> Chart:
        """Return a view that knows only these needs; drafts and `today` stay."""
        return self._view(self.order, frozenset(need.key for need in needs))

    def judging(self, order: Fact | None) -> Chart:
        """Return a view in which `order` is the draft being judged; what was found so far is shared."""
        return self._view(order, self.allowed)

    def _view(self, order: Fact | None, allowed: frozenset[str] | None) -> Chart:
        # Spelled out: `replace` costs three times as much, and every criterion gets a view of its own.
        known = (self.today, self.context, self.answers, self.terminology)
        return Chart(*known, order, allowed, self._facts, self._findings, self._drafts)

    def ask(self, criterion: Criterion) -> Finding:
        """
        Judge a criterion on this chart, once per judged order; later calls get the same Finding.

        Orders are told apart by identity: those of the context live as long as the chart.
        """
        order = id(self.order) if criterion.about_order and self.order is not None else 0
        key = (criterion, order)
        finding = self._findings.get(key)
        if finding is None:
            finding = criterion.judge(self.restricted_to(criterion.needs) if criterion.is_leaf else self)
            self._findings[key] = finding
        return finding

    def answer(self, need: Need) -> Answer:
        """Return the raw answer to a Need."""
        if self.allowed is not None and need.key not in self.allowed:
            msg = f"this criterion reads {need.key!r} without declaring it: add the Need to its needs"
            raise UndeclaredReadError(msg)
        return self.answers.get(need.key, ABSENT)

    def gap(self, need: Need) -> str:
        """Return "" when all there is was read; otherwise why not, for a clinician."""
        answer = self.answer(need)
        return "" if need.fallback and answer.absent else answer.gap

    def gap_with_beside(self, need: Need) -> str:
        """Return the gap of a need, or of the one beside it."""
        own, beside = self.gap(need), self.gap(need.beside) if need.beside else ""
        return own or (f"{beside} ({need.beside.name})" if need.beside and beside else "")

    def facts(self, need: Need, *names: str) -> tuple[Fact, ...]:
        """Return what was read for a Need, narrowed to value sets when any are named; errors excepted."""
        answer = self.answer(need)
        facts = self._facts.get(need.key)
        if facts is None:
            added = self.context.conditions if need.resource_type == "Condition" else ()
            facts = _facts_of(answer.resources, self.terminology, added)
            self._facts[need.key] = facts
        return tuple(fact for fact in facts if fact.is_in(*names)) if names else facts

    def facts_with_beside(self, need: Need, *names: str) -> tuple[Fact, ...]:
        """Return the facts of a need, then those of the one beside it."""
        beside = self.facts(need.beside, *names) if need.beside else ()
        return (*self.facts(need, *names), *beside)

    def drafts(self, *names: str, others: bool = True) -> tuple[Fact, ...]:
        """Return drafted orders in these value sets; with `others` all but the one being judged."""
        found = self._drafts.get(names)  # kept: asked for each of what may be hundreds of orders
        if found is None:
            found = tuple(draft for draft in self.context.drafts if draft.is_in(*names))
            self._drafts[names] = found
        return tuple(draft for draft in found if draft is not self.order) if others else found

    def patient(self, need: Need) -> Patient | None:
        """Return the Patient, None when it was not read."""
        resources = self.answer(need).resources
        return next((item for item in resources if isinstance(item, Patient)), None)


def draft_fact(  # noqa: PLR0913 - what the order says, and what is needed to read it
    resource: MedicationRequest | ServiceRequest,
    source: Mapping[str, Any],
    terminology: Terminology,
    *,
    selected: bool,
    medications: Mapping[str, Medication] | None = None,
    names: Iterable[OrderName] = (),
) -> Fact:
    """
    Return a drafted order as a Fact.

    medications: by `Medication/id`, for a draft that refers to one. names: how an order
    without any understood code may be recognised; then `by_name` is set.
    """
    fact = _fact(resource, terminology, medications or {})
    fact = replace(fact, draft=True, selected=selected, source=source)
    if fact.sets:
        return fact
    sets = sets_by_name(type(resource).__name__, fact.code, names, terminology)
    return replace(fact, sets=sets, by_name=True) if sets else fact


def condition_fact(resource: Condition, terminology: Terminology) -> Fact | None:
    """Return a problem that was just added as a Fact; None when it is an entry in error."""
    return None if _in_error(resource) else _fact(resource, terminology, {})


def _facts_of(
    resources: Iterable[Resource], terminology: Terminology, added: tuple[Fact, ...]
) -> tuple[Fact, ...]:
    """Return the facts of an answer; a problem just added stands for an older version of itself."""
    resources = tuple(resources)
    newer = {fact.reference for fact in added if fact.resource.id}
    medications = {
        f"Medication/{item.id}": item for item in resources if isinstance(item, Medication) and item.id
    }
    facts = [
        _fact(item, terminology, medications)
        for item in resources
        if not isinstance(item, (Medication, Patient)) and not _in_error(item)
    ]
    known = [fact for fact in facts if fact.reference not in newer]
    return tuple(_doubted([*known, *added]))


def _in_error(resource: Resource) -> bool:
    if isinstance(resource, (Condition, AllergyIntolerance)):
        return status_code(resource.verification_status) in IN_ERROR
    return getattr(resource, "status", None) in IN_ERROR


def _doubted(facts: list[Fact]) -> list[Fact]:
    """Make POSSIBLE what a newer entry of the same code refutes (guideline.md 10.4)."""
    refuted: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for fact in facts:
        if fact.certainty is Certainty.ABSENT_STATED and fact.span:
            for key in _keys(fact):
                refuted[key].append(fact.span)
    if not refuted:
        return facts
    return [_possible_if_refuted(fact, refuted) for fact in facts]


def _keys(fact: Fact) -> list[tuple[str, str]]:
    return [key for coding in fact.code.coding if (key := normalised(coding.system, coding.code))]


def _possible_if_refuted(fact: Fact, refuted: Mapping[tuple[str, str], list[Span]]) -> Fact:
    if fact.certainty is not Certainty.PRESENT or fact.span is None:
        return fact
    denials = [span for key in _keys(fact) for span in refuted.get(key, ())]
    newer = any(span.first > fact.span.last for span in denials)
    return replace(fact, certainty=Certainty.POSSIBLE) if newer else fact


def _fact(resource: Resource, terminology: Terminology, medications: Mapping[str, Medication]) -> Fact:
    code = _code(resource, medications)
    span, recorded_only = _dated(resource)
    return Fact(
        resource,
        code,
        terminology.sets_of((*code.coding, *_category(resource))),
        _certainty(resource),
        _current(resource),
        span,
        recorded_only,
        terminology.interprets(code.coding, _spoken_of(resource)),
        _recorded(resource),
    )


def _spoken_of(resource: Resource) -> frozenset[str]:
    """Return the code systems by which a resource of this kind can be told from all others of it."""
    is_medicine = isinstance(resource, (MedicationRequest, MedicationStatement))
    return SPOKEN_OF_MEDICINES if is_medicine else SPOKEN


def _category(resource: Resource) -> tuple[Coding, ...]:
    """Return the codes of a Procedure's category: an operation is told by it, whatever was operated on."""
    return resource.category.coding if isinstance(resource, Procedure) and resource.category else ()


def _code(resource: Resource, medications: Mapping[str, Medication]) -> CodeableConcept:
    if isinstance(resource, (MedicationRequest, MedicationStatement)):
        return resource.medication_codeable_concept or _medication(resource, medications) or CodeableConcept()
    return getattr(resource, "code", None) or CodeableConcept()


def _medication(
    request: MedicationRequest | MedicationStatement, medications: Mapping[str, Medication]
) -> CodeableConcept | None:
    reference = (request.medication_reference and request.medication_reference.reference) or ""
    for contained in request.contained:
        if reference == f"#{contained.id}":
            return contained.code
    medication = medications.get(relative(reference))
    if medication:
        return medication.code
    name = request.medication_reference and request.medication_reference.display
    return CodeableConcept(text=name) if name else None


def relative(reference: str) -> str:
    """Return the `Type/id` that a reference or URL ends with; what has no slash stays as it is."""
    return "/".join(reference.split("/_history/", maxsplit=1)[0].split("/")[-2:])


def _certainty(resource: Resource) -> Certainty:
    if isinstance(resource, (Condition, AllergyIntolerance)):
        return _CERTAINTY.get(status_code(resource.verification_status), Certainty.PRESENT)
    if isinstance(resource, MedicationStatement) and resource.status == "unknown":
        return Certainty.POSSIBLE
    return Certainty.PRESENT


def _current(resource: Resource) -> bool:
    if isinstance(resource, Condition):
        return status_code(resource.clinical_status) in CURRENT_CONDITION
    if isinstance(resource, AllergyIntolerance):
        return status_code(resource.clinical_status) != "resolved"
    if isinstance(resource, (MedicationRequest, ServiceRequest)):
        return (
            resource.status in CURRENT_ORDER
            and (resource.intent or "") in ORDER_INTENTS
            and resource.do_not_perform is not True
        )
    if isinstance(resource, MedicationStatement):
        return resource.status in CURRENT_STATEMENT
    return True


def status_code(concept: CodeableConcept | None) -> str:
    """Return the status that a CodeableConcept holds, in lower case; "" when there is none."""
    return next((c.code.lower() for c in concept.coding if c.code), "") if concept else ""


def _dated(resource: Resource) -> tuple[Span | None, bool]:
    """Return the days the resource may date from, and whether that is only when it was recorded."""
    if isinstance(resource, (Condition, MedicationStatement)):
        begun = _begun(resource)
        return (begun, False) if begun else (_recorded(resource), True)
    if isinstance(resource, (MedicationRequest, ServiceRequest)):
        return span_of(resource.authored_on), False
    if isinstance(resource, Procedure):
        return span_of(resource.performed_date_time) or _last_day(resource.performed_period), False
    if isinstance(resource, (Observation, DiagnosticReport)):
        return _effective(resource), False
    if isinstance(resource, AllergyIntolerance):
        return _recorded(resource), True
    return None, False


def _begun(resource: Condition | MedicationStatement) -> Span | None:
    """Return the days a problem may have begun, or a medicine that somebody tells of."""
    if isinstance(resource, Condition):
        day, period = resource.onset_date_time, resource.onset_period
    else:
        day, period = resource.effective_date_time, resource.effective_period
    return span_of(day) or span_of(period.start if period else None)


def _recorded(resource: Resource) -> Span | None:
    return span_of(getattr(resource, "recorded_date", None) or getattr(resource, "date_asserted", None))


def _effective(resource: Observation | DiagnosticReport) -> Span | None:
    instant = resource.effective_instant if isinstance(resource, Observation) else None
    return (
        span_of(resource.effective_date_time)
        or span_of(instant)
        or _last_day(resource.effective_period)
        or span_of(resource.issued)
    )


def _last_day(period: Period | None) -> Span | None:
    return (span_of(period.end) or span_of(period.start)) if period else None


def refers_to(reference: Reference | None) -> str:
    """Return the `Type/id` that a reference ends with; "" when there is none."""
    return relative(reference.reference) if reference and reference.reference else ""
