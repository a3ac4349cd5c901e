"""How a check ends: the error, and by it the exit code, that its results lead to.

| what was seen | exit code |
|---|---|
| a redirect that crosses a line of trust; or all operations are refused before anything is sent | 11 |
| an answer breaks the document | 9 |
| a call got no answer in time | 7 |
| a call got no answer because the network failed | 6 |
| nothing could be called for want of credentials | 10 |
| nothing could be called for other reasons | 2 |

The first that holds wins. An answer of 4xx or 5xx is judged like any other, and is no failure for being one.
"""

from dynacli.check.reporting.results import Results
from dynacli.errors import (
    AuthError,
    DynacliError,
    MismatchError,
    NetworkError,
    RefusedError,
    TimedOutError,
    UsageError,
)

__all__ = ["conclusion"]

_FIRST = (RefusedError, TimedOutError, NetworkError)


def conclusion(results: Results, *, is_failing: bool) -> DynacliError | None:
    """Return the error that a check ends with; None where all is well.

    Args:
        is_failing: Whether findings are a failure.
    """
    exchanges = results.exchanges
    if not exchanges:
        return None if results.is_interrupted else _nothing_called(results)
    failures = [one.error for one in exchanges if one.error is not None]
    refused = next((one for one in failures if isinstance(one, RefusedError)), None)
    if refused is not None:
        return _of_calls(refused, len([one for one in failures if isinstance(one, RefusedError)]))
    broken = [one.operation.name for one in results.checked if one.has_findings]
    if broken and is_failing:
        findings = [
            {**finding, "operation": one.operation_name}
            for one in exchanges
            for finding in results.findings(one)
        ]
        many = len(broken) > 1
        return MismatchError(
            f"The answers of {len(broken)} operations break the document"
            if many
            else f"The answers of `{broken[0]}` break the document",
            hint="What was found is listed above; `-o json` and `--report` have it as data",
            findings=findings,
        )
    for kind in _FIRST[1:]:
        same = [one for one in failures if isinstance(one, kind)]
        if same:
            return _of_calls(same[0], len(same))
    return failures[0] if failures else None


def _of_calls(error: DynacliError, count: int) -> DynacliError:
    """Return an error that is about one call, with how many more ended in the same way."""
    if count > 1:
        error = type(error)(
            f"{error.what}, and {count - 1} more {'calls' if count > 2 else 'call'} failed in the same way",
            why=error.why,
            hint=error.hint,
        )
    return error


def _nothing_called(results: Results) -> DynacliError | None:
    checked = results.checked
    kinds = {one.skip_kind for one in checked}
    hint = "Why stands beside each operation"
    if not checked and not results.left:
        return UsageError("There is nothing to check", why="The document has no such operations")
    if not checked:
        return UsageError(
            "There is no operation that only reads",
            why="Without being named, only those of GET and HEAD are called",
            hint="Name others with `--operation NAME`",
        )
    why = next((one.skip_reason for one in checked if one.skip_kind == "auth"), "")
    if why and kinds <= {"auth", "values", "request"}:
        return AuthError(
            "No operation could be called", why=why, hint="`dynacli help credentials` says how to give one"
        )
    why = next((one.skip_reason for one in checked if one.skip_kind == "refused"), "")
    if why:
        return RefusedError("No operation could be called", why=why, hint=hint)
    return UsageError("No operation could be called", why=checked[0].skip_reason, hint=hint)
