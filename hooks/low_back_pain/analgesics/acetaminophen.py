"""
Acetaminophen: the daily total of all products, and the shape of every rule about an order that holds it.

Two services share this (guideline.md 10.1): opioid products are judged by the one, all others
by the other, with the same limits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import Advice, Line, Rule, all_of, any_of, daily_dose
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.guards import ALCOHOL_USE, LIVER_DISEASE
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    BENEFIT_OUTWEIGHS_RISK,
    DATA_OUTDATED,
    INDEX_ON_RECORD,
    MEDICATIONS,
    OTHER_REASON,
)

if TYPE_CHECKING:
    from cds_service import Indicator, Suggest

_INGREDIENT = "161"

OVER_3_G = daily_dose(
    MEDICATIONS, ACETAMINOPHEN, _INGREDIENT, above_mg=3000, label="more than 3 g of acetaminophen a day"
)
OVER_2_G = all_of(
    any_of(LIVER_DISEASE, ALCOHOL_USE, label="a lower limit"),
    daily_dose(
        MEDICATIONS, ACETAMINOPHEN, _INGREDIENT, above_mg=2000, label="more than 2 g of acetaminophen a day"
    ),
)
OVER_LIMIT = any_of(OVER_3_G, OVER_2_G)
TOTAL_UNKNOWN = daily_dose(
    MEDICATIONS,
    ACETAMINOPHEN,
    _INGREDIENT,
    unknown=True,
    label="an acetaminophen order without a computable dose",
)


acetaminophen_rule = partial(
    Rule,
    rows=("APA-01", "SAFE-25"),
    scope=INDEX_ON_RECORD,
    if_unknown="advise",
    evidence=(S.ACETAMINOPHEN_LIMIT, S.ACETAMINOPHEN_HAZARDS),
)
"""A rule about the acetaminophen in an order: a Rule with what all of them share."""


def remove_or_explain(
    indicator: Indicator, summary: str, *lines: Line, remove: Suggest, discreet: str = ""
) -> Advice:
    """Return advice that offers to remove the order, or to say why it is kept."""
    return Advice(
        indicator,
        summary,
        lines,
        suggestions=(remove,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
        discreet=discreet,
    )
