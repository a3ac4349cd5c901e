"""All that a document says of an operation, or of a field of it: as data, and as text for a person."""

from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.operation_description import OperationDescription
from dynacli.commands.verbs.describe.field_description import describe_field
from dynacli.commands.verbs.describe.fitting_text import Detail, Text, fitting_text
from dynacli.commands.verbs.describe.operation_text import operation_lines
from dynacli.library.opened_api import OpenedApi

__all__ = ["described_details"]


def described_details(
    api: OpenedApi, name: str, place: str = "", *, detail: Detail | None = None
) -> tuple[dict[str, Any], Text]:
    """Return the description of an operation, or of a field of it, as data and as text.

    Args:
        name: The name of the operation in the catalog.
        place: The path of a field; empty for the whole operation.
        detail: How much the text tells; None for as much as fits into 6,000 bytes.

    Raises:
        UsageError: There is no such field.
    """
    description = OperationDescription(DescribedOperation(api, api.catalog.operation(name)).sending(""))
    if place:
        return describe_field(description.described, place, detail)
    return description.as_json(), lambda paint, width: fitting_text(
        lambda *layout: operation_lines(description, *layout), paint, width, detail
    )
