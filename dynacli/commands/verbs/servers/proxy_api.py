"""`dynacli proxy`: what passes between a client and the API's server is not altered, and judged once it has passed."""

from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.commands.verbs.demo import demo_params, opened_api
from dynacli.environment import invocation
from dynacli.errors import RefusedError, UsageError
from dynacli.library.configuration.configuration import DEMO

if TYPE_CHECKING:
    from dynacli.check.recordings.judge_recording import RecordingJudge
    from dynacli.client.call_settings import CallSettings
    from dynacli.library.opened_api import OpenedApi
    from dynacli.proxy.upstream_server import UpstreamServer

__all__ = ["proxy_api"]

_MOST_BASES = 3
_SECONDS = 300.0
"""Seconds that the upstream may take for the head of an answer."""


@click.pass_context
def proxy_api(
    ctx: click.Context,
    /,
    api: str,
    port: int,
    host: str,
    upstream: str | None,
    preserve_host: bool,
    learn: str | None,
    **params: Any,
) -> None:
    """Run `proxy`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.commands.verbs.check.conclude_check import check_files, conclude_check
    from dynacli.commands.verbs.servers.told_exchanges import is_text, told_exchanges
    from dynacli.demo.demo_facts import API_KEYS
    from dynacli.output.standard_error import write_stderr
    from dynacli.proxy.run_proxy import ProxySettings, run_proxy
    from dynacli.record import replace
    from dynacli.serving.listening_socket import listening_socket, origin_at

    run: Run = ctx.obj
    call_options = run.call_options
    if upstream is not None:
        if call_options.server:
            raise UsageError("`--upstream` and `--server` both name a server", hint="Leave out one of them")
        call_options = replace(call_options, server=upstream)
    with opened_api(ctx, api, demo_params(params)) as opened:
        settings = settings_of(run.env, opened, call_options, default_level="strict")
        settings.consent.ask = None  # whoever sends a request waits at no terminal
        check_files(run, learn=learn)
        server = _upstream(run, opened, settings)
        with listening_socket(host, port) as sock:

            def say_where() -> None:
                lines = [f"{origin_at(sock, host)} passes on to {server.base}; Ctrl-C ends it"]
                if api == DEMO:
                    lines.append(f"Clients sign in with `Authorization: Bearer {API_KEYS['editor']}`")
                write_stderr(run.env, "\n".join(lines))

            proxy = ProxySettings(host, preserve_host, settings.timeout or _SECONDS)
            with told_exchanges(run) as tell:
                judge, lost = run_proxy(
                    opened, settings, proxy, server, sock, tell=tell, warn=run.warn, on_ready=say_where
                )
        if judge.count and not judge.has_found:
            raise _nothing(opened, judge, server.base)
        _note_others(run, judge, lost)
        results = judge.results(unseen_reason="no such request passed")
        is_shown = judge.has_found and is_text(run.data_form)
        conclude_check(run, results, is_strict=settings.is_strict, learn=learn, is_shown=is_shown)


def _upstream(run: Run, api: "OpenedApi", settings: "CallSettings") -> "UpstreamServer":
    """Return the server that requests are passed on to.

    Raises:
        RefusedError: The document names it, and nobody has accepted it.
    """
    from dynacli.client.sign_request import is_accepted_origin
    from dynacli.commands.questions import agrees
    from dynacli.http.environment_proxy import environment_proxy
    from dynacli.proxy.upstream_server import UpstreamServer
    from dynacli.request.choose_server import choose_server
    from dynacli.urls import origin_of

    base = choose_server(api.servers, api.uri, settings.server, dict(settings.server_variables))
    origin = origin_of(base)
    if not is_accepted_origin(api, settings, origin) and not (
        run.may_ask and agrees(run.env, f"Pass on to {origin} what clients send, with their credentials?")
    ):
        raise RefusedError(
            f"Nothing is passed on to `{origin}`",
            why="The document names it, and nobody has accepted it for the credentials that clients send",
            hint=f"If you trust it: `--upstream {base}`",
            origin=origin,
        )
    context = None
    if origin.startswith("https:"):
        from dynacli.auth.tls_login import TlsLogin, TlsSettings

        context = TlsLogin(run.env, TlsSettings(settings.ca), origin).context(origin)
    return UpstreamServer(base, context, environment_proxy(base))


def _nothing(api: "OpenedApi", judge: "RecordingJudge", base: str) -> UsageError:
    bases = " or ".join(f"`--upstream {base}`" for base, _ in judge.possible_servers.most_common(_MOST_BASES))
    return UsageError(
        f"Nothing that passed belongs to an operation of `{api.name}`",
        why=f"Its operations are expected at {base}",
        hint=f"They would be found with {bases}, where clients leave that part of the path out"
        if bases
        else f"`{invocation('operations', api.name)}` lists the paths",
    )


def _note_others(run: Run, judge: "RecordingJudge", lost: int) -> None:
    """Say what was not judged, and why."""
    others = judge.elsewhere.total()
    if others:
        run.note(
            f"{others:,} exchange{'s belong' if others > 1 else ' belongs'} to no operation of the document"
        )
    if lost:
        run.warn(f"{lost:,} exchanges passed too fast to be looked at")
    if judge.unlisted:
        run.note(f"{judge.unlisted:,} more exchanges have findings of so many kinds that they are not listed")
