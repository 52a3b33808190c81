"""What the rules make of one code, and why, as data; for a foreign code, how a site maps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .code_meaning import consequence, mapped, named, ways
from .criteria.finding import names_of
from .criteria.orders import Trigger
from .disclosure import waking_sets
from .fhir import Coding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .catalogue import Catalogue
    from .code_meaning import Way
    from .rules import Guideline

Json = dict[str, Any]


def explained_code(catalogue: Catalogue, system: str, code: str, name: str = "") -> Json:
    """
    Return, per guideline, the value sets of a code with the reason for each, and what follows from it.

    name: what an EHR calls it, "" to leave it out; a name never decides what a known code means.
    """
    coding = Coding(system, code)
    return {guideline.name: _explained(guideline, coding, name) for guideline in catalogue.guidelines}


def _explained(guideline: Guideline, coding: Coding, name: str) -> Json:
    terms = guideline.terminology
    found = ways(terms, coding)
    taken = sorted(terms.sets_of((coding,)))
    site = mapped(terms, coding)
    by_name = named(terms, guideline.order_names, coding, name) if name else {}
    entry = {} if taken or site else {"siteMap": site_map_entry(coding)}
    return {
        "understood": terms.understands(coding.system or "", coding.code or ""),
        "consequence": consequence(terms, coding),
        "valueSets": taken,
        "why": [_shown(way) for way in found],
        **({"mappedBySite": _site(site.means, site.files, site.factor)} if site else {}),
        "ingredients": [item.display or item.code for item in terms.ingredients((coding,))],
        "strengths": [f"{item.amount:g} {item.unit}" for item in terms.strengths((coding,))],
        "wakes": sorted(_woken(guideline, frozenset(taken))),
        **({"byName": by_name} if by_name else {}),
        **entry,
    }


def _shown(way: Way) -> Json:
    system, code = way.code
    left_out = {"excluded": True} if way.excluded else {}
    return {
        "valueSet": way.value_set,
        "title": way.title,
        "code": f"{system}|{code}",
        "because": way.because,
        **left_out,
    }


def _site(means: tuple[tuple[str, str], ...], files: tuple[str, ...], factor: float) -> Json:
    scaled = {} if factor == 1 else {"scoreFactor": factor}
    return {"files": list(files), "means": [f"{system}|{code}" for system, code in means], **scaled}


def _woken(guideline: Guideline, sets: frozenset[str]) -> Iterator[str]:
    """Yield the rules that an order, or a new problem, of these value sets would wake."""
    for service in guideline.services:
        for rule in service.each_rule:
            besides = rule.on.besides if isinstance(rule.on, Trigger) else ()
            if waking_sets(rule) & sets and not sets & names_of(besides):
                yield rule.id


def site_map_entry(coding: Coding) -> Json:
    """Return a ConceptMap for CDS_SITE_CODES that maps the code, its target left to be filled in."""
    target = {"code": "CODE-OF-A-VALUE-SET", "equivalence": "equivalent"}
    group = {
        "source": coding.system,
        "target": "SYSTEM-OF-THAT-CODE",
        "element": [{"code": coding.code, "target": [target]}],
    }
    return {"resourceType": "ConceptMap", "status": "active", "group": [group]}
