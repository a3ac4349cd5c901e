"""A run for an agent, as its variables tell: other defaults, and nothing else that may be done or not."""

import io
import json
import re
import shlex

import pytest

from dynacli.environment import Environment
from tests.documents import document, pets, save
from tests.harness import Recorder, Response, run_cli

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


@pytest.mark.sampled(10)
@pytest.mark.parametrize("line", _PAGES.strip().splitlines())
def test_a_page_in_a_pipe_is_the_same_for_everybody(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is printed, standard output has the same bytes with and without the variables of an agent."""
    paths = {f"/x{n}": {"get": {"tags": [f"tag{n % 30}"], "summary": f"Read x{n}"}} for n in range(90)}
    run_cli("api", "add", "large", save(document(paths)))
    words = shlex.split(line.replace("API", "demo"))
    usual = run_cli(*words)
    for variable in ("AI_AGENT", "CLAUDECODE", "CODEX_SANDBOX"):
        monkeypatch.setenv(variable, "1")
    result = run_cli(*words)
    assert (usual.exit_code, _plain(usual.stdout)) == (result.exit_code, _plain(result.stdout))


def _plain(text: str) -> str:
    """Return a text without what changes from run to run."""
    return re.sub(r"\d+(?:\.\d+)? (?:s|seconds?|MB)\b|127\.0\.0\.1:\d+", "", text)


def test_data_is_the_same(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe an agent gets the bytes that everybody gets."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(body=b'[ {"id":1} ]')
    before = run_cli(api, "list-pets")
    monkeypatch.setenv("GEMINI_CLI", "1")
    assert before.stdout_bytes == run_cli(api, "list-pets").stdout_bytes == b'[ {"id":1} ]'
