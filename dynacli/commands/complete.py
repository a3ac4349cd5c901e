"""`dynacli __complete`: candidates for the last argument of a command line, for the completion scripts of shells.

They come from the cache and the configuration. It fetches and compiles nothing, reads no credential and does not
import click. A broken file means fewer candidates, never an error.
A candidate contains only characters that are safe in a shell, whatever the document contains.
"""

import json
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache, partial
from typing import Any

from dynacli.commands.read_line import (
    SWITCH,
    Binding,
    Bindings,
    CommandLine,
    Word,
    bindings_of,
    input_binding,
    read_words,
    standard_bindings,
)
from dynacli.environment import Environment, program
from dynacli.errors import UsageError
from dynacli.files import is_url, looks_like_source
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import EACH, MediaType, Operation, Parameter, ValueType, of_first_items
from dynacli.options.command import Command
from dynacli.options.command_table import COMMAND_NAMES, COMMANDS, bound_words, feature, further_names
from dynacli.options.standard_options import (
    ALIASES,
    API_NAMES,
    EARLIER_CALLS,
    FILE,
    GUARDED_OPTIONS,
    INPUT_OPTIONS,
    KEYS,
    LINKS,
    OPERATIONS,
    OTHER_SIDES,
    PART,
    PLANS,
    PROFILES,
    REGISTERED,
    REVISIONS,
    RULES,
    STANDARD_OPTIONS,
    TAGS,
    TOPICS,
    Option,
    options_of,
)
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, Configuration, profiles_in
from dynacli.registry.revisions.revisions import Revisions

_HELP: Bindings = {"--help": SWITCH}
_ANY = Binding()
_FIRST = "[0]"
"""The index of the first item in options with brackets."""
_INDEX = r"\.(\d{1,4})(?=\.|$)|\[(\d{1,4})\]"
_VALUE = r"[A-Za-z0-9_+.-][A-Za-z0-9_.:/@+-]*"
_FLAG = r"--[A-Za-z0-9][A-Za-z0-9_.\[\]-]*"
_SETTING = rf"[a-z0-9][a-z0-9_.-]*=(?:{_VALUE})?"
_SAFE = re.compile(rf"{_FLAG}={_VALUE}|{_FLAG}|{_SETTING}|-[A-Za-z]|(?!-[^0-9]){_VALUE}")
_JOINED = re.compile(rf"-[A-Za-z]+{_VALUE}")
"""A short option joined with its value. It is a candidate only if the argument to complete looks like this."""
_POWERSHELL = "powershell"
_SHELLS = ("bash", "zsh", "fish", _POWERSHELL)
_MOST_CALLS = 20
"""Maximum number of calls of the history among the candidates."""
_VERB_NAMES = tuple(sorted(COMMAND_NAMES))


CompletionCandidate = tuple[str, str]
_ValuesOf = Callable[[Word], Iterable[CompletionCandidate]]


@cache
def _standard_options() -> Bindings:
    """Return the options that are allowed after every operation."""
    return {**bindings_of(STANDARD_OPTIONS), **_HELP}


def _options_of_command(entry: Command) -> Bindings:
    """Return the options of a command."""
    return {**bindings_of(entry.all_options), **_HELP}


def spelled(name: str) -> Iterator[str]:
    """Yield the flags of an option. Flags with brackets need quotes in a shell, so they come second."""
    yield f"--{of_first_items(name)}"
    if EACH in name:
        yield f"--{name.replace(EACH, '[0]')}"


def _read_before(words: list[str], options: Bindings, *, stop_at_positional: bool = False) -> CommandLine:
    """Parse the arguments before the one to complete."""
    return read_words(words, options, _of_unlisted, stop_at_positional=stop_at_positional)


def _of_unlisted(flag: str) -> Binding | None:
    # An unlisted option of a field takes a value; `--no-x` takes none.
    return None if flag.startswith("--no-") else _ANY


def _item_options(options: Bindings, words: Iterable[str]) -> dict[str, Binding]:
    """Return the options of the items that arguments name, and of the next item at each level.

    Args:
        options: The options of a call. Each array has the options of its first item in both spellings.
        words: The arguments, including the one to complete.
    """
    # An item of a top-level array is named by its index: `--0.text`.
    flags = {re.sub(r"^--(?=\d)", "--.", word.partition("=")[0]) for word in words if word.startswith("--")}
    found: dict[str, Binding] = {}
    for name, option in options.items():
        parts = name.split(_FIRST)
        count = len(parts) - 1
        for flag in flags if count else ():
            has_brackets = "[" in flag
            first = _spelled(parts, [0] * count, has_brackets=has_brackets)
            for place in _places(_indexes(flag, parts), count):
                found[_spelled(parts, place, has_brackets=has_brackets)] = options.get(first, option)
    return found


def _indexes(flag: str, parts: list[str]) -> list[int]:
    """Return the indexes that a flag has between the parts of an option."""
    indexes: list[int] = []
    for part in parts[:-1]:
        match = re.match(_INDEX, flag.removeprefix(part)) if flag.startswith(part) else None
        if match is None:
            break
        indexes.append(int(match[1] or match[2]))
        flag = flag[len(part) + match.end() :]
    return indexes


def _places(indexes: list[int], count: int) -> Iterator[list[int]]:
    """Yield the given indexes, and those of the next item at each level. Missing indexes are 0."""
    if indexes:
        yield indexes + [0] * (count - len(indexes))
    for depth, index in enumerate(indexes):
        yield [*indexes[:depth], index + 1] + [0] * (count - depth - 1)


def _spelled(parts: list[str], place: list[int], *, has_brackets: bool) -> str:
    indexes = (f"[{index}]" if has_brackets else f".{index}" for index in place)
    pairs = zip(parts, (*indexes, ""), strict=True)
    return "".join(part + index for part, index in pairs).replace("--.", "--", 1)


def _cached_catalog(env: Environment, word: str) -> Catalog | None:
    """Return the cached catalog of an API, whatever its age; None if there is none."""
    cached = _cached_revisions(env, word)
    if cached is None:
        return None
    revisions, pin = cached
    pointer = (revisions.pointer_to(pin) if pin else None) or revisions.current()
    return revisions.open_catalog(pointer) if pointer is not None else None


def _cached_revisions(env: Environment, word: str) -> tuple[Revisions, str] | None:
    """Return the revisions of an API, and the pinned one or an empty string; None if there is no such API."""
    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    pin = ""
    if word == DEMO:
        from dynacli.registry.demo_facts import document_path

        source = document_path()
    elif looks_like_source(word):
        source = word
    else:
        configuration = Configuration(env)
        entry = None if word in COMMAND_NAMES else configuration.registered(word)
        if entry is None:
            return None
        source, pin = entry["source"], str(entry.get("pin", ""))
        if "more" in entry or "overlays" in entry:
            more, overlays = (
                configuration.locations(entry, "more"),
                configuration.locations(entry, "overlays"),
            )

    location = source if is_url(source) else os.path.normpath(os.path.join(os.getcwd(), source))
    revisions = Revisions(env.cache_dir, location, more, overlays)
    if location == source and revisions.current() is None:
        revisions = Revisions(env.cache_dir, _location(source), more, overlays)
    return revisions, pin


def _location(url: str) -> str:
    """Return a URL as the cache spells it."""
    from pathlib import Path

    from dynacli.openapi.document.source import parse_source

    try:
        return parse_source(url, Path.cwd()).location
    except UsageError:
        return url


def complete(env: Environment, words: list[str]) -> int:
    """Print the candidates for the last argument, one per line with a tab and a description, or as JSON for PowerShell.

    Args:
        words: Name of the shell, then the arguments up to the one to complete. PowerShell joins them with null
            characters, in UTF-8 and Base64.
    """
    if len(words) < 2 or words[0] not in _SHELLS:
        return 2
    if words[0] == _POWERSHELL:
        words = [_POWERSHELL, *_decoded(words[1])]
    word = words[-1]
    try:
        descriptions = dict(_candidates(env, words[1:-1], word))
    except Exception:  # noqa: BLE001 - the command itself will report the error
        descriptions = {}
    found = {}
    safe = _JOINED if _JOINED.fullmatch(word) else _SAFE
    for candidate, description in descriptions.items():
        is_done = candidate == word and word.endswith("=")  # a file follows
        if candidate.startswith(word) and not is_done and safe.fullmatch(candidate):
            text = "".join(char if char.isprintable() else " " for char in description[:400])
            found[candidate] = " ".join(text.split())[:80]
    if found:
        text = _lines_for(words[0], found)
        # Replace characters that the terminal cannot print.
        encoding = env.stdout.encoding or "utf-8"
        env.stdout.write(text.encode(encoding, "replace").decode(encoding))
    env.stdout.flush()
    return 0


def _decoded(words: str) -> list[str]:
    """Return the arguments that PowerShell joined; a single empty one if they cannot be decoded."""
    from base64 import b64decode

    try:
        return b64decode(words, validate=True).decode().split("\0")
    except ValueError:
        return [""]


def _lines_for(shell: str, found: Mapping[str, str]) -> str:
    """Return candidates and descriptions in the format that the script of a shell reads."""
    if shell == _POWERSHELL:
        return f"{json.dumps([{'word': word, 'about': about} for word, about in found.items()])}\n"
    return "".join(
        f"{word}\t{about}\n" if about and shell != "bash" else f"{word}\n" for word, about in found.items()
    )


def _candidates(
    env: Environment,
    words: list[str],
    word: str,
    verbs: tuple[str, ...] = _VERB_NAMES,
    more: tuple[Option, ...] = (),
) -> Iterator[CompletionCandidate]:
    """Yield the candidates for an argument.

    Args:
        words: The arguments before it.
        verbs: The commands that may replace the API.
        more: The options of the preceding command that are allowed after the operation, besides the standard ones.
    """
    options = {**standard_bindings(), **bindings_of(more), **_HELP, "--version": SWITCH}
    line = _read_before(words, options, stop_at_positional=True)
    is_of_tool = bool(program().api) and verbs is _VERB_NAMES
    if not line.positional:
        if not (yield from _option_words(env, line, word, [])):
            yield from _first_words_of_tool(env, word) if is_of_tool else _first_words(env, word, verbs)
        return
    said = line.positional
    if is_of_tool:
        said = bound_words(said)
    head, *rest = said
    if head in {"diff", "edit", "read", "request"}:
        yield from _candidates(env, rest, word, (DEMO,), COMMANDS[head].options)
    elif head == "replay":
        yield from _replay_words(env, rest, word)
    elif head == DEMO:
        yield from _demo_words(env, rest, word, more)
    elif head in COMMAND_NAMES and COMMANDS[head].commands:
        yield from _group_words(env, COMMANDS[head], rest, word)
    elif head in COMMAND_NAMES:
        yield from _command_words(env, COMMANDS[head], rest, word)
    else:
        yield from _operation_words(env, head, rest, word, more)


def _first_words(env: Environment, word: str, verbs: Iterable[str]) -> Iterator[CompletionCandidate]:
    """Yield registered APIs and commands. If nothing matches, yield commands of other packages.

    Finding those takes longer than everything else, because it reads every installed package.
    """
    names = [*sorted(Configuration(env).apis()), *verbs]
    yield from ((name, "") for name in names)
    if word and verbs is _VERB_NAMES and not any(name.startswith(word) for name in names):
        yield from ((name, "") for name in further_names())


def _first_words_of_tool(env: Environment, word: str) -> Iterator[CompletionCandidate]:
    """Yield the operations of a tool's API, the commands of the tool, and commands of other packages."""
    yield from _candidates(env, [program().api], word)
    names = sorted(name for name, entry in COMMANDS.items() if entry.is_of_tool)
    yield from ((name, "") for name in (*names, *further_names()))


def _option_words(
    env: Environment,
    line: CommandLine,
    word: str,
    named: list[str],
    path: str = "",
    values: _ValuesOf | None = None,
) -> Generator[CompletionCandidate, None, bool]:
    """Yield options, or the values of an option. Return whether no other argument is possible here.

    Args:
        line: The arguments before the one to complete.
        named: The arguments that may name an API.
        path: Name of the command.
        values: Returns values for an option whose values the document does not list.
    """
    option, start = line.option_of_value(word)
    if option is not None and option.binding is not None:
        found = [(value, "") for value in _values_of(option.binding)]
        found += values(option) if values is not None and not found else ()
        if option.option is not None:
            found += _offered(env, option.option.offers, named, word.removeprefix(start), path)
        yield from ((start + value, text) for value, text in found)
        if start or not option.binding.value_alone:
            return True
    if line.end_of_options is not None or not word.startswith("-") or word[1:2].isdigit():
        return False
    for flag, binding in line.bindings.items():
        if _is_listed(flag, binding) or ("[" in word and "[" in flag):
            yield flag, _description(binding)
    return True


def _values_of(option: Binding) -> Iterable[str]:
    """Return the values of an option that are candidates; empty if it takes any value."""
    if option.values or not option.is_input:
        return option.values
    origin = option.field or option.parameter
    return _allowed_values(origin.value) if origin is not None else ()


def _is_listed(flag: str, option: Binding) -> bool:
    """Return whether an option is a candidate: one spelling of each, and no hidden parameter."""
    if option.option is not None:
        return flag == option.option.flags[-1]
    parameter = option.parameter
    is_alias = parameter is not None and option.field is None and flag != f"--{parameter.option}"
    return not ("[" in flag or is_alias or (parameter is not None and parameter.is_hidden))


def _description(option: Binding) -> str:
    origin = option.field or option.parameter
    return origin.description if origin is not None else ""


def _group_words(
    env: Environment, group: Command, rest: list[str], word: str
) -> Iterator[CompletionCandidate]:
    entries = {entry.name: entry for entry in group.commands}
    listing = entries.pop(group.default) if group.default else None
    if not rest:
        names = _HELP if word.startswith("-") and listing is None else sorted(entries)
        yield from ((name, "") for name in names)
    entry = entries.get(rest[0]) if rest else None
    if entry is not None:
        yield from _command_words(env, entry, rest[1:], word, f"{group.name} {entry.name}")
    elif listing is not None:
        yield from _command_words(env, listing, rest, word)


def _command_words(
    env: Environment, entry: Command, rest: list[str], word: str, path: str = ""
) -> Iterator[CompletionCandidate]:
    """Yield the candidates after a command: its options, and values for its arguments.

    Args:
        path: Name of the command, if it belongs to a group.
    """
    line = _read_before(rest, _options_of_command(entry))
    if (yield from _option_words(env, line, word, line.positional, path)):
        return
    position = len(line.positional)
    argument = entry.argument_at(position)
    if argument is not None:
        yield from ((value, "") for value in argument.values)
        is_continued = position >= len(entry.arguments)
        yield from _offered(env, argument.offers, line.positional, word, path, is_continued=is_continued)


def _offered(
    env: Environment,
    offers: str,
    named: list[str],
    word: str,
    path: str,
    *,
    is_continued: bool = False,
) -> Iterator[CompletionCandidate]:
    """Yield the values of a kind that an option or an argument takes.

    Args:
        named: The preceding positional arguments. The first one may name an API.
        path: Name of the command.
        is_continued: Whether the preceding value was for the same argument.
    """
    if offers == KEYS:
        yield from _setting_words(env, path, word)
    elif offers in {API_NAMES, REGISTERED}:
        yield from () if is_continued else _api_names(env, with_demo=offers == API_NAMES)
    elif offers == PROFILES:
        yield from _profile_names(env, named)
    elif offers == OTHER_SIDES:
        yield from _other_sides(env, named)
    elif offers == EARLIER_CALLS:
        yield from _call_numbers(env)
    elif offers == ALIASES and named:
        yield from Configuration(env).aliases(named[0]).items()
    elif offers == PLANS:
        yield from _plans(env)
    elif offers == TOPICS:
        from dynacli.guide.pages import ERRORS, error_kinds, topics

        if not named:
            yield from topics()
        elif named == [ERRORS]:
            yield from ((kind, "") for kind in error_kinds())
    elif offers == RULES:
        from dynacli.validation.finding_rules import FINDING_RULES

        yield from FINDING_RULES.items()
    elif offers == REVISIONS and named:
        yield from _revision_names(env, named[0])
        yield from _git_revisions(env, named[0], word)
    elif offers in {OPERATIONS, TAGS} and named and (catalog := _cached_catalog(env, named[0])) is not None:
        with closing(catalog):
            if offers == TAGS:
                yield from _tag_names(catalog)
                return
            tag = catalog.tag(named[1]) if is_continued and len(named) == 2 else ""
            if tag or not is_continued:
                yield from _operation_names(catalog, tag, word)


def _plans(env: Environment) -> Iterator[CompletionCandidate]:
    """Yield the plans in the state directory, and the JSON files in the working directory."""
    for directory, ending in ((os.path.join(env.state_dir, "plans"), ""), (os.curdir, ".json")):
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
        names = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        yield from ((name + ending, "") for name in names if not name.endswith(".result"))


def _other_sides(env: Environment, words: list[str]) -> Iterator[CompletionCandidate]:
    """Yield values of `--against`: the profiles of the API, earlier calls, and revisions."""
    yield from _profile_names(env, words)
    yield from ((f"history:{number}", line) for number, line in _call_numbers(env))
    for word in words[:1]:
        yield from ((f"rev:{name}", title) for name, title in _revision_names(env, word))


def _replay_words(env: Environment, rest: list[str], word: str) -> Iterator[CompletionCandidate]:
    line = _read_before(rest, _standard_options() if rest else _HELP)
    if not (yield from _option_words(env, line, word, [])) and not rest:
        yield from _call_numbers(env)


def _call_numbers(env: Environment) -> Iterator[CompletionCandidate]:
    """Yield the numbers of the latest calls, each with its arguments."""
    from itertools import islice
    from shlex import join

    from dynacli.registry.call_history import read_calls

    yield from ((str(row.number), join(row.words)) for row in islice(read_calls(env), _MOST_CALLS))


def _revision_names(env: Environment, name: str) -> Iterator[CompletionCandidate]:
    cached = _cached_revisions(env, name)
    for pointer in cached[0].history() if cached is not None else ():
        yield pointer["revision"][:12], f"{pointer.get('title', '')} {pointer.get('version', '')}".strip()


def _git_revisions(env: Environment, name: str, word: str) -> Iterator[CompletionCandidate]:
    """Yield `git:REV` for the revisions of the repository that contains the document of an API."""
    git = feature("changes.git_revision")
    cached = _cached_revisions(env, name) if word.startswith(git.GIT[: len(word)]) else None
    if cached is not None and not is_url(cached[0].location):
        directory = os.path.dirname(cached[0].location)
        for revision in git.revision_names(directory, word[len(git.GIT) :], env.variables):
            yield f"{git.GIT}{revision}", ""


def _demo_words(
    env: Environment, rest: list[str], word: str, more: tuple[Option, ...]
) -> Iterator[CompletionCandidate]:
    entry = COMMANDS[DEMO]
    options = {**_standard_options(), **bindings_of((*entry.options, *more))}
    line = _read_before(rest, options, stop_at_positional=True)
    if line.positional[:1] == ["serve"]:
        yield from _command_words(env, entry.commands[0], line.positional[1:], word)
        return
    if not line.positional:
        if (yield from _option_words(env, line, word, [])):
            return
        yield "serve", "keep the demo API running"
    yield from _operation_words(env, DEMO, line.positional, word, more)


def _api_names(env: Environment, *, with_demo: bool) -> Iterator[CompletionCandidate]:
    yield from ((name, "") for name in sorted(Configuration(env).apis()))
    if with_demo:
        yield DEMO, "the built-in demo API"


def _tag_names(catalog: Catalog) -> Iterator[CompletionCandidate]:
    yield from ((name, description) for name, (_, description) in catalog.tags().items())


def _operation_words(
    env: Environment, api: str, rest: list[str], word: str, more: tuple[Option, ...]
) -> Iterator[CompletionCandidate]:
    """Yield the candidates after an API.

    Args:
        more: The options of the preceding command that are allowed after the operation, besides the standard ones.
    """
    catalog = _cached_catalog(env, api)
    if catalog is None:
        return
    with closing(catalog):
        if not rest:
            if word.startswith("-"):
                yield from ((flag, "") for flag in _HELP)
                return
            yield from _operation_names(catalog, "", word)
            yield from _tag_names(catalog)
            yield from Configuration(env).aliases(api).items()
            return
        operation: Operation | None = None
        if len(rest) > 1 and rest[1].startswith("/"):
            from dynacli.client.operation_at import operation_at

            operation, arguments = operation_at(catalog, *rest[:2]) or (None, ())
            rest = [rest[0], *arguments, *rest[2:]] if operation is not None else rest
        if operation is None:
            name = catalog.find(rest[0])
            tag = catalog.tag(rest[0]) if name is None else ""
            if name is None and not tag:
                from shlex import split

                rest = [*split(Configuration(env).aliases(api).get(rest[0], "")), *rest[1:]]
                name = catalog.find(rest[0]) if rest else None
            if tag and len(rest) == 1:
                yield from _operation_names(catalog, tag, word)
            elif tag:
                rest = rest[1:]
                name = catalog.find(rest[0], tag)
            operation = catalog.operation(name) if name is not None else None
        if operation is not None:
            yield from _call_words(env, catalog, operation, rest[1:], word, [api], more)


def _operation_names(catalog: Catalog, tag: str, word: str) -> Iterator[CompletionCandidate]:
    if not tag:
        yield from catalog.names(word)
        return
    operations = [operation for operation in catalog.summaries(tag) if not operation.is_hidden]
    yield from ((operation.name, operation.summary) for operation in operations)
    if word:  # the name may omit the tag; without a prefix to match, list each name once
        from dynacli.openapi.model.kebab_names import under_tag

        yield from ((under_tag(operation.name, tag), operation.summary) for operation in operations)


def _call_words(
    env: Environment,
    catalog: Catalog,
    operation: Operation,
    words: list[str],
    word: str,
    named: list[str],
    more: tuple[Option, ...],
) -> Iterator[CompletionCandidate]:
    """Yield the candidates after an operation: options, values of an option, values of a path parameter.

    Args:
        named: The name of the API, as a list.
        more: The options of the preceding command that are allowed after the operation, besides the standard ones.
    """
    options = _options_of(operation, more)
    if any("[0]" in flag for flag in options):
        options = _item_options(options, [*words, word]) | options
    line = _read_before(words, options)

    def values(option: Word) -> Iterator[CompletionCandidate]:
        if option.option is not None and option.option.offers == LINKS:
            yield from _link_names(catalog, operation.name, line)
        elif option.is_input:
            yield from _remembered_candidates(env, catalog, operation, _as_parameter(option), line)

    if (yield from _option_words(env, line, word, named, values=values)):
        return
    in_path = line.arguments_of(operation.parameters)
    if len(line.positional) >= len(in_path):
        return
    parameter = in_path[len(line.positional)]
    allowed = list(_allowed_values(parameter.value))
    yield from ((text, "") for text in allowed)
    if not allowed:
        yield from _remembered_candidates(env, catalog, operation, parameter, line)


def _flags(parameter: Parameter) -> list[str]:
    return [f"--{name}" for name in (parameter.option, *parameter.aliases)]


def _options_of(operation: Operation, more: tuple[Option, ...]) -> dict[str, Binding]:
    """Return the options of a call. Inputs of the operation override standard options."""
    options: dict[str, Binding] = {}
    for parameter in operation.parameters:
        options.update(dict.fromkeys(_flags(parameter), input_binding(parameter, None)))
        for field in parameter.fields:
            options.update(dict.fromkeys(spelled(field.option), input_binding(parameter, field)))
    inputs = bindings_of(options_of({"example"}))
    if operation.body is not None:
        from dynacli.openapi.model.media_types import takes_options

        content = operation.body.content
        for media_type in content:
            for field in media_type.fields if takes_options(media_type) else ():
                binding = input_binding(None, field)
                for flag in spelled(field.option):
                    options.setdefault(flag, binding)
            for name, tags in _discriminators(media_type):
                for flag in spelled(name):
                    if flag in options and not list(_values_of(options[flag])):
                        options[flag] = replace(options[flag], values=tags)
        names = tuple(media_type.name for media_type in content)
        inputs = bindings_of(INPUT_OPTIONS)
        inputs["--content-type"] = replace(inputs["--content-type"], values=names)
        if not any(takes_options(media_type) for media_type in content):
            inputs = {flag: option for flag, option in inputs.items() if flag not in {"--set", "--set-file"}}
        of_parts = [media_type for media_type in content if media_type.name.lower().startswith("multipart/")]
        if of_parts:
            inputs |= bindings_of(options_of({PART}))
        if any(not media_type.fields for media_type in of_parts):
            inputs |= bindings_of(options_of({FILE}))
    own = "--path.", "--query.", "--querystring.", "--header.", "--cookie.", "--body."
    refused = GUARDED_OPTIONS & {flag.partition(".")[2] for flag in options if flag.startswith(own)}
    for flag, standard in (*inputs.items(), *_standard_options().items(), *bindings_of(more).items()):
        if flag.removeprefix("--") not in refused:
            options.setdefault(flag, standard)
    return options


def _discriminators(media_type: MediaType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the option of each discriminator, without hyphens, and the values that select a known alternative."""
    for choice in media_type.choices:
        name = ".".join(filter(None, (choice.option, choice.by)))
        yield name, tuple(tag for _, tag in choice.branches if tag)


def _allowed_values(value: ValueType) -> Iterator[str]:
    """Yield the allowed values of an option or a path parameter, as they are typed; nothing if any value is allowed."""
    source = value.items if value.type == "array" and value.items is not None else value
    if source.type == "boolean":
        yield from ("true", "false")
        return
    words = (member if isinstance(member, str) else json.dumps(member) for member in source.enum)
    yield from (word for word in words if not re.match("-[^0-9]", word))  # others would look like options


def _profile_names(env: Environment, words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the profiles of the API on the command line, or else of all APIs."""
    apis = Configuration(env).apis()
    named = [word for word in words if word in apis][:1]
    for name in named or sorted(apis):
        yield from ((profile, f"of {name}") for profile in profiles_in(apis[name]))


def _setting_words(env: Environment, verb: str, word: str) -> Iterator[tuple[str, str]]:
    """Yield the keys for `api set`, `config get` and `config set`, or the allowed values of a key."""
    from dynacli.commands.setting_keys import KEYS_OF_API, key_path, words_of_key

    key, equals, _ = word.partition("=")
    if equals:
        path = key_path(key)
        of_api = words_of_key(("apis", "NAME", *path)) if verb == "api set" else words_of_key(path)
        yield from ((f"{key}={value}", "") for value in of_api)
        return
    end = "" if verb == "config get" else "="
    if verb == "api set":
        yield from ((f"{item}{end}", "") for item in KEYS_OF_API)
        return
    yield from ((f"{item}{end}", "") for item in ("history", "output", "cache.limit", "cache_limit"))
    for name in sorted(Configuration(env).apis()):
        yield from ((f"apis.{name}.{item}{end}", "") for item in KEYS_OF_API)


def _as_parameter(option: Word) -> Parameter:
    """Return the input that an option gives. A field is returned as a parameter."""
    field, parameter = option.field, option.parameter
    if field is None and parameter is not None:
        return parameter
    assert field is not None  # noqa: S101
    name = next((step for step in reversed(field.path) if step != EACH), field.option)
    return Parameter(name, "body", field.option, field.value)


def _remembered_candidates(
    env: Environment,
    catalog: Catalog,
    operation: Operation,
    parameter: Parameter,
    line: CommandLine,
) -> Iterator[tuple[str, str]]:
    """Yield the remembered values for an input, each with a description.

    Args:
        line: The arguments after the operation.
    """
    from dynacli.registry.call_history import remembered_values
    from dynacli.registry.record_call import api_key

    source = api_key(os.path.dirname(catalog.path))
    given = {
        option.parameter.name: option.text
        for option in line.with_arguments(operation.parameters).words
        if option.parameter is not None and option.parameter.location == "path" and option.field is None
    }
    yield from remembered_values(env, source, operation, parameter, given).items()


def _link_names(catalog: Catalog, name: str, line: CommandLine) -> Iterator[tuple[str, str]]:
    """Yield each link that can be followed next, with a description.

    Args:
        name: Name of the operation.
        line: The arguments after it, which may already follow links.
    """
    from dynacli.client.links.linked_operation import linked_operation

    operations = [name]
    for followed in filter(None, line.values_of(("--follow",))):
        found = [
            link for operation in operations for key, link in _links(catalog, operation) if key == followed
        ]
        targets = (linked_operation(catalog, link, "") for link in found)
        operations = list(dict.fromkeys(target for target in targets if target is not None))
    for operation in operations:
        for key, link in _links(catalog, operation):
            yield key, str(link.get("description") or link.get("operationId") or "")


def _links(catalog: Catalog, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and content of each link in the responses of an operation."""
    from dynacli.openapi.model.links import links_in
    from dynacli.openapi.references import follow_reference

    follow = partial(follow_reference, resolve=catalog.resolve)
    for _, _, key, link in links_in(follow(catalog.part(name)["operation"].get("responses")), follow):
        yield key, link
