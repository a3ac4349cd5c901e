"""The body of a request as text and as rows of a form, and how each becomes the other."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import example_body
from dynacli.errors import DynacliError, UsageError
from dynacli.explorer.form.draft import Draft, inputs_of
from dynacli.explorer.form.form_rows import BODY, FormRow, MoreItems, located, rows_of
from dynacli.model.command_words import literal_word
from dynacli.model.media_types import is_built
from dynacli.record import replace
from dynacli.request.assemble_body import assemble
from dynacli.request.convert_words import convert_all
from dynacli.schema.documented_values import walk_value

__all__ = ["BodyRows", "body_rows", "body_text", "example_words"]


class BodyRows(NamedTuple):
    """A body in the rows of a form.

    Args:
        words: Option → word.
        counts: Array of objects → how many of its items have rows.
    """

    words: Mapping[str, str]
    counts: Mapping[str, int]


def body_text(draft: Draft) -> str:
    """Return the body that the rows of a draft give, as text; an example of it where they give none.

    Raises:
        UsageError: A row does not fit, or holds a file.
    """
    value = _value_of(draft)
    if value is None:
        try:
            value = example_body(draft.described, True)
        except UsageError:
            return ""
    media_type = draft.described.media_type
    if isinstance(value, str) and (media_type is None or not is_built(media_type.name)):
        return literal_word(value)
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except TypeError:
        raise UsageError("The body holds a file", why="Text has no form for its bytes") from None


def _value_of(draft: Draft) -> Any:
    """Return the value that the rows of the body give; None where they give none."""
    body = {row.option: word for row, word in draft.given if row.location == BODY}
    inputs = inputs_of(replace(draft, words=body, text=None), is_strict=False)
    return assemble(None, inputs.assignments) if inputs.assignments else None


def body_rows(draft: Draft) -> BodyRows | None:
    """Return the rows that give the body which is written as text; None where no rows give exactly that."""
    try:
        value = json.loads(draft.text or "null")
    except ValueError:
        return None
    rows, counts = _rows_for(draft.described, value)
    words: dict[str, str] = {}
    # From the last, so that a place is given as a whole only where nothing inside of it is given.
    for row in reversed([row for row in rows if row.location == BODY]):
        inside = any(option.startswith(f"{row.option}.") for option in words)
        found = next(walk_value(value, _steps(row.pointer)), None)
        if found is not None and not inside:
            words[row.option] = _word_of(found, row)
    words = dict(reversed(words.items()))
    with suppress(DynacliError):
        made = replace(draft, rows=tuple(rows), words=words, text=None)
        if _value_of(made) == value:
            return BodyRows(words, counts)
    return None


def _rows_for(described: DescribedOperation, value: Any) -> tuple[list[FormRow], dict[str, int]]:
    """Return the rows of an operation with one for each item of each array in the value."""
    counts: dict[str, int] = {}
    while True:
        rows = rows_of(described, counts)
        before = dict(counts)
        by_option = {row.option: row for row in rows if isinstance(row, FormRow)}
        for more in rows:
            if isinstance(more, MoreItems) and more.option in by_option:
                items = next(walk_value(value, _steps(by_option[more.option].pointer)), ())
                counts[more.option] = max(len(items), 1) if isinstance(items, list) else 1
        if counts == before:
            return list(by_option.values()), counts


def _steps(pointer: str) -> tuple[str, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _word_of(value: Any, row: FormRow) -> str:
    """Return the word that gives a value."""
    if isinstance(value, str):
        with suppress(UsageError):
            if convert_all([value], row.value, row.option) == value:
                return row.literal(value)
    return json.dumps(value, ensure_ascii=False)


def example_words(described: DescribedOperation) -> tuple[dict[str, str], str | None]:
    """Return option → word of the example in the catalog, and its whole body where it has one."""
    words: dict[str, str] = {}
    in_path = [each.option for each in described.operation.parameters if each.location == "path"]
    body = None
    rest = list(described.operation.example)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            if in_path:
                words[in_path.pop(0)] = word
            continue
        option, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        if option == "body":
            body = value
        else:
            words[located(option)] = value
    return words, body


def with_example_body(draft: Draft) -> Draft:
    """Return a draft with an example of its body, in rows or as text, where it requires one and has none."""
    body = draft.described.operation.body
    rows_there = rows_of(draft.described, {}, list(draft.words))
    filled = replace(draft, rows=tuple(row for row in rows_there if isinstance(row, FormRow)))
    has_body = draft.text is not None or any(row.location == BODY for row, _ in filled.given)
    if body is None or not body.is_required or has_body:
        return draft
    try:
        written = replace(draft, text=body_text(replace(draft, words={})))
    except UsageError:  # it holds a file, of which there is no example
        return draft
    rows = body_rows(written)
    return replace(draft, words={**draft.words, **rows.words}) if rows is not None else written
