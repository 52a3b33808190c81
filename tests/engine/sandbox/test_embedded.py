"""Service and FHIR server on one socket: what they share, and how they fail."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest
import requests
from rich.console import Console

from cds_service.sandbox.demo import SCENES, run_demo
from cds_service.sandbox.embedded import SandboxOptions, bound_socket, fixture_folders, serving
from cds_service.sandbox.faults import Faults

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = {"resourceType": "Patient", "id": "p-1", "birthDate": "1990-01-01"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one patient."""
    entry = {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p-1"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    tag = {"system": "http://example.org/fhir/lbp-cds/fixture-anchor", "code": "2026-11-01"}
    (tmp_path / "p-1.json").write_text(json.dumps({**bundle, "meta": {"tag": [tag]}}))
    return tmp_path


def test_the_page_leads_to_every_patient_and_both_servers(folder: Path) -> None:
    """An integrator starts there."""
    with serving(SandboxOptions((folder,), audit="file:/dev/null")) as url:
        page = requests.get(url, timeout=5)
        paths = ("/cds-services", "/evidence", "/fhir/metadata", "/fhir/Patient/p-1")
        statuses = [requests.get(url + path, timeout=5).status_code for path in paths]

    assert page.headers["content-type"].startswith("text/html")
    assert all(f'href="{path}"' in page.text for path in paths)
    assert statuses == [200, 200, 200, 200]


def test_a_token_guards_the_fhir_server_and_not_the_service(folder: Path) -> None:
    """As in a hospital: the data are the EHR's."""
    with serving(SandboxOptions((folder,), token="t0ken", audit="file:/dev/null")) as url:  # noqa: S106
        with_token = {"Authorization": "Bearer t0ken"}
        admitted = requests.get(f"{url}/fhir/Patient/p-1", headers=with_token, timeout=5)
        refused = requests.get(f"{url}/fhir/Patient/p-1", timeout=5)
        listed = requests.get(f"{url}/cds-services", timeout=5)

    assert (admitted.status_code, refused.status_code, listed.status_code) == (200, 401, 200)


def test_a_demonstration_whose_fhir_server_fails_still_ends_and_shows_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The services are told of the failure, and say on cards that they could not read."""
    faulty = SandboxOptions((folder,), audit="file:/dev/null", faults=Faults(status=503))
    console = Console(file=StringIO(), width=100)
    with serving(faulty) as url:
        code = run_demo(url, console)

    assert code == 0
    assert "Part of the record could not be read" in console.file.getvalue()
    assert "did not answer" in capsys.readouterr().err


def test_a_demonstration_without_a_service_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the error names the address."""
    with bound_socket(0) as sock:
        free = f"http://127.0.0.1:{sock.getsockname()[1]}"

    code = run_demo(free, Console(file=StringIO()))

    assert code == 1
    assert free in capsys.readouterr().err.replace("\n", "")


def test_every_scene_of_the_demonstration_has_its_patient() -> None:
    """By the name of the fixture file."""
    stems = {path.stem for folder in fixture_folders() for path in folder.glob("*.json")}

    assert {patient for patient, _, _ in SCENES} <= stems


def test_after_serving_the_port_is_free_again(folder: Path) -> None:
    """Nothing keeps running behind the caller's back."""
    with serving(SandboxOptions((folder,), audit="file:/dev/null")) as url:
        port = int(url.rpartition(":")[2])

    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/", timeout=5)


def test_a_port_that_is_taken_is_an_os_error() -> None:
    """Before anything was started, and without leaving a socket open."""
    with bound_socket(0) as taken:
        taken.listen()

        with pytest.raises(OSError, match="in use"):
            bound_socket(taken.getsockname()[1])
