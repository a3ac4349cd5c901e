"""A collection for Insomnia: its export in format 4, which all its versions import.

Insomnia reads each text as a template of Nunjucks (https://docs.insomnia.rest/insomnia/template-tags).
"""

import re
from collections.abc import Iterator
from typing import Any

from dynacli.features.export.collection import (
    Authorization,
    Collection,
    Entry,
    ExportedBody,
    ExportedPart,
    ExportedRequest,
    Folder,
    file_stem,
    indented_json,
    stable_id,
)

_GRANTS = {
    "authorizationCode": "authorization_code",
    "clientCredentials": "client_credentials",
    "password": "password",
    "implicit": "implicit",
}
_SORTED_BYTES = 6
"""Number of bytes of a name in its sort key: a number of JavaScript is exact up to 53 bits."""
_BEGINNING = re.compile(r"\{[{%#]")


def files_of(collection: Collection) -> dict[str, str]:
    """Return the file."""
    resources = list(_resources(collection))
    made = {"_type": "export", "__export_format": 4, "__export_source": "dynacli", "resources": resources}
    return {f"{file_stem(collection.name)}.insomnia.json": indented_json(made)}


def _id(prefix: str, *names: str) -> str:
    return f"{prefix}_{stable_id('insomnia', prefix, *names).replace('-', '')}"


def _resources(collection: Collection) -> Iterator[dict[str, Any]]:
    workspace, base = _id("wrk", collection.name), _id("env", collection.name)
    yield {
        "_id": workspace,
        "_type": "workspace",
        "parentId": None,
        "name": collection.name,
        "description": collection.description,
        "scope": "collection",
    }
    yield _environment(base, workspace, "Base Environment", collection.variables)
    for surroundings in collection.surroundings:
        name = _id("env", collection.name, surroundings.name)
        yield _environment(name, base, surroundings.name, dict(surroundings.values))
    for folder in collection.folders:
        parent = workspace
        if folder.name:
            parent = _id("fld", collection.name, folder.name)
            yield _request_group(folder, parent, workspace)
        for request in folder.requests:
            yield _request_resource(collection, request, parent)


def _environment(name: str, parent: str, title: str, data: dict[str, str]) -> dict[str, Any]:
    return {
        "_id": name,
        "_type": "environment",
        "parentId": parent,
        "name": title,
        "data": data,
        "dataPropertyOrder": {"&": list(data)},
        "isPrivate": False,
        "metaSortKey": _sort_key(title),
    }


def _sort_key(name: str) -> int:
    """Return a number that sorts like the name. A counter would change for all names after a new one."""
    return int.from_bytes(name.casefold().encode()[:_SORTED_BYTES].ljust(_SORTED_BYTES, b"\0"))


def _request_group(folder: Folder, name: str, parent: str) -> dict[str, Any]:
    return {
        "_id": name,
        "_type": "request_group",
        "parentId": parent,
        "name": folder.name,
        "description": folder.description,
        "environment": {},
        "metaSortKey": _sort_key(folder.name),
    }


def _request_resource(collection: Collection, request: ExportedRequest, parent: str) -> dict[str, Any]:
    covered = request.main_authorization
    path, values = request.path_with_variables()
    return {
        "_id": _id("req", collection.name, request.name),
        "_type": "request",
        "parentId": parent,
        "name": request.title,
        "description": request.notes,
        "method": request.method,
        "url": f"{_variable(request.server)}{_without_templates(path)}",
        "parameters": [_pair(entry) for entry in request.sent_query(covered)],
        "pathParameters": [
            {"name": name, "value": _without_templates(value)} for name, value in values.items()
        ],
        "headers": [_pair(header) for header in request.uncovered_headers],
        "authentication": _authentication(covered) if covered is not None else {},
        "body": _insomnia_body(request.body) if request.body is not None else {},
        "metaSortKey": _sort_key(request.name),
    }


def _variable(name: str) -> str:
    return f"{{{{ _.{name} }}}}"


def _without_templates(text: str) -> str:
    """Return text that Nunjucks writes unchanged.

    Only the beginnings of templates are marked as raw: the text itself could end a raw block around it.
    """
    return _BEGINNING.sub(lambda found: f"{{% raw %}}{found[0]}{{% endraw %}}", text)


def _pair(entry: Entry) -> dict[str, Any]:
    value = _without_templates(entry.value)
    if entry.is_new:
        value = "{% uuid 'v4' %}"
    elif entry.variable:
        value += _variable(entry.variable)
    return {"name": _without_templates(entry.name), "value": value}


def _authentication(authorization: Authorization) -> dict[str, Any]:
    variable = _variable(authorization.variable)
    if authorization.kind == "apiKey":
        is_in_query = authorization.location == "query"
        return {
            "type": "apikey",
            "key": _without_templates(authorization.scheme.parameter),
            "value": variable,
            "addTo": "queryParams" if is_in_query else "header",
        }
    if authorization.has_password:
        return {
            "type": authorization.kind,
            "username": _variable(authorization.username),
            "password": _variable(authorization.password),
        }
    if authorization.kind == "oauth2" and authorization.grant in _GRANTS:
        return {
            "type": "oauth2",
            "grantType": _GRANTS[authorization.grant],
            "authorizationUrl": _without_templates(authorization.authorization_url),
            "accessTokenUrl": _without_templates(authorization.token_url),
            "clientId": _variable(authorization.client_id),
            "clientSecret": _variable(authorization.client_secret),
            "scope": _without_templates(" ".join(authorization.scheme.scopes)),
        }
    return {"type": "bearer", "token": variable}


def _insomnia_body(body: ExportedBody) -> dict[str, Any]:
    if body.parts is not None:
        return {"mimeType": "multipart/form-data", "params": list(map(_insomnia_part, body.parts))}
    if body.form is not None:
        params = [
            {"name": _without_templates(name), "value": _without_templates(value)}
            for name, value in body.form
        ]
        return {"mimeType": "application/x-www-form-urlencoded", "params": params}
    return {"mimeType": _without_templates(body.media_type), "text": _without_templates(body.laid_out or "")}


def _insomnia_part(part: ExportedPart) -> dict[str, Any]:
    made: dict[str, Any] = {"name": _without_templates(part.name)}
    if part.file_name is not None:
        return {**made, "type": "file", "fileName": part.file_name}
    made["value"] = _without_templates(part.text or "")
    is_multiline = "\n" in made["value"] or bool(part.media_type)
    return {
        **made,
        "type": "text",
        **({"multiline": _without_templates(part.media_type) or True} if is_multiline else {}),
    }
