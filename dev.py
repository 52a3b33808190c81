#!/usr/bin/env python3
"""
One entry point for developers and CI: prepares .venv from requirements.lock, then runs a command in it.

Needs Python 3.11 or newer with either uv or pip (python3-venv is not needed), and a POSIX system.
A second call finds its stamp in .venv and starts the command at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
STAMP = VENV / ".stamp"

CHECKS = {
    "lint": ("ruff", "check"),
    "format": ("ruff", "format", "--check"),
    "types": ("mypy", "--strict", "cds_service", "hooks", "dev.py"),
    "imports": ("lint-imports", "--no-logo"),
    "guidelines": ("cds-service", "check"),
}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return its exit code; 2 for a command we do not have."""
    name, *rest = arguments or ["--help"]
    if name in {"-h", "--help", "help"}:
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"dev.py: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    prepare()
    return COMMANDS[name](rest)


def usage() -> str:
    """Return the help text: each command with the first line of its docstring."""
    lines = [
        f"  {name:<7} {(command.__doc__ or '').strip().splitlines()[0]}" for name, command in COMMANDS.items()
    ]
    return "\n".join(["usage: python3 dev.py COMMAND [ARGUMENTS]", "", *lines])


# ── commands ──────────────────────────────────────────────────────────────────────────────────────


def demo(arguments: list[str]) -> NoReturn:
    """Start sandbox and service, show the cards of some fixture patients, keep serving (--once: stop)."""
    become("cds-service", "demo", *arguments)


def test(arguments: list[str]) -> NoReturn:
    """Run the whole test suite with coverage, or just what the arguments (passed to pytest) select."""
    everything = ("-n", "auto", "--dist", "loadfile", "--cov", "--cov-report=term-missing:skip-covered")
    become("python", "-m", "pytest", *(arguments or everything))


def fuzz(arguments: list[str]) -> NoReturn:
    """Call the service thousands of times as its API description allows and forbids; takes minutes."""
    run(*installer(), "--no-deps", *extra("fuzz"))
    become("python", "-m", "pytest", "tests/fuzz.py", *arguments)


def mutants(arguments: list[str]) -> NoReturn:
    """Change rules and criteria bit by bit, and tell which changes no test notices; takes hours."""
    run(*installer(), *extra("mutants"))
    become("python", "tests/mutation_testing/run.py", *arguments)


def check(arguments: list[str]) -> int:
    """Run linter, formatter, types, import contracts and guideline checks: all of them, then a summary."""
    if arguments:
        print(f"dev.py: check takes no arguments, got {' '.join(arguments)}", file=sys.stderr)
        return 2
    passed = {name: succeeds(name, step) for name, step in CHECKS.items()}
    print(
        "\n".join(
            ["", "check:", *(f"  {name:<10} {'ok' if ok else 'FAILED'}" for name, ok in passed.items())]
        )
    )
    return 0 if all(passed.values()) else 1


def serve(arguments: list[str]) -> NoReturn:
    """Run the CDS service (arguments are passed to `cds-service serve`)."""
    become("cds-service", "serve", *arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "test": test,
    "fuzz": fuzz,
    "mutants": mutants,
    "check": check,
    "serve": serve,
}


def become(program: str, *arguments: str) -> NoReturn:
    """Replace this process by a program of .venv, so that signals and the exit code are its own."""
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(BIN / program, [program, *arguments], environment())  # noqa: S606


def succeeds(name: str, step: tuple[str, ...]) -> bool:
    """Run one check in the foreground, under a heading, and tell whether it exited with 0."""
    program, *arguments = step
    print(f"── {name}: {' '.join(step)}", flush=True)
    finished = subprocess.run([BIN / program, *arguments], cwd=ROOT, env=environment(), check=False)
    return finished.returncode == 0


def environment() -> dict[str, str]:
    """Return this process's environment with the programs of .venv found first."""
    return {**os.environ, "VIRTUAL_ENV": str(VENV), "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


# ── the virtual environment ───────────────────────────────────────────────────────────────────────


def prepare() -> None:
    """Build .venv unless a finished one with the right content is there; at most one process builds."""
    if ready():
        return
    if Path(sys.prefix) == VENV:
        restart_outside()
    with sole_builder():
        if not ready():
            build()


def restart_outside() -> NoReturn:
    """Start this call again with the Python that .venv was made from: .venv cannot rebuild itself."""
    python = Path(sys.base_exec_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    os.execv(python, [str(python), __file__, *sys.argv[1:]])  # noqa: S606


def ready() -> bool:
    """Tell whether .venv was finished from today's lock, project file, Python and folder."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == stamp()


def stamp() -> str:
    """Return a hash of all that .venv depends on; the folder counts because its scripts name it."""
    parts = (LOCK.read_bytes(), PROJECT.read_bytes(), sys.version.encode(), bytes(ROOT))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@contextmanager
def sole_builder() -> Iterator[None]:
    """Hold an exclusive lock on the project folder, waiting for another process that builds .venv."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def build() -> None:
    """Make .venv anew and stamp it last, so that an interrupted build is never taken for a finished one."""
    import venv  # noqa: PLC0415 (costs every other call its start-up time)

    print("dev.py: preparing .venv from requirements.lock", file=sys.stderr, flush=True)
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)
    install = installer()
    run(*install, "--require-hashes", "-r", str(LOCK))
    run(*install, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    STAMP.write_text(stamp())


def installer() -> list[str]:
    """
    Return the command line that installs into .venv, up to what is to be installed.

    uv if there is one; else this Python's pip, aimed at .venv; else the pip that ensurepip
    puts into .venv. Debian has no ensurepip without python3-venv, but then python3-pip has pip.
    """
    uv = shutil.which("uv")
    pip_options = ["install", "--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), *pip_options]
    if importlib.util.find_spec("ensurepip"):
        run(str(PYTHON), "-m", "ensurepip")
        return [str(PYTHON), "-m", "pip", *pip_options]
    sys.exit("dev.py: neither uv nor pip found; install one of them, e.g. apt-get install python3-pip")


def extra(name: str) -> list[str]:
    """Return the requirements of one of the project's extras that the lock leaves out."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][name])


def run(*command: str) -> None:
    """Run one step of an installation; exit with its name when it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit(f"dev.py: this step failed, and will be tried again next time: {' '.join(command)}")


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this file may have an older one)
        sys.exit(f"dev.py needs Python 3.11 or newer, and this is {sys.version.split()[0]}")
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
