"""What lumbar imaging is ordered, what for, and what in the chart bears on it (guideline.md 10.2, 10.3)."""

from __future__ import annotations

from cds_service import (
    all_of,
    any_of,
    days,
    measured,
    never_absent,
    none_of,
    order_is,
    order_urgent,
    ordered_for,
    ordered_for_else,
    read,
    recorded,
    requested,
    selected,
    within,
    worsening,
)
from hooks.low_back_pain.definitions import (
    AORTIC_ANEURYSM,
    BACK_PAIN,
    BACK_PAIN_MIMIC,
    BACK_PAIN_RECORDED,
    BEYOND_4_WEEKS,
    CONDITIONS,
    EPIDURAL_INJECTION,
    IMAGING_REPORTS,
    INDEX,
    INFLAMMATORY_BACK_PAIN,
    LUMBAR_CT,
    LUMBAR_MRI,
    LUMBAR_RADICULOPATHY,
    LUMBAR_STRUCTURAL_SPECIFIC,
    LUMBAR_XRAY,
    PAIN_SCORE,
    PATIENT,
    PREGNANCY,
    PROCEDURES,
    RED_FLAG_OBS,
    RED_FLAG_SETS,
    SERVICE_REQUESTS,
    SPINE_REFERRAL,
    SPINE_SURGERY_HISTORY,
    SURGEON_REFERRAL,
)

ORDERED = selected(LUMBAR_MRI, LUMBAR_CT, LUMBAR_XRAY, label="lumbar imaging is ordered")
ANY_IMAGING = order_is(LUMBAR_MRI, LUMBAR_CT, LUMBAR_XRAY, label="lumbar imaging is ordered")
XRAY = order_is(LUMBAR_XRAY, label="a radiograph is ordered")
NOT_MRI = order_is(LUMBAR_CT, LUMBAR_XRAY, label="a CT or radiograph is ordered")
CROSS_SECTIONAL = order_is(LUMBAR_MRI, LUMBAR_CT, label="an MRI or CT is ordered")
URGENT = order_urgent(label="the order is urgent")

# An order for a red flag concerns back pain too (guideline.md 10.2, index)
CONCERNS_BACK_PAIN = all_of(
    any_of(
        BACK_PAIN_RECORDED,
        ordered_for(
            CONDITIONS, *INDEX, *RED_FLAG_SETS, label="back pain or a red flag as the order's reason"
        ),
    ),
    none_of(
        ordered_for_else(
            CONDITIONS, *INDEX, *RED_FLAG_SETS, SPINE_SURGERY_HISTORY, label="imaging for another reason"
        )
    ),
    label="lumbar imaging for back pain",
)

RADICULAR = any_of(
    recorded(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        label="radiculopathy or a specific structural finding",
    ),
    ordered_for(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        label="radiculopathy as the order's reason",
    ),
)
_PLANNED = frozenset({"draft", "active", "on-hold", "completed"})
_DONE = frozenset({"completed"})
UNDER_WAY = frozenset({"draft", "active", "on-hold"})
CANDIDATE = never_absent(
    any_of(
        requested(
            SERVICE_REQUESTS,
            SPINE_REFERRAL,
            EPIDURAL_INJECTION,
            status=_PLANNED,
            where=within(days(180)),
            drafts=True,
            label="a spine referral or epidural injection on order",
        ),
        all_of(
            requested(
                SERVICE_REQUESTS,
                SURGEON_REFERRAL,
                status=_PLANNED,
                where=within(days(180)),
                drafts=True,
                label="a referral to a surgeon",
            ),
            BACK_PAIN_RECORDED,
        ),
        recorded(
            PROCEDURES,
            SPINE_REFERRAL,
            EPIDURAL_INJECTION,
            status=_DONE,
            where=within(days(90)),
            label="an epidural injection done",
        ),
        ordered_for(CONDITIONS, SPINE_SURGERY_HISTORY, label="earlier spine surgery as the order's reason"),
        label="a candidate for surgery or injection",
    ),
    because="whether surgery or an injection is an option is not recorded",
)
SEVERE_SCORE = measured(
    RED_FLAG_OBS,
    PAIN_SCORE,
    unit="{score}",
    at_least=7,
    within=days(30),
    label="a pain score of 7 or more in the last 30 days",
)
SEVERE_COURSE = all_of(
    BEYOND_4_WEEKS,
    any_of(
        SEVERE_SCORE,
        worsening(RED_FLAG_OBS, PAIN_SCORE, BACK_PAIN, by=2, within=days(30), label="a rising pain score"),
    ),
    label="severe or worsening pain beyond the usual course",
)
SPECIFIC_CAUSE = any_of(
    recorded(
        CONDITIONS,
        AORTIC_ANEURYSM,
        INFLAMMATORY_BACK_PAIN,
        BACK_PAIN_MIMIC,
        label="another cause of back pain",
    ),
    recorded(CONDITIONS, SPINE_SURGERY_HISTORY, label="earlier spine surgery", ever=True),
    recorded(PROCEDURES, SPINE_SURGERY_HISTORY, label="a spine operation", status=_DONE),
    label="a cause to which this advice does not apply",
)
RECENT_MRI = any_of(
    requested(
        SERVICE_REQUESTS,
        LUMBAR_MRI,
        status=_DONE,
        where=within(days(90)),
        label="a lumbar MRI done in the last 90 days",
    ),
    recorded(
        IMAGING_REPORTS,
        LUMBAR_MRI,
        status=frozenset({"preliminary", "partial", "final", "amended", "corrected", "appended"}),
        where=within(days(90)),
        label="a lumbar MRI report of the last 90 days",
    ),
)
PREGNANT = recorded(CONDITIONS, PREGNANCY, label="pregnancy", where=within(days(300)))
READABLE = read(PATIENT, CONDITIONS, label="patient and problem list, read completely")
