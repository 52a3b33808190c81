"""The words of the low-back-pain guideline: its value sets, what it reads from the EHR, its index episode."""

from __future__ import annotations

from pathlib import Path

from cds_service import (
    Coding,
    Episode,
    Need,
    Terminology,
    Topic,
    aged,
    all_of,
    any_of,
    days,
    lasting,
    none_of,
    order_name,
    ordered_for,
    ordered_for_else,
    phase_unclear,
    recorded,
)

TERMS = Terminology.load(Path(__file__).parent)
CODE_SYSTEMS = "http://example.org/fhir/lbp-cds/CodeSystem/"

# Back pain
LOW_BACK_PAIN = TERMS["low-back-pain-nonspecific"]
LOW_BACK_PAIN_ACUTE = TERMS["low-back-pain-acute"]
LOW_BACK_PAIN_CHRONIC = TERMS["low-back-pain-chronic"]
LUMBAR_RADICULOPATHY = TERMS["lumbar-radiculopathy"]
LUMBAR_STRUCTURAL = TERMS["lumbar-structural"]
LUMBAR_STRUCTURAL_SPECIFIC = TERMS["lumbar-structural-specific"]
LUMBAR_INSTABILITY = TERMS["lumbar-instability"]
SPINE_SURGERY_HISTORY = TERMS["spine-surgery-history"]
INFLAMMATORY_BACK_PAIN = TERMS["inflammatory-back-pain"]
MUSCLE_SPASM = TERMS["muscle-spasm-back"]
AORTIC_ANEURYSM = TERMS["abdominal-aortic-aneurysm"]
BACK_PAIN_MIMIC = TERMS["back-pain-mimic"]
INDEX = (
    LOW_BACK_PAIN,
    LOW_BACK_PAIN_ACUTE,
    LOW_BACK_PAIN_CHRONIC,
    LUMBAR_RADICULOPATHY,
    LUMBAR_STRUCTURAL,
    LUMBAR_STRUCTURAL_SPECIFIC,
)

# Red flags
CAUDA_EQUINA = TERMS["redflag-cauda-equina"]
BLADDER_BOWEL = TERMS["redflag-bladder-bowel"]
BLADDER_BOWEL_IF_NEW = TERMS["redflag-bladder-bowel-if-new"]
MOTOR_DEFICIT = TERMS["redflag-motor-deficit"]
MOTOR_DEFICIT_BOTH_LEGS = TERMS["motor-deficit-both-legs"]
NUMBNESS = TERMS["saddle-numbness-candidates"]
SPINAL_INFECTION = TERMS["redflag-spinal-infection"]
EPIDURAL_ABSCESS = TERMS["spinal-epidural-abscess"]
CANCER_ACTIVE = TERMS["redflag-malignancy-active"]
CANCER_HISTORY = TERMS["redflag-malignancy-history"]
CANCER_SUSPECTED = TERMS["redflag-malignancy-suspected"]
NOT_PERSONAL_CANCER = TERMS["not-personal-malignancy"]
FEVER = TERMS["redflag-fever"]
BODY_TEMPERATURE = TERMS["obs-body-temperature"]
INJECTION_DRUG_USE = TERMS["redflag-injection-drug-use"]
INJECTION_DRUG_USE_FORMER = TERMS["injection-drug-use-former"]
NOT_INJECTION_DRUG_USE = TERMS["not-injection-drug-use"]
LONG_TERM_STEROID = TERMS["redflag-long-term-steroid"]
TRAUMA = TERMS["redflag-trauma"]
INJURY_OF_BACK = TERMS["injury-of-back"]
FRACTURE = TERMS["redflag-fracture"]
LOW_ENERGY_FALL = TERMS["low-energy-fall"]
OSTEOPOROSIS = TERMS["osteoporosis"]
WEIGHT_LOSS = TERMS["redflag-weight-loss"]
INTENDED_WEIGHT_LOSS = TERMS["not-unexplained-weight-loss"]
PAIN_SCORE = TERMS["obs-pain-score"]
PEG_SCORE = TERMS["obs-peg-score"]
START_BACK = TERMS["obs-start-back"]
START_BACK_PSYCHOSOCIAL = TERMS["obs-start-back-psychosocial"]
RED_FLAG_SETS = (
    CAUDA_EQUINA,
    BLADDER_BOWEL,
    BLADDER_BOWEL_IF_NEW,
    MOTOR_DEFICIT,
    MOTOR_DEFICIT_BOTH_LEGS,
    SPINAL_INFECTION,
    EPIDURAL_ABSCESS,
    CANCER_ACTIVE,
    CANCER_HISTORY,
    CANCER_SUSPECTED,
    FEVER,
    INJECTION_DRUG_USE,
    LONG_TERM_STEROID,
    TRAUMA,
    FRACTURE,
    WEIGHT_LOSS,
)

# Orders
LUMBAR_MRI = TERMS["imaging-lumbar-mri"]
LUMBAR_CT = TERMS["imaging-lumbar-ct"]
LUMBAR_XRAY = TERMS["imaging-lumbar-xray"]
SPINE_REFERRAL = TERMS["referral-spine-surgery"]
SURGEON_REFERRAL = TERMS["referral-surgeon-unspecified"]
PAIN_REHAB_REFERRAL = TERMS["referral-pain-rehab"]
EPIDURAL_INJECTION = TERMS["therapy-epidural-injection"]
PHYSIOTHERAPY = TERMS["therapy-exercise-physio"]
MANUAL_THERAPY = TERMS["therapy-manual"]
ACUPUNCTURE = TERMS["therapy-acupuncture"]
MIND_BODY_THERAPY = TERMS["therapy-mind-body"]
HEAT_THERAPY = TERMS["therapy-heat"]
SELF_CARE_EDUCATION = TERMS["education-self-care"]
SURGICAL_PROCEDURE = TERMS["procedure-surgical"]
BED_REST = TERMS["bed-rest"]
TENS = TERMS["therapy-tens"]
THERAPEUTIC_ULTRASOUND = TERMS["therapy-ultrasound"]
LUMBAR_SUPPORT = TERMS["therapy-lumbar-support"]
SPINAL_MANIPULATION = TERMS["therapy-spinal-manipulation"]
EXERCISE_PROGRAM = TERMS["therapy-exercise-program"]
YOGA_OR_TAI_CHI = TERMS["therapy-movement"]
FOLLOW_UP_VISIT = TERMS["follow-up-visit"]
WEIGHT_REFERRAL = TERMS["referral-weight-management"]

# Medicines
OPIOID = TERMS["rx-opioid"]
OPIOID_FOR_OUD = TERMS["rx-opioid-oud"]
CODEINE = TERMS["rx-codeine"]
TRAMADOL = TERMS["rx-tramadol"]
MEPERIDINE = TERMS["rx-meperidine"]
NALOXONE = TERMS["rx-naloxone"]
NSAID = TERMS["rx-nsaid-systemic"]
NSAID_TOPICAL = TERMS["rx-nsaid-topical"]
ACETAMINOPHEN = TERMS["rx-acetaminophen"]
ACETAMINOPHEN_SINGLE = TERMS["rx-acetaminophen-single"]
ASPIRIN = TERMS["rx-aspirin"]
ANTICOAGULANT = TERMS["rx-anticoagulant"]
ANTIPLATELET = TERMS["rx-antiplatelet"]
SSRI_SNRI = TERMS["rx-ssri-snri"]
MAOI = TERMS["rx-maoi"]
LITHIUM = TERMS["rx-lithium"]
METHOTREXATE = TERMS["rx-methotrexate"]
RAS_INHIBITOR = TERMS["rx-ras-inhibitor"]
DIURETIC = TERMS["rx-diuretic"]
CORTICOSTEROID = TERMS["rx-corticosteroid-systemic"]
BENZODIAZEPINE = TERMS["rx-benzodiazepine"]
GABAPENTINOID = TERMS["rx-gabapentinoid"]
MUSCLE_RELAXANT = TERMS["rx-muscle-relaxant"]
SEDATIVE_OTHER = TERMS["rx-sedative-other"]
CYCLOBENZAPRINE = TERMS["rx-cyclobenzaprine"]
CYCLOBENZAPRINE_EXTENDED = TERMS["rx-cyclobenzaprine-extended-release"]
RELAXANT_FOR_SPASTICITY = TERMS["rx-spasticity"]
CORTICOSTEROID_INJECTION = TERMS["rx-corticosteroid-injection"]
DULOXETINE = TERMS["rx-duloxetine"]
SYSTEMIC_ROUTE = TERMS["route-systemic"]
LOCAL_ROUTE = TERMS["route-local"]

# Conditions that change what may be given
NSAID_HYPERSENSITIVITY = TERMS["nsaid-hypersensitivity"]
ACETAMINOPHEN_HYPERSENSITIVITY = TERMS["acetaminophen-hypersensitivity"]
GI_ULCER_OR_BLEED = TERMS["gi-ulcer-or-bleed"]
GI_BLEED_OR_PERFORATION = TERMS["gi-bleed-or-perforation"]
CARDIOVASCULAR_DISEASE = TERMS["cardiovascular-disease"]
HEART_FAILURE = TERMS["heart-failure"]
HYPERTENSION = TERMS["hypertension"]
CKD_ANY = TERMS["ckd-any"]
CKD_SEVERE = TERMS["ckd-severe"]
DIABETES = TERMS["diabetes"]
EGFR = TERMS["obs-egfr"]
PREGNANCY = TERMS["pregnancy"]
PREGNANCY_WEEK = TERMS["pregnancy-week"]
PREGNANCY_THIRD_TRIMESTER = TERMS["pregnancy-third-trimester"]
PREGNANCY_STATUS = TERMS["obs-pregnancy-status"]
BREASTFEEDING = TERMS["breastfeeding"]
LIVER_DISEASE_MILD = TERMS["liver-disease-mild"]
LIVER_DISEASE_SEVERE = TERMS["liver-disease-moderate-severe"]
ALCOHOL_USE_DISORDER = TERMS["alcohol-use-disorder"]
SLEEP_DISORDERED_BREATHING = TERMS["sleep-disordered-breathing"]
OPIOID_USE_DISORDER = TERMS["opioid-use-disorder"]
LONG_TERM_OPIOID_USE = TERMS["long-term-opioid-use"]
PALLIATIVE = TERMS["palliative-or-hospice"]
DEPRESSION = TERMS["depression"]
DEPRESSION_SCREEN_POSITIVE = TERMS["depression-screen-positive"]
PHQ_2 = TERMS["obs-phq2"]
PHQ_9 = TERMS["obs-phq9"]
PHQ_9_ITEM_9 = TERMS["obs-phq9-item9"]
BODY_MASS_INDEX = TERMS["obs-bmi"]
OBESITY = TERMS["obesity"]
EATING_DISORDER = TERMS["eating-disorder"]
SICKLE_CELL = TERMS["sickle-cell-disease"]
SKIN_DISEASE = TERMS["skin-disease"]
IMPAIRED_SENSATION = TERMS["impaired-sensation"]
BLEEDING_DISORDER = TERMS["bleeding-disorder"]
ANGLE_CLOSURE_GLAUCOMA = TERMS["angle-closure-glaucoma"]
FALLS = TERMS["falls-history"]
SPASTICITY = TERMS["spasticity"]
CYCLOBENZAPRINE_CAUTION = TERMS["cyclobenzaprine-cautions"]
MYOCARDIAL_INFARCTION = TERMS["myocardial-infarction"]
BENZODIAZEPINE_INDICATION = TERMS["other-indication-benzodiazepine"]
STEROID_INDICATION = TERMS["other-indication-steroid"]
GABAPENTINOID_INDICATION = TERMS["other-indication-gabapentinoid"]

_LOINC = "http://loinc.org"
_SNOMED_CT = "http://snomed.info/sct"
# Answers to the pregnancy question, not questions: guideline.md 10.8
PREGNANT_ANSWERS = (Coding(_SNOMED_CT, "77386006"), Coding(_LOINC, "LA15173-0"))
NOT_PREGNANT_ANSWERS = (Coding(_SNOMED_CT, "60001007"), Coding(_LOINC, "LA26683-5"))
NOT_AT_ALL = Coding(_LOINC, "LA6568-5")

_SEARCH = "patient={{context.patientId}}"
_LATEST = "&_sort=-date&_count=200"


def _observations(*names: str) -> str:
    codes = sorted({key for name in names for key in TERMS[name].codes})
    listed = ",".join(f"{system}|{code}" for system, code in codes)
    return f"Observation?{_SEARCH}&code={listed}{_LATEST}"


PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")
CONDITIONS = Need("conditions", f"Condition?{_SEARCH}&_count=200", "problem list")
MEDICATIONS = Need(
    "medications",
    f"MedicationRequest?{_SEARCH}&_count=200",
    "medication orders",
    beside=Need(
        "medicationStatements",
        f"MedicationStatement?{_SEARCH}&_count=200",
        "medication statements",
        fallback=True,
    ),
)
ALLERGIES = Need("allergies", f"AllergyIntolerance?{_SEARCH}&_count=200", "allergies")
SERVICE_REQUESTS = Need("serviceRequests", f"ServiceRequest?{_SEARCH}&_count=200", "service orders")
PROCEDURES = Need("procedures", f"Procedure?{_SEARCH}&_count=200", "procedures")
IMAGING_REPORTS = Need(
    "imagingReports",
    f"DiagnosticReport?{_SEARCH}&category=http://terminology.hl7.org/CodeSystem/v2-0074|RAD&_count=200",
    "imaging reports",
)
KIDNEY_OBS = Need("kidneyObs", _observations("obs-egfr"), "kidney function")
RED_FLAG_OBS = Need(
    "redFlagObs", _observations("obs-body-temperature", "obs-pain-score"), "temperature and pain scores"
)
PREGNANCY_OBS = Need("pregnancyObs", _observations("obs-pregnancy-status"), "pregnancy status")
SCORES = Need(
    "scores",
    _observations(
        "obs-start-back",
        "obs-start-back-psychosocial",
        "obs-peg-score",
        "obs-pain-score",
        "obs-phq2",
        "obs-phq9",
        "obs-phq9-item9",
        "obs-bmi",
    ),
    "scores and body mass index",
)

BACK_PAIN = Episode(
    "low back pain",
    CONDITIONS,
    INDEX,
    chronic=LOW_BACK_PAIN_CHRONIC,
    acute=LOW_BACK_PAIN_ACUTE,
    join=days(84),
    acute_below=days(28),
    chronic_after=days(84),
)

# Phases and boundaries (guideline.md section 1)
ACUTE = lasting(BACK_PAIN, at_most=days(27), label="low back pain for less than 4 weeks")
CHRONIC = lasting(BACK_PAIN, more_than=days(84), label="low back pain for more than 12 weeks")
BEYOND_4_WEEKS = lasting(BACK_PAIN, more_than=days(28), label="low back pain for more than 4 weeks")
FROM_4_WEEKS = lasting(BACK_PAIN, at_least=days(28), label="low back pain for 4 weeks or more")
BEYOND_6_WEEKS = lasting(BACK_PAIN, more_than=days(42), label="low back pain for more than 6 weeks")
NEW_ONSET = lasting(BACK_PAIN, at_most=days(84), label="new low back pain (12 weeks or less)")
PHASE_UNKNOWN = phase_unclear(BACK_PAIN, days(28), days(85), label="an onset too vague to tell the phase")
SIX_WEEKS_UNCLEAR = phase_unclear(
    BACK_PAIN, days(43), label="an onset too vague to tell whether 6 weeks passed"
)

# Index (guideline.md 10.2); an order's own reason counts as much as the problem list
BACK_PAIN_RECORDED = recorded(CONDITIONS, *INDEX, label="low back pain")
ORDERED_FOR_BACK_PAIN = ordered_for(CONDITIONS, *INDEX, label="low back pain as the order's reason")
OTHER_INDICATION = ordered_for_else(CONDITIONS, *INDEX, label="an order for another reason")
CONCERNS_BACK_PAIN = all_of(
    any_of(BACK_PAIN_RECORDED, ORDERED_FOR_BACK_PAIN),
    none_of(OTHER_INDICATION),
    label="an order for low back pain",
)
INDEX_ON_RECORD = any_of(BACK_PAIN_RECORDED, ORDERED_FOR_BACK_PAIN, label="low back pain")

UNDER_18 = aged(PATIENT, below=18, cautious=True, label="age under 18")
AGE_OVER_50 = aged(PATIENT, at_least=51, cautious=True, label="age over 50")
ACTIVE_CANCER = recorded(CONDITIONS, CANCER_ACTIVE, label="active cancer")
PALLIATIVE_CARE = recorded(CONDITIONS, PALLIATIVE, label="palliative or hospice care")

ORDER_NAMES = (
    order_name("ServiceRequest", LUMBAR_MRI, "lumbar|lumbosacral|l-spine|l spine", "mri?|magnetic resonance"),
    order_name("ServiceRequest", LUMBAR_CT, "lumbar|lumbosacral|l-spine|l spine", "ct|computed tomography"),
    order_name(
        "ServiceRequest",
        LUMBAR_XRAY,
        "lumbar|lumbosacral|l-spine|l spine",
        "xr|x-?rays?|radiographs?|radiography|plain films?",
    ),
    order_name(
        "ServiceRequest",
        BED_REST,
        "(?<!no )(?<!avoid )(?<!against )(?<!without )(?<!instead of )bed[ -]?rest",
    ),
    order_name(
        "MedicationRequest",
        OPIOID,
        "codeine|hydrocodone|oxycodone|morphine|hydromorphone|oxymorphone|tramadol|tapentadol|fentanyl|"
        "meperidine|levorphanol|pentazocine|butorphanol|methadone|buprenorphine",
    ),
    order_name("MedicationRequest", OPIOID_FOR_OUD, "methadone|buprenorphine"),
    order_name("MedicationRequest", CODEINE, "codeine"),
    order_name("MedicationRequest", TRAMADOL, "tramadol"),
    order_name("MedicationRequest", MEPERIDINE, "meperidine"),
    order_name("MedicationRequest", ACETAMINOPHEN, "acetaminophen|paracetamol"),
    order_name("MedicationRequest", NSAID, "naproxen|ibuprofen|diclofenac|meloxicam|celecoxib|ketorolac"),
    order_name(
        "MedicationRequest",
        NSAID_TOPICAL,
        "ibuprofen|diclofenac|ketorolac|ketoprofen|piroxicam",
        "gel|cream|patch|foam|spray|topical|drops|ophthalmic",
    ),
    order_name("MedicationRequest", ASPIRIN, "aspirin|acetylsalicylic acid"),
    order_name("MedicationRequest", BENZODIAZEPINE, "diazepam|lorazepam|alprazolam|clonazepam|temazepam"),
    order_name(
        "MedicationRequest",
        MUSCLE_RELAXANT,
        "cyclobenzaprine|methocarbamol|tizanidine|carisoprodol|metaxalone|chlorzoxazone|orphenadrine|"
        "baclofen|dantrolene",
    ),
    order_name("MedicationRequest", RELAXANT_FOR_SPASTICITY, "tizanidine|baclofen|dantrolene"),
    order_name("MedicationRequest", CYCLOBENZAPRINE, "cyclobenzaprine"),
    order_name(
        "MedicationRequest",
        CYCLOBENZAPRINE_EXTENDED,
        "cyclobenzaprine",
        "er|xr|24 ?hr?|extended[- ]release|amrix",
    ),
    order_name("MedicationRequest", GABAPENTINOID, "gabapentin|pregabalin"),
    order_name("MedicationRequest", SEDATIVE_OTHER, "zolpidem|eszopiclone|zaleplon|phenobarbital|butalbital"),
    order_name("MedicationRequest", DULOXETINE, "duloxetine"),
    order_name("MedicationRequest", SSRI_SNRI, "duloxetine"),
    order_name(
        "MedicationRequest",
        CORTICOSTEROID,
        "prednisone|prednisolone|methylprednisolone|dexamethasone",
        "tablets?|tabs?|oral|by mouth|dose ?pack",
    ),
    order_name(
        "MedicationRequest",
        CORTICOSTEROID_INJECTION,
        "prednisolone|methylprednisolone|dexamethasone|triamcinolone|betamethasone|hydrocortisone",
        "injections?|injectable|vials?",
    ),
    order_name("MedicationRequest", ANTICOAGULANT, "warfarin|apixaban|rivaroxaban|dabigatran|edoxaban"),
)


def override_reason(code: str, display: str) -> Coding:
    """Return an override reason of this guideline (guideline.md section 1)."""
    return Coding(f"{CODE_SYSTEMS}override-reason", code, display)


KNOWN_NOT_CODED = override_reason("red-flag-known-not-coded", "A red flag is known but not coded")
SPECIALIST_REQUEST = override_reason("specialist-request", "Requested by a specialist")
CONSERVATIVE_CARE_FAILED = override_reason("failed-conservative-care", "Conservative care has failed")
PRE_PROCEDURE = override_reason("pre-procedure", "Planning a procedure")
ALTERNATIVE_CONTRAINDICATED = override_reason(
    "alternative-contraindicated", "The alternative is contraindicated"
)
FOR_OTHER_INDICATION = override_reason("other-indication", "Ordered for another indication")
ALREADY_EVALUATED = override_reason("already-evaluated", "Already evaluated")
BENEFIT_OUTWEIGHS_RISK = override_reason("benefit-outweighs-risk", "The benefit outweighs the risk")
PATIENT_PREFERENCE = override_reason("patient-preference", "The patient prefers it")
PALLIATIVE_REASON = override_reason("palliative", "Palliative care")
DATA_OUTDATED = override_reason("data-outdated", "The data shown are outdated")
OTHER_REASON = override_reason("other", "Other reason")
# What one of HL7's reasons says too: a card offers ours, and not both (docs/adr/0007)
REASONS_ALIKE = {
    "other-indication": "cds-not-applicable",
    "already-evaluated": "cds-not-applicable",
    "alternative-contraindicated": "recipient-concerns-outcomes",
    "benefit-outweighs-risk": "recipient-concerns-outcomes",
    "patient-preference": "does-not-align-preferences",
}

_TOPICS = (
    "red-flag-emergency",
    "red-flag-present",
    "red-flag-screen-needed",
    "imaging-without-red-flag",
    "imaging-consider-candidacy",
    "imaging-supported",
    "imaging-duplicate",
    "nsaid-safety",
    "nsaid-duplicate",
    "nsaid-dose-duration",
    "acetaminophen-max-dose",
    "acetaminophen-chronic",
    "acetaminophen-safety",
    "opioid-acute",
    "opioid-first-line-not-tried",
    "opioid-dose-duration",
    "opioid-sedative-combination",
    "opioid-long-term-review",
    "serotonergic-interaction",
    "pregnancy-medication",
    "muscle-relaxant-duration",
    "muscle-relaxant-dose",
    "muscle-relaxant-hepatic",
    "muscle-relaxant-radiculopathy",
    "muscle-relaxant-sedation",
    "sedative-load",
    "benzodiazepine-not-advised",
    "systemic-steroid-not-advised",
    "gabapentinoid-indication",
    "duloxetine-safety",
    "bed-rest",
    "passive-modality",
    "lumbar-support",
    "manipulation-safety",
    "exercise-too-early",
    "epidural-injection-indication",
    "surgery-referral-early",
    "start-back-result",
    "depression-screen",
    "start-back-due",
    "referral-timing",
    "care-plan",
    "review-2-weeks",
    "weight-management",
    "not-in-scope",
    "data-missing",
)


def topic(code: str) -> Topic:
    """Return a card topic; its rank is its place in guideline.md section 3."""
    display = code.replace("-", " ").capitalize()
    return Topic(Coding(f"{CODE_SYSTEMS}topic", code, display), _TOPICS.index(code))
