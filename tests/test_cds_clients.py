"""
Requests in the shapes that real CDS clients send, and the whole answer to each.

fhir_fixtures/cds_clients/README.md says of every file what is odd about it and who sends it so.
`pytest --update-goldens` rewrites the answers.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]
Answer = tuple[int, Json]

CLIENTS = Path(__file__).parents[1] / "fhir_fixtures" / "cds_clients"
STEMS = sorted(file.name.removesuffix(".json") for file in (CLIENTS / "requests").glob("*.json"))
ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
OIDS = {
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
}


def sent(stem: str) -> Json:
    """Return a file: the service it is for, the day, the request, and which resources are no valid R4."""
    loaded: Json = json.loads((CLIENTS / "requests" / f"{stem}.json").read_text(encoding="utf-8"))
    return loaded


def details(answer: Answer) -> dict[str, str]:
    """Return the detail of each card by the code of its topic."""
    return {card["source"]["topic"]["code"]: card["detail"] for card in answer[1]["cards"]}


def texts(node: object) -> Iterator[str]:
    """Yield every string of an answer but those inside a suggested resource, which is data and not shown."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            if name != "resource":
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def resources(node: object) -> Iterator[Json]:
    """Yield the resources of a request, Bundles and what is contained in others left out."""
    if isinstance(node, list):
        for value in node:
            yield from resources(value)
    elif isinstance(node, dict):
        if node.get("resourceType", "Bundle") != "Bundle":
            yield node
        else:
            for value in node.values():
                yield from resources(value)


def is_r4(resource: Json) -> bool:
    """Whether a resource is valid R4, its id too, which the model does not check."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError:  # R4 has no such type, or it is not valid
        return False
    return ID.fullmatch(resource["id"]) is not None


@pytest.fixture(scope="module")
def ask(fire: Callable[[str, Json, date], Answer]) -> Callable[..., Answer]:
    """Return what sends the request of a file on its day, with the members named in `changes` replaced."""

    def post(stem: str, **changes: object) -> Answer:
        file = sent(stem)
        body = {**file["request"], **changes}
        return fire(file["service"], body, date.fromisoformat(file["anchor"]))

    return post


@pytest.mark.parametrize("stem", STEMS)
def test_answers_equal_their_golden(
    stem: str, ask: Callable[..., Answer], with_golden: Callable[[Path, Json], tuple[str, str]]
) -> None:
    """Each client gets, byte for byte, the status and the answer that were last read and accepted."""
    status, body = ask(stem)

    written, accepted = with_golden(CLIENTS / "cards" / f"{stem}.json", {"status": status, "body": body})

    assert written == accepted


@pytest.mark.parametrize("stem", STEMS)
def test_no_answer_holds_markup(stem: str, ask: Callable[..., Answer]) -> None:
    """No text of an answer has a < or >, whatever the EHR's own strings have."""
    answered = list(texts(ask(stem)[1]))

    assert [text for text in answered if "<" in text or ">" in text] == []


def test_names_with_markup_are_shown_escaped(ask: Callable[..., Answer]) -> None:
    """The order's name is on the card as it was written, harmless."""
    answer = ask("prefetch.markup-in-names")

    assert "MR &lt;img src=x onerror=alert(1)&gt; lumbar spine" in details(answer)["imaging-supported"]


def test_the_sandbox_asks_before_a_drug_is_chosen(ask: Callable[..., Answer]) -> None:
    """An order without a drug, an intent or arrays is answered with no card, and not refused."""
    answer = ask("sandbox.first-call")

    assert answer == (200, {"cards": []})


@pytest.mark.parametrize("stem", ["sandbox.pama-lumbar-mri", "argonaut.lumbar-ct", "athena.local-code"])
def test_orders_without_a_code_we_hold_are_recognised_by_name(stem: str, ask: Callable[..., Answer]) -> None:
    """An image ordered under CPT or a local code gets its card, which says how it was recognised."""
    answer = ask(stem)

    assert (
        "(recognised by its name: its codes are not understood)"
        in details(answer)["imaging-without-red-flag"]
    )


def test_oids_mean_what_urls_mean(ask: Callable[..., Answer]) -> None:
    """Code systems named by OID give the answer that they give when named by URL."""
    text = json.dumps(sent("epic.lumbar-mri")["request"])
    for oid, url in OIDS.items():
        text = text.replace(f'"{oid}"', f'"{url}"')
    named_by_url = json.loads(text)

    answer = ask("epic.lumbar-mri")

    assert "urn:oid:2.16.840.1.113883.6" not in text
    assert answer == ask("epic.lumbar-mri", **named_by_url)
    assert list(details(answer)) == ["imaging-without-red-flag"]


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("epic.outcome-entry", "problem list: the EHR reported that entries are missing"),
        ("epic.next-page", "problem list: more pages exist that were not read"),
        ("prefetch.outcome-for-medications", "medication orders: the EHR could not read it"),
        ("prefetch.keys-missing", "procedures: not supplied, and no FHIR server to ask"),
    ],
)
def test_what_was_not_read_is_named_on_a_card(stem: str, said: str, ask: Callable[..., Answer]) -> None:
    """A cut-off page, an OperationOutcome or a missing key leads to a card that says what is missing."""
    answer = ask(stem)

    assert f"Not read: {said}." in details(answer)["data-missing"]


def test_included_medications_tell_what_is_taken(ask: Callable[..., Answer]) -> None:
    """Drugs that stand in Medication resources beside the orders are known: here an opioid meets diazepam."""
    answer = ask("epic.included-medications")

    assert "a benzodiazepine" in details(answer)["opioid-sedative-combination"]


@pytest.mark.parametrize(
    ("stem", "topic", "draft"),
    [
        ("epic.procedure-request", "imaging-without-red-flag", "ProcedureRequest/ePr4.VwXyZa-BcDe"),
        ("cds-hooks-1.0.medication-prescribe", "opioid-acute", "MedicationRequest/draft-78"),
    ],
)
def test_drafts_of_older_versions_are_judged_and_only_removed(
    stem: str, topic: str, draft: str, ask: Callable[..., Answer]
) -> None:
    """A draft of STU3 gets its card; nothing is offered but to remove it under its own name."""
    answer = ask(stem)
    actions = [
        action
        for card in answer[1]["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]

    assert topic in details(answer)
    assert [(action["type"], action["resourceId"]) for action in actions] == [("delete", draft)]


def test_wrapped_values_are_what_they_wrap(ask: Callable[..., Answer]) -> None:
    """The old `{"response", "resource"}` form of prefetch gets the answer of the bare values."""
    wrapped = sent("prefetch.wrapped-values")["request"]["prefetch"]

    answer = ask("prefetch.bare-values", prefetch=wrapped)

    assert answer == ask("prefetch.bare-values")


def test_a_search_that_is_not_found_was_not_read(ask: Callable[..., Answer]) -> None:
    """A wrapped 404 in place of a search never reads as nothing on record: it is a failure like any other."""
    prefetch = sent("prefetch.wrapped-404")["request"]["prefetch"]
    failure = prefetch["imagingReports"]["resource"]

    answer = ask("prefetch.wrapped-404")

    assert answer == ask("prefetch.wrapped-404", prefetch={**prefetch, "imagingReports": failure})
    assert "Imaging reports were not all read" in details(answer)["imaging-without-red-flag"]


@pytest.mark.parametrize(
    ("stem", "key"),
    [("prefetch.html-for-conditions", "conditions"), ("prefetch.html-for-reports", "imagingReports")],
)
def test_html_is_no_data(stem: str, key: str, ask: Callable[..., Answer]) -> None:
    """An error page in place of a value is as if the key had not been sent, and nothing of it comes back."""
    prefetch = {name: value for name, value in sent(stem)["request"]["prefetch"].items() if name != key}

    answer = ask(stem)

    assert answer == ask(stem, prefetch=prefetch)
    assert "Gateway" not in json.dumps(answer)


@pytest.mark.parametrize("stem", STEMS)
def test_resources_are_valid_but_those_that_are_meant_not_to_be(stem: str) -> None:
    """What is no valid R4 is listed in the file: the rest is odd only in the ways the README tells."""
    file = sent(stem)
    found = [item for item in resources(file["request"]) if item["resourceType"] != "OperationOutcome"]

    invalid = {f"{item['resourceType']}/{item['id']}" for item in found if not is_r4(item)}

    assert invalid == set(file["notR4"])


def test_requests_goldens_and_readme_pair_up() -> None:
    """Every request has a golden and a row in README.md, and neither has one too many."""
    goldens = sorted(file.name.removesuffix(".json") for file in (CLIENTS / "cards").glob("*.json"))
    rows = re.findall(
        r"^\| \[([a-z0-9.-]+)\]\(requests/\1\.json\) \|", (CLIENTS / "README.md").read_text(), re.MULTILINE
    )

    assert goldens == STEMS
    assert sorted(rows) == STEMS
