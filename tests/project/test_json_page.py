"""`help json` has the shapes of what commands print: each command of the page runs, and its output is compared."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dynacli.guide.pages import page
from tests.harness import run_cli

_TOKEN = re.compile(r'"[^"]*"|[A-Z]+|\.\.\.|null|[][{}:,|]')
_TYPES: dict[str, type | tuple[type, ...]] = {"STRING": str, "NUMBER": (int, float), "BOOL": bool}


@dataclass
class _Shape:
    """What a value looks like.

    Attributes:
        name: A JSON type or another shape; empty for an object or list, and for any value.
        members: Those of an object, by key; `KEY` stands for all keys.
        items: That of the items of a list.
        is_open: Whether an object may have more keys.
        may_be_null: Whether the value may be null.
    """

    name: str = ""
    members: dict[str, "_Shape"] | None = None
    items: "_Shape | None" = None
    is_open: bool = False
    may_be_null: bool = False

    def differences(self, value: Any, shapes: Mapping[str, "_Shape"], where: str = "") -> Iterator[str]:
        """Yield where a value differs."""
        if value is None and self.may_be_null:
            return
        if self.name in shapes:
            yield from shapes[self.name].differences(value, shapes, where)
        elif self.name:
            if not isinstance(value, _TYPES[self.name]):
                yield f"{where}: {value!r} is not {self.name}"
        elif self.items is not None:
            if not isinstance(value, list):
                yield f"{where}: {value!r} is not a list"
                return
            for number, item in enumerate(value):
                yield from self.items.differences(item, shapes, f"{where}[{number}]")
        elif self.members is not None:
            yield from self._differences_of_members(self.members, value, shapes, where)

    def _differences_of_members(
        self, members: Mapping[str, "_Shape"], value: Any, shapes: Mapping[str, "_Shape"], where: str
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is not an object"
            return
        if "KEY" not in members:
            lacking, more = members.keys() - value.keys(), value.keys() - members.keys()
            if lacking or (more and not self.is_open):
                yield f"{where}: lacks {sorted(lacking)}, has also {sorted(more)}"
        for key, member in value.items():
            if shape := members.get(key, members.get("KEY")):
                yield from shape.differences(member, shapes, f"{where}.{key}")


@dataclass
class _Reader:
    """Reads a shape, token by token."""

    tokens: list[str]
    at: int = field(default=0)

    def value(self) -> _Shape:
        token = self._next()
        if token == "{":
            shape = _Shape(members={})
            while (key := self._next()) != "}":
                if key == "...":
                    shape.is_open = True
                elif key != ",":
                    assert shape.members is not None
                    shape.members[key.strip('"')] = self.value() if self._has(":") else _Shape()
        elif token == "[":
            shape = _Shape(items=self.value())
            assert self._next() == "]"
        else:
            shape = _Shape(name=token)
        shape.may_be_null = self._has("|") and self._next() == "null"
        return shape

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _has(self, token: str) -> bool:
        is_there = self.tokens[self.at : self.at + 1] == [token]
        self.at += is_there
        return is_there


def _shapes() -> dict[str, _Shape]:
    """Return the shapes of the page by what stands above them: a command, or a name."""
    found = {}
    for block in re.findall(r"(?:^    .*\n)+", page("json") or "", re.MULTILINE):
        heading, *lines = block.splitlines()
        found[heading.strip()] = _Reader(_TOKEN.findall(" ".join(lines))).value()
    return found


SHAPES = _shapes()
COMMANDS = [heading for heading in SHAPES if heading.startswith("dynacli ")]


def _printed(command: str) -> Any:
    """Return the value that a command prints, on standard error if that is what the command is about."""
    result = run_cli(*shlex.split(command)[1:])
    is_about_errors = "--error-format" in command or "--report" in command
    text = result.stderr if is_about_errors else result.stdout
    lines = [line for line in text.splitlines() if not line.startswith(("error: ", "warning: "))]
    return json.loads(lines[0] if is_about_errors else "\n".join(lines))


@pytest.fixture
def shop() -> None:
    """A file of rows, an earlier call, and an API with two revisions and a credential."""
    Path("rows.csv").write_text("id\nwf_search-issues\n")
    run_cli("demo", "get-org")
    document = run_cli("document", "demo").json
    document["servers"] = [{"url": "http://127.0.0.1:9/v1"}]
    file = Path("shop.json")
    file.write_text(json.dumps(document))
    run_cli("api", "add", "shop", "./shop.json")
    login = (
        *("auth", "login", "shop", "--with-token", "--store", "file"),
        *("--accept-origin", "http://127.0.0.1:9"),
    )
    assert 0 == run_cli(*login, stdin=b"not-a-secret\n").exit_code
    paths = document["paths"]
    del paths["/org"]
    paths["/new"] = {"get": {"operationId": "getNew", "responses": {"200": {"description": ""}}}}
    paths["/runs"]["get"]["parameters"].pop()
    document["components"]["schemas"]["OrgContext"]["properties"].popitem()
    file.write_text(json.dumps(document))
    run_cli("api", "refresh", "shop")


def test_the_page_has_shapes() -> None:
    """The blocks are found, so that the test below tests something."""
    assert len(COMMANDS) > 12


@pytest.mark.usefixtures("shop")
def test_commands_print_what_the_page_shows() -> None:
    """Keys and types are those of the page, neither more nor fewer, and no output is empty."""
    shapes = {name: shape for name, shape in SHAPES.items() if name not in COMMANDS}
    printed = {command: _printed(command) for command in COMMANDS}
    assert [] == [command for command, value in printed.items() if not value]
    assert {} == {
        command: found
        for command, value in printed.items()
        if (found := list(SHAPES[command].differences(value, shapes)))
    }


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ('{"a"}', {}),
        ('{"a"}', {"a": 1, "b": 2}),
        ('{"a": STRING}', {"a": None}),
        ('[{"a": BOOL}]', [{"a": True}, {"a": 1}]),
        ("{KEY: [NUMBER]}", {"x": ["1"]}),
        ("[STRING]", {}),
        ('{"a", ...}', []),
    ],
)
def test_a_value_of_another_shape_is_found(shape: str, value: Any) -> None:
    """The comparison finds a missing key, one too many, and another type."""
    assert list(_Reader(_TOKEN.findall(shape)).value().differences(value, {}))
