"""`dynacli auth login`: asks for a credential, or reads it, and stores it."""

from collections.abc import Sequence
from functools import partial
from shlex import quote
from time import time
from typing import Any

import click

from dynacli.auth.credential_store import Keeping
from dynacli.auth.credentials import WITH_PASSWORD, WITH_TOKEN, kind_of, variables_of, with_prefixes
from dynacli.auth.secret import Secret
from dynacli.client.call_settings import CallOptions, settings_of
from dynacli.client.credentials.chosen_security import KINDS, create_scheme, declares_none, schemes_of
from dynacli.client.credentials.sign_in import (
    bound_origins,
    chosen_scheme,
    chosen_store,
    keep_text,
    text_of_choice,
)
from dynacli.commands._call.make_call import asker
from dynacli.commands._questions import hidden_line, line, nobody_to_ask
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError, UsageError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.output.standard_error import write_stderr
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import visible

__all__ = ["login"]

_MOST_BYTES = 1 << 20


@click.pass_obj
def login(
    run: Run,
    /,
    api: str,
    words: tuple[str, ...],
    scheme: str,
    with_token: bool,
    store: str | None,
    name: str,
    operation: str,
    token_at: str,
    refresh_operation: str,
    refresh_token_at: str,
    **oauth: Any,
) -> None:
    """Store a credential for an API.

    Args:
        oauth: The fields of `OAuthWords`.

    Raises:
        AuthError: The credential cannot be had or stored.
        RefusedError: It would be for an origin that no one accepted.
        UsageError: The API or the scheme is not there.
    """
    if words and not operation:
        raise UsageError(
            "`auth login` has an unexpected argument",
            reason="A credential is never an argument, because other programs can see it",
            hint=f"Give it on standard input: `{invocation('auth login', 'API')} --with-token < FILE`; "
            "or name an operation that returns a token: `--operation NAME`",
        )
    if not operation and (token_at or refresh_operation or refresh_token_at):
        raise UsageError(
            "`--operation` is missing", hint="Name the operation that returns a token: `--operation NAME`"
        )
    opened = _with_own_scheme(run, api, scheme, name)
    settings = settings_of(run.env, opened, CallOptions.of(run.options))
    is_oauth = any(value not in ((), "", False, None) for value in oauth.values())
    chosen = chosen_scheme(
        opened,
        scheme,
        partial(_choice, run.env) if run.may_ask else None,
        takes_token=bool(operation),
        is_oauth=is_oauth,
    )
    ((chosen,),) = with_prefixes([(chosen,)], settings.auth_tables)
    origins = bound_origins(opened, settings, asker(run))
    keeping = Keeping(settings.profile, chosen_store(store or ""), origins, _again(run, api))
    if chosen.type in WITH_TOKEN and not (with_token or operation):
        from dynacli.commands._subcommands.auth.oauth_login import OAuthWords, oauth_login

        kept = oauth_login(run, opened, settings, chosen, OAuthWords(**oauth), keeping)
    else:
        end, more, how = None, dict[str, Secret](), dict[str, Any]()
        if operation:
            from dynacli.client.credentials.oauth_sign_in import operation_refresh_parts
            from dynacli.commands._subcommands.auth.operation_login import (
                OperationWords,
                sign_in_by_operation,
            )

            asked = OperationWords(
                operation, token_at, refresh_operation, refresh_token_at, is_piped=with_token
            )
            token, refresh = sign_in_by_operation(run, api, asked, words, chosen, keeping)
            # A header of this name begins with a word (RFC 9110, section 11.4), even if the document calls it a key.
            text = f"Bearer {token.text}" if _is_authorization(chosen) else token.text
            end = token.expires_at
            if refresh is not None:
                more, how = operation_refresh_parts(token, refresh, time())
        else:
            text = _line(run.env) if with_token else _asked(run, chosen)
            _check_is_token(opened, chosen, text)
        kept = keep_text(run.env, opened, chosen, text, keeping, end, more, how)
    where = "in the system's keyring" if kept.store == "keyring" else "in a file that only you can read"
    write_stderr(
        run.env,
        f"{visible(api, keep='')}: signed in with `{visible(chosen.name, keep='')}` at {' and '.join(kept.origins)}; "
        f"the credential is kept {where}"
        + (f", and refreshed by `{kept.refresh['operation']}`\n" if "operation" in kept.refresh else "\n"),
    )


def _with_own_scheme(run: Run, api: str, scheme: str, header: str) -> OpenedApi:
    """Return the API, with a scheme of the person's own if its document declares none and they name one.

    Raises:
        UsageError: It cannot be created.
        FileError: The configuration cannot be written.
    """
    opened = run.api(api)
    if scheme not in KINDS or not declares_none(opened):
        if header:
            raise UsageError(
                "`--name` is only for documents that declare no security scheme",
                hint=f"Write `{invocation('auth login', api)} --scheme apikey --name HEADER`, or leave out `--name`",
            )
        return opened
    return run.reopened(api) if create_scheme(run.env, opened, scheme, header) else opened


def _check_is_token(api: OpenedApi, scheme: SecurityScheme, text: str) -> None:
    """Check that a bearer token is not a user name with a password: it has no `:` (RFC 6750, section 2.1).

    Raises:
        AuthError: It has one.
    """
    if kind_of(scheme) != "bearer" or ":" not in text:
        return
    others = [each for each in schemes_of(api).values() if kind_of(each) in WITH_PASSWORD]
    ways = [f"`{invocation('auth login', api.name)} --scheme {quote(each.name)}`" for each in others[:1]]
    if scheme.has_password_flow:
        ways.append(
            f"`{invocation('auth login', api.name)} --scheme {quote(scheme.name)}` without `--with-token`"
        )
    ways.append("`--operation NAME`, an operation that gives a token for them")
    listed = visible(", or ".join(ways), keep="")
    variable = variables_of(api.open_request.env, api.prefix).generic("TOKEN")
    raise AuthError(
        f"`{visible(scheme.name, keep='')}` takes a token, and this has the form `USERNAME:PASSWORD`",
        reason="A bearer token has no `:` (RFC 6750, section 2.1)",
        hint=f"For a user name and password: {listed}; if it is a token, set `{variable}`",
    )


def _choice(env: Environment, schemes: Sequence[SecurityScheme]) -> SecurityScheme | None:
    """Return the scheme that the person picks of several by its number or name; None for none of them."""
    lines = [f"  {number} {text_of_choice(scheme)}" for number, scheme in enumerate(schemes, 1)]
    write_stderr(env, "\n".join(["You can sign in in several ways:", *lines, ""]))
    word = line(env, f"Which one [1-{len(schemes)}]: ")
    by_word = {str(number): scheme for number, scheme in enumerate(schemes, 1)}
    return by_word.get(word) or next((scheme for scheme in schemes if scheme.name == word), None)


def _again(run: Run, api: str) -> tuple[str, ...]:
    """Return the options of this command line; the inputs of an operation, which may be secret, are left out."""
    words = list(run.words[: run.words.index("--")] if "--" in run.words else run.words)
    for word in ("auth", "login", api):
        if word in words:  # the API may stand after `--`, too
            words.remove(word)
    return tuple(words)


def _line(env: Environment) -> str:
    try:
        content = env.read_stdin("read as the credential", _MOST_BYTES)
        text = content.decode().removeprefix("\ufeff").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise AuthError(
            "Cannot read the credential from standard input", reason=type(error).__name__
        ) from None
    if "\n" in text:
        raise AuthError("The credential has more than one line", hint="Give it in one line")
    return text


def _asked(run: Run, scheme: SecurityScheme) -> str:
    """Return the credential that the person types, which is not shown."""
    if not run.may_ask:
        raise nobody_to_ask(
            run.env,
            run.options,
            "the credential",
            f"Give it on standard input: `{invocation('auth login', 'API')} --with-token < FILE`",
        )
    name = visible(scheme.name, keep="")
    if _is_authorization(scheme):
        return hidden_line(run.env, f"Key for {name}, with the word before it, such as Bearer: ")
    if kind_of(scheme) not in WITH_PASSWORD:
        word = "Key" if kind_of(scheme) == "apiKey" else "Token"
        return hidden_line(run.env, f"{word} for {name}: ")
    user = line(run.env, f"User name for {name}: ")
    if ":" in user:
        raise AuthError(
            "A user name cannot contain `:`",
            reason="It separates the name from the password (RFC 7617, section 2)",
        )
    return f"{user}:{hidden_line(run.env, 'Password: ')}"


def _is_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a key goes into `Authorization` as it is, as Directus and many converted documents have it."""
    return (
        scheme.type == "apiKey"
        and not scheme.prefix
        and (scheme.location, scheme.parameter.lower())
        == (
            "header",
            "authorization",
        )
    )
