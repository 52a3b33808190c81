"""
Red flags: what in a chart makes back pain an emergency, or more than back pain (guideline.md section 7).

Here are the findings; the cards that the imaging service gives about them follow below.
"""

from __future__ import annotations

from cds_service import (
    Advice,
    Certainty,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    create_request,
    days,
    drafted,
    first_encounter,
    fresh,
    from_before,
    measured,
    mentioned,
    no_longer_current,
    none_of,
    not_fresh,
    ordered_for,
    possibly,
    recorded,
    sited,
    supplied,
    taken_for,
    within,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    AGE_OVER_50,
    ALREADY_EVALUATED,
    BACK_PAIN,
    BACK_PAIN_RECORDED,
    BLADDER_BOWEL,
    BLADDER_BOWEL_IF_NEW,
    BODY_TEMPERATURE,
    CANCER_ACTIVE,
    CANCER_HISTORY,
    CANCER_SUSPECTED,
    CAUDA_EQUINA,
    CONDITIONS,
    CORTICOSTEROID,
    DATA_OUTDATED,
    EPIDURAL_ABSCESS,
    FEVER,
    FRACTURE,
    INDEX,
    INJECTION_DRUG_USE,
    INJECTION_DRUG_USE_FORMER,
    INJURY_OF_BACK,
    LONG_TERM_STEROID,
    LOW_ENERGY_FALL,
    LUMBAR_MRI,
    MEDICATIONS,
    MOTOR_DEFICIT,
    MOTOR_DEFICIT_BOTH_LEGS,
    NEW_ONSET,
    NUMBNESS,
    ORDERED_FOR_BACK_PAIN,
    OSTEOPOROSIS,
    RED_FLAG_OBS,
    SPINAL_INFECTION,
    SPINE_REFERRAL,
    TRAUMA,
    WEIGHT_LOSS,
    topic,
)
from hooks.low_back_pain.imaging.findings import ANY_IMAGING, ORDERED

_NEW = fresh(days(90))
_NOT_NEW = not_fresh(days(90))
_SADDLE = sited("saddle", "perine", "perian", "genital")
_THIS_YEAR = fresh(days(365))
_PATTERN = (CAUDA_EQUINA, BLADDER_BOWEL, MOTOR_DEFICIT_BOTH_LEGS)

# RF-01, RF-02, RF-17: emergencies, when they are new (SAFE-08)
CAUDA_EQUINA_PATTERN = any_of(
    recorded(CONDITIONS, *_PATTERN, label="a cauda equina pattern", where=_NEW),
    recorded(
        CONDITIONS,
        BLADDER_BOWEL_IF_NEW,
        label="new loss of bladder or bowel control",
        where=_NEW & from_before(BACK_PAIN, days(7)),
        at_most=Certainty.POSSIBLE,
    ),
    recorded(CONDITIONS, NUMBNESS, label="saddle numbness", where=_NEW & _SADDLE),
    ordered_for(CONDITIONS, *_PATTERN, label="a cauda equina pattern as the order's reason"),
    label="a possible cauda equina syndrome",
)
MOTOR_LOSS = any_of(
    recorded(CONDITIONS, MOTOR_DEFICIT, label="a motor deficit of the leg", where=_NEW),
    ordered_for(CONDITIONS, MOTOR_DEFICIT, label="a motor deficit as the order's reason"),
    label="a neurologic deficit",
)
ABSCESS = any_of(
    recorded(CONDITIONS, EPIDURAL_ABSCESS, label="a spinal epidural abscess", where=_THIS_YEAR),
    ordered_for(CONDITIONS, EPIDURAL_ABSCESS, label="a spinal epidural abscess as the order's reason"),
    label="a spinal epidural abscess",
)
EMERGENCY = any_of(CAUDA_EQUINA_PATTERN, MOTOR_LOSS, ABSCESS, label="an emergency red flag")

# SAFE-08: an older neurologic finding is no emergency by itself, but must be looked at
OLD_DEFICIT = recorded(
    CONDITIONS, *_PATTERN, MOTOR_DEFICIT, label="an older neurologic finding", where=_NOT_NEW
)

INFECTION = any_of(
    recorded(CONDITIONS, SPINAL_INFECTION, label="a spinal infection", where=_THIS_YEAR),
    ordered_for(CONDITIONS, SPINAL_INFECTION, label="a spinal infection as the order's reason"),
    label="a spinal infection",
)
CANCER = any_of(
    recorded(CONDITIONS, CANCER_ACTIVE, CANCER_HISTORY, label="cancer, active or past", ever=True),
    recorded(CONDITIONS, CANCER_SUSPECTED, label="suspected cancer", at_most=Certainty.POSSIBLE),
    ordered_for(
        CONDITIONS, CANCER_ACTIVE, CANCER_HISTORY, CANCER_SUSPECTED, label="cancer as the order's reason"
    ),
    label="cancer",
)
FEVER_FOUND = any_of(
    measured(
        RED_FLAG_OBS,
        BODY_TEMPERATURE,
        unit="Cel",
        at_least=38.0,
        within=days(7),
        any_in_window=True,
        label="a temperature of 38 °C or more in the last 7 days",
    ),
    recorded(CONDITIONS, FEVER, label="fever", where=within(days(14))),
    ordered_for(CONDITIONS, FEVER, label="fever as the order's reason"),
    label="fever",
)
INJECTING = any_of(
    recorded(CONDITIONS, INJECTION_DRUG_USE, label="injection drug use"),
    recorded(
        CONDITIONS,
        INJECTION_DRUG_USE_FORMER,
        label="former injection drug use",
        ever=True,
        at_most=Certainty.POSSIBLE,
    ),
    recorded(
        CONDITIONS,
        INJECTION_DRUG_USE,
        label="former injection drug use",
        ever=True,
        where=no_longer_current(),
        at_most=Certainty.POSSIBLE,
    ),
    ordered_for(CONDITIONS, INJECTION_DRUG_USE, label="injection drug use as the order's reason"),
    label="injection drug use",
)
LONG_TERM_STEROIDS = any_of(
    recorded(CONDITIONS, LONG_TERM_STEROID, label="long-term corticosteroid use"),
    taken_for(
        MEDICATIONS,
        CORTICOSTEROID,
        at_least=days(90),
        statements=True,
        label="a corticosteroid for 90 days or more",
    ),
    supplied(
        MEDICATIONS,
        CORTICOSTEROID,
        at_least=days(90),
        within=days(180),
        label="90 days' supply of a corticosteroid in 180 days",
    ),
    ordered_for(CONDITIONS, LONG_TERM_STEROID, label="corticosteroid use as the order's reason"),
    label="long-term corticosteroid use",
)
_RECENT_INJURY = from_before(BACK_PAIN, days(90)) & first_encounter()
TRAUMA_FOUND = any_of(
    recorded(CONDITIONS, TRAUMA, FRACTURE, label="significant trauma or fracture", where=_RECENT_INJURY),
    recorded(
        CONDITIONS, INJURY_OF_BACK, label="a back injury", where=_RECENT_INJURY, at_most=Certainty.POSSIBLE
    ),
    all_of(
        recorded(CONDITIONS, LOW_ENERGY_FALL, label="a fall", where=_RECENT_INJURY),
        any_of(
            recorded(CONDITIONS, OSTEOPOROSIS, label="osteoporosis", ever=True),
            LONG_TERM_STEROIDS,
            AGE_OVER_50,
        ),
        label="a fall with fragile bones or age over 50",
    ),
    ordered_for(CONDITIONS, TRAUMA, FRACTURE, label="trauma or fracture as the order's reason"),
    label="significant trauma or fracture",
)
WEIGHT_LOSS_FOUND = any_of(
    recorded(CONDITIONS, WEIGHT_LOSS, label="unexplained weight loss"),
    ordered_for(CONDITIONS, WEIGHT_LOSS, label="weight loss as the order's reason"),
    label="unexplained weight loss",
)
NAMED_IN_TEXT = mentioned(
    CONDITIONS,
    (
        "cauda equina",
        "cord compression",
        "saddle",
        "incontinence",
        "retention",
        "foot drop",
        "cancer",
        "carcinoma",
        "malignan",
        "metasta",
        "lymphoma",
        "myeloma",
        "discitis",
        "osteomyelitis",
        "abscess",
        "vertebral fracture",
    ),
    unless=("family", "screening", "no", "denies", "ruled out", "risk of", "fear of", "benign", "in situ"),
    label="an uncoded entry that names a red flag (read the entry)",
)

RED_FLAG = any_of(
    EMERGENCY,
    OLD_DEFICIT,
    INFECTION,
    CANCER,
    FEVER_FOUND,
    INJECTING,
    LONG_TERM_STEROIDS,
    TRAUMA_FOUND,
    WEIGHT_LOSS_FOUND,
    NAMED_IN_TEXT,
    label="a red flag",
)
# RF-04: weak alone, so no part of RED_FLAG; an unknown onset counts as new
AGE_AND_NEW_PAIN = all_of(AGE_OVER_50, possibly(NEW_ONSET), label="age over 50 with new back pain")

SCREEN = (
    CAUDA_EQUINA_PATTERN,
    MOTOR_LOSS,
    ABSCESS,
    INFECTION,
    CANCER,
    FEVER_FOUND,
    INJECTING,
    LONG_TERM_STEROIDS,
    TRAUMA_FOUND,
    WEIGHT_LOSS_FOUND,
    AGE_AND_NEW_PAIN,
)

# SAFE-48: said wherever a card speaks against an order
UNCODED = Line(
    "Ask for red flags that are not in the coded data read (cancer, fever, injection drug use, "
    "corticosteroids, trauma, weight loss, bladder or bowel changes, weakness)."
)

# The emergency card, given wherever lumbar imaging is ordered
_MRI_TODAY = create_request(
    "Draft a lumbar MRI, stat",
    LUMBAR_MRI.coding("24968-0"),
    priority="stat",
    when=none_of(drafted(LUMBAR_MRI, label="a lumbar MRI among the drafts")),
)
_SURGEON_NOW = create_request(
    "Draft an urgent referral to a neurosurgeon", SPINE_REFERRAL.coding("308482002"), priority="urgent"
)
_EMERGENCY_REASONS = (ALREADY_EVALUATED, DATA_OUTDATED)
_EMERGENCY_TOPIC = topic("red-flag-emergency")

cauda_equina = Rule(
    id="cauda-equina",
    rows=("RF-01", "RF-03"),
    topic=_EMERGENCY_TOPIC,
    on=ORDERED,
    scope=ANY_IMAGING,
    when=CAUDA_EQUINA_PATTERN,
    if_unknown="stay silent",
    advice=Advice(
        Indicator.CRITICAL,
        "Possible cauda equina: emergency assessment and MRI today",
        (
            Line("Assess today: saddle sensation, anal tone, post-void residual, strength of both legs."),
            Line("Lumbar MRI and surgical assessment on the same day; delay worsens the outcome."),
        ),
        suggestions=(_MRI_TODAY, _SURGEON_NOW),
        override_reasons=_EMERGENCY_REASONS,
    ),
    evidence=(S.CAUDA_EQUINA_IS_AN_EMERGENCY, S.DELAY_WORSENS_DEFICITS),
)

neurologic_deficit = Rule(
    id="neurologic-deficit",
    rows=("RF-02", "RF-03"),
    topic=_EMERGENCY_TOPIC,
    on=ORDERED,
    scope=any_of(
        BACK_PAIN_RECORDED,
        ORDERED_FOR_BACK_PAIN,
        ordered_for(CONDITIONS, *INDEX, MOTOR_DEFICIT, label="a motor deficit as the order's reason"),
    ),
    when=MOTOR_LOSS,
    if_unknown="stay silent",
    advice=Advice(
        Indicator.CRITICAL,
        "Severe or progressive neurologic deficit: immediate MRI and spine referral",
        (
            Line(
                "Severity and progression are not in the record: "
                "examine strength, sensation and reflexes now."
            ),
            Line("Do not wait for conservative care while a deficit progresses."),
        ),
        suggestions=(_MRI_TODAY, _SURGEON_NOW),
        override_reasons=_EMERGENCY_REASONS,
    ),
    evidence=(S.DEFICIT_NEEDS_IMMEDIATE_IMAGING, S.DELAY_WORSENS_DEFICITS),
)

epidural_abscess = Rule(
    id="spinal-epidural-abscess",
    rows=("RF-17",),
    topic=_EMERGENCY_TOPIC,
    on=ORDERED,
    scope=ANY_IMAGING,
    when=ABSCESS,
    if_unknown="stay silent",
    advice=Advice(
        Indicator.CRITICAL,
        "Spinal epidural abscess on record: emergency MRI and surgical assessment",
        (Line("Lumbar MRI and specialist assessment on the same day."),),
        suggestions=(_MRI_TODAY, _SURGEON_NOW),
        override_reasons=_EMERGENCY_REASONS,
    ),
    evidence=(S.RULE_OUT_INFECTION,),
)

EMERGENCY_RULES = (cauda_equina, neurologic_deficit, epidural_abscess)
