"""What adds up with a sedating adjuvant: an opioid, which has its own card, and everything else (SAFE-45)."""

from __future__ import annotations

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    drafted,
    duplicated,
    offer,
    order_is,
    selected,
    taking,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.adjuvants.orders import SEDATIVE, remove
from hooks.low_back_pain.analgesics.guards import ALCOHOL_USE, NALOXONE_OFFER
from hooks.low_back_pain.definitions import (
    BENEFIT_OUTWEIGHS_RISK,
    BENZODIAZEPINE,
    DATA_OUTDATED,
    GABAPENTINOID,
    INDEX_ON_RECORD,
    MEDICATIONS,
    MUSCLE_RELAXANT,
    OPIOID,
    OPIOID_FOR_OUD,
    OTHER_REASON,
    SEDATIVE_OTHER,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.kidney import AGED_65
from hooks.low_back_pain.opioids.history import LONG_TERM
from hooks.low_back_pain.shared_hazards import (
    SLEEP_DISORDERED,
    TAKES_BENZODIAZEPINE,
    TAKES_GABAPENTINOID,
    TAKES_OTHER_SEDATIVE,
    TAKES_RELAXANT,
    combinations,
)

# SAFE-06: monthly renewals are usually completed requests, so status alone must not hide the opioid
_TAKES_OPIOID = any_of(
    taking(MEDICATIONS, OPIOID, OPIOID_FOR_OUD, label="an opioid"),
    LONG_TERM,
    label="an opioid, now or for long",
)
OPIOID_GIVEN = any_of(
    _TAKES_OPIOID,
    order_is(OPIOID, OPIOID_FOR_OUD, label="an opioid in the same product"),
    label="an opioid beside the order or in it",
)
# SAFE-45 without age, which a muscle relaxant has a rule of its own about; a renewal is no second one
OTHER_SEDATION = any_of(
    duplicated(
        MEDICATIONS,
        BENZODIAZEPINE,
        GABAPENTINOID,
        MUSCLE_RELAXANT,
        SEDATIVE_OTHER,
        label="another sedating medicine",
    ),
    ALCOHOL_USE,
    SLEEP_DISORDERED,
    label="something else that sedates",
)

_REMOVE = remove("Remove the sedating draft")

# 10.1: where an opioid is judged in the same call, the service for opioids gives this card
with_opioid = combinations(
    (
        "sedative-with-opioid-in-palliative-care",
        "benzodiazepine-with-opioid",
        "several-sedatives-with-opioid",
        "sedative-with-opioid",
    ),
    on=SEDATIVE,
    scope=all_of(INDEX_ON_RECORD, _TAKES_OPIOID, label="low back pain, and an opioid"),
    benzodiazepine=any_of(
        order_is(BENZODIAZEPINE, label="a benzodiazepine is ordered"), TAKES_BENZODIAZEPINE
    ),
    others=(
        any_of(order_is(GABAPENTINOID, label="a gabapentinoid is ordered"), TAKES_GABAPENTINOID),
        any_of(order_is(MUSCLE_RELAXANT, label="a muscle relaxant is ordered"), TAKES_RELAXANT),
        any_of(order_is(SEDATIVE_OTHER, label="another sedative is ordered"), TAKES_OTHER_SEDATIVE),
        ALCOHOL_USE,
        SLEEP_DISORDERED,
    ),
    suggestions=(offer(NALOXONE_OFFER, otherwise=()), _REMOVE),
    unless=any_of(
        UNDER_18,
        drafted(OPIOID, OPIOID_FOR_OUD, label="an opioid judged in this call", selected_only=True),
    ),
)
load = Rule(
    id="sedative-load",
    rows=("SAFE-45",),
    topic=topic("sedative-load"),
    on=selected(
        BENZODIAZEPINE,
        GABAPENTINOID,
        SEDATIVE_OTHER,
        besides=(MUSCLE_RELAXANT,),
        label="a sedating medicine other than a muscle relaxant is ordered",
    ),
    scope=INDEX_ON_RECORD,
    when=any_of(OTHER_SEDATION, AGED_65, label="something else that sedates, or age 65 or more"),
    unless=any_of(UNDER_18, OPIOID_GIVEN),
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Sedating medicine with another sedating factor: falls and shallow breathing",
        (Line("Weigh its need, or use the lowest dose; agree on what to watch for at home."),),
        suggestions=(_REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.SEDATION_ADDS_UP,),
)
