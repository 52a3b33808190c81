"""Discovery as bytes: the shipped services in a stable order, with a tag that follows their content."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.catalogue import Catalogue, load_catalogue
from cds_service.discovery import discovery_of

ROOT = Path(__file__).parents[2]
PRINT = (
    "from cds_service.catalogue import load_catalogue\n"
    "from cds_service.discovery import discovery_of\n"
    "print(discovery_of(load_catalogue(['hooks.low_back_pain']).entries.values()).etag)\n"
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the shipped services."""
    return load_catalogue(["hooks.low_back_pain"])


@pytest.fixture(scope="module")
def services(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the services as a client reads them."""
    read: list[dict[str, Any]] = json.loads(discovery_of(catalogue.entries.values()).body)["services"]
    return read


def test_services_stand_in_the_order_of_the_catalogue(
    catalogue: Catalogue, services: list[dict[str, Any]]
) -> None:
    """DISC-02, DISC-05, DISC-12: each id once."""
    assert [service["id"] for service in services] == list(catalogue.entries)


def test_nothing_offered_is_an_empty_list() -> None:
    """DISC-03: an object with no services."""
    assert discovery_of(()).body == b'{"services":[]}'


def test_each_service_says_what_it_is(services: list[dict[str, Any]]) -> None:
    """DISC-04, DISC-06, DISC-07, DISC-10, DISC-11: hook, title, description, the version of CDS Hooks."""
    for service in services:
        assert service["version"] == "2.0.1"
        assert "hookVersion" not in service
        assert all(service[name].strip() for name in ("hook", "id", "title", "description"))


def test_templates_are_sorted_and_none_is_empty(services: list[dict[str, Any]]) -> None:
    """DISC-08: key and query."""
    for service in services:
        assert list(service["prefetch"]) == sorted(service["prefetch"])
        assert all(service["prefetch"].values())


def test_a_service_that_reads_nothing_offers_no_prefetch(catalogue: Catalogue) -> None:
    """DISC-08, GEN-02: the member is left out."""
    entry = next(iter(catalogue.entries.values()))
    blind = replace(entry, service=replace(entry.service, rules=()))

    assert "prefetch" not in blind.discovery


def test_options_can_be_told_apart(services: list[dict[str, Any]]) -> None:
    """DISC-13: within a service no code, name or description occurs twice, and every one is filled."""
    for service in services:
        options = service["extension"]["davinci-crd.configuration-options"]
        for member in ("code", "name", "description"):
            said = [option[member] for option in options]
            assert all(said)
            assert len(set(said)) == len(said)


def test_what_may_be_switched_off_is_what_discovery_names(
    catalogue: Catalogue, services: list[dict[str, Any]]
) -> None:
    """The codes of a client's registry and those of a call are the same."""
    codes = {
        option["code"]
        for service in services
        for option in service["extension"]["davinci-crd.configuration-options"]
        if option["type"] == "boolean"
    }

    assert codes == catalogue.switchable


def test_the_tag_follows_the_content(catalogue: Catalogue) -> None:
    """The same services give the same tag; any other word or order another."""
    entries = list(catalogue.entries.values())
    first, *rest = entries
    tags = {
        discovery_of(offered).etag
        for offered in (entries, rest, entries[::-1], [replace(first, hook="order-view"), *rest])
    }

    assert discovery_of(iter(entries)) == discovery_of(entries)
    assert len(tags) == 4
    assert all(re.fullmatch(r'"[0-9a-f]{32}"', tag) for tag in tags)


def test_every_process_gives_the_same_tag(catalogue: Catalogue) -> None:
    """E-116: workers and restarts do not make clients read anew; no order hangs on a hash seed."""
    told = [
        subprocess.run(
            [sys.executable, "-c", PRINT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for seed in ("1", "2")
    ]

    assert told == [discovery_of(catalogue.entries.values()).etag] * 2
