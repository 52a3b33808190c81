"""Referral to a spine surgeon: is there a red flag, or have six weeks of care gone before? (REF-04)."""

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
    begins,
    days,
    none_of,
    possibly,
    read,
    remove_order,
    set_start,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    BACK_PAIN,
    CONSERVATIVE_CARE_FAILED,
    KNOWN_NOT_CODED,
    OTHER_REASON,
    PRE_PROCEDURE,
    PROCEDURES,
    SERVICE_REQUESTS,
    SPECIALIST_REQUEST,
    topic,
)
from hooks.low_back_pain.imaging.findings import CANDIDATE, READABLE
from hooks.low_back_pain.red_flags.gate import AGE_AND_NEW_PAIN, RED_FLAG, SCREEN, UNCODED
from hooks.low_back_pain.red_flags.history import ANEURYSM, INFLAMMATORY, MIMIC
from hooks.low_back_pain.referrals.findings import (
    CONCERNS_THE_BACK,
    FIRST_SIX_WEEKS,
    RADICULOPATHY,
    SEVERE_RADICULAR,
    TO_A_SURGEON,
)
from hooks.low_back_pain.scope import MUTED, silent
from hooks.low_back_pain.therapies.manipulation import SPINE_SURGERY_LATELY

_TOPIC = topic("surgery-referral-early")
_OTHER_CAUSE = any_of(
    ANEURYSM, INFLAMMATORY, MIMIC, SPINE_SURGERY_LATELY, label="another cause, or a recent spine operation"
)
_REASONS = (
    KNOWN_NOT_CODED,
    CONSERVATIVE_CARE_FAILED,
    SPECIALIST_REQUEST,
    PRE_PROCEDURE,
    OTHER_REASON,
)
_SCREEN = (*SCREEN, SEVERE_RADICULAR)
_CARE = Line(
    "Care already given is rarely recorded: here 6 weeks since onset stand for 6 weeks of conservative care."
)
_RADICULAR = Line(
    "Radicular signs: use the radiculopathy pathway; severe radicular pain is referred within 2 weeks.",
    RADICULOPATHY,
)
_KEEP = Line("Keep the referral if care has failed, or a red flag is known: say so with the override reason.")
_LATER = set_start("Ask for an appointment from", BACK_PAIN, days(42))

_rung = partial(Rule, on=TO_A_SURGEON, scope=CONCERNS_THE_BACK, if_unknown="stay silent")
"""A rung of the ladder: a Rule with what all rungs share."""


_silent = partial(silent, _rung)

perhaps_early = _rung(
    id="surgery-referral-perhaps-early",
    rows=("REF-04", "RF-04", "RF-16", "SAFE-49"),
    topic=_TOPIC,
    when=all_of(
        FIRST_SIX_WEEKS,
        any_of(
            AGE_AND_NEW_PAIN,
            undecided(RED_FLAG, "a red-flag screen that could not be read completely"),
            undecided(SEVERE_RADICULAR, "pain scores that could not be read completely"),
            undecided(_OTHER_CAUSE, "procedures that could not be read completely"),
            none_of(read(SERVICE_REQUESTS, PROCEDURES, label="all service orders and procedures")),
        ),
    ),
    advice=Advice(
        Indicator.INFO,
        "Surgical referral before 6 weeks: check for red flags that are not in the coded data read",
        (
            UNCODED,
            Line("Age over 50 with new pain is a weak red flag: look for others.", AGE_AND_NEW_PAIN),
            _CARE,
            _RADICULAR,
        ),
        suggestions=(_LATER,),
        override_reasons=_REASONS,
        screen=_SCREEN,
    ),
    evidence=(S.SURGERY_AFTER_SIX_WEEKS, S.RED_FLAGS_JUSTIFY_IMAGING, S.RADICULAR_PATHWAY),
)
early = _rung(
    id="surgery-referral-early",
    rows=("REF-04", "RF-16", "SAFE-48"),
    topic=_TOPIC,
    when=FIRST_SIX_WEEKS,
    advice=Advice(
        Indicator.WARNING,
        "Surgical referral before 6 weeks of conservative care, without a recorded red flag",
        (
            _KEEP,
            UNCODED,
            Line("Otherwise consider conservative care first, and refer if it fails after 6 weeks."),
            _CARE,
            _RADICULAR,
        ),
        suggestions=(_LATER, remove_order("Remove the surgical referral draft")),
        override_reasons=_REASONS,
        screen=_SCREEN,
    ),
    evidence=(S.SURGERY_AFTER_SIX_WEEKS, S.RADICULAR_PATHWAY),
)

ladder = Ladder(
    (
        _silent(
            "surgery-referral-after-6-weeks",
            when=none_of(FIRST_SIX_WEEKS, label="low back pain for 6 weeks or more"),
            because="from day 42 on a referral is allowed, whatever else is on record",
        ),
        _silent(
            "surgery-referral-muted",
            when=MUTED,
            because="under 18, palliative care or active cancer: the advice does not apply (SAFE-28, 10.1)",
        ),
        _silent(
            "surgery-referral-red-flag",
            "SAFE-01",
            when=RED_FLAG,
            because="a red flag, present or suspected: nothing slows the referral (SAFE-01)",
        ),
        _silent(
            "surgery-referral-other-cause",
            "SAFE-14",
            when=_OTHER_CAUSE,
            because="another cause or a recent operation: the advice does not apply (SAFE-14)",
        ),
        _silent(
            "surgery-referral-severe",
            "REF-01",
            when=SEVERE_RADICULAR,
            because="severe radicular pain is a reason to refer (REF-01)",
        ),
        _silent(
            "surgery-referral-candidate",
            when=CANDIDATE,
            because="a candidate for surgery or injection on record (10.2)",
        ),
        _silent(
            "surgery-referral-later",
            when=begins(BACK_PAIN, at_least=days(42), label="an appointment after 6 weeks"),
            because="the referral is for a day after 6 weeks",
        ),
        _silent(
            "surgery-referral-unread",
            when=all_of(
                none_of(READABLE, label="patient or problem list not read completely"),
                possibly(FIRST_SIX_WEEKS),
            ),
            because="no absence may be concluded from what was not read (SAFE-49)",
            data_missing=True,
        ),
        perhaps_early,
        early,
    )
)
