"""
Why a code means what it does to the rules: which value set takes it in, and by which way.

The ways are those of the index (terminology.py): a member; a code prefix; a medicine by its
ingredients; a site's own map to any of them. Codes decide, names never do (SAFE-33).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fhir import CodeableConcept, Coding
from .order_names import COMPLETE, sets_by_name
from .terminology import SPOKEN, SPOKEN_OF_MEDICINES, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .order_names import OrderName
    from .terminology import SiteCode, Terminology

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """
    One way by which a code comes to a value set, or is kept from it.

    code: the code of ours that decides, which a site's own may mean. because: in words.
    excluded: the value set would take it in, and leaves it out by name.
    """

    value_set: str
    title: str
    code: Key
    because: str
    excluded: bool = False


def ways(terminology: Terminology, coding: Coding) -> tuple[Way, ...]:
    """Return every way of a code, sorted by value set; none: no value set takes it in."""
    found = [way for key in terminology.meanings(coding) for way in _ways(terminology, key)]
    return tuple(sorted(dict.fromkeys(found), key=lambda way: (way.value_set, way.because)))


def _ways(terminology: Terminology, key: Key) -> Iterator[Way]:
    for value_set in terminology.value_sets.values():
        if key in value_set.codes:
            yield Way(value_set.name, value_set.title, key, f"member: {value_set.displays[key]}")
        for uri, regex in value_set.patterns:
            if uri == key[0] and regex.fullmatch(key[1]):
                yield Way(value_set.name, value_set.title, key, f"the code begins as {regex.pattern} says")
        for ingredient in terminology.held(key):
            held = normalised(ingredient.system, ingredient.code)
            if held in value_set.codes:
                named = f"{ingredient.display or ingredient.code} ({ingredient.code})"
                excluded = key in value_set.excluded
                left_out = "; but the value set leaves this product out" if excluded else ""
                because = f"product that holds {named}, a member{left_out}"
                yield Way(value_set.name, value_set.title, key, because, excluded)


def mapped(terminology: Terminology, coding: Coding) -> SiteCode | None:
    """Return what the site's maps say of a code; None when they say nothing."""
    key = normalised(coding.system, coding.code)
    return terminology.site.get(key) if key else None


def consequence(terminology: Terminology, coding: Coding) -> str:
    """Say what it means for the advice that a code is, or is not, in some value set."""
    key = normalised(coding.system, coding.code)
    if key is None:
        return "half a code: a system and a code are needed"
    if terminology.sets_of([coding]):
        return "understood: rules that look for these value sets see it"
    if key in terminology.site:
        return "known to the site as of no concern: no rule sees it, and nothing is uncertain for it"
    if terminology.held(key):
        return "a known product, none of whose ingredients is looked for: no rule sees it"
    if key[0] in SPOKEN:
        return _unlisted(key)
    return (
        "not understood: its system is foreign here. An order of this code alone may be recognised by its "
        "name; a problem, allergy or medicine of this code alone may be anything, so where a rule needs to "
        "know that something is absent, its answer is unknown (SAFE-33)"
    )


def _unlisted(key: Key) -> str:
    """Say what it means that a code of a system we speak is in no value set."""
    kinds = " and ".join(kind for kind, system in COMPLETE.items() if system == key[0])
    by_name = (
        f"a {kinds} so coded is never recognised by its name"
        if kinds
        else "an order of this code alone may be recognised by its name"
    )
    medicine = "" if key[0] in SPOKEN_OF_MEDICINES else "; a medicine of this code alone may be any medicine"
    return f"of a known system and in no value set: it is taken for something else, and {by_name}{medicine}"


def named(
    terminology: Terminology, order_names: Iterable[OrderName], coding: Coding, name: str
) -> dict[str, str]:
    """
    Say what a name beside the code changes: per kind of order the value sets it would be recognised as.

    "misnamed": the ingredients that the name tells and the code does not (SAFE-33). Empty when
    the name changes nothing.
    """
    concept = CodeableConcept((coding,), name)
    patterns = tuple(order_names)
    kinds = dict.fromkeys(item.resource_type for item in patterns)
    recognised = {kind: sets_by_name(kind, concept, patterns, terminology) for kind in kinds}
    told = {kind: ", ".join(sorted(sets)) for kind, sets in recognised.items() if sets}
    others = ", ".join(terminology.misnamed(concept))
    return {**told, **({"misnamed": f"{others}: judged by the code all the same"} if others else {})}
