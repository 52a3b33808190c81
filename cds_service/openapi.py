"""
The service in the words of OpenAPI 3.1: what each endpoint takes, what it answers, and with which status.

Requests are described as CDS Hooks 2.0.1 wants them from a client; the service tolerates more than
that. Cards and feedback are described by the models that write and read them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from .cards import Card  # noqa: TC001 (pydantic reads the annotation)
from .feedback import Feedback

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastapi import FastAPI
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

    from .answers import Need
    from .catalogue import Entry

Json = dict[str, Any]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z]+/[A-Za-z0-9\-.]{1,64}$")]

_SCHEMAS = "#/components/schemas/"
_REFUSALS = {
    400: "The body is no sound JSON, or breaks CDS Hooks; `expression` names the field.",
    401: "The caller did not prove who it is.",
    404: "No service or rule has this id, or the service is switched off for the caller.",
    405: "The path does not answer this method.",
    412: "Required data were neither in prefetch nor to be had from a FHIR server; send what is named.",
    413: "The body is too large.",
    415: "The body is no JSON, by its own account.",
    500: "The service failed: nothing was decided.",
}
_HEADERS = {401: "WWW-Authenticate", 405: "Allow"}


# ── what clients send ─────────────────────────────────────────────────────────────────────────────


class _Sent(BaseModel):
    # Built when the description is asked for: nothing else needs these models.
    model_config = ConfigDict(alias_generator=to_camel, defer_build=True)


class Resource(_Sent):
    """A FHIR resource."""

    resource_type: Annotated[str, Field(pattern="^[A-Z][A-Za-z]+$")]


class BundleEntry(_Sent):
    """A resource in a Bundle."""

    full_url: str | None = None
    resource: Resource


class Bundle(_Sent):
    """A FHIR Bundle."""

    resource_type: Literal["Bundle"]
    type: str | None = None
    entry: list[BundleEntry] = []


class PatientViewContext(_Sent):
    """The patient whose chart is open; every hook has these fields."""

    user_id: Reference
    patient_id: Id
    encounter_id: Id | None = None


class EncounterDischargeContext(PatientViewContext):
    """The encounter that ends."""

    encounter_id: Id


class OrderSignContext(PatientViewContext):
    """Orders about to be signed."""

    draft_orders: Bundle


class OrderSelectContext(OrderSignContext):
    """Unsigned orders; `selections` names those just chosen."""

    selections: list[Reference]


class ProblemListItemCreateContext(PatientViewContext):
    """Problems just added."""

    conditions: Bundle


class MedicationPrescribeContext(PatientViewContext):
    """Drug orders being written (deprecated hook)."""

    medications: Bundle


class OrderReviewContext(PatientViewContext):
    """Orders under review (deprecated hook)."""

    orders: Bundle


CONTEXTS: dict[str, type[PatientViewContext]] = {
    "encounter-discharge": EncounterDischargeContext,
    "medication-prescribe": MedicationPrescribeContext,
    "order-review": OrderReviewContext,
    "order-select": OrderSelectContext,
    "order-sign": OrderSignContext,
    "patient-view": PatientViewContext,
    "problem-list-item-create": ProblemListItemCreateContext,
}


class FhirAuthorization(_Sent):
    """A token for the client's FHIR server, for this call only."""

    model_config = ConfigDict(alias_generator=None)

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(gt=0)]
    scope: str
    subject: str
    patient: Id | None = None


class HookRequest(_Sent):
    """What every hook has; hook, context and prefetch are described with each service."""

    hook: str
    hook_instance: Annotated[str, Field(description="A UUID of this call.", min_length=1)]
    fhir_server: AnyUrl | None = None
    fhir_authorization: FhirAuthorization | None = None
    context: PatientViewContext
    prefetch: dict[str, Resource] | None = None
    extension: dict[str, Any] | None = None


# ── what the service answers ──────────────────────────────────────────────────────────────────────


class _Answered(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class Service(_Answered):
    """One service, as discovery lists it."""

    hook: str
    id: str
    title: str
    description: str
    version: str
    prefetch: dict[str, str] | None = None
    extension: dict[str, Any]


class Discovery(_Answered):
    """Every service."""

    services: list[Service]


class CdsResponse(_Answered):
    """Advice, most urgent first; an empty list when there is none."""

    cards: list[Card]


class Issue(_Answered):
    """What was wrong, and what to do; nothing of what was sent."""

    severity: Literal["error"]
    code: str
    diagnostics: str
    expression: list[str] | None = None


class OperationOutcome(_Answered):
    """Why a call was refused (FHIR R4)."""

    resource_type: Literal["OperationOutcome"]
    issue: Annotated[list[Issue], Field(min_length=1)]


class _Plain(GenerateJsonSchema):
    """A member without value is left out, and is never null; a name needs no title beside it."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, _schema: object) -> bool:
        return False


# ── the description ───────────────────────────────────────────────────────────────────────────────


def describe(app: FastAPI, entries: Iterable[Entry]) -> None:
    """Let the application describe these services at its openapi_url; nothing is made before it is asked."""
    services = tuple(entries)
    made = cache(lambda: document(app.title, app.version, services))
    app.openapi = made  # type: ignore[method-assign] # FastAPI's documented way to bring one's own


def document(title: str, version: str, entries: Sequence[Entry]) -> Json:
    """Return the OpenAPI document; each service has a path of its own, with its own request."""
    schemas = _schemas()
    calls = {f"/cds-services/{entry.id}": {"post": _call(entry, schemas["HookRequest"])} for entry in entries}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": {
            "/cds-services": {"get": _discovery()},
            **calls,
            "/cds-services/{service_id}/feedback": {"post": _feedback([entry.id for entry in entries])},
            **_evidence(entries),
        },
        "components": {
            "schemas": schemas,
            "responses": {_name(status): _refusal(status) for status in _REFUSALS},
            "securitySchemes": {"cdsClient": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{}, {"cdsClient": []}],
    }


def _schemas() -> Json:
    sent: list[type[BaseModel]] = [HookRequest, Feedback, *dict.fromkeys(CONTEXTS.values())]
    answered: list[type[BaseModel]] = [Discovery, CdsResponse, OperationOutcome]
    _, made = models_json_schema(
        [*((model, "validation") for model in sent), *((model, "serialization") for model in answered)],
        ref_template=_SCHEMAS + "{model}",
        schema_generator=_Plain,
    )
    schemas: Json = made["$defs"]
    return schemas


def _discovery() -> Json:
    listed = {
        "200": _json("The services.", "Discovery"),
        "304": {"description": "Unchanged: the ETag is the one in If-None-Match."},
    }
    return {
        "operationId": "discovery",
        "summary": "List the services",
        "parameters": [{"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}],
        "responses": {**listed, **_refusals(401, 405, 500)},
    }


def _evidence(entries: Sequence[Entry]) -> Json:
    """Describe the pages: all rules, the rule that a card links to, the source attributes of a service."""
    rules = dict.fromkeys(rule.id for entry in entries for rule in entry.service.each_rule)
    groups = dict.fromkeys(entry.service.group for entry in entries)
    page = {"text/html": {"schema": {"type": "string"}}}
    attributes = {"application/json": {"schema": {"type": "object"}}, **page}
    return {
        "/evidence": {"get": _page("evidence", "List the rules", page)},
        "/evidence/{rule}": {"get": _page("rule", "Show the rule a card links to", page, rule=list(rules))},
        "/evidence/{service}/dsi": {
            "get": _page("sourceAttributes", "Tell the source attributes", attributes, service=list(groups))
        },
    }


def _page(operation: str, summary: str, content: Json, **ids: list[str]) -> Json:
    told = {"200": {"description": "A page.", "content": content}}
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": [_in_path(name, known) for name, known in ids.items()],
        "responses": {**told, **_refusals(*((404,) if ids else ()), 405, 500)},
    }


def _in_path(name: str, known: list[str]) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": known}}


def _call(entry: Entry, request: Json) -> Json:
    told = {
        "hook": {"const": entry.hook},
        "context": _ref(CONTEXTS.get(entry.hook, PatientViewContext).__name__),
        "prefetch": _prefetch(need for need in sorted(entry.service.needs) if not need.fallback),
    }
    body = {**request, "properties": {**request["properties"], **told}}
    return {
        "operationId": entry.id,
        "summary": str(entry.discovery["title"]),
        "description": entry.service.description,
        "requestBody": _body(body),
        "responses": {"200": _json("Cards.", "CdsResponse"), **_refusals(*_REFUSALS)},
    }


def _prefetch(needs: Iterable[Need]) -> Json:
    """Describe the keys; null: the client looked, and there is nothing."""
    value = {"anyOf": [_ref("Resource"), {"type": "null"}]}
    keys = {need.key: {**value, "description": f"{need.name}: {need.template}"} for need in needs}
    return {"type": "object", "properties": keys}


def _feedback(ids: list[str]) -> Json:
    taken = {"200": {"description": "Taken note of; no body."}}
    return {
        "operationId": "feedback",
        "summary": "Say what became of cards",
        "parameters": [_in_path("service_id", ids)],
        "requestBody": _body(_ref("Feedback")),
        "responses": {**taken, **_refusals(*(status for status in _REFUSALS if status != 412))},  # noqa: PLR2004
    }


def _refusals(*statuses: int) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in statuses}


def _refusal(status: int) -> Json:
    schema = _ref("OperationOutcome")
    content = {kind: {"schema": schema} for kind in ("application/fhir+json", "application/json")}
    header = _HEADERS.get(status)
    headers = {"headers": {header: {"schema": {"type": "string"}}}} if header else {}
    return {"description": _REFUSALS[status], "content": content, **headers}


def _name(status: int) -> str:
    return f"Refused{status}"


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json(description: str, schema: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(name: str) -> Json:
    return {"$ref": f"{_SCHEMAS}{name}"}
