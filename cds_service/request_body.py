"""Reading a request's body up to the limit: a larger one is refused before it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import BodyTooLargeError, UnsupportedMediaError

if TYPE_CHECKING:
    from starlette.requests import Request

_JSON_TYPES = frozenset({"", "application/json", "application/fhir+json", "text/json"})
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


def check_size(request: Request, limit: int) -> None:
    """Refuse a body that is too large by its own account: BodyTooLargeError."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)


async def read_body(request: Request, limit: int) -> bytes:
    """
    Return the body as sent.

    A missing Content-Type is taken for JSON. Raises UnsupportedMediaError for another type,
    charset or a content-encoding, BodyTooLargeError as soon as more than `limit` bytes came.
    """
    _check_media(request)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_media(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    named = dict(part.strip().partition("=")[::2] for part in parameters.split(";"))
    charset = named.get("charset", "").strip('"')
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if media_type.strip() not in _JSON_TYPES or charset not in _CHARSETS or encoding not in {"", "identity"}:
        raise UnsupportedMediaError("send application/json in UTF-8 without content-encoding")


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body may have at most {limit} bytes")
