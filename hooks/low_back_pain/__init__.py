"""Care of low back pain: five source articles as rules. Draft guidance, pending clinical review."""

from __future__ import annotations

from cds_service import Citation, Guideline, Publication
from hooks.low_back_pain.adjuvants import service as adjuvants
from hooks.low_back_pain.analgesics import service as analgesics
from hooks.low_back_pain.care_plan import service as care_plan
from hooks.low_back_pain.definitions import ORDER_NAMES, REASONS_ALIKE, TERMS, topic
from hooks.low_back_pain.imaging import service as imaging
from hooks.low_back_pain.kept import KEPT
from hooks.low_back_pain.opioids import service as opioids
from hooks.low_back_pain.red_flags import service as red_flag_review
from hooks.low_back_pain.referrals import service as referrals
from hooks.low_back_pain.therapies import service as therapies

_LABEL = "LBP CDS (draft guidance, pending clinical review)"

_NOT_NAMED = "author, publisher and date are not known to this project"
_ASSESSMENTS = ("obs-pain-score", "obs-peg-score", "obs-phq", "obs-start-back", "obs-pregnancy", "pregnancy")
_PUBLICATION = Publication(
    developer="the lumbar-cds project; no person or organisation is named",
    funding="not known: the project names no source of funding",
    released="not yet: a draft, pending human clinical review",
    revised="none: not yet released",
    citations=(
        Citation("S0", f"article on low back pain that improves with movement; {_NOT_NAMED}"),
        Citation("S1", f"article on options for the management of low back pain; {_NOT_NAMED}"),
        Citation("S2", f"article on low back pain that worsens; {_NOT_NAMED}"),
        Citation("S3", f"article on chronic low back pain with muscle spasm; {_NOT_NAMED}"),
        Citation("S4", f"news report of one trial of motor skill training; {_NOT_NAMED}"),
    ),
    health_status=frozenset(name for name in TERMS.value_sets if name.startswith(_ASSESSMENTS)),
)

guideline = Guideline(
    name="low_back_pain",
    label=_LABEL,
    footer="Draft guidance, pending human clinical review; it does not replace judgement.",
    services=(
        red_flag_review.service,
        imaging.service,
        analgesics.service,
        opioids.service,
        adjuvants.service,
        therapies.service,
        referrals.service,
        care_plan.service,
    ),
    terminology=TERMS,
    data_missing=topic("data-missing"),
    rule_extension="org.lumbar-cds.rules",
    contradictory=(
        ("redflag-malignancy-active", "not-personal-malignancy"),
        ("redflag-malignancy-history", "not-personal-malignancy"),
        ("redflag-injection-drug-use", "not-injection-drug-use"),
        ("injection-drug-use-former", "not-injection-drug-use"),
        ("redflag-weight-loss", "not-unexplained-weight-loss"),
        ("motor-deficit-both-legs", "redflag-motor-deficit"),
        ("spinal-epidural-abscess", "redflag-spinal-infection"),
        ("redflag-trauma", "injury-of-back"),
        ("referral-spine-surgery", "referral-surgeon-unspecified"),
        ("imaging-lumbar-mri", "imaging-lumbar-ct"),
        ("imaging-lumbar-mri", "imaging-lumbar-xray"),
        ("imaging-lumbar-ct", "imaging-lumbar-xray"),
        ("rx-nsaid-systemic", "rx-nsaid-topical"),
        ("liver-disease-mild", "liver-disease-moderate-severe"),
        ("rx-corticosteroid-systemic", "rx-corticosteroid-injection"),
        ("route-systemic", "route-local"),
        ("muscle-spasm-back", "spasticity"),
    ),
    order_names=ORDER_NAMES,
    reasons_alike=REASONS_ALIKE,
    most_cards={"patient-view": 4},  # SAFE-32
    kept=KEPT,
    publication=_PUBLICATION,
    not_computed={
        "RF-10": "A trend of weights is not shown: only a coded loss of weight counts.",
        "RF-12": "A red-flag screen already done cannot be read, and no questionnaire is drafted.",
        "SAFE-13": "Morning stiffness is not coded; an onset before 45 shows only after 3 months of pain.",
        "RF-13": "A changed pattern of pain is not coded: the card asks for it.",
        "CHR-04": "Whether treatment helped is told by two scores alone: without them the card says if.",
        "RSK-03": "The psychosocial subscale of STarT Back has no public code: unless a site sends its own, "
        "a total of 4 to 7 is medium or high.",
        "TIM-03": "Appointments are not read: a review that is booked may be proposed again.",
        "RF-14": "Pain that improves with movement: not coded, and no proof of benign pain (SAFE-13).",
        "SAFE-32": "An override at order-select is not carried by the order: order-sign repeats the card.",
        "NSD-03": "Which dose is the lowest that helps is not coded: only the supply is judged.",
        "SAFE-23": "NSAIDs bought over the counter are seen only where a MedicationStatement tells of them; "
        "what else an NSAID product holds is not seen.",
        "SAFE-36": "MedicationStatement is read from the EHR's FHIR server, or when it is sent unasked: "
        "without either, a medicine that only a statement tells of is not seen.",
        "OPI-02": "Medicines bought over the counter are seen only where a MedicationStatement tells of "
        "them; treatment elsewhere is invisible.",
        "EVD-05": "How common back pain is, is background: no card says it.",
        "ACT-02": "Bed rest has no verified code: a site maps its own, or the name of the order tells it.",
        "NPT-14": "A support that an order names only by a Device resource is not read.",
        "NPT-19": "Manipulation has no verified code: chiropractic and osteopathic orders stand in for it.",
        "EXR-01": "High STarT Back risk: without its subscale a total of 4 or more silences the card.",
        "REF-04": "Conservative care is rarely recorded in full: 6 weeks since onset stand for it.",
        "REF-05": "Whether an image matches the symptoms cannot be told: the card only names the condition.",
        "REF-06": "Whether surgery is appropriate is not coded: the card leaves it to the physician.",
        "INJ-01": "Whether an injection is image-guided, or for labor without saying so, is not coded.",
        "ACT-03": "Occupation and absence from work are not read: an age of 18 to 66 stands for working age.",
        "EDU-02": "No material is linked: a site hands out its own.",
        "EDU-03": "No links, helpline or paper are named: none could be kept alive here.",
        "EXR-04": "Pain below the knee is not coded: radiculopathy stands for it, and McKenzie has no code.",
        "NPT-12": "Mindfulness-based stress reduction has no verified code: nothing is drafted.",
        "NPT-16": "Absence from work is not read: the line is said to all subacute patients.",
        "NSD-12": "Whether pain is in one place is not coded: the line leaves it to the physician.",
        "MR-03": "No dose is written into an order (SAFE-47): the card says the highest, and no more.",
        "MR-09": "The label's words on rest are read as relative rest: no card suggests bed rest (REC-3).",
        "BZD-01": "A procedure is told only by the order's own reason: procedures are not read for it.",
        "STE-01": "A route in words is not read: an injection with one counts as one without a route.",
        "SAFE-41": "An MAO inhibitor or antidepressant that is itself ordered wakes no rule: "
        "the medicine for back pain does.",
        "SAFE-45": "Sedatives bought over the counter, and alcohol that is not coded, are not seen.",
        "IMG-03": "Whether surgery or injection is an option is read only from referrals and procedures.",
    },
)
