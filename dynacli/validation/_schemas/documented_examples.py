"""Values that break a limit of the document, though the document itself gives them as examples of their place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonschema_path import SchemaPath

from dynacli.openapi.document.json_trees import is_same_json
from dynacli.openapi.schema.documented_values import example_values_of, walk_value

__all__ = ["forgive_examples"]

_LIMITS = frozenset(
    {"pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
)


def forgive_examples(errors: Iterable[Any], schema: SchemaPath, resolve: Callable[[str], Any]) -> None:
    """Let errors be minor that say of an example of the document that it breaks a limit.

    The document contradicts itself there, and only its author knows which of the two the server goes by.

    Args:
        errors: Errors by the schema.
        schema: The schema of a parameter, or of a body under a media type.
        resolve: Returns the target of a reference; it raises `LookupError` if there is none.
    """
    for error in errors:
        if error.validator in _LIMITS and not error.is_minor:
            examples = _examples(error, schema, resolve)
            error.is_minor = error.is_example = any(is_same_json(error.instance, each) for each in examples)


def _examples(error: Any, schema: SchemaPath, resolve: Callable[[str], Any]) -> Iterator[Any]:
    """Yield the examples of the place of an error: those of its schema, then those of the parameter or media type."""
    own = error.schema if isinstance(error.schema, Mapping) else {}
    yield from (own[keyword] for keyword in ("example", "default") if keyword in own)
    if isinstance(own.get("examples"), list):
        yield from own["examples"]
    holder: Any = schema.parent.read_value()
    for example in example_values_of(holder, resolve):
        yield from walk_value(example, tuple(map(str, error.absolute_path)))
