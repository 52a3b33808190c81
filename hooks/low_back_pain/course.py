"""How the pain goes: better, or a significant disability (guideline.md 10.2); better is never assumed."""

from __future__ import annotations

from cds_service import any_of, days, improving, measured, sustained
from hooks.low_back_pain.definitions import BACK_PAIN, PAIN_SCORE, PEG_SCORE, SCORES
from hooks.low_back_pain.scores import START_BACK_HIGH

# The index itself in remission or resolved is no current back pain: then no rule here has a subject
IMPROVED = any_of(
    improving(SCORES, PAIN_SCORE, BACK_PAIN, share=0.3, by=2, within=days(30), label="a falling pain score"),
    improving(SCORES, PEG_SCORE, BACK_PAIN, share=0.3, within=days(30), label="a falling PEG score"),
    label="improvement",
)
SIGNIFICANT_DISABILITY = any_of(
    measured(
        SCORES,
        PEG_SCORE,
        unit="{score}",
        at_least=5,
        within=days(90),
        label="a PEG score of 5 or more in the last 90 days",
    ),
    sustained(
        SCORES,
        PAIN_SCORE,
        at_least=7,
        apart=days(30),
        within=days(30),
        label="pain scores of 7 or more at least 30 days apart",
    ),
    START_BACK_HIGH,
    label="significant disability",
)
