"""What CDS Hooks asks of discovery and of prefetch templates, over a real socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.sandbox.ehr.prefetch import expanded
from tests.conformance.card_rules import hollow
from tests.conformance.ehrs import TOKEN
from tests.conformance.house import IMAGING
from tests.conformance.wire import answer_of, exchange, send

if TYPE_CHECKING:
    from tests.conformance.house import House

    Json = dict[str, Any]

DISCOVERY = "/cds-services"
CONTEXT = {"patientId": "plain-acute", "userId": "Practitioner/example", "encounterId": "plain-acute-visit"}
SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+")
ID = re.compile(r"[A-Za-z0-9._-]+")
TOKENS = re.compile(r"\{\{(.*?)\}\}")
READ_OR_SEARCH = re.compile(r"[A-Z]\w+[/?]\S+|\{\{context\.userId\}\}")
REVERSE_DNS = re.compile(r"[a-z0-9-]+(\.[A-Za-z0-9-]+)+")
PREFETCHABLE = {"context.patientId", "context.userId", "context.encounterId"}
COMPARED = re.compile(r"(eq|lt|gt|ge|le)?\d{4}")


@pytest.fixture
def services(house: House) -> list[Json]:
    """Return what discovery lists."""
    listed: list[Json] = house.open.send("GET", DISCOVERY).json["services"]
    return listed


@pytest.fixture
def templates(services: list[Json]) -> set[str]:
    """Return every prefetch template on offer."""
    return {template for service in services for template in service.get("prefetch", {}).values()}


def parameters(template: str) -> list[tuple[str, str]]:
    """Return the parameters of a search; none for a read."""
    pairs = [part.partition("=") for part in template.partition("?")[2].split("&") if part]
    return [(name, value) for name, _, value in pairs]


def test_discovery_is_at_its_address(house: House) -> None:
    """DISC-01, DISC-02, DISC-14, GEN-01: a 200 with a JSON object that holds the array `services`."""
    answered = house.open.send("GET", DISCOVERY)

    assert (answered.status, answered.headers["content-type"]) == (200, "application/json")
    assert isinstance(answered.json["services"], list)


def test_something_is_on_offer(services: list[Json]) -> None:
    """DISC-18: the Sandbox takes an empty list for a failure."""
    assert services != []


def test_without_services_the_list_is_empty(house: House) -> None:
    """DISC-03: and the answer a success."""
    answered = house.silent.send("GET", DISCOVERY)

    assert (answered.status, answered.json) == (200, {"services": []})


def test_each_service_says_what_it_is(services: list[Json]) -> None:
    """DISC-04, DISC-05, DISC-06, DISC-07: hook, id, description and title, none of them empty."""
    for service in services:
        for name in ("hook", "id", "description", "title"):
            assert isinstance(service[name], str)
            assert service[name].strip()
        assert ID.fullmatch(service["id"])


def test_an_id_is_the_address_of_its_service(house: House, services: list[Json]) -> None:
    """DISC-05, REQ-01: an empty call is refused for what it lacks, and not for where it went."""
    answers = [house.open.call({}, service["id"]) for service in services]

    assert {answered.status for answered in answers} == {400}


def test_ids_are_unique(services: list[Json]) -> None:
    """DISC-12, DISC-17: also between hooks, or the Sandbox would show one service of two."""
    ids = [service["id"] for service in services]

    assert len(set(ids)) == len(ids)


def test_optional_members_are_there_in_full_or_not_at_all(services: list[Json]) -> None:
    """DISC-08, DISC-09, DISC-11, GEN-02: no empty prefetch, usage requirements as text, no hookVersion."""
    for service in services:
        assert list(hollow(service)) == []
        assert all(isinstance(text, str) for pair in service.get("prefetch", {}).items() for text in pair)
        assert isinstance(service.get("usageRequirements", ""), str)
        assert "hookVersion" not in service


def test_the_version_is_that_of_the_specification(services: list[Json]) -> None:
    """DISC-10: 2.0.1 is what this service keeps."""
    assert {service["version"] for service in services} == {"2.0.1"}
    assert SEMANTIC_VERSION.fullmatch(services[0]["version"])


def test_extensions_of_services_are_objects(house: House) -> None:
    """DISC-13, EXT-01, EXT-02: at the root and at a service, with reverse-DNS names."""
    root = house.open.send("GET", DISCOVERY).json

    for node in (root, *root["services"]):
        extension = node.get("extension", {})
        assert isinstance(extension, dict)
        assert all(REVERSE_DNS.fullmatch(name) for name in extension)


def test_hooks_are_standard_ones(services: list[Json]) -> None:
    """HV-03: a hook of our own would have a reverse-DNS name, and standard hooks have no dot."""
    assert [service["hook"] for service in services if "." in service["hook"]] == []


def test_discovery_is_the_same_for_every_caller(house: House) -> None:
    """DISC-16, DISC-19: with a token and without, in every byte, when no clients are registered."""
    headers = (("Authorization", "Bearer some.token.here"), ("Origin", "https://elsewhere.example.org"))

    first, second = house.open.send("GET", DISCOVERY), house.open.send("GET", DISCOVERY, headers=headers)

    assert first.body == second.body


def test_discovery_answers_head(house: House) -> None:
    """DISC-19: with the headers of GET and without its body."""
    received = exchange(house.open.url, f"HEAD {DISCOVERY} HTTP/1.1\nHost: x\nConnection: close\n")
    answered = answer_of(DISCOVERY, received)

    assert (answered.status, answered.body) == (200, b"")
    assert answered.headers["etag"] == house.open.send("GET", DISCOVERY).headers["etag"]


def test_a_template_is_a_read_or_a_search(templates: set[str]) -> None:
    """PRE-01: relative to the FHIR base."""
    assert [template for template in templates if not READ_OR_SEARCH.fullmatch(template)] == []


def test_tokens_are_primitive_fields_of_every_hook(templates: set[str]) -> None:
    """PRE-02, PRE-03, PRE-04, PRE-20: no blanks, no path, no function, no field that a hook keeps back."""
    tokens = {token for template in templates for token in TOKENS.findall(template)}

    assert tokens <= PREFETCHABLE
    assert [template for template in templates if {"{", "}"} & {*TOKENS.sub("", template)}] == []


def test_no_template_depends_on_another(templates: set[str]) -> None:
    """DISC-15, PRE-20: the results of one query are not part of the next."""
    assert [template for template in templates if "%" in template] == []


def test_searches_keep_to_the_common_subset(templates: set[str]) -> None:
    """PRE-05, PRE-22: by patient, no modifier but `:in`, plain dates, and no parameter twice."""
    for template in templates:
        names = [name for name, _ in parameters(template)]
        assert len(set(names)) == len(names)
        assert [name for name in names if ":" in name.removesuffix(":in")] == []
        assert "?" not in template or "patient" in names
        dates = [value for name, value in parameters(template) if name == "date"]
        assert all(COMPARED.match(date) for date in dates)


def test_no_search_is_narrowed_to_a_status(templates: set[str]) -> None:
    """REQ-14: negation and history need every row, whatever its status."""
    names = {name for template in templates for name, _ in parameters(template)}

    assert not names & {"status", "clinical-status", "verification-status"}


def test_a_strict_server_answers_every_template(house: House, templates: set[str]) -> None:
    """PRE-06: it would refuse a parameter that R4 does not know."""
    headers = (("Authorization", f"Bearer {TOKEN}"), ("Prefer", "handling=strict"))
    queries = [expanded(template, CONTEXT) for template in templates]

    answers = [send(house.ehr("sandbox").url, "GET", f"/{query}", headers=headers) for query in queries]

    assert {answered.status for answered in answers} == {200}


def test_the_sandbox_server_searches_both_ways(house: House) -> None:
    """PRE-23: by GET, and by POST of a form as the official Sandbox does first."""
    server, query = house.ehr("open").url, "patient=plain-acute&_count=200"
    form = (("Content-Type", "application/x-www-form-urlencoded"),)

    by_get = send(server, "GET", f"/Condition?{query}").json
    by_post = send(server, "POST", "/Condition/_search", query.encode(), form).json

    assert by_get["entry"] == by_post["entry"] != []


def test_prefetch_of_a_service_is_what_it_would_read_itself(house: House, services: list[Json]) -> None:
    """PRE-15: a key that is left out is asked for by the same name; statements are no key (docs/adr/0009)."""
    (imaging,) = (service for service in services if service["id"] == IMAGING)
    body = {**house.body(), "fhirServer": house.ehr("open").url}
    del body["prefetch"]

    answered = house.open.call(body)

    assert list(answered.asked) == sorted([*imaging["prefetch"], "medicationStatements"])
