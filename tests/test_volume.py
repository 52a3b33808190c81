"""
Many charts: nothing in a couple of hundred synthetic records makes the service stumble.

The charts are the folder named in LBP_CHARTS, else ../shared/data/fhir beside the repository; they are no
part of it, so these tests are skipped where neither is there.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.cards import Card
from cds_service.fhir import Coding
from cds_service.sandbox.ehr import Details, Dose, Situation, context_for, draft_orders
from cds_service.sandbox.ehr.context import HOOKS
from cds_service.sandbox.store import Store
from hooks.low_back_pain.definitions import INDEX, INFLAMMATORY_BACK_PAIN, MUSCLE_SPASM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cds_service.catalogue import Catalogue

Json = dict[str, Any]
Fire = Callable[[str, Json, date], tuple[int, Json]]
Answers = dict[str, Json | None]
Prefetched = Callable[[str, Json, Store, Answers], Json]

pytestmark = pytest.mark.volume

CHARTS = Path(os.environ.get("LBP_CHARTS") or Path(__file__).parents[2] / "shared" / "data" / "fhir")
DATE = re.compile(rb'"(\d{4}-\d\d-\d\d)')
BASKET = ("lumbar-mri", "naproxen", "oxycodone", "cyclobenzaprine", "chiropractic", "epidural-injection")
"""One order for each service group."""
PROBLEM = "74400008"
"""Appendicitis, put on the problem list: no complaint of the back."""
NO_BACK_PAIN, BACK_PAIN, ADDED, PUBLISHED = GROUPS = (
    "no back pain",
    "back pain",
    "acute back pain added",
    "published requests",
)
COMPLAINTS = {value_set.name for value_set in (*INDEX, INFLAMMATORY_BACK_PAIN, MUSCLE_SPASM)}
DETAILS = Details(dose=Dose(1, 3), supply_days=10)


@dataclass(frozen=True)
class Chart:
    """One patient's record, and the latest date in it."""

    name: str
    patient: str
    store: Store
    today: date


@dataclass(frozen=True)
class Called:
    """One call of one service: for whom, of which of GROUPS, with which order, and what came back."""

    about: str
    group: str
    patient: str
    service_id: str
    status: int
    body: Json

    @property
    def cards(self) -> list[Json]:
        """The cards, none when the call was refused."""
        return self.body.get("cards", [])


def lines_of(name: str) -> list[bytes]:
    """Return the lines of a compressed NDJSON file."""
    return gzip.decompress((CHARTS / f"{name}.ndjson.gz").read_bytes()).splitlines()


def patient_of(resource: Json) -> str:
    """Return whose resource this is; "" when it is nobody's."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    about = resource.get("subject") or resource.get("patient") or {}
    kind, _, patient = about.get("reference", "").partition("/")
    return patient if kind == "Patient" else ""


def latest(lines: list[bytes]) -> date:
    """Return the latest date in some JSON texts."""
    return date.fromisoformat(max(found for line in lines for found in DATE.findall(line)).decode())


def is_asked_for(resource: Json, queries: str) -> bool:
    """Whether some query may find this resource: of Observations, the most by far, each query names codes."""
    kind = resource["resourceType"]
    if kind != "Observation":
        return f"{kind}?" in queries or f"{kind}/" in queries
    return any(f"|{coding['code']}" in queries for coding in resource["code"]["coding"])


def listed_charts(name: str, queries: str) -> Iterator[Chart]:
    """Yield the patients of an NDJSON file, with what the queries may find of them."""
    of_patient: dict[str, list[tuple[bytes, Json]]] = defaultdict(list)
    for line in lines_of(name):
        resource = json.loads(line)
        of_patient[patient_of(resource)].append((line, resource))
    of_patient.pop("", None)
    for patient, known in of_patient.items():
        store = Store()
        for _, resource in known:
            if is_asked_for(resource, queries):
                store.put(resource)
        yield Chart(f"{name} {patient}", patient, store, latest([line for line, _ in known]))


def bundled_chart(file: Path, folder: Path) -> Chart:
    """Return the patient of a compressed transaction Bundle, unpacked into a folder of its own."""
    content = gzip.decompress(file.read_bytes())
    folder.mkdir()
    (folder / "bundle.json").write_bytes(content)
    store = Store()
    today = latest([content])
    store.load_folder(folder, today)
    (patient,) = store.search("Patient", []).matches
    return Chart(file.stem, patient["id"], store, today)


def back_pain(chart: Chart) -> Json:
    """Return ten days of acute low back pain."""
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "id": "added-back-pain",
        "clinicalStatus": {"coding": [{"system": clinical, "code": "active"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "278862001"}]},
        "subject": {"reference": f"Patient/{chart.patient}"},
        "onsetDateTime": (chart.today - timedelta(days=10)).isoformat(),
    }


@dataclass(frozen=True)
class Caller:
    """Fires a hook at every service that answers it, with prefetch from the chart."""

    catalogue: Catalogue
    fire: Fire
    prefetched: Prefetched

    def of_chart(self, chart: Chart) -> Iterator[Called]:
        """Fire every hook for the patient as charted, then with acute low back pain added."""
        known: Answers = {}
        yield from self._hooks(chart, known, BACK_PAIN if self._complains(chart) else NO_BACK_PAIN)
        chart.store.put(back_pain(chart))
        unchanged = {query: answer for query, answer in known.items() if not query.startswith("Condition?")}
        yield from self._hooks(chart, unchanged, ADDED)

    def _complains(self, chart: Chart) -> bool:
        """Whether any Condition, current or not, is a complaint of the back."""
        terminology = self.catalogue.guidelines[0].terminology
        codings = [
            coding
            for found in chart.store.search("Condition", []).matches
            for coding in found["code"]["coding"]
        ]
        known = [Coding(coding["system"], coding["code"]) for coding in codings]
        return not COMPLAINTS.isdisjoint(terminology.sets_of(known))

    def _hooks(self, chart: Chart, known: Answers, group: str) -> Iterator[Called]:
        """Fire each hook at its services, with the whole basket at once; `known` are answers by query."""
        for hook, context in self._contexts(chart):
            for service_id in self._services(hook):
                prefetch = self.prefetched(service_id, {"patientId": chart.patient}, chart.store, known)
                body = {"hook": hook, "hookInstance": chart.name, "context": context, "prefetch": prefetch}
                answer = self.fire(service_id, body, chart.today)
                yield Called(f"{chart.name} {hook}", group, chart.name, service_id, *answer)

    def _contexts(self, chart: Chart) -> Iterator[tuple[str, Json]]:
        basket = draft_orders(BASKET, chart.patient, DETAILS)
        situation = Situation(chart.patient, "Practitioner/1", "e1", basket, len(basket), PROBLEM)
        for hook in HOOKS:
            yield hook, context_for(hook, situation)

    def repeat(self, name: str, request: Json) -> Iterator[Called]:
        """Send a published request to our services of its hook, its own prefetch under our keys."""
        context = request["context"]
        patient = context["patientId"].removeprefix("Patient/")
        store = Store()
        for number, resource in enumerate(sent_along(request)):
            named = resource["resourceType"] == "Patient"
            store.put(resource if named else {**resource, "id": f"sent-{number}"})
        today = latest([json.dumps(request).encode()])
        for service_id in self._services(request["hook"]):
            prefetch = self.prefetched(service_id, {"patientId": patient}, store, {})
            body = {"hook": request["hook"], "hookInstance": name, "context": context, "prefetch": prefetch}
            yield Called(name, PUBLISHED, patient, service_id, *self.fire(service_id, body, today))

    def _services(self, hook: str) -> list[str]:
        return [name for name, entry in self.catalogue.entries.items() if entry.hook == hook]


def sent_along(request: Json) -> Iterator[Json]:
    """Yield the resources in a request's prefetch, those in Bundles one by one."""
    for value in (request.get("prefetch") or {}).values():
        kind = (value or {}).get("resourceType")
        if kind == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        elif kind:
            yield value


@pytest.fixture(scope="module")
def volume(
    catalogue: Catalogue, fire: Fire, prefetched: Prefetched, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Called, ...]:
    """Return every call: each chart as it is, then with acute back pain; and the published requests."""
    if not CHARTS.is_dir():
        pytest.skip(f"no charts at {CHARTS}: name their folder in LBP_CHARTS")
    caller = Caller(catalogue, fire, prefetched)
    calls = []
    for chart in all_charts(catalogue, tmp_path_factory.mktemp("bundles")):
        calls += caller.of_chart(chart)
    for line in lines_of("opioid-cds-hook-requests"):
        published = json.loads(line)
        calls += caller.repeat(published["file"], published["request"])
    return tuple(calls)


def all_charts(catalogue: Catalogue, folder: Path) -> Iterator[Chart]:
    """Yield the patients of all files."""
    needs = {need for entry in catalogue.entries.values() for need in entry.service.needs}
    queries = " ".join(need.template for need in needs)
    for file in sorted(CHARTS.glob("synthea*.ndjson.gz")):
        yield from listed_charts(file.name.removesuffix(".ndjson.gz"), queries)
    for number, file in enumerate(sorted((CHARTS / "bundles").glob("*.json.gz"))):
        yield bundled_chart(file, folder / str(number))


def test_every_chart_is_answered(volume: tuple[Called, ...]) -> None:
    """No chart and no published request is refused or makes the service fail."""
    refused = [(call.about, call.service_id, call.body) for call in volume if call.status != 200]

    assert volume
    assert refused == []


def test_every_card_keeps_the_specification(volume: tuple[Called, ...]) -> None:
    """Every card of every answer is one that CDS Hooks 2.0.1 allows."""
    cards = [card for call in volume for card in call.cards]

    assert cards
    for card in cards:
        Card.model_validate(card)


def test_every_suggested_resource_is_valid_r4(volume: tuple[Called, ...]) -> None:
    """Whatever a suggestion would write, a FHIR server accepts."""
    suggestions = [one for call in volume for card in call.cards for one in card.get("suggestions", ())]
    actions = [action for suggestion in suggestions for action in suggestion["actions"]]
    written = [action["resource"] for action in actions if "resource" in action]

    assert written
    for resource in written:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_the_rules_really_run(volume: tuple[Called, ...]) -> None:
    """With back pain on record the charts reach the rules: imaging and opioid cards both occur."""
    topics = {card["source"]["topic"]["code"] for call in volume for card in call.cards}

    assert any(topic.startswith("imaging-") for topic in topics)
    assert any(topic.startswith("opioid-") for topic in topics)


def patients_by_topic(volume: tuple[Called, ...], group: str) -> dict[str, set[str]]:
    """Return, for each topic that had a card, the patients of a group who got one."""
    shown: dict[str, set[str]] = defaultdict(set)
    for call in volume:
        if call.group == group:
            for card in call.cards:
                shown[card["source"]["topic"]["code"]].add(call.patient)
    return shown


def test_without_back_pain_there_are_no_cards(
    volume: tuple[Called, ...], record_property: Callable[[str, object], None]
) -> None:
    """Nobody without a complaint of the back gets advice on it, whatever is ordered; a table ends the run."""
    size = {group: len({call.patient for call in volume if call.group == group}) for group in GROUPS}
    shown = {group: patients_by_topic(volume, group) for group in GROUPS}
    lines = [", ".join(f"{count} with {group}" for group, count in size.items())]
    for topic in sorted({topic for topics in shown.values() for topic in topics}):
        shares = [100 * len(shown[group].get(topic, ())) / max(size[group], 1) for group in GROUPS]
        lines.append(f"{topic:34}" + "".join(f"{share:8.0f}" for share in shares))
    record_property("patients of 100 with a card, by topic", "\n".join(lines))

    assert size[NO_BACK_PAIN]
    assert size[ADDED]
    assert not shown[NO_BACK_PAIN]
