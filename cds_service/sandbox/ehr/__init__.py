"""A command-line EHR: what a CDS client does from discovery to feedback, synchronous and step by step."""

from __future__ import annotations

from .basket import accept
from .cds_client import Feedback, Response, Service, discover, fire, request_body, send_feedback
from .context import Situation, context_for
from .draft_orders import ORDERS, Details, Dose, draft_orders
from .prefetch import fill_prefetch
from .run import FireOptions, run_fire
from .wire import EhrError, FhirServer

__all__ = [
    "ORDERS",
    "Details",
    "Dose",
    "EhrError",
    "Feedback",
    "FhirServer",
    "FireOptions",
    "Response",
    "Service",
    "Situation",
    "accept",
    "context_for",
    "discover",
    "draft_orders",
    "fill_prefetch",
    "fire",
    "request_body",
    "run_fire",
    "send_feedback",
]
