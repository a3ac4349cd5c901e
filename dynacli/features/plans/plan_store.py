"""The files of plans: those that you name, and the state directory, with the key and the progress of each plan.

| in the directory `plans` of the state directory | contents |
|---|---|
| `key` | the key of the seals: 32 random bytes |
| `NAME.json` | a plan that was made without a file |
| `NAME.result.json` | its result |
| `applied/NAME.json` | the progress of a plan in any directory; a copy of the plan has the same name |
| `applied/NAME.lock` | the lock of the process that applies the plan |

Only this user may write there. If others can, no plan is made, shown or applied: they could replace the key.
"""

import errno
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from dynacli.environment import Environment, invocation, variable
from dynacli.errors import FileError, RefusedError
from dynacli.features.plans.plan import (
    LONGEST_SECONDS,
    MOST_BYTES,
    Plan,
    instant,
    is_plan_name,
    opened,
    sealed,
)
from dynacli.files import (
    hold_lock,
    make_directory,
    make_own_directory,
    regular_file,
    replace_named_file,
    secret_key,
    write_file,
    write_named_file,
)
from dynacli.record import record
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.json_text import reindent

STATE_DIRECTORY = "-"
"""The file name that means the state directory."""
_READY, _APPLIED, _STOPPED, _APPLYING, _EXPIRED, _UNUSABLE = (
    "ready",
    "applied",
    "stopped",
    "being applied",
    "expired",
    "unusable",
)
"""The states of a plan."""

_SWEPT_SECONDS = 2 * LONGEST_SECONDS
"""Seconds until the progress of a plan is removed. Even if the clock is set back, the plan must not look new."""


def _directory(env: Environment) -> str:
    """Return the directory of plans, which is made if it is missing.

    Raises:
        FileError: The directory cannot be used, for example because others can write there.
    """
    path = os.path.join(env.state_dir, "plans")
    try:
        make_own_directory(env.state_dir, may_be_link=True)
        make_own_directory(path)
    except OSError as error:
        raise FileError(
            f"The directory of plans `{path}` cannot be used",
            reason=_reason_of_system(error),
            hint=f"Let only your user write there, or set another directory in `{variable('STATE_DIR')}`",
        ) from error
    return path


def _reason_of_system(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else str(error)


def plan_key(env: Environment) -> bytes:
    """Return the key of the seals of this user on this machine, which is made if it is missing.

    Raises:
        FileError: The key cannot be used.
    """
    path = os.path.join(_directory(env), "key")
    try:
        return secret_key(path, "making the key of plans")
    except OSError as error:
        raise FileError(
            f"The key of plans `{path}` cannot be used",
            reason=_reason_of_system(error),
            hint="Remove it; plans that were made before can then not be applied",
        ) from error


def read_plan(env: Environment, word: str) -> tuple[Plan, str]:
    """Return a plan, and the path of its file.

    Args:
        word: The file, or the name of a plan in the state directory.

    Raises:
        RefusedError: The file is a symbolic link, or no unchanged plan of this user on this machine.
        FileError: The file cannot be read, or does not exist.
    """
    key, path = plan_key(env), word
    if not os.path.lexists(word) and is_plan_name(word):
        path = os.path.join(_directory(env), f"{word}.json")
    return opened(_plan_content(path, word), key, word), path


def _plan_content(path: str, label: str) -> bytes:
    """Return the content of a file, or its beginning if it is too large for a plan."""
    if os.path.islink(path):
        raise RefusedError(
            f"`{label}` is a symbolic link",
            reason="A plan is read from its own file only",
            hint="Name the file",
        )

    def opener(name: str, flags: int) -> int:
        return regular_file(name, flags | getattr(os, "O_NOFOLLOW", 0))

    try:
        with open(path, "rb", opener=opener) as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None)
        is_missing = code in {errno.ENOENT, errno.ENOTDIR}
        raise FileError(
            f"There is no plan `{label}`" if is_missing else f"The plan `{label}` cannot be read",
            reason="" if is_missing else (getattr(error, "strerror", "") or "no file can have this name"),
            hint=f"`{invocation('plan list')}` lists the plans in the state directory",
        ) from error


def save_plan(env: Environment, plan: Plan, file: str) -> str:
    """Write a plan, and return the path of its file.

    Args:
        file: The file, which must not exist; `-` for the state directory.

    Raises:
        FileError: The file exists, or cannot be written.
        RefusedError: The plan is too large.
    """
    content = sealed(plan, plan_key(env))
    if len(content) > MOST_BYTES:
        raise RefusedError(
            "The plan is not written",
            reason=f"It would be larger than {MOST_BYTES >> 20} MiB",
            hint="Plan fewer requests at a time",
        )
    path = file
    if file == STATE_DIRECTORY:
        path = os.path.join(_directory(env), f"{plan.name}.json")
        _sweep(env)
    with replace_named_file(path, is_private=True, may_replace=False) as write:
        write(content)
    return path


def _result_path(path: str) -> str:
    return f"{path.removesuffix('.json')}.result.json"


def check_new_plan(file: str) -> None:
    """Check, before anything is sent, that the file for a plan does not exist.

    Args:
        file: As in `save_plan`.

    Raises:
        FileError: The file exists.
    """
    if file != STATE_DIRECTORY and os.path.lexists(file):
        raise FileError(
            f"The plan cannot be written to `{file}`",
            reason="There is a file already, and a plan replaces none",
            hint="Give another name, or `--plan -` for the state directory",
        )


def check_new_result(path: str) -> None:
    """Check, before anything is sent, that the file for the result of a plan does not exist.

    Args:
        path: The path of the plan.

    Raises:
        FileError: The file exists.
    """
    place = _result_path(path)
    if os.path.lexists(place):
        raise FileError(
            f"The result cannot be written to `{place}`",
            reason="There is a file already, and nothing was sent",
            hint="Move it away",
        )


def write_result(path: str, result: Mapping[str, Any]) -> str:
    """Write the result of a plan beside it, and return the path of the result.

    If an earlier run stopped, its results of other rows stay in the file.

    Args:
        path: The path of the plan.

    Raises:
        FileError: The result cannot be written.
    """
    place = _result_path(path)
    rows = {entry["row"] for entry in result["results"]}
    with suppress(OSError, ValueError, RecursionError, TypeError, KeyError, RefusedError, FileError):
        earlier = read_json(_plan_content(place, place))
        if earlier["plan"] == result["plan"]:
            kept = [entry for entry in earlier["results"] if entry["row"] not in rows]
            result = {
                **result,
                "results": sorted([*kept, *result["results"]], key=lambda entry: entry["row"]),
            }
    content = (reindent(compact_json(result)) + "\n").encode("utf-8", "surrogatepass")
    write_named_file(place, content, is_private=True)
    return place


class ApplyRecord:
    """The progress of a plan, as recorded in the state directory. Only `recording` makes one.

    Attributes:
        rows: Row → the result of its request: `sending` until it is known, then its `status` and its `exit_code`.
            Rows that were not started are missing.
        is_new: Whether the plan was never applied before.

    Args:
        path: The path of the record.
        form: The content of the record; None if the plan was never applied.
    """

    def __init__(self, path: str, plan: Plan, form: Mapping[str, Any] | None) -> None:
        self._path, self._plan = path, plan
        self.is_new = form is None
        self.begun_at = str((form or {}).get("begun_at", ""))
        self.rows: dict[int, Any] = {int(row): state for row, state in (form or {}).get("rows", {}).items()}

    @property
    def done(self) -> frozenset[int]:
        """The rows that succeeded."""
        return frozenset(row for row, state in self.rows.items() if is_success(state))

    @property
    def unknown(self) -> list[int]:
        """The rows that may have been sent, and have no known response."""
        return sorted(row for row, state in self.rows.items() if _is_unknown(state))

    @property
    def is_complete(self) -> bool:
        """Whether all requests succeeded."""
        return self.done.issuperset(request.row for request in self._plan.requests)

    @property
    def text(self) -> str:
        """The progress in a sentence, without its period."""
        total, done = len(self._plan.requests), len(self.done)
        text = f"{done} of {total} {'request' if total == 1 else 'requests'} succeeded"
        if self.unknown:
            rows = ", ".join(map(str, self.unknown))
            text += f"; request {rows} may have been sent, and its response is not known"
        return text

    def begin(self) -> None:
        """Claim the plan for this process.

        Raises:
            RefusedError: Another process has claimed it.
            FileError: The claim cannot be recorded; nothing was sent.
        """
        self.begun_at = self.begun_at or instant(time.time())
        try:
            if self.is_new:
                # On a file system without locks, only this keeps a second process away.
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._write()
        except FileExistsError:
            raise _being_applied(self._plan) from None
        except OSError as error:
            raise FileError(
                "The plan is not applied",
                reason=f"`{self._path}` cannot be written: {(error.strerror or '').lower()}",
                hint=f"Check `{os.path.dirname(self._path)}`",
            ) from error

    def note(self, row: int, state: Any) -> None:
        """Record the result of a request, so that it survives a loss of power.

        Raises:
            FileError: The record cannot be written.
        """
        self.rows[row] = state
        try:
            self._write()
        except OSError as error:
            raise FileError(
                "What became of the plan cannot be recorded",
                reason=f"`{self._path}` cannot be written: {(error.strerror or '').lower()}",
                hint=f"Check `{os.path.dirname(self._path)}`",
            ) from error

    def _write(self) -> None:
        form = {
            "name": self._plan.name,
            "begun_at": self.begun_at,
            "expires_at": instant(self._plan.expires_at),
            "rows": {str(row): state for row, state in self.rows.items()},
        }
        write_file(self._path, compact_json(form).encode())


def is_success(state: Any) -> bool:
    """Return whether a request succeeded. Only its status counts, not the validation of its response."""
    return isinstance(state, dict) and 200 <= (state.get("status") or 0) < 300


def _is_unknown(state: Any) -> bool:
    return not isinstance(state, dict) or (state.get("status") is None and bool(state.get("was_sent")))


def _being_applied(plan: Plan) -> RefusedError:
    return RefusedError(
        f"The plan `{plan.name}` is not applied",
        reason="Another process is applying it",
        hint="Wait for its end",
    )


def _record_path(env: Environment, name: str, *, is_made: bool = False) -> str:
    directory = os.path.join(_directory(env), "applied")
    if is_made:
        make_directory(directory)
    return os.path.join(directory, f"{name}.json")


@contextmanager
def recording(env: Environment, plan: Plan) -> Iterator[ApplyRecord]:
    """Keep other processes from applying a plan during a block. The lock of a process ends with the process.

    Yields:
        The progress of the plan.

    Raises:
        RefusedError: Another process is applying the plan.
        FileError: The state directory cannot be used.
    """
    with ExitStack() as stack:
        try:
            path = _record_path(env, plan.name, is_made=True)
            is_alone = stack.enter_context(hold_lock(f"{path.removesuffix('.json')}.lock", 0))
        except OSError as error:
            raise FileError(
                "The plan is not applied",
                reason=f"`{error.filename or env.state_dir}`: {(error.strerror or '').lower()}",
                hint=f"Check the directory `{env.state_dir}`",
            ) from error
        if not is_alone:
            raise _being_applied(plan)
        yield ApplyRecord(path, plan, _record_form(path, plan))


def _record_form(path: str, plan: Plan) -> Mapping[str, Any] | None:
    """Return the content of a record; None without one. If it is damaged, the result of every request is unknown."""
    if not os.path.lexists(path):
        return None
    with suppress(OSError, ValueError, RecursionError, AttributeError, TypeError):
        with open(path, "rb", opener=regular_file) as file:
            form: dict[str, Any] = read_json(file.read(MOST_BYTES))
        rows = {int(row): state for row, state in form["rows"].items()}
        return {**form, "rows": rows}
    return {"rows": {request.row: "unreadable" for request in plan.requests}}


@record
class StoredPlan:
    """A plan in the state directory.

    Args:
        name: The name.
        state: The state.
        plan: The plan; None if it is unusable.
        reason: The reason why it is unusable; empty if it is usable.
        path: The path of its file.
    """

    name: str
    state: str
    plan: Plan | None
    reason: str = ""
    path: str = ""


def _state_of(env: Environment, plan: Plan) -> str:
    """Return the state of a plan: ready, applied, stopped at a failure, being applied, or expired."""
    path = _record_path(env, plan.name)
    form = _record_form(path, plan)
    if form is not None:
        if ApplyRecord(path, plan, form).is_complete:
            return _APPLIED
        with hold_lock(f"{path.removesuffix('.json')}.lock", 0) as is_alone:
            return _STOPPED if is_alone else _APPLYING
    return _EXPIRED if time.time() >= plan.expires_at else _READY


def stored_plans(env: Environment) -> list[StoredPlan]:
    """Return the plans in the state directory, the latest first.

    Raises:
        FileError: The directory cannot be used.
    """
    directory, found = _directory(env), []
    for entry in os.listdir(directory):
        name = entry.removesuffix(".json")
        if entry == f"{name}.json" and is_plan_name(name):
            try:
                plan, path = read_plan(env, os.path.join(directory, entry))
                found.append(StoredPlan(name, _state_of(env, plan), plan, path=path))
            except (RefusedError, FileError) as error:
                found.append(StoredPlan(name, _UNUSABLE, None, error.reason))
    return sorted(
        found, key=lambda stored: (stored.plan is None, -(stored.plan.made_at if stored.plan else 0))
    )


def _sweep(env: Environment) -> None:
    """Remove old plans, with their results and their progress."""
    directory, oldest = _directory(env), time.time() - _SWEPT_SECONDS
    for place in (directory, os.path.join(directory, "applied")):
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                name = entry.name.partition(".")[0]
                if is_plan_name(name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    os.unlink(entry.path)
