"""
The messages of a card (CDS Hooks 2.0.1, card attributes), with the limits of the specification.

What cannot be sent cannot be built: the constructors raise pydantic's ValidationError.
`systemActions`, `actionSelectionBehavior` and `autolaunchable` are not modelled, because this
service never sends them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from .emptiness import without_empty
from .text import CONTROL

SUMMARY_LIMIT = 139
_TYPE = "[A-Z][A-Za-z]{1,63}"
_ID = "[A-Za-z0-9.-]{1,256}"  # drafts of some EHRs have longer ids than FHIR's 64


def _one_line(text: str) -> str:
    if CONTROL.search(text) or text != text.strip():
        msg = "must be one trimmed line without control characters"
        raise ValueError(msg)
    return text


def _lines(text: str) -> str:
    if CONTROL.search(text.replace("\n", " ")) or not text.strip():
        msg = "must be text without control characters other than line feeds"
        raise ValueError(msg)
    return text


def _full(node: dict[str, Any]) -> dict[str, Any]:
    if not node or without_empty(node) != node:
        msg = "has a member that is null or empty: leave it out"
        raise ValueError(msg)
    return node


Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Lines = Annotated[str, AfterValidator(_lines)]
Summary = Annotated[str, Field(min_length=1, max_length=SUMMARY_LIMIT), AfterValidator(_one_line)]
"""One line of fewer than 140 characters, counted in code points."""
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Uri = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$")]
Reference = Annotated[str, Field(pattern=f"^{_TYPE}/{_ID}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
Resource = Annotated[dict[str, Any], AfterValidator(_full)]


class _Message(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    def wire(self) -> dict[str, Any]:
        """Return the JSON object: camelCase, members without value left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Coding(_Message):
    """A CDS Hooks Coding: code and system always."""

    system: Uri
    code: Line
    display: Line | None = None


class OverrideReason(Coding):
    """A Coding that a clinician picks from a menu: it has a display."""

    display: Line


class Source(_Message):
    """Who says so, and on which topic: a client remembers overrides by it."""

    label: Line
    url: Url | None = None
    topic: Coding


class Action(_Message):
    """
    One change to the order basket.

    create: a new resource, which has no id: the client's server gives one, and no other create
    of a suggestion refers to it. update: the whole resource with its id. delete: `Type/id`, and
    no resource.
    """

    type: Literal["create", "update", "delete"]
    description: Lines
    resource: Resource | None = None
    resource_id: Reference | None = None

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        named = self.resource_id is not None
        if named == (self.resource is not None) or named != (self.type == "delete"):
            msg = "delete carries resourceId and nothing else; create and update carry resource"
            raise ValueError(msg)
        if self.resource is not None:
            _identified(self.resource, with_id=self.type == "update")
        return self


class _Identified(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)

    resource_type: Annotated[str, Field(pattern=f"^{_TYPE}$")]
    id: Annotated[str, Field(pattern=f"^{_ID}$")] | None = None


def _identified(resource: dict[str, Any], *, with_id: bool) -> None:
    if (_Identified.model_validate(resource).id is not None) != with_id:
        msg = "update carries a resource with its id, create one without"
        raise ValueError(msg)


class Suggestion(_Message):
    """A button, and what a click on it does: all its actions."""

    label: Line
    uuid: Uuid
    is_recommended: bool | None = None
    actions: Annotated[list[Action], Field(min_length=1)]


class Link(_Message):
    """A way to more: a page, or a SMART app with what it is to open."""

    label: Line
    url: Url
    type: Literal["absolute", "smart"]
    app_context: Lines | None = None

    @model_validator(mode="after")
    def _launched(self) -> Self:
        if self.app_context is not None and self.type != "smart":
            msg = "appContext goes with smart links only"
            raise ValueError(msg)
        return self


class Card(_Message):
    """One piece of advice."""

    uuid: Uuid
    summary: Summary
    indicator: Literal["info", "warning", "critical"]
    detail: Lines
    source: Source
    suggestions: Annotated[list[Suggestion], Field(min_length=1)] | None = None
    selection_behavior: Literal["any", "at-most-one"] | None = None
    override_reasons: Annotated[list[OverrideReason], Field(min_length=1)] | None = None
    links: Annotated[list[Link], Field(min_length=1)] | None = None
    extension: Annotated[dict[Name, Any], AfterValidator(_full)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.suggestions is None) != (self.selection_behavior is None):
            msg = "selectionBehavior goes with suggestions, and never without"
            raise ValueError(msg)
        if sum(bool(item.is_recommended) for item in self.suggestions or ()) > 1:
            msg = "at most one suggestion is recommended"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        uuids = [self.uuid, *(item.uuid for item in self.suggestions or ())]
        reasons = [(item.system, item.code) for item in self.override_reasons or ()]
        if len(set(uuids)) < len(uuids) or len(set(reasons)) < len(reasons):
            msg = "feedback names suggestions by uuid and reasons by code: each occurs once"
            raise ValueError(msg)
        return self
