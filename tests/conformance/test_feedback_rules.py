"""What CDS Hooks asks of feedback, over a real socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.conformance.cases.feedback_items import accepted, overridden
from tests.conformance.house import IMAGING
from tests.conformance.phrases import SECRET

if TYPE_CHECKING:
    from tests.conformance.house import House

ANALYTICS = f"/cds-services/{IMAGING}/analytics/0d7b2a52-5c8f-4f5e-9d0e-3f1f0c5b6a01"


def test_feedback_on_our_own_card_is_taken(house: House) -> None:
    """FB-01, FB-02, FB-03, FB-04, FB-12: with the uuids of the card and of its suggestion."""
    (card,) = house.open.call(house.body()).cards
    taken = [{"id": card["suggestions"][0]["uuid"]}]

    answered = house.open.feedback({"feedback": [accepted(card=card["uuid"], acceptedSuggestions=taken)]})

    last = json.loads(house.open.lines()[-1])
    assert (answered.status, answered.body) == (200, b"")
    assert (last["event"], last["card"], last["outcome"]) == ("feedback", card["uuid"], "accepted")


def test_an_override_reason_of_ours_is_kept_as_a_code(house: House) -> None:
    """FB-06, FB-08: picked from the card's list, with or without display and system."""
    (card,) = house.open.call(house.body()).cards
    reason = card["overrideReasons"][0]

    for given in (reason, {"code": reason["code"]}):
        answered = house.open.feedback({"feedback": [overridden(overrideReason={"reason": given})]})
        assert answered.status == 200
        assert json.loads(house.open.lines()[-1])["reason"] == reason["code"]


def test_a_comment_is_not_kept(house: House) -> None:
    """FB-13: it is free text, and may be about the patient."""
    before = len(house.open.lines())

    answered = house.open.feedback({"feedback": [overridden(overrideReason={"userComment": SECRET})]})

    assert answered.status == 200
    assert len(house.open.lines()) == before + 1
    assert SECRET not in "".join(house.open.lines())


def test_cards_need_not_be_known_and_may_be_told_about_again(house: House) -> None:
    """FB-05, FB-07, FB-09, FB-13: the service keeps no cards, so every uuid is as good as another."""
    item = accepted()

    answers = [house.open.feedback({"feedback": [item, overridden()]}) for _ in range(2)]

    assert [answered.status for answered in answers] == [200, 200]


def test_the_analytics_endpoint_is_gone(house: House) -> None:
    """FB-14: it was given up before 1.0."""
    assert house.open.send("POST", ANALYTICS, b"{}").status == 404
