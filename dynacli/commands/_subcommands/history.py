"""`dynacli history`, `replay` and `export`: earlier calls are listed, exported, forgotten and made again.

`export` writes the operations of an API in the form of another program, as `history export` does with calls.
"""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import click

from dynacli.commands._command_line import read_words, standard_bindings
from dynacli.commands.command_groups import Root, show_page
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program, variable
from dynacli.errors import FileError, UsageError
from dynacli.export.collection import BASE_URL, EXPORT_FORMATS, Collection, Format
from dynacli.files import write_named_file, write_named_files
from dynacli.openapi.model.operation import is_documented_name
from dynacli.openapi.model.wording import did_you_mean, enumerated, near_names
from dynacli.options.command import Command
from dynacli.output.standard_error import write_stderr
from dynacli.registry.call_history import HistoryRow, clear_history, read_calls
from dynacli.registry.configuration import DEMO, Configuration, is_name
from dynacli.registry.record_call import history_mode
from dynacli.secrets import MASK, with_masked_query
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines

_OF_OPENING = ("refresh", "offline", "profile", "allow_ref")
"""The options that say how a document is opened, before the words of its operation are read."""
_EXPORTED = ("har", "hurl", "postman")
_HEADER = ["n", "at", "status", "exit", "seconds", "command"]
_MOST_NAMED = 5


def earlier_call(env: Environment, number: int, *, with_messages: bool = False) -> HistoryRow:
    """Return a call of the history.

    Args:
        number: Counted back from the latest, which is 1.

    Raises:
        UsageError: There is no such call.
        FileError: The history cannot be read.
    """
    row = next(iter(read_calls(env, with_messages=with_messages, first=number)), None)
    if row is None:
        raise UsageError(
            f"The history has no call {number}",
            hint=f"`{invocation('history')}` lists the calls; the latest is 1",
        )
    return row


def replay(run: Run, row: HistoryRow, laid_over: list[str]) -> None:
    """Make a call of the history again.

    Args:
        laid_over: Options that take the place of those of the call.

    Raises:
        UsageError: The call holds a secret that is given by none of them.
        DynacliError: As from any call.
    """
    words = row.words
    is_documented = is_documented_name(row.call.operation)
    if any(
        MASK in word and ("://" in word or (not is_documented and word.startswith("/"))) for word in words
    ):
        raise UsageError(
            "The call has a URL with a secret, which the history does not store",
            hint=f"Write the command again: `{row.as_json()['command']}`",
        )
    given = read_words(laid_over, standard_bindings()).options()
    for name in _OF_OPENING:
        value = getattr(given, name)
        if value:
            run.options = run.options.with_value(name, value)
    run.laid_over, run.words = laid_over, tuple(words)
    with Root(run).make_context(program().name, list(words)) as context:
        context.command.invoke(context)


@click.pass_obj
def list_calls(run: Run, api: str | None, failed: bool, since: str | None) -> None:
    """Run `history list`."""
    from dynacli.output.render import write_rows

    wanted_rows = _filtered(run.env, api, failed=failed, since=since)
    if history_mode(run.env) == "off":
        run.note(f"The history is off: `{variable('HISTORY')}`, or `history` in the configuration, is `off`")

    if api is not None:
        _check_name(run, api)

    def lines(paint: Painter, width: int) -> list[str]:
        # What reads a pipe is not to miss the end of a line.
        return _table(list(wanted_rows), paint, width if run.env.stdout_is_terminal else None)

    write_rows(run.env, (row.as_json() for row in wanted_rows), run.data_format, lines)


def _check_name(run: Run, api: str) -> None:
    """Check that calls of an API can be in the history.

    Raises:
        UsageError: No API has the name, and no call was made with it.
    """
    names = {DEMO, *Configuration(run.env).apis()}
    has_calls = next(_filtered(run.env, api, failed=False, since=None), None) is not None
    if not is_name(api) or api in names or has_calls:
        return
    hint = did_you_mean(near_names(api, names), f"`{invocation('history')}` lists the calls of all APIs")
    raise UsageError(f"The history has no call of `{api}`", reason="No API has this name", hint=hint)


def _filtered(
    env: Environment, api: str | None, *, failed: bool, since: str | None, with_messages: bool = False
) -> Iterator[HistoryRow]:
    """Return the calls that are asked for, the latest first.

    Raises:
        UsageError: The time is none.
    """
    oldest = time.time() - _seconds_of_duration(since) if since else 0.0
    wanted = with_masked_query(api) if api else ""

    def rows() -> Iterator[HistoryRow]:
        for row in read_calls(env, with_messages=with_messages):
            if row.call.at < oldest:
                return
            if wanted in ("", row.call.api) and not (failed and row.call.exit_code == 0):
                yield row

    return rows()


@click.pass_obj
def export_calls(
    run: Run, api: str | None, form: str | None, failed: bool, since: str | None, out: str | None
) -> None:
    """Run `history export`."""
    from dynacli.export.make_collection import calls_collection
    from dynacli.output.har import har_call, har_of

    if form is None:
        listed = ", ".join(f"`{item}`" for item in _EXPORTED)
        raise UsageError("`--as` is missing", hint=f"Give `--as` one of {listed}")
    rows = list(_filtered(run.env, api, failed=failed, since=since, with_messages=True))
    if not rows:
        raise UsageError("The history has no such call", hint=f"`{invocation('history')}` lists the calls")
    calls = [har_call(row) for row in reversed(rows)]
    names = [row.call.api for row in reversed(rows)]
    is_archive = form == "har"
    made = {"history.har": har_of(calls)} if is_archive else {}
    files = made or EXPORT_FORMATS[form].files(calls_collection(calls, names))
    _write_files(run, files, EXPORT_FORMATS[form], _named_output(run, out))
    bare = sum(not row.call.messages for row in rows)
    if bare:
        run.note(
            f"Of {bare} of {len(rows)} calls only method and URL are stored; `{variable('HISTORY')}=full` stores all"
        )


def _seconds_of_duration(text: str) -> float:
    from dynacli.registry.revisions.revisions import duration_of

    seconds = duration_of(text)
    if seconds is None:
        raise UsageError(f"`{text}` is an invalid duration", hint="For example: `--since 2h`, `30m` or `7d`")
    return seconds


def _table(rows: list[HistoryRow], paint: Painter, width: int | None) -> list[str]:
    if not rows:
        return []
    cells = [
        [
            str(row.number),
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.call.at)),
            str(row.call.status or ""),
            str(row.call.exit_code or ""),
            f"{row.call.seconds:.3f}",
            visible(row.as_json()["command"], keep=""),
        ]
        for row in rows
    ]
    return table_lines([_HEADER, *cells], width, right={0, 2, 3, 4}, paint_header=paint.bold)


@click.pass_obj
def show_call(run: Run, number: int, form: str | None) -> None:
    """Run `history show`."""
    from dynacli.output.render import write_content, write_data

    row = earlier_call(run.env, number, with_messages=True)
    if form is None:
        data = row.as_json()
        messages = json.loads(row.call.messages) if row.call.messages else {}
        data.update({name: messages.get(name) for name in ("request", "response") if messages})
        write_data(run.env, data, run.data_format, lambda paint, _: _call_text(data, paint))
        return
    if form != "har" and not row.call.messages:
        # The request is built again, from the same words.
        replay(run, row, ["--dry-run", form])
        return
    from dynacli.output.har import history_text

    text = history_text(row, form).encode("utf-8", "surrogateescape")
    media_type = "application/json" if form == "har" else "text/plain; charset=utf-8"
    write_content(run.env, text, media_type, run.output_format())


def _call_text(data: dict[str, Any], paint: Painter) -> str:
    lines = []
    for name, value in data.items():
        if isinstance(value, dict):
            lines.extend(["", paint.bold(name)])
            lines.extend(f"  {visible(header)}: {visible(text)}" for header, text in value["headers"])
            if value["body"]:
                lines.extend(["", visible(value["body"])])
        elif value is not None:
            lines.append(f"{name.replace('_', ' '):<10} {visible(str(value), keep='')}")
    return "\n".join(lines)


@click.pass_obj
def forget_calls(run: Run) -> None:
    """Run `history clear`."""
    try:
        clear_history(run.env)
    except OSError as error:
        raise FileError(
            "Could not delete the history",
            reason=error.strerror or "",
            hint=f"Check the permissions of `{run.env.state_dir}`",
        ) from error
    write_stderr(run.env, "The history and what was remembered of responses is forgotten\n")


class Replay(click.Command):
    """`dynacli replay`; the words after the number are the operation's to read."""

    def __init__(self, entry: Command) -> None:
        super().__init__(entry.name, callback=click.pass_context(_replay))
        self.entry = entry

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read no word but the first."""
        if not args or args[0] in ctx.help_option_names:
            show_page(ctx, self.page(ctx))
        ctx.args = list(args)
        return ctx.args

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands._help.command_help import command_help

        return command_help(ctx.obj.env, self.entry, ctx.command_path)


def _replay(ctx: click.Context) -> None:
    number, *laid_over = ctx.args
    if not number.isdecimal() or not int(number):
        raise UsageError(
            f"`{number}` is not the number of a call",
            hint=f"Write `{invocation('replay')} N OPTIONS`; `{invocation('history')}` lists the "
            "calls, the latest is 1",
        )
    run: Run = ctx.obj
    replay(run, earlier_call(run.env, int(number)), laid_over)


def _write_export(run: Run, collection: Collection, form: Format, out: str | None) -> None:
    """Write an export.

    Args:
        out: A file, or a directory; None for standard output.

    Raises:
        UsageError: The form is a directory, and none is named; or `-o` names another format.
        FileError: A file cannot be written.
    """
    out = _named_output(run, out)
    if form.is_directory and out is None:
        raise UsageError("This format is a directory of files", hint="Add `--out DIRECTORY`")
    _write_files(run, form.files(collection), form, out)


def _named_output(run: Run, out: str | None) -> str | None:
    """Return the file or directory that `--out FILE` or `-o @FILE` names; None for standard output.

    Raises:
        UsageError: Both are given, or `-o` names a format.
    """
    output = run.output_format()
    if output.format != "auto" or (out is not None and output.file):
        raise UsageError(
            "The output options cannot be combined",
            reason="An export has its own format, and goes to one place",
            hint="Give either `--out FILE` or `-o @FILE`",
        )
    return out or output.file or None


def _write_files(run: Run, files: dict[str, str], form: Format, out: str | None) -> None:
    """Write the files of an export. The first one names them all; `out` is as in `_write_export`.

    Raises:
        FileError: A file cannot be written.
    """
    is_directory = out is not None and (out.endswith(("/", os.sep)) or os.path.isdir(out))
    if out is None:
        from dynacli.output.render import write_content

        content = _as_bytes(next(iter(files.values())))
        write_content(run.env, content, form.media_type, run.output_format())
    elif is_directory or form.is_directory:
        write_named_files(out, {name: _as_bytes(text) for name, text in files.items()})
        run.note(f"Written: {len(files)} file{'s' * (len(files) > 1)} in {out}")
        if form.is_directory and (left := _left_over(out, files)):
            # Programs that run a whole directory would send them, too; yet they may be someone's own.
            run.note(
                f"Files of no operation in this export, left unchanged: {enumerated(left, most=_MOST_NAMED)}"
            )
    else:
        write_named_file(out, _as_bytes(next(iter(files.values()))))
        run.note(f"Written: {out}")


def _left_over(directory: str, files: dict[str, str]) -> list[str]:
    """Return the files of requests in a directory that an export did not write, such as those of an earlier one."""
    endings = tuple({os.path.splitext(name)[1] for name in files} - {".json"})
    found = (
        os.path.relpath(os.path.join(folder, name), directory)
        for folder, _, names in os.walk(directory)
        for name in names
        if name.endswith(endings)
    )
    return sorted(name for name in found if name.replace(os.sep, "/") not in files)


def _as_bytes(text: str) -> bytes:
    # UTF-8 has no bytes for lone surrogates, which JSON can hold.
    return text.encode("utf-8", "replace")


@click.pass_obj
def export_api(run: Run, api: str, form: str | None, only: tuple[str, ...], out: str | None) -> None:
    """Run `export`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.client.search_operations import chosen_operations
    from dynacli.export.make_collection import make_collection
    from dynacli.record import replace

    if form is None:
        listed = ", ".join(f"`{item}`" for item in EXPORT_FORMATS)
        raise UsageError("`--to` is missing", hint=f"Give `--to` one of {listed}")
    opened = run.api(api)
    settings = replace(settings_of(run.env, opened, run.call_options), level="warn")
    with run.reading_document(api, "Making examples from"):
        collection = make_collection(opened, chosen_operations(opened, only), settings)
    _write_export(run, collection, EXPORT_FORMATS[form], out)
    if not collection.variables.get(BASE_URL):
        run.note(f"The document names no server: set the variable `{BASE_URL}`, or add `--server URL`")
    lacking = [request for request in collection.requests() if request.lacking]
    for request in lacking:
        run.note(f"{request.name} has no example: {request.lacking}")
