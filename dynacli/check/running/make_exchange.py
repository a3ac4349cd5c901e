"""A prepared call is sent, and becomes an exchange with its answer or its error."""

import time
from dataclasses import replace

from dynacli.check.check_records import Exchange, PlannedCall
from dynacli.check.running.answer_reader import AnswerReader
from dynacli.client.call import Call
from dynacli.client.engine.call_engine import Engine
from dynacli.client.links.runtime_values import sent_json
from dynacli.errors import DynacliError, TimedOutError

__all__ = ["make_exchange"]


def make_exchange(engine: Engine, planned: PlannedCall, call: Call) -> Exchange:
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
        answer = engine.send(call, reader)
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
