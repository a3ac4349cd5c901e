"""Makes mistakes in the example calls of operations, and follows the corrected lines that the errors end with."""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dynacli.model.operation import Operation, ValueType
from tests.harness import run_cli

__all__ = ["Mistake", "filled", "followed", "mistakes_of"]

_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_@|:=.,-]*")
_NUMBERS = ("integer", "number")


class Mistake(NamedTuple):
    """A wrong call.

    Args:
        kind: What is wrong with it.
        words: The words behind the operation.
    """

    kind: str
    words: tuple[str, ...]


def mistakes_of(operation: Operation) -> Iterator[Mistake]:
    """Yield a mistake of each kind that can be made in the example call of an operation."""
    example = operation.example
    yield Mistake("unknown option", (*example, "--zzz-of-no-api", "x"))
    yield Mistake("extra positional", (*example, "surplus"))
    if operation.parameters and operation.parameters[0].is_required and len(example) > 1:
        yield Mistake("missing required", ())
    values = list(_options(operation))
    for option, value in values:
        if option not in example and value.type in (*_NUMBERS, "boolean") and not value.enum:
            yield Mistake("wrong type", (*example, option + "=notone"))
            break
    for option, value in values:
        if option not in example and value.enum and "null" not in value.enum:
            yield Mistake("wrong enum", (*example, option, f"{value.enum[-1]}x"))
            break
    for option, value in values:
        if option not in example and value.type in ("string", *_NUMBERS) and len(option) > 6:
            wrong = option[:-3] + option[-2] + option[-3] + option[-1]
            yield Mistake("misspelt option", (*example, wrong, "7"))
            break


def _options(operation: Operation) -> Iterator[tuple[str, ValueType]]:
    for parameter in operation.parameters:
        if parameter.location != "path" and not parameter.media_type:
            yield f"--{parameter.option}", parameter.value
    content = operation.body.content if operation.body is not None else ()
    for media_type in content[:1]:
        yield from ((f"--{field.option}", field.value) for field in media_type.fields if len(field.path) == 1)


def filled(line: str, operation: Operation, typed: Sequence[str]) -> list[str]:
    """Return the words of a corrected line with its placeholders filled in.

    Those in the path get the values of the example; options with a placeholder are left to `--example`.

    Args:
        typed: The words that were wrong, in which capitals are no placeholders.
    """
    words = shlex.split(line)[1:]
    in_path = [
        each.word.upper().replace("-", "_") for each in operation.parameters if each.location == "path"
    ]
    values = dict(zip(in_path, operation.example, strict=False))
    made: list[str] = []
    for word in words:
        is_placeholder = bool(_PLACEHOLDER.fullmatch(word)) and word not in typed
        if not is_placeholder or len(made) < 2:
            made.append(word)
        elif word in values and not made[-1].startswith("--"):
            made.append(values[word])
        elif made[-1].startswith("--"):
            made[-1] = "--example"
        else:
            made.append("1")
    return made


def followed(api: str, operation: Operation, mistake: Mistake) -> str:
    """Return why the corrected line of a mistake does not build a request; empty where it does."""
    standard = ("--server", "http://127.0.0.1:9", "--error-format", "json", "--dry-run", "json")
    result = run_cli(api, operation.name, *mistake.words, *standard)
    if result.exit_code == 0:
        return ""  # the document has a default for what was left out
    if result.exit_code != 2:
        return f"ended with {result.exit_code}: {result.error['message']}"
    line = result.error["suggestion"]
    if not line:
        return f"no corrected line: {result.error['message']}"
    again = run_cli(*filled(line, operation, mistake.words))
    if again.exit_code:
        return f"`{line}`: {again.error['message']} {again.error['reason'][:200]}"
    return ""
