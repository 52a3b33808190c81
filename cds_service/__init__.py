"""
A CDS Hooks service, and the authoring API for guidelines: everything in `hooks/` imports from here only.

A guideline is data: value sets, criteria made of them, rules made of criteria. Nothing in
this package knows medicine.
"""

from .answers import Need
from .criteria.daily_doses import daily_dose, order_dose, taking_dose
from .criteria.durations import Days, days, weeks
from .criteria.episode import Episode, lasting, phase_unclear
from .criteria.finding import Criterion, all_of, any_of, at_least, confirmed, none_of, possibly, undecided
from .criteria.measured import answered, measured, newer_than_answer, no_newer_value, worsening
from .criteria.medicines import duplicated, renewal, repeated, supplied, taken_for, taking, tried, used_lately
from .criteria.orders import (
    Moment,
    Trigger,
    at,
    drafted,
    never_absent,
    order_is,
    order_urgent,
    ordered_for,
    ordered_for_else,
    requested,
    selected,
    supply_above,
)
from .criteria.people import aged, gender
from .criteria.records import interpretable, mentioned, read, recorded
from .criteria.where import (
    counted,
    first_encounter,
    fresh,
    from_before,
    long_before,
    no_longer_current,
    not_fresh,
    other_than,
    sited,
    within,
)
from .evidence import Statement
from .fhir import Coding
from .order_names import order_name
from .rules import Advice, CdsService, Guideline, Indicator, Ladder, Line, Rule, Silence, Topic
from .suggestions import (
    Medicine,
    Suggest,
    create_request,
    offer,
    remove_order,
    remove_other_drafts,
    set_priority,
    set_supply,
)
from .terminology import Terminology, ValueSet
from .truth import Certainty, Truth

__all__ = [
    "Advice",
    "CdsService",
    "Certainty",
    "Coding",
    "Criterion",
    "Days",
    "Episode",
    "Guideline",
    "Indicator",
    "Ladder",
    "Line",
    "Medicine",
    "Moment",
    "Need",
    "Rule",
    "Silence",
    "Statement",
    "Suggest",
    "Terminology",
    "Topic",
    "Trigger",
    "Truth",
    "ValueSet",
    "aged",
    "all_of",
    "answered",
    "any_of",
    "at",
    "at_least",
    "confirmed",
    "counted",
    "create_request",
    "daily_dose",
    "days",
    "drafted",
    "duplicated",
    "first_encounter",
    "fresh",
    "from_before",
    "gender",
    "interpretable",
    "lasting",
    "long_before",
    "measured",
    "mentioned",
    "never_absent",
    "newer_than_answer",
    "no_longer_current",
    "no_newer_value",
    "none_of",
    "not_fresh",
    "offer",
    "order_dose",
    "order_is",
    "order_name",
    "order_urgent",
    "ordered_for",
    "ordered_for_else",
    "other_than",
    "phase_unclear",
    "possibly",
    "read",
    "recorded",
    "remove_order",
    "remove_other_drafts",
    "renewal",
    "repeated",
    "requested",
    "selected",
    "set_priority",
    "set_supply",
    "sited",
    "supplied",
    "supply_above",
    "taken_for",
    "taking",
    "taking_dose",
    "tried",
    "undecided",
    "used_lately",
    "weeks",
    "within",
    "worsening",
]
