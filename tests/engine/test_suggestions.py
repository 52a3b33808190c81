"""Suggestions: which draft a click changes, how little it changes, and which medicine is never offered."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from cds_service.answers import Need
from cds_service.criteria.durations import days, weeks
from cds_service.criteria.episode import Episode
from cds_service.criteria.finding import Criterion, Finding, any_of, none_of
from cds_service.criteria.orders import order_is, order_urgent
from cds_service.criteria.records import recorded
from cds_service.fhir import Coding
from cds_service.suggestions import (
    Action,
    Built,
    Medicine,
    Suggest,
    Suggestion,
    create_request,
    offer,
    remove_order,
    remove_other_drafts,
    set_due,
    set_medicine,
    set_priority,
    set_start,
    set_supply,
)
from cds_service.terminology import LOINC, RXNORM, SNOMED_CT
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
THERAPY = Coding(SNOMED_CT, "therapy", "Therapy")
NO, UNKNOWN, YES = Truth


def _says(truth: Truth, label: str = "a hazard", **members: bool) -> Criterion:
    finding = Finding(label, truth, "not read", **members)
    return Criterion(label, frozenset({CONDITIONS}), lambda _: finding)


def _mri(**members: object) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "mri"}]}
    return {"resourceType": "ServiceRequest", "id": "d1", "code": code, **members}


def _labels(built: Built) -> list[str]:
    return [suggestion.label for suggestion in built.suggestions]


def _action(suggestion: Suggestion) -> Action:
    (action,) = suggestion.actions
    return action


def test_a_removal_names_the_exact_draft(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-38: by type and id; several drafts get a button each, told apart by their id."""
    first, second = draft_of(_mri(id="a")), draft_of(_mri(id="b"))
    one = remove_order("Remove").on(chart_of(drafts=(first, second)), (first,))
    both = remove_order("Remove").on(chart_of(drafts=(first, second)), (first, second))

    assert _action(one.suggestions[0]).resource_id == "ServiceRequest/a"
    assert _labels(one) == ["Remove"]
    assert _labels(both) == ["Remove (ServiceRequest/a)", "Remove (ServiceRequest/b)"]


@pytest.mark.parametrize(
    ("name", "nameable"), [(None, True), ("", True), ("a_b", True), ("x" * 257, True), ("shared", False)]
)
def test_a_draft_that_cannot_be_named_is_left_alone(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    terms: Terminology,
    name: str | None,
    nameable: bool,  # noqa: FBT001 - a column
) -> None:
    """E-60, E-61: no id, one that FHIR does not allow, or one that two drafts share: none may be hit."""
    draft = replace(draft_of(_mri(id=name)), nameable=nameable)
    judged = draft_of(_mri(id="judged"))
    chart = chart_of(drafts=(judged, draft))

    for suggest in (remove_order("x"), set_priority("x", "stat"), set_supply("x", 7)):
        assert suggest.on(chart, (draft,)).suggestions == ()
    others = remove_other_drafts("x", terms["mri"], unless=_says(NO))
    assert others.on(chart, (judged,)).suggestions == ()


def test_an_order_of_an_older_version_can_only_be_removed(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """E-59: no update, and nothing is created in R4; what the card says of medicines stays."""
    old = replace(
        draft_of(_mri()), foreign_version=True, source={"resourceType": "ProcedureRequest", "id": "d1"}
    )
    chart = chart_of(drafts=(old,))
    safe, unsafe = Medicine("safe", THERAPY, _says(NO)), Medicine("unsafe", THERAPY, _says(YES))
    removed = remove_order("Remove").on(chart, (old,))
    offered = offer(safe, unsafe, otherwise=()).on(chart, (old,))

    assert _action(removed.suggestions[0]).resource_id == "ProcedureRequest/d1"
    assert (offered.suggestions, offered.lines) == ((), ("unsafe is not suggested: a hazard.",))
    for suggest in (
        set_priority("x", "stat"),
        set_supply("x", 7),
        create_request("x", THERAPY),
        offer(unsafe, otherwise=(create_request("x", THERAPY),)),
    ):
        assert suggest.on(chart, (old,)).suggestions == ()


def test_half_a_replacement_is_never_offered(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """E-59: for an older version a suggestion is kept whole or not at all."""
    old, new = replace(draft_of(_mri()), foreign_version=True), draft_of(_mri(id="d2"))
    delete, create = Action("delete", "x", resource_id="a/b"), Action("create", "x", {"resourceType": "c"})
    replacing = Suggest("x", lambda *_: Built((Suggestion("x", (create, delete)),)))
    chart = chart_of(drafts=(old, new))

    assert replacing.on(chart, (old,)).suggestions == replacing.on(chart, (new, old)).suggestions == ()
    assert len(replacing.on(chart, (new,)).suggestions) == 1
    assert len(replacing.on(chart, ()).suggestions) == 1


def test_a_suggestion_is_made_for_the_orders_it_holds_for(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """`when` is asked per order; for none of them there is no button."""
    stat, routine = draft_of(_mri(id="a", priority="stat")), draft_of(_mri(id="b"))
    suggest = remove_order("Remove", when=order_urgent(label="urgent"))
    chart = chart_of(drafts=(stat, routine))

    (made,) = suggest.on(chart, (stat, routine)).suggestions

    assert _action(made).resource_id == "ServiceRequest/a"
    assert suggest.on(chart, (routine,)).suggestions == ()


def test_a_suggestion_says_what_it_asks() -> None:
    """So that its needs are prefetched too, those of what is offered instead as well."""
    hazard, instead = _says(NO), _says(YES)
    medicine = Medicine("drug", THERAPY, hazard, cautions=((instead, "care"),))

    assert remove_order("x").needs == frozenset()
    assert remove_order("x", when=hazard).needs == {CONDITIONS}
    assert offer(medicine, otherwise=()).criteria == (hazard, instead)
    assert offer(otherwise=(remove_order("x", when=instead),)).criteria == (instead,)
    assert remove_other_drafts("x", unless=hazard).criteria == (hazard,)


def test_other_drafts_are_removed_unless_they_are_excepted(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], terms: Terminology
) -> None:
    """Not the judged one, not one of other value sets, not one of which `unless` may hold."""
    own, other = draft_of(_mri(id="own")), draft_of(_mri(id="other"))
    foreign = draft_of(_mri(id="foreign", code={"text": "x"}))
    chart = chart_of(drafts=(own, other, foreign))
    found = {
        truth: remove_other_drafts("Remove", terms["mri"], unless=_says(truth)).on(chart, (own,)).suggestions
        for truth in Truth
    }

    assert [_action(item).resource_id for item in found[NO]] == ["ServiceRequest/other"]
    assert found[UNKNOWN] == found[YES] == ()


ODD = {
    "extension": [{"url": "http://x", "valueString": "é"}],
    "_instantiatesUri": [None, {"id": "2"}],
    "instantiatesUri": ["http://x", None],
    "madeUp": {"deep": [None, [1.5, None]]},
}


def test_a_new_priority_changes_that_member_only(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """The rest of the client's own JSON stays, nulls in arrays and unknown members included."""
    source = _mri(**ODD)
    before = copy.deepcopy(source)
    draft = draft_of(source)
    built = set_priority("Mark stat", "stat", recommended=True).on(chart_of(drafts=(draft,)), (draft,))

    assert _action(built.suggestions[0]).type == "update"
    assert _action(built.suggestions[0]).resource == {**before, "priority": "stat"}
    assert built.suggestions[0].is_recommended
    assert source == before


def test_one_of_several_updates_is_recommended(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """CDS Hooks allows one; none unless it is asked for."""
    drafts = tuple(draft_of(_mri(id=name)) for name in "ab")
    chart = chart_of(drafts=drafts)
    asked = set_priority("x", "stat", recommended=True).on(chart, drafts)
    unasked = set_priority("x", "stat").on(chart, drafts)

    assert [item.is_recommended for item in asked.suggestions] == [True, False]
    assert [item.is_recommended for item in unasked.suggestions] == [False, False]


@pytest.mark.parametrize(
    "dispense",
    [
        {},
        {"dispenseRequest": None},
        {"dispenseRequest": {"quantity": {"value": 30}, "numberOfRepeatsAllowed": 3, "odd": [None]}},
    ],
)
def test_a_shorter_supply_changes_duration_and_refills_only(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], dispense: dict[str, Any]
) -> None:
    """Also where there was no dispense request, or a null."""
    source = {"resourceType": "MedicationRequest", "id": "d1", **ODD, **dispense}
    draft = draft_of(source)
    built = set_supply("7 days", 7).on(chart_of(drafts=(draft,)), (draft,))
    days = {"value": 7, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    changed = {"numberOfRepeatsAllowed": 0, "expectedSupplyDuration": days}

    assert _action(built.suggestions[0]).resource == {
        **source,
        "dispenseRequest": {**(dispense.get("dispenseRequest") or {}), **changed},
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(members=st.dictionaries(st.text(max_size=8).map(lambda name: f"x{name}"), JSON, max_size=5))
def test_an_update_keeps_whatever_else_the_client_wrote(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], members: dict[str, Any]
) -> None:
    """For every JSON: the same members with the same values, but for the intended one."""
    draft = draft_of(_mri(**members))
    built = set_priority("x", "urgent").on(chart_of(drafts=(draft,)), (draft,))

    assert _action(built.suggestions[0]).resource == {**_mri(**members), "priority": "urgent"}


def test_another_product_takes_the_dosage_of_the_old_one_along(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """The dosage was written for the old product; whatever else the client wrote stays."""
    source = {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "status": "draft",
        "intent": "order",
        "medicationReference": {"reference": "Medication/m1"},
        "subject": {"reference": "Patient/p1"},
        "dosageInstruction": [{"text": "2 tablets"}],
        "dispenseRequest": {"numberOfRepeatsAllowed": 1},
    }
    draft = draft_of(source)
    medicine = Medicine("half of it", Coding(RXNORM, "161", "Half"), _says(NO))

    built = set_medicine("Change", medicine).on(chart_of(drafts=(draft,)), (draft,))

    updated = dict(_action(built.suggestions[0]).resource or {})
    code = {"coding": [{"system": RXNORM, "code": "161", "display": "Half"}], "text": "Half"}
    assert updated.pop("medicationCodeableConcept") == code
    assert updated == {
        name: value
        for name, value in source.items()
        if name not in {"medicationReference", "dosageInstruction"}
    }


def test_another_product_must_pass_its_guards(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """SAFE-27: withheld while a hazard is there or unknown, and the card says why."""
    draft = draft_of({"resourceType": "MedicationRequest", "id": "d1"})
    chart = chart_of(drafts=(draft,))
    made = [
        set_medicine("Change", Medicine("half", THERAPY, _says(truth))).on(chart, (draft,))
        for truth in (YES, UNKNOWN)
    ]

    assert [built.suggestions for built in made] == [(), ()]
    assert [line for built in made for line in built.lines] == [
        "half is not suggested: a hazard.",
        "half is not suggested, because this could not be checked: a hazard (not read).",
    ]


@pytest.mark.parametrize("priority", ["", "stat"])
def test_a_created_request_is_a_valid_draft(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], priority: str
) -> None:
    """R4 ServiceRequest for this patient, with code and words, and a priority where one is meant."""
    built = create_request("Draft therapy", THERAPY, priority=priority).on(chart_of(), (draft_of(_mri()),))
    resource = _action(built.suggestions[0]).resource

    assert resource is not None
    assert resource.get("priority", "") == priority
    assert (resource["status"], resource["intent"]) == ("draft", "order")
    assert get_fhir_model_class("ServiceRequest").model_validate(dict(resource))


def test_an_order_may_be_due_and_nothing_else_changes(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """REF-01: from today to the last day takes the place of whatever occurrence it had."""
    order = draft_of(_mri(occurrenceDateTime="2027-01-01", note=[{"text": "as agreed"}]))
    suggest = set_due("Within 2 weeks", days(14))
    built = suggest.on(chart_of(drafts=(order,)), (order,))

    period = {"start": "2026-11-01", "end": "2026-11-15"}
    assert _labels(built) == ["Within 2 weeks"]
    assert _action(built.suggestions[0]).resource == {
        **_mri(note=[{"text": "as agreed"}]),
        "occurrencePeriod": period,
    }
    assert suggest.said == "Within 2 weeks (update occurrencePeriod)"


def test_a_created_request_may_be_due(chart_of: Callable[..., Chart]) -> None:
    """Its occurrence reaches from today to the day on which it is due at the latest."""
    suggest = create_request("Draft a visit", THERAPY, due=days(14))
    resource = _action(suggest.on(chart_of(), ()).suggestions[0]).resource

    assert resource is not None
    assert resource["occurrencePeriod"] == {"start": "2026-11-01", "end": "2026-11-15"}
    assert get_fhir_model_class("ServiceRequest").model_validate(dict(resource))
    assert suggest.said == "Draft a visit (create a draft ServiceRequest, within 14 days)"


def test_a_medicine_without_hazards_is_a_valid_draft(chart_of: Callable[..., Chart]) -> None:
    """R4 MedicationRequest with code and words; nothing is null, also without a display."""
    suggestion = Medicine("drug", Coding(RXNORM, "3"), _says(NO)).offered(chart_of())

    assert suggestion is not None
    assert suggestion.label == "Draft drug: check before signing"
    resource = _action(suggestion).resource
    assert resource is not None
    assert resource["medicationCodeableConcept"]["text"] == "3"
    assert get_fhir_model_class("MedicationRequest").model_validate(dict(resource))


@pytest.mark.parametrize(
    ("caution", "label"),
    [
        (NO, "Draft drug: check before signing"),
        (UNKNOWN, "Draft drug: check before signing; ask first"),
        (YES, "Draft drug: check before signing; ask first"),
    ],
)
def test_a_caution_is_said_unless_it_is_known_not_to_apply(
    chart_of: Callable[..., Chart], caution: Truth, label: str
) -> None:
    """On the button itself."""
    medicine = Medicine("drug", THERAPY, _says(NO), cautions=((_says(caution), "ask first"),))
    suggestion = medicine.offered(chart_of())

    assert suggestion is not None
    assert suggestion.label == label


@pytest.mark.parametrize("hazard", [UNKNOWN, YES])
def test_a_medicine_with_an_unknown_hazard_is_never_offered(
    chart_of: Callable[..., Chart], hazard: Truth
) -> None:
    """SAFE-27, SAFE-47: unknown withholds it as a known hazard does."""
    assert Medicine("drug", THERAPY, _says(hazard)).offered(chart_of()) is None


def test_a_withheld_medicine_says_why(chart_of: Callable[..., Chart]) -> None:
    """The hazards that are there, or the checks that were impossible; labelled ones with discretion."""
    hazards = any_of(
        _says(YES, "ulcer"), _says(NO, "asthma"), _says(YES, "HIV", masked=True), _says(YES, "ulcer")
    )
    unchecked = any_of(_says(UNKNOWN, "ulcer"), _says(NO, "asthma"))
    negated = none_of(_says(NO, "readable"), label="unreadable allergy")

    assert Medicine("drug", THERAPY, hazards).withheld(chart_of()) == (
        "drug is not suggested: ulcer, a recorded condition."
    )
    assert Medicine("drug", THERAPY, unchecked).withheld(chart_of()) == (
        "drug is not suggested, because this could not be checked: ulcer (not read)."
    )
    assert Medicine("drug", THERAPY, negated).withheld(chart_of()) == (
        "drug is not suggested: unreadable allergy."
    )


def test_what_passes_is_offered_in_order_and_the_rest_explained(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact]
) -> None:
    """Only when no medicine passes, what needs none."""
    order = (draft_of(_mri()),)
    safe, unsafe = Medicine("safe", THERAPY, _says(NO)), Medicine("unsafe", THERAPY, _says(YES))
    instead = (create_request("Draft therapy", THERAPY), remove_order("x", when=_says(NO)))
    some = offer(unsafe, safe, otherwise=instead).on(chart_of(), order)
    none = offer(unsafe, otherwise=instead).on(chart_of(), order)

    assert (_labels(some), some.lines) == (
        ["Draft safe: check before signing"],
        ("unsafe is not suggested: a hazard.",),
    )
    assert (_labels(none), none.lines) == (["Draft therapy"], ("unsafe is not suggested: a hazard.",))


def test_an_offer_names_its_medicines_for_the_sheet() -> None:
    """The clinician signs the list and not the outcome on one chart."""
    medicines = tuple(Medicine(name, THERAPY, _says(NO)) for name in ("one", "two"))
    suggest = offer(*medicines, otherwise=())

    assert suggest.said == "Draft, of those that pass every guard: one, two"
    assert suggest.medicines == medicines


def test_a_hazard_of_the_chart_withholds(chart_of: Callable[..., Chart], terms: Terminology) -> None:
    """From the record to the missing button: present, absent, unread."""
    medicine = Medicine(
        "drug", THERAPY, any_of(recorded(CONDITIONS, terms["fever"], label="fever"), order_is(label="x"))
    )
    fever = {"resourceType": "Condition", "code": {"coding": [{"system": SNOMED_CT, "code": "fever"}]}}

    assert medicine.offered(chart_of()) is not None
    assert medicine.offered(chart_of(fever)) is None
    assert medicine.offered(chart_of(gaps={"Condition": "timed out"})) is None


@pytest.fixture
def pain(terms: Terminology) -> Episode:
    """Return an episode of pain."""
    return Episode(
        "pain",
        CONDITIONS,
        (terms["pain"],),
        chronic=terms["chronic-pain"],
        acute=terms["acute-pain"],
        join=days(84),
        acute_below=days(28),
        chronic_after=days(84),
    )


def _painful(code: str = "pain", **members: object) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": SNOMED_CT, "code": code}]},
        **members,
    }


def test_an_order_may_begin_later_and_nothing_else_changes(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], pain: Episode
) -> None:
    """EXR-01: the start takes the place of every form of occurrence, its extensions included."""
    kept = _mri(note=[{"text": "as agreed"}])
    order = draft_of({**kept, "occurrenceDateTime": "2026-11-02", "_occurrenceDateTime": {"id": "x"}})
    chart = chart_of(_painful(onsetDateTime="2026-10-20"), drafts=(order,))
    built = set_start("Begin on", pain, weeks(4)).on(chart, (order,))

    assert _labels(built) == ["Begin on 2026-11-17"]
    assert _action(built.suggestions[0]).resource == {**kept, "occurrencePeriod": {"start": "2026-11-17"}}


@pytest.mark.parametrize(
    ("condition", "start"),
    [
        (_painful(onsetDateTime="2026-10-05"), "2026-11-02"),
        (_painful(onsetDateTime="2026-10-04"), None),
        (_painful(onsetDateTime="2026-11"), "2026-11-29"),
        (_painful(onsetDateTime="2026-10"), None),
        (_painful("acute"), None),
        (_painful(), None),
    ],
)
def test_a_later_start_is_offered_while_that_day_is_known_and_ahead(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    pain: Episode,
    condition: dict[str, Any],
    start: str | None,
) -> None:
    """Four weeks are over on day 28; an onset without a date, or one too vague, names no day."""
    order = draft_of(_mri())
    built = set_start("Begin on", pain, weeks(4)).on(chart_of(condition, drafts=(order,)), (order,))

    assert _labels(built) == ([f"Begin on {start}"] if start else [])
