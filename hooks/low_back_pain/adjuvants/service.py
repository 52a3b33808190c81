"""Muscle relaxants, benzodiazepines, steroids, gabapentinoids and duloxetine for low back pain."""

from __future__ import annotations

from functools import partial

from cds_service import Advice, CdsService, Indicator, Line, Rule, any_of, drafted, selected, taking
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.adjuvants import muscle_relaxant_hazards, muscle_relaxants, sedation
from hooks.low_back_pain.adjuvants import use as adjuvant_use
from hooks.low_back_pain.adjuvants.orders import ANY, CYCLOBENZAPRINE_ORDER, DULOXETINE_ORDER, remove
from hooks.low_back_pain.analgesics.guards import ALCOHOL_USE, LIVER_DISEASE
from hooks.low_back_pain.definitions import (
    BENEFIT_OUTWEIGHS_RISK,
    BENZODIAZEPINE,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    DATA_OUTDATED,
    GABAPENTINOID,
    INDEX_ON_RECORD,
    MEDICATIONS,
    OTHER_REASON,
    PATIENT,
    TRAMADOL,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.kidney import KIDNEY_SEVERE, LAST_EGFR_BELOW_30
from hooks.low_back_pain.pregnancy import PREGNANT
from hooks.low_back_pain.scope import not_in_scope
from hooks.low_back_pain.shared_hazards import TAKES_MAOI, hazard

in_pregnancy = hazard(
    "sedative-in-pregnancy",
    ("SAFE-20",),
    "pregnancy-medication",
    on=selected(BENZODIAZEPINE, GABAPENTINOID, label="a benzodiazepine or gabapentinoid is ordered"),
    when=PREGNANT,
    says=(
        Indicator.WARNING,
        "Benzodiazepine or gabapentinoid: a recorded condition speaks against it",
        "In pregnancy weigh its need against the risk; who takes it already does not stop at once.",
    ),
    remove=remove("Remove the draft"),
    evidence=(S.SEDATIVES_IN_PREGNANCY,),
)
cyclobenzaprine_with_maoi = hazard(
    "cyclobenzaprine-with-maoi",
    ("SAFE-41",),
    "serotonergic-interaction",
    on=CYCLOBENZAPRINE_ORDER,
    when=TAKES_MAOI,
    says=(
        Indicator.CRITICAL,
        "MAO inhibitor with cyclobenzaprine: serotonin syndrome risk",
        "Do not combine; heat and staying active need no medicine.",
    ),
    remove=remove("Remove the muscle relaxant draft"),
    evidence=(S.SEROTONERGIC_ADJUVANTS,),
)
_duloxetine = partial(
    hazard,
    on=DULOXETINE_ORDER,
    remove=remove("Remove the duloxetine draft"),
)
# Where tramadol is judged in the same call, the service for opioids says it
duloxetine_with_tramadol = _duloxetine(
    "duloxetine-with-tramadol",
    ("SAFE-41",),
    "serotonergic-interaction",
    when=taking(MEDICATIONS, TRAMADOL, label="tramadol"),
    unless=any_of(UNDER_18, drafted(TRAMADOL, label="tramadol judged in this call", selected_only=True)),
    says=(
        Indicator.WARNING,
        "Duloxetine with tramadol: serotonin syndrome and seizure risk",
        "Consider one of the two, or watch for agitation, tremor and fever.",
    ),
    evidence=(S.SEROTONERGIC_ADJUVANTS,),
)
duloxetine_with_maoi = _duloxetine(
    "duloxetine-with-maoi",
    ("DUL-01", "SAFE-41"),
    "duloxetine-safety",
    when=TAKES_MAOI,
    says=(
        Indicator.CRITICAL,
        "MAO inhibitor with duloxetine: serotonin syndrome risk",
        "Do not combine.",
    ),
    evidence=(S.DULOXETINE_HAZARDS,),
)
_KIDNEY = any_of(KIDNEY_SEVERE, LAST_EGFR_BELOW_30, label="severely reduced kidney function by any result")
duloxetine_hazard = Rule(
    id="duloxetine-recorded-hazard",
    rows=("DUL-01", "SAFE-41"),
    topic=topic("duloxetine-safety"),
    on=DULOXETINE_ORDER,
    scope=INDEX_ON_RECORD,
    when=any_of(LIVER_DISEASE, ALCOHOL_USE, _KIDNEY, label="a hazard of duloxetine"),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.CRITICAL,
        "Duloxetine: a recorded condition makes it a hazard",
        (
            Line("Duloxetine may harm the liver: avoid it in liver disease.", LIVER_DISEASE),
            Line("With heavy alcohol use duloxetine may harm the liver: ask how much.", ALCOHOL_USE),
            Line("Below an eGFR of 30 duloxetine builds up: avoid it.", _KIDNEY),
        ),
        suggestions=(remove("Remove the duloxetine draft"),),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
        discreet="Duloxetine: a recorded condition makes it a hazard",
    ),
    evidence=(S.DULOXETINE_HAZARDS,),
)

service = CdsService(
    group="lbp-adjuvants",
    hooks=("order-select", "order-sign"),
    title="Muscle relaxants and other adjuvants for low back pain",
    description="Checks an order of a muscle relaxant, benzodiazepine, systemic corticosteroid, "
    "gabapentinoid or duloxetine for fit, dose, duration and hazards.",
    rules=(
        sedation.with_opioid,
        cyclobenzaprine_with_maoi,
        duloxetine_with_tramadol,
        in_pregnancy,
        *muscle_relaxants.rules,
        *muscle_relaxant_hazards.rules,
        sedation.load,
        *adjuvant_use.rules,
        duloxetine_with_maoi,
        duloxetine_hazard,
        not_in_scope("adjuvant-not-in-scope", ANY, CONCERNS_BACK_PAIN),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
