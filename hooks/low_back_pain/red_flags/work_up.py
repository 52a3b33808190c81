"""
Red flags that are no emergency: what each found in the record asks for (guideline.md RF-04 to RF-17).

All speak on one card. A flag that is certain warns, one that is only suspected informs (10.4);
the rules that warn come first, because the first that speaks gives the card its summary.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import Advice, Indicator, Line, Rule, at, confirmed, create_request, none_of
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    ALREADY_EVALUATED,
    AORTIC_ANEURYSM,
    BACK_PAIN_MIMIC,
    BACK_PAIN_RECORDED,
    DATA_OUTDATED,
    INDEX,
    INFLAMMATORY_BACK_PAIN,
    INJECTION_DRUG_USE_FORMER,
    INJURY_OF_BACK,
    LOW_ENERGY_FALL,
    LUMBAR_CT,
    LUMBAR_MRI,
    LUMBAR_XRAY,
    NUMBNESS,
    PHASE_UNKNOWN,
    RED_FLAG_SETS,
    topic,
)
from hooks.low_back_pain.imaging.findings import PREGNANT
from hooks.low_back_pain.red_flags.gate import (
    AGE_AND_NEW_PAIN,
    CANCER,
    EMERGENCY,
    FEVER_FOUND,
    INFECTION,
    INJECTING,
    LONG_TERM_STEROIDS,
    NAMED_IN_TEXT,
    SCREEN,
    TRAUMA_FOUND,
    WEIGHT_LOSS_FOUND,
)
from hooks.low_back_pain.red_flags.history import ANEURYSM, HISTORY, OLD_SINCE, OLDER_THAN_THE_PAIN

if TYPE_CHECKING:
    from cds_service import Criterion, Statement, Suggest

SEEN = at(
    "patient-view",
    "problem-list-item-create",
    label="the chart is opened, or back pain, a red flag or another cause of back pain is added",
    problems=(
        *INDEX,
        *RED_FLAG_SETS,
        NUMBNESS,
        INJECTION_DRUG_USE_FORMER,
        INJURY_OF_BACK,
        LOW_ENERGY_FALL,
        AORTIC_ANEURYSM,
        BACK_PAIN_MIMIC,
        INFLAMMATORY_BACK_PAIN,
    ),
)
OVERRIDE_REASONS = (ALREADY_EVALUATED, DATA_OUTDATED)
_DISCREET = "A recorded condition with back pain asks for a work-up: read the entry"
_EVIDENCE = (S.RED_FLAGS_JUSTIFY_IMAGING, S.WORK_UP_TARGETS)

# An emergency card offers its own MRI, and an infection the urgent one
_MRI = create_request(
    "Draft a lumbar MRI",
    LUMBAR_MRI.coding("24968-0"),
    when=none_of(EMERGENCY, confirmed(INFECTION), label="no more urgent MRI is offered"),
)
_URGENT_MRI = create_request(
    "Draft a lumbar MRI, urgent", LUMBAR_MRI.coding("24968-0"), priority="urgent", when=none_of(EMERGENCY)
)
_RADIOGRAPH = create_request(
    "Draft a lumbar radiograph", LUMBAR_XRAY.coding("24970-6"), when=none_of(PREGNANT)
)
_CT = create_request("Draft a lumbar CT", LUMBAR_CT.coding("24963-1"), when=none_of(PREGNANT))
_MRI_IN_PREGNANCY = Line("If an image is needed in pregnancy, MRI comes before CT or a radiograph.", PREGNANT)

_rule = partial(Rule, topic=topic("red-flag-present"), on=SEEN, scope=BACK_PAIN_RECORDED, if_unknown="advise")
"""A rule of the card: a Rule with what all of them share."""


def _advice(
    indicator: Indicator, summary: str, *lines: Line, suggestions: tuple[Suggest, ...] = ()
) -> Advice:
    return Advice(
        indicator,
        summary,
        (*lines, HISTORY),
        suggestions=suggestions,
        override_reasons=OVERRIDE_REASONS,
        screen=SCREEN,
        discreet=_DISCREET,
    )


def _certain(  # noqa: PLR0913 - the columns of a table
    rule_id: str,
    row: str,
    found: Criterion,
    summary: str,
    *says: str,
    suggestions: tuple[Suggest, ...] = (),
    evidence: tuple[Statement, ...] = _EVIDENCE,
) -> Rule:
    """Return the rule that warns of a flag that is certain."""
    lines = (*(Line(sentence) for sentence in says), _MRI_IN_PREGNANCY)
    return _rule(
        id=rule_id,
        rows=(row, "RF-15"),
        when=confirmed(found),
        advice=_advice(Indicator.WARNING, summary, *lines, suggestions=suggestions),
        evidence=evidence,
    )


def _suspected(rule_id: str, row: str, found: Criterion, summary: str) -> Rule:
    """Return the rule that informs of the same flag while it is only suspected; it drafts nothing."""
    return _rule(
        id=f"{rule_id}-suspected",
        rows=(row, "RF-15", "SAFE-07"),
        when=found,
        unless=confirmed(found),
        advice=_advice(
            Indicator.INFO, summary, Line("A suspected red flag counts until it is confirmed or ruled out.")
        ),
        evidence=_EVIDENCE,
    )


aneurysm = _rule(
    id="aortic-aneurysm-on-record",
    rows=("SAFE-14",),
    when=ANEURYSM,
    advice=_advice(
        Indicator.WARNING,
        "Aortic aneurysm on record: consider it as the cause of the back pain",
        Line("New pain with an aneurysm may mean that it grows or leaks: check pulse, pressure and abdomen."),
    ),
    evidence=(S.ANEURYSM_MAY_BE_THE_CAUSE,),
)
old_deficit_since = _rule(
    id="old-deficit-of-this-episode",
    rows=("SAFE-08",),
    when=OLD_SINCE,
    advice=_advice(
        Indicator.WARNING,
        "Older neurologic finding with back pain: confirm it is not progressing",
        Line("Cauda equina: compare strength, sensation, bladder and bowel with the earlier finding."),
    ),
    evidence=(S.OLD_DEFICITS_ARE_COMPARED, S.DELAY_WORSENS_DEFICITS),
)
named_in_text = _rule(
    id="red-flag-named-in-text",
    rows=("SAFE-46",),
    when=NAMED_IN_TEXT,
    advice=_advice(
        Indicator.WARNING,
        "An uncoded entry names a red flag: read the entry",
        Line("Its words were not interpreted further; code the entry if it holds."),
    ),
    evidence=(S.TEXT_ONLY_RAISES, S.WORK_UP_TARGETS),
)
old_deficit_before = _rule(
    id="old-deficit-before-this-episode",
    rows=("SAFE-08",),
    when=OLDER_THAN_THE_PAIN,
    advice=_advice(
        Indicator.INFO,
        "Neurologic finding from before this back pain: confirm this is not new",
        Line("Cauda equina: ask what has changed since the back pain began."),
    ),
    evidence=(S.OLD_DEFICITS_ARE_COMPARED,),
)
age_and_new_pain = _rule(
    id="age-over-50-with-new-pain",
    rows=("RF-04",),
    when=AGE_AND_NEW_PAIN,
    advice=_advice(
        Indicator.INFO,
        "Age over 50 with new back pain: check for other red flags",
        Line("Fracture, infection, malignancy: by itself the age is a weak red flag."),
        Line("Onset unknown: whether the pain is new is not recorded.", PHASE_UNKNOWN),
    ),
    evidence=_EVIDENCE,
)

_WARNINGS = (
    _certain(
        "spinal-infection-on-record",
        "RF-17",
        INFECTION,
        "Spinal infection on record: urgent imaging and referral",
        "Infection: add blood cultures, ESR and CRP by the site's own orders.",
        suggestions=(_URGENT_MRI,),
        evidence=(S.RULE_OUT_INFECTION, S.WORK_UP_TARGETS),
    ),
    aneurysm,
    _certain(
        "cancer-on-record",
        "RF-05",
        CANCER,
        "Cancer history: low threshold for imaging and labs",
        "Malignancy: past cancer and cancer in remission count too; consider ESR or CRP.",
        suggestions=(_MRI,),
    ),
    _certain(
        "fever-with-back-pain",
        "RF-06",
        FEVER_FOUND,
        "Fever with back pain: consider spinal infection",
        "Infection: consider blood cultures, ESR and CRP by the site's own orders; low threshold for MRI.",
    ),
    _certain(
        "infection-risk-on-record",
        "RF-07",
        INJECTING,
        "Recorded risk factor for spinal infection",
        "Infection: low threshold for blood tests and MRI, also without fever.",
        suggestions=(_MRI,),
    ),
    _certain(
        "long-term-corticosteroid",
        "RF-08",
        LONG_TERM_STEROIDS,
        "Long-term corticosteroid: consider fracture or infection",
        "Fracture or infection: both may show few signs under a corticosteroid.",
        suggestions=(_RADIOGRAPH,),
    ),
    _certain(
        "recent-trauma",
        "RF-09",
        TRAUMA_FOUND,
        "Recent significant trauma: consider fracture imaging",
        "Fracture: ask about the force and the day of the injury.",
        suggestions=(_RADIOGRAPH, _CT),
    ),
    _certain(
        "weight-loss-on-record",
        "RF-10",
        WEIGHT_LOSS_FOUND,
        "Unexplained weight loss: consider malignancy work-up",
        "Malignancy: weights were not compared; look at their trend.",
    ),
    old_deficit_since,
    named_in_text,
)
_REMINDERS = (
    _suspected(
        "spinal-infection", "RF-17", INFECTION, "Suspected spinal infection: confirm or rule it out now"
    ),
    _suspected("cancer", "RF-05", CANCER, "Suspected cancer: low threshold for imaging and labs"),
    _suspected("fever", "RF-06", FEVER_FOUND, "Possible fever with back pain: measure the temperature"),
    _suspected("infection-risk", "RF-07", INJECTING, "Possible risk factor for spinal infection on record"),
    _suspected(
        "corticosteroid", "RF-08", LONG_TERM_STEROIDS, "Possible long-term corticosteroid use: confirm it"
    ),
    _suspected(
        "trauma", "RF-09", TRAUMA_FOUND, "Possible significant trauma: ask about its force and its date"
    ),
    _suspected("weight-loss", "RF-10", WEIGHT_LOSS_FOUND, "Possible unexplained weight loss: confirm it"),
    old_deficit_before,
    age_and_new_pain,
)
PRESENT_RULES = (*_WARNINGS, *_REMINDERS)
