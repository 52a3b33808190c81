"""Opioids for low back pain: before what was tried, for how long, and with what else (guideline.md 10.5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cds_service import (
    Advice,
    CdsService,
    Indicator,
    Ladder,
    Line,
    Rule,
    Silence,
    all_of,
    any_of,
    at_least,
    create_request,
    daily_dose,
    days,
    none_of,
    offer,
    order_is,
    ordered_for,
    read,
    recorded,
    remove_order,
    remove_other_drafts,
    renewal,
    repeated,
    requested,
    selected,
    set_supply,
    supplied,
    supply_above,
    taken_for,
    taking,
    tried,
    undecided,
    used_lately,
    within,
)

from . import evidence as S  # noqa: N812 - S.NAME reads as "statement"
from .analgesics import (
    ACETAMINOPHEN_500,
    ACETAMINOPHEN_ALLERGY,
    ALCOHOL_USE,
    LIVER_DISEASE,
    LIVER_SEVERE,
    NALOXONE_OFFER,
    NAPROXEN_500,
    NSAID_WARNING,
    PREGNANT,
    WITHOUT_MEDICINE,
)
from .definitions import (
    ACETAMINOPHEN,
    ACUPUNCTURE,
    ACUTE,
    ALTERNATIVE_CONTRAINDICATED,
    AORTIC_ANEURYSM,
    BACK_PAIN_MIMIC,
    BENEFIT_OUTWEIGHS_RISK,
    BENZODIAZEPINE,
    BREASTFEEDING,
    CANCER_ACTIVE,
    CAUDA_EQUINA,
    CHRONIC,
    CODEINE,
    CONCERNS_BACK_PAIN,
    CONDITIONS,
    CONSERVATIVE_CARE_FAILED,
    DATA_OUTDATED,
    EPIDURAL_ABSCESS,
    FOR_OTHER_INDICATION,
    FRACTURE,
    GABAPENTINOID,
    HEAT_THERAPY,
    INDEX_ON_RECORD,
    INFLAMMATORY_BACK_PAIN,
    LONG_TERM_OPIOID_USE,
    LUMBAR_RADICULOPATHY,
    LUMBAR_STRUCTURAL_SPECIFIC,
    MANUAL_THERAPY,
    MAOI,
    MEDICATIONS,
    MEPERIDINE,
    MIND_BODY_THERAPY,
    MUSCLE_RELAXANT,
    NSAID,
    NSAID_TOPICAL,
    OPIOID,
    OPIOID_FOR_OUD,
    OPIOID_USE_DISORDER,
    OTHER_REASON,
    PAIN_REHAB_REFERRAL,
    PALLIATIVE_CARE,
    PALLIATIVE_REASON,
    PATIENT,
    PHYSIOTHERAPY,
    PROCEDURES,
    SEDATIVE_OTHER,
    SELF_CARE_EDUCATION,
    SERVICE_REQUESTS,
    SICKLE_CELL,
    SLEEP_DISORDERED_BREATHING,
    SPECIALIST_REQUEST,
    SPINAL_INFECTION,
    SPINE_SURGERY_HISTORY,
    SSRI_SNRI,
    SURGICAL_PROCEDURE,
    TRAMADOL,
    UNDER_18,
    topic,
)
from .red_flags import NAMED_IN_TEXT
from .scope import not_in_scope

if TYPE_CHECKING:
    from cds_service import Criterion

_ORDERED = selected(OPIOID, OPIOID_FOR_OUD, label="an opioid is ordered")
_DONE = frozenset({"completed", "in-progress"})
_BEGUN = _DONE | {"stopped", "on-hold", "unknown"}

# SAFE-02 to SAFE-04: no nudge at all
EXEMPT = any_of(
    recorded(CONDITIONS, CANCER_ACTIVE, label="active cancer"),
    PALLIATIVE_CARE,
    recorded(CONDITIONS, SICKLE_CELL, label="sickle cell disease"),
    label="a condition in which opioids have their own place",
)
# SAFE-05
MAY_TREAT_OUD = any_of(
    order_is(OPIOID_FOR_OUD, label="buprenorphine or methadone is ordered"),
    recorded(CONDITIONS, OPIOID_USE_DISORDER, label="opioid use disorder", ever=True),
    taking(MEDICATIONS, OPIOID_FOR_OUD, label="buprenorphine or methadone"),
    label="treatment that may be for opioid use disorder",
)
# SAFE-06: monthly renewals are usually completed requests, so status alone must not hide them
LONG_TERM = any_of(
    taken_for(MEDICATIONS, OPIOID, at_least=days(90), label="an opioid ordered 90 days ago or more"),
    repeated(
        MEDICATIONS,
        OPIOID,
        apart=days(60),
        within=days(180),
        label="opioid orders 60 days apart within 180 days",
    ),
    supplied(
        MEDICATIONS, OPIOID, at_least=days(60), within=days(90), label="60 days' opioid supply in 90 days"
    ),
    recorded(CONDITIONS, LONG_TERM_OPIOID_USE, label="long-term opioid use"),
    label="long-term opioid treatment",
)
_DELETE_ALLOWED = none_of(
    used_lately(MEDICATIONS, OPIOID, within=days(90), label="an opioid in the last 90 days"),
    LONG_TERM,
    MAY_TREAT_OUD,
)
SURGERY_LATELY = recorded(
    PROCEDURES,
    SURGICAL_PROCEDURE,
    SPINE_SURGERY_HISTORY,
    label="surgery in the last 30 days",
    status=_DONE,
    where=within(days(30)),
)
NONSPECIFIC = none_of(
    recorded(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        INFLAMMATORY_BACK_PAIN,
        AORTIC_ANEURYSM,
        BACK_PAIN_MIMIC,
        FRACTURE,
        CANCER_ACTIVE,
        SPINAL_INFECTION,
        EPIDURAL_ABSCESS,
        CAUDA_EQUINA,
        label="a specific cause of the back pain",
    ),
    recorded(CONDITIONS, SPINE_SURGERY_HISTORY, label="earlier spine surgery"),
    recorded(PROCEDURES, SPINE_SURGERY_HISTORY, label="a spine operation", status=frozenset({"completed"})),
    ordered_for(
        CONDITIONS,
        LUMBAR_RADICULOPATHY,
        LUMBAR_STRUCTURAL_SPECIFIC,
        label="a specific cause as the order's reason",
    ),
    label="nonspecific low back pain",
)
_ACUTE_NONSPECIFIC = all_of(ACUTE, NONSPECIFIC, label="acute nonspecific low back pain")

# Trial of first-line treatment (guideline.md 10.2); a drug that may not be given counts as tried
DRUG_TRIED = any_of(
    tried(
        MEDICATIONS,
        NSAID,
        NSAID_TOPICAL,
        ACETAMINOPHEN,
        besides=(OPIOID,),
        within=days(365),
        label="an NSAID or acetaminophen tried in the last year",
    ),
    all_of(NSAID_WARNING, ACETAMINOPHEN_ALLERGY, label="neither an NSAID nor acetaminophen possible"),
    label="first-line medicine tried",
)
_THERAPIES = (
    PHYSIOTHERAPY,
    MANUAL_THERAPY,
    ACUPUNCTURE,
    MIND_BODY_THERAPY,
    HEAT_THERAPY,
    SELF_CARE_EDUCATION,
)
THERAPY_TRIED = any_of(
    requested(
        SERVICE_REQUESTS,
        *_THERAPIES,
        status=frozenset({"active", "on-hold", "completed", "unknown"}),
        where=within(days(365)),
        label="a therapy ordered in the last year",
    ),
    recorded(PROCEDURES, *_THERAPIES, label="a therapy given", status=_BEGUN, where=within(days(365))),
    label="first-line therapy tried",
)
_NOTHING_TRIED = all_of(
    none_of(DRUG_TRIED), none_of(THERAPY_TRIED), label="no trial of first-line treatment recorded"
)
_PART_TRIED = any_of(
    all_of(DRUG_TRIED, none_of(THERAPY_TRIED)),
    all_of(none_of(DRUG_TRIED), THERAPY_TRIED),
    label="part of first-line treatment recorded",
)

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
_REMOVE = remove_order("Remove the opioid draft", when=_DELETE_ALLOWED)
_KEEP = (
    CONSERVATIVE_CARE_FAILED,
    ALTERNATIVE_CONTRAINDICATED,
    SPECIALIST_REQUEST,
    FOR_OTHER_INDICATION,
    OTHER_REASON,
)
_NALOXONE = offer(NALOXONE_OFFER, otherwise=())
_REVIEW = topic("opioid-long-term-review")
_NOT_TRIED = topic("opioid-first-line-not-tried")


_rung = partial(Rule, on=_ORDERED, scope=CONCERNS_BACK_PAIN, if_unknown="stay silent")
"""A rung of the ladder: a Rule with what all rungs share."""


def _silent(rule_id: str, *rows: str, when: Criterion, because: str, data_missing: bool = False) -> Rule:
    return _rung(
        id=rule_id,
        rows=rows,
        topic=None,
        when=when,
        advice=Silence(because, data_missing=data_missing),
        evidence=(),
    )


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
        suggestions=(_NALOXONE, _TO_SPECIALIST),
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
        suggestions=(_NALOXONE, _TO_SPECIALIST),
        override_reasons=(SPECIALIST_REQUEST, FOR_OTHER_INDICATION, OTHER_REASON),
    ),
    evidence=(S.LONG_TERM_NEEDS_REVIEW, S.SPECIALIST_MEDICATION),
)
acute = _rung(
    id="opioid-acute",
    rows=("OPI-01", "OPI-05", "NSD-01", "NSD-02", "APA-01"),
    topic=topic("opioid-acute"),
    when=_ACUTE_NONSPECIFIC,
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
        suggestions=(_ALTERNATIVES, _REMOVE),
        override_reasons=_KEEP,
    ),
    evidence=(S.NO_OPIOID_IN_ACUTE, S.NSAID_FIRST, S.EITHER_FIRST, S.DRUG_EVIDENCE_IS_SHORT),
)
nothing_tried = _rung(
    id="opioid-first-line-not-tried",
    rows=("OPI-02", "OPI-04", "OPI-05", "NSD-11"),
    topic=_NOT_TRIED,
    when=_NOTHING_TRIED,
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
    when=_PART_TRIED,
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
_LADDER_SILENCE_EXEMPT = _silent(
    "opioid-exempt",
    when=EXEMPT,
    because="active cancer, palliative care, sickle cell disease: "
    "opioids have their own place (SAFE-02 to SAFE-04)",
)

ladder = Ladder(
    (
        _silent("opioid-under-18", when=UNDER_18, because="not designed for under 18 (SAFE-28)"),
        _LADDER_SILENCE_EXEMPT,
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
    on=_ORDERED,
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

# OPI-06: what adds to the sedation of an opioid
_BENZODIAZEPINE = taking(MEDICATIONS, BENZODIAZEPINE, label="a benzodiazepine")
_SEDATION = (
    taking(MEDICATIONS, GABAPENTINOID, label="a gabapentinoid"),
    any_of(
        taking(MEDICATIONS, MUSCLE_RELAXANT, label="a muscle relaxant"),
        order_is(MUSCLE_RELAXANT, label="a muscle relaxant in the same product"),
    ),
    any_of(
        taking(MEDICATIONS, SEDATIVE_OTHER, label="another sedative"),
        order_is(SEDATIVE_OTHER, label="another sedative in the same product"),
    ),
    ALCOHOL_USE,
    recorded(CONDITIONS, SLEEP_DISORDERED_BREATHING, label="sleep-disordered breathing"),
)
_COMBINATION = topic("opioid-sedative-combination")
_SAFER = (
    _NALOXONE,
    remove_other_drafts(
        "Remove the other sedating draft",
        BENZODIAZEPINE,
        GABAPENTINOID,
        MUSCLE_RELAXANT,
        SEDATIVE_OTHER,
        unless=renewal(MEDICATIONS, label="a renewal"),
    ),
    _REMOVE,
)
_TOGETHER = (
    Line("Avoid the combination, or use the lowest doses of both and watch breathing."),
    Line("Offer naloxone, and tell the patient and those at home when to use it."),
)
_COMBINATION_REASONS = (
    SPECIALIST_REQUEST,
    BENEFIT_OUTWEIGHS_RISK,
    PALLIATIVE_REASON,
    DATA_OUTDATED,
    OTHER_REASON,
)


def _combination(
    rule_id: str, when: Criterion, indicator: Indicator, summary: str, *, hospice: bool = False
) -> Rule:
    return Rule(
        id=rule_id,
        rows=("OPI-06",),
        topic=_COMBINATION,
        on=_ORDERED,
        scope=INDEX_ON_RECORD,
        when=when,
        unless=UNDER_18,
        if_unknown="advise",
        advice=Advice(
            indicator,
            summary,
            _TOGETHER if not hospice else (Line("In palliative care the combination may be intended."),),
            suggestions=() if hospice else _SAFER,
            override_reasons=_COMBINATION_REASONS,
        ),
        evidence=(S.SEDATIVES_ADD_UP,),
    )


combinations = Ladder(
    (
        _combination(
            "opioid-with-sedative-in-palliative-care",
            all_of(PALLIATIVE_CARE, any_of(_BENZODIAZEPINE, *_SEDATION)),
            Indicator.INFO,
            "Opioid with a sedative in palliative care: watch sedation and breathing",
            hospice=True,
        ),
        _combination(
            "opioid-with-benzodiazepine",
            _BENZODIAZEPINE,
            Indicator.CRITICAL,
            "Opioid with benzodiazepine: respiratory depression risk",
        ),
        _combination(
            "opioid-with-several-sedatives",
            at_least(2, *_SEDATION, label="two or more things that sedate"),
            Indicator.CRITICAL,
            "Opioid with several sedating factors: respiratory depression risk",
        ),
        _combination(
            "opioid-with-sedative",
            any_of(*_SEDATION, label="something else that sedates"),
            Indicator.WARNING,
            "Opioid with another sedating factor: respiratory depression risk",
        ),
    )
)

# SAFE-25, APA-01: acetaminophen inside an opioid product
_WITH_ACETAMINOPHEN = order_is(ACETAMINOPHEN, label="an opioid with acetaminophen is ordered")
_ACETAMINOPHEN_CODE = "161"
_OVER_3_G = daily_dose(
    MEDICATIONS,
    ACETAMINOPHEN,
    _ACETAMINOPHEN_CODE,
    above_mg=3000,
    label="more than 3 g of acetaminophen a day",
)
_OVER_2_G = all_of(
    any_of(LIVER_DISEASE, ALCOHOL_USE, label="a lower limit"),
    daily_dose(
        MEDICATIONS,
        ACETAMINOPHEN,
        _ACETAMINOPHEN_CODE,
        above_mg=2000,
        label="more than 2 g of acetaminophen a day",
    ),
)
_OVER_LIMIT = any_of(_OVER_3_G, _OVER_2_G)


def _acetaminophen(
    rule_id: str, code: str, when: Criterion, advice: Advice, *, unless: Criterion = UNDER_18
) -> Rule:
    return Rule(
        id=rule_id,
        rows=("APA-01", "SAFE-25"),
        topic=topic(code),
        on=_ORDERED,
        scope=INDEX_ON_RECORD,
        when=all_of(_WITH_ACETAMINOPHEN, when),
        unless=unless,
        if_unknown="advise",
        advice=advice,
        evidence=(S.ACETAMINOPHEN_LIMIT, S.ACETAMINOPHEN_HAZARDS),
    )


def _remove_or_explain(indicator: Indicator, summary: str, line: str) -> Advice:
    return Advice(
        indicator,
        summary,
        (Line(line),),
        suggestions=(_REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    )


acetaminophen_rules = (
    _acetaminophen(
        "opioid-acetaminophen-allergy",
        "acetaminophen-safety",
        ACETAMINOPHEN_ALLERGY,
        _remove_or_explain(
            Indicator.CRITICAL,
            "Acetaminophen allergy on record: this opioid product contains acetaminophen",
            "Choose a product without acetaminophen.",
        ),
    ),
    _acetaminophen(
        "opioid-acetaminophen-liver",
        "acetaminophen-safety",
        LIVER_SEVERE,
        _remove_or_explain(
            Indicator.WARNING,
            "Liver disease on record: this opioid product contains acetaminophen",
            "Consider a product without acetaminophen.",
        ),
    ),
    _acetaminophen(
        "opioid-acetaminophen-over-limit",
        "acetaminophen-max-dose",
        _OVER_LIMIT,
        _remove_or_explain(
            Indicator.WARNING,
            "Acetaminophen total exceeds the daily limit",
            "All products together, at their highest ordered doses: "
            "lower the dose or remove a duplicate product.",
        ),
    ),
    _acetaminophen(
        "opioid-acetaminophen-total-unknown",
        "acetaminophen-max-dose",
        daily_dose(
            MEDICATIONS,
            ACETAMINOPHEN,
            _ACETAMINOPHEN_CODE,
            unknown=True,
            label="an acetaminophen order without a computable dose",
        ),
        _remove_or_explain(
            Indicator.INFO,
            "Acetaminophen total cannot be calculated: check the daily dose",
            "Add up all products by hand: 3 g a day at most, 2 g with liver disease or alcohol use disorder.",
        ),
        unless=any_of(UNDER_18, _OVER_LIMIT),
    ),
)

serotonergic_maoi = Rule(
    id="opioid-with-maoi",
    rows=("SAFE-41",),
    topic=topic("serotonergic-interaction"),
    on=_ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(TRAMADOL, MEPERIDINE, label="tramadol or meperidine is ordered"),
        taking(MEDICATIONS, MAOI, label="an MAO inhibitor"),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.CRITICAL,
        "MAO inhibitor with tramadol or meperidine: serotonin syndrome risk",
        (Line("Do not combine; choose another analgesic."),),
        suggestions=(_REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
serotonergic_ssri = Rule(
    id="tramadol-with-ssri",
    rows=("SAFE-41",),
    topic=topic("serotonergic-interaction"),
    on=_ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(TRAMADOL, label="tramadol is ordered"),
        taking(MEDICATIONS, SSRI_SNRI, label="an SSRI or SNRI"),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Tramadol with an SSRI or SNRI: serotonin syndrome and seizure risk",
        (Line("Consider another analgesic, or watch for agitation, tremor and fever."),),
        suggestions=(_REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.SEROTONERGIC_OPIOIDS,),
)
in_pregnancy = Rule(
    id="opioid-in-pregnancy",
    rows=("SAFE-20",),
    topic=topic("pregnancy-medication"),
    on=_ORDERED,
    scope=INDEX_ON_RECORD,
    when=all_of(
        order_is(CODEINE, TRAMADOL, label="codeine or tramadol is ordered"),
        any_of(
            PREGNANT,
            recorded(CONDITIONS, BREASTFEEDING, label="breast-feeding", where=within(days(365))),
        ),
    ),
    unless=UNDER_18,
    if_unknown="advise",
    advice=Advice(
        Indicator.WARNING,
        "Codeine or tramadol: a recorded condition speaks against it",
        (Line("In pregnancy and while breast-feeding choose another analgesic."),),
        suggestions=(_REMOVE,),
        override_reasons=(BENEFIT_OUTWEIGHS_RISK, DATA_OUTDATED, OTHER_REASON),
    ),
    evidence=(S.OPIOIDS_IN_PREGNANCY,),
)

service = CdsService(
    group="lbp-opioids",
    hooks=("order-select", "order-sign"),
    title="Opioids for low back pain",
    description="Asks for first-line treatment, safe combinations and short supply "
    "when an opioid is ordered.",
    rules=(
        *acetaminophen_rules,
        combinations,
        serotonergic_maoi,
        serotonergic_ssri,
        in_pregnancy,
        long_supply,
        ladder,
        not_in_scope("opioid-not-in-scope", _ORDERED, CONCERNS_BACK_PAIN),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
