"""Overriding the options of an earlier call of the same operation."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.query_pairs import input_in_query
from dynacli.client.inputs.read_plain_inputs import input_key
from dynacli.commands.operation_table import OperationTable
from dynacli.commands.read_line import CommandLine, Word, read_words
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.secrets import MASK

_FILTERS = ("filter", "jq", "sql")
"""The options that cannot be combined. Each of them overrides all."""


class _Given(NamedTuple):
    """An option on the command line.

    Args:
        word: The option with its value.
        place: The input or option that it sets, independent of the flag that was used.
    """

    word: Word
    place: Any


def lay_over(run: Run, words: list[str], table: OperationTable) -> list[str]:
    """Return the arguments of an operation, with `run.laid_over` overriding the same options.

    Args:
        words: The arguments after the operation, from the history.
        table: The options of the operation.

    Raises:
        UsageError: A new argument is not an option, or a secret that the history does not store is missing.
    """
    content_type, laid_over = run.options.content_type, run.laid_over or []
    earlier = table.read(words, content_type)
    described = table.described
    earlier_options = _options_of(earlier, described)
    later = table.read(laid_over, content_type)
    # After an unknown option, the argument may be its value. The parser of the options reports that error better.
    if later.positional and all(word.binding is not None for word in later.given):
        raise UsageError(
            f"`{later.positional[0]}` is an unexpected argument",
            reason="`replay` takes only options after the number",
            hint="Give an argument with its option",
        )
    added = _options_of(later, described)
    replaced = {option.place for option in added if not _is_added_to(option.word)}
    objects = [option.word.text for option in added if option.place == "inputs"]
    by_object = {place for text in objects for place in _places_in(text, described)}
    replaced |= by_object
    pairs = (pair for pair in run.options.query if _place_of_pair(pair, described) not in replaced)
    run.options = replace(run.options, query=tuple(pairs))
    # The path and query of an earlier `request` may set an input that an option sets now.
    last = {option.place: option.word.binding for option in earlier_options}
    kept = [
        option
        for option in earlier_options
        if option.place not in replaced
        and option.word.binding is last[option.place]
        and not _is_masked_header(option.word, added)
    ]
    given = {option.place for option in earlier_options}
    in_path = [place for place in _path_places(described.operation.parameters) if place not in given]
    flags = {
        ("path", parameter.name, ()): f"--{parameter.option}" for parameter in described.operation.parameters
    }
    named: list[str] = []
    positional: list[str] = []
    for number, word in enumerate(earlier.positional):
        place = in_path[number] if number < len(in_path) else None
        if place in by_object:
            continue
        if by_object.isdisjoint(in_path) or place is None:
            positional += [word] if place not in replaced else []
        else:  # an earlier path parameter is not positional any more
            named.append(f"{flags[place]}={word}")
    _check_secrets(run.options, kept, positional)
    options = [*named, *(word for option in (*kept, *added) for word in option.word.words)]
    merged = [*options, *([later.without_value] if later.without_value else [])]
    merged += ["--", *positional] if positional and not later.without_value else []
    start = run.start_of(words) if words else None
    ahead = run.words if start is None else run.words[:start]
    if _FILTERS in replaced:
        run.options = replace(run.options, filter="", jq="", sql="")
        ahead = _without_filters(ahead)
    if start is not None:
        run.words = (*ahead, *merged)
    else:  # the arguments include the path of the operation
        run.words = (*ahead, *laid_over)
    return merged


def _without_filters(words: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments before an operation, without the options that filter its result."""
    line = read_words(words)
    return tuple(text for word in line.words if word.option_name not in _FILTERS for text in word.words)


def _options_of(line: CommandLine, described: DescribedOperation) -> list[_Given]:
    """Return the options of a command line, each with what it sets."""
    return [_Given(word, _place_of_option(word, described)) for word in line.given if not word.lacks_value]


def _is_added_to(word: Word) -> bool:
    """Return whether an option adds to its earlier values: it is repeatable, and its values have no names."""
    return word.option is not None and word.option.is_multiple and word.option_name != "query"


def _places_in(inputs: str, described: DescribedOperation) -> Iterator[Any]:
    """Yield the inputs that the keys of a JSON object set, so that options of the earlier call do not override them."""
    try:
        items = json.loads(inputs).items()
    except (ValueError, AttributeError):
        return  # a file, standard input, or an error that the call reports
    for key in filter(None, (input_key(described, name, value) for name, value in items)):
        location, *steps = key
        if key == ("body",):
            yield "body"
        elif location == "body":
            yield location, "", tuple(steps)
        elif steps:
            yield location, steps[0], tuple(steps[1:])


def _place_of_pair(pair: str, described: DescribedOperation) -> Any:
    """Return the input that a pair of the query sets, or the name of an undeclared pair."""
    name = pair.partition("=")[0]
    found = input_in_query(described, name)
    return ("query", name) if found is None else _input_place(*found)


def _place_of_option(word: Word, described: DescribedOperation) -> Any:
    """Return the input or option that an argument sets, independent of the flag."""
    if word.option_name == "query":
        return _place_of_pair(word.text, described)
    if word.option is not None:
        return _FILTERS if word.option.name in _FILTERS else word.option.name
    binding = word.binding
    return word.flag if binding is None else _input_place(binding.parameter, binding.field)


def _input_place(parameter: Parameter | None, field: Field | None) -> Any:
    return (
        parameter.location if parameter is not None else "body",
        parameter.name if parameter is not None else "",
        field.path if field is not None else (),
    )


def _path_places(parameters: Sequence[Parameter]) -> list[Any]:
    """Return the keys of the path parameters, in order."""
    return [("path", parameter.name, ()) for parameter in parameters if parameter.location == "path"]


def _is_masked_header(word: Word, added: list[_Given]) -> bool:
    """Return whether an option is a header with a masked value that is given again."""
    name = _header_name(word)
    return bool(name) and MASK in word.text and any(_header_name(option.word) == name for option in added)


def _header_name(word: Word) -> str:
    """Return the name of the header that an option sets, in lower case; empty for another option."""
    return word.text.partition(":")[0].strip().lower() if word.option_name == "header" else ""


def _check_secrets(options: Options, kept: list[_Given], positional: list[str]) -> None:
    """Check that no masked secret is left, because the history does not store secrets."""
    flags = [option.word.flag for option in kept if MASK in option.word.text]
    flags += ["-H" for header in options.header if MASK in header]
    if not flags and not any(MASK in word for word in positional):
        return
    place = f"`{flags[0]}`" if flags else "an argument"
    raise UsageError(
        f"The call had a secret in {place}, which the history does not store",
        hint=f"Give it again after `replay N`: `{flags[0]} ...`"
        if flags
        else "Give it again, with its option",
    )
