"""Settings: environment variables with the prefix CDS_; a name we do not know refuses to start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

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


def load_settings() -> Settings:
    """Read the settings; SettingsError when a CDS_ variable is unknown or its value is wrong."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    given = {name for name in os.environ if name.upper().startswith(PREFIX)}
    unknown = sorted(name for name in given if name.upper() not in known)
    if unknown:
        msg = f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        raise SettingsError(msg)
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_said(item) for item in error.errors())) from error


def _said(error: ErrorDetails) -> str:
    return f"{PREFIX}{str(error['loc'][0]).upper()}: {error['msg']}"
