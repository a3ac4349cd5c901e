"""`operations --graph` draws which list has the ids that others need, and where links lead, for two other programs."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.documents import delete, get, operation, parameter, save_api
from tests.harness import run_cli

_ID = parameter("id", {"type": "string"}, "path")


def _linking(name: str, target: str, **more: Any) -> dict[str, Any]:
    found = operation(name, **more)
    found["responses"]["200"]["links"] = {"next": {"operationId": target}, "gone": {"operationId": "nothing"}}
    return found


def _api() -> str:
    return save_api(
        get("/pets", "listPets", tags=["pets"]),
        {"/pets": {"post": _linking("addPet", "getPet")}},
        get("/pets/{id}", "getPet", _ID, tags=["pets"]),
        delete("/pets/{id}", "endPet", _ID, tags=["pets"]),
    )


def test_a_graph_for_mermaid() -> None:
    """Lists lead to what needs their ids, links are dashed, and a link that leads nowhere is left out."""
    assert [
        "flowchart LR",
        '  subgraph t0["pets"]',
        '    n0["list-pets<br>GET /pets"]',
        '    n2["get-pet<br>GET /pets/{id}"]',
        '    n3["end-pet<br>DELETE /pets/{id}"]',
        "  end",
        '    n1["add-pet<br>POST /pets"]',
        '  n0 -->|"id"| n2',
        '  n0 -->|"id"| n3',
        '  n1 -.->|"next"| n2',
    ] == run_cli("operations", _api(), "--graph", "mermaid").stdout.splitlines()


def test_a_graph_for_graphviz_of_one_tag() -> None:
    """What is not shown has no edges either."""
    assert [
        "digraph {",
        "  rankdir=LR newrank=true",
        "  node [shape=box]",
        "  subgraph cluster_0 {",
        '    label="pets"',
        '    n0 [label="list-pets\\nGET /pets"]',
        '    n1 [label="get-pet\\nGET /pets/{id}"]',
        '    n2 [label="end-pet\\nDELETE /pets/{id}"]',
        "  }",
        '  n0 -> n1 [label="id"]',
        '  n0 -> n2 [label="id"]',
        "}",
    ] == run_cli("operations", _api(), "--graph", "dot", "--tag", "pets").stdout.splitlines()


def _many(tags: int) -> str:
    """Return an API of a list and 501 operations that need an id of it, in so many tags."""
    paths = {
        f"/pets/{{id}}/{number}": {"get": operation(f"get{number}", _ID, tags=[f"t{number % tags}"])}
        for number in range(501)
    }
    return save_api(get("/pets", "listPets", tags=["t0"]), paths)


@pytest.mark.exhaustive
def test_a_graph_that_is_too_large_for_mermaid_shows_the_tags() -> None:
    """Mermaid draws 500 steps: of more the tags are shown, with the number of steps between them."""
    result = run_cli("operations", _many(3), "--graph", "mermaid")
    assert [
        "flowchart LR",
        '  t0["t0<br>168 operations"]',
        '  t1["t1<br>167 operations"]',
        '  t2["t2<br>167 operations"]',
        '  t0 -->|"167"| t1',
        '  t0 -->|"167"| t2',
    ] == result.stdout.splitlines()
    assert "these 502 operations have 501 steps, so the graph shows the tags" in result.stderr


@pytest.mark.exhaustive
def test_a_tag_that_is_too_large_for_mermaid_is_refused() -> None:
    """One tag is not a graph: the error says how fewer operations are chosen."""
    result = run_cli("operations", _many(1), "--graph", "mermaid")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "`--graph dot`" in result.stderr


_HOSTILE = 'end "] %% click n0 "javascript:alert(1)" & <b>`;|{ # ü \\" }\x1b'


def test_foreign_text_is_never_grammar() -> None:
    """Quotes, entities and comments of a tag stay what they are: text."""
    api = save_api(get("/end", tags=[_HOSTILE]))
    mermaid = run_cli("operations", api, "--graph", "mermaid").stdout.splitlines()
    assert (
        '  subgraph t0["end #34;#93; #37;#37; click n0 #34;javascript:alert(1)#34; #38; #60;b#62;#96;#59;#124;'
        '{ #35; ü #92;#34; }#92;x1b"]' == mermaid[1]
    )
    dot = run_cli("operations", api, "--graph", "dot").stdout
    assert (
        r'label="end \"] %% click n0 \"javascript:alert(1)\" & <b>`;|{ # ü \\\" }\\x1b"'
        == dot.splitlines()[4].strip()
    )
    if shutil.which("dot"):  # Graphviz itself reads it, if it is installed
        subprocess.run(
            ["dot", "-Tsvg"], input=dot.encode(), stdout=subprocess.DEVNULL, check=True, timeout=60
        )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "A graph shows one API"),
        (("demo", "-o", "json"), "A graph has no other format"),
        (("demo", "-f", "x"), "A graph has no other format"),
    ],
)
def test_bad_input(words: tuple[str, ...], reason: str) -> None:
    """A graph shows one API, in its own form."""
    result = run_cli("operations", *words, "--graph", "dot")
    assert (2, "") == (result.exit_code, result.stdout)
    assert reason in result.stderr


def test_operations_of_a_method() -> None:
    """Those of a method alone are listed; a method that no operation has is told with those that there are."""
    assert ["end-pet"] == [
        row["name"] for row in run_cli("operations", _api(), "--method", "delete", "-o", "json").json
    ]
    result = run_cli("operations", _api(), "--method", "PUT")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "The methods are `DELETE`, `GET`, `POST`" in result.stderr


def test_operations_of_all_registered_apis() -> None:
    """Without an API those of all are listed; one whose document is gone is told and left out."""
    result = run_cli("operations")
    assert result.exit_code == 2
    assert "No API is registered yet" in result.stderr
    for name in ("a", "b", "c"):
        assert run_cli("api", "add", name, _api()).exit_code == 0
    file = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    before, table, entry = file.read_text().partition("[apis.c]")
    file.write_text(
        before + table + re.sub('source = ".*"', 'source = "/nowhere/at/all.json"', entry, count=1)
    )
    result = run_cli("operations", "--method", "DELETE", "-o", "json")
    assert [("a", "end-pet"), ("b", "end-pet")] == [(row["api"], row["name"]) for row in result.json]
    assert "c is left out" in result.stderr
    text = run_cli("operations", "--method", "GET", "-o", "text").stdout.splitlines()
    assert ["a", "  list-pets", "  get-pet"] == [line[:11].rstrip() for line in text[:3]]
    assert text[3] == "b"
