"""Parameters and bodies of a document → the inputs of one operation, each with an option of its own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.catalog.fields import list_fields
from dynacli.catalog.lenient import listed, lookup, text
from dynacli.catalog.model import Body, Field, MediaType, Parameter
from dynacli.catalog.names import kebab
from dynacli.catalog.schema import value_type, view
from dynacli.document.load import Document

__all__ = ["Inputs", "SkippedOperationError", "is_ignored_header"]

LOCATIONS = ("path", "query", "header", "cookie")
"""In the order in which they keep the plain option when two inputs have one name."""

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_IGNORED_HEADERS = frozenset(
    {
        # OpenAPI 3.0.4, "Parameter Object": these are described elsewhere in the document.
        "accept",
        "content-type",
        "authorization",
        # These belong to the connection, not to the document.
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
    }
)
_RESERVED_OPTIONS = frozenset({"help"})
_SAFE_SPELLING = re.compile(r"[A-Za-z0-9$@_][A-Za-z0-9$@_.:\[\]<>-]*")


class SkippedOperationError(ValueError):
    """An operation cannot be offered; the text says why."""


def is_ignored_header(parameter: Mapping[str, Any]) -> bool:
    """Return whether a document may not define this parameter, so that it counts as absent."""
    return parameter.get("in") == "header" and str(parameter.get("name")).lower() in _IGNORED_HEADERS


class Inputs:
    """Reads the inputs of one operation after the other.

    Args:
        document: The document.
        warn: Called with a message and the steps of a pointer.
    """

    def __init__(self, document: Document, warn: Callable[..., None]) -> None:
        self._document = document
        self._warn = warn
        self._bodies: dict[int, tuple[Any, Any]] = {}

    def resolve(self, ref: str) -> Any:
        """Return the target of a reference that prance left in place: a recursion, or one that leads nowhere."""
        return lookup(self._document.resolved, ref)

    def parameters(
        self, path: str, item: Mapping[str, Any], operation: Mapping[str, Any], where: tuple[str, ...]
    ) -> tuple[Parameter, ...]:
        """Return the parameters in the order of their locations, path parameters in path order."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for raw in [*listed(item.get("parameters")), *listed(operation.get("parameters"))]:
            if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
                ref = raw.get("$ref") if isinstance(raw, Mapping) else None
                why = f"the parameter `{ref}` leads nowhere" if ref else "a parameter has no name"
                raise SkippedOperationError(why)
            if raw.get("in") not in LOCATIONS:
                raise SkippedOperationError(
                    f"parameter `{raw['name']}` is in `{raw.get('in')}`, not {_one_of(LOCATIONS)}"
                )
            if not is_ignored_header(raw) and raw.get("x-cli-ignore") is not True:
                found[(raw["in"], raw["name"])] = raw
        # A template such as `/a/{id}/b/{id}` names one parameter twice.
        in_path = list(dict.fromkeys(_TEMPLATE.findall(path.partition("#")[0])))
        for name in in_path:
            if ("path", name) not in found:
                self._warn(f"path parameter `{name}` is not declared; it is taken as a string", *where)
                found[("path", name)] = {"name": name, "in": "path"}
        for location, name in [key for key in found if key[0] == "path" and key[1] not in in_path]:
            self._warn(f"path parameter `{name}` is not in the path; it is ignored", *where)
            del found[(location, name)]
        ordered = sorted(
            found.items(),
            key=lambda entry: (
                LOCATIONS.index(entry[0][0]),
                in_path.index(entry[0][1]) if entry[0][0] == "path" else 0,
            ),
        )
        taken: set[str] = set(_RESERVED_OPTIONS)
        return tuple(self._parameter(raw, taken) for _, raw in ordered)

    def _parameter(self, raw: Mapping[str, Any], taken: set[str]) -> Parameter:
        name, location = raw["name"], raw["in"]
        media_type, schema = "", raw.get("schema")
        content = raw.get("content")
        if isinstance(content, Mapping) and content:
            media_type, media = next(iter(content.items()))
            schema = media.get("schema") if isinstance(media, Mapping) else None
        seen = view(schema, self.resolve)
        fields: tuple[Field, ...] = ()
        if seen.type == "object" and seen.properties:
            _, fields, _ = list_fields(schema, self.resolve)
        option = _free_option(text(raw.get("x-cli-name")) or name, location, taken)
        style = text(raw.get("style")) or _DEFAULT_STYLES[location]
        declared = raw.get("explode")
        explode = declared if isinstance(declared, bool) else style == "form"
        spelled = [name] if _SAFE_SPELLING.fullmatch(name) and name != option and name not in taken else []
        aliases = [*spelled, *(kebab(text(alias)) for alias in listed(raw.get("x-cli-aliases")))]
        aliases = [alias for alias in aliases if alias and alias not in taken]
        taken.update(aliases)
        return Parameter(
            name=name,
            location=location,
            option=option,
            value=value_type(seen, self.resolve),
            is_required=location == "path" or raw.get("required") is True,
            is_deprecated=raw.get("deprecated") is True or seen.is_deprecated,
            is_hidden=raw.get("x-cli-hidden") is True,
            style=style,
            explode=explode,
            allow_reserved=raw.get("allowReserved") is True,
            media_type=media_type,
            description=text(raw.get("x-cli-description"))
            or text(raw.get("description"))
            or seen.description,
            aliases=tuple(aliases),
            fields=tuple(_renamed(one, f"{option}.{one.option}") for one in fields),
        )

    def body(self, raw: Any, parameters: tuple[Parameter, ...]) -> Body | None:
        """Return the request body; options that a parameter has already get `body.` in front."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("content"), Mapping):
            if isinstance(raw, Mapping) and "$ref" in raw:
                raise SkippedOperationError(f"the request body `{raw['$ref']}` leads nowhere")
            return None
        taken = set(_RESERVED_OPTIONS)
        for parameter in parameters:
            taken.update((parameter.option, *parameter.aliases, *(one.option for one in parameter.fields)))
        content = tuple(
            self._media_type(name, media if isinstance(media, Mapping) else {}, taken)
            for name, media in raw["content"].items()
        )
        if not content:
            return None
        return Body(content, raw.get("required") is True, text(raw.get("description")))

    def _media_type(self, name: str, media: Mapping[str, Any], taken: set[str]) -> MediaType:
        schema = media.get("schema")
        known = self._bodies.get(id(schema))
        # Shared schemas are one object after prance's resolving; the schema is kept so that its id stays its own.
        value, fields, is_cut = known[1] if known else list_fields(schema, self.resolve)
        if isinstance(schema, Mapping):
            self._bodies[id(schema)] = (schema, (value, fields, is_cut))
        return MediaType(
            name,
            value,
            tuple(_renamed(one, f"body.{one.option}") if one.option in taken else one for one in fields),
            is_cut,
        )

    def example(
        self,
        item: Mapping[str, Any],
        operation: Mapping[str, Any],
        parameters: tuple[Parameter, ...],
        body: Body | None,
    ) -> tuple[str, ...]:
        """Return the words that make a runnable call of the operation."""
        from dynacli.catalog.example_call import example_words

        raw = {
            (one.get("in"), one.get("name")): one
            for one in [*listed(item.get("parameters")), *listed(operation.get("parameters"))]
            if isinstance(one, Mapping)
        }
        return example_words(operation, raw, parameters, body, self.resolve, self._document.version)


def _free_option(name: str, location: str, taken: set[str]) -> str:
    word = kebab(name) or name
    if word in taken:
        word = f"{location}.{word}"
    while word in taken:  # `page_size` and `page-size` in one query: the spelling tells them apart
        word = f"{location}.{name}" if word != f"{location}.{name}" else f"{word}_"
    taken.add(word)
    return word


def _renamed(one: Field, option: str) -> Field:
    return Field(one.path, option, one.value, one.is_required, one.is_deprecated, one.description)


def _one_of(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}"
