"""Policies: what a person lets dynacli do with an API holds for every way in."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dynacli import open_api
from dynacli.client.api_client import Api
from dynacli.errors import DynacliError, RefusedError
from tests.documents import delete, get, operation, parameter, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli

_ID = parameter("petId", {"type": "integer"}, "path")
_LINK = {"operationId": "deletePet", "parameters": {"petId": "$response.body#/id"}}
_LINKED = {
    "200": {
        "description": "OK",
        "content": {"application/json": {"schema": {}}},
        "links": {"remove": _LINK},
    }
}
_WORDS = tuple(parameter(name, {"type": "string"}, "path") for name in ("what", "which"))
_RESPONSES = {"200": {"description": "OK", "content": {"application/json": {"schema": {}}}}}
_PATHS = {
    "/pets": {
        "get": operation("listPets", tags=["Pet Store"]),
        "post": operation("createPet", tags=["Pet Store"]),
    },
    "/pets/{petId}": {
        "get": operation("getPet", _ID, responses=_LINKED),
        "patch": operation("changePet", _ID, body={"type": "object"}),
        "delete": operation("deletePet", _ID, tags=["Danger"]) | {"x-cli-aliases": ["rm"]},
    },
}


class Pets:
    """A registered API, and its server."""

    def __init__(self, server: Recorder) -> None:
        self.server = server
        for path in ("/pets", "/pets/7", "/pets/7/"):
            server.responses[path] = Response(body=b'{"id": 7}')
        save_api(_PATHS, server=server, file="pets.json")
        assert 0 == run_cli("api", "add", "pets", "./pets.json").exit_code
        self.configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
        self._text = self.configuration.read_text()

    def has(self, policy: str, table: str = "apis.pets.policy") -> None:
        """Write a policy into the configuration, instead of an earlier one."""
        self.configuration.write_text(f"{self._text}\n[{table}]\n{policy}\n")

    @property
    def methods(self) -> list[str]:
        """The methods of the requests that the server got."""
        return [request.method for request in self.server.requests]


@pytest.fixture
def pets(server: Recorder) -> Pets:
    """A registered API, whose policy a test writes."""
    return Pets(server)


WORDS = {
    "method": "DELETE",
    "method-in-lower-case": "delete",
    "tag": "tag:Danger",
    "tag-in-kebab-case": "tag:danger",
    "tag-pattern": "tag:d*",
    "name": "delete-pet",
    "operation-id": "deletePet",
    "alias": "rm",
    "pattern": "delete-*",
    "pattern-of-ids": "delete[A-Z]*",
}
"""The kinds of words in a list, each with one that means `delete-pet`."""

LISTS = {
    "deny": "deny = ['{}']",
    "confirm": "confirm = ['{}']",
    "allow": "allow = ['{}']",
    "deny-wins": "deny = ['{0}']\nallow = ['{0}']\nconfirm = ['{0}']",
    "confirm-wins": "allow = ['{0}']\nconfirm = ['{0}']",
    "not-allowed": "allow = ['GET']  # {}",
    "read-only": "read_only = true\nallow = ['{}']",
}


def _command(*words: str) -> Callable[[bool], int]:
    return lambda is_agreed: run_cli(*words, *(["--yes"] if is_agreed else [])).exit_code


def _batch(is_agreed: bool) -> int:
    Path("rows.ndjson").write_text('{"petId": 7}\n')
    return _command("batch", "pets", "delete-pet", "rows.ndjson")(is_agreed)


def _by_stdin(is_agreed: bool) -> int:
    words = ("-", "delete-pet", "7", *(["--yes"] if is_agreed else []))
    return run_cli(*words, stdin=Path("pets.json").read_bytes()).exit_code


def _by_another_document(is_agreed: bool) -> int:
    """Call by a document of the same server that gives the operation another name, and its path other parameters."""
    server = json.loads(Path("pets.json").read_text())["servers"][0]["url"]
    save_api(
        delete("/{what}/{which}", "harmless", *_WORDS, responses=_RESPONSES), server=server, file="other.json"
    )
    return _command("./other.json", "harmless", "pets", "7")(is_agreed)


def _by_another_name(is_agreed: bool) -> int:
    assert 0 == run_cli("api", "add", "pets2", "./pets.json").exit_code
    return _command("pets2", "delete-pet", "7")(is_agreed)


def _in_python(use: Callable[[Api], object]) -> Callable[[bool], int]:
    def code(is_agreed: bool) -> int:
        try:
            with open_api("pets", yes=is_agreed) as api:
                use(api)
        except DynacliError as error:
            return error.exit_code
        return 0

    return code


WAYS = {
    "name": _command("pets", "delete-pet", "7"),
    "operation-id": _command("pets", "deletePet", "7"),
    "alias": _command("pets", "rm", "7"),
    "tag": _command("pets", "danger", "delete-pet", "7"),
    "method-and-path": _command("pets", "DELETE", "/pets/7"),
    "request": _command("request", "pets", "DELETE", "/pets/7"),
    "another-spelling": _command("request", "pets", "DELETE", "/pets/7/"),
    "document-by-its-path": _command("./pets.json", "delete-pet", "7"),
    "document-by-standard-input": _by_stdin,
    "another-document-of-the-server": _by_another_document,
    "another-name": _by_another_name,
    "all-pages": _command("pets", "delete-pet", "7", "--all"),
    "into-a-file": _command("-o", "@pet.json", "pets", "delete-pet", "7"),
    "followed": _command("pets", "get-pet", "7", "--follow", "remove"),
    "batch": _batch,
    "check": _command(
        *("check", "pets", "--only", "delete-pet", "--operation", "delete-pet"),
        *("--set", "petId=7", "--validate", "warn"),
    ),
    "python-call": _in_python(lambda api: api.call("delete-pet", pet_id=7)),
    "python-pages": _in_python(lambda api: next(iter(api.pages("delete-pet", pet_id=7)))),
    "python-download": _in_python(lambda api: api.download("delete-pet", "pet.json", pet_id=7)),
    "python-batch": _in_python(lambda api: list(api.batch([{"pet_id": 7}], "delete-pet"))),
    "python-follow": _in_python(lambda api: api.follow(api.call("get-pet", pet_id=7), "remove")),
}
"""The ways in which `delete-pet` is called, each with whether a person has agreed."""


def _expected(kind: str, word: str, way: str, *, is_agreed: bool) -> int:
    """Return the exit code of a call."""
    if kind in {"deny", "deny-wins", "not-allowed", "read-only"}:
        return 11
    # What a path of another spelling means is not known, nor whether `delete` is a method: what allows is exact.
    exact = {"method"} if way == "another-spelling" else WORDS.keys() - {"method-in-lower-case"}
    is_allowed = kind == "confirm" or word in exact
    # `--follow` calls an operation that `allow` does not have before the one that it has.
    is_allowed &= "follow" not in way or kind == "confirm"
    return 0 if is_allowed and (kind == "allow" or is_agreed) else 11


@pytest.mark.sampled(16)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("kind", LISTS)
def test_a_policy_holds_for_every_way_in(kind: str, word: str, way: str, pets: Pets) -> None:
    """Each list decides of each kind of word, however the operation is called; and nothing that is refused is sent."""
    pets.has(LISTS[kind].format(WORDS[word]))
    for is_agreed in (False, True):
        del pets.server.requests[:]
        code = _expected(kind, word, way, is_agreed=is_agreed)
        assert code == WAYS[way](is_agreed)
        assert (code == 0) == ("DELETE" in pets.methods), pets.methods


@pytest.mark.sampled(3)
@pytest.mark.parametrize("way", WAYS)
def test_what_no_policy_is_about_is_called(way: str, pets: Pets) -> None:
    """If there is no terminal, a DELETE is sent without a question, so that scripts work."""
    assert 0 == WAYS[way](False)
    assert "DELETE" in pets.methods


TERMINAL = ("stdin", "stderr")


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("policy", "words", "stdin", "code"),
    [
        pytest.param("", (), b"y\n", 0, id="agreed"),
        pytest.param("", (), b"\n", 11, id="not-agreed"),
        pytest.param("", ("--yes",), b"", 0, id="yes"),
        pytest.param("", ("--no-input",), b"", 11, id="nobody-may-be-asked"),
        pytest.param("", ("--no-input", "--yes"), b"", 0, id="nobody-need-be-asked"),
        pytest.param("", ("--dry-run",), b"", 0, id="dry-run"),
        pytest.param("confirm = ['DELETE']", (), b"yes\n", 0, id="confirmed"),
        pytest.param("confirm = ['DELETE']", ("--dry-run",), b"", 0, id="dry-run-of-what-is-confirmed"),
        pytest.param("deny = ['DELETE']", ("--yes",), b"", 11, id="denied"),
        pytest.param("deny = ['DELETE']", ("--dry-run",), b"", 11, id="denied-is-not-shown"),
        pytest.param("deny = ['POST']", (), b"y\n", 0, id="asked-where-no-list-has-it"),
        pytest.param("allow = ['DELETE']", (), b"", 0, id="not-asked-where-it-is-allowed"),
    ],
)
def test_a_person_on_a_terminal_is_asked(
    policy: str, words: tuple[str, ...], stdin: bytes, code: int, pets: Pets
) -> None:
    """About each DELETE, and what a policy wants confirmed; about nothing that is not sent."""
    pets.has(policy)
    result = run_cli("pets", "delete-pet", "7", *words, stdin=stdin, terminal=TERMINAL)
    assert code == result.exit_code
    assert bool(stdin) == ("Call `delete-pet` (DELETE /pets/{petId}) of `pets`?" in result.stderr), (
        result.stderr
    )
    assert (["DELETE"] if code == 0 and "--dry-run" not in words else []) == pets.methods


@pytest.mark.parametrize("policy", ["", "confirm = ['DELETE']"])
def test_nobody_is_asked_about_a_call_that_cannot_be_sent(
    policy: str, pets: Pets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its credential a call fails before the question; with it the question comes, once."""
    described = json.loads(Path("pets.json").read_text())
    described["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    described["security"] = [{"token": []}]
    Path("pets.json").write_text(json.dumps(described))
    pets.has(policy)
    words = ("pets", "delete-pet", "7", "--accept-origin", pets.server.origin)
    result = run_cli(*words, stdin=b"y\n", terminal=TERMINAL)
    assert_ended(result, 10, without=["[y/N]"])
    assert [] == pets.methods
    monkeypatch.setenv("DYNACLI_PETS_TOKEN", "t")
    for response, code, methods in ((b"n\n", 11, []), (b"y\n", 0, ["DELETE"])):
        result = run_cli(*words, stdin=response, terminal=TERMINAL)
        assert (code, 1) == (result.exit_code, result.stderr.count("[y/N]"))
        assert methods == pets.methods


@pytest.mark.parametrize(
    ("variable", "terminal", "words", "code"),
    [
        pytest.param("CLAUDECODE", TERMINAL, (), 11, id="on-a-terminal"),
        pytest.param("CODEX_SANDBOX", TERMINAL, (), 11, id="by-a-prefix"),
        pytest.param("AI_AGENT", TERMINAL, ("--yes",), 0, id="yes"),
        pytest.param("AI_AGENT", (), (), 0, id="without-a-terminal"),
        pytest.param("AI_AGENT", (), ("--no-input",), 11, id="no-input"),
    ],
)
def test_an_agent_is_not_asked(
    variable: str,
    terminal: tuple[str, ...],
    words: tuple[str, ...],
    code: int,
    pets: Pets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If an agent has a terminal, what removes something wants `--yes`."""
    monkeypatch.setenv(variable, "1")
    result = run_cli("pets", "delete-pet", "7", *words, stdin=b"y\n", terminal=terminal)
    assert code == result.exit_code
    assert (["DELETE"] if code == 0 else []) == pets.methods
    assert "[y/N]" not in result.stderr


def test_all_pages_are_agreed_to_at_once(pets: Pets) -> None:
    """A person is asked once for a command, however many requests it makes."""
    pets.server.responses["/pets"] = Response(
        body=b'[{"id": 1}]', headers={"Content-Type": "application/json", "Link": "</pets/7>; rel=next"}
    )
    pets.has("confirm = ['list-pets']")
    result = run_cli("pets", "list-pets", "--all", stdin=b"y\n", terminal=TERMINAL)
    assert ["GET", "GET"] == pets.methods
    assert 1 == result.stderr.count("[y/N]")


@pytest.mark.parametrize(
    ("policy", "stdin", "code", "methods"),
    [
        pytest.param("deny = ['PATCH']", b"", 11, [], id="denied"),
        pytest.param("confirm = ['PATCH']", b"y\n", 0, ["GET", "PATCH"], id="agreed-by-the-question-of-edit"),
        pytest.param("confirm = ['PATCH']", b"n\n", 2, ["GET"], id="not-agreed"),
        pytest.param("deny = ['GET']", b"", 11, [], id="not-even-read"),
    ],
)
def test_what_edit_sends_is_asked_about_before_anything_is(
    policy: str,
    stdin: bytes,
    code: int,
    methods: list[str],
    pets: Pets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An update that is denied is not edited; the question that shows the difference is the one that counts."""
    monkeypatch.setenv("EDITOR", "sed -i s/7/8/")
    pets.has(policy)
    result = run_cli("edit", "pets", "get-pet", "7", stdin=stdin, terminal=TERMINAL)
    assert (code, methods) == (result.exit_code, pets.methods)
    assert result.stderr.count("[y/N]") == bool(stdin)


@pytest.mark.parametrize(("method", "code"), [("GET", 11), ("PATCH", 0)])
def test_edit_reads_with_dry_run_too(
    method: str, code: int, pets: Pets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the call that reads is confirmed with `--dry-run`, and the one that is shown is not."""
    monkeypatch.setenv("EDITOR", "sed -i s/7/8/")
    pets.has(f"confirm = ['{method}']")
    words = ("edit", "pets", "get-pet", "7", "--dry-run")
    assert code == run_cli(*words, stdin=b"n\n", terminal=TERMINAL).exit_code


def test_edit_without_a_terminal_cannot_confirm(pets: Pets) -> None:
    """Nothing is sent if an update is to be confirmed and no one can be asked."""
    pets.has("confirm = ['PATCH']")
    assert 11 == run_cli("edit", "pets", "get-pet", "7", stdin=b"y\n").exit_code
    assert [] == pets.methods


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param((), 0, id="without-the-profile"),
        pytest.param(("--profile", "safe"), 11, id="with-it"),
        pytest.param(("--profile", "safe", "--yes"), 11, id="denied-wins"),
    ],
)
def test_a_profile_has_a_policy_of_its_own(words: tuple[str, ...], code: int, pets: Pets) -> None:
    """The stricter one of the API's and the profile's wins."""
    pets.has("read_only = true\n[apis.pets.policy]\nallow = ['DELETE']", "apis.pets.profiles.safe.policy")
    assert code == run_cli("pets", "delete-pet", "7", *words).exit_code


OVERRIDES = {
    "header": ("-H", "X-HTTP-Method-Override: delete"),
    "other-header": ("-H", "X-Method-Override: DELETE"),
    "query": ("--query._method", "DELETE"),
    "encoded-query": ("/pets?%5Fmethod=DELETE",),
    "query-of-salesforce": ("/pets?_HttpMethod=DELETE",),
    "json": ("--body", '{"_method": "delete"}'),
    "escaped-json": ("--body", r'{"\u005fmethod": "DELETE"}'),
    "form": ("--content-type", "application/x-www-form-urlencoded", "--body", "a=b&_method=DELETE"),
    "multipart": ("--content-type", "multipart/form-data", "--body", '{"_method": "DELETE"}'),
}
"""If a request may ask for another method, each with the words that do."""

_ANY_POST = {
    "/pets": {
        "post": {
            "operationId": "createPet",
            "parameters": [
                parameter("_method", {"type": "string"}),
                parameter("_HttpMethod", {"type": "string"}),
                parameter("X-Method-Override", {"type": "string"}, "header"),
            ],
            "requestBody": {
                "content": {
                    media_type: {"schema": {"type": "object", "properties": {"_method": {"type": "string"}}}}
                    for media_type in (
                        "application/json",
                        "application/x-www-form-urlencoded",
                        "multipart/form-data",
                    )
                }
            },
            "responses": _RESPONSES,
        }
    }
}


@pytest.mark.parametrize("place", OVERRIDES)
@pytest.mark.parametrize(
    ("policy", "words", "code"),
    [
        pytest.param("deny = ['DELETE']", ("--yes",), 11, id="denied"),
        pytest.param("allow = ['POST']", ("--yes",), 11, id="not-allowed"),
        pytest.param("confirm = ['DELETE']", (), 11, id="to-be-confirmed"),
        pytest.param("confirm = ['DELETE']", ("--yes",), 0, id="confirmed"),
        pytest.param("deny = ['PATCH']", (), 0, id="other"),
        pytest.param("", ("--no-input",), 11, id="without-a-policy"),
        pytest.param("", (), 0, id="in-a-script"),
    ],
)
@pytest.mark.sampled(6)
def test_a_request_does_not_ask_for_another_method_behind_the_policy(
    policy: str, words: tuple[str, ...], code: int, place: str, pets: Pets
) -> None:
    """Wherever it asks, the method counts that it asks for as well as its own."""
    save_api(_ANY_POST, server=pets.server, file="pets.json")
    pets.has(policy)
    path = [word for word in OVERRIDES[place] if word.startswith("/")] or ["/pets"]
    more = [word for word in OVERRIDES[place] if not word.startswith("/")]
    result = run_cli("request", "pets", "POST", *path, *more, *words, "--validate", "off")
    assert code == result.exit_code, result.stderr
    assert (["POST"] if code == 0 else []) == pets.methods


def test_who_agrees_to_a_call_has_not_agreed_to_another_method(pets: Pets) -> None:
    """The rows of a batch that ask for another method are asked about by themselves."""
    save_api(_ANY_POST, server=pets.server, file="pets.json")
    pets.has("confirm = ['POST', 'DELETE']")
    rows = b'{"query._method": "POST"}\n{"query._method": "DELETE"}\n'
    Path("rows.ndjson").write_bytes(rows)
    words = ("batch", "pets", "create-pet", "rows.ndjson")
    result = run_cli(*words, stdin=b"y\n", terminal=TERMINAL)
    assert 11 == result.exit_code, result.stderr
    assert "DELETE" not in str(pets.server.requests)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        pytest.param("deny = ['get-pet']", 0, id="what-the-policy-does-not-mean"),
        pytest.param("deny = ['list-pets']", 11, id="what-it-denies"),
    ],
)
@pytest.mark.parametrize("is_named", [True, False], ids=["server-option", "documented-server"])
def test_a_policy_holds_at_its_servers(
    policy: str, code: int, is_named: bool, pets: Pets, other_server: Recorder
) -> None:
    """A call by the document of another API counts as that of the operation whose path it has there."""
    pets.has(policy)
    origin = other_server.origin if is_named else pets.server.origin
    save_api(get("/{any}", "any", _WORDS[0] | {"name": "any"}), server=origin, file="any.json")
    words = ("--server", pets.server.origin) if is_named else ()
    result = run_cli("./any.json", "any", "pets", *words, "--validate", "off")
    assert code == result.exit_code, result.stderr
    assert 0 == run_cli("./any.json", "any", "x", "--server", other_server.origin, "--no-fail").exit_code


@pytest.mark.parametrize(
    ("path", "code"),
    [("/b/pets", 0), ("/a/pets", 11), ("/a/x", 11), ("/A//pets", 11), ("/%61/pets", 11)],
)
def test_apis_behind_one_gateway_have_their_own_policies(path: str, code: int, pets: Pets) -> None:
    """Each is below a path of the origin, in whatever spelling; a policy that is malformed holds up no others."""
    pets.server.responses["/b/pets"] = Response(body=b"{}")
    save_api(_PATHS, server=f"{pets.server.origin}/a", file="pets.json")
    assert 0 == run_cli("api", "refresh", "pets").exit_code
    pets.has("read_only = true")
    save_api(get("/x"), server=pets.server, file="gateway.json")
    words = ("request", "./gateway.json", "POST", path, "--validate", "off")
    assert code == run_cli(*words).exit_code
    pets.has("read_onyl = true")
    assert (0 if code == 0 else 12) == run_cli(*words).exit_code


def test_a_policy_of_its_own_binds_an_api_alone(pets: Pets) -> None:
    """A person can give one server two names, with two policies; only a person gives the second one its policy."""
    pets.has("deny = ['DELETE']")
    assert 0 == run_cli("api", "add", "admin", "./pets.json").exit_code
    assert 11 == run_cli("admin", "delete-pet", "7").exit_code
    words = ("api", "set", "admin", "policy.read_only=false")
    assert 11 == run_cli(*words).exit_code
    assert 0 == run_cli(*words, stdin=b"y\n", terminal=TERMINAL).exit_code
    assert 0 == run_cli("admin", "delete-pet", "7").exit_code
    assert 11 == run_cli("./pets.json", "delete-pet", "7").exit_code


def test_a_copy_gets_no_policy_of_its_own_without_a_person(pets: Pets, other_server: Recorder) -> None:
    """A document with the same server is bound, so its first policy, which would take the place, is a person's."""
    pets.has("deny = ['DELETE']")
    origin = pets.server.origin.replace("127.0.0.1", "localhost")
    for name, server in (("copy", origin), ("other", other_server.origin)):
        save_api(_PATHS, server=server, file=f"{name}.json")
        assert 0 == run_cli("api", "add", name, f"./{name}.json").exit_code
    assert 11 == run_cli("api", "set", "copy", "policy.read_only=false").exit_code
    assert 0 == run_cli("api", "set", "other", "policy.read_only=false").exit_code
    assert 11 == run_cli("other", "delete-pet", "7", "--server", pets.server.origin).exit_code
    assert 11 == run_cli("other", "delete-pet", "7", "--server", origin).exit_code
    assert [] == pets.methods
    other_server.responses["/pets/7"] = Response(body=b"{}")
    assert 0 == run_cli("other", "delete-pet", "7").exit_code


def test_the_policy_of_a_profile_holds_for_the_document_by_its_path(
    pets: Pets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the environment chooses the profile, leaving out the name does not leave out its policy."""
    pets.has("read_only = true", "apis.pets.profiles.agent.policy")
    assert 0 == run_cli("./pets.json", "delete-pet", "7").exit_code
    monkeypatch.setenv("DYNACLI_PROFILE", "agent")
    assert 11 == run_cli("./pets.json", "delete-pet", "7").exit_code


def test_a_header_does_not_lead_around_a_policy(pets: Pets) -> None:
    """A method that a header asks for counts as well as that of the request."""
    pets.has("deny = ['DELETE']")
    override = ("-H", "X-HTTP-Method-Override: delete")
    result = run_cli("pets", "create-pet", *override)
    assert 11 == result.exit_code
    assert "a header asks for DELETE" in result.stderr
    assert 0 == run_cli("pets", "create-pet").exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        pytest.param("dney = ['DELETE']", "`dney` is not a known key", id="unknown-key"),
        pytest.param("deny = 'DELETE'", "`deny` must be a list of strings", id="no-list"),
        pytest.param("deny = [1]", "`deny` must be a list of strings", id="no-texts"),
        pytest.param("deny = ['tag:']", "`deny` has an empty string", id="empty-tag"),
        pytest.param("read_only = 'yes'", "`read_only` must be `true` or `false`", id="no-boolean"),
    ],
)
@pytest.mark.parametrize("table", ["apis.pets.policy", "apis.pets.profiles.p.policy"])
def test_a_policy_that_cannot_be_read_lets_nothing_through(
    policy: str, reason: str, table: str, pets: Pets
) -> None:
    """It is an error of the configuration, which says what is wrong and where."""
    pets.has(policy, table)
    result = run_cli("pets", "list-pets", *(("--profile", "p") if "profiles" in table else ()))
    assert 12 == result.exit_code
    assert f"`[{table}]` in the configuration cannot be used" in result.stderr
    assert reason in result.stderr
    assert [] == pets.methods


def test_a_policy_that_is_no_table_is_named(pets: Pets) -> None:
    """As is what a table looks like."""
    pets.configuration.write_text(f"{pets.configuration.read_text()}policy = 'strict'\n")
    result = run_cli("pets", "list-pets")
    assert 12 == result.exit_code
    assert "it must be a table: `[apis.pets.policy]`, with `allow`" in result.stderr


def test_what_is_refused_is_data(pets: Pets) -> None:
    """With errors as JSON, the rule that decides has a field for each part."""
    pets.has("deny = ['delete-*']")
    error = run_cli("pets", "delete-pet", "7", "--error-format", "json").error
    rule = {"decision": "denied", "table": "apis.pets.policy", "list": "deny", "entry": "delete-*"}
    assert ("refused", 11, rule) == (error["kind"], error["exit_code"], error["policy"])


def test_a_check_leaves_out_what_is_denied(pets: Pets) -> None:
    """Other operations are checked; and with `--write`, nothing is created that may not be removed again."""
    pets.has("deny = ['tag:danger', 'get-pet']")
    result = run_cli("check", "pets", "--write", "--yes", "--probe", "-o", "json")
    assert {"GET"} == {*pets.methods} - {"TRACE", "OPTIONS"}
    skipped = {row["operation"]: row["skipped"]["kind"] for row in result.json if row["skipped"]}
    assert {"delete-pet": "refused", "get-pet": "refused"}.items() <= skipped.items()


def test_a_check_asks_once(pets: Pets) -> None:
    """About all operations that are to be confirmed; nothing is sent if no one agrees."""
    pets.has("confirm = ['GET']")
    words = ("check", "pets", "--validate", "warn", "--set", "petId=7")
    result = run_cli(*words, stdin=b"n\n", terminal=TERMINAL)
    assert (2, []) == (result.exit_code, pets.methods)
    assert "2 operations are to be confirmed at http://127.0.0.1" in result.stderr
    assert 0 == run_cli(*words, stdin=b"y\n", terminal=TERMINAL).exit_code
    assert ["GET", "GET"] == pets.methods


def test_a_probe_asks_for_no_method_that_is_denied(pets: Pets) -> None:
    """A check with `--probe` asks for methods that the document does not have, unless a policy denies them."""
    pets.has("deny = ['TRACE']")
    run_cli("check", "pets", "--probe", "--set", "petId=7")
    assert "TRACE" not in pets.methods


def test_a_batch_is_confirmed_as_a_whole(pets: Pets) -> None:
    """A person on a terminal is asked once for all rows."""
    pets.has("confirm = ['create-pet']")
    rows = b'{"operation": "create-pet", "inputs": {}}\n' * 2
    Path("rows.ndjson").write_bytes(rows)
    words = ("batch", "pets", "rows.ndjson")
    assert 11 == run_cli(*words).exit_code
    result = run_cli(*words, stdin=b"y\n", terminal=TERMINAL)
    assert "2 rows need confirmation at http://127.0.0.1" in result.stderr
    assert (0, ["POST", "POST"]) == (result.exit_code, pets.methods)


@pytest.mark.parametrize("policy", ["deny = ['list-pets']", "confirm = ['list-pets']"])
def test_a_call_is_not_replayed_that_would_not_be_made(policy: str, pets: Pets) -> None:
    """The policy of today holds for calls of the history, and for calls that are repeated until something is true."""
    assert 0 == run_cli("pets", "list-pets").exit_code
    pets.has(policy)
    assert 11 == run_cli("replay", "1").exit_code
    assert 11 == run_cli("pets", "list-pets", "--wait", "id == `7`").exit_code
    assert 11 == run_cli("read", "pets", "list-pets").exit_code
    assert ["GET"] == pets.methods


def test_a_policy_of_the_profile_of_the_environment_holds(
    pets: Pets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The profile may be chosen by its variable."""
    pets.has("deny = ['GET']", "apis.pets.profiles.safe.policy")
    monkeypatch.setenv("DYNACLI_PROFILE", "safe")
    result = run_cli("pets", "list-pets")
    assert_ended(result, 11, "[apis.pets.profiles.safe.policy]")


def test_a_program_waits_for_nothing_that_is_denied(pets: Pets) -> None:
    """Nor does it get the items of a list."""
    pets.has("deny = ['GET']")
    with open_api("pets") as api:
        with pytest.raises(RefusedError):
            api.wait("get-pet", "id", pet_id=7)
        with pytest.raises(RefusedError):
            next(iter(api.items("list-pets")))
    assert [] == pets.methods


_NAMED: dict[str, object] = {
    "delete": operation("deleteNamed", parameter("name", {"type": "string"}, "path"))
}
_EMPTY: dict[str, tuple[dict[str, dict[str, object]], str]] = {
    "list": ({"/named": {"delete": operation("deleteAll")}, "/named/{name}": _NAMED}, "deny = ['deleteAll']"),
    "list that is not allowed": (
        {"/named": {"delete": operation("deleteAll")}, "/named/{name}": _NAMED},
        "allow = ['deleteNamed']",
    ),
    "merged slashes": (
        {"/named/all": {"delete": operation("deleteAll")}, "/named/{name}/all": _NAMED},
        "deny = ['deleteAll']",
    ),
    "hidden list": ({"/named/{name}": _NAMED}, "allow = ['deleteNamed']"),
}


@pytest.mark.parametrize(("paths", "policy"), _EMPTY.values(), ids=_EMPTY)
def test_an_empty_value_of_a_path_leads_nowhere_that_the_policy_denies(
    server: Recorder, paths: dict[str, dict[str, object]], policy: str
) -> None:
    """Many servers ignore the slash that is left, or merge two of them, so that another operation is called."""
    server.responses["/named/7"] = server.responses["/named/7/all"] = Response(204)
    save_api(paths, server=server, file="named.json")
    assert 0 == run_cli("api", "add", "named", "./named.json").exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    configuration.write_text(f"{configuration.read_text()}\n[apis.named.policy]\n{policy}\n")
    assert 0 == run_cli("named", "delete-named", "7", "--validate", "off", "--yes").exit_code
    result = run_cli("named", "delete-named", "", "--validate", "off", "--yes")
    assert 11 == result.exit_code
    assert "the policy denies it" in result.stderr
    assert 1 == len(server.requests)


def test_an_empty_value_of_a_path_is_sent_where_the_policy_lets_its_path_be_called(server: Recorder) -> None:
    """The path ends in the slash before it."""
    paths = {"/named": {"get": operation("list")}, "/named/{name}": {"get": _NAMED["delete"]}}
    server.responses["/named/"] = Response(204)
    word = save_api(paths, server=server, file="named.json")
    assert 2 == run_cli(word, "delete-named", "").exit_code
    assert 0 == run_cli(word, "delete-named", "", "--validate", "off").exit_code
    assert ["/named/"] == [request.target for request in server.requests]


_READING = {
    "/pets/search": {"post": operation("searchPets", tags=["Reports"], body={"type": "object"})},
    "/pets/{what}": {"post": operation("doWithPets", _WORDS[0], body={"type": "object"})},
    "/pets/purge": {"post": operation("purgePets"), "delete": operation("dropPets")},
}
"""POST operations; one of them has a path with a parameter, which may lead to another."""


@pytest.fixture
def searched(server: Recorder) -> Pets:
    """A registered API with POST operations."""
    pets = Pets(server)
    for path in ("/pets/search", "/pets/count"):
        server.responses[path] = Response(body=b"{}")
    save_api(_PATHS | _READING, server=server, file="pets.json")
    assert 0 == run_cli("api", "refresh", "pets").exit_code
    return pets


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("reads", "words", "code"),
    [
        pytest.param("[]", ["search-pets"], 11, id="not-listed"),
        pytest.param("['search-pets']", ["search-pets"], 0, id="listed"),
        pytest.param("['search-*']", ["search-pets"], 0, id="pattern"),
        pytest.param("['tag:Reports']", ["search-pets"], 0, id="tag"),
        pytest.param("['Reports']", ["search-pets"], 11, id="tag-without-its-mark"),
        pytest.param("['search-pets']", ["POST", "/pets/search"], 0, id="by-path"),
        pytest.param("['search-pets']", ["POST", "/pets/SEARCH"], 11, id="other-spelling"),
        pytest.param("['search-pets']", ["create-pet"], 11, id="another"),
        pytest.param("['*']", ["delete-pet", "7"], 11, id="never-a-delete"),
        pytest.param("['*']", ["change-pet", "7"], 11, id="never-a-patch"),
        pytest.param("['do-with-pets']", ["do-with-pets", "count"], 0, id="value-of-its-own"),
        pytest.param("['do-with-pets']", ["do-with-pets", "purge"], 11, id="value-of-another"),
        pytest.param("['do-with-pets']", ["do-with-pets", "PURGE"], 11, id="value-in-other-letters"),
        pytest.param("['do-with-pets']", ["do-with-pets", ".."], 2, id="value-that-climbs"),
        pytest.param("['search-pets']", ["search-pets", "-H", "X-Original-URL: /x"], 11, id="other-path"),
        pytest.param(
            "['search-pets']", ["search-pets", "-H", "X-HTTP-Method-Override: DELETE"], 11, id="override"
        ),
        pytest.param("['search-pets']", ["search-pets", "--body", '{"_method": "PUT"}'], 11, id="field"),
    ],
)
@pytest.mark.parametrize("way", ["read", "read_only"])
def test_a_person_says_which_operations_only_read(
    way: str, reads: str, words: list[str], code: int, searched: Pets
) -> None:
    """`reads` counts for `read` and for `read_only`, and only for what a server may read as a listed operation."""
    searched.has(f"reads = {reads}" + ("\nread_only = true" if way == "read_only" else ""))
    has_body = words[0] in {"POST", "do-with-pets", "search-pets"} and "--body" not in words
    body = ["--body", "{}"] if has_body else []
    result = run_cli(*(["read"] if way == "read" else []), "pets", *words, *body)
    assert code == result.exit_code, result.stderr
    assert (["POST"] if code == 0 else []) == searched.methods


def test_the_refusal_says_how_a_person_lists_an_operation(searched: Pets) -> None:
    """The command keeps the entries that the list has, because `api set` writes a whole list."""
    searched.has("reads = ['search-*']")
    assert (
        "`dynacli api set pets 'policy.reads=search-*,create-pet'`"
        in run_cli("read", "pets", "create-pet").stderr
    )
    assert "policy.reads" not in run_cli("read", "pets", "delete-pet", "7").stderr


def test_nobody_but_a_person_says_what_reads(searched: Pets) -> None:
    """A first policy that only has `reads` lets more be called, so no agent sets it; a method is no entry."""
    assert 11 == run_cli("api", "set", "pets", "policy.reads=search-pets", "--yes").exit_code
    searched.has("reads = ['POST']")
    assert 12 == run_cli("read", "pets", "search-pets", "--body", "{}").exit_code
