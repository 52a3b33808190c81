"""The examples of docs/site-codes.md load, mean what the page says, and make the rules speak."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.catalogue import Catalogue, load_catalogue
from cds_service.code_explanation import explained_code
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

PAGE = (Path(__file__).parents[1] / "docs" / "site-codes.md").read_text(encoding="utf-8")
LISTED = re.findall(r"^\| [^|]+ \| `([\w-]+\.json)` \| `([\w-]+)` \|$", PAGE, re.MULTILINE)
EXAMPLES = dict(re.findall(r"`([\w-]+\.json)`\n\n```json\n(.*?)\n```", PAGE, re.DOTALL))
LOCAL = "http://your-hospital.example/codes"
SNOMED_CT = "http://snomed.info/sct"
TODAY = date(2026, 11, 1)
GAPS = (
    "saddle-anesthesia bed-rest spinal-manipulation mckenzie mindfulness start-back-psychosocial oswestry "
    "atc ndc snomed-drugs cpt"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all examples of the page, each as its file."""
    folder = tmp_path_factory.mktemp("site-codes")
    for name, text in EXAMPLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def mapped(site: Path) -> Catalogue:
    """Return the services of a site with these maps."""
    return load_catalogue(["hooks.low_back_pain"], str(site))


@pytest.fixture(scope="module")
def fire_mapped(mapped: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Json]]:
    """Return what calls a service of that site and gives its cards."""
    audit = Audit(f"file:{tmp_path_factory.mktemp('audit') / 'trail'}")
    client = TestClient(create_app(mapped, Settings(), clock=lambda _zone: TODAY, audit=audit))

    def fire(service_id: str, context: Json, **prefetch: object) -> list[Json]:
        body = {
            "hook": mapped.entries[service_id].hook,
            "hookInstance": "7f3c1f6e-3b1e-4a53-8d0e-1d6f6b1f0c11",
            "context": {"userId": "Practitioner/u1", "patientId": "p1", **context},
            "prefetch": {**dict.fromkeys(_keys(mapped, service_id)), **prefetch},
        }
        answer = client.post(f"/cds-services/{service_id}", json=body)
        cards: list[Json] = answer.json()["cards"]
        return cards

    return fire


def _keys(catalogue: Catalogue, service_id: str) -> list[str]:
    return [need.key for need in catalogue.entries[service_id].service.needs]


def bundle(*resources: Json) -> Json:
    """Return a searchset."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": item} for item in resources],
    }


def coded(code: str, system: str = LOCAL) -> Json:
    """Return a CodeableConcept without any words."""
    return {"coding": [{"system": system, "code": code}]}


def resource(kind: str, code: Json, **more: object) -> Json:
    """Return a resource of the patient."""
    return {"resourceType": kind, "id": "r1", "subject": {"reference": "Patient/p1"}, "code": code, **more}


def problem(code: Json, onset: str) -> Json:
    """Return a current problem."""
    return resource("Condition", code, onsetDateTime=onset)


def draft(code: Json) -> Json:
    """Return the context of an order that was just chosen."""
    order = resource("ServiceRequest", code, id="d1", status="draft", intent="order")
    return {"selections": ["ServiceRequest/d1"], "draftOrders": bundle(order)}


PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1985-05-05", "gender": "female"}
BACK_PAIN = coded("279039007", SNOMED_CT)
CHRONIC = problem(coded("278862001", SNOMED_CT), "2026-01-10")


def score(code: str, number: float, unit: str = "") -> Json:
    """Return an observation of last week; a score has no unit, or percent."""
    value = {"valueQuantity": {"value": number, **({"unit": unit} if unit else {})}}
    return resource("Observation", coded(code), status="final", effectiveDateTime="2026-10-26", **value)


def ours(code: str, number: float, observation_id: str) -> Json:
    """Return a score in LOINC."""
    return score(code, number) | {"id": observation_id, "code": coded(code, "http://loinc.org")}


def codes_of(name: str) -> list[tuple[str, str]]:
    """Return the local codes of an example."""
    groups = json.loads(EXAMPLES[name])["group"]
    return [(group["source"], element["code"]) for group in groups for element in group["element"]]


def test_every_gap_of_the_guideline_has_an_example() -> None:
    """Guideline section 9, and the systems of section 8; the table names each example, and no other."""
    assert [name for name, _ in LISTED] == [f"{name}.json" for name in GAPS.split()]
    assert list(EXAMPLES) == [name for name, _ in LISTED]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_concept_map_of_fhir(name: str) -> None:
    """As any FHIR tool would read it."""
    assert ConceptMap.model_validate_json(EXAMPLES[name]).group


@pytest.mark.parametrize(("name", "value_set"), LISTED)
def test_an_example_makes_its_codes_understood(
    catalogue: Catalogue, mapped: Catalogue, name: str, value_set: str
) -> None:
    """Nothing before, the value set of the table after; and the explanation names the file."""
    for system, code in codes_of(name):
        before = explained_code(catalogue, system, code)["low_back_pain"]
        after = explained_code(mapped, system, code)["low_back_pain"]

        assert before["valueSets"] == []
        assert value_set in after["valueSets"]
        assert after["mappedBySite"]["files"] == [name]
        assert any(way["valueSet"] == value_set for way in after["why"])


def test_a_finding_that_the_site_maps_is_an_emergency(fire_mapped: Callable[..., list[Json]]) -> None:
    """Saddle anesthesia in a local code, when the chart is opened."""
    conditions = bundle(problem(coded("SADDLE-ANESTHESIA"), "2026-10-30"), problem(BACK_PAIN, "2026-10-25"))

    cards = fire_mapped("lbp-red-flags-patient-view", {}, patient=PATIENT, conditions=conditions)

    assert cards[0]["indicator"] == "critical"
    assert cards[0]["source"]["topic"]["code"] == "red-flag-emergency"


@pytest.mark.parametrize(
    ("service", "order", "topic"),
    [
        (
            "lbp-imaging-order-select",
            coded("YOUR-CODE-OF-A-LUMBAR-MRI", "http://www.ama-assn.org/go/cpt"),
            "imaging-without-red-flag",
        ),
        ("lbp-therapies-order-select", coded("ACTIVITY-BED-REST"), "bed-rest"),
    ],
)
def test_an_order_that_the_site_maps_wakes_the_rules(
    fire_mapped: Callable[..., list[Json]], service: str, order: Json, topic: str
) -> None:
    """It has no name: the code alone tells what it is."""
    conditions = bundle(problem(BACK_PAIN, "2026-10-25"))

    cards = fire_mapped(service, draft(order), patient=PATIENT, conditions=conditions)

    assert topic in [card["source"]["topic"]["code"] for card in cards]


def test_a_subscale_that_the_site_maps_tells_high_risk(fire_mapped: Callable[..., list[Json]]) -> None:
    """A total of 6 alone may be medium or high; with 4 psychosocial points it is high."""
    conditions = bundle(problem(BACK_PAIN, "2026-10-01"))

    cards = fire_mapped(
        "lbp-care-plan-patient-view",
        {},
        patient=PATIENT,
        conditions=conditions,
        scores=bundle(score("STARTBACK-PSYCH", 4), ours("91351-7", 6, "r2")),
    )

    (result,) = [card for card in cards if card["source"]["topic"]["code"] == "start-back-result"]
    assert result["indicator"] == "warning"


@pytest.mark.parametrize(("percent", "is_significant"), [(40, False), (41, True), (8, False)])
def test_an_oswestry_score_counts_as_the_site_decided(
    fire_mapped: Callable[..., list[Json]],
    percent: float,
    is_significant: bool,  # noqa: FBT001
) -> None:
    """From 41 percent, and not a point below; a small percentage is no large PEG score."""
    risk, mood = ours("91351-7", 2, "r2"), ours("55758-7", 0, "r3")  # else their cards crowd the plan out

    cards = fire_mapped(
        "lbp-care-plan-patient-view",
        {},
        patient=PATIENT,
        conditions=bundle(CHRONIC),
        scores=bundle(score("OSWESTRY-PERCENT", percent, "%"), risk, mood),
    )

    (plan,) = [card for card in cards if card["source"]["topic"]["code"] == "care-plan"]
    assert ("Significant disability on record" in plan["detail"]) is is_significant


def test_discovery_asks_for_the_scores_of_the_site(catalogue: Catalogue, mapped: Catalogue) -> None:
    """A search by code would find nothing else; without a map nothing is asked beside our own."""
    service = "lbp-care-plan-patient-view"
    before = catalogue.entries[service].discovery["prefetch"]
    after = mapped.entries[service].discovery["prefetch"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)

    assert LOCAL not in before["scores"]
    assert f"{LOCAL}|OSWESTRY-PERCENT" in after["scores"]
    assert f"{LOCAL}|STARTBACK-PSYCH" in after["scores"]
    assert {key for key in before if before[key] != after[key]} == {"scores"}
