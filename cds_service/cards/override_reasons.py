"""
Why a clinician may dismiss a card: the guideline's own reasons, then those HL7 publishes (docs/adr/0007).

Of HL7's code system only the categories are listed: they do not overlap, and what its other codes
say is in one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_service.fhir import Coding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NON_ADHERENCE = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
MENU_LIMIT = 10
"""How many reasons a menu may hold and still be read; the guideline's own are never cut."""
_LAST = "other"

# In the order of the menu. The words are ours: HL7's displays are too long for a menu.
STANDARD_REASONS = (
    Coding(NON_ADHERENCE, "cds-not-applicable", "Does not apply to this patient"),
    Coding(NON_ADHERENCE, "recipient-concerns-outcomes", "I expect harm from what is advised"),
    Coding(NON_ADHERENCE, "does-not-align-preferences", "The patient prefers otherwise or declines"),
    Coding(NON_ADHERENCE, "recipient-disagrees-evidence", "I read the evidence differently"),
    Coding(NON_ADHERENCE, "not-convenient-feasible", "Not feasible, not available or too costly"),
    Coding(NON_ADHERENCE, "cds-suboptimal-context", "Wrong moment or wrong person for this advice"),
)


def menu(local: Iterable[Coding], alike: Mapping[str, str]) -> list[Coding]:
    """
    Return the reasons a card offers: the guideline's own, then the standard ones that say something else.

    local: what the card's rules name; without any there is nothing to override, and no menu.
    alike: local code -> the standard code that says the same to a clinician. The local code
    `other` closes the menu.
    """
    own = list({(reason.system, reason.code): reason for reason in local}.values())
    if not own:
        return []
    said = {alike.get(reason.code or "") for reason in own}
    standard = [reason for reason in STANDARD_REASONS if reason.code not in said]
    last = [reason for reason in own if reason.code == _LAST]
    first = [reason for reason in own if reason not in last]
    return [*first, *standard[: max(0, MENU_LIMIT - len(own))], *last]
