"""A made-up CDS service and FHIR server, for pages that must live with whatever servers answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import responses

CDS = "http://127.0.0.1:9001"
FHIR = "http://127.0.0.1:9002/fhir"
OPIOID = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049621"}
BUTTON = {
    "label": "Remove the draft",
    "uuid": "s-1",
    "actions": [{"type": "delete", "description": "Remove", "resourceId": "MedicationRequest/draft-1"}],
}
CARD: dict[str, Any] = {
    "uuid": "c-1",
    "summary": "Think again",
    "detail": "Some **reasons**.",
    "indicator": "warning",
    "source": {"label": "A guideline", "url": "https://example.org/guideline"},
    "suggestions": [BUTTON],
    "selectionBehavior": "any",
    "overrideReasons": [{"system": "urn:x", "code": "r1", "display": "I know better"}],
}

Json = dict[str, Any]


def searchset(*resources: Json) -> Json:
    """Return the answer to a search."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": item} for item in resources],
    }


def fhir(mock: responses.RequestsMock, *resources: Json) -> None:
    """Answer every search and read with those of the resources that have its type."""
    for kind in (
        "Condition",
        "MedicationRequest",
        "AllergyIntolerance",
        "Observation",
        "ServiceRequest",
        "Procedure",
        "Encounter",
    ):
        found = [item for item in resources if item["resourceType"] == kind]
        mock.get(re.compile(rf"{re.escape(FHIR)}/{kind}\?.*"), json=searchset(*found))
    people = [item for item in resources if item["resourceType"] == "Patient"]
    mock.get(re.compile(rf"{re.escape(FHIR)}/Patient\?.*"), json=searchset(*people))
    for item in people:
        mock.get(f"{FHIR}/Patient/{item['id']}", json=item)


def offers(mock: responses.RequestsMock, *hooks: str, prefetch: Json | None = None) -> None:
    """Offer one service a hook, `on-<hook>`."""
    services = [
        {
            "id": f"on-{hook}",
            "hook": hook,
            "title": f"On {hook}",
            "description": "d",
            "prefetch": prefetch or {},
        }
        for hook in hooks
    ]
    mock.get(f"{CDS}/cds-services", json={"services": services})


def answers(mock: responses.RequestsMock, hook: str, *cards: Json) -> None:
    """Let the service of a hook return cards, and take feedback."""
    mock.post(f"{CDS}/cds-services/on-{hook}", json={"cards": list(cards)})
    mock.post(f"{CDS}/cds-services/on-{hook}/feedback", body="")


def sent(mock: responses.RequestsMock, path: str) -> list[Json]:
    """Return the bodies that were posted to a path of the CDS service."""
    return [
        json.loads(call.request.body or "{}") for call in mock.calls if call.request.url == f"{CDS}{path}"
    ]
