"""The contents of an operation's form: checked like a command line, and turned into the inputs of a call.

The module also builds the command line of a form, and the question before a call that changes something.
It lists earlier calls of the API from the history, and opens them in the form again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from dynacli.client.call import base_url_of, request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.collect_values import collect_values
from dynacli.client.inputs.query_pairs import with_pairs
from dynacli.client.inputs.read_plain_inputs import read_plain_inputs, whole_body
from dynacli.environment import Consent, Environment, program
from dynacli.errors import DynacliError, UsageError
from dynacli.features.explorer.form_rows import BODY_LOCATION, FormRow, further_calls, further_words
from dynacli.openapi.model.acting_names import is_reading
from dynacli.openapi.model.wording import option_pair, shell_line
from dynacli.options.standard_options import SETTINGS, Options
from dynacli.record import record, replace
from dynacli.registry.call_history import HistoryRow, read_calls
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.record_call import api_key
from dynacli.secrets import MASK, mask_url

CONTENT_TYPE, SERVER, PROFILE, QUERY = "content-type", "server", "profile", "query"
"""The settings of a call that are not in `FURTHER`."""
_MOST = 1_000
"""Maximum number of listed calls."""


@record
class Draft:
    """The contents of an operation's form.

    Args:
        described: The operation, with the media type that is sent.
        rows: The rows of the form.
        words: Option → typed text, which may be empty. An input that is not given has no entry.
        text: The whole body as text; None if the body is in the rows.
        settings: Setting of the call → its typed or chosen value: `CONTENT_TYPE`, `SERVER`, `PROFILE`, `QUERY`, and
            those of `FURTHER`.
    """

    described: DescribedOperation
    rows: tuple[FormRow, ...]
    words: Mapping[str, str]
    text: str | None = None
    settings: Mapping[str, str] = MappingProxyType({})

    @property
    def pairs(self) -> tuple[str, ...]:
        """`NAME=VALUE` pairs to add to the query. They are typed as in a URL: `trace=1&b=x%20y`."""
        pairs = parse_qsl(self.settings.get(QUERY, ""), keep_blank_values=True)
        return tuple(f"{name}={value}" for name, value in pairs)

    @property
    def given(self) -> list[tuple[FormRow, str]]:
        """The filled rows, in their order. Rows of the body are left out if the body is a text."""
        rows = [(row, self.words[row.option]) for row in self.rows if row.option in self.words]
        return [(row, word) for row, word in rows if self.text is None or row.location != BODY_LOCATION]


class Checked(NamedTuple):
    """The errors of a draft.

    Args:
        errors: Option → error of its value.
        summary: The error of the whole draft, in one line; empty if there is none.
        settings: Setting of the call → its error.
        missing: The options of `errors` whose inputs are required and not given.
    """

    errors: Mapping[str, str]
    summary: str
    settings: Mapping[str, str] = MappingProxyType({})
    missing: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether there are no errors."""
        return not (self.errors or self.summary or self.settings)


def inputs_of(draft: Draft, settings: CallSettings) -> CallInputs:
    """Return the inputs of the call, with the query pairs of all calls.

    Raises:
        UsageError: A value is invalid, or a row and a pair give the same input.
        FileError: A named file cannot be read.
    """
    inputs = typed_inputs(draft, is_strict=settings.level != "off")
    return with_pairs(draft.described, inputs, settings)


def typed_inputs(draft: Draft, *, is_strict: bool) -> CallInputs:
    """Return the inputs in the form.

    Raises:
        UsageError: A value is invalid.
        FileError: A named file cannot be read.
    """
    values = {row.option: _value_of_word(row, word) for row, word in draft.given}
    inputs = read_plain_inputs(
        draft.described,
        values,
        content_type=draft.settings.get(CONTENT_TYPE, ""),
        is_strict=is_strict,
        are_words=True,
    )
    if not draft.text or draft.described.media_type is None:
        return inputs
    content: Any = draft.text.encode("utf-8", "surrogateescape")
    if draft.text.startswith("@@"):
        content = content[1:]
    elif draft.text.startswith("@"):
        content = _path(draft.text)
    return replace(inputs, body=whole_body(content, draft.described.media_type.name))


def _value_of_word(row: FormRow, word: str) -> str | Path:
    """Return the value of a row: its text, or the file that it names."""
    if not row.file:
        return word
    if word.startswith("@@"):
        return word[1:]
    if word.startswith("@"):
        return _path(word)
    if row.file == "too":
        return word
    raise UsageError(
        f"--{row.option} takes a file", reason=f"There is no `@` before `{word[:60]}`", hint="Write `@FILE`"
    )


def _path(word: str) -> Path:
    return Path(os.path.expanduser(word.removeprefix("@").strip()))


def check_draft(draft: Draft, settings: CallSettings) -> Checked:
    """Return the errors of a draft, found by the checks before each call.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    is_strict = settings.level != "off"
    settings = replace(settings, consent=Consent(is_given=True))  # a check must not ask a question
    denial = settings.denial(draft.described)
    if denial:
        return Checked({}, denial)
    misfits = _misfits(draft, is_strict=is_strict)
    rest = replace(
        draft, words={option: word for option, word in draft.words.items() if option not in misfits}
    )
    checked = _check_rest(rest, settings, is_strict=is_strict, but=misfits)
    wrong = {}
    try:
        further_calls(draft.described, draft.settings, settings)
    except DynacliError as error:
        wrong = {str(error.details.get("setting", "")): _error_line(error)}
    return checked._replace(errors={**checked.errors, **misfits}, settings=wrong)


def _check_rest(draft: Draft, settings: CallSettings, *, is_strict: bool, but: Collection[str]) -> Checked:
    """Return the errors of a draft whose values are valid, each by itself.

    Args:
        but: The options with invalid values, which the draft lacks.
    """
    try:
        values = collect_values(draft.described, inputs_of(draft, settings), is_strict=is_strict)
        request = request_of(draft.described, settings, values)
    except DynacliError as error:
        missing = {option: text for option, text in _missing(draft, error).items() if option not in but}
        return Checked(missing, "" if but else _error_line(error), missing=tuple(missing))
    if not is_strict:
        return Checked({}, "")
    validating = CallValidator(draft.described, request, values, settings)
    validating.validate_request()
    try:
        validating.check()
    except UsageError as error:
        findings = validating.validation.findings
        found = {_row_at(draft.rows, finding.pointer): finding.message for finding in reversed(findings)}
        named = {option: message for option, message in found.items() if option and option not in but}
        summary = found.get("", "") or ("" if named else error.message)
        return Checked(named, "" if but else summary)
    return Checked({}, "")


def _misfits(draft: Draft, *, is_strict: bool) -> dict[str, str]:
    """Return option → error of its value alone."""
    errors = {}
    for row, word in draft.given:
        try:
            typed_inputs(replace(draft, words={row.option: word}, text=None), is_strict=is_strict)
        except DynacliError as error:
            errors[row.option] = error.reason or error.message
    return errors


def _missing(draft: Draft, error: DynacliError) -> dict[str, str]:
    """Return option → message, for the missing inputs that an error names."""
    named = error.details.get("missing", ())
    return {
        row.option: "is missing"
        for row in draft.rows
        if f"--{row.option}" in named or (row.location == "path" and row.input.usage in named)
    }


def _row_at(rows: tuple[FormRow, ...], pointer: str) -> str:
    """Return the option of the row at the location of a finding, or the nearest above it; empty if there is none."""
    place = pointer
    known = {row.pointer.lower() if row.location == "header" else row.pointer: row.option for row in rows}
    while place:
        found = known.get(place.lower() if place.startswith("header/") else place)
        if found is not None:
            return found
        place = place.rpartition("/")[0]
    return ""


def _error_line(error: DynacliError) -> str:
    reason = f": {error.reason}" if error.reason else ""
    return f"{error.message}{reason}".replace("\n", " ")


def command_words(draft: Draft, before: Sequence[str] = (), *, is_masked: bool = False) -> list[str]:
    """Return the arguments after the program's name.

    Args:
        before: Standard options. They precede the API, because an option of the operation may have the same name.
        is_masked: Whether to mask secret values.
    """
    described = draft.described
    operation = described.operation
    given = [(row, MASK if is_masked and row.is_secret else word) for row, word in draft.given]
    positional, options = _positional(draft, given)
    words = list(before)
    body: list[str] = []
    words += further_words(draft.settings)
    content_type = draft.settings.get(CONTENT_TYPE)
    if content_type and operation.body is not None:
        words += [f"--content-type={content_type}"]
    if draft.text and operation.body is not None:
        body = option_pair("--body", draft.text)
        if any(parameter.option == "body" for parameter in operation.parameters):
            words, body = [*words, *body], []
    words += [described.api.name, operation.name, *positional]
    for row, word in options:
        words += option_pair(f"--{row.option}", word, is_joined=row.value.type == "boolean")
    return words + body


def option_arguments(options: Options, *, is_masked: bool = False) -> Iterator[str]:
    """Yield the standard options for the settings of a call.

    Args:
        is_masked: Whether to mask the values of headers and query pairs, which may be secrets.
    """
    for option in SETTINGS:
        value, separator = getattr(options, option.name), {"header": ":", "query": "="}.get(option.name)
        if is_masked and separator:
            value = [f"{word.partition(separator)[0]}{separator}{MASK}" for word in value]
        yield from option.words(value)


def command_line(words: Sequence[str]) -> str:
    """Return arguments as a command for a shell."""
    return shell_line((program().name, *words))


def _positional(
    draft: Draft, given: Sequence[tuple[FormRow, str]]
) -> tuple[list[str], list[tuple[FormRow, str]]]:
    """Return the positional arguments, and the rows given as options; path parameters are all one or the other."""
    in_path = [row for row in draft.rows if row.location == "path"]
    words = {row.option: word for row, word in given}
    order = [
        parameter.option for parameter in draft.described.operation.parameters if parameter.location == "path"
    ]
    if len(order) == len(in_path) and all(_may_be_positional(words.get(option, "")) for option in order):
        return [words[option] for option in order], [pair for pair in given if pair[0].location != "path"]
    return [], list(given)


def _may_be_positional(word: str) -> bool:
    return bool(word) and not word.startswith("-")


def question_before(draft: Draft, settings: CallSettings, line: str) -> str:
    """Return the question before a draft is sent; empty if there is none, or if the draft is invalid.

    Args:
        line: The command line, with secrets masked.

    Raises:
        DynacliError: The call has no server.
    """
    if settings.consent.is_given or not check_draft(draft, settings).is_right:
        return ""
    described = draft.described
    asked = [described, *further_calls(described, draft.settings, settings).targets]
    asked = [described for described in asked if changes(described) or settings.is_asked_about(described)]
    if not asked:
        return ""
    calls = dict.fromkeys(f"{described.operation.method} {described.operation.path}" for described in asked)
    server = mask_url(base_url_of(described, settings))
    return f"Send {' and '.join(calls)} to {server}?\n\n$ {line}"


def changes(described: DescribedOperation) -> bool:
    """Return whether a call of an operation may change something."""
    return not is_reading(described.operation)


@record
class CalledLine:
    """The contents of an operation's form that a command line gives.

    Args:
        operation: The name of the operation.
        words: Option → the text in its row.
        text: The whole body; None if the body is in the rows.
        settings: As in `Draft`.
        left_out: Options without a row, and options whose secret values were masked.
    """

    operation: str
    words: Mapping[str, str]
    text: str | None
    settings: Mapping[str, str]
    left_out: tuple[str, ...] = ()


ReadLine = Callable[[Sequence[str]], CalledLine]
"""Parser of the arguments after the program's name; UsageError if they name no operation."""


def earlier_calls(env: Environment, api: OpenedApi, before: float) -> list[HistoryRow]:
    """Return the calls of an API's operations, under any name of the API, the latest first.

    Args:
        before: A time in seconds since 1970. Calls from then on are left out.

    Raises:
        FileError: The history cannot be read.
    """
    key = api_key(api.revisions.directory)
    of_api = (row for row in read_calls(env) if row.call.source == key)
    return list(islice((row for row in of_api if row.call.operation and row.call.at < before), _MOST))


def with_messages(env: Environment, row: HistoryRow) -> HistoryRow:
    """Return a call with its messages, if they were stored. Calls may have come since it was listed.

    Raises:
        FileError: The history cannot be read.
    """
    for found in read_calls(env, with_messages=True, first=row.number):
        if found.call.at <= row.call.at:
            return found if found.words == row.words else row
    return row


def draft_of(api: OpenedApi, line: CalledLine) -> Draft:
    """Return the contents of a form that a command line fills in.

    Raises:
        DynacliError: The document no longer has the operation or the media type.
    """
    described = DescribedOperation(api, api.catalog.operation(line.operation))
    described = described.sending(line.settings.get(CONTENT_TYPE, ""))
    return Draft(described, (), line.words, line.text, line.settings)
