"""Validates the headers of a response: documented headers, and headers that only other responses describe.

Only `dynacli.validation._openapi_core_setup` imports this module.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.response.exceptions import HeadersError, InvalidHeader, MissingRequiredHeader

from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.operation import ITEM_FORMATS_KEY
from dynacli.openapi.schema.evaluation.compiled_schema import ValidationNotes
from dynacli.validation._text_fields import all_types, types_or_string, with_branches
from dynacli.validation.finding import reason_of
from dynacli.validation.operation_document import child_path

_COOKIES = "set-cookie"

# Headers of HTTP, of proxies and of rules for browsers, which documents need not mention.
_STANDARD = frozenset(
    {"accept-ranges", "age", "allow", "alt-svc", "cache-control", "connection", "date", "etag", "expires"}
    | {"keep-alive", "last-modified", "location", "pragma", "proxy-authenticate", "referrer-policy"}
    | {"retry-after", "server", "server-timing", "set-cookie", "strict-transport-security", "trailer"}
    | {"transfer-encoding", "upgrade", "vary", "via", "warning", "www-authenticate", "x-content-type-options"}
    | {"x-frame-options", "x-xss-protection"}
)
_DELIMITERS = {"ssv": " ", "tsv": "\t", "pipes": "|"}
"""The styles of Swagger 2.0 except its default → the delimiter between the members of a list."""
_STANDARD_STARTS = ("access-control-", "content-", "cross-origin-", "sec-")


def note_place(error: Exception, place: SchemaPath) -> None:
    """Add the location in the document to an error, unless it already has a more exact one."""
    cause: Any = error.__cause__ or error
    if not hasattr(cause, "schema_steps"):
        cause.schema_steps = list(place.parts)


class UndocumentedHeaderError(OpenAPIError):
    """The response has a header that the document describes only for another response of the operation.

    Args:
        name: The name as the document spells it.
        response: Status of the other response.
        value: The received value.
    """

    def __init__(self, name: str, response: str, value: str) -> None:
        super().__init__(name)
        self.name, self.response, self.value = name, response, value


class CaseInsensitiveHeaders(dict[str, str]):
    """Headers with case-insensitive names (RFC 9110, section 5.1). Repeated headers are joined (section 5.3).

    Args:
        headers: The headers in order.
    """

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._all: dict[str, list[str]] = {}
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self._all.setdefault(name.lower(), []).append(value)
        self.update({name: ", ".join(values) for name, values in self._all.items()})

    def several(self, name: str) -> list[str]:
        """Return the separate values of a header that may be repeated."""
        return self._all.get(name.lower(), [])

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


class HeaderHooks:
    """The part of a validator that validates the headers of a response."""

    notes: ValidationNotes
    is_exact: bool
    responses: tuple[SchemaPath, str]
    """The `responses` of the operation, and the key of the validated response."""
    schema_validators: Any
    _schema_and_errors: Any
    _get_param_or_header_and_schema: Any
    _validate_value: Any
    _errors: Any

    def _validate_headers(self, headers: Any, operation_response: SchemaPath) -> None:
        """Validate the headers of a response.

        Raises:
            HeadersError: A header is wrong.
        """
        errors: list[OpenAPIError] = []
        described = operation_response / "headers"
        for name, header in described.str_items() if "headers" in operation_response else ():
            if name.lower() == "content-type":  # OpenAPI 3.1.1, "Response Object": it is ignored
                continue
            try:
                for found in self._header_errors(headers, name, header):
                    note_place(found, header)
                    errors.append(found)
            except (RecursionError, DamagedCatalogError):
                raise
            except Exception as error:  # noqa: BLE001  - an error in the document; other headers can be validated
                self.notes.add_failure(f"header `{name}`: {reason_of(error)}")
        if self.is_exact:
            for name, response in _described_elsewhere(*self.responses, headers):
                unknown = UndocumentedHeaderError(name, response, headers[name])
                note_place(unknown, operation_response)
                errors.append(unknown)
        if errors:
            raise HeadersError(context=iter(errors), headers={})

    def _header_errors(
        self, headers: CaseInsensitiveHeaders, name: str, header: SchemaPath
    ) -> Iterator[OpenAPIError]:
        if name not in headers:
            # openapi-core would validate the header's default instead of the missing value.
            if (header / "required").read_bool(default=False):
                yield MissingRequiredHeader(name)
            return
        if "schema" not in header and "content" not in header:
            return
        try:
            types = types_or_string(header / "schema") if "schema" in header else []
            if name.lower() == _COOKIES and types:
                self._validate_cookies(headers.several(name), header / "schema", types)
            elif "schema" in header and _is_choice(known := all_types([header / "schema"])):
                self._validate_value(header / "schema", self._read(headers[name], header, known))
            else:
                self._get_param_or_header_and_schema(header, headers, name=name)
        except OpenAPIError as error:
            found = InvalidHeader(name)
            found.__cause__ = error
            yield found

    def _read(self, text: str, header: SchemaPath, types: set[str]) -> Any:
        """Return the value of a header's text: the first interpretation that matches the schema.

        In a text, `5` may be a number or a string. openapi-core is not used: it stops at the first wrong member without
        naming it. It also keeps the space that HTTP allows after a comma (RFC 9110, section 5.6.1), and ignores types
        in `allOf` and similar keywords.
        """
        from dynacli.media.text_values import field_value, form_value

        schema = header / "schema"
        readings: list[Any] = []
        for is_text_first in (True, False):
            if "array" in types:
                formats = (header / ITEM_FORMATS_KEY).read_value() if ITEM_FORMATS_KEY in header else []
                styles = [(header / "style").read_str("csv"), *formats]
                readings.append(_list([schema], text, styles, is_text_first=is_text_first))
            if "object" in types:
                pairs = _header_pairs(text, is_exploded=(header / "explode").read_bool(default=False))
                written, resolve = self._schema_and_errors(schema)[0], self.schema_validators.resolve
                readings.append(form_value(pairs, written, resolve, is_text_first=is_text_first))
            if types - {"array", "object"}:
                readings.append(field_value(text, types - {"array", "object"}, is_text_first=is_text_first))
        fitting = (value for value in readings if not self._errors(schema, value, None))
        return next(fitting, readings[0])

    def _validate_cookies(self, values: list[str], schema: SchemaPath, types: list[str]) -> None:
        """Validate each `Set-Cookie` alone: dates contain commas, so it cannot be joined (RFC 9110, section 5.3)."""
        if "array" in types:
            self._validate_value(schema, values)
            return
        for value in values:
            self._validate_value(schema, value)


def _is_choice(types: set[str]) -> bool:
    """Return whether a header has several types, or is an array or object, which openapi-core cannot read."""
    return len(types) > 1 or not types.isdisjoint({"array", "object"})


def _list(schemas: list[SchemaPath], text: str, styles: list[str], *, is_text_first: bool) -> list[Any]:
    """Return the list in a text, with its nested lists.

    Args:
        schemas: The schemas of the list.
        text: The text.
        styles: The style of the list and of each nested list, the outer first.
    """
    from dynacli.media.text_values import field_value

    items = [part / "items" for part in with_branches(schemas) if "items" in part]
    types, words = all_types(items), _words(text, _DELIMITERS.get(styles[0], ","))
    if "array" in types and styles[1:]:
        return [_list(items, word, styles[1:], is_text_first=is_text_first) for word in words]
    return [field_value(word, types, is_text_first=is_text_first) for word in words]


def _words(text: str, delimiter: str = ",") -> list[str]:
    return [word.strip() for word in text.split(delimiter)] if text.strip() else []


def _header_pairs(text: str, *, is_exploded: bool) -> list[tuple[str, Any]]:
    words = _words(text)
    if is_exploded:
        return [(name, value) for name, _, value in (word.partition("=") for word in words)]
    return list(zip(words[::2], words[1::2], strict=False))


def _described_elsewhere(
    responses: SchemaPath, key: str, headers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (header, response) for received headers that only other responses describe, with the first of these."""
    described = {
        str(status): _described_headers(child_path(responses, str(status)))
        for status in responses.keys()  # noqa: SIM118  - a SchemaPath cannot be iterated
        if not str(status).startswith("x-")
    }
    known = {name.lower() for name in described.pop(key, {})}
    for response, others in described.items():
        for name, has_value in others.items():
            low = name.lower()
            if low in known or low not in headers or low in _STANDARD or low.startswith(_STANDARD_STARTS):
                continue
            if has_value:
                known.add(low)
                yield name, response


def _described_headers(response: SchemaPath) -> dict[str, bool]:
    """Return name → whether the document describes the value, for the headers of a response in the document."""
    try:
        if "headers" not in response:
            return {}
        headers = dict((response / "headers").str_items())
        return {name: "schema" in header or "content" in header for name, header in headers.items()}
    except (RecursionError, DamagedCatalogError):
        raise
    except Exception:  # noqa: BLE001  - an error in the document, not in the response
        return {}
