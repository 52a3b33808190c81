"""
NSAIDs and acetaminophen: what must be known to be absent before one may be suggested.

These guards decide which alternative another service's card may offer (SAFE-15 to SAFE-27,
SAFE-47); every one of them that is unknown withholds the medicine.
"""

from __future__ import annotations

from cds_service import (
    Medicine,
    aged,
    all_of,
    answered,
    any_of,
    create_request,
    days,
    gender,
    interpretable,
    measured,
    newer_than_answer,
    no_newer_value,
    none_of,
    order_is,
    read,
    recorded,
    taking,
    within,
)

from .definitions import (
    ACETAMINOPHEN,
    ACETAMINOPHEN_HYPERSENSITIVITY,
    ACETAMINOPHEN_SINGLE,
    ALCOHOL_USE_DISORDER,
    ALLERGIES,
    ANTICOAGULANT,
    ANTIPLATELET,
    ASPIRIN,
    CARDIOVASCULAR_DISEASE,
    CKD_ANY,
    CKD_SEVERE,
    CONDITIONS,
    DIABETES,
    DIURETIC,
    EGFR,
    GI_BLEED_OR_PERFORATION,
    GI_ULCER_OR_BLEED,
    HEART_FAILURE,
    HEAT_THERAPY,
    HYPERTENSION,
    KIDNEY_OBS,
    LITHIUM,
    LIVER_DISEASE_MILD,
    LIVER_DISEASE_SEVERE,
    MEDICATIONS,
    METHOTREXATE,
    NALOXONE,
    NOT_PREGNANT_ANSWERS,
    NSAID,
    NSAID_HYPERSENSITIVITY,
    OPIOID,
    PATIENT,
    PREGNANCY,
    PREGNANCY_OBS,
    PREGNANCY_STATUS,
    PREGNANT_ANSWERS,
    RAS_INHIBITOR,
    SELF_CARE_EDUCATION,
    SSRI_SNRI,
    UNDER_18,
)

_UNIT = "mL/min/{1.73_m2}"
_ALLERGY_SETS = (NSAID_HYPERSENSITIVITY, NSAID, ASPIRIN)

# SAFE-20: a later answer to the pregnancy question overtakes an older entry
PREGNANT = any_of(
    answered(
        PREGNANCY_OBS,
        PREGNANCY_STATUS,
        *PREGNANT_ANSWERS,
        within=days(300),
        label="pregnancy by the last answer",
    ),
    recorded(
        CONDITIONS,
        PREGNANCY,
        label="pregnancy",
        where=within(days(300)) & newer_than_answer(PREGNANCY_OBS, PREGNANCY_STATUS, *NOT_PREGNANT_ANSWERS),
    ),
    label="pregnancy",
)
MAY_BE_PREGNANT = all_of(
    gender(PATIENT, "female", label="female"), aged(PATIENT, at_least=12, below=51, label="age 12 to 50")
)

_ALLERGY_UNCLEAR = none_of(
    interpretable(ALLERGIES, label="allergies that can all be interpreted"),
    label="an allergy that cannot be interpreted",
)
NSAID_ALLERGY = any_of(
    recorded(ALLERGIES, *_ALLERGY_SETS, label="an NSAID or aspirin allergy"),
    recorded(CONDITIONS, NSAID_HYPERSENSITIVITY, label="an NSAID or aspirin hypersensitivity"),
    _ALLERGY_UNCLEAR,
)
_RAS = taking(MEDICATIONS, RAS_INHIBITOR, label="an ACE inhibitor, ARB or renin inhibitor")
_DIURETIC = taking(MEDICATIONS, DIURETIC, label="a diuretic")
_CKD = recorded(
    CONDITIONS,
    CKD_ANY,
    label="chronic kidney disease",
    where=no_newer_value(KIDNEY_OBS, EGFR, unit=_UNIT, at_least=60),
)
_HYPERTENSION = recorded(CONDITIONS, HYPERTENSION, label="hypertension")
_AGED_65 = aged(PATIENT, at_least=65, label="age 65 or more")

# SAFE-47: with any of these an NSAID needs a recent eGFR of 60 or more (SAFE-12: 90 days for the frailest)
_KIDNEY_AT_RISK = any_of(
    _AGED_65,
    recorded(CONDITIONS, CKD_ANY, label="chronic kidney disease"),
    _HYPERTENSION,
    recorded(CONDITIONS, DIABETES, label="diabetes"),
    _DIURETIC,
    _RAS,
    label="a risk to the kidney",
)
_NEEDS_FRESH_EGFR = any_of(
    recorded(CONDITIONS, CKD_ANY, label="chronic kidney disease"),
    _DIURETIC,
    _RAS,
    label="a high risk to the kidney",
)
_KIDNEY_UNPROVEN = any_of(
    all_of(
        _NEEDS_FRESH_EGFR,
        none_of(
            measured(
                KIDNEY_OBS,
                EGFR,
                unit=_UNIT,
                at_least=60,
                within=days(90),
                label="an eGFR of 60 or more in 90 days",
            ),
            label="no eGFR of 60 or more in 90 days",
        ),
    ),
    all_of(
        _KIDNEY_AT_RISK,
        none_of(
            measured(
                KIDNEY_OBS,
                EGFR,
                unit=_UNIT,
                at_least=60,
                within=days(365),
                label="an eGFR of 60 or more in a year",
            ),
            label="no eGFR of 60 or more in a year",
        ),
    ),
    label="a risk to the kidney without a recent eGFR of 60 or more",
)

NSAID_WARNING = any_of(
    NSAID_ALLERGY,
    PREGNANT,
    recorded(
        CONDITIONS, GI_BLEED_OR_PERFORATION, label="gastrointestinal bleeding or perforation", ever=True
    ),
    taking(MEDICATIONS, ANTICOAGULANT, label="an anticoagulant"),
    recorded(CONDITIONS, CKD_SEVERE, label="severe kidney disease"),
    measured(KIDNEY_OBS, EGFR, unit=_UNIT, below=30, label="an eGFR below 30"),
    measured(KIDNEY_OBS, EGFR, unit=_UNIT, below=60, within=days(365), label="an eGFR below 60"),
    recorded(CONDITIONS, HEART_FAILURE, label="heart failure"),
    recorded(CONDITIONS, GI_ULCER_OR_BLEED, label="an ulcer or gastrointestinal bleed", ever=True),
    recorded(CONDITIONS, CARDIOVASCULAR_DISEASE, label="cardiovascular disease", ever=True),
    _CKD,
    taking(MEDICATIONS, LITHIUM, label="lithium"),
    taking(MEDICATIONS, METHOTREXATE, label="methotrexate"),
    all_of(_RAS, _DIURETIC, label="an ACE inhibitor or ARB together with a diuretic"),
    taking(MEDICATIONS, ANTIPLATELET, ASPIRIN, label="aspirin or another antiplatelet"),
    aged(PATIENT, at_least=75, label="age 75 or more"),
    label="a reason against an NSAID",
)
NSAID_HAZARD = any_of(
    NSAID_WARNING,
    _KIDNEY_UNPROVEN,
    measured(KIDNEY_OBS, EGFR, unit=_UNIT, below=60, label="an eGFR below 60"),
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
    _ALLERGY_UNCLEAR,
    LIVER_SEVERE,
    taking(MEDICATIONS, ACETAMINOPHEN, label="another acetaminophen product"),
    order_is(ACETAMINOPHEN, label="acetaminophen in the ordered product"),
    UNDER_18,
    label="a reason not to suggest acetaminophen",
)
_REDUCED_LIMIT = any_of(LIVER_DISEASE, ALCOHOL_USE, label="a lower acetaminophen limit")

# SAFE-17, SAFE-19, SAFE-21, SAFE-24: no reason against an NSAID, but one for care
_NSAID_CAUTION = any_of(
    _AGED_65,
    taking(MEDICATIONS, SSRI_SNRI, label="an SSRI or SNRI"),
    _HYPERTENSION,
    _RAS,
    _DIURETIC,
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
    cautions=((_REDUCED_LIMIT, "at most 2 g a day"),),
)
NALOXONE_OFFER = Medicine(
    "naloxone",
    NALOXONE.coding("7242"),
    any_of(
        taking(MEDICATIONS, NALOXONE, besides=(OPIOID,), label="naloxone already ordered"),
        recorded(ALLERGIES, NALOXONE, label="a naloxone allergy"),
        _ALLERGY_UNCLEAR,
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
