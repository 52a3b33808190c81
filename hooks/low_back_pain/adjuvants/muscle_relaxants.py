"""Muscle relaxants for low back pain: for how long, how much, and not for radiculopathy (MR-01 to MR-08)."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Indicator,
    Line,
    Rule,
    all_of,
    any_of,
    confirmed,
    continued,
    days,
    none_of,
    order_dose,
    order_is,
    order_single_dose,
    possibly,
    recorded,
    set_supply,
    supply_above,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.adjuvants.orders import (
    CYCLOBENZAPRINE_INGREDIENT,
    CYCLOBENZAPRINE_ORDER,
    RADICULOPATHY,
    RELAXANT,
    appropriateness,
    remove,
)
from hooks.low_back_pain.definitions import (
    ACUTE,
    CHRONIC,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    CYCLOBENZAPRINE,
    CYCLOBENZAPRINE_EXTENDED,
    MEDICATIONS,
    MUSCLE_RELAXANT,
    MUSCLE_SPASM,
    ORDERED_FOR_BACK_PAIN,
    RELAXANT_FOR_SPASTICITY,
    SPASTICITY,
    topic,
)
from hooks.low_back_pain.scope import MUTED

_REMOVE = remove("Remove the muscle relaxant draft")
_SPASM = recorded(CONDITIONS, MUSCLE_SPASM, label="spasm of the back")
_FOR_SPASTICITY = all_of(
    order_is(RELAXANT_FOR_SPASTICITY, label="baclofen, dantrolene or tizanidine is ordered"),
    recorded(CONDITIONS, SPASTICITY, label="spasticity or a cause of it"),
    none_of(ORDERED_FOR_BACK_PAIN),
    label="a muscle relaxant that may be for spasticity",
)
_ADJUNCT = Line(
    "In acute pain with spasm it is a short-term adjunct only: watch for drowsiness.",
    all_of(ACUTE, _SPASM, label="acute low back pain with spasm"),
)
_LIMITED = Line(
    "In chronic pain with spasm combine it with exercise and heat, and limit its duration.",
    all_of(CHRONIC, _SPASM, label="chronic low back pain with spasm"),
)
_fits = partial(Rule, scope=CONCERNS_BACK_PAIN, if_unknown="advise without suggestions")

too_long = _fits(
    id="muscle-relaxant-beyond-3-weeks",
    rows=("MR-01", "MR-02", "MR-08"),
    topic=topic("muscle-relaxant-duration"),
    on=RELAXANT,
    when=any_of(
        supply_above(21, label="more than 21 days' supply"),
        continued(
            MEDICATIONS,
            MUSCLE_RELAXANT,
            more_than=days(21),
            label="the same muscle relaxant ordered more than 21 days ago",
        ),
        label="a muscle relaxant for more than 3 weeks",
    ),
    unless=any_of(MUTED, _FOR_SPASTICITY),
    advice=appropriateness(
        Indicator.WARNING,
        "Muscle relaxant beyond 3 weeks: no supporting evidence",
        Line("Consider 2 to 3 weeks at most, and review before more."),
        _ADJUNCT,
        _LIMITED,
        suggestions=(set_supply("Limit the supply to 21 days, no refills", 21), _REMOVE),
    ),
    evidence=(S.RELAXANT_SHORT, S.RELAXANT_IN_CHRONIC_SPASM, S.DRUG_EVIDENCE_IS_SHORT),
)

# MR-03: capsules of extended release are dosed otherwise
_MORE_THAN_10 = order_single_dose(
    CYCLOBENZAPRINE,
    CYCLOBENZAPRINE_INGREDIENT,
    above_mg=10,
    label="more than 10 mg of cyclobenzaprine at once",
)
_MORE_THAN_30 = order_dose(
    CYCLOBENZAPRINE, CYCLOBENZAPRINE_INGREDIENT, above_mg=30, label="more than 30 mg of cyclobenzaprine a day"
)
too_much = _fits(
    id="cyclobenzaprine-dose",
    rows=("MR-03",),
    topic=topic("muscle-relaxant-dose"),
    on=CYCLOBENZAPRINE_ORDER,
    when=all_of(
        none_of(order_is(CYCLOBENZAPRINE_EXTENDED, label="extended-release cyclobenzaprine is ordered")),
        any_of(_MORE_THAN_10, _MORE_THAN_30),
        label="a high dose of cyclobenzaprine",
    ),
    unless=MUTED,
    advice=appropriateness(
        Indicator.WARNING,
        "Cyclobenzaprine dose above 10 mg three times daily",
        Line("Consider 5 to 10 mg, three times a day at most."),
        _ADJUNCT,
    ),
    evidence=(S.CYCLOBENZAPRINE_DOSE, S.RELAXANT_SHORT),
)

# MR-07, REC-11: where spasm is coded too, or the radiculopathy only suspected, both sides are shown
_nerve_root = partial(_fits, topic=topic("muscle-relaxant-radiculopathy"), on=RELAXANT)
radiculopathy = _nerve_root(
    id="muscle-relaxant-radiculopathy",
    rows=("MR-07",),
    when=all_of(confirmed(RADICULOPATHY), none_of(_SPASM), label="radiculopathy without spasm"),
    unless=any_of(MUTED, _FOR_SPASTICITY),
    advice=appropriateness(
        Indicator.WARNING,
        "Muscle relaxants are not recommended for radiculopathy",
        Line("Consider staying active, heat, and the pathway for radicular pain."),
        suggestions=(_REMOVE,),
    ),
    evidence=(S.NO_RELAXANT_IN_RADICULOPATHY, S.RELAXANT_SHORT, S.DRUG_EVIDENCE_IS_SHORT),
)
radiculopathy_with_spasm = _nerve_root(
    id="muscle-relaxant-radiculopathy-with-spasm",
    rows=("MR-07",),
    when=all_of(
        RADICULOPATHY,
        any_of(possibly(_SPASM), none_of(confirmed(RADICULOPATHY))),
        label="radiculopathy that is only suspected, or with spasm",
    ),
    unless=any_of(MUTED, _FOR_SPASTICITY),
    advice=appropriateness(
        Indicator.INFO,
        "Muscle relaxant with radicular pain: the sources differ",
        Line("S0, S1 and S3 allow 2 to 3 weeks for spasm; S2 advises against it in radiculopathy."),
        _ADJUNCT,
        _LIMITED,
        suggestions=(_REMOVE,),
    ),
    evidence=(S.NO_RELAXANT_IN_RADICULOPATHY, S.RELAXANT_SHORT, S.RELAXANT_IN_CHRONIC_SPASM),
)

rules = (too_long, too_much, radiculopathy, radiculopathy_with_spasm)
