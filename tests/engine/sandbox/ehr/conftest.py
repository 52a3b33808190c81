"""What the tests of the simulated EHR share: a mocked network and a session on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
import responses

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """Answer only what a test registers; a registered answer that is never asked for fails the test."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Return the session the EHR works with."""
    with requests.Session() as opened:
        yield opened
