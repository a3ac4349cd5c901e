"""The command `mcp`: it runs a server that offers APIs to an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dynacli.commands.run import Run
from dynacli.environment import Consent, Environment, how_to_install, invocation
from dynacli.errors import UsageError
from dynacli.options.command_table import feature
from dynacli.options.standard_options import CallTerms, Options
from dynacli.record import replace
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter

if TYPE_CHECKING:
    from dynacli.features.mcp.served_apis import Pages
    from dynacli.secrets import Secret

_WIDTH = 100
_OPERATIONS = "operations"
"""The value of `--tools` for a tool of each operation."""


class _OfServer(Consent):
    """The consent to calls of a server, which cannot ask its user."""

    hint = "Only the person who starts the command `mcp` can allow it, with `--yes`"
    hint_on_reading = (
        "Only the person who starts the command `mcp` can allow it, with `--write`; `plan` plans it"
    )


@click.pass_obj
def serve_mcp(
    run: Run,
    apis: tuple[str, ...],
    write: bool,
    workflows: str | None,
    tools: str,
    http: str | None,
    token: str | None,
    files: str | None,
    max_bytes: int,
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
    from dynacli.features.mcp.operation_tools import OperationTools
    from dynacli.features.mcp.protocol_server import protocol_server, run_over_http, run_over_stdio
    from dynacli.features.mcp.served_apis import ServedApis
    from dynacli.features.mcp.shared_files import SharedFiles
    from dynacli.features.mcp.tool_list import TOOL_NAMES
    from dynacli.features.mcp.tools import Tools

    shared = None if files is None else SharedFiles(files)
    options = _server_options(run.options, is_writing=write)
    with ServedApis(run.env, apis, options, is_writing=write) as served:
        if not served.names:
            hint = f"Name one: `{invocation('mcp', 'demo')}`"
            reason, hint = Configuration(run.env).why_missing("None is registered", hint)
            raise UsageError("No API to offer", reason=reason, hint=hint)
        operations = OperationTools(served) if tools == _OPERATIONS else None
        offered = None
        if workflows is not None:
            taken = TOOL_NAMES if operations is None else TOOL_NAMES | operations.names
            offered = feature("workflows.offered_workflows").OfferedWorkflows(
                run.env, workflows, options, is_writing=write, taken=taken
            )
        pages = _pages(run.env, run.options)
        server = protocol_server(Tools(served, pages, max_bytes, offered, operations, shared))
        if http is None:
            run_over_stdio(server, run.env)
            return
        from dynacli.features.mcp.http_place import listening_at

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


def _pages(env: Environment, options: Options) -> Pages:
    from dynacli.commands.help_pages.api_overview import overview_page
    from dynacli.commands.subcommands.describe import described_details
    from dynacli.features.mcp.served_apis import Pages

    def describe(api: OpenedApi, operation: str, place: str) -> str:
        return described_details(api, operation, place)[1](Painter(enabled=False), _WIDTH)

    return Pages(lambda api: overview_page(env, api, options), describe)


def _token(env: Environment, word: str | None) -> Secret:
    """Return the token that each request needs: the secret of a reference, by default the stored token."""
    from dynacli.features.mcp.http_place import kept_token

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
    from dynacli.features.mcp.http_place import token_path

    lines = [f"The server listens at {url}; Ctrl-C stops it"]
    if token is None:
        lines.append(f"Clients send the header `Authorization: Bearer` with what is in {token_path(env)}")
    else:
        lines.append("Clients send the header `Authorization: Bearer` with the token")
    if not is_local:
        lines.append("What goes over the network is not encrypted: put a proxy with TLS before it")
    return lines
