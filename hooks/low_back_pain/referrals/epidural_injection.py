"""Epidural injection: what makes it hazardous, and whether radicular pain is there to be treated (INJ-01)."""

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
    none_of,
    possibly,
    recorded,
    remove_order,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.nsaid_guards import ANTICOAGULATED
from hooks.low_back_pain.conservative_care import THERAPY_TRIED
from hooks.low_back_pain.definitions import (
    BENEFIT_OUTWEIGHS_RISK,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    DATA_OUTDATED,
    FOR_OTHER_INDICATION,
    INDEX_ON_RECORD,
    LUMBAR_STRUCTURAL_SPECIFIC,
    OTHER_INDICATION,
    OTHER_REASON,
    PHASE_UNKNOWN,
    SPECIALIST_REQUEST,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.imaging.findings import READABLE
from hooks.low_back_pain.pregnancy import MAY_BE_PREGNANT, PREGNANT
from hooks.low_back_pain.red_flags.gate import ABSCESS, EMERGENCY, FEVER_FOUND, INFECTION, RED_FLAG, SCREEN
from hooks.low_back_pain.referrals.findings import FIRST_SIX_WEEKS, INJECTED, RADICULOPATHY
from hooks.low_back_pain.scope import MUTED, silent

_TOPIC = topic("epidural-injection-indication")
_REASONS = (
    SPECIALIST_REQUEST,
    BENEFIT_OUTWEIGHS_RISK,
    DATA_OUTDATED,
    FOR_OTHER_INDICATION,
    OTHER_REASON,
)
_INFECTED = any_of(FEVER_FOUND, INFECTION, ABSCESS, label="fever or a spinal infection")
_DISCREET = "Epidural injection: a recorded condition asks for a check first, read the entry"
# Hazards are told of whatever else the injection is for, but for labor (INJ-01)
_NOT_FOR_LABOR = all_of(
    INDEX_ON_RECORD,
    none_of(
        all_of(PREGNANT, OTHER_INDICATION, label="pregnancy and another reason"),
        label="no injection for another reason in pregnancy",
    ),
    label="low back pain, and no injection for another reason in pregnancy",
)
_hazard = partial(Rule, rows=("INJ-01",), topic=_TOPIC, on=INJECTED, unless=UNDER_18, if_unknown="advise")

anticoagulated = _hazard(
    id="epidural-injection-anticoagulant",
    scope=_NOT_FOR_LABOR,
    when=ANTICOAGULATED,
    advice=Advice(
        Indicator.CRITICAL,
        "Anticoagulant on record: an epidural injection may bleed into the spinal canal",
        (
            Line("Settle it with whoever prescribes the anticoagulant before any injection."),
            Line("The anticoagulant is not to be stopped for it without that agreement."),
        ),
        override_reasons=_REASONS,
        discreet=_DISCREET,
    ),
    evidence=(S.INJECTION_HAZARDS,),
)
infected = _hazard(
    id="epidural-injection-infection",
    scope=_NOT_FOR_LABOR,
    when=_INFECTED,
    advice=Advice(
        Indicator.CRITICAL,
        "Fever or spinal infection on record: settle it before an epidural injection",
        (Line("Examine, and consider blood cultures and MRI; the injection waits for the result."),),
        override_reasons=_REASONS,
        discreet=_DISCREET,
    ),
    evidence=(S.INJECTION_HAZARDS, S.RULE_OUT_INFECTION),
)
in_pregnancy = _hazard(
    id="epidural-injection-fluoroscopy",
    scope=CONCERNS_BACK_PAIN,
    when=PREGNANT,
    advice=Advice(
        Indicator.WARNING,
        "Epidural injection: a recorded condition speaks against fluoroscopy",
        (
            Line(
                "Pregnancy is on record: weigh the injection against the radiation. "
                "For pain relief in labor this advice is not meant."
            ),
        ),
        override_reasons=_REASONS,
        discreet=_DISCREET,
    ),
    evidence=(S.INJECTION_HAZARDS,),
)
unchecked = _hazard(
    id="epidural-injection-unchecked",
    rows=("INJ-01", "SAFE-11"),
    scope=_NOT_FOR_LABOR,
    when=undecided(
        any_of(ANTICOAGULATED, _INFECTED), "an anticoagulant or an infection that could not be checked"
    ),
    advice=Advice(
        Indicator.INFO,
        "Epidural injection: an anticoagulant, fever or spinal infection could not be checked",
        (Line("Ask for anticoagulants and take the temperature before the injection."),),
        override_reasons=_REASONS,
        screen=(ANTICOAGULATED, FEVER_FOUND, INFECTION, ABSCESS),
    ),
    evidence=(S.INJECTION_HAZARDS,),
)

_STRUCTURAL = recorded(CONDITIONS, LUMBAR_STRUCTURAL_SPECIFIC, label="a specific structural finding")
_LINES = (
    Line("Image-guided (fluoroscopic), for radicular pain that persists in spite of conservative care."),
    Line("The pain began less than 6 weeks ago: whether it persists is still open.", FIRST_SIX_WEEKS),
    Line("When did the pain begin? The record does not tell.", PHASE_UNKNOWN),
    Line(
        "No exercise, manual or other therapy of the last year is recorded; care elsewhere is not seen.",
        none_of(THERAPY_TRIED),
    ),
    Line("A red flag is on record or suspected: clarify it before an injection.", RED_FLAG),
    Line(
        "Confirm that she is not pregnant before fluoroscopy.",
        all_of(MAY_BE_PREGNANT, possibly(none_of(PREGNANT), "no pregnancy known")),
    ),
)
_KEEP = Line(
    "Keep it if radicular pain is known: say so with the override reason.",
    none_of(ANTICOAGULATED, _INFECTED, PREGNANT),
)
_SCREEN = (*SCREEN, ANTICOAGULATED)
_rung = partial(Rule, on=INJECTED, scope=CONCERNS_BACK_PAIN, if_unknown="stay silent")
"""A rung of the ladder: a Rule with what all rungs share."""


_silent = partial(silent, _rung)

radicular = _rung(
    id="epidural-injection-radicular",
    rows=("INJ-01",),
    topic=_TOPIC,
    when=RADICULOPATHY,
    advice=Advice(
        Indicator.INFO,
        "Epidural injection only for persistent radicular pain",
        _LINES,
        override_reasons=_REASONS,
        screen=_SCREEN,
    ),
    evidence=(S.INJECTION_FOR_RADICULAR_PAIN,),
)
structural = _rung(
    id="epidural-injection-structural",
    rows=("INJ-01",),
    topic=_TOPIC,
    when=_STRUCTURAL,
    advice=Advice(
        Indicator.INFO,
        "Epidural injection only for persistent radicular pain: a structural finding alone is recorded",
        (Line("Does the pain radiate from a nerve root? Radiculopathy is not recorded."), *_LINES),
        override_reasons=_REASONS,
        screen=_SCREEN,
        discreet="Epidural injection only for persistent radicular pain",
    ),
    evidence=(S.INJECTION_FOR_RADICULAR_PAIN,),
)
not_radicular = _rung(
    id="epidural-injection-not-radicular",
    rows=("INJ-01",),
    topic=_TOPIC,
    when=none_of(RADICULOPATHY, _STRUCTURAL, label="no radiculopathy recorded"),
    advice=Advice(
        Indicator.WARNING,
        "Epidural injection only for persistent radicular pain: none is recorded in the coded data read",
        (_KEEP, *_LINES),
        suggestions=(remove_order("Remove the injection draft"),),
        override_reasons=_REASONS,
        screen=_SCREEN,
    ),
    evidence=(S.INJECTION_FOR_RADICULAR_PAIN,),
)

ladder = Ladder(
    (
        _silent(
            "epidural-injection-muted",
            when=MUTED,
            because="under 18, palliative care or active cancer: only hazards are told (SAFE-28, 10.1)",
        ),
        _silent(
            "epidural-injection-emergency",
            when=EMERGENCY,
            because="an emergency comes before the question whether to inject",
        ),
        radicular,
        _silent(
            "epidural-injection-unread",
            when=none_of(READABLE, label="patient or problem list not read completely"),
            because="no absence may be concluded from what was not read (SAFE-49)",
            data_missing=True,
        ),
        structural,
        not_radicular,
    )
)
rules = (anticoagulated, infected, in_pregnancy, ladder, unchecked)
