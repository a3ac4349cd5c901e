"""`dynacli mock`, `dynacli proxy` and `dynacli mcp`: servers for other programs.

A mock and a proxy tell each exchange when it is over. `mcp` offers APIs to an agent.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

from dynacli.client.call_settings import settings_of
from dynacli.commands._subcommands.demo import demo_params, opened_api
from dynacli.commands.run import Run
from dynacli.environment import Consent, Environment, how_to_install, invocation, invocation_words
from dynacli.errors import DynacliError, FormatError, RefusedError, UsageError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.options.standard_options import CallTerms, Options
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import is_for_people
from dynacli.output.standard_error import write_stderr
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter

if TYPE_CHECKING:
    from dynacli.apps.mcp.served_apis import Pages
    from dynacli.apps.proxy.upstream_server import UpstreamServer
    from dynacli.check.recordings import RecordingValidator
    from dynacli.client.call_settings import CallSettings
    from dynacli.openapi.model.operation import Operation
    from dynacli.secrets import Secret

_MOST_TRIED = 30
"""Operations among which the simplest is looked for."""
_MOST_BASES = 3
_SECONDS = 300.0
"""Seconds that the upstream may take for the head of a response."""
_WIDTH = 100


@click.pass_obj
def mock_api(
    run: Run, api: str, host: str, port: int, dynamic: bool, ignore_examples: bool, no_cors: bool
) -> None:
    """Run `mock`."""
    from dynacli.apps.mock.mock_server import MockServer, ShownMock, mock_application, serve_until_signal
    from dynacli.http.serving import listening_socket, origin_at

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    with listening_socket(host, port) as sock, _shown_exchanges(run) as announce:
        stops: list[Callable[[], None]] = []
        failures: list[Exception] = []

        def on_ready(stop: Callable[[], None]) -> None:
            stops.append(stop)
            write_stderr(run.env, _where(opened, origin_at(sock, host)))

        def report_failure(error: Exception) -> None:
            if isinstance(
                error, DynacliError | OSError
            ):  # no one reads what is reported, or the disk is full
                failures.append(error)
                stops[0]()
            else:
                run.warn_of_defect(error)

        application = mock_application(
            MockServer(opened, settings, is_dynamic=dynamic, has_examples=not ignore_examples),
            lambda exchange: announce(ShownMock(opened, exchange)),
            has_cors=not no_cors,
        )
        number = serve_until_signal(application, sock, on_ready, report_failure)
        if failures:
            raise failures[0]
    if number is not None:
        # The signal has only ended the server so far; now it ends the program.
        signal.raise_signal(number)


def _where(api: "OpenedApi", origin: str) -> str:
    """Return where the mock runs, and how it is called."""
    from dynacli.apps.mock.mock_server import base_path
    from dynacli.auth.missing_credential import needed_variables
    from dynacli.openapi.model.wording import shell_line

    base = f"{origin}{base_path(api)}"
    lines = [f"The mock of {api.name} runs on {base}; Ctrl-C stops it"]
    operation = _simplest(api) if api.location != "-" else None
    if operation is not None:
        words = (*invocation_words(api=api.name), operation.name, *operation.example)
        # The mock takes any value for a credential; a variable keeps it out of what other users see.
        ways = [needed_variables(alternative, api.prefix) for alternative in operation.security]
        is_open = not ways or () in operation.security
        variables = [] if is_open else [f"{name}=mock" for name in next(filter(None, ways), ())]
        lines.append(f"Try: {' '.join([*variables, shell_line(words)])} --server {base}")
    return "\n".join(lines)


def _simplest(api: "OpenedApi") -> "Operation | None":
    """Return the operation that is called with the fewest words, a safe one before others; None if there is none."""
    shown = [summary for summary in api.catalog.each_summary() if not summary.is_hidden]
    shown.sort(key=lambda summary: (summary.method not in SAFE_METHODS, summary.path.count("{")))
    found = [api.catalog.operation(summary.name) for summary in shown[:_MOST_TRIED]]
    return min(
        found,
        key=lambda operation: (operation.method not in SAFE_METHODS, len(operation.example)),
        default=None,
    )


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
    from dynacli.apps.proxy.run_proxy import ProxySettings, run_proxy
    from dynacli.commands._subcommands.check import check_files, conclude_check
    from dynacli.demo.demo_facts import API_KEYS
    from dynacli.http.serving import listening_socket, origin_at

    run: Run = ctx.obj
    call_options = run.call_options
    if upstream is not None:
        if call_options.server:
            raise UsageError("`--upstream` and `--server` exclude each other", hint="Leave out one of them")
        call_options = replace(call_options, server=upstream)
    with opened_api(ctx, api, demo_params(params)) as opened:
        settings = settings_of(run.env, opened, call_options, default_level="strict")
        settings.consent.ask = None  # whoever sends a request waits at no terminal
        check_files(run.options, learn=learn)
        server = _upstream(run, opened, settings)
        with listening_socket(host, port) as sock:

            def say_where() -> None:
                lines = [f"{origin_at(sock, host)} passes on to {server.base}; Ctrl-C ends it"]
                if api == DEMO:
                    lines.append(f"Clients sign in with `Authorization: Bearer {API_KEYS['editor']}`")
                write_stderr(run.env, "\n".join(lines))

            proxy = ProxySettings(host, preserve_host, settings.timeout or _SECONDS)
            with _shown_exchanges(run) as announce:
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
        is_shown = validator.has_found and _is_for_reader(run.data_format)
        conclude_check(run, results, is_strict=settings.is_strict, learn=learn, is_shown=is_shown)


def _upstream(run: Run, api: "OpenedApi", settings: "CallSettings") -> "UpstreamServer":
    """Return the server that requests are passed on to.

    Raises:
        RefusedError: The document names it, and no one has accepted it.
    """
    from dynacli.apps.proxy.upstream_server import UpstreamServer
    from dynacli.client.sign_request import is_accepted_origin
    from dynacli.commands._questions import agrees
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


def _no_server(api: "OpenedApi", validator: "RecordingValidator", base: str) -> UsageError:
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


def _note_others(run: Run, validator: "RecordingValidator", lost: int) -> None:
    """Say what was not validated, and why."""
    others = validator.elsewhere.total()
    if others:
        run.note(
            f"{others:,} exchange{'s belong' if others > 1 else ' belongs'} to no operation of the document"
        )
    if lost:
        run.warn(f"{lost:,} exchanges were too fast to validate")
    if validator.unlisted:
        run.note(validator.unlisted_text)


class _Shown(Protocol):
    """An exchange as it is reported."""

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text."""

    def row(self) -> dict[str, Any]:
        """Return it as data."""


def _is_for_reader(form: OutputFormat) -> bool:
    """Return whether exchanges are reported in lines for a person: a filter needs the objects."""
    return is_for_people(form) and not form.filter


@contextmanager
def _shown_exchanges(run: Run) -> Iterator[Callable[[_Shown], None]]:
    """Yield a function that tells an exchange on standard output, or in the file that is asked for.

    An exchange on which the filter fails is left out: what a client sends must not end the server.

    Raises:
        FormatError: The filter failed on an exchange; raised at the end of the block.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    env, form = run.env, run.data_format
    if _is_for_reader(form):
        from dynacli.output.standard_output import written_text

        paint, is_verbose = Painter.for_stdout(env), bool(run.options.verbose)
        with written_text(env, replace(form, may_page=False)) as write:
            yield lambda reported: write(f"{reported.lines(paint, is_verbose=is_verbose)}\n")
        return
    from dynacli.output.written_items import written_items

    if form.format in {"auto", "json"}:
        form = replace(form, format="ndjson")  # there is no last item before the end
    failures: list[FormatError] = []
    with written_items(env, form) as write_item:

        def announce(reported: _Shown) -> None:
            try:
                write_item(reported.row())
            except FormatError as error:
                if not failures:
                    run.warn(f"{error.message}: such exchanges are left out")
                    failures.append(error)

        yield announce
    if failures:
        raise failures[0]


class _OfServer(Consent):
    """Whether a person has agreed to calls, if no one is there to be asked."""

    hint = "Only the person who starts the command `mcp` can allow it, with `--yes`"
    hint_on_reading = (
        "Only the person who starts the command `mcp` can allow it, with `--write`; `plan` plans it"
    )


@click.pass_obj
def serve_mcp(
    run: Run, apis: tuple[str, ...], write: bool, http: str | None, token: str | None, max_bytes: int
) -> None:
    """Run `mcp`."""
    if token is not None and http is None:
        raise UsageError("`--token` needs `--http`", hint="Add `--http`, or leave out `--token`")
    if "-" in apis and http is None:
        raise UsageError(
            "The server uses standard input, so the document cannot come from it",
            hint="Name a file or a URL, or give `--http`",
        )
    _check_is_installed()
    from dynacli.apps.mcp.protocol_server import protocol_server, run_over_http, run_over_stdio
    from dynacli.apps.mcp.served_apis import ServedApis
    from dynacli.apps.mcp.tools import Tools

    with ServedApis(
        run.env, apis, _server_options(run.options, is_writing=write), is_writing=write
    ) as served:
        if not served.names:
            hint = f"Name one: `{invocation('mcp', 'demo')}`"
            reason, hint = Configuration(run.env).why_missing("None is registered", hint)
            raise UsageError("No API to offer", reason=reason, hint=hint)
        server = protocol_server(Tools(served, _pages(run.env, run.options), max_bytes))
        if http is None:
            run_over_stdio(server, run.env)
            return
        from dynacli.apps.mcp.http_place import listening_at

        place = listening_at(http, _token(run.env, token))
        with place.socket:
            run.note("\n".join(_how_to_connect(run.env, place.url, token, is_local=place.is_local)))
            run_over_http(server, place)


def _check_is_installed() -> None:
    try:
        import mcp  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"`{invocation('mcp')}` needs a package that is not installed",
            reason=f"`import {error.name}` fails",
            hint=f"Install it: {how_to_install('mcp')}",
        ) from error


def _server_options(options: Options, *, is_writing: bool) -> Options:
    consent = _OfServer(is_given=options.yes, is_required=True)
    reads_only_by = "" if is_writing else f"`{invocation('mcp')}` without `--write`"
    terms = CallTerms(may_be_verbose=True, consent=consent, reads_only_by=reads_only_by, is_bound=True)
    return replace(options, terms=terms)


def _pages(env: Environment, options: Options) -> "Pages":
    from dynacli.apps.mcp.served_apis import Pages
    from dynacli.commands._help.api_overview import overview_page
    from dynacli.commands._subcommands.describe import described_details

    def describe(api: OpenedApi, operation: str, place: str) -> str:
        return described_details(api, operation, place)[1](Painter(enabled=False), _WIDTH)

    return Pages(lambda api: overview_page(env, api, options), describe)


def _token(env: Environment, word: str | None) -> "Secret":
    """Return what each request has to bear: the secret that a reference leads to, by default one that is kept."""
    from dynacli.apps.mcp.http_place import kept_token

    if word is None:
        return kept_token(env)
    from dynacli.auth.references import resolve_secret, what_is_wrong_with
    from dynacli.secrets import Secret

    if what_is_wrong_with("", {"token": word}):
        raise UsageError(
            "`--token` takes a reference such as `env:NAME`, not the secret itself",
            reason="The server requires a token: other programs of this machine can reach it",
            hint="Leave out `--token` for a generated token, or write `env:NAME`, `file:PATH`, `command:WORDS` or"
            " `keyring:SERVICE/USER`",
        )
    return Secret(resolve_secret(word, env).strip())


def _how_to_connect(env: Environment, url: str, token: str | None, *, is_local: bool) -> list[str]:
    from dynacli.apps.mcp.http_place import token_path

    lines = [f"The server listens at {url}; Ctrl-C stops it"]
    if token is None:
        lines.append(f"Clients send the header `Authorization: Bearer` with what is in {token_path(env)}")
    else:
        lines.append("Clients send the header `Authorization: Bearer` with the token")
    if not is_local:
        lines.append("What goes over the network is not encrypted: put a proxy with TLS before it")
    return lines
