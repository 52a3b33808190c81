"""Override reasons: the guideline's own and HL7's, none said twice, in a menu short enough to read."""

from __future__ import annotations

import pytest

from cds_service.cards.override_reasons import MENU_LIMIT, NON_ADHERENCE, STANDARD_REASONS, menu
from cds_service.fhir import Coding

LOCAL = "http://example.org/reasons"
STANDARD = [reason.code for reason in STANDARD_REASONS]


def _own(*codes: str) -> list[Coding]:
    return [Coding(LOCAL, code, code.capitalize()) for code in codes]


def _codes(reasons: list[Coding]) -> list[str | None]:
    return [reason.code for reason in reasons]


def test_the_guidelines_own_reasons_come_first() -> None:
    """Then HL7's, in the order of the list."""
    reasons = menu(_own("palliative", "outdated"), {})

    assert _codes(reasons) == ["palliative", "outdated", *STANDARD]
    assert {reason.system for reason in reasons[2:]} == {NON_ADHERENCE}


def test_the_open_reason_closes_the_menu() -> None:
    """`other` is read after everything it is the rest of."""
    assert _codes(menu(_own("other", "palliative"), {})) == ["palliative", *STANDARD, "other"]


def test_no_two_reasons_say_the_same() -> None:
    """Where the guideline's own says what a standard one says, the standard one is left out."""
    alike = {"preference": "does-not-align-preferences", "unused": "cds-not-applicable"}

    offered = _codes(menu(_own("preference", "preference"), alike))

    assert offered == ["preference", *(code for code in STANDARD if code != "does-not-align-preferences")]


def test_a_rule_without_reasons_offers_no_menu() -> None:
    """What needs no reason to be put aside asks for none."""
    assert menu([], {}) == []


@pytest.mark.parametrize("count", [1, 5, 9, 10, 14])
def test_a_menu_is_short_and_keeps_what_the_guideline_names(count: int) -> None:
    """At most ten, unless the guideline itself names more."""
    own = _own(*(f"own-{n}" for n in range(count - 1)), "other")

    reasons = menu(own, {})

    assert len(reasons) == max(count, min(MENU_LIMIT, count + len(STANDARD)))
    assert {reason.code for reason in own} <= set(_codes(reasons))
    assert reasons[-1].code == "other"


def test_standard_reasons_fit_a_menu() -> None:
    """Each has words of its own, of a length that a menu shows."""
    displays = [reason.display or "" for reason in STANDARD_REASONS]

    assert len(set(displays)) == len(displays)
    assert all(0 < len(display) <= 45 for display in displays)
