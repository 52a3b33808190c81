"""One error for all that HTTP can do: it says what was tried, where, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from cds_service.sandbox.ehr.wire import EhrError, FhirServer, ask, json_object, refusal

if TYPE_CHECKING:
    import responses

URL = "http://ehr.test/fhir/Patient/1"


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (requests.exceptions.SSLError(), "certificate"),
        (requests.exceptions.ConnectTimeout(), "no answer within 30 seconds"),
        (requests.exceptions.ReadTimeout(), "no answer within 30 seconds"),
        (requests.exceptions.ConnectionError(), "no connection"),
        (requests.exceptions.ChunkedEncodingError(), "broke off"),
    ],
)
def test_a_failure_is_told_with_address_and_reason(
    http: responses.RequestsMock, session: requests.Session, failure: Exception, why: str
) -> None:
    """Whatever keeps an answer away becomes one EhrError that a user can act on."""
    http.get(URL, body=failure)

    with pytest.raises(EhrError, match=f"GET {URL} failed: .*{why}.*Check that the server runs"):
        ask(session, "GET", URL)


@pytest.mark.parametrize("address", ["ehr.test/fhir", "ftp://ehr.test/fhir", "http://", ""])
def test_an_address_that_is_none_is_called_so(session: requests.Session, address: str) -> None:
    """A mistyped base URL is named as the cause, before anything is sent."""
    with pytest.raises(EhrError, match="no http\\(s\\) address"):
        ask(session, "GET", address)


def test_a_body_that_json_does_not_know_is_not_sent(session: requests.Session) -> None:
    """A number that is not one, passed on from a server, is refused here and not on the other side."""
    with pytest.raises(EhrError, match="not JSON"):
        ask(session, "POST", URL, body={"value": float("nan")})


def test_redirects_are_not_followed(http: responses.RequestsMock, session: requests.Session) -> None:
    """A redirect comes back as the answer, and its target is never called."""
    http.get(URL, status=302, headers={"Location": "http://elsewhere.test/"})

    answer = ask(session, "GET", URL)

    assert refusal(answer) == "302 Found: moved to http://elsewhere.test/"
    assert len(http.calls) == 1


@pytest.mark.parametrize("body", ["<html>", "", "[1]", '"text"', "null", "[" * 100_000])
def test_anything_but_a_json_object_is_an_error(
    http: responses.RequestsMock, session: requests.Session, body: str
) -> None:
    """The message names what was expected and the content type that came."""
    http.get(URL, body=body, content_type="text/html")
    answer = ask(session, "GET", URL)

    with pytest.raises(EhrError, match="did not answer with a FHIR resource \\(text/html\\)"):
        json_object(answer, "a FHIR resource")


@pytest.mark.parametrize(
    ("issue", "said"),
    [
        ([{"diagnostics": "key patient is missing"}], "key patient is missing"),
        ([{"details": {"text": "no such service"}, "code": "not-found"}], "no such service"),
        ([{"code": "required"}, {"diagnostics": "second"}], "required; second"),
        ([{"details": "odd"}, "odd"], "no reason given"),
        ("odd", "no reason given"),
        (None, "no reason given"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    http: responses.RequestsMock, session: requests.Session, issue: object, said: str
) -> None:
    """The best text of each issue is shown; a malformed OperationOutcome is no reason to fail."""
    http.get(URL, status=412, json={"resourceType": "OperationOutcome", "issue": issue})

    answer = ask(session, "GET", URL)

    assert refusal(answer) == f"412 Precondition Failed: {said}"


def test_a_status_without_a_name_is_told_as_a_number(
    http: responses.RequestsMock, session: requests.Session
) -> None:
    """A status no standard lists is shown all the same."""
    http.get(URL, status=499, body="<html>")

    answer = ask(session, "GET", URL)

    assert refusal(answer) == "499: no reason given"


def test_a_token_is_not_shown_with_the_server() -> None:
    """The token stays out of what a log or a traceback prints."""
    server = FhirServer("http://ehr.test/fhir", token="very-secret")  # noqa: S106 - invented for this test

    shown = repr(server)

    assert "very-secret" not in shown
    assert server.headers["Authorization"] == "Bearer very-secret"
