"""Source attributes: what a guideline tells, and which data are used, derived from what its rules ask."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cds_service import (
    Advice,
    CdsService,
    Citation,
    Coding,
    Criterion,
    Guideline,
    Indicator,
    Line,
    Need,
    Publication,
    Rule,
    Suggest,
    Terminology,
    Topic,
    Truth,
    ValueSet,
    aged,
    all_of,
    answered,
    any_of,
    at,
    counted,
    gender,
    measured,
    none_of,
    order_is,
    recorded,
    selected,
    weeks,
)
from cds_service.criteria.finding import Finding
from cds_service.disclosure import UNSTATED, document, told, uses
from cds_service.suggestions import Built
from cds_service.terminology import ICD_10_CM, LOINC, SNOMED_CT

if TYPE_CHECKING:
    from cds_service.criteria.orders import Moment

PATIENT = Need("patient", "Patient/{{context.patientId}}", "patient")
CONDITIONS = Need("conditions", "Condition?patient={{context.patientId}}", "problem list")
OBSERVATIONS = Need("observations", "Observation?patient={{context.patientId}}", "observations")
TOPIC = Topic(Coding("http://example.org/fhir/lbp-cds/topics", "t", "T"), 1)
OPENED = at("patient-view", label="the chart is opened")


def value_set(name: str, system: str = SNOMED_CT, *codes: str) -> ValueSet:
    """Return a value set; without codes one that nothing could be told from."""
    keys = {(system, code) for code in codes or (name,)}
    return ValueSet(name, name, frozenset(keys), displays={key: key[1] for key in keys})


PAIN = value_set("pain")
BACK_PAIN = recorded(CONDITIONS, PAIN, label="back pain")


def rule_of(when: Criterion, on: Moment = OPENED, advice: Advice | None = None) -> Rule:
    """Return a rule of which only the question matters."""
    said = advice or Advice(Indicator.INFO, "Said", ())
    return Rule("asks", (), TOPIC, on, BACK_PAIN, when, said, (), "advise")


def guideline_of(rule: Rule, *value_sets: ValueSet, **told_of_itself: object) -> Guideline:
    """Return a guideline of this rule alone; `told_of_itself` are fields of its Publication."""
    service = CdsService("back", ("patient-view",), "Back", "About backs.", (rule,), frozenset())
    terms = Terminology([PAIN, *value_sets])
    publication = replace(Publication(), **told_of_itself)  # type: ignore[arg-type] # its fields
    return Guideline(
        "back", "Back", "A footer.", (service,), terms, TOPIC, "org.example.rules", publication=publication
    )


def used(when: Criterion, *value_sets: ValueSet, **told_of_itself: object) -> set[str]:
    """Return the kinds of data that a rule with this question uses."""
    guideline = guideline_of(rule_of(when), *value_sets, **told_of_itself)
    return {use.name for use in uses(guideline.services[0], guideline) if use.used is Truth.YES}


def test_a_rule_without_data_about_the_person_uses_none() -> None:
    """Each of the nine kinds is named, and is a plain no."""
    guideline = guideline_of(rule_of(BACK_PAIN))

    found = uses(guideline.services[0], guideline)

    assert [use.used for use in found] == [Truth.NO] * 9


def test_a_question_for_the_age_uses_the_date_of_birth() -> None:
    """And the rule and its question are named."""
    guideline = guideline_of(rule_of(aged(PATIENT, at_least=51, label="age over 50")))

    birth = next(use for use in uses(guideline.services[0], guideline) if use.name == "date of birth")

    assert birth.used is Truth.YES
    assert [(asked.rule, asked.question) for asked in birth.asked] == [("asks", "age over 50")]


def test_a_question_for_the_gender_uses_sex() -> None:
    """Patient.gender is what FHIR calls administrative gender; gender identity is another matter."""
    assert used(gender(PATIENT, "female", label="female")) == {"sex"}


AGE = aged(PATIENT, below=18, label="age under 18")


def test_a_question_within_a_question_counts() -> None:
    """However deep it stands, and negated too."""
    assert used(all_of(BACK_PAIN, none_of(any_of(AGE, BACK_PAIN)))) == {"date of birth"}


def test_what_narrows_a_question_counts() -> None:
    """A value set that only a `where` looks at."""
    score = value_set("score")
    narrowed = recorded(CONDITIONS, PAIN, label="pain", where=counted(score, weeks(4)))

    assert used(narrowed, score, health_status=frozenset({"score"})) == {"health status assessments data"}


def test_what_only_a_line_or_a_suggestion_asks_counts() -> None:
    """They change what is said, and so what a clinician reads."""
    suggest = Suggest("Something", lambda _chart, _orders: Built(), asks=(AGE,))
    advice = Advice(
        Indicator.INFO, "Said", (Line("So.", when=gender(PATIENT, "male", label="male")),), (suggest,)
    )
    guideline = guideline_of(rule_of(BACK_PAIN, advice=advice))

    found = {use.name for use in uses(guideline.services[0], guideline) if use.used is Truth.YES}

    assert found == {"sex", "date of birth"}


@pytest.mark.parametrize(
    ("system", "code", "kind"),
    [
        (LOINC, "72826-1", "race"),
        (LOINC, "69490-1", "ethnicity"),
        (LOINC, "54899-0", "language"),
        (LOINC, "76690-7", "sexual orientation"),
        (LOINC, "76691-5", "gender identity"),
        (LOINC, "76689-9", "sex"),
        (ICD_10_CM, "Z590", "social determinants of health data"),
        (LOINC, "82810-3", "health status assessments data"),
    ],
)
def test_a_question_is_known_by_the_codes_it_looks_for(system: str, code: str, kind: str) -> None:
    """Also when nobody declared what the value set holds."""
    answers = value_set("something", system, code)

    assert used(recorded(OBSERVATIONS, answers, label="something"), answers) == {kind}


@pytest.mark.parametrize(
    ("system", "code"), [(ICD_10_CM, "Z540"), (ICD_10_CM, "Z66"), (SNOMED_CT, "Z590"), (LOINC, "8310-5")]
)
def test_other_codes_tell_nothing(system: str, code: str) -> None:
    """The chapter of social circumstances is Z55 to Z65 of ICD-10-CM, and nothing beside it."""
    answers = value_set("something", system, code)

    assert used(recorded(OBSERVATIONS, answers, label="something"), answers) == set()


@pytest.mark.parametrize(
    ("prefix", "is_social"), [("Z59.*", True), ("Z591.*", True), ("Z[0-9][0-9].*", True), ("M54.*", False)]
)
def test_a_prefix_is_known_by_the_chapter_it_touches(prefix: str, is_social: bool) -> None:  # noqa: FBT001
    """Whether it lies within the chapter or takes it in."""
    by_prefix = ValueSet("something", "", frozenset(), patterns=((ICD_10_CM, re.compile(prefix)),))

    found = used(recorded(CONDITIONS, by_prefix, label="something"), by_prefix)

    assert found == ({"social determinants of health data"} if is_social else set())


def test_a_value_set_is_what_the_guideline_declares_it_to_be() -> None:
    """Scores have no chapter of their own: the author says which sets hold assessments."""
    score, home = value_set("score", LOINC, "1-8"), value_set("home")
    when = any_of(
        measured(OBSERVATIONS, score, unit="{score}", label="a high score", at_least=5),
        recorded(CONDITIONS, home, label="no home"),
    )

    found = used(when, score, home, health_status=frozenset({"score"}), social=frozenset({"home"}))

    assert found == {"health status assessments data", "social determinants of health data"}


def test_declaring_a_set_that_no_rule_asks_for_uses_nothing() -> None:
    """What is declared is what a set holds, never that it is used."""
    score = value_set("score", LOINC, "1-8")

    assert used(BACK_PAIN, score, health_status=frozenset({"score"})) == set()


def test_what_wakes_a_rule_is_used_too() -> None:
    """A new problem in a social value set decides whether the rule is asked at all."""
    home = value_set("home")
    on = at("problem-list-item-create", label="a problem is added", problems=(home,))
    guideline = guideline_of(rule_of(BACK_PAIN, on), home, social=frozenset({"home"}))

    social = uses(guideline.services[0], guideline)[7]

    assert social.used is Truth.YES
    assert [asked.question for asked in social.asked] == ["a problem is added"]


def test_an_order_wakes_a_rule_by_its_value_sets() -> None:
    """A service for social needs is no less a use than a problem."""
    meals = value_set("meals")
    rule = replace(rule_of(BACK_PAIN), on=selected(meals, label="meals are ordered"))
    guideline = guideline_of(rule, meals, social=frozenset({"meals"}))

    assert uses(guideline.services[0], guideline)[7].used is Truth.YES


def test_a_question_that_does_not_say_what_it_looks_at_rules_nothing_out() -> None:
    """No false reassurance: what is not known to be unused is unknown, and the question is named."""
    secret = Criterion("a secret", frozenset({PATIENT}), lambda _: Finding("a secret", Truth.NO))
    guideline = guideline_of(rule_of(any_of(secret, AGE)))

    found = {use.name: use for use in uses(guideline.services[0], guideline)}

    assert found["date of birth"].used is Truth.YES
    assert found["race"].used is Truth.UNKNOWN
    assert [asked.question for asked in found["race"].asked] == ["a secret"]


def test_a_question_that_reads_nothing_of_the_record_uses_nothing() -> None:
    """It sees the order alone."""
    order = Criterion("an order", frozenset(), lambda _: Finding("an order", Truth.NO))

    assert used(order) == set()


def test_a_guideline_that_tells_nothing_of_itself_is_said_to() -> None:
    """Nothing is made up in its place."""
    known = told(guideline_of(rule_of(BACK_PAIN)))

    assert [item.values for item in known[:3]] == [(UNSTATED,)] * 3
    assert known[3].values == (f"released: {UNSTATED}", f"revised: {UNSTATED}")


def test_a_guideline_is_told_as_it_tells_itself() -> None:
    """Citations with the names that statements use, developer, funding, dates."""
    known = told(
        guideline_of(
            rule_of(BACK_PAIN),
            developer="Us",
            funding="None",
            released="2026-11-25",
            revised="never",
            citations=(Citation("S0", "an article"),),
        )
    )

    assert [item.values for item in known] == [
        ("S0: an article",),
        ("Us",),
        ("None",),
        ("released: 2026-11-25", "revised: never"),
    ]


def test_the_document_numbers_all_thirteen_attributes() -> None:
    """In the order of the regulation; the questions of one rule stand together."""
    score = value_set("score", LOINC, "82810-3")
    asked = answered(OBSERVATIONS, score, within=weeks(40), label="pregnancy")
    when = any_of(asked, order_is(score, label="a score ordered"))
    guideline = guideline_of(rule_of(when), score)

    written = document(guideline.services[0], guideline)

    assert [item["number"] for item in written["sourceAttributes"]] == list(range(1, 14))
    assert written["sourceAttributes"][4] == {"number": 5, "name": "use of race", "used": "no", "rules": []}
    assert written["sourceAttributes"][12] == {
        "number": 13,
        "name": "use of health status assessments data",
        "used": "yes",
        "rules": [{"rule": "asks", "questions": ["pregnancy", "a score ordered"]}],
    }
