"""Therapies for low back pain: rest, passive treatment, supports, manipulation and early exercise."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    CdsService,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    none_of,
    remove_order,
    set_start,
    weeks,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    ACUTE,
    BACK_PAIN,
    CHRONIC,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    FOR_OTHER_INDICATION,
    FROM_4_WEEKS,
    OTHER_REASON,
    PATIENT,
    PATIENT_PREFERENCE,
    SPECIALIST_REQUEST,
    topic,
)
from hooks.low_back_pain.imaging.findings import PREGNANT
from hooks.low_back_pain.red_flags.gate import SCREEN
from hooks.low_back_pain.scope import not_in_scope
from hooks.low_back_pain.therapies.manipulation import OSTEOPOROSIS_ON_RECORD
from hooks.low_back_pain.therapies.manipulation_safety import MANIPULATION_RULES
from hooks.low_back_pain.therapies.orders import (
    ANY_ORDERED,
    BED_REST_ORDER,
    BED_REST_ORDERED,
    BEGINS_LATER,
    EXERCISE_ORDERED,
    EXERCISES,
    INSTABILITY,
    MAY_BE_HIGH_RISK,
    NOT_YET_4_WEEKS,
    PASSIVE_ORDER,
    PASSIVE_ORDERED,
    PHYSIOTHERAPY_OFFER,
    SILENT,
    SUPPORT_ORDERED,
    TENS_ORDERED,
    ULTRASOUND_ORDERED,
)

_KEEP = (SPECIALIST_REQUEST, FOR_OTHER_INDICATION, PATIENT_PREFERENCE, OTHER_REASON)
_PASSIVE = topic("passive-modality")

_nudge = partial(Rule, scope=CONCERNS_BACK_PAIN, if_unknown="stay silent")
"""Advice on how active care should be: silent while anything that may speak against it is not known."""

bed_rest = _nudge(
    id="bed-rest",
    rows=("ACT-02", "REC-3", "REC-4", "SAFE-01"),
    topic=topic("bed-rest"),
    on=BED_REST_ORDERED,
    when=BED_REST_ORDER,
    unless=any_of(SILENT, PREGNANT),
    advice=Advice(
        Indicator.WARNING,
        "Bed rest slows recovery in low back pain",
        (
            Line("Consider advice to stay active within the limits of pain."),
            Line("Relative rest for up to a few days is tolerated; then activity again."),
            Line("Keep the order if another condition needs it: say so with the override reason."),
        ),
        suggestions=(remove_order("Remove the bed rest draft"),),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.NO_BED_REST, S.SHORT_REST),
)

tens = _nudge(
    id="tens",
    rows=("NPT-13", "SAFE-01"),
    topic=_PASSIVE,
    on=TENS_ORDERED,
    when=PASSIVE_ORDER,
    unless=SILENT,
    advice=Advice(
        Indicator.INFO,
        "TENS shows no benefit over sham",
        (Line("Consider active treatment in its place."),),
        suggestions=(PHYSIOTHERAPY_OFFER, remove_order("Remove the TENS draft")),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.TENS_EQUALS_SHAM, S.PASSIVE_IS_NOT_THE_AIM),
)
ultrasound = _nudge(
    id="therapeutic-ultrasound",
    rows=("NPT-13", "SAFE-01"),
    topic=_PASSIVE,
    on=ULTRASOUND_ORDERED,
    when=PASSIVE_ORDER,
    unless=SILENT,
    advice=Advice(
        Indicator.INFO,
        "Therapeutic ultrasound is passive: active treatment comes before it",
        (Line("Consider active treatment in its place."),),
        suggestions=(PHYSIOTHERAPY_OFFER, remove_order("Remove the ultrasound draft")),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.PASSIVE_IS_NOT_THE_AIM,),
)
passive_without_exercise = _nudge(
    id="passive-without-exercise",
    rows=("NPT-15", "REC-5", "SAFE-01"),
    topic=_PASSIVE,
    on=PASSIVE_ORDERED,
    when=all_of(FROM_4_WEEKS, none_of(EXERCISES, label="no exercise or physiotherapy")),
    unless=SILENT,
    advice=Advice(
        Indicator.INFO,
        "Pair passive care with active exercise",
        (Line("No exercise or physiotherapy was found among orders, drafts and procedures."),),
        suggestions=(PHYSIOTHERAPY_OFFER,),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.ACTIVE_CARE, S.EXERCISE_FROM_4_WEEKS),
)
passive_early = _nudge(
    id="passive-before-4-weeks",
    rows=("NPT-15", "REC-5", "SAFE-01"),
    topic=_PASSIVE,
    on=PASSIVE_ORDERED,
    when=all_of(NOT_YET_4_WEEKS, none_of(EXERCISES, label="no exercise or physiotherapy")),
    unless=SILENT,
    advice=Advice(
        Indicator.INFO,
        "Pair passive care with advice to stay active",
        (Line("Normal activity comes first; a structured exercise program can follow from 4 weeks."),),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.ACTIVE_CARE, S.EXERCISE_FROM_4_WEEKS),
)

lumbar_support = _nudge(
    id="lumbar-support",
    rows=("NPT-14",),
    topic=topic("lumbar-support"),
    on=SUPPORT_ORDERED,
    when=CHRONIC,
    unless=any_of(SILENT, OSTEOPOROSIS_ON_RECORD, PREGNANT, INSTABILITY),
    advice=Advice(
        Indicator.INFO,
        "Lumbar support has no clear benefit in chronic low back pain",
        (Line("Consider active exercise in its place."),),
        suggestions=(remove_order("Remove the lumbar support draft"),),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.LUMBAR_SUPPORT_UNCLEAR,),
)

exercise_too_early = _nudge(
    id="exercise-too-early",
    rows=("EXR-01", "REC-5", "SAFE-01"),
    topic=topic("exercise-too-early"),
    on=EXERCISE_ORDERED,
    when=ACUTE,
    unless=any_of(SILENT, MAY_BE_HIGH_RISK, BEGINS_LATER),
    advice=Advice(
        Indicator.INFO,
        "Structured exercise adds little before 4 weeks; advise normal activity",
        (Line("The order can begin later, or be kept where the patient wishes to start now."),),
        suggestions=(set_start("Begin the exercise program on", BACK_PAIN, weeks(4)),),
        override_reasons=_KEEP,
        screen=SCREEN,
    ),
    evidence=(S.EXERCISE_FROM_4_WEEKS,),
)

service = CdsService(
    group="lbp-therapies",
    hooks=("order-select", "order-sign", "order-review"),
    title="Therapies for low back pain",
    description="Looks at orders for bed rest, passive treatment, lumbar supports, "
    "spinal manipulation and exercise.",
    rules=(
        bed_rest,
        tens,
        ultrasound,
        passive_without_exercise,
        passive_early,
        lumbar_support,
        *MANIPULATION_RULES,
        exercise_too_early,
        not_in_scope("therapy-not-in-scope", ANY_ORDERED, CONCERNS_BACK_PAIN),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
