"""Loading fixtures into any FHIR R4 server, one transaction a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from .embedded import fixture_folders, today
from .fixtures import FixtureError, fixture_resources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SECONDS = 30


class LoadError(Exception):
    """The server did not take the data; says which server and what it answered."""


def load_into(base: str, folders: Sequence[Path], token: str = "") -> int:
    """
    Send every resource of `folders` (empty: our patients) in one transaction; return how many.

    Dates are rolled to today. The server stores all of them or none. Raises LoadError.
    """
    try:
        sources = folders or fixture_folders()
        resources = [item for folder in sources for item in fixture_resources(folder, today())]
    except FixtureError as error:
        raise LoadError(str(error)) from error
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": item, "request": {"method": "PUT", "url": f"{item['resourceType']}/{item['id']}"}}
            for item in resources
        ],
    }
    headers = {"Content-Type": "application/fhir+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = requests.post(base, json=bundle, headers=headers, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        msg = f"{base} cannot be reached: {type(error).__name__}"
        raise LoadError(msg) from error
    if not answer.ok:
        msg = f"{base} refused the transaction with status {answer.status_code}"
        raise LoadError(msg)
    return len(resources)
