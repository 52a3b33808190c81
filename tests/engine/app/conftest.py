"""A service of one rule behind HTTP: a scan for back pain is discouraged unless there is a fever."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from cds_service import (
    Advice,
    CdsService,
    Coding,
    Guideline,
    Indicator,
    Line,
    Need,
    Rule,
    Statement,
    Topic,
    order_is,
    recorded,
    remove_order,
    selected,
)
from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.catalogue import Catalogue, Entry
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cds_service import Criterion
    from cds_service.terminology import Terminology

CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}&_count=200", "the problem list")
MEDICATIONS = Need("medications", "MedicationRequest?patient={{context.patientId}}", "medication orders")


def _topic(code: str) -> Topic:
    return Topic(Coding("http://example.org/fhir/lbp-cds/topics", code, code), 1)


def _rule(terms: Terminology, unless: Criterion) -> Rule:
    """Return the rule; it needs conditions, and medications only for one line."""
    opioid = recorded(MEDICATIONS, terms["opioid"], label="an opioid")
    return Rule(
        id="scan-without-fever",
        rows=("ROW-1",),
        topic=_topic("scan"),
        on=selected(terms["mri"], label="a scan is ordered"),
        scope=recorded(CONDITIONS, terms["injury"], label="back pain"),
        when=order_is(terms["mri"], label="a scan"),
        unless=unless,
        if_unknown="advise",
        advice=Advice(
            Indicator.WARNING,
            "No fever recorded: the scan can wait",
            (Line("Wait."), Line("Mind the opioid.", when=opioid)),
            suggestions=(remove_order("Remove the scan"),),
        ),
        evidence=(Statement("S.ONE", "S1", "Scans can wait."),),
    )


@pytest.fixture
def fever(terms: Terminology) -> Criterion:
    """Return the question that silences the rule."""
    return recorded(CONDITIONS, terms["fever"], label="fever")


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    """Return the file that the audit trail goes to."""
    return tmp_path / "audit.log"


@pytest.fixture
def client_of(terms: Terminology, fever: Criterion, trail: Path) -> Callable[..., TestClient]:
    """Build the service: `unless` for another question, `settings` and what else `create_app` takes."""

    def build(unless: Criterion | None = None, **options: Any) -> TestClient:  # noqa: ANN401
        service = CdsService(
            "back",
            ("order-select", "order-sign"),
            "Back",
            "Advises on scans",
            (_rule(terms, unless or fever),),
            frozenset({CONDITIONS}),
        )
        guideline = Guideline(
            "back", "Back", "A footer.", (service,), terms, _topic("data-missing"), "org.example.rules"
        )
        entries = [Entry(f"back-{hook}", hook, service, guideline) for hook in service.hooks]
        catalogue = Catalogue({entry.id: entry for entry in entries}, (guideline,), "v1")
        settings = options.pop("settings", None) or Settings(cors_origins=("https://ehr.example.org",))
        usual = {"clock": lambda _zone: date(2026, 11, 1), "audit": Audit(f"file:{trail}")}
        app = create_app(catalogue, settings, **{**usual, **options})
        return TestClient(app, raise_server_exceptions=False)

    return build


@pytest.fixture
def client(client_of: Callable[..., TestClient]) -> TestClient:
    """Return a client of the service with usual settings, and nobody to fetch."""
    return client_of()


@pytest.fixture
def scan() -> dict[str, Any]:
    """Return a draft of the scan that wakes the rule."""
    coding = {"system": "http://loinc.org", "code": "mri", "display": "Scan"}
    return {
        "resourceType": "ServiceRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [coding], "text": "Scan"},
    }


@pytest.fixture
def pain() -> dict[str, Any]:
    """Return the Condition that brings the patient within the rule's concern."""
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "S32000A"}
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [coding]},
    }


@pytest.fixture
def body(scan: dict[str, Any], pain: dict[str, Any]) -> dict[str, Any]:
    """Return an order-select request that is answered with one card."""
    return {
        "hook": "order-select",
        "hookInstance": "7f3c1f6e-3b1e-4a53-8d0e-1d6f6b1f0c11",
        "context": {
            "userId": "Practitioner/u1",
            "patientId": "p1",
            "selections": ["ServiceRequest/draft-1"],
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": scan}]},
        },
        "prefetch": {
            "conditions": {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": pain}]},
            "medications": None,
        },
    }
