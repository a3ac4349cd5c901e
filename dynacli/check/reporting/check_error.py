"""How a check ends: the error, and by it the exit code, that its results lead to.

| what was seen | exit code |
|---|---|
| a redirect that crosses a line of trust; or all operations are refused before anything is sent | 11 |
| an answer breaks the document, a connection is closed without a complete answer, a probe is not refused | 9 |
| a call got no answer in time | 7 |
| a call got no answer because the network failed | 6 |
| nothing could be called for want of credentials | 10 |
| nothing could be called for other reasons | 2 |

The first that holds wins. An answer of 4xx or 5xx is judged like any other, and is no failure by itself.
"""

from collections.abc import Sequence

from dynacli.check.reporting.check_results import CheckResults
from dynacli.environment import invocation
from dynacli.errors import (
    AuthError,
    DynacliError,
    MismatchError,
    NetworkError,
    RefusedError,
    TimedOutError,
    UsageError,
)

__all__ = ["check_error"]

_MAX_LISTED = 5


def check_error(results: CheckResults, *, is_strict: bool) -> DynacliError | None:
    """Return the error that a check ends with; None where all is well.

    Args:
        is_strict: Whether findings are a failure.
    """
    mismatch = _mismatch(results) if is_strict else None
    if results.is_recorded:
        return mismatch  # whether a recorded call got an answer is no matter of the document
    if not results.exchanges and mismatch is None:
        return None if results.is_interrupted else _nothing_called(results)
    errors = [exchange.error for exchange in results.exchanges if exchange.error is not None]
    return (
        _first_of_kind(RefusedError, errors)
        or mismatch
        or _first_of_kind(TimedOutError, errors)
        or _first_of_kind(NetworkError, errors)
        or next(iter(errors), None)
    )


def _first_of_kind(kind: type[DynacliError], errors: Sequence[DynacliError]) -> DynacliError | None:
    """Return the first error of a kind, and how many more there are; None where there is none."""
    found = [error for error in errors if isinstance(error, kind)]
    if len(found) < 2:
        return next(iter(found), None)
    first, more = found[0], len(found) - 1
    calls = "calls" if more > 1 else "call"
    return type(first)(
        f"{first.message}, and {more} more {calls} failed in the same way",
        reason=first.reason,
        hint=first.hint,
    )


def _mismatch(results: CheckResults) -> MismatchError | None:
    names = [checked.operation.name for checked in results.checked if checked.has_findings]
    if not names:
        return None
    what = "exchanges" if results.is_recorded else "answers"
    return MismatchError(
        f"The {what} of {len(names)} operations break the document"
        if len(names) > 1
        else f"The {what} of `{names[0]}` break the document",
        hint="What was found is listed above; `-o json` and `--report` have it as data",
        findings=[
            {**finding, "operation": exchange.operation_name}
            for exchange in results.all_exchanges
            for finding in results.findings(exchange)
        ],
    )


def _nothing_called(results: CheckResults) -> DynacliError:
    checked = results.checked
    if not checked and not results.left_out:
        return UsageError("There is nothing to check", reason="The document has no such operations")
    reads = [each for each in results.left_out if each.skip_kind != "unsafe"]
    if not checked and reads:
        listed = [f"`{each.operation.name}`: {each.skip_reason}" for each in reads[:_MAX_LISTED]]
        is_refused = all(each.skip_kind == "refused" for each in reads)
        kind = RefusedError if is_refused else UsageError
        return kind("All operations that only read are left out", reason="\n".join(listed))
    if not checked:
        return UsageError(
            "There is no operation that only reads",
            reason="Without being named, only those of GET and HEAD are called",
            hint="Name others with `--operation NAME`",
        )
    message, hint = "No operation could be called", "Why stands beside each operation"
    reasons = {each.skip_kind: each.skip_reason for each in reversed(checked)}  # the first of each kind
    if reasons.get("auth") and reasons.keys() <= {"auth", "values", "request"}:
        return AuthError(
            message, reason=reasons["auth"], hint=f"`{invocation('help auth')}` says how to give one"
        )
    if reasons.get("refused"):
        return RefusedError(message, reason=reasons["refused"], hint=hint)
    return UsageError(message, reason=checked[0].skip_reason, hint=hint)
