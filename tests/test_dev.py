"""The developers' entry point: what dev.py promises before it starts anything, and what the lock holds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


@pytest.fixture
def dev(tmp_path: Path) -> ModuleType:
    """Return dev.py as loaded from a folder of its own, with a small lock and no .venv."""
    script = tmp_path / "dev.py"
    script.write_bytes((ROOT / "dev.py").read_bytes())
    (tmp_path / "requirements.lock").write_text("example==1.0\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    spec = importlib.util.spec_from_file_location("dev_in_a_folder", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the dev.py of `folder` to its end."""
    command = [sys.executable, "dev.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def finish(dev: ModuleType) -> None:
    """Lay out what a finished .venv is recognised by."""
    dev.BIN.mkdir(parents=True)
    dev.PYTHON.symlink_to(sys.executable)
    dev.STAMP.write_text(dev.stamp())


def locked() -> dict[str, str]:
    """Return the pinned version of each package in requirements.lock, by canonical name."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+) ", LOCK, flags=re.MULTILINE))


def declared(*extras: str) -> list[Requirement]:
    """Return what pyproject.toml asks for in some extras; without one, for all but fuzzing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    lines = [line for extra in extras for line in optional[extra]]
    return [Requirement(line) for line in lines or project["dependencies"] + optional["test"]]


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], []])
def test_help_gives_each_command_a_line(dev: ModuleType, arguments: list[str]) -> None:
    """Whoever asks for help, or for nothing, sees every command with a sentence about it."""
    answer = call(dev.ROOT, *arguments)

    assert answer.returncode == 0
    assert re.findall(r"^  (\w+) +[A-Z].+\.$", answer.stdout, flags=re.MULTILINE) == list(dev.COMMANDS)


def test_help_builds_nothing(dev: ModuleType) -> None:
    """Reading the help costs no installation."""
    call(dev.ROOT, "--help")

    assert not dev.VENV.exists()


def test_an_unknown_command_is_named_and_exits_2(dev: ModuleType) -> None:
    """A typing mistake is answered with the word that was wrong and the words that exist."""
    answer = call(dev.ROOT, "tset")

    assert answer.returncode == 2
    assert "no command 'tset'" in answer.stderr
    assert "usage: python3 dev.py COMMAND" in answer.stderr
    assert not dev.VENV.exists()


def test_check_takes_no_arguments(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """An argument that would be ignored is refused."""
    code = dev.check(["--fast"])

    assert code == 2
    assert "--fast" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("fuzz", ("--no-deps example==1.0", "-m pytest tests/fuzz.py -x")),
        ("mutants", ("example==1.0", "tests/mutation_testing/run.py -x")),
    ],
)
def test_a_slow_command_installs_its_extra_and_hands_its_arguments_on(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, calls: tuple[str, str]
) -> None:
    """What takes long has a command of its own, and needs packages that no other command waits for."""
    dev.PROJECT.write_text(f'[project.optional-dependencies]\n{command} = ["example==1.0"]\n')
    finish(dev)
    for program in (dev.PYTHON, dev.ROOT / "uv"):
        program.unlink(missing_ok=True)
        program.write_text('#!/bin/sh\necho "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(dev.ROOT), prepend=":")

    answer = call(dev.ROOT, command, "-x").stdout.splitlines()

    installed, started = calls
    assert answer[0].endswith(installed)
    assert answer[1] == started
    assert (ROOT / next(word for word in started.split() if word.startswith("tests/"))).exists()


@pytest.mark.parametrize("name", ["fuzz", "mutants"])
def test_an_extra_of_a_slow_command_is_pinned_beside_the_lock(name: str) -> None:
    """What it adds has exact versions, and replaces nothing that the lock holds."""
    extra = declared(name)

    assert [one for one in extra if not str(one.specifier).startswith("==")] == []
    assert {canonicalize_name(one.name) for one in extra} & set(locked()) == set()


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_stamp_changes_with_the_files_it_depends_on(dev: ModuleType, name: str) -> None:
    """A changed lock or project file makes .venv out of date."""
    before = dev.stamp()
    with (dev.ROOT / name).open("a") as file:
        file.write("# changed\n")

    assert dev.stamp() != before


def test_a_finished_environment_is_ready(dev: ModuleType) -> None:
    """A second call finds the stamp of the first and builds nothing."""
    finish(dev)

    assert dev.ready()


def test_an_environment_without_a_stamp_is_not_ready(dev: ModuleType) -> None:
    """A build that was interrupted is not taken for a finished one."""
    finish(dev)
    dev.STAMP.unlink()

    assert not dev.ready()


def test_an_environment_of_another_lock_is_not_ready(dev: ModuleType) -> None:
    """After the lock changed, the old environment is not used."""
    finish(dev)
    dev.LOCK.write_text("example==2.0\n")

    assert not dev.ready()


def test_an_environment_whose_python_is_gone_is_not_ready(dev: ModuleType) -> None:
    """A system Python that was removed leaves a dangling link, and the environment is rebuilt."""
    finish(dev)
    dev.PYTHON.unlink()
    dev.PYTHON.symlink_to(dev.ROOT / "gone")

    assert not dev.ready()


def test_a_failed_build_leaves_no_stamp(dev: ModuleType) -> None:
    """When the lock cannot be installed, the call fails and the next one tries again."""
    finish(dev)
    dev.LOCK.write_text("this is no requirement\n")

    answer = call(dev.ROOT, "demo")

    assert answer.returncode == 1
    assert "dev.py: " in answer.stderr
    assert not dev.STAMP.exists()


def test_the_lock_pins_a_version_that_fits_each_declared_dependency() -> None:
    """What pyproject.toml asks for is in the lock, at a version it allows."""
    versions = locked()

    unmet = [
        str(r) for r in declared() if not r.specifier.contains(versions.get(canonicalize_name(r.name), "0"))
    ]

    assert unmet == []


def test_each_locked_package_has_hashes() -> None:
    """No package is installed that was not seen when the lock was made."""
    entries = re.split(r"\n(?=\S)", LOCK.strip())

    assert len(entries) == len(locked())
    assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_the_lock_names_no_place() -> None:
    """The lock installs from whatever index its reader trusts: no URL, path, host or index option in it."""
    places = re.findall(r"\S+://\S*|(?:^|\s)[/~]\S+|\s@\s|--(?!hash=)\S+|\S+\.(?:org|com|net|io|dev)\b", LOCK)

    assert places == []
