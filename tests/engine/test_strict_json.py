"""JSON without second meanings: one object, names once, numbers that end, levels that end."""

from __future__ import annotations

import json

import pytest

from cds_service.errors import UnreadableBodyError
from cds_service.strict_json import DEEPEST, body_members, decoded, members


def refusal_of(text: bytes) -> UnreadableBodyError:
    """Return how a body is refused."""
    with pytest.raises(UnreadableBodyError) as caught:
        body_members(text)
    return caught.value


def nested(levels: int) -> bytes:
    """Return arrays in arrays."""
    return b"[" * levels + b"]" * levels


def test_members_are_kept_as_they_were_written() -> None:
    """Raw, whitespace around them aside, and in their order."""
    text = b' {"b" : [1, 2.50] ,\n"a":{"c":null}, "d":"\\u0041"} '

    assert body_members(text) == {"b": b"[1, 2.50]", "a": b'{"c":null}', "d": b'"\\u0041"'}


@pytest.mark.parametrize("text", [b"", b" \r\n\t", b"\xef\xbb\xbf", b'{"a":1', b'{"a":', b'{"a"', b"{"])
def test_a_body_that_is_not_all_there_is_refused(text: bytes) -> None:
    """E-15: empty or cut off."""
    assert refusal_of(text).issue == "structure"


@pytest.mark.parametrize("text", [b"[]", b"null", b'"x"', b"5", b"true", b'[{"a":1}]'])
def test_a_body_is_an_object(text: bytes) -> None:
    """E-16: and nothing else."""
    assert refusal_of(text).issue == "structure"


@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"])
@pytest.mark.parametrize("place", [b'{"a":"%s"}', b'{"a":{"b":["%s"]}}', b'{"%s":1}'])
def test_what_is_no_utf_8_is_refused(place: bytes, broken: bytes) -> None:
    """E-17: also inside values that stay raw."""
    assert refusal_of(place % broken).issue == "structure"


def test_a_byte_order_mark_is_passed_over() -> None:
    """E-18: once."""
    assert body_members(b'\xef\xbb\xbf{"a":1}') == {"a": b"1"}
    assert refusal_of(b'\xef\xbb\xbf\xef\xbb\xbf{"a":1}')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """E-18: JSON travels in UTF-8 (RFC 8259)."""
    assert refusal_of('{"a":1}'.encode(encoding))


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b".5", b"+1", b"0x1"])
def test_what_json_does_not_call_a_number_is_refused(number: bytes) -> None:
    """E-19: anywhere in the body."""
    assert refusal_of(b'{"a":{"b":[%s]}}' % number)


@pytest.mark.parametrize("number", [b"1e999", b"-1E+999", b"1" + b"0" * 400 + b".5", b"NaN", b"-Infinity"])
def test_a_decoded_number_is_finite(number: bytes) -> None:
    """E-19: what would become infinite could not be written back."""
    with pytest.raises(UnreadableBodyError):
        decoded(b'{"a":[%s]}' % number, "context")


@pytest.mark.parametrize(("digits", "fits"), [(308, True), (309, False), (5000, False)])
def test_a_decoded_integer_is_within_a_decimal(digits: int, fits: bool) -> None:  # noqa: FBT001 - a column
    """E-23: else arithmetic on it would overflow."""
    text = b"9" * digits

    if fits:
        assert decoded(text, "context") == int(text)
    else:
        with pytest.raises(UnreadableBodyError):
            decoded(text, "context")


@pytest.mark.parametrize("text", [b"0", b"-0.0", b"1.10", b"1e-999", b"123456789012345678901234567890"])
def test_numbers_are_read_as_python_reads_them(text: bytes) -> None:
    """One that is too small is zero."""
    assert decoded(text, "context") == json.loads(text)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"\uDC00", "\ufffd"),
        (rb"\\ud800", "\\ud800"),
        (rb"\\\ud800", "\\\ufffd"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud800 \ud83d\ude00 \\ud83d", "\ufffd \U0001f600 \\ud83d"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ],
)
def test_only_half_characters_are_replaced(sent: bytes, read: str) -> None:
    """E-20: whole ones and escaped backslashes stay what they are."""
    text = body_members(b'{"a":"' + sent + rb"\ud800" + b'"}')["a"]

    assert decoded(text, "a") == read + "\ufffd"


@pytest.mark.parametrize("text", [b'{"a":1,"a":1}', b'{"a":1,"b":2,"\\u0061":null}', b'{"":1,"":2}'])
def test_a_member_that_occurs_twice_is_refused(text: bytes) -> None:
    """E-21: in any spelling of its name; the same in every object that is decoded."""
    assert refusal_of(text).issue == "structure"
    for deeper in (text, b"[1,%s]" % text, b'{"x":{"y":[%s]}}' % text):
        with pytest.raises(UnreadableBodyError):
            decoded(deeper, "context")


def test_the_same_name_in_different_objects_is_no_repetition() -> None:
    """E-21: only within one object."""
    text = b'{"a":{"a":1},"b":[{"a":2},{"a":3}]}'

    assert decoded(text, "context") == json.loads(text)


@pytest.mark.parametrize(
    "deep", [nested(100_000), b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000]
)
def test_nesting_without_end_is_refused(deep: bytes) -> None:
    """E-22: in the body, before anything of it is decoded."""
    assert refusal_of(b'{"prefetch":{"a":%s}}' % deep).issue == "structure"


@pytest.mark.parametrize("inside", [b"%s", b'{"a":%s}'])
def test_a_decoded_value_has_a_bounded_depth(inside: bytes) -> None:
    """E-22: no walk over it needs to fear the bottom."""
    outer = inside.count(b"{")

    assert decoded(inside % nested(DEEPEST - outer), "context") is not None
    for levels in (DEEPEST - outer + 1, 900, 100_000):
        with pytest.raises(UnreadableBodyError) as caught:
            decoded(inside % nested(levels), "context")
        assert caught.value.expression == "context"


@pytest.mark.parametrize(
    "text", [b'{"a":1,}', b'{"a":[1,]}', b'{"a":1}//x', b'{"a":/**/1}', b'{"a":1}#', b"{'a':1}", b'{"a":1} 2']
)
def test_nothing_beside_json_is_allowed(text: bytes) -> None:
    """E-27, GEN-04: no comments, no trailing commas, no second value."""
    assert refusal_of(text).issue == "structure"


def test_an_object_within_is_taken_apart_like_the_body() -> None:
    """The place is named in its errors."""
    assert members(b'{"a":[1]}', "prefetch") == {"a": b"[1]"}
    with pytest.raises(UnreadableBodyError) as caught:
        members(b'{"a":1,"a":2}', "prefetch")
    assert caught.value.expression == "prefetch"


def test_no_refusal_repeats_what_was_sent() -> None:
    """It may be about a patient."""
    for text in (b'{"Jane":1,"Jane":2}', b'{"Jane":', b'["Jane"]', b'{"a":"Jane\xff"}'):
        assert "Jane" not in refusal_of(text).message
