"""
What can be ordered: the codes that the loaded guidelines know, found by name.

A value set is orderable by the beginning of its name: `imaging-`, `rx-`, `therapy-`, `referral-`. So the page
offers what the guidelines speak about, and no medicine is written down here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cds_service.terminology import Terminology, ValueSet

KINDS = {"imaging": "Imaging", "rx": "Medication", "therapy": "Therapy", "referral": "Referral"}
MOST_FOUND = 10
_WORD = re.compile(r"[\w.%/]+")


@dataclass(frozen=True, slots=True)
class Orderable:
    """One code to order; groups: titles of the value sets that hold it."""

    system: str
    code: str
    display: str
    kind: str
    groups: tuple[str, ...]

    @property
    def is_medication(self) -> bool:
        """Whether it becomes a MedicationRequest."""
        return self.kind == KINDS["rx"]


class OrderList:
    """Every orderable code, each once."""

    def __init__(self, terminologies: Iterable[Terminology]) -> None:
        """Collect them from the value sets, in the order of their names."""
        self._items: dict[tuple[str, str], Orderable] = {}
        for terminology in terminologies:
            for value_set in terminology.value_sets.values():
                self._add(value_set)
        self._searched = [(_text(item), item) for item in self._items.values()]

    def _add(self, value_set: ValueSet) -> None:
        kind = KINDS.get(value_set.name.partition("-")[0])
        if kind is None:
            return
        for (system, code), display in value_set.displays.items():
            known = self._items.get((system, code))
            groups = (*known.groups, value_set.title) if known else (value_set.title,)
            self._items[system, code] = Orderable(
                system, code, known.display if known else display, known.kind if known else kind, groups
            )

    @property
    def groups(self) -> dict[str, list[str]]:
        """The titles of the value sets by kind, sorted, to browse instead of typing."""
        titles: dict[str, set[str]] = {kind: set() for kind in KINDS.values()}
        for item in self._items.values():
            titles[item.kind].update(item.groups)
        return {kind: sorted(found) for kind, found in titles.items() if found}

    def find(self, system: str, code: str) -> Orderable | None:
        """Return the orderable with this code."""
        return self._items.get((system, code))

    def search(self, words: str) -> tuple[list[Orderable], int]:
        """
        Return the best matches, at most MOST_FOUND, and how many there are in all.

        Every word must occur in the name or in the title of a group. Names that hold all words come
        first, of these the names that begin with the first word, then short names. No word finds nothing.
        """
        wanted = _WORD.findall(words.lower())
        if not wanted:
            return [], 0
        found = [item for text, item in self._searched if all(word in text for word in wanted)]
        found.sort(key=lambda item: _rank(item, wanted))
        return found[:MOST_FOUND], len(found)


def _text(item: Orderable) -> str:
    return " ".join((item.display, *item.groups)).lower()


def _rank(item: Orderable, words: list[str]) -> tuple[bool, bool, int, str]:
    name = item.display.lower()
    named = all(word in name for word in words)
    return not named, not name.startswith(words[0]), len(name), name


def shown_together(items: Iterable[Orderable]) -> Iterator[tuple[str, list[Orderable]]]:
    """Yield the kinds that occur, each with its items in the order given."""
    kept = list(items)
    for kind in KINDS.values():
        if of_kind := [item for item in kept if item.kind == kind]:
            yield kind, of_kind
