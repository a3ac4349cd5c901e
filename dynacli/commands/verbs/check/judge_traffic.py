"""`dynacli judge`: what other programs sent and got, judged like calls."""

from collections import Counter
from typing import TYPE_CHECKING

import click

from dynacli.commands.opened_input import opened_input
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError

if TYPE_CHECKING:
    from dynacli.check.recordings.judge_recording import RecordingJudge
    from dynacli.client.call_settings import CallSettings
    from dynacli.library.opened_api import OpenedApi

__all__ = ["judge"]

_MOST_HOSTS = 5


@click.pass_obj
def judge(run: Run, api: str, file: str, learn: str | None) -> None:
    """Run `judge`."""
    from dynacli.check.recordings.judge_recording import RecordingJudge
    from dynacli.client.call_settings import settings_of
    from dynacli.commands.verbs.check.conclude_check import check_files, conclude_check
    from dynacli.output.status_line import StatusLine
    from dynacli.traffic.read_har import read_har

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    check_files(run, learn=learn)
    server = _server(opened, settings)
    judge = RecordingJudge(opened, settings, [server] if server else ())
    line, is_shown, is_interrupted = StatusLine(run.env), run.shows_progress, False
    try:
        with opened_input(run, file, "the recording") as stream:
            for recorded in read_har(stream):
                judge.add(recorded)
                if is_shown:
                    line.show(f"{judge.count:,} exchanges read; Ctrl-C ends the run with what was found")
    except KeyboardInterrupt:
        is_interrupted = True
    finally:
        line.clear()
    if not judge.has_found and not is_interrupted:
        raise _nothing(opened, judge)
    _note_others(run, judge)
    conclude_check(
        run, judge.results(is_interrupted=is_interrupted), is_strict=settings.is_strict, learn=learn
    )


def _server(api: "OpenedApi", settings: "CallSettings") -> str:
    """Return the base URL that is asked for; empty where the servers of the document are meant."""
    from dynacli.request.choose_server import choose_server

    if not settings.server and not settings.server_variables:
        return ""
    return choose_server(api.servers, api.uri, settings.server, dict(settings.server_variables))


def _note_others(run: Run, judge: "RecordingJudge") -> None:
    """Say what was not judged, and why."""
    others = judge.elsewhere.total()
    if others:
        exchanges = f"{others:,} exchanges belong" if others > 1 else "1 exchange belongs"
        run.note(f"{exchanges} to no operation: {_listed(judge.elsewhere)}")
    if judge.possible_servers:
        run.note(f"They would belong to operations with {_servers(judge)}")
    if judge.unlisted:
        run.note(f"{judge.unlisted:,} more exchanges have findings of so many kinds that they are not listed")


def _nothing(api: "OpenedApi", judge: "RecordingJudge") -> UsageError:
    return UsageError(
        f"No exchange of the recording belongs to an operation of `{api.name}`",
        why=f"It has {judge.count:,} exchange{'s' if judge.count > 1 else ''}: {_listed(judge.elsewhere)}",
        hint=f"They would with {_servers(judge)}"
        if judge.possible_servers
        else f"Another server is named by `--server URL`; `{invocation('operations')}` lists the paths",
    )


def _listed(hosts: Counter[str]) -> str:
    listed = [f"{count:,} with {host}" for host, count in hosts.most_common(_MOST_HOSTS)]
    more = len(hosts) - _MOST_HOSTS
    return ", ".join([*listed, *([f"and with {more:,} more hosts"] if more > 0 else [])])


def _servers(judge: "RecordingJudge") -> str:
    found = judge.possible_servers.most_common(_MOST_HOSTS)
    return " or ".join(f"`--server {base}` ({count:,})" for base, count in found)
