"""
The source attributes that an evidence-based decision support intervention discloses, for one service.

They are those of 45 CFR 170.315(b)(11)(iv)(A), in its order. What the guideline tells about itself
comes from its Publication; which data about a person are used is derived from what the criteria of
the service's rules look at, and is UNKNOWN as soon as one of them does not say what that is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .criteria.orders import Trigger
from .terminology import ICD_10_CM, LOINC
from .truth import Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .criteria.finding import Criterion
    from .rules import CdsService, Guideline, Rule
    from .terminology import Terminology, ValueSet

REQUIREMENT = "45 CFR 170.315(b)(11)(iv)(A)"
UNSTATED = "not stated by the guideline"


@dataclass(frozen=True, slots=True)
class Told:
    """An attribute that a guideline tells about itself; `values` holds UNSTATED where it does not."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a rule that uses data of a kind: the rule's id, and the question in its words."""

    rule: str
    question: str


@dataclass(frozen=True, slots=True)
class Use:
    """
    Whether data of a kind are used, and by which questions.

    used: YES with those that use them, NO, or UNKNOWN with those that do not say what they look at.
    """

    name: str
    used: Truth
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """Data about a person: the element of Patient and the codes by which a question for them is known."""

    name: str
    element: str = ""
    loinc: frozenset[str] = frozenset()
    icd_10_cm: str = ""


# LOINC codes are those of US Core and the FHIR extensions registry; Z55 to Z65 is ICD-10-CM's chapter of
# social circumstances. No element of Patient but birthDate and gender is ever read (fhir/structs.py).
_SOCIAL = "social determinants of health data"
_HEALTH_STATUS = "health status assessments data"
_KINDS = (
    _Kind("race", loinc=frozenset({"72826-1", "32624-9"})),
    _Kind("ethnicity", loinc=frozenset({"69490-1"})),
    _Kind("language", loinc=frozenset({"54899-0"})),
    _Kind("sexual orientation", loinc=frozenset({"76690-7"})),
    _Kind("gender identity", loinc=frozenset({"76691-5"})),
    _Kind("sex", "Patient.gender", frozenset({"46098-0", "76689-9"})),
    _Kind("date of birth", "Patient.birthDate"),
    _Kind(_SOCIAL, icd_10_cm=r"Z(?:5[5-9]|6[0-5]).*"),
    _Kind(_HEALTH_STATUS, loinc=frozenset({"72166-2", "82810-3"})),
)


def document(service: CdsService, guideline: Guideline) -> dict[str, Any]:
    """Return all thirteen attributes as JSON, numbered as in the regulation."""
    first = [{"name": item.name, "values": list(item.values)} for item in told(guideline)]
    others = [_shown(use) for use in uses(service, guideline)]
    return {
        "service": service.group,
        "title": service.title,
        "hooks": list(service.hooks),
        "guideline": guideline.label,
        "requirement": REQUIREMENT,
        "sourceAttributes": [{"number": n, **item} for n, item in enumerate([*first, *others], start=1)],
    }


def _shown(use: Use) -> dict[str, Any]:
    rules: dict[str, list[str]] = {}
    for asked in use.asked:
        rules.setdefault(asked.rule, []).append(asked.question)
    by = [{"rule": rule, "questions": questions} for rule, questions in rules.items()]
    return {"name": f"use of {use.name}", "used": use.used.name.lower(), "rules": by}


def told(guideline: Guideline) -> tuple[Told, ...]:
    """Return the first four attributes: citations, developer, funding, dates."""
    known = guideline.publication
    citations = tuple(f"{item.id}: {item.text}" for item in known.citations)
    dates = (f"released: {known.released or UNSTATED}", f"revised: {known.revised or UNSTATED}")
    return (
        Told("bibliographic citation of the intervention", citations or (UNSTATED,)),
        Told("developer of the intervention", (known.developer or UNSTATED,)),
        Told("funding source of the technical implementation", (known.funding or UNSTATED,)),
        Told("release and revision dates", dates),
    )


def uses(service: CdsService, guideline: Guideline) -> tuple[Use, ...]:
    """Return the other nine attributes: which data about a person some rule of the service asks for."""
    asked = [(rule, leaf) for rule in service.each_rule for leaf in leaves(rule)]
    silent = _named((rule, leaf) for rule, leaf in asked if leaf.looks_at is None and leaf.needs)
    return tuple(_use(kind, service, guideline, asked, silent) for kind in _KINDS)


def leaves(rule: Rule) -> Iterator[Criterion]:
    """Yield the simple questions that a rule may ask once it is awake."""
    for criterion in rule.criteria:
        yield from criterion.leaves


def _use(
    kind: _Kind,
    service: CdsService,
    guideline: Guideline,
    asked: list[tuple[Rule, Criterion]],
    silent: tuple[Asked, ...],
) -> Use:
    wanted = _sets_of(kind, guideline) | ({kind.element} if kind.element else set())
    by = _named((rule, leaf) for rule, leaf in asked if wanted & (leaf.looks_at or frozenset()))
    woken = tuple(Asked(rule.id, rule.on.label) for rule in service.each_rule if wanted & waking_sets(rule))
    if by or woken:
        return Use(kind.name, Truth.YES, tuple(dict.fromkeys((*woken, *by))))
    return Use(kind.name, Truth.UNKNOWN, silent) if silent else Use(kind.name, Truth.NO)


def _named(asked: Iterable[tuple[Rule, Criterion]]) -> tuple[Asked, ...]:
    return tuple(dict.fromkeys(Asked(rule.id, leaf.label) for rule, leaf in asked))


def waking_sets(rule: Rule) -> frozenset[str]:
    """Return the names of the value sets whose orders or problems wake a rule."""
    waking = rule.on.value_sets if isinstance(rule.on, Trigger) else rule.on.problems
    return frozenset(value_set.name for value_set in waking)


def _sets_of(kind: _Kind, guideline: Guideline) -> set[str]:
    """Return the names of the value sets that hold data of a kind: by their codes, or as declared."""
    declared = {_SOCIAL: guideline.publication.social, _HEALTH_STATUS: guideline.publication.health_status}
    return {*declared.get(kind.name, ()), *_by_code(kind, guideline.terminology)}


def _by_code(kind: _Kind, terminology: Terminology) -> Iterator[str]:
    for value_set in terminology.value_sets.values():
        if any(_tells(kind, *key) for key in value_set.codes) or _prefix_tells(kind, value_set):
            yield value_set.name


def _tells(kind: _Kind, system: str, code: str) -> bool:
    if system == LOINC:
        return code in kind.loinc
    return system == ICD_10_CM and bool(kind.icd_10_cm) and re.fullmatch(kind.icd_10_cm, code) is not None


def _prefix_tells(kind: _Kind, value_set: ValueSet) -> bool:
    """Whether a code prefix of the value set lies within the kind's chapter, or takes some of it in."""
    prefixes = [regex for uri, regex in value_set.patterns if uri == ICD_10_CM]
    within = any(re.match(kind.icd_10_cm, regex.pattern) for regex in prefixes)
    return bool(kind.icd_10_cm) and (within or any(map(_takes_in_social, prefixes)))


def _takes_in_social(prefix: re.Pattern[str]) -> bool:
    return any(prefix.match(f"Z{number}") for number in range(55, 66))
