"""
The audit trail: one JSON line per decision and per feedback, without anything about the patient.

Lines hold ids of services and rules, outcomes, card uuids, counts and milliseconds; never a
patient id, name, code, text, URL or token.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

    from .answers import Answer
    from .cards import Card
    from .catalogue import Entry
    from .rules import Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """What one call came to; all empty when no rule was awake. not_shown: cards beyond a limit or off."""

    verdicts: tuple[Verdict, ...] = ()
    cards: tuple[Card, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    not_shown: tuple[Card, ...] = ()


class _File:
    """A file that is opened for each line: it may be rotated, several processes may append to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("a"):
            pass  # it can be written, or the OSError is raised now

    def info(self, line: str) -> None:
        """Append a line."""
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")


class Audit:
    """Writes the trail to `stdout` or `file:PATH`."""

    def __init__(self, destination: str = "stdout") -> None:
        """Open the trail; a file is appended to, and OSError tells why it cannot be."""
        path = Path(destination.removeprefix("file:"))
        self._log: FilteringBoundLogger = structlog.wrap_logger(
            structlog.WriteLogger(sys.stdout) if destination == "stdout" else _File(path),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
        )

    def decision(self, entry: Entry, version: str, decided: Decided, facts: Mapping[str, Any]) -> None:
        """Record what one call came to; `facts` are counts and times."""
        self._log.info(
            "decision",
            service=entry.id,
            rule_set=version,
            rules={verdict.rule.id: verdict.outcome.value for verdict in decided.verdicts},
            cards={card.uuid: card.source.topic.code for card in decided.cards},
            not_shown=[card.source.topic.code for card in decided.not_shown],
            **facts,
        )

    def feedback(self, entry: Entry, client: str, items: Sequence[dict[str, Any]]) -> None:
        """Record what became of cards: uuid, outcome, suggestions and reason code; never the comment."""
        for item in items:
            self._log.info("feedback", service=entry.id, client=client, **item)
