"""One moment at the simulated EHR: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cds_service.sandbox.ehr import FireOptions, run_fire

if TYPE_CHECKING:
    import responses

BASE = "http://cds.test"
FHIR = "http://ehr.test/fhir"
PATIENT = {"resourceType": "Patient", "id": "1", "name": [{"given": ["Ann", "B"], "family": "Lee"}]}
BUTTON = {
    "label": "Remove the MRI",
    "uuid": "s-1",
    "actions": [{"type": "delete", "description": "Remove", "resourceId": "ServiceRequest/draft-1"}],
}
CARD = {
    "uuid": "card-1",
    "summary": "No red flag recorded",
    "indicator": "warning",
    "source": {"label": "LBP"},
    "suggestions": [BUTTON],
}
URGENT = {"summary": "Cauda equina?", "indicator": "critical", "source": {"label": "LBP"}}
VIEW = FireOptions(BASE, FHIR, "1")


def ordering(**options: Any) -> FireOptions:  # noqa: ANN401 - the options of FireOptions
    """Return the options for an order-select of a lumbar MRI."""
    return FireOptions(BASE, FHIR, "1", "order-select", orders=("lumbar-mri",), **options)


def offer(http: responses.RequestsMock, hook: str, *names: str) -> None:
    """Let the CDS service offer services of this hook which ask for the patient."""
    template = {"patient": "Patient/{{context.patientId}}"}
    entries = [{"id": name, "hook": hook, "description": "d", "prefetch": template} for name in names]
    http.get(f"{BASE}/cds-services", json={"services": entries})


def run(options: FireOptions) -> tuple[int, str]:
    """Return exit code and standard output."""
    console = Console(file=StringIO(), force_terminal=False)
    code = run_fire(options, console)
    return code, console.file.getvalue()


def test_cards_of_all_services_are_printed_most_urgent_first(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Patient and order head the cards, a line for each service ends them; exit code 0."""
    offer(http, "order-select", "a", "b")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})
    http.post(f"{BASE}/cds-services/b", json={"cards": [URGENT]})

    code, text = run(ordering())

    assert code == 0
    assert text.startswith("Ann B Lee (Patient/1)\nMR Lumbar spine (ServiceRequest/draft-1)\n")
    assert text.index("Cauda equina?") < text.index("No red flag recorded")
    assert "a: 200, 1 card(s)" in text
    assert capsys.readouterr().err == ""


def test_only_services_of_the_hook_are_called(http: responses.RequestsMock) -> None:
    """The body posted holds context, prefetch and authorization as this hook has them."""
    offer(http, "patient-view", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    run(FireOptions(BASE, FHIR, "1", token="letmein"))  # noqa: S106 - invented for this test

    body = json.loads(http.calls[-1].request.body)
    assert body["context"] == {"userId": "Practitioner/example", "patientId": "1"}
    assert body["prefetch"] == {"patient": PATIENT}
    assert "letmein" in body["fhirAuthorization"].values()


def test_no_cards_is_said_and_not_called_good(http: responses.RequestsMock) -> None:
    """Nothing returned is told as just that."""
    offer(http, "patient-view", "a")
    http.get(f"{FHIR}/Patient/1", status=404)
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    code, text = run(VIEW)

    assert code == 0
    assert "Patient/1\nNo cards were returned" in text


def test_a_basket_is_context_behind_the_selection(http: responses.RequestsMock) -> None:
    """Orders that were there before are drafts, but not selected, and without the details."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    run(ordering(basket=("naproxen",), reason="279039007", dose="2x4", supply_days=7, priority="urgent"))

    context = json.loads(http.calls[-1].request.body)["context"]
    chosen, before = (entry["resource"] for entry in context["draftOrders"]["entry"])
    assert context["selections"] == ["ServiceRequest/draft-1"]
    assert (chosen["priority"], before["id"]) == ("urgent", "draft-2")
    assert "priority" not in before


def test_json_is_the_answer_as_data(http: responses.RequestsMock) -> None:
    """Each service with status, time and its cards as they came."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})

    code, text = run(ordering(json=True))

    data = json.loads(text)
    [service] = data["services"]
    assert code == 0
    assert (data["hook"], data["patient"]) == ("order-select", "1")
    assert (service["service"], service["status"], service["cards"]) == ("a", 200, [CARD])
    assert set(data) == {"hook", "patient", "services"}


def test_an_accepted_suggestion_changes_the_basket_and_is_reported(http: responses.RequestsMock) -> None:
    """The button counted through all cards is applied, and its card gets feedback."""
    offer(http, "order-select", "a", "b")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})
    http.post(f"{BASE}/cds-services/b", json={"cards": [URGENT]})
    http.post(f"{BASE}/cds-services/a/feedback")

    code, text = run(ordering(accept=1))

    [item] = json.loads(http.calls[-1].request.body)["feedback"]
    assert code == 0
    assert (item["card"], item["acceptedSuggestions"]) == ("card-1", [{"id": "s-1"}])
    assert "Accepted: Remove the MRI (feedback sent)\nBasket now: empty" in text


def test_accepting_is_part_of_the_data(http: responses.RequestsMock) -> None:
    """With json, the basket after it is there to go on with."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})
    http.post(f"{BASE}/cds-services/a/feedback")

    _, text = run(ordering(accept=1, json=True, basket=("naproxen",)))

    accepted = json.loads(text)["accepted"]
    assert (accepted["label"], accepted["feedbackSent"]) == ("Remove the MRI", True)
    assert [draft["id"] for draft in accepted["draftOrders"]] == ["draft-2"]


def test_without_a_uuid_nothing_is_reported(http: responses.RequestsMock) -> None:
    """A card that cannot be named gets no feedback, and the user is told."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    nameless = {name: value for name, value in CARD.items() if name != "uuid"}
    http.post(f"{BASE}/cds-services/a", json={"cards": [nameless]})

    code, text = run(ordering(accept=1))

    assert code == 0
    assert "Accepted: Remove the MRI (no feedback sent)" in text


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_suggestion_that_is_not_there_is_an_error(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """The cards are printed all the same."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})

    code, text = run(ordering(accept=number))

    assert code == 1
    assert "No red flag recorded" in text
    assert f"no suggestion {number} to accept: 1 were returned" in capsys.readouterr().err


def test_feedback_that_is_refused_does_not_undo_the_acceptance(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """The basket is shown as it is now, the failure goes to standard error."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [CARD]})
    http.post(f"{BASE}/cds-services/a/feedback", status=500)

    code, text = run(ordering(accept=1))

    assert code == 1
    assert "(no feedback sent)\nBasket now: empty" in text
    assert "feedback was not recorded" in capsys.readouterr().err


def test_a_service_that_fails_does_not_hide_the_others(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused, broken and well: the cards of the last are printed, the first two told as errors."""
    offer(http, "order-select", "refused", "broken", "well")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    issue = [{"diagnostics": "patient: neither prefetched\x1b[2J nor reachable"}]
    problem = {"resourceType": "OperationOutcome", "issue": issue}
    http.post(f"{BASE}/cds-services/refused", status=412, json=problem)
    http.post(f"{BASE}/cds-services/broken", json={"cards": None})
    http.post(f"{BASE}/cds-services/well", json={"cards": [URGENT]})

    code, text = run(ordering())

    errors = capsys.readouterr().err
    assert code == 1
    assert "Cauda equina?" in text
    assert "refused: 412, no answer to use" in text
    assert "refused gave no advice. It answered 412 Precondition Failed: patient: neither" in errors
    assert "/broken answered 200 without a list of cards" in errors
    assert "\x1b" not in errors


def test_complaints_and_problems_are_part_of_the_data(http: responses.RequestsMock) -> None:
    """Who reads only the JSON sees that an answer is missing, and what could not be read."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", status=503)
    http.post(f"{BASE}/cds-services/a", status=500)

    code, text = run(ordering(json=True))

    data = json.loads(text)
    assert code == 1
    assert data["services"][0]["problem"] == "500 Internal Server Error: no reason given"
    assert data["unread"] == ["Patient/1"]
    assert len(data["complaints"]) == 1


def test_failed_prefetch_is_mentioned(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """The services were told, so it is no error of the call; but the user learns it, too."""
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", status=503)
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    code, _ = run(ordering())

    assert code == 0
    assert "did not answer Patient/1; the services were told so" in capsys.readouterr().err


def test_a_hook_nobody_offers_is_an_error(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the hooks there are."""
    offer(http, "order-sign", "a")

    code, text = run(VIEW)

    assert (code, text) == (1, "")
    assert "no service for the hook patient-view; it offers: order-sign" in capsys.readouterr().err


def test_a_service_without_any_hook_is_an_error(
    http: responses.RequestsMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing offered is told as none."""
    offer(http, "order-sign")

    assert run(VIEW)[0] == 1
    assert "it offers: none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (FireOptions("cds.test", FHIR, "1"), "no http(s) address"),
        (FireOptions(BASE, FHIR, "Patient/1"), "no patient id"),
        (FireOptions(BASE, FHIR, "1", orders=("mri",)), "no order 'mri'"),
        (FireOptions(BASE, FHIR, "1", dose="many"), "no dose"),
        (FireOptions(BASE, FHIR, "1", "order-sign"), "at least one order"),
    ],
)
def test_what_cannot_be_done_is_told_on_standard_error(
    capsys: pytest.CaptureFixture[str], options: FireOptions, said: str
) -> None:
    """Exit code 1, nothing on standard output, the reason on standard error."""
    code, text = run(options)

    assert (code, text) == (1, "")
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("resource", "label"),
    [
        ({"name": [{"text": "Ann Lee"}], "birthDate": "1970-01-02"}, "Ann Lee, born 1970-01-02 (Patient/1)"),
        ({"birthDate": "1970"}, "born 1970 (Patient/1)"),
        ({"name": [{"family": "\x1b]0;owned\x07Lee"}]}, "Lee (Patient/1)"),
        ({"name": [{"given": "Ann"}]}, "Patient/1"),
        ({"name": ["Ann"]}, "Patient/1"),
        ({"name": {}}, "Patient/1"),
    ],
)
def test_the_patient_is_named_as_the_ehr_has_it(
    http: responses.RequestsMock, resource: dict[str, Any], label: str
) -> None:
    """Whatever is there of name and birth date, and always the reference."""
    offer(http, "patient-view", "a")
    http.get(f"{FHIR}/Patient/1", json={"resourceType": "Patient", **resource})
    http.post(f"{BASE}/cds-services/a", json={"cards": []})

    assert run(VIEW)[1].startswith(f"{label}\n")


def test_a_created_order_is_named_even_without_a_name(http: responses.RequestsMock) -> None:
    """A resource that a service made up is listed in the basket by its reference."""
    new = {"resourceType": "ServiceRequest", "status": "draft", "code": "odd"}
    button = {"label": "Add", "actions": [{"type": "create", "description": "Add", "resource": new}]}
    offer(http, "order-select", "a")
    http.get(f"{FHIR}/Patient/1", json=PATIENT)
    http.post(f"{BASE}/cds-services/a", json={"cards": [{**URGENT, "suggestions": [button]}]})
    http.post(f"{FHIR}/ServiceRequest", json={**new, "id": "5"})

    assert "order without a name (ServiceRequest/5)" in run(ordering(accept=1))[1]
