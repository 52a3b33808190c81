"""The embedded sandbox: a FHIR R4 server in memory that stands in for an EHR's."""
