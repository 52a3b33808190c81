"""What a browser sends with a form, read within limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .refusal import PageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import MIMEPart

    from starlette.requests import Request

MAX_BYTES = 8 * 1024 * 1024
_MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Form:
    """The fields by name, the last of a name counts; file: what was chosen to upload, "" for none."""

    fields: Mapping[str, str] = field(default_factory=dict)
    file: bytes = b""

    def text(self, name: str) -> str:
        """Return a field without white space around it; "" when it was not sent."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int:
        """Return a field as a number of at most nine digits; PageError 400 when it is none."""
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > len("123456789"):
            raise PageError(400, f"The field '{name}' must be a number. Reload the page and try again.")
        return int(text)


async def read_form(request: Request) -> Form:
    """Read the body of a request; PageError 413 beyond 8 MiB, 400 when it cannot be read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise PageError(413, "That is more than 8 MiB. Upload less at a time.")
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return _multipart(kind, bytes(body))
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise PageError(400, "The form cannot be read. Reload the page and try again.") from None
    return Form(dict(pairs))


def _multipart(kind: str, body: bytes) -> Form:
    """Read a form with a file as the MIME message that it is."""
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(message.iter_parts())
    if not parts or len(parts) > _MAX_FIELDS:
        raise PageError(400, "The form cannot be read. Reload the page and try again.")
    files = [_content(part) for part in parts if part.get_filename() is not None]
    fields = {
        str(part.get_param("name", "", "content-disposition")): _content(part).decode("utf-8", "replace")
        for part in parts
        if part.get_filename() is None
    }
    return Form(fields, files[0] if files else b"")


def _content(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
