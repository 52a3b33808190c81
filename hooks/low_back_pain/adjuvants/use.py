"""Benzodiazepines, systemic corticosteroids and gabapentinoids: whether they fit low back pain at all."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    none_of,
    offer,
    order_is,
    order_route,
    order_route_unclear,
    recorded,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.adjuvants.orders import (
    BENZODIAZEPINE_ORDER,
    GABAPENTINOID_ORDER,
    LONG_BENZODIAZEPINE,
    LONG_GABAPENTINOID,
    RADICULOPATHY,
    STEROID,
    appropriateness,
    otherwise_indicated,
    remove,
)
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_500, NAPROXEN_500, WITHOUT_MEDICINE
from hooks.low_back_pain.definitions import (
    BENZODIAZEPINE_INDICATION,
    CAUDA_EQUINA,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    CORTICOSTEROID,
    CORTICOSTEROID_INJECTION,
    GABAPENTINOID_INDICATION,
    LOCAL_ROUTE,
    STEROID_INDICATION,
    SYSTEMIC_ROUTE,
    topic,
)
from hooks.low_back_pain.kidney import KIDNEY_REDUCED_BY_ANY_RESULT
from hooks.low_back_pain.red_flags.gate import LONG_TERM_STEROIDS
from hooks.low_back_pain.scope import MUTED

_fits = partial(Rule, scope=CONCERNS_BACK_PAIN, unless=MUTED, if_unknown="advise without suggestions")

# BZD-01
_HEAT, _EDUCATION = WITHOUT_MEDICINE
_BENZODIAZEPINE_FOR_ELSE = otherwise_indicated(
    BENZODIAZEPINE_INDICATION, "seizures, withdrawal, anxiety or insomnia"
)
_benzodiazepine = partial(
    _fits,
    rows=("BZD-01", "NSD-01", "NSD-11"),
    topic=topic("benzodiazepine-not-advised"),
    on=BENZODIAZEPINE_ORDER,
    evidence=(S.NO_ROUTINE_BENZODIAZEPINE, S.NSAID_FIRST, S.EITHER_FIRST, S.DRUG_EVIDENCE_IS_SHORT),
)
benzodiazepine = _benzodiazepine(
    id="benzodiazepine-not-advised",
    when=none_of(
        LONG_BENZODIAZEPINE, _BENZODIAZEPINE_FOR_ELSE, label="no long use and no other reason on record"
    ),
    advice=appropriateness(
        Indicator.WARNING,
        "Benzodiazepines: not for routine use in back pain",
        Line(
            "Consider heat and staying active, with an NSAID or acetaminophen where nothing speaks "
            "against it."
        ),
        suggestions=(
            _HEAT,
            offer(NAPROXEN_500, ACETAMINOPHEN_500, otherwise=(_EDUCATION,)),
            remove("Remove the benzodiazepine draft"),
        ),
    ),
)
benzodiazepine_for_long = _benzodiazepine(
    id="benzodiazepine-long-term",
    rows=("BZD-01",),
    when=all_of(LONG_BENZODIAZEPINE, none_of(_BENZODIAZEPINE_FOR_ELSE)),
    advice=appropriateness(
        Indicator.INFO,
        "Long-term benzodiazepine: review it, and taper with care",
        Line("Any change of dose is gradual and agreed with the patient: stopping at once is dangerous."),
    ),
)

# STE-01
_LOCAL = order_route(LOCAL_ROUTE, label="a route that is not systemic")
_SYSTEMIC_ROUTE = order_route(SYSTEMIC_ROUTE, label="an injection into muscle or vein")
_NO_OTHER_USE = none_of(
    otherwise_indicated(STEROID_INDICATION, "a disease that corticosteroids treat"),
    recorded(CONDITIONS, CAUDA_EQUINA, label="cauda equina syndrome"),
    label="no other reason for a corticosteroid on record",
)
_KEEP_ON = Line(
    "Who takes a corticosteroid for long does not stop it at once: taper with care.", LONG_TERM_STEROIDS
)
_steroid = partial(
    _fits,
    rows=("STE-01",),
    topic=topic("systemic-steroid-not-advised"),
    on=STEROID,
    evidence=(S.NO_SYSTEMIC_STEROID,),
)
steroid = _steroid(
    id="systemic-steroid-not-advised",
    when=all_of(
        any_of(order_is(CORTICOSTEROID, label="a systemic corticosteroid is ordered"), _SYSTEMIC_ROUTE),
        none_of(_LOCAL),
        _NO_OTHER_USE,
        label="a systemic corticosteroid without another reason on record",
    ),
    advice=appropriateness(
        Indicator.WARNING,
        "Systemic steroids are not recommended for back pain or sciatica",
        Line("Trials found them no better than placebo."),
        _KEEP_ON,
        suggestions=(remove("Remove the corticosteroid draft"),),
    ),
)
steroid_without_route = _steroid(
    id="steroid-injection-without-route",
    when=all_of(
        order_is(CORTICOSTEROID_INJECTION, label="a corticosteroid injection is ordered"),
        order_route_unclear(label="a route that the order does not tell"),
        none_of(_LOCAL, _SYSTEMIC_ROUTE),
        _NO_OTHER_USE,
        label="a corticosteroid injection without a route",
    ),
    advice=appropriateness(
        Indicator.INFO,
        "Corticosteroid injection without a route: into muscle or vein it is not recommended for back pain",
        Line("State the route: epidural and joint injections are another matter."),
        _KEEP_ON,
    ),
)

# GAB-01
_OTHER_USE = any_of(
    LONG_GABAPENTINOID,
    otherwise_indicated(GABAPENTINOID_INDICATION, "epilepsy, neuropathy or the like"),
    label="long use, or another reason on record",
)
_gabapentinoid = partial(
    _fits, rows=("GAB-01",), topic=topic("gabapentinoid-indication"), on=GABAPENTINOID_ORDER
)
gabapentinoid = _gabapentinoid(
    id="gabapentinoid-not-radicular",
    when=none_of(RADICULOPATHY, _OTHER_USE, label="no radiculopathy and no other reason on record"),
    advice=appropriateness(
        Indicator.WARNING,
        "Gabapentinoid: supported only for radicular pain",
        Line("No radiculopathy is in the coded data read: ask for pain that radiates, and code it."),
    ),
    evidence=(S.GABAPENTINOID_RADICULAR, S.DRUG_EVIDENCE_IS_SHORT),
)
gabapentinoid_radicular = _gabapentinoid(
    id="gabapentinoid-radicular",
    when=all_of(RADICULOPATHY, none_of(_OTHER_USE)),
    advice=appropriateness(
        Indicator.INFO,
        "Gabapentinoid in radicular pain: a small short-term benefit",
        Line("Agree on when to judge its effect and when to stop; it sedates."),
    ),
    evidence=(S.GABAPENTINOID_RADICULAR, S.DRUG_EVIDENCE_IS_SHORT),
)
gabapentinoid_kidney = _gabapentinoid(
    id="gabapentinoid-kidney",
    when=all_of(
        KIDNEY_REDUCED_BY_ANY_RESULT,
        none_of(_OTHER_USE),
    ),
    advice=appropriateness(
        Indicator.INFO,
        "Reduced kidney function: a gabapentinoid needs a lower dose",
        Line("Set the dose by kidney function, and raise it slowly."),
    ),
    evidence=(S.GABAPENTINOID_KIDNEY,),
)

rules = (
    benzodiazepine,
    benzodiazepine_for_long,
    steroid,
    steroid_without_route,
    gabapentinoid,
    gabapentinoid_radicular,
    gabapentinoid_kidney,
)
