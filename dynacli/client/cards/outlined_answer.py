"""What a successful answer of an operation holds, for its card and its help page."""

from collections.abc import Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.record import record
from dynacli.schema.answer_outline import AnswerOutline, UnreturnedFields, answer_outline, unreturned_fields
from dynacli.schema.success_answer import success_answer

__all__ = ["OutlinedAnswer", "outlined_answer"]


@record
class OutlinedAnswer:
    """What a successful answer holds.

    Args:
        status: As the document spells it; empty where it has no success.
        outline: The fields.
        unreturned: What the operation sorts by, and the answer does not hold.
    """

    status: str
    outline: AnswerOutline
    unreturned: Sequence[UnreturnedFields]

    def text_lines(self, most_names: int = 30, most_lines: int = 8) -> list[str]:
        """Return the answer as lines of text, cleaned for a terminal; what is left out is counted."""
        lines = self.outline.text_lines(most_names, most_lines)
        return [*lines, *(each.text for each in self.unreturned)]


def outlined_answer(described: DescribedOperation) -> OutlinedAnswer:
    """Return what a successful answer of an operation holds."""
    status, response = success_answer(described.raw_responses, described.follow)
    outline = answer_outline(response, described.resolve)
    fields = described.media_type.fields if described.media_type is not None else ()
    unreturned = unreturned_fields((*described.operation.parameters, *fields), outline)
    return OutlinedAnswer(status, outline, unreturned)
