"""The shapes of `help json` as JSON Schemas: the website offers them, and the tests validate real output with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.guide.pages import page

_TOKEN = re.compile(r'"[^"]*"|[A-Z]+|\.\.\.|null|[][{}:,|]')
_TYPES: Mapping[str, dict[str, Any]] = {
    "STRING": {"type": "string"},
    "NUMBER": {"type": "number"},
    "BOOL": {"type": "boolean"},
    "ANY": {},
}


def json_schemas(*, is_closed: bool = False) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (2020-12) of each shape of the page, by the command or the name above it.

    Args:
        is_closed: Whether objects have no keys but those of the page; else later versions can add some.
    """
    shapes = {}
    for block in re.findall(r"(?:^    .*\n)+", page("json") or "", re.MULTILINE):
        heading, *lines = block.splitlines()
        shapes[heading.strip()] = schema_of(" ".join(lines), is_closed=is_closed)
    names = {name: shape for name, shape in shapes.items() if name.isupper()}
    return {heading: _with_named(shape, names) for heading, shape in shapes.items()}


def schema_of(shape: str, *, is_closed: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of a shape, with `$ref` for the shapes that it names."""
    return _Reader(_TOKEN.findall(shape), is_closed).value()


def _with_named(schema: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    used: dict[str, Any] = {}
    text = str(schema)
    while more := {name for name in names if f"#/$defs/{name}'" in text} - used.keys():
        used |= {name: names[name] for name in more}
        text += str(used)
    definitions = {"$defs": used} if used else {}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **definitions}


@dataclass
class _Reader:
    """Reads a shape, token by token."""

    tokens: list[str]
    is_closed: bool
    at: int = field(default=0)

    def value(self) -> dict[str, Any]:
        token = self._next()
        if token == "{":
            schema = self._object()
        elif token == "[":
            schema = {"type": "array", "items": self.value()}
            assert self._next() == "]"
        else:
            schema = {**_TYPES[token]} if token in _TYPES else {"$ref": f"#/$defs/{token}"}
        if self._has("|"):
            assert self._next() == "null"
            schema = {"anyOf": [schema, {"type": "null"}]}
        return schema

    def _object(self) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        schema: dict[str, Any] = {"type": "object"}
        is_closed = self.is_closed
        while (key := self._next()) != "}":
            if key == "...":
                is_closed = False
            elif key == "KEY":
                schema["additionalProperties"] = self.value() if self._has(":") else {}
                is_closed = False
            elif key != ",":
                properties[key.strip('"')] = self.value() if self._has(":") else {**_TYPES["STRING"]}
        if properties:
            schema |= {"properties": properties, "required": list(properties)}
        return {**schema, "additionalProperties": False} if is_closed else schema

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _has(self, token: str) -> bool:
        is_there = self.tokens[self.at : self.at + 1] == [token]
        self.at += is_there
        return is_there
