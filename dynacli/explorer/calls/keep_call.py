"""A call of the explorer in the history, as the command line that makes it."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress

from dynacli.auth.secret import MASK, Masker, Secret
from dynacli.client.answers.kept_messages import kept_messages
from dynacli.client.call import Call
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.explorer.calls.running_call import Ended
from dynacli.explorer.form.draft import Draft
from dynacli.library.history.history_file import record_with_care, sweep
from dynacli.library.history.record_call import (
    MODES,
    RecordedCall,
    UnusualHistoryError,
    api_key,
    history_mode,
    record_call,
)
from dynacli.record import replace
from dynacli.urls import is_secret_name, with_masked_query, with_masked_secrets

__all__ = ["keep_call"]

_NAME = re.compile(r"[A-Za-z_-]+")
_INTERRUPTED = 130


def keep_call(env: Environment, draft: Draft, words: Sequence[str], ended: Ended, started: float) -> None:
    """Write a call into the history, where one is kept and something was sent.

    Args:
        words: The command line behind the program's name, with the values of secret inputs masked.
        started: When the call began, in seconds since 1970.
    """
    call = ended.call
    # A history that cannot be written is not worth a word; a ValueError comes of text that is not Unicode.
    with suppress(OSError, ValueError, FileError):
        mode = history_mode(env)
        if call is None or not call.has_sent or mode not in MODES or mode == "off":
            return
        masker = call.signed.masker.extended(Secret(word) for row, word in draft.given if row.is_secret)
        recorded = _recorded(call, masker, words, ended, started)
        if mode == "full":
            recorded = replace(recorded, messages=kept_messages(call, ended.answer, masker))
        found = call.ids_of_answer(ended.answer, started, masker.mask) if ended.answer is not None else None
        answered = [found] if found is not None else []
        try:
            is_time_to_sweep = record_call(env, recorded, answered)
        except UnusualHistoryError as unusual:
            record_with_care(env, recorded, answered, unusual)
            return
        if is_time_to_sweep:
            sweep(env)


def _recorded(call: Call, masker: Masker, words: Sequence[str], ended: Ended, started: float) -> RecordedCall:
    described, answer, verdict = call.described, ended.answer, ended.verdict
    code = 0
    if ended.was_cancelled:
        code = _INTERRUPTED
    elif ended.error is not None:
        code = ended.error.exit_code
    elif answer is not None and answer.status >= 300:
        code = answer.status // 100
    return RecordedCall(
        started,
        json.dumps([masker.mask(_masked(word)) for word in words]),
        with_masked_query(described.api.name),
        api_key(described.api.revisions.directory),
        described.operation.name,
        call.signed.request.method,
        masker.mask(with_masked_secrets(call.signed.shown.url)),
        answer.status if answer is not None else None,
        answer.seconds if answer is not None else 0.0,
        answer.size if answer is not None else None,
        len(verdict.findings) if verdict is not None else None,
        code,
    )


def _masked(word: str) -> str:
    """Return a word, or a mask where a part of it, as of JSON, a header or a URL, is called like a secret."""
    flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    has_parts = any(mark in value for mark in '{[":=?')
    is_secret = has_parts and any(map(is_secret_name, _NAME.findall(value)))
    return f"{flag}{equals}{MASK}" if is_secret else word
