"""The application as a server process runs it: settings from the environment, memory frozen after start."""

from __future__ import annotations

import gc
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from .app import create_app
from .audit import Audit
from .catalogue import load_catalogue
from .clients import OPEN, load_clients
from .fhir_client import FhirClient
from .jwks import JwksCache, http_client
from .settings import load_settings
from .trust import Trust, check_addresses

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from fastapi import FastAPI

    from .catalogue import Catalogue
    from .clients import Client
    from .settings import Settings

_COLLECT_AFTER = 50_000


def _today(zone: tzinfo) -> date:
    return datetime.now(zone).date()


def application() -> FastAPI:
    """Return the application for one worker process; SettingsError, GuidelineError, ClientsError."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level)
    app = application_of(settings)
    settle()
    return app


def application_of(settings: Settings, catalogue: Catalogue | None = None) -> FastAPI:
    """
    Return the application that the settings describe, with its way to FHIR servers and key sets.

    catalogue: the settings' guidelines, when they are loaded already.
    """
    catalogue = catalogue or load_catalogue(settings.guidelines, settings.site_codes)
    clients = registered(settings, catalogue)
    fhir = FhirClient(deadline_seconds=settings.deadline_ms / 1000)
    trust, closing = None, [fhir.aclose]
    if clients:
        keys = http_client()
        trust = Trust(clients, public_url=settings.public_url, keys=JwksCache(keys))
        closing.append(keys.aclose)
    return create_app(
        catalogue,
        settings,
        clock=_today,
        audit=Audit(settings.audit),
        fetch=fhir,
        clients=clients or (OPEN,),
        trust=trust,
        closing=closing,
    )


def registered(settings: Settings, catalogue: Catalogue) -> tuple[Client, ...]:
    """Return the clients of the registry; none when there is none. ClientsError when it is amiss."""
    if not settings.clients:
        return ()
    clients = load_clients(settings.clients, known_off=catalogue.switchable)
    check_addresses(clients, settings.public_url)
    return clients


def settle() -> None:
    """End the start-up: value sets and rules live as long as the process, so the collector passes them by."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    gc.enable()
