"""The headers of an answer: openapi-core's hooks for them, and what the document says of headers elsewhere.

Only `dynacli.validation.openapi_core_setup` imports this module.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.response.exceptions import (
    HeadersError,
    InvalidHeader,
    MissingRequiredHeader,
)

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.validation.bodies.body_hooks import child, kinds_of
from dynacli.validation.bodies.text_fields import all_kinds, form_of, parts, value_of
from dynacli.validation.judging_session import Session, reason_of
from dynacli.validation.openapi_core_adapters import Lowered

__all__ = ["Headers", "UndocumentedHeaderError", "placed"]

_COOKIES = "set-cookie"

# What HTTP itself, a proxy or a browser's rules give a meaning to; no document needs to mention them.
_STANDARD = frozenset(
    {"accept-ranges", "age", "allow", "alt-svc", "cache-control", "connection", "date", "etag", "expires"}
    | {"keep-alive", "last-modified", "location", "pragma", "proxy-authenticate", "referrer-policy"}
    | {"retry-after", "server", "server-timing", "set-cookie", "strict-transport-security", "trailer"}
    | {"transfer-encoding", "upgrade", "vary", "via", "warning", "www-authenticate", "x-content-type-options"}
    | {"x-frame-options", "x-xss-protection"}
)
_STANDARD_STARTS = ("access-control-", "content-", "cross-origin-", "sec-")


def placed(error: Exception, place: SchemaPath) -> None:
    """Note on an error where the document describes what it is about, unless it knows a closer place."""
    cause: Any = error.__cause__ or error
    if not hasattr(cause, "schema_steps"):
        cause.schema_steps = list(place.parts)


class UndocumentedHeaderError(OpenAPIError):
    """A header came that the document describes for another answer of the operation.

    Args:
        name: As the document spells it.
        answer: The other answer's status.
        value: What came.
    """

    def __init__(self, name: str, answer: str, value: str) -> None:
        super().__init__(name)
        self.name, self.answer, self.value = name, answer, value


class Headers:
    """The part of a validator that judges the headers of an answer."""

    session: Session
    is_exact: bool
    responses: tuple[SchemaPath, str]
    """All answers of the operation, and the key of the one that is judged."""
    _get_param_or_header_and_schema: Any
    _validate_schema: Any
    _errors: Any

    def _get_headers(self, headers: Any, operation_response: SchemaPath) -> dict[str, Any]:
        errors: list[OpenAPIError] = []
        described = operation_response / "headers"
        for name, header in described.str_items() if "headers" in operation_response else ():
            if name.lower() == "content-type":  # OpenAPI 3.1.1, "Response Object": it is ignored
                continue
            try:
                for found in self._header_errors(headers, name, header):
                    placed(found, header)
                    errors.append(found)
            except (RecursionError, DamagedCatalogError):
                raise
            except Exception as error:  # noqa: BLE001  - the document is to blame, and the rest can be judged
                self.session.fail(f"header `{name}`: {reason_of(error)}")
        if self.is_exact:
            for name, answer in _described_elsewhere(*self.responses, headers):
                unknown = UndocumentedHeaderError(name, answer, headers[name])
                placed(unknown, operation_response)
                errors.append(unknown)
        if errors:
            raise HeadersError(context=iter(errors), headers={})
        return {}

    def _header_errors(self, headers: Lowered, name: str, header: SchemaPath) -> Iterator[OpenAPIError]:
        if name not in headers:
            # openapi-core takes the default for the value here, and would judge the document by itself.
            if (header / "required").read_bool(default=False):
                yield MissingRequiredHeader(name)
            return
        if "schema" not in header and "content" not in header:
            return
        try:
            kinds = kinds_of(header / "schema") if "schema" in header else []
            if name.lower() == _COOKIES and kinds:
                self._judge_cookies(headers.several(name), header / "schema", kinds)
            elif "schema" in header and _is_choice(known := all_kinds([header / "schema"])):
                self._validate_schema(header / "schema", self._read(headers[name], header, known))
            else:
                self._get_param_or_header_and_schema(header, headers, name=name)
        except OpenAPIError as error:
            found = InvalidHeader(name)
            found.__cause__ = error
            yield found

    def _read(self, text: str, header: SchemaPath, kinds: set[str]) -> Any:
        """Return what a header stands for as it fits, if it does: nothing says whether `5` is a number or a text.

        openapi-core stops at the first member of another type, and does not say which one that is;
        it keeps the space that HTTP allows behind a comma (RFC 9110, section 5.6.1);
        and it takes no type from `allOf` and the like.
        """
        schema = header / "schema"
        readings: list[Any] = []
        for is_text_first in (True, False):
            if "array" in kinds:
                items = all_kinds([one / "items" for one in parts([schema]) if "items" in one])
                words = _words(text)
                readings.append([value_of(one, items, is_text_first=is_text_first) for one in words])
            if "object" in kinds:
                pairs = _pairs(text, is_exploded=(header / "explode").read_bool(default=False))
                readings.append(form_of(schema, pairs, is_text_first=is_text_first))
            if kinds - {"array", "object"}:
                readings.append(value_of(text, kinds - {"array", "object"}, is_text_first=is_text_first))
        fitting = (one for one in readings if not self._errors(schema, one, None))
        return next(fitting, readings[0])

    def _judge_cookies(self, values: list[str], schema: SchemaPath, kinds: list[str]) -> None:
        """Judge each `Set-Cookie`: they cannot be joined, since a date in one has a comma (RFC 9110, section 5.3)."""
        if "array" in kinds:
            self._validate_schema(schema, values)
            return
        for value in values:
            self._validate_schema(schema, value)


def _is_choice(kinds: set[str]) -> bool:
    """Return whether a header is more than one value of one type, which openapi-core can read."""
    return len(kinds) > 1 or not kinds.isdisjoint({"array", "object"})


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")] if text.strip() else []


def _pairs(text: str, *, is_exploded: bool) -> list[tuple[str, Any]]:
    words = _words(text)
    if is_exploded:
        return [(name, value) for name, _, value in (word.partition("=") for word in words)]
    return list(zip(words[::2], words[1::2], strict=False))


def _described_elsewhere(
    responses: SchemaPath, key: str, headers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield headers that came and that only other answers are described with, each with the first of those."""
    described = {
        str(one): _described(child(responses, str(one)))
        for one in responses.keys()  # noqa: SIM118  - a path has no iteration of its keys
        if not str(one).startswith("x-")
    }
    known = {name.lower() for name in described.pop(key, {})}
    for answer, others in described.items():
        for name, has_value in others.items():
            low = name.lower()
            if low in known or low not in headers or low in _STANDARD or low.startswith(_STANDARD_STARTS):
                continue
            if has_value:
                known.add(low)
                yield name, answer


def _described(response: SchemaPath) -> dict[str, bool]:
    """Return the headers of an answer, each with whether its value is described."""
    try:
        if "headers" not in response:
            return {}
        headers = dict((response / "headers").str_items())
        return {name: "schema" in header or "content" in header for name, header in headers.items()}
    except (RecursionError, DamagedCatalogError):
        raise
    except Exception:  # noqa: BLE001  - a reference that leads nowhere, for one: it is no matter of the answer that came
        return {}
