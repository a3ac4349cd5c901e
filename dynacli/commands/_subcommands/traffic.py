"""`dynacli validate` and `dynacli import`: traffic of other programs is validated, or becomes commands."""

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.openapi.model.wording import counted, shell_line
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynacli.check.recordings import RecordingValidator
    from dynacli.client.call_settings import CallSettings
    from dynacli.http.payload import Readable
    from dynacli.traffic.recorded_request import RecordedRequest

_MOST_HOSTS = 5
_USE = "what is imported"
_BLOCK = 1 << 16


@contextmanager
def _opened_input(env: Environment, word: str, use: str) -> "Iterator[Readable]":
    """Open a file, or standard input for `-`, until the end of the block.

    Args:
        use: What standard input is taken for, as messages say it.

    Raises:
        UsageError: Nothing is piped in.
        FileError: It cannot be read.
    """
    if word == "-" and env.stdin_is_terminal:
        raise UsageError("`-` reads standard input, but nothing is piped into it")
    try:
        if word == "-":
            yield env.open_stdin(use)
        else:
            with open(os.path.expanduser(word), "rb") as file:
                yield file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a file name"
        raise FileError(f"`{word}` cannot be read", reason=reason) from error


@click.pass_obj
def validate(run: Run, api: str, file: str, learn: str | None) -> None:
    """Run `validate`."""
    from dynacli.check.recordings import RecordingValidator
    from dynacli.client.call_settings import settings_of
    from dynacli.commands._subcommands.check import check_files, conclude_check
    from dynacli.output.status_line import StatusLine
    from dynacli.traffic.read_har import read_har

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    check_files(run.options, learn=learn)
    server = _server(opened, settings)
    validator = RecordingValidator(opened, settings, [server] if server else ())
    line, is_shown, is_interrupted = StatusLine(run.env), run.shows_progress, False
    try:
        with _opened_input(run.env, file, "the recording") as stream:
            for recorded in read_har(stream):
                validator.add(recorded)
                if is_shown:
                    line.show(f"{validator.count:,} exchanges read; Ctrl-C ends the run with what was found")
    except KeyboardInterrupt:
        is_interrupted = True
    finally:
        line.clear()
    if not validator.has_found and not is_interrupted:
        raise _nothing_validated(opened, validator)
    _note_others(run, validator)
    conclude_check(
        run, validator.results(is_interrupted=is_interrupted), is_strict=settings.is_strict, learn=learn
    )


def _server(api: "OpenedApi", settings: "CallSettings") -> str:
    """Return the base URL that is asked for; empty if the servers of the document are meant."""
    from dynacli.request.choose_server import choose_server

    if not settings.server and not settings.server_variables:
        return ""
    return choose_server(api.servers, api.uri, settings.server, settings.server_variables)


def _note_others(run: Run, validator: "RecordingValidator") -> None:
    """Say what was not validated, and why."""
    others = validator.elsewhere.total()
    if others:
        exchanges = f"{others:,} exchanges belong" if others > 1 else "1 exchange belongs"
        run.note(f"{exchanges} to no operation: {_listed_hosts(validator.elsewhere)}")
    if validator.possible_servers:
        run.note(f"They would match operations with {_likely_servers(validator)}")
    if validator.unlisted:
        run.note(validator.unlisted_text)


def _nothing_validated(api: "OpenedApi", validator: "RecordingValidator") -> UsageError:
    return UsageError(
        f"No exchange of the recording matches an operation of `{api.name}`",
        reason=f"It has {counted(validator.count, 'exchange')}: {_listed_hosts(validator.elsewhere)}",
        hint=f"They would match with {_likely_servers(validator)}"
        if validator.possible_servers
        else f"Name another server with `--server URL`; `{invocation('operations')}` lists the paths",
    )


def _listed_hosts(hosts: Counter[str]) -> str:
    listed = [f"{count:,} with {host}" for host, count in hosts.most_common(_MOST_HOSTS)]
    more = len(hosts) - _MOST_HOSTS
    return ", ".join([*listed, *([f"and with {more:,} more hosts"] if more > 0 else [])])


def _likely_servers(validator: "RecordingValidator") -> str:
    found = validator.possible_servers.most_common(_MOST_HOSTS)
    return " or ".join(f"`--server {base}` ({count:,})" for base, count in found)


@click.pass_obj
def import_curl(run: Run, line: str, api: str | None) -> None:
    """Run `import curl`."""
    from dynacli.traffic.read_curl import read_curl

    # Whatever a browser copies has a URL, and no file is called so.
    is_line = "://" in line or line.split(None, 1)[:1] in (["curl"], ["$"], [])
    text = line if is_line else _input_text(run.env, line)
    rows = _request_rows(run, [read_curl(text)], api)
    _write(run, rows)
    if rows[0]["command"] is None:
        raise _nothing_imported(api, rows[0])


@click.pass_obj
def import_har(run: Run, file: str, api: str | None) -> None:
    """Run `import har`."""
    from dynacli.traffic.read_har import read_har

    with _opened_input(run.env, file, _USE) as stream:
        requests = [recorded_exchange.request for recorded_exchange in read_har(stream)]
    _write(run, _request_rows(run, requests, api))


def _input_text(env: Environment, word: str) -> str:
    """Return the text of a file, or of standard input for `-`.

    Raises:
        UsageError: Nothing is piped in.
        FileError: It cannot be read, or is not text.
    """
    try:
        with _opened_input(env, word, _USE) as stream:
            content = b"".join(iter(lambda: stream.read(_BLOCK) or b"", b""))
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"`{word}` is not a text file", reason="It is not UTF-8") from None


def _request_rows(run: Run, requests: "Iterable[RecordedRequest]", api: str | None) -> list[dict[str, Any]]:
    from dynacli.traffic.recorded_request import OperationFinder, find_operation
    from dynacli.traffic.request_words import words_of_request

    finders = [OperationFinder(opened) for opened in _apis(run, api)]
    rows = []
    for request in requests:
        found = find_operation(finders, request, is_any_server=api is not None)
        row: dict[str, Any] = {
            "method": request.method,
            "url": with_masked_query(request.url),
            "api": None,
            "operation": None,
            "command": None,
            "credentials": [],
            "remarks": [],
        }
        if found is not None:
            words = words_of_request(found, request)
            row |= {
                "api": found.api.name,
                "operation": found.operation.name,
                "command": shell_line([program().name, *words.words]),
                "credentials": list(words.credentials),
                "remarks": list(words.remarks),
            }
        rows.append(row)
    return rows


def _apis(run: Run, api: str | None) -> list[OpenedApi]:
    """Return the API that is named, else all registered ones without those whose document cannot be had."""
    if api is not None:
        return [run.api(api)]
    opened = []
    for name in sorted(Configuration(run.env).apis()):
        try:
            opened.append(run.api(name))
        except DynacliError as error:
            run.warn(f"{name} is left out: {error.message}")
    if not opened:
        raise UsageError(
            "No API is registered yet",
            hint=f"Name a document with `--api ./openapi.yaml`, or register one: `{invocation('api add')}`",
        )
    return opened


def _write(run: Run, rows: list[dict[str, Any]]) -> None:
    from dynacli.output.render import write_rows

    for row in rows:
        if row["credentials"]:
            names = ", ".join(row["credentials"])
            explain = f"{invocation('auth explain', row['api'])} {row['operation']}"
            run.note(f"{names}: a credential, which is left out; `{explain}` shows where it comes from")
        for remark in row["remarks"]:
            run.note(remark)
        if row["command"] is None:
            run.note(f"No operation matches {row['method']} {row['url']}")

    def lines(paint: Painter, width: int) -> Iterable[str]:  # noqa: ARG001
        return (visible(row["command"]) for row in rows if row["command"] is not None)

    write_rows(run.env, rows, run.data_format, lines)


def _nothing_imported(api: str | None, row: dict[str, Any]) -> UsageError:
    return UsageError(
        f"No operation matches {row['method']} {row['url']}",
        reason=f"Searched in `{api}`" if api else "Searched in all registered APIs, at their servers",
        hint=f"`{invocation('operations', api)}` lists the operations"
        if api
        else "Name the document: `--api NAME|URL|FILE`",
    )
