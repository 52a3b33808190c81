"""Explanations: every rule of a service with all its questions, what they rest on, and what was lacking."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cds_service import (
    Advice,
    CdsService,
    Coding,
    Guideline,
    Indicator,
    Ladder,
    Need,
    Rule,
    Topic,
    aged,
    any_of,
    at,
    never_absent,
    none_of,
    order_is,
    order_name,
    recorded,
    selected,
)
from cds_service.catalogue import Catalogue, Entry
from cds_service.errors import MissingFieldError, UnknownServiceError
from cds_service.explanation import explained
from cds_service.print_explanation import print_explanation

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Criterion, Moment, Trigger
    from cds_service.terminology import Terminology

TODAY = date(2026, 11, 1)
PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
STATEMENTS = Need(
    "statements", "MedicationStatement?patient={{context.patientId}}", "statements", fallback=True
)
TOPIC = Topic(Coding("http://example.org/fhir/lbp-cds/topics", "scan", "Scans"), 1)
PAIN = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-10-20",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "pain"}]},
}


@pytest.fixture
def words(terms: Terminology) -> dict[str, Criterion]:
    """Return questions: for back pain, fever, a scan, and an old age."""
    fever = recorded(CONDITIONS, terms["fever"], label="fever")
    return {
        "pain": recorded(CONDITIONS, terms["pain"], label="back pain"),
        "fever": any_of(fever, never_absent(fever, because="never asked"), label="a fever"),
        "scan": order_is(terms["mri"], label="a scan"),
        "old": aged(PATIENT, at_least=51, label="age over 50"),
        "statement": recorded(STATEMENTS, terms["opioid"], label="an opioid"),
    }


@pytest.fixture
def catalogue_of(terms: Terminology) -> Callable[..., Catalogue]:
    """Build a catalogue of one service group on three hooks."""

    def build(*rules: Rule | Ladder) -> Catalogue:
        hooks = ("order-select", "patient-view", "problem-list-item-create")
        service = CdsService("back", hooks, "Back", "About backs.", rules, frozenset())
        names = (order_name("ServiceRequest", terms["mri"], "scan"),)
        guideline = Guideline(
            "back", "Back", "", (service,), terms, TOPIC, "org.example.rules", order_names=names
        )
        entries = {f"back-{hook}": Entry(f"back-{hook}", hook, service, guideline) for hook in hooks}
        return Catalogue(entries, (guideline,), "v1")

    return build


def rule_of(
    words: dict[str, Criterion], on: Trigger | Moment, rule_id: str = "scan", unless: Criterion | None = None
) -> Rule:
    """Return a rule about back pain."""
    advice = Advice(Indicator.INFO, "The scan can wait", ())
    return Rule(rule_id, (), TOPIC, on, words["scan"], words["pain"], advice, (), "stay silent", unless)


def order(code: str = "mri", order_id: str = "a", system: str = "http://loinc.org") -> dict[str, Any]:
    """Return a draft."""
    coding = {"system": system, "code": code}
    return {"resourceType": "ServiceRequest", "id": order_id, "status": "draft", "code": {"coding": [coding]}}


def body(
    *orders: dict[str, Any], hook: str = "order-select", prefetch: object = None, **context: object
) -> bytes:
    """Return a request with these drafts on the table."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in orders]}
    call = {"patientId": "p1", "draftOrders": bundle, **context}
    return json.dumps(
        {"hook": hook, "hookInstance": "i", "context": call, "prefetch": prefetch or {}}
    ).encode()


def searchset(*resources: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return a Bundle."""
    entries = [{"resource": item} for item in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


def printed(services: list[dict[str, Any]]) -> str:
    """Return the explanation as it is printed to a file."""
    out = io.StringIO()
    print_explanation(services, Console(file=out, width=100, no_color=True, force_terminal=False))
    return out.getvalue()


@pytest.fixture
def on_scan(terms: Terminology) -> Trigger:
    """Return what wakes on a scan that is no CT."""
    return selected(terms["mri"], label="a scan is ordered", besides=(terms["ct"],))


def test_every_question_of_a_rule_is_answered_with_what_it_rests_on(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """Label, truth, reason, and the resource by reference and date; also below a compound question."""
    catalogue = catalogue_of(rule_of(words, on_scan, unless=words["fever"]))

    (service,) = explained(catalogue, body(order(), prefetch={"conditions": searchset(PAIN)}), today=TODAY)

    (rule,) = service["rules"]
    (judged,) = rule["judged"]
    assert (service["service"], service["today"]) == ("back-order-select", "2026-11-01")
    assert (rule["rule"], rule["outcome"], rule["topic"]) == ("scan", "undecided", "scan")
    assert (judged["order"], judged["ifUnknown"]) == ("ServiceRequest/a", "stay silent")
    assert judged["when"] == {
        "asks": "back pain",
        "truth": "YES",
        "because": "2026-10-20 (Condition/c1)",
        "restsOn": [{"reference": "Condition/c1", "date": "2026-10-20"}],
    }
    assert judged["unless"]["asks"] == "a fever: any of"
    assert [part["truth"] for part in judged["unless"]["parts"]] == ["NO", "UNKNOWN"]
    assert judged["unless"]["parts"][1]["because"] == "never asked"


def test_an_answer_that_is_only_possible_says_so(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """A suspected problem is a YES of less certainty."""
    status = {"coding": [{"code": "provisional"}]}
    suspected = {**PAIN, "verificationStatus": status}

    (service,) = explained(
        catalogue_of(rule_of(words, on_scan)), body(order(), prefetch={"conditions": searchset(suspected)})
    )

    assert service["rules"][0]["judged"][0]["when"]["certainty"] == "POSSIBLE"


def test_an_age_rests_on_the_patient(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """Also when the answer is no."""
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-01-02"}

    (service,) = explained(
        catalogue_of(rule_of(words, on_scan, unless=words["old"])),
        body(order(), prefetch={"patient": person}),
    )

    unless = service["rules"][0]["judged"][0]["unless"]
    assert unless["truth"] == "NO"
    assert unless["restsOn"] == [{"reference": "Patient/p1", "date": "1990-01-02"}]


def test_questions_that_a_verdict_did_not_need_are_answered_too(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """On a ladder, the rungs below the one that decided: what they would have said."""
    ladder = Ladder((rule_of(words, on_scan, "first"), rule_of(words, on_scan, "second")))

    (service,) = explained(catalogue_of(ladder), body(order(), prefetch={"conditions": searchset(PAIN)}))

    assert [rule["outcome"] for rule in service["rules"]] == ["speaks", "not reached"]
    assert service["rules"][1]["judged"][0]["when"]["truth"] == "YES"


def test_each_order_is_judged_for_itself(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """Two scans, two trees; the verdict names both."""
    (service,) = explained(
        catalogue_of(rule_of(words, on_scan)),
        body(order(), order(order_id="b"), prefetch={"conditions": searchset(PAIN)}),
    )

    assert [judged["order"] for judged in service["rules"][0]["judged"]] == [
        "ServiceRequest/a",
        "ServiceRequest/b",
    ]
    assert service["rules"][0]["orders"] == ["ServiceRequest/a", "ServiceRequest/b"]


@pytest.mark.parametrize(
    ("request_body", "because"),
    [
        (body(), "no order is on the table"),
        (body(order("egfr")), "ServiceRequest/a is in none of mri"),
        (
            body(order("x", system="http://local.example.org")),
            "ServiceRequest/a is in none of mri; no code of it can be interpreted",
        ),
        (body(order(), selections=[]), "ServiceRequest/a is not selected"),
    ],
)
def test_a_rule_that_slept_says_which_orders_did_not_wake_it(
    catalogue_of: Callable[..., Catalogue],
    words: dict[str, Criterion],
    on_scan: Trigger,
    request_body: bytes,
    because: str,
) -> None:
    """Another kind of order, one that cannot be read, one that was not chosen, or none."""
    (service,) = explained(catalogue_of(rule_of(words, on_scan)), request_body)

    (rule,) = service["rules"]
    assert rule["outcome"] == "not awake"
    assert rule["judged"] == []
    assert rule["wakes"] == {"asks": "a scan is ordered", "truth": "NO", "because": [because]}


def test_an_order_that_another_rule_takes_says_so(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """It is of a set that the trigger leaves out."""
    both = order()
    both["code"]["coding"].append({"system": "http://loinc.org", "code": "ct"})

    (service,) = explained(catalogue_of(rule_of(words, on_scan)), body(both))

    assert service["rules"][0]["wakes"]["because"] == ["ServiceRequest/a is in ct"]


def test_a_rule_of_another_hook_says_which(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion]
) -> None:
    """It wakes on patient-view, and this was an order."""
    opened = at("patient-view", label="the chart is opened")

    (service,) = explained(catalogue_of(rule_of(words, opened)), body(order()))

    assert service["rules"][0]["wakes"]["because"] == ["it wakes on patient-view, and this is order-select"]


def test_a_problem_of_another_kind_wakes_nothing_and_is_said(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], terms: Terminology
) -> None:
    """The sets it waits for are named."""
    added = at("problem-list-item-create", label="a problem is added", problems=(terms["fever"],))
    request = body(hook="problem-list-item-create", conditions=searchset(PAIN))

    (service,) = explained(catalogue_of(rule_of(words, added)), request)

    assert service["rules"][0]["wakes"]["because"] == ["no problem that was added is in fever"]


def test_a_rule_without_an_order_is_judged_once(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion]
) -> None:
    """Its tree is about no order."""
    opened = at("patient-view", label="the chart is opened")

    (service,) = explained(catalogue_of(rule_of(words, opened)), body(hook="patient-view"))

    assert [judged["order"] for judged in service["rules"][0]["judged"]] == [None]
    assert service["rules"][0]["wakes"]["truth"] == "YES"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, ("absent", 0, "not supplied, and no FHIR server to ask")),
        ({"conditions": 5}, ("absent", 0, "what was sent under this key is not what was asked for")),
        ({"conditions": None}, ("empty", 0, None)),
        ({"conditions": searchset(PAIN)}, ("given", 1, None)),
        (
            {"conditions": searchset(PAIN, link=[{"relation": "next", "url": "http://x"}])},
            ("partial", 1, "more pages exist that were not read"),
        ),
        (
            {"conditions": {"resourceType": "OperationOutcome", "issue": []}},
            ("failed", 0, "the EHR could not read it"),
        ),
    ],
)
def test_each_need_says_what_became_of_it(
    catalogue_of: Callable[..., Catalogue],
    words: dict[str, Criterion],
    on_scan: Trigger,
    sent: dict[str, Any],
    told: tuple[str, int, str | None],
) -> None:
    """Given, empty, partial, failed and absent are told apart, with the reason."""
    (service,) = explained(catalogue_of(rule_of(words, on_scan)), body(order(), prefetch=sent))

    (need,) = service["needs"]
    assert need["key"] == "conditions"
    assert (need["state"], need["resources"], need.get("because")) == told


def test_a_need_counts_what_it_had_to_skip(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """A problem of another patient is dropped, and that is told."""
    foreign = {**PAIN, "subject": {"reference": "Patient/other"}}

    (service,) = explained(
        catalogue_of(rule_of(words, on_scan)),
        body(order(), prefetch={"conditions": searchset(PAIN, foreign)}),
    )

    assert service["needs"][0]["skipped"] == 1
    assert "given, 1 read, 1 skipped" in printed([service])


def test_a_need_that_is_never_prefetched_is_no_fault_of_the_client(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """Only a FHIR server is asked for it."""
    catalogue = catalogue_of(rule_of(words, on_scan, unless=words["statement"]))

    (service,) = explained(catalogue, body(order()))

    assert service["needs"][1]["because"] == "no prefetch key: only a FHIR server is asked for it"


def test_an_order_says_what_it_was_taken_for(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """Its value sets, and whether only its name told them."""
    named = {"resourceType": "ServiceRequest", "id": "b", "status": "draft", "code": {"text": "A scan"}}

    (service,) = explained(catalogue_of(rule_of(words, on_scan)), body(order(), named))

    assert service["orders"] == [
        {"reference": "ServiceRequest/a", "selected": True, "valueSets": ["mri"], "understood": True},
        {
            "reference": "ServiceRequest/b",
            "selected": True,
            "valueSets": ["mri"],
            "understood": False,
            "recognisedByName": True,
        },
    ]


def test_without_a_service_all_on_the_hook_are_explained(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """As an EHR would call them; with one, that alone."""
    catalogue = catalogue_of(rule_of(words, on_scan))

    assert [service["service"] for service in explained(catalogue, body(order()))] == ["back-order-select"]
    assert explained(catalogue, body(order()), "back-order-select")[0]["hook"] == "order-select"


@pytest.mark.parametrize(("service", "hook"), [("nowhere", "order-select"), ("", "order-dispatch")])
def test_an_unknown_service_or_hook_is_answered_with_those_there_are(
    catalogue_of: Callable[..., Catalogue],
    words: dict[str, Criterion],
    on_scan: Trigger,
    service: str,
    hook: str,
) -> None:
    """Unlike over HTTP, the caller is at the machine."""
    with pytest.raises(UnknownServiceError, match=r"back-patient-view \(patient-view\)"):
        explained(catalogue_of(rule_of(words, on_scan)), body(order(), hook=hook), service)


def test_a_request_that_would_be_refused_is_refused_here_too(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """With the error of the service."""
    with pytest.raises(MissingFieldError):
        explained(catalogue_of(rule_of(words, on_scan)), body(draftOrders=None))


def test_the_printed_tree_tells_the_same(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger, terms: Terminology
) -> None:
    """Needs, orders, rules that woke before those that slept, questions with answer and reason."""
    asleep = rule_of(words, selected(terms["ct"], label="a CT is ordered"), "other")
    awake = rule_of(words, on_scan, unless=any_of(none_of(words["old"]), words["fever"]))
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-01-02"}
    request = body(order(), prefetch={"conditions": searchset(PAIN), "patient": person})

    text = printed(explained(catalogue_of(asleep, awake), request, today=TODAY))

    lines = [line.strip("│├└─ ") for line in text.splitlines()]
    assert lines[0] == "back-order-select on 2026-11-01"
    assert "conditions (problem list): given, 1 read" in lines
    assert "ServiceRequest/a: in mri" in lines
    assert lines.index("scan: silent about ServiceRequest/a") < lines.index("other: not awake")
    assert "YES wakes when a scan is ordered" in lines
    assert "YES back pain - 2026-10-20 (Condition/c1)" in lines
    assert "NO age over 50 - age 36" in lines
    assert "rests on Patient/p1, 1990-01-02" in lines
    assert "NO wakes when a CT is ordered" in lines
    assert "ServiceRequest/a is in none of ct" in lines


def test_what_an_ehr_wrote_cannot_steer_the_terminal(
    catalogue_of: Callable[..., Catalogue], words: dict[str, Criterion], on_scan: Trigger
) -> None:
    """An escape sequence in an id is taken out before it is printed."""
    text = printed(explained(catalogue_of(rule_of(words, on_scan)), body(order(order_id="a\x1b[31mred"))))

    assert "\x1b" not in text
    assert "ServiceRequest/ared" in text
