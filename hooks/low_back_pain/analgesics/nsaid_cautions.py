"""What asks for care with the NSAID that is being ordered, and what is said of a topical one."""

from __future__ import annotations

from functools import partial

from cds_service import Advice, Indicator, Line, all_of, any_of, at_least, none_of, undecided
from hooks.low_back_pain.analgesics.nsaid_guards import (
    ACTIVE_BLEED,
    ALLERGY_UNCLEAR,
    ANTICOAGULATED,
    CARDIOVASCULAR,
    HEART_FAILS,
    MEDICINE_UNCLEAR,
    NSAID_ALLERGY,
    NSAID_WARNING,
    RAS_WITH_DIURETIC,
    TAKES_ANTIPLATELET,
    TAKES_LITHIUM,
    TAKES_METHOTREXATE,
    TAKES_SSRI,
    ULCER_HISTORY,
)
from hooks.low_back_pain.analgesics.nsaid_orders import (
    COUNTS_AS_NSAID,
    INSTEAD,
    ORDERED_TOPICAL,
    REASONS,
    against,
    careful,
    safety_rule,
)
from hooks.low_back_pain.definitions import INDEX_ON_RECORD, UNDER_18
from hooks.low_back_pain.kidney import (
    AGED_65,
    AGED_75,
    EGFR_MISSING,
    HYPERTENSIVE,
    KIDNEY_REDUCED,
    KIDNEY_REDUCED_BY_ANY_RESULT,
    KIDNEY_SEVERE,
    LAST_EGFR_30_TO_59,
    TAKES_DIURETIC,
    TAKES_RAS_INHIBITOR,
    USABLE_EGFR,
)
from hooks.low_back_pain.pregnancy import PREGNANT

# What is a caution of its own: an older result beside a kidney code is the same one
_HYPERTENSION_ALONE = all_of(HYPERTENSIVE, none_of(HEART_FAILS, CARDIOVASCULAR), label="hypertension alone")
_AGE_ALONE = all_of(AGED_65, none_of(NSAID_WARNING), label="age 65 or more, and nothing worse")
_CAUTIONS = (
    NSAID_ALLERGY,
    PREGNANT,
    ACTIVE_BLEED,
    ANTICOAGULATED,
    KIDNEY_REDUCED_BY_ANY_RESULT,
    HEART_FAILS,
    ULCER_HISTORY,
    CARDIOVASCULAR,
    TAKES_LITHIUM,
    TAKES_METHOTREXATE,
    any_of(TAKES_RAS_INHIBITOR, TAKES_DIURETIC, label="an ACE inhibitor, ARB or diuretic"),
    TAKES_ANTIPLATELET,
    any_of(AGED_75, _AGE_ALONE, label="age"),
    TAKES_SSRI,
    _HYPERTENSION_ALONE,
)
several = safety_rule(
    id="nsaid-several-cautions",
    rows=("NSD-08",),
    when=at_least(2, *_CAUTIONS, label="two or more cautions"),
    unless=UNDER_18,
    advice=Advice(Indicator.INFO, "NSAID: several cautions on record", INSTEAD),
)
kidney_stale = safety_rule(
    id="nsaid-kidney-stale",
    rows=("NSD-06", "SAFE-12"),
    when=LAST_EGFR_30_TO_59,
    unless=any_of(UNDER_18, KIDNEY_SEVERE, KIDNEY_REDUCED),
    advice=careful(
        "Reduced kidney function in a stale result: measure it before an NSAID",
        "The eGFR on record is too old to count as today's.",
    ),
)
ssri = safety_rule(
    id="nsaid-with-ssri",
    rows=("NSD-07", "SAFE-17"),
    when=TAKES_SSRI,
    unless=UNDER_18,
    advice=careful(
        "NSAID: bleeding risk rises with a recorded medicine",
        "An SSRI or SNRI adds to the bleeding risk of an NSAID.",
    ),
)
hypertension = safety_rule(
    id="nsaid-hypertension",
    rows=("NSD-05", "SAFE-19"),
    when=HYPERTENSIVE,
    unless=any_of(UNDER_18, HEART_FAILS, CARDIOVASCULAR),
    advice=careful("Hypertension on record: watch blood pressure with an NSAID"),
)
ras_or_diuretic = safety_rule(
    id="nsaid-with-ras-inhibitor-or-diuretic",
    rows=("SAFE-21",),
    when=any_of(TAKES_RAS_INHIBITOR, TAKES_DIURETIC, label="an ACE inhibitor, ARB or diuretic"),
    unless=any_of(UNDER_18, RAS_WITH_DIURETIC),
    advice=careful("ACE inhibitor, ARB or diuretic on record: watch kidney function with an NSAID"),
)
egfr_missing = safety_rule(
    id="nsaid-egfr-missing",
    rows=("NSD-06", "SAFE-12"),
    when=EGFR_MISSING,
    unless=UNDER_18,
    advice=careful(
        "No usable eGFR on record: check kidney function before an NSAID",
        screen=(USABLE_EGFR,),
    ),
)
aged_65 = safety_rule(
    id="nsaid-age-65",
    rows=("SAFE-24",),
    when=AGED_65,
    unless=any_of(UNDER_18, NSAID_WARNING),
    advice=careful("Age 65 or more: use NSAID with caution"),
)
unclear = safety_rule(
    id="nsaid-not-interpretable",
    rows=("SAFE-15", "SAFE-33"),
    when=any_of(ALLERGY_UNCLEAR, MEDICINE_UNCLEAR, label="entries that cannot be interpreted"),
    unless=UNDER_18,
    advice=Advice(
        Indicator.INFO,
        "Allergies or medicines that cannot be interpreted: check them before an NSAID",
        (
            Line("An allergy has no code that can be read here: it may be one to NSAIDs.", ALLERGY_UNCLEAR),
            Line(
                "A medicine has no code that can be read here: it may be an anticoagulant or another NSAID.",
                MEDICINE_UNCLEAR,
            ),
        ),
        override_reasons=REASONS,
    ),
)
aspirin_dose_unknown = safety_rule(
    id="aspirin-dose-unknown",
    rows=("SAFE-23",),
    scope=INDEX_ON_RECORD,
    when=all_of(
        undecided(COUNTS_AS_NSAID, "aspirin without a computable dose"),
        NSAID_WARNING,
        label="aspirin without a computable dose, and a reason against an NSAID",
    ),
    unless=UNDER_18,
    advice=Advice(
        Indicator.INFO,
        "Aspirin above 325 mg a day counts as an NSAID: check the dose, it cannot be calculated",
        (Line("Above that dose, what is found below speaks against it."),),
        override_reasons=REASONS,
    ),
)

_topical = partial(safety_rule, on=ORDERED_TOPICAL, scope=INDEX_ON_RECORD, unless=UNDER_18)
_GI = any_of(ACTIVE_BLEED, ULCER_HISTORY, label="an ulcer or gastrointestinal bleed")
topical_several = _topical(
    id="nsaid-topical-several-cautions",
    rows=("NSD-08",),
    when=all_of(NSAID_ALLERGY, _GI, label="two cautions"),
    advice=Advice(Indicator.INFO, "NSAID: several cautions on record", ()),
)
topical_allergy = _topical(
    id="nsaid-topical-allergy",
    rows=("SAFE-15",),
    when=NSAID_ALLERGY,
    advice=against(
        Indicator.INFO,
        "NSAID or aspirin allergy on record: avoid a topical NSAID too",
        "Ask what happened and when.",
    ),
)
topical_ulcer = _topical(
    id="nsaid-topical-ulcer",
    rows=("NSD-04", "SAFE-18"),
    when=_GI,
    advice=careful(
        "Ulcer or GI bleed history: less of a topical NSAID reaches the blood",
        "Keep the area and the time small.",
    ),
)
