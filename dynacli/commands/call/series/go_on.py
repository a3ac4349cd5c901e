"""The command that goes on with a list from the page that could not be fetched."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.page_loop import PageLoop
from dynacli.environment import invocation_words, program
from dynacli.model.command_words import option_pair, shell_line
from dynacli.model.operation import Parameter
from dynacli.schema.example_call import option_text

__all__ = ["go_on_line"]

_MAX_ITEMS = "--max-items"


def go_on_line(
    typed: Sequence[str], max_items: int | None, described: DescribedOperation, first: Call, loop: PageLoop
) -> str:
    """Return the command line that begins with the page which is missing; empty where no command can.

    Args:
        typed: The words behind the program's name.
        max_items: How many items are wanted; None for all.
        first: The call of the first page.
        loop: The pages, which an error has ended.
    """
    position = loop.position
    if position is None or loop.count == 0:
        return ""
    options = _options_of_url(described, first, position.url) if position.url else _changed_inputs(loop)
    words = list(typed)
    if options is None:
        target = _path_of(described, first, position.url) if position.url else ""
        if not target:
            return ""
        method = described.operation.method
        verb = invocation_words("request", described.api.name)[1:]
        words, options = [*verb, method, target, *_standard_words(words)], {}
    if max_items is not None:
        options[_MAX_ITEMS] = str(max_items - loop.count)
    words = _without(words, _flags_of(described, options))
    end = words.index("--") if "--" in words else len(words)
    added = [word for flag, text in options.items() for word in option_pair(flag, text)]
    line = shell_line([program().name, *words[:end], *added, *words[end:]])
    return first.signed.masker.mask(line)


def _path_of(described: DescribedOperation, first: Call, url: str) -> str:
    """Return path and query of a URL, as `dynacli request` takes them; empty where it is not below the API's server."""
    from dynacli.client.call import base_url_of

    base = base_url_of(described, first.settings).rstrip("/")
    parts = urlsplit(url)
    keys = {name for _, name in described.operation.api_keys}
    kept = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in keys]
    plain = parts._replace(query="&".join(kept)).geturl()
    return plain.removeprefix(base) if plain.startswith(f"{base}/") else ""


def _standard_words(words: list[str]) -> list[str]:
    """Return dynacli's own options among the words of a command line."""
    from dynacli.options.parsed_words import parse, standard_rules

    return [
        each for word in parse(words, standard_rules()).given if word.rule is not None for each in word.words
    ]


def _changed_inputs(loop: PageLoop) -> dict[str, str] | None:
    """Return flag → text of the input that changes from page to page."""
    from dynacli.client.pages.next_page import given_value

    place = loop.rule.input
    if place is None or loop.position is None:
        return None
    return {f"--{place.option}": option_text(given_value(place, loop.position.inputs))}


def _options_of_url(described: DescribedOperation, first: Call, url: str) -> dict[str, str] | None:
    """Return flag → text of the query of a URL; None where options of the operation cannot say it."""
    parts, began = urlsplit(url), urlsplit(first.signed.request.url)
    if parts.path != began.path:
        return None
    parameters = {
        parameter.name: parameter
        for parameter in described.operation.parameters
        if parameter.location == "query" and parameter.value.type not in ("array", "object")
    }
    before = dict(parse_qsl(began.query, keep_blank_values=True))
    options = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if before.get(name) == text:
            continue
        if name not in parameters:
            return None
        options[f"--{parameters[name].option}"] = text
    return options or None


def _flags_of(described: DescribedOperation, options: dict[str, Any]) -> set[str]:
    """Return all flags by which the options may have been given."""
    flags = set(options)
    for parameter in described.operation.parameters:
        if f"--{parameter.option}" in options:
            flags.update(_spellings(parameter))
    return flags


def _spellings(parameter: Parameter) -> set[str]:
    names = {parameter.option, parameter.word, parameter.name, *parameter.aliases}
    return {f"--{name}" for name in names} | {f"--{parameter.location}.{name}" for name in names}


def _without(words: list[str], flags: set[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            return [*kept, *words[index:]]
        flag, equals, _ = word.partition("=")
        if flag in flags:
            index += 1 if equals else 2
            continue
        kept.append(word)
        index += 1
    return kept
