"""
Mutated requests: something in them is dropped, nulled, retyped, deepened or duplicated, 10,000 times.

Each is a fixture request with prefetch, changed in its text, so that a member can stand there twice.
The run is the same every time: nothing is drawn from a clock or kept in an example database.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.audit import Audit
from cds_service.cards import Card
from cds_service.sandbox.store import Store
from cds_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cds_service.catalogue import Catalogue

pytestmark = pytest.mark.volume

Json = dict[str, Any]
Prefetched = Callable[[str, Json, Store, dict[str, Json | None]], Json]
Post = Callable[[str, str], httpx2.Response]

ANCHOR = date(2026, 11, 1)
REQUESTS = Path(__file__).parents[1] / "fhir_fixtures" / "low_back_pain" / "requests"
EXAMPLES, MUTATIONS_IN_ALL = 3_600, 10_000
PLANTED = "Quillfeather"
ABOUT_THE_PATIENT = frozenset({"family", "given", "text", "display", "line", "city", "note", "access_token"})
JUNK = (
    '""',
    f'"{PLANTED}"',
    f'"<img src=x onerror=alert(1)>{PLANTED}"',
    f'"{"x" * 500}"',
    f'"2026-13-45{PLANTED}"',
    '"2026"',
    r'"\ud800"',
    r'"\u202e\u0000"',
    "0",
    "-1",
    "1e308",
    "1e999",
    "9" * 5000,
    "true",
    "[]",
    "{}",
    "[null]",
    f'["{PLANTED}"]',
    f'{{"{PLANTED}":1}}',
    '{"coding":"x"}',
    '{"value":"1"}',
    '{"reference":5}',
    '{"resourceType":"Bundle","entry":{}}',
    '{"resourceType":"OperationOutcome","issue":[]}',
)

# A failure is shrunk to few mutations; which part of an example matters is seen from those, without the
# "explain" phase that takes minutes.
settings.register_profile(
    "mutations",
    phases=(Phase.generate, Phase.shrink),
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Place:
    """Where a member of an object, or an item of an array, stands in a JSON text."""

    start: int
    value: int
    end: int
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Edit:
    """What comes instead of a stretch of text."""

    start: int
    end: int
    text: str


class Document:
    """A JSON document as text, with the place of everything in it."""

    def __init__(self, document: object) -> None:
        """Write it down."""
        self._pieces: list[str] = []
        self._length = 0
        self.places: list[Place] = []
        self._write(document)
        self.text = "".join(self._pieces)

    def _put(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    def _write(self, node: object) -> None:
        if isinstance(node, dict):
            self._write_all("{", [(f"{json.dumps(name)}:", value) for name, value in node.items()], "}")
        elif isinstance(node, list):
            self._write_all("[", [("", value) for value in node], "]")
        else:
            self._put(json.dumps(node))

    def _write_all(self, opening: str, members: list[tuple[str, object]], closing: str) -> None:
        self._put(opening)
        for number, (name, value) in enumerate(members, 1):
            start = self._length
            self._put(name)
            value_start = self._length
            self._write(value)
            is_last = number == len(members)
            self.places.append(Place(start, value_start, self._length, number == 1, is_last))
            self._put("" if is_last else ",")
        self._put(closing)


def dropped(_text: str, place: Place, _junk: str) -> Edit:
    """Take a member out, with the comma that it leaves behind."""
    if not place.is_last:
        return Edit(place.start, place.end + 1, "")
    return Edit(place.start - (not place.is_first), place.end, "")


def nulled(_text: str, place: Place, _junk: str) -> Edit:
    """Keep the name and lose the value."""
    return Edit(place.value, place.end, "null")


def retyped(_text: str, place: Place, junk: str) -> Edit:
    """Put something else in the place of the value."""
    return Edit(place.value, place.end, junk)


def deepened(text: str, place: Place, _junk: str, *, opening: str, closing: str, levels: int) -> Edit:
    """Wrap the value in arrays or objects."""
    value = text[place.value : place.end]
    return Edit(place.value, place.end, opening * levels + value + closing * levels)


def repeated(text: str, place: Place, _junk: str) -> Edit:
    """Let a member stand there twice."""
    return Edit(place.end, place.end, f",{text[place.start : place.end]}")


def contradicted(text: str, place: Place, junk: str) -> Edit:
    """Let a name stand there twice, with another value the second time."""
    return Edit(place.end, place.end, f",{text[place.start : place.value]}{junk}")


WRAPPED = [
    partial(deepened, opening=opening, closing=closing, levels=levels)
    for opening, closing in (("[", "]"), ('{"x":', "}"))
    for levels in (1, 2, 70, 5000)
]
WAYS = [*[dropped, nulled, retyped, repeated, contradicted] * 4, *WRAPPED]


@dataclass(frozen=True)
class Mutation:
    """One change: how, where (counted round all places), with which junk; `near`: outside of prefetch."""

    how: Callable[[str, Place, str], Edit]
    where: int
    near: bool
    junk: str


MUTATIONS = st.builds(
    Mutation,
    how=st.sampled_from(WAYS),
    where=st.integers(0, 2**16),
    near=st.sampled_from([True, *[False] * 5]),
    junk=st.sampled_from(JUNK),
)


class Call:
    """A valid call of one service, and how it is answered before anything was spoiled."""

    def __init__(self, service_id: str, body: Json, post: Post) -> None:
        """Make the call once."""
        document = Document(body)
        self.service_id = service_id
        self.text = document.text
        self.places = document.places
        prefetch = document.text.index('"prefetch":')
        self.near = [place for place in document.places if place.start <= prefetch]
        self.answer = post(service_id, self.text)
        assert self.answer.status_code == 200, "a call that is to be mutated must be valid"

    def __repr__(self) -> str:
        """Return the service: a failing test prints every call."""
        return self.service_id

    def mutated(self, mutations: list[Mutation]) -> str:
        """Return the text with all mutations, but of two that touch each other only the later in the text."""
        text, untouched = self.text, len(self.text)
        for edit in sorted(map(self._edit, mutations), key=lambda edit: edit.start, reverse=True):
            if edit.end <= untouched:
                text = text[: edit.start] + edit.text + text[edit.end :]
                untouched = edit.start
        return text

    def _edit(self, mutation: Mutation) -> Edit:
        places = self.near if mutation.near else self.places
        return mutation.how(self.text, places[mutation.where % len(places)], mutation.junk)


def with_plants(node: object, patient: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a copy whose names, texts and patient id hold a word that no message of ours has."""
    if isinstance(node, dict):
        return {
            name: f"{value} {PLANTED}"
            if name in ABOUT_THE_PATIENT and isinstance(value, str)
            else with_plants(value, patient)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [with_plants(value, patient) for value in node]
    renamed = {patient: f"{PLANTED}-1", f"Patient/{patient}": f"Patient/{PLANTED}-1"}
    return renamed.get(node, node) if isinstance(node, str) else node


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the audit lines of this module go."""
    return tmp_path_factory.mktemp("audit") / "trail"


@pytest.fixture(scope="module")
def post(catalogue: Catalogue, trail: Path) -> Iterator[Post]:
    """Return what posts a text to a service of this process; an error that the app lets through is raised."""
    app = create_app(catalogue, Settings(), clock=lambda _zone: ANCHOR, audit=Audit(f"file:{trail}"))
    transport = httpx2.ASGITransport(app)
    with asyncio.Runner() as runner:
        client = httpx2.AsyncClient(
            transport=transport, base_url="http://cds.example", headers={"Content-Type": "application/json"}
        )
        yield lambda service_id, text: runner.run(
            client.post(f"/cds-services/{service_id}", content=text.encode())
        )
        runner.run(client.aclose())


@pytest.fixture(scope="module")
def calls(catalogue: Catalogue, prefetched: Prefetched, store: Store, post: Post) -> list[Call]:
    """Return each fixture request, prefetch and all, to the services that answer it with cards."""
    made = []
    for path in sorted(REQUESTS.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Json | None] = {}
        for service_id in [name for name, entry in catalogue.entries.items() if entry.hook == body["hook"]]:
            prefetch = prefetched(service_id, body["context"], store, known)
            access = {"fhirServer": f"https://{PLANTED}.example/fhir"}
            whole = with_plants({**body, **access, "prefetch": prefetch}, body["context"]["patientId"])
            made.append(Call(service_id, whole, post))
    return [call for call in made if call.answer.json()["cards"]]


def empty_members(node: object, path: str = "") -> Iterator[str]:
    """Yield where a JSON document holds null or something empty."""
    if node is None or node in ("", [], {}):
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from empty_members(value, f"{path}.{key}")


def check_cards(answer: Json) -> None:
    """Hold a successful answer to our own models of CDS Hooks 2.0.1."""
    assert [path for path in empty_members(answer) if path != ".cards"] == []
    for card in answer["cards"]:
        assert Card.model_validate_json(json.dumps(card), strict=True).wire() == card
        assert "<img" not in card["summary"] + card["detail"]


def check_refusal(response: httpx2.Response) -> None:
    """Hold an error to what it may say: an OperationOutcome with nothing of the patient in it."""
    OperationOutcome.model_validate_json(response.text)
    assert PLANTED.lower() not in response.text.lower()


def check(response: httpx2.Response) -> None:
    """Hold any answer to what it must be; a server's error is never one."""
    assert response.status_code in {200, 400, 412}
    if response.status_code == 200:
        check_cards(response.json())
    else:
        check_refusal(response)


def test_mutated_requests_are_answered_and_valid_ones_afterwards_as_before(
    calls: list[Call], post: Post
) -> None:
    """Cards that keep the specification, or an OperationOutcome without patient data; never a 500."""
    tried: dict[str, int] = {}

    @settings(settings.get_profile("mutations"))
    @given(st.integers(0, 2**16), st.lists(MUTATIONS, min_size=1, max_size=6))
    def mutate(which: int, mutations: list[Mutation]) -> None:
        call = calls[which % len(calls)]
        text = call.mutated(mutations)
        tried[text] = len(mutations)
        check(post(call.service_id, text))

    mutate()

    assert sum(tried.values()) >= MUTATIONS_IN_ALL
    for call in calls:
        assert post(call.service_id, call.text).content == call.answer.content


def test_the_audit_trail_holds_nothing_of_what_was_mutated(calls: list[Call], trail: Path) -> None:
    """Whatever stood where, no line about a call repeats what is about the patient."""
    lines = trail.read_text(encoding="utf-8")

    assert len(lines.splitlines()) >= len(calls)
    assert PLANTED.lower() not in lines.lower()
