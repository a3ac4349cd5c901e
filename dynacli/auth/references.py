"""Credentials in the configuration: references to secrets, never the secrets themselves.

`[apis.NAME.auth.SCHEME]` has a key for each part of a credential. The value is a reference: `env:NAME`, `file:PATH`,
`command:WORDS` or `keyring:SERVICE/USER`.
"""

import os
import re
import shlex
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, cast
from weakref import WeakKeyDictionary

from dynacli.auth.credentials import MUTUAL_TLS, WITH_PASSWORD, Held, checked_text, kind_of
from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.secrets import Secret

REFERENCES = ("token", "username", "password", "key", "client_secret", "passphrase")
"""The keys whose values are references."""

_TEXTS = ("client_id", "audience", "callback_host", "cert", "cert_key", "prefix")
_KEYS = (*REFERENCES, *_TEXTS, "scopes", "callback_port", "sign")
_PREFIX = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")  # a token: RFC 9110, section 5.6.2
_FORMS = ("env", "file", "command", "keyring")
_MOST_BYTES = 1 << 20
_MOST_PORT = 65535

_KEPT_SECONDS = 60.0
"""Time in seconds for which a run reuses the secret of a command or of the keyring."""

_given: WeakKeyDictionary[Environment, dict[str, tuple[float, str]]] = WeakKeyDictionary()
"""Environment → reference → (time of reading, secret)."""
SECONDS = 10.0
"""Time limit for a command."""


def what_is_wrong_with(scheme: str, table: Mapping[str, Any]) -> str:
    """Return the mistake in the table of a scheme in the configuration, without its values; empty if there is none."""
    for key, value in table.items():
        if key not in _KEYS:
            known = ", ".join(f"`{item}`" for item in _KEYS)
            return f"`{key}` of `auth.{scheme}` is not a known key. Known keys: {known}"
        if wrong := _wrong_value(key, value):
            return f"`{key}` of `auth.{scheme}` {wrong}"
    return ""


def _wrong_value(key: str, value: Any) -> str:
    if key in REFERENCES:
        return _wrong_reference(value)
    if key in _TEXTS:
        if key == "prefix":
            # An empty prefix means none, even if the description of the scheme names one.
            is_word = isinstance(value, str) and (not value or _PREFIX.fullmatch(value))
            return "" if is_word else "must be a prefix for the key, such as `Bearer`"
        return "" if isinstance(value, str) and value else "is a text"
    if key == "callback_port":
        is_port = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PORT
        return "" if is_port else "must be a port number"
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        return "must be a string, or a list of strings"
    return _wrong_words(value) if key == "sign" and isinstance(value, str) else ""


def _wrong_reference(value: Any) -> str:
    form, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if form not in _FORMS or not colon:
        return (
            "must be a reference, because no secret is stored here: `env:NAME`, `file:PATH`, "
            f"`command:WORDS`, `keyring:SERVICE/USER`, or nothing after `{invocation('auth login')}`"
        )
    if form == "command":
        return _wrong_words(rest)
    if form == "keyring":
        return "" if all(rest.rpartition("/")) else "is `keyring:SERVICE/USER`"
    return "" if rest else f"has nothing after `{form}:`"


def _wrong_words(line: str) -> str:
    try:
        return "" if shlex.split(line) else "has no command"
    except ValueError:
        return "has a quotation mark that is not closed"


def _label_of(reference: str) -> str:
    """Return a phrase for a reference in messages. It shows only the name of a command, not its arguments."""
    form, _, rest = reference.partition(":")
    shown = shlex.split(rest)[0] if form == "command" else rest
    return f"the reference `{form}:{shown}`"


def resolve_secret(reference: str, env: Environment) -> str:
    """Return the secret of a reference, without the line break at its end.

    Args:
        reference: A reference that `what_is_wrong_with` accepts.
        env: The environment of the run.

    Raises:
        AuthError: The secret is empty, missing or unreadable.
    """
    form, _, rest = reference.partition(":")
    label = _label_of(reference)
    if form == "env":
        text = env.variables.get(rest, "")
    elif form == "file":
        text = _secret_text(
            _secret_file(os.path.join(env.config_dir, os.path.expanduser(rest)), label), label
        )
    else:
        text = _remembered_secret(reference, label, env)
    text = checked_text(text, label)
    if not text.strip():
        raise AuthError(f"{_capital(label)} gives nothing", reason="It is empty or missing", hint="Set it")
    return text


def referred(table: Mapping[str, Any], key: str, env: Environment) -> Secret | None:
    """Return the secret of a reference in a table of the configuration; None if the table has no such key.

    Raises:
        AuthError: The secret is empty, missing or unreadable.
    """
    return Secret(resolve_secret(table[key], env).strip()) if key in table else None


def _remembered_secret(reference: str, label: str, env: Environment) -> str:
    """Return the output of a command or the secret in the keyring, and reuse it for the next calls."""
    given, now = _given.setdefault(env, {}), time.monotonic()
    if reference not in given or given[reference][0] + _KEPT_SECONDS < now:
        form, _, rest = reference.partition(":")
        if form == "command":
            text = _secret_text(run_helper(shlex.split(rest), _capital(label)), label)
        else:
            from dynacli.auth.credential_store import read_password

            service, _, user = rest.rpartition("/")
            text = read_password(service, user) or ""
        given[reference] = (now, text)
    return given[reference][1]


def _secret_file(path: str, label: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise AuthError(
            f"{_capital(label)} cannot be read",
            reason=f"`{path}`: {getattr(error, 'strerror', None) or 'it is not a path'}",
            hint="Write the file, or name another one",
        ) from None
    if len(content) > _MOST_BYTES:
        raise AuthError(f"{_capital(label)} cannot be read", reason=f"`{path}` is larger than 1 MiB")
    return content


def _secret_text(content: bytes, label: str) -> str:
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise AuthError(f"{_capital(label)} is not text in UTF-8", hint="Set it again") from None


def _capital(label: str) -> str:
    return f"{label[:1].upper()}{label[1:]}"


def held_by_reference(scheme: SecurityScheme, table: Mapping[str, Any], env: Environment) -> Held | None:
    """Return the credential that the references of a scheme give; None if the table has no reference for it.

    Raises:
        AuthError: A secret is empty, missing or unreadable.
    """
    kind = kind_of(scheme)
    if kind == MUTUAL_TLS:
        return Held(cert, f"the certificate `{cert}`") if (cert := table.get("cert")) else None
    if kind in WITH_PASSWORD:
        user, password = (table.get(key, "") for key in ("username", "password"))
        if not user and not password:
            return None
        name = resolve_secret(user, env) if user else ""
        if ":" in name:
            raise AuthError(
                f"{_capital(_label_of(user))} holds a `:`",
                reason="It separates the name from the password (RFC 7617, section 2)",
                hint="Set it again",
            )
        return Held(
            f"{name}:{resolve_secret(password, env) if password else ''}", _label_of(password or user)
        )
    reference = table.get("key" if kind == "apiKey" else "token")
    if not reference:
        return None
    return Held(resolve_secret(reference, env).strip(), _label_of(reference))


def run_helper(words: list[str], label: str, given: bytes = b"") -> bytes:
    """Return the standard output of a command; its standard error is discarded.

    Args:
        words: The program and its arguments.
        label: A phrase for the command in messages, without arguments.
        given: The content of its standard input.

    Raises:
        AuthError: The command cannot be started, fails, takes too long, or prints too much.
    """
    import subprocess  # most references name no command

    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "The command contains a null character"
        raise _failed(label, reason) from None
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    written: list[bytes] = []

    def write() -> None:
        with suppress(OSError):  # the command need not read it
            stdin.write(given)
        with suppress(OSError):
            stdin.close()

    def read() -> None:
        written.append(stdout.read(_MOST_BYTES + 1))
        stdout.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS)

    threads = [threading.Thread(target=work, daemon=True) for work in (write, read)]
    for thread in threads:
        thread.start()
    try:
        threads[1].join(SECONDS)
        is_late = process.poll() is None
    finally:
        process.kill()  # does nothing if the process has ended
        process.wait()
    # The command may have started a child process that keeps the pipes open. dynacli does not wait for it.
    for thread in threads:
        thread.join(0.5)
    if len(written[0] if written else b"") > _MOST_BYTES:
        raise _failed(label, "It wrote more than 1 MiB")
    if is_late or not written:
        raise _failed(label, f"It took longer than {SECONDS:g} s")
    if process.returncode:
        raise _failed(label, f"It ended with exit code {process.returncode}")
    return written[0]


def _failed(label: str, reason: str) -> AuthError:
    return AuthError(
        f"{label} gives nothing", reason=reason, hint="Run the command yourself to see what it says"
    )
