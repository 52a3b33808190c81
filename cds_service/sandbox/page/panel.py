"""The cards of an answer as a panel: what is shown, what failed, and what a screen reader announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cds_service.sandbox.print_cards import NO_CARDS

from .card_html import card_view
from .order_form import labels_of

if TYPE_CHECKING:
    from .card_html import CardView
    from .exchange import Answer, Call
    from .session import Desk

SCREENS = {
    "patient-view": "chart",
    "order-select": "orders",
    "order-sign": "orders",
    "encounter-discharge": "discharge",
}
_ALL_OVERRIDDEN = "No card is left to answer: all were overridden."
_ALL_FAILED = "No service gave advice; that says nothing about the patient."


@dataclass(frozen=True)
class Panel:
    """
    The cards to show, the most urgent first.

    answer: None when nobody was asked on this screen. about: the orders judged. closed: how many
    cards were overridden. none: what to say instead of cards.
    """

    answer: Answer | None = None
    cards: tuple[CardView, ...] = ()
    about: str = ""
    closed: int = 0
    none: str = ""

    @property
    def failed(self) -> tuple[Call, ...]:
        """The calls that brought no cards because something went wrong."""
        return tuple(call for call in self.answer.calls if call.problem) if self.answer else ()

    @property
    def said(self) -> str:
        """What a screen reader announces."""
        if self.answer is None:
            return ""
        named = "; ".join(f"{card.look.word}: {card.summary}" for card in self.cards)
        count = f"{len(self.cards)} card{'' if len(self.cards) == 1 else 's'}."
        failures = f" Services that gave no advice: {len(self.failed)}." if self.failed else ""
        return f"{count} {named or self.none}{failures}"


def panel_of(desk: Desk, screen: str) -> Panel:
    """Return the panel of a screen; an answer to the hook of another screen is not for it."""
    answer = desk.answer
    if answer is None or SCREENS.get(answer.hook) != screen:
        return Panel()
    views = [
        card_view(card, call=place, number=number, service=call.service.title or call.service.id)
        for place, call in enumerate(answer.calls)
        for number, card in enumerate(call.cards)
        if (place, number) not in desk.closed
    ]
    views.sort(key=lambda view: view.rank)
    return Panel(answer, tuple(views), _about(answer), len(desk.closed), _none(answer, desk))


def _about(answer: Answer) -> str:
    situation = answer.situation
    judged = situation.drafts[: situation.selected] if answer.hook == "order-select" else situation.drafts
    return labels_of(judged)


def _none(answer: Answer, desk: Desk) -> str:
    if answer.complaint:
        return answer.complaint
    if desk.closed:
        return _ALL_OVERRIDDEN
    return _ALL_FAILED if all(call.problem for call in answer.calls) else NO_CARDS
