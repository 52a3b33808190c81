"""Follow-up of back pain: the review within two weeks, and weight beside it (TIM-03, CHR-02)."""

from __future__ import annotations

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    create_request,
    days,
    lasting,
    measured,
    none_of,
    recorded,
    requested,
    weeks,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BACK_PAIN,
    BACK_PAIN_RECORDED,
    BODY_MASS_INDEX,
    CONDITIONS,
    DATA_OUTDATED,
    EATING_DISORDER,
    FOLLOW_UP_VISIT,
    OBESITY,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    SCORES,
    SERVICE_REQUESTS,
    WEIGHT_REFERRAL,
    topic,
)
from hooks.low_back_pain.imaging.findings import UNDER_WAY
from hooks.low_back_pain.pregnancy import PREGNANT
from hooks.low_back_pain.red_flags.gate import RED_FLAG
from hooks.low_back_pain.scope import MUTED

_BOOKED = requested(SERVICE_REQUESTS, FOLLOW_UP_VISIT, status=UNDER_WAY, label="a follow-up visit on order")
# With a red flag the review must be sooner; while that cannot be told, two weeks are not proposed (SAFE-01)
review = Rule(
    id="review-within-2-weeks",
    rows=("TIM-03", "SAFE-01"),
    topic=topic("review-2-weeks"),
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    when=all_of(
        lasting(BACK_PAIN, at_most=days(13), label="low back pain for less than two weeks"),
        none_of(RED_FLAG),
    ),
    unless=MUTED,
    if_unknown="advise",
    advice=Advice(
        Indicator.INFO,
        "Book review within 2 weeks",
        (
            Line(
                "See then whether pain and function improve; earlier if weakness, numbness of the saddle, "
                "trouble with bladder or bowel, or fever appears: tell the patient so."
            ),
            Line("A follow-up visit is on order already: check its date.", _BOOKED),
            Line("Appointments are not read here."),
        ),
        suggestions=(
            create_request(
                "Draft a follow-up visit within 2 weeks",
                FOLLOW_UP_VISIT.coding("390906007"),
                due=weeks(2),
                when=none_of(_BOOKED),
            ),
        ),
        override_reasons=(ALREADY_EVALUATED, PATIENT_PREFERENCE, OTHER_REASON),
    ),
    evidence=(S.REVIEW_WITHIN_TWO_WEEKS,),
)

_BMI = measured(
    SCORES,
    BODY_MASS_INDEX,
    unit="kg/m2",
    at_least=25,
    within=days(365),
    label="a body mass index of 25 or more in the last year",
)
_WEIGHED = measured(
    SCORES, BODY_MASS_INDEX, unit="kg/m2", within=days(365), label="a body mass index of the last year"
)
_HEAVY = any_of(
    _BMI,
    all_of(
        recorded(CONDITIONS, OBESITY, label="overweight or obesity"),
        none_of(_WEIGHED),
        label="overweight or obesity, and no body mass index of the last year",
    ),
    label="an elevated body mass index",
)
weight = Rule(
    id="weight-management",
    rows=("CHR-02", "SAFE-12"),
    topic=topic("weight-management"),
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    when=_HEAVY,
    unless=any_of(
        MUTED,
        RED_FLAG,
        PREGNANT,
        recorded(CONDITIONS, EATING_DISORDER, label="an eating disorder at any time", ever=True),
    ),
    if_unknown="stay silent",
    advice=Advice(
        Indicator.INFO,
        "Weight management can help with low back pain",
        (Line("Ask whether the patient would like to talk about it; weight is one factor among others."),),
        suggestions=(
            create_request(
                "Draft a referral for weight management",
                WEIGHT_REFERRAL.coding("408289007"),
                when=none_of(
                    requested(
                        SERVICE_REQUESTS,
                        WEIGHT_REFERRAL,
                        status=UNDER_WAY,
                        label="weight management on order",
                    )
                ),
            ),
        ),
        override_reasons=(ALREADY_EVALUATED, PATIENT_PREFERENCE, DATA_OUTDATED, OTHER_REASON),
        discreet="Weight management can help with low back pain",
    ),
    evidence=(S.WEIGHT_MANAGEMENT, S.WEIGHT_LIMITS),
)

FOLLOW_UP_RULES = (review, weight)
