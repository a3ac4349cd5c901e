"""What `dynacli export` writes, read by the programs that it is for: they call the demo API with it."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft6Validator  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT6

from dynacli.registry.demo_facts import API_KEYS, DemoServer
from tests.documents import save
from tests.features.export.test_forms import odd_api
from tests.harness import run_cli
from tests.npm_programs import package, program, run_program

pytestmark = [pytest.mark.exhaustive, pytest.mark.outside]

# Before a test begins: in a test no variable of dynacli's is left.
_HURL = shutil.which(os.environ.get("DYNACLI_TEST_HURL", "") or "hurl")
_DOCUMENTED = {200, 201, 202}


def _operations(source: str) -> int:
    return len(json.loads(run_cli("operations", source, "-o", "json").stdout))


def _variable(*files: Path) -> str:
    """Return the variable of the credential in an export, which begins with what tells its API from others."""
    texts = (file.read_text(encoding="utf-8") for file in files)
    names: set[str] = {name for text in texts for name in re.findall(r"\w*bearerAuth", text)}
    assert len(names) == 1
    return names.pop()


def test_newman_runs_the_collection(stand_in: DemoServer) -> None:
    """Each operation gets a response as the document says of a success."""
    newman = program("newman")
    url = stand_in.document_url
    assert 0 == run_cli("export", url, "--to", "postman", "--out", "made.json").exit_code
    words = (newman, "run", "made.json", "--env-var", f"{_variable(Path('made.json'))}={API_KEYS['owner']}")
    ended = run_program(*words, "-r", "json", "--reporter-json-export", "report.json")
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    executions = json.loads(Path("report.json").read_text(encoding="utf-8"))["run"]["executions"]
    statuses = {execution["item"]["name"]: execution["response"]["code"] for execution in executions}
    assert {} == {name: status for name, status in statuses.items() if status not in _DOCUMENTED}
    assert _operations(url) == len(statuses)


def test_bruno_runs_the_directory(stand_in: DemoServer) -> None:
    """Each operation gets a response as the document says of a success."""
    bru = program("bru")
    url = stand_in.document_url
    assert 0 == run_cli("export", url, "--to", "bruno", "--out", "made").exit_code
    environment = next(path for path in Path("made/environments").iterdir() if "host" in path.name).stem
    variable = _variable(*Path("made").rglob("*.bru"))
    words = (bru, "run", "-r", "--env", environment, "--env-var", f"{variable}={API_KEYS['owner']}")
    ended = run_program(*words, "--reporter-json", "report.json", cwd="made")
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    results = json.loads(Path("made/report.json").read_text(encoding="utf-8"))[0]["results"]
    statuses = {result["name"]: result["response"]["status"] for result in results}
    assert {} == {name: status for name, status in statuses.items() if status not in _DOCUMENTED}
    assert _operations(url) == len(statuses)


_READ_BRU = """
const fs = require('fs'), path = require('path')
const { bruToJsonV2 } = require('@usebruno/lang')
const read = (file) => bruToJsonV2(fs.readFileSync(file, 'utf8'))
console.log(JSON.stringify(Object.fromEntries(process.argv.slice(1).map((file) => [path.basename(file), read(file)]))))
"""


def test_bruno_reads_odd_texts_as_they_are() -> None:
    """What the parser of Bruno makes of a request is what the document says."""
    modules = package("@usebruno/lang").parents[1]
    assert 0 == run_cli("export", save(odd_api()), "--to", "bruno", "--out", "made").exit_code
    left_out = {"folder.bru", "collection.bru"}
    files = [
        str(path.absolute())
        for path in Path("made").rglob("*.bru")
        if path.name not in left_out and path.parent.name != "environments"
    ]
    ended = run_program("node", "-e", _READ_BRU, *files, cwd=modules)
    assert 0 == ended.returncode, ended.stderr
    read: dict[str, Any] = json.loads(ended.stdout)
    example = {
        item: odd_api()["paths"]["/json"]["post"]["requestBody"]["content"]["application/json"]["schema"][
            "properties"
        ][item]["example"]
        for item in ("name", "note")
    }
    assert example == json.loads(read["send-json.bru"]["body"]["json"])
    # Beside JSON there is no escape for the beginning of a variable; a space is put into it.
    plain = {name: text.replace("{{", "{ {") for name, text in example.items()}
    assert plain == {item["name"]: item["value"] for item in read["send-form.bru"]["body"]["formUrlEncoded"]}
    assert plain["name"] == read["send-text.bru"]["body"]["text"]
    headers = {header["name"]: header["value"] for header in read["find.bru"]["headers"]}
    assert "#1 { {c}}" == headers["X-Odd"]
    assert odd_api()["paths"]["/q/{a:b}"]["get"]["description"] == read["find.bru"]["docs"]
    assert ["text", "file"] == [item["type"] for item in read["send-parts.bru"]["body"]["multipartForm"]]


_IMPORT = """
const { convert } = require('insomnia-importers')
const show = (found) => console.log(JSON.stringify([found.type.id, found.data.resources]))
convert(require('fs').readFileSync(0, 'utf8')).then(show)
"""


def test_insomnia_imports_the_export() -> None:
    """Insomnia's own importer knows the format, and finds all requests."""
    modules = package("insomnia-importers").parent
    text = run_cli("export", "demo", "--to", "insomnia").stdout
    ended = run_program("node", "-e", _IMPORT, cwd=modules, stdin=text)
    assert 0 == ended.returncode, ended.stderr
    kind, resources = json.loads(ended.stdout)
    assert "insomnia-4" == kind
    assert _operations("demo") == [resource["_type"] for resource in resources].count("request")


def test_inso_sends_the_requests(stand_in: DemoServer) -> None:
    """Each operation gets a response as the document says of a success.

    The command line of Insomnia sends what tests ask for, so the export gets a test for each request. The newest one
    on npm, 3.6, is older than parameters of paths: their values are put in here as Insomnia does today.
    """
    inso = program("inso", "inso")
    url = stand_in.document_url
    made = json.loads(run_cli("export", url, "--to", "insomnia").stdout)
    Path("made.json").write_text(json.dumps(made), encoding="utf-8")
    resources: list[dict[str, Any]] = made["resources"]
    base, environment, *_ = (resource for resource in resources if resource["_type"] == "environment")
    base["data"][_variable(Path("made.json"))] = API_KEYS["owner"]
    suite = {"_id": "uts_1", "_type": "unit_test_suite", "parentId": resources[0]["_id"], "name": "all"}
    code = f"expect({sorted(_DOCUMENTED)}).to.include((await insomnia.send()).status)"
    tests: list[dict[str, Any]] = [suite]
    for request in (resource for resource in resources if resource["_type"] == "request"):
        for parameter in request["pathParameters"]:
            request["url"] = request["url"].replace(f":{parameter['name']}", parameter["value"])
        test = {"_type": "unit_test", "parentId": "uts_1", "requestId": request["_id"], "code": code}
        tests.append(test | {"_id": f"ut_{request['_id']}", "name": request["name"]})
    Path("made.json").write_text(json.dumps(made | {"resources": resources + tests}), encoding="utf-8")
    ended = run_program(
        inso, "--ci", "--src", "made.json", "run", "test", "uts_1", "--env", environment["_id"]
    )
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert f"{_operations(url)} passing" in ended.stdout


def test_the_archive_fits_the_schema() -> None:
    """It is what npm's `har-schema` says of HAR 1.2."""
    folder = package("har-schema") / "lib"
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    registry = Registry().with_resources(
        (schema["$id"], DRAFT6.create_resource(schema)) for schema in schemas if "$id" in schema
    )
    main = next(schema for schema in schemas if schema.get("$id") == "har.json#")
    made = json.loads(run_cli("export", save(odd_api()), "--to", "har").stdout)
    errors = Draft6Validator(main, registry=registry).iter_errors(made)
    assert [] == [f"{error.json_path}: {error.message}" for error in errors]


def test_hurl_runs_the_file(stand_in: DemoServer) -> None:
    """Each operation gets a response as the document says of a success, which the file itself asks for."""
    if _HURL is None:
        pytest.skip("hurl is not installed (DYNACLI_TEST_HURL names the program)")
    url = stand_in.document_url
    assert 0 == run_cli("export", url, "--to", "hurl", "--out", "made.hurl").exit_code
    given = (
        "--variable",
        f"baseUrl={stand_in.origin}/api/armature/v1",
        "--secret",
        f"{_variable(Path('made.hurl'))}={API_KEYS['owner']}",
    )
    ended = run_program(_HURL, "--test", *given, "made.hurl")
    assert 0 == ended.returncode, ended.stderr
