"""Lumbar imaging: is this MRI, CT or radiograph worth ordering for low back pain? (guideline.md 10.3)."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    CdsService,
    Indicator,
    Ladder,
    Line,
    Rule,
    all_of,
    any_of,
    none_of,
    read,
    remove_order,
    set_priority,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    BEYOND_6_WEEKS,
    CONDITIONS,
    CONSERVATIVE_CARE_FAILED,
    IMAGING_REPORTS,
    KNOWN_NOT_CODED,
    OTHER_REASON,
    PALLIATIVE_CARE,
    PATIENT,
    PHASE_UNKNOWN,
    PRE_PROCEDURE,
    SERVICE_REQUESTS,
    SIX_WEEKS_UNCLEAR,
    SPECIALIST_REQUEST,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.imaging.findings import (
    ANY_IMAGING,
    CANDIDATE,
    CONCERNS_BACK_PAIN,
    CROSS_SECTIONAL,
    NOT_MRI,
    ORDERED,
    PREGNANT,
    RADICULAR,
    READABLE,
    RECENT_MRI,
    SEVERE_COURSE,
    SEVERE_SCORE,
    SPECIFIC_CAUSE,
    URGENT,
    XRAY,
)
from hooks.low_back_pain.red_flags.gate import (
    AGE_AND_NEW_PAIN,
    CAUDA_EQUINA_PATTERN,
    EMERGENCY,
    EMERGENCY_RULES,
    INFECTION,
    NAMED_IN_TEXT,
    OLD_DEFICIT,
    RED_FLAG,
    SCREEN,
    UNCODED,
)
from hooks.low_back_pain.scope import not_in_scope, silent
from hooks.low_back_pain.therapies.orders import PHYSIOTHERAPY_OFFER

_MRI_PREFERRED = Line(
    "If an image is needed in pregnancy, MRI comes before CT or a radiograph.",
    all_of(PREGNANT, NOT_MRI),
)
_MODALITY = Line("Without a red flag neither CT nor MRI changes the outcome.", CROSS_SECTIONAL)
_KEEP_REASONS = (
    KNOWN_NOT_CODED,
    SPECIALIST_REQUEST,
    CONSERVATIVE_CARE_FAILED,
    PRE_PROCEDURE,
    OTHER_REASON,
)
_SUPPORTED = topic("imaging-supported")
_CANDIDACY = topic("imaging-consider-candidacy")
_WITHOUT = topic("imaging-without-red-flag")
# Gaps that change no card (guideline.md 10.8): a line each
_GAPS = (
    Line(
        "Service orders were not all read: a referral, or an MRI done before, may be missing here.",
        none_of(read(SERVICE_REQUESTS, label="all service orders")),
    ),
    Line(
        "Imaging reports were not all read: an MRI done before may be missing here.",
        none_of(read(IMAGING_REPORTS, label="all imaging reports")),
    ),
)
_CANDIDACY_LINES = (
    Line("A referral or procedure on record makes this patient a candidate.", CANDIDATE),
    Line(
        "Is surgery or an epidural injection an option? "
        "It is not recorded; without it the image changes little.",
        undecided(CANDIDATE, "candidacy not recorded"),
    ),
    _MRI_PREFERRED,
    *_GAPS,
)


_rung = partial(Rule, on=ORDERED, scope=CONCERNS_BACK_PAIN, if_unknown="stay silent")
"""A rung of the ladder: a Rule with what all rungs share."""


emergency_not_urgent = _rung(
    id="imaging-emergency-not-urgent",
    rows=("IMG-05", "RF-11"),
    topic=_SUPPORTED,
    when=all_of(EMERGENCY, none_of(URGENT, label="an order that is not urgent")),
    advice=Advice(
        Indicator.CRITICAL,
        "Urgent MRI supported by a recorded red flag: this order is not marked urgent",
        (
            Line("Raise the priority of the order, or arrange assessment today by another way."),
            _MRI_PREFERRED,
        ),
        suggestions=(
            set_priority("Mark the order stat", "stat", recommended=True, when=CAUDA_EQUINA_PATTERN),
            set_priority(
                "Mark the order urgent", "urgent", recommended=True, when=none_of(CAUDA_EQUINA_PATTERN)
            ),
        ),
        screen=SCREEN,
    ),
    evidence=(S.URGENT_MRI, S.RED_FLAGS_JUSTIFY_IMAGING),
)
emergency_urgent = _rung(
    id="imaging-emergency",
    rows=("IMG-05", "RF-11"),
    topic=_SUPPORTED,
    when=EMERGENCY,
    advice=Advice(
        Indicator.INFO,
        "Urgent MRI supported by a recorded red flag",
        (Line("Make sure that it is done and read today."), _MRI_PREFERRED),
        screen=SCREEN,
    ),
    evidence=(S.URGENT_MRI, S.RED_FLAGS_JUSTIFY_IMAGING),
)
red_flag = _rung(
    id="imaging-red-flag",
    rows=("RF-05", "RF-06", "RF-07", "RF-08", "RF-09", "RF-10", "RF-11", "RF-17"),
    topic=_SUPPORTED,
    when=RED_FLAG,
    advice=Advice(
        Indicator.INFO,
        "Lumbar imaging is supported by a recorded red flag",
        (
            Line("Low threshold for imaging; consider blood tests where infection or cancer is in question."),
            Line("A spinal infection calls for urgent imaging and referral.", INFECTION),
            Line("Confirm that the older neurologic finding is neither new nor progressing.", OLD_DEFICIT),
            Line("An uncoded entry names a red flag: read the entry.", NAMED_IN_TEXT),
            _MRI_PREFERRED,
        ),
        screen=SCREEN,
    ),
    evidence=(S.RED_FLAGS_JUSTIFY_IMAGING,),
)
radiculopathy = _rung(
    id="imaging-radiculopathy",
    rows=("IMG-04",),
    topic=_CANDIDACY,
    when=RADICULAR,
    advice=Advice(
        Indicator.INFO,
        "MRI is reasonable if surgery or injection is an option",
        (
            Line("Without a severe deficit usually after 6 weeks of symptoms.", none_of(BEYOND_6_WEEKS)),
            Line("Symptoms have lasted more than 6 weeks (IMG-03).", BEYOND_6_WEEKS),
            *_CANDIDACY_LINES,
        ),
        override_reasons=(PRE_PROCEDURE, SPECIALIST_REQUEST),
        screen=SCREEN,
    ),
    evidence=(S.IMAGING_FOR_RADICULOPATHY, S.IMAGING_AFTER_SIX_WEEKS),
)
severe_course = _rung(
    id="imaging-severe-course",
    rows=("IMG-06",),
    topic=_CANDIDACY,
    when=SEVERE_COURSE,
    advice=Advice(
        Indicator.INFO,
        "Severe or worsening beyond the usual course: diagnostic imaging is supported",
        _CANDIDACY_LINES,
        override_reasons=(PRE_PROCEDURE, SPECIALIST_REQUEST),
        screen=SCREEN,
    ),
    evidence=(S.SEVERE_COURSE_NEEDS_IMAGING,),
)
beyond_six_weeks = _rung(
    id="imaging-beyond-six-weeks",
    rows=("IMG-03",),
    topic=_CANDIDACY,
    when=all_of(CROSS_SECTIONAL, BEYOND_6_WEEKS),
    advice=Advice(
        Indicator.INFO,
        "Over 6 weeks: MRI reasonable if injection or surgery is considered",
        _CANDIDACY_LINES,
        override_reasons=(PRE_PROCEDURE, SPECIALIST_REQUEST),
        screen=SCREEN,
    ),
    evidence=(S.IMAGING_AFTER_SIX_WEEKS,),
)
without_red_flag_perhaps = _rung(
    id="imaging-perhaps-without-red-flag",
    rows=("IMG-01", "RF-04"),
    topic=_WITHOUT,
    when=any_of(
        PHASE_UNKNOWN,
        SIX_WEEKS_UNCLEAR,
        AGE_AND_NEW_PAIN,
        all_of(XRAY, BEYOND_6_WEEKS),
        undecided(RED_FLAG, "a red-flag screen that could not be read completely"),
        undecided(SPECIFIC_CAUSE, "procedures that could not be read completely"),
    ),
    advice=Advice(
        Indicator.INFO,
        "Lumbar imaging: no strong red flag is recorded in the coded data read; check before ordering",
        (
            UNCODED,
            Line(
                "Age over 50 with new pain is a weak red flag by itself: look for others.", AGE_AND_NEW_PAIN
            ),
            Line(
                "When did the pain begin? The record does not tell, and the advice depends on it.",
                PHASE_UNKNOWN,
            ),
            _MRI_PREFERRED,
            *_GAPS,
        ),
        suggestions=(PHYSIOTHERAPY_OFFER,),
        override_reasons=_KEEP_REASONS,
        screen=(*SCREEN, SEVERE_SCORE),
    ),
    evidence=(S.NO_ROUTINE_IMAGING, S.RED_FLAGS_JUSTIFY_IMAGING),
)
without_red_flag = _rung(
    id="imaging-without-red-flag",
    rows=("IMG-01", "IMG-02", "IMG-07", "IMG-08", "IMG-09", "RF-11"),
    topic=_WITHOUT,
    when=ANY_IMAGING,
    unless=RED_FLAG,
    advice=Advice(
        Indicator.WARNING,
        "Lumbar imaging without a recorded red flag is not advised",
        (
            UNCODED,
            Line("Keep the order if a red flag is known: say so with the override reason."),
            Line(
                "Otherwise advise staying active and review within weeks; most episodes settle in that time."
            ),
            _MODALITY,
            _MRI_PREFERRED,
            *_GAPS,
        ),
        suggestions=(PHYSIOTHERAPY_OFFER, remove_order("Remove the imaging draft")),
        override_reasons=_KEEP_REASONS,
        screen=(*SCREEN, SEVERE_SCORE),
    ),
    evidence=(S.NO_ROUTINE_IMAGING, S.FINDINGS_ARE_NONSPECIFIC, S.ROUTINE_IMAGING_COSTS),
)


_silent = partial(silent, _rung)

ladder = Ladder(
    (
        _silent("imaging-under-18", when=UNDER_18, because="not designed for under 18 (SAFE-28)"),
        emergency_not_urgent,
        emergency_urgent,
        red_flag,
        _silent(
            "imaging-unread",
            when=none_of(READABLE, label="patient or problem list not read completely"),
            because="no absence may be concluded from what was not read (SAFE-49)",
            data_missing=True,
        ),
        _silent(
            "imaging-other-cause",
            when=any_of(SPECIFIC_CAUSE, PALLIATIVE_CARE),
            because="another cause, earlier spine surgery or palliative care: "
            "the advice does not apply (SAFE-14, 10.1)",
        ),
        radiculopathy,
        severe_course,
        beyond_six_weeks,
        without_red_flag_perhaps,
        without_red_flag,
    )
)

duplicate = Rule(
    id="imaging-duplicate",
    rows=("IMG-10",),
    topic=topic("imaging-duplicate"),
    on=ORDERED,
    scope=CONCERNS_BACK_PAIN,
    when=RECENT_MRI,
    unless=any_of(UNDER_18, RED_FLAG, none_of(READABLE), SPECIFIC_CAUSE, PALLIATIVE_CARE),
    if_unknown="stay silent",
    advice=Advice(
        Indicator.INFO,
        "Lumbar MRI done recently; check report first",
        (Line("A lumbar MRI of the last 90 days is on record."),),
        override_reasons=(SPECIALIST_REQUEST, PRE_PROCEDURE, OTHER_REASON),
    ),
    evidence=(S.RECENT_MRI,),
)

service = CdsService(
    group="lbp-imaging",
    hooks=("order-select", "order-sign", "order-review"),
    title="Lumbar imaging for low back pain",
    description="Asks for red flags and candidacy when lumbar MRI, CT or radiographs "
    "are ordered for low back pain.",
    rules=(
        *EMERGENCY_RULES,
        ladder,
        duplicate,
        not_in_scope("imaging-not-in-scope", ORDERED, CONCERNS_BACK_PAIN),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
    quiet=frozenset({SERVICE_REQUESTS, IMAGING_REPORTS}),
)
