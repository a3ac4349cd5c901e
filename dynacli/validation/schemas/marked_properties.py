"""The keywords that look at `readOnly` and `writeOnly`: properties that one direction leaves out."""

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

from dynacli.schema.read_schema import Follow, applied_schemas, is_marked, mapping_of
from dynacli.validation.findings.schema_error import SchemaError, schema_error
from dynacli.validation.judging_notes import look_up
from dynacli.validation.schemas.keywords import Keyword

__all__ = ["properties", "required", "without_left_out"]


def required(hidden: str) -> Keyword:
    """Return the keyword `required`, which does not require properties that this direction leaves out.

    OpenAPI 3.0.4 and 3.1.1, "Schema Object": a property that is `readOnly` is required only in answers,
    and a property that is `writeOnly` only in requests.

    Args:
        hidden: The marker of properties that are left out: `readOnly` for requests, `writeOnly` for answers.
    """

    def required_keyword(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        if not isinstance(names, list):
            if isinstance(names, bool):
                return  # `required: true` on a property is from Swagger 1
            raise TypeError(names)
        for name in names:
            if (
                name not in instance
                and not _is_marked(validator, schema.get("properties", {}).get(name), hidden)
                and not _is_left_out(validator, schema, name, hidden)
            ):
                yield schema_error("is missing", str(name))

    return required_keyword


def without_left_out(keyword: Keyword, hidden: str) -> Keyword:
    """Return `allOf` or `$ref` without the errors about missing properties that this direction leaves out.

    One of the schemas may require a property that another one marks.

    Args:
        keyword: The keyword.
        hidden: The same as for `required`.
    """

    def forgiving_keyword(
        validator: Any, value: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        for error in keyword(validator, value, instance, schema) or ():
            is_own = error.validator == "required" and not error.relative_path
            names = error.names if is_own and isinstance(error, SchemaError) else ()
            if not any(_is_left_out(validator, schema, name, hidden) for name in names):
                yield error

    return forgiving_keyword


def _is_left_out(validator: Any, schema: Any, name: str, hidden: str) -> bool:
    """Return whether a property is marked by a schema, in its `allOf`, or where it refers to."""
    follow = _follow(validator._resolver)  # noqa: SLF001  - jsonschema's own keywords use it, too
    try:
        return any(
            is_marked(mapping_of(part, "properties").get(name), hidden, follow)
            for part in applied_schemas(schema, follow)
        )
    except (LookupError, Unresolvable):
        return False  # judging itself notes that the reference leads nowhere


def properties(hidden: str) -> Keyword:
    """Return the keyword `properties`, which finds properties that this direction leaves out.

    OpenAPI 3.0.4, "Schema Object": `readOnly` and `writeOnly` are "relevant only for Schema Object properties
    definitions", but openapi-core applies them to parameters and items, too.
    Since 3.1 they are annotations: a server may ignore a property that should not be sent, but it sends no secret.

    Args:
        hidden: The same as for `required`.
    """

    def properties_keyword(validator: Any, schemas: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        for name, schema in schemas.items():
            if name not in instance:
                continue
            try:
                is_marked = _is_marked(validator, schema, hidden)
            except (LookupError, Unresolvable):
                is_marked = False  # `descend` notes that the reference leads nowhere
            if is_marked:
                yield schema_error(
                    "is not for this direction",
                    path=(name,),
                    schema_path=(name,),
                    validator=hidden,
                    validator_value=True,
                    instance=instance[name],
                    is_minor=True,
                )
            yield from validator.descend(instance[name], schema, path=name, schema_path=name)

    return properties_keyword


def _is_marked(validator: Any, schema: Any, keyword: str) -> bool:
    return is_marked(schema, keyword, _follow(validator._resolver))  # noqa: SLF001  - jsonschema's own do so


def _follow(resolver: Any) -> Follow:
    def follow(reference: str) -> tuple[Any, Follow]:
        found = look_up(resolver, reference)
        return found.contents, _follow(found.resolver)

    return follow
