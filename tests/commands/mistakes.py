"""Makes mistakes in the example calls of operations, and follows the corrected lines that the errors end with."""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dynacli.openapi.model.operation import Operation, ValueType
from tests.harness import run_cli

_PLACEHOLDER = re.compile(r"[A-Z][A-Za-z0-9_@|:=.,/-]*|[A-Za-z.0-9]+=(?:JSON|VALUE)|\{true\|false\}")
_NUMBERS = ("integer", "number")


BEHIND_OPERATION = """--server-var x; --server-var nope=1; --server-var =; --server-var; --server 9; --server nope
--server ftp://x; --server ''; --server; --server 'http://me:pw@h'; --yes=3; --include=x; --verbose=1; --all=foo
--all=keysett; --max-items 0; --max-items x; --max-items; --wait a --wait-timeout x; --wait-timeout 5; --wait 'a['
--wait ''; --wait a --all; --wait a -O; --retries -1; --retries x; --rate foo; --rate 0/s; --accept-origin foo
--auth nope; -H ''; -H nothing; -H 'Host: x'; -H 'a b: c'; -H; --profile nope; --dry-run=foo; --report foo
--report json=; --report json=a --report sarif=a; --progress x; --columns ''; --columns id -o json; -f ''; -f 'a['; -f
--follow nope; --follow; --part-header x; --file x; -O -o @x; -O -o json; --resume; -o tabel; -o; -o ''; -o @
--validate strct; --validate; --timeout soon; --timeout -1; --timeout 0; --timeout; --zzz; --zzz=1; -x; -x 1
--show-secrets=1; --no-yes; --no-all; --allow-ref foo; --criteria.0.foo x; --foo.bar x; surplus
surplus words; surplus=1; --query.nope x; --path.nope x; --no-such-thing-at-all"""
"""Mistakes with standard options, and names of none, that can be made after any operation."""

OF_BODY = """--set name; --set; --set =1; --set ..=1; --set nothere=1; --set a[x=1; --set 'x y=1'; --body '{'; --body
--body '[1'; --body '[1' --set a=1; --content-type nope; --content-type ''; --body.nope x; --part-header a:b:c
--file a=b; --example=1; --no-example"""
"""Mistakes that can be made after an operation that takes JSON."""

BEFORE_API = """-o tabel; --validate strct; --timeout soon; --all=foo; --zzz; --zzz 1; --zzz=1; --yes=3; --server 9
--server-var x; --server-var a=b; --retries x; --max-items x; --dry-run=foo; -H nothing; -H 'Host: x'; -x
--rate foo; --accept-origin foo; --auth nope; --columns ''; -f 'a['; --wait-timeout 3; --profile nope"""
"""Mistakes with standard options that can be made before the API."""

_STANDARD_VALUES = {
    "FORMAT": "json",
    "EXPR": "@",
    "A,B.C": "id",
    "N/s": "5/s",
    "URL": "http://127.0.0.1:9",
    "ORIGIN": "http://127.0.0.1:9",
    "NAME:VALUE": "X-A: b",
    "WHEN": "auto",
    "LEVEL": "warn",
}
"""Placeholder of a standard option → a value that it takes."""
_UNKNOWABLE = frozenset({"--profile", "--follow", "--server-var", "--part-header", "--file", "--set"})
"""Options whose value depends on the configuration or the document: their placeholders are left out."""


class Mistake(NamedTuple):
    """A wrong call.

    Args:
        kind: What is wrong with it.
        words: The words after the operation.
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
        parameter.word.upper().replace("-", "_")
        for parameter in operation.parameters
        if parameter.location == "path"
    ]
    values = dict(zip(in_path, operation.example, strict=False))
    made: list[str] = []
    for word in words:
        is_placeholder = bool(_PLACEHOLDER.fullmatch(word)) and word not in typed
        if is_placeholder and made[-1:] and made[-1] in _UNKNOWABLE:
            made.pop()
        elif is_placeholder and word in _STANDARD_VALUES and made[-1:] and made[-1].startswith("-"):
            made.append(_STANDARD_VALUES[word])
        elif is_placeholder and word in {"N", "SECONDS"}:
            made.append("1")
        elif not is_placeholder or len(made) < 2:
            made.append(word)
        elif word in values and not made[-1].startswith("--"):
            made.append(values[word])
        elif made[-1].startswith("--"):
            made[-1] = "--example"
        else:
            made.append("1")
    return made


def followed(api: str, operation: Operation, mistake: Mistake, before: Sequence[str] = ()) -> str:
    """Return why the corrected line of a mistake does not build a request; empty if it does.

    Args:
        before: What stands before the API, and may be wrong.
    """
    standard = ["--server", "http://127.0.0.1:9"]
    if any(word.startswith("--server") for word in (*before, *mistake.words)):
        standard = []
    standard += ["--error-format", "json", "--dry-run", "json"]
    # The last word may be an option without its value.
    result = run_cli(*standard, *before, api, operation.name, *mistake.words)
    if result.exit_code == 0:
        return ""  # the document has a default for what was left out
    if result.exit_code != 2:
        return f"ended with {result.exit_code}: {result.error['message']}"
    line = result.error["try"]
    if not line:
        return f"no corrected line: {result.error['message']}"
    again = run_cli(*filled(line, operation, (*before, *mistake.words)))
    if again.exit_code:
        return f"`{line}`: {again.error['message']} {again.error['reason'][:200]}"
    return ""
