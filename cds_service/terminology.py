"""
Codes and what they mean to the rules: value sets, RxNorm products and strengths, site code maps.

All of it is FHIR JSON (ValueSet, ConceptMap) plus one table of strengths, loaded once from a
guideline's folder into one index (system, code) -> names of value sets. Displays are never
a key; they only appear on cards.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from .fhir import Coding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .fhir import CodeableConcept

SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"

SPOKEN = frozenset({SNOMED_CT, LOINC, RXNORM, ICD_10_CM})
SPOKEN_OF_MEDICINES = frozenset({RXNORM})
"""A drug's code of another system may be any drug: only RxNorm's are complete here."""

_OIDS = {
    "2.16.840.1.113883.6.96": SNOMED_CT,
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.88": RXNORM,
    "2.16.840.1.113883.6.90": ICD_10_CM,
}
_PREFIX_PATTERN = re.compile(r"([A-Z0-9]+)((?:\[0-9\])*)\.\*")


class TerminologyError(ValueError):
    """A value set or map of a guideline is not what it must be; the message says which and how to mend it."""


def normalised(system: str | None, code: str | None) -> tuple[str, str] | None:
    """
    Return (system, code) in the one spelling that the index uses; None unless both are there.

    OIDs, with or without `urn:oid:`, become the URIs of SNOMED CT, LOINC, RxNorm and
    ICD-10-CM; ICD-10-CM codes lose their dot and turn to upper case (guideline.md 10.8).
    """
    uri, tidy = (system or "").strip().rstrip("/"), (code or "").strip()
    if not uri or not tidy:
        return None
    uri = _OIDS.get(uri.removeprefix("urn:oid:"), uri)
    return (uri, tidy.replace(".", "").upper()) if uri == ICD_10_CM else (uri, tidy)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """
    A named set of codes.

    codes: normalised (system, code). patterns: per system, a compiled `filter` on code.
    excluded: codes that an ingredient in the set must not pull in (a topical gel of a
    systemic drug). displays: what to call a code on a card. numbers: what a code counts, such as
    weeks, where the file says so (FHIR extension `ordinalValue`).
    """

    name: str
    title: str
    codes: frozenset[tuple[str, str]]
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()
    excluded: frozenset[tuple[str, str]] = frozenset()
    displays: Mapping[tuple[str, str], str] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def of_system(self, system: str) -> tuple[str, ...]:
        """Return the codes of one system, sorted, as a search parameter wants them."""
        return tuple(sorted(code for uri, code in self.codes if uri == system))

    def coding(self, code: str) -> Coding:
        """Return a member as a Coding for an order we suggest; TerminologyError when it is none."""
        for (system, member), display in self.displays.items():
            if member == code:
                return Coding(system, code, display)
        msg = f"value set {self.name}: {code} is no member; add it to {self.name}.json or name another code"
        raise TerminologyError(msg)


@dataclass(frozen=True, slots=True)
class Strength:
    """How much of one ingredient a product holds per unit: `325 MG`, `10 MG/ML`."""

    ingredient: str
    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class SiteCode:
    """
    What a code of the site's own means.

    means: codes of ours; none when the site says that it is known and of no concern. files: the
    maps that say so. factor: what a score so coded is multiplied by to be on our scale.
    """

    means: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    factor: float = 1.0


class Terminology:
    """
    The codes of one guideline, plus the site's own.

    `terms["rx-opioid"]` is a value set (and counts as used); an unknown name raises
    TerminologyError. `sets_of(codings)` are the names of all sets that any coding belongs to.
    """

    def __init__(
        self,
        value_sets: Iterable[ValueSet],
        ingredients: Mapping[str, tuple[Coding, ...]] | None = None,
        strengths: Mapping[str, tuple[Strength, ...]] | None = None,
    ) -> None:
        """Index the value sets; `ingredients` and `strengths` go by RxNorm product code."""
        self.value_sets = {value_set.name: value_set for value_set in value_sets}
        self.used: set[str] = set()
        self._ingredients = dict(ingredients or {})
        self._strengths = dict(strengths or {})
        self.site: dict[tuple[str, str], SiteCode] = {}
        self._index: dict[tuple[str, str], set[str]] = defaultdict(set)
        for value_set in self.value_sets.values():
            for key in value_set.codes:
                self._index[key].add(value_set.name)
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        watched = (item.display for items in self._ingredients.values() for item in items)
        self._watched = frozenset(display.lower() for display in watched if display)

    @classmethod
    def load(cls, folder: Path) -> Terminology:
        """Read `valuesets/*.json` and `conceptmaps/*` below `folder`; TerminologyError names the bad file."""
        value_sets = [_value_set(path) for path in sorted((folder / "valuesets").glob("*.json"))]
        ingredients = {
            code: targets
            for path in sorted((folder / "conceptmaps").glob("*.json"))
            for system, code, targets, _ in _mappings(path)
            if system == RXNORM
        }
        strengths: dict[str, list[Strength]] = defaultdict(list)
        for path in sorted((folder / "conceptmaps").glob("*.csv")):
            for product, strength in _strengths(path):
                strengths[product].append(strength)
        return cls(value_sets, ingredients, {product: tuple(items) for product, items in strengths.items()})

    def __getitem__(self, name: str) -> ValueSet:
        """Return a value set by the stem of its file, and note that it is used."""
        if name not in self.value_sets:
            msg = f"no value set {name!r}: there is no valuesets/{name}.json in the guideline's folder"
            raise TerminologyError(msg)
        self.used.add(name)
        return self.value_sets[name]

    @property
    def unused(self) -> frozenset[str]:
        """Names of value sets that nothing asked for."""
        return frozenset(self.value_sets) - self.used

    def with_site_codes(self, folder: Path) -> Terminology:
        """
        Return a copy that also understands the site's own codes.

        Every ConceptMap in `folder` maps local codes (CPT, NDC, local numbers) to codes of our
        value sets; a code that several of them map means all that they say. A target that no value
        set holds is a TerminologyError: it would do nothing.
        """
        copy = Terminology(self.value_sets.values(), self._ingredients, self._strengths)
        copy.used = set(self.used)
        for path in sorted(folder.glob("*.json")):
            for system, code, targets, factor in _mappings(path):
                keys = tuple(key for target in targets if (key := normalised(target.system, target.code)))
                for key in keys:
                    if not copy.understands(*key):
                        msg = f"{path.name}: {system}|{code} maps to {'|'.join(key)}, which no rule knows"
                        raise TerminologyError(msg)
                source = normalised(system, code)
                if source:
                    copy.site[source] = _joined(copy.site.get(source), SiteCode(keys, (path.name,), factor))
        return copy

    def sets_of(self, codings: Iterable[Coding]) -> frozenset[str]:
        """Return the names of all value sets that one of `codings` belongs to."""
        names: frozenset[str] = frozenset()
        for coding in codings:
            key = normalised(coding.system, coding.code)
            if key:
                names |= self._sets(key)
        return names

    def understands(self, system: str, code: str) -> bool:
        """Whether some value set, product map or site map knows this code."""
        key = normalised(system, code)
        if key is None:
            return False
        return bool(self._sets(key)) or key in self.site or (key[0] == RXNORM and key[1] in self._ingredients)

    def interprets(self, codings: Iterable[Coding], systems: frozenset[str] = SPOKEN) -> bool:
        """
        Whether some coding is of a system that value sets speak, in one, or of a site map; else it is opaque.

        systems: those that are spoken of such a resource; of a medicine RxNorm alone (guideline.md 8).
        """
        keys = [key for coding in codings if (key := normalised(coding.system, coding.code))]
        return any(key[0] in systems or key in self.site or self._sets(key) for key in keys)

    @staticmethod
    def is_of(system: str, coding: Coding) -> bool:
        """Whether the coding is of this system, whichever way its system is spelled."""
        key = normalised(coding.system, coding.code)
        return key is not None and key[0] == system

    def ingredients(self, codings: Iterable[Coding]) -> tuple[Coding, ...]:
        """Return the watched ingredients of the first coding that is a known RxNorm product or ingredient."""
        for coding in codings:
            for key in self.meanings(coding):
                if key[0] != RXNORM:
                    continue
                if key[1] in self._ingredients:
                    return self._ingredients[key[1]]
                if self._index.get(key):
                    return (Coding(RXNORM, key[1], self._display(key)),)
        return ()

    def _display(self, key: tuple[str, str]) -> str:
        """Return what our value sets call a code: an EHR's own display may be wrong (SAFE-33)."""
        return next(self.value_sets[name].displays[key] for name in sorted(self._index[key]))

    def misnamed(self, concept: CodeableConcept) -> tuple[str, ...]:
        """
        Return the watched ingredients that the concept's words name although its code means others (SAFE-33).

        Empty when code and words agree, or when either names no ingredient that is watched.
        """
        meant = {(item.display or "").lower() for item in self.ingredients(concept.coding)}
        texts = [concept.text, *(coding.display for coding in concept.coding)]
        words = set(_WORD.findall(" ".join(filter(None, texts))[:_READ].lower()))
        named = self._watched & words
        return tuple(sorted(named)) if meant and not meant & named else ()

    def strengths(self, codings: Iterable[Coding]) -> tuple[Strength, ...]:
        """Return the strengths of the first coding that has any; empty when no strength is known."""
        for coding in codings:
            for key in self.meanings(coding):
                if key[0] == RXNORM and key[1] in self._strengths:
                    return self._strengths[key[1]]
        return ()

    def factor(self, codings: Iterable[Coding]) -> float:
        """Return what a score of the first coding that the site maps is multiplied by; 1 when none is."""
        if not self.site:
            return 1.0
        keys = [key for coding in codings if (key := normalised(coding.system, coding.code))]
        return next((self.site[key].factor for key in keys if key in self.site), 1.0)

    def meanings(self, coding: Coding) -> tuple[tuple[str, str], ...]:
        """Return the code in its one spelling, then what it means at this site; empty for half a coding."""
        key = normalised(coding.system, coding.code)
        return () if key is None else (key, *self._site_means(key))

    def _site_means(self, key: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        return self.site[key].means if key in self.site else ()

    def held(self, product: tuple[str, str]) -> tuple[Coding, ...]:
        """Return the watched ingredients of an RxNorm product; empty for what is no known product."""
        return self._ingredients.get(product[1], ()) if product[0] == RXNORM else ()

    def _sets(self, key: tuple[str, str]) -> frozenset[str]:
        known = self._known.get(key)
        if known is None:
            known = frozenset(self._membership(key))
            if len(self._known) < _REMEMBERED:
                self._known[key] = known
        return known

    def _membership(self, key: tuple[str, str]) -> Iterator[str]:
        for meaning in (key, *self._site_means(key)):
            yield from self._index.get(meaning, ())
            for value_set in self.value_sets.values():
                if any(
                    meaning[0] == uri and regex.fullmatch(meaning[1]) for uri, regex in value_set.patterns
                ):
                    yield value_set.name
            yield from self._by_ingredient(meaning)

    def _by_ingredient(self, product: tuple[str, str]) -> Iterator[str]:
        for ingredient in self.held(product):
            for name in self._index.get((RXNORM, ingredient.code or ""), ()):
                if product not in self.value_sets[name].excluded:
                    yield name


_WORD = re.compile(r"[a-z]+")
_READ = 300
_REMEMBERED = 20_000
"""How many codes keep their looked-up sets: bounds the memory that unknown codes can take."""


def _joined(known: SiteCode | None, more: SiteCode) -> SiteCode:
    """Return what two maps say of one code; TerminologyError when they put its scores on different scales."""
    if known is None:
        return more
    files = (*known.files, *more.files)
    if known.factor != more.factor:
        msg = f"{', '.join(files)}: one code has two score factors, {known.factor:g} and {more.factor:g}"
        raise TerminologyError(msg)
    return SiteCode(tuple(dict.fromkeys((*known.means, *more.means))), files, more.factor)


def _document(path: Path, resource_type: str) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        msg = f"{path.name}: not a JSON object ({error})"
        raise TerminologyError(msg) from error
    if document.get("resourceType") != resource_type:
        msg = f"{path.name}: resourceType is {document.get('resourceType')!r}, must be {resource_type}"
        raise TerminologyError(msg)
    return document


def _value_set(path: Path) -> ValueSet:
    document = _document(path, "ValueSet")
    if document.get("id") != path.stem:
        msg = f"{path.name}: its id is {document.get('id')!r}; file stem and id must agree"
        raise TerminologyError(msg)
    compose = document.get("compose", {})
    displays: dict[tuple[str, str], str] = {}
    numbers: dict[tuple[str, str], float] = {}
    patterns: list[tuple[str, re.Pattern[str]]] = []
    for include in compose.get("include", ()):
        displays.update(_concepts(path, include))
        numbers.update(_numbers(path, include))
        patterns += [_pattern(path, include, rule) for rule in include.get("filter", ())]
    excluded = {key for part in compose.get("exclude", ()) for key, _ in _concepts(path, part)}
    if not displays and not patterns:
        msg = f"{path.name}: holds no code"
        raise TerminologyError(msg)
    title = document.get("title", path.stem)
    return ValueSet(
        path.stem, title, frozenset(displays), tuple(patterns), frozenset(excluded), displays, numbers
    )


def _concepts(path: Path, part: dict[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for concept in part.get("concept", ()):
        key = normalised(part.get("system"), concept.get("code"))
        if key is None:
            msg = f"{path.name}: a concept without system or code: {concept}"
            raise TerminologyError(msg)
        yield key, concept.get("display", key[1])


def _numbers(path: Path, part: dict[str, Any]) -> Iterator[tuple[tuple[str, str], float]]:
    for concept in part.get("concept", ()):
        key = normalised(part.get("system"), concept.get("code"))
        for extension in concept.get("extension", ()):
            if key is None or extension.get("url") != _ORDINAL_VALUE:
                continue
            number = extension.get("valueDecimal")
            if not isinstance(number, (int, float)):
                msg = f"{path.name}: the ordinalValue of {key[1]} needs a valueDecimal"
                raise TerminologyError(msg)
            yield key, float(number)


_ORDINAL_VALUE = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def _pattern(path: Path, include: dict[str, Any], rule: dict[str, str]) -> tuple[str, re.Pattern[str]]:
    """Compile a `filter`: only a code prefix is allowed, digits as `[0-9]`, so that matching stays linear."""
    shape = _PREFIX_PATTERN.fullmatch(rule.get("value", ""))
    allowed = (rule.get("property"), rule.get("op")) == ("code", "regex") and shape is not None
    if not allowed or not include.get("system"):
        msg = (
            f"{path.name}: a filter must be of a system, property code, op regex, "
            f"value like `V[0-9][0-9].*`; found {rule}"
        )
        raise TerminologyError(msg)
    return include["system"], re.compile(rule["value"], re.ASCII)


def _mappings(path: Path) -> Iterator[tuple[str, str, tuple[Coding, ...], float]]:
    for group in _document(path, "ConceptMap").get("group", ()):
        source, target = group.get("source"), group.get("target")
        if not source or not target:
            msg = f"{path.name}: every group needs source and target, the URIs of the two code systems"
            raise TerminologyError(msg)
        for element in group.get("element", ()):
            code = element.get("code")
            if not code:
                msg = f"{path.name}: an element without code: {element}"
                raise TerminologyError(msg)
            yield source, code, tuple(_targets(target, element)), _factor(path, element)


def _targets(system: str, element: dict[str, Any]) -> Iterator[Coding]:
    """Yield what the code means; a target that says it means no such thing is none."""
    for item in element.get("target", ()):
        if item.get("code") and item.get("equivalence") not in _NO_MEANING:
            yield Coding(system, item["code"], item.get("display"))


_NO_MEANING = frozenset({"unmatched", "disjoint"})


def _factor(path: Path, element: dict[str, Any]) -> float:
    """Return the score factor of an element's targets, 1 when none has one; it is a positive number."""
    for item in element.get("target", ()):
        for extension in item.get("extension", ()):
            if extension.get("url") != SCORE_FACTOR:
                continue
            number = extension.get("valueDecimal")
            if not isinstance(number, (int, float)) or number <= 0:
                msg = f"{path.name}: the score factor of {element['code']} must be a positive valueDecimal"
                raise TerminologyError(msg)
            return float(number)
    return 1.0


SCORE_FACTOR = "http://example.org/fhir/lbp-cds/StructureDefinition/score-factor"
"""Extension of a ConceptMap's target: a score of the source, times this, is one of the target."""


def _strengths(path: Path) -> Iterator[tuple[str, Strength]]:
    with path.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            try:
                yield row["rxcui"], Strength(row["ingredient_rxcui"], float(row["strength"]), row["unit"])
            except (KeyError, TypeError, ValueError) as error:
                msg = f"{path.name}: needs rxcui, ingredient_rxcui, strength (a number), unit; found {row}"
                raise TerminologyError(msg) from error
