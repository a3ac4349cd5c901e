"""`document` prints a document as it came, and `--bundled` makes one file of it that other tools take."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from tests.harness import Recorder, Response, run_cli
from tests.npm_programs import program
from tests.real_documents import OWN

OK = {"200": {"description": "Good."}}
PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "friends": {"type": "array", "items": {"$ref": "pet.yaml"}},
        "owner": {"$ref": "../root.json#/components/schemas/Person"},
    },
}
PERSON = {"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "schemas/pet.yaml"}}}}
PARTS: dict[str, Any] = {
    "paths/pets.yaml": {
        "get": {
            "operationId": "listPets",
            "parameters": [{"$ref": "../parameters.yaml#/limit"}],
            "responses": {
                "200": {
                    "description": "Pets.",
                    "headers": {"X-Total": {"$ref": "../headers.json#/total"}},
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "../schemas/pet.yaml"}},
                            "examples": {"one": {"$ref": "../examples.yaml"}},
                        }
                    },
                },
                "default": {"$ref": "../responses.yaml#/problem"},
            },
        },
        "post": {
            "operationId": "createPet",
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "../schemas/pet.yaml"}}}},
            "responses": OK,
        },
    },
    "parameters.yaml": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
    "headers.json": {"total": {"schema": {"type": "integer"}}},
    "examples.yaml": {"value": [{"name": "Rex"}]},
    "responses.yaml": {"problem": {"description": "Bad.", "content": {"application/json": {}}}},
    "schemas/pet.yaml": PET,
}


def _root(version: str) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "paths": {"/pets": {"$ref": "paths/pets.yaml"}},
        "components": {"schemas": {"Person": PERSON}},
    }


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Pets", "version": "1"},
    "host": "127.0.0.1:9",
    "schemes": ["http"],
    "paths": {
        "/pets": {
            "post": {
                "operationId": "createPet",
                "consumes": ["application/json"],
                "parameters": [{"$ref": "shared.yaml#/parameters/body"}],
                "responses": {
                    "200": {"description": "Good.", "schema": {"$ref": "shared.yaml#/definitions/Pet"}}
                },
            }
        }
    },
}
SHARED = {
    "parameters": {
        "body": {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
    },
    "definitions": {
        "Pet": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/definitions/Pet"}},
        }
    },
}


def _write(files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=1) if name.endswith(".json") else yaml.safe_dump(content)
        path.write_text(text)


DOCUMENTS = {
    "3.0": {"root.json": _root("3.0.3"), **PARTS},
    "3.1": {"root.json": _root("3.1.0"), **PARTS},
    "3.2": {"root.json": _root("3.2.0"), **PARTS},
    "2.0": {"root.json": SWAGGER, "shared.yaml": SHARED},
}


@pytest.fixture(params=DOCUMENTS)
def version(request: pytest.FixtureRequest) -> str:
    """The version of a document of several files that stands in the working directory."""
    _write(DOCUMENTS[request.param])
    return str(request.param)


def _bundled(api: str) -> dict[str, Any]:
    result = run_cli("document", api, "--bundled")
    assert (0, "") == (result.exit_code, result.stderr)
    document: dict[str, Any] = result.json
    return document


def _errors(document: dict[str, Any]) -> list[str]:
    validators: dict[str, Any] = {
        "3.0": OpenAPIV30SpecValidator,
        "3.1": OpenAPIV31SpecValidator,
        "3.2": OpenAPIV32SpecValidator,
    }
    return [error.message for error in validators[document["openapi"][:3]](document).iter_errors()]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_without_an_option_it_is_what_was_fetched(version: str) -> None:  # noqa: ARG001
    """`document` prints the bytes of the file that was named, whatever it refers to."""
    result = run_cli("document", "./root.json")
    assert (0, Path("root.json").read_bytes()) == (result.exit_code, result.stdout_bytes)


def test_a_bundle_is_one_valid_document(version: str) -> None:
    """It is valid by the official schema, in the version of the named file (2.0 as 3.0), and refers to itself alone."""
    document = _bundled("./root.json")
    assert [] == _errors(document)
    assert ("3.0" if version == "2.0" else version) == document["openapi"][:3]
    assert {"#"} == {ref[:1] for ref in _references(document)}


def test_a_bundle_makes_the_same_requests(version: str) -> None:  # noqa: ARG001
    """What dynacli makes of the bundle and of the files is the same, and the bundle of a bundle is itself."""
    document = _bundled("./root.json")
    Path("alone").mkdir()
    Path("alone/bundle.json").write_text(json.dumps(document))
    assert document == _bundled("./alone/bundle.json")
    calls = [("create-pet", "--name", "Rex"), ("create-pet", "--help"), ("create-pet", "--example")]
    for words in calls:
        more = () if "--help" in words else ("--dry-run", "json")
        results = [run_cli(api, *words, *more) for api in ("./root.json", "./alone/bundle.json")]
        assert [0, 0] == [result.exit_code for result in results]
        assert results[0].stdout.replace("root.json", "alone/bundle.json") == results[1].stdout


def test_a_bundle_can_be_yaml(version: str) -> None:  # noqa: ARG001
    """`-o yaml` says the same in YAML."""
    result = run_cli("document", "./root.json", "--bundled", "-o", "yaml")
    assert (0, _bundled("./root.json")) == (result.exit_code, yaml.safe_load(result.stdout))


def test_one_file_is_its_own_bundle() -> None:
    """A document that needs nothing else comes out as it is, extensions and internal references included."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Alone", "version": "1", "x-made-by": {"$ref": "#/info/title"}},
        "paths": {
            "/a": {"get": {"operationId": "a", "responses": {"200": {"$ref": "#/components/responses/R"}}}}
        },
        "components": {"responses": {"R": {"description": "Good."}}},
    }
    _write({"alone.json": document})
    assert document == _bundled("./alone.json")


def test_what_only_looks_like_a_reference_is_left_out() -> None:
    """An extension or an example that would lead a tool to a file beside the bundle does not, and a warning says so."""
    samples = [{"$ref": "samples/curl.yaml"}, {"lang": "curl", "source": {"$ref": "samples/curl.yaml"}}]
    kept = {"$ref": "https://docs.example/page"}
    get = {"operationId": "a", "responses": OK, "x-code": samples, "x-docs": kept}
    content = {"application/json": {"example": {"$ref": "examples.yaml"}}}
    post = {"operationId": "b", "requestBody": {"content": content}, "responses": OK}
    named = {"x-a": {"type": "string"}, "x-b": {"$ref": "#/components/schemas/S"}}
    schema = {"properties": named, "example": {"in": {"$ref": "it.json"}}, "default": {"$ref": "it.json"}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Samples", "version": "1"},
        "paths": {"/a": {"get": get, "post": post}},
        "components": {"schemas": {"S": schema}},
    }
    _write({"it.json": document})
    result = run_cli("document", "./it.json", "--bundled")
    assert 0 == result.exit_code
    assert (
        "warning: 3 `$ref` in `x-code`, `example` are left out: OpenAPI does not treat them as references"
        in result.stderr
    )
    made = result.json
    assert [{"lang": "curl"}] == made["paths"]["/a"]["get"]["x-code"]
    assert kept == made["paths"]["/a"]["get"]["x-docs"]
    assert {"application/json": {}} == made["paths"]["/a"]["post"]["requestBody"]["content"]
    assert schema == made["components"]["schemas"]["S"]


def test_a_reference_that_could_not_be_followed_stays_and_is_named() -> None:
    """A bundle that still leads elsewhere says so, with the reason."""
    document = _root("3.0.3")
    document["paths"]["/cats"] = {"$ref": "../cats.yaml"}
    _write({**PARTS, "root.json": document})
    for _ in range(2):
        result = run_cli("document", "./root.json", "--bundled")
        assert 0 == result.exit_code
        assert "`../cats.yaml` is unchanged: " in result.stderr
        assert "outside of the document's directory" in result.stderr
        assert {"$ref": "../cats.yaml"} == result.json["paths"]["/cats"]


def test_bundled_and_resolved_exclude_each_other() -> None:
    """Two forms at once are an error of usage."""
    _write(DOCUMENTS["3.0"])
    result = run_cli("document", "./root.json", "--bundled", "--resolved")
    assert (2, "") == (result.exit_code, result.stdout)


def test_resolved_has_the_parts_of_all_files(version: str) -> None:
    """`--resolved` replaces references to other files as it does those within one."""
    if version == "2.0":
        resolved = run_cli("document", "./root.json", "--resolved").json
        body = resolved["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    else:
        resolved = run_cli("document", "./root.json", "--resolved").json
        body = resolved["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
            "items"
        ]
    assert {"type": "string"} == body["properties"]["name"]


# Real documents.


def _serve_folder(server: Recorder, folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            server.responses[f"/{path.relative_to(folder)}"] = Response(body=path.read_bytes())


@pytest.mark.parametrize("is_served", [True, False], ids=["served", "local"])
def test_a_document_of_files_in_circles_is_put_together(is_served: bool, server: Recorder) -> None:
    """Files in several folders that refer to each other in circles become one valid document."""
    _serve_folder(server, OWN / "split")
    document = _bundled(f"{server.origin}/openapi.yaml" if is_served else str(OWN / "split" / "openapi.yaml"))
    assert [] == _errors(document)
    assert {"#"} == {ref[:1] for ref in _references(document)}


@pytest.mark.corpus
@pytest.mark.parametrize("format", ["json", "yaml"])
def test_a_real_document_in_two_folders_is_put_together(format: str, corpus: Path, server: Recorder) -> None:  # noqa: A002
    """The example of a Swagger document of several files, from a server, becomes one valid document."""
    _serve_folder(server, corpus / "learn-openapis" / "v2.0" / format / "petstore-separate")
    document = _bundled(f"{server.origin}/spec/swagger.{format}")
    assert [] == _errors(document)
    assert {"#"} == {ref[:1] for ref in _references(document)}


@pytest.mark.corpus
def test_a_real_document_of_circular_files_is_put_together(corpus: Path) -> None:
    """Files that refer to each other in circles become one valid document."""
    document = _bundled(str(corpus / "refs-apidevtools" / "deep-circular" / "deep-circular.yaml"))
    assert [] == _errors(document)


@pytest.fixture
def digitalocean(corpus: Path) -> dict[str, Any]:
    """A real document of more than a thousand files, bundled."""
    document: dict[str, Any] = json.loads(_text_of_digitalocean(corpus))
    return document


@cache
def _text_of_digitalocean(corpus: Path) -> bytes:
    result = run_cli("document", str(corpus / "digitalocean" / "DigitalOcean-public.v2.yaml"), "--bundled")
    assert 0 == result.exit_code
    return result.stdout_bytes


@pytest.mark.long
@pytest.mark.corpus
def test_a_real_document_of_a_thousand_files_has_only_its_own_faults(digitalocean: dict[str, Any]) -> None:
    """A default of `null` for what may not be null stands in its files already."""
    assert ["None is not valid under any of the given schemas"] == _errors(digitalocean)


# What programs of others say.


def _redocly(path: str) -> Counter[str]:
    """Return the rules that Redocly's linter finds broken, by the specification alone."""
    done = subprocess.run(
        [program("redocly"), "lint", path, "--extends=spec", "--format=json", "--max-problems=1000000"],
        capture_output=True,
        check=False,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )
    assert done.returncode in {0, 1}, done.stderr
    return Counter(row["ruleId"] for row in json.loads(done.stdout)["problems"])


def _typescript(path: str) -> tuple[int, str]:
    """Return the exit code of a generator of types, and what it complains of."""
    done = subprocess.run(
        [program("openapi-typescript"), path, "--output", "types.ts"], capture_output=True, check=False
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.outside
def test_other_programs_take_a_bundle(version: str) -> None:
    """Redocly's linter finds nothing, and types can be generated."""
    Path("alone").mkdir()
    Path("alone/bundle.json").write_text(json.dumps(_bundled("./root.json")))
    assert Counter() == _redocly("alone/bundle.json")
    if version != "3.2":  # of which the generator knows nothing yet
        assert (0, "") == _typescript("alone/bundle.json")
        assert "createPet" in Path("types.ts").read_text()


@pytest.mark.outside
@pytest.mark.corpus
@pytest.mark.parametrize("format", ["json", "yaml"])
def test_other_programs_take_the_bundle_of_a_real_document(
    format: str,  # noqa: A002
    corpus: Path,
    server: Recorder,
) -> None:
    """The example of a document of several files is taken as if it had been one."""
    _serve_folder(server, corpus / "learn-openapis" / "v2.0" / format / "petstore-separate")
    Path("bundle.json").write_text(json.dumps(_bundled(f"{server.origin}/spec/swagger.{format}")))
    assert Counter() == _redocly("bundle.json")
    assert (0, "") == _typescript("bundle.json")
    assert "Pet: {" in Path("types.ts").read_text()


@pytest.mark.outside
@pytest.mark.corpus
def test_other_programs_find_only_the_faults_of_a_thousand_files(digitalocean: dict[str, Any]) -> None:
    """The linter finds four places where `nullable` has no `type`, as in the files; types are generated."""
    Path("bundle.json").write_text(json.dumps(digitalocean))
    assert Counter({"nullable-type-sibling": 4}) == _redocly("bundle.json")
    assert (0, "") == _typescript("bundle.json")
    assert "droplets_list: {" in Path("types.ts").read_text()
