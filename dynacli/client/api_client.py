"""The public interface for Python programs: an API is opened, and its operations are called with plain values."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import LEVELS, CallSettings, retries_of, retry_status_of, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs, TypedWords
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.client.open_document import OpenDocument
from dynacli.client.responses.response import Response, StreamedResponse, download_response
from dynacli.environment import Consent, Environment
from dynacli.errors import UsageError
from dynacli.options.command_table import feature
from dynacli.options.standard_options import CallTerms, Options
from dynacli.record import replace
from dynacli.secrets import MASK

if TYPE_CHECKING:
    from dynacli.client.call import Listener, RowResult
    from dynacli.client.pages.page_loop import PageLoop
    from dynacli.client.responses.compare_calls import ComparedPages, Side
    from dynacli.client.responses.compare_responses import ComparisonRules, ResponseComparison
    from dynacli.features.plans.plan import Plan


def open_api(
    source_or_name: str | os.PathLike[str],
    *,
    profile: str | None = None,
    env: Environment | None = None,
    validate: str | None = None,
    server: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    timeout: float | None = None,
    retries: int | None = None,
    retry_unsafe: bool = False,
    retry_status: Collection[int] = (),
    rate: str = "",
    cache: str = "",
    yes: bool = False,
    on_event: Listener | None = None,
) -> Api:
    """Open an API, to call its operations from Python.

    For example:

        with dynacli.open_api("./openapi.yaml") as api:
            response = api.call("list-pets", limit=3).raise_for_status()
            print(response.data)

    The document is read or fetched, and compiled, only if the cache does not have it; the configuration, the
    environment variables and the cache are those of the command line.

    Args:
        source_or_name: A registered name, the URL of a document or the path to one, or `demo`.
        profile: A profile of the API, from the configuration; by default that of `DYNACLI_PROFILE`.
        env: Streams, variables and directories; by default those of the process.
        validate: `off`, `warn`, `strict` or `exact`: at `off` nothing is validated, at `exact` findings are made of
            what the document does not mention, too. By default what the environment and the configuration say, else
            `warn`.
        server: A base URL, or the index, name or description of one of the document's servers.
        headers: Headers that are sent with each call.
        query: Pairs that are added to the query of each call, by their names on the wire. They need not be in the
            document.
        timeout: Seconds for one call; by default there is no limit but those of its steps (10 s for connecting,
            60 s between two pieces of a response).
        retries: How often a call is made again that only reads, or has a key by which the server knows it again, after
            a lost connection and the statuses 408, 425, 429, 502, 503 and 504; one that only reads after a 500 with
            `Retry-After`, too. By default what the configuration says, else 2.
        retry_unsafe: Whether a call is made again, too, that may then change something twice.
        retry_status: Further statuses after which a call that only reads is made again, for example `[500]`.
        rate: How often requests are sent at most, by all threads together: `5/s`, `100/m`, `1000/h`.
        cache: How responses are stored and used again: `revalidate`, `auto`, or for how long, such as `10m`. By default
            what the configuration says, else `off`.
        yes: Whether a person has agreed to the calls that the policy in the configuration wants confirmed.
        on_event: Learns what happens in all calls: it gets a `CallEvent` each time, in the thread in which it happens.
            What it raises ends the call.

    Raises:
        UsageError: There is no such API or profile, or an argument is none that it takes.
        DocumentError: The document cannot be used.
        NetworkError: It cannot be fetched.
        TimedOutError: It did not come in time.
        AuthError: It is after a login, and a credential is missing.
        FileError: The cache or the configuration cannot be used.
    """
    if validate is not None and validate not in LEVELS:
        listed = ", ".join(f"`{level}`" for level in LEVELS)
        raise UsageError(f"`{validate}` is not a level of validation", hint=f"Use one of {listed}")
    options = Options(
        validate=validate or "",
        profile=profile or "",
        server=server or "",
        header=tuple(f"{name}:{value}" for name, value in (headers or {}).items()),
        query=tuple(f"{name}={value}" for name, value in (query or {}).items()),
        timeout=timeout,
        retries=None if retries is None else retries_of(str(retries)),
        retry_unsafe=retry_unsafe,
        retry_status=tuple(retry_status_of(str(status)) for status in retry_status),
        rate=rate,
        cache=cache,
        terms=CallTerms(consent=Consent(is_given=yes)),
    )
    word = os.fspath(source_or_name)
    if isinstance(source_or_name, os.PathLike) and os.sep not in word:
        word = os.path.join(os.curdir, word)  # a path, whatever it is called
    api = Api(word, env or Environment(), options)
    api.on_event = on_event
    return api


def _shown_input(value: Any) -> str:
    """Return the text of a command line for an input that JSON cannot have."""
    if isinstance(value, os.PathLike):
        return f"@{os.fspath(value)}"
    return MASK if isinstance(value, bytes) or hasattr(value, "read") else str(value)


class Api(OpenDocument):
    """An API that is open: its operations can be listed and called, from several threads at once.

    It goes on with the document that it was opened with, even if that changes meanwhile, and keeps its
    connections and what validates its responses from one call to the next. Close it, or use it in a `with` block.

    Attributes:
        name: A registered name, or the source of the document.
        notes: What a person should know of the document, for example which of its operations are left out.
    """

    @property
    def on_event(self) -> Listener | None:
        """The listener of what happens in all calls; None for nothing."""
        return self._engine.on_event

    @on_event.setter
    def on_event(self, listener: Listener | None) -> None:
        self._engine.on_event = listener

    def call(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Make one call, and return its response whatever its status is.

        For example:

            api.call("issues-create", owner="octo", repo="hello", title="It works", labels=["bug"])
            api.call("upload", file=pathlib.Path("photo.png"))

        Args:
            name: The operation's name, or its operationId.
            inputs: Input → value, if a name is none that Python takes for an argument, for example
                `{"schedule.cron": "0 3 * * *"}`.
            named: Input → value. A name is that of the option, with `_` for `-`, or the document's own.
                A value is plain Python: text, numbers, booleans, None, lists, mappings, dates; if the document
                takes a file, an `os.PathLike`, bytes, or an object whose `read` returns bytes. `body` is the whole
                body and `content_type` its media type, if the operation has no input of that name. `query` has pairs of
                the query by their names on the wire, also undeclared ones: `{"trace": 1}`. If an input is called so, it
                is `query.query` beside them.
            on_event: Learns what happens in this call, instead of the listener of all calls (see `open_api`).

        Raises:
            UsageError: There is no such operation or input, an input is missing or does not fit, the document does
                not allow the request, or the API is closed; nothing was sent.
            AuthError: A credential is missing; nothing was sent.
            RefusedError: The call would cross a line of trust, for example send a credential to a new origin.
            NetworkError: The connection failed or broke.
            TimedOutError: A time limit was reached.
            DocumentError: The document has the operation, and it cannot be called.
            FileError: A file cannot be read, or the cache cannot be used.
        """
        return self._healing(lambda: self._call(name, {**(inputs or {}), **named}, on_event))

    def plan(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        file: str = "-",
        seconds: float = 86_400.0,
        **named: Any,
    ) -> Plan:
        """Write a call that may change something into a plan, instead of making it.

        Only the state of its resource is read. `dynacli plan apply` sends the request, once a person has read the plan.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            file: The file of the plan, which must not exist; `-` for the state directory, where the plan has its name.
            seconds: How long the plan is valid, at most 30 days.
            named: As in `call`.

        Raises:
            UsageError: The operation only reads, an input is a secret, or what `call` raises it for.
            FileError: The file exists, or cannot be written.
            DynacliError: What `call` raises before it sends, or the state of the resource cannot be read.
        """
        given = {**(inputs or {}), **named}
        return self._healing(lambda: self._plan(name, given, file, seconds))

    def download(
        self,
        name: str,
        path: str | os.PathLike[str],
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        resume: bool = False,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Make one call as `call` does, and write the body of a success into a file instead of memory.

        Args:
            path: The file, which is whole at the end, or as it was if the call fails.
            on_event: As in `call`.
            resume: Whether what came is kept beside the file if the download breaks off, and gone on with by the
                next call. The response has the status 206 if it was only the rest.

        Raises:
            DynacliError: As `call` does, or the file cannot be written.
        """
        given = {**(inputs or {}), **named}
        return self._healing(
            lambda: self._download(name, os.fspath(path), given, on_event, is_resumed=resume)
        )

    def stream(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_event: Listener | None = None,
        **named: Any,
    ) -> StreamedResponse:
        """Make one call as `call` does, and return its response as soon as its head is there, to read item by item.

        For example:

            with api.stream("watch-runs", status="running") as response:
                for event in response:
                    print(event["data"])

        Items are the values of JSON lines and JSON sequences, and the events of `text/event-stream`:
        `{"event": ..., "id": ..., "data": ...}`, without what an event does not have; its data is a value if it
        is JSON. Events go on if a lost connection broke them off. A response that is not a success, or no stream, is
        read as a whole: its `content` and `data` are there.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            DynacliError: What `call` raises; what befalls the stream later is raised if its next item is taken.
        """
        return self._healing(lambda: self._stream(name, {**(inputs or {}), **named}, on_event))

    def pages(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        keyset: bool = False,
        max_items: int | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Iterator[Response]:
        """Call an operation for one page of a list after the other, and yield their responses.

        A response that is not a success is the last one. How the next page is asked for is what `dynacli describe`
        says. A stream is one page: with `max_items` the call ends after as many items.

        Args:
            name: As in `call`.
            inputs: As in `call`, of the first page.
            keyset: Whether pages are asked for by the ids of a page, if nothing else says how.
            max_items: How many items are wanted, if not all are; the last page may have more of them.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            NetworkError: The pages repeat, or what `call` raises it for.
            RefusedError: The next page is on another server, or what `call` raises it for.
            DynacliError: What `call` raises.
        """
        given = {**(inputs or {}), **named}
        with self._remembering(name, given, on_event, "--all") as engine:
            words = self._words(name, given)
            for page in self._loop(engine, name, given, is_keyset_asked=keyset, max_items=max_items):
                yield Response(page.call, page.response, page.validation, self._lock, words, page.items)

    def items(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        keyset: bool = False,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Iterator[Any]:
        """Yield the items of a list, whose pages are fetched as they are needed.

        For example:

            for issue in api.items("issues-list-for-repo", owner="octo", repo="hello"):
                print(issue["title"])

        Args:
            name: As in `call`.
            inputs: As in `call`, of the first page.
            keyset: As in `pages`.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            HttpError: A response is not a success.
            UsageError: The response has no list, or several.
            DynacliError: What `pages` raises.
        """
        given = {**(inputs or {}), **named}
        with self._remembering(name, given, on_event, "--all") as engine:
            loop = self._loop(engine, name, given, is_keyset_asked=keyset)
            for page in loop:
                Response(page.call, page.response, page.validation, self._lock, ()).raise_for_status()
                if page.items is None:
                    from dynacli.client.pages.page_loop import no_list

                    raise no_list(self._described(name), loop.candidates, is_keyed=loop.is_keyed)
                yield from page.items

    def wait(
        self,
        name: str,
        /,
        until: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        wait_timeout: float = 300,
        wait_interval: float | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> Response:
        """Call an operation until an expression is true of its response, and return that response.

        For example:

            api.wait("get-run", "status == 'done'", run_id=7, wait_timeout=60)

        A status that is no 2xx ends it, too, unless it says that the server cannot respond now.

        Args:
            name: As in `call`; the operation must be one that reads.
            until: A JMESPath expression; it is true of everything but false, null and what is empty.
            inputs: As in `call`.
            wait_timeout: The seconds that all of it may take.
            wait_interval: The seconds between two calls; by default they grow from 2 to 30, and the response's
                `Retry-After` is obeyed.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            NeverTrueError: The expression was not true in time. It is a `TimedOutError`, and its `response` is the last
                response that came, or None.
            UsageError: The expression is wrong, the operation may change something, or what `call` raises it for.
            FormatError: The response is not JSON, or the expression cannot be applied to it.
            DynacliError: What `call` raises.
        """
        from dynacli.client.engine.series import NeverTrueError, Series, Until, check_wait

        sought = Until(until, wait_timeout, wait_interval, "`until`")
        given = {**(inputs or {}), **named}
        with self._lock:
            described, read = self._read(name, given)
        check_wait(described, sought)
        with self._remembering(name, given, on_event, "--wait", until) as engine:
            series, words = Series(engine, until=sought), self._words(name, given)
            try:
                return self._response(series.make(described, read), words)
            except NeverTrueError as error:
                error.response = self._response(series.last, words) if series.last is not None else None
                raise

    def follow(self, response: Response, link: str, *, on_event: Listener | None = None) -> Response:
        """Make the call to which a link of a response leads, filled from that response.

        For example:

            made = api.call("create-repo", name="hello")
            print(api.follow(made, "GetRepo").data)

        Args:
            response: A response of this API.
            link: The link's name in the document; if several statuses have one of this name, `201.GetRepo`.
            on_event: As in `call`.

        Raises:
            UsageError: The document gives the operation no such link, or one that cannot be followed.
            RefusedError: It leads to another server, which no one accepted.
            FormatError: This response has no such link, or lacks what the link takes from it.
            DynacliError: What `call` raises.
        """
        from dynacli.client.engine.series import followed_link, next_call
        from dynacli.client.links.follow_link import check_links, missing_link

        # A response and its API are one interface.
        made = MadeCall(response._call, response._response, None)  # noqa: SLF001
        *before, switch, given = response._words or self._words(made.call.described.operation.name, {})  # noqa: SLF001
        words = [*before, "--follow", link, switch, given]
        with self._lock:
            self._catalog_of()
            check_links(made.call.described, [link], self._settings)
            found = followed_link(made, link)
            if found is None:
                raise missing_link(made.call.described, link, response.status)
            described, inputs, settings = next_call(made, found)
        engine = self._listened_and_kept(words, on_event)
        with _recording(engine, words):
            return self._response(engine.make(described, inputs, settings), words)

    def diff(
        self,
        name: str,
        /,
        inputs: Mapping[str, Any] | None = None,
        *,
        against: str | Response,
        ignore: Iterable[str] = (),
        all_values: bool = False,
        pages: bool = False,
        max_items: int | None = None,
        on_event: Listener | None = None,
        **named: Any,
    ) -> ResponseComparison:
        """Make a call that only reads on two servers, and return what differs between their responses.

        For example:

            found = api.diff("list-orders", against="staging", ignore=["/body/*/*/stock"])
            assert not found.differences

        Each difference has `pointer`, `kind` (`added`, `removed` or `changed`), `left` and `right`. Secrets are masked.
        Responses are not validated.

        Args:
            name: As in `call`.
            inputs: As in `call`.
            against: The name of a profile, the URL of another server, or an earlier response to this operation.
            ignore: JSON pointers to what is not compared, with all below it; `*` stands for any step.
            all_values: Whether dates, request ids, tokens and URLs of each server are compared, too.
            pages: Whether all pages of a list are compared.
            max_items: How many items of a list are compared, from as many pages as it takes.
            on_event: As in `call`.
            named: As in `call`.

        Raises:
            RefusedError: The operation may change something, or what `call` raises it for.
            UsageError: There is no such profile, a pointer is wrong, or what `call` raises it for.
            FormatError: A response is a stream of events.
            DynacliError: What `call` raises, for either server.
        """
        from dynacli.client.responses.compare_calls import ComparedPages
        from dynacli.client.responses.compare_responses import ComparisonRules, ignored_place

        rules = ComparisonRules(tuple(map(ignored_place, ignore)), all_values)
        wanted = ComparedPages(max_items) if pages or max_items is not None else None
        given = {**(inputs or {}), **named}
        return self._healing(lambda: self._diff(name, given, against, rules, wanted, on_event))

    def batch(
        self,
        rows: Iterable[Mapping[str, Any]],
        operation: str = "",
        *,
        parallel: int = 1,
        on_event: Listener | None = None,
    ) -> Iterator[RowResult]:
        """Make a call for each row, and yield what came of them in the order of the rows.

        For example:

            rows = [{"owner": "octo", "repo": "hello", "title": title} for title in titles]
            for result in api.batch(rows, "issues-create", parallel=4):
                print(result.row, result.status, result.data)

        All rows are checked before this returns; they are sent while the results are taken.

        Args:
            rows: Input → value each, as in `call`. Without an operation each row names its own, as those of
                `dynacli batch` do: `{"operation": ..., "inputs": {...}, "as": "w"}`, and later ones may use `{{w.id}}`.
            operation: The operation's name, or its operationId.
            parallel: How many calls are under way at once, at most.
            on_event: As in `call`.

        Raises:
            UsageError: Rows are wrong; all of them are named, and nothing is sent.
            DynacliError: What `call` raises before it sends.
        """
        from dynacli.client.shards import Shard

        batch_run = feature("batch.batch_run")
        listed = list(feature("batch.rows").rows_of(rows, operation))

        def checked() -> Iterator[RowResult]:
            calls = batch_run.RowCalls(self._engine.listened_by(on_event), self._catalog_of(), self._words)
            plan = batch_run.check_rows(listed, calls, Shard(), ())
            return iter(batch_run.BatchRun(listed, plan, calls, batch_run.RunSettings(max(parallel, 1))))

        return self._healing(checked)

    def _loop(
        self,
        engine: Engine,
        name: str,
        given: dict[str, Any],
        *,
        is_keyset_asked: bool,
        max_items: int | None = None,
    ) -> PageLoop:
        from dynacli.client.pages.page_loop import PageLoop

        with self._lock:
            described, inputs = self._read(name, given)
        return PageLoop(engine, described, inputs, max_items=max_items, is_keyset_asked=is_keyset_asked)

    def _read(self, name: str, given: dict[str, Any]) -> tuple[DescribedOperation, CallInputs]:
        """Return an operation that may be called, with the media type that is sent, and the inputs that were given."""
        described = self._described(name)
        self._settings.permit(described)  # whoever may not call it need not hear what its inputs are
        return read_given(described, given, self._settings)

    def _call(self, name: str, given: dict[str, Any], on_event: Listener | None) -> Response:
        with self._lock:
            described, inputs = self._read(name, given)
        with self._remembering(name, given, on_event) as engine:
            return self._response(engine.make(described, inputs), self._words(name, given))

    @contextmanager
    def _remembering(
        self, name: str, given: Mapping[str, Any], on_event: Listener | None, *options: str
    ) -> Iterator[Engine]:
        """Yield the engine for the calls of one result, which is in the history after the block.

        Args:
            options: The options of the command line that would make the calls.
        """
        words = self._words(name, given, *options)
        engine = self._listened_and_kept(words, on_event)
        with _recording(engine, words):
            yield engine

    def _listened_and_kept(self, words: Sequence[str], on_event: Listener | None) -> Engine:
        """Return the engine for the calls of one result, which the history keeps as a command.

        Args:
            words: The command line after the program's name, with all inputs at its end.
        """
        return self._engine.listened_by(on_event).remembering(TypedWords(texts=words[-1:]))

    def _words(
        self, name: str, given: Mapping[str, Any], *switches: str, options: Options | None = None
    ) -> list[str]:
        """Return the command line after the program's name that makes a call, with all inputs as JSON.

        Args:
            options: Those of the call; None for those of the API.
        """
        options = options or self._options
        chosen = (("--profile", options.profile), ("--server", options.server))
        inputs = json.dumps(given, default=_shown_input)
        given_options = [word for pair in chosen if pair[1] for word in pair]
        return [self.name, name, *switches, *given_options, "--inputs", inputs]

    def _diff(
        self,
        name: str,
        given: dict[str, Any],
        against: str | Response,
        rules: ComparisonRules,
        pages: ComparedPages | None,
        on_event: Listener | None,
    ) -> ResponseComparison:
        from dynacli.client.responses.compare_calls import (
            ReceivedResponse,
            Side,
            compare_calls,
            options_of_other,
        )

        terms = self._options.terms
        terms = replace(terms, reads_only_by=terms.reads_only_by or "`diff`")
        options = replace(self._options, cache="off", terms=terms)
        with self._lock:
            opened, described = self._catalog_of(), self._described(name)
            settings = settings_of(self._env, opened, options)
            settings.permit(described)
            if isinstance(against, Response) and against.described.operation.name != described.operation.name:
                raise UsageError(
                    f"`against` is a response to `{against.described.operation.name}`, not to `{name}`"
                )
            switches = () if pages is None else pages.switches
            words = self._words(name, given, *switches)
            engine = self._listened_and_kept(words, on_event).with_settings(settings)
            first = Side(engine, *read_given(described, given, settings))
            right: Side | ReceivedResponse
            if isinstance(against, Response):
                right = against.received
            else:
                there = options_of_other(options, against)
                other = settings_of(self._env, opened, there)
                right = Side(engine.with_settings(other), *read_given(described, given, other))
        with _recording(first, words):
            left = first.response(pages)
        if isinstance(right, Side):
            with _recording(right, self._words(name, given, *switches, options=there)):
                found = right.response(pages)
        else:
            found = right
        with self._lock:
            return compare_calls(described, left, found, rules)

    def _plan(self, name: str, given: dict[str, Any], file: str, seconds: float) -> Plan:
        make_plan, plan_store = feature("plans.make_plan"), feature("plans.plan_store")
        plan_store.check_new_plan(file)
        settings: CallSettings = make_plan.planning(self._settings)
        engine = self._engine.with_settings(settings)
        with self._lock:
            described = self._described(name)
            settings.permit(described)
            described, inputs = read_given(described, given, settings)
        key = plan_store.plan_key(self._env)
        planner = make_plan.Planner(engine, self._catalog_of(), self._options, key)
        planner.add(engine.prepare(described, inputs))
        plan: Plan = planner.plan(seconds)
        plan_store.save_plan(self._env, plan, file)
        return plan

    def _stream(self, name: str, given: dict[str, Any], on_event: Listener | None) -> StreamedResponse:
        with self._lock:
            described, inputs = self._read(name, given)
        words = self._words(name, given)
        engine = self._listened_and_kept(words, on_event)
        return StreamedResponse(engine, described, inputs, words)

    def _download(
        self, name: str, path: str, given: dict[str, Any], on_event: Listener | None, *, is_resumed: bool
    ) -> Response:
        with self._lock:
            described, inputs = self._read(name, given)
        with self._remembering(name, given, on_event) as engine:
            made = download_response(engine, described, inputs, path, is_resumed=is_resumed)
            return self._response(made, self._words(name, given))

    def _response(self, made: MadeCall, words: Sequence[str]) -> Response:
        """Return a response as the program gets it.

        Args:
            words: The command line after the program's name that makes the call.
        """
        return Response(*made, self._lock, words)


@contextmanager
def _recording(maker: Engine | Side, words: Sequence[str]) -> Iterator[None]:
    """Write the calls of the block into the history, as one.

    Args:
        maker: Makes them; a side makes several pages by another engine than its first.
        words: The command line after the program's name that makes them.
    """
    error: BaseException | None = None
    try:
        yield
    except GeneratorExit:
        raise  # the program needs no further page
    except BaseException as failure:
        error = failure
        raise
    finally:
        engine = maker if isinstance(maker, Engine) else maker.engine
        engine.record_end(words, error, engine.history.response if engine.history else None)
