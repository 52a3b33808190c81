"""
STarT Back: the tool is due from two weeks on, and what its result asks for (guideline.md RSK, TIM-06).

The psychosocial subscale has no public code: without it, 4 to 7 points are medium or high risk.
"""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    Indicator,
    Ladder,
    Line,
    Rule,
    all_of,
    any_of,
    create_request,
    days,
    lasting,
    none_of,
    requested,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.care_plan.therapies import BEHAVIORAL_THERAPY, EDUCATION
from hooks.low_back_pain.course import IMPROVED
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BACK_PAIN,
    BACK_PAIN_RECORDED,
    CHRONIC,
    DATA_OUTDATED,
    FOLLOW_UP_VISIT,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    PHYSIOTHERAPY,
    SERVICE_REQUESTS,
    SPECIALIST_REQUEST,
    START_BACK,
    topic,
)
from hooks.low_back_pain.imaging.findings import UNDER_WAY
from hooks.low_back_pain.red_flags.gate import EMERGENCY, RED_FLAG
from hooks.low_back_pain.scope import MUTED
from hooks.low_back_pain.scores import (
    START_BACK_HIGH,
    START_BACK_LOW,
    START_BACK_MEDIUM,
    START_BACK_ON_ORDER,
    START_BACK_RECENT,
    START_BACK_UNSPLIT,
)

_FLAG_FIRST = Line("A red flag is on record: its work-up comes before any treatment by risk.", RED_FLAG)
_TWELVE_WEEKS_OVER = Line("More than 12 weeks have passed: the review is due now.", CHRONIC)
# Earlier exercise does not replace it: only a referral that is under way does
_PHYSIOTHERAPY = create_request(
    "Draft a physiotherapy referral",
    PHYSIOTHERAPY.coding("306170007"),
    when=none_of(
        RED_FLAG,
        requested(SERVICE_REQUESTS, PHYSIOTHERAPY, status=UNDER_WAY, label="physiotherapy on order"),
    ),
)
_REVIEW = create_request(
    "Draft a follow-up visit, no later than week 12",
    FOLLOW_UP_VISIT.coding("390906007"),
    when=none_of(CHRONIC),
)
_OVERRIDES = (ALREADY_EVALUATED, DATA_OUTDATED, SPECIALIST_REQUEST, PATIENT_PREFERENCE, OTHER_REASON)

_result = partial(
    Rule, topic=topic("start-back-result"), on=VISIT, scope=BACK_PAIN_RECORDED, if_unknown="advise"
)
"""A result of the tool: a Rule with what all of them share."""

high = _result(
    id="start-back-high",
    rows=("RSK-04", "TIM-06"),
    when=START_BACK_HIGH,
    unless=MUTED,
    advice=Advice(
        Indicator.WARNING,
        "High risk: biopsychosocial assessment",
        (
            _FLAG_FIRST,
            Line("Assess body, mood, fears and work together; refer to specialized physiotherapy early."),
            Line("Consider cognitive behavioral therapy, earlier than in chronic pain only."),
            Line("Review by 12 weeks at the latest."),
            _TWELVE_WEEKS_OVER,
        ),
        suggestions=(_PHYSIOTHERAPY, BEHAVIORAL_THERAPY, _REVIEW),
        override_reasons=_OVERRIDES,
    ),
    evidence=(S.HIGH_RISK, S.HIGH_RISK_REVIEW, S.CBT_AT_HIGH_RISK, S.START_BACK_CUT_OFFS),
)
# Reassurance: with a red flag, or while that cannot be told, it is not said (SAFE-01)
low = _result(
    id="start-back-low",
    rows=("RSK-02", "SAFE-01"),
    when=all_of(START_BACK_LOW, none_of(RED_FLAG)),
    unless=MUTED,
    advice=Advice(
        Indicator.INFO,
        "Low risk: self-management",
        (
            Line("Support self-management, and go on with it for as long as pain improves."),
            Line(
                "If it does not improve, look again: the score tells the risk of disability, not the cause."
            ),
        ),
        suggestions=(EDUCATION,),
        override_reasons=_OVERRIDES,
    ),
    evidence=(S.LOW_RISK, S.START_BACK_CUT_OFFS),
)
medium = _result(
    id="start-back-medium",
    rows=("RSK-03",),
    when=START_BACK_MEDIUM,
    unless=MUTED,
    advice=Advice(
        Indicator.INFO,
        "Medium risk: refer to physiotherapy",
        (_FLAG_FIRST, Line("Standard physiotherapy, with a plan made together with the patient.")),
        suggestions=(_PHYSIOTHERAPY,),
        override_reasons=_OVERRIDES,
    ),
    evidence=(S.MEDIUM_RISK, S.START_BACK_CUT_OFFS),
)
unsplit = _result(
    id="start-back-subscale-missing",
    rows=("RSK-03", "RSK-04"),
    when=START_BACK_UNSPLIT,
    unless=MUTED,
    advice=Advice(
        Indicator.INFO,
        "Medium or high risk by STarT Back: add the psychosocial subscale to tell",
        (
            _FLAG_FIRST,
            Line("4 or more points on its last five questions mean high risk, and call for early action."),
            Line("Either risk asks for physiotherapy; at high risk it is a specialized one."),
        ),
        suggestions=(_PHYSIOTHERAPY,),
        override_reasons=_OVERRIDES,
    ),
    evidence=(S.MEDIUM_RISK, S.HIGH_RISK, S.START_BACK_CUT_OFFS),
)

due = Rule(
    id="start-back-due",
    rows=("RSK-01", "SAFE-12"),
    topic=topic("start-back-due"),
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    when=all_of(
        lasting(BACK_PAIN, at_least=days(14), label="low back pain for two weeks or more"),
        none_of(START_BACK_RECENT),
    ),
    unless=any_of(MUTED, EMERGENCY, IMPROVED),
    if_unknown="advise",
    advice=Advice(
        Indicator.INFO,
        "STarT Back not recorded in the last 90 days: complete it now",
        (Line("Its result sorts self-management, physiotherapy and early specialized care."),),
        suggestions=(
            create_request(
                "Draft the STarT Back tool", START_BACK.coding("91351-7"), when=none_of(START_BACK_ON_ORDER)
            ),
        ),
        override_reasons=_OVERRIDES,
        screen=(START_BACK_RECENT,),
    ),
    evidence=(S.STRATIFY_AFTER_TWO_WEEKS, S.START_BACK_CUT_OFFS),
)

START_BACK_RULES = (Ladder((high, low, medium, unsplit)), due)
