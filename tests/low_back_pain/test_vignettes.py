"""Every row of the vignette tables in tests/low_back_pain, each as a test with its patient as name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cds_service.testing import TableError, differences, rows_of, run
from hooks.low_back_pain import guideline

if TYPE_CHECKING:
    from cds_service.testing import Row

TABLES = sorted(Path(__file__).parent.glob("*.md"))
COMPLAINT = "low-back-pain-nonspecific#279039007"
SERVICES = {service.group: service for service in guideline.services}
VIGNETTES = [
    pytest.param(f"lbp-{path.stem}", row, id=f"{path.stem}: {row.patient}")
    for path in TABLES
    for row in rows_of(path)
]


@pytest.mark.parametrize(("group", "row"), VIGNETTES)
def test_a_patient_gets_the_expected_cards(group: str, row: Row) -> None:
    """The cards, offers and words of a row are what its table says."""
    result = run(row, guideline, SERVICES[group], complaint=COMPLAINT)

    wrong = differences(row, result, guideline)
    assert not wrong, wrong


HEADER = "| patient | order | since | problems | cards | offers | says |\n|---|---|---|---|---|---|---|\n"
PLAIN = (
    "| new pain | lumbar mri | 10 | | imaging-without-red-flag warning | delete | not: cancer is present |"
)


def table(tmp_path: Path, *lines: str) -> tuple[Row, ...]:
    """Return the rows of a file that holds one table."""
    path = tmp_path / "imaging.md"
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return rows_of(path)


def judged(row: Row) -> str:
    """Run a row with the imaging service; return what is not as it expects."""
    result = run(row, guideline, SERVICES["lbp-imaging"], complaint=COMPLAINT)
    return differences(row, result, guideline)


def test_a_row_that_fits_has_no_differences(tmp_path: Path) -> None:
    """A row whose cards, offers and words are right passes."""
    (row,) = table(tmp_path, PLAIN)

    assert not judged(row)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("flag warning", "flag info", "cards given:    imaging-without-red-flag warning"),
        ("imaging-without-red-flag warning", "none", "cards expected: none"),
        ("imaging-without-red-flag warning", "412", "cards expected: 412"),
        ("delete", "none", "offers given:    Remove the imaging draft"),
        ("delete", "delete; physio", "offers expected: delete; physio"),
        ("not: cancer is present", "cancer is present", "says nothing of: 'cancer is present'"),
        ("not: cancer is present", "not: override reason", "says what it must not: 'override reason'"),
    ],
)
def test_a_wrong_expectation_is_reported(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    """Each kind of wrong cell fails its row, and the message names expected or actual."""
    (row,) = table(tmp_path, PLAIN.replace(right, wrong))

    report = judged(row)
    assert told in report
    assert "imaging-without-red-flag: speaks" in report


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("| |", "| redflag-feverish |", "'redflag-feverish' is neither a value set"),
        ("| |", "| redflag-fever 3 resolved twice |", "'redflag-fever twice' is neither a value set"),
        ("| |", "| redflag-fever#123 |", "'123' is no member of redflag-fever"),
        ("lumbar mri", "lumbar pet", "'lumbar pet' is neither a value set"),
    ],
)
def test_a_cell_that_is_not_understood_is_refused(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    """A typing error never reads as a blank: the message names the file, the line and the words."""
    (row,) = table(tmp_path, PLAIN.replace(right, wrong, 1))

    with pytest.raises(TableError, match=r"imaging\.md:3: ") as caught:
        judged(row)
    assert told in str(caught.value)


def test_the_same_sentence_twice_is_refused(tmp_path: Path) -> None:
    """Sentences name tests, so that two rows cannot share one."""
    with pytest.raises(TableError, match="the same patient as"):
        table(tmp_path, PLAIN, PLAIN)


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    """A misspelled heading never drops its cells."""
    path = tmp_path / "imaging.md"
    path.write_text("| patient | order | cards | problem |\n", encoding="utf-8")

    with pytest.raises(TableError, match=r"unknown columns \['problem'\]"):
        rows_of(path)


ABOUT = "| patient | about | order | since | cards | offers | says |\n|---|---|---|---|---|---|---|\n"
ABOUT_ROW = "| new pain | {} | lumbar mri | 10 | {} | {} | {} |"


@pytest.mark.parametrize(
    ("about", "cards", "offers", "says"),
    [
        ("", "imaging-without-red-flag warning", "delete", "not advised"),
        ("imaging-without-red-flag", "imaging-without-red-flag warning", "delete", "not advised"),
        ("imaging-duplicate; data-missing", "none", "none", "not: not advised"),
    ],
)
def test_a_row_may_speak_of_some_topics_only(
    tmp_path: Path, about: str, cards: str, offers: str, says: str
) -> None:
    """With topics in `about`, cards, offers and words of other topics do not count."""
    path = tmp_path / "imaging.md"
    path.write_text(ABOUT + ABOUT_ROW.format(about, cards, offers, says) + "\n", encoding="utf-8")
    (row,) = rows_of(path)

    assert not judged(row)


def test_a_topic_that_no_rule_speaks_on_is_refused(tmp_path: Path) -> None:
    """A misspelled topic never makes a row pass because nothing is left to compare."""
    path = tmp_path / "imaging.md"
    path.write_text(
        ABOUT + ABOUT_ROW.format("imaging-duplikate", "none", "none", "") + "\n", encoding="utf-8"
    )
    (row,) = rows_of(path)

    with pytest.raises(TableError, match="about imaging-duplikate: no rule speaks on that"):
        judged(row)
