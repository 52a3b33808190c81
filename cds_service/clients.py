"""
The registry of CDS clients: who may call, how they prove it, and what is particular to each.

One TOML file, one table `[clients.NAME]` per client (docs/integrators.md). Whatever is unknown,
missing or contradictory in it refuses to start, and so does a registry that names nobody: it
would open the service to everyone.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .allow_list import LOOPBACK, AllowList
from .base_url import base_url, place_of
from .jwks import NO_KEYS, KeySet, KeySetError, read_key_set

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic_core import ErrorDetails

    from .base_url import BaseUrl

Algorithm = Literal["ES384", "RS384", "ES256", "RS256", "PS384"]
SelectionBehavior = Literal["any", "at-most-one"]
_UNSEEN = re.compile(r"[\s\x00-\x20\x7f]")


class ClientsError(ValueError):
    """The registry cannot be used; the message names file, client, key and remedy."""


@dataclass(frozen=True)
class Client:
    """
    A CDS client.

    issuer: the `iss` of its tokens. jwks_url: where it publishes its keys, "" when `keys` were
    given out of band. audiences: further base URLs under which it addresses us. tenants: those
    accepted, empty for any and none. fhir_servers: those that may be asked for its patients.
    site_codes: folder of ConceptMaps from its local codes, "" for none. off: service groups and
    topic codes switched off. reuse_tokens: it sends one token many times.
    """

    name: str
    issuer: str = ""
    jwks_url: str = ""
    keys: KeySet = NO_KEYS
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    audiences: tuple[str, ...] = ()
    tenants: frozenset[str] = frozenset()
    fhir_servers: AllowList = field(default_factory=lambda: AllowList(()))
    cors_origins: tuple[str, ...] = ()
    selection_behavior: SelectionBehavior = "any"
    time_zone: tzinfo = UTC
    site_codes: str = ""
    off: frozenset[str] = frozenset()
    reuse_tokens: bool = False


# Without a registry nobody is asked who they are.
OPEN = Client(name="open", fhir_servers=LOOPBACK)


def load_clients(path: str | Path, *, known_off: Collection[str]) -> tuple[Client, ...]:
    """
    Read the registry; at least one client.

    known_off: the service groups and topic codes that can be switched off. Raises ClientsError.
    """
    file = Path(path)
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        context = {"folder": file.parent, "off": known_off}
        registry = _Registry.model_validate(tables, context=context)
    except OSError as error:
        msg = f"{file}: cannot be read: name a readable file in CDS_CLIENTS"
        raise ClientsError(msg) from error
    except ValidationError as error:
        raise ClientsError("; ".join(f"{file}: {_said(item)}" for item in error.errors())) from None
    except ValueError as error:
        msg = f"{file}: is no TOML in UTF-8: {error}"
        raise ClientsError(msg) from None
    clients = tuple(_client(name, table) for name, table in registry.clients.items())
    _refuse_duplicates(file, clients)
    return clients


def _client(name: str, table: _Table) -> Client:
    values = {key: getattr(table, key) for key in type(table).model_fields if key != "jwks_file"}
    return Client(name=name, keys=table.jwks_file, **values)


def _refuse_duplicates(file: Path, clients: tuple[Client, ...]) -> None:
    for issuer, count in Counter(client.issuer for client in clients).items():
        if count > 1:
            names = ", ".join(client.name for client in clients if client.issuer == issuer)
            msg = f"{file}: clients {names} have one issuer: a token must name one client, so merge them"
            raise ClientsError(msg)


def _said(error: ErrorDetails) -> str:
    """Return one problem in words; pydantic's own say what to write, but repeat no value."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    known = "[clients.NAME] tables" if len(error["loc"]) == 1 else ", ".join(_Table.model_fields)
    words = {
        "extra_forbidden": f"unknown key: known are {known}",
        "missing": "missing: add it",
        "too_short": "empty: name at least one",
        "string_pattern_mismatch": "no name: write up to 40 lower case letters, digits and hyphens",
        "value_error": str(error.get("ctx", {}).get("error", "")),
    }
    return f"{place.removeprefix('.').removesuffix('.[key]')}: {words.get(error['type'], error['msg'])}"


def _printable(text: str) -> str:
    if not text or _UNSEEN.search(text):
        raise ValueError("empty, or has spaces or control characters: write the text without them")
    return text


def _name(text: str) -> str:
    if text == OPEN.name:
        raise ValueError("the audit calls callers so whom nobody asked who they are: choose another name")
    return text


def _some(names: tuple[Algorithm, ...]) -> tuple[Algorithm, ...]:
    if not names:
        raise ValueError("empty: name at least one")
    return names


def _address(url: str) -> str:
    """Return a URL that is safe to ask for keys; it may have a query."""
    return _confidential(url, place_of(url))


def _base_url(url: str) -> str:
    return _confidential(url, base_url(url)).rstrip("/")


def _origin(url: str) -> str:
    place = base_url(url)
    _confidential(url, place)
    # Compared as text with what browsers send, and they send it like this.
    if place is None or place.segments or url.endswith("/") or url != url.lower():
        raise ValueError("no origin: write https://host or https://host:port in lower case, without a path")
    return url


def _confidential(url: str, place: BaseUrl | None) -> str:
    if place is None:
        raise ValueError("no plain URL: write https://host/path without user name, fragment or percent signs")
    if not place.confidential:
        raise ValueError("http is readable on the way: write https (http is for this machine only)")
    return url


def _key_set(data: bytes) -> KeySet:
    """Return keys given out of band; one that should not have left its owner is refused, not ignored."""
    try:
        keys = read_key_set(data)
    except KeySetError as error:
        msg = f"{error}: write a JSON Web Key Set with public keys"
        raise ValueError(msg) from error
    if keys.private:
        raise ValueError("holds a private key: ask its owner for the public one, and to replace this one")
    return keys


_Text = Annotated[str, AfterValidator(_printable)]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"), AfterValidator(_name)]
_Url = Annotated[str, AfterValidator(_address)]
_BaseUrl = Annotated[str, AfterValidator(_base_url)]
_Origin = Annotated[str, AfterValidator(_origin)]


class _Table(BaseModel):
    """One client as written. Its fields are those of Client; `jwks_file` becomes `keys`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    issuer: _Text
    jwks_url: _Url = ""
    jwks_file: KeySet = NO_KEYS
    algorithms: Annotated[tuple[Algorithm, ...], AfterValidator(_some)] = ("ES384", "RS384")
    audiences: tuple[_BaseUrl, ...] = ()
    tenants: frozenset[_Text] = frozenset()
    fhir_servers: AllowList = Field(default_factory=lambda: AllowList(()))
    cors_origins: tuple[_Origin, ...] = ()
    selection_behavior: SelectionBehavior = "any"
    time_zone: tzinfo = UTC
    site_codes: str = ""
    off: frozenset[str] = frozenset()
    reuse_tokens: StrictBool = False

    @field_validator("jwks_file", mode="before")
    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> KeySet:
        if not isinstance(value, str):
            raise ValueError("no path: write the name of a file, relative to this one")  # noqa: TRY004
        try:
            data = (_folder(info) / value).read_bytes()
        except OSError as error:
            raise ValueError("cannot be read: name a file, relative to this one") from error
        return _key_set(data)

    @field_validator("fhir_servers", mode="before")
    @classmethod
    def _allowed(cls, value: object) -> AllowList:
        if not isinstance(value, list) or not all(isinstance(server, str) for server in value):
            raise ValueError("no list of texts: write the base URLs in brackets")
        return AllowList(value)

    @field_validator("time_zone", mode="before")
    @classmethod
    def _zone(cls, value: object) -> tzinfo:
        try:
            return ZoneInfo(str(value))
        except (ValueError, OSError, LookupError) as error:
            raise ValueError("no time zone known here: write a name such as America/Chicago") from error

    @field_validator("site_codes")
    @classmethod
    def _existing(cls, value: str, info: ValidationInfo) -> str:
        path = _folder(info) / value
        if not value or not path.is_dir():
            raise ValueError("no folder: name one with ConceptMaps, relative to this file")
        return str(path)

    @field_validator("off")
    @classmethod
    def _known(cls, value: frozenset[str], info: ValidationInfo) -> frozenset[str]:
        known = set((info.context or {})["off"])
        if not value <= known:
            msg = f"names nothing that can be switched off: known are {', '.join(sorted(known))}"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _has_keys(self) -> _Table:
        given = self.model_fields_set & {"jwks_url", "jwks_file"}
        if len(given) != 1:
            raise ValueError("keys come from one place: write jwks_url or jwks_file")
        if "jwks_file" in given and not _useful(self.jwks_file, self.algorithms):
            raise ValueError("jwks_file has no key with a kid for the algorithms: add one, or name others")
        return self


class _Registry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    clients: Annotated[dict[_Name, _Table], Field(min_length=1)]


def _folder(info: ValidationInfo) -> Path:
    folder: Path = (info.context or {})["folder"]
    return folder


def _useful(keys: KeySet, algorithms: tuple[str, ...]) -> bool:
    return any(not key.algorithms.isdisjoint(algorithms) for key in keys.keys)
