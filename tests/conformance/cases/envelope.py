"""E-28 to E-40: the members of a call. What each row sends is told in edge_cases.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.cases.registry import case
from tests.conformance.ehrs import TOKEN
from tests.conformance.house import IMAGING, MISSING
from tests.conformance.phrases import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.house import House
    from tests.conformance.wire import Answered

    Json = dict[str, Any]

_STRANGERS = (
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/fhir",
    "https://10.1.2.3/fhir",
    "https://192.168.0.1/fhir",
    "https://[fe80::1]/fhir",
    "https://metadata.google.internal/fhir",
    "https://2130706433.example.org/fhir",
)


def with_server(body: Json, server: str, token: str = TOKEN, **granted: object) -> Json:
    """Return a body with a FHIR server and a token for it; `granted` differs, MISSING leaves out."""
    authorization = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "lbp-cds",
        "patient": body["context"]["patientId"],
        **granted,
    }
    kept = {name: value for name, value in authorization.items() if value is not MISSING}
    return {**body, "fhirServer": server, "fhirAuthorization": kept}


def _bare(house: House) -> Json:
    body = house.body()
    del body["prefetch"]
    return body


def _sent(house: House, place: str, *values: object) -> Iterator[Answered]:
    for body in house.varied(place, *values):
        yield house.open.call(body)


@case("E-28a")
def _no_hook(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hook", MISSING, None)


@case("E-28b")
def _odd_hook(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hook", 5, "", " ", [SECRET])


@case("E-29a")
def _no_instance(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hookInstance", MISSING, None)


@case("E-29b")
def _empty_instance(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hookInstance", "", "\t")


@case("E-30a")
def _no_uuid(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hookInstance", SECRET, "1", "x" * 10_000)


@case("E-30b")
def _uuid_in_other_forms(house: House) -> Iterator[Answered]:
    uuid = str(house.body()["hookInstance"])
    yield from _sent(house, "hookInstance", uuid.upper(), f"{{{uuid}}}", f"urn:uuid:{uuid}")


@case("E-31")
def _other_hook(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hook", "order-sign", "patient-view")


@case("E-32")
def _unknown_hook(house: House) -> Iterator[Answered]:
    yield from _sent(house, "hook", "Order-Select", SECRET, "order-select ")


@case("E-33")
def _no_context(house: House) -> Iterator[Answered]:
    yield from _sent(house, "context", MISSING, None, [], [SECRET], {})


@case("E-34a")
def _empty_prefetch(house: House) -> Iterator[Answered]:
    yield from _sent(house, "prefetch", MISSING, None, {})


@case("E-34b")
def _odd_prefetch(house: House) -> Iterator[Answered]:
    yield from _sent(house, "prefetch", [], "x", 5, [SECRET])


@case("E-35a")
def _token_without_server(house: House) -> Iterator[Answered]:
    body = with_server(house.body(), "")
    del body["fhirServer"]
    yield house.open.call(body)


@case("E-35b")
def _only_a_token(house: House) -> Iterator[Answered]:
    body = with_server(_bare(house), "")
    del body["fhirServer"]
    yield house.open.call(body)


@case("E-36")
def _no_url(house: House) -> Iterator[Answered]:
    for server in ("fhir", "/fhir", "ftp://ehr.example.org", "file:///etc/passwd", SECRET, "https://", ""):
        yield house.open.call(with_server(_bare(house), server))


def _strangers(body: Json, house: House, *servers: str) -> Iterator[Answered]:
    for server in servers:
        yield house.open.call(with_server(body, server))


@case("E-37a")
def _http_elsewhere(house: House) -> Iterator[Answered]:
    yield from _strangers(house.body(), house, "http://ehr.example.org/fhir")


@case("E-37b")
def _only_http_elsewhere(house: House) -> Iterator[Answered]:
    yield from _strangers(_bare(house), house, "http://ehr.example.org/fhir")


@case("E-38a")
def _internal(house: House) -> Iterator[Answered]:
    yield from _strangers(house.body(), house, *_STRANGERS)


@case("E-38b")
def _only_internal(house: House) -> Iterator[Answered]:
    yield from _strangers(_bare(house), house, *_STRANGERS)


@case("E-38c")
def _loopback_not_listed(house: House) -> Iterator[Answered]:
    for server in (house.ehr("sandbox").url, "https://localhost/fhir", "https://[::1]/fhir"):
        yield house.narrow.call(with_server(_bare(house), server))


@case("E-39a")
def _server_with_slash(house: House) -> Iterator[Answered]:
    yield house.open.call(with_server(_bare(house), f"{house.ehr('sandbox').url}/"))


@case("E-39b")
def _server_with_more(house: House) -> Iterator[Answered]:
    url = house.ehr("sandbox").url
    for server in (f"{url}?x=1", f"{url}/#x", url.replace("//", "//user:secret@")):
        yield house.open.call(with_server(_bare(house), server))


@case("E-40a")
def _old_members(house: House) -> Iterator[Answered]:
    yield house.open.call({**house.body(), "user": "Practitioner/other", "patient": "other"})


@case("E-40b")
def _only_old_members(house: House) -> Iterator[Answered]:
    for body in house.varied("context.patientId", MISSING, None):
        yield house.open.call({**body, "user": "Practitioner/other", "patient": "plain-acute"}, IMAGING)
