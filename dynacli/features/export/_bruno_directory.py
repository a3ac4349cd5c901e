"""A collection for Bruno: a directory with a file for each request, in the language Bru.

The grammar: https://github.com/usebruno/bruno/blob/main/packages/bruno-lang/v2/src/bruToJson.js

A new operation would change the position (`seq`) in all files after it, so files have none. Bruno sorts by names.
A value ends with its line, and a block with a `}` at the beginning of a line; texts within blocks are indented.
"""

import re
from collections.abc import Iterable, Mapping

from dynacli.features.export.collection import (
    Authorization,
    Collection,
    ExportedBody,
    ExportedPart,
    ExportedRequest,
    distinct_name,
    file_stem,
    indented_json,
    url_with_query,
    variable_in_braces,
    without_templates,
)
from dynacli.http.semantics import is_json
from dynacli.text.terminal import visible, visible_line

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"})
_QUOTED = re.compile(r'[:"{}\s~@]')
_RESERVED = ("environments", "node_modules")
"""Names of folders that have another meaning in Bruno."""


def files_of(collection: Collection) -> dict[str, str]:
    """Return the files of the directory."""
    head = {
        "version": "1",
        "name": collection.name,
        "type": "collection",
        "ignore": ["node_modules", ".git"],
    }
    files = {"bruno.json": indented_json(head)}
    files["collection.bru"] = _blocks(_text_block("docs", collection.description))
    taken: dict[str, int] = {}
    for surroundings in collection.surroundings:
        name = distinct_name(file_stem(surroundings.name), taken, "-{}")
        files[f"environments/{name}.bru"] = _environment(collection, surroundings.values)
    folders = dict.fromkeys(_RESERVED, 1)
    for folder in collection.folders:
        directory = ""
        if folder.name:
            directory = distinct_name(file_stem(folder.name), folders, "-{}") + "/"
            meta = _pair_block("meta", {"name": visible_line(folder.name)})
            files[f"{directory}folder.bru"] = _blocks(meta, _text_block("docs", folder.description))
        names = {"folder": 1, "collection": 1}
        for request in folder.requests:
            name = distinct_name(file_stem(request.name), names, "-{}")
            files[f"{directory}{name}.bru"] = _request_file(request)
    return files


def _environment(collection: Collection, values: Mapping[str, str]) -> str:
    secrets = ",\n".join(f"  {name}" for name in collection.secrets)
    return _blocks(_pair_block("vars", values), f"vars:secret [\n{secrets}\n]" if secrets else "")


def _request_file(request: ExportedRequest) -> str:
    covered = request.main_authorization
    path, values = request.path_with_variables()
    query = [(entry.name, entry.in_braces) for entry in request.sent_query(covered)]
    url = url_with_query(variable_in_braces(request.server) + path, query)
    kind, body = _bruno_body(request.body)
    auth = "none" if covered is None else covered.kind.lower()
    if auth == "oauth2":
        auth = "bearer"  # Bruno's own kind has no field for an existing token
    call = {"url": url, "body": kind, "auth": auth}
    is_usual = request.method in _METHODS
    return _blocks(
        _pair_block("meta", {"name": visible_line(request.title), "type": "http"}),
        _pair_block(request.method.lower(), call)
        if is_usual
        else _pair_block("http", {"method": request.method, **call}),
        _pair_block("params:query", query),
        _pair_block("params:path", values),
        _pair_block("headers", [(header.name, header.in_braces) for header in request.uncovered_headers]),
        _auth(covered) if covered is not None else "",
        body,
        _pair_block("settings", {"encodeUrl": "false"}),
        _text_block("docs", request.notes),
    )


def _blocks(*blocks: str) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


def _pair_block(name: str, pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Return a block of names and values; empty if there are none."""
    listed = pairs.items() if isinstance(pairs, Mapping) else pairs
    lines = "\n".join(_indented(f"{_bruno_key(key)}: {_many_lines(value)}").rstrip() for key, value in listed)
    return f"{name} {{\n{lines}\n}}" if lines else ""


def _text_block(name: str, text: str) -> str:
    """Return a block of text; empty if there is none."""
    return f"{name} {{\n{_indented(visible(text.strip()))}\n}}" if text.strip() else ""


def _indented(text: str) -> str:
    # Every kind of line break becomes the only one that Bruno knows.
    return "\n".join(f"  {line}" for line in text.splitlines())


def _bruno_key(name: str) -> str:
    """Return the key of a pair, in quotes if it has special characters."""
    if name and not _QUOTED.search(name):
        return name
    # A backslash before the last quote would escape it.
    return '"' + visible_line(without_templates(name)).replace("\\", "").replace('"', r"\"") + '"'


def _many_lines(value: str) -> str:
    """Return a value, in triple quotes if it has several lines or would be read as something else."""
    if len(value.splitlines()) < 2 and not value.startswith(("'''", "[", "@")):
        return value
    return (
        f"'''\n{_indented(value)}\n'''" if "'''" not in value else visible_line(value.replace("'''", "' ' '"))
    )


def _auth(authorization: Authorization) -> str:
    variable = variable_in_braces(authorization.variable)
    if authorization.kind == "apiKey":
        place = "queryparams" if authorization.location == "query" else "header"
        return _pair_block(
            "auth:apikey",
            {
                "key": without_templates(authorization.scheme.parameter),
                "value": variable,
                "placement": place,
            },
        )
    if authorization.has_password:
        names = {"username": authorization.username, "password": authorization.password}
        values = {key: variable_in_braces(name) for key, name in names.items()}
        return _pair_block(f"auth:{authorization.kind}", values)
    return _pair_block("auth:bearer", {"token": variable})


def _bruno_body(body: ExportedBody | None) -> tuple[str, str]:
    """Return Bruno's name for the kind of a body, and the block of the body."""
    if body is None:
        return "none", ""
    if body.parts is not None:
        return "multipartForm", _pair_block(
            "body:multipart-form", [(part.name, _bruno_part(part)) for part in body.parts]
        )
    if body.form is not None:
        form = [(name, without_templates(value)) for name, value in body.form]
        return "formUrlEncoded", _pair_block("body:form-urlencoded", form)
    text = body.without_templates.replace("\r", "")
    kind = "json" if is_json(body.media_type) else "xml" if "xml" in body.media_type else "text"
    return kind, f"body:{kind} {{\n{_indented(text)}\n}}" if text else ""


def _bruno_part(part: ExportedPart) -> str:
    kind = f" @contentType({without_templates(part.media_type)})" if part.media_type else ""
    if part.file_name is not None:
        return f"@file({part.file_name}){kind}"
    # Bruno looks for these two even in a text, and has no escape for them.
    text = (
        without_templates(part.text or "")
        .replace("@file(", "@ file(")
        .replace("@contentType(", "@ contentType(")
    )
    return f"{text}{kind}"
