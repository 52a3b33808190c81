"""
Base URLs of FHIR servers, taken apart so that two spellings of one place are equal and tricks do not parse.

What is compared is what the HTTP client will connect to: it does the parsing of the host. Text
that two parsers could read differently (user info, backslashes, percent signs, dot segments,
empty segments, path parameters, white space) is no base URL at all.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import httpx2

_SHAPE = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[^\x00-\x20\x7f/\\?#@%:\[\]]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~$!+=,:-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)
_DOTS = frozenset({".", ".."})
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_QUERY = re.compile(r"[\x21\x22\x24-\x7e]*")
_DEFAULT_PORT = {"http": 80, "https": 443}
_LAST_PORT = 65535
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """
    A scheme, the host as it is connected to, the effective port, and the segments of the path.

    host: lower case, IDNA-encoded, without a final dot; an IP address in its shortest form.
    """

    scheme: str
    host: str
    port: int
    segments: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it down, without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORT[self.scheme] else f":{self.port}"
        return "/".join((f"{self.scheme}://{host}{port}", *self.segments))

    @property
    def loopback(self) -> bool:
        """Whether this machine itself is meant: localhost, 127.0.0.0/8 or ::1."""
        address = _address(self.host)
        if address is None:
            return self.host == "localhost"
        return address.is_loopback if address.version == 4 else address == ipaddress.IPv6Address("::1")  # noqa: PLR2004

    @property
    def confidential(self) -> bool:
        """Whether patients' data may travel there: by TLS, or without leaving this machine."""
        return self.scheme == "https" or self.loopback

    def covers(self, other: BaseUrl) -> bool:
        """Whether the other is the same place or below it, by whole segments of the path."""
        here = (self.scheme, self.host, self.port, self.segments)
        return here == (other.scheme, other.host, other.port, other.segments[: len(self.segments)])


def base_url(text: str) -> BaseUrl | None:
    """Take a URL apart; None when it is not plainly an http(s) URL of host, port and path."""
    match = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    host = _host(match["host"]) if match else ""
    if not match or not host:
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"] or _DEFAULT_PORT[scheme])
    segments = tuple(match["path"].split("/")[1:])
    if not 0 < port <= _LAST_PORT or not _DOTS.isdisjoint(segments):
        return None
    return BaseUrl(scheme, host, port, segments)


def place_of(url: str) -> BaseUrl | None:
    """Return where an absolute URL points, its query aside; None when it is not plain, or has a fragment."""
    path, _, query = url.partition("?")
    return base_url(path) if _QUERY.fullmatch(query) else None


def _host(text: str) -> str:
    """Return the host as the HTTP client understands it; "" when it is no name and no address."""
    try:
        host = httpx2.URL(f"http://{text}/").raw_host.decode("ascii").removesuffix(".")
    except (httpx2.InvalidURL, UnicodeError):
        return ""
    address = _address(host)
    if address is not None:
        return address.compressed
    numeric = _NUMBER.fullmatch(
        host.rpartition(".")[2]
    )  # such as 127.1 or 0x7f000001: an address in disguise
    return host if _NAME.fullmatch(host) and not numeric else ""


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
