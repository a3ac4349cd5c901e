"""`dynacli diff`: makes a read-only call on two sides, and compares the responses.

| `--against` | the right side |
|---|---|
| a profile, a URL | the response of the other server to the same inputs |
| `history:N` | a stored response with masked secrets |
| `rev:N` | the same response, validated by another revision of the document |
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, NamedTuple

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.responses.compare_calls import (
    ComparedPages,
    ReceivedResponse,
    Side,
    check_other_server,
    compare_calls,
    comparison_rules,
    options_of_other,
    receive,
    without_secrets,
)
from dynacli.client.responses.compare_responses import (
    Difference,
    ResponseComparison,
    difference_lines,
    left_out_note,
)
from dynacli.commands.call.make_call import TerminalListener, asker, read_inputs
from dynacli.commands.command_line_errors import unused_option
from dynacli.commands.read_line import CommandLine
from dynacli.commands.run import Run
from dynacli.commands.subcommands.call_groups import CallGroup
from dynacli.environment import invocation, variable
from dynacli.errors import DynacliError, MismatchError, UsageError
from dynacli.http.exchange import ClientPool, WireResponse
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.wording import counted
from dynacli.options.standard_options import FURTHER_CALLS, Options
from dynacli.output.render import is_for_people, write_data, write_rows
from dynacli.record import replace
from dynacli.registry.record_call import api_key
from dynacli.secrets import Masker
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.validation.finding import Finding


_UNUSED = frozenset(
    {
        *("include", "resume", "remote_name", "report", "columns", "dry_run", "show_secrets", "allow_files"),
        *("plan", "plan_expires", "cache"),
    }
)
"""Names of the options of a call that `diff` rejects, besides those about further calls."""
_PAGES = frozenset({"all", "max_items"})
_HISTORY, _REVISION = "history:", "rev:"


def _show_differences(run: Run, described: DescribedOperation, line: CommandLine) -> None:
    """Make a call on two sides, and show how the responses differ.

    Raises:
        MismatchError: The responses differ.
        RefusedError: The operation may change something; nothing was sent.
        DynacliError: A side cannot be called; the exit code is the error's.
    """
    against = run.options.against
    for option in run.options.given:
        if (option.group == FURTHER_CALLS and option.name not in _PAGES) or option.name in _UNUSED:
            raise unused_option("diff", option)
        if option.name in _PAGES and against.startswith((_HISTORY, _REVISION)):
            raise UsageError(
                f"`{option.flags[-1]}` cannot be combined with `{against}`",
                reason="Only one response is compared",
                hint="Compare all pages with another server: a profile or a URL",
            )
    if not against:
        raise UsageError(
            "`--against` is missing",
            reason="It says with what the response is compared",
            hint="Give a profile, the URL of a server, `history:N` or `rev:N`",
        )
    run.data_format  # noqa: B018  - options that cannot be combined are an error before anything is sent
    options = run.call_options
    terms = replace(options.terms, reads_only_by=f"`{invocation('diff')}`")
    options = replace(options, terms=terms)
    settings = _permitted(run, described, options)
    with ExitStack() as stack:
        if against.startswith(_REVISION):
            found = _against_revision(run, described, line, settings, stack)
        elif against.startswith(_HISTORY):
            found = _against_history(run, described, line, settings)
        else:
            found = _against_server(run, described, line, settings, options, stack)
        _write(run, described, *found)


def _permitted(run: Run, described: DescribedOperation, options: Options) -> CallSettings:
    """Return the settings of the calls.

    Raises:
        RefusedError: The settings do not permit the operation.
    """
    settings = replace(settings_of(run.env, described.api, options), cache=None)
    settings.asking_later().permit(described)
    return settings if described.is_documented else replace(settings, level="off")


class _Found(NamedTuple):
    """The names of the two sides, and their differences.

    Args:
        left: The left side, as messages call it.
        right: The right side, as messages call it.
        comparison: The differences.
    """

    left: str
    right: str
    comparison: ResponseComparison


def _engine(run: Run, settings: CallSettings, clients: ClientPool | None = None) -> Engine:
    """Return the engine for the calls of a comparison; the history does not store them."""
    return Engine(run.env, settings, clients=clients, ask=asker(run), on_event=TerminalListener(run, None))


def _against_server(
    run: Run,
    described: DescribedOperation,
    line: CommandLine,
    settings: CallSettings,
    options: Options,
    stack: ExitStack,
) -> _Found:
    """Compare with the response of another server, given by a profile or a URL."""
    other = _permitted(run, described, options_of_other(options, options.against))
    described, inputs, _ = read_inputs(run, described, line, settings)
    own = inputs
    if other.default_query != settings.default_query:
        _, own, _ = read_inputs(run, described, line, other)
    engine = _engine(run, settings, stack.enter_context(closing(ClientPool())))
    first = Side(engine, described, inputs)
    check_other_server(described, other)
    second = Side(engine.with_settings(other), described, own)
    is_list = bool(options.all) or options.max_items is not None
    pages = ComparedPages(options.max_items, options.all == "keyset") if is_list else None
    left = first.response(pages)
    try:
        right = second.response(pages)
    except DynacliError:
        run.note(f"The left side responded with {left.response.status}: {visible(left.label, keep='')}")
        raise
    for note in dict.fromkeys(filter(None, (left.note, right.note))):
        run.note(note)
    return _Found(
        left.label, right.label, compare_calls(described, left, right, comparison_rules(run.options))
    )


def _against_history(
    run: Run, described: DescribedOperation, line: CommandLine, settings: CallSettings
) -> _Found:
    """Compare with a response that the history has stored."""
    right = _stored_side(run, described)
    described, inputs, _ = read_inputs(run, described, line, settings)
    left = Side(_engine(run, settings), described, inputs).response()
    comparison = compare_calls(described, left, right, comparison_rules(run.options), is_masked=True)
    return _Found(left.label, right.label, comparison)


def _stored_side(run: Run, described: DescribedOperation) -> ReceivedResponse:
    """Return a response of the history.

    Raises:
        UsageError: The call does not exist, is of another operation, or has no stored response.
    """
    from dynacli.registry.call_history import earlier_call

    word = run.options.against.removeprefix(_HISTORY)
    if not (word.isascii() and word.isdecimal() and int(word)):
        raise UsageError(
            f"`{word}` is not the number of a call",
            hint=f"Write `--against {_HISTORY}N`; `{invocation('history')}` lists the calls, the latest is 1",
        )
    row = earlier_call(run.env, int(word), with_messages=True)
    operation = described.operation
    if (row.call.source, row.call.operation) != (api_key(described.api.revisions.directory), operation.name):
        raise UsageError(
            f"Call {word} of the history is not a call of `{operation.name}`",
            reason=f"It is `{row.as_json()['command']}`",
            hint=f"`{invocation('history')}` lists the calls",
        )
    stored = json.loads(row.call.messages)["response"] if row.call.messages else None
    text, encoded = (stored["body"], stored["body_base64"]) if stored is not None else (None, None)
    if stored is None or (row.call.size and text is None and encoded is None):
        reason = (
            "Only method, URL and status were" if stored is None else "Its body is too large, or broke off"
        )
        raise UsageError(
            f"The response to call {word} was not stored",
            reason=reason,
            hint=f"`{variable('HISTORY')}=full` stores responses up to 256 KiB; make the call again with it",
        )
    body = b64decode(encoded) if encoded is not None else (text or "").encode("utf-8", "surrogatepass")
    headers = tuple((name, value) for name, value in stored["headers"])
    response = WireResponse(stored["status"], "", "", row.call.url, headers, body, row.call.seconds)
    return ReceivedResponse(f"{row.call.url} ({row.as_json()['at']})", response, Masker())


def _against_revision(
    run: Run, described: DescribedOperation, line: CommandLine, settings: CallSettings, stack: ExitStack
) -> _Found:
    """Validate a response by two revisions of the document. The findings of only one are the differences."""
    from dynacli.client.operation_at import operation_at
    from dynacli.commands.document_notes import SHOWN_DIGITS, find_revision, open_cached_revision

    api, operation = described.api, described.operation
    word = run.options.against.removeprefix(_REVISION)
    other = open_cached_revision(api, find_revision(api.revisions, word, api.name), stack)
    names = [opened_api.pointer["revision"][:SHOWN_DIGITS] for opened_api in (api, other)]
    at = operation_at(other.catalog, operation.method, operation.path) if described.is_documented else None
    if at is None:
        raise UsageError(
            f"The revision `{names[1]}` does not have `{operation.name}`",
            reason=f"It has no {operation.method} {operation.path}",
            hint=f"`{invocation('changes', api.name)} --since {names[1]}` shows what changed",
        )
    settings = settings if settings.level != "off" else replace(settings, level="warn")
    described, inputs, _ = read_inputs(run, described, line, settings)
    engine = _engine(run, settings)
    call = engine.prepare(described, inputs)
    content_type = described.media_type.name if described.media_type is not None else ""
    other_described = DescribedOperation(other, at[0])
    if at[0].body is not None:
        other_described = other_described.sending(content_type)
    # Each engine has one validator for all calls of an operation, so the other revision needs a second engine.
    unsent = _engine(run, settings).prepare(other_described, call.values, is_signed=False)
    left = receive(engine, call)
    findings = [_findings(item, left.response) for item in (call, unsent)]
    rules, found = comparison_rules(run.options), _of_one_alone(*findings)
    differences = [
        without_secrets(difference, left.masker)
        for difference in found
        if not rules.ignores(difference.steps)
    ]
    before, after = (f"{left.label} by the revision {name}" for name in names)
    return _Found(before, after, ResponseComparison(differences))


def _findings(call: Call, response: WireResponse) -> list[Finding]:
    validation = call.validate_response(response, response.body)
    return [] if validation is None else validation.findings


def _of_one_alone(left: list[Finding], right: list[Finding]) -> Iterator[Difference]:
    """Yield the findings that only one of two revisions has, with their locations in the response."""

    def key(finding: Finding) -> tuple[str, str, str]:
        return finding.rule, finding.pointer, finding.message

    for kind, findings, others in (("removed", left, right), ("added", right, left)):
        known = set(map(key, others))
        for finding in findings:
            if key(finding) not in known:
                sides = (finding.message, None) if kind == "removed" else (None, finding.message)
                yield Difference(_steps_of(finding), kind, *sides)


def _steps_of(finding: Finding) -> tuple[str, ...]:
    """Return the steps to the location of a finding in a response."""
    pointer = finding.pointer
    if pointer == "status":
        return ("status",)
    if pointer.startswith("header/"):
        return ("headers", pointer.removeprefix("header/"))
    return ("body", *split(pointer)) if pointer.startswith("/") else ("body",)


def _write(
    run: Run, described: DescribedOperation, left: str, right: str, comparison: ResponseComparison
) -> None:
    """Write the differences.

    Raises:
        MismatchError: The responses differ, and `--no-fail` is not given.
    """
    differences = comparison.differences
    form = run.data_format
    is_text = is_for_people(form) and not form.is_of_value
    if not is_text:
        rows = [difference.as_json() for difference in differences]
        write_data(run.env, {"equal": not differences, "differences": rows}, form)
    elif differences:
        write_rows(run.env, (), form, lambda paint, _: difference_lines(left, right, differences, paint))
    for note in _notes(comparison):
        run.note(note)
    if not differences:
        if is_text:
            run.note("The responses are equal")
    elif not run.options.no_fail:
        first = visible(differences[0].pointer, keep="")
        raise MismatchError(
            f"The responses of `{described.operation.name}` differ",
            reason=f"{counted(len(differences), 'difference')}, the first at `{first}`",
            hint="`--ignore POINTER` ignores a field",
        )


def _notes(comparison: ResponseComparison) -> Iterator[str]:
    if comparison.left_out:
        yield left_out_note(comparison.left_out)
    if comparison.masked:
        yield f"Not compared: {counted(comparison.masked, 'value')}: secrets that the history has masked"


class DiffGroup(CallGroup):
    """The APIs of `diff`, which calls a read-only operation and compares its response."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Set the run to compare the response of the call."""
        run.act, run.act_options = _show_differences, self.entry.options
