"""The demo API for commands. Its server runs as long as the command."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.command_table import feature
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi

WITH_NEXT, _WITH_NEXT_API = "dynacli.features.demo.with_next", "dynacli.features.demo.with_next_api"
"""Keys of `click.Context.meta`: whether `--next` is given, and the API with the document for `--next`."""

_FLAGS = {"role": "--role", "next_": "--next", "misbehave": "--misbehave"}

_NO_PARAMS: Mapping[str, Any] = {}


class DemoOptions(NamedTuple):
    """The options of the demo API.

    Args:
        role: Value of `--role`; empty if it is not given.
        with_next: Whether `--next` is given.
        misbehave: Values of `--misbehave`.
    """

    role: str
    with_next: bool
    misbehave: tuple[str, ...]


def demo_options(params: Mapping[str, Any]) -> DemoOptions:
    """Return the demo API's options from the parameters of a command, which may lack some of them."""
    return DemoOptions(params.get("role") or "", bool(params.get("next_")), params.get("misbehave") or ())


@contextmanager
def opened_api(ctx: click.Context, word: str, params: Mapping[str, Any] = _NO_PARAMS) -> Iterator[OpenedApi]:
    """Open an API for a command that calls it. The server of the demo API runs until the end of the block.

    Args:
        params: Values of `--role`, `--next` and `--misbehave`.

    Raises:
        UsageError: An option of the demo API is given for another API.
    """
    if word == DEMO:
        options = demo_options(params)
        ctx.meta[WITH_NEXT] = options.with_next
        with live_api(ctx.obj, api_for_help(ctx), options) as api:
            yield api
        return
    flags = [_FLAGS[name] for name, value in params.items() if value]
    if flags:
        raise UsageError(
            f"`{flags[0]}` is for the demo API only",
            hint=f"Write `{invocation(str(ctx.command.name), DEMO)}`",
        )
    yield ctx.obj.api(word)


def demo_params(params: dict[str, Any]) -> dict[str, Any]:
    """Remove the demo API's options from the parameters of a command, and return them."""
    return {name: params.pop(name) for name in _FLAGS if name in params}


@contextmanager
def live_api(run: Run, api: OpenedApi, options: DemoOptions) -> Iterator[OpenedApi]:
    """Start the demo API, unless this is a dry run. The server stops at the end of the block."""
    from dynacli.client.live_demo import live_demo

    # `edit` reads the resource even in a dry run.
    is_sent = not run.options.dry_run or run.act is not None
    with live_demo(
        run.env,
        api,
        role=options.role,
        with_next=options.with_next,
        misbehave=misbehaviours_of(options.misbehave, api),
        is_sent=is_sent,
    ) as (live, server):
        if run.options.verbose:
            from dynacli.output.standard_error import write_trace

            state = "runs for this call" if is_sent else "does not run for a dry run"
            role = options.role or "editor"
            write_trace(
                run.env, f"* the demo API {state}; its origin is {server.origin}, and you sign in as {role}"
            )
        yield live


def api_for_help(ctx: click.Context) -> OpenedApi:
    """Return the demo API for lists and help pages, without starting a server."""
    run: Run = ctx.obj
    if not ctx.meta.get(WITH_NEXT):
        return run.api(DEMO)
    if _WITH_NEXT_API not in ctx.meta:
        from dynacli.openapi.document.fetched import Fetched
        from dynacli.registry.revise import open_content

        content = feature("demo.demo_server").served_document(with_next=True).content
        ctx.meta[_WITH_NEXT_API] = open_content(DEMO, Fetched(content), "the demo API's document", run.env)
    api: OpenedApi = ctx.meta[_WITH_NEXT_API]
    return api


def misbehaviours_of(words: tuple[str, ...], api: OpenedApi) -> dict[str, str]:
    """Return operationId → kind of misbehaviour. The values may use the name of an operation or its operationId."""
    ids = {operation.name: operation.operation_id for operation in api.catalog.summaries()}
    kinds = {}
    for word in words:
        operation, equals, kind = word.partition("=")
        if not equals:
            raise UsageError(
                f"`--misbehave {word}` has no `=`", hint="Write `--misbehave search-runs=wrong-type`"
            )
        kinds[ids.get(operation, operation)] = kind
    return kinds
