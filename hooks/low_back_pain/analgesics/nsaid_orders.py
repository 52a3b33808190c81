"""
The NSAID that is being ordered: which drafts count as one, and the shape of every rule that judges it.

Aspirin above 325 mg a day counts as an NSAID (SAFE-23); a topical NSAID has rules of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    none_of,
    offer,
    order_dose,
    order_is,
    remove_order,
    selected,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_500, ACETAMINOPHEN_HAZARD, WITHOUT_MEDICINE
from hooks.low_back_pain.analgesics.nsaid_guards import NSAID_WARNING
from hooks.low_back_pain.definitions import (
    ASPIRIN,
    BENEFIT_OUTWEIGHS_RISK,
    DATA_OUTDATED,
    INDEX_ON_RECORD,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    OTHER_REASON,
    topic,
)
from hooks.low_back_pain.opioids.history import REMOVAL_ALLOWED

if TYPE_CHECKING:
    from cds_service import Criterion

ASPIRIN_INGREDIENT = "1191"
LOW_DOSE_MG = 325
ORDERED = selected(NSAID, ASPIRIN, besides=(NSAID_TOPICAL,), label="an NSAID or aspirin is ordered")
ORDERED_TOPICAL = selected(NSAID_TOPICAL, label="a topical NSAID is ordered")
_HIGH_ASPIRIN = order_dose(
    ASPIRIN, ASPIRIN_INGREDIENT, above_mg=LOW_DOSE_MG, label="aspirin above 325 mg a day is ordered"
)
COUNTS_AS_NSAID = any_of(
    order_is(NSAID, label="an NSAID is ordered"),
    _HIGH_ASPIRIN,
    label="an NSAID, or aspirin above 325 mg a day, is ordered",
)
ON_RECORD = all_of(INDEX_ON_RECORD, COUNTS_AS_NSAID, label="an NSAID ordered, and low back pain on record")

# SAFE-05, SAFE-06: a product that holds an opioid too is removed only where an opioid may be
REMOVE = remove_order(
    "Remove the NSAID draft",
    when=any_of(none_of(order_is(OPIOID, OPIOID_FOR_OUD, label="an opioid is ordered")), REMOVAL_ALLOWED),
)
REASONS = (BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON)
_TOPIC = topic("nsaid-safety")
DISCREET = "NSAID: a recorded condition speaks against it"
# What to do, said once and first; no word of it where the NSAID only asks for care
INSTEAD = (
    Line(
        "Consider acetaminophen instead.",
        all_of(
            NSAID_WARNING,
            none_of(ACETAMINOPHEN_HAZARD),
            label="a reason against an NSAID, and none against acetaminophen",
        ),
    ),
    Line("Heat and staying active need no medicine; review within 2 weeks.", NSAID_WARNING),
)
_ALTERNATIVE = offer(ACETAMINOPHEN_500, otherwise=WITHOUT_MEDICINE)
_WEAKER = offer(ACETAMINOPHEN_500, otherwise=())
safety_rule = partial(
    Rule,
    topic=_TOPIC,
    on=ORDERED,
    scope=ON_RECORD,
    if_unknown="advise",
    evidence=(S.NSAID_TO_AVOID, S.NSAID_GUARDS, S.NSAID_FIRST, S.EITHER_FIRST),
)
"""A rule of the card nsaid-safety: a Rule with what all of them share."""


def against(indicator: Indicator, summary: str, *lines: str) -> Advice:
    """Return advice against the NSAID: acetaminophen first and alone, then removal (REC-1)."""
    return Advice(
        indicator,
        summary,
        (*(Line(says) for says in lines), *INSTEAD),
        suggestions=(_ALTERNATIVE, REMOVE),
        override_reasons=REASONS,
        discreet=DISCREET,
    )


def careful(summary: str, *lines: str, screen: tuple[Criterion, ...] = ()) -> Advice:
    """Return advice to be careful with the NSAID; acetaminophen is the other possibility."""
    return Advice(
        Indicator.INFO,
        summary,
        tuple(Line(says) for says in lines),
        suggestions=(_WEAKER,),
        override_reasons=REASONS,
        screen=screen,
        discreet="NSAID: a recorded condition asks for care",
    )
