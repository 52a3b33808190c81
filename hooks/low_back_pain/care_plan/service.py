"""Care of low back pain when the chart is opened or the visit ends: plan, scores, follow-up, referral."""

from __future__ import annotations

from cds_service import CdsService
from hooks.low_back_pain.care_plan.acute import acute
from hooks.low_back_pain.care_plan.chronic import chronic
from hooks.low_back_pain.care_plan.depression import DEPRESSION_RULES
from hooks.low_back_pain.care_plan.findings import VISIT
from hooks.low_back_pain.care_plan.follow_up import FOLLOW_UP_RULES
from hooks.low_back_pain.care_plan.frame import after_assessment, at_discharge
from hooks.low_back_pain.care_plan.start_back import START_BACK_RULES
from hooks.low_back_pain.care_plan.subacute import subacute
from hooks.low_back_pain.care_plan.undated import undated
from hooks.low_back_pain.definitions import BACK_PAIN_RECORDED, CONDITIONS, PATIENT
from hooks.low_back_pain.red_flags.screen import SCREEN_RULES
from hooks.low_back_pain.referrals.timing import REFERRAL_TIMING_RULES
from hooks.low_back_pain.scope import not_in_scope

service = CdsService(
    group="lbp-care-plan",
    hooks=("patient-view", "encounter-discharge"),
    title="Care plan for low back pain",
    description="Lists what fits the phase and the risk of back pain, with the grade of its evidence.",
    rules=(
        after_assessment,
        acute,
        subacute,
        chronic,
        undated,
        at_discharge,
        *START_BACK_RULES,
        *DEPRESSION_RULES,
        *FOLLOW_UP_RULES,
        *SCREEN_RULES,
        *REFERRAL_TIMING_RULES,
        not_in_scope(
            "care-plan-not-in-scope",
            VISIT,
            BACK_PAIN_RECORDED,
            says="Back pain in children and adolescents needs assessment: no plan is proposed here.",
        ),
    ),
    required=frozenset({PATIENT, CONDITIONS}),
)
