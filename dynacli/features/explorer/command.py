"""`dynacli explore`: opens an API in the full-screen explorer."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import click

from dynacli.commands.call_line import CallLine
from dynacli.commands.demo_api import opened_api
from dynacli.commands.read_line import Word
from dynacli.commands.run import Run
from dynacli.commands.typed_line import asked_call, read_line
from dynacli.environment import Environment, how_to_install, invocation
from dynacli.errors import UsageError
from dynacli.features.explorer.drafts import CalledLine
from dynacli.features.explorer.form_rows import FURTHER, located
from dynacli.options.standard_options import DATA_OUTPUT, DOCUMENT_READING, EVERY_RUN, RESPONSE
from dynacli.request.convert_words import json_value
from dynacli.secrets import MASK

_NOT_SENT = frozenset({DATA_OUTPUT, DOCUMENT_READING, EVERY_RUN, RESPONSE})
"""The groups of options that do not change the request."""
_SETTINGS = {"content_type": "content-type", "server": "server", "profile": "profile", "query": "query"} | {
    name.replace("-", "_"): name for name in FURTHER
}
_BETWEEN = {"follow": "\n", "query": "&"}
"""Option → the separator of its repeated values in the form."""


@click.pass_context
def explore_api(ctx: click.Context, api: str) -> None:
    """Run `explore`."""
    run: Run = ctx.obj
    _check_terminal(run.env, api)
    from dynacli.features.explorer.explorer_app import explore

    opening = [f"--allow-ref={place}" for place in run.options.allow_ref]
    if run.options.offline:
        opening.append("--offline")
    with opened_api(ctx, api) as opened:
        lines = explore(run.env, opened, run.call_options, opening, partial(explored_line, run.env))
    for line in lines:
        click.echo(line, file=run.env.stdout)


def _check_terminal(env: Environment, name: str) -> None:
    """Check that there is a terminal, and the library that draws on it.

    Args:
        name: The name of the API, for the messages.

    Raises:
        UsageError: The terminal or the library is missing.
    """
    # textual reads standard input and draws on standard error, so that standard output can be a pipe.
    if not (env.stdin_is_terminal and env.stderr_is_terminal) or env.variables.get("TERM") == "dumb":
        raise UsageError(
            "The explorer needs a terminal",
            reason="Standard input and standard error are not both on one that can be drawn on",
            hint=f"`{invocation('operations', name)}` lists the operations without one, "
            f"`{invocation(api=name)} OPERATION` calls one",
        )
    try:
        import textual  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            "The explorer is not installed",
            reason=f"It needs the library `{error.name}`",
            hint=f"Install it: {how_to_install('tui')}",
        ) from None


def explored_line(env: Environment, words: Sequence[str]) -> CalledLine:
    """Return the contents of the form that a command line gives; nothing is fetched.

    Args:
        words: The arguments after the program's name, with secrets masked.

    Raises:
        UsageError: The arguments name no operation.
    """
    run = Run(env)
    run.words = tuple(words)
    try:
        asked = asked_call(run)
        if asked is None:
            raise UsageError(
                "This call cannot be shown in the form",
                reason="Its command names no operation of an available document",
            )
        described, following = asked
        line = read_line(run, described, following)
        return _called(described.operation.name, line)
    finally:
        run.close()


def _called(operation: str, line: CallLine) -> CalledLine:
    given: dict[str, list[Word]] = {}
    settings: dict[str, str] = {}
    text: str | None = None
    left_out: list[str] = []
    whole: dict[str, Any] = {}
    for word in (*line.before, *line.after):
        value, name = word.value, word.option_name
        if value is not None and MASK in value:
            left_out.append(word.flag or _option(word))
        elif word.is_input:
            given.setdefault(_option(word), []).append(word)
        elif name == "body" and value not in {None, "-", "@-"}:
            text = value
        elif name == "inputs" and value is not None and value.startswith("{"):
            whole = json_value(value, word.flag)
        elif name in _SETTINGS and value:
            option, between = _SETTINGS[name], _BETWEEN.get(name)
            before = [settings[option]] if between and option in settings else []
            added = _as_in_url(value) if name == "query" else value
            settings[option] = (between or "").join([*before, added])
        elif word.option is None or word.option.group not in _NOT_SENT:
            left_out.append(word.flag or str(value))
    rows = {option: _word(listed) for option, listed in given.items()}
    for option, value in whole.items():
        row = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        word = line.word_of(f"--{option}", row)
        is_field = word.field is not None and word.parameter is None and isinstance(value, str)
        if option == "body" and not is_field:
            text = row if text is None else text
        elif option == "content_type":
            settings.setdefault("content-type", row)
        elif option == "query" and isinstance(value, dict):
            pairs = urlencode(value, doseq=True, quote_via=quote)
            settings["query"] = "&".join(filter(None, (settings.get("query"), pairs)))
        elif word.is_input:
            rows.setdefault(_option(word), row)
        else:
            left_out.append(option)
    return CalledLine(operation, rows, text, settings, tuple(dict.fromkeys(left_out)))


def _as_in_url(pair: str) -> str:
    """Return `NAME=VALUE`, encoded as in the query of a URL."""
    name, _, value = pair.partition("=")
    return f"{quote(name, safe='[]')}={quote(value, safe='')}"


def _option(word: Word) -> str:
    if word.field is None and word.parameter is not None:
        return word.parameter.option
    return located(word.flag.removeprefix("--"))


def _word(words: Sequence[Word]) -> str:
    """Return the text of a row; several arguments of an array become a JSON array."""
    values = [word.value or "" for word in words]
    kind = words[-1].value_type
    if len(values) == 1 or kind.type != "array":
        return values[-1]
    is_text = kind.items is None or kind.items.type == "string"
    return json.dumps([value if is_text else _json_or_text(value) for value in values], ensure_ascii=False)


def _json_or_text(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
