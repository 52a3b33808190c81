"""Therapies without drugs that a care plan may draft: each only while nothing like it is on order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service import all_of, create_request, none_of, requested
from hooks.low_back_pain.care_plan.findings import (
    BLEEDS_EASILY,
    FROM_2_WEEKS,
    INJECTED,
    NOT_BETTER,
    NUMB,
    RATE_FIRST,
)
from hooks.low_back_pain.definitions import (
    ACUPUNCTURE,
    HEAT_THERAPY,
    MANUAL_THERAPY,
    MIND_BODY_THERAPY,
    PAIN_REHAB_REFERRAL,
    PAIN_SCORE,
    PHYSIOTHERAPY,
    SELF_CARE_EDUCATION,
    SERVICE_REQUESTS,
    SPINAL_MANIPULATION,
)
from hooks.low_back_pain.imaging.findings import UNDER_WAY
from hooks.low_back_pain.red_flags.gate import RED_FLAG
from hooks.low_back_pain.therapies.manipulation import MANIPULATION_OFF
from hooks.low_back_pain.therapies.orders import EXERCISES

if TYPE_CHECKING:
    from cds_service import Criterion, ValueSet


def _not_ordered(*kinds: ValueSet, named: str) -> Criterion:
    return none_of(requested(SERVICE_REQUESTS, *kinds, status=UNDER_WAY, label=f"{named} on order"))


_NO_EXERCISE = all_of(none_of(EXERCISES), none_of(RED_FLAG))
_NO_MIND_BODY = _not_ordered(MIND_BODY_THERAPY, named="a mind-body therapy")
_TO_PHYSIOTHERAPY = PHYSIOTHERAPY.coding("306170007")

EDUCATION = create_request(
    "Draft self-care education: stay active",
    SELF_CARE_EDUCATION.coding("225967005"),
    when=_not_ordered(SELF_CARE_EDUCATION, named="self-care education"),
)
HEAT = create_request(
    "Draft superficial heat",
    HEAT_THERAPY.coding("266694003"),
    when=all_of(none_of(NUMB), _not_ordered(HEAT_THERAPY, named="heat")),
)
EXERCISE = create_request("Draft exercise therapy", PHYSIOTHERAPY.coding("229065009"), when=_NO_EXERCISE)
TO_PHYSIOTHERAPY = create_request("Draft a physiotherapy referral", _TO_PHYSIOTHERAPY, when=_NO_EXERCISE)
PHYSIOTHERAPY_AT_TWO_WEEKS = create_request(
    "Draft a physiotherapy referral",
    _TO_PHYSIOTHERAPY,
    when=all_of(FROM_2_WEEKS, NOT_BETTER, _NO_EXERCISE),
)
PHYSIOTHERAPY_AFTER_INJECTION = create_request(
    "Draft a physiotherapy referral", _TO_PHYSIOTHERAPY, when=all_of(INJECTED, _NO_EXERCISE)
)
BEHAVIORAL_THERAPY = create_request(
    "Draft cognitive behavioral therapy", MIND_BODY_THERAPY.coding("228557008"), when=_NO_MIND_BODY
)
YOGA = create_request("Draft yoga", MIND_BODY_THERAPY.coding("229224000"), when=_NO_MIND_BODY)
TAI_CHI = create_request("Draft tai chi", MIND_BODY_THERAPY.coding("229223006"), when=_NO_MIND_BODY)
MANIPULATION = create_request(
    "Draft a referral to a chiropractor",
    SPINAL_MANIPULATION.coding("308449000"),
    when=all_of(none_of(MANIPULATION_OFF), _not_ordered(MANUAL_THERAPY, named="manual therapy")),
)
NEEDLES = create_request(
    "Draft acupuncture",
    ACUPUNCTURE.coding("44868003"),
    when=all_of(none_of(BLEEDS_EASILY), _not_ordered(ACUPUNCTURE, named="acupuncture")),
)
REHABILITATION = create_request(
    "Draft a referral to a rehabilitation service",
    PAIN_REHAB_REFERRAL.coding("78429003"),
    when=_not_ordered(PAIN_REHAB_REFERRAL, named="rehabilitation"),
)
PAIN_RATING = create_request("Draft a pain score", PAIN_SCORE.coding("72514-3"), when=RATE_FIRST)
