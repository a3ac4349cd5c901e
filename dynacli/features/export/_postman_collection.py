"""A collection for Postman, format 2.1, with an environment for each server and profile.

The schema: https://schema.getpostman.com/json/collection/v2.1.0/collection.json
Postman sends the percent-encoded characters of a URL unchanged, and encodes the rest.
"""

from collections.abc import Iterable
from typing import Any

from dynacli.features.export.collection import (
    Authorization,
    Collection,
    ExportedBody,
    ExportedPart,
    ExportedRequest,
    Folder,
    Surroundings,
    file_stem,
    indented_json,
    stable_id,
    url_with_query,
    variable_in_braces,
    without_templates,
)

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_LANGUAGES = {"json": "json", "xml": "xml", "html": "html", "javascript": "javascript"}
_GRANTS = {
    "authorizationCode": "authorization_code",
    "clientCredentials": "client_credentials",
    "password": "password_credentials",
    "implicit": "implicit",
}


def files_of(collection: Collection) -> dict[str, str]:
    """Return the files of the collection and of its environments."""
    stem = file_stem(collection.name)
    info: dict[str, Any] = {
        "_postman_id": stable_id("postman", collection.name),
        "name": collection.name,
        "description": collection.description,
        "schema": _SCHEMA,
    }
    made = {
        "info": info,
        "item": [item for folder in collection.folders for item in _folder_items(collection, folder)],
        "variable": [{"key": name, "value": value} for name, value in collection.variables.items()],
    }
    files = {f"{stem}.postman_collection.json": indented_json(made)}
    for surroundings in collection.surroundings:
        name = f"{stem}.{file_stem(surroundings.name)}.postman_environment.json"
        files[name] = indented_json(_environment(collection, surroundings))
    return files


def _environment(collection: Collection, surroundings: Surroundings) -> dict[str, Any]:
    values = [{"key": name, "value": value, "enabled": True} for name, value in surroundings.values.items()]
    values.extend(
        {"key": name, "value": "", "type": "secret", "enabled": True} for name in collection.secrets
    )
    return {
        "id": stable_id("postman", collection.name, "environment", surroundings.name),
        "name": f"{collection.name}: {surroundings.name}",
        "values": values,
        "_postman_variable_scope": "environment",
    }


def _folder_items(collection: Collection, folder: Folder) -> Iterable[dict[str, Any]]:
    items = [_item(collection, request) for request in folder.requests]
    if not folder.name:
        return items
    return [
        {
            "id": stable_id("postman", collection.name, "folder", folder.name),
            "name": folder.name,
            "description": folder.description,
            "item": items,
        }
    ]


def _item(collection: Collection, request: ExportedRequest) -> dict[str, Any]:
    covered = request.main_authorization
    made: dict[str, Any] = {
        "method": request.method,
        "header": [
            {"key": without_templates(header.name), "value": header.in_braces}
            for header in request.uncovered_headers
        ],
        "url": _postman_url(request, covered),
        "auth": _auth(covered) if covered is not None else {"type": "noauth"},
        "description": request.notes,
    }
    if request.body is not None:
        made["body"] = _postman_body(request.body)
    return {
        "id": stable_id("postman", collection.name, request.name),
        "name": request.title,
        "request": made,
        "response": [],
    }


def _postman_url(request: ExportedRequest, covered: Authorization | None) -> dict[str, Any]:
    path, values = request.path_with_variables()
    query = [(entry.name, entry.in_braces) for entry in request.sent_query(covered)]
    host = variable_in_braces(request.server)
    url: dict[str, Any] = {
        "raw": url_with_query(host + path, query),
        "host": [host],
        "path": path.removeprefix("/").split("/"),
    }
    if query:
        url["query"] = [{"key": name, "value": value} for name, value in query]
    if values:
        url["variable"] = [{"key": name, "value": value} for name, value in values.items()]
    return url


def _auth(authorization: Authorization) -> dict[str, Any]:
    variable = variable_in_braces(authorization.variable)
    match authorization.kind:
        case "apiKey":
            fields = {
                "key": without_templates(authorization.scheme.parameter),
                "value": variable,
                "in": authorization.location,
            }
            return _attributes("apikey", fields)
        case "oauth2":
            fields = {"accessToken": variable, "addTokenTo": "header", "headerPrefix": "Bearer"}
            optional = {
                "grant_type": _GRANTS.get(authorization.grant, ""),
                "authUrl": without_templates(authorization.authorization_url),
                "accessTokenUrl": without_templates(authorization.token_url),
                "clientId": variable_in_braces(authorization.client_id) if authorization.grant else "",
                "clientSecret": variable_in_braces(authorization.client_secret)
                if authorization.grant
                else "",
                "scope": without_templates(" ".join(authorization.scheme.scopes)),
            }
            fields.update({name: value for name, value in optional.items() if value})
            return _attributes("oauth2", fields)
        case "basic" | "digest":
            fields = {
                "username": variable_in_braces(authorization.username),
                "password": variable_in_braces(authorization.password),
            }
            return _attributes(authorization.kind, fields)
    return _attributes("bearer", {"token": variable})


def _attributes(kind: str, fields: dict[str, str]) -> dict[str, Any]:
    listed = [{"key": name, "value": value, "type": "string"} for name, value in fields.items()]
    return {"type": kind, kind: listed}


def _postman_body(body: ExportedBody) -> dict[str, Any]:
    if body.parts is not None:
        return {"mode": "formdata", "formdata": list(map(_postman_part, body.parts))}
    if body.form is not None:
        return {
            "mode": "urlencoded",
            "urlencoded": [
                {"key": without_templates(name), "value": without_templates(value)}
                for name, value in body.form
            ],
        }
    language = next((item for word, item in _LANGUAGES.items() if word in body.media_type), "text")
    return {
        "mode": "raw",
        "raw": body.without_templates,
        "options": {"raw": {"language": language}},
    }


def _postman_part(part: ExportedPart) -> dict[str, str]:
    name = without_templates(part.name)
    made = {"key": name, "type": "text", "value": without_templates(part.text or "")}
    if part.file_name is not None:
        # Postman reads the file when it sends. If the file is missing, you choose another one in Postman.
        made = {"key": name, "type": "file", "src": part.file_name}
    return {**made, "contentType": without_templates(part.media_type)} if part.media_type else made
