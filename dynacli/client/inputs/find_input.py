"""Which input of an operation a name means: a parameter, a place inside of one, or a place in the body."""

import json

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.model.operation import Field, Parameter
from dynacli.model.wording import did_you_mean, enumerated
from dynacli.record import replace

__all__ = ["find_input", "no_such_input"]


def find_input(described: DescribedOperation, word: str) -> tuple[Parameter | None, Field | None]:
    """Return the parameter that a name means, and the field inside of it or of the body; None where it means none.

    Args:
        word: As behind `--`: the document's own spelling, `query.NAME`, `body.NAME`, a deeper field (`filter.status`),
            an item of an array (`tags[0]`), a key of a map.
    """
    # Most calls have listed options alone.
    from dynacli.schema.option_fields import find_field

    head, dot, rest = word.partition(".")
    for parameter in described.operation.parameters:
        names = dict.fromkeys((parameter.option, parameter.word, *parameter.aliases))
        is_located = head == parameter.location and bool(dot) and rest in (*names, parameter.name)
        if word in {parameter.name, parameter.word} or is_located:
            return parameter, None
        for name in names:
            if word.startswith((f"{name}.", f"{name}[")):
                inside = word[len(name) :].lstrip(".")
                field = find_field(described.parameter_schema(parameter), described.resolve, inside)
                if field is not None:
                    return parameter, replace(field, option=word)
    if described.media_type is None:
        return None, None
    schema = described.body_schema()
    inside = word.removeprefix("body")
    if inside != word and inside.startswith((".", "[")):
        field = find_field(schema, described.resolve, inside.removeprefix("."))
        if field is not None:
            return None, replace(field, option=word)  # what was typed is what messages call it
    return None, find_field(schema, described.resolve, word, allows_any_name=False)


def no_such_input(described: DescribedOperation, flag: str, known: set[str], page: str) -> UsageError:
    """Return the error for an option that there is not, with those that it may have been meant for.

    Args:
        flag: With its `--`.
        known: The flags of all options that are listed.
        page: The command that shows the help page.
    """
    from dynacli.client.inputs.near_inputs import near_options, operations_with_option

    of_map = _key_of_map(described, flag)
    if of_map is not None:
        return of_map
    near = near_options(described, flag, known)
    if near:
        return UsageError(f"There is no option `{flag}`", hint=did_you_mean(near), near=near)
    others = operations_with_option(described, flag.removeprefix("--"))
    has = f"{enumerated([f'`{name}`' for name in others])} {'has' if len(others) == 1 else 'have'} it"
    return UsageError(
        f"`{described.operation.name}` has no option `{flag}`" if others else f"There is no option `{flag}`",
        why=has[0].upper() + has[1:] if others else "",
        hint=f"See `{page}`",
        near=[],
    )


def _key_of_map(described: DescribedOperation, flag: str) -> UsageError | None:
    """Return the error for a key of a map that an option cannot say; None where no map is meant."""
    word = flag.removeprefix("--")
    for end in [index for index, char in enumerate(word) if char in ".["][1:]:
        _, field = find_input(described, word[:end])
        if field is None:
            continue
        _, above = find_input(described, word[: word.rfind(".", 0, end)])
        if above is not None and above.value.type == "object" and above.value.items is not None:
            value = json.dumps({word[len(above.option) + 1 :]: "value"})
            return UsageError(
                f"There is no option `{flag}`",
                why="A dot or a bracket in an option leads to a place further in",
                hint=f"A key that has one is given as JSON: `--{above.option} '{value}'`",
                near=[f"--{above.option}"],
            )
    return None
