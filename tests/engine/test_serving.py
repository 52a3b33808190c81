"""The application of a server process: settings from the environment, memory set for a long life."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from cds_service.serving import application
from cds_service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Give the collector back to the other tests."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_the_application_is_what_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Services, public address and audit trail; the API description is off."""
    monkeypatch.setenv("CDS_AUDIT", f"file:{tmp_path / 'audit.log'}")
    monkeypatch.setenv("CDS_CORS_ORIGINS", "https://ehr.example.org")

    client = TestClient(application())
    listed = client.get("/cds-services", headers={"Origin": "https://ehr.example.org"})

    assert listed.json()["services"]
    assert listed.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert client.get("/docs").status_code == 404
    assert (tmp_path / "audit.log").is_file()


def test_rules_and_value_sets_are_kept_from_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """They never become garbage; looking at them again and again costs most of the time of a call."""
    monkeypatch.setenv("CDS_AUDIT", "stdout")

    application()

    assert gc.get_freeze_count() > 100_000
    assert gc.get_threshold()[0] == 50_000


def test_a_wrong_setting_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a worker process."""
    monkeypatch.setenv("CDS_UNKNOWN", "1")

    with pytest.raises(SettingsError, match="CDS_UNKNOWN"):
        application()
