"""Settings: environment variables with the prefix CDS_; a name we do not know refuses to start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "CDS_"
Names = Annotated[tuple[str, ...], NoDecode]


class SettingsError(ValueError):
    """A setting is unknown or wrong; the message names the variable and what to write."""


class Settings(BaseSettings):
    """
    What an operator may set. Lists are separated by commas.

    public_url: where clients reach the service, for links on cards. guidelines: packages to
    load. site_codes: folder of ConceptMaps from local codes to ours. audit: `stdout` or
    `file:PATH`. open: allow a bind to other than loopback without a client registry.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    public_url: str = ""
    guidelines: Names = ("hooks.low_back_pain",)
    site_codes: str = ""
    cors_origins: Names = ()
    max_body_bytes: Annotated[int, Field(gt=0)] = 8 * 1024 * 1024
    audit: str = "stdout"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    docs: bool = False
    open: bool = False

    @field_validator("guidelines", "cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("audit")
    @classmethod
    def _destination(cls, value: str) -> str:
        if value != "stdout" and not value.startswith("file:"):
            msg = "write stdout or file:PATH"
            raise ValueError(msg)
        return value


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; SettingsError when a CDS_ variable is unknown or its value is wrong."""
    environment = os.environ if environment is None else environment
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    given = {name: value for name, value in environment.items() if name.upper().startswith(PREFIX)}
    unknown = sorted(name for name in given if name.upper() not in known)
    if unknown:
        msg = f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        raise SettingsError(msg)
    try:
        return Settings(**{name.upper().removeprefix(PREFIX).lower(): value for name, value in given.items()})  # type: ignore[arg-type]  # strings, validated
    except ValueError as error:
        places = "; ".join(_said(item) for item in getattr(error, "errors", list)())
        raise SettingsError(places or str(error)) from error


def _said(error: dict[str, object]) -> str:
    location = error.get("loc")
    name = str(location[0]) if isinstance(location, tuple) and location else "?"
    return f"{PREFIX}{name.upper()}: {error.get('msg')}"
