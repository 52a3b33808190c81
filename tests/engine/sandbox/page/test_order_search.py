"""What can be ordered, found by name in the terminology that is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cds_service.sandbox.page.order_search import MOST_FOUND, OrderList, shown_together
from cds_service.terminology import LOINC, RXNORM, SNOMED_CT, Terminology, ValueSet

if TYPE_CHECKING:
    from cds_service.catalogue import Catalogue


def value_set(name: str, title: str, system: str, **codes: str) -> ValueSet:
    """Return a value set; codes by their names."""
    displays = {(system, code): display for code, display in codes.items()}
    return ValueSet(name, title, frozenset(displays), displays=displays)


@pytest.fixture
def orders() -> OrderList:
    """Return a short list: one code of each kind, and one that cannot be ordered."""
    sets = (
        value_set("imaging-a", "Pictures", LOINC, i1="MR Spine", i2="MR Lumbar spine", i3="CT Lumbar spine"),
        value_set("rx-a", "Pain relief", RXNORM, m1="Ointment 5 MG", m2="Tablet of ointment"),
        value_set("rx-b", "Greasy", RXNORM, m1="Ointment 5 MG"),
        value_set("therapy-a", "Moving", SNOMED_CT, t1="Walking"),
        value_set("referral-a", "Others", SNOMED_CT, r1="Referral to a walker"),
        value_set("redflag-a", "Danger", SNOMED_CT, x1="Walking no more"),
    )
    return OrderList([Terminology(sets)])


def names(orders: OrderList, words: str) -> list[str]:
    """Return the names that a search finds."""
    return [item.display for item in orders.search(words)[0]]


def test_a_name_is_found_whatever_its_case(orders: OrderList) -> None:
    """All words count, in any order."""
    assert names(orders, "SPINE lumbar mr") == ["MR Lumbar spine"]


def test_only_what_can_be_ordered_is_found(orders: OrderList) -> None:
    """A finding has codes too, and is no order."""
    assert names(orders, "walk") == ["Walking", "Referral to a walker"]


def test_names_that_begin_so_come_first(orders: OrderList) -> None:
    """Then the short ones."""
    assert names(orders, "ointment") == ["Ointment 5 MG", "Tablet of ointment"]


def test_a_group_is_found_by_its_title(orders: OrderList) -> None:
    """So that one can browse."""
    assert names(orders, "pictures") == ["MR Spine", "CT Lumbar spine", "MR Lumbar spine"]


@pytest.mark.parametrize("words", ["", "  ", "???", "nonsense"])
def test_nothing_is_found_for_nothing(orders: OrderList, words: str) -> None:
    """And a search never fails."""
    assert orders.search(words) == ([], 0)


def test_a_code_in_two_groups_is_one_order(orders: OrderList) -> None:
    """With both titles."""
    found = orders.find(RXNORM, "m1")

    assert found is not None
    assert found.groups == ("Pain relief", "Greasy")
    assert found.is_medication


def test_matches_are_shown_by_kind(orders: OrderList) -> None:
    """In the order of the kinds."""
    items, _ = orders.search("walk")

    assert [(kind, len(found)) for kind, found in shown_together(items)] == [("Therapy", 1), ("Referral", 1)]


def test_the_loaded_guidelines_fill_the_list(catalogue: Catalogue) -> None:
    """Every kind is there, and a broad search tells how much it left out."""
    orders = OrderList(guideline.terminology for guideline in catalogue.guidelines)
    items, total = orders.search("tablet")

    assert set(orders.groups) == {"Imaging", "Medication", "Therapy", "Referral"}
    assert len(items) == MOST_FOUND < total
