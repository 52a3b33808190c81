"""What is referred or injected, what for, and what in the chart bears on it (guideline.md 10.2)."""

from __future__ import annotations

from cds_service import (
    all_of,
    any_of,
    days,
    drafted,
    lasting,
    none_of,
    not_fresh,
    order_due,
    order_is,
    ordered_for,
    recorded,
    requested,
    selected,
    within,
)
from hooks.low_back_pain.definitions import (
    BACK_PAIN,
    BACK_PAIN_RECORDED,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    EPIDURAL_INJECTION,
    LUMBAR_RADICULOPATHY,
    ORDERED_FOR_BACK_PAIN,
    PAIN_REHAB_REFERRAL,
    PHYSIOTHERAPY,
    SERVICE_REQUESTS,
    SPINE_REFERRAL,
    SURGEON_REFERRAL,
)
from hooks.low_back_pain.imaging.findings import SEVERE_SCORE, URGENT
from hooks.low_back_pain.red_flags.gate import EMERGENCY, INFECTION

_ANY = (SPINE_REFERRAL, SURGEON_REFERRAL, PAIN_REHAB_REFERRAL, EPIDURAL_INJECTION, PHYSIOTHERAPY)
REFERRED_OR_INJECTED = selected(*_ANY, label="a referral, physiotherapy or an epidural injection is ordered")
TO_A_SURGEON = selected(SPINE_REFERRAL, SURGEON_REFERRAL, label="a referral to a surgeon is ordered")
INJECTED = selected(EPIDURAL_INJECTION, label="an epidural injection is ordered")

# 183541002, a surgeon of any kind, counts only with back pain as its reason (REF-04)
SPINE_REFERRAL_ORDERED = any_of(
    order_is(SPINE_REFERRAL, label="a spine referral is ordered"),
    all_of(order_is(SURGEON_REFERRAL, label="a referral to a surgeon is ordered"), ORDERED_FOR_BACK_PAIN),
    label="a spine referral is ordered",
)
CONCERNS_THE_BACK = all_of(
    CONCERNS_BACK_PAIN,
    any_of(
        none_of(order_is(SURGEON_REFERRAL, label="a referral to a surgeon is ordered")), ORDERED_FOR_BACK_PAIN
    ),
    label="an order for the lower back",
)

_UNDER_WAY = frozenset({"active", "on-hold", "completed"})
_LATELY = within(days(180))
SPINE_REFERRAL_ELSEWHERE = any_of(
    requested(
        SERVICE_REQUESTS,
        SPINE_REFERRAL,
        status=_UNDER_WAY,
        where=_LATELY,
        drafts=True,
        label="a spine referral of the last 180 days",
    ),
    all_of(
        requested(
            SERVICE_REQUESTS,
            SURGEON_REFERRAL,
            status=_UNDER_WAY,
            where=_LATELY,
            drafts=True,
            label="a referral to a surgeon of the last 180 days",
        ),
        BACK_PAIN_RECORDED,
    ),
    label="a spine referral under way",
)
SPINE_REFERRED = any_of(
    SPINE_REFERRAL_ELSEWHERE, SPINE_REFERRAL_ORDERED, label="a spine referral under way or ordered"
)
REHAB_REFERRED = any_of(
    requested(
        SERVICE_REQUESTS,
        PAIN_REHAB_REFERRAL,
        status=_UNDER_WAY,
        where=_LATELY,
        label="a referral to pain management or rehabilitation of the last 180 days",
    ),
    drafted(PAIN_REHAB_REFERRAL, label="a referral to pain management or rehabilitation is drafted"),
    label="a referral to pain management or rehabilitation under way",
)
SPECIALIST_REFERRED = any_of(SPINE_REFERRED, REHAB_REFERRED, label="a specialist referral under way")
WITHIN_TWO_WEEKS = any_of(
    URGENT, order_due(within=days(14), label="an order due within 2 weeks"), label="a timely order"
)

# REF-01, REF-02: nothing but the 2 weeks and the 3 months of the sources, where nothing is more urgent
RADICULOPATHY = any_of(
    recorded(CONDITIONS, LUMBAR_RADICULOPATHY, label="radiculopathy"),
    ordered_for(CONDITIONS, LUMBAR_RADICULOPATHY, label="radiculopathy as the order's reason"),
    label="radiculopathy",
)
SEVERE_RADICULAR = all_of(RADICULOPATHY, SEVERE_SCORE, label="severe radicular pain")
LONG_RADICULAR = recorded(CONDITIONS, LUMBAR_RADICULOPATHY, label="radiculopathy", where=not_fresh(days(74)))
MORE_URGENT = any_of(EMERGENCY, INFECTION, label="an emergency red flag or a spinal infection")

FIRST_SIX_WEEKS = lasting(BACK_PAIN, at_most=days(41), label="low back pain for less than 6 weeks")
