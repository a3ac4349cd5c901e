"""The encoding of the properties of a form or a multipart body: by Encoding Objects, or by default.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Encoding Object". Documents of 2.0 are converted to 3.0 before.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.http.semantics import is_text_type
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.model.media_types import is_binary
from dynacli.openapi.model.operation import ITEM_FORMATS_KEY, Dialect, item_formats_of
from dynacli.openapi.references import reference_of
from dynacli.openapi.schema.flatten_schema import flatten
from dynacli.openapi.schema.read_schema import Resolve, possible_schemas
from dynacli.record import record

_MOST_BRANCHES = 200
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf"""\s*;\s*{_WORD}=({_WORD}|"[^"\\\x00-\x1f\x7f-\uffff]*")"""
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}({_PARAMETER})*", re.ASCII)
_NOT_OF_A_PART = frozenset({"content-type", "content-disposition", "content-length"})


@record
class PartHeader:
    """A header of a part.

    Args:
        value: The value in the document: the only allowed value, the default or an example; None if it has none.
    """

    name: str
    is_required: bool = False
    value: Any = None


@record
class PropertyEncoding:
    """The encoding of a property.

    Args:
        media_types: The types and ranges in the document's `contentType`, without malformed ones.
        takes_file: Whether the value can be the content of a file.
        takes_text: Whether the value can be anything else.
        style: The style, as for a query parameter; empty if a media type decides.
        explode: The `explode`, as for a query parameter.
        item_formats: The formats of nested arrays, as for a query parameter.
        allow_reserved: The `allowReserved`, as for a query parameter.
        headers: The headers of the part.
    """

    media_types: tuple[str, ...] = ()
    takes_file: bool = False
    takes_text: bool = True
    style: str = ""
    explode: bool = False
    allow_reserved: bool = False
    headers: tuple[PartHeader, ...] = ()
    item_formats: tuple[str, ...] = ()


class Encodings:
    """The encodings of a Media Type Object.

    Args:
        is_multipart: Whether it is a multipart body; otherwise a form.
        has_examples: Whether required headers of parts get an example value if the document has no other value.
    """

    def __init__(
        self,
        media: Mapping[str, Any],
        resolve: Resolve,
        dialect: Dialect,
        *,
        is_multipart: bool,
        has_examples: bool = False,
    ) -> None:
        self._media = media
        self._has_examples = has_examples
        self._resolve = resolve
        self._dialect = dialect
        self._is_multipart = is_multipart
        self._schema = media.get("schema")
        self._flat = flatten(self._schema, resolve)

    def of(self, name: str) -> PropertyEncoding:
        """Return the encoding of a property, even if the document does not list it."""
        # The parts of a body that is a file, or an array of files, may have any name.
        unnamed = self._schema if self._flat.type in ("string", "array") else self._flat.additional
        schema = self._flat.properties.get(name, unnamed)
        return self._encoding(dict_or_empty(dict_or_empty(self._media.get("encoding")).get(name)), schema)

    def names(self) -> list[str]:
        """Return the names of the properties in the document's order."""
        return list(self._flat.properties)

    def of_item(self, index: int) -> PropertyEncoding:
        """Return the encoding of an item of an array body (3.2, `prefixEncoding` and `itemEncoding`)."""
        prefix = self._media.get("prefixEncoding")
        described = self._media.get("itemEncoding")
        if isinstance(prefix, list) and index < len(prefix):
            described = prefix[index]
        schema = self._media.get("itemSchema")
        for found in self._schemas(self._schema):
            items = found.get("prefixItems")
            is_prefix = isinstance(items, list) and index < len(items)
            schema = items[index] if is_prefix and isinstance(items, list) else found.get("items", schema)
        return self._encoding(dict_or_empty(described), schema)

    def _encoding(self, described: Mapping[str, Any], schema: Any) -> PropertyEncoding:
        takes_file, takes_text = self._takes(schema) if self._is_multipart else (False, True)
        # 3.0 has the style for forms only: "SHALL be ignored if the request body media type is not
        # application/x-www-form-urlencoded"; since 3.1 it applies to multipart, too.
        # The styles of Swagger 2.0 (`collectionFormat`) apply to multipart, too.
        has_style = (
            not self._is_multipart
            or self._dialect != "3.0"
            or described.get("style") in {"csv", "ssv", "tsv", "pipes"}
            or ITEM_FORMATS_KEY in described
        ) and any(key in described for key in ("style", "explode", "allowReserved", ITEM_FORMATS_KEY))
        style = str(described.get("style", "form")) if has_style else ""
        explode = described.get("explode")
        return PropertyEncoding(
            media_types=_safe_media_types(described.get("contentType")),
            takes_file=takes_file,
            takes_text=takes_text,
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            allow_reserved=described.get("allowReserved") is True,
            headers=tuple(self._headers(described)) if self._is_multipart else (),
            item_formats=item_formats_of(described),
        )

    def _takes(self, schema: Any) -> tuple[bool, bool]:
        """Return whether a part can be a file, and whether it can be something else."""
        flat = flatten(schema, self._resolve)
        if flat.type == "array":
            schema = flat.items
        schemas = list(self._schemas(schema))
        binary = [part for part in schemas if is_binary(part)]
        is_typed = any(part.keys() & {"type", "properties", "enum", "const", "items"} for part in schemas)
        # Since 3.1, a schema without a type describes bytes ("Working with Binary Data").
        is_untyped = self._dialect != "3.0" and isinstance(schema, Mapping) and not is_typed
        # A text with a media type, such as `contentMediaType: text/csv`, may also be a file.
        is_text = any(is_text_type(str(part.get("contentMediaType", ""))) for part in schemas)
        has_other = any(_describes_values(part) for part in schemas if part not in binary)
        return bool(binary) or is_untyped or is_text, not binary or has_other

    def _schemas(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        return possible_schemas(schema, self._resolve, _MOST_BRANCHES)

    def _target(self, ref: str) -> Any:
        try:
            return self._resolve(ref)
        except LookupError:
            return None

    def _headers(self, described: Mapping[str, Any]) -> Iterator[PartHeader]:
        for name, raw in dict_or_empty(described.get("headers")).items():
            ref = reference_of(raw)
            header = raw if ref is None else self._target(ref)
            if str(name).lower() in _NOT_OF_A_PART or not isinstance(header, Mapping):
                continue
            yield PartHeader(str(name), header.get("required") is True, self._header_value(header))

    def _header_value(self, header: Mapping[str, Any]) -> Any:
        for part in self._schemas(header.get("schema")):
            choices = part.get("enum")
            if "const" in part:
                return part["const"]
            if isinstance(choices, list) and len(choices) == 1:
                return choices[0]
            if "default" in part:
                return part["default"]
        if not self._has_examples or header.get("required") is not True:
            return None
        from dynacli.openapi.schema.document_schemas import NoExampleError
        from dynacli.openapi.schema.example_call import body_example

        try:
            return body_example(header, self._resolve)
        except (NoExampleError, LookupError):
            return None  # an error names the header as missing later


def _describes_values(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema itself describes values other than null."""
    return bool(schema.keys() & {"properties", "enum", "const", "items"}) or (
        "type" in schema and schema["type"] not in ("null", ["null"])
    )


def _safe_media_types(declared: Any) -> tuple[str, ...]:
    """Return the media types in a `contentType`, without malformed ones, which could inject headers."""
    if not isinstance(declared, str):
        return ()
    names = map(str.strip, declared.split(","))
    return tuple(name for name in names if _MEDIA_TYPE.fullmatch(name))
