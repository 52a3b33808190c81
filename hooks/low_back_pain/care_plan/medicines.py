"""What a care plan may draft behind its guards (SAFE-27): first-line medicines, a gel, duloxetine."""

from __future__ import annotations

from cds_service import Medicine, any_of, none_of, offer, read, recorded, taking
from hooks.low_back_pain.analgesics.guards import (
    ACETAMINOPHEN_500,
    ALCOHOL_USE,
    LIVER_DISEASE,
    NAPROXEN_500,
    NSAID_HAZARD,
)
from hooks.low_back_pain.analgesics.nsaid_guards import ALLERGY_UNCLEAR, NSAID_ALLERGY
from hooks.low_back_pain.care_plan.findings import FIRST_TWO_WEEKS, GLAUCOMA
from hooks.low_back_pain.definitions import (
    ALLERGIES,
    CONDITIONS,
    DULOXETINE,
    MAOI,
    MEDICATIONS,
    NSAID_TOPICAL,
    PATIENT,
    SKIN_DISEASE,
    SSRI_SNRI,
    TRAMADOL,
    UNDER_18,
)
from hooks.low_back_pain.kidney import KIDNEY_SEVERE, LAST_EGFR_BELOW_30
from hooks.low_back_pain.pregnancy import MAY_BE_PREGNANT, PREGNANT
from hooks.low_back_pain.referrals.findings import RADICULOPATHY

# NSD-12: for pain in one place, on whole skin
_SKIN = recorded(CONDITIONS, SKIN_DISEASE, label="skin disease")
GEL_FITS = none_of(RADICULOPATHY, NSAID_ALLERGY, _SKIN, label="no reason against a topical analgesic")
_GEL = Medicine(
    "diclofenac 1% gel",
    NSAID_TOPICAL.coding("855633"),
    any_of(
        NSAID_HAZARD,
        RADICULOPATHY,
        _SKIN,
        taking(MEDICATIONS, NSAID_TOPICAL, label="another topical NSAID"),
        label="a reason not to suggest a topical NSAID",
    ),
    cautions=((MAY_BE_PREGNANT, "confirm not pregnant"),),
)
GEL = offer(_GEL, otherwise=(), when=FIRST_TWO_WEEKS)

# NSD-01, NSD-02, REC-1: what passes its guards, the NSAID first, neither above the other
FIRST_LINE = offer(NAPROXEN_500, ACETAMINOPHEN_500, otherwise=())

# DUL-01, SAFE-41
DULOXETINE_HAZARD = any_of(
    taking(MEDICATIONS, MAOI, label="an MAO inhibitor"),
    taking(MEDICATIONS, SSRI_SNRI, DULOXETINE, label="an SSRI or SNRI"),
    taking(MEDICATIONS, TRAMADOL, label="tramadol"),
    recorded(ALLERGIES, DULOXETINE, label="a duloxetine allergy"),
    ALLERGY_UNCLEAR,
    LIVER_DISEASE,
    ALCOHOL_USE,
    KIDNEY_SEVERE,
    LAST_EGFR_BELOW_30,
    GLAUCOMA,
    PREGNANT,
    none_of(read(PATIENT, label="the patient"), label="a patient that was not read"),
    UNDER_18,
    label="a reason not to suggest duloxetine",
)
DULOXETINE_OFFER = offer(
    Medicine(
        "duloxetine 30 mg",
        DULOXETINE.coding("596930"),
        DULOXETINE_HAZARD,
        cautions=((MAY_BE_PREGNANT, "confirm not pregnant"),),
    ),
    otherwise=(),
)
