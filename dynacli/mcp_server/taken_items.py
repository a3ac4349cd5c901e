"""The first items of an answer that is a stream, which may never end by itself."""

import threading
import time
from collections.abc import Callable
from typing import Any

from dynacli.client.answers.streamed_answer import StreamedAnswer
from dynacli.client.api_client import Api
from dynacli.errors import UsageError
from dynacli.model.media_types import is_sequence
from dynacli.model.wording import counted

__all__ = ["is_streaming", "take_items"]

_USUAL_ITEMS = 50
_MOST_SECONDS = 20.0
"""How long items are waited for; clients give up after a minute."""


def is_streaming(api: Api, operation: str) -> bool:
    """Return whether the document says that an operation answers with a stream of items.

    Raises:
        UsageError: There is no such operation.
        DocumentError: It cannot be called.
    """
    responses = api.operation(operation).responses
    return any(
        is_sequence(media_type)
        for response in responses
        if response.status.startswith("2")
        for media_type in response.media_types
    )


def take_items(
    answer: StreamedAnswer, most: int | None, tell: Callable[[str], None]
) -> tuple[list[Any], bool]:
    """Return the first items, and whether the stream has ended with them.

    Args:
        most: How many are wanted; None for as many as come in a little while.
        tell: Called with words for how many came.

    Raises:
        DynacliError: The answer is no success, or no stream, or it breaks off.
    """
    items: list[Any] = []
    end = threading.Timer(_MOST_SECONDS, answer.close)
    end.daemon = True
    since = time.monotonic()
    end.start()
    try:
        for item in answer:
            items.append(item)
            tell(counted(len(items), "item"))
            if len(items) >= (most or _USUAL_ITEMS):
                return items, False
    except UsageError:
        if time.monotonic() - since < _MOST_SECONDS:
            raise
        return items, False  # the time is over
    finally:
        end.cancel()
    return items, True
