"""Reads the parameters and the body of an operation, and gives each parameter and field a unique option."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from dynacli.http.semantics import is_form, is_media_type, is_patch
from dynacli.openapi.document.json_trees import (
    dict_or_empty,
    list_or_empty,
    parameter_description,
    text_or_empty,
)
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.references.scan import follow_references, lookup
from dynacli.openapi.model.kebab_names import MAX_LENGTH, kebab, spelled_out
from dynacli.openapi.model.media_types import body_schema, preferred
from dynacli.openapi.model.operation import (
    IGNORED_HEADERS,
    Body,
    Field,
    MediaType,
    Parameter,
    default_style,
    explodes,
    has_style,
    item_formats_of,
    style_of,
)
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.references import REFERENCE, reference_of
from dynacli.openapi.schema.flatten_schema import FlatSchemas, value_type
from dynacli.openapi.schema.option_fields import OptionListing, list_fields
from dynacli.openapi.schema.read_schema import Resolve
from dynacli.options.standard_options import GUARDED_OPTIONS
from dynacli.record import replace
from dynacli.text.markdown import first_sentence

if TYPE_CHECKING:
    from dynacli.openapi.schema.example_call import ExampleWords

_MOST_PARTS = 24
"""Maximum number of objects and lists in an object to compare; comparing larger ones costs more than it saves."""
_LOCATIONS = ("path", "query", "querystring", "header", "cookie")
"""The locations of parameters; if two parameters have the same name, the earlier location has the plain option."""
_FORM = "application/x-www-form-urlencoded"
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
# The last four headers belong to the connection.
_IGNORED_HEADERS = IGNORED_HEADERS | {"host", "content-length", "transfer-encoding", "connection"}
_MEDIA_HEADERS = frozenset({"Accept", "Content-Type"})
_RESERVED_OPTIONS = GUARDED_OPTIONS | {"help"}
_SAFE_SPELLING = re.compile(r"[A-Za-z0-9$@_][A-Za-z0-9$@_.:\[\]<>-]*")


class Named(NamedTuple):
    """A parameter that needs an option.

    Args:
        location: Its location: `path`, `query`, ...
        name: Its name in the document.
        wanted: The text from which its option is made: its name, unless the document gives another text.
    """

    location: str
    name: str
    wanted: str


def option_word(name: str) -> str:
    """Return the option for a name in the document, without dashes; it has letters, digits and hyphens."""
    word = kebab(name) or spelled_out(name, is_whole=True) or "empty"
    return word[:MAX_LENGTH].rstrip("-")


def option_names(parameters: Sequence[Named], reserved: Iterable[str]) -> list[str]:
    """Return the option of each parameter, without dashes.

    If several locations have the same name, the first location has the plain option, and the others are
    qualified: `query.id`. Within a location `x` has the plain option, and `x[]` is `x-array`.
    The order of the parameters within a location makes no difference.

    Args:
        parameters: In the order of their locations.
        reserved: Options that parameters cannot have.
    """
    taken = set(reserved)
    options: dict[int, str] = {}
    locations = list(dict.fromkeys(parameter.location for parameter in parameters))

    def rank(index: int) -> tuple[int, bool, str]:
        parameter = parameters[index]
        # Of names that clash, the name that is spelled like the option gets it.
        is_spelled_otherwise = option_word(parameter.wanted) != parameter.name
        return locations.index(parameter.location), is_spelled_otherwise, parameter.name

    for index in sorted(range(len(parameters)), key=rank):
        options[index] = _free_option(parameters[index], taken)
        taken.add(options[index])
    return [options[index] for index in range(len(parameters))]


def _free_option(parameter: Named, taken: Collection[str]) -> str:
    word = option_word(parameter.wanted)
    spelled = spelled_out(parameter.wanted)[:MAX_LENGTH].rstrip("-") or word
    qualified = f"{parameter.location}.{word}"
    plain: tuple[str, ...] = (word, spelled)
    if word in GUARDED_OPTIONS:
        plain = ()  # `server[]` does not become `server-array` either: a user who types `--server` must get an error
    candidates = (*plain, qualified, f"{parameter.location}.{spelled}")
    return next((option for option in candidates if option not in taken), None) or _numbered(qualified, taken)


def fields_with_own_options(fields: Sequence[Field], taken: Collection[str]) -> tuple[Field, ...]:
    """Return the fields of a body with unique options; if an option is taken, it gets the prefix `body.`."""
    own = {field.option for field in fields}
    if len(own) == len(fields) and own.isdisjoint(taken):
        return tuple(fields)
    used = set(taken)
    # First the fields that keep their option, so that no renamed field takes it from them.
    unchanged = set()
    for index, field in enumerate(fields):
        if field.option not in used:
            unchanged.add(index)
            used.add(field.option)
    found = []
    for index, field in enumerate(fields):
        if index in unchanged:
            found.append(field)
            continue
        option = f"body.{field.option}"
        option = _numbered(option, used) if option in used else option
        used.add(option)
        found.append(replace(field, option=option))
    return tuple(found)


def _numbered(word: str, taken: Collection[str]) -> str:
    number = 2
    while f"{word}-{number}" in taken:
        number += 1
    return f"{word}-{number}"


class Originals:
    """Returns for an object of a document the first object that is equal to it.

    An object that is large, or has a reference, is returned unchanged, because it may contain itself.
    """

    def __init__(self) -> None:
        self._firsts: dict[bytes, Mapping[str, Any]] = {}
        # The keys are ids of objects, which stay unique only as long as the objects exist.
        self._known: dict[int, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    def __call__(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the first object that is equal to this one; neither may be changed."""
        if id(value) not in self._known:
            self._known[id(value)] = value, self._first(value) if _is_small(value) else value
        return self._known[id(value)][1]

    def _first(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        from dynacli.import_orjson import orjson

        try:
            return self._firsts.setdefault(orjson.dumps(value), value)
        except TypeError:  # orjson refuses integers beyond 64 bits and lone surrogates
            return value


def equality_key(value: Any) -> bytes | int:
    """Return a key that two values share only if they are equal.

    Args:
        value: A part of the document with unresolved references; with resolved ones it may contain itself.
    """
    from dynacli.import_orjson import orjson

    try:
        return hashlib.sha256(orjson.dumps(value)).digest()
    except TypeError:  # orjson refuses integers beyond 64 bits and lone surrogates
        return id(value)


def _is_small(value: Any) -> bool:
    """Return whether a value has no references, and few objects and lists."""
    stack, left = [value], _MOST_PARTS
    while stack:
        node = stack.pop()
        left -= 1
        if left < 0 or (isinstance(node, dict) and REFERENCE in node):
            return False
        members = node.values() if isinstance(node, dict) else node
        stack.extend([member for member in members if isinstance(member, (dict, list))])
    return True


class SkippedOperationError(ValueError):
    """An operation that cannot be called; the message says why."""


def usable_parameters(tree: Any, declared: Any, path: str) -> list[Any]:
    """Return the Parameter Objects of a list, or references to them, without ignored parameters.

    Args:
        tree: The document with the targets of the references.
        path: The path template.
    """
    in_path = set(_TEMPLATE.findall(path.partition("#")[0]))
    usable: dict[tuple[str, str], Any] = {}
    for entry in list_or_empty(declared):
        raw = follow_references(tree, entry)
        if (
            isinstance(raw, Mapping)
            and isinstance(raw.get("name"), str)
            and raw.get("in") in _LOCATIONS
            and (raw["in"] != "path" or raw["name"] in in_path)
            and not _is_ignored_header(raw)
        ):
            # If a parameter is declared twice, the last declaration counts.
            usable[raw["in"], raw["name"]] = entry
    return list(usable.values())


def _is_ignored_header(parameter: Mapping[str, Any]) -> bool:
    """Return whether a parameter is a header that a document must not define as a parameter."""
    return parameter.get("in") == "header" and str(parameter.get("name")).lower() in _IGNORED_HEADERS


class Inputs:
    """Reads the inputs of operations; inputs that several operations share are read once."""

    def __init__(self, document: Document, warn: Callable[..., None]) -> None:
        self._document = document
        self._warn = warn
        self._bodies: dict[int | bytes | str, tuple[Any, OptionListing]] = {}
        self._sentences: dict[str, str] = {}
        self._same: dict[Any, Any] = {}
        self._patches: dict[int | bytes | str, tuple[Field, ...]] = {}
        # Most operations share their parameters. An id stays unique only as long as its object exists.
        self._parameters: dict[tuple[int, str], tuple[Mapping[str, Any], Parameter]] = {}
        self._originals = Originals()
        self._spelled: dict[tuple[int, tuple[str, ...]], Parameter] = {}
        # No bound methods: an object that refers to itself would keep the whole document in memory.
        # A reference that prance did not resolve is recursive, or its target does not exist.
        self._resolve: Resolve = partial(lookup, document.resolved_parameters)
        self._flat_schemas = FlatSchemas(self._resolve)
        self._resolve_raw: Resolve = cache(partial(lookup, document.tree))
        self._flat_raw_schemas = FlatSchemas(self._resolve_raw)
        self._examples: ExampleWords | None = None

    def parameters(
        self, path: str, item: Mapping[str, Any], operation: Mapping[str, Any], where: tuple[str, ...]
    ) -> tuple[Parameter, ...]:
        """Return the parameters in the order of their locations, path parameters in path order."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for raw in self._declared(item, where[:-1]) + self._declared(operation, where):
            if not _is_ignored_header(raw) and raw.get("x-cli-ignore") is not True:
                found[(raw["in"], raw["name"])] = raw
        self._check_querystring(found, where)
        # A template such as `/a/{id}/b/{id}` names a parameter twice.
        plain, _, query = path.partition("#")[0].partition("?")
        in_query = [name for name in _TEMPLATE.findall(query) if ("query", name) not in found]
        in_path = list(dict.fromkeys([*_TEMPLATE.findall(plain), *in_query]))
        for name, _ in parse_qsl(query, keep_blank_values=True) if query else ():
            if ("query", name) in found and f"{{{name}}}" not in query:
                # The path already has a value for this parameter, which the value of a call replaces.
                found["query", name] = {**found["query", name], "required": False}
        for name in in_path:
            if ("path", name) not in found:
                self._warn(f"path parameter `{name}` is not declared; it is taken as a string", *where)
                found[("path", name)] = {"name": name, "in": "path"}
        for location, name in [key for key in found if key[0] == "path" and key[1] not in in_path]:
            self._warn(f"path parameter `{name}` is not in the path; it is ignored", *where)
            del found[(location, name)]

        def rank(raw: Mapping[str, Any]) -> tuple[int, int]:
            return _LOCATIONS.index(raw["in"]), in_path.index(raw["name"]) if raw["in"] == "path" else 0

        raws = [self._originals(raw) for raw in sorted(found.values(), key=rank)]
        named = [
            Named(raw["in"], raw["name"], text_or_empty(raw.get("x-cli-name")) or raw["name"]) for raw in raws
        ]
        options = option_names(named, _RESERVED_OPTIONS)
        parameters = [self._known_parameter(raw, option) for raw, option in zip(raws, options, strict=True)]
        return self._with_aliases(raws, parameters)

    def _check_querystring(
        self, found: dict[tuple[str, str], Mapping[str, Any]], where: tuple[str, ...]
    ) -> None:
        """Keep only the first `querystring` parameter (OpenAPI 3.2.0, "Parameter Locations")."""
        whole = [key for key in found if key[0] == "querystring"]
        for key in whole[1:]:
            self._warn(f"querystring parameter `{key[1]}` is a second one; it is ignored", *where)
            del found[key]
        if whole and any(location == "query" for location, _ in found):
            name = whole[0][1]
            self._warn(
                f"`{name}` is the whole query, and there are query parameters too; both are sent", *where
            )

    def _declared(self, holder: Mapping[str, Any], where: tuple[str, ...]) -> list[Mapping[str, Any]]:
        """Return the usable Parameter Objects of a path item or an operation, with warnings about the others."""
        usable: dict[tuple[str, str], Mapping[str, Any]] = {}
        for index, raw in enumerate(list_or_empty(holder.get("parameters"))):
            ref = reference_of(raw)
            here = (*where, "parameters", str(index))
            if ref is not None and "name" not in raw:
                reason = self._document.unread.get(ref, "it leads nowhere")
                self._warn(f"the parameter `{ref}` is ignored: {reason}", *here)
            elif not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
                self._warn("this parameter has no name; it is ignored", *here)
            elif raw.get("in") not in _LOCATIONS:
                place = f"in `{raw['in']}`, not" if isinstance(raw.get("in"), str) else "not in"
                known = enumerated(_LOCATIONS, "or")
                self._warn(f"parameter `{raw['name']}` is {place} {known}; it is ignored", *here)
            else:
                key = (raw["in"], raw["name"])
                if key in usable:
                    self._warn(f"{key[0]} parameter `{key[1]}` is declared twice; the last one counts", *here)
                usable[key] = raw
                style = raw.get("style")
                if style is not None and not has_style(key[0], style):
                    used = default_style(key[0])
                    message = f"style `{style}` is none for a {key[0]} parameter; `{used}` is used"
                    self._warn(message, *here, "style")
        return list(usable.values())

    def media_headers(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, str]:
        """Return header → media type of the required `Accept` and `Content-Type` parameters that have a value."""
        found = {}
        for raw in (*list_or_empty(item.get("parameters")), *list_or_empty(operation.get("parameters"))):
            if not isinstance(raw, Mapping) or raw.get("in") != "header" or raw.get("required") is not True:
                continue
            name = str(raw.get("name")).title()
            values = self._values_of(raw) if name in _MEDIA_HEADERS else ()
            value = next((value for value in values if is_media_type(value) and value.isprintable()), None)
            if value is not None and value.isascii():
                found[name] = value
        return found

    def _values_of(self, raw: Mapping[str, Any]) -> Iterator[str]:
        """Yield the strings that a document gives for a parameter: its default, its only value, its examples."""
        schema = dict_or_empty(raw.get("schema"))
        flat = self._flat_schemas(raw.get("schema"))
        only = flat.enum if len(flat.enum) == 1 else ()
        for value in (flat.default, *only, raw.get("example"), schema.get("example")):
            if isinstance(value, str):
                yield value

    def _known_parameter(self, raw: Mapping[str, Any], option: str) -> Parameter:
        key = id(raw), option
        if key not in self._parameters:
            self._parameters[key] = raw, self._parameter(raw, option)
        return self._parameters[key][1]

    def _parameter(self, raw: Mapping[str, Any], option: str) -> Parameter:
        name, location = raw["name"], raw["in"]
        # A `querystring` parameter must have `content`; with only a schema, it is read as an HTML form.
        media_type, schema = _FORM if location == "querystring" else "", raw.get("schema")
        content, encoding = raw.get("content"), None
        if isinstance(content, Mapping) and content:
            media_type, media = next(iter(content.items()))
            media = media if isinstance(media, Mapping) else {}
            schema = media.get("schema")
            encoding = media.get("encoding") if is_form(media_type) else None
        flat = self._flat_schemas(schema)
        fields: tuple[Field, ...] = ()
        if flat.type == "object" and flat.properties:
            fields = self._compiled(list_fields(schema, self._flat_schemas).fields)
        style = style_of(location, raw.get("style"))
        return Parameter(
            name=name,
            location=location,
            option=option,
            value=value_type(flat, self._resolve, self._flat_schemas),
            is_required=location == "path" or raw.get("required") is True,
            is_deprecated=raw.get("deprecated") is True or flat.is_deprecated,
            is_hidden=raw.get("x-cli-hidden") is True,
            style=style,
            explode=explodes(style, raw.get("explode")),
            item_formats=item_formats_of(raw),
            allow_reserved=raw.get("allowReserved") is True,
            allow_empty=location == "query" and raw.get("allowEmptyValue") is True,
            media_type=media_type,
            encoding=encoding if isinstance(encoding, Mapping) else None,
            description=first_sentence(parameter_description(raw) or flat.description),
            fields=tuple(replace(field, option=f"{option}.{field.option}") for field in fields),
        )

    def _with_aliases(
        self, raws: list[Mapping[str, Any]], parameters: list[Parameter]
    ) -> tuple[Parameter, ...]:
        """Return the parameters with aliases for their options, except aliases that are taken."""
        taken = _taken_options(parameters)
        found = []
        for raw, parameter in zip(raws, parameters, strict=True):
            spelled = [parameter.name] if _SAFE_SPELLING.fullmatch(parameter.name) else []
            declared = [kebab(text_or_empty(alias)) for alias in list_or_empty(raw.get("x-cli-aliases"))]
            aliases = tuple(
                word for word in dict.fromkeys((*spelled, *declared)) if word and word not in taken
            )
            taken.update(aliases)
            key = id(parameter), aliases
            if aliases and key not in self._spelled:
                self._spelled[key] = replace(parameter, aliases=aliases)
            found.append(self._spelled[key] if aliases else parameter)
        return tuple(found)

    def body(self, raw: Any, parameters: tuple[Parameter, ...], method: str) -> Body | None:
        """Return the request body; if a parameter has the option of a field, the field gets the prefix `body.`.

        Args:
            raw: The Request Body Object with unresolved references, which name branches and show recursive schemas.
            method: The method. A field that a patch omits stays unchanged, so a patch has no defaults.

        Raises:
            SkippedOperationError: The target of the reference to the body does not exist.
        """
        tree = self._document.tree
        ref, raw = reference_of(raw), follow_references(tree, raw)
        if ref is not None and raw is None:
            raise SkippedOperationError(f"the request body `{ref}` leads nowhere")
        if not isinstance(raw, Mapping) or not isinstance(raw.get("content"), Mapping):
            return None
        taken = _taken_options(parameters)
        content = tuple(
            self._media_type(
                name,
                dict_or_empty(follow_references(tree, media)),
                taken,
                has_defaults=not is_patch(method, name),
            )
            for name, media in raw["content"].items()
        )
        if not content:
            return None
        return Body(content, raw.get("required") is True)

    def _media_type(
        self, name: str, media: Mapping[str, Any], taken: set[str], *, has_defaults: bool
    ) -> MediaType:
        schema = body_schema(media)
        ref = reference_of(schema)
        key = ref if ref is not None and len(schema) == 1 else equality_key(schema)
        if key not in self._bodies:
            # The key may be the schema's id, which stays unique only as long as the schema exists.
            listing = list_fields(schema, self._flat_raw_schemas)
            self._bodies[key] = (schema, listing._replace(fields=self._compiled(listing.fields)))
        listing = self._bodies[key][1]
        if not has_defaults and key not in self._patches:
            self._patches[key] = _without_defaults(listing.fields)
        fields = fields_with_own_options(listing.fields if has_defaults else self._patches[key], taken)
        return MediaType(name, listing.value, fields, listing.is_cut, listing.choices)

    def _compiled(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        """Return fields with the first sentence of their descriptions.

        The bodies of a document share many paths, options and descriptions, which are stored once.
        """
        found = []
        for field in fields:
            described = field.description
            if described not in self._sentences:
                self._sentences[described] = first_sentence(described)
            path, option = (self._same.setdefault(item, item) for item in (field.path, field.option))
            found.append(replace(field, path=path, option=option, description=self._sentences[described]))
        return tuple(found)

    def example(
        self,
        method: str,
        item: Mapping[str, Any],
        operation: Mapping[str, Any],
        raw_body: Any,
        parameters: tuple[Parameter, ...],
        body: Body | None,
    ) -> tuple[str, ...]:
        """Return the arguments of a command that calls the operation.

        Args:
            item: The path item with resolved references.
            operation: The Operation Object with resolved references.
            raw_body: The Request Body Object with unresolved references.
        """
        from dynacli.openapi.schema.example_call import ExampleWords, is_body_meant

        if self._examples is None:
            self._examples = ExampleWords(self._resolve_raw)
        raw = {
            (parameter.get("in"), parameter.get("name")): self._originals(parameter)
            for holder in (item, operation)
            for parameter in list_or_empty(holder.get("parameters"))
            if isinstance(parameter, Mapping)
        }

        tree = self._document.tree
        described = dict_or_empty(follow_references(tree, raw_body))

        def schema_of(media_type: str) -> Any:
            content = dict_or_empty(described.get("content"))
            return dict_or_empty(follow_references(tree, content.get(media_type))).get("schema")

        if body is not None and not body.is_required:
            asks = any(field.is_needed for field in preferred(body.content).fields)
            body = body if asks and is_body_meant(method, described) else None
        return self._examples(raw, parameters, body, schema_of)


def _without_defaults(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields of a patch without defaults, because a patch must not change a field that the user omits.

    A field with only one allowed value keeps its default.
    """
    having = {id(field) for field in fields if field.value.has_default and len(field.value.enum) != 1}
    if not having:
        return fields
    return tuple(
        replace(field, value=replace(field.value, has_default=False, default=None))
        if id(field) in having
        else field
        for field in fields
    )


def _taken_options(parameters: Iterable[Parameter]) -> set[str]:
    """Return the reserved options, and the options of parameters and their fields."""
    taken = set(_RESERVED_OPTIONS)
    for parameter in parameters:
        taken.update((parameter.option, *parameter.aliases, *(field.option for field in parameter.fields)))
    return taken
