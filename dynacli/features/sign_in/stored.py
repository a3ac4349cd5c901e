"""`dynacli auth status`, `explain`, `logout` and `token`: what is stored, sent, forgotten, given to another program."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from dynacli.auth.credential_store import CredentialStore, StoredCredential
from dynacli.client.call_settings import settings_of
from dynacli.client.credentials.chosen_security import unknown_schemes, unknown_schemes_of_entry
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, RefusedError, UsageError
from dynacli.output.standard_error import write_stderr
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.registry.open_by_name import open_from_cache
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines


@click.pass_obj
def status(run: Run, api: str | None) -> None:
    """List what is stored, for all APIs or one of them.

    Raises:
        AuthError: The store cannot be read.
    """
    from dynacli.output.render import write_rows

    kept = [stored for stored in CredentialStore(run.env).list() if api in (None, stored.api)]
    for name in Configuration(run.env).apis():
        if api in (None, name):
            _warn_of_schemes(run, name)

    def lines(paint: Painter, width: int) -> list[str]:
        if not kept:
            return [f"No credential is stored: {invocation('auth login', 'API')}"]
        header = ["api", "profile", "scheme", "kind", "store", "origins", "expires", "scopes"]
        cells = [[visible(text, keep="") for text in _cells(stored)] for stored in kept]

        width_or_all = width if run.env.stdout_is_terminal else None
        return table_lines([header, *cells], width_or_all, paint_header=paint.bold)

    write_rows(run.env, map(_credential_row, kept), run.data_format, lines)


def _warn_of_schemes(run: Run, name: str) -> None:
    """Warn of schemes in the configuration that the document does not have."""
    try:
        opened = open_from_cache(name, run.env)
    except DynacliError:
        return  # `doctor` reports this error
    if opened is None:
        return  # the document is not in the cache, so its schemes are unknown
    with closing(opened.catalog):
        for note in unknown_schemes_of_entry(opened):
            run.warn(f"`{name}`: {note}")


def _cells(kept: StoredCredential) -> list[str]:
    end = "" if kept.expires_at is None else _moment(kept.expires_at)
    if kept.is_refreshable:
        end = f"{end}, refreshed by itself".lstrip(", ")
    elif kept.is_over(time.time()):
        end = f"{end}, over"
    origins, scopes = " ".join(kept.origins), " ".join(kept.scopes or ())
    return [kept.api, kept.profile, kept.scheme, kept.kind, kept.store, origins, end, scopes]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _credential_row(kept: StoredCredential) -> dict[str, Any]:
    return {
        "api": kept.api,
        "profile": kept.profile or None,
        "scheme": kept.scheme,
        "kind": kept.kind,
        "store": kept.store,
        "origins": list(kept.origins),
        "expires_at": None if kept.expires_at is None else _moment(kept.expires_at),
        "scopes": list(kept.scopes or ()),
        "refreshable": kept.is_refreshable,
    }


@click.pass_obj
def logout(run: Run, api: str, scheme: str) -> None:
    """Delete the stored credentials of an API, of one scheme or profile if the user names it.

    Raises:
        UsageError: No such credential is stored.
        AuthError: The store cannot be changed.
    """
    store = CredentialStore(run.env)
    kept = _stored(store.list(), api, scheme, run.options.profile)
    store.remove([stored.place for stored in kept])
    names = " and ".join(map(_credential_name, kept))
    write_stderr(run.env, f"{visible(api, keep='')}: the credential for {names} is deleted here\n")
    if store.has_leftovers:
        run.warn(
            "the system's keyring could not be changed, and still has secrets that nothing uses any more; "
            "the next `auth login` or `auth logout` removes them"
        )


def _credential_name(kept: StoredCredential) -> str:
    name = f"`{visible(kept.scheme, keep='')}`"
    return f"{name} of profile `{visible(kept.profile, keep='')}`" if kept.profile else name


@click.pass_obj
def show_token(run: Run, api: str, scheme: str) -> None:
    """Print a stored credential to a pipe.

    Raises:
        RefusedError: Standard output is a terminal.
        UsageError: No such credential is stored, or several are.
        AuthError: The store cannot be read, or the credential has expired and cannot be refreshed.
        DynacliError: The credential has expired, and the server that refreshes it cannot be reached.
    """
    if run.env.stdout_is_terminal:
        raise RefusedError(
            "Credentials are not printed to a terminal",
            reason="It would stay in the scrollback",
            hint=f"Pipe it into the program that needs it: `{invocation('auth token', api)} | PROGRAM`",
        )
    store = CredentialStore(run.env)
    profile = run.options.in_force("profile", run.env)
    kept = _stored(store.list(), api, scheme, "")
    # Like calls, prefer the credential of the profile to the one without a profile.
    for owner in (profile, ""):
        kept = [stored for stored in kept if stored.profile == owner] or kept
    if len(kept) > 1 or (profile and kept[0].profile not in (profile, "")):
        listed = ", ".join(_credential_name(stored) for stored in kept)
        raise UsageError(
            f"`{api}` has several credentials",
            reason=f"Stored: {listed}",
            hint="Choose one with `--scheme` or `--profile`",
        )
    found = store.with_secrets(kept[0])
    if found.is_due(time.time()):
        from dynacli.features.sign_in.oauth_sign_in import in_time

        options = run.options.with_value("profile", found.profile)
        found = in_time(run.env, settings_of(run.env, run.api(api), options), store, found)
    run.env.stdout.write(f"{found.secrets['credential'].reveal()}\n")
    run.env.stdout.flush()


def _stored(
    credentials: Sequence[StoredCredential], api: str, scheme: str, profile: str
) -> list[StoredCredential]:
    kept = [
        credential
        for credential in credentials
        if credential.api == api and scheme in ("", credential.scheme) and profile in ("", credential.profile)
    ]
    if not kept and api == DEMO:
        from dynacli.features.sign_in.chosen_scheme import signs_itself_in

        raise signs_itself_in()
    if not kept:
        about = f" and `{scheme}`" if scheme else ""
        raise UsageError(
            f"No credential is stored for `{api}`{about}",
            hint=f"`{invocation('auth status')}` lists what is stored; sign in with `{invocation('auth login', api)}`",
        )
    return kept


@click.pass_obj
def explain_credential(run: Run, api: str, operation: str) -> None:
    """Report which credential a call carries.

    Raises:
        UsageError: The API, the operation or the scheme does not exist.
        AuthError: The store cannot be read.
    """
    from dynacli.client.search_operations import unknown_operation
    from dynacli.features.sign_in.explain_credentials import explain_credentials
    from dynacli.output.render import write_data

    opened = run.api(api)
    name = opened.catalog.find(operation)
    if name is None:
        raise unknown_operation(opened, operation)
    settings = settings_of(run.env, opened, run.options)
    for note in unknown_schemes(opened, settings.auth_tables):
        run.warn(note)
    with _callable(run.env, opened) as live:
        explained = explain_credentials(run.env, live, opened.catalog.operation(name), settings)
    write_data(run.env, explained, run.data_format, lambda paint, _: _explanation_text(explained, paint))
    if explained["exit_code"]:
        click.get_current_context().exit(explained["exit_code"])


@contextmanager
def _callable(env: Environment, opened: OpenedApi) -> Iterator[OpenedApi]:
    """Yield the API; start the demo API first, because it has a server only while it runs."""
    if opened.name != DEMO:
        yield opened
        return
    from dynacli.client.live_demo import live_demo

    with live_demo(env, opened) as (live, _):
        yield live


def _explanation_text(explained: dict[str, Any], paint: Painter) -> str:
    if not explained["alternatives"]:
        return f"{explained['operation']} needs no credential, and none is sent"
    lines = []
    for alternative in explained["alternatives"]:
        is_allowed = all(scheme["allowed"] for scheme in alternative["schemes"])
        label = "sent" if alternative["chosen"] and is_allowed else "not sent"
        for scheme in alternative["schemes"] or [None]:
            if scheme is None:
                begin = "sent: nothing; " if alternative["chosen"] else ""
                lines.append(f"{begin}the operation can be called without a credential")
                continue
            where = f"{scheme['in']} {visible(scheme['name'], keep='')}".replace("tls ", "the TLS connection")
            if prefix := scheme["prefix"]:
                where += f" after `{visible(prefix, keep='')}`"
            state = {
                "present": f"from {scheme['source']}",
                "expired": "it has expired",
                "missing": f"it is missing ({scheme['source']})" if scheme["source"] else "it is missing",
            }[scheme["state"]]
            refused = "" if scheme["allowed"] else ", which you have not accepted for credentials"
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
