"""What one moment at the simulated EHR came to: cards for people, or the same as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from cds_service.sandbox.print_cards import one_line, print_cards, show

from .context import reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from .cds_client import Response

_URGENCY = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting came to: the button, the basket afterwards, and whether feedback was sent."""

    label: str
    drafts: tuple[dict[str, Any], ...]
    feedback_sent: bool = False


@dataclass
class Outcome:
    """
    What happened so far.

    hook: the one fired. patient: FHIR id. resource: the Patient as the EHR has it, None when not
    read. drafts: the basket as sent. unread: queries the FHIR server did not answer. complaints:
    what went wrong, for people.
    """

    hook: str
    patient: str
    drafts: tuple[dict[str, Any], ...]
    resource: object = None
    unread: tuple[str, ...] = ()
    responses: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    accepted: Accepted | None = None

    @property
    def ranked(self) -> list[tuple[str, dict[str, Any]]]:
        """The cards, each with the id of its service, the most urgent first."""
        cards = [(response.service_id, card) for response in self.responses for card in response.cards]
        return sorted(cards, key=lambda item: _urgency(item[1]))


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print the cards, a line for each service, and what was accepted."""
    cards = [card for _, card in outcome.ranked]
    patient = patient_label(outcome.resource, outcome.patient)
    print_cards(cards, console, patient=patient, order=_named(outcome.drafts))
    lines = [Text(_line(response), "dim") for response in outcome.responses]
    if outcome.accepted:
        lines += [Text(line) for line in _accepted_lines(outcome.accepted)]
    show(Group(Text(), *lines), console)


def _line(response: Response) -> str:
    count = f"{len(response.cards)} card(s)" if not response.problem else "no answer to use"
    return f"{one_line(response.service_id)}: {response.status}, {count}, {response.ms:.0f} ms"


def _accepted_lines(accepted: Accepted) -> list[str]:
    sent = "feedback sent" if accepted.feedback_sent else "no feedback sent"
    return [f"Accepted: {accepted.label} ({sent})", f"Basket now: {_named(accepted.drafts) or 'empty'}"]


def as_data(outcome: Outcome) -> dict[str, Any]:
    """Return all of it as JSON data, each card as it came; members without value are left out."""
    services = [
        {
            "service": response.service_id,
            "hookInstance": response.hook_instance,
            "status": response.status,
            "ms": round(response.ms, 1),
            "cards": list(response.cards),
            **({"problem": response.problem} if response.problem else {}),
        }
        for response in outcome.responses
    ]
    return {
        "hook": outcome.hook,
        "patient": outcome.patient,
        "services": services,
        **({"unread": list(outcome.unread)} if outcome.unread else {}),
        **({"accepted": _accepted_data(outcome.accepted)} if outcome.accepted else {}),
        **({"complaints": outcome.complaints} if outcome.complaints else {}),
    }


def _accepted_data(accepted: Accepted) -> dict[str, Any]:
    return {
        "label": accepted.label,
        "draftOrders": list(accepted.drafts),
        "feedbackSent": accepted.feedback_sent,
    }


def _urgency(card: dict[str, Any]) -> int:
    """Rank for sorting; an indicator that CDS Hooks does not know comes first, so that it is seen."""
    indicator = card.get("indicator")
    return _URGENCY.index(indicator) if indicator in _URGENCY else -1


def _named(drafts: Sequence[dict[str, Any]]) -> str:
    return "; ".join(f"{_name(draft) or 'order without a name'} ({reference(draft)})" for draft in drafts)


def _name(draft: dict[str, Any]) -> str:
    what = draft.get("code") or draft.get("medicationCodeableConcept")
    return one_line(what.get("text")) if isinstance(what, dict) else ""


def patient_label(resource: object, identifier: str) -> str:
    """Say who the patient is: name and birth date where the EHR has them, and always the reference."""
    fields = resource if isinstance(resource, dict) else {}
    names = fields.get("name")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    given = name.get("given")
    parts = [one_line(part) for part in (*(given if isinstance(given, list) else ()), name.get("family"))]
    spoken = one_line(name.get("text")) or " ".join(part for part in parts if part)
    born = one_line(fields.get("birthDate"))
    known = ", ".join(part for part in (spoken, f"born {born}" if born else "") if part)
    return f"{known} (Patient/{identifier})" if known else f"Patient/{identifier}"
