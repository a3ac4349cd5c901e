"""The files of stubs: a module for each API, and the overloads of `open_api`."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dynacli import errors
from dynacli.client.api_client import Api, methods_of, open_api
from dynacli.client.described_operation import DescribedOperation
from dynacli.features.stubs.schema_types import SchemaTypes, class_name, is_identifier
from dynacli.http.semantics import is_json, is_json_lines, is_json_sequence, is_structured, is_text_type
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.media_types import body_schema, is_as_good_as_json, takes_options
from dynacli.openapi.model.operation import WITHOUT_BODY, OperationSummary
from dynacli.openapi.schema.option_fields import option_words
from dynacli.openapi.schema.read_schema import following, is_marked
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.wrapping import short_sentence

_MARK = "# dynacli stubs: "
_MOST_OVERLOADS = 100
_LONGEST_SUMMARY = 200
_FILE = "bytes | PathLike[str] | IO[bytes]"
_LIBRARY = "dynacli"
_IMPORTS = f"""\
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import IO, Any, Literal, NotRequired, TypeAlias, TypedDict, overload

from {_LIBRARY} import Api, Response

"""
_PACKAGE = """\
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar, overload

from dynacli import errors as errors
from dynacli.client.api_client import Api as _Api
from dynacli.client.call import CallEvent as CallEvent, Listener
from dynacli.client.responses.response import Response as _Response
from dynacli.environment import Environment
"""
_RESPONSE = """
_T = TypeVar("_T")
__version__: str
user_agent: str
is_own_process: bool

def version_of_build() -> str: ...

class Response(_Response, Generic[_T]):
    @property
    def data(self) -> _T: ...
    def raise_for_status(self) -> Response[_T]: ...
    def raise_for_findings(self) -> Response[_T]: ...

class Api(_Api):
    def __getattr__(self, name: str) -> Callable[..., Response[Any]]: ...
"""
_BUILT_IN = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?<!def )\b(bool|bytes|dict|float|int|list|str)\b(?!:)"
)


class ApiStub(NamedTuple):
    """The module of an API.

    Args:
        module: Its name in `dynacli_apis`.
        left_out: Operations whose names Python does not accept as methods.
    """

    module: str
    text: str
    operations: int
    types: int
    left_out: tuple[str, ...]


def module_of(name: str) -> str:
    """Return the name of the module for an API."""
    plain = kebab(name).replace("-", "_")[:80] or "api"
    return plain if is_identifier(plain) else f"api_{plain}"


def api_stub(api: OpenedApi, chosen: Sequence[OperationSummary]) -> ApiStub:
    """Return the module with the types of an API.

    Args:
        chosen: The operations that get methods.
    """
    module = module_of(api.name)
    own = f"{class_name(module)}Api"
    types = SchemaTypes(api.catalog.resolve, [own])
    operations = tuple(api.catalog.summaries())
    names = {operation.name: method for method, operation in methods_of(operations).items()}
    methods, overloads, left_out = [], [], []
    is_small = len(chosen) <= _MOST_OVERLOADS
    for summary in chosen:
        method = names[summary.name]
        operation = DescribedOperation(api, api.catalog.operation(summary.name)).sending("")
        found = _Operation(operation, types)
        response = found.response()
        if is_identifier(method):
            methods.append(found.method(method, response, summary.summary))
        else:
            left_out.append(summary.name)
        if is_small:
            spelled = list(dict.fromkeys(filter(None, (summary.name, summary.operation_id))))
            literal = f"Literal[{', '.join(map(repr, spelled))}]"
            overloads.append(_call(literal, f"Response[{response}]"))
    if overloads:
        overloads = [f"    @overload\n{line}" for line in (*overloads, _call("str", "Response[Any]"))]
    body = "".join(methods + overloads)
    if used := {names[summary.name] for summary in chosen} & {
        *("bool", "bytes", "dict", "float", "int", "list", "str")
    }:
        body = _BUILT_IN.sub(lambda match: f"_builtins.{match[1]}" if match[1] in used else match[0], body)
    definitions = types.definitions()
    header = json.dumps({"api": api.name, "digest": api.pointer["revision"]}, sort_keys=True)
    class_ = f"class {own}(Api):\n    __getattr__: None  # type: ignore\n{body}"
    text = "".join(
        (
            f"{_MARK}{header}\n",
            "import builtins as _builtins\n" if used else "",
            _IMPORTS,
            "\n".join([*definitions, class_]),
        )
    )
    return ApiStub(module, text, len(chosen), len(definitions), tuple(left_out))


def _call(name: str, response: str) -> str:
    inputs = "inputs: Mapping[str, Any] | None = ..., *, on_event: Any = ..., **named: Any"
    return f"    def call(self, name: {name}, /, {inputs}) -> {response}: ...\n"


class _Operation:
    def __init__(self, described: DescribedOperation, types: SchemaTypes) -> None:
        self.described, self.types = described, types
        self.name = described.operation.name

    def response(self) -> str:
        """Return the type of the data of a 2xx response."""
        responses = self.described.raw_responses
        statuses = sorted(status for status in map(str, responses) if status[:1] == "2")
        statuses = statuses or [status for status in ("default",) if status in responses]
        found: list[str] = []
        for status in statuses:
            response = self.described.follow(responses[status])
            content = response.get("content") if isinstance(response, dict) else None
            is_empty = status.isdigit() and int(status) in WITHOUT_BODY
            if not content or not isinstance(content, dict) or is_empty:
                found.append("None")
                continue
            found += [self._content(name, self.described.follow(media)) for name, media in content.items()]
        parts = list(dict.fromkeys(found)) or ["Any"]
        return "Any" if "Any" in parts else " | ".join(parts)

    def _content(self, name: str, media: Any) -> str:
        schema = body_schema(media) if isinstance(media, dict) else None
        is_sequence = is_json_lines(name) or is_json_sequence(name)
        if is_json(name) or is_structured(name) or is_sequence or is_as_good_as_json(name):
            return self.types.type_of(schema, "response", f"{self.name}-response")
        return "str" if is_text_type(name) else "bytes"

    def method(self, method: str, response: str, summary: str) -> str:
        """Return the method, with an overload for the whole body if the body has required fields."""
        head, is_open = self._parameters()
        fields, is_named = self._fields(set(head))
        is_open = is_open or not is_named
        body = self._body()
        both = {**head, **fields}
        tail = ["query: Mapping[str, Any] = ..."] if "query" not in both else []
        if body and "content_type" not in both:
            tail.append("content_type: str = ...")
        others = ["**others: Any"] if is_open else []
        is_split = (
            body and fields and not is_open and any(not part.endswith("...") for part in fields.values())
        )
        texts = []
        if is_split:
            whole = [*head.values(), f"body: {body}", *(part for part in tail if "body:" not in part)]
            texts = [[*both.values(), *tail], whole] if "body" not in both else [[*both.values(), *tail]]
        else:
            parts = dict(both)
            if is_open:
                parts.update({key: _optional(part) for key, part in fields.items()})
            needs = self.described.operation.body is not None and self.described.operation.body.is_required
            if body and "body" not in parts:
                parts["body"] = f"body: {body}" + ("" if needs and not fields else " = ...")
            texts = [[*parts.values(), *tail, *others]]
        doc = _docstring(summary)
        mark = "    @overload\n" if len(texts) > 1 else ""
        return "".join(
            f"{mark}    def {method}(self, {_arguments(arguments)}) -> Response[{response}]:\n        {doc}\n"
            for arguments in texts
        )

    def _parameters(self) -> tuple[dict[str, str], bool]:
        found: dict[str, str] = {}
        is_open = False
        for parameter in self.described.operation.parameters:
            name = _argument(parameter.option)
            if not name or name in found:
                is_open = True
                continue
            schema = self.described.parameter_schema(parameter)
            type_ = self._input(schema, parameter.option)
            found[name] = f"{name}: {type_}" if parameter.must_be_given else f"{name}: {type_} | None = ..."
        return found, is_open

    def _input(self, schema: Any, name: str) -> str:
        flat = self.types.flat(schema)
        type_ = self.types.type_of(schema, "request", f"{self.name}-{name}")
        if flat.type == "array" and type_.startswith("list[") and " | None" not in type_[-7:]:
            return f"Sequence{type_[4:]}"
        return type_

    def _fields(self, taken: set[str]) -> tuple[dict[str, str], bool]:
        """Return the fields of the body as arguments, and whether each has a name."""
        media = self.described.media_type
        if media is None or not takes_options(media):
            return {}, True
        flat = self.types.flat(self.described.body_schema())
        follow, words = following(self.types.resolve), option_words(flat.properties)
        body = self.described.operation.body
        found: dict[str, str] = {}
        is_named = True
        for key, schema in flat.properties.items():
            name = _argument(words[key])
            if is_marked(schema, "readOnly", follow):
                continue
            if not name or name in taken or name in found:
                is_named = False
                continue
            below = self.types.flat(schema)
            is_file = below.format == "binary" or self._is_list_of_files(below)
            type_ = f"{_FILE} | Sequence[{_FILE}]" if is_file else self._input(schema, key)
            is_needed = key in flat.required and body is not None and body.is_required
            is_needed = is_needed and not below.has_default
            found[name] = f"{name}: {type_}" if is_needed else f"{name}: {type_} = ..."
        return found, is_named

    def _is_list_of_files(self, flat: Any) -> bool:
        return flat.items is not None and self.types.flat(flat.items).format == "binary"

    def _body(self) -> str:
        media = self.described.media_type
        if media is None:
            return ""
        if not takes_options(media):
            return f"str | {_FILE}"
        type_ = self.types.type_of(self.described.body_schema(), "request", f"{self.name}-body")
        return type_ if type_ == "Any" else f"{type_} | {_FILE}"


def _optional(argument: str) -> str:
    return argument if argument.endswith(" = ...") else f"{argument} = ..."


def _argument(option: str) -> str:
    """Return the argument for an option; empty if Python does not accept its name."""
    name = option.replace("-", "_")
    if is_identifier(name):
        return f"{name}_" if name == "self" else name
    return f"{name}_" if is_identifier(f"{name}_") else ""


def _arguments(parts: Sequence[str]) -> str:
    """Return arguments, the required ones first."""
    ordered = sorted(parts, key=lambda part: (part.startswith("**"), part.endswith("...")))
    is_named = any(not part.startswith("**") for part in ordered)
    return ", ".join((["*"] if is_named else []) + ordered)


def _docstring(text: str) -> str:
    shown = short_sentence(" ".join(text.split()), _LONGEST_SUMMARY)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{escaped}"""' if escaped else "..."


def api_in(text: str) -> str:
    """Return the API of a module that dynacli wrote; empty for other text."""
    first = text.partition("\n")[0]
    try:
        found = json.loads(first.removeprefix(_MARK)) if first.startswith(_MARK) else {}
    except ValueError:
        return ""
    name = found.get("api") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def package_files(apis: Iterable[str]) -> dict[str, str]:
    """Return the files of the package `dynacli`, with an overload of `open_api` for each API."""
    modules = {name: module_of(name) for name in sorted(set(apis))}
    imports = [
        f"from dynacli_apis.{module} import {class_name(module)}Api as _{class_name(module)}Api\n"
        for module in sorted(set(modules.values()))
    ]
    methods = [
        _signature(name, getattr(Api, name)) for name in ("call", "download", "follow", "pages", "wait")
    ]
    overloads = [
        _signature("open_api", open_api, f"Literal[{name!r}]", f"_{class_name(module)}Api", "@overload\n")
        for name, module in modules.items()
    ]
    mark = "@overload\n" if overloads else ""
    last = _signature("open_api", open_api, mark=mark)
    text = "".join((_PACKAGE, *imports, _RESPONSE, *methods, "\n", *overloads, last))
    return {"dynacli/__init__.pyi": text, "dynacli/errors.pyi": _without_code(inspect.getsource(errors))}


def _without_code(source: str) -> str:
    """Return a module without the code of its functions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            node.body = [item for item in node.body if not _is_private(item)]
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Expr(ast.Constant(...))]
    return f"{ast.unparse(tree)}\n"


def _is_private(item: ast.stmt) -> bool:
    return isinstance(item, ast.FunctionDef) and item.name[:1] == "_" and item.name != "__init__"


def _signature(name: str, function: Any, first: str = "", returned: str = "", mark: str = "") -> str:
    """Return a function as a stub has it.

    Args:
        first: Type of the first argument; empty for its own.
        returned: Type of the result; empty for its own.
    """
    signature = inspect.signature(function)
    returned = returned or re.sub(r"\bResponse\b", "Response[Any]", signature.return_annotation)
    parameters = []
    for index, item in enumerate(signature.parameters.values()):
        kind = "" if item.annotation is item.empty else re.sub(r"\bResponse\b", "_Response", item.annotation)
        kind = first if first and index == 0 else kind
        parameters.append(item.replace(annotation=item.empty if not kind else _Raw(kind)))
        if item.default is not item.empty:
            parameters[-1] = parameters[-1].replace(default=_Raw("..."))
    shown = str(signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    indent = "    " if "self" in signature.parameters else ""
    return f"{mark}{indent}def {name}{shown} -> {returned}: ...\n"


class _Raw:
    """A text that `inspect` shows as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
