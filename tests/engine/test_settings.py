"""Settings: what an operator may write, and that a slip of the pen refuses to start and names itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cds_service.settings import Settings, SettingsError, load_settings

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine that runs the tests may have set."""
    for name in [name for name in os.environ if name.upper().startswith("CDS_")]:
        monkeypatch.delenv(name)


def test_nothing_need_be_set() -> None:
    """The defaults serve the low-back-pain guideline, closed and without cross-origin access."""
    settings = load_settings()

    assert settings.guidelines == ("hooks.low_back_pain",)
    assert (settings.audit, settings.max_body_bytes) == ("stdout", 8 * 1024 * 1024)
    assert (settings.cors_origins, settings.open, settings.docs) == ((), False, False)


@pytest.mark.parametrize("name", ["CDS_UNKNOWN", "CDS_AUDITS", "cds_unknown", "CDS_"])
def test_a_name_nobody_knows_refuses_to_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It would silently do nothing; the error names it and what there is."""
    monkeypatch.setenv(name, "x")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert f"unknown setting {name};" in str(caught.value)
    assert "CDS_AUDIT" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_MAX_BODY_BYTES", "0"),
        ("CDS_MAX_BODY_BYTES", "-1"),
        ("CDS_MAX_BODY_BYTES", "8 MiB"),
        ("CDS_AUDIT", "syslog"),
        ("CDS_AUDIT", ""),
        ("CDS_LOG_LEVEL", "LOUD"),
        ("CDS_DOCS", "maybe"),
        ("CDS_OPEN", "2"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """And only that one."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert str(caught.value).startswith(f"{name}: ")
    assert str(caught.value).count("CDS_") == 1


@pytest.mark.parametrize(
    "value",
    [
        "ehr.example.org/fhir",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org/fhir?x=1",
        "https://user@ehr.example.org",
    ],
)
def test_a_fhir_server_is_an_https_base_url(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """It is where tokens go: nothing half-written is taken for one."""
    monkeypatch.setenv("CDS_OPEN", "yes")
    monkeypatch.setenv("CDS_FHIR_SERVERS", value)

    with pytest.raises(SettingsError, match=r"^CDS_FHIR_SERVERS: "):
        load_settings()


@pytest.mark.parametrize(
    ("server", "others", "starts"),
    [
        ("http://127.0.0.1:8080/fhir", {}, True),
        ("https://ehr.example.org/fhir", {}, False),
        ("https://ehr.example.org/fhir", {"CDS_OPEN": "yes"}, True),
        ("https://ehr.example.org/fhir", {"CDS_CLIENTS": "clients.toml"}, True),
    ],
)
def test_nobody_unknown_makes_the_service_call_another_machine(
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    others: dict[str, str],
    starts: bool,  # noqa: FBT001 - the expected value
) -> None:
    """Other machines are called for registered clients, or when the operator says so."""
    monkeypatch.setenv("CDS_FHIR_SERVERS", server)
    for name, value in others.items():
        monkeypatch.setenv(name, value)

    if starts:
        assert load_settings().fhir_servers == (server,)
    else:
        with pytest.raises(SettingsError, match="CDS_CLIENTS, or set CDS_OPEN=yes"):
            load_settings()


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator mends them in one go."""
    monkeypatch.setenv("CDS_DOCS", "maybe")
    monkeypatch.setenv("CDS_AUDIT", "syslog")

    with pytest.raises(SettingsError, match=r"CDS_AUDIT: .*write stdout or file:PATH; CDS_DOCS: "):
        load_settings()


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ("https://a.example", ("https://a.example",)),
        (" https://a.example , https://b.example ,", ("https://a.example", "https://b.example")),
        ("", ()),
    ],
)
def test_lists_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, listed: tuple[str, ...]
) -> None:
    """Blanks and a comma too many do no harm."""
    monkeypatch.setenv("CDS_CORS_ORIGINS", value)
    monkeypatch.setenv("CDS_GUIDELINES", value)

    assert load_settings().cors_origins == listed
    assert load_settings().guidelines == listed


@pytest.mark.parametrize(("value", "read"), [("yes", True), ("1", True), ("no", False), ("false", False)])
def test_switches_are_read_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    read: bool,  # noqa: FBT001 - the expected value
) -> None:
    """Yes and no are as good as true and false."""
    monkeypatch.setenv("CDS_OPEN", value)

    assert load_settings().open is read


def test_names_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the prefix with its underscore is ours."""
    monkeypatch.setenv("CDSX", "1")
    monkeypatch.setenv("MY_CDS_AUDIT", "x")

    assert load_settings() == Settings()


@pytest.mark.parametrize("name", [f"CDS_{name}".upper() for name in Settings.model_fields])
def test_each_setting_is_in_the_readme(name: str) -> None:
    """A setting that nobody can find is none."""
    assert f"`{name}`" in README.read_text(encoding="utf-8")
