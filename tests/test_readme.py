"""The README is true: every command in it runs, its card is what is printed, its files exist."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from rich.console import Console

from cds_service.sandbox.ehr.run import FireOptions, run_fire
from cds_service.sandbox.embedded import SandboxOptions, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]
ENDLESS = {
    "python3 dev.py demo",
    ".venv/bin/cds-service sandbox --port 8000",
    ".venv/bin/cds-service serve --port 8001",
}
INSIDE_ITSELF = {"python3 dev.py test": ["tests/test_dev.py", "-q"], "python3 dev.py check": ["--help"]}
SECONDS = 60


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sandbox that the README's second terminal talks to."""
    audit = tmp_path_factory.mktemp("audit") / "audit.log"
    with serving(SandboxOptions(audit=f"file:{audit}")) as url:
        yield url


def _arguments(command: str) -> list[str]:
    """Return the command as run here: this interpreter's environment stands for .venv."""
    words = shlex.split(command)
    if words[0] == ".venv/bin/cds-service":
        return [sys.executable, "-m", "cds_service", *words[1:]]
    return [sys.executable, "-m", "cds_service", *words[2:]]


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ENDLESS and c not in INSIDE_ITSELF])
def test_readme_command_succeeds(command: str, sandbox: str) -> None:
    """A command of the README exits 0 and prints something; the sandbox's port is the only change."""
    arguments = [word.replace("http://127.0.0.1:8000", sandbox) for word in _arguments(command)]
    if "fire" in arguments:
        arguments += ["--service-url", sandbox, "--fhir-url", f"{sandbox}/fhir"]

    done = _run(arguments)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("command", sorted(ENDLESS))
def test_readme_server_starts_and_keeps_serving(command: str) -> None:
    """A command that serves says or shows within seconds where, and is still there afterwards."""
    arguments = [word for word in _arguments(command) if word not in {"8000", "8001", "--port"}]
    port = "18231" if "serve" in arguments else "0"
    with subprocess.Popen(
        [*arguments, "--port", port], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            said = next(line for line in process.stdout if "http://" in line and "evidence" not in line)
            url = re.search(r"http://[0-9.:]+", said)
            assert url

            answer = requests.get(f"{url[0]}/cds-services", timeout=SECONDS)

            assert answer.json()["services"]
            assert process.poll() is None
        finally:
            process.terminate()


def test_readme_names_the_commands_that_run_this_test() -> None:
    """The two commands that cannot run inside themselves are dev.py's own, and dev.py knows them."""
    usage = _run([sys.executable, "dev.py", "--help"]).stdout

    for command in INSIDE_ITSELF:
        assert command in COMMANDS
        assert command.split()[-1] in usage


def test_readme_card_is_what_is_printed(sandbox: str) -> None:
    """The picture of a card is the simulator's output, dates and address apart."""
    printed = io.StringIO()
    options = FireOptions(
        service_url=sandbox,
        fhir_url=f"{sandbox}/fhir",
        patient="plain-acute",
        hook="order-select",
        orders=("lumbar-mri",),
    )
    run_fire(options, Console(width=100, no_color=True, force_terminal=False, file=printed))
    shown = re.findall(r"```text\n(Daniel.*?)\n```", README, re.DOTALL)[0]

    assert _dateless(shown) == _dateless(printed.getvalue().split("lbp-imaging-order-select:")[0])


def _dateless(text: str) -> str:
    masked = re.sub(r"\d{4}-\d\d-\d\d", "DATE", re.sub(r"http://127\.0\.0\.1:\d+", "URL", text))
    return " ".join(masked.split())


def test_readme_names_only_files_that_exist() -> None:
    """Every path in backticks that looks like one of the repository's is there."""
    named = re.findall(r"`((?:docs|hooks|tests|fhir_fixtures|cds_service)/[\w./-]*)`", README)
    missing = [name for name in named if not (ROOT / name).exists() and "knee_pain" not in name]

    assert named
    assert missing == []
