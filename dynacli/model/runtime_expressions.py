"""Runtime expressions: where in a call and its answer the value stands that a link or a callback takes.

OpenAPI 3.2.0, "Runtime Expressions". What is no expression is a constant; what begins like one and is none,
such as `$response.body.id`, is read the way it is meant.
"""

import re
from typing import NamedTuple

__all__ = ["Expression", "parse_expression", "split_template"]

_EXPRESSION = re.compile(
    r"\$(?:(?P<whole>url|method|statusCode)"
    r"|(?P<side>request|response)\.(?:(?P<source>header|query|path)\.(?P<name>.+)|body(?P<pointer>[#.].*)?))"
)
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")


class Expression(NamedTuple):
    """A runtime expression.

    Args:
        text: As the document spells it.
        side: `request` or `response`; empty for `$url`, `$method` and `$statusCode`.
        source: `header`, `query`, `path`, `body`, `url`, `method` or `statusCode`.
        name: Of the header or parameter; empty for others.
        steps: Into the body, as a JSON pointer has them.
    """

    text: str
    side: str
    source: str
    name: str = ""
    steps: tuple[str, ...] = ()

    @property
    def placeholder(self) -> str:
        """What stands for the value until it is known, for example `{id}`."""
        named = [step for step in self.steps if not step.isdecimal()]
        return f"{{{self.name or (named[-1] if named else self.source)}}}"


def parse_expression(text: object) -> Expression | None:
    """Return the expression that a text as a whole is; None where it is a constant."""
    found = _EXPRESSION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    whole = found[0]
    if found["whole"]:
        return Expression(whole, "", found["whole"])
    if found["source"]:
        return Expression(whole, found["side"], found["source"], found["name"])
    pointer = found["pointer"] or ""
    if pointer.startswith("."):
        pointer = "#" + pointer.replace(".", "/")
    steps = pointer.removeprefix("#").removeprefix("/").split("/") if len(pointer) > 1 else []
    decoded = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
    return Expression(whole, found["side"], "body", steps=decoded)


def split_template(text: str) -> list[str | Expression]:
    """Return the constant parts of a text and the expressions that stand between them in braces."""
    pieces: list[str | Expression] = []
    for index, piece in enumerate(_EMBEDDED.split(text)):
        # `split` gives constants and expressions in turns.
        expression = parse_expression(piece) if index % 2 else None
        if index % 2 and expression is None:
            pieces.append(f"{{{piece}}}")
        elif expression is not None:
            pieces.append(expression)
        elif piece:
            pieces.append(piece)
    return pieces
