"""
Asks the EHR's FHIR server for what prefetch left out.

What is asked for is told by the needs; what came back is an Answer for each, and never an
exception: a server that is slow, broken or hostile is a source that failed. One deadline holds
for all of it. The access token goes to the FHIR server of the request and nowhere else, and
neither it nor a URL nor anything about the patient is ever logged.
"""

from .circuit_breaker import CircuitBreaker
from .client import FhirClient
from .limits import Limits

__all__ = ["CircuitBreaker", "FhirClient", "Limits"]
