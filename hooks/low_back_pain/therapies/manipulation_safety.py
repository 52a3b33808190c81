"""Spinal manipulation is ordered: is a hazard or a caution on record? (guideline.md NPT-19, SAFE-26)."""

from __future__ import annotations

from functools import partial

from cds_service import Advice, Indicator, Line, Rule, any_of, recorded, remove_order
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.nsaid_guards import ANTICOAGULATED
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    BENEFIT_OUTWEIGHS_RISK,
    CAUDA_EQUINA,
    CONDITIONS,
    DATA_OUTDATED,
    EPIDURAL_ABSCESS,
    INDEX_ON_RECORD,
    OTHER_REASON,
    SPECIALIST_REQUEST,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.red_flags.gate import CAUDA_EQUINA_PATTERN, MOTOR_LOSS, SCREEN
from hooks.low_back_pain.red_flags.history import HISTORY
from hooks.low_back_pain.therapies.manipulation import MANIPULATION_CAUTION, MANIPULATION_HAZARD
from hooks.low_back_pain.therapies.orders import MANIPULATION_ORDERED

_guard = partial(
    Rule,
    topic=topic("manipulation-safety"),
    on=MANIPULATION_ORDERED,
    scope=any_of(
        INDEX_ON_RECORD,
        recorded(
            CONDITIONS, CAUDA_EQUINA, EPIDURAL_ABSCESS, label="cauda equina syndrome or an epidural abscess"
        ),
        label="back pain on record or as the order's reason, or an emergency",
    ),
    unless=UNDER_18,
    if_unknown="advise",
    evidence=(S.MANIPULATION_CAUTIONS, S.MANIPULATION_BY_PHASE),
)
"""Safety of a drafted manipulation: speaks in palliative care, in cancer and for any reason of the order."""

_KEEP_MANIPULATION = (
    ALREADY_EVALUATED,
    BENEFIT_OUTWEIGHS_RISK,
    SPECIALIST_REQUEST,
    DATA_OUTDATED,
    OTHER_REASON,
)
_REMOVE_MANIPULATION = remove_order("Remove the manipulation draft")
_DISCREET = "Spinal manipulation: a recorded condition asks for caution, read the entry"

manipulation_hazard = _guard(
    id="manipulation-hazard",
    rows=("NPT-19", "SAFE-26", "REC-14"),
    when=MANIPULATION_HAZARD,
    advice=Advice(
        Indicator.CRITICAL,
        "Spinal manipulation: a serious caution is on record",
        (
            Line(
                "Possible cauda equina: emergency assessment and MRI today come before any treatment.",
                CAUDA_EQUINA_PATTERN,
            ),
            Line(
                "Neurologic deficit: immediate MRI and spine referral come before any treatment.", MOTOR_LOSS
            ),
            Line("Clarify what is listed below before the spine is manipulated; massage is not judged here."),
            HISTORY,
        ),
        suggestions=(_REMOVE_MANIPULATION,),
        override_reasons=_KEEP_MANIPULATION,
        screen=SCREEN,
        discreet=_DISCREET,
    ),
)
manipulation_caution = _guard(
    id="manipulation-caution",
    rows=("NPT-19", "SAFE-26", "REC-14"),
    when=MANIPULATION_CAUTION,
    advice=Advice(
        Indicator.WARNING,
        "Spinal manipulation: a caution is on record",
        (
            Line("An anticoagulant raises the risk of bleeding.", ANTICOAGULATED),
            Line(
                "Consider other active care until what is listed below is clear; massage is not judged here."
            ),
            HISTORY,
        ),
        suggestions=(_REMOVE_MANIPULATION,),
        override_reasons=_KEEP_MANIPULATION,
        screen=SCREEN,
        discreet=_DISCREET,
    ),
)

MANIPULATION_RULES = (manipulation_hazard, manipulation_caution)
