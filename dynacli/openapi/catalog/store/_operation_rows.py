"""Operations as rows of JSON, and back. A row leaves out default values, and values that operations share.

Reading is written out rather than generic: it runs on every start of a command.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.openapi.model.operation import (
    Body,
    Choice,
    Field,
    MediaType,
    Operation,
    Parameter,
    Response,
    SecurityScheme,
    Server,
    ValueType,
)
from dynacli.record import defaults_of

__all__ = ["OperationRows", "operation_from_row", "shared_numbers"]

_FLAGS = ("is_required", "is_deprecated", "is_needed")
_REST: tuple[Any, ...] = (0, "", "", "")


class OperationRows:
    """Makes the rows of a document's operations. Values that operations share are kept once, under a number.

    These are parameters, responses, the options of media types, and what the operations of a path have in common.

    Args:
        keep: Keeps a value and returns its number, which is the same for equal values.
    """

    def __init__(self, keep: Callable[[Any], int]) -> None:
        self._keep = keep
        # The keys are ids of objects, which stay unique only as long as the objects are there.
        self._numbers: dict[tuple[int, ...], tuple[Any, int]] = {}

    def operation(self, operation: Operation) -> dict[str, Any]:
        """Return the row of an operation."""
        defaults = defaults_of(Operation)
        row: dict[str, Any] = {}
        for name, value in operation.__dict__.items():
            if name in defaults and value == defaults[name]:
                continue
            if name in {"parameters", "responses"}:
                row[name] = [self._number(item) for item in value]
            else:
                row[name] = self._body(value) if name == "body" else _row(value)
        return row

    def _body(self, body: Body) -> dict[str, Any]:
        return {
            "content": [
                {"name": media_type.name, "options": self._options(media_type)} for media_type in body.content
            ],
            "is_required": body.is_required,
        }

    def part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row of an operation's part of the document."""
        shared = part["path_item"]
        return {**part, "path_item": self._number(shared)} if shared else dict(part)

    def _number(self, value: Any) -> int:
        return self._number_of((id(value),), value, lambda: _row(value))

    def _options(self, media_type: MediaType) -> int:
        parts = media_type.value, media_type.fields, media_type.choices
        key = (*map(id, parts), media_type.is_cut)
        return self._number_of(key, parts, lambda: _options_row(media_type))

    def _number_of(self, key: tuple[int, ...], value: Any, row: Callable[[], Any]) -> int:
        if key not in self._numbers:
            self._numbers[key] = value, self._keep(row())
        return self._numbers[key][1]


def _options_row(media_type: MediaType) -> dict[str, Any]:
    row: dict[str, Any] = _row(media_type)
    del row["name"]
    return row


def _row(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return _field_rows(value) if value and isinstance(value[0], Field) else [_row(item) for item in value]
    if not hasattr(value, "__dict__"):
        return value
    defaults = defaults_of(value.__class__)
    return {
        name: _row(item)
        for name, item in value.__dict__.items()
        if name not in defaults or item != defaults[name] or type(item) is not type(defaults[name])
    }


def _field_rows(fields: tuple[Field, ...] | list[Field]) -> list[Any]:
    """Return fields as lists; each leaves out the beginning of its path and its option that the field before it has."""
    rows = []
    path: tuple[str, ...] = ()
    option = ""
    for field in fields:
        steps = _common_length(path, field.path)
        size = _common_length(option, field.option)
        value = _row(field.value)
        flags = sum(1 << bit for bit, name in enumerate(_FLAGS) if getattr(field, name))
        row = [
            steps,
            list(field.path[steps:]),
            size,
            field.option[size:],
            value["type"] if value.keys() == {"type"} else value,
            flags,
            field.description,
            field.branch,
            field.below,
        ]
        while row[-1] in ("", 0):
            row.pop()
        rows.append(row)
        path, option = field.path, field.option
    return rows


def _common_length(before: Any, after: Any) -> int:
    """Return how many steps or characters two paths or two texts have in common at their beginning."""
    size = 0
    for left, right in zip(before, after, strict=False):
        if left != right:
            break
        size += 1
    return size


def shared_numbers(row: Mapping[str, Any]) -> set[int]:
    """Return the numbers under which values of an operation are kept outside its row."""
    body = row.get("body") or {}
    options = (media_type["options"] for media_type in body.get("content", ()))
    return {*row.get("parameters", ()), *row.get("responses", ()), *options}


def operation_from_row(row: Mapping[str, Any], shared: Callable[[int], Any]) -> Operation:
    """Return the operation that `OperationRows` made the row of.

    Args:
        shared: Returns what was kept under a number, made anew at each call.
    """
    body = row.get("body")
    return Operation(
        name=row["name"],
        operation_id=row["operation_id"],
        method=row["method"],
        path=row["path"],
        summary=row.get("summary", ""),
        description=tuple(row.get("description", ())),
        tags=tuple(row.get("tags", ())),
        is_deprecated=row.get("is_deprecated", False),
        is_hidden=row.get("is_hidden", False),
        aliases=tuple(row.get("aliases", ())),
        parameters=tuple(_parameter(shared(number)) for number in row.get("parameters", ())),
        body=None if body is None else Body(_content(body["content"], shared), body["is_required"]),
        responses=tuple(_response(shared(number)) for number in row.get("responses", ())),
        security=tuple(
            tuple(_security_scheme(scheme) for scheme in alternative)
            for alternative in row.get("security", ())
        ),
        servers=tuple(Server(**item) for item in row.get("servers", ())),
        example=tuple(row.get("example", ())),
        media_headers=row.get("media_headers"),
    )


def _parameter(item: dict[str, Any]) -> Parameter:
    item["value"] = _value_type(item["value"])
    if "aliases" in item:
        item["aliases"] = tuple(item["aliases"])
    if "item_formats" in item:
        item["item_formats"] = tuple(item["item_formats"])
    if "fields" in item:
        item["fields"] = _fields(item["fields"])
    return Parameter(**item)


def _content(rows: list[dict[str, Any]], shared: Callable[[int], Any]) -> tuple[MediaType, ...]:
    # Media types of one body mostly have the same options.
    known: dict[int, dict[str, Any]] = {}
    for item in rows:
        number = item["options"]
        if number not in known:
            known[number] = _options(shared(number))
    return tuple(MediaType(name=item["name"], **known[item["options"]]) for item in rows)


def _options(item: dict[str, Any]) -> dict[str, Any]:
    item["value"] = _value_type(item["value"])
    if "fields" in item:
        item["fields"] = _fields(item["fields"])
    if "choices" in item:
        item["choices"] = tuple(_choice(part) for part in item["choices"])
    return item


def _choice(item: dict[str, Any]) -> Choice:
    if "branches" in item:
        item["branches"] = tuple(tuple(branch) for branch in item["branches"])
    return Choice(**item)


def _fields(rows: list[list[Any]]) -> tuple[Field, ...]:
    fields = []
    path: tuple[str, ...] = ()
    option = ""
    for steps, rest, size, text, value, *more in rows:
        path, option = (*path[:steps], *rest), option[:size] + text
        flags, description, branch, below = [*more, *_REST[len(more) :]]
        fields.append(
            Field(
                path,
                option,
                ValueType(value) if isinstance(value, str) else _value_type(value),
                bool(flags & 1),
                bool(flags & 2),
                description,
                bool(flags & 4),
                branch,
                below,
            )
        )
    return tuple(fields)


def _value_type(item: dict[str, Any]) -> ValueType:
    if "enum" in item:
        item["enum"] = tuple(item["enum"])
    if "items" in item:
        item["items"] = _value_type(item["items"])
    return ValueType(**item)


def _response(item: dict[str, Any]) -> Response:
    if "media_types" in item:
        item["media_types"] = tuple(item["media_types"])
    return Response(**item)


def _security_scheme(item: dict[str, Any]) -> SecurityScheme:
    if "scopes" in item:
        item["scopes"] = tuple(item["scopes"])
    return SecurityScheme(**item)
