"""What a chart says of a patient's opioids, of the pain, and of what was tried before (guideline.md 10.2)."""

from __future__ import annotations

from cds_service import (
    all_of,
    any_of,
    days,
    none_of,
    offer,
    order_is,
    ordered_for,
    recorded,
    remove_order,
    selected,
    taking,
    tried,
    used_lately,
    within,
)
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_ALLERGY, NALOXONE_OFFER
from hooks.low_back_pain.analgesics.nsaid_guards import NSAID_WARNING
from hooks.low_back_pain.conservative_care import THERAPY_TRIED
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    ACTIVE_CANCER,
    ACUTE,
    AORTIC_ANEURYSM,
    BACK_PAIN_MIMIC,
    CANCER_ACTIVE,
    CAUDA_EQUINA,
    CONDITIONS,
    EPIDURAL_ABSCESS,
    FRACTURE,
    INFLAMMATORY_BACK_PAIN,
    LONG_TERM_OPIOID_USE,
    LUMBAR_RADICULOPATHY,
    LUMBAR_STRUCTURAL_SPECIFIC,
    MEDICATIONS,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    OPIOID_USE_DISORDER,
    PALLIATIVE_CARE,
    PROCEDURES,
    SICKLE_CELL,
    SPINAL_INFECTION,
    SPINE_SURGERY_HISTORY,
    SURGICAL_PROCEDURE,
)
from hooks.low_back_pain.long_use import used_for_long

ORDERED = selected(OPIOID, OPIOID_FOR_OUD, label="an opioid is ordered")
_DONE = frozenset({"completed", "in-progress"})

# SAFE-02 to SAFE-04: no nudge at all
EXEMPT = any_of(
    ACTIVE_CANCER,
    PALLIATIVE_CARE,
    recorded(CONDITIONS, SICKLE_CELL, label="sickle cell disease"),
    label="a condition in which opioids have their own place",
)
# SAFE-05
MAY_TREAT_OUD = any_of(
    order_is(OPIOID_FOR_OUD, label="buprenorphine or methadone is ordered"),
    recorded(CONDITIONS, OPIOID_USE_DISORDER, label="opioid use disorder", ever=True),
    taking(MEDICATIONS, OPIOID_FOR_OUD, label="buprenorphine or methadone"),
    label="treatment that may be for opioid use disorder",
)
# SAFE-06
LONG_TERM = any_of(
    *used_for_long(OPIOID, "an", "opioid"),
    recorded(CONDITIONS, LONG_TERM_OPIOID_USE, label="long-term opioid use"),
    label="long-term opioid treatment",
)
REMOVAL_ALLOWED = none_of(
    used_lately(MEDICATIONS, OPIOID, within=days(90), label="an opioid in the last 90 days"),
    LONG_TERM,
    MAY_TREAT_OUD,
)
SURGERY_LATELY = recorded(
    PROCEDURES,
    SURGICAL_PROCEDURE,
    SPINE_SURGERY_HISTORY,
    label="surgery in the last 30 days",
    status=_DONE,
    where=within(days(30)),
)
NONSPECIFIC = none_of(
    recorded(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        INFLAMMATORY_BACK_PAIN,
        AORTIC_ANEURYSM,
        BACK_PAIN_MIMIC,
        FRACTURE,
        CANCER_ACTIVE,
        SPINAL_INFECTION,
        EPIDURAL_ABSCESS,
        CAUDA_EQUINA,
        label="a specific cause of the back pain",
    ),
    recorded(CONDITIONS, SPINE_SURGERY_HISTORY, label="earlier spine surgery"),
    recorded(PROCEDURES, SPINE_SURGERY_HISTORY, label="a spine operation", status=frozenset({"completed"})),
    ordered_for(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        label="a specific cause as the order's reason",
    ),
    label="nonspecific low back pain",
)
ACUTE_NONSPECIFIC = all_of(ACUTE, NONSPECIFIC, label="acute nonspecific low back pain")

# Trial of first-line treatment (guideline.md 10.2); a drug that may not be given counts as tried
DRUG_TRIED = any_of(
    tried(
        MEDICATIONS,
        NSAID,
        NSAID_TOPICAL,
        ACETAMINOPHEN,
        besides=(OPIOID,),
        within=days(365),
        label="an NSAID or acetaminophen tried in the last year",
    ),
    all_of(NSAID_WARNING, ACETAMINOPHEN_ALLERGY, label="neither an NSAID nor acetaminophen possible"),
    label="first-line medicine tried",
)
NOTHING_TRIED = all_of(
    none_of(DRUG_TRIED), none_of(THERAPY_TRIED), label="no trial of first-line treatment recorded"
)
PART_TRIED = any_of(
    all_of(DRUG_TRIED, none_of(THERAPY_TRIED)),
    all_of(none_of(DRUG_TRIED), THERAPY_TRIED),
    label="part of first-line treatment recorded",
)

# What hangs on it: removal is offered only to who takes no opioids yet (SAFE-05, SAFE-06)
REMOVE = remove_order("Remove the opioid draft", when=REMOVAL_ALLOWED)
NALOXONE_FIRST = offer(NALOXONE_OFFER, otherwise=())
