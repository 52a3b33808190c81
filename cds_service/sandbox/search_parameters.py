"""The search parameters of each resource type: the one table that searching and /metadata both read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SearchParameter:
    """
    One search parameter of one resource type.

    `elements` are dotted paths. A token or reference parameter looks at all of them; a date parameter at
    the first that the resource has. `target` is the only type that a reference may name, empty for any.
    """

    kind: Literal["token", "reference", "date"]
    elements: tuple[str, ...]
    target: str = ""


def _token(*elements: str) -> SearchParameter:
    return SearchParameter("token", elements)


def _date(*elements: str) -> SearchParameter:
    return SearchParameter("date", elements)


def _about(element: str) -> dict[str, SearchParameter]:
    return {
        "patient": SearchParameter("reference", (element,), target="Patient"),
        "subject": SearchParameter("reference", (element,)),
    }


_ONSET = ("onsetDateTime", "onsetPeriod")
_EFFECTIVE = _date("effectiveDateTime", "effectivePeriod", "effectiveInstant")
_PERFORMED = _date("performedDateTime", "performedPeriod")
_AUTHORED_ON = _date("authoredOn")

_CODE = {"code": _token("code")}
_CATEGORY = {"category": _token("category")}
_STATUS = {"status": _token("status")}
_INTENT = {"intent": _token("intent")}
_STATEMENT = {
    "clinical-status": _token("clinicalStatus"),
    "verification-status": _token("verificationStatus"),
}
_EVENT = _about("subject") | _CODE | _CATEGORY | _STATUS

# `date` is R4's own parameter for Observation, Procedure, DiagnosticReport, Encounter, CarePlan and
# AllergyIntolerance. For Condition, MedicationRequest, ServiceRequest and CommunicationRequest it is the
# sandbox's: portable queries use onset-date or recorded-date, authoredon, and authored.
_TYPED: dict[str, dict[str, SearchParameter]] = {
    "AllergyIntolerance": {
        "patient": SearchParameter("reference", ("patient",), target="Patient"),
        "code": _token("code", "reaction.substance"),
        "date": _date("recordedDate"),
        **_CATEGORY,
        **_STATEMENT,
    },
    "CarePlan": {**_about("subject"), **_CATEGORY, **_STATUS, **_INTENT, "date": _date("period")},
    "CommunicationRequest": {
        **_about("subject"),
        **_CATEGORY,
        **_STATUS,
        "authored": _AUTHORED_ON,
        "date": _AUTHORED_ON,
    },
    "Condition": {
        **_about("subject"),
        **_CODE,
        **_CATEGORY,
        **_STATEMENT,
        "onset-date": _date(*_ONSET),
        "recorded-date": _date("recordedDate"),
        "date": _date(*_ONSET, "recordedDate"),
    },
    "DiagnosticReport": {**_EVENT, "date": _EFFECTIVE},
    "Encounter": {**_about("subject"), **_STATUS, "class": _token("class"), "date": _date("period")},
    "Goal": {**_about("subject"), **_CATEGORY},
    "Medication": {**_CODE, **_STATUS},
    "MedicationRequest": {
        **_about("subject"),
        "code": _token("medicationCodeableConcept"),
        **_CATEGORY,
        **_STATUS,
        **_INTENT,
        "authoredon": _AUTHORED_ON,
        "date": _AUTHORED_ON,
    },
    "MedicationStatement": {
        **_about("subject"),
        "code": _token("medicationCodeableConcept"),
        **_CATEGORY,
        **_STATUS,
        "effective": _EFFECTIVE,
    },
    "Observation": {**_EVENT, "date": _EFFECTIVE},
    "Procedure": {**_EVENT, "date": _PERFORMED},
    "QuestionnaireResponse": {**_about("subject"), **_STATUS, "authored": _date("authored")},
    "ServiceRequest": {**_EVENT, **_INTENT, "authored": _AUTHORED_ON, "date": _AUTHORED_ON},
    "Task": {**_about("for"), **_CODE, **_STATUS, **_INTENT, "authored-on": _AUTHORED_ON},
}

_ANY_TYPE = {"_id": _token("id")}

# The value of `_include` -> the element that holds the reference to follow.
INCLUDES = {"MedicationRequest:medication": "medicationReference"}


def parameters(resource_type: str) -> dict[str, SearchParameter]:
    """Return the search parameters of a type by name; every type can at least be searched by `_id`."""
    return _ANY_TYPE | _TYPED.get(resource_type, {})


def includes(resource_type: str) -> tuple[str, ...]:
    """Return the values of `_include` that a search of this type follows."""
    return tuple(name for name in INCLUDES if name.startswith(f"{resource_type}:"))
