"""Operations as their exchanges show them: parameters, bodies, responses and credentials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from dynacli.features.learn.exchanges import ObservedBody, ObservedExchange
from dynacli.http.semantics import is_form, is_multipart
from dynacli.openapi.document.json_trees import MISSING
from dynacli.openapi.model.path_templates import path_values
from dynacli.openapi.schema.observed_shape import ObservedShape
from dynacli.secrets import is_secret_header, is_secret_name

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_BOOLEANS = {"true": True, "false": False}
_HTTP_SCHEMES = ("bearer", "basic", "digest")


class SchemeKey(NamedTuple):
    """A security scheme, as it was seen.

    Args:
        kind: `bearer`, `basic` or `digest`; `apiKey` for an API key.
        location: `header`, `query` or `cookie` of an API key; else empty.
        name: The name of the header, pair or cookie; else empty.
    """

    kind: str
    location: str = ""
    name: str = ""


class ObservedText:
    """The texts of a parameter: values that a request sends without a type.

    Attributes:
        exchanges: Number of exchanges that have the parameter.
        is_repeated: Whether an exchange has it several times.
        is_empty: Whether a text is empty.
        shape: The shape of the values, with the types that all texts have.
    """

    def __init__(self) -> None:
        self.exchanges = 0
        self.is_repeated = self.is_empty = False
        self._kinds = {"integer", "number", "boolean"}
        self._texts = ObservedShape()

    def add(self, texts: list[str]) -> None:
        """Take the texts of an exchange into account."""
        self.exchanges += 1
        self.is_repeated |= len(texts) > 1
        for text in texts:
            self.is_empty |= not text
            self._texts.add(text)
            if not _INTEGER.fullmatch(text):
                self._kinds.discard("integer")
            if not _NUMBER.fullmatch(text):
                self._kinds.discard("number")
            if text not in _BOOLEANS:
                self._kinds.discard("boolean")

    @property
    def shape(self) -> ObservedShape:
        """The shape of the values. Texts of several types are strings."""
        kind = next((kind for kind in ("integer", "number", "boolean") if kind in self._kinds), "")
        if not kind or not self.exchanges:
            return self._texts
        typed = ObservedShape()
        typed.types[kind] = self._texts.count
        return typed


class ObservedBodies:
    """The bodies of the requests, or of the responses with one status, of an operation.

    Attributes:
        count: Number of messages.
        empty: Number of messages without a body.
        shapes: Media type → shape of the values.
        forms: Media type → field → texts.
    """

    def __init__(self) -> None:
        self.count = self.empty = 0
        self.shapes: dict[str, ObservedShape] = {}
        self.opaque: set[str] = set()
        self.forms: dict[str, ObservedForm] = {}

    def add(self, body: ObservedBody) -> None:
        """Take a body into account."""
        self.count += 1
        if not body.media_type:
            self.empty += 1
        elif body.value is MISSING:
            self.opaque.add(body.media_type)
        elif is_form(body.media_type) or is_multipart(body.media_type):
            self.forms.setdefault(body.media_type, ObservedForm()).add(body.value)
        else:
            self.shapes.setdefault(body.media_type, ObservedShape()).add(body.value)


class ObservedForm:
    """The fields of a form."""

    def __init__(self) -> None:
        self.count = 0
        self.fields: dict[str, ObservedText] = {}

    def add(self, value: dict[str, str | list[str]]) -> None:
        """Take the fields of a form into account."""
        self.count += 1
        for name, texts in value.items():
            listed = texts if isinstance(texts, list) else [texts]
            self.fields.setdefault(name, ObservedText()).add([str(text) for text in listed])


class ObservedOperation:
    """An operation as its exchanges show it.

    Attributes:
        method: The method in capitals.
        path: The path template.
        is_guessed: Whether a parameter of the path was recognized by responses.
    """

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path, self.is_guessed = method, path, False
        self.exchanges = self.successes = 0
        self.path_values: dict[str, ObservedText] = {}
        self.query: dict[str, ObservedText] = {}
        self.request = ObservedBodies()
        self.responses: dict[int, ObservedBodies] = {}
        self.security: Counter[frozenset[SchemeKey]] = Counter()

    def add(self, exchange: ObservedExchange) -> None:
        """Take an exchange into account."""
        request, response = exchange.request_body, exchange.response_body
        self.exchanges += 1
        self.successes += exchange.is_success
        values = path_values(self.path, "/" + "/".join(exchange.steps)) or {}
        for name, text in values.items():
            self.path_values.setdefault(name, ObservedText()).add([unquote(text)])
        pairs: dict[str, list[str]] = {}
        for name, text in exchange.query:
            if not is_secret_name(name):
                pairs.setdefault(name, []).append(text)
        for name, texts in pairs.items():
            self.query.setdefault(name, ObservedText()).add(texts)
        if exchange.recorded.content_loss:
            pass  # nothing is known of the body
        else:
            self.request.add(request)
        bodies = self.responses.setdefault(exchange.status, ObservedBodies())
        if exchange.recorded.response is not None and exchange.recorded.response.body is not None:
            bodies.add(response)
        schemes = frozenset(_schemes(exchange))
        if schemes or exchange.is_success:
            self.security[schemes] += 1


def _schemes(exchange: ObservedExchange) -> Iterator[SchemeKey]:
    """Yield the security schemes of the credentials in a request."""
    for name, value in exchange.recorded.request.headers:
        plain = name.lower()
        if plain == "authorization":
            scheme, space, _ = value.strip().partition(" ")
            is_known = bool(space) and scheme.lower() in _HTTP_SCHEMES
            yield SchemeKey(scheme.lower()) if is_known else SchemeKey("apiKey", "header", "Authorization")
        elif plain == "cookie":
            yield from (SchemeKey("apiKey", "cookie", name) for name in _secret_cookies(value))
        elif is_secret_header(name) and plain not in {"set-cookie", "proxy-authorization"}:
            yield SchemeKey("apiKey", "header", plain)
    yield from (SchemeKey("apiKey", "query", name) for name, _ in exchange.query if is_secret_name(name))


def _secret_cookies(text: str) -> Iterator[str]:
    for pair in text.split(";"):
        name = pair.partition("=")[0].strip()
        if name and (is_secret_header(name) or "sess" in name.lower() or name.lower() == "sid"):
            yield name
