"""
What speaks against the NSAID that is being ordered: the warnings and hazards of the card nsaid-safety.

`rules` has the whole card, in the order of guideline.md 10.1, which is that of its lines.
"""

from __future__ import annotations

from cds_service import Indicator, any_of
from hooks.low_back_pain.analgesics import nsaid_cautions as cautions
from hooks.low_back_pain.analgesics.nsaid_guards import (
    ACTIVE_BLEED,
    ANTICOAGULATED,
    CARDIOVASCULAR,
    HEART_FAILS,
    NSAID_ALLERGY,
    RAS_WITH_DIURETIC,
    TAKES_ANTIPLATELET,
    TAKES_LITHIUM,
    TAKES_METHOTREXATE,
    ULCER_HISTORY,
)
from hooks.low_back_pain.analgesics.nsaid_orders import DISCREET, against, safety_rule
from hooks.low_back_pain.definitions import UNDER_18
from hooks.low_back_pain.kidney import AGED_75, KIDNEY_REDUCED, KIDNEY_SEVERE, LAST_EGFR_BELOW_30
from hooks.low_back_pain.pregnancy import LATE_PREGNANCY, PREGNANT

allergy = safety_rule(
    id="nsaid-allergy",
    rows=("SAFE-15", "APA-02"),
    when=NSAID_ALLERGY,
    unless=UNDER_18,
    advice=against(
        Indicator.CRITICAL,
        "NSAID or aspirin allergy on record: avoid every NSAID",
        "Ask what happened and when; no NSAID is suggested here, not even a topical one.",
    ),
)
late_pregnancy = safety_rule(
    id="nsaid-from-20-weeks",
    rows=("SAFE-20",),
    when=LATE_PREGNANCY,
    unless=UNDER_18,
    advice=against(
        Indicator.CRITICAL,
        "NSAID: a recorded condition makes it a hazard",
        "From 20 weeks of pregnancy NSAIDs can harm the child's kidneys and heart.",
    ),
)
pregnancy = safety_rule(
    id="nsaid-in-pregnancy",
    rows=("SAFE-20",),
    when=PREGNANT,
    unless=any_of(UNDER_18, LATE_PREGNANCY),
    advice=against(
        Indicator.WARNING,
        DISCREET,
        "In pregnancy avoid an NSAID; from 20 weeks it is a hazard: make sure of the week.",
    ),
)
active_bleed = safety_rule(
    id="nsaid-active-bleed",
    rows=("NSD-04", "SAFE-18", "APA-02"),
    when=ACTIVE_BLEED,
    unless=UNDER_18,
    advice=against(Indicator.CRITICAL, "Gastrointestinal bleeding on record: avoid NSAID"),
)
anticoagulant = safety_rule(
    id="nsaid-with-anticoagulant",
    rows=("NSD-07", "SAFE-17", "APA-02", "NSD-09"),
    when=ANTICOAGULATED,
    unless=UNDER_18,
    advice=against(Indicator.CRITICAL, "Anticoagulant on record: NSAID raises bleeding risk"),
)
kidney_severe = safety_rule(
    id="nsaid-kidney-severe",
    rows=("NSD-06", "SAFE-16", "APA-02"),
    when=KIDNEY_SEVERE,
    unless=UNDER_18,
    advice=against(Indicator.CRITICAL, "Severely reduced kidney function: avoid NSAID"),
)
kidney_severe_stale = safety_rule(
    id="nsaid-kidney-severe-stale",
    rows=("NSD-06", "SAFE-12"),
    when=LAST_EGFR_BELOW_30,
    unless=any_of(UNDER_18, KIDNEY_SEVERE),
    advice=against(
        Indicator.WARNING,
        "Severely reduced kidney function in a stale result: avoid NSAID",
        "The eGFR on record is too old to count as today's: measure it again.",
    ),
)
heart_failure = safety_rule(
    id="nsaid-heart-failure",
    rows=("NSD-05", "SAFE-19"),
    when=HEART_FAILS,
    unless=UNDER_18,
    advice=against(Indicator.CRITICAL, "Heart failure on record: avoid NSAID"),
)
ulcer = safety_rule(
    id="nsaid-ulcer-history",
    rows=("NSD-04", "SAFE-18", "APA-02", "NSD-09"),
    when=ULCER_HISTORY,
    unless=UNDER_18,
    advice=against(Indicator.WARNING, "Ulcer or GI bleed history: avoid NSAID"),
)
cardiovascular = safety_rule(
    id="nsaid-cardiovascular",
    rows=("NSD-05", "SAFE-19", "APA-02"),
    when=CARDIOVASCULAR,
    unless=UNDER_18,
    advice=against(Indicator.WARNING, "Cardiovascular disease: avoid NSAID"),
)
kidney_reduced = safety_rule(
    id="nsaid-kidney-reduced",
    rows=("NSD-06", "SAFE-16"),
    when=KIDNEY_REDUCED,
    unless=any_of(UNDER_18, KIDNEY_SEVERE),
    advice=against(Indicator.WARNING, "Reduced kidney function: avoid NSAID"),
)
lithium = safety_rule(
    id="nsaid-with-lithium",
    rows=("SAFE-22",),
    when=TAKES_LITHIUM,
    unless=UNDER_18,
    advice=against(
        Indicator.WARNING,
        "NSAID: the level of a recorded medicine may rise",
        "Lithium: if an NSAID is kept, measure its level within days.",
    ),
)
methotrexate = safety_rule(
    id="nsaid-with-methotrexate",
    rows=("SAFE-22",),
    when=TAKES_METHOTREXATE,
    unless=UNDER_18,
    advice=against(Indicator.WARNING, "Methotrexate on record: NSAID may raise its level"),
)
ras_with_diuretic = safety_rule(
    id="nsaid-with-ras-inhibitor-and-diuretic",
    rows=("SAFE-21",),
    when=RAS_WITH_DIURETIC,
    unless=UNDER_18,
    advice=against(
        Indicator.WARNING,
        "ACE inhibitor or ARB with a diuretic on record: NSAID endangers the kidney",
        "With the two together, an NSAID can harm a kidney whose eGFR is normal.",
    ),
)
antiplatelet = safety_rule(
    id="nsaid-with-antiplatelet",
    rows=("NSD-07", "SAFE-17"),
    when=TAKES_ANTIPLATELET,
    unless=UNDER_18,
    advice=against(Indicator.WARNING, "Aspirin or another antiplatelet on record: bleeding risk with NSAID"),
)
aged_75 = safety_rule(
    id="nsaid-age-75",
    rows=("SAFE-24",),
    when=AGED_75,
    unless=UNDER_18,
    advice=against(Indicator.WARNING, "Age 75 or more: avoid NSAID where possible"),
)

rules = (
    cautions.several,
    allergy,
    late_pregnancy,
    pregnancy,
    active_bleed,
    anticoagulant,
    kidney_severe,
    kidney_severe_stale,
    heart_failure,
    ulcer,
    cardiovascular,
    kidney_reduced,
    cautions.kidney_stale,
    lithium,
    methotrexate,
    ras_with_diuretic,
    antiplatelet,
    aged_75,
    cautions.ssri,
    cautions.hypertension,
    cautions.ras_or_diuretic,
    cautions.egfr_missing,
    cautions.aged_65,
    cautions.unclear,
    cautions.aspirin_dose_unknown,
    cautions.topical_several,
    cautions.topical_allergy,
    cautions.topical_ulcer,
)
