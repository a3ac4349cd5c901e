"""Plans under attack: what was changed, copied, raced or replaced is refused, and nothing is sent."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli import open_api
from dynacli.errors import DynacliError, UsageError
from tests.documents import (
    API_KEY,
    BASIC,
    BEARER,
    get,
    parameter,
    patch,
    post,
    save_api,
)
from tests.features.plans.test_plan import (
    ID,
    ITEM,
    SAFE,
    TERMINAL,
    Items,
    apply,
    batch,
    configure,
    items,
    plan,
    rename,
)
from tests.harness import RecordedRequest, Recorder, Response, json_response, recording, run_cli
from tests.registry.crash_points import arm, changes_made, copied
from tests.registry.forked_runs import Forks, run

__all__ = ["items"]  # a fixture

pytestmark = pytest.mark.exhaustive

APPLY = ("plan", "apply", "change.json", "--yes")


def state() -> Path:
    """Return the directory of plans."""
    return Path(os.environ["DYNACLI_STATE_DIR"], "plans")


def name_of(file: str = "change.json") -> str:
    """Return the name of a plan."""
    return str(json.loads(Path(file).read_text())["plan"]["name"])


def _link(path: Path) -> None:
    path.rename("real.json")
    path.symlink_to("real.json")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _large(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(100 << 20)


PLACES: dict[str, tuple[int, Callable[[Path], Any]]] = {
    "link": (11, _link),
    "large": (11, _large),
    "empty": (11, lambda path: path.write_bytes(b"")),
    "json": (11, lambda path: path.write_text('{"plan": {}}')),
    "a line more": (11, lambda path: path.write_text(f"{path.read_text()}\n")),
    "missing": (12, lambda path: path.unlink()),
    "pipe": (12, _pipe),
    "directory": (12, _directory),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_in_the_place_of_a_plan(items: Items, place: str) -> None:
    """Only a regular file with a whole plan is read, and it is never waited for."""
    rename()
    code, change = PLACES[place]
    change(Path("change.json"))
    assert (code, code, []) == (
        apply().exit_code,
        run_cli("plan", "show", "change.json").exit_code,
        items.changes,
    )


def test_another_seal_does_not_help(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan for another server, sealed with another key, is a plan of another machine."""
    own = os.environ["DYNACLI_STATE_DIR"]
    monkeypatch.setenv("DYNACLI_STATE_DIR", str(Path("other").resolve()))
    rename()
    monkeypatch.setenv("DYNACLI_STATE_DIR", own)
    rename("own.json")
    result = apply()
    assert (11, []) == (result.exit_code, items.changes)
    assert "another key" in result.error["message"]
    forged = Path("change.json").read_text().replace(items.server.origin, "http://127.0.0.1:9")
    key = re.search(r'"key": "\w+"', Path("own.json").read_text())
    assert key is not None
    Path("change.json").write_text(re.sub(r'"key": "\w+"', key[0], forged))
    assert (11, []) == (apply().exit_code, items.changes)


def test_a_plan_of_another_user_is_shown_with_a_warning(
    items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading needs no trust, and applying does; whatever has not the form of a plan is refused."""
    rename()
    own = run_cli("plan", "show", "change.json")
    monkeypatch.setenv("DYNACLI_STATE_DIR", str(Path("other").resolve()))
    shown = run_cli("plan", "show", "change.json")
    assert (0, own.stdout) == (shown.exit_code, shown.stdout)
    assert "cannot tell whether it was changed" in shown.stderr
    assert (11, []) == (apply().exit_code, items.changes)
    data = run_cli("plan", "show", "change.json", "-o", "json").json
    content = Path("change.json").read_text()
    for old, new in {
        '"requests": [': '"requests": [7,',
        f'"format": {data["format"]}': '"format": ' + "[" * 5000 + "]" * 5000,
        f'"made_at": "{data["made_at"]}"': '"made_at": "never"',
        '"name": ': '"nome": ',
        '"headers": [': '"headers": ["x", ',
    }.items():
        assert old in content
        Path("change.json").write_text(content.replace(old, new, 1))
        changed = run_cli("plan", "show", "change.json")
        assert (11, "") == (changed.exit_code, changed.stdout), old
    Path("change.json").write_text(content.replace(data["made_by"], "\\u001b[31mme", 1))
    shown = run_cli("plan", "show", "change.json", terminal=("stdout",))
    assert "\\x1b[31mme" in shown.stdout
    assert "\x1b[31mme" not in shown.stdout


def _shared_key(place: Path) -> None:
    (place / "key").chmod(0o644)


def _linked(place: Path) -> None:
    place.rename(place.with_name("elsewhere"))
    place.symlink_to("elsewhere")


DIRECTORIES: dict[str, Callable[[Path], Any]] = {
    "all can write above": lambda place: place.parent.chmod(0o777),
    "a group can write": lambda place: place.chmod(0o770),
    "all can read the key": _shared_key,
    "a link": _linked,
    "a short key": lambda place: (place / "key").write_bytes(b"short"),
    "no directory of records": lambda place: (place / "applied").write_text(""),
}


@pytest.mark.parametrize("way", DIRECTORIES)
def test_a_state_directory_of_others(items: Items, way: str) -> None:
    """If others could have brought the key, or nothing can be recorded, no plan is applied (12)."""
    rename()
    try:
        DIRECTORIES[way](state())
        assert (12, []) == (apply().exit_code, items.changes)
    finally:
        state().parent.chmod(0o700)


def test_a_relative_state_directory(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes you enter a directory could bring a key in it."""
    monkeypatch.setenv("DYNACLI_STATE_DIR", "state")
    assert 12 == run_cli("shop", "change-item", "7", "--name", "new", "--plan", "change.json").exit_code
    assert [] == items.changes


def test_the_clock(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan ends when it says, and a clock that was set back before its beginning is noticed."""
    plan("change-item", "7", "--name", "new", "--plan-expires", "30m")
    now = time.time()
    for moved, text in ((1801, "expired"), (-3600, "is not applied")):
        monkeypatch.setattr(time, "time", lambda moved=moved: now + moved)
        result = apply()
        assert (11, []) == (result.exit_code, items.changes)
        assert text in result.error["message"]
    monkeypatch.setattr(time, "time", lambda: now + 1799)
    assert 0 == apply().exit_code


@pytest.mark.parametrize("word", ["31d", "0s", "soon", "-1h"])
def test_how_long_a_plan_is_valid(items: Items, word: str) -> None:
    """At most 30 days."""
    words = ("shop", "change-item", "7", "--name", "new", "--plan", "change.json", f"--plan-expires={word}")
    assert (2, []) == (run_cli(*words).exit_code, items.server.requests)


def test_another_revision(items: Items) -> None:
    """What the document says of the operation must be the same; what it says of others may change."""
    rename()
    text = Path("shop.json").read_text()
    Path("shop.json").write_text(text.replace('"operationId": "removeItem"', '"operationId": "dropItem"'))
    assert 0 == run_cli("plan", "apply", "change.json", "--yes").exit_code
    rename("second.json")
    Path("shop.json").write_text(text.replace('"name": {"type": "string"}', '"name": {"maxLength": 9}'))
    result = apply(file="second.json")
    assert (11, 1) == (result.exit_code, len(items.changes))
    assert "dynacli changes shop --since" in result.error["hint"]
    Path("shop.json").write_text(text.replace('"operationId": "changeItem"', '"operationId": "alterItem"'))
    assert (11, 1) == (apply(file="second.json").exit_code, len(items.changes))


def test_another_configuration(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server, header, profile, or document of the same name makes another request of the same inputs."""
    rename()
    found = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").read_text()
    for text, said in (
        ('[apis.shop]\nserver = "http://127.0.0.1:9"\n', "URL"),
        ('[apis.shop]\nheaders = {X-Mode = "fast"}\n', "headers"),
    ):
        first, rest = text.split("\n", 1)
        changed = found.replace(first, f"{first}\n{rest}")
        Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").write_text(changed)
        result = apply()
        assert (11, []) == (result.exit_code, items.changes), text
        assert f"another {said}" in result.error["message"]
    Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").write_text(found)
    configure("[apis.shop.profiles.test]\n")
    monkeypatch.setenv("DYNACLI_PROFILE", "test")
    assert (11, []) == (apply().exit_code, items.changes)
    monkeypatch.delenv("DYNACLI_PROFILE")
    Path("other.json").write_text(Path("shop.json").read_text())
    assert 0 == run_cli("api", "remove", "shop", "--yes").exit_code
    assert 0 == run_cli("api", "add", "shop", "./other.json").exit_code
    result = apply()
    assert (11, []) == (result.exit_code, items.changes)
    assert "another API" in result.error["message"]


CREDENTIALS: dict[str, tuple[dict[str, Any], str]] = {
    "bearer": (BEARER, "{}"),
    "basic": (BASIC, "ada:{}"),
    "header": (API_KEY, "{}"),
    "query": ({"type": "apiKey", "in": "query", "name": "key"}, "{}"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "session"}, "{}"),
    "digest": ({"type": "http", "scheme": "digest"}, "ada:{}"),
    "oauth2": ({"type": "oauth2", "flows": {}}, "{}"),
}


@pytest.fixture
def guarded(server: Recorder) -> Callable[[Any], Recorder]:
    """Register `safe`, whose server responds with the credential that it gets."""

    def make(scheme: Any) -> Recorder:
        security: list[Any] = [{"auth": []}]
        save_api(
            get("/items/{id}", "getItem", ID, security=security),
            patch("/items/{id}", "changeItem", ID, body=ITEM, security=security),
            server=server,
            schemes={"auth": scheme},
            file="safe.json",
        )
        assert 0 == run_cli("api", "add", "safe", "./safe.json").exit_code

        def respond(request: RecordedRequest) -> Response:
            sent = [*request.headers.get("authorization", ()), *request.headers.get("x-api-key", ())]
            sent += [*request.headers.get("cookie", ()), request.target]
            return json_response({"name": "old", "you": sent, "token": "looks like one"})

        server.responses["/items/7"] = respond
        return server

    return make


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_no_credential_is_in_a_plan(
    guarded: Callable[[Any], Recorder], canary: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Not in the request, nor where the server repeats it; and another value of it is another account."""
    scheme, form = CREDENTIALS[kind]
    server = guarded(scheme)
    monkeypatch.setenv("DYNACLI_SAFE_AUTH", form.format(canary))
    words = ("safe", "change-item", "7", "--name", "new", "--accept-origin", server.origin)
    for file in ("change.json", "second.json"):
        assert 0 == run_cli(*words, "--plan", file).exit_code
    text = Path("change.json").read_text()
    assert canary not in text
    assert '"token": "***"' in text
    if kind != "digest":  # which no server has asked for here
        assert "***" in json.dumps(json.loads(text)["plan"]["requests"][0]["before"]["body"]["you"])
    assert 0 == apply("--accept-origin", server.origin).exit_code
    monkeypatch.setenv("DYNACLI_SAFE_AUTH", form.format("another"))
    result = apply("--accept-origin", server.origin, file="second.json")
    assert (11, 1) == (
        result.exit_code,
        sum(request.method == "PATCH" for request in server.requests),
    )
    assert "another account" in result.error["message"]
    assert "`DYNACLI_SAFE_AUTH`" in result.error["reason"]


def test_another_origin_is_accepted_again(
    guarded: Callable[[Any], Recorder], other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of a plan is not one that you wrote: a credential goes there only if you accept it again."""
    server = guarded(BEARER)
    monkeypatch.setenv("DYNACLI_SAFE_AUTH", "t0ken-of-safe")
    other_server.responses["/items/7"] = json_response({"name": "old"})
    words = ("safe", "change-item", "7", "--name", "new", "--server", other_server.origin)
    assert 0 == run_cli(*words, "--plan", "change.json").exit_code
    before = len(other_server.requests)
    result = apply()
    assert (11, before) == (result.exit_code, len(other_server.requests))
    assert other_server.origin in result.error["message"]
    assert 0 == apply("--accept-origin", other_server.origin).exit_code
    assert ("PATCH", []) == (other_server.last.method, server.requests)


def test_a_refreshed_token_is_the_same_account(guarded: Callable[[Any], Recorder]) -> None:
    """What is stored keeps the name of its sign-in; another sign-in is another account."""
    server = guarded(BEARER)
    login = ("auth", "login", "safe", "--with-token", "--store", "file", "--accept-origin", server.origin)
    assert 0 == run_cli(*login, stdin=b"first-token").exit_code
    for file in ("change.json", "second.json"):
        assert 0 == run_cli("safe", "change-item", "7", "--name", "new", "--plan", file).exit_code
    store = Path(os.environ["DYNACLI_STATE_DIR"], "credentials", "credentials.json")
    store.write_text(store.read_text().replace("first-token", "refreshed-token"))
    assert 0 == apply().exit_code
    assert ["Bearer refreshed-token"] == server.last.headers["authorization"]
    assert 0 == run_cli(*login, stdin=b"refreshed-token").exit_code
    assert 11 == apply(file="second.json").exit_code


SECRETS = {
    "header": ("-H", "Authorization: Bearer {}"),
    "key header": ("-H", "X-Api-Key: {}"),
    "query": ("--query", "token={}"),
    "password": ("--pin", "{}"),
    "nested password": ("--owner.pin", "{}"),
    "name": ("--client-secret", "{}"),
    "header parameter": ("--x-token", "{}"),
    "cookie": ("--sid", "{}"),
    "body": ("--body", '{{"owner": {{"pin": "{}"}}}}'),
    "credential": ("--name", "my {} here"),
}


@pytest.mark.parametrize("way", SECRETS)
def test_a_secret_cannot_be_planned(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """In a header, the query, a cookie or a field, by the document or by its name: 2, and nothing is written."""
    text, pin = {"type": "string"}, {"type": "string", "format": "password"}
    owner = {"type": "object", "properties": {"pin": pin}}
    body = {"type": "object", "properties": {"pin": pin, "name": text, "client_secret": text, "owner": owner}}
    inputs = (parameter("X-Token", text, "header"), parameter("sid", text, "cookie"))
    save_api(
        post("/items", "createItem", *inputs, body=body, security=[{"auth": []}]),
        server=server,
        schemes={"auth": BEARER},
        file="safe.json",
    )
    assert 0 == run_cli("api", "add", "safe", "./safe.json").exit_code
    monkeypatch.setenv("DYNACLI_SAFE_AUTH", canary)
    option, value = SECRETS[way]
    words = ("safe", "create-item", "--accept-origin", server.origin, "--plan", "change.json")
    result = run_cli(*words, option, value.format(canary))
    assert (2, False, []) == (result.exit_code, Path("change.json").exists(), server.requests), result.stderr
    assert 0 == run_cli(*words, "--name", "plain").exit_code


def test_text_of_others_does_not_control_the_terminal(items: Items) -> None:
    """In a plan, a question, a list and an error, control characters are visible and no line is imitated."""
    items.items["7"]["name"] = "\x1b[35mred\u202e\nplan: mine\n+++ theirs"
    shown = plan("change-item", "7", "--name", "\x1b[2Jnew\u202e").stdout
    shown += run_cli("plan", "show", "change.json", terminal=("stdout",)).stdout
    items.items["7"]["name"] = "\x1b[45mgreen"
    result = run_cli("plan", "apply", "change.json", "--yes", terminal=("stderr",))
    assert 11 == result.exit_code
    for text in (shown, result.stderr):
        assert [] == [control for control in ("\u202e", "\x1b[2J", "\x1b[35m", "\x1b[45m") if control in text]
    lines = re.sub("\x1b\\[[0-9]+m", "", shown).splitlines()
    assert 2 == sum(line.startswith("plan:") for line in lines)
    assert 2 == sum(line.startswith("+++") for line in lines)


def test_the_result_replaces_nothing(items: Items) -> None:
    """A file where the result would be is an error before anything is sent; so is a link."""
    rename()
    Path("change.result.json").write_text("mine")
    assert (12, [], "mine") == (apply().exit_code, items.changes, Path("change.result.json").read_text())
    Path("change.result.json").unlink()
    Path("change.result.json").symlink_to("elsewhere")
    assert (12, [], False) == (apply().exit_code, items.changes, Path("elsewhere").exists())


def test_what_no_later_run_can_open_is_not_planned(items: Items) -> None:
    """A document from standard input, and a URL that may hold a secret; a path is found from any directory."""
    content = Path("shop.json").read_bytes()
    words = ("change-item", "7", "--name", "new", "--plan", "change.json")
    assert 2 == run_cli("-", *words, stdin=content).exit_code
    items.server.responses["/api.json"] = Response(body=content)
    url = f"{items.server.origin}/api.json?token=t0ken"
    assert 2 == run_cli(url, *words).exit_code
    assert not Path("change.json").exists()
    assert 0 == run_cli("./shop.json", *words).exit_code
    Path("below").mkdir()
    os.chdir("below")
    assert (0, 1) == (apply(file="../change.json").exit_code, len(items.changes))


def test_files_are_read_when_the_plan_is_made(server: Recorder) -> None:
    """What a file has later is not sent; a large one is not planned."""
    content = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    save_api(
        post("/files", "upload", body=content, media_type="multipart/form-data"),
        server=server,
        file="files.json",
    )
    server.responses["/files"] = json_response({}, 201)
    Path("a.txt").write_text("planned")
    words = ("./files.json", "upload", "--file", "@a.txt", "--plan")
    assert 0 == run_cli(*words, "change.json").exit_code
    Path("a.txt").write_text("later")
    assert 0 == apply().exit_code
    assert b"planned" in server.last.body
    Path("a.txt").write_bytes(bytes(2 << 20))
    assert 2 == run_cli(*words, "large.json").exit_code


def test_an_idempotency_key_is_that_of_the_plan(server: Recorder) -> None:
    """A request that is sent again by `--resume` has the same key."""
    key = parameter("Idempotency-Key", {"type": "string"}, "header")
    save_api(post("/runs", "startRun", key), server=server, file="runs.json")
    server.responses["/runs"] = json_response({}, 500)
    assert 0 == run_cli("./runs.json", "start-run", "--plan", "change.json").exit_code
    assert 5 == apply("--retries", "0").exit_code
    server.responses["/runs"] = json_response({}, 201)
    assert 0 == apply("--resume").exit_code
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert (2, keys[0]) == (len(keys), keys[1])


def test_what_may_have_been_sent_is_said(items: Items) -> None:
    """A record without a response, or that cannot be read, is not called a failure; the state decides what goes on."""
    rename()
    record = state() / "applied" / f"{name_of()}.json"
    for text in ('{"rows": {"1": "sending"}}', "", '{"rows": {"1"'):
        record.parent.mkdir(exist_ok=True)
        record.write_text(text)
        result = apply()
        assert (11, []) == (result.exit_code, items.changes)
        assert "may have been sent" in result.error["reason"]
    items.items["7"]["name"] = "new"  # it was sent
    assert (11, []) == (apply("--resume").exit_code, items.changes)
    items.items["7"]["name"] = "old 7"  # it was not
    assert (0, 1) == (apply("--resume").exit_code, len(items.changes))


def test_a_lost_response_may_have_been_a_success(items: Items) -> None:
    """A connection that breaks after the request was sent leaves it unknown what became of it."""
    rename()
    works = items.server.responses["/items/7"]

    def breaking(request: RecordedRequest) -> Response:
        response = works(request) if callable(works) else works
        if request.method not in SAFE:
            return Response(200, b"", {"Content-Length": "9", "Connection": "close"})
        return response

    items.server.responses["/items/7"] = breaking
    result = apply()
    assert (6, 1) == (result.exit_code, len(items.changes))
    assert "may have been sent" in apply().error["reason"]


def test_only_a_begun_plan_is_resumed(items: Items) -> None:
    """`--resume` of a plan that was never applied is a mistake."""
    rename()
    assert (2, []) == (apply("--resume").exit_code, items.changes)


def test_twenty_processes_apply_a_plan_at_once(items: Items, forks: Forks) -> None:
    """One sends it, and all others are refused, with the same file and with copies."""
    rename()
    copies = [f"copy{number}.json" for number in range(10)]
    for copy in copies:
        Path(copy).write_bytes(Path("change.json").read_bytes())
    ended = forks.children(
        [((run, "plan", "apply", file, "--yes"),) for file in ["change.json"] * 10 + copies]
    )
    codes = sorted(values[0][0] for _, values in ended)
    assert ([0, *[11] * 19], 1) == (codes, len(items.changes)), ended


def test_processes_that_resume_at_once(items: Items, forks: Forks) -> None:
    """What is left is sent once."""
    batch("7", "8", "9")
    works = items.server.responses["/items/8"]
    items.server.responses["/items/8"] = json_response({"id": "8", "name": "old 8"}, 200)
    items.server.responses["/items/8"] = lambda request: (
        json_response({}, 503) if request.method not in SAFE else works(request) if callable(works) else works
    )
    assert 5 == apply().exit_code
    items.server.responses["/items/8"] = works
    ended = forks.at_once(20, (run, *APPLY, "--resume"))
    assert [0, *[11] * 19] == sorted(values[0][0] for _, values in ended), ended
    assert ["/items/7", "/items/8", "/items/8", "/items/9"] == [change.target for change in items.changes]


@pytest.mark.long
def test_a_process_that_dies_at_any_change(items: Items, forks: Forks, home: Path, tmp_path: Path) -> None:
    """Nothing is sent twice: the next run says what is not known, and only `--resume` goes on."""
    rename()
    place, before, log = str(home / "state"), str(tmp_path / "before"), str(tmp_path / "log")
    copied(place, before)

    def killed(number: int) -> tuple[int, list[Any]]:
        items.items["7"]["name"] = "old 7"
        items.server.requests.clear()
        Path("change.result.json").unlink(missing_ok=True)
        steps = ((copied, before, place), (arm, [place, os.getcwd()], number, False, log))
        status, values = forks.child(*steps, (run, *APPLY))
        return status, values

    assert 0 == killed(0)[0]
    for number in range(1, len(changes_made(log)) + 1):
        status, _ = killed(number)
        assert -signal.SIGKILL == status
        was_sent = len(items.changes)
        ((code, _, stderr),) = forks.child((run, *APPLY)).values
        made = changes_made(log)[number - 1]
        if code:
            assert (11, was_sent) == (code, len(items.changes)), (made, stderr)
            assert "succeeded" in stderr, (made, stderr)
            forks.child((run, *APPLY, "--resume"))
        assert 1 == len(items.changes), (made, stderr)


def test_a_project_file_lets_no_agent_apply(items: Items) -> None:
    """`apply` of a policy is a word of your own configuration."""
    Path(".dynacli.toml").write_text(
        '[apis.mine]\nsource = "./shop.json"\n[apis.mine.policy]\napply = "agent"\n'
    )
    result = run_cli("config", "trust", "--yes")
    assert (12, []) == (result.exit_code, items.server.requests)
    assert "`apis.mine.policy.apply` lets agents apply plans" in result.stderr


def test_the_server_of_a_socket(items: Items, tmp_path: Path) -> None:
    """A plan may be for a server on a socket of this machine."""
    path = tmp_path / "s"
    with recording(str(path)) as there:
        there.responses["/items/7"] = json_response({"name": "old"})
        plan("change-item", "7", "--name", "new", "--server", f"unix:{path}")
        assert (0, "PATCH", []) == (apply().exit_code, there.last.method, items.changes)


def test_another_plan_in_the_file(items: Items) -> None:
    """Whoever is asked sees the plan that is applied, whatever the file had when it was shown."""
    rename()
    plan("remove-item", "7", file="other.json")
    Path("other.json").rename("change.json")
    result = run_cli("plan", "apply", "change.json", stdin=b"n\n", terminal=("stdin", "stderr"))
    assert (11, []) == (result.exit_code, items.changes)
    shown = re.sub("\x1b\\[[0-9]+m", "", result.stderr)
    assert f"  DELETE {items.server.origin}/items/7" in shown.split("Apply the plan")[0]


@pytest.mark.usefixtures("items")
def test_nothing_of_a_request_is_hidden() -> None:
    """A long value is whole, a name that a body has twice is shown as it is sent, and so is the body of a DELETE."""
    text = "\n".join(f"line {number}" for number in range(60))
    shown = plan("change-item", "7", "--name", text, file="long.json").stdout
    assert "+line 59\n" in shown
    assert "more lines" not in shown
    twice = plan("change-item", "7", "--body", '{"name": "a", "name": "b"}', file="twice.json").stdout
    assert '+"{\\"name\\": \\"a\\", \\"name\\": \\"b\\"}"' in twice


def test_the_order_of_a_list_counts(items: Items) -> None:
    """Two states with the same items in another order are not the same."""
    items.items["7"]["steps"] = ["a", "b"]
    rename()
    items.items["7"]["steps"] = ["b", "a"]
    assert (11, []) == (apply().exit_code, items.changes)
    items.items["7"]["steps"] = ["a", "b"]
    assert 0 == apply().exit_code


def test_a_plan_from_python(items: Items) -> None:
    """`Api.plan` writes the plan that the command line applies."""
    with open_api("shop") as api:
        made = api.plan("change-item", id="7", name="new")
        api.plan("change-item", {"id": "8", "name": "new"}, file="change.json")
        for wrong in ({"seconds": 0.5}, {"file": "change.json"}):
            with pytest.raises(DynacliError):
                api.plan("change-item", {"id": "9", "name": "new"}, **wrong)
        with pytest.raises(UsageError):
            api.plan("get-item", id="7")
    assert [] == items.changes
    assert (0, 0) == (apply(file=made.name).exit_code, apply().exit_code)
    assert ["/items/7", "/items/8"] == [change.target for change in items.changes]


def test_a_policy_of_another_kind_of_value(items: Items) -> None:
    """`apply` is `agent` or `person`."""
    configure("[apis.shop.policy]\napply = true\n")
    assert 12 == run_cli("shop", "get-item", "7").exit_code
    assert [] == items.server.requests


@pytest.mark.parametrize(
    ("api_says", "profile_says", "code"), [("agent", "person", 11), ("agent", "agent", 0)]
)
def test_the_stricter_table_says_who_applies(
    items: Items, monkeypatch: pytest.MonkeyPatch, api_says: str, profile_says: str, code: int
) -> None:
    """An agent applies a plan only if no table of the policy says that a person does."""
    configure(
        f'[apis.shop.policy]\napply = "{api_says}"\n[apis.shop.profiles.p.policy]\napply = "{profile_says}"\n'
    )
    plan("change-item", "7", "--name", "new", "--profile", "p")
    monkeypatch.setenv("AI_AGENT", "1")
    assert (code, code == 0) == (apply().exit_code, bool(items.changes))


def test_ctrl_c_says_what_was_done(items: Items) -> None:
    """The request under way may have been sent, the result has those before it, and nothing goes on by itself."""
    batch("7", "8", "9")
    works = items.server.responses["/items/8"]

    def slow(request: RecordedRequest) -> Response:
        if request.method not in SAFE:
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)
        return works(request) if callable(works) else works

    items.server.responses["/items/8"] = slow
    result = run_cli(*APPLY)
    assert (130, ["/items/7", "/items/8"]) == (result.exit_code, [change.target for change in items.changes])
    assert "1 of 3 requests succeeded; request 2 may have been sent" in result.stderr
    outcome = json.loads(Path("change.result.json").read_text())
    assert (False, [1]) == (outcome["complete"], [done["row"] for done in outcome["results"]])
    assert (11, 2) == (apply().exit_code, len(items.changes))


SETTING = (
    ("api", "set", "shop", "policy.apply=agent"),
    ("api", "set", "shop", "--profile", "new", "policy.apply=agent"),
    ("config", "set", "apis.shop.policy.apply=agent"),
)


@pytest.mark.parametrize("words", SETTING)
def test_only_a_person_lets_agents_apply(items: Items, words: tuple[str, ...]) -> None:
    """Also as the first key of a policy, and with `--yes`: an agent could let itself apply its plans."""
    assert 11 == run_cli(*words, "--yes").exit_code
    rename()
    assert "apply" not in Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").read_text()
    assert 0 == run_cli(*words, stdin=b"y\n", terminal=TERMINAL).exit_code
    assert [] == items.changes
