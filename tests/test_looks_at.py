"""What the rules disclose of themselves is true: each question looks at what it says, and at nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.chart import Chart, Fact
from cds_service.disclosure import document, leaves, uses
from cds_service.hook_context import context_of
from cds_service.prefetch import answers
from cds_service.protocol import parse
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.answers import Need
    from cds_service.catalogue import Catalogue, Entry
    from cds_service.criteria.finding import Criterion
    from cds_service.fhir import Patient
    from cds_service.sandbox.store import Store

Json = dict[str, Any]

ALL = sorted((Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain" / "requests").glob("*.json"))
# Each patient once, and each kind of request once: their names are `patient.request.json`
REQUESTS = sorted(
    {path.stem.partition(".")[part]: path for part in (0, 2) for path in reversed(ALL)}.values(),
    key=lambda path: path.stem,
)
ANCHOR = date(2026, 11, 1)


@dataclass(frozen=True)
class Watched(Chart):
    """A chart that notes what it is asked for: names of value sets, and `Patient`."""

    asked: set[str] = field(default_factory=set)

    def facts(self, need: Need, *names: str) -> tuple[Fact, ...]:
        """Note the value sets."""
        self.asked.update(names)
        return super().facts(need, *names)

    def drafts(self, *names: str, others: bool = True) -> tuple[Fact, ...]:
        """Note the value sets."""
        self.asked.update(names)
        return super().drafts(*names, others=others)

    def patient(self, need: Need) -> Patient | None:
        """Note the Patient."""
        self.asked.add("Patient")
        return super().patient(need)


def test_every_question_of_the_rules_says_what_it_looks_at(catalogue: Catalogue) -> None:
    """Else the source attributes of its service could rule nothing out."""
    for entry in catalogue.entries.values():
        silent = {
            leaf.label
            for rule in entry.service.each_rule
            for leaf in leaves(rule)
            if leaf.looks_at is None and leaf.needs
        }

        assert silent == set()


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_no_question_looks_at_more_than_it_says(
    catalogue: Catalogue,
    prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json],
    store: Store,
    path: Path,
) -> None:
    """For every patient of the fixtures and every kind of request, each question asked by itself."""
    body: Json = json.loads(path.read_text(encoding="utf-8"))
    known: dict[str, Json | None] = {}
    for entry in catalogue.entries.values():
        if entry.hook == body["hook"]:
            filled = {**body, "prefetch": prefetched(entry.id, body["context"], store, known)}
            secret = undeclared(entry, json.dumps(filled).encode())

            assert secret == {}


def undeclared(entry: Entry, body: bytes) -> dict[str, set[str]]:
    """Return what questions look at without saying so, by their labels."""
    request = parse(body)
    context = context_of(request, entry.guideline)
    known = answers(entry.service.needs, request.prefetch, request.patient_id)
    chart = Watched(ANCHOR, context, known, entry.guideline.terminology)
    asked = {
        (id(leaf), id(order)): (leaf, order)
        for rule in entry.service.each_rule
        for order in rule.on.orders(context)
        for leaf in leaves(rule)
    }
    found: dict[str, set[str]] = {}
    for leaf, order in asked.values():
        watched = replace(chart, order=order, asked=set())  # what was indexed so far is shared
        leaf.judge(watched)
        if beyond := watched.asked - said(leaf):
            found[leaf.label] = beyond
    return found


def said(leaf: Criterion) -> set[str]:
    """Return what a question says that it looks at."""
    names = set(leaf.looks_at or ())
    return names | {name.partition(".")[0] for name in names if name.startswith("Patient.")}


def test_no_rule_uses_race_language_or_identity(catalogue: Catalogue) -> None:
    """None of the guideline does; when one begins to, its sheet is for a clinician to read again."""
    for entry in catalogue.entries.values():
        used = {use.name for use in uses(entry.service, entry.guideline) if use.used is Truth.YES}

        assert used <= {"sex", "date of birth", "health status assessments data"}


def test_the_analgesics_use_sex_age_and_pregnancy(catalogue: Catalogue) -> None:
    """NSAIDs in pregnancy and in age are what their rules are about."""
    entry = catalogue.entries["lbp-analgesics-order-select"]

    used = {use.name for use in uses(entry.service, entry.guideline) if use.used is Truth.YES}

    assert used == {"sex", "date of birth", "health status assessments data"}


def test_the_guideline_names_its_five_articles_and_hides_no_gap(catalogue: Catalogue) -> None:
    """Nothing is made up: what is not known of them is said."""
    entry = catalogue.entries["lbp-imaging-order-select"]

    cited, developer, funding, dates = document(entry.service, entry.guideline)["sourceAttributes"][:4]

    assert [value.partition(":")[0] for value in cited["values"]] == ["S0", "S1", "S2", "S3", "S4"]
    assert all("not known to this project" in value for value in cited["values"])
    assert "no person or organisation is named" in developer["values"][0]
    assert "not known" in funding["values"][0]
    assert dates["values"][0].startswith("released: not yet")
