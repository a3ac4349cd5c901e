"""Runtime expressions, by which a link or a callback takes a value from a request or its response.

See OpenAPI 3.2.0, "Runtime Expressions". Text that is not an expression is a constant. The common misspelling
`$response.body.id` is read as `$response.body#/id`.
"""

import re
from typing import NamedTuple

from dynacli.openapi.document.json_trees import split

_EXPRESSION = re.compile(
    r"\$(?:(?P<whole>url|method|statusCode)"
    r"|(?P<message>request|response)\.(?:(?P<source>header|query|path)\.(?P<name>.+)|body(?P<pointer>[#.].*)?))"
)
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")


class Expression(NamedTuple):
    """A runtime expression.

    Args:
        text: The expression, as the document spells it.
        message: `request` or `response`; empty for `$url`, `$method` and `$statusCode`.
        source: `header`, `query`, `path`, `body`, `url`, `method` or `statusCode`.
        name: The name of the header or parameter; empty for other sources.
        steps: The decoded steps of the JSON pointer into the body.
    """

    text: str
    message: str
    source: str
    name: str = ""
    steps: tuple[str, ...] = ()

    @property
    def placeholder(self) -> str:
        """The placeholder for the value until it is known, for example `{id}`."""
        named = [step for step in self.steps if not step.isdecimal()]
        return f"{{{self.name or (named[-1] if named else self.source)}}}"


def parse_expression(text: object) -> Expression | None:
    """Return the expression that a text is; None if the text is a constant."""
    found = _EXPRESSION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    whole = found[0]
    if found["whole"]:
        return Expression(whole, "", found["whole"])
    if found["source"]:
        return Expression(whole, found["message"], found["source"], found["name"])
    pointer = found["pointer"] or ""
    if pointer.startswith("."):
        pointer = "#" + pointer.replace(".", "/")
    return Expression(whole, found["message"], "body", steps=split(pointer.removeprefix("#")))


def split_template(text: str) -> list[str | Expression]:
    """Return the constant parts of a text and the expressions in braces between them, in order."""
    pieces: list[str | Expression] = []
    for index, piece in enumerate(_EMBEDDED.split(text)):
        # `split` returns constants at even positions and expressions at odd ones.
        expression = parse_expression(piece) if index % 2 else None
        if index % 2 and expression is None:
            pieces.append(f"{{{piece}}}")
        elif expression is not None:
            pieces.append(expression)
        elif piece:
            pieces.append(piece)
    return pieces
