"""A feed for a call of a list: its table, the columns of its inputs, its key, and how to ask for what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.find_input import find_input
from dynacli.environment import invocation
from dynacli.errors import FormatError, UsageError
from dynacli.features.sql.feed import Feed
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.field_names import singular
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.resources import Resource
from dynacli.text.exact_json import compact_json

_NOTHING: Mapping[str, str] = {}
_DEEPEST_COLUMN = 2


class FeedOptions(NamedTuple):
    """The options of `sync` about a feed.

    Args:
        key: The fields that identify an item; empty if the resource knows them.
        appends: Whether each run adds its items as new rows.
        since: `PARAM=FIELD`: the query parameter that asks for what changed, and the field with that time.
        parents: The table whose rows fill inputs; empty for none.
        filled: Input → column of the parents.
    """

    key: tuple[str, ...]
    appends: bool
    since: str
    parents: str = ""
    filled: Mapping[str, str] = _NOTHING


def make_feed(described: DescribedOperation, inputs: Mapping[str, Any], options: FeedOptions) -> Feed:
    """Return the feed of a call.

    Args:
        inputs: The inputs of the call, in the format of `--inputs`.

    Raises:
        UsageError: The options contradict each other, or name no parameter.
        FormatError: The document shows no id, and no key is given.
    """
    if options.key and options.appends:
        raise UsageError(
            "`--key` and `--append` cannot be combined", reason="Rows that are appended have no key"
        )
    resource = _resource_of(described)
    columns = columns_of_inputs(described.operation, inputs)
    own, reason = options.key, "You named it with `--key`"
    if resource is not None and not own:
        reason = (resource.because or {}).get("id", "")
        own = _column_of(None if resource.identity is None else resource.identity.field)
    if not (own or options.appends):
        raise FormatError(
            f"Nothing says which field identifies an item of `{described.operation.name}`",
            reason="The document shows no id of the resource, so rows could overwrite each other",
            hint="Name the fields: `--key FIELD,FIELD`; or add all items in each run: `--append`",
        )
    if options.since:
        parameter, field = _since(described, options.since)
    else:
        parameter, field = _known_since(described, resource)
    in_path = [
        f"_{parameter.name}" for parameter in described.operation.parameters if parameter.location == "path"
    ]
    return Feed(
        0,
        described.operation.name,
        inputs,
        _table_of(described, resource),
        columns,
        () if options.appends else (*in_path, *own),
        reason,
        field,
        parameter,
        options.parents,
        options.filled,
    )


def _resource_of(described: DescribedOperation) -> Resource | None:
    """Return the resource that an operation lists; None if there is none."""
    name = described.operation.name
    resources = described.api.catalog.resources_of(name) if described.is_documented else ()
    return next((one for one in resources if any(entry.operation == name for entry in one.lists)), None)


def _column_of(pointer: str | None) -> tuple[str, ...]:
    """Return the column of a field of an item; nothing if the field is null or too deep for a column."""
    steps = split(pointer) if pointer else ()
    return (".".join(map(str, steps)),) if 1 <= len(steps) <= _DEEPEST_COLUMN else ()


def columns_of_inputs(operation: Operation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return column → value of the path and query inputs that are no secrets."""
    columns = {}
    for parameter in operation.parameters:
        if parameter.location in {"path", "query"} and parameter.option in inputs:
            value = inputs[parameter.option]
            columns[f"_{parameter.name}"] = (
                value if isinstance(value, str | int | float) else compact_json(value)
            )
    return columns


def _table_of(described: DescribedOperation, resource: Resource | None) -> str:
    """Return the table of an operation: its resource in the plural, else the last literal segment of its path."""
    segments = [part for part in described.operation.path.split("/") if part and "{" not in part]
    last = kebab(segments[-1].removesuffix(".json") if segments else described.operation.name)
    if resource is None:
        return last.replace("-", "_")
    paths = [part for part in resource.path.split("/") if part and "{" not in part]
    plural = kebab(paths[-1].removesuffix(".json")) if paths else last
    *words, noun = _own_name(described, resource).split("-")
    ending = plural.split("-")[-1]
    return "_".join([*words, ending if singular(ending) == noun else f"{noun}s"])


def _own_name(described: DescribedOperation, resource: Resource) -> str:
    """Return the name of a resource: `issue`, not `repo-issue`, if its only namesake is a search for the same items."""
    if resource.read is None:
        return resource.name
    name, parent = resource.name, resource.parent
    *_, noun = (parent.resource if parent is not None else "").split("-")
    short = name.removeprefix(f"{noun}-")
    rivals = [
        one
        for one in described.api.catalog.resources()
        if one.name == short or one.name.endswith(f"-{short}")
    ]
    is_alone = all(one.read is None for one in rivals if one.name != name)
    is_twin = any(one.name == short for one in rivals)
    return short if short != name and is_twin and is_alone else name


def _known_since(described: DescribedOperation, resource: Resource | None) -> tuple[str, str]:
    """Return the query parameter and the field by which a list selects what changed; both are empty if none does."""
    if resource is None or resource.changed_at is None or resource.main_list is None:
        return "", ""
    changed_at, columns = resource.changed_at, _column_of(resource.changed_at.field)
    is_main = resource.main_list.operation == described.operation.name
    return (changed_at.since, columns[0]) if changed_at.since and is_main and columns else ("", "")


def _since(described: DescribedOperation, text: str) -> tuple[str, str]:
    """Return the query parameter and the field of `--since`.

    Raises:
        UsageError: The text is malformed, or the operation has no such parameter.
    """
    name, _, field = text.partition("=")
    parameter = find_input(described, name)[0]
    if not field or parameter is None or parameter.location != "query":
        raise UsageError(
            f"`{text}` does not say how to ask for what changed",
            reason=f"Expected a query parameter of `{described.operation.name}`, and the field with the time",
            hint="For example: `--since updated_since=updated_at`",
        )
    return parameter.option, field


def filled_inputs(
    described: DescribedOperation,
    given: Collection[str],
    table: str,
    feeds: Sequence[Feed],
    named: Sequence[str],
) -> dict[str, str]:
    """Return input → column of the parents, for the path inputs that are not given.

    Args:
        given: The inputs that the user gave.
        table: The table of the parents.
        feeds: The feeds of that table.
        named: `INPUT=COLUMN` each, as the user named them.

    Raises:
        UsageError: The table has no feed, or it is not clear which column fills an input.
    """
    if not feeds:
        raise UsageError(
            f"There is no table `{table}` to fill inputs from",
            hint=f"Fetch it first: `{invocation('sync', described.api.name)} OPERATION`",
        )
    filled = {}
    for word in named:
        name, _, column = word.partition("=")
        parameter, _field = find_input(described, name)
        if parameter is None or not column:
            raise UsageError(
                f"`--set {word}` fills no input of `{described.operation.name}`",
                reason="With `--for`, it has an input and a column of the parents",
                hint="For example: `--set issue_number=number`",
            )
        filled[parameter.option] = column
    parents = feeds[0]
    own = [column for column in parents.key if column not in parents.columns]
    left = [
        parameter
        for parameter in described.operation.parameters
        if parameter.location == "path" and parameter.option not in {*given, *filled}
    ]
    for parameter in list(left):
        column = f"_{parameter.name}"
        if column in parents.columns:
            filled[parameter.option] = column
            left.remove(parameter)
    if len(left) == 1 and len(own) == 1:
        filled[left.pop().option] = own[0]
    if left:
        raise UsageError(
            f"It is not clear which column of `{table}` fills `{left[0].option}`",
            hint=f"Name it: `--set {left[0].option}=COLUMN`",
        )
    return filled
