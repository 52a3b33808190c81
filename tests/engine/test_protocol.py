"""The envelope of a call: what is required, whom the service may ask, and with which token."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from cds_service.errors import (
    InvalidValueError,
    MalformedRequestError,
    MissingFieldError,
    UnreadableBodyError,
    UnsupportedHookError,
)
from cds_service.protocol import FhirAccess, parse

UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SERVER = "https://fhir.example.org/r4"
MISSING = object()


def body_of(**members: object) -> bytes:
    """Return a sound call with some members set, or left out when MISSING."""
    call = {"hook": "order-select", "hookInstance": UUID, "context": {"patientId": "p1"}, **members}
    return json.dumps({name: value for name, value in call.items() if value is not MISSING}).encode()


def access_with(authorization: object, server: object = SERVER) -> FhirAccess | None:
    """Return whom a call with this fhirAuthorization lets the service ask."""
    return parse(body_of(fhirServer=server, fhirAuthorization=authorization)).access


def refusal_of(body: bytes, **asked: str) -> MalformedRequestError:
    """Return how a call is refused."""
    with pytest.raises(MalformedRequestError) as caught:
        parse(body, **asked)
    return caught.value


def test_the_envelope_is_read_as_far_as_every_hook_has_it() -> None:
    """Prefetch stays raw, `null` included, and nothing is invented."""
    context = {"patientId": "p1", "userId": "Practitioner/u", "x": 1}
    request = parse(body_of(context=context, prefetch={"a": None, "b": [1]}))

    assert (request.hook, request.hook_instance, request.patient_id) == ("order-select", UUID, "p1")
    assert request.prefetch == {"a": b"null", "b": b"[1]"}
    assert request.context == context
    assert request.access is None
    assert (request.extension, request.encounter_id) == ({}, "")


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        *((name, value, MissingFieldError) for name in ("hook", "hookInstance") for value in (MISSING, None)),
        *(
            (name, value, InvalidValueError)
            for name in ("hook", "hookInstance")
            for value in (5, "", " ", [])
        ),
        *(("context", value, MissingFieldError) for value in (MISSING, None, [], {}, "x", 5)),
    ],
)
def test_what_every_hook_requires_is_required(name: str, value: object, kind: type[Exception]) -> None:
    """E-28, E-29, E-33, REQ-02, REQ-03, REQ-08: missing is told from wrong, and the field is named."""
    error = refusal_of(body_of(**{name: value}))

    assert type(error) is kind
    assert error.expression == name


@pytest.mark.parametrize(
    "value", ["not-a-uuid", "{" + UUID + "}", "urn:uuid:" + UUID, UUID.upper(), UUID.replace("-", "")]
)
def test_any_text_tells_calls_apart(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """E-30: hookInstance is a UUID in any spelling; another text is taken with a warning that hides it."""
    assert parse(body_of(hookInstance=value)).hook_instance == value
    assert bool(caplog.records) is (value == "not-a-uuid")
    assert "not-a-uuid" not in caplog.text


@pytest.mark.parametrize("hook", ["order-sign", "Order-Select", "nothing"])
def test_another_hook_than_the_service_offers_is_refused(hook: str) -> None:
    """E-31, E-32, REQ-11: offered elsewhere, unknown, or in another case; before the context is looked at."""
    error = refusal_of(body_of(hook=hook, context={}), offered="order-select")

    assert isinstance(error, UnsupportedHookError)
    assert error.expression == "hook"


def test_the_offered_hook_is_answered() -> None:
    """E-31: and without an offer to compare with, any hook is read."""
    assert parse(body_of(), offered="order-select").hook == "order-select"
    assert parse(body_of(hook="nothing")).hook == "nothing"


@pytest.mark.parametrize("value", [MISSING, None, {}])
def test_prefetch_may_be_missing(value: object) -> None:
    """E-34: not there, null and empty are the same."""
    assert parse(body_of(prefetch=value)).prefetch == {}


@pytest.mark.parametrize("value", [[], [{}], "x", "", 5, True])
def test_prefetch_of_another_type_is_refused(value: object) -> None:
    """E-34: it is an object or nothing."""
    error = refusal_of(body_of(prefetch=value))

    assert isinstance(error, InvalidValueError)
    assert error.expression == "prefetch"


def test_a_prefetch_key_that_occurs_twice_is_refused() -> None:
    """E-21: which of two answers holds cannot be known."""
    body = body_of(prefetch={"a": 1, "b": 2}).replace(b'"b"', b'"\\u0061"')
    error = refusal_of(body)

    assert isinstance(error, UnreadableBodyError)
    assert error.expression == "prefetch"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000])
def test_a_number_beyond_all_bounds_inside_prefetch_is_left_to_its_reader(number: bytes) -> None:
    """E-19, E-23: the value stays raw, and its reader takes it for one that was not sent."""
    body = body_of(prefetch={"a": "HERE"}).replace(b'"HERE"', number)

    assert parse(body).prefetch == {"a": number}


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000, b"NaN", b"Infinity"])
@pytest.mark.parametrize("name", ["context", "extension", "unknown"])
def test_a_number_beyond_all_bounds_elsewhere_is_refused(name: str, number: bytes) -> None:
    """E-19, E-23: also in a member that nothing reads, whose name is not repeated."""
    members = {name: {"patientId": "p1", "x": ["HERE"]}}
    error = refusal_of(body_of(**members).replace(b'"HERE"', number))

    assert isinstance(error, UnreadableBodyError)
    assert error.expression in {"", name}
    assert "unknown" not in error.message + error.expression


@pytest.mark.parametrize("name", ["hook", "context", "fhirServer", "x"])
def test_a_member_of_the_envelope_that_occurs_twice_is_refused(name: str) -> None:
    """E-21: whatever its name, and without repeating it."""
    body = body_of(x=1, fhirServer=SERVER)
    error = refusal_of(body[:-1] + f',"{name}":null'.encode() + b"}")

    assert isinstance(error, UnreadableBodyError)
    assert error.expression == ""


def test_a_member_of_the_context_that_occurs_twice_is_refused() -> None:
    """E-21: at any depth."""
    body = body_of(context={"patientId": "p1", "draftOrders": {"entry": [{"a": 1, "b": 2}]}})
    error = refusal_of(body.replace(b'"b"', b'"a"'))

    assert isinstance(error, UnreadableBodyError)
    assert error.expression == "context"


@pytest.mark.parametrize("extension", [MISSING, None, [], ["x"], "x", 5])
def test_an_extension_of_another_type_is_ignored(extension: object) -> None:
    """E-26: as if it was not there."""
    assert parse(body_of(extension=extension)).extension == {}


def test_unknown_members_are_passed_over_and_extensions_kept() -> None:
    """E-25, E-40, GEN-06, REQ-10: old clients' `user` and `patient` are unknown members too."""
    kept = {"org.example": {"deep": [1.5, None]}}
    request = parse(body_of(extension=kept, user="Practitioner/1", patient="p2", x={"y": [None]}))

    assert request.extension == kept
    assert request.patient_id == "p1"


@pytest.mark.parametrize("context", [{"userId": "Practitioner/u"}, {"patientId": None}])
def test_the_patient_of_an_old_client_does_not_stand_for_the_context(context: dict[str, Any]) -> None:
    """E-40, E-41: context.patientId stays required."""
    error = refusal_of(body_of(context=context, patient="p2"))

    assert isinstance(error, MissingFieldError)
    assert error.expression == "context.patientId"


@pytest.mark.parametrize("value", ["", " ", 5, True, [], {}, "../x", "a b", "x" * 65, "p1\n", "Group/1", "é"])
def test_what_is_no_id_is_no_patient(value: object) -> None:
    """E-41, E-43, GEN-08: the id goes into queries, so only what FHIR allows is taken."""
    error = refusal_of(body_of(context={"patientId": value}))

    assert isinstance(error, InvalidValueError)
    assert error.expression == "context.patientId"


def test_a_reference_to_the_patient_is_taken_for_the_id() -> None:
    """E-42: the prefix is cut off."""
    assert parse(body_of(context={"patientId": "Patient/p1"})).patient_id == "p1"


@pytest.mark.parametrize("value", [MISSING, None, 5, "", "p1", "https://ehr.example.org/Practitioner/1", {}])
def test_the_user_is_not_needed(value: object) -> None:
    """E-44, E-45: no rule asks who is ordering."""
    context = {"patientId": "p1"} if value is MISSING else {"patientId": "p1", "userId": value}

    assert parse(body_of(context=context)).patient_id == "p1"


@pytest.mark.parametrize(
    ("value", "read"),
    [("e1", "e1"), ("Encounter/e1", "e1"), (None, ""), (5, ""), ("", ""), ("a b", ""), (["e1"], "")],
)
def test_an_encounter_is_read_where_there_is_one(value: object, read: str) -> None:
    """E-46: missing, null or no id at all is none."""
    assert parse(body_of(context={"patientId": "p1", "encounterId": value})).encounter_id == read


@pytest.mark.parametrize(
    "server",
    [
        5,
        "",
        "fhir.example.org",
        "Patient/1",
        "//fhir.example.org",
        "ftp://fhir.example.org",
        "file:///etc/passwd",
        "https://",
        "https:///fhir",
        "https://[::1",
        "https://fhir.example.org:port",
        "https://fhir.example.org:99999",
        "https://fhir.example.org/\nx",
        " https://fhir.example.org",
        "https://fhir example.org",
        "https://fhir.example.org/\x00",
    ],
)
def test_a_server_that_is_no_http_url_is_refused(server: object) -> None:
    """E-36: relative, of another scheme, without host, or no URL."""
    error = refusal_of(body_of(fhirServer=server))

    assert isinstance(error, InvalidValueError)
    assert error.expression == "fhirServer"


@pytest.mark.parametrize(
    "server",
    [
        "https://fhir.example.org",
        "https://fhir.example.org/",
        "HTTPS://fhir.example.org/r4",
        "http://127.0.0.1:8000/fhir",
        "http://[::1]:8000/fhir",
    ],
)
def test_a_server_is_kept_as_it_was_named(server: str) -> None:
    """E-37, E-38, E-39: a trailing slash is fine; whether it may be asked is decided elsewhere."""
    assert access_with(None, server) == FhirAccess(server)


@pytest.mark.parametrize(
    "server",
    [
        "https://user:secret@fhir.example.org",
        "https://user@fhir.example.org",
        "https://fhir.example.org/r4?tenant=1",
        "https://fhir.example.org/r4?",
        "https://fhir.example.org/r4#x",
    ],
)
def test_a_server_with_more_than_a_base_is_not_asked(server: str, caplog: pytest.LogCaptureFixture) -> None:
    """E-39: user information, a query or a fragment: the call is answered, and the log says why."""
    assert access_with({"access_token": "t"}, server) is None
    assert "fhirServer" in caplog.text
    assert "example" not in caplog.text


@pytest.mark.parametrize(
    ("authorization", "token"),
    [({"access_token": "t"}, "t"), ({"access_token": 5}, ""), ({}, ""), (["t"], ""), (None, "")],
)
def test_a_server_may_come_with_a_token(authorization: object, token: str) -> None:
    """E-94, REQ-05: subject and scope may be missing; a token of another shape is none."""
    assert access_with(authorization) == FhirAccess(SERVER, token)


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("Bearer", "t"),
        ("bearer", "t"),
        ("BEARER", "t"),
        (None, "t"),
        ("MAC", ""),
        ("", ""),
        (5, ""),
        (["Bearer"], ""),
    ],
)
def test_only_bearer_tokens_are_used(kind: object, token: str) -> None:
    """E-93, REQ-06: in any case; when the type is not told it is taken for that."""
    assert access_with({"access_token": "t", "token_type": kind}) == FhirAccess(SERVER, token)


@pytest.mark.parametrize(
    ("seconds", "access"),
    [
        (300, FhirAccess(SERVER, "t", 300)),
        (0.5, FhirAccess(SERVER, "t", 0.5)),
        (0, FhirAccess(SERVER)),
        (-1, FhirAccess(SERVER)),
        (None, FhirAccess(SERVER, "t")),
        ("300", FhirAccess(SERVER, "t")),
        (True, FhirAccess(SERVER, "t")),
        ([0], FhirAccess(SERVER, "t")),
    ],
)
def test_a_token_is_used_while_it_lives(seconds: object, access: FhirAccess) -> None:
    """E-93: an expired one is not; what is no number says nothing about its life."""
    assert access_with({"access_token": "t", "expires_in": seconds}) == access


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX-Other: 1", "é", "\x00"])
def test_a_token_that_no_header_can_carry_is_none(token: str) -> None:
    """It would break the request to the server, or add a header to it."""
    assert access_with({"access_token": token}) == FhirAccess(SERVER)


@pytest.mark.parametrize("patient", ["p2", "Patient/p2", "", 5, ["p1"]])
def test_a_token_for_another_patient_asks_nobody(patient: object, caplog: pytest.LogCaptureFixture) -> None:
    """E-95, REQ-07: what prefetch brings is all there is, and the log does not name the patients."""
    assert access_with({"access_token": "t", "patient": patient}) is None
    assert "another patient" in caplog.text
    assert "p2" not in caplog.text


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", None])
def test_a_token_for_this_patient_is_used(patient: object) -> None:
    """E-95: in both spellings, and when the token is not bound to a patient."""
    assert access_with({"access_token": "t", "patient": patient}) == FhirAccess(SERVER, "t")


def test_a_token_without_a_server_is_ignored() -> None:
    """E-35, REQ-04: nobody could be asked with it."""
    assert parse(body_of(fhirAuthorization={"access_token": "t"})).access is None


def test_a_token_is_never_shown() -> None:
    """E-110: what is logged or raised with the access in it does not leak the token."""
    assert "t0ken" not in repr(FhirAccess(SERVER, "t0ken"))


def test_nothing_is_logged_about_a_sound_call(caplog: pytest.LogCaptureFixture) -> None:
    """Warnings are for what an integrator should mend."""
    with caplog.at_level(logging.DEBUG):
        parse(body_of(fhirServer=SERVER, fhirAuthorization={"access_token": "t"}, prefetch={"a": None}))

    assert caplog.records == []
