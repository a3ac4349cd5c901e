"""`dynacli proxy`: forwards the requests of clients, and validates each exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dynacli.client.call_settings import settings_of
from dynacli.commands.demo_api import demo_params, opened_api
from dynacli.commands.exchange_reports import is_for_reader, shown_exchanges
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import RefusedError, UsageError
from dynacli.output.standard_error import write_stderr
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallSettings
    from dynacli.features.check.recordings import RecordingValidator
    from dynacli.features.proxy.upstream_server import UpstreamServer

_MOST_BASES = 3

_SECONDS = 300.0
"""Default time limit for the headers of the upstream's response, in seconds."""


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
    sign: bool,
    socket: str | None,
    write: bool,
    cookies: bool,
    max_requests: int | None,
    expires: str | None,
    program: tuple[str, ...],
    **params: Any,
) -> None:
    """Run `proxy`."""
    from dynacli.commands.call.call_report import check_files
    from dynacli.features.check.command import conclude_check
    from dynacli.features.proxy.run_proxy import ProxySettings, run_proxy
    from dynacli.http.serving import listening_socket, origin_at
    from dynacli.registry.demo_facts import API_KEYS

    run: Run = ctx.obj
    call_options = run.call_options
    if upstream is not None:
        if call_options.server:
            raise UsageError("`--upstream` and `--server` exclude each other", hint="Leave out one of them")
        call_options = replace(call_options, server=upstream)
    if sign:
        from dynacli.features.proxy.run_signing import SignOptions, run_signed_proxy

        _check_only_signing(run, preserve_host=preserve_host, learn=learn)
        options = SignOptions(
            host, port, socket or "", write, cookies, max_requests or 0, expires or "", program
        )
        with opened_api(ctx, api, demo_params(params)) as opened:
            settings = settings_of(run.env, opened, call_options)
            ctx.exit(run_signed_proxy(run, opened, settings, options))
    _check_no_signing(
        {
            "--socket": socket,
            "--write": write,
            "--cookies": cookies,
            "--max-requests": max_requests,
            "--expires": expires,
            "--rate": run.options.rate,
            "A program": program,
        }
    )
    with opened_api(ctx, api, demo_params(params)) as opened:
        settings = settings_of(run.env, opened, call_options, default_level="strict")
        settings.consent.ask = None  # the client of a request is not at this terminal
        check_files(run.options, learn=learn)
        server = _upstream(run, opened, settings)
        with listening_socket(host, port) as sock:

            def say_where() -> None:
                lines = [f"{origin_at(sock, host)} passes on to {server.base}; Ctrl-C ends it"]
                if api == DEMO:
                    lines.append(f"Clients sign in with `Authorization: Bearer {API_KEYS['editor']}`")
                write_stderr(run.env, "\n".join(lines))

            proxy = ProxySettings(host, preserve_host, settings.timeout or _SECONDS)
            with shown_exchanges(run) as announce:
                validator, lost = run_proxy(
                    opened,
                    settings,
                    proxy,
                    server,
                    sock,
                    announce=announce,
                    warn=run.warn,
                    on_ready=say_where,
                )
        if validator.count and not validator.has_found:
            raise _no_server(opened, validator, server.base)
        _note_others(run, validator, lost)
        results = validator.results(unseen_reason="no such request passed")
        is_shown = validator.has_found and is_for_reader(run.data_format)
        conclude_check(run, results, is_strict=settings.is_strict, learn=learn, is_shown=is_shown)


def _check_only_signing(run: Run, *, preserve_host: bool, learn: str | None) -> None:
    """Refuse options about validation: what a program exchanges with `--sign` is not validated.

    Raises:
        UsageError: Such an option is given.
    """
    options = run.options
    given = {
        "--preserve-host": preserve_host,
        "--learn": learn,
        "--report": options.report,
        "--validate": options.validate,
        "--no-fail": options.no_fail,
        "--filter": run.data_format.filter,
    }
    for name, value in given.items():
        if value:
            raise UsageError(
                f"`--sign` and `{name}` exclude each other",
                reason="With `--sign`, dynacli decides about requests and does not validate them",
                hint="Leave out one of them",
            )


def _check_no_signing(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            shown = f"`{name}`" if name.startswith("--") else name
            raise UsageError(f"{shown} needs `--sign`", hint=f"Give `--sign`, too, or leave out {shown}")


def _upstream(run: Run, api: OpenedApi, settings: CallSettings) -> UpstreamServer:
    """Return the server that receives the requests.

    Raises:
        RefusedError: The document names the server, and you have not accepted it, or it is a socket.
    """
    from dynacli.client.sign_request import is_accepted_origin
    from dynacli.commands.questions import agrees
    from dynacli.features.proxy.upstream_server import UpstreamServer
    from dynacli.http.connections import environment_proxy
    from dynacli.request.choose_server import choose_server
    from dynacli.urls import origin_of, socket_of

    base = choose_server(api.servers, api.uri, settings.server, settings.server_variables)
    origin = origin_of(base)
    if not is_accepted_origin(api, settings, origin) and not (
        run.may_ask and agrees(run.env, f"Forward requests to {origin}, with the credentials of clients?")
    ):
        raise RefusedError(
            f"Nothing is forwarded to `{origin}`",
            reason="The document names it, and you have not accepted it for the credentials of clients",
            hint=f"If you trust it: `--upstream {base}`",
            origin=origin,
        )
    if socket_of(base):
        raise RefusedError(
            f"The proxy does not forward to the socket `{socket_of(base)}`",
            reason="Every user of this machine could use the socket by the port of the proxy",
            hint="Validate single calls with `--server`, or recorded traffic with `validate`",
        )
    context = None
    if origin.startswith("https:"):
        from dynacli.auth.tls_login import TlsLogin, TlsSettings

        context = TlsLogin(run.env, TlsSettings(settings.ca), origin).context(origin)
    return UpstreamServer(base, context, environment_proxy(base))


def _no_server(api: OpenedApi, validator: RecordingValidator, base: str) -> UsageError:
    bases = " or ".join(
        f"`--upstream {base}`" for base, _ in validator.possible_servers.most_common(_MOST_BASES)
    )
    return UsageError(
        f"No exchange matches an operation of `{api.name}`",
        reason=f"Its operations are expected at {base}",
        hint=f"They would be found with {bases}, where clients leave that part of the path out"
        if bases
        else f"`{invocation('operations', api.name)}` lists the paths",
    )


def _note_others(run: Run, validator: RecordingValidator, lost: int) -> None:
    """Report the exchanges that were not validated, and the reasons."""
    others = validator.elsewhere.total()
    if others:
        run.note(
            f"{others:,} exchange{'s belong' if others > 1 else ' belongs'} to no operation of the document"
        )
    if lost:
        run.warn(f"{lost:,} exchanges were too fast to validate")
    if validator.unlisted:
        run.note(validator.unlisted_text)
