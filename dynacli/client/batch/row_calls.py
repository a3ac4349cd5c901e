"""The calls of rows: each is built, judged and signed in one thread, and sent in any."""

from collections.abc import Collection, Mapping
from typing import Any

from dynacli.client.batch.row import Row
from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import (
    CallInputs,
    CallValues,
    check_missing,
    collect_parameters,
    collect_values,
    input_name,
)
from dynacli.client.inputs.read_plain_inputs import (
    input_key,
    no_such_plain_input,
    read_given,
)
from dynacli.client.unknown_operation import unknown_operation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.record import replace

__all__ = ["RowCalls"]


class RowCalls:
    """Makes the calls of the rows of one batch.

    Attributes:
        engine: Prepares, sends and judges the calls.

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
                    f"The column `{column[:60]}` is no input of `{described.operation.name}`",
                    why="The header is line 1",
                    hint=error.hint.replace("`--", "`"),
                )
            if key in known:
                raise UsageError(f"The columns `{known[key]}` and `{column}` are the same input")
            known[key] = column

    def call(self, row: Row, inputs: Mapping[str, Any]) -> Call:
        """Return the call of a row, judged and signed.

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
        # What is not known yet and needed is filled in, and not judged.
        with_examples = replace(given, wants_example=True)
        parameters, left = collect_parameters(described, with_examples, is_strict=self._is_strict)
        if left:
            return
        open_keys = {key[:2] for key in keys.values() if key is not None}
        if has_unknown_body:
            unjudged = replace(self.engine.settings, level="off")
            self.engine.prepare(described, CallValues(parameters), unjudged)
            return
        self.engine.prepare(described, replace(given, parameters=parameters), unjudged=open_keys)

    def _read(self, row: Row, inputs: Mapping[str, Any]) -> tuple[DescribedOperation, CallInputs]:
        described = self.described(row.operation)
        return read_given(described, inputs, is_strict=self._is_strict, are_words=row.are_words)

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
                why="The response that it is taken from has it empty",
            )


def _names_of(described: DescribedOperation, names: Collection[str]) -> set[str]:
    """Return what messages call the inputs of some names, and the body, where one of them is a part of it."""
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
