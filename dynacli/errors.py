"""The exceptions of dynacli, each with its exit code.

Every failure that users can meet is a `DynacliError`. Only `dynacli.__main__` turns it into text or JSON on
standard error, and into the exit code:

    DynacliError
    ├── InternalError        1    a defect in dynacli itself
    ├── UsageError           2    unknown API, operation, option; a bad or missing value;
    │                             a request that the document does not allow
    ├── HttpError        3, 4, 5    the final response is a 3xx, 4xx, 5xx; its body was printed
    ├── NetworkError         6    DNS, refused, TLS, protocol error
    │   ├── UnreachableError      no connection, for a reason that may pass
    │   └── BrokenResponseError     no response, or a truncated one, from a server that was reached
    ├── TimedOutError        7    connect, read or total budget
    ├── DocumentError        8    not found, not OpenAPI, over a limit, unreadable,
    │                             a refused reference
    ├── MismatchError        9    a response does not match the document, or the document changed
    ├── AuthError           10    a credential is missing, expired, refused
    ├── RefusedError        11    the call is not safe or not allowed: origin, downgrade, policy
    ├── FileError           12    configuration unreadable, output cannot be written, disk full
    ├── FormatError           13    the response cannot be printed in the requested format
    └── FailedRowsError   any     rows of a batch failed; the code is the first one's
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

__all__ = [
    "AuthError",
    "BrokenResponseError",
    "DocumentError",
    "DynacliError",
    "FailedRowsError",
    "FileError",
    "FormatError",
    "HttpError",
    "InternalError",
    "MismatchError",
    "NetworkError",
    "RefusedError",
    "TimedOutError",
    "UnreachableError",
    "UsageError",
]


class DynacliError(Exception):
    """The base class of all errors that users see, with a message, a reason and a hint.

    A traceback shows the message and the first finding, if there is one. It shows the reason and the hint as notes.

    Args:
        message: The failure, on a single line without a final period and without secrets.
        reason: The cause; empty if unknown.
        hint: Advice for the user, as a command if possible.
        details: Further fields of the JSON output, for programs.

    Attributes:
        is_retryable: Whether the same call may succeed later.
        try_: The corrected command; empty if none is known.
        is_declined: Whether the user answered no to a question, so nothing failed.
    """

    exit_code: int = 1
    kind: ClassVar[str] = "internal"
    is_retryable: bool = False
    try_: str = ""
    is_declined: bool = False

    def __init__(self, message: str, *, reason: str = "", hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.hint = hint
        self.details = details
        self._added: list[str] = []

    @classmethod
    def declined(cls, message: str) -> Self:
        """Return the error that ends a command after the user answered no to a question.

        Args:
            message: The action that did not happen, on a single line without a final period.
        """
        error = cls(f"{message}: you answered no")
        error.is_declined = True
        return error

    def __str__(self) -> str:
        finding = self.reason.partition("\n")[0] if self.details.get("findings") else ""
        return _printable(f"{self.message}: {finding}" if finding else self.message)

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        """The lines below the message of a traceback (PEP 678): the current reason and hint, then added notes."""
        return [*(_printable(text) for text in (self.reason, self.hint) if text), *self._added]

    def add_note(self, note: str) -> None:
        """Add a note below the reason and the hint."""
        self._added.append(note)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object that `--error-format json` prints."""
        error: dict[str, Any] = {
            "kind": self.kind,
            "message": self.message,
            "reason": self.reason,
            "hint": self.hint,
            "exit_code": self.exit_code,
            "retryable": self.is_retryable,
            "try": self.try_ or None,
            "summary": None,
        }
        error.update(self.details)
        return {"error": error}


def _printable(text: str) -> str:
    """Return a text with its control characters escaped, because a traceback prints it unchanged to the terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )


class InternalError(DynacliError):
    """A defect in dynacli itself."""

    @classmethod
    def caused_by(cls, error: BaseException) -> InternalError:
        """Return the error for an unexpected exception.

        The text of the exception may hold secrets, so the error names only its class and its line of code.
        """
        from dynacli import version_of_build

        innermost = error.__traceback__
        while innermost is not None and innermost.tb_next is not None:
            innermost = innermost.tb_next
        place = "?"
        if innermost is not None:
            place = f"{innermost.tb_frame.f_code.co_filename.rpartition('/')[2]}:{innermost.tb_lineno}"
        return cls(
            "This is a defect in dynacli",
            reason=f"{type(error).__name__} at {place}, version {version_of_build()}",
            hint="Report it with the command line (without secrets); `--debug` shows the traceback",
        )

    @property
    def line(self) -> str:
        """The defect on one line, for a server that keeps running."""
        return f"{self.message} ({self.reason})"


class UsageError(DynacliError):
    """The command, or the request that it would send, is invalid. No request was sent."""

    exit_code = 2
    kind = "usage"


class HttpError(DynacliError):
    """The final response is not a 2xx, or its body says that the call failed.

    Args:
        status: Status code of the response. The exit code is its first digit, or 4 for a 2xx.
    """

    kind = "http"

    def __init__(self, status: int, message: str, *, reason: str = "", hint: str = "") -> None:
        super().__init__(message, reason=reason, hint=hint, status=status)
        self.exit_code = 4 if 200 <= status < 300 else status // 100 if 300 <= status < 600 else 6


class NetworkError(DynacliError):
    """The connection to the server failed or was interrupted."""

    exit_code = 6
    kind = "network"


class UnreachableError(NetworkError):
    """dynacli could not connect to the server, for a reason that may be temporary."""

    is_retryable = True


class BrokenResponseError(NetworkError):
    """The server closed the connection before its response was complete."""

    is_retryable = True


class TimedOutError(DynacliError):
    """A time limit was exceeded: for connecting, for reading, or for the whole call."""

    exit_code = 7
    kind = "timeout"
    is_retryable = True


class DocumentError(DynacliError):
    """The OpenAPI document cannot be used. No request reached the API."""

    exit_code = 8
    kind = "document"


class MismatchError(DynacliError):
    """A response does not match the OpenAPI document, or a comparison found changes (`changes --fail-on`, `diff`)."""

    exit_code = 9
    kind = "mismatch"


class AuthError(DynacliError):
    """A credential is missing, expired or unreadable. The operation was not called."""

    exit_code = 10
    kind = "auth"


class RefusedError(DynacliError):
    """dynacli refuses a call that is not safe or that a policy forbids."""

    exit_code = 11
    kind = "refused"


class FileError(DynacliError):
    """A local file cannot be read, written or replaced."""

    exit_code = 12
    kind = "file"


class FormatError(DynacliError):
    """The response arrived, but cannot be printed in the requested format. dynacli printed it as JSON, or unchanged."""

    exit_code = 13
    kind = "format"


class FailedRowsError(DynacliError):
    """Rows of a batch failed. The exit code is the code of the first failed row (`dynacli help batch`).

    Args:
        exit_code: Exit code of the first failed row.
    """

    kind = "rows"

    def __init__(
        self, exit_code: int, message: str, *, reason: str = "", hint: str = "", **details: Any
    ) -> None:
        super().__init__(message, reason=reason, hint=hint, **details)
        self.exit_code = exit_code
