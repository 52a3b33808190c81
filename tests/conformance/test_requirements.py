"""The ledger of requirements is complete: each that binds the service has a test, or a reason why not."""

from __future__ import annotations

from tests.conformance.ledger import PREFIXES, named_by_tests, requirements


def test_every_requirement_that_binds_us_has_a_test_or_a_reason() -> None:
    """A test names the requirement in its docstring; the reason stands in requirements.md."""
    named = named_by_tests()

    assert [row.id for row in requirements().values() if row.needs_test and row.id not in named] == []


def test_tests_name_only_requirements_that_there_are() -> None:
    """An id that is in no row is a slip of the pen, or a requirement that was forgotten."""
    unknown = {name: tests for name, tests in named_by_tests().items() if name not in requirements()}

    assert unknown == {}


def test_requirements_are_numbered_without_a_gap() -> None:
    """None was lost: each section counts from 01."""
    for prefix in PREFIXES:
        numbers = [int(name[-2:]) for name in requirements() if name.startswith(f"{prefix}-")]
        assert numbers == list(range(1, len(numbers) + 1))


def test_every_requirement_says_whom_it_binds() -> None:
    """The service, the client, or both."""
    assert {row.binds for row in requirements().values()} == {"S", "C", "B"}
    assert all(row.verb and row.text for row in requirements().values())
