"""The demonstration: several patients, one order each, and the cards a clinician would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from .ehr.run import FireOptions, run_fire

if TYPE_CHECKING:
    from rich.console import Console

SCENES = (
    ("plain-acute", "lumbar-mri", "New back pain, nothing else: an MRI without a red flag"),
    ("plain-acute", "oxycodone", "The same man, an opioid before anything else"),
    ("cauda-equina", "lumbar-mri", "A red flag makes the same MRI urgent"),
    ("cancer-history", "lumbar-mri", "Cancer in the past: imaging is supported"),
    ("chronic-kidney-disease", "oxycodone", "Kidney disease: no NSAID is suggested"),
    ("opioid-with-benzodiazepine", "oxycodone", "An opioid on top of a benzodiazepine"),
    ("long-term-opioid", "oxycodone", "Long-term treatment: review, never an abrupt stop"),
    ("adolescent", "lumbar-mri", "Not made for adolescents, and says so"),
    ("nothing-recorded", "lumbar-mri", "No back pain on record: nothing is said"),
)


def run_demo(url: str, console: Console) -> int:
    """Fire order-select for each scene and print the cards; return 1 when any call failed, else 0."""
    failures = 0
    for patient, order, title in SCENES:
        console.rule(Text(title))
        options = FireOptions(
            service_url=url, fhir_url=f"{url}/fhir", patient=patient, hook="order-select", orders=(order,)
        )
        failures += run_fire(options, console)
    return 1 if failures else 0
