"""Settings: environment variables with the prefix CDS_; a name we do not know refuses to start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .allow_list import LOOPBACK, AllowList

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
    load. site_codes: folder of ConceptMaps from local codes to ours. fhir_servers: base URLs
    that any caller may name. clients: file with the registry of CDS clients, "" for none.
    deadline_ms: how long the EHR's FHIR server may take in all. audit: `stdout` or `file:PATH`.
    open: without a registry, serve on other than loopback and name FHIR servers all the same.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    public_url: str = ""
    guidelines: Names = ("hooks.low_back_pain",)
    site_codes: str = ""
    fhir_servers: Names = ()
    clients: str = ""
    deadline_ms: Annotated[int, Field(gt=0, le=30_000)] = 2500
    cors_origins: Names = ()
    max_body_bytes: Annotated[int, Field(gt=0)] = 8 * 1024 * 1024
    audit: str = "stdout"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    docs: bool = False
    open: bool = False

    @field_validator("guidelines", "cors_origins", "fhir_servers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("fhir_servers")
    @classmethod
    def _usable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowList(value)
        return value

    @field_validator("audit")
    @classmethod
    def _destination(cls, value: str) -> str:
        if value != "stdout" and not value.startswith("file:"):
            msg = "write stdout or file:PATH"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        """Nobody unknown makes this service call another machine."""
        if not self.clients and not self.open and not all(map(LOOPBACK.allows, self.fhir_servers)):
            msg = (
                "CDS_FHIR_SERVERS names another machine, and anyone may call: "
                "register the clients in CDS_CLIENTS, or set CDS_OPEN=yes"
            )
            raise ValueError(msg)
        return self


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
    place = f"{PREFIX}{str(error['loc'][0]).upper()}: " if error["loc"] else ""
    return f"{place}{error['msg']}"
