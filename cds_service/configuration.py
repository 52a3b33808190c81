"""
What a client may switch off, and how a call says so (Da Vinci CRD 2.2.1, configuration extensions).

A switch hides cards after they were made; it never changes how the rules judge. Critical cards
and the card that names what could not be read are always shown (docs/adr/0008).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .rules import Advice, Indicator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .cards import Card
    from .rules import CdsService, Topic

OPTIONS = "davinci-crd.configuration-options"
"""The extension of a service in discovery that lists what may be configured."""
CONFIGURATION = "davinci-crd.configuration"
"""The extension of a request that configures: an object, code -> value."""
MAX_CARDS = "max-cards"


@dataclass(frozen=True, slots=True)
class Configuration:
    """
    What one call may show.

    off: service groups and topic codes that are switched off; codes nobody knows do no harm.
    max_cards: None for no limit.
    """

    off: frozenset[str] = frozenset()
    max_cards: int | None = None

    def with_off(self, names: Iterable[str]) -> Configuration:
        """Return this configuration with these groups and topics switched off as well."""
        return replace(self, off=self.off.union(names))

    def at_most(self, limit: int | None) -> Configuration:
        """Return this configuration with a limit that a call can lower and not lift; None for none."""
        limits = [number for number in (self.max_cards, limit) if number is not None]
        return replace(self, max_cards=min(limits, default=None))


def configuration_of(extension: Mapping[str, Any]) -> Configuration:
    """
    Read the configuration out of a request's `extension`.

    Whatever is not understood counts as not said: unknown codes, values of another type, a
    negative limit. Nothing here is ever an error.
    """
    said = extension.get(CONFIGURATION)
    if not isinstance(said, dict):
        return Configuration()
    limit = said.get(MAX_CARDS)
    is_number = isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0
    off = frozenset(code for code, value in said.items() if value is False and code != MAX_CARDS)
    return Configuration(off, limit if is_number else None)


def shown(made: Iterable[Card], configuration: Configuration, group: str, data_missing: Topic) -> list[Card]:
    """
    Return the cards that a client wants, in their order.

    group: the service's. data_missing: the guideline's topic of the card on unread data. What
    is always shown counts towards the limit, so a limit cuts the least urgent cards.
    """
    made = list(made)
    kept = [card for card in made if _always(card, data_missing)]
    wanted = [card for card in made if card not in kept and not _is_off(card, configuration, group)]
    if configuration.max_cards is not None:
        wanted = wanted[: max(0, configuration.max_cards - len(kept))]
    return [card for card in made if card in kept or card in wanted]


def _always(card: Card, data_missing: Topic) -> bool:
    topic = card.source.topic
    is_gap = (topic.system, topic.code) == (data_missing.coding.system, data_missing.coding.code)
    return is_gap or card.indicator == Indicator.CRITICAL.value


def _is_off(card: Card, configuration: Configuration, group: str) -> bool:
    return not configuration.off.isdisjoint((group, card.source.topic.code))


def topics(service: CdsService) -> list[Topic]:
    """Return every topic that the service can speak on, in the order of their cards."""
    spoken = [rule.topic for rule in service.each_rule if rule.topic and isinstance(rule.advice, Advice)]
    return sorted(dict.fromkeys(spoken), key=lambda topic: topic.rank)


def options(
    service: CdsService, data_missing: Topic, most_cards: int | None = None
) -> list[dict[str, object]]:
    """
    Return what clients may configure, as discovery lists it: the group, each topic, how many cards.

    The default number of cards is the guideline's limit, or as many as the service can give.
    """
    switchable = [topic for topic in topics(service) if topic != data_missing]
    return [
        _switch(service.group, service.title, f"any card of {service.group}"),
        *(
            _switch(topic.code, topic.coding.display or topic.code, f"the card on {topic.code}")
            for topic in switchable
        ),
        {
            "code": MAX_CARDS,
            "type": "integer",
            "name": "Most cards to show",
            "description": f"The least urgent cards beyond this number are not shown; {_ALWAYS}.",
            "default": min(len(switchable) + 1, most_cards or len(switchable) + 1),
        },
    ]


_ALWAYS = "critical cards, and the card on data that could not be read, always are"


def _switch(code: str, name: str, what: str) -> dict[str, object]:
    return {
        "code": code,
        "type": "boolean",
        "name": name,
        "description": f"Whether {what} is shown; {_ALWAYS}.",
        "default": True,
    }
