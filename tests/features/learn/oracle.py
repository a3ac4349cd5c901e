"""Learns known documents from the traffic of their mocks, and compares what was learned with the truth.

Run it as `python -m tests.features.learn.oracle [DOCUMENT ...]` for a table.
"""

import base64
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from dynacli.client.call_settings import settings_of
from dynacli.environment import Environment
from dynacli.features.mock.mock_server import MockServer
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.path_templates import path_template
from dynacli.options.standard_options import Options
from dynacli.registry.open_by_name import open_named_api
from dynacli.traffic.recorded_request import RecordedExchange, RecordedRequest
from tests.features.learn.traffic import write_har
from tests.harness import run_cli
from tests.real_documents import FOLDER

_SERVER = "http://127.0.0.1:9"
_SAMPLES = 4
_MOST_OPERATIONS = 60
_DEEPEST = 5


@dataclass
class Comparison:
    """What was learned of a document.

    Attributes:
        operations: Number of operations with a successful response in the traffic.
        found: Number of them in the learned document.
        wrong_paths: Learned paths that are not in the truth.
        properties: Number of properties in the responses of the truth, and how many were found.
        required: Number of required properties in the responses of the truth, and how many were found.
        exchanges: Number of exchanges, and how many are valid at `exact`.
    """

    operations: int = 0
    found: int = 0
    wrong_paths: tuple[str, ...] = ()
    properties: tuple[int, int] = (0, 0)
    required: tuple[int, int] = (0, 0)
    exchanges: tuple[int, int] = (0, 0)

    def row(self, name: str) -> str:
        """Return the line of a table."""
        counts = (*self.properties, *self.required, *self.exchanges)
        return "\t".join(map(str, (name, self.operations, self.found, len(self.wrong_paths), *counts)))


def mocked_traffic(document: str) -> list[dict[str, Any]]:
    """Return the entries of a HAR file: each operation of a document is called several times."""
    env = Environment(
        stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), variables=dict(os.environ)
    )
    api = open_named_api(document, env)
    settings = settings_of(env, api, Options(), default_level="warn")
    mock = MockServer(api, settings, is_dynamic=True, has_examples=False)
    summaries = list(api.catalog.summaries())
    entries = []
    for summary in summaries[:: max(-(-len(summaries) // _MOST_OPERATIONS), 1)]:
        words = (document, summary.name, "--example", "--dry-run", "json", "--server", _SERVER)
        result = run_cli(*words)
        if result.exit_code:
            continue
        sent = json.loads(result.stdout)
        operation = api.catalog.operation(summary.name)
        for number in range(_SAMPLES):
            entry = _entry(mock, {**sent, "url": _with_ids(sent["url"], operation, number)})
            if entry is not None:
                entries.append(entry)
    return entries


def _with_ids(url: str, operation: Operation, number: int) -> str:
    """Return a URL with a UUID for each text in its path: the example of a document is one word for all calls."""
    path, question, query = url.removeprefix(_SERVER).partition("?")
    texts = {
        parameter.name
        for parameter in operation.parameters
        if parameter.location == "path" and parameter.value.type == "string" and not parameter.value.enum
    }
    steps = operation.path.split("/")
    values = path.split("/")[-len(steps) + 1 :]
    if len(steps) < 2 or len(values) != len(steps) - 1:
        return url
    new = [
        str(uuid5(NAMESPACE_URL, f"{step}{number}"))
        if step.strip("{}") in texts and step[:1] == "{"
        else value
        for step, value in zip(steps[1:], values, strict=True)
    ]
    return f"{_SERVER}/{'/'.join(new)}{question}{query}"


def _entry(mock: MockServer, sent: dict[str, Any]) -> dict[str, Any] | None:
    body = base64.b64decode(sent["body_base64"]) if sent["body_base64"] else (sent["body"] or "").encode()
    headers = tuple((name, value) for name, value in sent["headers"])
    request = RecordedRequest(sent["method"], sent["url"], headers)
    response = mock.respond(RecordedExchange(request, body or None)).recorded.response
    if response is None or not 200 <= response.status < 300:
        return None
    posted = {"mimeType": request.header("content-type"), **_encoded(body)}
    return {
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [{"name": name, "value": value} for name, value in headers],
            **({"postData": posted} if body else {}),
        },
        "response": {
            "status": response.status,
            "headers": [{"name": name, "value": value} for name, value in response.headers],
            "content": {"size": len(response.body or b""), **_encoded(response.body or b"")},
        },
    }


def _encoded(body: bytes) -> dict[str, str]:
    return {"encoding": "base64", "text": base64.b64encode(body).decode()} if body else {}


def compare(document: str, directory: Path) -> Comparison:
    """Learn a document from its own traffic, and compare both."""
    entries = mocked_traffic(document)
    har, out = write_har(directory, entries), directory / "openapi.yaml"
    out.unlink(missing_ok=True)
    result = run_cli("learn", har, "--out", str(out))
    assert 0 == result.exit_code, result
    validated = run_cli("validate", str(out), har, "--validate", "exact", "-o", "json")
    truth = run_cli("document", document, "-o", "json").json
    learned = yaml.safe_load(out.read_text())
    of_truth = {
        (path_template(path), method): operation
        for path, item in truth["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }
    of_learned = {
        (path_template(path), method): operation
        for path, item in learned["paths"].items()
        for method, operation in item.items()
    }
    common = of_truth.keys() & of_learned.keys()
    comparison = Comparison(len({_key(entry, of_truth) for entry in entries} - {None}), len(common))
    comparison.wrong_paths = tuple(sorted({path for path, _ in of_learned} - {path for path, _ in of_truth}))
    properties, required = [0, 0], [0, 0]
    for key in common:
        names, needed = _success_properties(truth, of_truth[key])
        learned_names, learned_needed = _success_properties(learned, of_learned[key])
        properties[0] += len(names)
        properties[1] += len(names & learned_names)
        required[0] += len(needed)
        required[1] += len(needed & learned_needed)
    comparison.properties, comparison.required = (properties[0], properties[1]), (required[0], required[1])
    findings = sum(not exchange.get("valid", True) for exchange in _rows(validated.json))
    comparison.exchanges = len(entries), len(entries) - findings
    assert 0 == validated.exit_code, validated
    return comparison


def _rows(validated: Any) -> Iterator[dict[str, Any]]:
    for operation in validated.get("operations", []) if isinstance(validated, dict) else []:
        yield from operation.get("calls", [])


def _key(entry: dict[str, Any], of_truth: dict[tuple[str, str], Any]) -> tuple[str, str] | None:
    steps = entry["request"]["url"].removeprefix(_SERVER).partition("?")[0].split("/")
    method = entry["request"]["method"].lower()
    fitting = [
        path
        for path, of_method in of_truth
        if of_method == method and len(found := path.split("/")) == len(steps)
        if all("{}" in ours or ours == theirs for ours, theirs in zip(found, steps, strict=True))
    ]
    return (min(fitting, key=lambda path: path.count("{}")), method) if fitting else None


def _success_properties(tree: dict[str, Any], operation: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the properties, and the required ones, in the JSON of the first success of an operation."""
    names: set[str] = set()
    needed: set[str] = set()
    for status, response in sorted(operation.get("responses", {}).items()):
        content = _resolved(tree, response).get("content", {})
        media = next((media for name, media in content.items() if "json" in name), None)
        if str(status).startswith("2") and media is not None:
            _collect(tree, media.get("schema", {}), "", 0, names, needed)
            break
    return names, needed


def _resolved(tree: dict[str, Any], value: Any) -> dict[str, Any]:
    for _ in range(20):
        if not isinstance(value, dict):
            return {}
        if "$ref" not in value:
            return value
        found: Any = tree
        for step in str(value["$ref"]).removeprefix("#/").split("/"):
            found = (
                found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
            )
        value = found
    return {}


def _collect(
    tree: dict[str, Any], schema: Any, path: str, depth: int, names: set[str], needed: set[str]
) -> None:
    schema = _resolved(tree, schema)
    if depth > _DEEPEST:
        return
    for branch in schema.get("allOf", []):
        _collect(tree, branch, path, depth, names, needed)
    for name, member in schema.get("properties", {}).items():
        if isinstance(member, dict) and member.get("writeOnly"):
            continue
        names.add(f"{path}/{name}")
        if name in schema.get("required", []):
            needed.add(f"{path}/{name}")
        _collect(tree, member, f"{path}/{name}", depth + 1, names, needed)
    if "items" in schema:
        _collect(tree, schema["items"], f"{path}/*", depth + 1, names, needed)


DOCUMENTS = ("chromadb.json", "meilisearch.json", "museum.yaml", "petstore3.yaml", "scalar-galaxy-3.1.yaml")
"""Real documents whose traffic is learned in seconds."""
_LARGE = (
    *("hcloud.json", "netlify.yml", "qdrant.json", "figma.yaml"),
    *("xero-accounting.yaml", "klaviyo.json", "adyen-management-v3.yaml"),
)
"""Real documents that take longer."""


def _main() -> None:
    sys.stdout.write(
        "document\toperations\tfound\twrong\tproperties\tfound\trequired\tfound\texchanges\tvalid\n"
    )
    for name in sys.argv[1:] or (*DOCUMENTS, *_LARGE):
        with TemporaryDirectory() as directory:
            try:
                comparison = compare(str(FOLDER / name), Path(directory))
            except AssertionError as error:
                sys.stdout.write(f"{name} {str(error)[:2000]}\n")
                continue
        sys.stdout.write(f"{comparison.row(name)} {' '.join(comparison.wrong_paths[:3])}\n")


if __name__ == "__main__":
    _main()
