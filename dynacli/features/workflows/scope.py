"""The values that expressions can have at one point of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.client.links.follow_link import ReceivedCall, expression_values
from dynacli.features.workflows.arazzo_document import ArazzoDocument
from dynacli.features.workflows.expressions import (
    RuntimeExpression,
    is_selector,
    parse_reference,
    split_text,
    text_of,
)
from dynacli.features.workflows.selectors import selected_values, selector_type
from dynacli.openapi.document.json_trees import MISSING, follow, step_into
from dynacli.openapi.model.runtime_expressions import Expression


class MissingValueError(Exception):
    """An expression has no value.

    Args:
        text: The expression.
    """

    def __init__(self, text: str) -> None:
        super().__init__(f"`{text}` has no value")
        self.text = text


class RunScope:
    """The values that expressions can have at one point of a run.

    Attributes:
        document: The document of the workflow.
        inputs: The inputs of the workflow.
        outputs: Output → value of the workflow; in a step that ran a workflow, the outputs of that one.
        steps: Step → its outputs.
        workflows: Workflow → `inputs` and `outputs` of its latest run.
        received: The latest call and its response; None before the first one.
    """

    def __init__(
        self,
        document: ArazzoDocument,
        inputs: Mapping[str, Any],
        workflows: dict[str, dict[str, Mapping[str, Any]]],
    ) -> None:
        self.document, self.inputs, self.workflows = document, inputs, workflows
        self.outputs: Mapping[str, Any] = {}
        self.steps: dict[str, dict[str, Any]] = {}
        self.received: ReceivedCall | None = None

    def value_of(self, reference: RuntimeExpression) -> Any:
        """Return the value of an expression, or `MISSING`."""
        found = self._found(reference)
        return found if found is MISSING else follow(found, reference.steps)

    def _found(self, reference: RuntimeExpression) -> Any:
        names = reference.names
        match reference.kind:
            case "message":
                return self._of_message(reference.message)
            case "inputs":
                return _named_value(self.inputs, names[0])
            case "outputs":
                return _named_value(self.outputs, names[0])
            case "steps":
                return _named_value(self.steps.get(names[0], {}), names[1])
            case "workflows":
                return _named_value(self.workflows.get(names[0], {}).get(names[1], {}), names[2])
            case "sourceDescriptions":
                return self.document.source_field(*names)
            case "self":
                return self.document.tree.get("$self", MISSING)
        return follow(self.document.tree, ("components", *names))

    def _of_message(self, message: Expression | None) -> Any:
        """Return the value of an expression about the latest request or response. A null in a body is a value."""
        received = self.received
        if message is None or received is None:
            return MISSING
        if message.source != "body":
            return next(iter(expression_values(message, received)), MISSING)
        body = received.sent_json if message.message == "request" else received.response_json()
        return MISSING if body is None else follow(body, message.steps)

    def resolve(self, value: Any) -> Any:
        """Return a value with its expressions and selectors replaced.

        A member of an object is left out if its expression has no value.

        Raises:
            MissingValueError: Another expression has no value.
        """
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if self.document.has_selectors and is_selector(value):
            return self.select(value)
        resolved = {}
        for name, child in value.items():
            try:
                resolved[name] = self.resolve(child)
            except MissingValueError:
                if isinstance(child, str) or is_selector(child):
                    continue
                raise
        return resolved

    def _text(self, text: str) -> Any:
        whole = parse_reference(text)
        if whole is not None:
            return self._needed(whole)
        return self.filled(text) if "{$" in text else text

    def filled(self, text: str, written: Callable[[Any, str], str] | None = None) -> str:
        """Return a text with the expressions in braces replaced by their values as text.

        Args:
            written: Returns the text for a value, after the text before it; None for `text_of`.

        Raises:
            MissingValueError: An expression has no value.
        """
        made = ""
        for piece in split_text(text):
            if isinstance(piece, str):
                made += piece
            else:
                value = self._needed(piece)
                made += text_of(value) if written is None else written(value, made)
        return made

    def _needed(self, reference: RuntimeExpression) -> Any:
        value = self.value_of(reference)
        if value is MISSING:
            raise MissingValueError(reference.text)
        return value

    def select(self, selector: Mapping[str, Any]) -> Any:
        """Return the value of a Selector Object.

        Raises:
            MissingValueError: The context has no value, or the selector finds nothing in it.
            ValueError: The selector is invalid, or cannot be applied.
        """
        reference = parse_reference(selector["context"])
        if reference is None:
            raise MissingValueError(str(selector["context"]))
        found = selected_values(
            self._needed(reference), self.filled(selector["selector"]), selector_type(selector["type"])
        )
        if not found:
            raise MissingValueError(selector["selector"])
        return found[0] if len(found) == 1 else found

    def outputs_of(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return name → value of outputs, without those that have no value."""
        resolved = {}
        for name, source in outputs.items():
            try:
                resolved[name] = self.resolve(source)
            except (MissingValueError, ValueError):
                continue
        return resolved


def _named_value(values: Mapping[str, Any], name: str) -> Any:
    """Return the value of a name. If a name has no value, its dots separate members."""
    if name in values:
        return values[name]
    start, dot, rest = name.partition(".")
    while dot:
        if start in values:
            found: Any = values[start]
            for step in rest.split("."):
                found = step_into(found, step)
            return found
        further, dot, rest = rest.partition(".")
        start = f"{start}.{further}"
    return MISSING
