"""Makes the small documents that tests are about: of operations, saved, served, loaded, compiled."""

import functools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.fetch import allowed_files
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.source import parse_source
from tests.harness import Recorder, json_response, run_cli

JSON = "application/json"
SERVER = "http://127.0.0.1:9"
"""The server of a document whose operations are not called: no one responds there."""

BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "basic"}
API_KEY = {"type": "apiKey", "in": "header", "name": "X-Api-Key"}


def ref(name: str) -> dict[str, str]:
    """Return a reference to a schema among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def places_in(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the steps to each value within a JSON value, itself included."""
    yield steps
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from places_in(child, (*steps, step))


def operation(
    operation_id: str,
    *parameters: dict[str, Any],
    body: Any = None,
    media_type: str = JSON,
    **more: Any,
) -> dict[str, Any]:
    """Return an Operation Object, which responds with any JSON unless `responses` says something else.

    Args:
        body: The schema of its body, which is then required.
    """
    content: dict[str, Any] = {JSON: {"schema": {}}}
    made: dict[str, Any] = {
        "operationId": operation_id,
        "responses": {"200": {"description": "OK", "content": content}},
    }
    if parameters:
        made["parameters"] = list(parameters)
    if body is not None:
        made["requestBody"] = {"required": True, "content": {media_type: {"schema": body}}}
    return {**made, **more}


def route(
    method: str, path: str, operation_id: str | None = None, *parameters: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return the paths of a document with one operation, which is called like its path if it has no id.

    Args:
        parameters: As those of `operation`, and so is what else is given.
    """
    made_id = path.strip("/") if operation_id is None else operation_id
    return {path: {method: operation(made_id, *parameters, **more)}}


get, post, put, patch, delete = (
    functools.partial(route, method) for method in ("get", "post", "put", "patch", "delete")
)


def parameter(name: str, schema: Any, location: str = "query", **more: Any) -> dict[str, Any]:
    """Return a Parameter Object."""
    required = {"required": True} if location == "path" else {}
    return {"name": name, "in": location, "schema": schema, **required, **more}


def document(
    paths: Any,
    servers: Sequence[str] | None = (SERVER,),
    schemes: Mapping[str, Any] | None = None,
    version: str = "3.0.3",
    *,
    schemas: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an OpenAPI document.

    Args:
        servers: Their URLs; without any the API is where the document comes from.
        schemes: Its security schemes.
        schemas: The schemas of its components.
    """
    made: dict[str, Any] = {"openapi": version, "info": {"title": "Small", "version": "1"}, "paths": paths}
    if servers is not None:
        made["servers"] = [{"url": url} for url in servers]
    components = {"securitySchemes": schemes, "schemas": schemas}
    if any(part is not None for part in components.values()):
        made["components"] = {name: dict(part) for name, part in components.items() if part is not None}
    return {**made, **more}


PETS = ["list-pets", "create-pet", "get-pet"]
"""The commands of `pets()`."""


def pets(version: str = "1", server: str = SERVER, /, **paths: Any) -> dict[str, Any]:
    """Return a document with three operations, and those of further path items."""
    pet = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    creation = operation("createPet", tags=["pets"], body={"$ref": "#/components/schemas/Pet"})
    creation["requestBody"].pop("required")
    return document(
        {
            "/pets": {"get": operation("listPets", tags=["pets"], summary="List pets"), "post": creation},
            "/pets/{petId}": {"get": operation("getPet", parameter("petId", {"type": "integer"}, "path"))},
            **paths,
        },
        [server],
        info={"title": "Pets", "version": version},
        components={"schemas": {"Pet": pet}},
    )


def swagger(paths: Any = None, **more: Any) -> dict[str, Any]:
    """Return a Swagger 2.0 document."""
    return {"swagger": "2.0", "info": {"title": "Small", "version": "1"}, "paths": paths or {}, **more}


def save(made: Any, path: str | Path = "api.json") -> str:
    """Write a document, or the text of one, and return the word that names it on the command line."""
    content = made if isinstance(made, str | bytes) else json.dumps(made)
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path) if os.path.isabs(path) else f"./{path}"


def api_of(*paths: Any, server: Recorder | str | None = SERVER, **more: Any) -> dict[str, Any]:
    """Return the document of an API: `api_of(get("/a"), post("/b", "send", body=BODY), server=server)`.

    Args:
        paths: Made by `get` and its like, or as in a document.
        server: A server, or its URL; without one the API is where the document comes from.
        more: As `document` takes it.
    """
    items: dict[str, Any] = {}
    for path, item in (pair for some in paths for pair in some.items()):
        items[path] = {**items[path], **item} if path in items else item
    url = server.origin if isinstance(server, Recorder) else server
    return document(items, **{"servers": None if url is None else [url], **more})


def save_api(
    *paths: Any, server: Recorder | str | None = SERVER, file: str | Path = "api.json", **more: Any
) -> str:
    """Write the document of an API, see `api_of`, and return the word that names it on the command line."""
    return save(api_of(*paths, server=server, **more), file)


def register_api(name: str, *paths: Any, server: Recorder | str | None = SERVER, **more: Any) -> str:
    """Write the document of an API, see `api_of`, register it, and return its name."""
    return register(name, api_of(*paths, server=server, **more))


def register(name: str, made: Any, **servers: str) -> str:
    """Register a document, with a profile for each further server, and return the name."""
    assert 0 == run_cli("api", "add", name, save(made, f"{name}.json")).exit_code
    profiles = (f'\n[apis.{name}.profiles.{key}]\nserver = "{server}"\n' for key, server in servers.items())
    with Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").open("a") as configuration:
        configuration.writelines(profiles)
    return name


def save_files(files: Mapping[str, Any], folder: str | Path = ".") -> Path:
    """Write files, in YAML if their name ends so, text as it stands; return the path of the first one."""
    written = []
    for name, value in files.items():
        path = Path(folder, name).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        is_yaml = path.suffix in {".yaml", ".yml"}
        text = value if isinstance(value, str) else yaml.safe_dump(value) if is_yaml else json.dumps(value)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written[0]


def serve(server: Recorder, made: Any, path: str = "/openapi.json") -> str:
    """Let a server have a document, and return its URL."""
    server.responses[path] = json_response(made)
    return f"{server.origin}{path}"


def load_file(path: str | Path, *allowed: str) -> Document:
    """Load a document of this machine, with the files that it may refer to."""
    source = parse_source(str(path), Path.cwd())
    fetched = Fetched(Path(source.location).read_bytes(), uri=source.uri)
    return load(fetched, str(path), opener=allowed_files(source, allowed))


def load_tree(tree: Any, uri: str = "") -> Document:
    """Load a document that is in no file."""
    return load(json.dumps(tree).encode(), "document", uri)


def catalog_of(tree: Any) -> Catalog:
    """Compile a document into a catalog in memory."""
    return catalog_in_memory(compile_document(load_tree(tree)), [])
