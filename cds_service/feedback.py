"""Feedback (CDS Hooks 2.0.1): what became of a card; all items of a body are taken, or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from .errors import MalformedRequestError
from .strict_json import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _written_out(value: object) -> object:
    """Refuse numbers and short forms, which the parser would take for a point in time too."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        msg = "write a point in time as in RFC 3339, such as 2026-11-01T10:00:00Z"
        raise ValueError(msg)
    return value


Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Read(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class AcceptedSuggestion(_Read):
    """The uuid of a suggestion that was taken."""

    id: Text


class Reason(_Read):
    """The override reason picked from the card's list."""

    code: Text
    system: str | None = None


class OverrideReason(_Read):
    """Why a card was dismissed; the comment is never logged."""

    reason: Reason | None = None
    user_comment: str | None = None

    @model_validator(mode="after")
    def _said(self) -> Self:
        if self.reason is None and not self.user_comment:
            msg = "name a reason or a userComment"
            raise ValueError(msg)
        return self


class Item(_Read):
    """What became of one card."""

    card: Text
    outcome: Literal["accepted", "overridden"]
    accepted_suggestions: tuple[AcceptedSuggestion, ...] = ()
    override_reason: OverrideReason | None = None
    outcome_timestamp: Annotated[AwareDatetime, BeforeValidator(_written_out)]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.outcome == "accepted" and not self.accepted_suggestions:
            msg = "an accepted card names its acceptedSuggestions"
            raise ValueError(msg)
        return self


class Feedback(_Read):
    """The body: any number of items, of any cards of the service."""

    feedback: tuple[Item, ...]


def parse_feedback(body: bytes) -> list[dict[str, Any]]:
    """
    Read a feedback body and return what may be logged of each item.

    Raises MalformedRequestError that names the first wrong place; nothing is recorded then.
    """
    try:
        items = Feedback.model_validate_json(body.removeprefix(BOM)).feedback
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MalformedRequestError(f"feedback is not valid: {first['msg']}", expression=place) from error
    return [dict(_logged(item)) for item in items]


def _logged(item: Item) -> Iterator[tuple[str, Any]]:
    yield "card", item.card
    yield "outcome", item.outcome
    yield "at", item.outcome_timestamp.isoformat()
    if item.accepted_suggestions:
        yield "suggestions", [suggestion.id for suggestion in item.accepted_suggestions]
    if item.override_reason and item.override_reason.reason:
        yield "reason", item.override_reason.reason.code
