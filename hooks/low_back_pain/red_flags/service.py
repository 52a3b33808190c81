"""
Red flags when the chart is opened or a problem is added: emergencies, work-up, and what was never asked.

No card of this service says that red flags are absent: silence means that no back pain is on
record, or that its first two weeks are over and nothing was found in what could be read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cds_service import (
    Advice,
    CdsService,
    Indicator,
    Line,
    Rule,
    any_of,
    create_request,
    days,
    lasting,
    none_of,
    recorded,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.definitions import (
    BACK_PAIN,
    BACK_PAIN_RECORDED,
    CAUDA_EQUINA,
    CONDITIONS,
    EPIDURAL_ABSCESS,
    LUMBAR_MRI,
    PATIENT,
    topic,
)
from hooks.low_back_pain.red_flags.gate import (
    AGE_AND_NEW_PAIN,
    CAUDA_EQUINA_PATTERN,
    RED_FLAG,
    SCREEN,
    cauda_equina,
    epidural_abscess,
    neurologic_deficit,
)
from hooks.low_back_pain.red_flags.history import ANEURYSM, HISTORY, INFLAMMATORY, MIMIC
from hooks.low_back_pain.red_flags.work_up import OVERRIDE_REASONS, PRESENT_RULES, SEEN
from hooks.low_back_pain.scope import MUTED, not_in_scope

if TYPE_CHECKING:
    from cds_service import Suggest

# These two speak for themselves; every other finding needs back pain on record (guideline.md 10.2)
_CONCERNED = any_of(
    BACK_PAIN_RECORDED,
    recorded(
        CONDITIONS, CAUDA_EQUINA, EPIDURAL_ABSCESS, label="cauda equina syndrome or an epidural abscess"
    ),
    label="back pain on record, or an emergency that needs none",
)
_URGENT_MRI = create_request(
    "Draft a lumbar MRI, urgent",
    LUMBAR_MRI.coding("24968-0"),
    priority="urgent",
    when=none_of(CAUDA_EQUINA_PATTERN),
)


def _on_record(rule: Rule, mri: Suggest | None = None) -> Rule:
    """Return the emergency rule for a chart without an order; `mri` stands for the MRI that it drafts."""
    advice = rule.advice
    assert isinstance(advice, Advice)  # noqa: S101 - emergencies are never silent
    image, *others = advice.suggestions
    said = replace(advice, suggestions=(mri or image, *others), screen=SCREEN)
    return replace(rule, id=f"{rule.id}-on-record", on=SEEN, scope=_CONCERNED, advice=said)


emergencies = (
    _on_record(cauda_equina),
    replace(_on_record(neurologic_deficit, _URGENT_MRI), scope=BACK_PAIN_RECORDED),
    _on_record(epidural_abscess, _URGENT_MRI),
)

screen_needed = Rule(
    id="red-flag-screen-needed",
    rows=("RF-12", "SAFE-01", "SAFE-11", "SAFE-13"),
    topic=topic("red-flag-screen-needed"),
    on=SEEN,
    scope=BACK_PAIN_RECORDED,
    when=lasting(BACK_PAIN, at_most=days(13), label="low back pain for less than two weeks"),
    unless=any_of(MUTED, RED_FLAG, AGE_AND_NEW_PAIN, ANEURYSM),
    if_unknown="advise",
    advice=Advice(
        Indicator.INFO,
        "Screen for red flags before conservative care; what is not recorded is listed below",
        (
            Line("Ask and examine before any treatment; a screen already done cannot be read here."),
            Line(
                "Inflammatory back pain is on record: it too improves with movement, "
                "so relief on moving proves no harmless cause.",
                INFLAMMATORY,
            ),
            Line("Another cause of back pain is on record: consider it first.", MIMIC),
            HISTORY,
        ),
        override_reasons=OVERRIDE_REASONS,
        screen=SCREEN,
    ),
    evidence=(S.RED_FLAGS_FIRST, S.WORK_UP_TARGETS, S.MOVEMENT_IS_NO_PROOF),
)

service = CdsService(
    group="lbp-red-flags",
    hooks=("patient-view", "problem-list-item-create"),
    title="Red flags in low back pain",
    description="Shows recorded red flags of back pain, and asks for those that are not recorded.",
    rules=(
        *emergencies,
        *PRESENT_RULES,
        screen_needed,
        not_in_scope(
            "red-flags-not-in-scope",
            SEEN,
            BACK_PAIN_RECORDED,
            says="Back pain in children and adolescents needs assessment: "
            "of this guidance only recorded red flags are shown.",
        ),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
