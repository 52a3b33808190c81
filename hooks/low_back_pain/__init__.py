"""Care of low back pain: five source articles as rules. Draft guidance, pending clinical review."""

from __future__ import annotations

from cds_service import Guideline

from . import analgesics, imaging, opioids, red_flag_review
from .definitions import ORDER_NAMES, REASONS_ALIKE, TERMS, topic

_LABEL = "LBP CDS (draft guidance, pending clinical review)"

guideline = Guideline(
    name="low_back_pain",
    label=_LABEL,
    footer="Draft guidance, pending human clinical review; it does not replace judgement.",
    services=(red_flag_review.service, imaging.service, analgesics.service, opioids.service),
    terminology=TERMS,
    data_missing=topic("data-missing"),
    rule_extension="org.lumbar-cds.rules",
    contradictory=(
        ("redflag-malignancy-active", "not-personal-malignancy"),
        ("redflag-malignancy-history", "not-personal-malignancy"),
        ("redflag-injection-drug-use", "not-injection-drug-use"),
        ("injection-drug-use-former", "not-injection-drug-use"),
        ("redflag-weight-loss", "not-unexplained-weight-loss"),
        ("motor-deficit-both-legs", "redflag-motor-deficit"),
        ("spinal-epidural-abscess", "redflag-spinal-infection"),
        ("redflag-trauma", "injury-of-back"),
        ("referral-spine-surgery", "referral-surgeon-unspecified"),
        ("imaging-lumbar-mri", "imaging-lumbar-ct"),
        ("imaging-lumbar-mri", "imaging-lumbar-xray"),
        ("imaging-lumbar-ct", "imaging-lumbar-xray"),
        ("rx-nsaid-systemic", "rx-nsaid-topical"),
        ("liver-disease-mild", "liver-disease-moderate-severe"),
    ),
    order_names=ORDER_NAMES,
    reasons_alike=REASONS_ALIKE,
    not_computed={
        "RF-10": "A trend of weights is not shown: only a coded loss of weight counts.",
        "RF-12": "A red-flag screen already done cannot be read, and no questionnaire is drafted.",
        "SAFE-13": "Morning stiffness is not coded; an onset before 45 shows only after 3 months of pain.",
        "RF-14": "Pain that improves with movement: not coded, and no proof of benign pain (SAFE-13).",
        "SAFE-32": "An override at order-select is not carried by the order: order-sign repeats the card.",
        "NSD-03": "Which dose is the lowest that helps is not coded: only the supply is judged.",
        "SAFE-23": "NSAIDs bought over the counter are invisible, as is what else an NSAID product holds.",
        "SAFE-36": "MedicationStatement is not read: current use is what MedicationRequest says.",
        "OPI-02": "Medicines bought over the counter and treatment elsewhere are invisible.",
        "IMG-03": "Whether surgery or injection is an option is read only from referrals and procedures.",
    },
)
