"""Fixtures are loaded from a folder and their dates follow the calendar."""

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.sandbox.fixtures import ANCHOR_SYSTEM, FixtureError, fixture_resources, rolled
from cds_service.sandbox.store import Store

ANCHOR = {"tag": [{"code": "demo"}, {"system": ANCHOR_SYSTEM, "code": "2026-01-01"}]}
TEN_DAYS_ON = date(2026, 1, 11)


def anchored(**elements: object) -> dict[str, Any]:
    """Return a resource written for the first of January 2026."""
    return {"resourceType": "Basic", "id": "b", "meta": ANCHOR, **elements}


@pytest.mark.parametrize(
    ("element", "written", "today"),
    [
        ("onsetDateTime", "2025-12-25", "2026-01-04"),
        ("recordedDate", "2025-12-25T10:00:00+02:00", "2026-01-04T10:00:00+02:00"),
        ("issued", "2024-02-28T23:59:59.123Z", "2024-03-09T23:59:59.123Z"),
        ("birthDate", "1970-12-31", "1971-01-10"),
        ("authoredOn", "2025-12", "2025-12"),
        ("performedDateTime", "2025", "2025"),
        ("abatementDateTime", "9999-12-31", "9999-12-31"),
        ("status", "2025-12-25", "2025-12-25"),
        ("onsetString", "2025-12-25", "2025-12-25"),
        ("effectiveDateTime", "last winter", "last winter"),
    ],
)
def test_a_date_moves_by_the_age_of_the_fixture(element: str, written: str, today: str) -> None:
    """Dates move ten days and keep their precision, time and zone; whatever is no date stays."""
    fixture = anchored(**{element: written})

    result = rolled(fixture, TEN_DAYS_ON)

    assert result[element] == today


def test_partial_dates_move_as_their_first_day_does() -> None:
    """After 400 days a month is one year and one month later, a year is the next one."""
    fixture = anchored(authoredOn="2025-12", performedDateTime="2025")

    result = rolled(fixture, date(2027, 2, 5))

    assert (result["authoredOn"], result["performedDateTime"]) == ("2027-01", "2026")


def test_dates_move_at_every_depth_of_a_bundle() -> None:
    """Periods, lists of dates and extensions inside the entries of a Bundle move too."""
    resource = {
        "resourceType": "ServiceRequest",
        "occurrencePeriod": {"start": "2026-01-01", "end": "2026-01-31"},
        "occurrenceTiming": {"event": ["2026-01-02"]},
        "extension": [{"url": "http://example.org/x", "valueDate": "2026-01-03"}],
    }

    result = rolled(
        {"resourceType": "Bundle", "meta": ANCHOR, "entry": [{"resource": resource}]}, TEN_DAYS_ON
    )

    moved = result["entry"][0]["resource"]
    assert moved["occurrencePeriod"] == {"start": "2026-01-11", "end": "2026-02-10"}
    assert moved["occurrenceTiming"] == {"event": ["2026-01-12"]}
    assert moved["extension"][0]["valueDate"] == "2026-01-13"


def test_rolling_changes_neither_its_input_nor_its_own_result() -> None:
    """The function is pure, and a Bundle rolled to today is at today: once more moves nothing."""
    fixture = anchored(onsetDateTime="2025-12-25")
    before = json.dumps(fixture)

    once = rolled(fixture, TEN_DAYS_ON)

    assert json.dumps(fixture) == before
    assert rolled(once, TEN_DAYS_ON) == once


def test_a_fixture_without_anchor_keeps_its_dates() -> None:
    """Only a Bundle that says for which day it was written can be rolled."""
    fixture = {"resourceType": "Basic", "id": "b", "created": "2025-12-25"}

    result = rolled(fixture, TEN_DAYS_ON)

    assert result == fixture


def test_an_impossible_date_is_an_error() -> None:
    """The 30th of February is a mistake in the fixture and must not load silently."""
    fixture = anchored(onsetDateTime="2025-02-30")

    with pytest.raises(ValueError, match="day"):
        rolled(fixture, TEN_DAYS_ON)


def test_a_folder_is_loaded_with_all_its_kinds_of_file(tmp_path: Path) -> None:
    """Transaction Bundles, NDJSON lines and single resources are found in subfolders and rolled."""
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "meta": ANCHOR,
        "entry": [
            {
                "fullUrl": "urn:uuid:0b7c8a1e-3c33-4b6e-9d6c-0a4f7f4d2a11",
                "resource": {"resourceType": "Patient", "birthDate": "1980-01-01"},
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "resource": {
                    "resourceType": "Condition",
                    "subject": {"reference": "urn:uuid:0b7c8a1e-3c33-4b6e-9d6c-0a4f7f4d2a11"},
                },
                "request": {"method": "PUT", "url": "Condition/back-pain"},
            },
        ],
    }
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "bundle.json").write_text(json.dumps(bundle))
    (tmp_path / "lines.ndjson").write_text(f"{json.dumps(anchored(created='2026-01-01'))}\n\n")
    (tmp_path / "notes.txt").write_text("not a fixture")
    store = Store()

    count = store.load_folder(tmp_path, TEN_DAYS_ON)

    patient = store.get("Patient", "0b7c8a1e-3c33-4b6e-9d6c-0a4f7f4d2a11")
    condition = store.get("Condition", "back-pain")
    basic = store.get("Basic", "b")
    assert count == 3
    assert patient is not None
    assert patient["birthDate"] == "1980-01-11"
    assert condition is not None
    assert condition["subject"]["reference"] == f"Patient/{patient['id']}"
    assert basic is not None
    assert basic["created"] == "2026-01-11"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"cards": []}',
        '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}',
        '{"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}]}',
        json.dumps(anchored(created="2026-02-30")),
        json.dumps({**anchored(), "meta": {"tag": [{"system": ANCHOR_SYSTEM, "code": "someday"}]}}),
        json.dumps({**anchored(), "meta": {"tag": [{"system": ANCHOR_SYSTEM}]}}),
    ],
)
def test_an_unusable_file_is_named(tmp_path: Path, content: str) -> None:
    """An error says which file is wrong, whatever is wrong with it, and nothing is stored."""
    (tmp_path / "broken.json").write_text(content)
    store = Store()

    with pytest.raises(FixtureError, match=r"broken\.json"):
        store.load_folder(tmp_path, TEN_DAYS_ON)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """A mistyped path must not read as a folder without patients."""
    missing = tmp_path / "nowhere"

    with pytest.raises(FixtureError, match="nowhere"):
        list(fixture_resources(missing, TEN_DAYS_ON))


def test_twenty_patients_load_at_once(tmp_path: Path) -> None:
    """Twenty charts of sixty resources are there in less than half a second."""
    for patient in range(20):
        entries = [
            {"resource": {"resourceType": "Observation", "id": f"{patient}-{number}", "issued": "2026-01-01"}}
            for number in range(60)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "meta": ANCHOR, "entry": entries}
        (tmp_path / f"{patient}.json").write_text(json.dumps(bundle))
    begun = time.process_time()

    count = Store().load_folder(tmp_path, TEN_DAYS_ON)

    assert count == 1200
    assert time.process_time() - begun < 0.5
