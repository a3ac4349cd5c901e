"""The secrets that a configuration leads to, so that they can be masked wherever they come back."""

from collections.abc import Iterator
from typing import Any

from dynacli.auth.references import REFERENCES, resolve
from dynacli.auth.secret import Secret
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.library.configuration.configuration import Configuration

__all__ = ["referenced_secrets"]

_READ_AT_ONCE = ("env:", "file:")
"""What references lead to without a keyring, which may ask, and without running a command."""


def referenced_secrets(env: Environment) -> list[Secret]:
    """Return the values of the variables and files that any API's entry refers to.

    Raises:
        FileError: The configuration cannot be read.
    """
    found = []
    for entry in Configuration(env).apis().values():
        for reference in _references(entry):
            try:
                found.append(Secret(resolve(reference, env).strip()))
            except AuthError:
                continue  # the call that needs it says so
    return found


def _references(table: Any) -> Iterator[str]:
    for key, value in table.items() if isinstance(table, dict) else ():
        if key in REFERENCES and isinstance(value, str) and value.startswith(_READ_AT_ONCE):
            yield value
        yield from _references(value)
