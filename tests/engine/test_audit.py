"""The audit trail: where it goes, and that each entry is one line of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cds_service.audit import Audit, Decided
from cds_service.catalogue import load_catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from cds_service.catalogue import Entry


@pytest.fixture
def entry() -> Entry:
    """Return a service to write about."""
    return load_catalogue(["hooks.low_back_pain"]).entries["lbp-imaging-order-select"]


def test_a_file_is_appended_to(tmp_path: Path, entry: Entry) -> None:
    """A restart loses nothing."""
    path = tmp_path / "audit.log"

    for number in (1, 2):
        Audit(f"file:{path}").decision(entry, f"v{number}", Decided(), {"ms": number})

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["rule_set"] for line in lines] == ["v1", "v2"]
    assert [line["ms"] for line in lines] == [1, 2]
    assert lines[0]["timestamp"].endswith("Z")


def test_a_call_that_woke_no_rule_is_a_line_too(tmp_path: Path, entry: Entry) -> None:
    """It shows that the service was asked."""
    path = tmp_path / "audit.log"

    Audit(f"file:{path}").decision(entry, "v1", Decided(), {})

    line = json.loads(path.read_text())
    assert (line["event"], line["service"], line["rules"], line["cards"]) == (
        "decision",
        "lbp-imaging-order-select",
        {},
        {},
    )


def test_the_trail_may_go_to_standard_output(capsys: pytest.CaptureFixture[str], entry: Entry) -> None:
    """Containers collect it there."""
    Audit("stdout").feedback(entry, "ehr", [{"card": "c-1"}, {"card": "c-2"}])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["client"], line["card"]) for line in lines] == [
        ("feedback", "ehr", "c-1"),
        ("feedback", "ehr", "c-2"),
    ]


def test_what_a_client_sent_cannot_start_a_line(tmp_path: Path, entry: Entry) -> None:
    """A line break within a value is escaped."""
    path = tmp_path / "audit.log"

    Audit(f"file:{path}").feedback(entry, "ehr", [{"card": 'c\n{"event":"decision"}'}])

    assert len(path.read_text().splitlines()) == 1


def test_a_file_that_cannot_be_written_refuses_to_start(tmp_path: Path) -> None:
    """A service without its trail must not run."""
    with pytest.raises(OSError, match="audit"):
        Audit(f"file:{tmp_path}/no-folder/audit.log")
