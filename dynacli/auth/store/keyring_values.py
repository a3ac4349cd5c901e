"""Secrets in the system's keyring, in pieces that every keyring takes, and never waited for in vain.

Windows keeps at most 2,560 bytes, two for a character (`CRED_MAX_CREDENTIAL_BLOB_SIZE`); a keyring that is locked may
wait for its owner without end (https://github.com/jaraco/keyring/issues/477).
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

from dynacli.environment import invocation, program
from dynacli.errors import AuthError

__all__ = ["SECONDS", "delete_value", "has_keyring", "read_password", "read_value", "write_value"]

SECONDS = 5.0
"""How long a keyring is waited for."""

_PIECE = 1200
"""Characters."""

_T = TypeVar("_T")


def has_keyring() -> bool:
    """Return whether this system has a keyring that can keep something."""
    import keyring

    def find() -> bool:
        # `fail` and `null` have the priority 0 and -1, and keep nothing.
        return float(keyring.get_keyring().priority) > 0

    return _within_time(find, "looked for")


def write_value(name: str, value: str) -> int:
    """Keep a value under a name that has none yet, and return how many pieces it is in.

    Raises:
        AuthError: The keyring does not take it, or is locked.
    """
    import keyring

    pieces = [value[start : start + _PIECE] for start in range(0, len(value), _PIECE)] or [""]
    for number, piece in enumerate(pieces):
        _within_time(partial(keyring.set_password, program().name, f"{name}/{number}", piece), "written to")
    return len(pieces)


def read_value(name: str, parts: int) -> str | None:
    """Return a value; None where the keyring has lost it.

    Raises:
        AuthError: The keyring cannot be read, or is locked.
    """
    import keyring

    pieces = []
    for number in range(parts):
        piece = _within_time(partial(keyring.get_password, program().name, f"{name}/{number}"), "read")
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


def read_password(service: str, user: str) -> str | None:
    """Return a password that another program, or the person, has put into the keyring; None where there is none.

    Raises:
        AuthError: The keyring cannot be read, or is locked.
    """
    import keyring

    return _within_time(partial(keyring.get_password, service, user), "read")


def delete_value(name: str, parts: int) -> None:
    """Remove a value; one that is not there is gone already.

    Raises:
        AuthError: The keyring cannot be changed, or is locked.
    """
    import keyring
    from keyring.errors import PasswordDeleteError

    def delete(number: int) -> None:
        with suppress(PasswordDeleteError):
            keyring.delete_password(program().name, f"{name}/{number}")

    for number in range(parts):
        _within_time(partial(delete, number), "written to")


def _within_time(act: Callable[[], _T], doing: str) -> _T:
    """Return what a function of the keyring returns.

    Raises:
        AuthError: It fails, or takes too long.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend([act(), None])
        except Exception as error:  # noqa: BLE001 - each backend raises its own, and any means the same here
            outcome.extend([None, error])

    # A daemon: the process must be able to end while the keyring still waits.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if not outcome:
        raise AuthError(
            f"The system's keyring could not be {doing} within {SECONDS:.0f} s",
            reason="It may be locked, and wait for its owner",
            hint=f"Unlock it, or keep credentials in a file: `{invocation('auth login', 'API')} --store file`",
        )
    value, error = outcome
    if error is not None:
        # The text of the error may quote the value.
        raise AuthError(
            f"The system's keyring could not be {doing}",
            reason=f"It says {type(error).__name__}",
            hint=f"Unlock it, or keep credentials in a file: `{invocation('auth login', 'API')} --store file`",
        ) from None
    return cast("_T", value)
