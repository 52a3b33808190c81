"""The registry: what an operator may write, and that every slip of the pen refuses to start."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from cds_service.clients import OPEN, Client, ClientsError, load_clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_service.catalogue import Catalogue

pytestmark = pytest.mark.trust

PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
PRIVATE = ec.generate_private_key(ec.SECP384R1())
PUBLIC_JWK = {**ECAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True), "kid": "k"}
PRIVATE_JWK = {**ECAlgorithm.to_jwk(PRIVATE, as_dict=True), "kid": "k"}

OFF = ("lbp-imaging", "lbp-opioids", "opioid-dose")
ISSUER = 'issuer = "https://ehr.example.org"'
JWKS = 'jwks_url = "https://ehr.example.org/keys"'


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[Client, ...]]:
    """Return what loads a registry of one client, `mercy`, or of the text given as it is."""

    def loaded(*lines: str, text: str = "") -> tuple[Client, ...]:
        path = tmp_path / "clients.toml"
        path.write_text(text or "\n".join(["[clients.mercy]", *lines]), encoding="utf-8")
        return load_clients(path, known_off=OFF)

    return loaded


def _key_file(folder: Path, *keys: dict[str, Any]) -> str:
    (folder / "keys.json").write_bytes(msgspec.json.encode({"keys": keys}))
    return 'jwks_file = "keys.json"'


# ── what may be written ───────────────────────────────────────────────────────────────────────────


def test_two_lines_are_enough(load: Callable[..., tuple[Client, ...]]) -> None:
    """The defaults are those of CDS Hooks, and ask no FHIR server."""
    (client,) = load(ISSUER, JWKS)

    assert (client.name, client.issuer) == ("mercy", "https://ehr.example.org")
    assert client.jwks_url == "https://ehr.example.org/keys"
    assert client.algorithms == ("ES384", "RS384")
    assert (client.audiences, client.tenants, client.cors_origins) == ((), frozenset(), ())
    assert (client.selection_behavior, client.time_zone, client.site_codes) == ("any", UTC, "")
    assert (client.off, client.reuse_tokens) == (frozenset(), False)
    assert not client.fhir_servers.allows("http://127.0.0.1:8080/fhir")


def test_everything_can_be_set(load: Callable[..., tuple[Client, ...]], tmp_path: Path) -> None:
    """Each key reaches its field; paths are relative to the file."""
    (tmp_path / "codes").mkdir()
    (client,) = load(
        ISSUER,
        _key_file(tmp_path, PUBLIC_JWK),
        'algorithms = ["ES384"]',
        'audiences = ["https://cds.example.org/lumbar/"]',
        'tenants = ["north"]',
        'fhir_servers = ["https://ehr.example.org/fhir"]',
        'cors_origins = ["https://ehr.example.org:8443"]',
        'selection_behavior = "at-most-one"',
        'time_zone = "Europe/Berlin"',
        'site_codes = "codes"',
        'off = ["lbp-opioids", "opioid-dose"]',
        "reuse_tokens = true",
    )

    assert (client.jwks_url, client.algorithms) == ("", ("ES384",))
    assert client.keys.find("k", "ES384") is not None
    assert client.audiences == ("https://cds.example.org/lumbar",)
    assert client.tenants == {"north"}
    assert client.fhir_servers.allows("https://ehr.example.org/fhir")
    assert not client.fhir_servers.allows("https://ehr.example.org/other")
    assert client.cors_origins == ("https://ehr.example.org:8443",)
    assert (client.selection_behavior, client.time_zone) == ("at-most-one", ZoneInfo("Europe/Berlin"))
    assert client.site_codes == str(tmp_path / "codes")
    assert client.off == {"lbp-opioids", "opioid-dose"}
    assert client.reuse_tokens


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_needs_no_tls(load: Callable[..., tuple[Client, ...]], host: str) -> None:
    """JWT-19: http is for trying it out on one machine."""
    base = f"http://{host}:8080"
    (client,) = load(
        ISSUER, f'jwks_url = "{base}/keys"', f'audiences = ["{base}"]', f'fhir_servers = ["{base}/fhir"]'
    )

    assert client.jwks_url == f"{base}/keys"


def test_clients_keep_the_order_of_the_file(load: Callable[..., tuple[Client, ...]]) -> None:
    """And their own values."""
    second = '[clients.second]\nissuer = "urn:second"\n' + JWKS

    assert [client.name for client in load(text=f"[clients.first]\n{ISSUER}\n{JWKS}\n{second}")] == [
        "first",
        "second",
    ]


def test_nobody_is_asked_without_a_registry() -> None:
    """The open client may read FHIR servers on this machine, and no others."""
    assert OPEN.name == "open"
    assert OPEN.fhir_servers.allows("http://127.0.0.1:8080/fhir")
    assert not OPEN.fhir_servers.allows("https://ehr.example.org/fhir")


# ── what refuses to start ─────────────────────────────────────────────────────────────────────────

WRONG = [
    ("jwks_uri", 'jwks_uri = "https://ehr.example.org/keys"', "unknown key: known are issuer, jwks_url"),
    ("algorithms", "algorithms = []", "empty: name at least one"),
    ("algorithms[1]", 'algorithms = ["ES384", "HS256"]', "Input should be 'ES384', 'RS384'"),
    ("algorithms[0]", 'algorithms = ["none"]', "Input should be 'ES384', 'RS384'"),
    ("algorithms[0]", 'algorithms = ["ES512"]', "Input should be 'ES384', 'RS384'"),
    ("algorithms[0]", 'algorithms = ["es384"]', "Input should be 'ES384', 'RS384'"),
    ("algorithms", 'algorithms = "ES384"', "Input should be a valid tuple"),
    ("audiences[0]", 'audiences = ["http://cds.example.org"]', "write https"),
    ("audiences[0]", 'audiences = ["cds.example.org"]', "write https://host/path"),
    ("audiences[0]", 'audiences = ["https://cds.example.org?x=1"]', "write https://host/path"),
    ("tenants[0]", 'tenants = [""]', "empty"),
    ("fhir_servers", 'fhir_servers = ["http://ehr.example.org/fhir"]', "FHIR server 1 of the list"),
    ("fhir_servers", 'fhir_servers = ["https://e.example.org", "ftp://x"]', "FHIR server 2 of the list"),
    ("fhir_servers", 'fhir_servers = "https://ehr.example.org/fhir"', "write the base URLs in brackets"),
    ("fhir_servers", "fhir_servers = [1]", "write the base URLs in brackets"),
    ("cors_origins[0]", 'cors_origins = ["*"]', "write https://host"),
    ("cors_origins[0]", 'cors_origins = ["https://ehr.example.org/"]', "write https://host"),
    ("cors_origins[0]", 'cors_origins = ["https://ehr.example.org/x"]', "write https://host"),
    ("cors_origins[0]", 'cors_origins = ["https://EHR.example.org"]', "in lower case"),
    ("cors_origins[0]", 'cors_origins = ["http://ehr.example.org"]', "write https"),
    ("selection_behavior", 'selection_behavior = "all"', "Input should be 'any' or 'at-most-one'"),
    ("time_zone", 'time_zone = "Chicago"', "write a name such as America/Chicago"),
    ("time_zone", 'time_zone = "../UTC"', "write a name such as America/Chicago"),
    ("time_zone", 'time_zone = ""', "write a name such as America/Chicago"),
    ("site_codes", 'site_codes = "missing"', "name one with ConceptMaps"),
    ("site_codes", 'site_codes = ""', "name one with ConceptMaps"),
    ("off", 'off = ["lbp-opoids"]', "known are lbp-imaging, lbp-opioids, opioid-dose"),
    ("reuse_tokens", 'reuse_tokens = "yes"', "Input should be a valid boolean"),
    ("reuse_tokens", "reuse_tokens = 1", "Input should be a valid boolean"),
]


@pytest.mark.parametrize(("key", "line", "remedy"), WRONG)
def test_a_wrong_value_names_client_key_and_remedy(
    load: Callable[..., tuple[Client, ...]], key: str, line: str, remedy: str
) -> None:
    """JWT-05, JWT-19: and only that one."""
    with pytest.raises(ClientsError) as caught:
        load(ISSUER, JWKS, line)

    place, _, said = str(caught.value).partition(f"clients.toml: clients.mercy.{key}: ")
    assert place.endswith("/")
    assert remedy in said
    assert "clients.toml" not in said


@pytest.mark.parametrize(
    ("issuer", "remedy"),
    [('""', "empty"), ('"https://ehr example"', "spaces"), ('"a\\nb"', "control"), ("7", "valid string")],
)
def test_a_wrong_issuer_refuses(load: Callable[..., tuple[Client, ...]], issuer: str, remedy: str) -> None:
    """JWT-09: it is compared with tokens as written, so nothing invisible may be in it."""
    with pytest.raises(ClientsError, match=rf"clients\.mercy\.issuer: .*{remedy}"):
        load(f"issuer = {issuer}", JWKS)


def test_a_client_without_issuer_refuses(load: Callable[..., tuple[Client, ...]]) -> None:
    """JWT-09: nobody could be recognised by it."""
    with pytest.raises(ClientsError, match=r"clients\.mercy\.issuer: missing: add it"):
        load(JWKS)


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example.org/keys",
        "https://user@ehr.example.org/keys",
        "https://ehr.example.org/keys#x",
        "file:///etc/keys",
        "//ehr.example.org/keys",
        "https:///keys",
        "",
    ],
)
def test_keys_come_by_a_safe_way(load: Callable[..., tuple[Client, ...]], url: str) -> None:
    """JWT-19: https, or this machine; no other scheme, no user name."""
    with pytest.raises(ClientsError, match=r"clients\.mercy\.jwks_url: .*write https"):
        load(ISSUER, f'jwks_url = "{url}"')


@pytest.mark.parametrize("lines", [[], [JWKS, 'jwks_file = "keys.json"']])
def test_keys_come_from_one_place(
    load: Callable[..., tuple[Client, ...]], tmp_path: Path, lines: list[str]
) -> None:
    """JWT-10: published or handed over, not both and not neither."""
    _key_file(tmp_path, PUBLIC_JWK)

    with pytest.raises(ClientsError, match=r"clients\.mercy: .*write jwks_url or jwks_file"):
        load(ISSUER, *lines)


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"", "write a JSON Web Key Set"),
        (b"-----BEGIN PUBLIC KEY-----", "write a JSON Web Key Set"),
        (msgspec.json.encode(PUBLIC_JWK), "write a JSON Web Key Set"),
        (msgspec.json.encode({"keys": [PUBLIC_JWK, PRIVATE_JWK]}), "holds a private key"),
        (msgspec.json.encode({"keys": [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}]}), "holds a private key"),
        (msgspec.json.encode({"keys": []}), "has no key with a kid for the algorithms"),
        (msgspec.json.encode({"keys": [{**PUBLIC_JWK, "use": "enc"}]}), "has no key with a kid"),
        (msgspec.json.encode({"keys": [{**PUBLIC_JWK, "alg": "ES256"}]}), "has no key with a kid"),
    ],
)
def test_a_key_file_must_hold_public_keys_that_are_used(
    load: Callable[..., tuple[Client, ...]], tmp_path: Path, content: bytes, remedy: str
) -> None:
    """JWT-10, JWT-19: a private key in it has leaked already; the message repeats none of it."""
    (tmp_path / "keys.json").write_bytes(content)

    with pytest.raises(ClientsError) as caught:
        load(ISSUER, 'jwks_file = "keys.json"')

    assert remedy in str(caught.value)
    assert PRIVATE_JWK["d"] not in str(caught.value)


@pytest.mark.parametrize("value", ['"missing.json"', '""', "7"])
def test_a_key_file_must_be_there(load: Callable[..., tuple[Client, ...]], value: str) -> None:
    """JWT-10: the message says where it is looked for."""
    with pytest.raises(ClientsError, match=r"clients\.mercy\.jwks_file: .*relative to this"):
        load(ISSUER, f"jwks_file = {value}")


def test_two_clients_of_one_issuer_refuse(load: Callable[..., tuple[Client, ...]]) -> None:
    """JWT-09: the issuer decides which client it is."""
    both = "".join(f"[clients.{name}]\n{ISSUER}\n{JWKS}\n" for name in ("first", "second"))

    with pytest.raises(ClientsError, match=r"clients first, second have one issuer: .*merge them"):
        load(text=both)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("# nobody", r"clients: missing: add it"),
        ("[clients]", r"clients: empty: name at least one"),
        ("[client.mercy]\n" + ISSUER, r"client: unknown key: known are \[clients.NAME\] tables"),
        ("[clients.Mercy]\n" + ISSUER + "\n" + JWKS, r"clients\.Mercy: no name: write up to 40 lower case"),
        ("[clients.open]\n" + ISSUER + "\n" + JWKS, r"clients\.open: .*choose another name"),
        ("[clients.mercy", r"is no TOML in UTF-8: "),
    ],
)
def test_a_registry_that_names_nobody_refuses(
    load: Callable[..., tuple[Client, ...]], text: str, remedy: str
) -> None:
    """JWT-01: an empty or broken file never opens the service to everyone."""
    with pytest.raises(ClientsError, match=rf"clients\.toml: {remedy}"):
        load(text=text)


def test_a_file_that_cannot_be_read_refuses(tmp_path: Path) -> None:
    """JWT-01: also when the path is a folder, or the file is in another encoding."""
    (tmp_path / "latin").write_bytes(b'[clients.mercy]\nissuer = "\xe9"')

    for path, remedy in (("none", "CDS_CLIENTS"), ("", "CDS_CLIENTS"), ("latin", "UTF-8")):
        with pytest.raises(ClientsError, match=remedy):
            load_clients(tmp_path / path, known_off=OFF)


def test_every_problem_is_told_at_once(load: Callable[..., tuple[Client, ...]]) -> None:
    """An operator mends the file once."""
    with pytest.raises(ClientsError) as caught:
        load('time_zone = "x"', 'off = ["y"]')

    told = re.findall(r"clients\.mercy\.(\w+):", str(caught.value))
    assert told == ["issuer", "time_zone", "off"]


# ── the page for integrators ──────────────────────────────────────────────────────────────────────


def test_the_examples_of_the_page_load(tmp_path: Path, catalogue: Catalogue) -> None:
    """docs/integrators.md: both as one registry, with the service groups that there are."""
    (tmp_path / "clients.toml").write_text("\n".join(EXAMPLES), encoding="utf-8")
    (tmp_path / "mercy-codes").mkdir()
    groups = {entry.service.group for entry in catalogue.entries.values()}

    epic, sandbox = load_clients(tmp_path / "clients.toml", known_off=groups)

    assert (epic.name, epic.algorithms, len(epic.tenants)) == ("mercy-epic", ("RS384",), 2)
    assert (sandbox.issuer, sandbox.algorithms) == ("https://sandbox.cds-hooks.org", ("ES384",))


def test_the_page_describes_every_key() -> None:
    """docs/integrators.md: one row of the table for each."""
    table = PAGE.partition("## Keys of the table")[2].partition("##")[0]
    written = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    fields = set(get_type_hints(Client)) - {"name", "keys"}

    assert written == fields | {"jwks_file"}
