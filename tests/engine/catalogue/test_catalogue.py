"""The catalogue: what is offered, and that a guideline that contradicts itself is never served."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from cds_service import Coding, Ladder, Need, Silence, Topic, recorded
from cds_service.catalogue import load_catalogue, problems_of
from cds_service.rules import GuidelineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cds_service import Guideline, Rule


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Load a guideline as if a package of this name held it."""

    def loaded(guideline: Guideline, site_codes: str = "") -> Any:  # noqa: ANN401 - a Catalogue
        module = ModuleType("planted_guideline")
        module.guideline = guideline  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "planted_guideline", module)
        return load_catalogue(["planted_guideline"], site_codes)

    return loaded


def test_a_fit_guideline_has_no_problems(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """The one that the other tests spoil."""
    assert problems_of(guideline_of(rule)) == []


def test_the_shipped_guideline_is_fit() -> None:
    """Each service is listed once a hook, under group and hook."""
    entries = load_catalogue(["hooks.low_back_pain"]).entries

    assert {"lbp-imaging-order-select", "lbp-imaging-order-sign"} <= set(entries)
    assert all(name == entry.id == f"{entry.service.group}-{entry.hook}" for name, entry in entries.items())


def test_a_code_in_two_contradicting_value_sets_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """With both sets, so that it can be dropped from one."""
    (problem,) = problems_of(guideline_of(rule, contradictory=(("scan", "pain"),)))

    assert problem.startswith("http://loinc.org|both-1 is in scan and pain")


def test_a_value_set_that_no_rule_uses_is_named(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """With the file to delete."""
    guideline = guideline_of(rule)
    guideline.terminology.used.discard("pain")

    (problem,) = problems_of(guideline)

    assert "value set pain is used by no rule" in problem
    assert "valuesets/pain.json" in problem


def test_a_rule_id_that_occurs_twice_is_named(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """Also when one of the two is a rung of a ladder."""
    (problem,) = problems_of(guideline_of(rule, Ladder((replace(rule),))))

    assert "rule id scan-for-pain is used 2 times" in problem


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"evidence": ()}, "cites nothing"),
        ({"topic": None}, "without a topic"),
        ({"rows": ()}, "or guideline row"),
    ],
)
def test_a_rule_that_speaks_without_grounds_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule, changes: dict[str, Any], said: str
) -> None:
    """A card needs a source, a topic and a guideline row; a rung that is silent does not."""
    spoiled = replace(rule, **changes)
    silent = replace(spoiled, advice=Silence("a reason"))

    (problem,) = problems_of(guideline_of(spoiled))

    assert problem.startswith("rule scan-for-pain")
    assert said in problem
    assert problems_of(guideline_of(silent)) == []


@pytest.mark.parametrize("said", ["summary", "discreet"])
@pytest.mark.parametrize(("length", "problems"), [(139, 0), (140, 1)])
def test_a_summary_that_is_too_long_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule, said: str, length: int, problems: int
) -> None:
    """CDS Hooks asks for fewer than 140 characters, also of the summary for discreet records."""
    advice = replace(rule.advice, **{said: "x" * length})

    found = problems_of(guideline_of(replace(rule, advice=advice)))

    assert [("summary exceeds 139" in problem) for problem in found] == [True] * problems


@pytest.mark.parametrize("summary", ["", "two\nlines", " padded", "bell\x07", "line\u2028separator"])
def test_a_summary_that_no_card_can_carry_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule, summary: str
) -> None:
    """At start, and not when a patient needs the card."""
    (problem,) = problems_of(guideline_of(replace(rule, advice=replace(rule.advice, summary=summary))))

    assert problem == "rule scan-for-pain: its summary must be one line that is not empty"


@pytest.mark.parametrize(
    ("reason", "problems"),
    [
        (Coding("http://example.org/reasons", "other", "Other reason"), 0),
        (Coding("http://example.org/reasons", "other"), 1),
        (Coding("reasons", "other", "Other reason"), 1),
        (Coding(None, "other", "Other reason"), 1),
    ],
)
def test_an_override_reason_that_no_card_can_carry_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule, reason: Coding, problems: int
) -> None:
    """CDS Hooks asks for system, code and display."""
    advice = replace(rule.advice, override_reasons=(reason,))

    found = problems_of(guideline_of(replace(rule, advice=advice)))

    assert found == ["rule scan-for-pain: override reason other needs system, code and display"] * problems


def test_a_topic_that_no_card_can_carry_is_named(guideline_of: Callable[..., Guideline], rule: Rule) -> None:
    """A client remembers overrides by system and code."""
    (problem,) = problems_of(guideline_of(replace(rule, topic=Topic(Coding(None, "scan"), 1))))

    assert problem == "rule scan-for-pain: its topic scan needs a system and a code"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": ""}, "its label must be one line"),
        ({"data_missing": Topic(Coding(None, "gap"), 9)}, "data_missing needs a topic with system and code"),
        ({"rule_extension": "rules"}, "rule_extension must be a dotted name"),
        ({"reasons_alike": {"mine": "theirs"}}, "mine equals theirs, which no card offers"),
    ],
)
def test_words_of_a_guideline_that_no_card_can_carry_are_named(
    guideline_of: Callable[..., Guideline], rule: Rule, changes: dict[str, Any], said: str
) -> None:
    """Each would spoil every card, or do nothing at all."""
    (problem,) = problems_of(guideline_of(rule, **changes))

    assert said in problem


def test_a_template_that_clients_cannot_follow_is_named(
    guideline_of: Callable[..., Guideline], rule: Rule
) -> None:
    """With its key."""
    bad = Need("bad", "Condition?patient={{context.userId}}", "n")
    when = replace(rule.when, needs=frozenset({bad}))

    (problem,) = problems_of(guideline_of(replace(rule, when=when)))

    assert problem.startswith("prefetch key bad: ")


def test_one_key_with_two_templates_is_named(
    guideline_of: Callable[..., Guideline],
    rule: Rule,
    world: Any,  # noqa: ANN401 - of conftest
) -> None:
    """A client would answer both with the same data."""
    other = Need("conditions", "Condition?patient={{context.patientId}}&_count=1", "n")
    second = replace(rule, id="second", when=recorded(other, world.terms["pain"], label="pain"))
    first_service, second_service = (guideline_of(item).services[0] for item in (rule, second))
    both = guideline_of(services=(first_service, replace(second_service, group="h")))

    (problem,) = problems_of(both)

    assert problem == "prefetch key conditions has two templates: one key means one query"


def test_all_problems_are_told_at_once(
    guideline_of: Callable[..., Guideline], rule: Rule, load: Callable[..., Any]
) -> None:
    """And such a guideline is not served."""
    with pytest.raises(GuidelineError, match=r"is used 2 times.*; rule scan-for-pain cites nothing"):
        load(guideline_of(rule, replace(rule, evidence=())))


@pytest.mark.parametrize(
    ("package", "said"),
    [("hooks.nowhere", "No module named 'hooks.nowhere'"), ("json", "must define `guideline`")],
)
def test_a_package_that_is_no_guideline_is_named(package: str, said: str) -> None:
    """Not there at all, or without a Guideline."""
    with pytest.raises(GuidelineError, match=f"guideline package {package}.*{said}"):
        load_catalogue([package])


def test_a_guideline_that_imports_what_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that the authoring API lost is an error at start, not a traceback."""
    (tmp_path / "broken_guideline.py").write_text("from cds_service import nothing_like_that\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(GuidelineError, match="guideline package broken_guideline: cannot import name"):
        load_catalogue(["broken_guideline"])


def test_the_same_service_twice_is_refused() -> None:
    """One of the two would silently vanish."""
    with pytest.raises(GuidelineError, match=r"service ids .*lbp-imaging-order-select, .* are offered twice"):
        load_catalogue(["hooks.low_back_pain", "hooks.low_back_pain"])


def test_the_version_changes_with_the_rules(
    guideline_of: Callable[..., Guideline], rule: Rule, load: Callable[..., Any]
) -> None:
    """The audit trail tells by it which rules decided."""
    first = load(guideline_of(rule)).version
    again = load(guideline_of(rule)).version
    other = load(guideline_of(replace(rule, rows=("ROW-2",)))).version

    assert first == again
    assert first != other


def concept_map(target: str) -> str:
    """Return a ConceptMap from the local code L-1 to a LOINC code."""
    element = {"code": "L-1", "target": [{"code": target, "equivalence": "equivalent"}]}
    group = {"source": "http://site.example.org", "target": "http://loinc.org", "element": [element]}
    return json.dumps({"resourceType": "ConceptMap", "group": [group]})


def test_site_codes_are_understood(
    guideline_of: Callable[..., Guideline], rule: Rule, load: Callable[..., Any], tmp_path: Path
) -> None:
    """A local code counts as what the site's ConceptMap says."""
    (tmp_path / "local.json").write_text(concept_map("scan-1"))

    (guideline,) = load(guideline_of(rule), str(tmp_path)).guidelines

    assert guideline.terminology.understands("http://site.example.org", "L-1")


def test_site_codes_that_lead_nowhere_refuse_to_start(
    guideline_of: Callable[..., Guideline], rule: Rule, load: Callable[..., Any], tmp_path: Path
) -> None:
    """A code that no rule knows, and a folder that is not there."""
    (tmp_path / "local.json").write_text(concept_map("unheard-of"))

    with pytest.raises(GuidelineError, match=r"local\.json: .*unheard-of, which no rule knows"):
        load(guideline_of(rule), str(tmp_path))
    with pytest.raises(GuidelineError, match=r"CDS_SITE_CODES: .*nowhere is no folder"):
        load(guideline_of(rule), str(tmp_path / "nowhere"))
