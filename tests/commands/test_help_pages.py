"""Help pages, whole: golden files, rewritten only with `DYNACLI_REWRITE_GOLDEN=1`."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.guide.pages import page
from dynacli.validation.finding_rules import FINDING_RULES
from tests.documents import delete, get, operation, parameter, post, put, save_api
from tests.dry_runs import request_of
from tests.harness import assert_ended, examples_of, run_cli

GOLDEN = Path(__file__).parents[1] / "golden" / "help"
# Looked at here because every test gets an environment of its own.
REWRITE = bool(os.environ.get("DYNACLI_REWRITE_GOLDEN"))
STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}

EMPTY = {"200": {"description": "ok"}}
UPLOAD = operation(
    "uploadReport",
    parameter("reportId", {**STRING, "format": "uuid"}, "path", description="Which report."),
    parameter("tenant", {**STRING, "minLength": 1}, "path"),
    parameter("page[size]", {**INTEGER, "minimum": 1, "maximum": 50, "default": 10}, description="How many."),
    parameter("sort", {"type": "array", "items": {**STRING, "enum": ["name", "-name"]}}, explode=False),
    parameter(
        "filter", {"type": "object", "properties": {"status": STRING}}, style="deepObject", explode=True
    ),
    parameter("dryRun", {"type": "boolean", "default": False}, description="Only *check*. Nothing is kept."),
    parameter("X-Tenant-Key", STRING, "header", required=True, description="Whose report it is."),
    parameter("X-Version", {**STRING, "default": "2024-01"}, "header", required=True),
    parameter("old", STRING, deprecated=True),
    {**parameter("internal", STRING), "x-cli-hidden": True},
    body={
        "type": "object",
        "required": ["title", "owner"],
        "properties": {
            "id": {**STRING, "readOnly": True},
            "note": {
                **STRING,
                "nullable": True,
                "description": "Anything; see [the guide](https://e.test/g).",
            },
            "output": {**STRING, "enum": ["pdf", "html"], "description": "The form of the report."},
            "schedule": {
                "type": "object",
                "required": ["cron"],
                "properties": {"cron": {**STRING, "pattern": "^\\S+$"}, "on": {"type": "boolean"}},
            },
            "title": {**STRING, "maxLength": 80, "description": "The title."},
            "owner": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": STRING, "mail": {**STRING, "format": "email"}},
            },
            "parts": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "required": ["text"], "properties": {"text": STRING}},
            },
            "labels": {"type": "object", "additionalProperties": INTEGER},
        },
    },
    tags=["reports"],
    summary="Upload a report",
    description="Puts a **report** in its place.\n\n- once\n- or again\n\nSee `getReport`.",
    deprecated=True,
)
UPLOAD["responses"] = {
    "200": {
        "description": "The report. All of it.",
        "content": {"application/json": {"schema": {"type": "array", "items": STRING}}},
    },
    "4XX": {"description": "Something is wrong."},
}


@pytest.fixture
def api() -> str:
    """A document that has most of what a help page can show."""
    return save_api(
        {"/tenants/{tenant}/reports/{reportId}": {"put": UPLOAD}},
        get("/reports", "listReports", tags=["reports"], summary="List the reports"),
        post(
            "/reports",
            "createReport",
            body={"type": "array", "items": {"type": "object", "properties": {"x": INTEGER}}},
            responses=EMPTY,
        ),
        delete("/reports", "delete_all", tags=["admin"], deprecated=True, **{"x-cli-hidden": True}),
        put(
            "/settings",
            "putSettings",
            body={"type": "object", "additionalProperties": STRING},
            responses=EMPTY,
        ),
        get("/settings", "getSettings", responses=EMPTY),
    )


PAGES = {
    "root": ("--help",),
    "demo": ("demo", "--help"),
    "demo-search-runs": ("demo", "search-runs", "--help"),
    "demo-create-workflow": ("demo", "create-workflow", "--help"),
    "demo-update-workflow": ("demo", "update-workflow", "--help"),
    "small": ("./api.json", "--help"),
    "small-tag": ("./api.json", "reports", "--help"),
    "small-upload-report": ("./api.json", "upload-report", "--help"),
    "small-create-report": ("./api.json", "create-report", "--help"),
    "small-put-settings": ("./api.json", "put-settings", "--help"),
    "small-get-settings": ("./api.json", "get-settings", "--help"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_it_was(api: str, name: str) -> None:
    """The page is the golden file, byte for byte."""
    assert api
    result = run_cli(*PAGES[name])
    assert (0, "") == (result.exit_code, result.stderr)
    golden = GOLDEN / f"{name}.txt"
    if REWRITE:
        golden.write_text(result.stdout, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == result.stdout


def test_every_golden_file_has_its_page() -> None:
    """A page that is gone takes its file with it."""
    assert sorted(PAGES) == sorted(path.stem for path in GOLDEN.iterdir())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_width(api: str, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    """Text is filled up to the width; only what cannot be broken is longer, and the example, which must run."""
    assert api
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run_cli(*PAGES[name]).stdout.splitlines()
    commands = [line for line in lines if line.startswith("  dynacli ")]
    for line in lines:
        words = line.split()
        # The description's column starts at 34 and is never narrower than 24.
        fits = len(line) <= max(width, 64) or len(words) == 1
        assert fits or line in commands or line.lstrip().startswith("--") or "  " in line.strip(), line


@pytest.mark.parametrize("name", ["upload-report", "create-report", "put-settings", "get-settings"])
def test_the_example_of_a_page_runs_as_it_stands(api: str, name: str) -> None:
    """The first lines of every page are a call that the document allows."""
    page = run_cli(api, name, "--help").stdout
    for words in examples_of(page):
        assert ["dynacli", api, name] == words[:3]
        assert request_of(name, *words[3:])["url"].startswith("http://127.0.0.1:9/")


def test_help_needs_no_network_and_no_configuration(home: Path) -> None:
    """A configuration that cannot be read and a cache that cannot be written do not stop a help page."""
    config = home / "config"
    config.mkdir()
    (config / "config.toml").write_text("[[[")
    (home / "cache").write_text("a file where a directory should be")
    for words in (("--help",), ("demo", "--help"), ("demo", "search-runs", "--help")):
        result = run_cli(*words)
        assert_ended(result, 0)
        assert "Usage: " in result.stdout


def test_colour_is_for_terminals() -> None:
    """Piped, a page has no escape sequence; on a terminal it has, and only those of dynacli's own."""
    piped = run_cli("demo", "search-runs", "--help").stdout
    shown = run_cli("demo", "search-runs", "--help", terminal=("stdout",)).stdout
    assert "\x1b" not in piped
    assert "\x1b" in shown


def test_foreign_text_cannot_drive_the_terminal() -> None:
    """Escape sequences in a document's texts are shown and never sent, piped or not."""
    evil = "\x1b]0;owned\x07\u202e"
    raw = operation(
        "a",
        parameter("q", {**STRING, "description": evil, "enum": [evil], "default": evil}),
        body={"type": "object", "required": ["x"], "properties": {"x": {**STRING, "example": evil}}},
        summary=evil,
        description=evil,
    )
    raw["responses"] = {"200": {"description": evil}}
    api = save_api({"/a": {"post": raw}})
    for words in ((api, "a", "--help"), (api, "--help"), ("describe", api, "a")):
        for terminal in ((), ("stdout",)):
            if words[0] == "describe" and not terminal:
                continue  # that is JSON, whose escapes are its own
            shown = run_cli(*words, terminal=terminal).stdout
            assert "\x1b]" not in shown
            assert "\x07" not in shown
            assert "\u202e" not in shown


def test_a_default_without_a_character_is_told() -> None:
    """An empty text as a default is said to be one, if `default` alone would say nothing."""
    save_api(get("/a", "a", parameter("q", {**STRING, "default": ""})))
    page = run_cli("./api.json", "a", "--help").stdout
    assert "empty by default" in page
    assert "default ]" not in page


def test_what_an_api_shares_is_told_once() -> None:
    """An error that many operations have stands on the overview, and one that few have on their help pages."""
    error = {"type": "object", "properties": {"code": STRING, "fault": {"type": "object"}}}
    shared = {"description": "Sign in.", "content": {"application/json": {"schema": error}}}
    paths = {}
    for number in range(4):
        raw = operation(f"getThing{number}")
        raw["responses"] = {**EMPTY, "401": shared, "404": {"description": f"No thing {number}."}}
        paths[f"/things/{number}"] = {"get": raw}
    api = save_api(paths)
    assert "  Errors     401 from many operations (code, fault{})\n" in run_cli(api).stdout
    page = run_cli(api, "get-thing2", "--help").stdout
    assert '  404  "No thing 2"\n' in page
    assert "401" not in page


def test_a_body_without_options_keeps_what_gives_it_whole() -> None:
    """If options cannot build a body, the page lists what can, each once; a redirect is a response, too."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    raw = operation("putFile")
    raw["requestBody"] = {"content": {"application/octet-stream": binary, "image/png": binary}}
    raw["responses"] = {"302": {"description": "Elsewhere"}}
    page = run_cli(save_api({"/file": {"put": raw}}), "put-file", "--help").stdout
    assert [1, 1, 0] == [page.count(f"\n  {flag} ") for flag in ("--body", "--content-type", "--set")]
    assert 'Response\n  302  "Elsewhere"\n' in page


def test_a_long_description_does_not_hide_the_options() -> None:
    """The page has the first three lines of a description, and names the command that shows the others."""
    lines = [f"Line {number}." for number in range(100)]
    api = save_api(get("/a", "a", parameter("q", STRING), description="\n\n".join(lines)))
    page = run_cli(api, "a", "--help").stdout.splitlines()
    note = f"  and 97 more lines: `dynacli describe {api} a --all`"
    assert ["  > Line 0.", "  > Line 1.", "  > Line 2.", note] == page[
        page.index(note) - 3 : page.index(note) + 1
    ]
    assert "Line 99." in run_cli("describe", api, "a", "--all").stdout


@pytest.mark.exhaustive
def test_every_page_that_a_text_points_to_is_there() -> None:
    """Whatever dynacli prints or its manual says, `dynacli help TOPIC` has that page."""
    package = Path(dynacli.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in package.rglob("*") if path.suffix in {".py", ".md"}]
    found = {
        topic
        for text in texts
        for topic in re.findall(r"""(?:dynacli help |invocation\(f?["']help )([a-z][a-z-]+)""", text)
    }
    assert len(found) > 20
    assert [] == sorted(topic for topic in found if run_cli("help", topic).exit_code)


def test_the_manual_has_every_finding_rule() -> None:
    """`ignore` takes the name of a rule, so that all names can be looked up, each once."""
    text = page("finding-rules") or ""
    assert [] == [
        rule for rule, sentence in FINDING_RULES.items() if 1 != text.count(f"| `{rule}` | {sentence} |")
    ]
