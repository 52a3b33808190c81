"""
The cells of a vignette as FHIR R4 resources, in JSON as an EHR would send them.

Items of a cell are separated by `;`. Each begins with what it is (see `Lexicon`); then, in any
order, the words listed with each function below. A number alone is how many days ago; a date
(`2026-05`, also partial) stands for itself. Brackets around options are for the reader only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cds_service.terminology import RXNORM, SNOMED_CT

from .elements import TERMINOLOGY, Json, coded, concept
from .measurements import value
from .phrases import Phrase
from .prescriptions import dispensed, dosage
from .tables import TableError

if TYPE_CHECKING:
    from datetime import date

    from .lexicon import Lexicon

PATIENT_ID = "vignette"
_SURGICAL_PROCEDURE = "387713003"
_DAYS = r"-?\d{1,5}"
_DATE = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_VERIFICATION = ("provisional", "differential", "unconfirmed", "confirmed", "refuted", "in error")
_STATUSES = (
    "active",
    "completed",
    "stopped",
    "on-hold",
    "cancelled",
    "revoked",
    "draft",
    "preliminary",
    "partial",
    "final",
    "amended",
    "in error",
    "in-progress",
    "preparation",
    "not-done",
    "unknown",
)
_PRIORITIES = ("routine", "urgent", "asap", "stat")


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes resources for one patient; `today` is the day of the call."""

    lexicon: Lexicon
    today: date

    def patient(self, said: str) -> Json:
        """Return the Patient: `34`, `34 f`, `?` (no birth date), `born 1975-11` and the like."""
        phrase = Phrase(said)
        gender = {"m": "male", "f": "female", "u": "unknown"}[phrase.take("m|f|u") or "m"]
        born = phrase.take(rf"born ({_DATE})")
        if phrase.rest.isdecimal():
            born = self.today.replace(year=self.today.year - int(phrase.rest)).isoformat()
        elif not (born or phrase.rest == "?"):
            msg = f"age {said!r} is neither a number of years, nor `?`, nor `born` with a date"
            raise TableError(msg)
        return {
            "resourceType": "Patient",
            "id": PATIENT_ID,
            "gender": gender,
            **({"birthDate": born} if born else {}),
        }

    def complaint(self, said: str, stem: str) -> Json:
        """Return the Condition of the column `since`: days, a date, `recorded 10`, or `yes` (undated)."""
        return self.condition(stem if said == "yes" else f"{stem} {said}")

    def condition(self, said: str) -> Json:
        """
        Return a Condition: days since onset, `recorded 10`, a clinical or verification status, `no status`.

        `text "..."` after a code is its text; alone it is an uncoded entry. `site "..."` is a
        body site, `labelled` a security label that asks for discretion, `of another patient`
        what it says.
        """
        phrase = Phrase(said)
        bare = phrase.has("no status")
        verification = phrase.one_of(_VERIFICATION, "confirmed")
        clinical = phrase.one_of(_CLINICAL, "active")
        site = phrase.take('site "([^"]*)"')
        resource = {
            **self._start("Condition", phrase),
            **self._times(phrase, "onsetDateTime", "recordedDate"),
            **({"bodySite": [{"text": site}]} if site else {}),
        }
        if not bare:
            resource["clinicalStatus"] = concept(f"{TERMINOLOGY}condition-clinical", clinical)
            resource["verificationStatus"] = concept(f"{TERMINOLOGY}condition-ver-status", verification)
        return {**resource, "code": self._code(phrase)}

    def allergy(self, said: str) -> Json:
        """Return an AllergyIntolerance: statuses as of a Condition, days since recorded, `text "..."`."""
        phrase = Phrase(said)
        verification = phrase.one_of(_VERIFICATION, "confirmed")
        clinical = phrase.one_of(_CLINICAL, "active")
        resource = self._start("AllergyIntolerance", phrase)
        resource["patient"] = resource.pop("subject")
        return {
            **resource,
            "clinicalStatus": concept(f"{TERMINOLOGY}allergyintolerance-clinical", clinical),
            "verificationStatus": concept(f"{TERMINOLOGY}allergyintolerance-verification", verification),
            **self._times(phrase, "recordedDate"),
            "code": self._code(phrase),
        }

    def medicine(self, said: str) -> Json:
        """
        Return a MedicationRequest: days since authored, a status, `proposal`, `plan`, `do not perform`.

        `supply 30`, `refills 2`, `2 tablets 4 times a day` (also capsules, mg), `route` with a value
        set or code; `text "..."` alone is a drug without a code. `stated` makes it a
        MedicationStatement: days since it is taken, `recorded 10`, also `intended`, `not-taken`.
        """
        phrase = Phrase(said)
        if phrase.has("stated"):
            return self._medication_statement(phrase)
        return self._medication_request(phrase, "active")

    def measurement(self, said: str) -> Json:
        """
        Return an Observation: `temperature 38.0 Cel 2`: value, UCUM unit (or `no unit`), days ago.

        A SNOMED CT number or LOINC answer as value is a coded answer; `absent` stands for a
        value that is missing with a reason. `preliminary`, `cancelled`, `in error` are statuses.
        """
        phrase = Phrase(said)
        status = phrase.one_of(_STATUSES, "final")
        resource = self._start("Observation", phrase)
        question, _, rest = phrase.rest.partition(" ")
        phrase.rest = rest
        measured = value(phrase, question)
        times = self._times(phrase, "effectiveDateTime")
        phrase.finish()
        return {
            **resource,
            "status": status,
            "code": {"coding": [coded(self.lexicon.question(question))]},
            **measured,
            **times,
        }

    def done(self, said: str) -> Json:
        """Return a `procedure` (an operation: `surgical`), `request` or `report`: what, status, days ago."""
        kind, _, rest = said.partition(" ")
        phrase = Phrase(rest)
        if kind == "request":
            return self._service_request(phrase, "active")
        shapes = {
            "procedure": ("Procedure", "completed", "performedDateTime"),
            "report": ("DiagnosticReport", "final", "effectiveDateTime"),
        }
        if kind not in shapes:
            msg = f"{said!r} must begin with procedure, request or report"
            raise TableError(msg)
        resource_type, otherwise, dated = shapes[kind]
        status = phrase.one_of(_STATUSES, otherwise)
        category = {"category": concept(SNOMED_CT, _SURGICAL_PROCEDURE)} if phrase.has("surgical") else {}
        resource = {**self._start(resource_type, phrase), "status": status, **self._times(phrase, dated)}
        return {**resource, **category, "code": self._code(phrase)}

    def draft(self, said: str, number: int) -> tuple[Json, bool]:
        """
        Return a draft order, and whether it is selected.

        Imaging, therapy and referral: a priority. Medicines: as in `medicine`. Both: `for` with
        a value set or SNOMED CT number as reason, `do not perform`, `name only` (no code),
        `name "..."` and `drug "..."` (nothing but a name), `not selected`, `no id`. Therapy:
        `begins -14` (in two weeks) or a date. `device` makes it a DeviceRequest.
        """
        phrase = Phrase(said)
        selected = not phrase.has("not selected")
        anonymous = phrase.has("no id")
        nameless = phrase.has("name only")
        reason = phrase.take(r"for (\S+)")
        begins = phrase.take(rf"begins ({_DATE}|{_DAYS})")
        device = phrase.has("device")
        made = self._order(phrase)
        resource = {**made, "id": f"draft-{number}"}
        if anonymous:
            resource.pop("id")
        if nameless:
            _strip_codes(resource)
        if reason:
            coding = self.lexicon.coding(reason)
            resource["reasonCode"] = [{"coding": [coded(coding)]}]
        if begins:
            resource["occurrenceDateTime"] = self._day(begins)
        return _for_device(resource) if device else resource, selected

    def _order(self, phrase: Phrase) -> Json:
        if re.search(r"^(?:rx-|rxnorm#|drug )|\b(?:supply|refills|times a day|route)\b", phrase.rest):
            return self._medication_request(phrase, "draft")
        made = self._service_request(Phrase(phrase.rest), "draft")
        if any(coding["system"] == RXNORM for coding in made["code"]["coding"]):
            return self._medication_request(phrase, "draft")
        return made

    def _service_request(self, phrase: Phrase, status: str) -> Json:
        status = phrase.one_of(_STATUSES, status)
        priority = phrase.take("|".join(_PRIORITIES))
        return {
            **self._start("ServiceRequest", phrase),
            **_intended(phrase),
            "status": status,
            **({"priority": priority} if priority else {}),
            **self._times(phrase, "authoredOn"),
            "code": self._code(phrase),
        }

    def _medication_request(self, phrase: Phrase, status: str) -> Json:
        route = phrase.take(r"route (\S+)")
        given = dosage(phrase)
        if route:
            instruction = given.get("dosageInstruction", [{}])[0]
            given = {"dosageInstruction": [{**instruction, "route": self._route(route)}]}
        return {
            **self._start("MedicationRequest", phrase),
            "status": phrase.one_of(_STATUSES, status),
            **_intended(phrase),
            **dispensed(phrase),
            **given,
            **self._times(phrase, "authoredOn"),
            "medicationCodeableConcept": self._code(phrase),
        }

    def _medication_statement(self, phrase: Phrase) -> Json:
        instructions = dosage(phrase)
        return {
            **self._start("MedicationStatement", phrase),
            "status": phrase.one_of((*_STATUSES, "intended", "not-taken"), "active"),
            **({"dosage": instructions["dosageInstruction"]} if instructions else {}),
            **self._times(phrase, "effectiveDateTime", "dateAsserted"),
            "medicationCodeableConcept": self._code(phrase),
        }

    def _route(self, said: str) -> Json:
        return {"coding": [coded(self.lexicon.coding(said))]}

    def _start(self, resource_type: str, phrase: Phrase) -> Json:
        other = phrase.has("of another patient")
        labelled = phrase.has("labelled")
        label = {"system": f"{TERMINOLOGY}v3-Confidentiality", "code": "R"}
        return {
            "resourceType": resource_type,
            **({"meta": {"security": [label]}} if labelled else {}),
            "subject": {"reference": "Patient/another" if other else f"Patient/{PATIENT_ID}"},
        }

    def _times(self, phrase: Phrase, *elements: str) -> Json:
        """Take the dates out: `recorded 10` is for the second element, a bare one for the first."""
        found: Json = {}
        recorded = phrase.take(rf"recorded ({_DATE}|{_DAYS})")
        if recorded:
            found[elements[-1]] = self._day(recorded)
        plain = phrase.take(rf"{_DATE}|{_DAYS}")
        if plain:
            found[elements[0]] = self._day(plain)
        return found

    def _day(self, said: str) -> str:
        """Return a date as it is, and a number as the day so many days ago; four digits are a year."""
        if re.fullmatch(_DATE, said):
            return said
        return (self.today - timedelta(days=int(said))).isoformat()

    def _code(self, phrase: Phrase) -> Json:
        text = phrase.take('(?:text |name |drug )?"([^"]*)"')
        coding = [coded(self.lexicon.coding(phrase.rest))] if phrase.rest else []
        if not (text or coding):
            msg = f"{phrase.said!r} does not say what it is"
            raise TableError(msg)
        name = text or coding[0].get("display")
        return {"coding": coding, **({"text": name} if name else {})}


def _intended(phrase: Phrase) -> Json:
    forbidden = phrase.has("do not perform")
    intent = phrase.one_of(("proposal", "plan"), "order")
    return {"intent": intent, **({"doNotPerform": True} if forbidden else {})}


def _strip_codes(resource: Json) -> None:
    for element in ("code", "medicationCodeableConcept"):
        if element in resource:
            resource[element] = {"text": resource[element]["text"]}


def _for_device(resource: Json) -> Json:
    rest = {name: value for name, value in resource.items() if name != "code"}
    return {**rest, "resourceType": "DeviceRequest", "codeCodeableConcept": resource["code"]}
