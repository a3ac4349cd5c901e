"""What the document says of the items of an answer: where they are, and which fields they have in which order."""

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.answer_fields import (
    AnswerField,
    fields_of_schema,
    item_field,
)
from dynacli.model.find_items import WRAPPERS, KnownItems
from dynacli.schema.success_answer import success_response, success_schema

__all__ = ["known_items"]


def known_items(described: DescribedOperation) -> KnownItems | None:
    """Return what the document says of the items of an operation's answer; None where it describes no list.

    An array of something that has an `id` of its own is a property of that something, unless it is called as arrays
    of items are.
    """
    response = success_response(described.raw_responses, described.follow)
    fields = fields_of_schema(success_schema(response, described.follow), described.resolve)
    found = item_field(fields, described.operation.path)
    if not isinstance(found, AnswerField):
        return None
    if found.steps and found.steps[-1] not in WRAPPERS:
        owners = {found.steps[:depth] for depth in range(len(found.steps))}
        has_id = any(field.steps[-1:] == ("id",) and field.steps[:-1] in owners for field in fields)
        if has_id or not found.item_names:
            return None
    return KnownItems(found.steps, found.item_names)
