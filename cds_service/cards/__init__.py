"""
Cards as CDS Hooks 2.0.1 has them, and how verdicts become cards: one per topic, most urgent first.

The models (`models`) enforce the specification's limits by construction: a card that breaks one
cannot be built. No member is ever null or empty.
"""

from .models import SUMMARY_LIMIT, Action, Card, Coding, Link, OverrideReason, Source, Suggestion
from .text import plain
from .writing import SelectionBehavior, cards, instance_uuid

__all__ = [
    "SUMMARY_LIMIT",
    "Action",
    "Card",
    "Coding",
    "Link",
    "OverrideReason",
    "SelectionBehavior",
    "Source",
    "Suggestion",
    "cards",
    "instance_uuid",
    "plain",
]
