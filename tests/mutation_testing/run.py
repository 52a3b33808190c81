"""
Mutation testing of the rules and criteria: which changes of a line no test would notice.

    python3 dev.py mutants [--sample N] [NAME ...]

mutmut changes functions only, and a rule is a constant of its module. So the copy that it works on
has every constant of hooks/ as the value of a function. What a rule says, names and cites is left
alone in hooks/: RULES.md and the golden cards hold that, letter by letter. So is a criterion that
becomes None: the guideline does not load then. What remains are choices: what is asked, of which
window and threshold, with which exceptions.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

import libcst as cst
from mutmut.__main__ import cli
from mutmut.mutation import file_mutation

ROOT = Path(__file__).parents[2]
COPY = ROOT / "build" / "mutants"
WORDS = {
    "description",
    "discreet",
    "evidence",
    "label",
    "named",
    "override_reasons",
    "phrase",
    "rows",
    "says",
    "screen",
    "title",
}
COPIED = ("cds_service", "hooks", "fhir_fixtures", "tests", "pyproject.toml")


def main(arguments: list[str]) -> None:
    """Copy the project, and run mutmut on the copy."""
    parser = argparse.ArgumentParser(prog="dev.py mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="try every Nth mutant only")
    parser.add_argument("names", nargs="*", help="mutants or globs of their names; all when none is given")
    options = parser.parse_args(arguments)
    copy()
    os.chdir(COPY)
    _only_choices(options.sample)
    cli(["run", "--max-children", str(os.cpu_count() or 1), *options.names])


def copy() -> None:
    """Make the copy anew, keeping what mutmut knows from an earlier run of the same files."""
    COPY.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, COPY / name
        if source.is_file():
            shutil.copy2(source, target)
        else:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (COPY / "hooks").rglob("*.py"):
        module.write_text(constants_made_by_functions(module.read_text("utf-8")), "utf-8")


def constants_made_by_functions(source: str) -> str:
    """
    Return a module in which `NAME = value` reads `def make_NAME(): return value; NAME = make_NAME()`.

    Names, order and values stay; text constants are left as they are.
    """
    lines = source.splitlines(keepends=True)
    for statement in reversed(ast.parse(source).body):
        match statement:
            case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                body = indent(f"return (\n{ast.get_source_segment(source, value)}\n)\n", "    ")
                made = f"def make_{name}():\n{body}\n{name} = make_{name}()\n"
                lines[statement.lineno - 1 : statement.end_lineno] = [made]
    return "".join(lines)


def _only_choices(every: int) -> None:
    """Have mutmut make those mutants of hooks/ that are choices, and of all mutants each `every`th."""
    create = file_mutation.create_mutations

    def chosen(filename: str, *rest: Any, **options: Any) -> tuple[Any, ...]:  # noqa: ANN401 (as mutmut has it)
        module, mutations, *ignored = create(filename, *rest, **options)
        kept = [item for item in mutations if "hooks/" not in str(filename) or is_choice(item)]
        return module, kept[::every], *ignored

    file_mutation.create_mutations = chosen


def is_choice(mutation: file_mutation.Mutation) -> bool:
    """Tell whether a mutant changes more than words, and leaves what can be loaded."""
    before, after = mutation.original_node, mutation.mutated_node
    if isinstance(before, cst.BaseString):
        return False
    if not (isinstance(before, cst.Call) and isinstance(after, cst.Call)):
        return True
    left = {id(argument) for argument in after.args}
    (changed,) = [argument for argument in before.args if id(argument) not in left] or [None]
    if changed is None:
        return True
    name = changed.keyword.value if changed.keyword else ""
    if name in WORDS or isinstance(changed.value, cst.BaseString) or _is_line(changed.value):
        return False
    return bool(name) or len(after.args) < len(before.args)


def _is_line(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Call) and isinstance(value.func, cst.Name) and value.func.value == "Line"


if __name__ == "__main__":
    main(sys.argv[1:])
