"""The command line: what each command prints, and with which exit code it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.sandbox.embedded import SandboxOptions, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

ROOT = Path(__file__).parents[2]
PATIENTS = ROOT / "fhir_fixtures" / "low_back_pain" / "patients"
COMMANDS = ("serve", "sandbox", "demo", "fire", "load", "check", "sheets", "trace", "explain", "explain-code")


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the sandbox's audit trail goes to."""
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture(scope="module")
def url(trail: Path) -> Iterator[str]:
    """Serve the sandbox with its patients."""
    with serving(SandboxOptions(audit=f"file:{trail}")) as base:
        yield base


def run(*arguments: object, **environment: str) -> Result:
    """Run `cds-service`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


def fire(url: str, *arguments: object) -> Result:
    """Fire at the sandbox."""
    return run("fire", "--service-url", url, "--fhir-url", f"{url}/fhir", *arguments)


def lines(trail: Path) -> list[dict[str, Any]]:
    """Return the audit lines so far."""
    return [json.loads(line) for line in trail.read_text().splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """With --help, in a sentence."""
    helped = run(command, "--help", COLUMNS="100", NO_COLOR="1")

    assert helped.exit_code == 0
    assert "Usage:" in helped.output


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_nobody_knows_is_an_error(command: str) -> None:
    """Exit code 2, as for every wrong use."""
    assert run(command, "--no-such-option").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "70000"),
        ("serve", "--workers", "0"),
        ("fire",),
        ("load",),
        ("explain", "no-such-file.json", "--service", "x"),
        ("explain-code", "http://loinc.org"),
        ("no-such-command",),
    ],
)
def test_wrong_use_is_an_error(arguments: tuple[str, ...]) -> None:
    """Values out of range, options and arguments that are missing, files that are not there."""
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "ehr.example.org"])  # noqa: S104 - refused
def test_serve_refuses_to_be_reached_from_outside(host: str) -> None:
    """Callers are not authenticated: only CDS_OPEN=yes may open the door."""
    refused = run("serve", "--host", host)

    assert refused.exit_code == 1
    assert host in refused.stderr
    assert "CDS_OPEN=yes" in refused.stderr


@pytest.mark.parametrize("command", ["serve", "check", "sheets", "trace", "explain-code x y"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CDS_UNKNOWN", "1", "unknown setting CDS_UNKNOWN"),
        ("CDS_AUDIT", "syslog", "CDS_AUDIT: "),
        ("CDS_GUIDELINES", "hooks.nowhere", "hooks.nowhere"),
    ],
)
def test_a_wrong_setting_is_named_and_stops_the_command(
    command: str, name: str, value: str, said: str
) -> None:
    """A line, no traceback."""
    stopped = run(*command.split(), **{name: value})

    assert stopped.exit_code == 1
    assert said in stopped.output
    assert "Traceback" not in stopped.output


def test_a_wrong_setting_stops_the_demonstration_too() -> None:
    """A line, no traceback."""
    stopped = run("demo", "--once", CDS_LOG_LEVEL="LOUD")

    assert stopped.exit_code == 1
    assert isinstance(stopped.exception, SystemExit)


def test_check_finds_nothing_wrong_with_what_is_shipped() -> None:
    """For people and as data."""
    said, listed = run("check"), run("check", "--json")

    assert (said.exit_code, listed.exit_code) == (0, 0)
    assert "in order" in said.output
    assert json.loads(listed.output) == {"problems": []}


def test_check_lists_problems_as_data() -> None:
    """With exit code 1."""
    listed = run("check", "--json", CDS_GUIDELINES="hooks.nowhere")

    assert listed.exit_code == 1
    assert len(json.loads(listed.output)["problems"]) == 1


def test_sheets_prints_the_rules_page() -> None:
    """What is signed is what RULES.md holds."""
    printed = run("sheets")

    assert printed.exit_code == 0
    assert printed.stdout == (ROOT / "hooks/low_back_pain/RULES.md").read_text(encoding="utf-8")


def test_trace_prints_the_page_of_the_trace() -> None:
    """What is uncovered is told on standard error, and by the exit code."""
    printed = run("trace")

    assert printed.exit_code == bool(printed.stderr)
    assert printed.stdout == (ROOT / "hooks/low_back_pain/TRACE.md").read_text(encoding="utf-8")


def request_file(folder: Path, **changes: object) -> Path:
    """Write an order-select request of a lumbar MRI for a patient of whom nothing is recorded."""
    code = {"coding": [{"system": "http://loinc.org", "code": "24968-0"}]}
    order = {"resourceType": "ServiceRequest", "id": "a", "status": "draft", "intent": "order", "code": code}
    context = {"patientId": "p1", "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]}}
    path = folder / "request.json"
    call = {"hook": "order-select", "hookInstance": "i", "context": context, "prefetch": {"conditions": None}}
    path.write_text(json.dumps({**call, **changes}))
    return path


def test_explain_tells_the_whole_verdict_tree_as_data(tmp_path: Path) -> None:
    """Needs, and every rule of the service with its outcome and what it asked, on the day that is named."""
    arguments = ("--service", "lbp-imaging-order-select", "--today", "2026-11-01", "--json")
    explained = run("explain", request_file(tmp_path), *arguments)

    (service,) = json.loads(explained.stdout)["services"]
    assert explained.exit_code == 0
    assert (service["service"], service["today"]) == ("lbp-imaging-order-select", "2026-11-01")
    assert {need["key"]: need["state"] for need in service["needs"]}["conditions"] == "empty"
    assert {rule["judged"][0]["order"] for rule in service["rules"]} == {"ServiceRequest/a"}
    assert {rule["judged"][0]["scope"]["truth"] for rule in service["rules"]} >= {"NO", "YES"}


def test_explain_prints_the_tree_of_every_service_on_the_hook(tmp_path: Path) -> None:
    """As lines for people, with the rules that slept and why."""
    explained = run("explain", request_file(tmp_path))

    assert explained.exit_code == 0
    assert "lbp-imaging-order-select on " in explained.stdout
    assert "conditions (problem list): empty, 0 read" in explained.stdout
    assert "opioid-acute: not awake" in explained.stdout
    assert "ServiceRequest/a is in none of rx-opioid" in explained.stdout


@pytest.mark.parametrize(
    ("service", "changes", "said"),
    [
        ("nowhere", {}, "lbp-imaging-order-select"),
        ("lbp-imaging-order-select", {"hook": None}, "hook is missing"),
        ("lbp-imaging-order-select", {"prefetch": 5}, "prefetch must be an object"),
    ],
)
def test_explain_says_why_it_cannot(tmp_path: Path, service: str, changes: dict[str, Any], said: str) -> None:
    """An unknown service is answered with those there are, a bad request with its field."""
    stopped = run("explain", request_file(tmp_path, **changes), "--service", service)

    assert stopped.exit_code == 1
    assert said in stopped.stderr


def test_explain_code_says_what_the_rules_make_of_a_code() -> None:
    """Value sets, ingredients and strengths, per guideline."""
    explained = run("explain-code", "http://www.nlm.nih.gov/research/umls/rxnorm", "857002")

    known = json.loads(explained.stdout)["low_back_pain"]
    assert explained.exit_code == 0
    assert known["understood"] is True
    assert {"rx-opioid", "rx-acetaminophen"} <= set(known["valueSets"])
    assert len(known["ingredients"]) == 2
    assert "325 MG" in known["strengths"]


def test_explain_code_says_that_it_knows_nothing() -> None:
    """A foreign code is no error."""
    known = json.loads(run("explain-code", "http://local.example.org", "X").stdout)["low_back_pain"]

    assert known["understood"] is False
    assert known["valueSets"] == known["why"] == known["wakes"] == []
    assert known["consequence"].startswith("not understood")
    assert known["siteMap"]["group"][0]["source"] == "http://local.example.org"


def test_explain_code_says_where_a_name_would_count() -> None:
    """An order of a foreign code alone is recognised by its name."""
    told = run("explain-code", "http://local.example.org", "X", "--name", "MRI of the lumbar spine")

    assert json.loads(told.stdout)["low_back_pain"]["byName"] == {"ServiceRequest": "imaging-lumbar-mri"}


def test_fire_prints_the_cards_a_clinician_would_see(url: str) -> None:
    """With the patient, the order, the urgency and a line for each service."""
    fired = fire(url, "--patient", "plain-acute", "--order", "lumbar-mri")

    assert fired.exit_code == 0
    assert "Patient/plain-acute" in fired.stdout
    assert "WARNING" in fired.stdout
    assert "lbp-imaging-order-select: 200, 1 card(s)" in fired.stdout


def test_fire_sends_a_request_from_a_file(url: str) -> None:
    """Such as the page hands out; this one is only a moment, its data come from the FHIR server."""
    request = ROOT / "fhir_fixtures" / "low_back_pain" / "requests" / "cauda-equina.lumbar-mri.json"

    fired = fire(url, "--request", request)

    assert fired.exit_code == 0
    assert "CRITICAL" in fired.stdout


def test_a_server_that_may_not_be_allowed_stops_the_sandbox() -> None:
    """Before it serves anything: tokens would travel in the clear."""
    stopped = run("sandbox", "--port", "0", "--allow", "http://ehr.example.org/fhir")

    assert stopped.exit_code == 1
    assert "write https" in stopped.stderr


def test_fire_prints_data_for_programs(url: str) -> None:
    """The cards as they came, per service."""
    fired = fire(url, "--patient", "plain-acute", "--order", "lumbar-mri", "--json")

    outcome = json.loads(fired.stdout)
    cards = {service["service"]: service["cards"] for service in outcome["services"]}
    assert fired.exit_code == 0
    assert outcome["patient"] == "plain-acute"
    assert cards["lbp-imaging-order-select"][0]["source"]["url"].startswith(f"{url}/evidence/")
    assert cards["lbp-opioids-order-select"] == []


def test_accepting_a_suggestion_changes_the_basket_and_is_reported(url: str, trail: Path) -> None:
    """The draft is gone, and the trail has a feedback line with the card's uuid."""
    fired = fire(url, "--patient", "plain-acute", "--order", "lumbar-mri", "--accept", 1, "--json")

    outcome = json.loads(fired.stdout)
    reported = [line for line in lines(trail) if line["event"] == "feedback"]
    (card,) = (card for service in outcome["services"] for card in service["cards"])
    assert fired.exit_code == 0
    assert outcome["accepted"]["draftOrders"] == []
    assert outcome["accepted"]["feedbackSent"] is True
    assert reported[-1]["card"] == card["uuid"]
    assert reported[-1]["suggestions"] == [card["suggestions"][0]["uuid"]]


def test_the_trail_of_a_whole_call_names_no_patient(url: str, trail: Path) -> None:
    """Neither id nor name of a fixture patient, nor what he takes."""
    fire(url, "--patient", "plain-acute", "--order", "oxycodone")

    written = trail.read_text()
    for secret in ("plain-acute", "Okafor", "1049621", "oxycodone"):
        assert secret not in written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--patient", "plain-acute", "--order", "no-such-order"), "no-such-order"),
        (("--patient", "plain-acute", "--order", "lumbar-mri", "--accept", "9"), "no suggestion 9"),
        (("--patient", "plain-acute", "--order", "lumbar-mri", "--hook", "order-dispatch"), "order-dispatch"),
    ],
)
def test_fire_says_what_went_wrong(
    url: str, arguments: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with exit code 1."""
    fired = fire(url, *arguments)

    assert fired.exit_code == 1
    assert said in fired.output + capfd.readouterr().err


def test_load_fills_another_fhir_server(tmp_path: Path) -> None:
    """One transaction; afterwards the patients are there."""
    with serving(SandboxOptions(folders=(tmp_path,), audit="file:/dev/null")) as empty:
        loaded = run("load", "--base", f"{empty}/fhir", "--data", PATIENTS)
        patients = requests.get(f"{empty}/fhir/Patient?_summary=count", timeout=5).json()
        one = requests.get(f"{empty}/fhir/Patient/plain-acute", timeout=5)

    assert loaded.exit_code == 0
    assert re.match(r"\d+ resources loaded into ", loaded.stdout)
    assert patients["total"] == len(list(PATIENTS.glob("*.json")))
    assert one.status_code == 200


def test_load_says_why_a_server_did_not_take_the_data(tmp_path: Path) -> None:
    """A token that is missing, a server that is not there, data that are none."""
    (tmp_path / "patients").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "broken.json").write_text("{")
    with serving(SandboxOptions((tmp_path / "patients",), token="t0ken", audit="file:/dev/null")) as closed:  # noqa: S106
        refused = run("load", "--base", f"{closed}/fhir", "--data", PATIENTS)
        admitted = run("load", "--base", f"{closed}/fhir", "--data", PATIENTS, "--token", "t0ken")
    gone = run("load", "--base", f"{closed}/fhir", "--data", PATIENTS)
    broken = run("load", "--base", "http://127.0.0.1:9", "--data", tmp_path / "bad")

    assert [result.exit_code for result in (refused, admitted, gone, broken)] == [1, 0, 1, 1]
    assert "status 401" in refused.stderr
    assert "cannot be reached: ConnectionError" in gone.stderr
    assert "broken.json" in broken.stderr


def test_the_demonstration_shows_cards_of_many_patients_and_ends() -> None:
    """At least six patients with cards, and exit code 0 with --once."""
    shown = run("demo", "--once")

    patients = set(re.findall(r"\(Patient/([a-z-]+)\)", shown.stdout))
    counts = [int(count) for count in re.findall(r": 200, (\d+) card\(s\)", shown.stdout)]
    assert shown.exit_code == 0
    assert len(patients) >= 6
    assert sum(count > 0 for count in counts) >= 6
    assert "CRITICAL" in shown.stdout


@pytest.mark.parametrize("command", ["sandbox", "demo --once"])
def test_a_port_that_is_taken_is_said_and_stops_the_command(url: str, command: str) -> None:
    """A line, no traceback."""
    stopped = run(*command.split(), "--port", url.rpartition(":")[2])

    assert stopped.exit_code == 1
    assert "Address already in use" in stopped.stderr
