"""The rows of a batch: which files are read how, and what is wrong is named before anything is sent."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from dynacli.features.batch import rows
from tests.features.batch.small_api import SmallApi, lines, ndjson
from tests.harness import run_cli

_BODY = {"name": "Rex, the 1st", "age": 3, "tags": ["a", "b"], "owner": {"id": 7}}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "rows.csv",
            b'name,age,tags,owner.id\n"Rex, the 1st",3,"[""a"",""b""]",7\n',
            id="csv-by-its-ending",
        ),
        pytest.param(
            "rows",
            b'\xef\xbb\xbfname,age,tags,owner\r\n"Rex, the 1st",3,"[""a"",""b""]","{""id"":7}"\r\n',
            id="csv",
        ),
        pytest.param(
            "rows.txt", b'name;age;tags;owner.id\nRex, the 1st;3;"[""a"",""b""]";7\n', id="semicolons"
        ),
        pytest.param("rows.tsv", b'name\tage\ttags\towner.id\nRex, the 1st\t3\t["a","b"]\t7\n', id="tsv"),
        pytest.param(
            "rows.csv", b'body\n"' + json.dumps(_BODY).replace('"', '""').encode() + b'"\n', id="whole-body"
        ),
        pytest.param(
            "rows", b"\xef\xbb\xbf" + json.dumps(_BODY).encode(), id="ndjson-by-its-first-character"
        ),
        pytest.param(
            "rows.jsonl", b"\n" + json.dumps({"body": _BODY}).encode() + b"\n\n", id="ndjson-whole-body"
        ),
    ],
)
def test_a_row_is_a_call(api: SmallApi, name: str, content: bytes) -> None:
    """Cells are words, values of JSON are what they are; quotes, byte order marks and empty lines are understood."""
    Path(name).write_bytes(content)
    result = api.run("create-pet", name)
    assert (0, [_BODY]) == (result.exit_code, api.bodies), result.stderr


def test_a_row_names_no_files(api: SmallApi) -> None:
    """What words of the command line do, cells of a file that may come from anywhere do not."""
    assert 0 == api.run("create-pet", "-", stdin=b"name\n@api.json\n").exit_code
    assert [{"name": "@api.json"}] == api.bodies


def test_an_empty_cell_is_not_given(api: SmallApi) -> None:
    """An input whose cell is empty is as good as not named; all spellings of an input are columns."""
    result = api.run("get-pet", "-", stdin=b"petId,page_size\n7,\n8,3\n\n9,4\n")
    assert 0 == result.exit_code
    assert ["GET /pets/7", "GET /pets/8?page-size=3", "GET /pets/9?page-size=4"] == api.served
    assert [1, 2, 3] == [line["row"] for line in lines(result)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("operation", "content", "said"),
    [
        pytest.param("get-pet", "", "", id="empty"),
        pytest.param("get-pet", "[{}]", "is a JSON array", id="array"),
        pytest.param("get-pet", b"\xff\xfep\0e\0", "UTF-16", id="utf-16"),
        pytest.param(
            "get-pet", "pet-id,\n1,2\n", "Column 2 of the CSV has no name", id="column-without-a-name"
        ),
        pytest.param("get-pet", "pet-id,pet-id\n1,2\n", "two columns `pet-id`", id="doubled-column"),
        pytest.param(
            "get-pet", "pet-id,petId\n1,2\n", "`pet-id` and `petId` are the same input", id="two-spellings"
        ),
        pytest.param("get-pet", "pet-id,sise\n1,2\n", "`sise` is not an input of `get-pet`", id="no-input"),
        pytest.param("get-pet", ",\n1,2\n", "has no header", id="no-header"),
        pytest.param("get-pet", '"pet-id\n1\n', "The header of the CSV cannot be read", id="header-quote"),
        pytest.param(
            "get-pet", "page-size\n3\n", "Row 1 (line 2): `get-pet` needs PET_ID", id="missing-column"
        ),
        pytest.param("get-pet", "pet-id,page-size\n1\n", "1 cell, and the header 2 columns", id="too-few"),
        pytest.param("get-pet", "pet-id\n1\n2,3\n", "Row 2 (line 3): The row has 2 cells", id="too-many"),
        pytest.param("get-pet", 'pet-id\n1\n"2\n3\n', "Row 2 (line 3): A quote is opened", id="open-quote"),
        pytest.param("get-pet", 'pet-id\n"1"2\n', "Row 1 (line 2): Line 2 is not CSV", id="wrong-quote"),
        pytest.param("get-pet", b"pet-id\n1\n\xe4\n", "Row 2 (line 3): The line is not UTF-8", id="latin-1"),
        pytest.param("get-pet", b'{"pet-id": "\xe4"}\n', "Row 1: The line is not UTF-8", id="ndjson-latin-1"),
        pytest.param(
            "get-pet", '{"pet-id": 1}\n{"pet-id": 2\n', "Row 2: The line is not JSON", id="cut-json"
        ),
        pytest.param("get-pet", '{"pet-id": NaN}\n', "Row 1: The line is not JSON", id="nan"),
        pytest.param("get-pet", '{"pet-id": 1}\n7\n', "Row 2: The row is not a JSON object", id="no-object"),
        pytest.param("get-pet", '{"pet-id": 0}\n', "path `petId`:", id="refused-by-the-document"),
        pytest.param("get-pet", '{"pet-id": "x"}\n', "`x` is not a value for PET_ID", id="wrong-type"),
        pytest.param("get-pots", "pet-id\n1\n", "has no operation `get-pots`", id="unknown-operation"),
        pytest.param(
            "",
            "pet-id\n1\n",
            "The operation is missing: rows of CSV do not name one",
            id="csv-without-operation",
        ),
        pytest.param("", '{"pet-id": 1}\n', "Row 1: The row names no operation", id="row-without-operation"),
        pytest.param(
            "", '{"operation": "nope"}\n', "has no operation `nope`", id="unknown-operation-of-a-row"
        ),
        pytest.param(
            "", '{"operation": "get-pet", "input": {}}\n', "`input` is not a member", id="unknown-member"
        ),
        pytest.param("", '{"operation": "get-pet", "inputs": []}\n', "is not a JSON object", id="inputs"),
        pytest.param(
            "", '{"operation": "get-pet", "as": "1"}\n', "`as` of the row is not a name", id="no-name"
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    api: SmallApi, operation: str, content: Any, said: str
) -> None:
    """A file that is not a file of rows, and a row that is not a call, end with 2 and their place."""
    words = [operation] if operation else []
    result = api.run(*words, "-", stdin=content if isinstance(content, bytes) else content.encode())
    assert ([], "") == (api.served, result.stdout)
    assert said in result.stderr
    assert (2 if said else 0) == result.exit_code, result.stderr


def test_all_wrong_rows_are_named(api: SmallApi) -> None:
    """The first twenty in full, the others are counted; programs get them with their errors."""
    rows = ndjson(*({"pet-id": number} for number in (1, *([0] * 23), 2)))
    result = api.run("get-pet", rows, "--error-format", "json")
    assert ([], 2) == (api.served, result.exit_code)
    error = result.error
    assert "23 of 25 rows are wrong, and nothing was sent" == error["message"]
    assert error["reason"].endswith("and 3 more")
    assert (23, list(range(2, 22))) == (error["wrong"], [row["row"] for row in error["rows"]])
    assert "minimum" == error["rows"][0]["findings"][0]["rule"]


def test_a_row_that_crosses_a_line_of_trust_ends_with_11(api: SmallApi) -> None:
    """The exit code is that of the worst row: 11 beats all."""
    rows = ndjson({"operation": "safe"}, {"operation": "nope"})
    result = api.run(rows, "--server", "0", "-H", "Authorization: Bearer abcd")
    assert 11 == result.exit_code, result.stderr


def test_a_missing_credential_is_said_once(api: SmallApi) -> None:
    """Without its credential no row is sent, and the batch ends with 10."""
    result = api.run(ndjson({"operation": "safe"}, {"operation": "safe"}))
    assert (10, []) == (result.exit_code, api.served)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param([], 2, "needs an API and a file", id="no-file"),
        pytest.param(["get-pet", "a", "b"], 2, "`b` is an unexpected argument", id="too-many-words"),
        pytest.param(["get-pet", "missing.csv"], 12, "`missing.csv` cannot be read", id="missing-file"),
        pytest.param(["get-pet", "."], 12, "cannot be read", id="directory"),
        pytest.param(["get-pet", "rows.csv", "--shard", "3/2"], 2, "`3/2` is not a shard", id="shard"),
        pytest.param(["get-pet", "rows.csv", "-o", "raw"], 2, "no result in the format `raw`", id="format"),
        pytest.param(
            ["get-pet", "rows.csv", "--resume", "none"], 12, "`none` cannot be read", id="no-result"
        ),
        pytest.param(
            ["get-pet", "rows.csv", "--resume", "rows.csv"], 2, "not a result of a batch", id="other-file"
        ),
        pytest.param(["get-pet", "rows.csv", "--parallel", "0"], 2, "--parallel", id="parallel"),
    ],
)
def test_the_words_are_checked(api: SmallApi, words: list[str], code: int, said: str) -> None:
    """What is wrong with the command line itself is said before anything is sent."""
    Path("rows.csv").write_text("pet-id\n1\n")
    result = api.run(*words)
    assert (code, []) == (result.exit_code, api.served)
    assert said in result.stderr


def test_an_option_of_one_call_is_refused(api: SmallApi) -> None:
    """What is about one call alone is not forgotten where it stands before the verb."""
    assert 2 == run_cli("--all", "batch", "./api.json", "get-pet", "-").exit_code
    assert [] == api.served


def test_nothing_is_sent_in_a_dry_run(api: SmallApi) -> None:
    """`--dry-run` checks all rows."""
    result = api.run("get-pet", ndjson({"pet-id": 1}, {"pet-id": 2}), "--dry-run")
    assert (0, "", []) == (result.exit_code, result.stdout, api.served)
    assert "2 rows are right" in result.stderr


@pytest.mark.parametrize("form", ["http", "json", "curl", "python", "har"])
def test_a_dry_run_in_a_form_prints_the_requests(api: SmallApi, form: str) -> None:
    """One after another, before the verb and after it: as JSON a line each, as HAR in one archive; none is sent."""
    rows = ndjson({"pet-id": 1}, {"pet-id": 2, "page-size": 3})
    result = api.run("get-pet", rows, "--dry-run", form)
    assert (0, []) == (result.exit_code, api.served)
    before = run_cli("--dry-run", form, "batch", "./api.json", "get-pet", rows)
    time = re.compile(r'"startedDateTime": "[^"]*"')
    assert time.sub("", result.stdout) == time.sub("", before.stdout)
    assert "2 rows are right" in before.stderr
    assert result.stdout.index("/pets/1") < result.stdout.index("/pets/2")
    single = run_cli("./api.json", "get-pet", "1", "--dry-run", form).stdout
    if form == "json":
        assert [json.loads(single)["url"][-2:], "=3"] == [line["url"][-2:] for line in lines(result)]
    elif form == "har":
        assert 2 == len(json.loads(result.stdout)["log"]["entries"])
    else:
        assert result.stdout.startswith(single)


def test_a_dry_run_shows_what_is_known(api: SmallApi) -> None:
    """Rows of another shard and rows that use later responses are left out, a wrong row ends it, secrets are masked."""
    rows = ndjson(
        {"operation": "get-pet", "inputs": {"pet-id": 1}, "as": "a"},
        {"operation": "get-pet", "inputs": {"pet-id": "{{a.id}}"}},
    )
    result = api.run(rows, "--dry-run", "json")
    assert (0, 1) == (result.exit_code, len(lines(result)))
    assert "in responses of earlier rows: Row 2" in result.stderr
    pets = ndjson({"pet-id": 1}, {"pet-id": 2})
    shard = api.run("get-pet", pets, "--dry-run", "json", "--shard", "2/2")
    assert ["/2"] == [line["url"][-2:] for line in lines(shard)]
    secret = ("-H", "Authorization: Bearer abcdefgh")
    unsigned = api.run("get-pet", pets, "--dry-run", "json", *secret)
    assert (0, 1, 2) == (unsigned.exit_code, unsigned.stderr.count("shown without it"), len(lines(unsigned)))
    accepted = (*secret, "--accept-origin", lines(shard)[0]["url"].partition("/pets")[0])
    masked = api.run("get-pet", pets, "--dry-run", "json", *accepted).stdout
    assert "***" in masked
    assert "abcdefgh" not in masked
    assert "abcdefgh" in api.run("get-pet", pets, "--dry-run", "json", "--show-secrets", *accepted).stdout
    assert 0 == api.run("get-pet", pets, "--dry-run", "json", "-o", "@r.ndjson").exit_code
    assert 2 == len(Path("r.ndjson").read_text().splitlines())
    wrong = api.run("get-pet", ndjson({"pet-id": 1}, {"pet-id": "x"}), "--dry-run", "json")
    assert (2, "", []) == (wrong.exit_code, wrong.stdout, api.served)


def test_rows_come_from_a_terminal_never(api: SmallApi) -> None:
    """No one is asked to type rows."""
    result = api.run("get-pet", "-", terminal=("stdin",))
    assert 2 == result.exit_code
    assert "nothing is piped into it" in result.stderr


def test_a_line_that_is_no_row_by_its_length_is_one_wrong_row(
    api: SmallApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so much of a line is read at once; the next line is the next row."""
    monkeypatch.setattr(rows, "_LONGEST", 20)
    result = api.run(
        "get-pet", "-", stdin=b'{"pet-id": 1}\n' + b'{"pet-id": "' + b"1" * 50 + b'"}\n{"pet-id": 0}\n'
    )
    assert "2 of 3 rows are wrong" in result.stderr
    assert "Row 2: A line is longer than" in result.stderr
    assert "Row 3: The document does not allow" in result.stderr


def test_a_pipe_is_read_once_and_used_twice(api: SmallApi) -> None:
    """What is not a file, as `<(...)` in a shell, is copied first."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"pet-id\n1\n2\n")
        os.close(writing)
        assert 0 == api.run("get-pet", f"/dev/fd/{reading}").exit_code
    finally:
        os.close(reading)
    assert ["GET /pets/1", "GET /pets/2"] == api.served


def test_a_row_says_the_media_type_of_its_body(api: SmallApi) -> None:
    """`content_type` is an input of every operation with a body, as in Python."""
    rows = ndjson({"name": "Rex", "content_type": "json"}, {"name": "Rex", "content_type": "xml"})
    result = api.run("create-pet", rows)
    assert (2, []) == (result.exit_code, api.served)
    assert "1 of 2 rows is wrong" in result.stderr
    assert "takes no body of `xml`" in result.stderr


def test_a_new_origin_is_asked_about_once(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all rows, before the first is sent."""
    monkeypatch.setenv("DYNACLI_TOKEN", "some-token")
    rows = ndjson({"operation": "safe"}, {"operation": "safe"})
    result = api.run(rows, stdin=b"y\n", terminal=("stdin", "stderr"))
    assert (0, 2) == (result.exit_code, len(api.served))
    assert 1 == result.stderr.count("Send the credential to")


@pytest.mark.no_cover
def test_a_header_takes_time_that_grows_with_its_columns(api: SmallApi) -> None:
    """A CSV of 100,000 columns is refused within seconds, because its columns are no inputs."""
    header = ",".join(f"c{number}" for number in range(100_000))
    since = time.monotonic()
    result = api.run("get-pet", "-", stdin=f"{header}\n{header}\n".encode())
    assert time.monotonic() - since < 10
    assert (2, []) == (result.exit_code, api.served)
    assert "The column `c0` is not an input" in result.stderr
