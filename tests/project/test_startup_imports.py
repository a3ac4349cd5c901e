"""What each kind of run may import: start-up is a feature, and a new import is a decision.

`KINDS` is the list of decisions. A module that is missing there makes its test fail; whoever adds it has
looked at what it costs (`python -X importtime`, `python -m tests.bench`).
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.harness import Recorder, Response, recording, run_cli
from tests.served_document import DAY, Served, age, until

_PET = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "state": {"enum": ["sold", "free"]}},
}
_ROOT = Path(__file__).resolve().parents[2]
_DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://pets.example"}],
    "webhooks": {
        "petSold": {
            "post": {
                "summary": "A pet was sold",
                "requestBody": {"content": {"application/json": {"schema": _PET}}},
                "responses": {"200": {"description": "Heard"}},
            }
        }
    },
    "paths": {
        "/pets/{petId}": {
            "get": {
                "operationId": "getPet",
                "parameters": [
                    {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "as", "in": "query", "schema": {"enum": ["short", "long"], "default": "short"}},
                ],
                "responses": {
                    "200": {"description": "It", "content": {"application/json": {"schema": _PET}}}
                },
            },
            "put": {
                "operationId": "putPet",
                "summary": "Replace a **pet**",
                "parameters": [
                    {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "requestBody": {"content": {"application/json": {"schema": _PET}}},
                "responses": {
                    "200": {"description": "It", "content": {"application/json": {"schema": _PET}}}
                },
            },
        }
    },
}

# Runs the program as its console script does, and then writes down what is loaded.
_PROGRAM = """
import sys
before = set(sys.modules)
sys.argv = ["dynacli", *sys.argv[2:]]
from dynacli.__main__ import run
try:
    run()
except SystemExit as end:
    code = end.code
sys.stdout.flush()
import json, os
stand_ins = "dynacli.lean_imports", "dynacli.http.import_httpx"
loaded = {name for name, module in sys.modules.items() if type(module).__module__ not in stand_ins}
with open(os.environ["DYNACLI_TEST_MODULES"], "w") as file:
    json.dump(sorted(loaded - before), file)
sys.exit(code)
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Each of these costs more than a help page may take, or has no business before something is sent.
_HEAVY = _words(
    """
    asyncio concurrent.futures dataclasses email email.utils gettext http.client httpx importlib.metadata inspect
    jsonschema jsonschema_rs logging markdown_it multiprocessing openapi_core orjson pathlib platform platformdirs
    prance pydantic requests rich socket ssl starlette subprocess tempfile tomlkit urllib.request uuid uvicorn
    yaml yaml_rs
    """
)


def _modules(names: str) -> frozenset[str]:
    """Return modules of dynacli with the packages above them."""
    found = {"dynacli"}
    for name in _words(names):
        steps = name.split(".")
        assert importlib.util.find_spec(f"dynacli.{name}"), f"{name} is no module"
        found |= {".".join(("dynacli", *steps[: end + 1])) for end in range(len(steps))}
    return frozenset(found)


_VERSION = frozenset({"dynacli", "dynacli.__main__", "dynacli.environment", "dynacli.record"})
_CATALOG = (
    _VERSION
    | _modules("errors record")
    | _modules(
        """
        openapi.catalog.catalog_file files
        registry.configuration registry.revisions.revisions openapi.model.operation
        options options._core_commands options.command options.command_table
        options.standard_options
        """
    )
)
_COMPLETION = (
    _CATALOG
    | _modules("commands.read_line commands.complete")
    | _modules("http.semantics openapi.model.media_types")
)
_COMMAND = (
    _CATALOG
    | _modules(
        """
        registry.open_by_name registry.opened_api registry.revisions.revisions
        """
    )
    | _modules("http.semantics openapi.model.media_types")
    | _modules(
        """
        client.described_operation commands.command_groups lean_imports
        commands.operation_command commands.operation_table commands.read_line commands.run
        """
    )
)
_PAGE = _COMMAND | _modules("commands.help_pages.page_lines text.terminal text.wrapping")
_ENTRIES = " ".join(
    f"features.{path.parent.name}.entry" for path in _ROOT.glob("dynacli/features/*/entry.py")
)
_ROOT_HELP = _PAGE | _modules(f"commands.help_pages.command_help {_ENTRIES}")
_OVERVIEW = _PAGE | _modules(
    "commands.help_pages.api_overview commands.help_pages.operation_list "
    "openapi.model.wording openapi.model.field_names openapi.model.overview "
    "openapi.model.kebab_names openapi.model.tag_tree"
)
_OPERATION_HELP = _PAGE | _modules(
    """
    client.input_sources
    client.operation_description openapi.model.links commands.help_pages.operation_help
    openapi.model.wording openapi.model.field_names openapi.model.find_items openapi.model.overview
    openapi.document.json_trees openapi.model.path_templates openapi.model.resources
    openapi.schema.response_outline
    openapi.schema.read_schema
    """
)
_PLAIN = (
    _COMMAND
    | _modules("auth.credentials secrets urls")
    | _modules(
        """
        client.call client.call_validator client.call_settings client.engine.call_engine
        client.inputs.call_inputs client.inputs.collect_values client.sign_request
        commands.call.make_call registry.record_call
        """
    )
    | _modules(
        "output.output_format output.render output.standard_error output.standard_output text.terminal"
    )
    | _modules(
        """
        http.built_request request.assemble_body request.build_request request.choose_server
        request.convert_words request.parameter_serialization
        """
    )
)
_WIRE = _modules("http.send") | _modules(
    """
        http.encodings http.exchange http.failures http.import_httpx
        """
)
# What makes a body knows schemas.
_BUILT = (
    _PLAIN
    | _modules(
        """
        openapi.model.kebab_names
        openapi.schema.option_fields openapi.schema.flatten_schema openapi.schema.read_schema
        """
    )
    | _modules("commands.call._read_body_words commands.call.input_files client.inputs.build_body")
)
_SHOWN = _modules("client.secret_names commands.call.dry_run request.preview")
_VALUES = _modules("commands._option_values")
_DRY_RUN = _BUILT | _SHOWN | _modules("text.json_budget")
_ENDED = _modules("commands.call.conclude_call commands.call._receive_response")
_SENT = _BUILT | _WIRE | _ENDED
_ACCEPTED = _SENT | _modules(
    """
    openapi.model.patterns validation.validate_by_level
    validation.read_body text.json_budget
    validation.finding
    openapi.schema.evaluation._formats validation.validated_messages
    openapi.schema.evaluation.schema_error
    openapi.schema.evaluation.compiled_schema
    openapi.schema.evaluation._keyword_translations
    openapi.schema.evaluation.translation
    """
)
_DEMO = (
    _ACCEPTED
    | _modules("client.live_demo commands.demo_api features.demo.command features.demo.entry http.serving")
    | _modules(
        """
        openapi.references features.demo.demo_server features.demo._data features.demo._requests
        registry.demo_facts features.demo._operations
        """
    )
)
_ASKED = (
    _ACCEPTED
    | _modules("client.responses.validation_text")
    | _modules(
        """
        validation._body_hooks
        validation._document_path validation._header_hooks
        openapi.references validation.validator validation.operation_document
        validation.streamed_body
        """
    )
    | _modules(
        """
        validation.streamed_body openapi.schema.evaluation.schema_error
        validation._openapi_core_overrides validation._openapi_core_setup
        validation._text_fields
        """
    )
)

_HTTPX = _words(
    "h11 httpcore2 httpx2 typing_extensions"
    if os.environ.get("DYNACLI_HTTP") == "httpx2"
    else "h11 httpcore httpx"
)
_HTTPX_HEAVY = frozenset({"email", "httpx", "socket"})  # of `email` the package alone, which is empty
_ACCEPTED_HEAVY = _HTTPX_HEAVY | {"http.client", "jsonschema_rs", "urllib.request"}
_OPENAPI_CORE = frozenset({"jsonschema_path", "jsonschema_rs", "openapi_core", "pathable"})
_OPENAPI_CORE_HEAVY = _words("dataclasses inspect logging openapi_core pathlib")


class _Kind(NamedTuple):
    """A kind of run.

    Args:
        words: Of the command line; `ORIGIN` is a server's.
        own: dynacli's own modules that it may import.
        others: The packages from outside the standard library that it may import.
        heavy: Which of the heavy modules it may import anyway.
    """

    words: str
    own: frozenset[str]
    others: frozenset[str] = frozenset()
    heavy: frozenset[str] = frozenset()


_CLICK = frozenset({"click"})
_CALL = "pets put-pet 1 --id 1 --server ORIGIN"
_LOOK = "pets get-pet 1 --as long --server ORIGIN"
KINDS = {
    "version": _Kind("--version", _VERSION),
    "root help": _Kind("--help", _ROOT_HELP, _CLICK),
    "overview": _Kind("pets", _OVERVIEW, _CLICK),
    "operation help": _Kind("pets put-pet --help", _OPERATION_HELP, _CLICK),
    "completion of operations": _Kind("__complete bash pets put", _COMPLETION),
    "completion of options": _Kind("__complete zsh pets put-pet --", _COMPLETION),
    "completion of values": _Kind("__complete fish pets put-pet --state s", _COMPLETION),
    "dry run, not validated": _Kind(f"{_CALL} --dry-run json --validate off", _DRY_RUN | _VALUES, _CLICK),
    "dry run without a body, not validated": _Kind(
        f"{_LOOK} --dry-run json --validate off",
        _PLAIN | _SHOWN | _VALUES,
        _CLICK,
    ),
    "call without a body, not validated": _Kind(
        f"{_LOOK} --validate off", _PLAIN | _WIRE | _ENDED | _VALUES, _CLICK | _HTTPX, _HTTPX_HEAVY
    ),
    "call, not validated": _Kind(f"{_CALL} --validate off", _SENT | _VALUES, _CLICK | _HTTPX, _HTTPX_HEAVY),
    "call that is accepted": _Kind(
        _CALL, _ACCEPTED | _VALUES, _CLICK | _HTTPX | {"jsonschema_rs"}, _ACCEPTED_HEAVY
    ),
    "dry run of the stand-in": _Kind(
        "demo get-org --dry-run json --validate off",
        _PLAIN
        | _SHOWN
        | _modules(
            "client.live_demo commands.demo_api features.demo.command features.demo.entry registry.demo_facts"
        ),
        _CLICK,
    ),
    "call of the stand-in": _Kind(
        "demo get-workflow wf_search-issues", _DEMO, _CLICK | _HTTPX | {"jsonschema_rs"}, _ACCEPTED_HEAVY
    ),
    "call at `strict`": _Kind(
        f"{_CALL} --validate strict",
        _ASKED | _VALUES,
        _CLICK | _HTTPX | _OPENAPI_CORE,
        _ACCEPTED_HEAVY | _OPENAPI_CORE_HEAVY,
    ),
}


@pytest.fixture
def pets(tmp_path: Path) -> None:
    """A registered API whose document was compiled before."""
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(_DOCUMENT))
    os.utime(path, (1_000_000_000, 1_000_000_000))  # a file that changed just now is read again
    assert 0 == run_cli("api", "add", "pets", str(path)).exit_code


def _loaded(words: list[str], directory: Path) -> frozenset[str]:
    """Run the program and return the modules that the run added to those of a bare interpreter."""
    listing = directory / "modules.json"
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "", *words],
        env={**os.environ, "DYNACLI_TEST_MODULES": str(listing)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (ended.returncode, ended.stderr), ended.stderr
    assert ended.stdout
    return frozenset(json.loads(listing.read_text()))


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> _Kind:
    """One kind of run."""
    chosen: _Kind = request.param
    return chosen


@pytest.fixture
def loaded(kind: _Kind, pets: None, server: Recorder, tmp_path: Path) -> frozenset[str]:  # noqa: ARG001
    """What that kind of run imports."""
    server.responses["/pets/1"] = Response(200, b'{"id": 1, "state": "sold"}')
    words = kind.words.replace("ORIGIN", server.origin).split()
    if "--server" in words or words[0] == "demo":
        # The first call of all makes the history, and compiles the demo API: of the dynacli that the process imports.
        _loaded(words, tmp_path)
    return _loaded(words, tmp_path)


@pytest.mark.sampled(8)
def test_a_run_imports_no_module_that_was_not_decided_on(kind: _Kind, loaded: frozenset[str]) -> None:
    """Of dynacli, of the packages around it and of the heavy modules, a run has only what its list names."""
    own = {name for name in loaded if name.partition(".")[0] == "dynacli"}
    tops = {name.partition(".")[0] for name in loaded}
    # Compiled extensions put names of their own beside the packages that they belong to.
    others = {top for top in tops - {"dynacli"} - sys.stdlib_module_names if "cython" not in top}
    surplus = own - kind.own, others - kind.others, (loaded & _HEAVY) - kind.heavy
    assert not any(surplus), surplus


@pytest.mark.parametrize("words", ["--help", "pets --help", "pets put-pet --help"])
def test_settings_of_refreshing_import_nothing(
    words: str,
    pets: None,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A help page imports no more if the environment and the configuration say when documents are refreshed."""
    plain = _loaded(words.split(), tmp_path)
    with (Path(os.environ["DYNACLI_CONFIG_DIR"]) / "config.toml").open("a") as file:
        file.write('refresh = "blocking"\n')
    monkeypatch.setenv("DYNACLI_REFRESH", "background")
    assert set() == _loaded(words.split(), tmp_path) - plain
    with (Path(os.environ["DYNACLI_CONFIG_DIR"]) / "config.toml").open("a") as file:
        file.write('refresh_after = "12h"\n')
    assert set() == _loaded(words.split(), tmp_path) - plain


def test_a_refresh_behind_a_run_imports_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the document is due, the run starts a process and reads no document itself."""
    with recording() as server:
        served = Served(server, _DOCUMENT)
        assert 0 == run_cli("api", "add", "shop", served.url).exit_code
        words = ["shop", "put-pet", "--help"]
        plain = _loaded(words, tmp_path)
        age(Path(os.environ["DYNACLI_CACHE_DIR"]).parent, 8 * DAY)
        monkeypatch.setenv("DYNACLI_REFRESH", "background")
        begins = "registry.background_refresh registry.news system"
        notes = "commands.document_notes openapi.model.wording"
        assert _loaded(words, tmp_path) - plain == _modules(f"{begins} {notes}") - plain
        until(lambda: len(served.asked) == 2, "the refresh")


def test_compiling_a_plain_document_imports_what_plain_documents_need(tmp_path: Path) -> None:
    """One file without references, whose descriptions are plain, is compiled without the libraries for more."""
    plain = json.loads(json.dumps(_DOCUMENT))
    del plain["paths"]["/pets/{petId}"]["put"]  # its summary is Markdown
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(plain))
    loaded = _loaded(["operations", str(path)], tmp_path)
    assert "jsonschema_rs" in loaded
    assert set() == loaded & _words("email.utils markdown_it prance urllib.request yaml")


@pytest.mark.parametrize("words", ["--help", "pets --help", "pets put-pet --help", "help inputs"])
def test_a_help_page_touches_neither_network_nor_validation(
    words: str,
    pets: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    """Every help page is written without any of the libraries that calls need.

    The manual's pages are Markdown, which is read when they are shown; descriptions were read by the compiler.
    """
    reads_markdown = _words("dataclasses gettext inspect logging markdown_it pathlib")
    allowed = reads_markdown if words == "help inputs" else frozenset()
    assert set() == _loaded(words.split(), tmp_path) & _HEAVY - allowed


def test_httpx_is_imported_without_its_own_command_line(
    pets: None,  # noqa: ARG001
    server: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If rich and pygments are installed, httpx would load them, and more than double its own cost."""
    for package in ("rich", "pygments"):
        (tmp_path / "beside" / package).mkdir(parents=True)
        (tmp_path / "beside" / package / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "beside"), prepend=os.pathsep)
    server.responses["/pets/1"] = Response(200, b'{"id": 1}')
    call = _CALL.replace("ORIGIN", server.origin).split()
    assert set() == _loaded([*call, "--validate", "off"], tmp_path) & {"httpx._main", "pygments", "rich"}


def test_a_call_is_validated_by_the_lean_import(pets: None, server: Recorder, tmp_path: Path) -> None:  # noqa: ARG001
    """openapi-core is there, and what it would bring along without being needed is not."""
    server.responses["/pets/1"] = Response(200, b'{"id": 1}')
    found = _loaded([*_CALL.replace("ORIGIN", server.origin).split(), "--validate", "strict"], tmp_path)
    asked = {
        "dynacli.validation._openapi_core_setup",
        "pydantic",
        "pydantic_settings",
        "requests",
        "werkzeug.serving",
        "urllib3",
    }
    assert {"dynacli.validation._openapi_core_setup"} == found & asked
