"""Which FHIR servers are on the list: spellings of one place are equal, tricks and neighbours are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.allow_list import LOOPBACK, AllowList
from cds_service.base_url import base_url, place_of

LISTED = AllowList(
    ["https://ehr.example.org/fhir", "https://müller.example:8443", "https://[2001:db8::1]/r4"]
)


@pytest.mark.parametrize(
    "server",
    [
        "https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir/",
        "https://ehr.example.org/fhir/r4",
        "https://EHR.Example.ORG/fhir",
        "HTTPS://ehr.example.org/fhir",
        "https://ehr.example.org./fhir",
        "https://ehr.example.org:443/fhir",
        "https://müller.example:8443/any/where",
        "https://MÜLLER.example:8443",
        "https://xn--mller-kva.example:8443/fhir",
        "https://[2001:db8::1]/r4",
        "https://[2001:0DB8:0:0::0:1]:443/r4/x",
    ],
)
def test_a_listed_server_is_allowed_however_it_is_spelled(server: str) -> None:
    """E-39: case, default port, final dot and slash, IDNA and IPv6 forms do not matter; below is allowed."""
    assert LISTED.allows(server)


@pytest.mark.parametrize(
    "server",
    [
        "",
        "ehr.example.org/fhir",
        "/fhir",
        "ftp://ehr.example.org/fhir",
        "file:///fhir",
        "http://ehr.example.org/fhir",
        "http://ehr.example.org:443/fhir",
        "https://ehr.example.org",
        "https://ehr.example.org/",
        "https://ehr.example.org/fhirx",
        "https://ehr.example.org/FHIR",
        "https://ehr.example.org/x/fhir",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org:0443443/fhir",
        "https://ehr.example.org:/fhir",
        "https://ehr.example.org:٤٤٣/fhir",
        "https://ehr.example.org.evil.example/fhir",
        "https://evil.example/fhir",
        "https://evil.example/https://ehr.example.org/fhir",
        "https://ehr.example.org../fhir",
        "https://.ehr.example.org/fhir",
        "https://ehr.example.org/fhir/../admin",
        "https://ehr.example.org/x/../fhir",
        "https://ehr.example.org/fhir/./r4",
        "https://ehr.example.org/fhir/%2e%2e/admin",
        "https://ehr.example.org/fhir/%2E%2E%2Fadmin",
        "https://ehr.example.org/fhir/..;/admin",
        "https://ehr.example.org/fhir;x=1",
        "https://ehr.example.org/fhir//r4",
        "https://ehr.example.org//fhir",
        "https://ehr.example.org/fhir\\..\\admin",
        "https://ehr.example.org\\@evil.example/fhir",
        "https://ehr.example.org@evil.example/fhir",
        "https://user:secret@ehr.example.org/fhir",
        "https://@ehr.example.org/fhir",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir?",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org/fhir#",
        "https://ehr.example.org/fhir ",
        " https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir\n",
        "https://ehr.exam\tple.org/fhir",
        "https://ehr.example.org\x00/fhir",
        "https://ehr.example.org/fhir\u200b",
        "https://ehr%2eexample.org/fhir",
        "https:ehr.example.org/fhir",
        "https:/ehr.example.org/fhir",
        "https:///ehr.example.org/fhir",
        "//ehr.example.org/fhir",
        "https://[2001:db8::1%25eth0]/r4",
        "https://2001:db8::1/r4",
        "https://ehr.example.org/fhir/" + "x" * 3000,
    ],
)
def test_nothing_else_is_allowed(server: str) -> None:
    """E-36..39: neighbours, other schemes and ports, and every text that two parsers may read differently."""
    assert not LISTED.allows(server)


@pytest.mark.parametrize(
    "server",
    [
        "http://localhost:8000/fhir",
        "http://LOCALHOST",
        "http://127.0.0.1:8000/fhir",
        "https://127.8.9.10",
        "http://[::1]:8000/fhir",
        "http://[0:0:0:0:0:0:0:1]/fhir",
    ],
)
def test_loopback_allows_this_machine(server: str) -> None:
    """E-38: without a list only loopback servers are asked, by http or https, on any port."""
    assert LOOPBACK.allows(server)


@pytest.mark.parametrize(
    "server",
    [
        "http://10.0.0.1/fhir",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/fhir",
        "http://[::]/fhir",
        "http://[fe80::1]/fhir",
        "http://[::ffff:10.0.0.1]/fhir",
        "http://127.1/fhir",
        "http://2130706433/fhir",
        "http://0x7f.0.0.1/fhir",
        "http://0177.0.0.1/fhir",
        "http://localhost.example.org/fhir",
        "http://127.0.0.1.example.org/fhir",
        "http://ehr.localhost/fhir",
        "http://localhost@10.0.0.1/fhir",
        "https://ehr.example.org/fhir",
    ],
)
def test_loopback_allows_nothing_else(server: str) -> None:
    """E-38: no other machine, no metadata address, and no loopback address in disguise."""
    assert not LOOPBACK.allows(server)


def test_a_loopback_server_may_be_listed_with_http() -> None:
    """What does not leave this machine needs no TLS."""
    assert AllowList(["http://127.0.0.1:8000/fhir"]).allows("http://127.0.0.1:8000/fhir")
    assert not AllowList(["http://127.0.0.1:8000/fhir"]).allows("http://127.0.0.1:8001/fhir")


def test_an_empty_list_allows_nobody() -> None:
    """Only what is written down is allowed."""
    assert not AllowList([]).allows("https://ehr.example.org/fhir")
    assert not AllowList([]).allows("http://127.0.0.1/fhir")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("ehr.example.org", "write an absolute URL"),
        ("ftp://ehr.example.org", "write an absolute URL"),
        ("https:///fhir", "write an absolute URL"),
        ("https://secret@ehr.example.org", "without user name"),
        ("https://ehr.example.org?secret", "without user name, query"),
        ("https://ehr.example.org#secret", "without user name, query, fragment"),
        ("https://ehr.example.org/../secret", "write an absolute URL"),
        ("http://ehr.example.org/secret", "write https"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_with_a_remedy(entry: str, said: str) -> None:
    """The message says which entry and what to write; it does not repeat what may hold a password."""
    with pytest.raises(ValueError, match=said) as refused:
        AllowList(["https://ehr.example.org/fhir", entry])

    assert "server 2" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "segments"),
    [
        ("https://ehr.example.org/fhir?page=2&code=a|b%20c", ("fhir",)),
        ("https://ehr.example.org/fhir/Condition?x=https://evil.example/../", ("fhir", "Condition")),
    ],
)
def test_a_place_is_told_without_its_query(url: str, segments: tuple[str, ...]) -> None:
    """What a query holds does not change where a URL leads."""
    place = place_of(url)

    assert place is not None
    assert (place.host, place.segments) == ("ehr.example.org", segments)


@pytest.mark.parametrize("query", ["a#b", "a b", "a\nb", "ä", "\x00"])
def test_a_query_that_is_not_plain_makes_no_place(query: str) -> None:
    """It is sent as it is, so it must be what every parser takes."""
    assert place_of(f"https://ehr.example.org/fhir?{query}") is None


@given(st.text(max_size=60) | st.from_regex(r"https?://[^ ]{1,40}", fullmatch=True))
def test_parsing_never_raises_and_is_its_own_inverse(text: str) -> None:
    """Whatever text arrives; and what parses is the same when written down plainly and read again."""
    place = base_url(text)

    if place is not None:
        assert base_url(str(place)) == place
        assert base_url(f"{place}/") == place
