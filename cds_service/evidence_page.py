"""
The pages that cards link to: all rules, one rule as a clinician signs it, the source attributes of a service.

HTML from the templates in `pages/`. Every value is escaped; the pages have no script and no inline style.
`base` is the path of the index, without a slash at its end, and begins every link.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .criteria.orders import Moment
from .disclosure import document, leaves, waking_sets
from .rules import Advice, Ladder
from .sheets import IF_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .evidence import Citation
    from .rules import CdsService, Guideline, Rule
    from .terminology import ValueSet

_PAGES = Path(__file__).with_name("pages")
STYLE = _PAGES / "page.css"


@dataclass(frozen=True)
class Placed:
    """A rule where it stands: in which guideline and service, and below which rungs of its ladder."""

    rule: Rule
    service: CdsService
    guideline: Guideline
    above: tuple[Rule, ...] = ()


def placed(guidelines: Iterable[Guideline]) -> Iterator[Placed]:
    """Yield every rule where it stands, in order."""
    for guideline in guidelines:
        for service in guideline.services:
            for item in service.rules:
                rungs = item.rules if isinstance(item, Ladder) else (item,)
                for number, rule in enumerate(rungs):
                    yield Placed(rule, service, guideline, rungs[:number])


def evidence_page(guidelines: Iterable[Guideline], base: str) -> str:
    """Return the index: every rule by service, with a link and its id as anchor."""
    return _render("index.html", base, guidelines=list(guidelines))


def rule_page(place: Placed, base: str) -> str:
    """Return the sheet of one rule."""
    rule, advice = place.rule, place.rule.advice
    return _render(
        "rule.html",
        base,
        rule=rule,
        service=place.service,
        guideline=place.guideline,
        above=place.above,
        hooks=rule.on.hooks if isinstance(rule.on, Moment) else place.service.hooks,
        advice=advice if isinstance(advice, Advice) else None,
        if_unknown=IF_UNKNOWN[rule.if_unknown],
        sources=_sources(place),
        needs=sorted(rule.needs),
        value_sets=_value_sets(place),
    )


def disclosure_page(service: CdsService, guideline: Guideline, base: str) -> str:
    """Return the source attributes of a service for people."""
    return _render("disclosure.html", base, disclosed=document(service, guideline))


def _render(template: str, base: str, **values: object) -> str:
    return _environment().get_template(template).render(base=base, title_of=_title, **values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _title(rule: Rule) -> str:
    """Return what a rule says, or why it is silent, as a heading."""
    advice = rule.advice
    return advice.summary if isinstance(advice, Advice) else f"Silent: {advice.because}"


def _sources(place: Placed) -> list[Citation]:
    """Return the articles that the rule's statements name."""
    named = {seed for statement in place.rule.evidence for seed in statement.seeds.split()}
    return [item for item in place.guideline.publication.citations if item.id in named]


def _value_sets(place: Placed) -> list[ValueSet]:
    """Return the value sets whose codes the rule looks for, waking orders included, by name."""
    names = waking_sets(place.rule).union(*(leaf.looks_at or () for leaf in leaves(place.rule)))
    known = place.guideline.terminology.value_sets
    return [known[name] for name in sorted(names & known.keys())]
