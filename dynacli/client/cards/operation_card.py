"""The call card of an operation, as data."""

from typing import Any

from dynacli.client.cards.card_inputs import card_inputs
from dynacli.client.cards.outlined_answer import OutlinedAnswer
from dynacli.client.described_operation import EXAMPLE, DescribedOperation
from dynacli.client.description.described_input import DescribedInput
from dynacli.client.description.operation_description import OperationDescription
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation
from dynacli.record import record
from dynacli.text.terminal import visible
from dynacli.text.text_blocks import block_text, short_sentence

__all__ = ["OperationCard", "operation_card"]

_LONGEST_SUMMARY = 160
_LONGEST_EXAMPLE = 400
"""Bytes of an example; a longer one is written as `--example`."""


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
        more_inputs: The options of the inputs that are left out, without dashes.
        returns: What a successful answer holds.
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
    inputs: tuple[DescribedInput, ...]
    more_inputs: tuple[str, ...]
    returns: OutlinedAnswer
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
            "more_inputs": len(self.more_inputs),
            "returns": "\n".join(self.returns.text_lines()),
            "credential": self.credential,
            "pages": self.pages,
            "example": self.example,
        }


def operation_card(
    api: OpenedApi, operation_name: str, *, profile: str = "", question: str = ""
) -> OperationCard:
    """Return the card of an operation.

    Args:
        operation_name: The name of the operation in the catalog.
        profile: The profile whose credentials count; empty for none.
        question: What somebody wants to do, in plain words: the inputs that it names are shown first.

    Raises:
        LookupError: There is no such operation.
        FileError: The configuration cannot be read.
    """
    operation = api.catalog.operation(operation_name)
    description = OperationDescription(DescribedOperation(api, operation).sending(""))
    inputs, more_inputs = card_inputs(description, question)
    return OperationCard(
        api=api.name,
        name=operation.name,
        operation_id=operation.operation_id,
        method=operation.method,
        path=operation.path,
        summary=_summary(operation),
        is_deprecated=operation.is_deprecated,
        inputs=inputs,
        more_inputs=more_inputs,
        returns=description.answer,
        credential=_credential(api, operation, profile),
        pages=description.pages,
        example=_example(description.described),
    )


def _credential(api: OpenedApi, operation: Operation, profile: str) -> dict[str, Any] | None:
    if not operation.security:
        return None
    from dynacli.client.credentials.credential_state import credential_state

    return credential_state(api.open_request.env, api, operation, profile)


def _example(described: DescribedOperation) -> str:
    line = described.example_line
    # What cannot be shown as it is cannot be copied from a terminal, either.
    if len(line.encode()) <= _LONGEST_EXAMPLE and visible(line, keep="") == line:
        return line
    return described.line_of((EXAMPLE,))


def _summary(operation: Operation) -> str:
    text = operation.summary or block_text(operation.description[:1], 10_000).partition("\n")[0]
    text = " ".join(text.split())
    if ". " in text:
        from dynacli.text.markdown import first_sentence

        text = first_sentence(text)
    return short_sentence(text, _LONGEST_SUMMARY)
