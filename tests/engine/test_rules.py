"""Deciding: which rule wakes, speaks or is silent, and that each that was awake is accounted for."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cds_service.answers import ABSENT, Need
from cds_service.chart import Context
from cds_service.criteria.finding import Criterion, Finding
from cds_service.criteria.orders import order_urgent, selected
from cds_service.fhir import Coding
from cds_service.rules import (
    Advice,
    CdsService,
    Indicator,
    Ladder,
    Line,
    Outcome,
    Rule,
    Silence,
    Topic,
    decide,
    unavailable,
    unread,
)
from cds_service.suggestions import Built, Suggest, Suggestion, remove_order
from cds_service.terminology import LOINC
from cds_service.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.chart import Chart, Fact
    from cds_service.criteria.orders import Trigger
    from cds_service.rules import IfUnknown
    from cds_service.terminology import Terminology

CONDITIONS = Need("Condition", "Condition?patient={{context.patientId}}", "problem list")
REPORTS = Need("DiagnosticReport", "DiagnosticReport?patient={{context.patientId}}", "reports")
TOPIC = Topic(Coding("http://example.org/topics", "imaging", "Imaging"), 1)
NO, UNKNOWN, YES = Truth


def _says(truth: Truth, *needs: Need) -> Criterion:
    finding = Finding(truth.name, truth)
    return Criterion(truth.name, frozenset(needs), lambda _: finding)


def _mri(**members: object) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "mri"}]}
    return {"resourceType": "ServiceRequest", "id": "d1", "code": code, **members}


@pytest.fixture
def imaging(terms: Terminology) -> Trigger:
    """Return what wakes the rules here: a lumbar MRI."""
    return selected(terms["mri"], label="a lumbar MRI")


def _rule(on: Trigger, **members: Any) -> Rule:  # noqa: ANN401 - the members of Rule
    usual: dict[str, Any] = {
        "id": "rule",
        "rows": ("IMG-01",),
        "topic": TOPIC,
        "on": on,
        "scope": _says(YES),
        "when": _says(YES),
        "advice": Advice(Indicator.INFO, "Think first", (Line("Ask."),)),
        "evidence": (),
        "if_unknown": "stay silent",
    }
    return Rule(**{**usual, **members})


def _service(*rules: Rule | Ladder, **members: Any) -> CdsService:  # noqa: ANN401 - the members of CdsService
    usual: dict[str, Any] = {"required": frozenset({CONDITIONS}), **members}
    return CdsService("imaging", ("order-select",), "Imaging", "Asks.", rules, **usual)


def _outcomes(service: CdsService, chart: Chart) -> list[tuple[str, Outcome]]:
    return [(verdict.rule.id, verdict.outcome) for verdict in decide(service, chart)]


def _expected(scope: Truth, when: Truth, unless: Truth, if_unknown: IfUnknown) -> Outcome:
    if scope is NO:
        return Outcome.OUT_OF_SCOPE
    if when is NO:
        return Outcome.SILENT
    if UNKNOWN in {scope, when}:
        return Outcome.UNDECIDED
    if unless is YES:
        return Outcome.SILENT
    return Outcome.UNDECIDED if unless is UNKNOWN and if_unknown == "stay silent" else Outcome.SPEAKS


@pytest.mark.parametrize("if_unknown", ["stay silent", "advise", "advise without suggestions"])
@pytest.mark.parametrize(("scope", "when", "unless"), list(itertools.product(Truth, repeat=3)))
def test_a_rule_speaks_as_its_table_says(  # noqa: PLR0913, PLR0917 - the table has four columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    imaging: Trigger,
    scope: Truth,
    when: Truth,
    unless: Truth,
    if_unknown: IfUnknown,
) -> None:
    """Every combination of scope, when, unless; UNKNOWN in the first two never speaks."""
    rule = _rule(
        imaging,
        scope=_says(scope),
        when=_says(when),
        unless=_says(unless),
        if_unknown=if_unknown,
        advice=Advice(Indicator.INFO, "Think", (), suggestions=(remove_order("Remove"),)),
    )
    (verdict,) = decide(_service(rule), chart_of(drafts=(draft_of(_mri()),)))
    suggested = bool(verdict.spoken and verdict.spoken.suggestions)
    withheld = unless is UNKNOWN and if_unknown == "advise without suggestions"

    assert verdict.outcome is _expected(scope, when, unless, if_unknown)
    assert suggested is (verdict.outcome is Outcome.SPEAKS and not withheld)


def test_a_rule_without_exception_speaks(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """`unless` may be left out."""
    (verdict,) = decide(_service(_rule(imaging)), chart_of(drafts=(draft_of(_mri()),)))

    assert verdict.outcome is Outcome.SPEAKS
    assert [finding.truth for finding in verdict.findings] == [YES, YES]


def test_a_rule_sleeps_without_an_order(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Then there is no verdict, and the service need not be fed at all."""
    service = _service(_rule(imaging), Ladder((_rule(imaging),)))
    idle = draft_of(_mri(), selected=False)

    assert decide(service, chart_of(drafts=(idle,))) == ()
    assert not service.awake(Context("p1", (idle,)))
    assert service.awake(Context("p1", (draft_of(_mri()),)))


def test_a_rule_names_the_orders_it_speaks_about(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Of several drafts, those that fit; none fits: the one that came closest."""
    urgent, routine = draft_of(_mri(id="a", priority="stat")), draft_of(_mri(id="b"))
    rule = _rule(imaging, when=order_urgent(label="urgent"))
    (some,) = decide(_service(rule), chart_of(drafts=(routine, urgent)))
    (none,) = decide(_service(rule), chart_of(drafts=(routine,)))

    assert (some.outcome, some.orders) == (Outcome.SPEAKS, (urgent,))
    assert (none.outcome, none.orders) == (Outcome.SILENT, (routine,))


def test_a_rule_says_the_lines_that_hold(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Lines of suggestions come after its own, each once; the screen is answered."""
    built = Built((Suggestion("Do", ()),), ("not offered",))
    suggest = Suggest("Do", lambda *_: built)
    advice = Advice(
        Indicator.WARNING,
        "Think",
        (Line("always"), Line("yes", _says(YES)), Line("no", _says(NO)), Line("unknown", _says(UNKNOWN))),
        suggestions=(suggest, suggest),
        screen=(_says(UNKNOWN),),
    )
    (verdict,) = decide(_service(_rule(imaging, advice=advice)), chart_of(drafts=(draft_of(_mri()),)))

    assert verdict.spoken is not None
    assert verdict.spoken.lines == ("always", "yes", "not offered")
    assert len(verdict.spoken.suggestions) == 2
    assert [finding.truth for finding in verdict.spoken.screen] == [UNKNOWN]


def test_the_first_rung_that_applies_decides(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Those above leave a verdict, undecided ones too; those below are not reached."""
    rungs = [_rule(imaging, id=str(n), when=_says(truth)) for n, truth in enumerate((NO, UNKNOWN, YES, YES))]
    service = _service(Ladder(tuple(rungs)))

    assert _outcomes(service, chart_of(drafts=(draft_of(_mri()),))) == [
        ("0", Outcome.SILENT),
        ("1", Outcome.UNDECIDED),
        ("2", Outcome.SPEAKS),
    ]


@pytest.mark.parametrize(("data_missing", "outcome"), [(False, Outcome.SILENT), (True, Outcome.UNDECIDED)])
def test_a_silent_rung_keeps_those_below_from_speaking(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    imaging: Trigger,
    data_missing: bool,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    """Silent for a known reason, or undecided because data are missing."""
    silent = _rule(imaging, id="silent", topic=None, advice=Silence("known", data_missing=data_missing))
    service = _service(Ladder((silent, _rule(imaging))))

    assert _outcomes(service, chart_of(drafts=(draft_of(_mri()),))) == [("silent", outcome)]


def test_a_ladder_on_which_nothing_applies_is_silent(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Each rung says so."""
    service = _service(Ladder((_rule(imaging, when=_says(NO)), _rule(imaging, scope=_says(NO)))))

    assert [outcome for _, outcome in _outcomes(service, chart_of(drafts=(draft_of(_mri()),)))] == [
        Outcome.SILENT,
        Outcome.OUT_OF_SCOPE,
    ]


def test_of_several_orders_the_highest_rung_decides(
    chart_of: Callable[..., Chart], draft_of: Callable[..., Fact], imaging: Trigger
) -> None:
    """Guideline 10.3: one card, which names every order that is within its scope."""
    urgent, routine = draft_of(_mri(id="a", priority="stat")), draft_of(_mri(id="b"))
    rungs = (_rule(imaging, id="urgent", when=order_urgent(label="urgent")), _rule(imaging, id="any"))
    (verdict,) = decide(_service(Ladder(rungs)), chart_of(drafts=(routine, urgent)))

    assert verdict.rule.id == "urgent"
    assert verdict.orders == (routine, urgent)
    assert [finding.truth for finding in verdict.findings] == [YES, YES]


def test_a_service_needs_what_its_rules_may_read(imaging: Trigger) -> None:
    """Rungs, exceptions, lines, screens and suggestions included; silence needs nothing."""
    needs = [Need(str(n), "Condition?x", "x") for n in range(8)]
    advice = Advice(
        Indicator.INFO,
        "Think",
        (Line("x", _says(YES, needs[3])), Line("y")),
        suggestions=(remove_order("x", when=_says(YES, needs[4])),),
        screen=(_says(YES, needs[5]),),
    )
    full = _rule(
        imaging,
        scope=_says(YES, needs[0]),
        when=_says(YES, needs[1]),
        unless=_says(NO, needs[2]),
        advice=advice,
    )
    silent = _rule(imaging, when=_says(YES, needs[6]), advice=Silence("x"))

    assert _service(full, Ladder((silent, _rule(imaging, when=_says(YES, needs[7]))))).needs == set(needs)


@pytest.mark.parametrize(
    ("outcome_of", "names"),
    [
        ({"when": _says(YES, CONDITIONS)}, ["Condition"]),
        ({"when": _says(UNKNOWN, CONDITIONS, REPORTS)}, ["Condition"]),
        ({"when": _says(NO, CONDITIONS)}, []),
        ({"scope": _says(NO, CONDITIONS)}, []),
    ],
)
def test_a_gap_matters_where_more_data_could_say_more(
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    imaging: Trigger,
    outcome_of: dict[str, Criterion],
    names: list[str],
) -> None:
    """Not for rules that are silent for a known reason, and never for quiet needs."""
    chart = chart_of(
        gaps={"Condition": "timed out", "DiagnosticReport": "timed out"}, drafts=(draft_of(_mri()),)
    )
    service = _service(_rule(imaging, **outcome_of), quiet=frozenset({REPORTS}))

    assert [need.key for need in unread(service, decide(service, chart), chart)] == names


@pytest.mark.parametrize(
    ("when", "answered", "names"),
    [
        (_says(UNKNOWN, CONDITIONS), False, ["Condition"]),
        (_says(UNKNOWN, CONDITIONS), True, []),
        (_says(YES, CONDITIONS), False, []),
        (_says(UNKNOWN, REPORTS), False, []),
        (_says(NO, CONDITIONS), False, []),
    ],
)
def test_a_required_source_that_nobody_was_asked_for_is_unavailable(  # noqa: PLR0913, PLR0917
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    imaging: Trigger,
    when: Criterion,
    answered: bool,  # noqa: FBT001
    names: list[str],
) -> None:
    """412 only when no rule spoke; a source that was asked and failed is another matter."""
    failing = chart_of(gaps={"Condition": "timed out"}, drafts=(draft_of(_mri()),))
    absent = replace(failing, answers={**failing.answers, "Condition": ABSENT, "DiagnosticReport": ABSENT})
    chart = failing if answered else absent
    service = _service(_rule(imaging, when=when))

    assert [need.key for need in unavailable(service, decide(service, chart), chart)] == names


def test_indicators_are_ranked() -> None:
    """The most urgent leads a card and a response."""
    ranks = [indicator.rank for indicator in (Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL)]

    assert ranks == sorted(ranks)


def test_a_topic_is_known_by_its_code() -> None:
    """A coding without code has none."""
    assert TOPIC.code == "imaging"
    assert Topic(Coding(), 1).code == ""


@pytest.mark.parametrize(
    ("masked", "discreet", "said"),
    [
        (True, "A record says wait", ("A record says wait", ())),
        (True, "", ("Think first", ("Ask.",))),
        (False, "A record says wait", ("Think first", ("Ask.",))),
    ],
)
def test_a_record_that_asks_for_discretion_is_not_named(  # noqa: PLR0913, PLR0917 - three columns
    chart_of: Callable[..., Chart],
    draft_of: Callable[..., Fact],
    imaging: Trigger,
    masked: bool,  # noqa: FBT001 - a column of the table
    discreet: str,
    said: tuple[str, tuple[str, ...]],
) -> None:
    """Then the discreet summary takes the place of summary and lines, if the advice has one (SAFE-30)."""
    finding = Finding("a fact", YES, masked=masked)
    when = Criterion("a fact", frozenset(), lambda _: finding)
    advice = Advice(Indicator.INFO, "Think first", (Line("Ask."),), discreet=discreet)
    rule = _rule(imaging, when=when, advice=advice)

    (verdict,) = decide(_service(rule), chart_of(drafts=(draft_of(_mri()),)))

    assert verdict.spoken is not None
    assert (verdict.spoken.summary, verdict.spoken.lines) == said
