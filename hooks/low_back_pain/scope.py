"""For whom this guideline is not made: one card says so, and every other stays away (SAFE-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import Advice, Indicator, Line, Rule

from . import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from .definitions import UNDER_18, topic

if TYPE_CHECKING:
    from cds_service import Criterion, Trigger


def not_in_scope(rule_id: str, on: Trigger, scope: Criterion) -> Rule:
    """Return the rule that tells of a patient under 18 when `on` wakes it within `scope`."""
    return Rule(
        id=rule_id,
        rows=("SAFE-28",),
        topic=topic("not-in-scope"),
        on=on,
        scope=scope,
        when=UNDER_18,
        if_unknown="stay silent",
        advice=Advice(
            Indicator.INFO,
            "Low back pain advice is not designed for under 18",
            (
                Line(
                    "Back pain in children and adolescents needs assessment: "
                    "no advice on this order is given here."
                ),
            ),
        ),
        evidence=(S.NOT_FOR_CHILDREN,),
    )
