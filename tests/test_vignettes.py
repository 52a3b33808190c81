"""Every row of the vignette tables in tests/low_back_pain, each as a test with its patient as name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cds_service.testing import differences, rows_of, run
from hooks.low_back_pain import guideline

if TYPE_CHECKING:
    from cds_service.testing import Row

TABLES = sorted((Path(__file__).parent / "low_back_pain").glob("*.md"))
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
