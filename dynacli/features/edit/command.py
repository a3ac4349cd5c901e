"""`dynacli edit`: opens the response of a GET in an editor, and sends the changes with PATCH or PUT."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.operation_at import operations_of_path
from dynacli.client.responses.response_errors import http_error
from dynacli.commands.call.dry_run import show_request
from dynacli.commands.call.make_call import asker, engine_of, read_inputs, send_call
from dynacli.commands.command_line_errors import unused_option
from dynacli.commands.read_line import CommandLine
from dynacli.commands.run import Run
from dynacli.commands.subcommands.call_groups import CallGroup
from dynacli.environment import Environment, invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import essence, is_json
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.schema.read_schema import applied_schemas, following
from dynacli.options.command_table import feature
from dynacli.options.standard_options import FURTHER_CALLS
from dynacli.record import replace
from dynacli.request.convert_words import json_value
from dynacli.text import body_text
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.json_text import reindent

_JSON_PATCH = "application/json-patch+json"  # RFC 6902
_UPDATES = ("PATCH", "PUT")
"""The methods that change a resource. The first one needs the smaller body."""
_UNUSED = frozenset({"cache", "resume", "remote_name", "report"})
"""Names of the options of a call that `edit` rejects, besides those about further calls."""


def _update_of(described: DescribedOperation) -> DescribedOperation:
    """Return the operation that changes a resource: a PATCH or a PUT of the same path, with a JSON body.

    Raises:
        UsageError: The document has no such operation.
    """
    operation, catalog = described.operation, described.api.catalog
    siblings = operations_of_path(catalog, operation.path)
    for method in _UPDATES if operation.method == "GET" else ():
        if method in siblings:
            update = catalog.operation(siblings[method])
            name = _media_type(update)
            if name:
                return DescribedOperation(described.api, update).sending(name)
    raise UsageError(
        f"What `{operation.name}` gives cannot be edited",
        reason=f"The document has no PATCH and no PUT of `{operation.path}` that takes JSON"
        if operation.method == "GET"
        else f"Its method is {operation.method}, and what is edited is first read by a GET",
        hint=f"Name the operation that reads a single resource, as in `{invocation('edit', 'demo')} "
        "get-workflow WORKFLOW_ID`",
    )


def _media_type(operation: Operation) -> str:
    names = [media_type.name for media_type in operation.body.content] if operation.body is not None else []
    # A plain or a merge patch is easier to read than the operations of a JSON Patch.
    names.sort(key=lambda name: essence(name) == _JSON_PATCH)
    return next((name for name in names if is_json(name)), "")


def _known_properties(update: DescribedOperation) -> frozenset[str] | None:
    """Return the properties that the body of an update allows; None if it allows any."""
    applied = list(applied_schemas(update.body_schema(), following(update.resolve)))
    if not any(schema.get("additionalProperties") is False for schema in applied):
        return None
    properties = [schema.get("properties") for schema in applied]
    return frozenset(name for property_ in properties if isinstance(property_, dict) for name in property_)


def _body_of_update(update: DescribedOperation, before: Any, after: Any) -> Any:
    """Return the JSON body that turns one value into another.

    Args:
        before: The value as it was read.
        after: The value as it was edited.

    Returns:
        For a PUT the whole value. For a PATCH the members that differ, with null for the removed ones (RFC 7396), or
        the operations of a JSON Patch (RFC 6902).
    """
    name = essence(update.media_type.name) if update.media_type is not None else ""
    if update.operation.method == "PUT":
        return after
    if name == _JSON_PATCH:
        return list(_steps(before, after, ""))
    return _merge_patch(before, after, is_deep=name == "application/merge-patch+json")


def _merge_patch(before: Any, after: Any, *, is_deep: bool) -> Any:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    if is_deep:
        changed = {
            name: _merge_patch(before.get(name), value, is_deep=True) for name, value in changed.items()
        }
    return {**changed, **dict.fromkeys(name for name in before if name not in after)}


def _steps(before: Any, after: Any, pointer: str) -> Iterator[dict[str, Any]]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield {"op": "replace", "path": pointer, "value": after}
        return
    for name in (*before, *(name for name in after if name not in before)):
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in after:
            yield {"op": "remove", "path": place}
        elif name not in before:
            yield {"op": "add", "path": place, "value": after[name]}
        elif before[name] != after[name]:
            yield from _steps(before[name], after[name], place)


def _edit_resource(run: Run, described: DescribedOperation, line: CommandLine) -> None:
    """Read a resource, open it in an editor, show the difference, and send the update.

    Raises:
        DynacliError: The resource cannot be read, edited or changed; the exit code is the error's.
    """
    for option in run.options.given:
        if option.group == FURTHER_CALLS or option.name in _UNUSED:
            raise unused_option("edit", option)
    if run.options.plan:
        feature("plans.planned_call").check_options(run)
    update = _update_of(described)
    settings = replace(settings_of(run.env, described.api, run.call_options), cache=None)
    settings.consent.is_given = run.options.yes  # `--dry-run` does not cover the GET, which is sent
    settings.permit(described)
    settings.consent.is_given |= bool(run.options.dry_run or run.options.plan)
    _check_update(update, settings)
    described, inputs, _ = read_inputs(run, described, line, settings)
    engine = Engine(run.env, settings, ask=asker(run))
    call = engine.prepare(described, inputs, is_checked=False)
    response = engine.send(call)
    if not response.is_success:
        raise call.signed.masker.mask_error(http_error(call, response))
    before = _editable(update, _value_of(response.body, response.header("content-type"), described))
    shown = _indented_json(before)

    from dynacli.commands.call.editor import write_draft

    def check(content: bytes) -> Any:
        return json_value(_text_of_file(content), "the text")

    may_ask = not run.options.no_input
    draft = write_draft(run.env, shown, ".json", check, may_ask=may_ask, asked_by=invocation("edit"))
    try:
        after = read_json(_text_of_file(draft.content))
        _show_difference(run.env, shown, _indented_json(after))
        if not (run.options.yes or run.options.dry_run or run.options.plan):
            _confirm(run.env, update)
            settings.consent.agreed.add(update.operation.name)
        etag = response.header("etag")
        if etag and not etag.startswith("W/"):  # If-Match never matches a weak tag: RFC 9110, section 13.1.1
            settings = replace(settings, headers=(*settings.headers, ("If-Match", etag)))
        parameters = {key: value for key, value in inputs.parameters.items() if key in _keys(update)}
        body = draft.content
        if update.operation.method != "PUT":
            body = compact_json(_body_of_update(update, before, after)).encode("utf-8", "surrogatepass")
        changing = CallInputs(parameters, body=body, is_complete=True, query=inputs.query)
        if run.options.plan:
            feature("plans.planned_call").plan_call(run, update, changing, settings)
        elif run.options.dry_run:
            show_request(run, engine_of(run, settings, None), update, changing, None)
        else:
            send_call(run, engine_of(run, settings, None), update, changing)
    except BaseException:
        run.warn(draft.kept())
        raise
    draft.discard()


def _check_update(update: DescribedOperation, settings: CallSettings) -> None:
    """Check before the GET that the policy permits the update. If you can be asked, the question comes later.

    Raises:
        RefusedError: The policy denies the update, or requires a confirmation and no question is possible.
    """
    if settings.policy is None:
        return
    if settings.consent.ask is None:
        settings.permit(update)
        return
    from dynacli.client.policy.permission import denial

    error = denial(update, settings.bounds)
    if error is not None:
        raise error


def _text_of_file(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _keys(update: DescribedOperation) -> set[tuple[str, str]]:
    return {parameter.key for parameter in update.operation.parameters}


def _value_of(body: bytes, media_type: str, described: DescribedOperation) -> Any:
    text = body_text.decoded(body, media_type)
    try:
        if text is not None and body_text.is_json_content(media_type, text):
            return read_json(text)
    except (ValueError, RecursionError):
        pass  # the error is raised below
    raise UsageError(
        f"The response of `{described.operation.name}` cannot be edited",
        reason=f"It is not JSON: its media type is `{media_type}`" if media_type else "It is not JSON",
    )


def _editable(update: DescribedOperation, value: Any) -> Any:
    """Return the members of a value that the update accepts: a closed schema may exclude a read-only `id`."""
    known = _known_properties(update)
    if known is None or not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name in known}


def _indented_json(value: Any) -> str:
    return reindent(compact_json(value)) + "\n"


def _show_difference(env: Environment, before: str, after: str) -> None:
    """Show the difference.

    Raises:
        UsageError: Nothing was changed.
    """
    from dynacli.output.standard_error import write_stderr
    from dynacli.text.terminal import visible

    if before == after:
        raise UsageError("Nothing was sent", reason="Nothing was changed")
    lines = unified_diff(
        before.splitlines(), after.splitlines(), "as it is", "as it shall be", lineterm="", n=2
    )
    write_stderr(env, "".join(f"{visible(line)}\n" for line in lines))


def _confirm(env: Environment, update: DescribedOperation) -> None:
    """Ask whether to send the change.

    Raises:
        UsageError: You declined.
    """
    from dynacli.commands.questions import agrees

    if not agrees(env, f"Send it by `{update.operation.name}`?"):
        raise UsageError.declined("Nothing was sent")


class EditGroup(CallGroup):
    """The APIs of `edit`, which reads a resource and updates it with another operation of its path."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Set the run to edit the response of the call."""
        run.act = _edit_resource
