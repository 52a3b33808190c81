"""NSAIDs and acetaminophen for low back pain: hazards, duplicates, dose, and what is known of their use."""

from __future__ import annotations

from cds_service import CdsService, all_of, any_of, order_is, selected
from hooks.low_back_pain.analgesics import acetaminophen_orders, nsaid_safety, nsaid_use
from hooks.low_back_pain.analgesics.nsaid_orders import COUNTS_AS_NSAID
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    ASPIRIN,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    PATIENT,
)
from hooks.low_back_pain.scope import not_in_scope

_ANY = selected(
    NSAID,
    NSAID_TOPICAL,
    ASPIRIN,
    ACETAMINOPHEN,
    besides=(OPIOID, OPIOID_FOR_OUD),
    label="an NSAID or acetaminophen is ordered",
)
_SPOKEN_OF = all_of(
    CONCERNS_BACK_PAIN,
    any_of(COUNTS_AS_NSAID, order_is(NSAID_TOPICAL, ACETAMINOPHEN, label="acetaminophen or a topical NSAID")),
)

service = CdsService(
    group="lbp-analgesics",
    hooks=("order-select", "order-sign"),
    title="NSAIDs and acetaminophen for low back pain",
    description="Checks an NSAID or acetaminophen order against allergies, conditions, kidney function, "
    "other medicines and the daily dose.",
    rules=(
        *nsaid_safety.rules,
        *nsaid_use.rules,
        *acetaminophen_orders.rules,
        not_in_scope("analgesic-not-in-scope", _ANY, _SPOKEN_OF),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
