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
