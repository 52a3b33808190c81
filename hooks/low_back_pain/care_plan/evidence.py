"""What the source articles say of activity, therapies, exercise and review, with the grade each gives."""

from __future__ import annotations

from cds_service import Statement

_LATER = "Later evidence may be weaker; pending review."

STAY_ACTIVE = Statement(
    "stay-active",
    "S0 S1 S2",
    "Staying active within the limits of pain is the most important single advice; "
    "bed rest weakens and slows recovery.",
    disagrees="S4 lets short-term rest help before exercise; a label phrase in S0 and S3 that speaks of rest "
    "is read as relative rest.",
)
ACUTE_PAIN_SETTLES = Statement(
    "acute-pain-settles",
    "S0",
    "About 90% of acute episodes settle within 6 weeks, and flare-ups in the next year are usual.",
    disagrees=_LATER,
)
BACK_TO_WORK = Statement(
    "back-to-work",
    "S0",
    "Early return to work, if need be with modified duty, lowers long-term disability; "
    "a long absence worsens the outcome.",
)
HEAT = Statement(
    "superficial-heat",
    "S0 S1 S2",
    "Superficial heat gives moderate relief (S0), for a short time (S1, S2).",
    disagrees="S0 puts it above acetaminophen and ibuprofen; S3 calls that low-quality evidence, "
    "and the lower grade is followed.",
)
HANDS_ON = Statement(
    "hands-on-therapies",
    "S0 S1 S2 S3",
    "Massage and acupuncture: lower-quality evidence in acute pain (S0), moderate effect in chronic pain "
    "(S2; massage also S3). S1 puts massage beside heat in the first 2 weeks.",
)
MANIPULATION = Statement(
    "manipulation",
    "S0 S1 S2 S3",
    "Spinal manipulation by a trained provider: small to moderate short-term benefit in acute pain (S0, S2), "
    "a moderate effect later whatever the provider (S2).",
    disagrees="S3 sees no clear difference from other active care in chronic pain.",
)
EXERCISE_FROM_FOUR_WEEKS = Statement(
    "exercise-from-four-weeks",
    "S0 S1 S2",
    "From 4 to 6 weeks on, individual and supervised stretching, strengthening and aerobic exercise.",
    disagrees="S0 sees no benefit of structured exercise before 4 weeks, S1 names no phase, "
    "S2 and S3 speak of later phases only.",
)
EXERCISE_IS_THE_CORE = Statement(
    "exercise-is-the-core",
    "S0 S3",
    "Exercise is the core of treatment in chronic pain: a small but consistent gain, more with tailoring, "
    "supervision, stretching, strengthening and regular progression.",
    grade="moderate-quality",
)
KINDS_OF_EXERCISE = Statement(
    "kinds-of-exercise",
    "S3",
    "Kinds of exercise differ little, so that preference and adherence matter; motor control exercise "
    "moderately lowers pain and improves function.",
    disagrees="S4 favors motor skill training.",
)
MOTOR_SKILL_TRAINING = Statement(
    "motor-skill-training",
    "S4",
    "Motor skill training did better than strength and flexibility for function in nearly 150 people of 18 "
    "to 60 years with a year of pain: six weekly hours, boosters for half, questionnaires up to a year. "
    "Both groups improved; those trained so had less fear, fewer drugs and fewer flare-ups at 6 months.",
    grade="one trial, by a news report (the lowest of the five)",
    disagrees="An outside reviewer would not call the improvement meaningful; S3 sees little difference.",
)
ADD_THERAPY = Statement(
    "add-therapy",
    "S2",
    "Without improvement in 4 weeks a therapy without drugs is added; in chronic pain such therapies come "
    "first (S2, after ACP 2017).",
)
MIND = Statement(
    "mind-therapies",
    "S0 S1 S2 S3",
    "Cognitive behavioral therapy: moderate-quality evidence in chronic pain (S0), moderate effect (S2, S3); "
    "progressive relaxation: moderate effect (S2, S3).",
    disagrees="S1 keeps cognitive behavioral therapy for high-risk or persistent pain.",
)
MINDFULNESS = Statement(
    "mindfulness",
    "S0 S2 S3",
    "Mindfulness-based stress reduction: moderate-quality evidence (S0), effective (S2), small effect (S3).",
)
INTERDISCIPLINARY = Statement(
    "interdisciplinary-rehabilitation",
    "S0 S1 S2 S3",
    "Interdisciplinary rehabilitation: moderately effective, above all in subacute pain and with work "
    "absence (S2); for significant disability moderate-quality evidence of a short-term gain (S0, S3); "
    "biopsychosocial assessment by a team after 12 weeks (S1).",
)
DULOXETINE_OPTION = Statement(
    "duloxetine-option", "S1", "Duloxetine may help in chronic back pain.", disagrees=_LATER
)
ASSESS_FIRST = Statement(
    "assess-first",
    "policy",
    "With an emergency, a fracture, an infection, fever or an aneurysm on record, no plan is proposed: "
    "S2 rules out red flags before any treatment.",
)
