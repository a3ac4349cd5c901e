"""What the shells' completion scripts ask: the candidates for the last word of a command line.

From the catalog and the configuration only: nothing is fetched, nothing is compiled, no credential is looked at,
and click is not even imported. In any state it answers, with nothing if need be.
Candidates are words of an allow-list; a document cannot put anything into a shell by them.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

from dynacli.catalog.apis import DEMO, VERBS, Configuration
from dynacli.catalog.revisions import Revisions
from dynacli.catalog.store import Catalog, DamagedCatalogError
from dynacli.environment import Environment
from dynacli.errors import DynacliError

__all__ = ["complete"]

Candidate = tuple[str, str]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]*|--[A-Za-z0-9][A-Za-z0-9_.\[\]-]*|-[A-Za-z]")
_SHELLS = ("bash", "zsh", "fish")
_TAKES_API = {"operations", "describe", "document"}
_HERE = ("api", "completion", "demo", "describe", "document", "help", "operations")
_API_VERBS = ("add", "list", "refresh", "remove", "rename", "show")
_VALUES = {
    "--output": ("auto", "json", "yaml", "raw", "text"),
    "-o": ("auto", "json", "yaml", "raw", "text"),
    "--validate": ("off", "warn", "strict", "exact"),
    "--dry-run": ("http", "json", "curl"),
    "--error-format": ("text", "json"),
    "--role": ("viewer", "editor", "admin", "owner"),
}
_STANDARD = (
    ("--output", True),
    ("--validate", True),
    ("--dry-run", True),
    ("--server", True),
    ("--server-var", True),
    ("--header", True),
    ("--timeout", True),
    ("--accept-origin", True),
    ("--error-format", True),
    ("--show-secrets", False),
    ("--refresh", False),
    ("--offline", False),
    ("--verbose", False),
    ("--no-fail", False),
    ("--yes", False),
    ("--no-input", False),
    ("--help", False),
)
_INPUTS = (("--body", True), ("--set", True), ("--content-type", True))
_SHORT_WITH_VALUE = {"-o", "-H"}


def complete(env: Environment, words: list[str]) -> int:
    """Write the candidates for the last of the words, one a line, a tab before each description.

    Args:
        words: The shell's name, then the words behind the program's name up to the one to complete.
    """
    if len(words) < 2 or words[0] not in _SHELLS:
        return 2
    try:
        found = list(_candidates(env, words[1:-1], words[-1]))
    except (DynacliError, DamagedCatalogError, OSError):
        found = []  # completion never complains: the command itself will
    lines = []
    for word, description in found:
        if _SAFE.fullmatch(word) and word.startswith(words[-1]):
            told = "".join(char if char.isprintable() else " " for char in description)[:80].strip()
            lines.append(word if words[0] == "bash" or not told else f"{word}\t{told}")
    if lines:
        env.stdout.write("\n".join(lines) + "\n")
    env.stdout.flush()
    return 0


def _candidates(env: Environment, before: list[str], word: str) -> Iterator[Candidate]:
    if before and not word.startswith("-") and before[-1] in _VALUES:
        yield from ((value, "") for value in _VALUES[before[-1]])
        return
    positional, _ = _split(before, dict(_STANDARD))
    if not positional:
        yield from _first_words(env, word)
        return
    head, rest = positional[0], positional[1:]
    if head == "completion":
        yield from ((shell, "") for shell in _SHELLS if not rest)
    elif head == "api":
        yield from ((verb, "") for verb in _API_VERBS if not rest)
        if len(rest) == 1 and rest[0] not in {"add", "list"}:
            yield from _api_names(env, with_demo=rest[0] == "show")
    elif head in _TAKES_API:
        yield from _behind_verb(env, head, rest, word)
    elif head == "help":
        from dynacli.guide import topics

        yield from topics()
    elif head == DEMO and rest and rest[0] == "serve":
        yield from (("--port", ""), ("--next", ""), ("--misbehave", ""))
    else:
        api = _cached_api(env, head)
        if api is not None:
            yield from _operation_words(api, before, rest, word, is_demo=head == DEMO)


def _split(words: list[str], takes_value: dict[str, bool]) -> tuple[list[str], list[str]]:
    """Return the positional words and the options among words that need not be complete."""
    positional, options = [], []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and word != "-":
            options.append(word.partition("=")[0])
            skip = "=" not in word and (takes_value.get(word, False) or word in _SHORT_WITH_VALUE)
        else:
            positional.append(word)
    return positional, options


def _first_words(env: Environment, word: str) -> Iterator[Candidate]:
    if word.startswith("-"):
        yield from ((flag, "") for flag, _ in (*_STANDARD, *_INPUTS, ("--version", False)))
        return
    yield from _api_names(env, with_demo=False)
    yield from ((verb, "") for verb in _HERE)
    if "/" in word:
        yield from _documents(word)


def _documents(word: str) -> Iterator[Candidate]:
    directory = os.path.dirname(word)
    with os.scandir(directory or ".") as entries:
        for entry in entries:
            if entry.name.lower().endswith((".json", ".yaml", ".yml")) or entry.is_dir():
                yield os.path.join(directory, entry.name) + ("/" if entry.is_dir() else ""), ""


def _api_names(env: Environment, *, with_demo: bool) -> Iterator[Candidate]:
    yield from ((name, "") for name in sorted(Configuration(env).apis()))
    if with_demo:
        yield DEMO, "the embedded stand-in of Armature's API"


def _behind_verb(env: Environment, verb: str, rest: list[str], word: str) -> Iterator[Candidate]:
    if word.startswith("-"):
        yield from ((flag, "") for flag, _ in _STANDARD)
        if verb == "operations":
            yield "--tag", ""
        if verb == "document":
            yield "--resolved", ""
    elif not rest:
        yield from _api_names(env, with_demo=True)
    elif verb == "describe" and len(rest) == 1:
        catalog = _cached_api(env, rest[0])
        if catalog is not None:
            yield from catalog.names(word)


def _cached_api(env: Environment, word: str) -> Catalog | None:
    """Return the catalog that the cache has for a word; whether it is stale does not matter here."""
    if word == DEMO:
        from dynacli.demo import document_path

        location = str(document_path())
    elif word in VERBS:
        return None
    elif "/" in word or word.lower().endswith((".json", ".yaml", ".yml")):
        location = word if "://" in word else os.path.normpath(os.path.join(os.getcwd(), word))
    else:
        entry = Configuration(env).apis().get(word)
        if entry is None:
            return None
        location = entry["source"]
    revisions = Revisions(env.cache_dir, location)
    pointer = revisions.current()
    return revisions.catalog(pointer) if pointer is not None else None


def _operation_words(
    catalog: Catalog, before: list[str], rest: list[str], word: str, *, is_demo: bool
) -> Iterator[Candidate]:
    tags = catalog.tags()
    tag = rest[0] if rest and rest[0] in tags else ""
    name = catalog.find(rest[0]) if rest else None
    if tag and len(rest) > 1 and (within := catalog.find(rest[1], tag)) is not None:
        name = within
    if name is None:
        yield from _names(catalog, tag, word)
        if not tag and not rest:
            yield from ((key, described) for key, (_, described) in tags.items())
            if is_demo:
                yield "serve", "keep the stand-in running"
        return
    operation = catalog.operation(name)
    options: dict[str, Any] = {}
    for one in operation.parameters:
        if not one.is_hidden:
            options[f"--{one.option}"] = (one.value, one.description)
        options.update({f"--{each.option}": (each.value, each.description) for each in one.fields})
    if operation.body is not None:
        for each in operation.body.content[0].fields:
            options.setdefault(f"--{each.option}".replace("[]", "[0]"), (each.value, each.description))
    last = before[-1] if before else ""
    if last in options:
        yield from _values(options[last][0])
        return
    if word.startswith("-"):
        yield from ((option, told.partition("\n")[0]) for option, (_, told) in options.items())
        standard = (*_INPUTS, *_STANDARD) if operation.body is not None else _STANDARD
        yield from ((flag, "") for flag, _ in (("--example", False), *standard) if flag not in options)
        return
    takes_value = {option: value.type != "boolean" for option, (value, _) in options.items()}
    positional, _ = _split(before, {**dict(_STANDARD), **dict(_INPUTS), **takes_value})
    in_path = [
        one for one in operation.parameters if one.location == "path" and f"--{one.option}" not in before
    ]
    index = len(positional) - 2 - bool(tag and name != catalog.find(rest[0]))
    if 0 <= index < len(in_path):
        yield from _values(in_path[index].value)


def _names(catalog: Catalog, tag: str, word: str) -> Iterator[Candidate]:
    if not tag:
        yield from catalog.names(word)
        return
    for one in catalog.summaries(tag):
        if not one.is_hidden:
            yield one.name, one.summary


def _values(value: Any) -> Iterator[Candidate]:
    source = value.items if value.type == "array" and value.items is not None else value
    if value.type == "boolean":
        yield from (("true", ""), ("false", ""))
    for one in source.enum:
        yield str(one), ""
