"""
What a trace is made of, read from files: the guideline's rows, its vignette tables, its golden cards.

Rows lie in the guideline package. Vignettes and goldens lie beside it in a source checkout, under
`tests/` and `fhir_fixtures/`; an installed service has no vignettes, and no trace can be made there.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .testing.tables import TableError, rows_of
from .traceability import Section, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .rules import Guideline

Golden = dict[str, dict[str, list[dict[str, Any]]]]
"""A golden: service id -> `cards` -> the cards."""


class TraceError(Exception):
    """A trace cannot be made here; the message says what is missing and what to do."""


def guideline_page(guideline: Guideline, name: str) -> Path:
    """Return where a file of the guideline's package is, or belongs."""
    module = sys.modules[f"hooks.{guideline.name}"]
    return Path(str(module.__file__)).with_name(name)


def has_vignettes(guideline: Guideline) -> bool:
    """Tell whether the vignettes are here, as in a source checkout."""
    return _vignettes(guideline).is_dir()


def sections_of(guideline: Guideline) -> tuple[Section, ...]:
    """
    Return the rows of the guideline, from the `guideline-rows.json` of its package.

    The file is an object of objects: title of a section -> row id -> what the row says. Raises
    TraceError when it is missing or of another shape, or when an id occurs in two sections.
    """
    path = guideline_page(guideline, "guideline-rows.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        sections = tuple(Section(title, dict(rows)) for title, rows in content.items())
    except (OSError, ValueError, TypeError, AttributeError) as error:
        msg = (
            f"{path.name} of {guideline.name} must be there, an object of sections, each of row ids and texts"
        )
        raise TraceError(msg) from error
    _refuse_twins(guideline, sections)
    return sections


def _refuse_twins(guideline: Guideline, sections: Iterable[Section]) -> None:
    seen: set[str] = set()
    for section in sections:
        if twins := seen & set(section.rows):
            msg = f"guideline-rows.json of {guideline.name}: {sorted(twins)} in two sections, drop one"
            raise TraceError(msg)
        seen |= set(section.rows)


def shown(guideline: Guideline) -> Shown:
    """Return what vignettes and golden cards show; TraceError when there are none here, or are amiss."""
    if not has_vignettes(guideline):
        msg = (
            f"tests/{guideline.name} is not beside the package {guideline.name}: "
            "a trace is made in a source checkout, tests are not installed"
        )
        raise TraceError(msg)
    try:
        return Shown(_named_by_vignettes(guideline), _named_by_cards(guideline))
    except (TableError, ValueError, LookupError, AttributeError) as error:
        msg = f"vignettes or golden cards of {guideline.name} cannot be read: {error}"
        raise TraceError(msg) from error


def _checkout(guideline: Guideline) -> Path:
    return guideline_page(guideline, "__init__.py").parents[2]


def _vignettes(guideline: Guideline) -> Path:
    return _checkout(guideline) / "tests" / guideline.name


def _named_by_vignettes(guideline: Guideline) -> dict[str, tuple[str, ...]]:
    """Return the places of each row id, by file and line."""
    return _grouped(
        (row_id, row.where)
        for table in sorted(_vignettes(guideline).glob("*.md"))
        for row in rows_of(table)
        for row_id in row.rows
    )


def _named_by_cards(guideline: Guideline) -> dict[str, tuple[str, ...]]:
    """Return the requests whose golden cards name each rule."""
    goldens = _checkout(guideline) / "fhir_fixtures" / guideline.name / "cards"
    return _grouped(
        (rule, golden.stem)
        for golden in sorted(goldens.glob("*.json"))
        for rule in _rules_on(json.loads(golden.read_text(encoding="utf-8")), guideline.rule_extension)
    )


def _rules_on(answers: Golden, name: str) -> Iterator[str]:
    """Yield the rules that the cards of all services name; cards about gaps name none."""
    for answer in answers.values():
        for card in answer["cards"]:
            yield from card.get("extension", {}).get(name, {}).get("rules", ())


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        grouped[key][value] = None
    return {key: tuple(values) for key, values in grouped.items()}
