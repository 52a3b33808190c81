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
RELAXANT_SHORT = Statement(
    "relaxant-short",
    "S0 S1 S3",
    "A muscle relaxant such as cyclobenzaprine is a short adjunct for spasm, 2 to 3 weeks at most; "
    "there is no evidence for longer use.",
    grade="no evidence beyond 3 weeks",
    disagrees="S2 does not recommend muscle relaxants for radiculopathy; later evidence may be weaker.",
)
RELAXANT_IN_CHRONIC_SPASM = Statement(
    "relaxant-in-chronic-spasm",
    "S3",
    "In chronic pain with spasm a muscle relaxant has a limited place, within a plan of exercise and heat.",
)
CYCLOBENZAPRINE_DOSE = Statement(
    "cyclobenzaprine-dose", "S0", "The dose of cyclobenzaprine is 5 to 10 mg, three times a day."
)
CYCLOBENZAPRINE_LIVER = Statement(
    "cyclobenzaprine-liver",
    "S1 S3",
    "In mild liver disease cyclobenzaprine starts at 5 mg and rises slowly; "
    "S1 does not recommend it in moderate or severe liver disease.",
)
RELAXANTS_SEDATE = Statement(
    "relaxants-sedate",
    "S0 S3",
    "Drowsiness and a dry mouth are common with muscle relaxants; S2 names effects on the central "
    "nervous system. The age of 65, falls and the labelled cautions are policy.",
)
SEDATION_ADDS_UP = Statement(
    "sedation-adds-up",
    "policy",
    "Sedatives, alcohol use disorder, sleep-disordered breathing and age add up to falls and to "
    "shallow breathing.",
)
NO_RELAXANT_IN_RADICULOPATHY = Statement(
    "no-relaxant-in-radiculopathy",
    "S2",
    "Muscle relaxants are not recommended for radiculopathy.",
    disagrees="S0, S1 and S3 allow a short course for spasm.",
)
NO_ROUTINE_BENZODIAZEPINE = Statement(
    "no-routine-benzodiazepine",
    "S2",
    "Benzodiazepines are not for routine use in low back pain: they bring abuse, addiction and tolerance.",
)
NO_SYSTEMIC_STEROID = Statement(
    "no-systemic-steroid",
    "S0 S2",
    "Systemic corticosteroids are not for low back pain, with or without sciatica: no better than placebo.",
)
GABAPENTINOID_RADICULAR = Statement(
    "gabapentinoid-radicular",
    "S1 S2",
    "Gabapentin and other drugs for neuropathic pain have a small, short-term benefit in radicular pain; "
    "no other use in low back pain is named.",
    disagrees=_LATER,
)
GABAPENTINOID_KIDNEY = Statement(
    "gabapentinoid-kidney",
    "policy",
    "Gabapentin and pregabalin are cleared by the kidney: with an eGFR below 60 the dose is lowered.",
)
DULOXETINE_HAZARDS = Statement(
    "duloxetine-hazards",
    "policy",
    "Duloxetine is not combined with an MAO inhibitor, nor given in liver disease, with heavy alcohol use or "
    "an eGFR below 30; S1 names it as an option in chronic low back pain only.",
)
SEROTONERGIC_ADJUVANTS = Statement(
    "serotonergic-adjuvants",
    "policy",
    "Cyclobenzaprine and duloxetine interact with MAO inhibitors, duloxetine also with tramadol.",
)
SEDATIVES_IN_PREGNANCY = Statement(
    "sedatives-in-pregnancy",
    "policy",
    "Benzodiazepines and gabapentinoids carry added risk in pregnancy.",
)
DRUG_EVIDENCE_IS_SHORT = Statement(
    "drug-evidence-short",
    "S2",
    "For most drugs, data on long-term benefit and safety are limited.",
    grade="limited",
)
SURGERY_AFTER_SIX_WEEKS = Statement(
    "surgery-after-six-weeks",
    "S0",
    "A surgeon is asked when a red flag is present, or when at least 6 weeks of conservative care failed.",
)
SEVERE_RADICULAR_IN_TWO_WEEKS = Statement(
    "severe-radicular-two-weeks",
    "S1 S2",
    "Severe radicular pain is seen by a specialist within 2 weeks.",
    disagrees="S2 says 2 weeks for a neurologic deficit too, S0 at once: "
    "with a deficit the stricter wording is followed.",
)
RADICULAR_IN_THREE_MONTHS = Statement(
    "radicular-three-months",
    "S2",
    "Less severe radicular pain that does not improve is seen by a specialist within 3 months.",
)
DISABILITY_DESPITE_CARE = Statement(
    "disability-despite-care",
    "S2",
    "Disability that persists in spite of comprehensive conservative care is a reason to refer.",
)
SPECIALIST_AFTER_TWELVE_WEEKS = Statement(
    "specialist-after-twelve-weeks",
    "S1",
    "Without improvement after 12 weeks care moves to a specialist pain or spine center, "
    "to surgery only if appropriate, with biopsychosocial assessment by a multidisciplinary team.",
)
DISCECTOMY_WITH_MATCHING_IMAGE = Statement(
    "discectomy-matching-image",
    "S2",
    "Discectomy is for radiculopathy that persists and is matched by the image.",
)
INJECTION_FOR_RADICULAR_PAIN = Statement(
    "injection-for-radicular-pain",
    "S1 S2",
    "An image-guided epidural steroid injection is for radicular pain that persists.",
)
INJECTION_HAZARDS = Statement(
    "injection-hazards",
    "policy",
    "Added to the sources: an anticoagulant, fever or spinal infection makes an epidural injection "
    "hazardous, and pregnancy is weighed against fluoroscopy.",
)
NO_BED_REST = Statement(
    "no-bed-rest",
    "S0 S1 S2",
    "Bed rest weakens muscles and slows recovery; staying active is the advice.",
    disagrees="Drug texts repeated in S0 and S3 speak of rest: read as relative rest, never as bed rest.",
)
SHORT_REST = Statement(
    "short-rest",
    "S4",
    "A short rest can help before exercise begins; a long one makes the pain worse.",
    grade="news report of one trial, the lowest of the sources",
    disagrees="S0, S1 and S2 leave no room for bed rest.",
)
TENS_EQUALS_SHAM = Statement("tens-equals-sham", "S3", "TENS did no better than sham treatment.")
PASSIVE_IS_NOT_THE_AIM = Statement(
    "passive-not-the-aim",
    "S0",
    "Manual physical therapy works toward goals; passive TENS or ultrasound is not its aim.",
)
ACTIVE_CARE = Statement(
    "active-care", "S1", "Passive treatment in the place of active treatment is a pitfall."
)
LUMBAR_SUPPORT_UNCLEAR = Statement(
    "lumbar-support-unclear",
    "S3",
    "In chronic low back pain with spasm, lumbar supports show no clear benefit.",
)
EXERCISE_FROM_4_WEEKS = Statement(
    "exercise-from-4-weeks",
    "S0",
    "Before 4 weeks structured exercise does no more than none; supervised, individual exercise "
    "begins at 4 to 6 weeks.",
    disagrees="S1 lists exercise without a phase; S2 has it from 4 weeks on, S3 in chronic pain.",
)
MANIPULATION_BY_PHASE = Statement(
    "manipulation-by-phase",
    "S0 S1 S2",
    "Spinal manipulation by trained providers has a small to moderate short-term benefit in acute pain "
    "(S0, S2), and a moderate effect in subacute and chronic pain whoever provides it (S2).",
    disagrees="S3 sees no clear difference from other active care in chronic pain.",
)
MANIPULATION_CAUTIONS = Statement(
    "manipulation-cautions",
    "policy",
    "Added to the sources: no offer of spinal manipulation with a red flag, fragile or broken bones, "
    "an anticoagulant, inflammatory disease of the spine, an aortic aneurysm or spine surgery in 90 days.",
)
NOT_FOR_CHILDREN = Statement(
    "not-for-children", "policy", "Back pain in children and adolescents needs its own assessment."
)

STRATIFY_AFTER_TWO_WEEKS = Statement(
    "stratify-after-two-weeks",
    "S0 S1",
    "From two weeks on, the STarT Back tool sorts patients by their risk of lasting disability.",
    disagrees="S1 asks everyone from then on, S0 only those who have not improved.",
)
START_BACK_CUT_OFFS = Statement(
    "start-back-cut-offs",
    "policy",
    "Low risk: 3 points or fewer. Medium: 4 or more, of which at most 3 are psychosocial. High: at least 4 "
    "psychosocial points, which a total of 8 or 9 implies. The sources do not give these limits; "
    "a score older than 90 days is stale.",
)
LOW_RISK = Statement(
    "low-risk-self-management", "S1", "At low risk, self-management goes on for as long as pain improves."
)
MEDIUM_RISK = Statement(
    "medium-risk-physiotherapy",
    "S1",
    "At medium risk, standard physiotherapy with a plan made around the patient.",
)
HIGH_RISK = Statement(
    "high-risk-biopsychosocial",
    "S0 S1",
    "At high risk, a comprehensive biopsychosocial assessment, specialized physiotherapy and early action.",
)
HIGH_RISK_REVIEW = Statement(
    "high-risk-review", "S1", "Patients at high risk are reviewed no later than 12 weeks."
)
CBT_AT_HIGH_RISK = Statement(
    "cbt-at-high-risk",
    "S1",
    "Cognitive behavioral therapy is an option at high risk, or when pain persists.",
    disagrees="S0 gives moderate-quality evidence in chronic pain only; "
    "S2 places it in subacute and chronic pain.",
)
LOOK_AGAIN = Statement(
    "look-again-after-two-weeks",
    "S0",
    "Without improvement at two weeks, look again for missed red flags and for a changed pattern of pain.",
)
LOOK_FOR_A_CAUSE = Statement(
    "look-for-a-cause",
    "S3",
    "When chronic pain does not respond enough, look for an underlying cause.",
)
RADICULAR_PATHWAY = Statement(
    "radicular-pathway",
    "S2",
    "Signs of nerve root involvement lead to another pathway; by themselves they are no red flag.",
)
REVIEW_WITHIN_TWO_WEEKS = Statement(
    "review-within-two-weeks", "S1", "Improvement is reviewed and assessed within two weeks."
)
SCREEN_FOR_DEPRESSION = Statement(
    "screen-for-depression", "S0", "In chronic back pain, depression is screened for and treated."
)
MOOD_CUT_OFFS = Statement(
    "mood-cut-offs",
    "policy",
    "A PHQ-2 of 3 or a PHQ-9 of 10 points asks for follow-up by the site's own pathway, "
    "as some answers do at any total; scores older than a year are stale.",
)
WEIGHT_MANAGEMENT = Statement(
    "weight-management", "S1", "Weight management helps when the body mass index is elevated."
)
WEIGHT_LIMITS = Statement(
    "weight-limits",
    "policy",
    "Elevated means 25 kg/m2 or more in the last year; no such advice in pregnancy, with an eating disorder "
    "at any time, or beside a red flag.",
)
