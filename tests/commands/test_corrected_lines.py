"""A usage error ends with the corrected line of the call, which works."""

import json
import re
import shlex
import time
from pathlib import Path

import pytest

from dynacli.environment import Environment
from dynacli.registry.open_by_name import open_named_api
from tests.commands.mistakes import BEFORE_API, BEHIND_OPERATION, OF_BODY, Mistake, followed, mistakes_of
from tests.documents import get, operation, parameter, patch, post, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli
from tests.real_documents import FOLDER

SERVER_ID = "98fdfbb9-72f3-5398-ba5c-56a30a50eba7"
WHOLE = f"--name x --mcp-server-id {SERVER_ID} --tester-prompt p"
"""The words that `create-workflow` needs."""

DOCUMENTS = ("petstore3.yaml", "museum.yaml", "hcloud.json", "discord.json", "github.json", "netlify.yml")
_MOST = 3
"""Operations of each document, spread evenly over it."""

LINES = {
    "search-runs --status fial": "search-runs --status fail",
    "search-runs --status FAIL": "search-runs --status fail",
    "search-runs --range week": "search-runs --range 7d",
    "search-runs --status of-nothing": "search-runs --status pending",
    "create-mcp-server --name x --auth-profile.type of-nothing": "create-mcp-server --name x --auth-profile.type TEXT",
    "list-workflows --status of-nothing": "list-workflows --help",
    "search-runs --timeuot soon": "search-runs --timeout SECONDS",
    "search-runs --limit 5": "search-runs --page-size 5",
    "search-runs --pagesize 5": "search-runs --page-size 5",
    "search-runs --page-size many": "search-runs --page-size INTEGER",
    "search-runs --page-size 1,0": "search-runs --page-size INTEGER",
    "search-runs --page-size 100000": "search-runs --page-size INTEGER",
    "search-runs --page 0": "search-runs --page INTEGER",
    "search-runs --workflow wf_1": "search-runs --workflow-id wf_1",
    "search-runs fail": "search-runs --status fail",
    "get-run a extra": "get-run a",
    "search-runs search=x": "search-runs --search x",
    "search-runs --no-such-option x --page 2": "search-runs --help",
    "search-runs --no-such-option --page 2": "search-runs --help",
    "search-runs -X GET --page 2": "search-runs --page 2",
    "search-runs -n 3": "search-runs --max-items 3",
    "search-runs -o jsonl": "search-runs -o ndjson",
    "search-runs -o tabel@runs": "search-runs -o table@runs",
    "search-runs --body '{}' --page 2": "search-runs --page 2",
    "search-runs --ouput table": "search-runs --output table",
    "search-runs --rang 7d --dry-run": "search-runs --range 7d --dry-run",
    "serch-runs --range 7d": "search-runs --range 7d",
    "runs get-rn a": "get-run a",
    "updat-workflow --name x": "update-workflow ID --name x",
    "search-runs -o tabel": "search-runs -o table",
    "search-runs --validate strct": "search-runs --validate strict",
    "search-runs --timeout soon": "search-runs --timeout SECONDS",
    "search-runs -f 'rows[' --page 2": "search-runs -f EXPR --page 2",
    "search-runs --page": "search-runs --page INTEGER",
    "search-runs --auth nope": "search-runs --auth bearerAuth",
    "search-runs --server 9": "search-runs --server URL",
    "create-workflow --wait true --name x": "create-workflow --name x --mcp-server-id UUID --tester-prompt TEXT",
    "search-runs --report jsn": "search-runs --report json",
    "search-runs --report of-nothing": "search-runs --report FORMAT",
    "search-runs --columns id -o json": "search-runs --columns id -o table",
    "search-runs -H nothing": "search-runs",
    "dispatch-workflow-run wf_1 --follow rum": "dispatch-workflow-run wf_1 --follow run",
    "create-workflow --content-type xml --body JSON": "create-workflow --content-type application/json --body JSON",
    "GET /nowhere --limit 3": "GET /nowhere --query limit=3",
    "GET /runs --limit 3": "search-runs --page-size 3",
    "get-run ''": "get-run ID",
    "get-run": "get-run ID",
    "get-run a b": "get-run a",
    "get-run --id a b": "get-run --id a",
    "create-workflow": "create-workflow --name TEXT --mcp-server-id UUID --tester-prompt TEXT",
    f"create-workflow {WHOLE} more words": f"create-workflow {WHOLE.replace(' p', '')} 'p more words'",
    f"create-workflow {WHOLE} --schedule.cron now": f"create-workflow {WHOLE} --schedule.cron TEXT",
    f"create-workflow {WHOLE} --schedule.enabled yes": f"create-workflow {WHOLE} --schedule.enabled "
    "--schedule.cron TEXT",
    f"create-workflow {WHOLE} --schedule.enabled no": f"create-workflow {WHOLE} --schedule.enabled false "
    "--schedule.cron TEXT",
    f"create-workflow {WHOLE} --cron '0 3 * * *'": f"create-workflow {WHOLE} --schedule.cron '0 3 * * *'",
    f"create-workflow {WHOLE} --schedule '0 3 * * *'": f"create-workflow {WHOLE} --schedule.cron '0 3 * * *'",
    f"create-workflow {WHOLE} --criteria 'It lists'": f"create-workflow {WHOLE} --criteria.0.criterion-text 'It lists'",
    f"create-workflow {WHOLE} --criterion x": f"create-workflow {WHOLE} --criteria.0.criterion-text x",
    f"create-workflow {WHOLE} --set description=x": f"create-workflow {WHOLE} --set 'description=\"x\"'",
    f"create-workflow {WHOLE} --limits '{{turns: 3}}'": f"create-workflow {WHOLE} --limits JSON",
    f'create-workflow {WHOLE} --criteria \'[{{"criterion_text":"x"}}]\'': f"create-workflow {WHOLE} --criteria "
    '\'[{"criterionText": "x"}]\'',
    f"create-workflow {WHOLE} --criteria '{{}}'": f"create-workflow {WHOLE} --criteria '{{}}' "
    "--criteria.0.criterion-text TEXT",
    'create-workflow --body \'{"name":1,"nothing":2}\'': 'create-workflow --body \'{"name": "VALUE"}\' '
    "--mcp-server-id UUID --tester-prompt TEXT",
    "create-workflow --body '{name: x'": "create-workflow --body JSON",
    f"create-workflow {WHOLE} --set name": f"create-workflow {WHOLE} --set name=JSON",
    f"create-workflow {WHOLE} --set descripton=3": f"create-workflow {WHOLE} --set description=JSON",
    f"create-workflow {WHOLE} --criteria.0.foo x": f"create-workflow {WHOLE} --criteria.0.criterion-text x",
    "search-runs --server-var org=x": "search-runs",
    "search-runs --server-var og=x --server 1": "search-runs --server 1",
    "search-runs --server ftp://x": "search-runs --server URL",
    "search-runs -H 'Host: x' -H A:b": "search-runs -H A:b",
    "search-runs --yes=3": "search-runs --yes",
    "search-runs --all=foo": "search-runs --all keyset",
    "search-runs --wait status --all": "search-runs --wait status",
}
"""The words after `demo` → those of the corrected line."""


@pytest.mark.sampled(6)
@pytest.mark.parametrize("typed", LINES)
def test_a_usage_error_ends_with_the_corrected_line(typed: str) -> None:
    """What is wrong is replaced by the nearest right thing, or is a placeholder in capitals; the rest stays."""
    result = run_cli("demo", *shlex.split(typed))
    assert 2 == result.exit_code
    assert f"  try: dynacli demo {LINES[typed]}" == result.stderr.splitlines()[-1]


def test_the_words_before_the_operation_stay() -> None:
    """Standard options before the API and the verb that only reads are in the corrected line."""
    result = run_cli("--timeout", "9", "read", "demo", "-o", "json", "search-runs", "--status", "fial")
    assert (
        "  try: dynacli --timeout 9 -o json read demo search-runs --status fail"
        == result.stderr.splitlines()[-1]
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("-o tabel demo search-runs --page 2", "-o table demo search-runs --page 2"),
        ("--page-size 3 read demo search-runs", "read demo search-runs --page-size 3"),
        ("--of-nothing x demo runs get-run a", "demo get-run a"),
        ("demo --status=fial search-runs", "demo search-runs --status fail"),
        ("-o tabel demo no-such-operation", None),
        ("-o tabel search demo runs", None),
    ],
)
def test_a_mistake_before_the_operation_is_corrected(typed: str, line: str | None) -> None:
    """The call that comes after a wrong option is known, though the option ends the run before it is read."""
    result = run_cli(*typed.split(), "--error-format", "json")
    assert 2 == result.exit_code
    last = run_cli(*typed.split()).stderr.splitlines()[-1]
    assert line == (last.partition("  try: dynacli ")[2] or None)


def test_the_only_value_of_an_enumeration_is_filled_in() -> None:
    """If there is no choice, nothing is left to the person."""
    kind = parameter("kind", {"type": "string", "enum": ["the only one"]}) | {"required": True}
    api = save_api(get("/a", "getA", kind))
    assert (
        f"  try: dynacli {api} get-a --kind 'the only one'" == run_cli(api, "get-a").stderr.splitlines()[-1]
    )


def test_an_error_says_where_ids_come_from() -> None:
    """Of what is left to fill in, ids have an operation that lists them."""
    error = run_cli("demo", "create-workflow", "--name", "x", "--error-format", "json").error
    assert "--mcp-server-id comes from `list-mcp-servers rows[].id`" == error["hint"]


@pytest.mark.parametrize(
    ("path", "name", "missing", "source"),
    [
        ("/artifacts", "artifactId", "--artifact-id", False),
        ("/artifacts", "groupId", "--group-id", True),
        ("/artifacts/search", "artifactId", "--artifact-id", True),
        ("/createArtifact", "artifactId", "--artifact-id", False),
        ("/createArtifact", "groupId", "--group-id", True),
    ],
)
def test_a_new_id_comes_from_no_list(path: str, name: str, missing: str, *, source: bool) -> None:
    """The operation that creates an item gives it its id, and other ids in the body are listed elsewhere."""
    id_, paths = {"type": "string"}, {}
    for kind in ("artifact", "group"):
        items = {"type": "array", "items": {"type": "object", "properties": {f"{kind}Id": id_}}}
        responses = {"200": {"description": "OK", "content": {"application/json": {"schema": items}}}}
        paths[f"/{kind}s"] = {"get": operation(f"list-{kind}s", responses=responses)}
    body = {"type": "object", "required": [name], "properties": {name: id_}}
    paths.setdefault(path, {})["post"] = operation("make-it", body=body)
    api = save_api(paths)
    error = run_cli(api, "make-it", "--error-format", "json").error
    assert [missing] == error["missing"]
    assert source is ("comes from" in error["hint"])


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("", "--0.id TEXT --0.owner JSON"),
        ("--id 5", "--0.id 5 --0.owner JSON"),
        ("--0.id 5 --0.owner {} --1.name y", "--0.id 5 --0.owner '{}' --1.name y --1.id TEXT --1.owner JSON"),
    ],
)
def test_the_line_of_a_body_that_is_an_array_has_its_items(typed: str, line: str) -> None:
    """Options of items are numbered, and what an item requires is left to fill in."""
    owner = {"type": "object", "properties": {"name": {"type": "string"}}}
    properties = {"id": {"type": "string"}, "owner": owner, "name": {"type": "string"}}
    item = {"type": "object", "required": ["id", "owner"], "properties": properties}
    api = save_api(patch("/a", "make-it", body={"type": "array", "items": item}))
    result = run_cli(api, "make-it", *typed.split(), "--server", "https://api.example")
    assert f"  try: dynacli {api} make-it {line}" == result.stderr.splitlines()[-1].replace(
        " --server https://api.example", ""
    )


@pytest.mark.exhaustive
def test_a_step_to_a_deep_option_is_completed() -> None:
    """A filter is called by a word on its way, and an input of the operation goes before an option of dynacli."""
    states = {"type": "array", "items": {"type": "string", "enum": ["RUNNING", "FAILED"]}}
    state = {"type": "object", "properties": {"operator": {"type": "string", "enum": ["and"]}, "any": states}}
    runs = {"type": "object", "properties": {"state": state, "name": {"type": "string"}}}
    body = {"type": "object", "properties": {"runs": runs, "flow_id": {"type": "string"}}}
    api = save_api(post("/runs/filter", "filterRuns", body=body))
    for typed, line in {
        "--state failed": "--runs.state.any FAILED",
        "--flow x": "--flow-id x",
    }.items():
        result = run_cli(api, "filter-runs", *typed.split())
        assert result.stderr.splitlines()[-1].startswith(f"  try: dynacli {api} filter-runs {line}"), typed


@pytest.mark.exhaustive
def test_a_body_without_required_fields_is_empty(server: Recorder) -> None:
    """The corrected command keeps what was typed, and sends the least that the document allows."""
    body = {"type": "object", "properties": {"name": {"type": "string"}}}
    place = parameter("id", {"type": "string"}, "path")
    api = save_api(
        post("/a/{id}", "startIt", place, body=body),
        post("/t/{id}", "textIt", place, body={"type": "string"}, media_type="text/plain"),
        server=server,
    )
    server.responses["/a/7"] = Response()
    line = f"dynacli {api} start-it 7 --body '{{}}'"
    assert f"  try: {line}" == run_cli(api, "start-it", "7").stderr.splitlines()[-1]
    assert (0, b"{}") == (run_cli(*shlex.split(line)[1:]).exit_code, server.last.body)
    assert (
        f"  try: dynacli {api} text-it 7 --body JSON" == run_cli(api, "text-it", "7").stderr.splitlines()[-1]
    )


def test_an_option_of_another_operation_names_that_one() -> None:
    """If no option here is near, the error says who has it."""
    error = run_cli("demo", "get-org", "--limit", "3", "--error-format", "json").error
    assert "`get-org` has no option `--limit`" == error["message"]
    assert "`list-insight-topics`" in error["reason"]
    assert "dynacli demo get-org --help" == error["try"]


def test_each_item_of_a_list_gets_its_option() -> None:
    """A command without one of the labels would make another issue."""
    labels = {"type": "object", "properties": {"labels": {"type": "array", "items": {"type": "string"}}}}
    api = save_api(post("/a", "createA", body=labels))
    result = run_cli(api, "create-a", "--labels", "bug", "docs", "ui", "--dry-run")
    assert (
        f"  try: dynacli {api} create-a --labels bug --labels docs --labels ui --dry-run"
        == result.stderr.splitlines()[-1]
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize("flag", ["--proxy", "--insecure", "-k", "-X", "-L", "--cacert"])
def test_an_option_of_another_program_leads_to_what_there_is_instead(flag: str) -> None:
    """The error does not stop at saying that there is none."""
    error = run_cli("demo", "get-org", flag, "x", "--error-format", "json").error
    assert f"There is no option `{flag}`" == error["message"]
    assert any(word in error["hint"] for word in ("HTTPS_PROXY", "`ca = FILE`", "METHOD", "redirects"))


def test_a_missing_at_sign_is_added_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is no JSON; if it is the name of a file, its content was meant."""
    monkeypatch.chdir(tmp_path)
    Path("b.json").write_text('{"name": "x"}', encoding="utf-8")
    for option in ("--body", "--inputs"):
        result = run_cli("demo", "update-workflow", "wf_1", option, "b.json")
        *_, hint, line = result.stderr.splitlines()
        assert (2, "  hint: `@b.json` reads the file") == (result.exit_code, hint)
        assert f"  try: dynacli demo update-workflow wf_1 {option} @b.json" == line
    missing = run_cli("demo", "update-workflow", "wf_1", "--body", "none.json")
    assert "  try: dynacli demo update-workflow wf_1 --body JSON" == missing.stderr.splitlines()[-1]


def test_columns_that_a_response_does_not_have_are_corrected() -> None:
    """The error names the columns and ends with the command that has them; nothing near, no command."""
    words = ("demo", "search-runs", "--range", "7d", "--max-items", "2")
    result = run_cli(*words, "--columns", "id,state,start_time")
    assert (13, 2) == (result.exit_code, len(result.json))
    line = f"  try: dynacli {' '.join(words)} --columns id,status,startedAt"
    assert line == result.stderr.splitlines()[-1]
    assert "try:" not in run_cli(*words, "--columns", "nothing-near").stderr


def test_a_hint_does_not_repeat_the_corrected_command() -> None:
    """Names that the command has are not in the hint; the other near ones are."""
    for words, hint in {
        "search-runs --rang 7d": "",
        "serch-runs": "",
        "get-runs x": "Other near names: `get-run-trace`, `get-org`",
    }.items():
        error = run_cli("demo", *words.split(), "--error-format", "json").error
        assert hint == error["hint"], words
        assert error["try"], words


def test_a_missing_server_is_left_to_fill_in() -> None:
    """Without a server in the document a command that lacks one would fail again."""
    api = save_api(get("/items/{id}", "getItem", parameter("id", {"type": "string"}, "path")), server="/api")
    for words, line in {
        "get-item": "get-item ID --server URL",
        "get-item 7": "get-item 7 --server URL",
    }.items():
        result = run_cli(api, *words.split())
        assert (2, f"  try: dynacli {api} {line}") == (result.exit_code, result.stderr.splitlines()[-1])
        assert "hint" not in result.stderr
    assert 0 == run_cli(api, "get-item", "7", "--server", "http://127.0.0.1:9", "--dry-run").exit_code


def test_an_unknown_operation_ends_with_what_search_finds() -> None:
    """A name that someone made up is searched for; a slip of the finger is named as such."""
    assert "\n        dispatch-workflow-run  POST /workflows/{id}/runs" in run_cli("demo", "start-run").stderr
    error = run_cli("demo", "start-run", "--error-format", "json").error
    assert "dynacli search demo 'start run'" == error["try"]


def test_what_a_mistyped_name_looks_like_comes_first() -> None:
    """A word that no one knows is a slip; if all are known, the operation comes first that does what they say."""
    paths = {
        "/menu": {"get": operation("listMenuItems"), "post": operation("createMenuItem")},
        "/orders": {"delete": operation("deleteOrder"), "put": operation("reviveOrder")},
    }
    api = f"./{save_api(paths)}"
    for word, names in {
        "lst-menu": ["list-menu-items", "create-menu-item"],
        "remove-order": ["delete-order", "revive-order"],
    }.items():
        error = run_cli(api, word, "--error-format", "json").error
        assert names == error["near"], word
        assert [*names] == [line.split()[0] for line in error["hint"].splitlines()[1:]]


def test_an_error_as_json_has_the_summary_of_the_operation() -> None:
    """A program gets what the operation takes without asking for it."""
    error = run_cli("demo", "get-run", "--error-format", "json").error
    summary = run_cli("describe", "demo", "get-run", "--summary", "-o", "json").json
    assert (summary, "dynacli demo get-run ID --error-format json", False) == (
        error["summary"],
        error["try"],
        error["retryable"],
    )
    other = run_cli("demo", "no-such-thing", "--error-format", "json").error
    assert (None, "dynacli search demo 'no such thing'") == (other["summary"], other["try"])


SECRET = "hunter2-of-nobody"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--password", SECRET], "--password PASSWORD --name TEXT"),
        (["--pasword", SECRET], "--password PASSWORD --name TEXT"),
        (["--pin", "many", "--password", SECRET], "--pin INTEGER --password PASSWORD --name TEXT"),
        (["--access-token", SECRET], "--access-token TEXT --name TEXT"),
        (["--api-key", SECRET], "--name TEXT"),
        (["-H", f"X-Auth-Token: {SECRET}"], "-H X-Auth-Token:VALUE --name TEXT"),
        (["--body", json.dumps({"password": SECRET})], """--body '{"password": "***"}' --name TEXT"""),
        (["--set", f'password="{SECRET}"'], """--set 'password="VALUE"' --name TEXT"""),
        (["--set", f"password={SECRET}"], """--set 'password="VALUE"' --name TEXT"""),
        (["--note", f"https://me:{SECRET}@example.com/?token={SECRET}"], None),
    ],
    ids=lambda value: None if value is None else str(value)[:30],
)
def test_a_corrected_line_repeats_no_secret(words: list[str], line: str | None) -> None:
    """Whatever is a secret by its type or its name is left to fill in."""
    body = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "password": {"type": "string", "format": "password"},
            "pin": {"type": "integer"},
            "accessToken": {"type": "string"},
            "note": {"type": "string"},
        },
    }
    user = operation("getUser", parameter("id", {"type": "string"}, "path"))
    api = save_api(post("/users", "createUser", body=body), {"/users/{id}": {"get": user}})
    error = run_cli(api, "get-user", "--token", SECRET, "--error-format", "json").error
    assert f"dynacli {api} get-user ID --error-format json" == error["try"]
    for form in ("text", "json"):
        result = run_cli(api, "create-user", *words, "--error-format", form)
        assert 2 == result.exit_code
        assert SECRET not in result.stderr
    if line is not None:
        assert f"dynacli {api} create-user {line} --error-format json" == _without_order(result.error["try"])


def test_a_secret_that_is_a_part_of_a_name_leaves_the_name() -> None:
    """Values are masked, and the names of operations and options are not."""
    names = (parameter(name, {"type": "string"}, "path") for name in ("user", "passwd"))
    api = save_api(get("/auth/{user}/{passwd}", "authUserPasswd", *names))
    result = run_cli(api, "auth-user-passwd", "me", "passwd", "surplus")
    assert f"  try: dynacli {api} auth-user-passwd me PASSWD" == result.stderr.splitlines()[-1]


@pytest.mark.exhaustive
def test_what_comes_from_elsewhere_stays_and_is_completed(tmp_path: Path) -> None:
    """A body from standard input or a file is kept, with options for what it lacks."""
    lacking = "--mcp-server-id UUID --tester-prompt TEXT"
    file = tmp_path / "body.json"
    file.write_text('{"name": 1}')
    for word, line in (("-", f"- --name TEXT {lacking}"), (f"@{file}", f"@{file} --name TEXT {lacking}")):
        result = run_cli("demo", "create-workflow", "--body", word, stdin=b'{"name": 1}')
        assert f"  try: dynacli demo create-workflow --body {line}" == result.stderr.splitlines()[-1]


def test_the_path_of_a_file_that_is_there_gets_its_sign(tmp_path: Path) -> None:
    """`--file PATH` of an upload becomes `--file @PATH` if there is such a file."""
    upload = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    api = save_api(post("/a", "put", body=upload, media_type="multipart/form-data"))
    there, missing = tmp_path / "there.bin", tmp_path / "missing.bin"
    there.write_bytes(b"x")
    for path, word in ((there, f"--file @{there}"), (missing, "--file BINARY")):
        result = run_cli(api, "put", "--file", str(path))
        assert f"  try: dynacli {api} put {word}" == result.stderr.splitlines()[-1]


_FILE = "@/etc/passwd"


@pytest.mark.sampled(4)
@pytest.mark.parametrize("value", [_FILE, "@-", "-"])
@pytest.mark.parametrize("key", ["enum", "const", "default", "example", "format"])
def test_no_value_of_a_document_names_a_file(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """A corrected line and an example have a placeholder if a document's value would be read as a file's name."""
    text = {"type": "string", key: [value] if key == "enum" else value}
    named = {
        "type": "object",
        "required": ["f"],
        "properties": {"f": text, "g": {"type": "array", "items": text}},
    }
    binary = {"type": "object", "required": ["f"], "properties": {"f": {"format": "binary", **text}}}
    api = save_api(
        post("/a", "texts", body=named, media_type="multipart/form-data"),
        post("/b", "parts", body=binary, media_type="multipart/form-data"),
        post("/c", "plain", body=text, media_type="text/plain"),
    )
    monkeypatch.setenv("AI_AGENT", "1")
    for words in (
        "texts",
        "texts --g @/etc/passwx",
        "texts --f 1 --zzz 2",
        "parts",
        "parts --f x",
        "plain --body",
    ):
        error = run_cli("--error-format=json", api, *words.split()).error or {}
        for line in (error.get("try"), (error.get("summary") or {}).get("example")):
            assert not {value, f"--f={value}", f"--body={value}"} & set(shlex.split(line or ""))


def _without_order(line: str) -> str:
    """Return a line with the inputs that were added in front of the standard option that was typed."""
    return re.sub(r"( --error-format json)(.*)$", r"\2\1", line)


def test_a_path_with_a_slip_keeps_its_arguments() -> None:
    """Arguments of the path stay where they are, and a missing one is a placeholder after them."""
    owner, repo = (parameter(name, {"type": "string"}, "path") for name in ("owner", "repo"))
    since = parameter("since", {"type": "string", "format": "date-time"})
    api = save_api(get("/{owner}/{repo}", "getIt", owner, repo, since))
    for typed, line in {
        "a": "a REPO",
        "--repo r": "OWNER --repo r",
        "a b c": "--help",
        "a b --since 2024-05-06": "a b --since DATE-TIME",
        "a b --snice 2024-05-06T00:00:00Z": "a b --since 2024-05-06T00:00:00Z",
    }.items():
        result = run_cli(api, "get-it", *typed.split())
        assert f"  try: dynacli {api} get-it {line}" == result.stderr.splitlines()[-1]


@pytest.mark.exhaustive
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_corrected_lines_of_real_operations_build_requests(name: str, home: Path) -> None:  # noqa: ARG001
    """A mistake of each kind is made in example calls, and the line that the error ends with is followed."""
    path = str(FOLDER / name)
    api = open_named_api(path, Environment())
    names = [summary.name for summary in api.catalog.summaries()]
    operations = [api.catalog.operation(name) for name in names[:: max(len(names) // _MOST, 1)][:_MOST]]
    tried = {mistake: operation for operation in operations for mistake in mistakes_of(operation)}
    wrong = {
        (operation.name, mistake): followed(path, operation, mistake) for mistake, operation in tried.items()
    }
    assert {} == {key: reason for key, reason in wrong.items() if reason}
    assert len(tried) >= 2 * len(operations)
    api.catalog.close()


@pytest.mark.exhaustive
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize("name", ["museum.yaml", "hcloud.json", "netlify.yml"])
def test_corrected_lines_of_wrong_standard_options_build_requests(name: str, home: Path) -> None:  # noqa: ARG001
    """What can be wrong with an option that all operations have is corrected for those of real documents."""
    path = str(FOLDER / name)
    api = open_named_api(path, Environment())
    operations = [api.catalog.operation(summary.name) for summary in api.catalog.summaries()]
    api.catalog.close()
    read = next(operation for operation in operations if operation.method == "GET" and operation.parameters)
    changes = (
        operation for operation in operations if operation.body is not None and operation.method != "GET"
    )
    change = next(
        change for change in changes if change.body and change.body.content[0].name == "application/json"
    )
    wrong = {}
    for asked, kinds, is_before in (
        (read, BEHIND_OPERATION, False),
        (change, OF_BODY, False),
        (read, BEFORE_API, True),
    ):
        for kind in re.split(r";|\n", kinds):
            words = shlex.split(kind)
            before, behind = (words, []) if is_before else ([], words)
            mistake = Mistake(kind.strip(), (*asked.example, *behind))
            wrong[asked.name, is_before, mistake.kind] = followed(path, asked, mistake, before)
    assert {} == {key: reason for key, reason in wrong.items() if reason}


@pytest.mark.exhaustive
@pytest.mark.no_cover
@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_line_with_very_many_mistakes_is_not_corrected(words: tuple[str, ...]) -> None:
    """No one would read a line of 1,000 options, and making it would take minutes."""
    names = [f"p{number}" for number in range(1_000)]
    body = {"type": "object", "required": names, "properties": {name: {"type": "string"} for name in names}}
    save_api(post("/p", "addP", body=body))
    began = time.monotonic()
    result = run_cli("./api.json", "add-p", "--body", "{}", *words)
    assert_ended(result, 2, without=["--p1 TEXT"])
    assert time.monotonic() - began < 30


_LISTS = {
    "type": "object",
    "properties": {
        "include": {"type": "array", "items": {"enum": ["names", "ids"], "type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "words": {"type": "array", "items": {"type": "string"}},
        "vectors": {
            "oneOf": [
                {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
                {"type": "array", "items": {"type": "string"}},
            ]
        },
    },
}


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("--include names,ids", "--include names --include ids"),
        ("--include ids --sizes 1,2", "--include ids --sizes 1 --sizes 2"),
        ("--include names,no", "--include names"),
        ("--vectors '[0.1, 0.2]'", "--vectors '[[0.1, 0.2]]'"),
    ],
)
def test_a_list_in_one_value_is_corrected(typed: str, corrected: str) -> None:
    """Items with commas between them are given each by its own option, and an item of a list of lists in a list."""
    word = save_api(post("/rows", "addRows", body=_LISTS))
    result = run_cli("--error-format", "json", word, "add-rows", *shlex.split(typed))
    assert (2, f"dynacli --error-format json {word} add-rows {corrected}") == (
        result.exit_code,
        result.error["try"],
    )


def test_a_list_with_commas_says_to_repeat_the_option() -> None:
    """The hint has the options; a text may have commas itself."""
    word = save_api(post("/rows", "addRows", body=_LISTS))
    refused = run_cli("--error-format", "json", word, "add-rows", "--include", "names,ids")
    assert "`--include names --include ids`" in refused.error["hint"]
    assert (
        '{"words":["a,b"]}' == run_cli(word, "add-rows", "--words", "a,b", "--dry-run", "body").stdout.strip()
    )
