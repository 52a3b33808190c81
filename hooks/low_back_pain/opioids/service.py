"""Opioids for low back pain: was anything else tried, and for how long is it? (guideline.md 10.5)."""

from __future__ import annotations

from functools import partial

from cds_service import (
    Advice,
    CdsService,
    Indicator,
    Ladder,
    Line,
    Rule,
    all_of,
    any_of,
    create_request,
    none_of,
    offer,
    read,
    set_supply,
    supply_above,
    undecided,
)
from hooks.low_back_pain import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from hooks.low_back_pain.analgesics.guards import ACETAMINOPHEN_500, NAPROXEN_500, WITHOUT_MEDICINE
from hooks.low_back_pain.conservative_care import THERAPY_TRIED
from hooks.low_back_pain.definitions import (
    ACUTE,
    ALTERNATIVE_CONTRAINDICATED,
    CHRONIC,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    CONSERVATIVE_CARE_FAILED,
    FOR_OTHER_INDICATION,
    MEDICATIONS,
    OTHER_REASON,
    PAIN_REHAB_REFERRAL,
    PATIENT,
    SPECIALIST_REQUEST,
    UNDER_18,
    topic,
)
from hooks.low_back_pain.opioids.history import (
    ACUTE_NONSPECIFIC,
    DRUG_TRIED,
    EXEMPT,
    LONG_TERM,
    MAY_TREAT_OUD,
    NALOXONE_FIRST,
    NOTHING_TRIED,
    ORDERED,
    PART_TRIED,
    REMOVE,
    SURGERY_LATELY,
)
from hooks.low_back_pain.opioids.safety import (
    acetaminophen_rules,
    in_pregnancy,
    sedation,
    serotonergic_maoi,
    serotonergic_ssri,
)
from hooks.low_back_pain.red_flags.gate import NAMED_IN_TEXT
from hooks.low_back_pain.scope import not_in_scope, silent

_READABLE = read(PATIENT, CONDITIONS, MEDICATIONS, label="patient, problems and medications, read completely")
_BOTH_SIDES = Line(
    "The sources differ: S0 advises against opioids in acute pain, while S1 and S2 keep them as a last line."
)
_UNSEEN = Line(
    "Medicines bought over the counter and care given elsewhere are not in the coded data read: "
    "ask for them, and for red flags that are not coded."
)
_SPECIALIST = Line("After 12 weeks consider specialist medication management.", CHRONIC)
_TO_SPECIALIST = create_request(
    "Draft a referral to a pain management service", PAIN_REHAB_REFERRAL.coding("306265007"), when=CHRONIC
)
_ALTERNATIVES = offer(NAPROXEN_500, ACETAMINOPHEN_500, otherwise=WITHOUT_MEDICINE)
_UNTRIED = offer(NAPROXEN_500, ACETAMINOPHEN_500, otherwise=WITHOUT_MEDICINE, when=none_of(DRUG_TRIED))
_KEEP = (
    CONSERVATIVE_CARE_FAILED,
    ALTERNATIVE_CONTRAINDICATED,
    SPECIALIST_REQUEST,
    FOR_OTHER_INDICATION,
    OTHER_REASON,
)
_REVIEW = topic("opioid-long-term-review")
_NOT_TRIED = topic("opioid-first-line-not-tried")


_rung = partial(Rule, on=ORDERED, scope=CONCERNS_BACK_PAIN, if_unknown="stay silent")
"""A rung of the ladder: a Rule with what all rungs share."""


_silent = partial(silent, _rung)

use_disorder = _rung(
    id="opioid-and-use-disorder",
    rows=("SAFE-05", "OPI-04"),
    topic=_REVIEW,
    when=MAY_TREAT_OUD,
    advice=Advice(
        Indicator.INFO,
        "Opioid treatment on record: coordinate with the treatment team",
        (
            Line(
                "Buprenorphine or methadone may treat opioid use disorder: "
                "it is not to be replaced or stopped here."
            ),
            Line("Agree on a full agonist with the team that treats the patient; offer naloxone."),
            _SPECIALIST,
        ),
        suggestions=(NALOXONE_FIRST, _TO_SPECIALIST),
        override_reasons=(SPECIALIST_REQUEST, FOR_OTHER_INDICATION, OTHER_REASON),
    ),
    evidence=(S.LONG_TERM_NEEDS_REVIEW, S.SPECIALIST_MEDICATION),
)
long_term = _rung(
    id="opioid-long-term",
    rows=("SAFE-06", "OPI-04"),
    topic=_REVIEW,
    when=LONG_TERM,
    advice=Advice(
        Indicator.INFO,
        "Long-term opioid treatment: review benefit and risk, offer naloxone",
        (
            Line(
                "Review function, dose and side effects; "
                "any change of dose is gradual and agreed with the patient."
            ),
            _SPECIALIST,
        ),
        suggestions=(NALOXONE_FIRST, _TO_SPECIALIST),
        override_reasons=(SPECIALIST_REQUEST, FOR_OTHER_INDICATION, OTHER_REASON),
    ),
    evidence=(S.LONG_TERM_NEEDS_REVIEW, S.SPECIALIST_MEDICATION),
)
acute = _rung(
    id="opioid-acute",
    rows=("OPI-01", "OPI-05", "NSD-01", "NSD-02", "APA-01"),
    topic=topic("opioid-acute"),
    when=ACUTE_NONSPECIFIC,
    unless=any_of(SURGERY_LATELY, NAMED_IN_TEXT),
    advice=Advice(
        Indicator.WARNING,
        "Opioid for acute low back pain is not advised",
        (
            Line(
                "Consider heat and staying active, with an NSAID or acetaminophen where nothing speaks "
                "against it; review within 2 weeks."
            ),
            _BOTH_SIDES,
            _UNSEEN,
        ),
        suggestions=(_ALTERNATIVES, REMOVE),
        override_reasons=_KEEP,
    ),
    evidence=(S.NO_OPIOID_IN_ACUTE, S.NSAID_FIRST, S.EITHER_FIRST, S.DRUG_EVIDENCE_IS_SHORT),
)
nothing_tried = _rung(
    id="opioid-first-line-not-tried",
    rows=("OPI-02", "OPI-04", "OPI-05", "NSD-11"),
    topic=_NOT_TRIED,
    when=NOTHING_TRIED,
    unless=NAMED_IN_TEXT,
    advice=Advice(
        Indicator.WARNING,
        "No recorded trial of first-line treatment before this opioid",
        (
            Line(
                "Consider exercise, heat or manual therapy before an opioid, with an NSAID or acetaminophen "
                "where nothing speaks against it."
            ),
            Line("If an opioid is kept, weigh risk and benefit with the patient."),
            _BOTH_SIDES,
            _UNSEEN,
            _SPECIALIST,
        ),
        suggestions=(_ALTERNATIVES, _TO_SPECIALIST),
        override_reasons=_KEEP,
    ),
    evidence=(S.OPIOID_LAST, S.NSAID_FIRST, S.EITHER_FIRST, S.SPECIALIST_MEDICATION),
)
part_tried = _rung(
    id="opioid-first-line-part-tried",
    rows=("OPI-02", "OPI-04", "OPI-05"),
    topic=_NOT_TRIED,
    when=PART_TRIED,
    unless=NAMED_IN_TEXT,
    advice=Advice(
        Indicator.INFO,
        "Only part of first-line treatment is recorded before this opioid",
        (
            Line("No NSAID or acetaminophen is recorded in the last year.", none_of(DRUG_TRIED)),
            Line(
                "No exercise, manual or other therapy is recorded in the last year.", none_of(THERAPY_TRIED)
            ),
            _BOTH_SIDES,
            _UNSEEN,
            _SPECIALIST,
        ),
        suggestions=(_UNTRIED, _TO_SPECIALIST),
        override_reasons=_KEEP,
    ),
    evidence=(S.OPIOID_LAST, S.SPECIALIST_MEDICATION),
)
_LONG_SUPPLY = all_of(
    ACUTE, supply_above(7, label="more than 7 days' supply"), label="more than 7 days' supply in acute pain"
)
lowest_dose = _rung(
    id="opioid-lowest-dose",
    rows=("OPI-03",),
    topic=topic("opioid-dose-duration"),
    when=any_of(
        none_of(_LONG_SUPPLY),
        undecided(_LONG_SUPPLY, "a supply that is not stated"),
        label="no long supply in acute pain",
    ),
    advice=Advice(
        Indicator.INFO,
        "Use lowest opioid dose, shortest duration",
        (Line("Agree when to review it and when to stop."), _SPECIALIST),
        suggestions=(_TO_SPECIALIST,),
        override_reasons=(SPECIALIST_REQUEST, FOR_OTHER_INDICATION, OTHER_REASON),
    ),
    evidence=(S.OPIOID_LOWEST_DOSE,),
)
_exempt = _silent(
    "opioid-exempt",
    when=EXEMPT,
    because="active cancer, palliative care, sickle cell disease: "
    "opioids have their own place (SAFE-02 to SAFE-04)",
)

ladder = Ladder(
    (
        _silent("opioid-under-18", when=UNDER_18, because="not designed for under 18 (SAFE-28)"),
        _exempt,
        use_disorder,
        long_term,
        _silent(
            "opioid-unread",
            when=none_of(_READABLE, label="patient, problems or medications not read completely"),
            because="no absence may be concluded from what was not read (SAFE-49)",
            data_missing=True,
        ),
        acute,
        nothing_tried,
        part_tried,
        lowest_dose,
    )
)

long_supply = Rule(
    id="opioid-supply-over-7-days",
    rows=("OPI-03",),
    topic=topic("opioid-dose-duration"),
    on=ORDERED,
    scope=CONCERNS_BACK_PAIN,
    when=_LONG_SUPPLY,
    unless=any_of(UNDER_18, EXEMPT, MAY_TREAT_OUD, LONG_TERM),
    if_unknown="advise without suggestions",
    advice=Advice(
        Indicator.WARNING,
        "More than 7 days of an opioid in acute low back pain",
        (Line("Consider a supply of at most 7 days, and review before more."),),
        suggestions=(set_supply("Reduce the supply to 7 days, no refills", 7),),
        override_reasons=_KEEP,
    ),
    evidence=(S.OPIOID_LOWEST_DOSE,),
)

service = CdsService(
    group="lbp-opioids",
    hooks=("order-select", "order-sign", "medication-prescribe", "order-review"),
    title="Opioids for low back pain",
    description="Asks for first-line treatment, safe combinations and short supply "
    "when an opioid is ordered.",
    rules=(
        *acetaminophen_rules,
        sedation,
        serotonergic_maoi,
        serotonergic_ssri,
        in_pregnancy,
        long_supply,
        ladder,
        not_in_scope("opioid-not-in-scope", ORDERED, CONCERNS_BACK_PAIN),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
