"""A prepared call is sent, and becomes an exchange with its answer or its error."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dynacli.check.check_records import Exchange, PlannedCall
from dynacli.check.running.answer_reader import AnswerReader
from dynacli.client.call import Call
from dynacli.client.links.runtime_values import sent_json
from dynacli.errors import DynacliError, TimedOutError

if TYPE_CHECKING:
    from dynacli.check.running.send_probe import UnsignedCall

__all__ = ["make_exchange"]


def make_exchange(planned: PlannedCall, call: "Call | UnsignedCall") -> Exchange:
    """Send a call, and return what came of it; a thread of its own can do it."""
    signed = call.signed
    exchange = Exchange(
        planned,
        signed.request,
        signed.shown,
        signed.masker,
        sent_json=sent_json(call.values),
        started=time.time(),
    )
    start, reader = time.monotonic(), AnswerReader()
    try:
        answer = call.send(reader)
    except DynacliError as error:
        partial = reader.partial_answer() if isinstance(error, TimedOutError) else None
        if partial is None:
            return replace(exchange, error=error, seconds=time.monotonic() - start)
        answer = partial
    cut_reason = ""
    if reader.is_cut:
        cut_reason = f"the stream went on after {answer.seconds:.1f} s: what came later is not judged"
    # A call may wait for its turn before it begins.
    started = time.time() - answer.seconds
    return replace(exchange, answer=answer, started=started, seconds=answer.seconds, cut_reason=cut_reason)
