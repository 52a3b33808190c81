"""Tests that a page names as `path::test`, and whether they are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CITATION = re.compile(r"`([\w./-]+)::(\w+)(?:\[([\w-]+)\])?`")
"""The path of a file, the name of a test in it, and for a table of cases the case, or nothing."""


@cache
def defined_in(path: str) -> frozenset[str]:
    """Return the names of the tests that a file defines."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))
