"""`dynacli import`: turns requests of other programs into commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.call.input_files import opened_input
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.openapi.model.wording import shell_line
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.traffic.recorded_request import RecordedRequest

_USE = "what is imported"
_BLOCK = 1 << 16


@click.pass_obj
def import_curl(run: Run, line: str, api: str | None) -> None:
    """Run `import curl`."""
    from dynacli.features.import_.read_curl import read_curl

    # A command that a browser copied has a URL, and no file has such a name.
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

    with opened_input(run.env, file, _USE) as stream:
        requests = [recorded_exchange.request for recorded_exchange in read_har(stream)]
    _write(run, _request_rows(run, requests, api))


def _input_text(env: Environment, word: str) -> str:
    """Return the text of a file, or of standard input for `-`.

    Raises:
        UsageError: Nothing is piped in.
        FileError: The file cannot be read, or is not text.
    """
    try:
        with opened_input(env, word, _USE) as stream:
            content = b"".join(iter(lambda: stream.read(_BLOCK) or b"", b""))
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"`{word}` is not a text file", reason="It is not UTF-8") from None


def _request_rows(run: Run, requests: Iterable[RecordedRequest], api: str | None) -> list[dict[str, Any]]:
    from dynacli.features.import_.request_words import words_of_request
    from dynacli.traffic.recorded_request import OperationFinder, find_operation

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
    """Return the named API, or all registered APIs whose documents can be opened."""
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
