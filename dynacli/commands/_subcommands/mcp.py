"""`dynacli mcp`: offers APIs to an agent over the Model Context Protocol."""

from typing import TYPE_CHECKING

import click

from dynacli.client.call_settings import CallOptions
from dynacli.client.consent import Consent
from dynacli.commands.run import Run
from dynacli.environment import Environment, how_to_install, invocation
from dynacli.errors import UsageError
from dynacli.options.standard_options import Options
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter

if TYPE_CHECKING:
    from dynacli.apps.mcp.served_apis import Pages
    from dynacli.auth.secret import Secret

__all__ = ["serve_mcp"]

_MOST_BYTES = 10_000_000
_WIDTH = 100
_NO_TOKEN = "none"  # noqa: S105  - the word that asks for no token


class _OfServer(Consent):
    """Whether a person has agreed to calls, if no one is there to be asked."""

    hint = "Only the person who starts the verb `mcp` can allow it, with `--yes`"
    hint_on_reading = "Only the person who starts the verb `mcp` can allow it, with `--write`"


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

    with ServedApis(run.env, apis, _options(run.options, is_writing=write), is_writing=write) as served:
        if not served.names:
            raise UsageError(
                "No API to offer",
                reason="None is registered",
                hint=f"Name one: `{invocation('mcp', 'demo')}`",
            )
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


def _options(options: Options, *, is_writing: bool) -> CallOptions:
    consent = _OfServer(is_given=options.yes, is_required=True)
    reads_only_by = "" if is_writing else f"`{invocation('mcp')}` without `--write`"
    return CallOptions.of(options, consent=consent, reads_only_by=reads_only_by, is_bound=True)


def _pages(env: Environment, options: Options) -> "Pages":
    from dynacli.apps.mcp.served_apis import Pages
    from dynacli.commands._help.landing_page import landing_page
    from dynacli.commands._subcommands.describe.operation_text import described_details

    def describe(api: OpenedApi, operation: str, place: str) -> str:
        return described_details(api, operation, place)[1](Painter(enabled=False), _WIDTH)

    return Pages(lambda api: landing_page(env, api, options), describe)


def _token(env: Environment, word: str | None) -> "Secret | None":
    """Return what each request has to bear: the secret that a reference leads to, by default one that is kept."""
    from dynacli.apps.mcp.http_place import kept_token

    if word is None:
        return kept_token(env)
    if word == _NO_TOKEN:
        return None
    from dynacli.auth.references import resolve, what_is_wrong_with
    from dynacli.auth.secret import Secret

    if what_is_wrong_with("", {"token": word}):
        raise UsageError(
            "`--token` takes a reference such as `env:NAME`, not the secret itself",
            hint="Write `env:NAME`, `file:PATH`, `command:WORDS` or `keyring:SERVICE/USER`; `none` for none",
        )
    return Secret(resolve(word, env).strip())


def _how_to_connect(env: Environment, url: str, token: str | None, *, is_local: bool) -> list[str]:
    from dynacli.apps.mcp.http_place import token_path

    lines = [f"The server listens at {url}; Ctrl-C stops it"]
    if token is None:
        lines.append(f"Clients send the header `Authorization: Bearer` with what is in {token_path(env)}")
    elif token != _NO_TOKEN:
        lines.append("Clients send the header `Authorization: Bearer` with the token")
    if not is_local:
        lines.append("What goes over the network is not encrypted: put a proxy with TLS before it")
    return lines
