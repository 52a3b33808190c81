"""
JSON as the body of a call must be: one object in UTF-8, no name twice, every number finite, not deep.

Members are taken apart first and decoded one by one, so that prefetch, by far the largest part,
stays raw bytes: of what lies inside a prefetch value only the syntax is checked here. A number in
it that is too large for a decimal makes that value unreadable, as if it had not been sent.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from .errors import UnreadableBodyError

BOM = b"\xef\xbb\xbf"
DEEPEST = 64
"""Levels of nesting of a decoded member; orders have about twenty, contained resources included."""
_LONGEST_INTEGER = 308
"""Digits of an integer; a longer one is beyond a double, and beyond any arithmetic on doses."""
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""An escaped half of a character, left when a client cuts a text; group 1: escaped backslashes."""


class _Name:
    """A member's name, equal to itself only: a dict of these keeps names that occur twice."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


_MEMBERS = msgspec.json.Decoder(dict[_Name, msgspec.Raw], dec_hook=lambda _, text: _Name(text))
_UNFIT = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def body_members(body: bytes) -> dict[str, bytes]:
    """
    Return the members of a request body, each as raw JSON.

    A byte order mark is passed over, half characters become U+FFFD. Raises UnreadableBodyError.
    """
    text = body.removeprefix(BOM)
    if not text.strip():
        raise UnreadableBodyError("the body is empty: send one JSON object")
    try:
        return members(text, "")
    except UnreadableBodyError:
        mended = _LONE_SURROGATE.sub(rb"\1\\ufffd", text)
        if mended == text:
            raise
        return members(mended, "")


def members(text: bytes, place: str) -> dict[str, bytes]:
    """
    Return the members of the object at `place` ("" for the body), each as raw JSON.

    Raises UnreadableBodyError when the text is no JSON object, no UTF-8, or names a member twice.
    """
    try:
        text.decode()  # the decoder passes over the bytes of values that it leaves raw
        pairs = _MEMBERS.decode(text)
    except _UNFIT as error:
        what = f"{place or 'the body'} must be one JSON object, in UTF-8 and not deeply nested"
        raise UnreadableBodyError(what, expression=place) from error
    found = {name.text: bytes(raw) for name, raw in pairs.items()}
    if len(found) < len(pairs):
        raise UnreadableBodyError(f"{place or 'the body'} has a member twice", expression=place)
    return found


def decoded(text: bytes, place: str) -> Any:  # noqa: ANN401 - any JSON
    """
    Return the value of a member; `place` names it in errors, "" where its name is the caller's own.

    Raises UnreadableBodyError for a name that occurs twice in an object, at any depth, for
    numbers without end, and for more than DEEPEST levels.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_integer,
        )
    except (ValueError, RecursionError) as error:
        what = f"{place or 'the body'} must name no member twice and have no number out of range"
        raise UnreadableBodyError(what, expression=place) from error
    if not _shallow(value, DEEPEST):
        what = f"{place or 'the body'} is nested deeper than {DEEPEST} levels"
        raise UnreadableBodyError(what, expression=place)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        msg = "a member occurs twice"
        raise ValueError(msg)
    return made


def _decimal(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        msg = "a number is out of range"
        raise ValueError(msg)
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        msg = "a number is out of range"
        raise ValueError(msg)
    return int(text)  # NaN and Infinity are no integers: a ValueError too


def _shallow(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(item, levels - 1) for item in inner)
