"""`dynacli auth explain`: which credential a call carries, from where and to where, or what is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from dynacli.client.call_settings import CallOptions, settings_of
from dynacli.client.credentials.chosen_security import unknown_schemes
from dynacli.client.credentials.explain_credentials import explain_credentials
from dynacli.client.unknown_operation import unknown_operation
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.library.configuration.configuration import DEMO
from dynacli.library.opened_api import OpenedApi
from dynacli.output.render import write_data
from dynacli.text.terminal import Painter, visible

__all__ = ["explain"]


@click.pass_obj
def explain(run: Run, api: str, operation: str) -> None:
    """Tell which credential a call carries.

    Raises:
        UsageError: There is no such API, operation or scheme.
        AuthError: The store cannot be read.
    """
    opened = run.api(api)
    name = opened.catalog.find(operation)
    if name is None:
        raise unknown_operation(opened, operation)
    settings = settings_of(run.env, opened, CallOptions.of(run.options))
    for note in unknown_schemes(opened, settings.auth_tables):
        run.warn(note)
    with _callable(run, opened) as live:
        explained = explain_credentials(run.env, live, opened.catalog.operation(name), settings)
    write_data(run.env, explained, run.data_form, lambda paint, _: _text(explained, paint))
    if explained["exit_code"]:
        click.get_current_context().exit(explained["exit_code"])


@contextmanager
def _callable(run: Run, opened: OpenedApi) -> Iterator[OpenedApi]:
    """Give an API whose servers are known: the stand-in's is there while it runs."""
    if opened.name != DEMO:
        yield opened
        return
    from dynacli.client.live_demo import live_demo

    with live_demo(run.env, opened) as (live, _):
        yield live


def _text(explained: dict[str, Any], paint: Painter) -> str:
    if not explained["alternatives"]:
        return f"{explained['operation']} needs no credential, and none is sent"
    lines = []
    for alternative in explained["alternatives"]:
        label = "sent" if alternative["chosen"] else "not sent"
        for scheme in alternative["schemes"] or [None]:
            if scheme is None:
                lines.append(f"{label}: nothing; the operation can be called without a credential")
                continue
            where = f"{scheme['in']} {visible(scheme['name'], keep='')}".replace("tls ", "the TLS connection")
            state = {
                "present": f"from {scheme['source']}",
                "expired": "it has expired",
                "missing": f"it is missing ({scheme['source']})" if scheme["source"] else "it is missing",
            }[scheme["state"]]
            refused = "" if scheme["allowed"] else ", which nobody accepted for credentials"
            name = paint.bold(visible(scheme["scheme"], keep=""))
            lines.append(
                f"{label}: {name} ({scheme['kind']}) in {where}, {state}, to {scheme['origin']}{refused}"
            )
    lines = list(dict.fromkeys(lines))  # a scheme may be listed for each of several scopes
    if explained["exit_code"]:
        schemes = [scheme for alternative in explained["alternatives"] for scheme in alternative["schemes"]]
        hint = next((scheme["hint"] for scheme in schemes if scheme["hint"]), "")
        lines.append(f"A call ends with exit code {explained['exit_code']}")
        lines.append(hint or f"Sign in: `{invocation('auth login', explained['api'])}`")
    return "\n".join(lines)
