"""The form of an operation in rows: its inputs, in the order of filling them in, and further calls.

Further calls are all pages of a list, a wait, and links to follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.series import WAIT_SECONDS, Until, check_wait, wait_seconds_of
from dynacli.client.inputs.find_input import find_input
from dynacli.client.inputs.read_plain_inputs import encodings_of_body
from dynacli.client.links.follow_link import check_links, links_of
from dynacli.client.operation_description import DescribedInput, OperationDescription
from dynacli.client.sign_request import is_secret_input
from dynacli.errors import DynacliError, UsageError
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import AGAIN, EACH, Field, ValueType
from dynacli.openapi.model.wording import literal_word
from dynacli.options.standard_options import FURTHER_CALLS, OPTIONS_BY_NAME, options_of
from dynacli.record import record
from dynacli.request.convert_words import choice_word

if TYPE_CHECKING:
    from dynacli.openapi.schema.form_encoding import Encodings

BODY_LOCATION = "body"
_LOCATIONS = ("path", "query", "querystring", "header", "cookie")
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
FURTHER: Final = tuple(option.flags[-1].removeprefix("--") for option in options_of({FURTHER_CALLS}))
"""The settings of a form about further calls, named like their standard options."""
_ALL, _MAX_ITEMS, _WAIT, _TIMEOUT, _INTERVAL, _FOLLOW = FURTHER


@record
class FormRow:
    """An input of an operation as a row of its form.

    Args:
        input: The input with its description.
        option: Its option without dashes: `limit`, `criteria.0.text`.
        pointer: The location of findings about it: `query/limit`, `/criteria/0/text`.
        file: `only` if it takes files alone, `too` if it takes files and text, else empty.
    """

    input: DescribedInput
    option: str
    pointer: str
    file: str = ""

    @property
    def location(self) -> str:
        """Its location: `path`, `query`, `querystring`, `header`, `cookie` or `body`."""
        return self.input.location

    @property
    def value(self) -> ValueType:
        """The type of its value."""
        return self.input.value

    @property
    def is_required(self) -> bool:
        """Whether the request, or its parent, is invalid without it."""
        return self.input.origin.is_required

    @property
    def is_needed(self) -> bool:
        """Whether the request, if it has a body, is invalid without it."""
        return self.input.origin.must_be_given

    @property
    def is_secret(self) -> bool:
        """Whether its value is hidden."""
        return is_secret_input(self.input.origin)

    @property
    def description(self) -> str:
        """Its description in the document."""
        origin, text = self.input.origin, self.input.description
        return (
            f"{text} (the same again inside)" if isinstance(origin, Field) and origin.below == AGAIN else text
        )

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values, if they can be listed."""
        if self.value.enum:
            return tuple(dict.fromkeys(self.literal(choice_word(choice)) for choice in self.value.enum))
        return ("true", "false") if self.value.type == "boolean" else ()

    def literal(self, text: str) -> str:
        """Return the argument for a string, so that it is not read as a file name."""
        return literal_word(text) if self.file else text


@record
class MoreItems:
    """The row of a form that adds an item to an array.

    Args:
        option: The array, for example `criteria`.
        count: Number of items that have rows.
    """

    option: str
    count: int


def rows_of_form(
    described: DescribedOperation, counts: Mapping[str, int], added: Sequence[str] = ()
) -> list[FormRow | MoreItems]:
    """Return the rows of an operation's form.

    Args:
        described: The operation, with the media type that is sent.
        counts: Array of objects → number of its items that have rows [default 1].
        added: The options of further inputs, deeper than the listed ones.
    """
    rows: list[FormRow | MoreItems] = []
    inputs = OperationDescription(described).inputs
    for location in _LOCATIONS:
        here = [input_ for input_ in inputs if input_.location == location]
        for parameter in sorted(here, key=lambda item: not item.is_needed):
            rows.append(_input_row(parameter, parameter.option))
            rows.extend(_input_row(field, field.origin.option, parameter) for field in parameter.fields)
    media_type = described.media_type
    if media_type is not None and is_built(media_type.name):
        body = [input_ for input_ in inputs if input_.location == BODY_LOCATION]
        needed = {field.path[0] for field in body if field.is_needed}
        fields = sorted(body, key=lambda field: field.path[0] not in needed)
        encodings = encodings_of_body(described)
        rows.extend(_body_rows([(field, field.origin.option) for field in fields], counts, encodings))
    known = {row.option for row in rows if isinstance(row, FormRow)}
    rows.extend(row for option in added if option not in known and (row := row_of(described, option)))
    return rows


def row_of(described: DescribedOperation, option: str) -> FormRow | None:
    """Return the row of an input that is not listed, such as a deeper field; None if there is no such input."""
    parameter, field = find_input(described, option)
    whole = None if parameter is None else DescribedInput.of(parameter)
    if field is None:
        return None if whole is None else _input_row(whole, whole.option)
    return _input_row(
        DescribedInput.of(field, BODY_LOCATION if whole is None else whole.location), option, whole
    )


def located(option: str) -> str:
    """Return an option with its indexes written as steps, which no shell expands."""
    return re.sub(r"\[(\d+)\]", r".\1", option)


def _input_row(
    described: DescribedInput, option: str, parameter: DescribedInput | None = None, file: str = ""
) -> FormRow:
    """Return the row of an input.

    Args:
        option: Its option, with an index for each array around it whose items get rows.
        parameter: The parameter that it is a field of; None for a parameter, and for a field of the body.
    """
    pointer = (
        "" if described.location == BODY_LOCATION else f"{described.location}/{(parameter or described).name}"
    )
    if not described.path:
        return FormRow(described, option, pointer)
    option = located(option.replace(EACH, ".0"))
    indexes = iter(_INDEX.findall(option))
    steps = [next(indexes, "0") if step == EACH else step.strip("[]") for step in described.path]
    inside = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
    return FormRow(described, option, f"{pointer}/{inside}", file)


def _body_rows(
    fields: list[tuple[DescribedInput, str]], counts: Mapping[str, int], encodings: Encodings | None
) -> Iterator[FormRow | MoreItems]:
    """Yield the rows of fields. The fields of an item stay together.

    Args:
        fields: The fields, with options that have an index for each array around them whose items get rows.
    """
    index = 0
    while index < len(fields):
        field, option = fields[index]
        array, mark, _ = option.partition(EACH)
        if not mark:
            yield _input_row(field, option, file=_file_kind(field, encodings))
            index += 1
            continue
        together = [pair for pair in fields[index:] if pair[1].startswith(f"{array}{EACH}")]
        count = counts.get(array, 1)
        for number in range(count):
            items = [(field, option.replace(EACH, f".{number}", 1)) for field, option in together]
            yield from _body_rows(items, counts, encodings)
        yield MoreItems(array, count)
        index += len(together)


def _file_kind(field: DescribedInput, encodings: Encodings | None) -> str:
    if encodings is None or len(field.path) > 1:
        return ""
    encoding = encodings.of(field.path[0])
    return "" if not encoding.takes_file else "too" if encoding.takes_text else "only"


@record
class FurtherCalls:
    """The calls after the first.

    Args:
        all: `pages` or `keyset` to fetch all pages, else empty.
        max_items: Maximum number of items; None for all.
        wait: The condition to wait for, if there is one.
        follow: The links to follow, one after the other.
        targets: The operations that the calls may end at; without a link, the operation of the form.
    """

    all: str = ""
    max_items: int | None = None
    wait: Until | None = None
    follow: tuple[str, ...] = ()
    targets: tuple[DescribedOperation, ...] = ()

    @property
    def is_of_pages(self) -> bool:
        """Whether the calls fetch the pages of a list."""
        return bool(self.all) or self.max_items is not None

    def __bool__(self) -> bool:
        """Return whether there may be more than one call."""
        return self.is_of_pages or self.wait is not None or bool(self.follow)


def offered_further(described: DescribedOperation) -> dict[str, tuple[str, ...]]:
    """Return the settings that apply to an operation → their choices, which are empty if the value is typed."""
    offered: dict[str, tuple[str, ...]] = {}
    is_safe = described.operation.method in SAFE_METHODS
    links = [link for link in links_of(described) if link.target is not None]
    try:
        is_list = is_safe and OperationDescription(described).pages is not None
    except DynacliError:
        is_list = True  # the rule in the configuration is invalid, which the call reports
    if is_list:
        offered |= {_ALL: OPTIONS_BY_NAME["all"].values, _MAX_ITEMS: ()}
    if links:
        offered[_FOLLOW] = tuple(dict.fromkeys(link.name for link in links))
    if links or (is_safe and not is_list):
        offered |= {_WAIT: (), _TIMEOUT: (), _INTERVAL: ()}
    return offered


def further_calls(
    described: DescribedOperation, given: Mapping[str, str], settings: CallSettings
) -> FurtherCalls:
    """Return the further calls that the settings of a form ask for.

    Args:
        given: Setting → its typed or chosen value.

    Raises:
        UsageError: The settings are invalid or cannot be combined; the detail `setting` names one of them.
        RefusedError: A link leads to a target that must not be called.
    """
    if not any(given.get(name) for name in FURTHER):
        return FurtherCalls(targets=(described,))
    follow, targets = _links(given), [described]
    with _naming_setting(_FOLLOW):
        if follow:
            targets = check_links(described, follow, settings)
    wait = None
    if given.get(_WAIT):
        seconds: dict[str, float] = {}
        for name in (_TIMEOUT, _INTERVAL):
            with _naming_setting(name):
                if given.get(name):
                    seconds[name] = wait_seconds_of(given[name], f"--{name}")
        wait = Until(given[_WAIT], seconds.get(_TIMEOUT, WAIT_SECONDS), seconds.get(_INTERVAL))
        with _naming_setting(_WAIT):
            for target in targets:
                check_wait(target, wait)
    with _naming_setting(_MAX_ITEMS):
        max_items = _number_of_items(given.get(_MAX_ITEMS, ""))
    with _naming_setting(_ALL):
        if (wait or follow) and (given.get(_ALL) or max_items is not None):
            raise UsageError(
                "All pages are called, or one response is looked at",
                reason="A list of many pages has many responses",
                hint="Make two calls",
            )
    return FurtherCalls(given.get(_ALL, ""), max_items, wait, follow, tuple(targets))


def _links(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the links to follow: a form has at most one, an earlier call may have several."""
    return tuple(given.get(_FOLLOW, "").splitlines())


def _number_of_items(word: str) -> int | None:
    if not word:
        return None
    if not (word.isascii() and word.isdecimal() and int(word[:9])):
        raise UsageError(f"`{word[:60]}` is not a number of items", reason="It takes a whole number above 0")
    return int(word[:9])


def further_words(given: Mapping[str, str]) -> Iterator[str]:
    """Yield the standard options that ask for the same on a command line."""
    for name in FURTHER:
        word = given.get(name, "")
        if name == _ALL:
            yield from {"pages": ("--all",), "keyset": ("--all=keyset",)}.get(word, ())
        elif name == _FOLLOW:
            yield from (f"--{name}={link}" for link in _links(given))
        elif word and (name not in {_TIMEOUT, _INTERVAL} or given.get(_WAIT)):
            yield f"--{name}={word}"


@contextmanager
def _naming_setting(setting: str) -> Iterator[None]:
    """Add the name of a setting to the errors of a block."""
    try:
        yield
    except DynacliError as error:
        error.details.setdefault("setting", setting)
        raise
