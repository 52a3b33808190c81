"""Referrals and epidural injections: emergencies first, then what is early, hazardous or due."""

from __future__ import annotations

from dataclasses import replace

from cds_service import (
    Advice,
    CdsService,
    Rule,
    all_of,
    any_of,
    create_request,
    drafted,
    none_of,
    ordered_for,
    recorded,
    set_priority,
)
from hooks.low_back_pain.definitions import (
    CAUDA_EQUINA,
    CONDITIONS,
    EPIDURAL_ABSCESS,
    INDEX_ON_RECORD,
    LUMBAR_MRI,
    MOTOR_DEFICIT,
    PATIENT,
    SPINE_REFERRAL,
)
from hooks.low_back_pain.imaging.findings import URGENT
from hooks.low_back_pain.red_flags.gate import (
    CAUDA_EQUINA_PATTERN,
    SCREEN,
    cauda_equina,
    epidural_abscess,
    neurologic_deficit,
)
from hooks.low_back_pain.referrals import epidural_injection
from hooks.low_back_pain.referrals import surgery as surgery_referral
from hooks.low_back_pain.referrals.findings import (
    CONCERNS_THE_BACK,
    REFERRED_OR_INJECTED,
    SPINE_REFERRAL_ORDERED,
)
from hooks.low_back_pain.referrals.timing import ON_ORDER_RULES
from hooks.low_back_pain.scope import not_in_scope

# These two speak for themselves; every other finding needs back pain on record (guideline.md 10.2)
_CONCERNED = any_of(
    INDEX_ON_RECORD,
    recorded(
        CONDITIONS, CAUDA_EQUINA, EPIDURAL_ABSCESS, label="cauda equina syndrome or an epidural abscess"
    ),
    ordered_for(
        CONDITIONS, CAUDA_EQUINA, EPIDURAL_ABSCESS, MOTOR_DEFICIT, label="an emergency as the order's reason"
    ),
    label="back pain or an emergency, on record or as the order's reason",
)
_MRI_DRAFTED = drafted(LUMBAR_MRI, label="a lumbar MRI among the drafts")
_MRI_STAT = create_request(
    "Draft a lumbar MRI, stat",
    LUMBAR_MRI.coding("24968-0"),
    priority="stat",
    when=none_of(_MRI_DRAFTED),
)
_MRI_URGENT = create_request(
    "Draft a lumbar MRI, urgent",
    LUMBAR_MRI.coding("24968-0"),
    priority="urgent",
    when=none_of(_MRI_DRAFTED, CAUDA_EQUINA_PATTERN),
)
_RAISE = set_priority(
    "Mark the spine referral urgent", "urgent", when=all_of(SPINE_REFERRAL_ORDERED, none_of(URGENT))
)
_SURGEON_NOW = create_request(
    "Draft an urgent referral to a neurosurgeon",
    SPINE_REFERRAL.coding("308482002"),
    priority="urgent",
    when=none_of(drafted(SPINE_REFERRAL, label="a spine referral among the drafts"), SPINE_REFERRAL_ORDERED),
)


def _at_referral(rule: Rule) -> Rule:
    """Return the emergency rule for a referral: a referral that is drafted is raised, not doubled."""
    advice = rule.advice
    assert isinstance(advice, Advice)  # noqa: S101 - emergencies are never silent
    mri = _MRI_STAT if rule is cauda_equina else _MRI_URGENT
    said = replace(advice, suggestions=(mri, _RAISE, _SURGEON_NOW), screen=SCREEN)
    return replace(rule, id=f"{rule.id}-at-referral", on=REFERRED_OR_INJECTED, scope=_CONCERNED, advice=said)


emergencies = tuple(_at_referral(rule) for rule in (cauda_equina, neurologic_deficit, epidural_abscess))

service = CdsService(
    group="lbp-referrals",
    hooks=("order-select", "order-sign"),
    title="Referrals and epidural injections for low back pain",
    description="Asks for red flags, earlier care and timing when a referral, physiotherapy "
    "or an epidural injection is ordered.",
    rules=(
        *emergencies,
        *epidural_injection.rules,
        surgery_referral.ladder,
        *ON_ORDER_RULES,
        not_in_scope("referral-not-in-scope", REFERRED_OR_INJECTED, CONCERNS_THE_BACK),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
