"""NSAIDs in use: two at once, a topical beside a systemic one, and for how long (SAFE-23, NSD-03)."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    duplicated,
    none_of,
    offer,
    order_is,
    selected,
    set_supply,
    supply_above,
    taking,
    taking_dose,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_500
from hooks.low_back_pain.analgesics.nsaid_orders import (
    ASPIRIN_INGREDIENT,
    COUNTS_AS_NSAID,
    LOW_DOSE_MG,
    ON_RECORD,
    ORDERED,
    REASONS,
    REMOVE,
)
from hooks.low_back_pain.definitions import (
    ACUTE,
    ASPIRIN,
    CONCERNS_BACK_PAIN,
    FOR_OTHER_INDICATION,
    INDEX_ON_RECORD,
    MEDICATIONS,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.scope import MUTED

# SAFE-23: two at once
_OTHER_HIGH_ASPIRIN = taking_dose(
    MEDICATIONS, ASPIRIN, ASPIRIN_INGREDIENT, above_mg=LOW_DOSE_MG, label="aspirin above 325 mg a day"
)
_TWO_NSAIDS = any_of(
    duplicated(MEDICATIONS, NSAID, label="another NSAID"),
    all_of(none_of(order_is(ASPIRIN, label="aspirin is ordered")), _OTHER_HIGH_ASPIRIN),
    label="another NSAID",
)
_TOPICAL_ORDERED = order_is(NSAID_TOPICAL, label="a topical NSAID is ordered")
_duplicate = partial(Rule, topic=topic("nsaid-duplicate"), unless=UNDER_18, evidence=(S.ONE_NSAID,))
two_nsaids = _duplicate(
    id="nsaid-beside-another",
    rows=("SAFE-23",),
    on=ORDERED,
    scope=ON_RECORD,
    when=_TWO_NSAIDS,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Another NSAID on record or drafted: one at a time",
        (Line("Keep one NSAID and end the other; combined products count."),),
        suggestions=(REMOVE,),
        override_reasons=REASONS,
    ),
)
topical_and_systemic = _duplicate(
    id="nsaid-topical-and-systemic",
    rows=("SAFE-23",),
    on=selected(NSAID, ASPIRIN, NSAID_TOPICAL, label="an NSAID, aspirin or a topical NSAID is ordered"),
    scope=all_of(INDEX_ON_RECORD, any_of(COUNTS_AS_NSAID, _TOPICAL_ORDERED)),
    when=any_of(
        all_of(_TOPICAL_ORDERED, any_of(taking(MEDICATIONS, NSAID, label="an NSAID"), _OTHER_HIGH_ASPIRIN)),
        all_of(none_of(_TOPICAL_ORDERED), taking(MEDICATIONS, NSAID_TOPICAL, label="a topical NSAID")),
        label="a topical and a systemic NSAID",
    ),
    if_unknown="advise",
    advice=Advice(
        Indicator.INFO,
        "Topical and systemic NSAID together: one of them may be enough",
        (Line("For pain in one place the topical one alone is an option."),),
        suggestions=(REMOVE,),
        override_reasons=REASONS,
    ),
)

# NSD-03: an opioid in the same product has its own advice on supply (SAFE-06)
_LONG = supply_above(14, label="more than 14 days' supply")
lowest_dose = Rule(
    id="nsaid-lowest-dose",
    rows=("NSD-01", "NSD-02", "NSD-03", "NSD-09", "NSD-11"),
    topic=topic("nsaid-dose-duration"),
    on=selected(
        NSAID,
        ASPIRIN,
        besides=(NSAID_TOPICAL, OPIOID, OPIOID_FOR_OUD),
        label="an NSAID or aspirin is ordered",
    ),
    scope=all_of(CONCERNS_BACK_PAIN, COUNTS_AS_NSAID, label="an NSAID ordered for low back pain"),
    when=any_of(_LONG, undecided(_LONG, "a supply that is not stated"), label="no short supply"),
    unless=MUTED,
    if_unknown="advise without suggestions",
    advice=Advice(
        Indicator.INFO,
        "Use the lowest NSAID dose for the shortest time",
        (
            Line("Agree on the dose that is enough and on the day to stop."),
            Line(
                "In the first 4 weeks the sources differ: S0 and S1 put an NSAID first, S2 either an NSAID "
                "or acetaminophen, with staying active.",
                ACUTE,
            ),
        ),
        suggestions=(
            set_supply("Limit the supply to 14 days, no refills", 14),
            offer(ACETAMINOPHEN_500, otherwise=(), when=ACUTE),
        ),
        override_reasons=(FOR_OTHER_INDICATION, PATIENT_PREFERENCE, OTHER_REASON),
    ),
    evidence=(S.NSAID_LOWEST_DOSE, S.NSAID_FIRST, S.EITHER_FIRST, S.DRUG_EVIDENCE_IS_SHORT),
)

rules = (two_nsaids, topical_and_systemic, lowest_dose)
