"""`--report`: results for machines, in four formats that other programs read as they stand."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dynacli.output.finding_reports import (
    ValidatedCall,
    github_report,
    json_report,
    junit_report,
    sarif_report,
)
from tests.documents import api_of, get, save_api, serve
from tests.harness import Recorder, Response, Result, run_cli
from tests.npm_programs import program

HOSTILE = 'a%b\r\nc:d,e "<&>]]> \x1b]0;x\x07 \x00 \u202e \ud800 \ufffe é'


def _finding(**more: Any) -> dict[str, Any]:
    return {
        "where": "response",
        "rule": "type",
        "pointer": "/id",
        "message": "expected integer, got string `x`",
        "expected": "integer",
        "got": "x",
        "schema_pointer": "/components/schemas/Pet/properties/id/type",
        "via": [],
        "document": {"file": str(Path.cwd() / "api.yaml"), "line": 7, "column": 5, "pointer": "/x"},
        **more,
    }


def _calls(finding: dict[str, Any] | None = None) -> list[ValidatedCall]:
    finding = finding or _finding()
    return [
        ValidatedCall(
            "pets", "get-pet", "GET", "/pets/{id}", "http://h/pets/1", 200, 0.5, (finding,), ("a pattern",)
        ),
        ValidatedCall("pets", "get-pet", "GET", "/pets/{id}", "http://h/pets/2", 200, 0.25),
        ValidatedCall(
            "pets", "list-pets", "GET", "/pets", suppressed=({**finding, "reason": "known"},), status=200
        ),
        ValidatedCall("zoo", "feed", "POST", "/feed", skipped="it is not safe"),
        ValidatedCall("zoo", "look", "GET", "/look", url="http://h/look", error="The connection was refused"),
    ]


def test_json_has_the_shape_of_the_validation_report() -> None:
    """The report has the findings of all calls, and a record for each; a call without a response is not valid."""
    report = json.loads(json_report(_calls()))
    assert (False, ["a pattern"]) == (report["valid"], report["not_validated"])
    assert [{**_finding(), "call": 0}] == report["findings"]
    assert [(2, "known")] == [
        (suppression["call"], suppression["reason"]) for suppression in report["suppressed"]
    ]
    assert [False, True, True, True, False] == [call["valid"] for call in report["calls"]]
    assert "operation" not in report
    assert "it is not safe" == report["calls"][3]["skipped"]


def test_json_of_one_call_names_it_at_the_top() -> None:
    """A single call stands there itself; on one line if that is asked for."""
    text = json_report(_calls()[1:2], indent=None)
    report = json.loads(text)
    assert 1 == text.count("\n")
    assert (True, "pets", "get-pet", "GET", "http://h/pets/2", 200) == tuple(
        report[key] for key in ("valid", "api", "operation", "method", "url", "status")
    )


def test_junit_has_a_case_for_each_call() -> None:
    """A suite for each API; failures, errors and skips are counted; the same operation twice has two names."""
    root = ET.fromstring(junit_report(_calls()))  # noqa: S314  - our own
    assert ("testsuites", "5", "1", "1", "1") == (
        root.tag,
        *(root.get(key) for key in ("tests", "failures", "errors", "skipped")),
    )
    assert [("pets", "3"), ("zoo", "2")] == [(element.get("name"), element.get("tests")) for element in root]
    cases = list(root.iter("testcase"))
    assert ["get-pet", "get-pet (2)", "list-pets", "feed", "look"] == [case.get("name") for case in cases]
    failure = cases[0].find("failure")
    assert failure is not None
    assert "/id: expected integer, got string `x` [type]" == failure.get("message")
    assert "type" == failure.get("type")
    assert "api.yaml:7: /x" in str(failure.text)
    assert "Not validated: a pattern" == cases[0].findtext("system-out")
    assert "Suppressed: /id: expected integer, got string `x` [type]: known" == cases[2].findtext(
        "system-out"
    )
    assert ["it is not safe", "The connection was refused"] == [
        element.get("message") for element in root.iter() if element.tag in {"skipped", "error"}
    ]


def test_github_has_a_command_for_each_finding() -> None:
    """Findings stand at their line of the document; notes and ignored findings are notices."""
    lines = github_report(_calls()).splitlines()
    assert [
        (
            "::error file=api.yaml,line=7,col=5,title=pets get-pet::GET /pets/{id} responded with 200: "
            "/id: expected integer, got string `x` [type]"
        ),
        "::notice title=pets get-pet::Not validated: a pattern",
        "::notice title=pets list-pets::Suppressed: /id: expected integer, got string `x` [type]: known",
        "::error title=zoo look::GET /look: The connection was refused",
    ] == lines


def test_sarif_is_located_in_the_document() -> None:
    """A result for each finding, at the file and line, with a rule that has help; what does not count is suppressed."""
    log = json.loads(sarif_report(_calls(), {"type": "The value has the right type"}))
    run = log["runs"][0]
    assert ("2.1.0", "dynacli") == (log["version"], run["tool"]["driver"]["name"])
    assert [("type", "The value has the right type")] == [
        (rule["id"], rule["shortDescription"]["text"]) for rule in run["tool"]["driver"]["rules"]
    ]
    first, second = run["results"]
    assert ("type", 0, "error") == (first["ruleId"], first["ruleIndex"], first["level"])
    assert {
        "artifactLocation": {"uri": "api.yaml"},
        "region": {"startLine": 7, "startColumn": 5},
    } == first["locations"][0]["physicalLocation"]
    assert [{"kind": "external", "justification": "known"}] == second["suppressions"]
    assert "suppressions" not in first
    notes = run["invocations"][0]
    assert (False, 3) == (notes["executionSuccessful"], len(notes["toolExecutionNotifications"]))


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("/elsewhere/a b.yaml", "file:///elsewhere/a%20b.yaml"),
        ("https://h.example/api.json", "https://h.example/api.json"),
        ("-", None),
    ],
    ids=["outside", "URL", "standard input"],
)
def test_sarif_names_files_by_uri(file: str, uri: str | None) -> None:
    """Below the working directory it is relative, elsewhere absolute."""
    finding = _finding(document={"file": file, "line": None, "column": None, "pointer": ""})
    location = json.loads(sarif_report(_calls(finding)))["runs"][0]["results"][0]["locations"][0]
    assert ({"artifactLocation": {"uri": uri}} if uri else None) == location.get("physicalLocation")


def test_sarif_fingerprints_stay_when_lines_and_values_change() -> None:
    """The same defect of another item, at another line, with another value is the same; another rule is not."""

    def fingerprint(**more: Any) -> str:
        results = json.loads(sarif_report(_calls(_finding(**more))))["runs"][0]["results"]
        return str(results[0]["partialFingerprints"]["dynacli/v1"])

    place = {"file": "/x.yaml", "line": 9, "column": 1, "pointer": "/x"}
    same = fingerprint(pointer="/3/id")
    assert same == fingerprint(pointer="/5/id", got="y", document=place, message="m")
    assert len({same, fingerprint(pointer="/3/id", rule="enum"), fingerprint(pointer="/3/name")}) == 3


REPORTS = {"json": json_report, "junit": junit_report, "sarif": sarif_report, "github": github_report}


@pytest.mark.parametrize("name", REPORTS)
def test_hostile_text_breaks_no_format(name: str) -> None:
    """A report with any text of a server can be read, has as many entries, and drives no terminal."""
    finding = _finding(message=HOSTILE, pointer=f"/{HOSTILE}", got=HOSTILE, rule=HOSTILE)
    finding["document"] = {"file": f"/{HOSTILE}", "line": 1, "column": None, "pointer": HOSTILE}
    calls = [ValidatedCall(HOSTILE, HOSTILE, "GET", HOSTILE, HOSTILE, 200, 0.1, (finding,), (HOSTILE,))]
    text = REPORTS[name](calls)
    text.encode("utf-8")  # no lone surrogate is left
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e]", text)
    if name == "junit":
        root = ET.fromstring(text)  # noqa: S314  - our own
        assert 1 == len(root.findall("testsuite/testcase/failure"))
    elif name == "github":
        assert 2 == len(text.splitlines())
        head = text.splitlines()[0].split("::")[1]
        assert ["file", "line", "title"] == [
            part.partition("=")[0] for part in head.split(" ", 1)[1].split(",")
        ]
        assert "a%25b%0D%0Ac%3Ad%2Ce" in head
    else:
        found = json.loads(text)
        assert 1 == len(found["findings"] if name == "json" else found["runs"][0]["results"])


@pytest.mark.outside
def test_sarif_is_valid_by_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Microsoft's own checker (`@microsoft/sarif-multitool`) finds no error but in the log that has one."""
    checker = program("sarif-multitool")
    monkeypatch.setenv("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
    finding = _finding(message=HOSTILE, pointer=HOSTILE, rule=HOSTILE, got={"a": HOSTILE})
    logs = {
        "usual": sarif_report(_calls()),
        "hostile": sarif_report(_calls(finding)),
        "empty": sarif_report([]),
        "broken": sarif_report(_calls()).replace('"name": "dynacli"', '"nam": "dynacli"'),
    }
    for name, text in logs.items():
        Path(f"{name}.sarif").write_text(text, encoding="utf-8")
    words = [checker, "validate", *(f"{name}.sarif" for name in logs)]
    reported = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "4 files scanned" in reported
    errors = [line for line in reported.splitlines() if ": error " in line]
    assert {"broken.sarif"} == {Path(line.partition("(")[0]).name for line in errors}


@pytest.mark.parametrize("name", REPORTS)
def test_no_calls_are_a_report_too(name: str) -> None:
    """An empty one can be read."""
    text = REPORTS[name]([])
    if name in {"json", "sarif"}:
        json.loads(text)
    elif name == "junit":
        assert "0" == ET.fromstring(text).get("tests")  # noqa: S314  - our own
    else:
        assert "" == text


PET = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


@pytest.fixture
def api(server: Recorder) -> str:
    """An API of one operation, with its document in the working directory."""
    response = {"description": "It", "content": {"application/json": {"schema": PET}}}
    server.responses["/pet"] = Response(body=b'{"id": "x"}')
    return save_api(
        get(
            "/pet",
            "getPet",
            parameters=[{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}}],
            responses={"200": response, "404": response, "302": {"description": "Elsewhere"}},
        ),
        server=server,
    )


def _json(path: str = "r.json") -> dict[str, Any]:
    report: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return report


def test_a_report_of_a_call_that_breaks_the_document(api: str, server: Recorder) -> None:
    """The report is written beside the body's own file, and the exit code is the mismatch's."""
    result = run_cli(
        api,
        "get-pet",
        "--validate",
        "strict",
        "-o",
        "@body.json",
        "--report",
        "json=r.json",
        "--report",
        "junit=r.xml",
    )
    assert 9 == result.exit_code
    assert b'{"id": "x"}' == Path("body.json").read_bytes()
    report = _json()
    assert (False, "get-pet", 200, f"{server.origin}/pet") == (
        report["valid"],
        report["operation"],
        report["status"],
        report["url"],
    )
    [finding] = report["findings"]
    assert ("response", "type", "/id", "integer", "x", 1) == (
        *(finding[key] for key in ("where", "rule", "pointer", "expected", "got")),
        finding["document"]["line"],
    )
    assert 'failures="1"' in Path("r.xml").read_text(encoding="utf-8")


ENDS = {
    "a good response": ([], Response(body=b'{"id": 1}'), 0, True, []),
    "a warning": ([], Response(body=b"{}"), 0, False, ["response"]),
    "not found, and well said": ([], Response(404, b'{"id": 1}'), 4, True, []),
    "not found, and badly said": ([], Response(404, b"{}"), 4, False, ["response"]),
    "refused before it is sent": (["--limit", "9"], Response(), 2, False, ["request"]),
    "shown and not sent": (["--limit", "3", "--dry-run", "json"], Response(), 0, True, []),
    "refused and not sent": (["--limit", "9", "--dry-run", "json"], Response(), 2, False, ["request"]),
}


@pytest.mark.parametrize(("words", "response", "code", "is_valid", "where"), ENDS.values(), ids=ENDS)
def test_every_end_of_a_call_has_its_report(
    api: str,
    server: Recorder,
    words: list[str],
    response: Response,
    code: int,
    is_valid: bool,
    where: list[str],
) -> None:
    """Whether it was sent or not, and whatever came."""
    server.responses["/pet"] = response
    result = run_cli(api, "get-pet", *words, "--report", "json=r.json")
    report = _json()
    assert (code, is_valid, where) == (
        result.exit_code,
        report["valid"],
        [finding["where"] for finding in report["findings"]],
    )


@pytest.mark.parametrize("words", [(), ("--dry-run", "json")], ids=["sent", "shown"])
def test_a_report_of_a_call_that_is_not_validated_says_so(api: str, words: tuple[str, ...]) -> None:
    """A report at the level `off` says that nothing was validated, so that no one takes it for a good result."""
    assert 0 == run_cli(api, "get-pet", *words, "--validate", "off", "--report", "json=r.json").exit_code
    report = _json()
    assert ([], ["nothing is validated at the level `off`"]) == (report["findings"], report["not_validated"])


def test_a_call_without_a_response_has_an_error() -> None:
    """No one listens: exit code 6, and a report that is not valid."""
    name = save_api(get("/pet", "getPet"))
    result = run_cli(name, "get-pet", "--report", "json=r.json", "--report", "junit=r.xml")
    report = _json()
    assert (6, False, []) == (result.exit_code, report["valid"], report["findings"])
    assert "refuses the connection" in report["calls"][0]["error"]
    assert 'errors="1"' in Path("r.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_without_a_file_it_goes_to_standard_error(api: str, name: str) -> None:
    """In place of what a person would read; standard output stays the body."""
    result = run_cli(api, "get-pet", "--report", name)
    assert (0, '{"id": "x"}') == (result.exit_code, result.stdout)
    assert "document line" not in result.stderr
    lines = result.stderr.splitlines()
    if name == "json":
        assert 1 == len(json.loads(next(line for line in lines if line.startswith("{")))["findings"])
    else:
        start = {"junit": "<?xml ", "sarif": "{", "github": "::error file=api.json,line=1,"}[name]
        assert any(line.startswith(start) for line in lines)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("yaml", "`yaml` is not a format of reports"),
        ("", "`` is not a format of reports"),
        ("json=", "`--report json=` names no file"),
        ("json=out", "`out` is named twice"),
    ],
    ids=["unknown", "empty", "no file", "the body's file"],
)
def test_a_report_that_is_none_is_refused_first(api: str, server: Recorder, word: str, message: str) -> None:
    """Exit code 2, and nothing is sent."""
    result = run_cli(api, "get-pet", "-o", "@out", "--report", word)
    assert (2, []) == (result.exit_code, server.requests)
    assert message in result.stderr


def _into_nowhere(*words: str) -> Result:
    return run_cli(*words, "--report", "json=nowhere/r.json")


def test_a_report_that_cannot_be_written(api: str, server: Recorder) -> None:
    """Exit code 12 if all else went well; else the first cause wins, and a warning tells of the report."""
    assert 9 == _into_nowhere(api, "get-pet", "--validate", "strict").exit_code
    server.responses["/pet"] = Response(body=b'{"id": 1}')
    result = _into_nowhere(api, "get-pet")
    assert (12, '{"id": 1}') == (result.exit_code, result.stdout)
    assert "`nowhere/r.json` cannot be written" in result.stderr


def test_no_secret_is_in_a_report(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential that the server sends back, whole or in a long text, is masked, and so is a cookie that it sets."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    response = {
        "description": "It",
        "headers": {"Set-Cookie": {"schema": {"type": "integer"}}},
        "content": {"application/json": {"schema": schema}},
    }
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    name = save_api(
        get("/pet", "getPet", security=[{"key": []}], responses={"200": response}),
        server=server,
        schemes={"key": scheme},
    )
    body = json.dumps({"a": canary, "b": "x" * 50 + canary * 3}).encode()
    headers = {"Content-Type": "application/json", "Set-Cookie": f"sid=cookie-{'c' * 70}; Path=/"}
    server.responses["/pet"] = Response(200, body, headers)
    monkeypatch.setenv("DYNACLI_KEY", canary)
    formats = [f"--report={report}=r.{report}" for report in REPORTS]
    result = run_cli(name, "get-pet", "--accept-origin", server.origin, *formats, "-o", "@/dev/null")
    assert 0 == result.exit_code
    written = [result.stderr, *(Path(f"r.{report}").read_text(encoding="utf-8") for report in REPORTS)]
    for text in written:
        assert "***" in text
        assert canary[:8] not in text
        assert "ccccc" not in text


def test_the_query_of_a_document_is_in_no_report(server: Recorder) -> None:
    """An API that is called by the URL of its document is named without the values of its query."""
    url = serve(server, api_of(get("/pet", "getPet"), server=server))
    server.responses["/pet"] = Response(body=b"{")
    formats = [f"--report={report}=r.{report}" for report in REPORTS]
    result = run_cli(f"{url}?token=hunter2", "get-pet", *formats, "-o", "@/dev/null")
    assert 0 == result.exit_code
    for text in (result.stderr, *(Path(f"r.{report}").read_text(encoding="utf-8") for report in REPORTS)):
        assert "does not match the document" in text or "unreadable-body" in text
        assert "hunter2" not in text
    assert f"{url}?token=***" == json.loads(Path("r.json").read_text(encoding="utf-8"))["api"]
