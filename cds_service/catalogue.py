"""
The services on offer: loads guideline packages by name, and refuses those that contradict themselves.

Guidelines are the only thing this package loads dynamically: it never imports `hooks` itself.
"""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from .cards import SUMMARY_LIMIT, Coding, OverrideReason
from .cards.models import Line, Name, Summary
from .cards.override_reasons import STANDARD_REASONS
from .configuration import OPTIONS, options
from .hook_context import DEPRECATED_HOOKS
from .prefetch import lint, templates
from .rules import Advice, Guideline, GuidelineError
from .sheets import sheets
from .terminology import TerminologyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .fhir import Coding as FhirCoding
    from .rules import CdsService, Rule

_LINE = TypeAdapter[str](Line)
_NAME = TypeAdapter[str](Name)
_SUMMARY = TypeAdapter[str](Summary)


@dataclass(frozen=True)
class Entry:
    """One service as discovery lists it: a group on one hook."""

    id: str
    hook: str
    service: CdsService
    guideline: Guideline

    @property
    def discovery(self) -> dict[str, object]:
        """The service in the words of CDS Hooks discovery."""
        prefetch = templates(self.service, self.guideline.terminology)
        most_cards = self.guideline.most_cards.get(self.hook)
        return {
            "hook": self.hook,
            "id": self.id,
            "title": f"{self.service.title}{self._note}",
            "description": self.service.description,
            "version": "2.0.1",
            **({"prefetch": prefetch} if prefetch else {}),
            "extension": {OPTIONS: options(self.service, self.guideline.data_missing, most_cards)},
        }

    @property
    def _note(self) -> str:
        """What the title adds: an integrator should see which hook to leave."""
        return f" (deprecated hook {self.hook})" if self.hook in DEPRECATED_HOOKS else ""


@dataclass(frozen=True)
class Catalogue:
    """Every service by id, in the order of the guidelines; `version` changes when any rule does."""

    entries: Mapping[str, Entry]
    guidelines: tuple[Guideline, ...]
    version: str

    def with_site_codes(self, folder: str) -> Catalogue:
        """Return the same services for a site with codes of its own; GuidelineError when they are amiss."""
        guidelines = tuple(_with_site_codes(guideline, folder) for guideline in self.guidelines)
        entries = {entry.id: entry for guideline in guidelines for entry in _entries(guideline)}
        return replace(self, entries=entries, guidelines=guidelines)

    @property
    def switchable(self) -> frozenset[str]:
        """What may be switched off for a client: service groups, and topics of their rules."""
        services = [service for guideline in self.guidelines for service in guideline.services]
        topics = (rule.topic.code for service in services for rule in service.each_rule if rule.topic)
        return frozenset({service.group for service in services} | set(topics))


def load_catalogue(packages: Iterable[str], site_codes: str = "") -> Catalogue:
    """
    Load guideline packages such as `hooks.low_back_pain`.

    site_codes: a folder of ConceptMaps, "" for none. Raises GuidelineError that names the
    package or rule, what is wrong with it and what to do.
    """
    guidelines = tuple(_with_site_codes(_package(name), site_codes) for name in packages)
    problems = [problem for guideline in guidelines for problem in problems_of(guideline)]
    if problems:
        raise GuidelineError("; ".join(problems))
    services = [entry for guideline in guidelines for entry in _entries(guideline)]
    entries = {entry.id: entry for entry in services}
    if len(entries) < len(services):
        repeated = [name for name, count in Counter(entry.id for entry in services).items() if count > 1]
        msg = f"service ids {', '.join(repeated)} are offered twice: each guideline has groups of its own"
        raise GuidelineError(msg)
    digest = hashlib.sha256("".join(sheets(guideline) for guideline in guidelines).encode())
    return Catalogue(entries, guidelines, digest.hexdigest()[:12])


def _package(name: str) -> Guideline:
    try:
        guideline = getattr(importlib.import_module(name), "guideline", None)
    except (ImportError, TerminologyError) as error:
        msg = f"guideline package {name}: {error}"
        raise GuidelineError(msg) from error
    if not isinstance(guideline, Guideline):
        msg = f"guideline package {name} must define `guideline`, a Guideline"
        raise GuidelineError(msg)
    return guideline


def _with_site_codes(guideline: Guideline, folder: str) -> Guideline:
    if not folder:
        return guideline
    path = Path(folder)
    if not path.is_dir():
        msg = f"CDS_SITE_CODES: {folder} is no folder"
        raise GuidelineError(msg)
    try:
        return replace(guideline, terminology=guideline.terminology.with_site_codes(path))
    except TerminologyError as error:
        raise GuidelineError(str(error)) from error


def _entries(guideline: Guideline) -> Iterator[Entry]:
    for service in guideline.services:
        for hook in service.hooks:
            yield Entry(f"{service.group}-{hook}", hook, service, guideline)


def problems_of(guideline: Guideline) -> list[str]:
    """Return everything that makes a guideline unfit to serve, each with its remedy; empty when it is fit."""
    return [*_terminology(guideline), *_words(guideline), *_rules(guideline), *_templates(guideline)]


def _terminology(guideline: Guideline) -> Iterator[str]:
    terms = guideline.terminology
    for name in sorted(terms.unused):
        yield f"value set {name} is used by no rule: use it or delete valuesets/{name}.json"
    for first, second in guideline.contradictory:
        for system, code in sorted(terms[first].codes & terms[second].codes):
            yield f"{system}|{code} is in {first} and {second}, which contradict each other: drop it from one"


def _words(guideline: Guideline) -> Iterator[str]:
    """Find words that no card could be built with."""
    if not _fits(_LINE.validate_python, guideline.label):
        yield f"guideline {guideline.name}: its label must be one line"
    if not _fits(Coding.model_validate, _members(guideline.data_missing.coding)):
        yield f"guideline {guideline.name}: data_missing needs a topic with system and code"
    if not _fits(_NAME.validate_python, guideline.rule_extension):
        yield f"guideline {guideline.name}: rule_extension must be a dotted name such as org.example.rules"
    standard = [reason.code for reason in STANDARD_REASONS]
    for local, code in guideline.reasons_alike.items():
        if code not in standard:
            yield f"reasons_alike: {local} equals {code}, which no card offers; offered are {standard}"


def _members(coding: FhirCoding) -> dict[str, str | None]:
    return {"system": coding.system, "code": coding.code, "display": coding.display}


def _fits(validate: Callable[[object], object], value: object) -> bool:
    try:
        validate(value)
    except ValidationError:
        return False
    return True


def _rules(guideline: Guideline) -> Iterator[str]:
    rules = [rule for service in guideline.services for rule in service.each_rule]
    for rule_id, count in Counter(rule.id for rule in rules).items():
        if count > 1:
            yield f"rule id {rule_id} is used {count} times: ids are unique and stable"
    for rule in rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    if not isinstance(rule.advice, Advice):
        return
    if max(len(rule.advice.summary), len(rule.advice.discreet)) > SUMMARY_LIMIT:
        yield f"rule {rule.id}: its summary exceeds {SUMMARY_LIMIT} characters, shorten it"
    elif not _fits(_SUMMARY.validate_python, rule.advice.summary):
        yield f"rule {rule.id}: its summary must be one line that is not empty"
    for reason in rule.advice.override_reasons:
        if not _fits(OverrideReason.model_validate, _members(reason)):
            yield f"rule {rule.id}: override reason {reason.code} needs system, code and display"
    if rule.topic and not _fits(Coding.model_validate, _members(rule.topic.coding)):
        yield f"rule {rule.id}: its topic {rule.topic.code} needs a system and a code"
    if not rule.evidence:
        yield f"rule {rule.id} cites nothing: name the statement it carries out"
    if rule.topic is None or not rule.rows:
        yield f"rule {rule.id} speaks without a topic or guideline row: name both"


def _templates(guideline: Guideline) -> Iterator[str]:
    seen: dict[str, str] = {}
    for service in guideline.services:
        for key, template in templates(service).items():
            wrong = lint(template)
            if wrong:
                yield f"prefetch key {key}: {wrong}"
            if seen.setdefault(key, template) != template:
                yield f"prefetch key {key} has two templates: one key means one query"
