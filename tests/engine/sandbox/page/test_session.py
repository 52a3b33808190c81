"""What the server remembers of a browser, and how much at most."""

from __future__ import annotations

from cds_service.sandbox.page.session import MOST_DESKS, MOST_SESSIONS, Connection, Desk, Session, Sessions

HOME = Connection("http://127.0.0.1:1", "http://127.0.0.1:1/fhir")


def test_a_cookie_finds_its_session() -> None:
    """Two browsers never share one."""
    sessions = Sessions(HOME)
    cookie, session = sessions.find("")

    assert sessions.find(cookie) == (cookie, session)
    assert sessions.find("")[1] is not session


def test_a_cookie_that_the_server_did_not_make_is_replaced() -> None:
    """Else somebody could choose another person's session in advance."""
    cookie, _ = Sessions(HOME).find("chosen")

    assert cookie != "chosen"
    assert len(cookie) >= 32


def test_the_least_recently_used_session_is_forgotten() -> None:
    """The memory is bounded whoever calls how often."""
    sessions = Sessions(HOME)
    cookies = [sessions.find("")[0] for _ in range(MOST_SESSIONS)]
    sessions.find(cookies[0])
    sessions.find("")

    assert sessions.find(cookies[0])[0] == cookies[0]
    assert sessions.find(cookies[1])[0] != cookies[1]


def test_the_least_recently_used_patient_of_a_session_is_forgotten() -> None:
    """So is the work on many patients."""
    session = Session(HOME)
    for number in range(MOST_DESKS + 1):
        session.keep(Desk(f"p{number}", made=7))

    assert session.desk("p0").made == 0
    assert session.desk(f"p{MOST_DESKS}").made == 7


def test_other_servers_mean_an_empty_desk() -> None:
    """An order for a patient of one EHR is none for the patient with the same id of another."""
    session = Session(HOME)
    session.keep(Desk("p", made=1))
    session.reconnect(HOME)

    assert session.desk("p") == Desk("p")


def test_tokens_are_in_no_representation() -> None:
    """A log line with a connection in it gives nothing away."""
    connection = Connection("http://a", "http://b", service_token="s3cret", fhir_token="s3cret")  # noqa: S106

    assert "s3cret" not in repr(connection)
