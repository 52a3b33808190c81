"""
NSAIDs and acetaminophen: what must be known to be absent before one may be suggested.

These guards decide which alternative another service's card may offer (SAFE-15 to SAFE-27,
SAFE-47); every one of them that is unknown withholds the medicine.
"""

from __future__ import annotations

from cds_service import Medicine, any_of, create_request, none_of, order_is, read, recorded, taking
from hooks.low_back_pain.analgesics.nsaid_guards import ALLERGY_UNCLEAR, NSAID_WARNING, TAKES_SSRI
from hooks.low_back_pain.definitions import (
    ACETAMINOPHEN,
    ACETAMINOPHEN_HYPERSENSITIVITY,
    ACETAMINOPHEN_SINGLE,
    ALCOHOL_USE_DISORDER,
    ALLERGIES,
    ASPIRIN,
    CONDITIONS,
    HEAT_THERAPY,
    LIVER_DISEASE_MILD,
    LIVER_DISEASE_SEVERE,
    MEDICATIONS,
    NALOXONE,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    PATIENT,
    SELF_CARE_EDUCATION,
    UNDER_18,
)
from hooks.low_back_pain.kidney import (
    AGED_65,
    HYPERTENSIVE,
    KIDNEY_UNPROVEN,
    LAST_EGFR_BELOW_60,
    TAKES_DIURETIC,
    TAKES_RAS_INHIBITOR,
)
from hooks.low_back_pain.pregnancy import MAY_BE_PREGNANT

NSAID_HAZARD = any_of(
    NSAID_WARNING,
    ALLERGY_UNCLEAR,
    KIDNEY_UNPROVEN,
    LAST_EGFR_BELOW_60,
    taking(MEDICATIONS, NSAID, label="another NSAID"),
    order_is(NSAID, label="an NSAID in the ordered product"),
    UNDER_18,
    label="a reason not to suggest an NSAID",
)

LIVER_DISEASE = recorded(CONDITIONS, LIVER_DISEASE_MILD, LIVER_DISEASE_SEVERE, label="liver disease")
LIVER_SEVERE = recorded(CONDITIONS, LIVER_DISEASE_SEVERE, label="moderate or severe liver disease")
ALCOHOL_USE = recorded(CONDITIONS, ALCOHOL_USE_DISORDER, label="alcohol use disorder")
ACETAMINOPHEN_ALLERGY = any_of(
    recorded(ALLERGIES, ACETAMINOPHEN_HYPERSENSITIVITY, ACETAMINOPHEN, label="an acetaminophen allergy"),
    recorded(CONDITIONS, ACETAMINOPHEN_HYPERSENSITIVITY, label="an acetaminophen hypersensitivity"),
)
ACETAMINOPHEN_HAZARD = any_of(
    ACETAMINOPHEN_ALLERGY,
    ALLERGY_UNCLEAR,
    LIVER_SEVERE,
    taking(MEDICATIONS, ACETAMINOPHEN, label="another acetaminophen product"),
    order_is(ACETAMINOPHEN, label="acetaminophen in the ordered product"),
    UNDER_18,
    label="a reason not to suggest acetaminophen",
)
_REDUCED_LIMIT = any_of(LIVER_DISEASE, ALCOHOL_USE, label="a lower acetaminophen limit")

# APA-02: said where acetaminophen would take the place of an NSAID
_NSAID_ORDERED = order_is(NSAID, NSAID_TOPICAL, ASPIRIN, label="an NSAID is ordered")

# SAFE-17, SAFE-19, SAFE-21, SAFE-24: no reason against an NSAID, but one for care
_NSAID_CAUTION = any_of(
    AGED_65,
    TAKES_SSRI,
    HYPERTENSIVE,
    TAKES_RAS_INHIBITOR,
    TAKES_DIURETIC,
    label="a reason for caution with an NSAID",
)
NAPROXEN_500 = Medicine(
    "naproxen 500 mg",
    NSAID.coding("198014"),
    NSAID_HAZARD,
    cautions=((MAY_BE_PREGNANT, "confirm not pregnant"), (_NSAID_CAUTION, "use with caution")),
)
ACETAMINOPHEN_500 = Medicine(
    "acetaminophen 500 mg",
    ACETAMINOPHEN_SINGLE.coding("198440"),
    ACETAMINOPHEN_HAZARD,
    cautions=((_REDUCED_LIMIT, "at most 2 g a day"), (_NSAID_ORDERED, "safer for stomach and heart")),
)
NALOXONE_OFFER = Medicine(
    "naloxone",
    NALOXONE.coding("7242"),
    any_of(
        taking(MEDICATIONS, NALOXONE, besides=(OPIOID,), label="naloxone already ordered"),
        recorded(ALLERGIES, NALOXONE, label="a naloxone allergy"),
        ALLERGY_UNCLEAR,
        none_of(
            read(PATIENT, CONDITIONS, MEDICATIONS, ALLERGIES, label="the record, read completely"),
            label="a record that was not read completely",
        ),
        UNDER_18,
    ),
)
# SAFE-27: when no medicine passes, what needs none
WITHOUT_MEDICINE = (
    create_request("Draft superficial heat", HEAT_THERAPY.coding("266694003")),
    create_request("Draft self-care education: stay active", SELF_CARE_EDUCATION.coding("225967005")),
)
