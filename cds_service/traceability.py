"""
Traceability: which rules carry out a row of the guideline, and which vignettes and fixtures show it.

A row that nothing carries out, or that nobody can see at work, is uncovered and says why: a guideline
never looks complete by leaving something out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .rules import Guideline

_MOST = 3
"""How many lines of a table, or fixtures, are named before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of the guideline that belong together: row id -> what it says, in short."""

    title: str
    rows: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """
    What can be seen at work.

    vignettes: row id -> places of the vignettes that name it, as `imaging.md:12`. fixtures: rule id ->
    requests whose golden cards name it.
    """

    vignettes: Mapping[str, tuple[str, ...]]
    fixtures: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TracedRow:
    """
    One row: who carries it out, and where that can be seen.

    kept: where something other than a rule keeps it. not_computed: why it is not carried out, or not in
    full when rules are named too. "" where there is nothing to say.
    """

    id: str
    says: str
    rules: tuple[str, ...]
    kept: str
    not_computed: str
    vignettes: tuple[str, ...]
    fixtures: tuple[str, ...]

    @property
    def lacking(self) -> str:
        """What keeps it from being covered; "" when it is."""
        if self.rules:
            lacks = (("no vignette", self.vignettes), ("no fixture", self.fixtures))
            return ", ".join(what for what, found in lacks if not found)
        if self.kept:
            return "" if self.vignettes or "::" in self.kept else "no vignette, no test"
        return "" if self.not_computed else "no rule"


@dataclass(frozen=True, slots=True)
class TracedSection:
    """The rows of a section, traced."""

    title: str
    rows: tuple[TracedRow, ...]


def traced(guideline: Guideline, sections: Iterable[Section], shown: Shown) -> tuple[TracedSection, ...]:
    """Trace every row of the sections, in their order."""
    carried = _carried(guideline)
    return tuple(
        TracedSection(
            section.title,
            tuple(_row(guideline, row, says, carried, shown) for row, says in section.rows.items()),
        )
        for section in sections
    )


def uncovered(guideline: Guideline, sections: Iterable[Section], shown: Shown) -> list[str]:
    """
    Return what is uncovered, each as a sentence: rows in their order, then ids that are no row.

    An id that no section has is a slip of the pen, and would hide the row that was meant.
    """
    listed = tuple(sections)
    rows = [row for section in traced(guideline, listed, shown) for row in section.rows]
    known = {row.id for row in rows}
    named = (*_carried(guideline), *guideline.kept, *guideline.not_computed, *shown.vignettes)
    return [
        *(f"{row.id} is uncovered: {row.lacking}" for row in rows if row.lacking),
        *(f"{row} is named, but is no row of {guideline.name}" for row in sorted({*named} - known)),
    ]


def _carried(guideline: Guideline) -> dict[str, tuple[str, ...]]:
    """Return the rules of each row that some rule names, in the order of the services."""
    carried: dict[str, tuple[str, ...]] = {}
    for service in guideline.services:
        for rule in service.each_rule:
            for row in rule.rows:
                carried[row] = (*carried.get(row, ()), rule.id)
    return carried


def _row(
    guideline: Guideline, row: str, says: str, carried: Mapping[str, tuple[str, ...]], shown: Shown
) -> TracedRow:
    rules = carried.get(row, ())
    stems = {stem for rule in rules for stem in shown.fixtures.get(rule, ())}
    return TracedRow(
        id=row,
        says=says,
        rules=rules,
        kept=guideline.kept.get(row, ""),
        not_computed=guideline.not_computed.get(row, ""),
        vignettes=shown.vignettes.get(row, ()),
        fixtures=tuple(sorted(stems)),
    )


def trace_page(guideline: Guideline, sections: Iterable[Section], shown: Shown) -> str:
    """Return the trace of a guideline as one Markdown page: a table per section."""
    return "\n".join(_page(guideline, traced(guideline, sections, shown))) + "\n"


def _page(guideline: Guideline, sections: tuple[TracedSection, ...]) -> Iterator[str]:
    rows = [row for section in sections for row in section.rows]
    open_rows = sum(bool(row.lacking) for row in rows)
    yield f"# Trace of {guideline.name}"
    yield ""
    yield f"{guideline.label}. Written by `cds-service trace --write`; do not edit."
    yield ""
    yield (
        "From each row of the guideline to what carries it out: rules (`RULES.md` says what they do), or "
        f"what else keeps it. Vignettes are lines of the tables in `tests/{guideline.name}/`, fixtures are "
        f"requests in `fhir_fixtures/{guideline.name}/requests/` whose cards name one of the rules."
    )
    yield ""
    yield f"Rows: {len(rows)}. Uncovered: {open_rows}."
    for section in sections:
        yield from _section(section)


def _section(section: TracedSection) -> Iterator[str]:
    yield ""
    yield f"## {section.title}"
    yield ""
    yield "| row | says | carried out by | vignettes | fixtures |"
    yield "|---|---|---|---|---|"
    for row in section.rows:
        cells = (row.id, row.says, _carrier(row), _lines(row.vignettes), _listed(row.fixtures))
        yield f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _carrier(row: TracedRow) -> str:
    in_part = "in part not computed" if row.rules or row.kept else "not computed"
    said = (
        ", ".join(row.rules),
        row.kept,
        f"{in_part}: {row.not_computed}" if row.not_computed else "",
        f"**uncovered: {row.lacking}**" if row.lacking else "",
    )
    return "; ".join(filter(None, said))


def _lines(places: tuple[str, ...]) -> str:
    """Name each file with its first lines: `imaging.md 12, 34`."""
    lines: dict[str, list[str]] = {}
    for place in places:
        name, _, line = place.rpartition(":")
        lines.setdefault(name, []).append(line)
    return "; ".join(f"{name} {_listed(found)}" for name, found in lines.items())


def _listed(names: Iterable[str]) -> str:
    first = [*names]
    rest = len(first) - _MOST
    return f"{', '.join(first[:_MOST])}{f' and {rest} more' if rest > 0 else ''}"
