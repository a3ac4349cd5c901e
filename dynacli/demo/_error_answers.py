"""The error answers of the demo API."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.record import record

__all__ = ["FieldError", "Problem", "forbidden", "invalid", "not_found", "unauthenticated"]


@record
class FieldError:
    """A wrong part of a request: the name of the parameter or the path of the body field, and what is wrong."""

    field: str
    message: str


class Problem(Exception):  # noqa: N818 - the word of RFC 9457 for an error answer; it never leaves the demo API
    """An answer of 400 and above.

    Args:
        status: The HTTP status code.
        code: The stable word for programs.
        message: One sentence for people.
        field_errors: The wrong parts of the request, if that was the reason.
        headers: Response headers to add.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field_errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field_errors = tuple(field_errors)
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer, in the API's error shape."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field_errors:
            errors = [{"field": error.field, "message": error.message} for error in self.field_errors]
            error["details"] = {"fieldErrors": errors, "warnings": []}
        return {"error": error}


def invalid(field_errors: Sequence[FieldError]) -> Problem:
    """Return the 400 that names the wrong fields."""
    return Problem(400, "validation_failed", "The request is not valid", field_errors=field_errors)


def unauthenticated(message: str) -> Problem:
    """Return the 401 with the challenge that RFC 9110, section 11.6.1 asks for."""
    return Problem(401, "unauthenticated", message, headers={"www-authenticate": 'Bearer realm="armature"'})


def forbidden(role: str) -> Problem:
    """Return the 403 for a role that may only read."""
    return Problem(
        403, "forbidden_role", f"The role `{role}` may only read; this needs editor, admin or owner"
    )


def not_found(kind: str, identifier: str) -> Problem:
    """Return the 404 for a resource that does not exist."""
    return Problem(404, "not_found", f"There is no {kind} `{identifier}`")
