"""The bodies that an answer of a mock can have: the document's examples first, then values made of the schema."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.mock.answer_text import written_value
from dynacli.mock.negotiate import sent_name
from dynacli.model.lenient_reading import dict_or_empty
from dynacli.model.media_types import body_schema, is_json, is_sequence
from dynacli.record import record
from dynacli.schema.example_value import NoExampleError, example_value

__all__ = ["AnswerBodies", "AnswerBody", "NoNamedExampleError", "ValueMaker", "static_value"]

ValueMaker = Callable[[Any, Callable[[str], Any], bool], Any]
"""Makes a value of a schema; is given what resolves its references, and whether only what is required is wanted."""


class NoNamedExampleError(LookupError):
    """The document has no example of a name, or none with a value in the document; the text says which."""


@record
class AnswerBody:
    """A body.

    Args:
        media_type: Its `Content-Type`.
        source: What it was made of, as a person is told: `example`, `example NAME` or `schema`.
    """

    content: bytes
    media_type: str
    source: str


def static_value(schema: Any, resolve: Callable[[str], Any], is_short: bool) -> Any:
    """Return the value of a schema that is the same every time.

    Raises:
        NoExampleError: None can be made.
    """
    return example_value(schema, resolve, direction="response", required_only=is_short)


class AnswerBodies:
    """The bodies of an answer under one media type of the document.

    Args:
        offer: The media type or range, a key of the document.
        named: The media type that the client names within a range; empty where it names none.
        raw: The Media Type Object.
    """

    def __init__(self, described: DescribedOperation, offer: str, named: str, raw: Any) -> None:
        self._described, self._offer, self._named = described, offer, named
        self._media = dict_or_empty(described.follow(raw))
        self._schema = body_schema(self._media)

    def named(self, name: str) -> Iterator[AnswerBody]:
        """Yield the bodies that the example of a name stands for, the likeliest first.

        Raises:
            NoNamedExampleError: There is none.
        """
        examples = dict_or_empty(self._media.get("examples"))
        if name not in examples:
            listed = ", ".join(f"`{each}`" for each in examples)
            raise NoNamedExampleError(
                f"The answer has no example `{name}` as `{self._offer}`; "
                + (f"it has {listed}" if listed else "it has none with a name")
            )
        found = list(self._of_example(name, examples[name]))
        if not found:
            raise NoNamedExampleError(f"The example `{name}` has no value in the document")
        yield from found

    def documented(self) -> Iterator[AnswerBody]:
        """Yield the bodies that the examples of the document stand for."""
        if "example" in self._media:
            yield from self._of_value(self._media["example"], "example")
        for name, raw in dict_or_empty(self._media.get("examples")).items():
            yield from self._of_example(name, raw)

    def made(self, make_value: ValueMaker) -> Iterator[AnswerBody]:
        """Yield bodies made of the schema: with all properties, then with those that are required."""
        schema = self._schema
        if schema in (None, {}, True):
            if schema is None and str(self._described.api.catalog.meta["openapi"]).strip().startswith("2"):
                return  # "no content is returned" (Swagger 2.0, "Response Object")
            name = sent_name(self._offer, self._named, is_text=False)
            empty: Any = {} if is_json(name) or is_sequence(name) else "string"
            yield from self._of_value(empty, "schema")
            return
        for is_short in (False, True):
            with suppress(NoExampleError):
                yield from self._of_value(make_value(schema, self._described.resolve, is_short), "schema")

    def _of_example(self, name: str, raw: Any) -> Iterator[AnswerBody]:
        example = dict_or_empty(self._described.follow(raw))
        source = f"example `{name}`"
        # OpenAPI 3.2.0, "Example Object".
        if isinstance(example.get("serializedValue"), str):
            yield self._body(example["serializedValue"].encode("utf-8", "replace"), source)
        for key in ("dataValue", "value"):
            if key in example:
                yield from self._of_value(example[key], source)

    def _of_value(self, value: Any, source: str) -> Iterator[AnswerBody]:
        """Yield the body of a value; a text may be the body itself, written as it is sent."""
        is_text = isinstance(value, str)
        name = sent_name(self._offer, self._named, is_text=is_text)
        if is_text and is_sequence(name):
            yield self._body(value.encode("utf-8", "replace"), source, name)
        with suppress(UsageError):  # such as a number that JSON cannot write
            content, media_type = written_value(value, name, self._media, self._schema, self._described)
            yield AnswerBody(content, media_type, source)
        if is_text and is_json(name) and not is_sequence(name) and _is_json_text(value):
            yield self._body(value.encode(), source, name)

    def _body(self, content: bytes, source: str, media_type: str = "") -> AnswerBody:
        name = media_type or sent_name(self._offer, self._named, is_text=False)
        return AnswerBody(content, name, source)


def _is_json_text(text: str) -> bool:
    try:
        return isinstance(json.loads(text), Mapping | list)
    except (ValueError, RecursionError):
        return False
