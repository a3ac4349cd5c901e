"""The summary of an operation, as data and as text of at most 1,400 bytes.

Texts from the document are in quotes, to distinguish them from dynacli's own words.
"""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from dynacli.client.described_operation import EXAMPLE_OPTION, DescribedOperation
from dynacli.client.operation_description import (
    DescribedInput,
    OperationDescription,
    OutlinedResponse,
    example_without_ids,
)
from dynacli.client.pages.decide_rule import PAGE_KINDS
from dynacli.openapi.model.field_names import plain_name, singular, words_of_name
from dynacli.openapi.model.operation import EACH, Field, Operation, Parameter
from dynacli.openapi.model.wording import (
    CREDENTIAL,
    EXAMPLE,
    MAY_BE_NULL,
    MAY_BE_REPEATED,
    ONE_OF,
    OPTIONAL_INPUTS,
    PAGES,
    REQUIRED_INPUTS,
    RESPONSE,
    placeholder,
    shell_word,
    telling,
)
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import (
    block_text,
    closed,
    command_lines,
    folded,
    foreign,
    short_sentence,
    word_or_quoted,
)

_MOST_OPTIONAL = 5
_LONGEST_FILLER = 3
"""Maximum length of words in a task that are ignored: `the`, `of`."""
_SEARCHES = frozenset(
    ("q", "query", "search", "filter", "name", "status", "state", "type", "since", "sort", "title")
)
_SIZES = frozenset(("limit", "pagesize", "perpage", "size", "maxresults"))
_PLACES = frozenset(
    (
        *("page", "pagenumber", "pagetoken", "nexttoken", "cursor", "offset", "skip", "marker", "after"),
        *("before", "startingafter", "endingbefore", "continuationtoken"),
    )
)
"""Plain names of inputs that `--all` sets."""
_LONGEST_SUMMARY = 160
_MOST_BYTES = 1_400
_HANGING = 4
_MOST_ADDED = 4
"""Maximum number of options that a task adds to the example."""
_PLAIN = Painter(enabled=False)


def _summary_inputs(
    description: OperationDescription, question: str = ""
) -> tuple[tuple[DescribedInput, ...], tuple[str, ...]]:
    """Return the required inputs with the most useful optional ones, and the options of all others.

    Args:
        question: A task in plain words. Inputs that it mentions are the most useful ones.
    """
    operation = description.operation
    inputs = description.inputs
    needed = [input_ for input_ in inputs if input_.is_required]
    others = [
        input_
        for input_ in inputs
        if not (input_.is_required or (isinstance(input_.origin, Parameter) and input_.origin.is_hidden))
    ]
    asked = _words(question) - _words(f"{operation.name} {operation.summary}")
    # Words such as `wrong_answer` and `costUsd` come from programs. A description may list them as example values.
    said = (word.strip(".,;:?!\"'`()") for word in question.split())
    literals = [
        word for word in said if len(word) > _LONGEST_FILLER and not (word.isalpha() and word[1:].islower())
    ]
    others.sort(
        key=lambda described: (
            not _is_mentioned(described.origin, asked, literals),
            _usefulness(described.origin),
        )
    )
    shown = [*needed, *others[:_MOST_OPTIONAL]]
    return description.with_sources(shown, shown), tuple(other.option for other in others[_MOST_OPTIONAL:])


def _words(text: str) -> set[str]:
    return {singular(word) for word in words_of_name(text) if len(word) > _LONGEST_FILLER}


def _is_mentioned(input_: Parameter | Field, asked: set[str], literals: Collection[str]) -> bool:
    """Return whether a task mentions an input, or one of its values."""
    if any(literal in input_.description for literal in literals):
        return True
    values = (input_.value.items or input_.value).enum
    named = _words(" ".join([input_.option, *(value for value in values if isinstance(value, str))]))
    # Matches `failed` with `fail`, and `classified` with `classification`.
    return any(left.startswith(right[:6]) or right.startswith(left[:6]) for left in asked for right in named)


def _usefulness(input_: Parameter | Field) -> int:
    """Return a rank for an optional input. The lowest rank is the most useful."""
    # A search by POST has pages and filters in its body.
    is_alone = isinstance(input_, Parameter) or len(input_.path) == 1
    name = plain_name(input_.option.rpartition(".")[2])
    if input_.is_deprecated:
        return 9
    if is_alone and name in _PLACES:
        return 8
    if isinstance(input_, Parameter) and input_.location in ("header", "cookie"):
        return 7
    if isinstance(input_, Field) and len(input_.path) > 1:
        # `flows.operator` has a default, and means nothing without the filters next to it.
        is_settled = bool(input_.value.enum) and input_.value.has_default
        return 4 + min(len(input_.path), 3) - input_.is_required + is_settled
    if is_alone and name in _SIZES:
        return 2
    if name in _SEARCHES or (isinstance(input_, Field) and input_.is_needed):
        return 0
    return 1 if input_.value.enum else 3


@record
class Summary:
    """The information that a correct first call of an operation needs.

    Args:
        api: Name of the API.
        name: Name of the operation.
        operation_id: Its operationId in the document; empty if it has none.
        method: Its upper-case method.
        path: Its path as in the document.
        summary: One sentence from the document, as plain text.
        is_deprecated: True if the document deprecates it.
        inputs: Required inputs, and the most useful optional ones.
        more_inputs: Options of all other inputs, without dashes.
        returns: Outline of a successful response.
        credential: `{"scheme", "state", "hint"}`; None if a call needs no credential.
        pages: Pagination rule of `--all`; None if the response is not a list.
        example_words: Words of the command line of a working call, each quoted for a shell.
    """

    api: str
    name: str
    operation_id: str
    method: str
    path: str
    summary: str
    is_deprecated: bool
    inputs: tuple[DescribedInput, ...]
    more_inputs: tuple[str, ...]
    returns: OutlinedResponse
    credential: dict[str, Any] | None
    pages: dict[str, Any] | None
    example_words: tuple[str, ...]

    @property
    def example(self) -> str:
        """Command line of a working call."""
        return " ".join(self.example_words)

    def as_json(self) -> dict[str, Any]:
        """Return the summary for `-o json`."""
        return {
            "api": self.api,
            "name": self.name,
            "operation_id": self.operation_id or None,
            "method": self.method,
            "path": self.path,
            "summary": self.summary,
            "deprecated": self.is_deprecated,
            "inputs": [input_.as_json() for input_ in self.inputs],
            "more_inputs": len(self.more_inputs),
            "returns": "\n".join(self.returns.text_lines()),
            "credential": self.credential,
            "pages": self.pages,
            "example": self.example,
        }


def operation_summary(
    api: OpenedApi, operation_name: str, *, profile: str = "", question: str = ""
) -> Summary:
    """Return the summary of an operation.

    Args:
        operation_name: Name of the operation in the catalog.
        profile: Profile with the credentials; empty for none.
        question: A task in plain words. Inputs that it mentions come first.

    Raises:
        LookupError: The operation does not exist.
        FileError: The configuration cannot be read.
    """
    operation = api.catalog.operation(operation_name)
    description = OperationDescription(DescribedOperation(api, operation).sending(""))
    inputs, more_inputs = _summary_inputs(description, question)
    return Summary(
        api=api.name,
        name=operation.name,
        operation_id=operation.operation_id,
        method=operation.method,
        path=operation.path,
        summary=_summary_sentence(operation),
        is_deprecated=operation.is_deprecated,
        inputs=inputs,
        more_inputs=more_inputs,
        returns=description.response,
        credential=_credential(api, operation, profile),
        pages=description.pages,
        example_words=tuple(_fitting_example(description, inputs, question)),
    )


def _fitting_example(
    description: OperationDescription, inputs: Collection[DescribedInput], question: str
) -> list[str]:
    """Return the command of a call, with the values and the nested objects that a task names.

    A call that changes something has a placeholder instead of an id that a list of the server has.
    """
    operation = description.operation
    words = description.short_example_words()
    if words[-1] == EXAMPLE_OPTION:
        return words
    words = description.described.shell_words_of(example_without_ids(operation, inputs))
    added = [word for pair in _named_inputs(description, question)[:_MOST_ADDED] for word in pair]
    return [*words, *map(shell_word, added)]


def _named_inputs(description: OperationDescription, question: str) -> list[tuple[str, str]]:
    """Return the options with their values that a task names: `--status fail` for a run that failed."""
    operation, inputs = description.operation, description.inputs
    known = _words(f"{operation.name} {operation.summary}")
    said = [word for word in re.findall(r"[\w.-]+", question.lower()) if singular(word) not in known]
    # `7 days` is `7d`.
    said += [f"{number}{unit[0]}" for number, unit in pairwise(said) if number.isdecimal()]
    pairs = []
    for input_ in inputs:
        origin = input_.origin
        if input_.is_required or origin.is_deprecated or f"--{input_.option}" in operation.example:
            continue
        values = [value for value in input_.value.enum if isinstance(value, str)]
        named = next((value for value in values if any(_is_said(word, value.lower()) for word in said)), None)
        if named is not None and named != input_.value.default:
            pairs.append((f"--{input_.option}", named))
        elif isinstance(origin, Field) and origin.is_required and not values:
            steps = [step for step in origin.path if step != EACH]
            if len(steps) == 2 and _is_mentioned(origin, _words(question) - known, ()):
                pairs.append((f"--{input_.option}", placeholder(input_.value).removesuffix(" ...")))
    return pairs


def _is_said(word: str, value: str) -> bool:
    """Return whether a word is a value or a longer form of it: `failed` of `fail`."""
    longer = len(word) - len(value)
    return word == value or (len(value) > _LONGEST_FILLER and word.startswith(value) and 0 < longer <= 3)


def _credential(api: OpenedApi, operation: Operation, profile: str) -> dict[str, Any] | None:
    if not operation.security:
        return None
    from dynacli.client.credentials.signed_in import credential_state

    return credential_state(api.open_request.env, api, operation, profile)


def _summary_sentence(operation: Operation) -> str:
    text = operation.summary or block_text(operation.description[:1], 10_000).partition("\n")[0]
    text = " ".join(text.split())
    if ". " in text:
        from dynacli.text.markdown import first_sentence

        text = first_sentence(text)
    return short_sentence(text, _LONGEST_SUMMARY)


@record
class _Detail:
    """Limits for the parts of a summary, in characters, names, lines and inputs.

    Args:
        summary: Characters of the operation's summary.
        sentence: Characters of an input's description.
        facts: Characters of an input's constraints.
        names: Field names on a line.
        lines: Lines of the response.
        optional: Optional inputs with a line.
        others: Options that are only listed.
        required: Required inputs.
    """

    summary: int
    sentence: int
    facts: int
    names: int
    lines: int
    optional: int
    others: int
    required: int


_DETAILS = (
    _Detail(160, 120, 120, 20, 4, 5, 8, 40),
    _Detail(160, 80, 120, 20, 4, 5, 8, 40),
    _Detail(160, 50, 80, 12, 3, 5, 6, 40),
    _Detail(120, 40, 60, 8, 2, 5, 2, 40),
    _Detail(120, 0, 60, 10, 2, 5, 4, 20),
    _Detail(80, 0, 40, 6, 1, 3, 0, 12),
    _Detail(60, 0, 0, 4, 1, 0, 0, 8),
)


def summary_text(summary: Summary, paint: Painter = _PLAIN, width: int = 0) -> str:
    """Return the summary as text without a final line feed. Parts that do not fit are left out and counted.

    Args:
        paint: The painter.
        width: Maximum columns on a terminal, where an empty line precedes each section; 0 for compact lines.
    """
    for detail in _DETAILS:
        if len("\n".join(_compact_lines(summary, detail)).encode()) <= _MOST_BYTES:
            break
    if not width:
        return "\n".join(_compact_lines(summary, detail))
    lines = [line for text in _title_lines(summary, detail, paint) for line in folded(text, width)]
    for title, texts in _sections(summary, detail, paint):
        lines += ["", paint.heading(title)]
        lines += [line for text in texts for line in folded(f"  {text}", width, _HANGING)]
    command = command_lines([visible(word, keep="") for word in summary.example_words], width)
    return "\n".join([*lines, "", paint.heading(EXAMPLE), *command])


def _compact_lines(summary: Summary, detail: _Detail) -> Iterator[str]:
    """Yield the lines for a pipe: inputs have a line each, and other sections begin beside their title."""
    yield from _title_lines(summary, detail, _PLAIN)
    for title, texts in _sections(summary, detail, _PLAIN):
        if title in (REQUIRED_INPUTS, OPTIONAL_INPUTS):
            yield from (title, *(f"  {text}" for text in texts))
            continue
        for number, text in enumerate(texts):
            yield f"{title if not number else ' ' * len(title)}  {text}"
    yield f"{EXAMPLE}  {visible(summary.example, keep='')}"


def _title_lines(summary: Summary, detail: _Detail, paint: Painter) -> Iterator[str]:
    request = f"{paint.method(visible(summary.method, keep=''))} {word_or_quoted(summary.path)}"
    mark = f"  {paint.yellow('deprecated')}" if summary.is_deprecated else ""
    yield f"{paint.command(summary.name)}  {request}{mark}"
    if telling(summary.summary, summary.name):
        yield foreign(short_sentence(summary.summary, detail.summary), paint)


def _sections(summary: Summary, detail: _Detail, paint: Painter) -> Iterator[tuple[str, list[str]]]:
    """Yield the title and the lines of each section that has any, except the example."""
    required = [input_ for input_ in summary.inputs if input_.is_required]
    optional = [input_ for input_ in summary.inputs if not input_.is_required]
    if required:
        shown = [_input(described, detail, paint) for described in required[: detail.required]]
        more = len(required) - len(shown)
        yield REQUIRED_INPUTS, [*shown, *([f"and {more} more"] if more else [])]
    shown = []
    values: dict[tuple[Any, ...], str] = {}
    for described in optional[: detail.optional]:
        enum = (described.value.items or described.value).enum
        shown.append(_input(described, detail, paint, values.get(enum, "")))
        if enum:
            values.setdefault(enum, described.option)
    others = [*(described.option for described in optional[detail.optional :]), *summary.more_inputs]
    if others:
        named = ", ".join(f"--{visible(name, keep='')}" for name in others[: detail.others])
        rest = ", ..." if named and len(others) > detail.others else ""
        shown.append(f"and {len(others)} more" + (f": {named}{rest}" if named else ""))
    if shown:
        yield OPTIONAL_INPUTS, shown
    if response := summary.returns.text_lines(detail.names, detail.lines):
        yield RESPONSE, response
    if summary.credential is not None:
        scheme = word_or_quoted(summary.credential["scheme"])
        hint = f" ({summary.credential['hint']})" if summary.credential["hint"] else ""
        yield CREDENTIAL, [f"{scheme}: {summary.credential['state']}{visible(hint, keep='')}"]
    if summary.pages is not None and summary.pages["kind"] != "none":
        yield PAGES, [f"--all, by {PAGE_KINDS[summary.pages['kind']]}"]


def _input(input_: DescribedInput, detail: _Detail, paint: Painter, like: str = "") -> str:
    """Return the line of an input.

    Args:
        like: Option of an earlier input with the same values; empty if there is none.
    """
    left = paint.usage(input_.usage)
    known = [fact for fact in input_.facts if not _is_obvious(fact)]
    if like and known and known[0].startswith(ONE_OF):
        known[0] = f"as --{visible(like, keep='')}"
    facts = "; ".join(known)
    if facts and detail.facts:
        left += f" [{closed(short_sentence(facts, detail.facts))}]"
    if input_.source and detail.facts:
        left += f"  from {visible(input_.source, keep='')}"
    description = telling(input_.description, input_.option.rpartition(".")[2])
    if description and detail.sentence:
        left += f"  {foreign(short_sentence(description, detail.sentence), paint)}"
    return left


def _is_obvious(fact: str) -> bool:
    """Return whether a constraint rarely matters for a first call, or is clear from the placeholder."""
    is_length = fact.startswith("at most ") and fact.endswith((" characters", " items"))
    return is_length or fact in (MAY_BE_NULL, MAY_BE_REPEATED)


def summary_of_inputs(
    described: DescribedOperation, named: Collection[str], question: str, profile: str
) -> dict[str, Any]:
    """Return the summary of an operation with only the inputs that an error is about, as data.

    Args:
        described: The operation, with the media type of its body.
        named: Options of these inputs, without dashes. If the operation has none of them, the most useful inputs are
            described instead.
        question: Words that select the most useful inputs.
        profile: Profile with the credentials; empty for none.
    """
    inputs, name = OperationDescription(described).inputs, described.operation.name
    wanted = [input_ for input_ in inputs if input_.option in named]
    if not wanted:
        wanted = list(operation_summary(described.api, name, profile=profile, question=question).inputs)
    shown = ("name", "type", "enum", "description")
    facts = [
        {key: value for key, value in input_.as_json().items() if key in shown and value} for input_ in wanted
    ]
    return {"name": name, "inputs": facts, "more_inputs": len(inputs) - len(wanted)}
