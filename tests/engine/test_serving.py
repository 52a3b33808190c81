"""The application of a server process: settings from the environment, memory set for a long life."""

from __future__ import annotations

import gc
import json
import time
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.testclient import TestClient

from cds_service.clients import ClientsError
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


def test_a_registry_closes_the_service_to_strangers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A registered client is let in by a token for the URL it calls, and gets less where it is told so."""
    key = ec.generate_private_key(ec.SECP384R1())
    public = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "one", "use": "sig"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public]}), encoding="utf-8")
    registry = tmp_path / "clients.toml"
    registry.write_text(
        '[clients.ehr]\nissuer = "https://ehr.example.org"\njwks_file = "keys.json"\noff = ["lbp-opioids"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CDS_CLIENTS", str(registry))
    monkeypatch.setenv("CDS_PUBLIC_URL", "https://cds.example.org")
    monkeypatch.setenv("CDS_AUDIT", f"file:{tmp_path / 'audit.log'}")
    now = int(time.time())
    claims = {"iss": "https://ehr.example.org", "aud": "https://cds.example.org/cds-services"}
    claims |= {"iat": now, "exp": now + 300, "jti": "first"}
    token = jwt.encode(claims, key, algorithm="ES384", headers={"kid": "one"})

    with TestClient(application()) as client:
        refused = client.get("/cds-services")
        listed = client.get("/cds-services", headers={"Authorization": f"Bearer {token}"})
        again = client.get("/cds-services", headers={"Authorization": f"Bearer {token}"})

    groups = {service["id"].rsplit("-order-", 1)[0] for service in listed.json()["services"]}
    assert (refused.status_code, listed.status_code, again.status_code) == (401, 200, 401)
    assert "lbp-imaging" in groups
    assert "lbp-opioids" not in groups


def test_a_registry_without_an_address_refuses_to_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No token could be meant for a service that does not know its URL."""
    registry = tmp_path / "clients.toml"
    registry.write_text(
        '[clients.ehr]\nissuer = "https://ehr.example.org"\njwks_url = "https://ehr.example.org/keys"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CDS_CLIENTS", str(registry))

    with pytest.raises(ClientsError, match="set CDS_PUBLIC_URL"):
        application()
