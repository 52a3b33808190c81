"""The command line: `cds-service COMMAND`; each command says with --help what it does."""

from __future__ import annotations

import gc
import ipaddress
import json
import sys
from datetime import datetime  # noqa: TC003 (typer reads the annotation)
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from .catalogue import load_catalogue
from .rules import GuidelineError
from .settings import Settings, SettingsError, load_settings
from .sheets import sheets as sheets_of

if TYPE_CHECKING:
    from .catalogue import Catalogue

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data instead of text.")]
Folders = Annotated[
    list[Path] | None,
    typer.Option("--data", help="Folder of FHIR Bundles; default: the fixtures.", exists=True),
]


def main() -> None:
    """Run the command line."""
    # Imports and value sets make many objects that stay: collecting them meanwhile is in vain. What
    # keeps running turns the collector on again when it has settled.
    gc.disable()
    app()


def _stop(message: object) -> NoReturn:
    typer.echo(f"cds-service: {message}", err=True)
    raise typer.Exit(1)


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        _stop(error)


def _console() -> Console:
    """Return a console for people at a terminal, and 100 plain columns anywhere else."""
    return Console() if sys.stdout.isatty() else Console(width=100, no_color=True, force_terminal=False)


@app.command()
def serve(
    host: str = "127.0.0.1", port: Port = 8000, workers: Annotated[int, typer.Option(min=1)] = 1
) -> None:
    """Serve the CDS Hooks endpoints, as the CDS_* settings say."""
    import uvicorn

    from .clients import ClientsError
    from .serving import registered

    settings = _settings()
    if not (settings.open or settings.clients or _is_loopback(host)):
        _stop(
            f"without a client registry only loopback is served: not {host}. "
            "Name one in CDS_CLIENTS, or set CDS_OPEN=yes to serve anyone"
        )
    try:
        registered(settings, load_catalogue(settings.guidelines, settings.site_codes))
    except (GuidelineError, ClientsError) as error:
        _stop(error)
    uvicorn.run(
        "cds_service.serving:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level=settings.log_level.lower(),
        access_log=False,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@app.command()
def sandbox(
    port: Port = 8000,
    data: Folders = None,
    token: Annotated[str, typer.Option(help="Bearer token the FHIR server demands.")] = "",
    delay_ms: Annotated[int, typer.Option(min=0, max=60000, help="Fault: delay of every FHIR answer.")] = 0,
    status: Annotated[
        int | None, typer.Option(help="Fault: 401, 429 or 503 instead of FHIR answers.")
    ] = None,
    truncate: Annotated[bool, typer.Option(help="Fault: cut FHIR answers in the middle.")] = False,
    allow: Annotated[
        list[str] | None, typer.Option(help="Base URL of a server that may be set in the page.")
    ] = None,
) -> None:
    """Serve mock EHR page, service and FHIR server (at /fhir) with the fixture patients on loopback."""
    from .sandbox.embedded import SandboxError, SandboxOptions, serving
    from .sandbox.faults import Faults

    try:
        faults = Faults(delay_ms=delay_ms, status=status, truncate=truncate)
        options = SandboxOptions(
            folders=tuple(data or ()), token=token, faults=faults, servers=tuple(allow or ())
        )
        with serving(options, port) as url:
            typer.echo(
                f"Mock EHR page: {url}/  (FHIR: {url}/fhir, discovery: {url}/cds-services). Ctrl-C stops it."
            )
            _until_interrupted()
    except (ValueError, OSError, SandboxError) as error:
        _stop(error)


def _until_interrupted() -> None:
    import threading

    from .serving import settle

    settle()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        typer.echo("Stopped.")


@app.command()
def demo(
    port: Port = 0,
    once: Annotated[bool, typer.Option("--once", help="Exit after the cards.")] = False,
) -> None:
    """Show the cards of several fixture patients, then keep serving the sandbox."""
    from .sandbox.demo import run_demo
    from .sandbox.embedded import SandboxError, SandboxOptions, serving

    try:
        with serving(SandboxOptions(audit="file:/dev/null"), port) as url:
            code = run_demo(url, _console())
            if once or code:
                raise typer.Exit(code)
            typer.echo(f"Still serving. Mock EHR page: {url}/  (FHIR: {url}/fhir). Ctrl-C stops it.")
            _until_interrupted()
    except (ValueError, OSError, SandboxError) as error:
        _stop(error)


@app.command()
def fire(
    patient: Annotated[str, typer.Option(help="FHIR id of the patient.")] = "",
    order: Annotated[
        list[str] | None, typer.Option(help="Order being chosen; see the list in the README.")
    ] = None,
    basket: Annotated[list[str] | None, typer.Option(help="Order that was in the basket before.")] = None,
    service_url: str = "http://127.0.0.1:8000",
    fhir_url: str = "http://127.0.0.1:8000/fhir",
    hook: str = "order-select",
    reason: Annotated[str, typer.Option(help="SNOMED CT code of the order's reason.")] = "",
    priority: Annotated[str, typer.Option(help="routine, urgent, asap or stat.")] = "",
    dose: Annotated[str, typer.Option(help="2x4 means two tablets four times a day.")] = "",
    supply_days: Annotated[int | None, typer.Option(min=1)] = None,
    encounter: str = "",
    token: Annotated[str, typer.Option(help="Bearer token of the FHIR server.")] = "",
    accept: Annotated[int | None, typer.Option(min=1, help="Accept the suggestion with this number.")] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File with a hook request to send, in place of patient and order.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fire a hook as an EHR would: discovery, prefetch, call, cards."""
    from .sandbox.ehr.run import FireOptions, run_fire

    if not patient and request is None:
        msg = "name a patient, or a file with a hook request (--request)"
        raise typer.BadParameter(msg, param_hint="--patient")

    options = FireOptions(
        service_url=service_url,
        fhir_url=fhir_url,
        patient=patient,
        hook=hook,
        orders=tuple(order or ()),
        basket=tuple(basket or ()),
        reason=reason,
        priority=priority,
        dose=dose,
        supply_days=supply_days,
        encounter=encounter,
        token=token,
        json=as_json,
        accept=accept,
        request=request,
    )
    raise typer.Exit(run_fire(options, _console()))


@app.command()
def load(
    base: Annotated[str, typer.Option(help="Base URL of the FHIR server.")],
    data: Folders = None,
    token: Annotated[str, typer.Option(help="Bearer token of the FHIR server.")] = "",
) -> None:
    """Load the fixture patients into any FHIR R4 server, their dates rolled to today."""
    from .sandbox.loading import LoadError, load_into

    try:
        count = load_into(base, tuple(data or ()), token)
    except LoadError as error:
        _stop(error)
    typer.echo(f"{count} resources loaded into {base}")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Validate settings, guideline packages, value sets, prefetch templates, RULES.md and TRACE.md."""
    from .selfcheck import problems, unchecked

    found = problems()
    for note in () if found else unchecked(load_catalogue(_settings().guidelines).guidelines):
        typer.echo(note, err=True)
    if as_json:
        typer.echo(json.dumps({"problems": found}))
    else:
        typer.echo(
            "\n".join(found) if found else "Settings, guidelines, value sets and templates are in order."
        )
    raise typer.Exit(1 if found else 0)


@app.command()
def sheets(
    write: Annotated[
        bool, typer.Option("--write", help="Write RULES.md into each guideline package.")
    ] = False,
) -> None:
    """Print for each rule when it wakes, when it fires, what silences it, what it says and cites."""
    from .selfcheck import rules_page

    try:
        catalogue = load_catalogue(_settings().guidelines)
    except GuidelineError as error:
        _stop(error)
    for guideline in catalogue.guidelines:
        if write:
            rules_page(guideline).write_text(sheets_of(guideline), encoding="utf-8")
        else:
            typer.echo(sheets_of(guideline), nl=False)


@app.command()
def trace(
    write: Annotated[
        bool, typer.Option("--write", help="Write TRACE.md into each guideline package instead.")
    ] = False,
) -> None:
    """
    Print for each guideline row the rules, vignettes and fixtures that carry it out and show it.

    What is uncovered is listed on standard error, and ends the command with exit code 1. Vignettes
    are in a source checkout only.
    """
    from .trace_sources import TraceError, guideline_page, sections_of, shown
    from .traceability import trace_page, uncovered

    lacking: list[str] = []
    try:
        for guideline in load_catalogue(_settings().guidelines).guidelines:
            traced = (guideline, sections_of(guideline), shown(guideline))
            lacking += uncovered(*traced)
            if write:
                guideline_page(guideline, "TRACE.md").write_text(trace_page(*traced), encoding="utf-8")
            else:
                typer.echo(trace_page(*traced), nl=False)
    except (GuidelineError, TraceError) as error:
        _stop(error)
    typer.echo("\n".join(lacking), nl=bool(lacking), err=True)
    raise typer.Exit(1 if lacking else 0)


@app.command()
def explain(
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A hook request, as JSON.")],
    service: Annotated[str, typer.Option(help="Service id; default: all on the request's hook.")] = "",
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day to judge on; default: today.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the whole verdict tree of a request: every rule and question, and what each answer rests on."""
    from .errors import CdsError
    from .explanation import explained
    from .print_explanation import print_explanation

    try:
        found = explained(_catalogue(), request.read_bytes(), service, today=today.date() if today else None)
    except CdsError as error:
        _stop(error)
    if as_json:
        typer.echo(json.dumps({"services": found}, indent=1, ensure_ascii=False))
    else:
        print_explanation(found, _console())


def _catalogue() -> Catalogue:
    """Return the services as the settings say, site codes included."""
    settings = _settings()
    try:
        return load_catalogue(settings.guidelines, settings.site_codes)
    except GuidelineError as error:
        _stop(error)


@app.command(name="explain-code")
def explain_code(
    system: str,
    code: str,
    name: Annotated[str, typer.Option(help="What the EHR calls it: does that change anything?")] = "",
) -> None:
    """Say which value sets a code belongs to and why, what that means, and how a site maps it (JSON)."""
    from .code_explanation import explained_code

    found = explained_code(_catalogue(), system, code, name)
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
