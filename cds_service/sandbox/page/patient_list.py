"""The patients that the FHIR server has, each with a line that says who they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cds_service.sandbox.ehr.report import patient_label
from cds_service.sandbox.print_cards import one_line

from .chart_view import about, failure, is_partial, read_all, resources_of

if TYPE_CHECKING:
    from datetime import date

    from .session import Connection

PATIENT_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_FIXTURES = Path(__file__).resolve().parents[3] / "fhir_fixtures"
_TOLD = re.compile(r"- \[([A-Za-z0-9.-]+)\]\([^)]*\): ([^,]+), (.+)")
_QUERY = "Patient?_count=200"


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list."""

    id: str
    name: str
    about: str
    story: str


@dataclass(frozen=True, slots=True)
class People:
    """problem: why the list could not be read. partial: whether the server has more patients."""

    persons: tuple[Person, ...]
    problem: str
    partial: bool


def read_people(connection: Connection, words: str, today: date) -> People:
    """Return the patients whose line holds all `words`; all of them when there are none."""
    (answer,) = read_all(connection, [_QUERY])
    everyone = [_person(item, today) for item in resources_of(answer, "Patient")]
    wanted = words.lower().split()
    found = tuple(item for item in everyone if all(word in _line(item) for word in wanted))
    return People(found, failure(answer), is_partial(answer))


def _line(person: Person) -> str:
    return f"{person.id} {person.name} {person.about} {person.story}".lower()


def _person(resource: dict[str, object], today: date) -> Person:
    identifier = one_line(resource.get("id"))
    usable = identifier if PATIENT_ID.fullmatch(identifier) else ""
    label = patient_label(resource, identifier).removesuffix(f" (Patient/{identifier})")
    name, story = _stories().get(identifier, ("", ""))
    # Only of whom the story is told: another server may use the same id for somebody else.
    told = story if name and label.startswith(name) else ""
    return Person(usable, label, about(resource, today), told)


@cache
def _stories() -> dict[str, tuple[str, str]]:
    """Return name and story of the fixture patients by id, from the pages that describe them."""
    lines = [line for page in _FIXTURES.glob("*/README.md") for line in page.read_text("utf-8").splitlines()]
    matches = [match for line in lines if (match := _TOLD.fullmatch(line))]
    return {match[1]: (match[2], match[3]) for match in matches}
