"""`--plan` and `dynacli plan`: what a plan is bound to, who may apply it, and that it is applied once."""

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.documents import delete, get, parameter, patch, post, put, save_api
from tests.harness import RecordedRequest, Recorder, Response, Result, json_response, run_cli

STRING = {"type": "string"}
WHEN = {"type": "string", "format": "date-time"}
ID = parameter("id", STRING, "path")
BOX = parameter("box", STRING, "path")
ITEM = {"type": "object", "properties": {"id": {**STRING, "readOnly": True}, "name": STRING, "due": WHEN}}
TERMINAL = ("stdin", "stderr")
SAFE = {"GET", "HEAD"}


class Items:
    """A server of items that keeps what it is sent.

    Attributes:
        items: Id → item.
        tags: Whether it sends a strong ETag; and obeys `If-Match`, unless `obeys` is false.
    """

    def __init__(self, server: Recorder, *, tags: bool = False, obeys: bool = True) -> None:
        self.items: dict[str, Any] = {number: {"id": number, "name": f"old {number}"} for number in "789"}
        self.tags, self.obeys, self.server = tags, obeys, server
        for number in self.items:
            server.responses[f"/items/{number}"] = self._item(number)
        server.responses["/items"] = lambda request: json_response(json.loads(request.body), 201)

    def etag(self, number: str) -> str:
        """Return the entity tag of an item."""
        return f'"{json.dumps(self.items[number], sort_keys=True).encode().hex()[-16:]}"'

    @property
    def changes(self) -> list[RecordedRequest]:
        """The requests that may have changed something."""
        return [request for request in self.server.requests if request.method not in SAFE]

    def _item(self, number: str) -> Callable[[RecordedRequest], Response]:
        def respond(request: RecordedRequest) -> Response:
            if number not in self.items:
                return json_response({"error": "gone"}, 404)
            wanted = request.headers.get("if-match")
            if wanted and self.obeys and request.method not in SAFE and wanted != [self.etag(number)]:
                return json_response({"error": "changed"}, 412)
            if request.method == "DELETE":
                del self.items[number]
                return Response(204, b"", {})
            if request.method == "PATCH":
                self.items[number] |= json.loads(request.body)
            if request.method == "PUT":
                self.items[number] = {"id": number, **json.loads(request.body)}
            headers = {"ETag": self.etag(number)} if self.tags else {}
            return json_response(self.items[number], 200, **headers)

        return respond


@pytest.fixture
def items(server: Recorder) -> Items:
    """Register `shop`, whose server has items."""
    shown = {"200": {"description": "OK", "content": {"application/json": {"schema": ITEM}}}}
    save_api(
        post("/items", "createItem", body=ITEM),
        get("/items", "listItems"),
        get("/items/{id}", "getItem", ID, responses=shown),
        patch("/items/{id}", "changeItem", ID, body=ITEM),
        put("/items/{id}", "setItem", ID, body=ITEM),
        delete("/items/{id}", "removeItem", ID),
        get("/boxes/{box}", "getBox", BOX, responses=shown),
        post("/boxes/{id}/archive", "archiveBox", ID),
        server=server,
        file="shop.json",
    )
    assert 0 == run_cli("api", "add", "shop", "./shop.json").exit_code
    return Items(server)


def plan(*words: str, file: str = "change.json") -> Result:
    """Make a plan of a call of `shop`."""
    result = run_cli("shop", *words, "--plan", file)
    assert 0 == result.exit_code, result.stderr
    return result


def apply(*words: str, file: str = "change.json") -> Result:
    """Apply a plan, agreed to."""
    return run_cli("--error-format", "json", "plan", "apply", file, "--yes", *words)


def rename(file: str = "change.json") -> Result:
    """Plan that item 7 gets another name."""
    return plan("change-item", "7", "--name", "new", file=file)


def configure(text: str) -> None:
    """Add to the configuration."""
    path = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    path.write_text(f"{path.read_text()}\n{text}")


def test_the_state_is_read_by_the_operation_of_the_same_resource(items: Items) -> None:
    """A POST that removes a box, at another path; parameters are matched by position, and the tag is of the box."""
    items.server.responses["/boxes/7"] = json_response({"id": 7, "name": "old"}, 200, ETag='"1"')
    assert "state before: get-box: 200" in plan("archive-box", "7").stdout
    assert [("GET", "/boxes/7")] == [(request.method, request.target) for request in items.server.requests]
    items.server.responses["/boxes/7/archive"] = json_response({}, 200)
    assert 0 == apply().exit_code
    assert "if-match" not in items.server.requests[-1].headers


def test_a_plan_is_shown_and_applied(items: Items) -> None:
    """Planning reads the resource and sends no change; applying sends the request, and writes the result beside it."""
    result = rename()
    assert ["GET"] == [request.method for request in items.server.requests]
    shown = re.sub(r"(?m)^(plan|made|valid until):.*\n", "", result.stdout)
    expected = f"""\
api:         shop
requests:    1

1. change-item
  PATCH {items.server.origin}/items/7
  Accept: application/json, */*;q=0.1
  Content-Type: application/json
  policy: allowed (No policy has a rule for it)
  state before: get-item: 200
--- get-item
+++ after change-item
@@ /body/name @@
-"old 7"
+"new"
"""
    assert expected == shown
    assert result.stdout == run_cli("plan", "show", "change.json").stdout
    applied = run_cli("plan", "apply", "change.json", "--yes")
    assert (0, f"1  200  change-item  PATCH {items.server.origin}/items/7\n") == (
        applied.exit_code,
        applied.stdout,
    )
    assert [("PATCH", b'{"name":"new"}')] == [(change.method, change.body) for change in items.changes]
    outcome = json.loads(Path("change.result.json").read_text())
    assert (True, 200, "new") == (
        outcome["complete"],
        outcome["results"][0]["status"],
        outcome["results"][0]["data"]["name"],
    )
    assert [0o600] * 2 == [
        stat.S_IMODE(os.stat(name).st_mode) for name in ("change.json", "change.result.json")
    ]


def test_a_plan_is_applied_once(items: Items) -> None:
    """Neither the file nor a copy of it, nor a copy without the result, is applied again."""
    rename()
    Path("copy.json").write_bytes(Path("change.json").read_bytes())
    assert 0 == apply().exit_code
    items.items["7"]["name"] = "old 7"
    for file in ("change.json", "copy.json"):
        result = apply(file=file)
        assert (11, 1) == (result.exit_code, len(items.changes))
        assert "was applied already" in result.error["message"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("position", range(0, 1800, 23))
def test_any_changed_byte_shows(items: Items, position: int) -> None:
    """A plan with one other byte, or cut there, is neither shown nor applied."""
    rename()
    content = Path("change.json").read_bytes()
    at = position % len(content)
    for changed in (content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :], content[:at]):
        Path("change.json").write_bytes(changed)
        assert (11, 11) == (run_cli("plan", "show", "change.json").exit_code, apply().exit_code)
    assert [] == items.changes


@pytest.mark.exhaustive
def test_a_changed_resource_is_not_overwritten(items: Items) -> None:
    """If the state before has moved, nothing is sent, and the error names what differs."""
    rename()
    items.items["7"]["name"] = "theirs"
    result = apply()
    assert (11, []) == (result.exit_code, items.changes)
    assert '`/body/name` was "old 7", and is now "theirs"' in result.error["reason"]
    del items.items["7"]
    assert (11, []) == (apply().exit_code, items.changes)


def test_the_order_of_a_list_counts(items: Items) -> None:
    """A plan shows a new order, and is refused if someone else has changed the order meanwhile."""
    items.items["7"]["steps"] = ["deny", "allow"]
    assert "/body/steps" in plan("change-item", "7", "--body", '{"steps": ["allow", "deny"]}').stdout
    items.items["7"]["steps"].reverse()
    refused = apply()
    assert (11, []) == (refused.exit_code, items.changes)


def test_a_strong_etag_is_sent(items: Items) -> None:
    """`If-Match` has the tag of the state before; a server that ignores it is found out by reading again."""
    items.tags = True
    rename()
    assert f"  If-Match: {items.etag('7')}".replace("\\", "") in run_cli("plan", "show", "change.json").stdout
    items.obeys = False
    items.items["7"]["name"] = "theirs"
    result = apply()
    assert (11, []) == (result.exit_code, items.changes)
    assert "/headers/ETag" in result.error["reason"]


def test_a_412_refuses_the_plan(items: Items) -> None:
    """A resource that changes after the last look is the server's to refuse: 11, not 4."""
    items.tags = True
    rename()
    read = items.server.responses["/items/7"]

    def racing(request: RecordedRequest) -> Response:
        response = read(request) if callable(read) else read
        items.items["7"]["name"] = "theirs"
        return response

    items.server.responses["/items/7"] = racing
    result = apply()
    assert (11, ["PATCH"]) == (result.exit_code, [change.method for change in items.changes])
    assert "412" in result.error["reason"]
    assert "theirs" == items.items["7"]["name"]


def test_agents_plan_and_people_apply(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment of an agent, `plan apply` is refused unless the policy says `apply = "agent"`."""
    monkeypatch.setenv("AI_AGENT", "1")
    assert (
        "Only the user, not an agent, can apply the plan: dynacli plan apply change.json" in rename().stderr
    )
    refused = apply()
    assert (11, []) == (refused.exit_code, items.changes)
    assert '`apply = "agent"` in the policy' in refused.error["hint"]
    configure('[apis.shop.policy]\napply = "agent"\n')
    assert 0 == apply().exit_code


def test_the_file_must_be_new(items: Items) -> None:
    """A plan replaces no file, follows no link, and nothing is read for it."""
    Path("change.json").write_text("mine")
    Path("link.json").symlink_to("nowhere")
    for file in ("change.json", "link.json"):
        assert 12 == run_cli("shop", "change-item", "7", "--name", "new", "--plan", file).exit_code
    assert ("mine", []) == (Path("change.json").read_text(), items.server.requests)


def test_a_read_only_operation_has_no_plan(items: Items) -> None:
    """There is nothing to approve."""
    assert 2 == run_cli("shop", "get-item", "7", "--plan", "change.json").exit_code
    assert ([], False) == (items.server.requests, Path("change.json").exists())


BATCH = '{"operation": "change-item", "inputs": {"id": "%s", "name": "new"}}\n'


def batch(*numbers: str, file: str = "change.json") -> Result:
    """Plan a batch that renames items."""
    Path("rows.ndjson").write_text("".join(BATCH % number for number in numbers))
    return run_cli("batch", "shop", "rows.ndjson", "--plan", file)


@pytest.mark.exhaustive
def test_a_batch_stops_and_is_resumed(items: Items) -> None:
    """After a failure nothing more is sent; only `--resume` goes on, with what did not succeed, once."""
    assert 0 == batch("7", "8", "9").exit_code
    assert [] == items.changes
    works = items.server.responses["/items/8"]

    def failing(request: RecordedRequest) -> Response:
        respond = works if request.method in SAFE else json_response({"error": "down"}, 500)
        return respond(request) if callable(respond) else respond

    items.server.responses["/items/8"] = failing
    result = apply()
    assert (5, ["/items/7", "/items/8"]) == (result.exit_code, [change.target for change in items.changes])
    assert "1 of 3 requests succeeded" in result.stderr
    refused = apply()
    assert (11, 2) == (refused.exit_code, len(items.changes))
    assert "--resume" in refused.error["hint"]
    items.server.responses["/items/8"] = works
    assert 0 == apply("--resume").exit_code
    assert ["/items/8", "/items/9"] == [change.target for change in items.changes[2:]]
    assert (11, 11) == (apply("--resume").exit_code, apply().exit_code)
    assert 4 == len(items.changes)
    outcome = json.loads(Path("change.result.json").read_text())
    assert (True, [1, 2, 3]) == (outcome["complete"], [result["row"] for result in outcome["results"]])


def test_two_changes_of_one_resource(items: Items) -> None:
    """The second one is compared with what the first one makes of it, and needs no state of its own."""
    items.tags = True
    Path("rows.ndjson").write_text(BATCH % "7" + '{"operation": "remove-item", "inputs": {"id": "7"}}\n')
    planned = run_cli("batch", "shop", "rows.ndjson", "--plan", "change.json")
    assert "state before: as request 1 leaves it" in planned.stdout
    assert '-  "name": "new"' in planned.stdout
    assert 0 == apply().exit_code
    assert ["PATCH", "DELETE"] == [change.method for change in items.changes]


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("word", ["{{w.id}}", "get-item"])
def test_what_cannot_be_planned_in_a_batch(word: str) -> None:
    """A row that reads, or that uses an earlier response, is named."""
    first = '{"operation": "create-item", "inputs": {"name": "a"}, "as": "w"}\n'
    row = '{"operation": "get-item", "inputs": {"id": "7"}}' if word == "get-item" else BATCH % word
    Path("rows.ndjson").write_text(first + row)
    result = run_cli("batch", "shop", "rows.ndjson", "--plan", "change.json")
    assert (2, False) == (result.exit_code, Path("change.json").exists())
    assert "Row 2" in result.stderr


@pytest.mark.usefixtures("items")
def test_the_state_directory_has_plans_without_a_file() -> None:
    """`--plan -` prints the name; `plan list` has it with what became of it, and its result stands beside it."""
    name = re.search(r"(?m)^plan: +(\S+)$", rename("-").stdout)
    assert name is not None
    rows = run_cli("plan", "list", "-o", "json").json
    assert [(name[1], "ready", "shop", 1)] == [
        (row["name"], row["state"], row["api"], row["requests"]) for row in rows
    ]
    assert 0 == run_cli("plan", "show", name[1]).exit_code
    assert 0 == apply(file=name[1]).exit_code
    assert "applied" in run_cli("plan", "list").stdout
    assert Path(os.environ["DYNACLI_STATE_DIR"], "plans", f"{name[1]}.result.json").exists()
    assert name[1] in run_cli("__complete", "bash", "plan", "apply", "").stdout


@pytest.mark.parametrize(
    "words",
    [("--dry-run",), ("-f", "id", "--all"), ("--wait", "id"), ("-i",), ("-O",), ("--report", "json")],
    ids=lambda words: words[-1],
)
def test_options_about_a_response_are_refused(items: Items, words: tuple[str, ...]) -> None:
    """A plan has no response, so what is done with one makes no sense."""
    result = run_cli("shop", "change-item", "7", "--name", "new", "--plan", "change.json", *words)
    assert (2, [], False) == (result.exit_code, items.server.requests, Path("change.json").exists())


def test_diff_and_read_do_not_plan(items: Items) -> None:
    """They call what only reads."""
    for verb in ("diff", "read"):
        assert run_cli(verb, "shop", "get-item", "7", "--plan", "change.json").exit_code in {2, 11}
    assert [] == items.server.requests


@pytest.mark.usefixtures("items")
def test_what_the_document_tells_of_each_method() -> None:
    """PUT replaces what can be set, DELETE removes all, and of a creation the body is shown."""
    put = plan("set-item", "7", "--due", "2026-01-01T00:00:00Z", file="put.json").stdout
    assert '@@ /body/name @@\n-"old 7"\n@@ /body/due @@\n+"2026-01-01T00:00:00Z"\n' in put
    assert "/body/id" not in put
    assert '@@ /body @@\n-{\n-  "id": "7",' in plan("remove-item", "7", file="delete.json").stdout
    created = plan("create-item", "--name", "a", file="create.json").stdout
    assert "state before: unknown" in created
    assert '@@ /request @@\n+{\n+  "name": "a"\n+}\n' in created


def test_a_date_that_cannot_be_set_does_not_count(items: Items) -> None:
    """A time that the server keeps may move; one that the request could overwrite may not."""
    items.items["7"] |= {"due": "2026-01-01T00:00:00Z"}
    plan("remove-item", "7", file="delete.json")
    rename()
    items.items["7"] |= {"due": "2026-02-02T00:00:00Z"}
    assert 11 == apply().exit_code
    assert 0 == apply(file="delete.json").exit_code


def test_planning_asks_nothing_and_applying_does(items: Items) -> None:
    """DELETE and what the policy wants confirmed are planned without a question; `plan apply` asks once."""
    configure('[apis.shop.policy]\nconfirm = ["DELETE"]\n')
    assert 0 == run_cli("shop", "remove-item", "7", "--plan", "change.json", terminal=TERMINAL).exit_code
    assert 11 == run_cli("plan", "apply", "change.json").exit_code
    declined = run_cli("plan", "apply", "change.json", stdin=b"n\n", terminal=TERMINAL)
    assert (11, []) == (declined.exit_code, items.changes)
    agreed = run_cli("plan", "apply", "change.json", stdin=b"y\n", terminal=TERMINAL)
    assert (0, 1, 1) == (agreed.exit_code, len(items.changes), agreed.stderr.count("?"))


def test_a_policy_that_denies_wins(items: Items) -> None:
    """`deny` and `read_only` refuse a plan, and the application of one that was made before."""
    rename()
    configure('[apis.shop.policy]\nread_only = true\napply = "agent"\n')
    assert (11, []) == (apply().exit_code, items.changes)
    assert 11 == run_cli("shop", "change-item", "7", "--name", "new", "--plan", "other.json").exit_code
    assert not Path("other.json").exists()


def test_a_refusal_leads_to_a_plan(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the policy wants a confirmation that no one can give, the error has the same command with `--plan`."""
    configure('[apis.shop.policy]\nconfirm = ["PATCH"]\ndeny = ["remove-item"]\n')
    monkeypatch.setenv("AI_AGENT", "1")
    refused = run_cli("shop", "change-item", "7", "--name", "new")
    assert (11, []) == (refused.exit_code, items.server.requests)
    line = refused.error["try"]
    assert "dynacli --plan change.json shop change-item 7 --name new" == line
    assert "the user" in refused.error["hint"]
    assert 0 == run_cli(*line.split()[1:]).exit_code
    assert [] == items.changes
    assert None is run_cli("shop", "remove-item", "7").error["try"]
    Path("rows.ndjson").write_text(BATCH % "7")
    refused = run_cli("batch", "shop", "rows.ndjson")
    assert "dynacli --plan - batch shop rows.ndjson" == refused.error["try"]


def test_an_edited_resource_is_planned(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    """`edit --plan` writes what the editor makes of a resource into a plan."""
    Path("editor").write_text('#!/bin/sh\nsed -i "s/old 7/new/" "$1"\n')
    Path("editor").chmod(0o700)
    monkeypatch.setenv("EDITOR", str(Path("editor").resolve()))
    edited = run_cli("edit", "shop", "get-item", "7", "--plan", "change.json", terminal=TERMINAL)
    assert (0, []) == (edited.exit_code, items.changes), edited.stderr
    assert (0, ["PATCH"]) == (apply().exit_code, [change.method for change in items.changes])


def test_an_undocumented_path_is_planned(items: Items) -> None:
    """A plan of `request` is bound to the method and the path, and to the document not having them."""
    items.server.responses["/hidden"] = json_response({})
    assert (
        0 == run_cli("request", "shop", "POST", "/hidden", "--body", "{}", "--plan", "change.json").exit_code
    )
    assert (0, ["/hidden"]) == (apply().exit_code, [change.target for change in items.changes])
