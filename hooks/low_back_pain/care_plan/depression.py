"""
Depression beside back pain: who is asked about mood, and whose score asks for follow-up (CHR-01, SAFE-44).

A card names scores only in its detail (SAFE-30), and of the last question of the PHQ-9 neither
answer nor date.
"""

from __future__ import annotations

from cds_service import Advice, Indicator, Ladder, Line, Rule, all_of, any_of, create_request, none_of
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BACK_PAIN_RECORDED,
    CHRONIC,
    DATA_OUTDATED,
    OTHER_REASON,
    PATIENT_PREFERENCE,
    PHQ_9,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.red_flags.gate import EMERGENCY
from hooks.low_back_pain.scope import MUTED
from hooks.low_back_pain.scores import (
    DEPRESSION_CODED,
    MOOD_POSITIVE,
    PHQ_2_POSITIVE,
    PHQ_9_RECENT,
    PHQ_ON_ORDER,
    PHQ_RECENT,
)

_TOPIC = topic("depression-screen")
_OVERRIDES = (ALREADY_EVALUATED, DATA_OUTDATED, PATIENT_PREFERENCE, OTHER_REASON)

# Not muted by cancer or palliative care: it is about danger to life as much as about back pain
mood_positive = Rule(
    id="mood-score-positive",
    rows=("CHR-01", "SAFE-30", "SAFE-44"),
    topic=_TOPIC,
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    when=MOOD_POSITIVE,
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Mood score: follow-up due",
        (
            Line("Read the questionnaire itself today, each answer, and follow the site's pathway for it."),
            Line("The pathway says what to ask about safety, and whom to call."),
            Line("With chronic back pain, depression is treated alongside it.", CHRONIC),
        ),
        suggestions=(
            create_request(
                "Draft a PHQ-9",
                PHQ_9.coding("44261-6"),
                when=all_of(any_of(PHQ_2_POSITIVE, none_of(PHQ_9_RECENT)), none_of(PHQ_ON_ORDER)),
            ),
        ),
        override_reasons=(ALREADY_EVALUATED, DATA_OUTDATED, OTHER_REASON),
        discreet="A recorded score asks for follow-up: read the entry today",
    ),
    evidence=(S.MOOD_CUT_OFFS, S.SCREEN_FOR_DEPRESSION),
)
screen_due = Rule(
    id="depression-screen-due",
    rows=("CHR-01", "SAFE-12"),
    topic=_TOPIC,
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    when=all_of(CHRONIC, none_of(PHQ_RECENT, DEPRESSION_CODED)),
    unless=any_of(MUTED, EMERGENCY),
    if_unknown="advise",
    advice=Advice(
        Indicator.INFO,
        "Screen for depression (PHQ-2/PHQ-9)",
        (Line("Depression that is found is treated alongside the back pain."),),
        suggestions=(create_request("Draft a PHQ-9", PHQ_9.coding("44261-6"), when=none_of(PHQ_ON_ORDER)),),
        override_reasons=_OVERRIDES,
        screen=(PHQ_RECENT,),
    ),
    evidence=(S.SCREEN_FOR_DEPRESSION, S.MOOD_CUT_OFFS),
)

DEPRESSION_RULES = (Ladder((mood_positive, screen_due)),)
