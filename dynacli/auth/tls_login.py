"""Mutual TLS and private authorities: the certificate that a connection shows, and those that it trusts."""

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
"""A certificate in a file of PEM (RFC 7468)."""


@record
class TlsSettings:
    """What a configuration says of the TLS of an API's connections; paths are relative to its directory.

    Args:
        ca: The file with the only authorities that are trusted; empty for those of the system.
        cert: The file with the client's certificate, and the chain above it; empty for none.
        cert_key: The file with its key; empty if the certificate's has it.
        passphrase: The reference for what the key is encrypted with; empty for nothing.
        is_added: Whether the authorities of the system are trusted besides those of `ca`.
    """

    ca: str = ""
    cert: str = ""
    cert_key: str = ""
    passphrase: str = ""
    is_added: bool = False


class TlsLogin:
    """The TLS of the connections of one call: the client's certificate is shown to one origin alone.

    Raises:
        FileError: A file is missing or is none of certificates.
        AuthError: The certificate has expired, or is without its key.
    """

    def __init__(self, env: Environment, settings: TlsSettings, origin: str) -> None:
        self._env, self._settings, self._origin = env, settings, origin
        self._here = _context(env, settings)
        self._elsewhere = _context(env, TlsSettings(settings.ca)) if settings.ca else None

    def context(self, origin: str) -> ssl.SSLContext | None:
        """Return what a connection to an origin is made with; None for what all others are made with."""
        return self._here if origin == self._origin else self._elsewhere

    def certificate(self) -> bytes:
        """Return the content of the file with the client's certificate; empty if it shows none."""
        return _certificate_file(self._env, self._settings.cert, "cert")[1] if self._settings.cert else b""

    def curl_words(self, *, shows_secrets: bool) -> list[str]:
        """Return the words of a curl command that makes its connection with the same files, quoted for a POSIX shell.

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
"""Surroundings of a run → contexts that were made: the calls of a series share one, and so their connections."""


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
    """Return what connections to a provider are made with: a public one is trusted, and one of the API's own authority.

    Args:
        ca: The file with that authority; empty for none.

    Raises:
        FileError: The file is missing or is none of certificates.
    """
    return context_of(env, TlsSettings(ca) if ca else None)


def context_of(env: Environment, settings: TlsSettings | None) -> ssl.SSLContext | None:
    """Return what connections are made with that trust the authorities of the system as well; None for those alone.

    Raises:
        FileError: A file is missing or is none of certificates.
        AuthError: The certificate has expired, or is without its key.
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
        # Without a function, OpenSSL would ask on the terminal.
        nonlocal was_asked
        was_asked = True
        return passphrase.encode()

    try:
        context.load_cert_chain(path, key_path, password)
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            raise AuthError(
                f"The key in `{key_path}` is not that of the certificate `{path}`",
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

    # The module ssl has no public function that reads a certificate of a file.
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
    """Return the absolute path of a file of certificates, which a person may write relative to the configuration."""
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
    """Return the certificates in a file of `ca`, and nothing else that stands in it.

    Raises:
        FileError: The file cannot be read, or has none.
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
