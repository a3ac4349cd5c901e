"""`dynacli validate`: validates recorded traffic by the document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from dynacli.commands.call.input_files import opened_input
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.openapi.model.wording import counted
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings
    from dynacli.features.check.recordings import RecordingValidator

_MOST_HOSTS = 5


@click.pass_obj
def validate(run: Run, api: str, file: str, learn: str | None) -> None:
    """Run `validate`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.commands.call.call_report import check_files
    from dynacli.features.check.command import conclude_check
    from dynacli.features.check.recordings import RecordingValidator
    from dynacli.output.status_line import StatusLine
    from dynacli.traffic.read_har import read_har

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    check_files(run.options, learn=learn)
    server = _server(opened, settings)
    validator = RecordingValidator(opened, settings, [server] if server else ())
    line, is_shown, is_interrupted = StatusLine(run.env), run.shows_progress, False
    try:
        with opened_input(run.env, file, "the recording") as stream:
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


def _server(api: OpenedApi, settings: CallSettings) -> str:
    """Return the base URL of `--server` or the configuration; empty for the servers of the document."""
    from dynacli.request.choose_server import choose_server

    if not settings.server and not settings.server_variables:
        return ""
    return choose_server(api.servers, api.uri, settings.server, settings.server_variables)


def _note_others(run: Run, validator: RecordingValidator) -> None:
    """Note how many exchanges were left out or have unlisted findings, and the reasons."""
    others = validator.elsewhere.total()
    if others:
        exchanges = f"{others:,} exchanges belong" if others > 1 else "1 exchange belongs"
        run.note(f"{exchanges} to no operation: {_listed_hosts(validator.elsewhere)}")
    if validator.possible_servers:
        run.note(f"They would match operations with {_likely_servers(validator)}")
    if validator.unlisted:
        run.note(validator.unlisted_text)


def _nothing_validated(api: OpenedApi, validator: RecordingValidator) -> UsageError:
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


def _likely_servers(validator: RecordingValidator) -> str:
    found = validator.possible_servers.most_common(_MOST_HOSTS)
    return " or ".join(f"`--server {base}` ({count:,})" for base, count in found)
