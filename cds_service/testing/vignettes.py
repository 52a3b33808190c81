"""Running a vignette: the call as an EHR would send it, parsed, charted, judged, and put on cards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from cds_service.cards import cards
from cds_service.chart import Chart
from cds_service.hook_context import context_of
from cds_service.prefetch import answers
from cds_service.protocol import parse
from cds_service.rules import decide, unavailable

from .calls import call
from .lexicon import Lexicon
from .records import Scribe
from .tables import TableError

if TYPE_CHECKING:
    from collections.abc import Collection

    from cds_service.cards import Card, Suggestion
    from cds_service.rules import CdsService, Guideline, Verdict

    from .tables import Row

TODAY = date(2026, 11, 1)
_OK = 200
_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class Result:
    """
    What a row came to: the cards, why (each rule's verdict), and the HTTP status the call would get.

    All cards: a limit of the guideline on their number is not applied.
    """

    cards: tuple[Card, ...]
    verdicts: tuple[Verdict, ...]
    status: int = _OK

    @property
    def answered(self) -> bool:
        """Whether the call would get cards, or none, instead of an error."""
        return self.status == _OK

    def about(self, topics: Collection[str]) -> Result:
        """Return the same with no other cards than those of these topics; without topics: all of it."""
        kept = tuple(card for card in self.cards if not topics or card.source.topic.code in topics)
        return replace(self, cards=kept)

    @property
    def topics(self) -> list[str]:
        """The cards as `topic indicator`, in order."""
        return [f"{card.source.topic.code} {card.indicator}" for card in self.cards]

    @property
    def suggestions(self) -> list[Suggestion]:
        """All suggestions, in the order of the cards."""
        return [suggestion for card in self.cards for suggestion in card.suggestions or ()]


def run(
    row: Row, guideline: Guideline, service: CdsService, *, complaint: str = "", today: date = TODAY
) -> Result:
    """
    Judge one row.

    complaint: what the column `since` speaks of, as value set or `value-set#code`. Raises
    TableError when a cell is not understood.
    """
    try:
        body = call(row, service, Scribe(Lexicon(guideline.terminology), today), complaint)
    except TableError as error:
        msg = f"{row.where}: {error}"
        raise TableError(msg) from error
    return _answered(body, guideline, service, today)


def _answered(body: bytes, guideline: Guideline, service: CdsService, today: date) -> Result:
    request = parse(body)
    context = context_of(request, guideline)
    if not service.awake(context):
        return Result((), ())
    read = answers(service.needs, request.prefetch, request.patient_id)
    chart = Chart(today, context, read, guideline.terminology)
    verdicts = decide(service, chart)
    if unavailable(service, verdicts, chart):
        return Result((), verdicts, _PRECONDITION_FAILED)
    made = cards(guideline, service, verdicts, chart, hook_instance=request.hook_instance)
    return Result(tuple(made), verdicts)
