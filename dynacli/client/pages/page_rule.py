"""The rule by which an operation is paged: which input changes from page to page, and what in an answer says so."""

import os
import tomllib
from typing import Any

from dynacli.model.field_names import plain_name
from dynacli.model.operation import ValueType
from dynacli.record import record

__all__ = ["ABSENT", "EXTENSIONS", "NAMES", "AnswerPlace", "InputPlace", "PageRule", "place_at"]

ABSENT = object()
"""What an answer has at a place that it does not have."""


@record
class AnswerPlace:
    """A place in an answer.

    Args:
        text: As messages call it; in a body a JMESPath expression.
        steps: The names, and indexes of arrays, that lead there from the root of the body; None where an expression
            that is no plain path says it.
        header: The name of a header; empty for a place in the body.
    """

    text: str
    steps: tuple[str | int, ...] | None = None
    header: str = ""

    def value_in(self, value: Any) -> Any:
        """Return what the body of an answer has there; `ABSENT` where it has nothing."""
        if self.steps is None:
            import jmespath

            found = jmespath.search(self.text, value)
            return ABSENT if found is None else found
        for step in self.steps:
            if isinstance(step, str):
                value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
            else:
                is_there = isinstance(value, list) and -len(value) <= step < len(value)
                value = value[step] if is_there else ABSENT
        return value


def place_at(*steps: str | int) -> AnswerPlace:
    """Return the place in a body that steps lead to."""
    pieces: list[str] = []
    for step in steps:
        if isinstance(step, int):
            pieces.append(f"[{step}]")
        else:
            name = step if step.isascii() and step.isidentifier() else '"' + step.replace('"', '\\"') + '"'
            pieces.append(f".{name}" if pieces else name)
    return AnswerPlace("".join(pieces) or "@", steps)


@record
class InputPlace:
    """An input that pages are asked for by.

    Args:
        location: `path`, `query`, `header`, `cookie` or `body`.
        name: The name of the parameter; empty for the body.
        path: The property names that lead to the place inside of the parameter or the body.
        option: Its option on the command line, without dashes.
        value: What it takes.
        description: In the document.
    """

    location: str
    name: str
    path: tuple[str, ...]
    option: str
    value: ValueType
    description: str = ""

    @property
    def plain_name(self) -> str:
        """The plain name: `pagenumber` for `page[number]` and for `number` inside of `page`."""
        return plain_name("".join((self.name, *self.path)))


@record
class PageRule:
    """How the next page is asked for.

    Args:
        kind: What says it: `link` (the header `Link`), `url` (a URL in the body), `cursor` (a value of the answer that
            an input takes), `last-id` (the id of the last item), `page` (a number that grows by one), `offset` (the
            number of items before the page), `keyset` (an id of the page, over a bare array); `none`: nothing does.
        why: What in the document, in the configuration or in an answer the rule rests on.
        is_declared: Whether somebody has written the rule down; other rules are then not looked for.
        is_configured: Whether it is that of the person's configuration.
        input: The input that the next page is asked for by; None for `link`, `url` and `none`.
        size: The input that says how many items a page has.
        most: The largest page that the document allows.
        usual: How many items a page has where nobody asks for a number.
        next: Where an answer has the URL or the cursor.
        items: Where an answer has its items; None where the answer decides.
        more: Where an answer says whether there is another page.
        total: Where an answer says how many items there are on all pages.
        last: Where an answer says how many pages there are.
        first: The number of the first page, or of the first item; None where the first answer decides.
        other: Of a key set, the input that leads the other way.
    """

    kind: str
    why: str
    is_declared: bool = False
    is_configured: bool = False
    input: InputPlace | None = None
    size: InputPlace | None = None
    most: int | None = None
    usual: int | None = None
    next: AnswerPlace | None = None
    items: AnswerPlace | None = None
    more: AnswerPlace | None = None
    total: AnswerPlace | None = None
    last: AnswerPlace | None = None
    first: int | None = None
    other: InputPlace | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the rule as `describe -o json` has it."""
        return {
            "kind": self.kind,
            "why": self.why,
            "option": f"--{self.input.option}" if self.input else None,
            "next": self.next.text if self.next else None,
            "items": self.items.text if self.items else None,
            "size_option": f"--{self.size.option}" if self.size else None,
            "largest": self.most,
            "total": self.total.text if self.total else None,
        }


def _read_tables() -> dict[str, Any]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_names.toml")
    with open(path, "rb") as file:
        return tomllib.load(file)


_TABLES = _read_tables()

EXTENSIONS: dict[str, dict[str, Any]] = _TABLES.pop("extensions")
"""Extension → how it declares pages."""
NAMES: dict[str, dict[str, list[str]]] = {
    title: {key: names.split() for key, names in table.items()} for title, table in _TABLES.items()
}
"""Title of a table → its keys → plain names."""
