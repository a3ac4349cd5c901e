"""A run for an agent, as its variables tell: other defaults, and nothing else that may be done or not."""

import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.registry.open_by_name import open_named_api
from tests.commands.mistakes import followed, mistakes_of
from tests.documents import api_of, get, parameter, pets, post, register_api, save, save_api
from tests.harness import Recorder, Response, run_cli
from tests.real_documents import FOLDER

TERMINAL = ("stdin", "stdout", "stderr")


@pytest.mark.parametrize(
    "variable",
    [
        *(
            "AGENT",
            "AI_AGENT",
            "CLAUDECODE",
            "CODEX_SANDBOX",
            "CODEX_THREAD_ID",
            "COPILOT_CLI",
            "CURSOR_AGENT",
        ),
        *(
            "GEMINI_CLI",
            "OPENCODE",
            "AUGMENT_AGENT",
            "AMP_CURRENT_THREAD_ID",
            "CLINE_ACTIVE",
            "GOOSE_TERMINAL",
        ),
    ],
)
def test_an_agent_is_known_by_what_it_sets(variable: str) -> None:
    """An empty variable is none."""
    assert Environment(variables={variable: "1"}).is_agent
    assert not Environment(variables={variable: ""}).is_agent


@pytest.mark.parametrize(
    "variable", ["CODEX_HOME", "COPILOT_GITHUB_TOKEN", "CURSOR_TRACE_ID", "AGENTS", "MY_AI_AGENT"]
)
def test_what_a_person_sets_is_no_agent(variable: str) -> None:
    """Settings of agents are there on a person's terminal, too, and variables of an editor's terminal everywhere."""
    terminal = _Terminal()
    env = Environment(stdin=terminal, stderr=terminal, variables={variable: "x"})
    assert not env.is_agent
    assert Environment(variables={variable: "x"}).is_agent is variable.startswith(("CODEX", "COPILOT"))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_errors_and_warnings_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are unless a person, or the agent itself, asks for text: by the option or by the variable."""
    monkeypatch.setenv("AI_AGENT", "x")
    result = run_cli("demo", "no-such-operation")
    assert (2, "usage") == (result.exit_code, json.loads(result.stderr)["error"]["kind"])
    assert run_cli("demo", "no-such-operation", "--error-format", "text").stderr.startswith("error: ")
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "text")
    assert run_cli("demo", "no-such-operation").stderr.startswith("error: ")
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "json")
    monkeypatch.delenv("AI_AGENT")
    assert '{"error"' in run_cli("demo", "no-such-operation").stderr


_MOST_BYTES = 600
"""Of a usage error, by the contract."""


def _long_document() -> dict[str, Any]:
    """Return a document whose names, enumerations, texts and bodies are longer than any error may be."""
    long = "a-very-long-name-of-something-" * 3
    values = [f"value number {number} of the enumeration" for number in range(100)]
    deep: dict[str, Any] = {"type": "string", "description": "x" * 2_000}
    for level in range(9):
        deep = {"type": "object", "required": [f"level{level}"], "properties": {f"level{level}": deep}}
    required = {f"field{number}": {"type": "string"} for number in range(20)}
    body = {
        "type": "object",
        "required": ["deep", *required],
        "properties": {
            "deep": deep,
            "kind": {"type": "string", "enum": values},
            **required,
        },
        "additionalProperties": False,
    }
    return api_of(
        get(
            "/a/{id}",
            "getIt",
            parameter("id", {"type": "string"}, "path", description="\u00e4\n" * 2_000),
            parameter(long, {"type": "integer"}, description="`a" * 900),
            parameter("kind", {"type": "string", "enum": values}),
            *(parameter(f"{long}{number}", {"type": "string"}) for number in range(50)),
        ),
        post("/a/{id}", "makeIt", parameter("id", {"type": "string"}, "path"), body=body),
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "line",
    [
        "get-it",
        "get-it 1 --kind valu",
        "get-it 1 --kind value",
        "get-it 1 --nothing 2",
        "get-it 1 2 3",
        "get-it 1 --a-very-long-name-of-something x",
        f"get-it 1 --{'a-very-long-name-of-something-' * 3} many",
        "get-it 1 -o tabel",
        "gett-it 1",
        "no-such-operation-at-all",
        "make-it 1",
        "make-it 1 --deep.level8.level7 x",
        "make-it 1 --body {}",
        """make-it 1 --body '{"deep": 1, "other": 2}'""",
        "make-it 1 --example --set kind=3",
        "make-it 1 --example --kind nothing",
        "make-it --example --zzz 1",
        "GET /a/1 --zzz 3",
        "get-it 1 --" + "z" * 900,
        "get-it 1 --kind " + "z" * 900,
    ],
)
def test_a_usage_error_for_an_agent_is_short(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has at most 600 bytes, and the corrected command is whole: the same that everybody gets."""
    api = save(_long_document())
    usual = run_cli(api, *shlex.split(line), "--error-format", "json").error
    monkeypatch.setenv("AI_AGENT", "1")
    result = run_cli(api, *shlex.split(line))
    error = result.error
    assert (2, "usage", False) == (result.exit_code, error["kind"], error["retryable"])
    assert (usual["try"] or "").replace(" --error-format json", "") == (error["try"] or "")
    assert error["message"].removesuffix("...") in usual["message"]
    assert len(result.stderr.encode()) <= max(_MOST_BYTES, len(json.dumps(error["try"])) + 300)
    assert error["message"].count("`") % 2 == error["hint"].count("`") % 2 == 0


@pytest.mark.parametrize(
    ("line", "corrected"),
    [
        ("make-it", "make-it ID --example"),
        ("make-it 1 --field7 x", "make-it 1 --field7 x --example"),
        ("make-it 1 --body {}", "make-it 1 --body JSON"),
        ("get-it 1", "get-it 1 --example"),
    ],
)
def test_an_error_about_very_many_inputs_is_short(
    line: str, corrected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has at most 600 bytes, names the first inputs, and its corrected command generates the values."""
    names = [f"field{number}" for number in range(40)]
    text = {"type": "string"}
    body = {"type": "object", "required": names, "properties": dict.fromkeys(names, text)}
    in_path = parameter("id", text, "path")
    query = [parameter(name, text) | {"required": True} for name in names]
    api = save_api(post("/a/{id}", "makeIt", in_path, body=body), get("/a/{id}", "getIt", in_path, *query))
    monkeypatch.setenv("AI_AGENT", "1")
    result = run_cli(api, *line.split())
    assert (2, True) == (result.exit_code, len(result.stderr.encode()) <= _MOST_BYTES)
    assert f"dynacli {api} {corrected}" == result.error["try"]
    if "missing" in result.error:
        count = 40 - ("--field7" in line) + ("ID" in corrected)
        assert count == len(result.error["missing"]) + result.error["more_missing"]


def test_the_summary_of_an_error_for_an_agent_has_the_inputs_that_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are what is missing, or what an unknown option may have been meant for; a wrong value needs no summary."""
    monkeypatch.setenv("AI_AGENT", "1")

    def named(*words: str) -> list[str] | None:
        summary = run_cli("demo", *words).error["summary"]
        return [input_["name"] for input_ in summary["inputs"]] if summary else None

    assert ["id"] == named("get-run")
    assert ["mcp-server-id", "tester-prompt"] == named("create-workflow", "--name", "x")
    assert ["classification"] == named("search-runs", "--clasification", "x")
    assert "status" in (named("search-runs", "--creator", "me") or [])
    assert named("search-runs", "--status", "fial") is None
    assert named("search-runs", "--page-size", "1000") is None


_DOCUMENTS = (
    *("adyen-checkout-v71.json", "box.json", "datadog-v1.yaml", "discord.json", "gitea.json", "github.json"),
    *("hcloud.json", "klaviyo.json", "petstore3.yaml", "qdrant.json", "twilio-api-v2010.json"),
    "xero-accounting.yaml",
)


@pytest.mark.long
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
def test_usage_errors_of_real_operations_are_short(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """At least forty different mistakes: none has more than 600 bytes, and each corrected command builds a request."""
    monkeypatch.setenv("AI_AGENT", "1")
    wrong, tried = {}, 0
    for name in _DOCUMENTS:
        path = str(FOLDER / name)
        api = open_named_api(path, Environment())
        names = [summary.name for summary in api.catalog.summaries()]
        for asked in [api.catalog.operation(name) for name in names[:: max(len(names) // 3, 1)][:3]]:
            for mistake in mistakes_of(asked):
                result = run_cli(path, asked.name, *mistake.words)
                if result.exit_code != 2:  # the document has a default for what was left out
                    continue
                tried += 1
                line = next(line for line in result.stderr.splitlines() if line.startswith('{"error"'))
                reason = followed(path, asked, mistake)
                if reason or len(line) + 1 > _MOST_BYTES:
                    wrong[name, asked.name, mistake.kind] = f"{len(line) + 1} bytes {reason}"
        api.catalog.close()
    assert {} == wrong
    assert tried >= 40


def test_a_terminal_has_no_colour_and_no_line_that_moves(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents read what terminals show, byte for byte: no escape sequences, on either stream."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(body=b'[{"id": 1}]')
    coloured = run_cli(api, "list-pets", terminal=TERMINAL)
    monkeypatch.setenv("CLAUDECODE", "1")
    plain = run_cli(api, "list-pets", terminal=TERMINAL)
    assert "\x1b" in coloured.stdout
    assert "\x1b" not in plain.stdout + plain.stderr
    assert coloured.exit_code == plain.exit_code == 0


_PAGES = """
API
API --help
API run
API run --help
API search-runs --help
demo
demo --help
large
large --help
large tag1
operations API
operations API --tag run
operations API -o json
operations
operations large
search API list runs
search list runs
search API list runs -o json
describe API get-run
describe API search-runs --summary
describe API search-runs --all
describe API search-runs range
describe API search-runs -o json
--help
help
help agents
help output
--version
api list
api show large
api history large
api catalog
auth status
history
changes large
config path
document API
skill API
doctor
cache info
completion bash
policy explain API search-runs
auth explain API search-runs
export API --to markdown
API search-runs --dry-run
API search-runs --range 7d
describe --help
search --help
import curl 'curl http://127.0.0.1:1/x'
__complete bash API sea
"""
"""Command lines that print a page, a list or data; `API` is the demo."""


@pytest.mark.sampled(5)
@pytest.mark.parametrize("line", _PAGES.strip().splitlines())
def test_a_page_in_a_pipe_is_the_same_for_everybody(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is printed, standard output has the same bytes with and without the variables of an agent."""
    paths = {f"/x{n}": {"get": {"tags": [f"tag{n % 30}"], "summary": f"Read x{n}"}} for n in range(90)}
    register_api("large", paths)
    words = shlex.split(line.replace("API", "demo"))
    usual = run_cli(*words)
    for variable in ("AI_AGENT", "CLAUDECODE", "CODEX_SANDBOX"):
        monkeypatch.setenv(variable, "1")
    result = run_cli(*words)
    assert (usual.exit_code, _plain(usual.stdout)) == (result.exit_code, _plain(result.stdout))


def _plain(text: str) -> str:
    """Return a text without what changes from run to run."""
    return re.sub(r"\d+(?:\.\d+)? (?:s|seconds?|MB)\b|127\.0\.0\.1:\d+", "", text)


def test_a_warning_says_its_findings_once(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent reads them in the message; a program that asks for JSON gets them as data, too."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(404, b"{}")
    usual = json.loads(run_cli(api, "list-pets", "--error-format", "json").stderr.splitlines()[0])["warning"]
    monkeypatch.setenv("AI_AGENT", "1")
    warning = json.loads(run_cli(api, "list-pets").stderr.splitlines()[0])["warning"]
    assert (usual["message"], ["message"]) == (warning["message"], list(warning))
    assert "undocumented-status" == usual["findings"][0]["rule"]


def test_data_is_the_same(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe an agent gets the bytes that everybody gets."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(body=b'[ {"id":1} ]')
    before = run_cli(api, "list-pets")
    monkeypatch.setenv("GEMINI_CLI", "1")
    assert before.stdout_bytes == run_cli(api, "list-pets").stdout_bytes == b'[ {"id":1} ]'
