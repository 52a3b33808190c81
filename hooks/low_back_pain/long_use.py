"""Whether a medicine has been taken for long: three ways to tell it from orders (guideline.md SAFE-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import days, repeated, supplied, taken_for
from hooks.low_back_pain.definitions import MEDICATIONS

if TYPE_CHECKING:
    from cds_service import Criterion, ValueSet


def used_for_long(
    value_set: ValueSet, article: str, noun: str, *, statements: bool = False
) -> tuple[Criterion, ...]:
    """
    Return what each alone means long use of `value_set`, which `noun` names.

    statements: one that says since when it is taken counts as an order does.

    Monthly renewals are usually completed requests, so status alone must not hide them.
    """
    return (
        taken_for(
            MEDICATIONS,
            value_set,
            at_least=days(90),
            statements=statements,
            label=f"{article} {noun} ordered 90 days ago or more",
        ),
        repeated(
            MEDICATIONS,
            value_set,
            apart=days(60),
            within=days(180),
            label=f"{noun} orders 60 days apart within 180 days",
        ),
        supplied(
            MEDICATIONS,
            value_set,
            at_least=days(60),
            within=days(90),
            label=f"60 days' {noun} supply in 90 days",
        ),
    )
