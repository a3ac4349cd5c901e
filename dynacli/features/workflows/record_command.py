"""`dynacli workflow record`: makes a workflow from calls of the history or from a HAR file."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from dynacli.commands.call.input_files import opened_input
from dynacli.commands.run import Run
from dynacli.environment import invocation, variable
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.features.workflows.record_workflow import RecordedStep, workflow_of
from dynacli.files import replace_named_file
from dynacli.openapi.model.wording import counted
from dynacli.output.har import har_call, har_of
from dynacli.output.render import write_content
from dynacli.registry.call_history import HistoryRow, earlier_call
from dynacli.registry.configuration import Configuration
from dynacli.secrets import with_masked_query
from dynacli.text.yaml_text import yaml_of
from dynacli.traffic.read_har import read_har
from dynacli.traffic.recorded_request import OperationFinder, RecordedExchange, find_operation

_RANGE = re.compile(r"([0-9]{1,6})(?:\.\.([0-9]{1,6}))?")
_MOST_CALLS = 1_000
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@click.pass_obj
def record_calls(run: Run, calls: str | None, har: str | None, api: str | None, out: str | None) -> None:
    """Run `workflow record`."""
    if (calls is None) == (har is None):
        raise UsageError("Give either `--from N..N` or `--har FILE`")
    if out is not None and os.path.lexists(out):
        raise FileError(f"`{out}` exists", hint="Choose another file, or remove this one")
    steps = _of_history(run, calls) if calls is not None else _of_har(run, str(har), api)
    if not steps:
        raise UsageError(
            "No call can be recorded",
            reason="No request belongs to an operation of a document",
            hint="Name the document: `--api NAME|URL|FILE`",
        )
    folder, name = os.path.split(os.path.abspath(out or "recorded.arazzo.yaml"))
    workflow_id = _NOT_IN_NAMES.sub("-", name.partition(".")[0]).strip("-") or "recorded"
    document = workflow_of(steps, workflow_id, folder)
    content = yaml_of(document).encode()
    if out is None:
        write_content(run.env, content, "application/yaml", run.output_format())
        return
    with replace_named_file(Path(out), may_replace=False) as write:
        write(content)
    workflow = document["workflows"][0]
    inputs = workflow.get("inputs", {})
    secret = inputs.get("required", [])
    count = counted(len(inputs.get("properties", {})), "input")
    run.note(f"Written: {out}, with {counted(len(workflow['steps']), 'step')} and {count}")
    if secret:
        run.note(f"Secrets are inputs without a value: {', '.join(f'--{name}' for name in secret)}")
    run.note(f"Run it: `{invocation('workflow run')} {out}`")


def _of_history(run: Run, text: str) -> list[RecordedStep]:
    """Return the calls of the history with some numbers, the earliest first.

    Raises:
        UsageError: The numbers are malformed, a call does not exist, or its request was not stored.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        raise UsageError(
            f"`--from {text}` names no calls",
            hint=f"Write `--from 3..1`; `{invocation('history')}` has the numbers",
        )
    first, last = sorted((int(found[1]), int(found[2] or found[1])))
    if first < 1 or last - first >= _MOST_CALLS:
        raise UsageError(f"`--from {text}` needs at most {_MOST_CALLS:,} calls, counted from 1")
    rows = [earlier_call(run.env, number, with_messages=True) for number in range(last, first - 1, -1)]
    steps = []
    for row in rows:
        if not row.call.messages:
            raise UsageError(
                f"The call {row.number} of the history, `{row.call.operation}`, has no request and no response",
                reason="The history stores them only in its mode `full`",
                hint=f"Make the calls again with `{variable('HISTORY')}=full`, or record a HAR",
            )
        steps.append(_step_of_row(run, row))
    return steps


def _step_of_row(run: Run, row: HistoryRow) -> RecordedStep:
    archive = har_of([har_call(row)]).encode("utf-8", "surrogatepass")
    recorded = next(iter(read_har(io.BytesIO(archive))))
    match = find_operation([OperationFinder(run.api(row.call.api))], recorded.request, is_any_server=True)
    if match is None or recorded.response is None:
        reason = "It got no response" if match is not None else "Its document has no such operation"
        raise UsageError(
            f"The call {row.number} of the history, `{row.call.operation}`, cannot be recorded", reason=reason
        )
    return RecordedStep(recorded, match)


def _of_har(run: Run, file: str, api: str | None) -> list[RecordedStep]:
    """Return the requests of a HAR file that belong to operations, in the order of the file."""
    finders = [OperationFinder(run.api(name)) for name in _api_names(run, api)]
    with opened_input(run.env, file, "the recording") as stream:
        exchanges = list(_at_most(read_har(stream)))
    steps, left_out = [], []
    for recorded in exchanges:
        match = None
        with suppress(UsageError):  # `data:` and `about:blank`
            match = find_operation(finders, recorded.request, is_any_server=api is not None)
        if match is None or recorded.response is None:
            left_out.append(recorded)
        else:
            steps.append(RecordedStep(recorded, match))
    if left_out:
        first = left_out[0].request
        run.note(
            f"Left out: {counted(len(left_out), 'request')} without an operation or a response, the first is "
            f"{first.method} {with_masked_query(first.url)[:200]}"
        )
    return steps


def _at_most(exchanges: Iterable[RecordedExchange]) -> Iterable[RecordedExchange]:
    for number, recorded in enumerate(exchanges):
        if number == _MOST_CALLS:
            raise UsageError(
                f"A workflow is recorded from at most {_MOST_CALLS:,} requests",
                hint="Use a shorter recording",
            )
        yield recorded


def _api_names(run: Run, api: str | None) -> list[str]:
    """Return the named API, or all registered APIs whose documents can be opened."""
    if api is not None:
        return [api]
    names = []
    for name in sorted(Configuration(run.env).apis()):
        try:
            run.api(name)
        except DynacliError as error:
            run.warn(f"{name} is left out: {error.message}")
        else:
            names.append(name)
    if not names:
        raise UsageError(
            "No API is registered yet", hint="Name a document with `--api ./openapi.yaml`, or register one"
        )
    return names
