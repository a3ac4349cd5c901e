"""Reads that sound as if they did more than read: `GET /restart`, `GET /sessions/logout`."""

import re
from itertools import pairwise

from dynacli.model.field_names import words_of
from dynacli.model.operation import Operation, OperationSummary

__all__ = ["dangerous_word"]

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_DANGEROUS_WORDS = frozenset(
    {
        *("delete", "destroy", "drop", "erase", "flush", "kill", "purge", "remove", "truncate", "wipe"),
        *("poweroff", "reboot", "reload", "reset", "restart", "shutdown", "terminate", "uninstall"),
        *("logoff", "logout", "revoke", "signoff", "signout", "unsubscribe"),
    }
)
_DANGEROUS_PAIRS = frozenset(
    (first, second)
    for first, seconds in {
        "log": ("off", "out"),
        "power": ("off",),
        "shut": ("down",),
        "sign": ("off", "out"),
    }.items()
    for second in seconds
)


def dangerous_word(operation: OperationSummary | Operation) -> str:
    """Return the word in an operation's name or path that sounds as if it changed something; empty where none does.

    The names of path parameters do not count, because they speak of a value.
    """
    for text in (operation.name, operation.operation_id, _PLACEHOLDER.sub("/", operation.path)):
        words = words_of(text)
        for word, following in pairwise([*words, ""]):
            if word in _DANGEROUS_WORDS:
                return word
            if (word, following) in _DANGEROUS_PAIRS:
                return f"{word}-{following}"
    return ""
