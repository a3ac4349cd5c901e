"""What the person gives for the calls of a check: `--set NAME=VALUE` and `--set OPERATION.NAME=VALUE`.

A name may lead into an object: `filter.limit` is a property of the parameter `filter`, or a field of the body.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from dynacli.check.check_records import Value
from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.model.operation import Field, Parameter
from dynacli.request.assemble_body import Assignment, assemble
from dynacli.request.convert_words import convert_all, is_given_as_text
from dynacli.schema.option_fields import find_field

__all__ = ["given_values"]


class _Part(NamedTuple):
    """A word for a property of an object that is a parameter."""

    parameter: Parameter
    field: Field
    option: str
    text: str


_Given = Value | _Part


def given_values(words: Sequence[str], commands: Sequence[DescribedOperation]) -> dict[str, list[Value]]:
    """Return operation → the values that were given for it; one for it alone comes first.

    Args:
        words: `NAME=VALUE` or `OPERATION.NAME=VALUE`; a name is spelled as in the document or as an option.

    Raises:
        UsageError: A word has no `=`, its name is none of any operation, or its value does not fit.
    """
    everywhere: dict[str, list[_Given]] = {}
    alone: dict[str, list[_Given]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            # The word may hold a secret: it is not repeated.
            raise UsageError(
                "A value of --set has no `=`", hint="Write `--set NAME=VALUE` or `--set OPERATION.NAME=VALUE`"
            )
        taken = False
        for described in commands:
            for here, found in ((everywhere, name), (alone, _inside(described, name))):
                for value in _values(described, found, text) if found else ():
                    here.setdefault(described.operation.name, []).append(value)
                    taken = True
        if not taken:
            raise _unknown(name, commands)
    names = dict.fromkeys([*alone, *everywhere])
    return {name: _joined(alone.get(name, []), everywhere.get(name, [])) for name in names}


def _joined(alone: list[_Given], everywhere: list[_Given]) -> list[Value]:
    """Return the values of one operation; those of an object's properties are laid over the object, if it was given."""
    values = [one for one in (*alone, *everywhere) if isinstance(one, Value)]
    words: dict[tuple[str, str], dict[tuple[str, ...], list[_Part]]] = {}
    for one in (*everywhere, *alone):  # the last word wins
        if isinstance(one, _Part):
            key = one.parameter.location, one.parameter.name
            words.setdefault(key, {}).setdefault(one.field.path, []).append(one)
    made = []
    for key, by_path in words.items():
        whole = next((one.value for one in values if (one.location, one.name) == key), None)
        values = [one for one in values if (one.location, one.name) != key]
        assignments = []
        for path, parts in by_path.items():
            texts, option = [one.text for one in parts], parts[0].option
            assignments.append(Assignment(path, convert_all(texts, parts[0].field.value, option), option))
        made.append(Value(*key, assemble(whole, assignments), "set"))
    return [*made, *values]


def _inside(described: DescribedOperation, name: str) -> str:
    """Return what stands behind the operation's own name; empty where the name begins otherwise."""
    operation = described.operation
    for start in (operation.name, operation.operation_id, *operation.aliases):
        if start and name.startswith(f"{start}."):
            return name[len(start) + 1 :]
    return ""


def _values(described: DescribedOperation, name: str, text: str) -> Iterable[_Given]:
    for one in described.operation.parameters:
        if name in _names_of(one):
            word = [text]
            value = text if is_given_as_text(one, word) else convert_all(word, one.value, f"--set {name}")
            yield Value(one.location, one.name, value, "set")
            return  # the first place has the plain name, as with options
    for one in described.operation.parameters:
        found = _property(described, one, name)
        if found is not None:
            yield _Part(one, found, f"--set {name}", text)
            return
    if described.operation.body is None:
        return
    described = described.sending("")
    inside = name.removeprefix("body.")
    if (
        find_field(described.body_schema(), described.api.catalog.resolve, inside, allows_any_name=False)
        is not None
    ):
        yield Value("body", inside, text, "set")


def _property(described: DescribedOperation, parameter: Parameter, name: str) -> Field | None:
    """Return the property of a parameter that a name leads to; None where it leads to none."""
    for one in _names_of(parameter):
        inside = name.removeprefix(one)
        if inside != name and inside.startswith((".", "[")):
            schema = described.parameter_schema(parameter)
            return find_field(schema, described.api.catalog.resolve, inside.removeprefix("."))
    return None


def _names_of(parameter: Parameter) -> tuple[str, ...]:
    place = f"{parameter.location}."
    names = (parameter.name, parameter.option, *parameter.aliases)
    return (*names, *(place + one for one in names))


def _unknown(name: str, commands: Sequence[DescribedOperation]) -> UsageError:
    known = dict.fromkeys(one.name for described in commands for one in described.operation.parameters)
    near = get_close_matches(name.rpartition(".")[2], list(known), 3, 0.6)
    listed = " or ".join(f"`{one}`" for one in near)
    return UsageError(
        f"No operation that is called has an input `{name}`",
        hint=f"Did you mean {listed}?"
        if near
        else "`--dry-run` shows what would be called with which values",
        near=near,
    )
