"""One read-only call to two servers, whose responses are compared: for the command line, Python and agents."""

from typing import TYPE_CHECKING, NamedTuple

from dynacli.client.call import Call, Page
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, read_finite
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.responses.compare_responses import ReceivedResponse
from dynacli.errors import NetworkError
from dynacli.files import is_url
from dynacli.http.exchange import RENDER_LIMIT
from dynacli.record import replace
from dynacli.text.exact_json import read_json

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallOptions

__all__ = ["ComparedPages", "Side", "options_of_other", "receive"]


def options_of_other(options: "CallOptions", against: str) -> "CallOptions":
    """Return the options of the same call to another server.

    Args:
        against: The name of a profile, or the URL of the server.
    """
    there = replace(options, server=against if is_url(against) else "", server_var=())
    return there if is_url(against) else replace(there, profile=against)


def receive(engine: Engine, call: Call) -> ReceivedResponse:
    """Send a call, and return its response with its whole body, which is not validated.

    Raises:
        FormatError: It is a stream of events, which may have no end.
        NetworkError: It is too large, or does not come.
        DynacliError: The call fails.
    """
    response = engine.send(call, read_finite)
    signed = call.signed
    return ReceivedResponse(
        signed.masker.mask(signed.shown.url), response, signed.response_masker(response.headers)
    )


class ComparedPages(NamedTuple):
    """The pages of a list that are compared as one response.

    Args:
        max_items: How many items are wanted; None for all.
        is_keyset_asked: Whether pages are asked for by the ids of a page, if nothing else says how.
    """

    max_items: int | None = None
    is_keyset_asked: bool = False


class Side:
    """A server, and the call that it gets. The call is ready, so that nothing is sent if that of the other side is not.

    Args:
        engine: Makes the calls, by settings of this server.
        described: The operation, with the media type that is sent.

    Raises:
        DynacliError: The call cannot be made.
    """

    def __init__(self, engine: Engine, described: DescribedOperation, inputs: CallInputs) -> None:
        self._engine, self._described, self._inputs = engine, described, inputs
        self._call = engine.prepare(described, inputs)

    def response(self, pages: ComparedPages | None = None) -> ReceivedResponse:
        """Make the call, and return the response.

        Args:
            pages: The pages that are wanted, as one response; None for the first one as it comes.

        Raises:
            UsageError: The document leaves a choice between several lists.
            DynacliError: What `receive` raises.
        """
        return receive(self._engine, self._call) if pages is None else self._list(pages)

    def _list(self, pages: ComparedPages) -> ReceivedResponse:
        from dynacli.client.pages.page_loop import PageLoop, merged_value

        # The call was validated, and responses are not.
        engine = self._engine.with_settings(replace(self._engine.settings, level="off"))
        loop = PageLoop(
            engine,
            self._described,
            self._inputs,
            parse=read_json,
            max_items=pages.max_items,
            is_keyset_asked=pages.is_keyset_asked,
        )
        loop.check_list()
        fetched, size = list[Page](), 0
        for page in loop:
            size += page.response.size
            if size > RENDER_LIMIT:
                raise NetworkError(
                    f"The pages of `{self._described.operation.name}` are larger than {RENDER_LIMIT >> 20} MiB",
                    hint="Compare fewer items: `--max-items N`",
                )
            fetched.append(page)
        first, last = fetched[0], fetched[-1]
        signed = first.call.signed
        masker = signed.response_masker(first.response.headers)
        for page in fetched[1:]:
            masker = masker.joined(page.call.signed.response_masker(page.response.headers))
        received = ReceivedResponse(signed.masker.mask(signed.shown.url), first.response, masker)
        if not 200 <= last.response.status < 300:
            return received._replace(response=last.response)
        if loop.items is None:
            return received
        items = [item for page in fetched for item in page.items or ()]
        return received._replace(value=merged_value(first.value, last.value, loop.items, items))
