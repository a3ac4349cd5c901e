"""The documents that edits start from."""

from typing import Any

from tests.documents import ref

__all__ = [
    "ADMIN",
    "CALLBACK",
    "CREATE",
    "GET",
    "GOT",
    "HEALTH",
    "JSON_SCHEMA",
    "LIST",
    "MODERN",
    "NEW_PET",
    "OWNER",
    "PET",
    "PETS",
    "REPLACE",
    "SCHEMAS",
    "SENT",
    "SWAGGER",
]

_ERROR = {"$ref": "#/components/responses/Error"}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


PETS: dict[str, Any] = {
    "openapi": "3.0.4",
    "info": {"title": "Pets", "version": "1.0.0"},
    "servers": [{"url": "https://api.example.com/v1"}],
    "security": [{"key": []}],
    "tags": [{"name": "pets"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "tags": ["pets"],
                "summary": "All pets",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["name", "age"]}},
                    {
                        "name": "tags",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                    {"name": "since", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                    {
                        "name": "filter",
                        "in": "query",
                        "style": "deepObject",
                        "schema": {"type": "object", "properties": {"age": {"type": "integer"}}},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "They",
                        "headers": {
                            "X-Total": {"required": True, "schema": {"type": "integer"}},
                            "X-Next": {"schema": {"type": "string"}},
                        },
                        "content": {
                            **_json({"type": "array", "items": ref("Pet")}),
                            "text/csv": {"schema": {"type": "string"}},
                        },
                    },
                    "default": _ERROR,
                },
            },
            "post": {
                "operationId": "createPet",
                "requestBody": {
                    "required": True,
                    "content": {
                        **_json(ref("NewPet")),
                        "application/x-www-form-urlencoded": {"schema": ref("Form")},
                    },
                },
                "responses": {"201": {"description": "It", "content": _json(ref("Pet"))}, "422": _ERROR},
            },
        },
        "/pets/{petId}": {
            "parameters": [{"$ref": "#/components/parameters/petId"}],
            "get": {
                "operationId": "getPet",
                "responses": {"200": {"description": "It", "content": _json(ref("Pet"))}, "404": _ERROR},
            },
            "put": {
                "operationId": "replaceOwner",
                "requestBody": {"content": _json(ref("Owner"))},
                "responses": {"200": {"description": "It", "content": _json(ref("Owner"))}},
            },
            "delete": {"operationId": "deletePet", "responses": {"204": {"description": "It is gone"}}},
        },
        "/health": {
            "get": {
                "operationId": "health",
                "security": [],
                "responses": {"200": {"description": "All is well", "content": _json({"type": "object"})}},
            }
        },
        "/admin": {
            "post": {
                "operationId": "admin",
                "security": [{"oauth": ["read"]}, {"key": []}],
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            },
                            "encoding": {"file": {"contentType": "image/png"}},
                        }
                    }
                },
                "responses": {"200": {"description": "It is done"}},
                "callbacks": {
                    "done": {
                        "{$request.query.url}": {
                            "post": {
                                "requestBody": {
                                    "content": _json(
                                        {"type": "object", "properties": {"id": {"type": "string"}}}
                                    )
                                },
                                "responses": {"200": {"description": "Heard"}},
                            }
                        }
                    }
                },
            }
        },
    },
    "components": {
        "parameters": {
            "petId": {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
        },
        "responses": {"Error": {"description": "What went wrong", "content": _json(ref("Error"))}},
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "oauth": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": "https://auth.example.com/token",
                        "scopes": {"read": "Look", "write": "Change"},
                    }
                },
            },
        },
        "schemas": {
            # In answers alone.
            "Pet": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "maxLength": 40},
                    "kind": {"type": "string", "enum": ["cat", "dog"]},
                    "age": {"type": "integer", "minimum": 0},
                    "weight": {"type": "number"},
                    "note": {"type": "string", "nullable": True},
                    "photos": {"type": "array", "items": {"type": "string", "format": "uri"}},
                    "parent": {"$ref": "#/components/schemas/Pet"},
                    "owner": {"$ref": "#/components/schemas/Owner"},
                    "home": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/House"},
                            {"$ref": "#/components/schemas/Zoo"},
                        ]
                    },
                },
            },
            # In requests alone.
            "NewPet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "minLength": 1, "maxLength": 40},
                    "kind": {"type": "string", "enum": ["cat", "dog"]},
                    "age": {"type": "integer", "minimum": 0},
                    "weight": {"type": "number"},
                    "note": {"type": "string", "nullable": True},
                    "photos": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
                    "code": {"type": "string", "pattern": "^[a-z]+$"},
                    "step": {"type": "integer", "multipleOf": 10},
                    "born": {"type": "string", "format": "date"},
                    "size": {"type": "string", "default": "small"},
                    "extra": {"type": "object", "additionalProperties": {"type": "string"}},
                    "home": {
                        "anyOf": [{"$ref": "#/components/schemas/Den"}, {"$ref": "#/components/schemas/Cage"}]
                    },
                },
            },
            "Form": {"type": "object", "properties": {"count": {"type": "integer"}}},
            # In both.
            "Owner": {
                "type": "object",
                "required": ["email"],
                "properties": {
                    "email": {"type": "string"},
                    "secret": {"type": "string", "writeOnly": True},
                    "rank": {"type": "string", "enum": ["low", "high"]},
                },
            },
            "Error": {
                "type": "object",
                "required": ["message"],
                "properties": {"message": {"type": "string"}, "code": {"type": "string"}},
            },
            "House": {"type": "object", "required": ["street"], "properties": {"street": {"type": "string"}}},
            "Zoo": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
            "Den": {"type": "object", "required": ["depth"], "properties": {"depth": {"type": "integer"}}},
            "Cage": {"type": "object", "required": ["bars"], "properties": {"bars": {"type": "integer"}}},
        },
    },
}
"""Of 3.0."""

MODERN: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "post": {
                "operationId": "createThing",
                "requestBody": {"content": _json(ref("Sent"))},
                "responses": {"200": {"description": "It", "content": _json(ref("Got"))}},
            }
        }
    },
    "webhooks": {
        "thingMade": {
            "post": {
                "requestBody": {"content": _json(ref("Event"))},
                "responses": {"200": {"description": "Heard"}},
            }
        }
    },
    "components": {
        "schemas": {
            "Sent": {
                "type": "object",
                "properties": {
                    "state": {"const": "new"},
                    "name": {"type": ["string", "null"]},
                    "size": {"type": "integer", "exclusiveMinimum": 0},
                    "pair": {
                        "type": "array",
                        "prefixItems": [{"type": "string"}, {"type": "integer"}],
                    },
                    "map": {"type": "object", "patternProperties": {"^x": {"type": "string"}}},
                    "file": {"type": "string", "contentEncoding": "base64"},
                    "other": {"not": {"type": "integer"}},
                },
            },
            "Got": {
                "type": "object",
                "properties": {
                    "state": {"const": "new"},
                    "name": {"type": ["string", "null"]},
                    "size": {"type": ["integer", "string"]},
                    "link": {"anyOf": [{"$ref": "#/components/schemas/Link"}, {"type": "null"}]},
                },
            },
            "Link": {"type": "object", "properties": {"href": {"type": "string"}}},
            "Event": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        }
    },
}
"""Of 3.1, and of 3.2 with another number."""

SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Old pets", "version": "1.0"},
    "host": "api.example.com",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "query", "name": "key"}},
    "security": [{"key": []}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [
                    {"name": "limit", "in": "query", "type": "integer", "maximum": 50},
                    {
                        "name": "tags",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "string"},
                        "collectionFormat": "csv",
                    },
                ],
                "responses": {
                    "200": {
                        "description": "They",
                        "schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}},
                        "headers": {"X-Total": {"type": "integer"}},
                    }
                },
            },
            "post": {
                "operationId": "createPet",
                "parameters": [
                    {
                        "name": "pet",
                        "in": "body",
                        "required": True,
                        "schema": {"$ref": "#/definitions/NewPet"},
                    }
                ],
                "responses": {"201": {"description": "It", "schema": {"$ref": "#/definitions/Pet"}}},
            },
        },
        "/upload": {
            "post": {
                "operationId": "upload",
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "file", "in": "formData", "type": "file"},
                    {"name": "note", "in": "formData", "type": "string"},
                ],
                "responses": {"200": {"description": "It is there"}},
            }
        },
    },
    "definitions": {
        "Pet": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "kind": {"type": "string", "enum": ["cat", "dog"]}},
        },
        "NewPet": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "kind": {"type": "string", "enum": ["cat", "dog"]}},
        },
    },
}
"""Of 2.0."""

# Where edits are done.
SCHEMAS = "/components/schemas"
PET, NEW_PET, OWNER = (f"{SCHEMAS}/{name}/properties" for name in ("Pet", "NewPet", "Owner"))
SENT, GOT = (f"{SCHEMAS}/{name}/properties" for name in ("Sent", "Got"))
LIST, CREATE, HEALTH, ADMIN = (
    "/paths/~1pets/get",
    "/paths/~1pets/post",
    "/paths/~1health/get",
    "/paths/~1admin/post",
)
GET, REPLACE = "/paths/~1pets~1{petId}/get", "/paths/~1pets~1{petId}/put"
JSON_SCHEMA = "content/application~1json/schema"
CALLBACK = f"{ADMIN}/callbacks/done/{{$request.query.url}}/post/requestBody/{JSON_SCHEMA}/properties"
