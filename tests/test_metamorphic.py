"""
Metamorphic tests: how an answer may change when its request is changed in a way whose meaning is known.

What is no medicine (names, ids, the order of a list, an ingrown toenail) changes nothing; what
speaks against something never makes advice bolder. Every fixture request counts with every
service that is awake on it; each test draws from these pairs, always the same ones.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cds_service.fhir import Coding
from cds_service.hook_context import context_of
from cds_service.protocol import parse
from cds_service.terminology import ICD_10_CM
from hooks.low_back_pain import guideline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cds_service.sandbox.store import Store

Json = dict[str, Any]
Pair = tuple[str, str]

FIXTURES = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain"
ANCHOR = date(2026, 11, 1)
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
RANK = {"info": 1, "warning": 2, "critical": 3}
TERMS = guideline.terminology
SERVICES = {f"{service.group}-{hook}": service for service in guideline.services for hook in service.hooks}

# The cards of SAFE-48, by what they discourage: within a group one may stand for another.
DISCOURAGING = (
    {"imaging-without-red-flag"},
    {"opioid-acute", "opioid-first-line-not-tried"},
    {"surgery-referral-early"},
)
# Guideline 10.1, topics of safety: what they say is never muted by data that were not read.
SAFETY = {
    "red-flag-emergency",
    "red-flag-present",
    "nsaid-safety",
    "nsaid-duplicate",
    "acetaminophen-max-dose",
    "acetaminophen-safety",
    "opioid-sedative-combination",
    "serotonergic-interaction",
    "pregnancy-medication",
    "muscle-relaxant-hepatic",
    "muscle-relaxant-sedation",
    "sedative-load",
    "duloxetine-safety",
    "manipulation-safety",
}


# ── which requests ────────────────────────────────────────────────────────────────────────────────


def body_of(stem: str) -> Json:
    """Return a request of the fixtures."""
    body: Json = json.loads((FIXTURES / "requests" / f"{stem}.json").read_text(encoding="utf-8"))
    return body


def awake(stem: str) -> Iterator[Pair]:
    """Yield the request with each service that has something to judge in it."""
    body = body_of(stem)
    context = context_of(parse(msgspec.json.encode(body)), guideline)
    for service_id, service in SERVICES.items():
        if service_id == f"{service.group}-{body['hook']}" and service.awake(context):
            yield stem, service_id


PAIRS = [pair for path in sorted((FIXTURES / "requests").glob("*.json")) for pair in awake(path.stem)]


def drawn(about: str, count: int, *resource_types: str) -> list[Pair]:
    """Return pairs drawn for a test, the same each time; of services that read one of these types."""
    wanted = set(resource_types)
    fitting = [
        pair
        for pair in PAIRS
        if not wanted or wanted & {need.resource_type for need in SERVICES[pair[1]].needs}
    ]
    chance = random.Random(f"{ANCHOR} {about}")  # noqa: S311 - a sample, no secret
    return chance.sample(fitting, min(count, len(fitting)))


def named(pair: object) -> str | None:
    """Return how a pair is called in a test's name."""
    return ": ".join(pair) if isinstance(pair, tuple) else None


# ── asking, and reading the answer ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def whole(
    store: Store, prefetched: Callable[[str, Json, Store, dict[str, Json | None]], Json]
) -> Callable[[Pair], Json]:
    """Return what gives the whole call of a pair, free to be changed."""
    known: dict[str, Json | None] = {}

    def build(pair: Pair) -> Json:
        body = body_of(pair[0])
        prefetch = prefetched(pair[1], body["context"], store, known)
        return copy.deepcopy({**body, "prefetch": prefetch})

    return build


@pytest.fixture(scope="module")
def told(fire: Callable[[str, Json, date], tuple[int, Json]]) -> Callable[[Pair, Json], list[Json]]:
    """Return what gives the cards for a call."""

    def ask(pair: Pair, body: Json) -> list[Json]:
        status, answer = fire(pair[1], body, ANCHOR)
        assert status == 200, answer
        cards: list[Json] = answer["cards"]
        return cards

    return ask


@pytest.fixture(scope="module")
def usual(
    whole: Callable[[Pair], Json], told: Callable[[Pair, Json], list[Json]]
) -> Callable[[Pair], list[Json]]:
    """Return what gives the cards for the unchanged call of a pair, asked for once."""
    known: dict[Pair, list[Json]] = {}

    def ask(pair: Pair) -> list[Json]:
        if pair not in known:
            known[pair] = told(pair, whole(pair))
        return known[pair]

    return ask


def topic(card: Json) -> str:
    """Return the topic of a card."""
    return str(card["source"]["topic"]["code"])


def done(card: Json) -> set[str]:
    """Return what clicks on the card's suggestions would do, whatever words they carry."""
    return {
        json.dumps([action["type"], action.get("resourceId"), action.get("resource")], sort_keys=True)
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    }


def advice(cards: list[Json]) -> list[object]:
    """Return what is advised: topic, urgency, headline, rules, and what clicks would do."""
    listed = guideline.rule_extension
    return [
        (topic(card), card["indicator"], card["summary"], card["extension"][listed]["rules"], done(card))
        if "rules" in card.get("extension", {}).get(listed, {})
        else (topic(card), card["indicator"], card["summary"])
        for card in cards
    ]


def discouragement(cards: list[Json]) -> list[int]:
    """Return, for each group of discouraging cards, how urgent its most urgent card is; 0 without one."""
    return [
        max((RANK[card["indicator"]] for card in cards if topic(card) in group), default=0)
        for group in DISCOURAGING
    ]


def drugs(cards: list[Json]) -> set[frozenset[str]]:
    """Return the medicines that the cards would draft, each as the value sets it is in."""
    created = [
        action["resource"]
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create" and action["resource"]["resourceType"] == "MedicationRequest"
    ]
    codings = [resource["medicationCodeableConcept"]["coding"][0] for resource in created]
    return {TERMS.sets_of([Coding(coding["system"], coding["code"])]) for coding in codings}


def add(pair: Pair, body: Json, resource: Json) -> Json:
    """Add a resource to the prefetched Bundles in which an EHR would send it; return the call."""
    for need in SERVICES[pair[1]].needs:
        if need.resource_type == resource["resourceType"]:
            bundle = body["prefetch"][need.key]
            bundle["entry"] = [*bundle.get("entry", ()), {"resource": resource}]
            bundle["total"] = len(bundle["entry"])
    return body


def record(resource_type: str, system: str, code: str, pair: Pair, **members: object) -> Json:
    """Return a current resource of the pair's patient with this code, found today or begun nine days ago."""
    patient = {"reference": f"Patient/{body_of(pair[0])['context']['patientId']}"}
    concept = {"coding": [{"system": system, "code": code}]}
    element = "medicationCodeableConcept" if resource_type.startswith("Medication") else "code"
    owner = "patient" if resource_type == "AllergyIntolerance" else "subject"
    made = {"resourceType": resource_type, "id": "added", owner: patient, element: concept}
    return {**made, **_OF_TYPE[resource_type], **members}


_CONFIRMED = {
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "verificationStatus": {"coding": [{"code": "confirmed"}]},
    "recordedDate": ANCHOR.isoformat(),
}
_OF_TYPE: dict[str, Json] = {
    "Condition": {**_CONFIRMED, "onsetDateTime": ANCHOR.isoformat()},
    "AllergyIntolerance": _CONFIRMED,
    "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": "2026-10-23"},
    "MedicationStatement": {"status": "active", "effectiveDateTime": "2026-10-23"},
    "Observation": {"status": "final", "effectiveDateTime": "2026-10-23"},
    "Procedure": {"status": "completed", "performedDateTime": "2026-10-23"},
    "ServiceRequest": {"status": "active", "intent": "order", "authoredOn": "2026-10-23"},
    "DiagnosticReport": {"status": "final", "effectiveDateTime": "2026-10-23"},
}


# ── what is no medicine ───────────────────────────────────────────────────────────────────────────

_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
STRANGER: Json = {
    "name": [{"family": "Naproxen-Cancer", "given": ["Fever"], "text": "Fever Naproxen-Cancer"}],
    "address": [{"line": ["Fracture Road 3"], "city": "Warfarin", "country": "NZ"}],
    "telecom": [{"system": "phone", "value": "+64 1 555 0100"}],
    "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "mi"}]}}],
    "maritalStatus": {"text": "widowed"},
    "identifier": [{"system": "http://hospital.example.org/mrn", "value": "C79.51"}],
    "extension": [
        {"url": f"{_CORE}race", "extension": [{"url": "text", "valueString": "Samoan"}]},
        {"url": f"{_CORE}ethnicity", "extension": [{"url": "text", "valueString": "not stated"}]},
    ],
}


@pytest.mark.parametrize("pair", drawn("person", 25), ids=named)
def test_who_somebody_is_changes_nothing(
    pair: Pair,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """Name, address, language, race, ethnicity, marriage, number: every card is the same to the letter."""
    body = whole(pair)
    body["prefetch"]["patient"].update(STRANGER)

    assert told(pair, body) == usual(pair)


def renamed(node: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value with other ids, and references that follow."""
    if isinstance(node, dict):
        return {name: renamed(value, names) for name, value in node.items()}
    if isinstance(node, list):
        return [renamed(item, names) for item in node]
    head, slash, last = node.rpartition("/") if isinstance(node, str) else ("", "", "")
    return f"{head}{slash}{names[last]}" if last in names else node


def ids_in(node: object) -> Iterator[str]:
    """Yield the id of each resource in a JSON value."""
    if isinstance(node, dict):
        if "resourceType" in node and "id" in node:
            yield node["id"]
        for value in node.values():
            yield from ids_in(value)
    elif isinstance(node, list):
        for item in node:
            yield from ids_in(item)


def without_uuids(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value without any member `uuid`: those follow from the ids of orders."""
    if isinstance(node, dict):
        return {name: without_uuids(value) for name, value in node.items() if name != "uuid"}
    return [without_uuids(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("pair", drawn("ids", 25), ids=named)
def test_what_things_are_called_changes_nothing(
    pair: Pair,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """Patient, encounter, orders and records under other ids: the cards say the same of those."""
    body = whole(pair)
    names = {name: f"z{hashlib.sha256(name.encode()).hexdigest()[:16]}" for name in ids_in(body)}
    called = {new: old for old, new in names.items()}
    cards = told(pair, renamed(body, names))

    back = re.sub(r"z[0-9a-f]{16}", lambda match: called[match[0]], json.dumps(without_uuids(cards)))
    assert json.loads(back) == without_uuids(usual(pair))


@pytest.mark.parametrize("pair", drawn("order", 25), ids=named)
def test_the_order_of_a_list_changes_nothing(
    pair: Pair,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """Every Bundle shuffled: the same advice."""
    body = whole(pair)
    chance = random.Random(str(pair))  # noqa: S311 - a shuffle, no secret
    for value in body["prefetch"].values():
        chance.shuffle((value or {}).get("entry", []))

    assert advice(told(pair, body)) == advice(usual(pair))


UNRELATED = (
    ("Condition", "http://hl7.org/fhir/sid/icd-10-cm", "L60.0"),  # ingrown toenail
    ("Condition", "http://snomed.info/sct", "400097005"),  # the same
    ("Condition", "http://read.info/readv2", "M230."),  # the same, in a system that is not known here
    ("AllergyIntolerance", "http://snomed.info/sct", "300916003"),  # latex
    ("MedicationRequest", "http://www.nlm.nih.gov/research/umls/rxnorm", "10582"),  # levothyroxine
    ("MedicationStatement", "http://www.nlm.nih.gov/research/umls/rxnorm", "10582"),
    ("Observation", "http://loinc.org", "8302-2"),  # body height
    ("Procedure", "http://snomed.info/sct", "80146002"),  # appendectomy
    ("ServiceRequest", "http://loinc.org", "24606-6"),  # mammogram
    ("DiagnosticReport", "http://loinc.org", "24606-6"),
)


@pytest.mark.parametrize("pair", drawn("unrelated", 25), ids=named)
def test_what_is_unrelated_changes_nothing(
    pair: Pair,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """A toenail, a height, an old operation, a vaccination: every card is the same to the letter."""
    body = whole(pair)
    for resource_type, system, code in UNRELATED:
        members = {"performedDateTime": "1999"} if resource_type == "Procedure" else {}
        add(pair, body, record(resource_type, system, code, pair, **members))
    shot = {"resourceType": "Immunization", "id": "shot", "status": "completed"}
    for value in body["prefetch"].values():
        if (value or {}).get("resourceType") == "Bundle":
            value["entry"] = [*value.get("entry", ()), {"resource": shot, "search": {"mode": "include"}}]

    assert told(pair, body) == usual(pair)


# ── what was not read ─────────────────────────────────────────────────────────────────────────────


def bolder(before: list[Json], after: list[Json]) -> Iterator[str]:
    """
    Yield what is bolder in `after`: stronger discouragement, new cards and clicks, safety left unsaid.

    Not bolder: heat and education where no medicine may be offered any more (SAFE-27), and an
    info card in place of a discouraging one that can no longer be decided.
    """
    muted = False
    for old, new in zip(discouragement(before), discouragement(after), strict=True):
        muted |= new < old
        if new > old:
            yield f"discourages more: {new} instead of {old}"
    instead = drugs(before) > drugs(after)
    clicks = {click for card in before for click in done(card)}
    for card in after:
        if topic(card) not in {topic(one) for one in before} | {"data-missing"}:
            yield from () if muted and card["indicator"] == "info" else (f"new card {topic(card)}",)
        for click in done(card) - clicks:
            yield from () if instead and is_self_care(click) else (f"{topic(card)} newly does {click}",)
    urgent = {topic(card): RANK[card["indicator"]] for card in after}
    for card in before:
        known = RANK[card["indicator"]]
        if topic(card) in SAFETY and known > RANK["info"] and urgent.get(topic(card), 0) < known:
            yield f"{topic(card)} is no longer {card['indicator']}"


def is_self_care(click: str) -> bool:
    """Whether a click drafts heat or education."""
    kind, _, resource = json.loads(click)
    if kind != "create" or resource["resourceType"] != "ServiceRequest":
        return False
    codings = [Coding(coding["system"], coding["code"]) for coding in resource["code"]["coding"]]
    return not {"therapy-heat", "education-self-care"}.isdisjoint(TERMS.sets_of(codings))


@pytest.mark.parametrize("pair", drawn("failed", 40), ids=named)
def test_a_source_that_fails_instead_of_being_empty_makes_nothing_bolder(
    pair: Pair,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """Nothing was found there, so every finding remains; each empty source fails in turn."""
    body = whole(pair)
    empty = [key for key, value in body["prefetch"].items() if value is None or value.get("entry") == []]
    empty += [key for key, value in body["prefetch"].items() if value and value.get("total") == 0]

    for key in dict.fromkeys(empty):
        failing = {**body, "prefetch": {**body["prefetch"], key: FAILED}}
        assert list(bolder(usual(pair), told(pair, failing))) == [], key


# ── what speaks against a medicine ────────────────────────────────────────────────────────────────

NSAIDS = frozenset({"rx-nsaid-systemic", "rx-nsaid-topical"})
PARACETAMOL = frozenset({"rx-acetaminophen"})
SPARED = frozenset({"rx-acetaminophen", "rx-naloxone"})
"""What a hazard may bring up: the alternative to an NSAID (REC-1), the antidote of an opioid (OPI-06)."""
HAZARDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("nsaid-hypersensitivity", "AllergyIntolerance", NSAIDS),
    ("nsaid-hypersensitivity", "Condition", NSAIDS),
    ("rx-nsaid-systemic", "AllergyIntolerance", NSAIDS),
    ("rx-aspirin", "AllergyIntolerance", NSAIDS),
    ("acetaminophen-hypersensitivity", "AllergyIntolerance", PARACETAMOL),
    ("gi-ulcer-or-bleed", "Condition", NSAIDS),
    ("gi-bleed-or-perforation", "Condition", NSAIDS),
    ("heart-failure", "Condition", NSAIDS),
    ("cardiovascular-disease", "Condition", NSAIDS),
    ("ckd-any", "Condition", NSAIDS),
    ("ckd-severe", "Condition", NSAIDS),
    ("pregnancy", "Condition", NSAIDS),
    ("liver-disease-moderate-severe", "Condition", PARACETAMOL),
    ("liver-disease-mild", "Condition", frozenset()),
    ("alcohol-use-disorder", "Condition", frozenset()),
    ("hypertension", "Condition", frozenset()),
    ("diabetes", "Condition", frozenset()),
    ("breastfeeding", "Condition", frozenset()),
    ("rx-anticoagulant", "MedicationRequest", NSAIDS),
    ("rx-anticoagulant", "MedicationStatement", NSAIDS),
    ("rx-antiplatelet", "MedicationRequest", NSAIDS),
    ("rx-lithium", "MedicationRequest", NSAIDS),
    ("rx-methotrexate", "MedicationStatement", NSAIDS),
    ("rx-nsaid-systemic", "MedicationStatement", NSAIDS),
    ("rx-diuretic", "MedicationRequest", frozenset()),
    ("rx-ras-inhibitor", "MedicationStatement", frozenset()),
    ("rx-ssri-snri", "MedicationRequest", frozenset({"rx-duloxetine"})),
    ("rx-maoi", "MedicationStatement", frozenset({"rx-duloxetine"})),
    ("rx-benzodiazepine", "MedicationRequest", frozenset()),
)


def members_of(value_set: str, count: int, about: str) -> list[tuple[str, str]]:
    """Return codes drawn from a value set, none of a follow-up or sequela (ICD-10-CM, 7th character)."""
    chance = random.Random(f"{about} {value_set}")  # noqa: S311 - a sample, no secret
    codes = [
        (system, code)
        for system, code in sorted(TERMS.value_sets[value_set].codes)
        if system != ICD_10_CM or len(code) < 7 or code[-1] not in "DGKPS"
    ]
    return chance.sample(codes, min(count, len(codes)))


@pytest.mark.parametrize(("value_set", "resource_type", "against"), HAZARDS)
def test_a_contraindication_brings_no_medicine_that_it_speaks_against(  # noqa: PLR0913, PLR0917
    value_set: str,
    resource_type: str,
    against: frozenset[str],
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """In three calls each, none of its class is offered at all, and no other medicine is offered anew."""
    pairs = drawn(f"{value_set} {resource_type}", 3, resource_type)
    for pair, (system, code) in zip(pairs, members_of(value_set, 3, resource_type) * 3, strict=False):
        cards = told(pair, add(pair, whole(pair), record(resource_type, system, code, pair)))
        offered = drugs(cards)

        assert [sets for sets in offered if sets & against] == [], (pair, code)
        assert [sets for sets in offered - drugs(usual(pair)) if not sets & SPARED] == [], (pair, code)


# ── what is a red flag ────────────────────────────────────────────────────────────────────────────

RED_FLAGS = sorted(
    name for name, value_set in TERMS.value_sets.items() if name.startswith("redflag-") and value_set.codes
)


@pytest.mark.parametrize("value_set", RED_FLAGS)
def test_a_red_flag_discourages_nothing(
    value_set: str,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
    usual: Callable[[Pair], list[Json]],
) -> None:
    """SAFE-01, SAFE-48: in four calls each, no group of discouraging cards comes up or grows stronger."""
    pairs = drawn(value_set, 4, "Condition")
    for pair, (system, code) in zip(pairs, members_of(value_set, 4, "flag") * 4, strict=False):
        cards = told(pair, add(pair, whole(pair), record("Condition", system, code, pair)))

        pairwise = zip(discouragement(cards), discouragement(usual(pair)), strict=True)
        assert all(after <= before for after, before in pairwise), (pair, code)


@pytest.mark.parametrize("value_set", RED_FLAGS)
def test_a_red_flag_never_stands_beside_discouraged_imaging(
    value_set: str,
    whole: Callable[[Pair], Json],
    told: Callable[[Pair, Json], list[Json]],
) -> None:
    """However plain the pain was before: in two orders of imaging each, the card that warns of it is gone."""
    imaging = [pair for pair in PAIRS if pair[1].startswith("lbp-imaging")]
    chance = random.Random(value_set)  # noqa: S311 - a sample, no secret
    for pair, (system, code) in zip(
        chance.sample(imaging, 2), members_of(value_set, 2, "imaging") * 2, strict=False
    ):
        cards = told(pair, add(pair, whole(pair), record("Condition", system, code, pair)))

        assert "imaging-without-red-flag" not in {topic(card) for card in cards}, (pair, code)
