"""The command line that makes the request which the form shows."""

from collections.abc import Iterator, Sequence

from dynacli.auth.secret import MASK
from dynacli.client.call_settings import CallOptions
from dynacli.environment import program
from dynacli.explorer.form.draft import CONTENT_TYPE, Draft
from dynacli.explorer.form.form_rows import FormRow
from dynacli.explorer.form.further_calls import further_words
from dynacli.model.command_words import option_pair, shell_line
from dynacli.options.standard_options import SETTINGS

__all__ = ["command_line", "command_words", "option_words"]


def command_words(draft: Draft, before: Sequence[str] = (), *, is_masked: bool = False) -> list[str]:
    """Return the words behind the program's name.

    Args:
        before: Standard options, which stand before the API: there no option of the operation has their names.
        is_masked: Whether values that are secrets are left out.
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


def option_words(options: CallOptions, *, is_masked: bool = False) -> Iterator[str]:
    """Yield the standard options that say how a call is made.

    Args:
        is_masked: Whether the values of headers are left out, which may be secrets.
    """
    header = [f"{word.partition(':')[0]}:{MASK}" if is_masked else word for word in options.header]
    for option in SETTINGS:
        yield from option.words(header if option.name == "header" else getattr(options, option.name))


def command_line(words: Sequence[str]) -> str:
    """Return words as a line for a shell."""
    return shell_line((program().name, *words))


def _positional(
    draft: Draft, given: Sequence[tuple[FormRow, str]]
) -> tuple[list[str], list[tuple[FormRow, str]]]:
    """Return the positional words, and the rows that are given by option: of the path all are of one kind."""
    in_path = [row for row in draft.rows if row.location == "path"]
    words = {row.option: word for row, word in given}
    order = [each.option for each in draft.described.operation.parameters if each.location == "path"]
    if len(order) == len(in_path) and all(_may_be_positional(words.get(option, "")) for option in order):
        return [words[option] for option in order], [pair for pair in given if pair[0].location != "path"]
    return [], list(given)


def _may_be_positional(word: str) -> bool:
    return bool(word) and not word.startswith("-")
