"""
Looking again: red flags after two weeks without improvement, a cause behind chronic pain (RF-13, CHR-04).

Improvement is never assumed: with fewer than two scores the card says "if not improved" (10.2).
"""

from __future__ import annotations

from functools import partial

from cds_service import Advice, Indicator, Line, Rule, aged_at_onset, all_of, any_of, days, lasting
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.course import IMPROVED
from hooks.low_back_pain.definitions import BACK_PAIN, BACK_PAIN_RECORDED, CHRONIC, PATIENT, topic
from hooks.low_back_pain.imaging.findings import RADICULAR
from hooks.low_back_pain.red_flags.gate import RED_FLAG, SCREEN
from hooks.low_back_pain.red_flags.history import ANEURYSM, HISTORY, INFLAMMATORY, MIMIC
from hooks.low_back_pain.red_flags.work_up import OVERRIDE_REASONS
from hooks.low_back_pain.scope import MUTED

_YOUNG_AT_ONSET = all_of(
    CHRONIC,
    aged_at_onset(PATIENT, BACK_PAIN, below=45, label="back pain since before the age of 45"),
    label="chronic back pain since before the age of 45",
)
_LINES = (
    Line("A red flag is on record: its work-up comes first.", RED_FLAG),
    Line("Ask and examine anew: a screen already done cannot be read here."),
    Line("Ask whether the pattern of pain has changed."),
    Line("Radicular signs: use the radiculopathy pathway.", RADICULAR),
    Line("An aortic aneurysm is on record: consider it as the cause of the pain.", ANEURYSM),
    Line("Another cause of back pain is on record: consider it first.", MIMIC),
    HISTORY,
)
_INFLAMMATORY_LINES = (
    Line(
        "Inflammatory back pain is on record: it too improves with movement, "
        "so relief on moving proves no harmless cause.",
        INFLAMMATORY,
    ),
    Line(
        "Pain for more than 3 months that began before the age of 45: ask about morning stiffness. "
        "Inflammatory back pain, too, improves with movement.",
        _YOUNG_AT_ONSET,
    ),
)
_rule = partial(
    Rule,
    topic=topic("red-flag-screen-needed"),
    on=VISIT,
    scope=BACK_PAIN_RECORDED,
    unless=any_of(MUTED, IMPROVED),
    if_unknown="advise",
)
"""A rule of the card: a Rule with what both share."""

look_again = _rule(
    id="red-flags-again-after-2-weeks",
    rows=("RF-13", "RF-16", "SAFE-13"),
    when=lasting(
        BACK_PAIN, at_least=days(14), at_most=days(83), label="low back pain for two to twelve weeks"
    ),
    advice=Advice(
        Indicator.INFO,
        "If not improved after two weeks: reassess red flags",
        (*_LINES, *_INFLAMMATORY_LINES),
        override_reasons=OVERRIDE_REASONS,
        screen=SCREEN,
    ),
    evidence=(S.LOOK_AGAIN, S.WORK_UP_TARGETS, S.RADICULAR_PATHWAY, S.MOVEMENT_IS_NO_PROOF),
)
look_for_a_cause = _rule(
    id="cause-of-chronic-pain",
    rows=("CHR-04", "RF-16", "SAFE-13"),
    when=CHRONIC,
    advice=Advice(
        Indicator.INFO,
        "If treatment has not helped enough: re-check for a specific cause",
        (*_INFLAMMATORY_LINES, *_LINES),
        override_reasons=OVERRIDE_REASONS,
        screen=SCREEN,
    ),
    evidence=(S.LOOK_FOR_A_CAUSE, S.WORK_UP_TARGETS, S.RADICULAR_PATHWAY, S.MOVEMENT_IS_NO_PROOF),
)

SCREEN_RULES = (look_again, look_for_a_cause)
