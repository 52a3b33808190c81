"""Care of low back pain when the chart is opened or the visit ends: plan, scores, follow-up, referral."""

from __future__ import annotations

from cds_service import CdsService

from .care_plan_acute import acute
from .care_plan_chronic import chronic
from .care_plan_findings import VISIT
from .care_plan_frame import after_assessment, at_discharge
from .care_plan_subacute import subacute
from .care_plan_undated import undated
from .definitions import BACK_PAIN_RECORDED, CONDITIONS, PATIENT
from .depression import DEPRESSION_RULES
from .follow_up import FOLLOW_UP_RULES
from .red_flag_screen import SCREEN_RULES
from .referral_timing import REFERRAL_TIMING_RULES
from .scope import not_in_scope
from .start_back import START_BACK_RULES

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
