"""Mutual TLS and private authorities: the client certificate and the trusted authorities of a connection."""

import os
import re
import shlex
import ssl
import time
from typing import Any
from weakref import WeakKeyDictionary

from dynacli.auth.references import resolve_secret
from dynacli.environment import Environment
from dynacli.errors import AuthError, FileError
from dynacli.record import record, replace
from dynacli.secrets import MASK

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
"""A certificate in a PEM file (RFC 7468)."""


@record
class TlsSettings:
    """The TLS settings of an API in the configuration. Paths are relative to the directory of the configuration.

    Args:
        ca: File with the only trusted authorities; empty for the authorities of the system.
        cert: File with the client certificate and its chain; empty for none.
        cert_key: File with the key; empty if it is in the file of the certificate.
        passphrase: Reference to the passphrase of the key; empty for none.
        is_added: Whether to trust the authorities of the system in addition to `ca`.
    """

    ca: str = ""
    cert: str = ""
    cert_key: str = ""
    passphrase: str = ""
    is_added: bool = False


class TlsLogin:
    """The TLS settings for the connections of one call. Only one origin gets the client certificate.

    Raises:
        FileError: A file is missing or has no certificates.
        AuthError: The certificate has expired, or its key is missing.
    """

    def __init__(self, env: Environment, settings: TlsSettings, origin: str) -> None:
        self._env, self._settings, self._origin = env, settings, origin
        self._here = _context(env, settings)
        self._elsewhere = _context(env, TlsSettings(settings.ca)) if settings.ca else None

    def context(self, origin: str) -> ssl.SSLContext | None:
        """Return the TLS context for connections to an origin; None for the default."""
        return self._here if origin == self._origin else self._elsewhere

    def certificate(self) -> bytes:
        """Return the content of the file with the client certificate; empty if there is none."""
        return _certificate_file(self._env, self._settings.cert, "cert")[1] if self._settings.cert else b""

    def curl_words(self, *, shows_secrets: bool) -> list[str]:
        """Return the arguments with which curl uses the same files, quoted for a POSIX shell.

        Raises:
            AuthError: The passphrase cannot be read.
        """
        settings, env = self._settings, self._env
        words = []
        for option, name in (
            ("--cacert", settings.ca),
            ("--cert", settings.cert),
            ("--key", settings.cert_key),
        ):
            if name:
                words += [option, shlex.quote(certificate_path(env, name))]
        if settings.passphrase:
            passphrase = resolve_secret(settings.passphrase, env) if shows_secrets else MASK
            words += ["--pass", shlex.quote(passphrase)]
        return words


_contexts: WeakKeyDictionary[Environment, list[tuple[TlsSettings, ssl.SSLContext]]] = WeakKeyDictionary()
"""Environment → its TLS contexts, which calls share so that they can share connections."""


def _context(env: Environment, settings: TlsSettings) -> ssl.SSLContext:
    known = _contexts.setdefault(env, [])
    for made_for, made in known:
        if made_for == settings:
            return made
    made = _made(env, settings)
    known.append((settings, made))
    return made


def _made(env: Environment, settings: TlsSettings) -> ssl.SSLContext:
    context = _trusting(env, settings)
    if settings.cert:
        _load(context, env, settings)
    return context


def _trusting(env: Environment, settings: TlsSettings) -> ssl.SSLContext:
    from dynacli.http.exchange import system_context

    if not settings.ca:
        return system_context()
    path, content = _certificate_file(env, settings.ca, "ca")
    authorities = content.decode("ascii", "replace")
    try:
        if not settings.is_added:
            return ssl.create_default_context(cadata=authorities)
        context = system_context()
        context.load_verify_locations(cadata=authorities)
    except ssl.SSLError:
        raise _no_certificate(path, "ca") from None
    return context


def context_besides(env: Environment, ca: str) -> ssl.SSLContext | None:
    """Return the TLS context for connections to a provider, which trusts public authorities and the API's own ones.

    Args:
        env: The environment of the run.
        ca: File with the API's own authorities; empty for none.

    Raises:
        FileError: The file is missing or has no certificates.
    """
    return context_of(env, TlsSettings(ca) if ca else None)


def context_of(env: Environment, settings: TlsSettings | None) -> ssl.SSLContext | None:
    """Return the TLS context for settings, which also trusts the authorities of the system; None without settings.

    Raises:
        FileError: A file is missing or has no certificates.
        AuthError: The certificate has expired, or its key is missing.
    """
    return _context(env, replace(settings, is_added=True)) if settings is not None else None


def _load(context: ssl.SSLContext, env: Environment, settings: TlsSettings) -> None:
    """Load the client's certificate with its key."""
    path, content = _certificate_file(env, settings.cert, "cert")
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise _no_certificate(path, "cert")
    key_path, key = (
        _certificate_file(env, settings.cert_key, "cert_key") if settings.cert_key else (path, content)
    )
    if b"PRIVATE KEY-----" not in key:
        raise AuthError(
            f"The certificate `{path}` has no key",
            reason=f"There is no key in `{key_path}`",
            hint="Name the file with its key in `cert_key`",
        )
    _check_time(path)
    passphrase = resolve_secret(settings.passphrase, env) if settings.passphrase else ""
    was_asked = False

    def password() -> bytes:
        # Without this function, OpenSSL would ask for the passphrase on the terminal.
        nonlocal was_asked
        was_asked = True
        return passphrase.encode()

    try:
        context.load_cert_chain(path, key_path, password)
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise AuthError(
                f"The key in `{key_path}` does not belong to the certificate `{path}`",
                hint="Name the file with its key in `cert_key`",
            ) from None
        reason = "It is encrypted" if was_asked else "It is damaged, or of a kind that OpenSSL does not know"
        raise AuthError(
            f"The key in `{key_path}` cannot be read",
            reason=f"{reason}, and `passphrase` is wrong" if was_asked and passphrase else reason,
            hint='Give its passphrase: `passphrase = "keyring:SERVICE/USER"`' if was_asked else "",
        ) from None


def _check_time(path: str) -> None:
    import _ssl

    # The module `ssl` has no public function that reads a certificate from a file.
    read: Any = getattr(_ssl, "_test_decode_cert", None)
    try:
        facts: dict[str, Any] = read(path) if read else {}
    except ssl.SSLError:
        raise _no_certificate(path, "cert") from None
    now = time.time()
    for key, sign, words in (("notAfter", 1, "has expired"), ("notBefore", -1, "is not valid yet")):
        if key in facts and sign * (now - ssl.cert_time_to_seconds(facts[key])) > 0:
            raise AuthError(
                f"The certificate `{path}` {words}",
                reason=f"It says {facts[key]}",
                hint="Get a new one, and name its file in `cert`",
            )


def certificate_path(env: Environment, name: str) -> str:
    """Return the absolute path of a file of certificates, which may be relative to the configuration directory."""
    return os.path.normpath(os.path.join(env.config_dir, os.path.expanduser(name)))


def _certificate_file(env: Environment, name: str, key: str) -> tuple[str, bytes]:
    path = certificate_path(env, name)
    try:
        with open(path, "rb") as file:
            return path, file.read()
    except (OSError, ValueError) as error:
        raise FileError(
            f"The file of `{key}` cannot be read",
            reason=f"`{path}`: {getattr(error, 'strerror', None) or 'it is not a path'}",
            hint=f"Name another one in `{key}` of the configuration",
        ) from None


def authorities_in(env: Environment, ca: str) -> bytes:
    """Return only the certificates in a file of `ca`.

    Raises:
        FileError: The file cannot be read, or has no certificates.
    """
    path, content = _certificate_file(env, ca, "ca")
    found = _CERTIFICATE.findall(content)
    if not found:
        raise _no_certificate(path, "ca")
    return b"\n".join((*found, b""))


def _no_certificate(path: str, key: str) -> FileError:
    return FileError(
        f"The file of `{key}` is not a certificate",
        reason=f"There is none in PEM in `{path}`",
        hint=f"Name another one in `{key}` of the configuration",
    )
