"""Work beside the screen: in a thread that nobody waits for, whose result comes back as a message."""

from collections.abc import Callable
from threading import Thread

from textual.message import Message
from textual.message_pump import MessagePump

__all__ = ["FailedWork", "work_aside"]


class FailedWork(Message):
    """Work beside the screen failed.

    Attributes:
        error: What it raised.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def work_aside(owner: MessagePump, work: Callable[[], Message | None]) -> None:
    """Begin some work.

    Args:
        owner: Gets the message.
        work: Returns it; None for none.
    """

    def run() -> None:
        try:
            message = work()
        except Exception as error:  # noqa: BLE001  - raised again in the thread that draws
            message = FailedWork(error)
        if message is not None:
            owner.post_message(message)

    Thread(target=run, name="dynacli-aside", daemon=True).start()
