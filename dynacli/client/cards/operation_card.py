"""The call card of an operation, as data."""

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from dynacli.client.credentials.credential_state import credential_state
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.document_rule import describe_pages
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, ValueType
from dynacli.record import record
from dynacli.schema.answer_outline import AnswerOutline, answer_outline
from dynacli.schema.success_answer import success_response
from dynacli.schema.unreturned_fields import UnreturnedFields, unreturned_fields
from dynacli.text.text_blocks import block_text, short_sentence

__all__ = ["CardInput", "OperationCard", "operation_card"]

_MOST_OPTIONAL = 5
_LONGEST_SUMMARY = 160
_LONGEST_EXAMPLE = 400
"""Bytes of an example; a longer one is written as `--example`."""


@record
class CardInput:
    """An input of an operation on its card.

    Args:
        name: Its option without dashes.
        location: `path`, `query`, `querystring`, `header`, `cookie` or `body`.
        is_required: Whether a call needs it.
        value: What it takes.
        description: The first sentence of its description, as plain text.
    """

    name: str
    location: str
    is_required: bool
    value: ValueType
    description: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the input as `-o json` has it."""
        value = self.value
        enumeration = value.enum or (value.items.enum if value.items is not None else ())
        is_list = value.type == "array" and value.items is not None
        return {
            "name": self.name,
            "in": self.location,
            "required": self.is_required,
            "type": f"array of {value.items.type}" if is_list and value.items else value.type,
            "enum": list(enumeration) or None,
            "description": self.description,
        }


@record
class OperationCard:
    """The least that somebody needs to make a first correct call of an operation.

    Args:
        api: The name of the API.
        name: The name of the operation.
        operation_id: The document's; empty where it has none.
        method: In capitals.
        path: As the document has it.
        summary: One sentence of the document about it, as plain text.
        is_deprecated: Whether the document says so.
        inputs: The required inputs, and the most useful of the others.
        more_inputs: How many inputs are left out.
        returns: What a successful answer holds.
        unreturned: What the operation sorts by, and its answer does not hold.
        credential: `{"scheme", "state"}`; None where a call needs none.
        pages: The rule by which `--all` works; None where the answer is no list.
        example: A command line that runs as it stands.
    """

    api: str
    name: str
    operation_id: str
    method: str
    path: str
    summary: str
    is_deprecated: bool
    inputs: tuple[CardInput, ...]
    more_inputs: int
    returns: AnswerOutline
    unreturned: tuple[UnreturnedFields, ...]
    credential: dict[str, Any] | None
    pages: dict[str, Any] | None
    example: str

    def as_json(self) -> dict[str, Any]:
        """Return the card as `-o json` has it."""
        return {
            "api": self.api,
            "name": self.name,
            "operation_id": self.operation_id or None,
            "method": self.method,
            "path": self.path,
            "summary": self.summary,
            "deprecated": self.is_deprecated,
            "inputs": [each.as_json() for each in self.inputs],
            "more_inputs": self.more_inputs,
            "returns": "\n".join([*self.returns.text_lines(), *(each.text for each in self.unreturned)]),
            "credential": self.credential,
            "pages": self.pages,
            "example": self.example,
        }


def operation_card(api: OpenedApi, operation_name: str, *, profile: str = "") -> OperationCard:
    """Return the card of an operation.

    Args:
        operation_name: The name of the operation in the catalog.
        profile: The profile whose credentials count; empty for none.

    Raises:
        LookupError: There is no such operation.
        FileError: The configuration cannot be read.
    """
    operation = api.catalog.operation(operation_name)
    described = DescribedOperation(api, operation).sending("")
    every = list(_inputs(operation, described))
    required = [each for each in every if each.is_required]
    optional = [each for each in every if not each.is_required][:_MOST_OPTIONAL]
    responses = described.follow(described.part["operation"].get("responses"))
    returns = answer_outline(success_response(responses, described.follow), described.resolve)
    fields = described.media_type.fields if described.media_type is not None else ()
    return OperationCard(
        api=api.name,
        name=operation.name,
        operation_id=operation.operation_id,
        method=operation.method,
        path=operation.path,
        summary=_summary(operation),
        is_deprecated=operation.is_deprecated,
        inputs=(*required, *optional),
        more_inputs=len(every) - len(required) - len(optional),
        returns=returns,
        unreturned=unreturned_fields((*operation.parameters, *fields), returns),
        credential=credential_state(api.open_request.env, api, operation, profile),
        pages=describe_pages(described),
        example=_example(described, every),
    )


def _example(described: DescribedOperation, inputs: Sequence[CardInput]) -> str:
    line = described.example_line
    if len(line.encode()) <= _LONGEST_EXAMPLE:
        return line
    words = [quote(described.api.name), described.operation.name]
    # An operation's own option of that name wins behind it.
    has_own = any(each.name == "example" for each in inputs)
    return " ".join(["dynacli", "--example", *words] if has_own else ["dynacli", *words, "--example"])


def _summary(operation: Operation) -> str:
    text = operation.summary or block_text(operation.description[:1], 10_000).partition("\n")[0]
    return short_sentence(" ".join(text.split()), _LONGEST_SUMMARY)


def _inputs(operation: Operation, described: DescribedOperation) -> Iterator[CardInput]:
    for parameter in operation.parameters:
        if not parameter.is_hidden:
            yield CardInput(
                parameter.option,
                parameter.location,
                parameter.is_required,
                parameter.value,
                parameter.description,
            )
    for field in described.media_type.fields if described.media_type is not None else ():
        is_needed = field.is_needed and operation.body is not None and operation.body.is_required
        yield CardInput(field.option.replace("[]", ".0"), "body", is_needed, field.value, field.description)
