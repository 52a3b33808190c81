"""
When a patient with back pain is to be seen by a specialist (REF-01 to REF-06, TIM-08).

The same rules speak on an order and on an open chart; those that ask about the order itself, and
those that only matter beside it, have no twin on the chart.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cds_service import (
    Advice,
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    create_request,
    days,
    none_of,
    set_due,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.care_plan.evidence import INTERDISCIPLINARY
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.conservative_care import SEVERAL_THERAPIES_TRIED
from hooks.low_back_pain.course import IMPROVED, SIGNIFICANT_DISABILITY
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BACK_PAIN_RECORDED,
    CHRONIC,
    DATA_OUTDATED,
    OTHER_REASON,
    PAIN_REHAB_REFERRAL,
    PATIENT_PREFERENCE,
    SPINE_REFERRAL,
    topic,
)
from hooks.low_back_pain.red_flags.gate import OLD_DEFICIT, RED_FLAG, SCREEN
from hooks.low_back_pain.referrals.findings import (
    CONCERNS_THE_BACK,
    LONG_RADICULAR,
    MORE_URGENT,
    REFERRED_OR_INJECTED,
    REHAB_REFERRED,
    SEVERE_RADICULAR,
    SPECIALIST_REFERRED,
    SPINE_REFERRAL_ELSEWHERE,
    SPINE_REFERRAL_ORDERED,
    SPINE_REFERRED,
    WITHIN_TWO_WEEKS,
)
from hooks.low_back_pain.scope import MUTED
from hooks.low_back_pain.scores import START_BACK_HIGH

_TWO_WEEKS = days(14)
_REASONS = (ALREADY_EVALUATED, PATIENT_PREFERENCE, DATA_OUTDATED, OTHER_REASON)
_IF_NOT_IMPROVED = Line(
    "If the pain has not improved; the record does not settle it.",
    undecided(IMPROVED, "a course that scores do not tell"),
)
_DISCREETLY_SOON = "To be seen by a spine specialist within 2 weeks: a recorded condition asks for it"
_RADICULAR = Line("Radicular signs: use the radiculopathy pathway.")
_RED_FLAG = Line("A red flag is on record or suspected: it does not wait for this.", RED_FLAG)
_OUTER_LIMIT = (
    Line("Two weeks are the outer limit: examine strength, sensation and reflexes now."),
    Line("Confirm that the older neurologic finding is not progressing.", OLD_DEFICIT),
    _RED_FLAG,
    _RADICULAR,
)
_REHABILITATION = Line(
    "Significant disability is recorded: consider interdisciplinary rehabilitation.",
    SIGNIFICANT_DISABILITY,
)
_HIGH_RISK = Line(
    "High risk by STarT Back: biopsychosocial assessment and specialized physiotherapy, early.",
    START_BACK_HIGH,
)
_TO_PAIN_SERVICE = create_request(
    "Draft a referral to a pain management service",
    PAIN_REHAB_REFERRAL.coding("306265007"),
    when=none_of(REHAB_REFERRED),
)
_TO_REHABILITATION = create_request(
    "Draft a referral to interdisciplinary rehabilitation",
    PAIN_REHAB_REFERRAL.coding("78429003"),
    when=all_of(SIGNIFICANT_DISABILITY, none_of(REHAB_REFERRED)),
)
_draft_to_spine = partial(
    create_request, coding=SPINE_REFERRAL.coding("308481009"), when=none_of(SPINE_REFERRED)
)
_TO_SPINE_IN_TWO_WEEKS = _draft_to_spine("Draft a spine referral, within 2 weeks", due=_TWO_WEEKS)
_TO_SPINE = _draft_to_spine("Draft a spine referral")
_TO_SPINE_SURGEON = _draft_to_spine("Draft a spine referral, if surgery is an option")

_rule = partial(
    Rule,
    topic=topic("referral-timing"),
    on=REFERRED_OR_INJECTED,
    scope=CONCERNS_THE_BACK,
    if_unknown="advise",
)
"""A rule of the card: a Rule with what all of them share."""


severe = _rule(
    id="referral-severe-radicular-pain",
    rows=("REF-01", "RF-16"),
    when=SEVERE_RADICULAR,
    unless=any_of(MUTED, MORE_URGENT, SPINE_REFERRED),
    advice=Advice(
        Indicator.WARNING,
        "Severe radicular pain: refer to spine specialist within 2 weeks",
        _OUTER_LIMIT,
        suggestions=(_TO_SPINE_IN_TWO_WEEKS,),
        override_reasons=_REASONS,
        screen=SCREEN,
        discreet=_DISCREETLY_SOON,
    ),
    evidence=(S.SEVERE_RADICULAR_IN_TWO_WEEKS, S.RADICULAR_PATHWAY),
)
severe_not_timely = _rule(
    id="referral-severe-radicular-pain-not-timely",
    rows=("REF-01", "RF-16"),
    when=all_of(SPINE_REFERRAL_ORDERED, SEVERE_RADICULAR, none_of(WITHIN_TWO_WEEKS)),
    unless=any_of(MUTED, MORE_URGENT),
    advice=Advice(
        Indicator.WARNING,
        "Severe radicular pain: ask for this spine referral to be seen within 2 weeks",
        _OUTER_LIMIT,
        suggestions=(set_due("Ask for an appointment within 2 weeks", _TWO_WEEKS),),
        override_reasons=_REASONS,
        screen=SCREEN,
        discreet=_DISCREETLY_SOON,
    ),
    evidence=(S.SEVERE_RADICULAR_IN_TWO_WEEKS, S.RADICULAR_PATHWAY),
)
severe_referred = _rule(
    id="referral-severe-radicular-pain-referred",
    rows=("REF-01", "RF-16"),
    when=all_of(SEVERE_RADICULAR, SPINE_REFERRAL_ELSEWHERE),
    unless=any_of(MUTED, MORE_URGENT, SPINE_REFERRAL_ORDERED),
    advice=Advice(
        Indicator.INFO,
        "Severe radicular pain: make sure that the spine referral is seen within 2 weeks",
        _OUTER_LIMIT,
        override_reasons=_REASONS,
        screen=SCREEN,
        discreet=_DISCREETLY_SOON,
    ),
    evidence=(S.SEVERE_RADICULAR_IN_TWO_WEEKS, S.RADICULAR_PATHWAY),
)
three_months = _rule(
    id="referral-radicular-pain",
    rows=("REF-02", "REF-05", "RF-16", "SAFE-01"),
    when=LONG_RADICULAR,
    unless=any_of(MUTED, RED_FLAG, SEVERE_RADICULAR, IMPROVED, SPINE_REFERRED),
    advice=Advice(
        Indicator.INFO,
        "Radicular pain for 75 days or more: refer to spine specialist by 3 months",
        (
            _IF_NOT_IMPROVED,
            Line("The pain has lasted more than 12 weeks: the time has come.", CHRONIC),
            Line("Surgery is for persistent pain with a matching image; the image is not read here."),
            _RADICULAR,
        ),
        suggestions=(_TO_SPINE,),
        override_reasons=_REASONS,
        screen=SCREEN,
        discreet="Refer to spine specialist by 3 months: a recorded condition asks for it",
    ),
    evidence=(
        S.RADICULAR_IN_THREE_MONTHS,
        S.DISCECTOMY_WITH_MATCHING_IMAGE,
        S.RADICULAR_PATHWAY,
    ),
)
disability = _rule(
    id="referral-persistent-disability",
    rows=("REF-03", "NPT-17", "RSK-04"),
    when=all_of(CHRONIC, SIGNIFICANT_DISABILITY, SEVERAL_THERAPIES_TRIED),
    unless=any_of(MUTED, MORE_URGENT, SPECIALIST_REFERRED),
    advice=Advice(
        Indicator.INFO,
        "Persistent disability in spite of several therapies: specialist referral",
        (_REHABILITATION, _HIGH_RISK, _RED_FLAG),
        suggestions=(_TO_PAIN_SERVICE, _TO_REHABILITATION),
        override_reasons=_REASONS,
    ),
    evidence=(S.DISABILITY_DESPITE_CARE, INTERDISCIPLINARY, S.HIGH_RISK),
)
twelve_weeks = _rule(
    id="referral-after-12-weeks",
    rows=("TIM-08", "REF-06", "REF-07", "NPT-17", "RSK-04"),
    when=CHRONIC,
    unless=any_of(MUTED, MORE_URGENT, IMPROVED, SPECIALIST_REFERRED),
    advice=Advice(
        Indicator.INFO,
        "Back pain for more than 12 weeks: consider specialist pain or spine center",
        (
            _IF_NOT_IMPROVED,
            Line("Multidisciplinary biopsychosocial assessment, with cognitive behavioral therapy."),
            _REHABILITATION,
            _HIGH_RISK,
            Line("A surgical service only if it is appropriate."),
            _RED_FLAG,
        ),
        suggestions=(_TO_PAIN_SERVICE, _TO_REHABILITATION, _TO_SPINE_SURGEON),
        override_reasons=_REASONS,
        screen=(SIGNIFICANT_DISABILITY,),
    ),
    evidence=(S.SPECIALIST_AFTER_TWELVE_WEEKS, INTERDISCIPLINARY, S.HIGH_RISK),
)
ON_ORDER_RULES = (severe, severe_not_timely, severe_referred, three_months, disability, twelve_weeks)

# On the chart: multidisciplinary care and rehabilitation are lines of the care plan (REF-07, NPT-17)
_twelve_weeks_of_pain = replace(
    twelve_weeks,
    rows=("TIM-08",),
    advice=Advice(
        Indicator.INFO,
        "Back pain for more than 12 weeks: consider specialist pain or spine center",
        (_IF_NOT_IMPROVED, _RED_FLAG),
        suggestions=(_TO_PAIN_SERVICE,),
        override_reasons=_REASONS,
    ),
    evidence=(S.SPECIALIST_AFTER_TWELVE_WEEKS,),
)
REFERRAL_TIMING_RULES = tuple(
    replace(rule, id=f"{rule.id}-on-record", on=VISIT, scope=BACK_PAIN_RECORDED)
    for rule in (severe, severe_referred, three_months, _twelve_weeks_of_pain)
)
