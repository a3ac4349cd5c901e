"""`dynacli edit`: what a GET gives is changed in an editor, and sent by the PATCH or PUT that belongs to it."""

from difflib import unified_diff
from typing import Any

from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.resource_updates import body_of_update, known_properties, update_of
from dynacli.client.responses.response_errors import http_error
from dynacli.commands._call.dry_run import show_request
from dynacli.commands._call.make_call import asker, engine_of, read_inputs, send_call
from dynacli.commands.command_line_errors import unused_option
from dynacli.commands.run import GivenWords, Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.standard_options import FURTHER_CALLS
from dynacli.record import replace
from dynacli.request.convert_words import json_value
from dynacli.text.content_kind import decoded, is_json
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.json_text import reindent

__all__ = ["edit_resource"]

_UNUSED = frozenset({"resume", "remote_name", "report"})
"""The names of the options of a call that editing has no use for, besides those about further calls."""


def edit_resource(run: Run, described: DescribedOperation, given: GivenWords) -> None:
    """Read a resource, let a person change it, show the difference, and send what changes it.

    Raises:
        DynacliError: The resource cannot be read, edited or changed; the exit code is the error's.
    """
    for option in run.options.given:
        if option.group == FURTHER_CALLS or option.name in _UNUSED:
            raise unused_option("edit", option)
    update = update_of(described)
    settings = settings_of(run.env, described.api, run.call_options)
    settings.consent.is_given = run.options.yes  # with `--dry-run` the resource is read all the same
    settings.permit(described)
    settings.consent.is_given |= bool(run.options.dry_run)
    _check_update(update, settings)
    is_strict = settings.level != "off"
    inputs, _ = read_inputs(run, described, given, is_strict=is_strict)
    engine = Engine(run.env, settings, ask=asker(run))
    call = engine.prepare(described, inputs, is_checked=False)
    response = engine.send(call)
    if not 200 <= response.status < 300:
        raise call.signed.masker.mask_error(http_error(call, response))
    before = _editable(update, _value_of(response.body, response.header("content-type"), described))
    shown = _text(before)

    from dynacli.commands._call.words.editor import write_draft

    def check(content: bytes) -> Any:
        return json_value(_decoded(content), "the text")

    may_ask = not run.options.no_input
    draft = write_draft(run.env, shown, ".json", check, may_ask=may_ask, asked_by=invocation("edit"))
    try:
        after = read_json(_decoded(draft.content))
        _show_difference(run, shown, _text(after))
        if not (run.options.yes or run.options.dry_run):
            _confirm(run, update)
            settings.consent.agreed.add(update.operation.name)
        etag = response.header("etag")
        if etag and not etag.startswith("W/"):  # If-Match never matches a weak one: RFC 9110, section 13.1.1
            settings = replace(settings, headers=(*settings.headers, ("If-Match", etag)))
        parameters = {key: value for key, value in inputs.parameters.items() if key in _keys(update)}
        body = draft.content
        if update.operation.method != "PUT":
            body = compact_json(body_of_update(update, before, after)).encode("utf-8", "surrogatepass")
        changing = CallInputs(parameters, body=body, is_complete=True)
        if run.options.dry_run:
            show_request(run, update, changing, settings, None)
        else:
            send_call(run, engine_of(run, settings, None), update, changing)
    except BaseException:
        run.warn(draft.kept())
        raise
    draft.discard()


def _check_update(update: DescribedOperation, settings: CallSettings) -> None:
    """Check before anything is sent that the update may be sent, too; a person is asked once there is something to see.

    Raises:
        RefusedError: The policy denies it, or wants it confirmed and nobody can be asked.
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


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _keys(update: DescribedOperation) -> set[tuple[str, str]]:
    return {parameter.key for parameter in update.operation.parameters}


def _value_of(body: bytes, media_type: str, described: DescribedOperation) -> Any:
    text = decoded(body, media_type)
    try:
        if text is not None and is_json(media_type, text):
            return read_json(text)
    except (ValueError, RecursionError):
        pass  # the error follows
    raise UsageError(
        f"The response of `{described.operation.name}` cannot be edited",
        reason=f"It is no JSON: its media type is `{media_type}`" if media_type else "It is no JSON",
    )


def _editable(update: DescribedOperation, value: Any) -> Any:
    """Return the part of a value that an update may send: a read-only `id` of a closed schema is left out."""
    known = known_properties(update)
    if known is None or not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name in known}


def _text(value: Any) -> str:
    return reindent(compact_json(value)) + "\n"


def _show_difference(run: Run, before: str, after: str) -> None:
    """Show what was changed.

    Raises:
        UsageError: Nothing was.
    """
    from dynacli.output.standard_error import write_stderr
    from dynacli.text.terminal import visible

    if before == after:
        raise UsageError("Nothing was sent", reason="Nothing was changed")
    lines = unified_diff(
        before.splitlines(), after.splitlines(), "as it is", "as it shall be", lineterm="", n=2
    )
    write_stderr(run.env, "".join(f"{visible(line)}\n" for line in lines))


def _confirm(run: Run, update: DescribedOperation) -> None:
    """Ask whether the change is sent.

    Raises:
        UsageError: It is not.
    """
    from dynacli.commands._questions import agrees

    if not agrees(run.env, f"Send it by `{update.operation.name}`?"):
        raise UsageError.declined("Nothing was sent")
