"""`-o toon` writes what the specification of TOON says, and keeps every digit of every number."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynacli.text.exact_json import read_json
from dynacli.text.toon_text import MOST_LEVELS, toon_of
from tests.documents import operation, pets, save, save_api
from tests.harness import Recorder, Response, run_cli
from tests.npm_programs import package, run_program

_TABLE = yaml.safe_load(Path(__file__).with_name("toon.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", _TABLE, ids=[f"{row['section']} {row['json']}" for row in _TABLE])
def test_a_value_has_one_text(row: dict[str, str]) -> None:
    """Each section of the specification has its cases."""
    assert row["toon"] + "\n" == toon_of(read_json(row["json"]))


def test_a_response_in_a_pipe_and_its_pages(server: Recorder) -> None:
    """The whole response is the value; with `--all`, so is the merged one, whose length is known at the end."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(
        body=b'{"pets": [{"id": 1, "name": "a"}, {"id": 2, "name": "x:y"}], "n": 1.0}'
    )
    expected = 'pets[2]{id,name}:\n  1,a\n  2,"x:y"\nn: 1.0\n'
    assert expected == run_cli(api, "list-pets", "-o", "toon").stdout
    assert expected == run_cli(api, "list-pets", "-o", "toon", "--all").stdout
    assert "[2]: 1,2\n" == run_cli(api, "list-pets", "-o", "toon", "-f", "pets[].id").stdout


def test_a_terminal_gets_nothing_that_drives_it(server: Recorder) -> None:
    """Control characters that TOON leaves as they are become visible."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = Response(body='["a\x9b31mb\u202e"]'.encode())
    assert "[1]: a\\x9b31mb\\u202e\n" == run_cli(api, "list-pets", "-o", "toon", terminal=("stdout",)).stdout


def test_a_stream_is_one_array(server: Recorder) -> None:
    """Its length stands first, so that it is written at the end, as a table is."""
    watch = operation("watch")
    watch["responses"]["200"]["content"] = {"application/jsonl": {}}
    api = save_api({"/watch": {"get": watch}}, server=server)
    server.responses["/watch"] = Response(
        body=b'{"a": 1}\n{"a": 2.50}\n', headers={"content-type": "application/jsonl"}
    )
    assert "[2]{a}:\n  1\n  2.50\n" == run_cli(api, "watch", "-o", "toon").stdout
    assert "[]\n" == run_cli(api, "watch", "-o", "toon", "-f", "gone").stdout


@pytest.mark.parametrize("depth", [MOST_LEVELS + 1, 100_000])
def test_what_is_nested_too_deeply_is_json(server: Recorder, depth: int) -> None:
    """White space would grow with the square of the depth."""
    api = save(pets("1", server.origin))
    body = b'{"a":' * depth + b"1" + b"}" * depth
    server.responses["/pets"] = Response(body=body)
    result = run_cli(api, "list-pets", "-o", "toon")
    assert (13, body) == (result.exit_code, b"".join(result.stdout_bytes.split()))
    assert "nested too deeply" in result.stderr
    assert toon_of(json.loads('{"a":' * MOST_LEVELS + "1" + "}" * MOST_LEVELS)).endswith(" a: 1\n")


@pytest.mark.exhaustive
def test_own_lists_and_rows_of_a_batch(tmp_path: Path) -> None:
    """Whatever dynacli lists itself can be TOON, too."""
    rows = tmp_path / "rows.ndjson"
    rows.write_text('{"id": "wf_enrich-contact"}\n{"id": "nothing"}\n')
    assert run_cli("operations", "demo", "-o", "toon", "--method", "DELETE").stdout.startswith(
        "[1]:\n  - api: demo\n"
    )
    result = run_cli("batch", "demo", "get-workflow", str(rows), "-o", "toon", "-f", "[row, status]")
    assert (4, "[2]:\n  - [2]: 1,200\n  - [2]: 2,404\n") == (result.exit_code, result.stdout)


@pytest.mark.exhaustive
def test_the_public_cases() -> None:
    """All that need no option give the text of `@toon-format/spec`; one number keeps its digits instead."""
    cases = []
    for file in sorted((package("@toon-format/spec") / "tests" / "fixtures" / "encode").glob("*.json")):
        # Read by `read_json`: a case of numbers counts what stands in the file.
        cases += [case for case in read_json(file.read_text(encoding="utf-8"))["tests"] if not _options(case)]
    wrong = {
        case["name"]: toon_of(case["input"])
        for case in cases
        if toon_of(case["input"]) != case["expected"] + "\n"
    }
    assert (121, _DIGITS) == (len(cases), wrong)


_DIGITS = {
    "encodes negative zero as zero": "-0\n",
}
"""Cases of numbers that TOON would write with other digits than the response has."""
_DEFAULTS = {("delimiter", ","), ("indent", 2), ("keyFolding", "off")}


def _options(case: dict[str, Any]) -> set[tuple[str, Any]]:
    return set((case.get("options") or {}).items()) - _DEFAULTS


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ("null", "-", "- a", "#", "a: b", "[1]: x", "1e5", "+1", "05", "a,b", "\u2028", "  ", "next: x")
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_TEXTS, inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"a": _TEXTS, "b c": st.integers(0, 9)}), max_size=3)
    ),
    max_leaves=12,
)
_DECODE = """
import { decode } from "PACKAGE";
import { readFileSync } from "node:fs";
const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => decode(text, { strict: true }))));
"""


@pytest.mark.long
@given(st.lists(_VALUES, min_size=50, max_size=50))
def test_another_program_reads_it_back(values: list[Any]) -> None:
    """The decoder of the authors of the format gives the value, whatever is in its keys and strings."""
    entry = package("@toon-format/toon") / "dist" / "index.mjs"
    texts = [toon_of(value).removesuffix("\n") for value in values]
    script = _DECODE.replace("PACKAGE", entry.as_uri())
    run = run_program("node", "--input-type=module", "-e", script, stdin=json.dumps(texts))
    assert (values, "") == (json.loads(run.stdout or "null"), run.stderr)
