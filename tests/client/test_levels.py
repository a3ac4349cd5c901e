"""How strictly a call is validated, which findings do not count, and what a profile says."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.auth.credentials import Variables
from dynacli.registry.configuration_text import edited
from dynacli.validation.finding import Finding, ValidationResult
from dynacli.validation.finding_rules import FINDING_RULES, BadIgnoreError, Ignore, ignores_of, suppress
from tests.documents import api_of, document, get, operation, post, save, save_api
from tests.harness import Recorder, Response, Result, run_cli

PET = {"type": "object", "properties": {"id": {"type": "integer"}, "at": {"type": "string", "maxLength": 3}}}
"""With a property that the document does not mention, each level ends another way; see `_level_of`."""


@pytest.fixture
def api(server: Recorder) -> str:
    """An API of the name `pets`, registered."""
    response = {"description": "It", "content": {"application/json": {"schema": PET}}}
    get = operation("getPet", responses={"200": response, "404": response})
    made = document(
        {"/pet": {"get": get}, "/v2/pet": {"get": {**get, "operationId": "getNewPet"}}}, [server.origin]
    )
    server.responses["/pet"] = server.responses["/v2/pet"] = Response(body=b'{"id": "x"}')
    assert 0 == run_cli("api", "add", "pets", save(made)).exit_code
    return "pets"


@pytest.fixture
def config(home: Path, api: str) -> Path:  # noqa: ARG001  - it must be registered first
    """The configuration, with the entry of the API."""
    return home / "config" / "config.toml"


def _write(config: Path, text: str) -> None:
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")


def _level_of(server: Recorder, *words: str) -> str:
    """Return the level that calls with these words are validated at, by how they end."""
    server.responses["/pet"] = Response(body=b'{"id": "x"}')
    result = run_cli("pets", "get-pet", *words)
    if result.exit_code == 0:
        return "warn" if result.stderr else "off"
    assert 9 == result.exit_code, result.stderr
    server.responses["/pet"] = Response(body=b'{"id": 1, "more": 1}')
    return "exact" if run_cli("pets", "get-pet", *words).exit_code == 9 else "strict"


PRECEDENCE = {
    "nothing": ((), {}, "", "", "warn"),
    "the entry": ((), {}, "", "exact", "exact"),
    "the profile": ((), {}, "off", "exact", "off"),
    "the environment": ((), {"DYNACLI_VALIDATE": "strict"}, "off", "exact", "strict"),
    "an empty variable": ((), {"DYNACLI_VALIDATE": ""}, "", "exact", "exact"),
    "the option": (("--validate", "off"), {"DYNACLI_VALIDATE": "strict"}, "exact", "exact", "off"),
}


@pytest.mark.parametrize(
    ("words", "variables", "profile", "entry", "level"), PRECEDENCE.values(), ids=PRECEDENCE
)
def test_the_first_that_names_a_level_decides(
    config: Path,
    server: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variables: dict[str, str],
    profile: str,
    entry: str,
    level: str,
) -> None:
    """Option, environment, profile, entry of the API, and `warn` if there is none."""
    if entry:
        _write(config, f'validate = "{entry}"\n')
    if profile:
        _write(config, f'[apis.pets.profiles.p]\nvalidate = "{profile}"\n')
        words = (*words, "--profile", "p")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert level == _level_of(server, *words)


def test_a_bad_level_in_the_environment(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and nothing is sent; an option makes it matter no more."""
    monkeypatch.setenv("DYNACLI_VALIDATE", "Strict!")
    result = run_cli(api, "get-pet")
    assert (2, []) == (result.exit_code, server.requests)
    assert "`Strict!` in `DYNACLI_VALIDATE` is not a level of validation" in result.stderr
    assert 0 == run_cli(api, "get-pet", "--validate", "off").exit_code


@pytest.mark.parametrize("scheme", ["validate", "profile"])
def test_no_document_can_send_a_setting(scheme: str) -> None:
    """A security scheme of such a name is read from another variable."""
    assert f"DYNACLI__{scheme.upper()}" == Variables("DYNACLI").own(scheme)


BAD = {
    "level": ('validate = "loud"', "`validate` of `pets`", "it must be one of `off`"),
    "no text": ("validate = true", "`validate` of `pets`", "it must be one of `off`"),
    "a profile's level": (
        '[apis.pets.profiles.p]\nvalidate = "loud"',
        "`validate` of a profile of `pets`",
        "it must be one of `off`",
    ),
    "a profile's key": (
        "[apis.pets.profiles.p]\nvalidat = 1",
        "The profile `p` of `pets`",
        "`validat` is not a known key. Known keys: `auth`, `ca`, `cache`, `headers`,",
    ),
    "a profile's secret": (
        "[apis.pets.profiles.p.headers]\nauthorization = 'Bearer x'",
        "The profile `p` of `pets`",
        "`authorization` is a secret",
    ),
    "a profile's headers": (
        "[apis.pets.profiles.p]\nheaders = 1",
        "The profile `p` of `pets`",
        "a table of strings",
    ),
    "a profile's timeout": (
        '[apis.pets.profiles.p]\ntimeout = "1"',
        "The profile `p` of `pets`",
        "a number of seconds",
    ),
    "a profile's server": (
        "[apis.pets.profiles.p]\nserver = 1.5",
        "The profile `p` of `pets`",
        "`server` must be a URL",
    ),
    "a profile": ("profiles.p = 1", "The profile `p` of `pets`", "it must be a table"),
    "profiles": ("profiles = 1", "`profiles` of `pets`", "they must be tables"),
    "no list": ('ignore = "type"', "`ignore` of `pets`", "it must be a list of tables"),
    "no rule": ('[[apis.pets.ignore]]\nreason = "r"', "`ignore` of `pets`", "`rule` is missing"),
    "no reason": ('[[apis.pets.ignore]]\nrule = "type"', "`ignore` of `pets`", "`reason` is missing"),
    "an unknown rule": (
        '[[apis.pets.ignore]]\nrule = "*"\nreason = "r"\n[[apis.pets.ignore]]\nrule = "tpye"\nreason = "r"',
        "`ignore` of `pets`",
        "of its entry 2, `tpye` is not a rule; those are `*` and ",
    ),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("text", "message", "reason"), BAD.values(), ids=BAD)
def test_a_bad_configuration(config: Path, server: Recorder, text: str, message: str, reason: str) -> None:
    """Exit code 12 with message is wrong and where, nothing is sent, and help works anyway."""
    _write(config, f"{text}\n")
    words = ("--profile", "p") if "profiles" in text else ()
    result = run_cli("pets", "get-pet", *words)
    assert (12, []) == (result.exit_code, server.requests)
    assert f"{message} in the configuration cannot be used" in result.stderr
    assert reason in result.stderr
    assert str(config) in result.stderr
    assert 0 == run_cli("pets", "get-pet", *words, "--help").exit_code


def test_a_profile_gives_options(config: Path, other_server: Recorder) -> None:
    """Server, its variables, headers and time limit; what is given on the command line wins."""
    other_server.responses["/v1/pet"] = other_server.responses["/v2/pet"] = Response(body=b'{"id": 1}')
    _write(
        config,
        f'[apis.pets.profiles.staging]\nserver = "{other_server.origin}/{{v}}"\nserver_vars = {{v = "v1"}}\n'
        'timeout = 5\nheaders = {X-Stage = "1", X-Team = "a: b"}\n',
    )
    call = ("pets", "get-pet", "--profile", "staging")
    result = run_cli(*call, "-H", "x-stage: 2")
    assert (0, "") == (result.exit_code, result.stderr)
    request = other_server.last
    assert ("/v1/pet", ["2"], ["a: b"]) == (
        request.target,
        request.headers["x-stage"],
        request.headers["x-team"],
    )
    assert 0 == run_cli(*call, "--server-var", "v=v2").exit_code
    assert "/v2/pet" == other_server.last.target


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "It has none"), ("[apis.pets.profiles.b]\n[apis.pets.profiles.a]\n", "It has `a`, `b`")],
    ids=["none", "others"],
)
@pytest.mark.parametrize("by", ["option", "variable"])
def test_an_unknown_profile(
    config: Path, server: Recorder, monkeypatch: pytest.MonkeyPatch, text: str, reason: str, by: str
) -> None:
    """Exit code 2 with those that there are: a call must not go elsewhere than was meant."""
    _write(config, text)
    if by == "variable":
        monkeypatch.setenv("DYNACLI_PROFILE", "c")
    result = run_cli("pets", "get-pet", *(("--profile", "c") if by == "option" else ()))
    assert (2, []) == (result.exit_code, server.requests)
    assert "`pets` has no profile `c`" in result.stderr
    assert reason in result.stderr


def test_what_is_not_registered_has_no_profiles(
    api: str,  # noqa: ARG001  - its document is in the working directory
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The option is refused there; the variable, which may be about other APIs, says nothing."""
    assert 2 == run_cli("./api.json", "get-pet", "--profile", "p").exit_code
    monkeypatch.setenv("DYNACLI_PROFILE", "p")
    assert 0 == run_cli("./api.json", "get-pet").exit_code


def _finding(**more: Any) -> Finding:
    return Finding(**{"where": "response", "rule": "type", "pointer": "/items/3/id", "message": "m", **more})


MATCHES: dict[str, tuple[dict[str, str], dict[str, Any], int | None, bool]] = {
    "its rule": ({"rule": "type"}, {}, 200, True),
    "another rule": ({"rule": "enum"}, {}, 200, False),
    "any rule": ({"rule": "*"}, {}, 200, True),
    "the place": ({"pointer": "/items/3/id"}, {}, 200, True),
    "around the place": ({"pointer": "/items"}, {}, 200, True),
    "inside of the place": ({"pointer": "/items/3/id/x"}, {}, 200, False),
    "any step": ({"pointer": "/items/*/id"}, {}, 200, True),
    "any step, another name": ({"pointer": "/*/*/name"}, {}, 200, False),
    "the beginning of a name": ({"pointer": "/item"}, {}, 200, False),
    "a header in any case": ({"pointer": "header/etag"}, {"pointer": "header/ETag"}, 200, True),
    "a query parameter": ({"pointer": "query/page"}, {"pointer": "query/page"}, None, True),
    "a query parameter in another case": ({"pointer": "query/Page"}, {"pointer": "query/page"}, None, False),
    "the status": ({"status": "200"}, {}, 200, True),
    "a class of statuses": ({"status": "4XX"}, {}, 404, True),
    "another class": ({"status": "4XX"}, {}, 200, False),
    "a status, of a request": ({"status": "200"}, {"where": "request"}, None, False),
    "the response": ({"where": "response"}, {}, 200, True),
    "the request": ({"where": "request"}, {}, 200, False),
    "the operation": ({"operation": "get-pet"}, {}, 200, True),
    "the operationId": ({"operation": "GETPET"}, {}, 200, True),
    "another operation": ({"operation": "put-pet"}, {}, 200, False),
}


@pytest.mark.parametrize(("ignore", "finding", "status", "is_ignored"), MATCHES.values(), ids=MATCHES)
def test_what_an_exception_is_about(
    ignore: dict[str, str], finding: dict[str, Any], status: int | None, is_ignored: bool
) -> None:
    """All that it names must fit; what it does not name may be anything."""
    validation = ValidationResult()
    validation.extend([_finding(**finding)])
    found = list(validation.findings)
    suppress(
        validation, [Ignore(**{"rule": "*", "reason": "reason", **ignore})], ("get-pet", "getPet"), status
    )
    assert ([] if is_ignored else found) == validation.findings
    assert ([(found[0], "reason")] if is_ignored else []) == validation.suppressed


BAD_IGNORES: dict[str, tuple[Any, str]] = {
    "no list": ({"rule": "*"}, "it must be a list of tables"),
    "no tables": (["type"], "it must be a list of tables"),
    "an unknown key": (
        [{"rule": "*", "reason": "r", "path": "/"}],
        "`path` is not a known key. Known keys: `operation`, `pointer`",
    ),
    "an empty reason": ([{"rule": "*", "reason": " "}], "`reason` is missing"),
    "a reason of another type": ([{"rule": "*", "reason": 1}], "`reason` is a text"),
    "a place": ([{"rule": "*", "reason": "r", "where": "here"}], "`where` is `request` or `response`"),
    "a status": ([{"rule": "*", "reason": "r", "status": "4xY"}], "`status` must be one like `404`"),
    "a status that is true": ([{"rule": "*", "reason": "r", "status": True}], "`status` is a text"),
}


@pytest.mark.parametrize(("entries", "reason"), BAD_IGNORES.values(), ids=BAD_IGNORES)
def test_a_malformed_exception(entries: Any, reason: str) -> None:
    """It is reported what is wrong with it."""
    with pytest.raises(BadIgnoreError, match=reason.replace("`", ".")):
        ignores_of(entries)


def test_a_status_is_a_number_or_a_class() -> None:
    """As a person would write it."""
    written = [{"rule": "type", "reason": "r", "status": status} for status in (404, "404", "4xx")]
    assert ["404", "404", "4XX"] == [ignore.status for ignore in ignores_of(written)]


IGNORE = '[[apis.pets.ignore]]\nrule = "type"\npointer = "/id"\nreason = "the old server; #12"\n'


@pytest.mark.parametrize(
    ("words", "is_said"),
    [((), False), (("-v",), True), (("--validate", "strict"), True), (("--validate", "exact"), True)],
    ids=["by default", "verbose", "strict", "exact"],
)
def test_what_is_ignored_does_not_count(config: Path, words: tuple[str, ...], is_said: bool) -> None:
    """The call succeeds; the reason is reported at the levels that mind, and always in the report."""
    _write(config, IGNORE)
    result = run_cli("pets", "get-pet", *words, "--report", "json=r.json")
    assert (0, '{"id": "x"}') == (result.exit_code, result.stdout)
    line = "Suppressed: /id: expected integer, got string `x` [type]: the old server; #12\n"
    assert is_said is (line in result.stderr)
    assert "does not match the document" not in result.stderr
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert (True, [], ["the old server; #12"]) == (
        report["valid"],
        report["findings"],
        [suppression["reason"] for suppression in report["suppressed"]],
    )


def test_the_rest_counts(config: Path, server: Recorder) -> None:
    """One finding is ignored, the other ends the call; programs get both."""
    _write(config, IGNORE)
    server.responses["/pet"] = Response(body=b'{"id": "x", "at": "late"}')
    error = run_cli("pets", "get-pet", "--validate", "strict", "--error-format", "json").error
    assert (9, ["/at"], ["/id"]) == (
        error["exit_code"],
        [finding["pointer"] for finding in error["findings"]],
        [suppression["pointer"] for suppression in error["suppressed"]],
    )


def test_an_exception_is_about_one_operation(config: Path) -> None:
    """The other one is validated as ever."""
    _write(config, IGNORE + 'operation = "get-pet"\n')

    def call(name: str) -> Result:
        return run_cli("pets", name, "--validate", "strict")

    assert (0, 9) == (call("get-pet").exit_code, call("get-new-pet").exit_code)


def test_a_request_can_be_let_pass(home: Path, server: Recorder) -> None:
    """What the document does not allow and the configuration ignores is sent."""
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}}
    made = api_of(get("/pet", "getPet", parameters=[limit]), server=server)
    server.responses["/pet"] = Response()
    assert 0 == run_cli("api", "add", "pets", save(made)).exit_code
    assert 2 == run_cli("pets", "get-pet", "--limit", "9").exit_code
    config = home / "config" / "config.toml"
    _write(
        config,
        '[[apis.pets.ignore]]\nrule = "maximum"\nwhere = "request"\npointer = "query/limit"\nreason = "r"\n',
    )
    assert 0 == run_cli("pets", "get-pet", "--limit", "9").exit_code
    assert "/pet?limit=9" == server.last.target


def test_every_rule_that_findings_name_is_known() -> None:
    """What the validator calls a rule can be ignored by that name."""
    named = set()
    for path in (Path(dynacli.__file__).parent / "validation").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Finding", "ErrorExplanation"}:
                named |= {
                    arg.value
                    for arg in node.args[:2]
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    named -= {"request", "response"}
    assert len(named) > 8
    assert set() == named - FINDING_RULES.keys()


def test_entries_with_exceptions_can_be_changed() -> None:
    """`api rename`, `api remove` and newly accepted origins leave exceptions and profiles where they belong."""
    text = (
        '[apis.pets]\nsource = "/p.json"\n# why\n'
        + IGNORE
        + '[apis.pets.profiles.p] # mine\nvalidate = "off"\n[apis.zoo]\nsource = "/z"\n'
    )
    assert text.replace("apis.pets", "apis.dogs") == edited(text, "pets", None, "dogs")
    assert '[apis.zoo]\nsource = "/z"\n' == edited(text, "pets", None).removeprefix("# why\n")
    changed = edited(text, "pets", {"origins": ["https://a.example"]})
    assert text == changed.replace('origins = ["https://a.example"]\n', "")


POST: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}
        }
    }
}


@pytest.fixture
def taking(server: Recorder) -> str:
    """An API with an operation that takes a body of one property, which others may stand beside."""
    server.responses["/pet"] = Response(body=b"{}")
    return save_api(post("/pet", "addPet", **POST), server=server)


@pytest.mark.parametrize("is_dry", [False, True], ids=["sent", "shown"])
def test_a_request_with_more_than_is_mentioned_is_sent_and_told(
    server: Recorder, taking: str, is_dry: bool
) -> None:
    """`exact` reports what the document does not mention, and allows it: the exit code stays 0."""
    words = ["add-pet", "--body", '{"id": 1, "more": 2}', *(["--dry-run", "json"] if is_dry else [])]
    result = run_cli(taking, *words, "--validate", "exact", "--report", "json=r.json")
    assert (0, 0 if is_dry else 1) == (result.exit_code, len(server.requests))
    assert "warning: The request has values that the document does not mention\n" in result.stderr
    assert 1 == result.stderr.count("[undocumented-property]")
    report = json.loads(Path("r.json").read_text())
    assert [("request", "undocumented-property", "/more")] == [
        (finding["where"], finding["rule"], finding["pointer"]) for finding in report["findings"]
    ]
    assert ("", 0) == ((other := run_cli(taking, *words, "--validate", "strict")).stderr, other.exit_code)


def test_more_than_is_mentioned_is_no_excuse(server: Recorder, taking: str) -> None:
    """A request that does not match the document is refused at `exact` as at any other level, with all its findings."""
    body = ("add-pet", "--body", '{"id": "x", "more": 2}')
    result = run_cli(taking, *body, "--validate", "exact", "--error-format", "json")
    assert (2, []) == (result.exit_code, server.requests)
    assert ["type", "undocumented-property"] == sorted(
        finding["rule"] for finding in result.error["findings"]
    )


def test_a_program_reads_what_the_document_does_not_mention(server: Recorder, taking: str) -> None:
    """The warning about a request has its findings in the JSON form, and a report in their place has them once."""
    words = ("add-pet", "--body", '{"more": 2}', "--validate", "exact")
    (line,) = run_cli(taking, *words, "--error-format", "json").stderr.splitlines()
    assert ["/more"] == [finding["pointer"] for finding in json.loads(line)["warning"]["findings"]]
    result = run_cli(taking, *words, "--report", "json")
    assert (0, 2) == (result.exit_code, len(server.requests))
    assert ["/more"] == [finding["pointer"] for finding in json.loads(result.stderr)["findings"]]


_OWNER = {"type": "object", "properties": {"name": {"type": "string"}}}
_LENIENT = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "role": {"oneOf": [{"enum": ["ADMIN"]}, {"type": "string"}]},
        "owner": {"allOf": [_OWNER], "nullable": True},
        "former": {"type": "array", "items": {"allOf": [_OWNER], "nullable": True}},
    },
}
_LETTER = ["/id readOnly", "/owner type", "/role oneOf"]


@pytest.fixture
def lenient(server: Recorder) -> str:
    """An API of OpenAPI 3.0 whose document forbids, to the letter, what its author means to allow."""
    content = {"content": {"application/json": {"schema": _LENIENT}}}
    responses = {"200": {"description": "It", **content}}
    body = b'{"owner": null, "former": [null, null]}'
    server.responses["/pet"] = Response(200, body, {"Content-Type": "application/json"})
    return save_api(
        post("/pet", "addPet", requestBody=content, responses=responses), server=server, version="3.0.3"
    )


@pytest.mark.parametrize("level", ["warn", "strict"])
@pytest.mark.parametrize("is_dry", [False, True], ids=["sent", "shown"])
def test_what_is_meant_is_sent_with_notes(
    server: Recorder, lenient: str, level: str, *, is_dry: bool
) -> None:
    """Below `exact` each kind of what the letter forbids has one note in a run, and a place in the report."""
    words = ["add-pet", "--body", '{"id": 1, "role": "ADMIN", "owner": null}', "--validate", level]
    words += ["--report", "json=r.json", *(["--dry-run", "json"] if is_dry else [])]
    result = run_cli(lenient, *words)
    assert (0, 0 if is_dry else 1) == (result.exit_code, len(server.requests))
    notes = [line for line in result.stderr.splitlines() if line.startswith("Tolerated: ")]
    assert notes == result.stderr.splitlines()
    assert (
        "Tolerated: /id: the document marks this as read-only, so it should not be sent [readOnly]" in notes
    )
    assert 1 == sum("`nullable` counts only beside a `type`" in note for note in notes)
    assert 3 == len(notes)
    report = json.loads(Path("r.json").read_text())
    reported = [f"{finding['pointer']} {finding['rule']}" for finding in report["tolerated"]]
    assert (True, _LETTER) == (
        report["valid"],
        sorted(line for line in set(reported) if "former" not in line),
    )


def test_the_letter_counts_at_exact(server: Recorder, lenient: str) -> None:
    """`exact` refuses such a request, and a response like it ends the call."""
    words = ("add-pet", "--validate", "exact", "--error-format", "json")
    refused = run_cli(lenient, *words, "--body", '{"id": 1, "role": "ADMIN", "owner": null}')
    assert (2, []) == (refused.exit_code, server.requests)
    assert _LETTER == sorted(
        f"{finding['pointer']} {finding['rule']}" for finding in refused.error["findings"]
    )
    assert [] == refused.error["tolerated"]
    assert 9 == run_cli(lenient, *words, "--body", "{}").exit_code


def test_a_response_by_two_alternatives_is_a_finding(server: Recorder, lenient: str) -> None:
    """It is reported as the likely fault of the document."""
    headers = {"Content-Type": "application/json"}
    server.responses["/pet"] = Response(200, b'{"role": "ADMIN"}', headers)
    result = run_cli(lenient, "add-pet", "--validate", "strict")
    assert 9 == result.exit_code
    assert "but only one may match; the document is probably wrong [oneOf]" in result.stderr


def test_a_program_gets_what_is_tolerated(lenient: str) -> None:
    """The library has the notes of the request and of the response as findings of their own."""
    with dynacli.open_api(lenient) as api:
        response = api.call("add-pet", id=1)
    assert ((), ()) == (response.findings, response.not_validated)
    assert [
        ("request", "/id"),
        ("response", "/owner"),
        ("response", "/former/0"),
        ("response", "/former/1"),
    ] == [(finding.where, finding.pointer) for finding in response.tolerated]


def test_a_note_can_be_ignored(home: Path, lenient: str) -> None:
    """An exception silences what is tolerated, too."""
    assert 0 == run_cli("api", "add", "pets", lenient).exit_code
    for rule in ("readOnly", "type"):
        assert 0 == run_cli("ignore", "pets", rule, "addPet", "--reason", "everybody does").exit_code
    result = run_cli("pets", "add-pet", "--id", "1")
    assert (0, "") == (result.exit_code, result.stderr)
    assert 2 == (home / "config" / "config.toml").read_text().count("[[apis.pets.ignore]]")
