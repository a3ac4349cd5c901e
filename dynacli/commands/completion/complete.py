"""What the shells' completion scripts ask: the candidates for the last word of a command line.

From the catalog and the configuration only: nothing is fetched, nothing is compiled, no credential is looked at,
and click is not even imported. In any state it answers, with nothing if need be.
Candidates are words of an allow-list; a document cannot put anything into a shell by them.
"""

import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import NamedTuple

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.commands.completion.completion_tables import (
    ANY,
    API_VERBS,
    CACHE_VERBS,
    DEMO_OPTIONS,
    EXAMPLE,
    HELP_ONLY,
    HERE,
    INPUTS,
    ROOT,
    STANDARD,
    VERB_OPTIONS,
    Option,
    Options,
)
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import DEMO, VERBS, Configuration
from dynacli.library.revisions.revisions import Revisions
from dynacli.model.operation import Operation, Parameter, ValueType

__all__ = ["complete"]

Candidate = tuple[str, str]

_VALUE = r"[A-Za-z0-9_+.-][A-Za-z0-9_.:/@+-]*"
_FLAG = r"--[A-Za-z0-9][A-Za-z0-9_.\[\]-]*"
_SAFE = re.compile(rf"{_FLAG}={_VALUE}|{_FLAG}|-[A-Za-z]|(?!-[^0-9]){_VALUE}")
_SHELLS = ("bash", "zsh", "fish")


def complete(env: Environment, words: list[str]) -> int:
    """Write the candidates for the last of the words, one a line, a tab before each description.

    Args:
        words: The shell's name, then the words behind the program's name up to the one to complete.
    """
    if len(words) < 2 or words[0] not in _SHELLS:
        return 2
    word = words[-1]
    try:
        found = dict(_candidates(env, words[1:-1], word))
    except Exception:  # noqa: BLE001 - completion never complains, whatever is broken: the command itself will
        found = {}
    lines = []
    for candidate, description in found.items():
        if candidate.startswith(word) and _SAFE.fullmatch(candidate):
            told = "".join(char if char.isprintable() else " " for char in description[:400])
            told = " ".join(told.split())[:80]
            lines.append(candidate if words[0] == "bash" or not told else f"{candidate}\t{told}")
    if lines:
        text = "".join(f"{line}\n" for line in lines)
        # A description in an alphabet that the terminal does not have is no reason to stay silent.
        encoding = env.stdout.encoding or "utf-8"
        env.stdout.write(text.encode(encoding, "replace").decode(encoding))
    env.stdout.flush()
    return 0


class _Line(NamedTuple):
    """What the words before the one to complete are.

    Args:
        positional: The indexes of those that are neither options nor their values.
        waiting: The option whose value comes next; empty where there is none.
        is_over: Whether `--` has ended the options.
    """

    positional: tuple[int, ...]
    waiting: str = ""
    is_over: bool = False


def _read(words: list[str], options: Options, *, stop: bool = False) -> _Line:
    """Return what the words are, by the rules of `dynacli.commands.arrange_words`.

    Args:
        stop: Whether only the first positional word is looked for.
    """
    positional: list[int] = []
    index = 0
    while index < len(words) and not (stop and positional):
        word = words[index]
        index += 1
        if word == "--":
            return _Line((*positional, *range(index, len(words))), is_over=True)
        if not word.startswith("-") or word == "-" or word[1].isdigit():
            positional.append(index - 1)
        elif _takes_next(word, options):
            option = options.get(word, ANY)
            if index == len(words):
                return _Line(tuple(positional), waiting=word)
            if not option.is_optional or words[index].lower() in option.values:
                index += 1
    return _Line(tuple(positional))


def _takes_next(word: str, options: Options) -> bool:
    if word in options:
        return options[word].takes_value
    # A deeper field than is listed has a value; `-ojson` has its own, and `--no-x` needs none.
    return word.startswith("--") and "=" not in word and not word.startswith("--no-")


def _candidates(env: Environment, before: list[str], word: str) -> Iterator[Candidate]:
    line = _read(before, ROOT, stop=True)
    if not line.positional:
        if not (yield from _of_options(line, ROOT, word)):
            yield from ((name, "") for name in sorted(Configuration(env).apis()))
            yield from ((verb, "") for verb in HERE)
        return
    head, rest = before[line.positional[0]], before[line.positional[0] + 1 :]
    if head == "api":
        yield from _api_words(env, rest, word)
    elif head == "cache":
        yield from _cache_words(env, rest, word)
    elif head == DEMO:
        yield from _demo_words(env, rest, word)
    elif head in VERB_OPTIONS:
        yield from _verb_words(env, head, rest, word)
    elif (catalog := _cached(env, head)) is not None:
        with closing(catalog):
            yield from _operation_words(catalog, rest, word)


def _of_options(line: _Line, options: Options, word: str) -> Generator[Candidate, None, bool]:
    """Yield options or the values of one; return whether nothing else can stand in this place."""
    if line.waiting:
        option = options.get(line.waiting, ANY)
        yield from ((value, "") for value in option.values)
        if not option.is_optional:
            return True
    if line.is_over or not word.startswith("-") or word[1:2].isdigit():
        return False
    flag, equals, _ = word.partition("=")
    if equals:
        yield from ((f"{flag}={value}", "") for value in options.get(flag, ANY).values)
    else:
        yield from ((name, option.description) for name, option in options.items() if option.is_listed)
    return True


def _api_words(env: Environment, rest: list[str], word: str) -> Iterator[Candidate]:
    if not rest:
        yield from ((one, "") for one in (HELP_ONLY if word.startswith("-") else API_VERBS))
        return
    options = API_VERBS.get(rest[0], STANDARD)
    line = _read(rest[1:], options)
    if (yield from _of_options(line, options, word)):
        return
    given = [rest[1:][index] for index in line.positional]
    if not given and rest[0] not in {"add", "list"}:
        yield from _api_names(env, with_demo=rest[0] in {"history", "show"})
    elif len(given) == 1 and rest[0] in {"pin", "rollback"}:
        yield from _revision_names(env, given[0])


def _cache_words(env: Environment, rest: list[str], word: str) -> Iterator[Candidate]:
    if not rest:
        yield from ((one, "") for one in (HELP_ONLY if word.startswith("-") else CACHE_VERBS))
        return
    options = CACHE_VERBS.get(rest[0], STANDARD)
    line = _read(rest[1:], options)
    if not (yield from _of_options(line, options, word)) and not line.positional and rest[0] == "clear":
        yield from _api_names(env, with_demo=True)


def _revision_names(env: Environment, name: str) -> Iterator[Candidate]:
    kept = _kept(env, name)
    for one in kept[0].history() if kept is not None else ():
        told = f"{one.get('title', '')} {one.get('version', '')}".strip()
        yield one["revision"][:12], told


def _verb_words(env: Environment, verb: str, rest: list[str], word: str) -> Iterator[Candidate]:
    options = VERB_OPTIONS[verb]
    line = _read(rest, options)
    given = [rest[index] for index in line.positional]
    if (
        line.waiting in {"--only", "--operation"}
        and given
        and (catalog := _cached(env, given[0])) is not None
    ):
        with closing(catalog):
            yield from catalog.names(word)
    if line.waiting in {"--since", "--until"} and given:
        yield from _revision_names(env, given[0])
    if line.waiting == "--tag" and given and (catalog := _cached(env, given[0])) is not None:
        with closing(catalog):
            yield from ((key, told) for key, (_, told) in catalog.tags().items())
    if (yield from _of_options(line, options, word)):
        return
    if verb == "completion":
        yield from ((shell, "") for shell in _SHELLS if not given)
    elif verb == "help":
        from dynacli.guide.pages import topics

        yield from topics() if not given else ()
    elif not given:
        yield from _api_names(env, with_demo=True)
    elif verb == "describe" and (catalog := _cached(env, given[0])) is not None:
        with closing(catalog):
            tag = catalog.tag(given[1]) if len(given) == 2 else ""
            if tag or len(given) == 1:
                yield from _names(catalog, tag, word)


def _demo_words(env: Environment, rest: list[str], word: str) -> Iterator[Candidate]:
    line = _read(rest, DEMO_OPTIONS, stop=True)
    if line.positional and rest[line.positional[0]] == "serve":
        serve = VERB_OPTIONS["serve"]
        yield from _of_options(_read(rest[line.positional[0] + 1 :], serve), serve, word)
        return
    if not line.positional:
        if (yield from _of_options(line, DEMO_OPTIONS, word)):
            return
        yield "serve", "keep the stand-in running"
    catalog = _cached(env, DEMO)
    if catalog is not None:
        with closing(catalog):
            start = line.positional[0] if line.positional else len(rest)
            yield from _operation_words(catalog, rest[start:], word)


def _api_names(env: Environment, *, with_demo: bool) -> Iterator[Candidate]:
    yield from ((name, "") for name in sorted(Configuration(env).apis()))
    if with_demo:
        yield DEMO, "the embedded stand-in of Armature's API"


def _cached(env: Environment, word: str) -> Catalog | None:
    """Return the catalog that the cache has for a word; whether it is stale does not matter here."""
    kept = _kept(env, word)
    if kept is None:
        return None
    revisions, pin = kept
    pointer = (revisions.pointer_to(pin) if pin else None) or revisions.current()
    return revisions.open_catalog(pointer) if pointer is not None else None


def _kept(env: Environment, word: str) -> tuple[Revisions, str] | None:
    """Return where the document that a word names is kept, and the revision that is held, or empty; None for no API."""
    layers: tuple[str, ...] = ()
    pin = ""
    if word == DEMO:
        from dynacli.demo.demo_facts import document_path

        source = document_path()
    elif "/" in word or word.lower().endswith((".json", ".yaml", ".yml")):
        source = word
    else:
        configuration = Configuration(env)
        entry = None if word in VERBS else configuration.apis().get(word)
        if entry is None:
            return None
        source, pin = entry["source"], str(entry.get("pin", ""))
        if "more" in entry or "overlays" in entry:
            from dynacli.library.revisions.open_request import layers_of

            layers = layers_of(configuration.more(entry), configuration.overlays(entry))
    location = source if "://" in source else os.path.normpath(os.path.join(os.getcwd(), source))
    revisions = Revisions(env.cache_dir, location, layers)
    if location == source and revisions.current() is None:
        revisions = Revisions(env.cache_dir, _location(source), layers)
    return revisions, pin


def _location(url: str) -> str:
    """Return the form in which the cache knows a URL that is written in another one."""
    from pathlib import Path

    from dynacli.document.source import parse_source

    try:
        return parse_source(url, Path.cwd()).location
    except UsageError:
        return url


def _operation_words(catalog: Catalog, rest: list[str], word: str) -> Iterator[Candidate]:
    """Yield what may follow the word of an API."""
    if not rest:
        if word.startswith("-"):
            yield from ((flag, "") for flag in HELP_ONLY)
            return
        yield from _names(catalog, "", word)
        yield from ((key, told) for key, (_, told) in catalog.tags().items())
        return
    tag = catalog.tag(rest[0])
    # A tag that is called like an operation: the word behind it decides.
    name = catalog.find(rest[1], tag) if tag and len(rest) > 1 else None
    if name is not None:
        rest = rest[1:]
    else:
        name = catalog.find(rest[0])
        if tag and len(rest) == 1 and not (name is not None and word.startswith("-")):
            yield from _names(catalog, tag, word)
    if name is not None:
        yield from _call_words(catalog.operation(name), rest[1:], word)


def _names(catalog: Catalog, tag: str, word: str) -> Iterator[Candidate]:
    if not tag:
        yield from catalog.names(word)
        return
    shown = [one for one in catalog.summaries(tag) if not one.is_hidden]
    yield from ((one.name, one.summary) for one in shown)
    if word:  # behind a tag the name goes without it too, but is listed once
        yield from ((one.name.removeprefix(f"{tag}-"), one.summary) for one in shown)


def _call_words(operation: Operation, words: list[str], word: str) -> Iterator[Candidate]:
    """Yield what may stand behind the name of an operation."""
    options = _options_of(operation)
    line = _read(words, options)
    if (yield from _of_options(line, options, word)):
        return
    given = {one.partition("=")[0] for one in words}
    in_path = [
        one for one in operation.parameters if one.location == "path" and given.isdisjoint(_flags(one))
    ]
    if len(line.positional) < len(in_path):
        yield from ((text, "") for text in _texts(in_path[len(line.positional)].value))


def _flags(parameter: Parameter) -> list[str]:
    return [f"--{name}" for name in (parameter.option, *parameter.aliases)]


def _options_of(operation: Operation) -> dict[str, Option]:
    """Return the options of a call; the operation's own win over the standard ones."""
    options: dict[str, Option] = {}
    for one in operation.parameters:
        for number, flag in enumerate(_flags(one)):
            is_listed = number == 0 and not one.is_hidden
            options[flag] = _option(one.value, one.description, is_listed=is_listed)
        for each in one.fields:
            flag = f"--{each.option}".replace("[]", "[0]")
            options[flag] = _option(each.value, each.description, is_listed=not one.is_hidden)
    inputs = dict(EXAMPLE)
    if operation.body is not None:
        from dynacli.model.media_types import takes_options

        for media in operation.body.content:
            for each in media.fields if takes_options(media) else ():
                flag = f"--{each.option}".replace("[]", "[0]")
                options.setdefault(flag, _option(each.value, each.description))
        inputs = {**INPUTS, "--content-type": Option(tuple(one.name for one in operation.body.content))}
        if not any(takes_options(one) for one in operation.body.content):
            del inputs["--set"]
        if any(one.name.lower().startswith("multipart/") for one in operation.body.content):
            inputs["--part-header"] = ANY
    for flag, standard in (*inputs.items(), *STANDARD.items()):
        options.setdefault(flag, standard)
    return options


def _option(value: ValueType, description: str, *, is_listed: bool = True) -> Option:
    is_switch = value.type == "boolean"
    told = description.strip().partition("\n")[0]
    return Option(tuple(_texts(value)), is_optional=is_switch, is_listed=is_listed, description=told)


def _texts(value: ValueType) -> Iterator[str]:
    """Yield the values that an option or a path parameter takes, as they are typed."""
    source = value.items if value.type == "array" and value.items is not None else value
    if source.type == "boolean":
        yield from ("true", "false")
        return
    for one in source.enum:
        yield one if isinstance(one, str) else json.dumps(one)
