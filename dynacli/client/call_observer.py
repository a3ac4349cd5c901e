"""What may look at the calls that a Python program makes."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dynacli.client.answers.answer import Answer
    from dynacli.client.batch.row_result import RowResult

__all__ = ["CallObserver"]


class CallObserver(Protocol):
    """What is told of each call of an API once its answer was judged; what it raises, the call raises."""

    def note_answer(self, answer: "Answer") -> None:
        """Note an answer, of a stream when its last item was read."""

    def note_row(self, operation: str, result: "RowResult") -> None:
        """Note the result of a row of a batch, when it is taken.

        Args:
            operation: The name or the operationId of the operation that was called.
        """
