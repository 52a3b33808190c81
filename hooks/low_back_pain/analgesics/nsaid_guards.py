"""What speaks against an NSAID: one finding each (guideline.md SAFE-15 to SAFE-24), and all of it."""

from __future__ import annotations

from cds_service import (
    all_of,
    any_of,
    days,
    fresh,
    interpretable,
    no_longer_current,
    none_of,
    not_fresh,
    order_is,
    other_than,
    recorded,
    taking,
)
from hooks.low_back_pain.definitions import (
    ALLERGIES,
    ANTICOAGULANT,
    ANTIPLATELET,
    ASPIRIN,
    CARDIOVASCULAR_DISEASE,
    CONDITIONS,
    GI_BLEED_OR_PERFORATION,
    GI_ULCER_OR_BLEED,
    HEART_FAILURE,
    LITHIUM,
    MEDICATIONS,
    METHOTREXATE,
    NSAID,
    NSAID_HYPERSENSITIVITY,
    NSAID_TOPICAL,
    SSRI_SNRI,
)
from hooks.low_back_pain.kidney import (
    AGED_75,
    KIDNEY_REDUCED,
    KIDNEY_SEVERE,
    LAST_EGFR_BELOW_30,
    TAKES_DIURETIC,
    TAKES_RAS_INHIBITOR,
)
from hooks.low_back_pain.pregnancy import PREGNANT

# SAFE-15: a product counts by its ingredient, so that an allergy to a gel is one too
NSAID_ALLERGY = any_of(
    recorded(
        ALLERGIES,
        NSAID_HYPERSENSITIVITY,
        NSAID,
        NSAID_TOPICAL,
        ASPIRIN,
        label="an NSAID or aspirin allergy",
        all_coded=True,
    ),
    recorded(CONDITIONS, NSAID_HYPERSENSITIVITY, label="an NSAID or aspirin hypersensitivity"),
    label="an NSAID or aspirin allergy",
)
ALLERGY_UNCLEAR = none_of(
    interpretable(ALLERGIES, label="allergies that can all be interpreted"),
    label="an allergy that cannot be interpreted",
)
MEDICINE_UNCLEAR = none_of(
    interpretable(MEDICATIONS, label="medicines that can all be interpreted"),
    label="a medicine that cannot be interpreted",
)

# SAFE-18: bleeding now, or any time before
ACTIVE_BLEED = recorded(
    CONDITIONS,
    GI_BLEED_OR_PERFORATION,
    label="gastrointestinal bleeding or perforation",
    where=fresh(days(90)),
)
ULCER_HISTORY = any_of(
    recorded(
        CONDITIONS,
        GI_ULCER_OR_BLEED,
        label="an ulcer or gastrointestinal bleed",
        where=other_than(GI_BLEED_OR_PERFORATION, label="bleeding or perforation"),
        ever=True,
    ),
    recorded(
        CONDITIONS,
        GI_BLEED_OR_PERFORATION,
        label="an earlier gastrointestinal bleed",
        where=no_longer_current(),
        ever=True,
    ),
    recorded(
        CONDITIONS,
        GI_BLEED_OR_PERFORATION,
        label="an earlier gastrointestinal bleed",
        where=not_fresh(days(90)),
    ),
    label="an ulcer or gastrointestinal bleed in the past",
)

# SAFE-19
HEART_FAILS = recorded(CONDITIONS, HEART_FAILURE, label="heart failure")
CARDIOVASCULAR = any_of(
    recorded(
        CONDITIONS,
        CARDIOVASCULAR_DISEASE,
        label="cardiovascular disease",
        where=other_than(HEART_FAILURE, label="heart failure"),
        ever=True,
    ),
    recorded(
        CONDITIONS, HEART_FAILURE, label="heart failure in the past", where=no_longer_current(), ever=True
    ),
    label="cardiovascular disease",
)

# SAFE-17, SAFE-21, SAFE-22
ANTICOAGULATED = taking(MEDICATIONS, ANTICOAGULANT, label="an anticoagulant")
TAKES_ANTIPLATELET = any_of(
    taking(MEDICATIONS, ANTIPLATELET, label="an antiplatelet"),
    all_of(
        none_of(order_is(ASPIRIN, label="aspirin is ordered")),
        taking(MEDICATIONS, ASPIRIN, label="aspirin"),
    ),
    label="aspirin or another antiplatelet",
)
TAKES_SSRI = taking(MEDICATIONS, SSRI_SNRI, label="an SSRI or SNRI")
TAKES_LITHIUM = taking(MEDICATIONS, LITHIUM, label="lithium")
TAKES_METHOTREXATE = taking(MEDICATIONS, METHOTREXATE, label="methotrexate")
RAS_WITH_DIURETIC = all_of(
    TAKES_RAS_INHIBITOR, TAKES_DIURETIC, label="an ACE inhibitor or ARB together with a diuretic"
)

# Every guard that is a warning or worse; guideline.md 10.1 has their order
NSAID_WARNING = any_of(
    NSAID_ALLERGY,
    PREGNANT,
    ACTIVE_BLEED,
    ANTICOAGULATED,
    KIDNEY_SEVERE,
    LAST_EGFR_BELOW_30,
    HEART_FAILS,
    ULCER_HISTORY,
    CARDIOVASCULAR,
    KIDNEY_REDUCED,
    TAKES_LITHIUM,
    TAKES_METHOTREXATE,
    RAS_WITH_DIURETIC,
    TAKES_ANTIPLATELET,
    AGED_75,
    label="a reason against an NSAID",
)
