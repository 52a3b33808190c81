"""Faults planted into a copy of the repository: each is found by the command that promises to find it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GUIDELINE = Path("hooks/low_back_pain")
UNDECLARED = """

from dataclasses import replace as _replace
from cds_service import Criterion as _Criterion, Need as _Need, Rule as _Rule
_HIDDEN = _Need("hidden", "Flag?patient={{context.patientId}}", "flags")
_SECRET = _Criterion("a planted question", frozenset(), lambda chart: chart.facts(_HIDDEN))
_service = guideline.services[-1]
_planted = tuple(
    _replace(item, when=_SECRET) if isinstance(item, _Rule) else item for item in _service.rules
)
guideline = _replace(guideline, services=(*guideline.services[:-1], _replace(_service, rules=_planted)))
"""

VIGNETTE = """
| rows | patient | order | cards |
|---|---|---|---|
| IMG-01 | a patient who was added by hand | lumbar mri | none |
"""


def copied(folder: Path, *names: str) -> Path:
    """Copy parts of the repository, without what running it left behind."""
    for name in names:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder whose `hooks` is a copy that takes precedence over ours."""
    return copied(tmp_path, "hooks")


def cds_service(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `cds-service` with the guideline of `folder`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    return subprocess.run(
        [sys.executable, "-m", "cds_service", *arguments],
        cwd=folder,
        env={**others, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def append(path: Path, text: str) -> None:
    """Add to the end of a file."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_an_undeclared_read_makes_the_check_fail(copy: Path) -> None:
    """The key is in no prefetch template: the rule would be blind in every hospital."""
    append(copy / GUIDELINE / "__init__.py", UNDECLARED)

    checked = cds_service(copy, "check")

    assert checked.returncode == 1
    assert "'a planted question': this criterion reads 'hidden' without declaring it" in checked.stdout


def test_a_code_in_two_contradicting_value_sets_makes_the_check_fail(copy: Path) -> None:
    """Cancer of the patient and cancer in the family must never be told by one code."""
    sets = copy / GUIDELINE / "valuesets"
    cancer = json.loads((sets / "redflag-malignancy-active.json").read_text())
    family = json.loads((sets / "not-personal-malignancy.json").read_text())
    include = cancer["compose"]["include"][0]
    concept = include["concept"][0]
    family["compose"]["include"].append({"system": include["system"], "concept": [concept]})
    (sets / "not-personal-malignancy.json").write_text(json.dumps(family))

    checked = cds_service(copy, "check", "--json")

    (problem,) = json.loads(checked.stdout)["problems"]
    assert checked.returncode == 1
    assert concept["code"] in problem
    assert "redflag-malignancy-active and not-personal-malignancy, which contradict each other" in problem


def test_a_stale_rules_page_makes_the_check_fail_until_it_is_written(copy: Path) -> None:
    """What the clinician signs is what runs; `sheets --write` is the remedy that the problem names."""
    append(copy / GUIDELINE / "RULES.md", "- By hand: imaging is always fine.\n")

    stale = cds_service(copy, "check")
    written = cds_service(copy, "sheets", "--write")
    fresh = cds_service(copy, "check")

    assert (stale.returncode, written.returncode, fresh.returncode) == (1, 0, 0)
    assert "RULES.md of low_back_pain is not what the rules say" in stale.stdout


def test_a_stale_trace_makes_the_check_fail_until_it_is_written(copy: Path) -> None:
    """A vignette more, and the page is no longer what is there; `trace --write` is the remedy it names."""
    copied(copy, "tests/low_back_pain", "fhir_fixtures/low_back_pain")
    append(copy / "tests/low_back_pain/imaging.md", VIGNETTE)

    stale = cds_service(copy, "check")
    cds_service(copy, "trace", "--write")
    fresh = cds_service(copy, "check")

    assert stale.returncode == 1
    assert "TRACE.md of low_back_pain is not what is there: run `cds-service trace --write`" in stale.stdout
    assert "TRACE.md" not in fresh.stdout + fresh.stderr


def test_a_row_that_loses_its_vignettes_is_uncovered(copy: Path) -> None:
    """The trace lists it and ends with 1, although it writes the page."""
    copied(copy, "tests/low_back_pain", "fhir_fixtures/low_back_pain")
    table = copy / "tests/low_back_pain/imaging.md"
    table.write_text(table.read_text(encoding="utf-8").replace("IMG-06", ""), encoding="utf-8")

    written = cds_service(copy, "trace", "--write")

    assert written.returncode == 1
    assert "IMG-06 is uncovered: no vignette" in written.stderr
    assert "**uncovered: no vignette" in (copy / GUIDELINE / "TRACE.md").read_text(encoding="utf-8")


def test_where_no_vignettes_are_installed_there_is_no_trace_and_the_check_says_so(copy: Path) -> None:
    """Nothing is called uncovered, and nothing is called traced."""
    cds_service(copy, "sheets", "--write")

    trace = cds_service(copy, "trace")
    checked = cds_service(copy, "check")

    assert (trace.returncode, checked.returncode) == (1, 0)
    assert "a trace is made in a source checkout, tests are not installed" in trace.stderr
    assert "TRACE.md of low_back_pain was not compared" in checked.stderr


PLANTED = [
    ("A guideline is written with the authoring API", GUIDELINE / "imaging" / "service.py", "requests"),
    (
        "A guideline is written with the authoring API",
        GUIDELINE / "opioids" / "service.py",
        "cds_service.chart",
    ),
    ("The core is pure", Path("cds_service/rules.py"), "requests"),
    ("The engine knows no guideline", Path("cds_service/catalogue.py"), "hooks.low_back_pain"),
]


LINT_HERE = """
import sys
from importlinter.cli import lint_imports

# `hooks` is a namespace: the installed project must not lend its own to the copy.
sys.path[:] = ["", *(path for path in sys.path[1:] if path != sys.argv[1])]
sys.exit(lint_imports(no_cache=True))
"""


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run the import contracts on a copy with all forbidden imports planted."""
    folder = copied(tmp_path_factory.mktemp("copy"), "cds_service", "hooks", "pyproject.toml")
    for _, path, module in PLANTED:
        append(folder / path, f"\nimport {module}\n")
    lint = [sys.executable, "-c", LINT_HERE, str(ROOT)]
    wide = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(lint, cwd=folder, env=wide, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("contract", "path", "module"), PLANTED)
def test_a_forbidden_import_breaks_its_contract(
    linted: subprocess.CompletedProcess[str], contract: str, path: Path, module: str
) -> None:
    """Guidelines do no I/O, the core neither, and the engine knows no medicine."""
    broken = [row for row in linted.stdout.splitlines() if row.endswith("BROKEN")]

    assert linted.returncode == 1
    assert any(row.startswith(contract) for row in broken)
    assert f"{'.'.join(path.with_suffix('').parts)} -> {module}" in linted.stdout
