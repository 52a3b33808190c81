"""JSON without empty members: nothing said is lost, and nothing is left that says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cards.emptiness import is_empty, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", [], {}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "_a", "b", "__a"]), inner, max_size=4)
    ),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "_a", "b"]), JSON, max_size=3)


def members(node: object) -> Iterator[object]:
    """Yield the value of every member at any depth."""
    if isinstance(node, dict):
        yield from node.values()
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from members(item)


@pytest.mark.parametrize(
    ("node", "tidy"),
    [
        (
            {"a": None, "b": "", "c": [], "d": {}, "e": 0, "f": False, "g": " "},
            {"e": 0, "f": False, "g": " "},
        ),
        ({"a": {"b": {"c": None}}, "d": 1}, {"d": 1}),
        ({"a": [{"b": None}, {"c": 1}, None, ""]}, {"a": [{"c": 1}]}),
        ({"a": ["x", None], "_a": [None, {"id": "y"}]}, {"a": ["x", None], "_a": [None, {"id": "y"}]}),
        ({"a": ["x", None], "_a": [None, {}]}, {"a": ["x"]}),
        ({"a": [None, ""], "_a": [None, {"id": "y"}]}, {"_a": [None, {"id": "y"}]}),
        ({"a": ["x", None]}, {"a": ["x"]}),
        ({}, {}),
    ],
)
def test_empty_members_go(node: dict[str, Any], tidy: dict[str, Any]) -> None:
    """Null, "", [] and {} at any depth; false, 0, a blank and FHIR's place-holders stay."""
    assert without_empty(node) == tidy


def test_the_order_of_members_stays() -> None:
    """An update differs from the draft only where it means to, byte for byte."""
    assert list(without_empty({"b": 1, "_a": {"id": "x"}, "gone": None, "a": 2})) == ["b", "_a", "a"]


@given(OBJECTS)
def test_no_member_is_empty_afterwards(node: dict[str, Any]) -> None:
    """Not even after what was in it went; doing it again changes nothing."""
    tidy = without_empty(node)

    assert not [value for value in members(tidy) if is_empty(value)]
    assert without_empty(tidy) == tidy


@pytest.mark.parametrize("name", ["a", "_a"])
def test_depth_costs_no_more_than_size(name: str) -> None:
    """A draft nested as deeply as the protocol allows is tidied at once."""
    node: dict[str, Any] = {"x": 1}
    for _ in range(64):
        node = {name: [node], f"_{name}": None}

    tidy = without_empty(node)

    assert list(tidy) == [name]
    assert sum(value == 1 for value in members(tidy)) == 1
