"""openapi-core is imported fast, and is openapi-core anyway: same results, real modules, a way back."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.real_documents import own_and_real
from tests.validation.in_process_validator import JSON

# The demo APIs were made for these. With others this fails first: look whether they still hold, then move on.
_VERSIONS = {
    "openapi-core": "0.23",
    "openapi-schema-validator": "0.8",
    "openapi-spec-validator": "0.8",
    "jsonschema": "4.",
    "jsonschema-path": "0.4",
}

# Validates the table, by the fast import or the plain one, and tells every result.
_VALIDATE = """
import json, sys
import dynacli; dynacli.is_own_process = sys.argv[1] == "fast"
from tests.validation.golden_findings import reported, validation_of
from tests.validation.pairs import PAIRS
validations = [reported(validation_of(pair, version)) for pair in PAIRS for version in pair.versions]
loaded = {"jsonschema", "referencing", "werkzeug"}.intersection(sys.modules)
print(json.dumps([validations, sorted(loaded)]))
"""

_WHOLE_DOCUMENT = """
import json, sys
import dynacli; dynacli.is_own_process = sys.argv[1] == "fast"
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.schema.document_schemas import NoExampleError
from dynacli.openapi.schema.example_value import example_value
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.document.load import load
from dynacli.validation.validator import Validator
from dynacli.validation.validated_messages import ValidatedResponse
catalog = catalog_in_memory(compile_document(load(open(sys.argv[2], "rb").read(), "document")), [])
validations = []
for summary in catalog.summaries():
    responses = catalog.part(summary.name)["operation"]["responses"]
    for status, response in responses.items():
        while "$ref" in response:
            response = catalog.resolve(response["$ref"])
        for media_type, media in response.get("content", {}).items():
            if not status.isdigit() or "json" not in media_type:
                continue
            try:
                good = example_value(
                    media.get("schema", True), catalog.resolve, direction="response", required_only=False
                )
            except NoExampleError:
                continue
            validator = Validator(catalog, catalog.operation(summary.name))
            for value in (good, [good], {}):
                response = ValidatedResponse(int(status), {}, media_type, json.dumps(value).encode())
                found = validator.response(response)
                validations.append([summary.name, status, [vars(one) for one in found.findings], found.failures])
print(json.dumps(validations))
"""


def _run(program: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


@pytest.mark.parametrize(("package", "made_for"), _VERSIONS.items())
def test_the_stand_ins_were_made_for_these_versions(package: str, made_for: str) -> None:
    """The fast import knows the inside of these packages, so a new version has to be looked at."""
    assert version(package).startswith(made_for)


@pytest.mark.long
def test_validations_are_those_of_the_plain_import() -> None:
    """The same findings come from the fast import and from the plain one, over the table of pairs."""
    fast, left_out = json.loads(_run(_VALIDATE, "fast"))
    plain, whole = json.loads(_run(_VALIDATE, "plain"))
    assert ([], ["jsonschema", "referencing", "werkzeug"]) == (left_out, whole)  # they were two ways indeed
    assert plain == fast
    assert len(fast) > 500


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "path",
    own_and_real(["bookshop.yaml"], ["hcloud.json"]),
)
def test_validations_are_the_same_over_whole_documents(path: Path) -> None:
    """Good and broken responses get the same findings from both imports."""
    fast = json.loads(_run(_WHOLE_DOCUMENT, "fast", str(path)))
    assert json.loads(_run(_WHOLE_DOCUMENT, "plain", str(path))) == fast
    assert {bool(findings) for _, _, findings, _ in fast} == {True, False}


_IMPORTS = """
import sys
import dynacli; dynacli.is_own_process = True
from dynacli.validation.validator import load_engine
engine = load_engine()
loaded = [name for name in sys.argv[1].split() if name in sys.modules]
assert not loaded, loaded
assert load_engine() is engine
"""


def test_what_is_not_needed_is_not_imported() -> None:
    """The fast import leaves out what makes the plain one slow."""
    names = (
        "attr email.message httpx jsonschema jsonschema_rs openapi_core.unmarshalling openapi_schema_validator"
        " openapi_spec_validator pydantic referencing requests rpds werkzeug xml.etree yaml"
    )
    _run(_IMPORTS, names)


@pytest.mark.exhaustive
def test_the_real_packages_are_there_afterwards() -> None:
    """Code that imports a package after the validator gets the real package, whole and working."""
    _run(
        """
import dynacli; dynacli.is_own_process = True
from dynacli.validation.validator import load_engine
load_engine()
import openapi_core, openapi_schema_validator.settings, openapi_spec_validator.settings, requests, werkzeug
import openapi_core.validation.request, werkzeug.datastructures
for module in (openapi_core, openapi_schema_validator.settings, openapi_spec_validator.settings, requests, werkzeug):
    assert module.__file__, module
assert openapi_core.validation.request.V30RequestValidator and werkzeug.datastructures.Headers
from werkzeug.test import Client
from werkzeug.wrappers import Response
assert Client(Response("hello")).get("/").text == "hello"
document = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}
assert openapi_core.OpenAPI.from_dict(document).spec
assert requests.Session().headers and openapi_spec_validator.settings.OpenAPISpecValidatorSettings()
"""
    )


@pytest.mark.exhaustive
def test_real_packages_that_are_there_before_are_used() -> None:
    """If a program has imported openapi-core itself, nothing is taken away from it."""
    _run(
        """
import dynacli; dynacli.is_own_process = True
import openapi_core, requests, sys, werkzeug
before = dict(sys.modules)
from dynacli.validation.validator import load_engine
load_engine()
assert all(sys.modules[name] is module for name, module in before.items())
"""
    )


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "insufficient",
    [
        "engine.DeferredFunctions = types.ModuleType",
        "engine.DeferredModule = lambda name: None",
    ],
    ids=["functions", "module"],
)
def test_the_plain_import_is_the_way_back(insufficient: str) -> None:
    """If a demo API lacks something that another version needs, openapi-core is imported plainly."""
    _run(
        f"""
import sys, types
import dynacli; dynacli.is_own_process = True
import json as kept
from dynacli.validation import validator as engine
{insufficient}
assert engine.load_engine().request_errors
assert sys.modules["json"] is kept
assert sys.modules["openapi_core"].__file__ and sys.modules["werkzeug"].__file__
from tests.validation.in_process_validator import compact, validate_value
assert compact(validate_value({{"type": "integer"}}, "x")) == ["- type"]
import requests
"""
    )


@pytest.mark.exhaustive
def test_threads_get_one_engine() -> None:
    """Threads that ask at the same time share an import, while other threads import other modules."""
    _run(
        """
import threading
import dynacli; dynacli.is_own_process = True
from dynacli.validation.validator import load_engine
found = []
threads = [threading.Thread(target=lambda: found.append(load_engine())) for _ in range(8)]
threads.append(threading.Thread(target=lambda: __import__("httpx")))
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and len(set(map(id, found))) == 1
import httpx, sys
assert sys.modules["httpx"].Client
"""
    )


_NOTHING_OPENED = """
import json, sys
from tests.validation.in_process_validator import JSON, response_document, responded, compact, validator_of
documents = json.load(open(sys.argv[1]))
validators = [validator_of(response_document({"200": {"description": "", "content": {JSON: {"schema": one}}}}, version,
    P={"type": "integer"})) for one in documents for version in ("3.0.3", "3.1.0", "3.2.0")]
# All that is imported lazily is imported by a first validation; what opens a file after that is a fetch.
validator_of(response_document({"200": {"description": "", "content": {JSON: {"schema":
    {"pattern": "a", "$schema": "http://json-schema.org/draft-07/schema#"}}}}})).response(
    responded(b'"b"'), is_exact=True)
opened = []
def hook(event, args):
    if event in {"open", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen"}:
        opened.append((event, str(args)))
sys.addaudithook(hook)
for validator in validators:
    validation = validator.response(responded(b'{"a": "x", "b": ["y"]}'), is_exact=True)
    print(json.dumps(compact(validation)))
assert not opened, opened
"""


@pytest.mark.exhaustive
def test_no_identifier_leads_to_a_fetch(tmp_path: Path) -> None:
    """An absolute `$id` or `$schema`, and references next to it, open no file and no connection."""
    far = "https://evil.example/schema"
    integer = {"$ref": "#/components/schemas/P"}
    documents = tmp_path / "schemas.json"
    documents.write_text(
        json.dumps(
            [
                {"$id": far, "properties": {"a": integer}},
                {"$schema": far, "properties": {"a": integer}},
                {"properties": {"a": {"$schema": far, "$id": far, "allOf": [integer]}}},
                {"$id": "file:///etc/passwd", "properties": {"a": {"$dynamicRef": "#x"}}},
                {"id": far, "properties": {"a": integer}},
                {"$vocabulary": {far: True}, "properties": {"a": integer}},
            ]
        ),
        encoding="utf-8",
    )
    lines = [json.loads(line) for line in _run(_NOTHING_OPENED, str(documents)).splitlines()]
    # All are validated as if the identifier were not there, but for a reference that leads nowhere.
    validated = ["/a type", "/b undocumented-property"]
    unknown = f"? the dialect `{far}` is not known, its schemas are read as JSON Schema 2020-12"
    nowhere = "? the document's reference `#x` leads nowhere"
    assert [
        validated,
        validated,
        validated,
        validated,
        [*validated, unknown],
        [*validated, unknown],
        validated,
        [*validated, unknown],
        [*validated, unknown],
        validated[1:],
        *[[*validated[1:], nowhere]] * 2,
        *[validated] * 6,
    ] == lines


def test_nothing_can_be_fetched_behind_the_scan() -> None:
    """Should a reference to elsewhere get by the compiler, the handlers refuse it, whatever its scheme."""
    _run(
        """
import sys
import dynacli; dynacli.is_own_process = True
from dynacli.validation.validator import load_engine
engine = load_engine()
opened = []
for ref in ("http://127.0.0.1:9/x", "https://h/x", "file:///etc/passwd", "ftp://h/x", "data:,1", "other.json", "//h/x"):
    path = engine.make_path({"a": {"$ref": ref}})
    sys.addaudithook(lambda event, args: opened.append(args) if event in {"open", "socket.connect"} else None)
    try:
        (path / "a" / "type").read_str()
    except Exception as error:
        assert type(error).__name__ == "DanglingReferenceError", repr(error)
    else:
        raise AssertionError(ref)
assert not opened, opened
"""
    )


def test_the_media_type_of_the_helper_is_json() -> None:
    """The documents of these tests are validated as JSON, without which none of them would say anything."""
    assert "application/json" == JSON
