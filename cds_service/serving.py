"""The application as a server process runs it: settings from the environment, memory frozen after start."""

from __future__ import annotations

import gc
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .app import create_app
from .audit import Audit
from .catalogue import load_catalogue
from .settings import load_settings

if TYPE_CHECKING:
    from datetime import date

    from fastapi import FastAPI

_COLLECT_AFTER = 50_000


def _today() -> date:
    return datetime.now(UTC).date()


def application() -> FastAPI:
    """Return the application for one worker process."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level)
    catalogue = load_catalogue(settings.guidelines, settings.site_codes)
    app = create_app(catalogue, settings, clock=_today, audit=Audit(settings.audit))
    settle()
    return app


def settle() -> None:
    """End the start-up: value sets and rules live as long as the process, so the collector passes them by."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    gc.enable()
