"""What the five source articles say, in our words, with the grade each gives (seeds S0 to S4)."""

from __future__ import annotations

from cds_service import Statement

_LATER = "Later evidence may be weaker; pending review."

CAUDA_EQUINA_IS_AN_EMERGENCY = Statement(
    "cauda-equina-emergency",
    "S0 S2",
    "Saddle numbness, loss of bladder or bowel control, or weakness of both legs calls for immediate imaging "
    "and specialist referral.",
)
DEFICIT_NEEDS_IMMEDIATE_IMAGING = Statement(
    "deficit-immediate-imaging",
    "S0 S2",
    "A severe or progressive neurologic deficit calls for immediate imaging and specialist referral.",
    disagrees="S2 elsewhere says within 2 weeks; the stricter wording is followed.",
)
DELAY_WORSENS_DEFICITS = Statement(
    "delay-worsens-deficits",
    "S2",
    "Delaying imaging or referral while deficits progress worsens the outcome.",
)
RULE_OUT_INFECTION = Statement(
    "rule-out-infection",
    "S0",
    "Spinal infection is one of the causes to be found early; "
    "an epidural abscess is treated as an emergency (policy).",
)
RED_FLAGS_JUSTIFY_IMAGING = Statement(
    "red-flags-justify-imaging",
    "S0",
    "Imaging is for when red flags are present: cancer, fever, injection drug use, "
    "prolonged corticosteroids, significant trauma, unexplained weight loss, and age over 50 with new pain.",
)
RED_FLAGS_FIRST = Statement(
    "red-flags-first", "S2", "Before any treatment of low back pain, red flags are ruled out."
)
WORK_UP_TARGETS = Statement(
    "work-up-targets",
    "S0",
    "The work-up of red flags looks for fracture, infection, malignancy and cauda equina syndrome.",
)
MOVEMENT_IS_NO_PROOF = Statement(
    "movement-no-proof",
    "policy",
    "Relief on moving does not tell harmless pain apart: inflammatory back pain improves with movement too.",
    disagrees="S0 calls it reassuring for mechanical pain.",
)
OLD_DEFICITS_ARE_COMPARED = Statement(
    "old-deficits-compared",
    "policy",
    "A neurologic finding of more than 90 days ago is no emergency by itself, but is compared with today's.",
)
ANEURYSM_MAY_BE_THE_CAUSE = Statement(
    "aneurysm-may-be-the-cause",
    "policy",
    "Back pain with a known aortic aneurysm is not taken for nonspecific pain.",
)
TEXT_ONLY_RAISES = Statement(
    "text-only-raises",
    "policy",
    "The words of an uncoded entry may raise a red flag; they never rule one out.",
)
NO_ROUTINE_IMAGING = Statement(
    "no-routine-imaging", "S0 S1 S2", "Nonspecific low back pain needs no routine imaging."
)
FINDINGS_ARE_NONSPECIFIC = Statement(
    "findings-nonspecific",
    "S0",
    "MRI and CT findings such as disc bulges and degeneration are common in people without pain, "
    "do not track its severity and do not change the outcome.",
)
ROUTINE_IMAGING_COSTS = Statement(
    "routine-imaging-costs", "S2", "Routine imaging raises cost and does not improve the outcome."
)
IMAGING_AFTER_SIX_WEEKS = Statement(
    "imaging-after-six-weeks",
    "S0",
    "MRI may be considered when symptoms last beyond 6 weeks "
    "and an epidural injection or surgery is an option.",
)
IMAGING_FOR_RADICULOPATHY = Statement(
    "imaging-for-radiculopathy",
    "S2",
    "With radiculopathy, MRI is for potential candidates for surgery or an epidural steroid injection.",
)
URGENT_MRI = Statement("urgent-mri", "S2", "A progressive neurologic deficit calls for urgent MRI.")
SEVERE_COURSE_NEEDS_IMAGING = Statement(
    "severe-course-imaging",
    "S2",
    "Severe or progressive symptoms beyond the usual course call for diagnostic imaging.",
)
RECENT_MRI = Statement(
    "recent-mri", "policy", "A lumbar MRI of the last 90 days may already answer the question."
)

NSAID_FIRST = Statement(
    "nsaid-first",
    "S0 S1",
    "NSAIDs are first-line when measures without drugs are not enough and nothing speaks against them.",
    grade="moderate-quality",
    disagrees="S2 starts with either acetaminophen or an NSAID.",
)
EITHER_FIRST = Statement(
    "either-first",
    "S2",
    "In the first 4 weeks either acetaminophen or an NSAID, with staying active; "
    "an NSAID relieves about 10 of 100 points more pain, "
    "acetaminophen is kinder to stomach, heart and kidneys.",
    disagrees=_LATER,
)
NSAID_TO_AVOID = Statement(
    "nsaid-to-avoid",
    "S2",
    "NSAIDs carry gastrointestinal, cardiovascular and kidney risks: avoid them after an ulcer, "
    "in cardiovascular disease, with reduced kidney function and with an anticoagulant.",
)
NSAID_GUARDS = Statement(
    "nsaid-guards",
    "policy",
    "Added to the sources: allergy, pregnancy (a hazard from 20 weeks), bleeding, antiplatelets, SSRI, SNRI, "
    "lithium, methotrexate, ACE inhibitors or ARB, diuretics, hypertension, age; "
    "an eGFR below 30 is a hazard, one of 30 to 59 a reason to avoid.",
)
ONE_NSAID = Statement(
    "one-nsaid",
    "policy",
    "Two NSAIDs at once add risk and no relief; aspirin above 325 mg a day counts as one.",
)
NSAID_LOWEST_DOSE = Statement(
    "nsaid-lowest-dose", "S2", "An NSAID is used at the lowest effective dose for the shortest time."
)
NO_OPIOID_IN_ACUTE = Statement(
    "no-opioid-in-acute",
    "S0",
    "Opioids are not for acute nonspecific low back pain: no better than NSAIDs, with more risk.",
    disagrees="S1 and S2 allow them as a last line at the lowest dose.",
)
OPIOID_LAST = Statement(
    "opioid-last",
    "S2",
    "Opioids only after other treatments failed, and after weighing risk against benefit with the patient.",
)
OPIOID_LOWEST_DOSE = Statement(
    "opioid-lowest-dose",
    "S1 S2",
    "If an opioid is used: the lowest dose, the shortest time, close monitoring.",
)
SPECIALIST_MEDICATION = Statement(
    "specialist-medication",
    "S1",
    "After 12 weeks, opioids and drugs for neuropathic pain belong to specialist medication management.",
)
SEDATIVES_ADD_UP = Statement(
    "sedatives-add-up",
    "policy",
    "Opioids together with benzodiazepines or other sedatives can stop breathing; S2 advises against routine "
    "benzodiazepines.",
)
ACETAMINOPHEN_LIMIT = Statement(
    "acetaminophen-limit",
    "S0",
    "Acetaminophen up to 3 g a day in all; 2 g with liver disease or alcohol use disorder (policy).",
    disagrees=_LATER,
)
ACETAMINOPHEN_HAZARDS = Statement(
    "acetaminophen-hazards",
    "policy",
    "Acetaminophen is not for patients allergic to it or with moderate or severe liver disease.",
)
ACETAMINOPHEN_CHRONIC = Statement(
    "acetaminophen-chronic",
    "S2",
    "For acetaminophen in chronic low back pain there is limited evidence.",
    grade="limited",
)
SEROTONERGIC_OPIOIDS = Statement(
    "serotonergic-opioids",
    "policy",
    "Tramadol and meperidine interact with MAO inhibitors, tramadol also with SSRI and SNRI antidepressants.",
)
OPIOIDS_IN_PREGNANCY = Statement(
    "opioids-in-pregnancy",
    "policy",
    "Codeine and tramadol carry added risk in pregnancy and while breast-feeding.",
)
LONG_TERM_NEEDS_REVIEW = Statement(
    "long-term-review",
    "policy",
    "Long-term opioid treatment is reviewed, never stopped abruptly; naloxone is offered.",
)
DRUG_EVIDENCE_IS_SHORT = Statement(
    "drug-evidence-short",
    "S2",
    "For most drugs, data on long-term benefit and safety are limited.",
    grade="limited",
)
NOT_FOR_CHILDREN = Statement(
    "not-for-children", "policy", "Back pain in children and adolescents needs its own assessment."
)
