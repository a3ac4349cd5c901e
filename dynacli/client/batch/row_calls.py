"""The calls of rows: all are checked before the first is sent, so that whatever is wrong is named at once.

Each is built, validated and signed in one thread, and sent in any.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any, NamedTuple

from dynacli.client.batch.rows import Row, WrongRow, filled, placeholders_in, row_place
from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.inputs.collect_values import check_missing, collect_parameters, collect_values, input_name
from dynacli.client.inputs.read_plain_inputs import input_key, no_such_plain_input, read_given
from dynacli.client.parallel_calls import Shard
from dynacli.client.search_operations import unknown_operation
from dynacli.errors import DocumentError, DynacliError, RefusedError, UsageError
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi

__all__ = ["BatchPlan", "RowCalls", "check_rows", "needed_names"]


class RowCalls:
    """Makes the calls of the rows of one batch.

    Attributes:
        engine: Prepares, sends and validates the calls.

    Args:
        api: The API, opened.
    """

    def __init__(self, engine: Engine, api: OpenedApi) -> None:
        self.engine, self._api = engine, api
        self._is_strict = engine.settings.level != "off"
        self._operations: dict[str, DescribedOperation] = {}

    def described(self, name: str) -> DescribedOperation:
        """Return an operation by its name or its operationId.

        Raises:
            UsageError: There is none.
            DocumentError: The document has it, and it cannot be called.
        """
        if name not in self._operations:
            found = self._api.catalog.find(name)
            if found is None:
                raise unknown_operation(self._api, name)
            described = DescribedOperation(self._api, self._api.catalog.operation(found))
            self._operations[name] = described.sending("")
        return self._operations[name]

    def check_columns(self, operation: str, columns: Collection[str]) -> None:
        """Check that each column of a table names an input of an operation, and no two the same one.

        Raises:
            UsageError: One does not.
        """
        described = self.described(operation)
        known: dict[tuple[str, ...], str] = {}
        for column in columns:
            key = input_key(described, column)
            if key is None:
                error = no_such_plain_input(described, column)
                raise UsageError(
                    f"The column `{column[:60]}` is not an input of `{described.operation.name}`",
                    reason="The header is line 1",
                    hint=error.hint.replace("`--", "`"),
                )
            if key in known:
                raise UsageError(f"The columns `{known[key]}` and `{column}` are the same input")
            known[key] = column

    def call(self, row: Row, inputs: Mapping[str, Any]) -> Call:
        """Return the call of a row, validated and signed.

        Args:
            inputs: Those of the row, without placeholders.

        Raises:
            DynacliError: The call cannot be made; no secret is in it.
        """
        with self.engine.lock:
            described, given = self._read(row, inputs)
            if row.may_refer and "" not in row.inputs.values():
                _check_paths(given)
            return self.engine.prepare(described, given)

    def check(self, row: Row, unknown: Collection[str]) -> None:
        """Check a row as far as it can be, whose inputs are not all known yet.

        Args:
            unknown: The names of the inputs whose values are not known.

        Raises:
            DynacliError: The call could not be made, whatever those values are.
        """
        with self.engine.lock:
            self._check(row, unknown)

    def _check(self, row: Row, unknown: Collection[str]) -> None:
        described, given = self._read(
            row, {name: value for name, value in row.inputs.items() if name not in unknown}
        )
        keys = {name: input_key(described, name) for name in unknown}
        for name, key in keys.items():
            if key is None:
                raise no_such_plain_input(described, name)
        has_unknown_body = any(key[0] == "body" for key in keys.values() if key is not None)
        self._check_missing(described, given, unknown, is_body_known=not has_unknown_body)
        # What is not known yet and needed is filled in, and not validated.
        with_examples = replace(given, wants_example=True)
        parameters, left = collect_parameters(described, with_examples, is_strict=self._is_strict)
        if left:
            return
        open_keys = {key[:2] for key in keys.values() if key is not None}
        if has_unknown_body:
            unvalidated = replace(self.engine.settings, level="off")
            self.engine.prepare(described, CallValues(parameters), unvalidated)
            return
        self.engine.prepare(described, replace(given, parameters=parameters), unvalidated=open_keys)

    def _read(self, row: Row, inputs: Mapping[str, Any]) -> tuple[DescribedOperation, CallInputs]:
        described = self.described(row.operation)
        return read_given(described, inputs, self.engine.settings, are_words=row.are_words)

    def _check_missing(
        self,
        described: DescribedOperation,
        given: CallInputs,
        unknown: Collection[str],
        *,
        is_body_known: bool,
    ) -> None:
        """Check that what is required is given, or will be."""
        try:
            collect_values(described, given, is_strict=self._is_strict)
        except UsageError as error:
            missing = error.details.get("missing")
            if missing is None and not is_body_known:
                return  # a part of the body says nothing about the whole
            if missing is None:
                raise
            coming = _names_of(described, unknown)
            check_missing(described, [name for name in missing if not _is_coming(name, coming)])


def _check_paths(given: CallInputs) -> None:
    """Check that no response has made a value of the path empty: where it ends then, another operation may be.

    Raises:
        UsageError: One has.
    """
    for (location, name), value in given.parameters.items():
        if location == "path" and value == "":
            raise UsageError(
                f"The path parameter `{name}` cannot be sent",
                reason="The response that it is taken from has it empty",
            )


def _names_of(described: DescribedOperation, names: Collection[str]) -> set[str]:
    """Return what messages call the inputs of some names, and the body, if one of them is a part of it."""
    found = {f"--{name.replace('_', '-')}" for name in names}
    keys = {input_key(described, name) or () for name in names}
    for parameter in described.operation.parameters:
        if parameter.key in keys:
            found.add(input_name(parameter))
    if any(key[:1] == ("body",) for key in keys):
        found.add("a body")
    for field in described.media_type.fields if described.media_type is not None else ():
        if ("body", *map(str, field.path)) in keys:
            found.add(f"--{field.option}")
    return found


def _is_coming(name: str, coming: Collection[str]) -> bool:
    """Return whether an input, or the whole that it is a part of, is given by a placeholder."""
    return "--body" in coming or any(
        name == each or name.startswith((f"{each}.", f"{each}[")) for each in coming
    )


_MOST_TOLD = 20


@record
class BatchPlan:
    """What is known of a batch whose rows are all right.

    Args:
        count: How many rows are called.
        done: How many rows went well before.
        asked_about: Operation → how many rows call it, of those that a person on a terminal is to agree to.
        names: Name → the number of the row whose response later rows use by it.
        last_uses: The number of such a row → that of the last row that uses its response.
    """

    count: int
    done: int
    asked_about: Mapping[str, int]
    names: Mapping[str, int]
    last_uses: Mapping[int, int]


class _Unknown(NamedTuple):
    """A row that uses a name which no earlier row has."""

    row: Row
    name: str
    placeholder: str


def needed_names(row: Row) -> dict[str, set[str]]:
    """Return input → the names of the rows whose responses its value uses, of the inputs that use any.

    Raises:
        UsageError: A placeholder cannot be read.
    """
    if not row.may_refer:
        return {}
    found = {name: {each.name for each in placeholders_in(value)} for name, value in row.inputs.items()}
    return {name: names for name, names in found.items() if names}


def check_rows(
    rows: Iterable[Row | WrongRow], calls: RowCalls, shard: Shard, done: Container[int]
) -> BatchPlan:
    """Build and validate the call of each row, and return what is known of the batch.

    Rows that use responses of earlier ones are checked as far as they can be.

    Args:
        done: The rows that went well before.

    Raises:
        UsageError: Rows are wrong; the error names them, the first ones in full.
        RefusedError: One of the wrong rows would cross a line of trust.
        AuthError: A credential is missing.
    """
    import dynacli.http.import_httpx  # noqa: F401  - before openapi-core, which is imported to validate

    checker = _Checker(calls, shard, done)
    for row in rows:
        checker.add(row)
    return checker.plan()


class _Checker:
    def __init__(self, calls: RowCalls, shard: Shard, done: Container[int]) -> None:
        self._calls, self._shard, self._done = calls, shard, done
        self._names: dict[str, int] = {}
        self._last_uses: dict[int, int] = {}
        self._wrong: list[WrongRow | _Unknown] = []
        self._wrong_count = self._count = self._done_count = 0
        self._asked_about: Counter[str] = Counter()
        self._kinds: set[type[DynacliError]] = set()

    def add(self, row: Row | WrongRow) -> None:
        """Check a row, and keep what is wrong with it."""
        if isinstance(row, Row) and row.name and self._names.setdefault(row.name, row.number) != row.number:
            row = WrongRow(
                row.number, row.line, UsageError(f"Row {self._names[row.name]} is called `{row.name}`, too")
            )
        if not self._shard.has(row.number):
            return
        self._count += 1
        if row.number in self._done:
            self._done_count += 1
            return
        try:
            if isinstance(row, WrongRow):
                raise row.error
            self._check(row)
        except (UsageError, RefusedError, DocumentError) as error:
            self._add_wrong(WrongRow(row.number, row.line, error), type(error))

    def _check(self, row: Row) -> None:
        needed = needed_names(row)
        for name in sorted(set().union(*needed.values())):
            number = self._names.get(name, row.number)
            if number == row.number:
                placeholder = next(
                    str(each) for value in row.inputs.values() for each in placeholders_in(value)
                )
                self._add_wrong(_Unknown(row, name, placeholder), UsageError)
                return
            if not self._shard.has(number) and number not in self._done:
                raise UsageError(
                    f"The row uses the response of row {number} (`{name}`), which is of another share",
                    hint="Rows that belong together are called in one run, without `--shard`",
                )
            self._last_uses[number] = row.number
        if needed:
            self._calls.check(row, needed)
        else:
            self._calls.call(row, filled(row.inputs, str) if row.may_refer else row.inputs)
        described = self._calls.described(row.operation)
        if self._calls.engine.settings.is_asked_about(described):
            self._asked_about[described.operation.name] += 1

    def _add_wrong(self, wrong: WrongRow | _Unknown, kind: type[DynacliError]) -> None:
        self._wrong_count += 1
        self._kinds.add(kind)
        if len(self._wrong) < _MOST_TOLD:
            self._wrong.append(wrong)

    def plan(self) -> BatchPlan:
        """Return what is known of the batch.

        Raises:
            UsageError: Rows are wrong.
            RefusedError: One of them would cross a line of trust.
        """
        if self._wrong_count:
            raise self._error(
                [each if isinstance(each, WrongRow) else self._told(each) for each in self._wrong]
            )
        used = {name: number for name, number in self._names.items() if number in self._last_uses}
        return BatchPlan(self._count, self._done_count, self._asked_about, used, self._last_uses)

    def _told(self, unknown: _Unknown) -> WrongRow:
        """Return what is wrong with a name, now that all names are known."""
        row, name, number = unknown.row, unknown.name, self._names.get(unknown.name)
        if number is None:
            from difflib import get_close_matches

            from dynacli.openapi.model.wording import did_you_mean

            near = get_close_matches(name, self._names, 1, 0.6)
            reason = "A row gets a name by its member `as`"
            hint = did_you_mean(near, r"Write `\{{` for plain text")
            error = UsageError(
                f"No row is called `{name}`, which {unknown.placeholder} names", reason=reason, hint=hint
            )
        else:
            which = "the row itself" if number == row.number else f"row {number}, which comes later"
            error = UsageError(f"{unknown.placeholder} uses the response of {which}")
        return WrongRow(row.number, row.line, error)

    def _error(self, told: list[WrongRow]) -> DynacliError:
        kind = next((each for each in (RefusedError, UsageError) if each in self._kinds), type(told[0].error))
        count = self._wrong_count
        lines = [_line(wrong) for wrong in told]
        if count > len(told):
            lines.append(f"and {count - len(told):,} more")
        hints = {wrong.error.hint for wrong in told if wrong.error.hint}
        return kind(
            f"{count:,} of {self._count:,} rows {'is' if count == 1 else 'are'} wrong, and nothing was sent",
            reason="\n".join(lines),
            hint=hints.pop() if len(hints) == 1 else "Fix them; `--dry-run` checks all rows and sends none",
            rows=[
                {"row": wrong.number, "line": wrong.line or None, **wrong.error.as_json()["error"]}
                for wrong in told
            ],
            wrong=count,
        )


def _line(wrong: WrongRow) -> str:
    error = wrong.error
    place = row_place(wrong)
    text = f"{place[0].upper()}{place[1:]}: {error.message}"
    if not error.reason:
        return text
    return (
        f"{text}: {error.reason}"
        if "\n" not in error.reason
        else "\n    ".join([text, *error.reason.split("\n")])
    )
