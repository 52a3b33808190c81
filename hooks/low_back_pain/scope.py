"""For whom this guideline is not made: one card says so, and every other stays away (SAFE-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import Advice, Indicator, Line, Rule, Silence, any_of
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import ACTIVE_CANCER, PALLIATIVE_CARE, UNDER_18, topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service import Criterion, Moment, Trigger

# 10.1: cards about whether a medicine fits are off here; cards about its hazards never are
MUTED = any_of(UNDER_18, PALLIATIVE_CARE, ACTIVE_CANCER, label="under 18, palliative care or active cancer")

_NO_ADVICE = "Back pain in children and adolescents needs assessment: no advice on this order is given here."


def not_in_scope(rule_id: str, on: Trigger | Moment, scope: Criterion, says: str = _NO_ADVICE) -> Rule:
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
            (Line(says),),
        ),
        evidence=(S.NOT_FOR_CHILDREN,),
    )


def silent(
    rung: Callable[..., Rule],
    rule_id: str,
    *rows: str,
    when: Criterion,
    because: str,
    data_missing: bool = False,
) -> Rule:
    """Return the rung that says nothing, and keeps those below it from speaking, when `when` holds."""
    said = Silence(because, data_missing=data_missing)
    return rung(id=rule_id, rows=rows, topic=None, when=when, advice=said, evidence=())
